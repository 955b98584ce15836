"""Redaction takes everything that says what was said, and keeps that it was; deletion takes the row; a legal hold holds
both, and forgetting."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import errors

from tests.core.support import Connection, Town, one, refused, seal
from tests.core.test_forget import found
from tests.harness.database import Database, wait_for_lock
from tests.memory.raw_support import EVENT, RAW, call, facts, indexed, keys, places, raw, record, remember

Background = Callable[..., "Future[Any]"]


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def images(conn: Connection, memory: uuid.UUID) -> int:
    """How many rows of the audit log still show that memory or its events."""
    count: int = one(
        conn, "SELECT count(*) FROM (SELECT old_row, new_row FROM agentry.audit_log UNION ALL"
        " SELECT old_row, new_row FROM agentry.audit_images) AS i"
        " WHERE %s IN (i.old_row ->> 'memory_id', i.new_row ->> 'memory_id')", str(memory),
    )  # fmt: skip
    return count


def intact(conn: Connection) -> None:
    assert conn.execute("SELECT broken_id FROM agentry.verify_audit()").fetchone() == (None,)


# -- redaction --------------------------------------------------------------------------------------------------------


def test_redaction_takes_what_was_said_wherever_it_is(town: Town) -> None:
    conn = town.conn
    memory = remember(
        conn, "the treasure is below the oak", "coder", user="ann", metadata={"place": "the treasure"}, session="s",
        session_order=2, idempotency_key="k",
    )  # fmt: skip
    record(conn, memory, "hide", "treasure", metadata={"tree": "treasure oak"})
    conn.execute(f"UPDATE {EVENT} SET actor = 'treasurer'".encode())
    other = remember(conn, "a dull thing", "coder")
    record(conn, other, "be", "dull")
    before = raw(conn, memory)
    assert found(conn, "treasure") != set()
    assert call(conn, "redact_raw_memory", memory, "I had rather not") is True
    assert found(conn, "treasure") == set()
    row = raw(conn, memory)
    gone = {"content": None, "metadata": {}, "redaction_reason": "I had rather not"}
    changed = {"redacted_at": row["redacted_at"], "updated_at": row["updated_at"]}
    assert row == {**before, **gone, **changed}
    assert row["redacted_at"] is not None
    assert facts(conn, memory) == []
    assert keys(conn) == places(conn)
    assert (indexed(conn), images(conn, memory)) == ({"a dull thing", "be dull"}, 0)
    assert facts(conn, other) == [(1, "be dull")]
    assert images(conn, other) == 2
    assert call(conn, "redact_raw_memory", memory, "again") is False
    assert raw(conn, memory) == row


def test_redaction_reaches_a_sealed_audit_log_and_its_chain_holds(db: Database) -> None:
    conn = db.admin
    conn.execute("SELECT agentry.register_agent('coder', 'x')")
    memory, other = remember(conn, "the treasure", "coder"), remember(conn, "a dull thing", "coder")
    record(conn, memory, "hide", "treasure")
    seal(conn)
    conn.execute(f"UPDATE {RAW} SET content = 'the treasure again' WHERE memory_id = %s".encode(), [memory])
    assert images(conn, memory) == 3
    call(conn, "redact_raw_memory", memory, "why")
    assert found(conn, "treasure") == set()
    assert (images(conn, memory), images(conn, other)) == (0, 1)
    intact(conn)
    seal(conn)
    intact(conn)
    logged = conn.execute(
        "SELECT action, table_name FROM agentry.audit_log WHERE row_key ->> 'memory_id' = %s OR"
        " table_name = 'agentry_memory.event_memories' OR table_name = 'agentry.erasures' ORDER BY id",
        [str(memory)],
    ).fetchall()
    assert logged == [
        ("INSERT", RAW), ("INSERT", EVENT), ("UPDATE", RAW), ("DELETE", EVENT), ("UPDATE", RAW),
        ("retention", "agentry.erasures"),
    ]  # fmt: skip
    assert one(conn, "SELECT counts FROM agentry.erasures") == {RAW: 1, EVENT: 1, "agentry.audit_images": 5}


def test_a_ciphertext_is_redacted_with_its_key(town: Town) -> None:
    memory = remember(town.conn, encrypted=b"\x01\x02", key_ref="vault/7", agent="coder")
    assert call(town.conn, "redact_raw_memory", memory, "why") is True
    row = raw(town.conn, memory)
    assert (row["content"], row["encrypted"], row["key_ref"]) == (None, None, None)
    assert found(town.conn, "vault/7") == set()


def test_what_was_redacted_does_not_come_back(town: Town) -> None:
    conn = town.conn
    memory = remember(conn, "x", "coder", idempotency_key="k")
    call(conn, "redact_raw_memory", memory, "why")
    assert remember(conn, "x", "coder", idempotency_key="k") == memory
    refused(
        conn, "SELECT agentry_memory.record_event(%s, 'eat', 'apple')", memory,
        error=errors.ObjectNotInPrerequisiteState, match=f"raw memory {memory} is redacted",
    )  # fmt: skip
    refused(
        conn, f"INSERT INTO {EVENT} (memory_id, agent_id, action, target)"
        f" SELECT memory_id, agent_id, 'eat', 'apple' FROM {RAW}",
        error=errors.CheckViolation, match="the event is not as its raw memory",
    )  # fmt: skip
    error = refused(conn, f"UPDATE {RAW} SET content = 'x'", error=errors.CheckViolation)
    assert error.diag.constraint_name == "chk_content_or_encrypted"
    for change in ("redacted_at = NULL, redaction_reason = NULL, content = 'x'", "redacted_at = '2020-01-01'"):
        refused(conn, f"UPDATE {RAW} SET {change}", error=errors.RestrictViolation)
    assert raw(conn, memory)["content"] is None


@pytest.fixture
def pair(db: Database) -> tuple[Connection, Connection, uuid.UUID]:
    """Two connections and a memory of coder's."""
    conn = db.connect()
    conn.execute("SELECT agentry.register_agent('coder', 'x')")
    return conn, db.connect(), remember(conn, "two", "coder")


def test_an_event_that_comes_before_a_redaction_goes_with_it(
    db: Database, pair: tuple[Connection, Connection, uuid.UUID], background: Background
) -> None:
    conn, other, memory = pair
    with conn.transaction():
        record(conn, memory)
        waiting = background(call, other, "redact_raw_memory", memory, "why")
        wait_for_lock(db.admin, other.info.backend_pid)
    assert waiting.result() is True
    assert facts(conn, memory) == []


@pytest.mark.parametrize("direct", [False, True])
def test_an_event_that_waits_for_a_redaction_is_refused(
    db: Database, pair: tuple[Connection, Connection, uuid.UUID], background: Background, direct: bool
) -> None:
    conn, other, memory = pair
    insert = (
        f"INSERT INTO {EVENT} (memory_id, agent_id, action, target) SELECT memory_id, agent_id, 'a', 'b' FROM {RAW}"
        " RETURNING event_id"
    )
    with conn.transaction():
        call(conn, "redact_raw_memory", memory, "why")
        waiting = background(one, other, insert) if direct else background(record, other, memory)
        wait_for_lock(db.admin, other.info.backend_pid)
    with pytest.raises(errors.CheckViolation if direct else errors.ObjectNotInPrerequisiteState):
        waiting.result()
    assert facts(conn, memory) == []


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_a_redaction_needs_a_reason(town: Town, reason: str | None) -> None:
    memory = remember(town.conn, "x", "coder")
    refused(
        town.conn, "SELECT agentry_memory.redact_raw_memory(%s, %s)", memory, reason,
        error=errors.InvalidParameterValue, match="a redaction needs a reason",
    )  # fmt: skip
    assert raw(town.conn, memory)["content"] == "x"


# -- who, for both ----------------------------------------------------------------------------------------------------

WAYS = ("SELECT agentry_memory.redact_raw_memory(%s, 'why')", "SELECT agentry_memory.delete_raw_memory(%s)")


@pytest.mark.parametrize("query", WAYS)
def test_only_those_it_belongs_to_and_applications_may(town: Town, query: str) -> None:
    conn = town.conn
    own = remember(conn, "coder's", "coder")
    shared = remember(conn, "nova's", "nova", scope="organisation")
    anns = remember(conn, "ann's agent's", "anns")
    alone = remember(conn, "ann's alone", user="ann")
    about = remember(conn, "coder's, about ann", "coder", user="ann")
    with town.acting("coder"):
        refused(conn, query, shared, match="is not that of agent coder")
        refused(conn, query, anns, error=errors.UndefinedObject)
        refused(conn, query, uuid.uuid4(), error=errors.UndefinedObject)
        refused(conn, query, None, error=errors.UndefinedObject)
        one(conn, query, own)
    with town.acting("reader"):
        refused(conn, query, shared, match="is not that of reader")
    with town.acting("stranger"):
        refused(conn, query, shared, error=errors.InvalidAuthorizationSpecification)
    with town.acting("app"):
        one(conn, query, shared)
    conn.execute("SELECT agentry.use_session(%s)", [town.token(user="ann")])
    refused(conn, query, about, error=errors.UndefinedObject)
    one(conn, query, anns)
    one(conn, query, alone)
    conn.execute("SELECT agentry.logout()")
    assert raw(conn, about)["content"] == "coder's, about ann"


def test_a_deleted_memory_takes_its_events_along(town: Town) -> None:
    conn = town.conn
    memory, other = remember(conn, "x", "coder", idempotency_key="k"), remember(conn, "y", "coder")
    for ordinal in (1, 2, 3):
        record(conn, memory, ordinal=ordinal)
    record(conn, other)
    assert call(conn, "delete_raw_memory", memory) == 3
    assert (raw(conn, memory), facts(conn, memory)) == (None, [])
    assert facts(conn, other) == [(1, "eat apple")]
    assert keys(conn) == places(conn)
    assert indexed(conn) == {"y", "eat apple"}
    assert images(conn, memory) == 8, "the audit log says what was deleted"
    assert remember(conn, "z", "coder", idempotency_key="k") != memory
    assert call(conn, "delete_raw_memory", other) == 1


# -- holds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["anns", "user:ann", "user:bob"])
def test_a_legal_hold_holds(town: Town, subject: str) -> None:
    conn = town.conn
    memory = remember(conn, "evidence", "anns", user="bob")
    record(conn, memory)
    free = remember(conn, "anything", "coder")
    hold = one(conn, "SELECT agentry.place_legal_hold(%s, 'case 17')", subject)
    for query in WAYS:
        refused(
            conn, query, memory, error=errors.ObjectNotInPrerequisiteState,
            match=f"raw memory {memory} is under a legal hold", hint="agentry.lift_legal_hold()",
        )  # fmt: skip
    refused(conn, "SELECT agentry.forget(%s)", subject, error=errors.ObjectNotInPrerequisiteState)
    assert facts(conn, memory) == [(1, "eat apple")]
    assert call(conn, "redact_raw_memory", free, "why") is True
    conn.execute("SELECT agentry.lift_legal_hold(%s)", [hold])
    assert call(conn, "redact_raw_memory", memory, "why") is True


# -- forgetting, of what is not archived -------------------------------------------------------------------------------


def test_an_agent_is_forgotten_with_all_events_of_its_memories(town: Town) -> None:
    conn = town.conn
    for agent in ("coder", "nova"):
        for scope in ("agent", "organisation"):
            memory = remember(conn, f"{agent} in {scope}", agent, scope=scope, idempotency_key=scope)
            record(conn, memory, "be", f"{agent} for {scope}")
    coder = str(town.id_of("coder"))
    receipt = one(conn, "SELECT agentry.forget('coder')")
    assert conn.execute("SELECT * FROM agentry.verify_forgotten(%s)", [receipt]).fetchall() == []
    assert {table for table, _ in found(conn, coder)} == {"agentry.audit_log", "agentry.erasures"}
    assert found(conn, "coder for") == found(conn, "coder in") == set()
    assert len(places(conn)) == len(keys(conn)) == 2
    assert indexed(conn) == {"nova in agent", "nova in organisation", "be nova for agent", "be nova for organisation"}


def test_a_user_is_forgotten_in_the_memories_of_agents_too(town: Town) -> None:
    conn = town.conn
    record(conn, remember(conn, "about ann", "coder", user="ann", idempotency_key="k"), "meet", "ann herself")
    record(conn, remember(conn, "of ann alone", user="ann", idempotency_key="k"), "meet", "ann again")
    record(conn, remember(conn, "of another", "coder"), "meet", "nobody")
    receipt = one(conn, "SELECT agentry.forget('user:ann')")
    assert conn.execute("SELECT * FROM agentry.verify_forgotten(%s)", [receipt]).fetchall() == []
    assert found(conn, "ann again") == found(conn, "ann herself") == found(conn, "about ann") == set()
    assert indexed(conn) == {"of another", "meet nobody"}
    assert keys(conn) == places(conn)
    # the agent keeps its key for what it may store now
    assert one(conn, "SELECT count(*) FROM agentry_memory.raw_memory_keys") == 0


def test_an_agent_that_is_deleted_takes_its_memories_and_events_along(town: Town) -> None:
    conn = town.conn
    memory = remember(conn, "x", "coder", scope="organisation", idempotency_key="k")
    record(conn, memory)
    record(conn, memory, timestamp="2020-01-01 00:00+00")
    record(conn, remember(conn, "y", "nova"))
    conn.execute("DELETE FROM agentry.agents WHERE name = 'coder'")
    assert indexed(conn) == {"y", "eat apple"}
    assert len(keys(conn)) == len(places(conn)) == 1
    assert one(conn, "SELECT count(*) FROM agentry_memory.raw_memory_keys") == 0


def test_a_user_with_memories_is_forgotten_not_deleted(town: Town) -> None:
    remember(town.conn, "x", user="bob")
    error = refused(
        town.conn, "DELETE FROM agentry.users WHERE username = 'bob'", error=errors.ForeignKeyViolation
    )
    assert str(error.diag.constraint_name).startswith("raw_memories_user_id_fkey")
