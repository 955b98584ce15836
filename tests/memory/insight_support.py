"""Views, their evidence and verdicts, concepts and consolidations from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.memory.memories_support import Connection, call, remember_all, rows, value


def several(conn: Connection, number: int, agent: str = "nova", **more: Any) -> list[UUID]:
    """So many memories of an agent, by one INSERT."""
    return remember_all(conn, [{"agent": agent, "content": f"tea, cup {n}", **more} for n in range(number)])


def derive(conn: Connection, hypothesis: str | None = "Ann likes tea", agent: str | None = "nova", **more: Any) -> UUID:
    found: UUID = call(conn, "derive_view", agent=agent, hypothesis=hypothesis, **more)[0]["derive_view"]
    return found


def view(conn: Connection, view_id: UUID) -> dict[str, Any]:
    return rows(conn, "SELECT * FROM agentry_memory.cognitive_views WHERE id = %s", view_id)[0]


def counts(conn: Connection, view_id: UUID) -> tuple[int, int, float]:
    """What the row says: for, against, confidence."""
    row = view(conn, view_id)
    return row["evidence_count"], row["counter_evidence_count"], round(row["confidence"], 6)


def add(
    conn: Connection, view_id: UUID | None, memory_id: UUID | None, supports: bool | None = True, **more: Any
) -> bool:
    given = {"view": view_id, "kind": "memory", "id": memory_id, "supports": supports, **more}
    return bool(call(conn, "add_evidence", **given)[0]["add_evidence"])


def withdraw(conn: Connection, view_id: UUID, memory_id: UUID, kind: str = "memory") -> bool:
    return bool(call(conn, "withdraw_evidence", view=view_id, kind=kind, id=memory_id)[0]["withdraw_evidence"])


def validate(conn: Connection, view_id: UUID, times: int = 1, **more: Any) -> int:
    for _ in range(times):
        found = int(call(conn, "validate_view", view=view_id, **more)[0]["validate_view"])
    return found


def reject(conn: Connection, view_id: UUID, reason: str | None = None) -> None:
    call(conn, "reject_view", view=view_id, reason=reason)


def verdict(conn: Connection, view_id: UUID, now: Any = None) -> dict[str, Any]:
    """`now` is a time, or an interval from now."""
    later = "now() + %s::interval" if isinstance(now, str) else "%s::timestamptz"
    return rows(conn, f"SELECT * FROM agentry_memory.promotion_verdict(%s, {later})", view_id, now)[0]


def promote(conn: Connection, view_id: UUID, name: str | None = None, **more: Any) -> UUID:
    found: UUID = call(conn, "promote_view", view=view_id, name=name, **more)[0]["promote_view"]
    return found


def concept(conn: Connection, concept_id: UUID) -> dict[str, Any]:
    return rows(conn, "SELECT * FROM agentry_memory.stable_concepts WHERE id = %s", concept_id)[0]


def history(conn: Connection, name: str | None, agent: str | None = None) -> list[dict[str, Any]]:
    return call(conn, "concept_history", name=name, agent=agent)


def ripe(
    conn: Connection, evidence: int = 7, agent: str = "nova", hypothesis: str = "Ann likes tea", **more: Any
) -> UUID:
    """A view that the gate lets pass 31 days from now, which it was validated often enough for."""
    view_id = derive(conn, hypothesis, agent, evidence=several(conn, evidence, agent), expires_in="90 days", **more)
    validate(conn, view_id, 3)
    return view_id


def recalled(conn: Connection, query: str, agent: str = "nova", **more: Any) -> list[tuple[str, str]]:
    """Source and text of what a recall gives."""
    return [(row["source"], row["content"]) for row in call(conn, "recall", query=query, agent=agent, **more)]


def consolidate(
    conn: Connection,
    memories: Sequence[UUID | None] | None,
    content: Any = "Ann drank a lot of tea",
    consolidation_type: str | None = "summarize",
    agent: str | None = "nova",
    **more: Any,
) -> UUID:
    given = {
        "agent": agent, "type": consolidation_type, "memories": None if memories is None else list(memories),
        "content": content, **more,
    }  # fmt: skip
    found: UUID = call(conn, "consolidate", **given)[0]["consolidate"]
    return found


def consolidation(conn: Connection, memory_id: UUID) -> dict[str, Any]:
    query = "SELECT * FROM agentry_memory.memory_consolidations WHERE consolidated_memory_id = %s"
    return rows(conn, query, memory_id)[0]


def undo(conn: Connection, memory_id: UUID) -> int:
    return int(value(conn, "SELECT agentry_memory.undo_consolidation(%s)", memory_id))


def due(conn: Connection, agent: str | None = "nova", **more: Any) -> list[dict[str, Any]]:
    return call(conn, "consolidations_due", agent=agent, **more)
