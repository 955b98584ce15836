"""Bounds: a claim does not pass what was settled while an old snapshot is held, and misses nothing for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import IsolationLevel

from tests.chat.support import Connection, call, claim_ids, mark, peek, register, send, set_setting, value
from tests.harness.database import Database, wait_until

Background = Callable[..., Future[Any]]

BOUNDS = "SELECT array_agg(id) FROM agentry_chat.agent_chat_bounds"

MANY = 400  # more than a claim passes before it sees to the bound


@pytest.fixture
def held(town: Database) -> Database:
    """A snapshot is held, so that no entry of an index goes that it may see."""
    reader = town.connect()
    reader.isolation_level = IsolationLevel.REPEATABLE_READ
    reader.autocommit = False
    reader.execute("SELECT count(*) FROM agentry_chat.agent_chat")
    return town


def settle_many(conn: Connection, count: int = MANY, agent: str = "coder") -> None:
    batch = [{"sender": "nova", "message": f"number {n}", "recipients": [agent]} for n in range(count)]
    sent = value(conn, "SELECT agentry_chat.send_agent_messages(%s::jsonb)", json.dumps(batch))
    assert claim_ids(conn, agent, limit=count) == sent
    marks = [{"chat_id": i, "agent": agent, "status": "responded"} for i in sent]
    conn.execute("SELECT agentry_chat.mark_agent_messages(%s::jsonb)", [json.dumps(marks)])


def move_bound(conn: Connection, agent: str = "coder") -> int:
    """Settles many and claims until the bound is beyond them; returns it.

    It moves when the transactions have ended that were there when it was noted, on the whole server.
    """
    before = bound(conn, agent)
    settle_many(conn, agent=agent)
    wait_until(lambda: not claim_ids(conn, agent) and bound(conn, agent) > before + MANY // 2, "the bound to move")
    return bound(conn, agent)


def bound(conn: Connection, agent: str = "coder") -> int:
    return int(value(conn, "SELECT bound FROM agentry_chat._bound(agentry.current_org_id(), %s)", agent))


def entries_read(conn: Connection, agent: str = "coder", limit: int = 10) -> int:
    """How many entries of their index a claim reads."""
    read = "SELECT pg_stat_get_xact_tuples_returned('agentry_chat.agent_chat_processed_claim_idx'::regclass)"
    with conn.transaction():
        before = value(conn, read)
        claim_ids(conn, agent, limit)
        return int(value(conn, read) - before)


def test_a_claim_does_not_pass_what_an_old_snapshot_keeps(held: Database) -> None:
    conn = held.admin
    for _ in range(3):
        settle_many(conn)
    assert value(conn, "SELECT count(*) FROM agentry_chat.agent_chat_processed") == 3 * MANY
    move_bound(conn)
    wait_until(lambda: not claim_ids(conn, "coder") and entries_read(conn) < MANY // 2, "the bound to move")


def test_without_such_a_snapshot_no_bound_is_kept(town: Database) -> None:
    for _ in range(3):
        settle_many(town.admin, 100)
        town.admin.execute("VACUUM agentry_chat.agent_chat_processed")
        claim_ids(town.admin, "coder")
    assert value(town.admin, "SELECT count(*) FROM agentry_chat.agent_chat_bounds") == 0


def test_the_bound_stays_below_what_is_open(held: Database) -> None:
    conn = held.admin
    settle_many(conn)
    first = send(conn, "nova", "take your time", ["coder"])
    assert claim_ids(conn, "coder", lease="1 hour") == [first]
    urgent = send(conn, "nova", "not now", ["coder"], priority=1)
    assert claim_ids(conn, "coder", lease="1 hour") == [urgent]
    settle_many(conn)
    wait_until(lambda: not claim_ids(conn, "coder") and bound(conn) == first, "the bound to move")
    call(conn, "release_agent_message", chat_id=first, agent="coder", token=1)
    assert claim_ids(conn, "coder") == [first]
    mark(conn, first, "coder", "responded", token=2)
    mark(conn, urgent, "coder", "failed")
    wait_until(lambda: not claim_ids(conn, "coder") and bound(conn) == urgent, "the bound to move")


def test_a_message_whose_sender_commits_late_is_claimed(held: Database) -> None:
    conn, slow = held.admin, held.connect()
    with slow.transaction():
        late = send(slow, "nova", "I am late", ["coder"])
        for _ in range(3):
            settle_many(conn)
            claim_ids(conn, "coder")
        assert bound(conn) <= late
    assert claim_ids(conn, "coder") == [late]
    mark(conn, late, "coder", "responded")
    assert move_bound(conn) > late


def test_a_message_whose_id_was_given_before_the_bound_was_noted_is_claimed(held: Database) -> None:
    # the id alone, as when the sender is held up between it and its first row
    conn, slow = held.admin, held.connect()
    with slow.transaction():
        slow.execute("SELECT pg_current_xact_id()")
        settle_many(conn)
        late = send(slow, "nova", "I am late", ["coder"])
        settle_many(conn)
        for _ in range(4):
            claim_ids(conn, "coder")
        assert bound(conn) <= late
    assert claim_ids(conn, "coder") == [late]


def test_a_dead_letter_below_the_bound_is_claimed_when_it_is_requeued(held: Database) -> None:
    conn = held.admin
    set_setting(conn, "chat.max_attempts", 1)
    dead = [send(conn, "nova", f"broken {n}", ["coder"]) for n in range(2)]
    assert claim_ids(conn, "coder") == dead
    for chat_id in dead:
        mark(conn, chat_id, "coder", "failed")
    assert move_bound(conn) > dead[1]
    for chat_id in reversed(dead):
        call(conn, "requeue_agent_message", chat_id=chat_id, agent="coder")
        assert [row["chat_id"] for row in peek(conn, "coder")] == [chat_id]
        assert claim_ids(conn, "coder") == [chat_id]
        mark(conn, chat_id, "coder", "responded", token=2)
        move_bound(conn)
    assert value(conn, "SELECT count(*) FROM agentry_chat.agent_chat_bounds") == 1


@pytest.mark.parametrize("first", ["bound", "requeue"])
def test_requeuing_and_moving_the_bound_do_not_wait_for_each_other(
    held: Database, first: str, background: Background
) -> None:
    conn, consumer, operator = held.admin, held.connect(), held.connect()
    set_setting(conn, "chat.max_attempts", 1)
    dead = send(conn, "nova", "broken", ["coder"])
    assert claim_ids(conn, "coder") == [dead]
    mark(conn, dead, "coder", "failed")
    move_bound(conn)
    settle_many(conn)  # so that the next claims move it again
    requeue: dict[str, Any] = {"chat_id": dead, "agent": "coder"}
    sessions = [consumer, operator] if first == "bound" else [operator, consumer]
    for session in sessions:
        session.execute("BEGIN")
        if session is consumer:
            claim_ids(consumer, "coder")
        else:
            background(call, operator, "requeue_agent_message", **requeue).result()
    for session in sessions:
        session.execute("COMMIT")
    assert claim_ids(conn, "coder") == [dead]


def test_what_the_owner_adds_or_opens_by_hand_is_claimed(held: Database) -> None:
    conn = held.admin
    old = send(conn, "nova", "to you", ["coder"])
    assert claim_ids(conn, "coder") == [old]
    mark(conn, old, "coder", "responded")
    register(conn, "late")
    assert move_bound(conn) > old
    move_bound(conn, "late")
    conn.execute(
        "UPDATE agentry_chat.agent_chat_processed SET status = 'pending', settled_at = NULL WHERE chat_id = %s", [old]
    )
    conn.execute(
        "INSERT INTO agentry_chat.agent_chat_processed (org_id, chat_id, agent, sender, priority, available_at)"
        " SELECT org_id, chat_id, 'late', sender, priority, now() FROM agentry_chat.agent_chat_processed"
        " WHERE chat_id = %s", [old],
    )  # fmt: skip
    assert claim_ids(conn, "coder") == [old]
    assert claim_ids(conn, "late") == [old]


def test_a_bound_that_came_with_a_dump_of_another_server_moves_on(held: Database) -> None:
    conn = held.admin
    before = move_bound(conn)
    conn.execute("UPDATE agentry_chat.agent_chat_bounds SET next_xid = '4000000000'")  # that one had come so far
    assert move_bound(conn) > before
    assert value(conn, "SELECT max(next_xid) < '4000000000' FROM agentry_chat.agent_chat_bounds")


@pytest.mark.parametrize("level", [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE])
def test_a_claim_in_a_snapshot_leaves_the_bound_alone_and_does_not_fail(held: Database, level: IsolationLevel) -> None:
    conn, other = held.admin, held.connect()
    move_bound(conn)
    settle_many(conn)
    waiting = send(conn, "nova", "for you", ["coder"])
    before = value(conn, BOUNDS)
    other.isolation_level = level
    other.autocommit = False
    assert claim_ids(other, "coder", limit=1) == [waiting]
    other.commit()
    assert value(conn, BOUNDS) == before
