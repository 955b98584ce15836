"""Any JSON as the content of a memory of any type: what is valid is stored and has a text, all else is refused."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.memory.memories_support import TYPES, memory, remember, remember_all, value

# what JSON in PostgreSQL can hold: no NUL, no lone surrogates
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | TEXTS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
KEYS = ("event", "temporal", "concept", "definition", "skill", "steps", "items", "capacity", "text", "insights")
OBJECTS = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, ANYTHING))


def leaves(found: Any) -> list[str]:
    """The values in it, as they are read."""
    if isinstance(found, dict):
        return [leaf for inner in found.values() for leaf in leaves(inner)]
    if isinstance(found, list):
        return [leaf for inner in found for leaf in leaves(inner)]
    if found is None:
        return []
    return ["true" if found else "false"] if isinstance(found, bool) else [str(found)]


def is_text(found: Any) -> bool:
    return isinstance(found, str)


def is_number(found: Any) -> bool:
    return isinstance(found, int) and not isinstance(found, bool)


def parts(memory_type: str, content: Any) -> list[str] | None:
    """What a memory of the type says, piece by piece; None where it is no content of the type."""
    if not isinstance(content, dict):
        return None
    match memory_type:
        case "episodic":
            good = all(isinstance(content.get(key), (str, dict)) for key in ("event", "temporal"))
            said = [content.get("event")]
        case "semantic":
            good = is_text(content.get("concept")) and isinstance(content.get("definition"), (str, dict, list))
            said = [content.get("concept"), content.get("definition")]
        case "procedural":
            good = is_text(content.get("skill")) and isinstance(content.get("steps"), list)
            said = [content.get("skill"), content.get("steps")]
        case "working":
            good = isinstance(content.get("items"), list) and is_number(content.get("capacity"))
            said = [content.get("items")]
        case _:
            good = is_text(content.get("text"))
            said = [content.get("text")]
            if memory_type == "reflection" and isinstance(content.get("insights"), list):
                said.append(content["insights"])
    return leaves(said) if good else None


def blank(conn: psycopg.Connection[Any], texts: list[str]) -> bool:
    """Whether there is nothing to read, as the server sees it."""
    return not any(value(conn, "SELECT %s ~ '[^[:space:]]'", text) for text in texts)


@settings(
    max_examples=400, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(memory_type=st.sampled_from(TYPES), content=OBJECTS | ANYTHING)
@example("episodic", {"event": None, "temporal": None})
@example("semantic", {"concept": " ", "definition": "\n"})
@example("procedural", {"skill": "", "steps": [None]})
@example("working", {"items": [[], {}, None], "capacity": 0})
@example("working", {"items": [0], "capacity": True})
@example("plan", ["text"])
@example("reflection", {"text": "", "insights": ["x"]})
def test_what_is_valid_is_stored_and_has_a_text_and_nothing_else_is(
    tx: psycopg.Connection[Any], memory_type: str, content: Any
) -> None:
    with tx.transaction(force_rollback=True):
        tx.execute("SELECT agentry.register_agent('nova')")
        said = parts(memory_type, content)
        try:
            with tx.transaction():
                one = value(tx, "SELECT agentry_memory.remember('nova', %s::jsonb, %s)", Jsonb(content), memory_type)
        except errors.CheckViolation as wrong:
            assert wrong.diag.constraint_name == "agent_memories_content_check"
            assert said is None or blank(tx, said)
            return
        assert said is not None
        assert not blank(tx, said)
        found = memory(tx, one)
        assert found["content"] == content
        for piece in said:
            assert not piece.strip() or piece in found["text"]


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(batch=st.lists(st.tuples(st.sampled_from(TYPES), TEXTS, st.floats(0, 1, width=32)), max_size=8))
def test_a_batch_of_texts_is_what_they_are_one_by_one(
    tx: psycopg.Connection[Any], batch: list[tuple[str, str, float]]
) -> None:
    with tx.transaction(force_rollback=True):
        tx.execute("SELECT agentry.register_agent('nova')")
        readable = [item for item in batch if not blank(tx, [item[1]])]
        singly = [remember(tx, "nova", text, kind, importance=score) for kind, text, score in readable]
        together = remember_all(
            tx,
            [
                {"agent": "nova", "memory_type": kind, "content": text, "importance": score}
                for kind, text, score in readable
            ],
        )
        for one, other, (_, text, score) in zip(singly, together, readable, strict=True):
            first, second = memory(tx, one), memory(tx, other)
            assert first.pop("id") != second.pop("id")
            assert first == second
            assert (first["text"], first["importance"]) == (text, pytest.approx(score))
