"""Retention: whole threads go by their last message, on record, past immutability; nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import errors

from tests.chat.support import Connection, advance, claim, fake_clock, mark, refused, register, reply, rows, send, value
from tests.harness.database import Database

Background = Callable[..., Future[Any]]


@pytest.fixture
def timed(chat: Connection) -> Connection:
    """The roster, and a clock that the test moves."""
    fake_clock(chat)
    return chat


def expire(conn: Connection, keep: str | None = "30 days", limit: int | None = 1000) -> int:
    return int(value(conn, "SELECT agentry_chat.expire_agent_chat(%s::interval, %s)", keep, limit))


def ids(conn: Connection) -> list[int]:
    return [row["id"] for row in rows(conn, "SELECT id FROM agentry_chat.agent_chat ORDER BY id")]


def settle(conn: Connection, *agents: str) -> None:
    """Empties the inboxes."""
    advance(conn, "1 minute")  # of sessions whose clock was set before the messages were sent
    for agent in agents or ("nova", "coder"):
        for row in claim(conn, agent, 1000):
            mark(conn, row["chat_id"], agent, "responded")


def thread_of_two(conn: Connection, text: str = "Hello") -> list[int]:
    first = send(conn, "nova", text, ["coder"])
    second = reply(conn, first, f"{text} yourself", agent="coder")
    settle(conn)
    return [first, second]


def backdate(conn: Connection, chat_id: int, by: str) -> None:
    """Moves a message into the past, behind every guard."""
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        conn.execute(
            "UPDATE agentry_chat.agent_chat SET timestamp = timestamp - %s::interval WHERE id = %s", [by, chat_id]
        )
        conn.execute("SET LOCAL session_replication_role = origin")


def test_a_thread_goes_whole_when_its_last_message_is_old_enough(timed: Connection) -> None:
    old = thread_of_two(timed, "old")
    for chat_id in old:
        backdate(timed, chat_id, "31 days")
    young = thread_of_two(timed, "young")
    backdate(timed, young[0], "31 days")
    assert expire(timed) == 2
    assert ids(timed) == young, "an old message stays with the young one of its thread"
    assert value(timed, "SELECT count(*) FROM agentry_chat.agent_chat_processed") == 2
    advance(timed, "31 days")
    assert expire(timed) == 2
    assert ids(timed) == []


def test_a_thread_with_an_open_delivery_stays(timed: Connection) -> None:
    chat_id = send(timed, "nova", "Hello", ["coder", "scout"])
    settle(timed, "coder")
    advance(timed, "31 days")
    assert expire(timed) == 0
    settle(timed, "scout")
    assert expire(timed) == 1
    assert chat_id not in ids(timed)


def test_a_thread_whose_first_message_was_forgotten_goes_too(timed: Connection) -> None:
    first, second = thread_of_two(timed)
    with timed.transaction():
        timed.execute("SET LOCAL session_replication_role = replica")
        timed.execute("UPDATE agentry_chat.agent_chat SET reply_to = NULL WHERE id = %s", [second])
        timed.execute("DELETE FROM agentry_chat.agent_chat_processed WHERE chat_id = %s", [first])
        timed.execute("DELETE FROM agentry_chat.agent_chat WHERE id = %s", [first])
        timed.execute("SET LOCAL session_replication_role = origin")
    advance(timed, "31 days")
    assert expire(timed) == 1
    assert ids(timed) == []


def test_the_limit_counts_threads_and_the_oldest_go_first(timed: Connection) -> None:
    threads = [thread_of_two(timed, f"thread {n}") for n in range(3)]
    for n, thread in enumerate(threads):
        for chat_id in thread:
            backdate(timed, chat_id, f"{40 - n} days")
    assert expire(timed, limit=2) == 4
    assert ids(timed) == threads[2]


def test_without_a_rule_nothing_goes(timed: Connection) -> None:
    thread_of_two(timed)
    advance(timed, "100 years")
    assert expire(timed, None) == 0
    timed.execute(
        "UPDATE agentry.retention_rules SET keep_for = '30 days'"
        " WHERE table_name = 'agentry_chat.agent_chat'::regclass"
    )
    assert expire(timed, None) == 2


@pytest.mark.parametrize(("keep", "limit"), [("0 days", 1), ("-1 day", 1), ("1 day", 0), ("1 day", None)])
def test_keep_and_limit_are_above_0(chat: Connection, keep: str, limit: int | None) -> None:
    with refused(chat, errors.InvalidParameterValue, "keep or limit is out of range", "keep: "):
        expire(chat, keep, limit)


def test_what_was_removed_is_on_record_without_content(timed: Connection) -> None:
    thread_of_two(timed, "a secret")
    advance(timed, "31 days")
    before = value(timed, "SELECT count(*) FROM agentry.erasures")
    expire(timed)
    (receipt,) = rows(timed, "SELECT * FROM agentry.erasures ORDER BY started_at DESC LIMIT 1")
    assert value(timed, "SELECT count(*) FROM agentry.erasures") == before + 1
    assert receipt["kind"] == "retention"
    assert receipt["counts"] == {"agentry_chat.agent_chat": 2, "agentry_chat.agent_chat_processed": 2}
    assert receipt["finished_at"] is not None
    assert "secret" not in str(receipt)
    assert expire(timed) == 0
    assert value(timed, "SELECT count(*) FROM agentry.erasures") == before + 1, "nothing removed, no receipt"


def test_messages_are_immutable_again_afterwards(timed: Connection) -> None:
    thread_of_two(timed, "old")
    advance(timed, "31 days")
    expire(timed)
    send(timed, "nova", "new", ["coder"])
    for command, rest in (("DELETE FROM", ""), ("UPDATE", " SET message = 'x'")):
        with refused(timed, errors.RestrictViolation, "messages never change"):
            timed.execute(f"{command} agentry_chat.agent_chat{rest}".encode())


def test_threads_of_agents_under_legal_hold_stay(timed: Connection) -> None:
    register(timed, "held")
    sent, received = send(timed, "held", "Hello", ["coder"]), send(timed, "nova", "Hello", ["held"])
    settle(timed, "coder", "held")
    other = thread_of_two(timed)
    advance(timed, "31 days")
    hold = value(timed, "SELECT agentry.place_legal_hold('held', 'a case')")
    assert expire(timed) == len(other)
    assert ids(timed) == [sent, received]
    timed.execute("SELECT agentry.lift_legal_hold(%s)", [hold])
    assert expire(timed) == 2


def test_a_thread_that_is_being_answered_stays(town: Database) -> None:
    fake_clock(town.admin)
    first, second = thread_of_two(town.admin)
    one = town.connect(autocommit=False)
    answer = send(one, "nova", "one more thing", ["coder"], reply_to=second)
    advance(town.admin, "31 days")
    assert expire(town.admin) == 0
    one.commit()
    assert ids(town.admin) == [first, second, answer]


def test_an_answer_to_a_thread_that_goes_finds_nothing(town: Database, background: Background) -> None:
    fake_clock(town.admin)
    first, _ = thread_of_two(town.admin)
    sweeper = town.connect(autocommit=False)
    sweeper.execute("SELECT set_config('test.now', (now() + interval '31 days')::text, false)")
    assert expire(sweeper) == 2
    late = background(send, town.connect(), "nova", "one more thing", ["coder"], reply_to=first)
    sweeper.commit()
    with pytest.raises((errors.ForeignKeyViolation, errors.UndefinedObject)):
        late.result()
    assert ids(town.admin) == []


def test_maintenance_removes_what_the_rule_says(town: Database) -> None:
    fake_clock(town.admin)
    thread_of_two(town.admin)
    town.admin.execute(
        "UPDATE agentry.retention_rules SET keep_for = '30 days'"
        " WHERE table_name = 'agentry_chat.agent_chat'::regclass"
    )
    advance(town.admin, "31 days")
    town.admin.execute("CALL agentry.run_maintenance(true)")
    assert ids(town.admin) == []


@pytest.mark.parametrize("function", ["expire_agent_chat", "expire_agent_messages"])
def test_expiry_is_for_administrators(town: Database, function: str) -> None:
    for user in (town.app_role(), town.agent_role("coder", register=False)):
        conn = town.connect(user)
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute(f"SELECT agentry_chat.{function}()".encode())
