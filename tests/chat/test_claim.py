"""Claims, leases and marks: who holds a message, until when, and how it is settled."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.chat.support import (
    PATIENCE,
    Connection,
    advance,
    claim,
    claim_ids,
    delivery,
    fake_clock,
    mark,
    peek,
    refused,
    register,
    reply,
    rows,
    send,
    set_setting,
    value,
)
from tests.harness.database import Database, wait_for_lock

Background = Callable[..., Future[Any]]


@pytest.fixture
def timed(chat: Connection) -> Connection:
    """The roster, and a clock that the test moves."""
    fake_clock(chat)
    return chat


def mark_batch(conn: Connection, marks: Any) -> list[tuple[int, str]]:
    found = conn.execute("SELECT * FROM agentry_chat.mark_agent_messages(%s::jsonb)", [json.dumps(marks)]).fetchall()
    return [tuple(row) for row in found]


def claim_one(conn: Connection, agent: str = "coder") -> dict[str, Any]:
    (taken,) = claim(conn, agent)
    return taken


# -- what a claim gives -----------------------------------------------------------------------------------------------


def test_a_claim_gives_the_whole_message_with_its_token(chat: Connection) -> None:
    first = send(chat, "nova", "start", ["coder"])
    claim(chat, "coder")
    sent = send(chat, "scout", "hello", ["Coder", "nova"], priority=3)
    follow = send(chat, "nova", "and?", ["coder"], reply_to=first)
    now = value(chat, "SELECT now()")
    common = {"timestamp": now, "attempts": 1, "token": 1}
    assert claim(chat, "coder") == [
        {"chat_id": sent, "sender": "scout", "message": "hello", "recipients": ["coder", "nova"], "reply_to": None,
         "thread": sent, "priority": 3, **common},
        {"chat_id": follow, "sender": "nova", "message": "and?", "recipients": ["coder"], "reply_to": first,
         "thread": first, "priority": 5, **common},
    ]


def test_messages_come_by_priority_then_oldest_first(chat: Connection) -> None:
    ids = {p: [send(chat, "nova", str(p), ["coder"], priority=p) for _ in range(2)] for p in (5, 10, 1, 3)}
    wanted = [*ids[1], *ids[3], *ids[5], *ids[10]]
    assert [row["chat_id"] for row in peek(chat, "coder")] == wanted
    assert claim_ids(chat, "coder", limit=3) + claim_ids(chat, "coder") == wanted


def test_a_claim_takes_no_more_than_its_limit(chat: Connection) -> None:
    ids = [send(chat, "nova", str(n), ["coder"]) for n in range(25)]
    assert claim_ids(chat, "coder", limit=1) == ids[:1]
    assert [row["chat_id"] for row in chat_default_claim(chat)] == ids[1:11]
    assert claim_ids(chat, "coder", limit=1000) == ids[11:]


def chat_default_claim(conn: Connection) -> list[dict[str, Any]]:
    return rows(conn, "SELECT * FROM agentry_chat.claim_agent_messages('coder')")


def test_an_empty_inbox_gives_nothing(chat: Connection) -> None:
    assert claim(chat, "coder") == []


def test_each_recipient_claims_for_itself(chat: Connection) -> None:
    sent = send(chat, "nova", "hello", ["coder", "scout"])
    assert claim_ids(chat, "coder") == [sent]
    assert claim_ids(chat, "coder") == []
    assert claim_ids(chat, "scout") == [sent]
    assert claim_ids(chat, "nova") == []


def test_an_agent_claims_its_own_inbox_only(town: Database) -> None:
    sent = send(town.admin, "nova", "hello", ["coder", "scout"])
    coder = town.connect(town.agent_role("coder"))
    assert claim_ids(coder) == [sent]
    for refusal in (claim, peek):
        with refused(coder, errors.InsufficientPrivilege, "agent coder cannot act as scout"):
            refusal(coder, "scout")
    with refused(coder, errors.InsufficientPrivilege, "agent coder cannot act as scout"):
        mark(coder, sent, "scout", "responded")
    with refused(coder, errors.InsufficientPrivilege, "agent coder cannot act as scout"):
        reply(coder, sent, "answer", agent="scout")
    app = town.connect(town.app_role())
    assert claim_ids(app, "scout") == [sent]
    assert mark(app, sent, "scout", "responded") == "responded"
    assert mark(coder, sent, None, "responded") == "responded"


@pytest.mark.parametrize("status", ["suspended", "archived"])
def test_the_inbox_of_an_agent_out_of_service_stands_still(chat: Connection, status: str) -> None:
    sent = send(chat, "nova", "hello", ["scout"])
    register(chat, "scout", status=status)
    for call in (claim, peek):
        with refused(chat, errors.ObjectNotInPrerequisiteState, f"agent scout is {status}"):
            call(chat, "scout")
    register(chat, "scout", status="active")
    assert claim_ids(chat, "scout") == [sent]


def test_nobody_calls_nothing(town: Database) -> None:
    sent = send(town.admin, "nova", "hello", ["coder"])
    stranger = town.connect(town.role("stranger", "agentry_agent"))
    for attempt in (
        lambda: claim(stranger, "coder"),
        lambda: claim(stranger),
        lambda: peek(stranger, "coder"),
        lambda: mark(stranger, sent, "coder", "responded"),
        lambda: mark_batch(stranger, [{"chat_id": sent, "agent": "coder", "status": "responded"}]),
        lambda: send(stranger, "nova", "hello", ["coder"]),
        lambda: reply(stranger, sent, "hello", agent="coder"),
    ):
        with refused(stranger, errors.InvalidAuthorizationSpecification, "the database does not know who you are"):
            attempt()


@pytest.mark.parametrize("limit", [0, -1, 1001, None])
def test_a_limit_is_from_1_to_1000(chat: Connection, limit: int | None) -> None:
    message = "limit or lease is out of range"
    detail = f"limit: {'' if limit is None else limit},"
    hint = "A limit is 1 to 1000, a lease 1 second to 1 day."
    with refused(chat, errors.InvalidParameterValue, message, detail, hint):
        claim(chat, "coder", limit)
    with refused(chat, errors.InvalidParameterValue, "limit is out of range", "got: ", "A limit is 1 to 1000."):
        peek(chat, "coder", limit)


@pytest.mark.parametrize("lease", ["0", "999 milliseconds", "-1 hour", "1 day 1 microsecond", "1 month", None])
def test_a_lease_is_from_a_second_to_a_day(chat: Connection, lease: str | None) -> None:
    with refused(chat, errors.InvalidParameterValue, "limit or lease is out of range", "lease: "):
        claim(chat, "coder", lease=lease)


@pytest.mark.parametrize("lease", ["1 second", "1 day"])
def test_a_lease_lasts_as_long_as_was_asked(timed: Connection, lease: str) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    claim(timed, "coder", lease=lease)
    row = delivery(timed, sent, "coder")
    assert row["lease_until"] - row["received_at"] == (timedelta(days=1) if lease == "1 day" else timedelta(seconds=1))


def test_a_lease_is_five_minutes_where_none_is_asked_for(timed: Connection) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    chat_default_claim(timed)
    row = delivery(timed, sent, "coder")
    assert row["lease_until"] - row["received_at"] == timedelta(minutes=5)


# -- leases -----------------------------------------------------------------------------------------------------------


def test_a_message_is_held_until_its_lease_ends(timed: Connection) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    assert claim_one(timed)["token"] == 1
    advance(timed, "5 minutes - 1 microsecond")
    assert claim_ids(timed, "coder") == []
    advance(timed, "1 microsecond")
    again = claim_one(timed)
    assert (again["chat_id"], again["attempts"], again["token"]) == (sent, 2, 2)


def test_whoever_lost_a_lease_cannot_mark(timed: Connection) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    claim_one(timed)
    advance(timed, "6 minutes")
    claim_one(timed)
    hint = "Pass the token of the claim; a holder whose lease ran out has to give the message up."
    message = f"message {sent} was claimed again since"
    for status in ("responded", "routed", "failed"):
        with refused(timed, errors.ObjectNotInPrerequisiteState, message, "token: 1, the last claim's: 2", hint):
            mark(timed, sent, "coder", status, token=1)
    with refused(timed, errors.ObjectNotInPrerequisiteState, message, "token: none, the last claim's: 2"):
        mark(timed, sent, "coder", "responded")
    assert delivery(timed, sent, "coder")["status"] == "received"
    assert mark(timed, sent, "coder", "responded", token=2) == "responded"
    with refused(timed, errors.ObjectNotInPrerequisiteState, message):
        mark(timed, sent, "coder", "responded", token=1)


def test_whoever_lost_a_lease_that_nobody_took_may_still_mark(timed: Connection) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    claim_one(timed)
    advance(timed, "1 hour")
    assert mark(timed, sent, "coder", "responded", token=1) == "responded"
    assert claim_ids(timed, "coder") == []


def test_a_message_is_dead_when_its_last_lease_runs_out(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 2)
    sent = send(timed, "nova", "hello", ["coder"])
    for attempt in (1, 2):
        assert claim_one(timed)["attempts"] == attempt
        advance(timed, "6 minutes")
    assert claim(timed, "coder") == []
    row = delivery(timed, sent, "coder")
    assert (row["status"], row["attempts"], row["error_message"]) == ("dead", 2, "the lease ran out")
    assert row["dead_at"] == row["settled_at"] == value(timed, "SELECT agentry._clock()")
    assert row["lease_until"] is None


def test_a_holder_may_mark_before_the_next_claim_finds_it_dead(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 1)
    sent = send(timed, "nova", "hello", ["coder"])
    claim_one(timed)
    advance(timed, "6 minutes")
    assert mark(timed, sent, "coder", "responded") == "responded"


def test_the_error_of_a_failure_outlives_a_lease(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 2)
    sent = send(timed, "nova", "hello", ["coder"])
    mark(timed, sent, "coder", "failed", token=claim_one(timed)["token"], error="no route")
    advance(timed, "1 hour")
    claim_one(timed)
    advance(timed, "1 hour")
    assert claim(timed, "coder") == []
    row = delivery(timed, sent, "coder")
    assert (row["status"], row["error_message"]) == ("dead", "no route")


# -- two sessions -----------------------------------------------------------------------------------------------------


def test_two_claims_at_once_share_an_inbox_without_waiting(town: Database) -> None:
    ids = [send(town.admin, "nova", str(n), ["coder"]) for n in range(6)]
    first = town.connect(autocommit=False)
    second = town.connect(autocommit=False)
    second.execute("SET lock_timeout = '10s'")
    assert claim_ids(first, "coder", limit=2) == ids[:2]
    assert claim_ids(second, "coder", limit=2) == ids[2:4]
    assert claim_ids(first, "coder", limit=1) == ids[4:5]
    assert [row["chat_id"] for row in peek(second, "coder")] == [*ids[:2], *ids[4:]]
    first.rollback()
    assert claim_ids(second, "coder") == [*ids[:2], *ids[4:]]
    second.commit()
    assert claim_ids(town.admin, "coder") == []


def test_claims_at_once_give_no_message_twice(town: Database, background: Background) -> None:
    ids = [send(town.admin, "nova", str(n), ["coder"]) for n in range(200)]

    def drain(conn: Connection) -> list[int]:
        got: list[int] = []
        misses = 0
        while misses < 3:  # a claim passes over what another is just taking
            taken = claim_ids(conn, "coder", limit=3)
            got += taken
            misses = 0 if taken else misses + 1
        return got

    workers = [background(drain, town.connect()) for _ in range(4)]
    got = [chat_id for worker in workers for chat_id in worker.result(PATIENCE)]
    assert sorted(got) == ids
    assert town.value("SELECT max(attempts) FROM agentry_chat.agent_chat_processed") == 1


def test_of_two_holders_only_the_last_can_settle(town: Database) -> None:
    fake_clock(town.admin)
    sent = send(town.admin, "nova", "hello", ["coder"])
    first, second = town.connect(), town.connect()
    assert claim_one(first)["token"] == 1
    second.execute("SELECT set_config('test.now', (now() + interval '1 hour')::text, false)")
    assert claim_one(second)["token"] == 2
    with pytest.raises(errors.ObjectNotInPrerequisiteState):
        mark(first, sent, "coder", "responded", token=1)
    assert mark(second, sent, "coder", "responded", token=2) == "responded"


# -- failure ----------------------------------------------------------------------------------------------------------


def test_a_failed_message_is_due_again_after_a_wait_that_doubles(timed: Connection) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    for attempt, base in ((1, 10), (2, 20), (3, 40), (4, 80)):
        taken = claim_one(timed)
        assert taken["attempts"] == attempt
        assert mark(timed, sent, "coder", "failed", token=taken["token"], error=f"error {attempt}") == "failed"
        row = delivery(timed, sent, "coder")
        assert (row["status"], row["error_message"], row["lease_until"]) == ("failed", f"error {attempt}", None)
        wait = row["available_at"] - value(timed, "SELECT agentry._clock()")
        assert timedelta(seconds=0.8 * base) <= wait <= timedelta(seconds=1.2 * base)
        advance(timed, f"{(wait - timedelta(microseconds=1)) // timedelta(microseconds=1)} microseconds")
        assert claim(timed, "coder") == []
        assert peek(timed, "coder") == []
        advance(timed, "1 microsecond")
    taken = claim_one(timed)
    assert mark(timed, sent, "coder", "failed", token=taken["token"], error="the last") == "dead"
    row = delivery(timed, sent, "coder")
    assert (row["status"], row["attempts"], row["error_message"]) == ("dead", 5, "the last")
    assert row["dead_at"] == row["settled_at"]
    advance(timed, "1 year")
    assert claim(timed, "coder") == []


def test_a_wait_is_an_hour_at_most_give_or_take_a_fifth(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 100)
    set_setting(timed, "chat.retry_delay", "1 minute")
    sent = send(timed, "nova", "hello", ["coder"])
    timed.execute("UPDATE agentry_chat.agent_chat_processed SET status = 'failed', attempts = 60")
    mark(timed, sent, "coder", "failed", token=claim_one(timed)["token"])
    wait = delivery(timed, sent, "coder")["available_at"] - value(timed, "SELECT agentry._clock()")
    assert timedelta(minutes=48) <= wait <= timedelta(minutes=72)


def test_waits_differ_so_that_what_failed_together_does_not_return_together(timed: Connection) -> None:
    ids = [send(timed, "nova", str(n), ["coder"]) for n in range(10)]
    claim(timed, "coder")
    mark_batch(timed, [{"chat_id": i, "agent": "coder", "status": "failed"} for i in ids])
    assert len({delivery(timed, i, "coder")["available_at"] for i in ids}) > 5


def test_the_number_of_attempts_is_a_setting(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 1)
    sent = send(timed, "nova", "hello", ["coder"])
    assert mark(timed, sent, "coder", "failed", token=claim_one(timed)["token"]) == "dead"


# -- expiry -----------------------------------------------------------------------------------------------------------


def test_an_expired_message_is_not_delivered(timed: Connection) -> None:
    gone = send(timed, "nova", "hurry", ["coder"], expires_in="1 minute")
    kept = send(timed, "nova", "no hurry", ["coder"], expires_in="2 minutes")
    advance(timed, "1 minute")
    assert [row["chat_id"] for row in peek(timed, "coder")] == [kept]
    assert delivery(timed, gone, "coder")["status"] == "pending"
    assert claim_ids(timed, "coder") == [kept]
    row = delivery(timed, gone, "coder")
    assert (row["status"], row["attempts"], row["error_message"]) == ("expired", 0, None)
    assert row["settled_at"] is not None and row["dead_at"] is None


def test_expired_messages_cost_a_claim_none_of_its_limit(timed: Connection) -> None:
    for n in range(25):
        send(timed, "nova", str(n), ["coder"], expires_in="1 minute", priority=1)
    ids = [send(timed, "nova", str(n), ["coder"]) for n in range(3)]
    advance(timed, "1 hour")
    assert claim_ids(timed, "coder", limit=2) == ids[:2]
    assert claim_ids(timed, "coder", limit=2) == ids[2:]


def test_a_message_that_expires_under_a_lease_may_still_be_settled(timed: Connection) -> None:
    sent = send(timed, "nova", "hurry", ["coder"], expires_in="1 minute")
    claim_one(timed)
    advance(timed, "2 minutes")
    assert claim(timed, "coder") == []
    assert mark(timed, sent, "coder", "responded") == "responded"


def test_a_failed_message_that_expires_is_not_tried_again(timed: Connection) -> None:
    sent = send(timed, "nova", "hurry", ["coder"], expires_in="1 minute")
    mark(timed, sent, "coder", "failed", token=claim_one(timed)["token"], error="no route")
    advance(timed, "1 hour")
    assert claim(timed, "coder") == []
    row = delivery(timed, sent, "coder")
    assert (row["status"], row["error_message"]) == ("expired", "no route")


# -- marks ------------------------------------------------------------------------------------------------------------


def test_a_message_claimed_once_needs_no_token(chat: Connection) -> None:
    for status in ("responded", "routed", "failed"):
        sent = send(chat, "nova", status, ["coder"])
        claim_one(chat)
        assert mark(chat, sent, "coder", status) == status


def test_a_routed_message_may_become_responded(timed: Connection) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    claim_one(timed)
    assert mark(timed, sent, "coder", "routed") == "routed"
    row = delivery(timed, sent, "coder")
    routed_at = row["routed_at"]
    assert routed_at == row["settled_at"] and row["responded_at"] is None
    advance(timed, "1 hour")
    assert claim(timed, "coder") == []
    assert mark(timed, sent, "coder", "routed") == "routed"
    assert delivery(timed, sent, "coder") == row
    assert mark(timed, sent, "coder", "responded") == "responded"
    row = delivery(timed, sent, "coder")
    assert row["routed_at"] == routed_at
    assert row["responded_at"] == row["settled_at"] == routed_at + timedelta(hours=1)


def test_a_routed_message_may_be_answered(chat: Connection) -> None:
    sent = send(chat, "nova", "hello", ["coder"])
    claim_one(chat)
    mark(chat, sent, "coder", "routed")
    reply(chat, sent, "done", agent="coder")
    assert delivery(chat, sent, "coder")["status"] == "responded"


def settle(conn: Connection, how: str) -> int:
    """A message to coder in that final status."""
    set_setting(conn, "chat.max_attempts", 1)
    sent = send(conn, "nova", how, ["coder"], expires_in="1 minute" if how == "expired" else None)
    if how == "expired":
        advance(conn, "2 minutes")
        assert claim(conn, "coder") == []
    else:
        claim_one(conn)
        mark(conn, sent, "coder", "failed" if how == "dead" else how)
    assert delivery(conn, sent, "coder")["status"] == how
    return sent


@pytest.mark.parametrize(
    ("was", "wanted"),
    [
        ("responded", "routed"), ("responded", "failed"), ("routed", "failed"),
        ("dead", "responded"), ("dead", "routed"), ("dead", "failed"),
        ("expired", "responded"), ("expired", "routed"), ("expired", "failed"),
    ],
)
def test_what_is_settled_is_final(timed: Connection, was: str, wanted: str) -> None:
    sent = settle(timed, was)
    before = delivery(timed, sent, "coder")
    message = f"message {sent} is {was} and cannot become {wanted}"
    detail = "A claimed message becomes responded, routed or failed; a routed one may become responded."
    hint = "Claim it first: agentry_chat.claim_agent_messages()."
    with refused(timed, errors.ObjectNotInPrerequisiteState, message, detail, hint):
        mark(timed, sent, "coder", wanted)
    advance(timed, "1 year")
    assert claim(timed, "coder") == []
    assert delivery(timed, sent, "coder") == before


def test_marking_again_what_is_so_already_changes_nothing(timed: Connection) -> None:
    for status in ("responded", "routed"):
        sent = settle(timed, status)
        before = delivery(timed, sent, "coder")
        advance(timed, "1 minute")
        assert mark(timed, sent, "coder", status, error="late") == status
        assert delivery(timed, sent, "coder") == before


@pytest.mark.parametrize("status", ["responded", "routed", "failed"])
def test_a_message_has_to_be_claimed_before_it_is_marked(timed: Connection, status: str) -> None:
    sent = send(timed, "nova", "hello", ["coder"])
    with refused(timed, errors.ObjectNotInPrerequisiteState, f"message {sent} is pending and cannot become {status}"):
        mark(timed, sent, "coder", status)
    claim_one(timed)
    mark(timed, sent, "coder", "failed")
    with refused(timed, errors.ObjectNotInPrerequisiteState, f"message {sent} is failed and cannot become {status}"):
        mark(timed, sent, "coder", status)


@pytest.mark.parametrize("status", ["pending", "received", "dead", "expired", "done", "", None])
def test_only_three_statuses_can_be_marked(chat: Connection, status: str | None) -> None:
    sent = send(chat, "nova", "hello", ["coder"])
    claim_one(chat)
    shown = "NULL" if status is None else f"'{status}'"
    hint = "Mark it responded, routed or failed."
    with refused(chat, errors.InvalidParameterValue, f"a message cannot be marked {shown}", hint=hint):
        mark(chat, sent, "coder", status)


def test_a_message_of_another_inbox_cannot_be_marked(chat: Connection) -> None:
    sent = send(chat, "nova", "hello", ["coder"])
    claim_one(chat)
    hint = "agentry_chat.claim_agent_messages() gives the messages of an inbox."
    for agent in ("scout", "nova"):
        with refused(chat, errors.UndefinedObject, f"message {sent} is not in the inbox of {agent}", hint=hint):
            mark(chat, sent, agent, "responded")
    with refused(chat, errors.UndefinedObject, "message NULL is not in the inbox of coder", hint=hint):
        mark(chat, None, "coder", "responded")


def test_whoever_waits_for_a_mark_sees_what_became_of_it(town: Database, background: Background) -> None:
    sent = send(town.admin, "nova", "hello", ["coder"])
    claim_one(town.admin)
    first = town.connect(autocommit=False)
    mark(first, sent, "coder", "responded")
    second = town.connect()
    other = background(mark, second, sent, "coder", "failed")
    wait_for_lock(town.admin, second.info.backend_pid)
    first.commit()
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="is responded and cannot become failed"):
        other.result(PATIENCE)


# -- batches of marks -------------------------------------------------------------------------------------------------


def test_a_batch_of_marks_gives_ids_and_statuses_in_its_order(chat: Connection) -> None:
    set_setting(chat, "chat.max_attempts", 1)
    ids = [send(chat, "nova", str(n), ["coder", "scout"]) for n in range(4)]
    claim(chat, "coder")
    claim(chat, "scout")
    marks = [
        {"chat_id": ids[3], "agent": "coder", "status": "responded", "token": 1},
        {"chat_id": ids[0], "agent": "scout", "status": "routed"},
        {"chat_id": ids[2], "agent": "coder", "status": "failed", "error": "no route"},
        {"chat_id": ids[0], "agent": "coder", "status": "responded"},
        {"chat_id": ids[0], "agent": "scout", "status": "responded"},
    ]
    assert mark_batch(chat, marks) == [
        (ids[3], "responded"), (ids[0], "routed"), (ids[2], "dead"), (ids[0], "responded"), (ids[0], "responded")]
    assert delivery(chat, ids[2], "coder")["error_message"] == "no route"
    assert delivery(chat, ids[0], "scout")["routed_at"] is not None
    assert delivery(chat, ids[0], "scout")["status"] == "responded"


def test_an_agent_marks_its_own_batch_without_a_name(town: Database) -> None:
    ids = [send(town.admin, "nova", str(n), ["coder"]) for n in range(3)]
    coder = town.connect(town.agent_role("coder"))
    claim(coder)
    assert mark_batch(coder, [{"chat_id": i, "status": "responded"} for i in ids[::-1]]) == [
        (i, "responded") for i in ids[::-1]]


def test_an_empty_batch_of_marks_marks_nothing(chat: Connection) -> None:
    assert mark_batch(chat, []) == []


@pytest.mark.parametrize(
    ("wrong", "detail"),
    [
        ({"chat_id": 1, "status": "responded", "state": "x"}, "unknown: state"),
        ({"chat_id": 1}, "missing: status"),
        ({"status": "responded"}, "missing: chat_id"),
        (7, "it is a JSON number"),
    ],
)
def test_a_bad_mark_of_a_batch_is_named_by_its_position(chat: Connection, wrong: Any, detail: str) -> None:
    sent = send(chat, "nova", "hello", ["coder"])
    claim_one(chat)
    good = {"chat_id": sent, "agent": "coder", "status": "responded"}
    hint = "Required: chat_id, status.  Optional: agent, token, error."
    with refused(chat, errors.InvalidParameterValue, "object 3 of the batch is not right", detail, hint):
        mark_batch(chat, [good, good, wrong])
    with refused(chat, errors.InvalidParameterValue, "a batch is a JSON array of objects", "got: object"):
        mark_batch(chat, good)
    assert delivery(chat, sent, "coder")["status"] == "received"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"status": "done"}, errors.InvalidParameterValue),
        ({"token": 2}, errors.ObjectNotInPrerequisiteState),
        ({"chat_id": 999999}, errors.UndefinedObject),
        ({"chat_id": None}, errors.UndefinedObject),
        ({"agent": "nobody"}, errors.UndefinedObject),
        ({"agent": None}, errors.InvalidParameterValue),
        ({"chat_id": "x"}, errors.InvalidParameterValue),
        ({"token": 2**31}, errors.InvalidParameterValue),
    ],
)
def test_a_batch_of_marks_is_all_or_nothing(
    chat: Connection, wrong: dict[str, Any], error: type[psycopg.Error]
) -> None:
    ids = [send(chat, "nova", str(n), ["coder"]) for n in range(3)]
    claim(chat, "coder")
    marks: list[dict[str, Any]] = [{"chat_id": i, "agent": "coder", "status": "responded"} for i in ids]
    marks[1] = {**marks[1], **wrong}
    with pytest.raises(error), chat.transaction():
        mark_batch(chat, marks)
    assert [delivery(chat, i, "coder")["status"] for i in ids] == ["received"] * 3


def test_batches_of_marks_in_opposite_orders_do_not_deadlock(town: Database, background: Background) -> None:
    ids = [send(town.admin, "nova", str(n), ["coder"]) for n in range(60)]
    claim(town.admin, "coder", limit=100)
    marks = [{"chat_id": i, "agent": "coder", "status": "responded"} for i in ids]
    batches = [background(mark_batch, town.connect(), order) for order in (marks, marks[::-1]) * 2]
    for batch in batches:
        assert len(batch.result(PATIENCE)) == 60


# -- what a claim and a peek touch ------------------------------------------------------------------------------------

PHYSICAL = """
SELECT 'processed', p.ctid::text, p.xmin::text, p.xmax::text, p::text FROM agentry_chat.agent_chat_processed AS p
UNION ALL SELECT 'chat', m.ctid::text, m.xmin::text, m.xmax::text, m::text FROM agentry_chat.agent_chat AS m
UNION ALL SELECT 'told', t.ctid::text, t.xmin::text, t.xmax::text, t::text FROM agentry_chat.agent_chat_told AS t
UNION ALL SELECT 'agents', a.ctid::text, a.xmin::text, a.xmax::text, a.name FROM agentry.agents AS a
ORDER BY 1, 2
"""

STRONG_LOCKS = """
SELECT locktype, relation::regclass::text, mode FROM pg_locks
WHERE pid = %s AND (mode NOT IN ('AccessShareLock', 'ExclusiveLock') OR locktype NOT IN ('relation', 'virtualxid'))
"""


@pytest.mark.parametrize("who", ["agent", "app", "admin"])
def test_a_peek_changes_and_locks_nothing(town: Database, who: str) -> None:
    for n in range(4):
        send(town.admin, "nova", str(n), ["coder"], priority=5 - n)
    claim(town.admin, "coder", limit=1)
    send(town.admin, "nova", "too late", ["coder"], expires_in="1 microsecond")
    user = {"agent": town.agent_role, "app": lambda _: town.app_role(), "admin": lambda _: None}[who]("coder")
    before = town.admin.execute(PHYSICAL).fetchall()
    reader = town.connect(user, autocommit=False)
    assert len(peek(reader, "coder")) == 3
    assert town.admin.execute(STRONG_LOCKS.encode(), [reader.info.backend_pid]).fetchall() == []
    assert value(reader, "SELECT pg_current_xact_id_if_assigned()") is None
    reader.commit()
    assert town.admin.execute(PHYSICAL).fetchall() == before


def test_a_peek_works_in_a_read_only_transaction(town: Database) -> None:
    sent = send(town.admin, "nova", "hello", ["coder"])
    reader = town.connect(autocommit=False)
    reader.execute("SET TRANSACTION READ ONLY")
    assert [(row["chat_id"], row["status"], row["attempts"]) for row in peek(reader, "coder")] == [(sent, "pending", 0)]


def test_a_peek_shows_what_a_claim_then_takes(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 3)
    for n in range(30):
        send(timed, "nova", str(n), ["coder"], priority=n % 4 + 1, expires_in="10 minutes" if n % 7 == 0 else None)
    for row in claim(timed, "coder", limit=9, lease="1 minute"):
        if row["chat_id"] % 2:
            mark(timed, row["chat_id"], "coder", "failed")
    advance(timed, "11 minutes")
    seen = peek(timed, "coder")
    taken = claim(timed, "coder", limit=50)
    assert [(row["chat_id"], row["attempts"] + 1) for row in seen] == [(r["chat_id"], r["attempts"]) for r in taken]
    assert {row["status"] for row in seen} == {"pending", "received", "failed"}
    shared = ("chat_id", "sender", "message", "recipients", "reply_to", "thread", "priority", "timestamp")
    assert [{k: row[k] for k in shared} for row in seen] == [{k: row[k] for k in shared} for row in taken]


UPDATES = """
SELECT pg_stat_get_xact_tuples_updated(c.oid) AS updated, pg_stat_get_xact_tuples_hot_updated(c.oid) AS hot
FROM pg_class AS c WHERE c.oid = 'agentry_chat.agent_chat_processed'::regclass
"""


def test_a_claim_and_a_failure_touch_no_index(town: Database) -> None:
    """HOT updates: nothing that they change stands in an index or in the condition of one."""
    ids = [send(town.admin, "nova", str(n), ["coder"]) for n in range(20)]
    conn = town.connect(autocommit=False)
    claim(conn, "coder", limit=20)
    assert rows(conn, UPDATES) == [{"updated": 20, "hot": 20}]
    mark_batch(conn, [{"chat_id": i, "agent": "coder", "status": "failed"} for i in ids])
    assert rows(conn, UPDATES) == [{"updated": 40, "hot": 40}]


READ = """
SELECT pg_stat_get_xact_tuples_fetched(c.oid) + pg_stat_get_xact_tuples_returned(c.oid)
FROM pg_class AS c WHERE c.oid = 'agentry_chat.agent_chat_processed'::regclass
"""


def test_a_claim_does_not_read_what_is_settled(town: Database) -> None:
    register(town.admin, "busy")
    town.admin.execute("SELECT agentry_chat.send_agent_messages(jsonb_agg(jsonb_build_object("
                       "'sender', 'nova', 'message', n::text, 'recipients', jsonb_build_array('busy'))))"
                       " FROM generate_series(1, 500) AS n")
    while ids := claim_ids(town.admin, "busy", limit=1000):
        mark_batch(town.admin, [{"chat_id": i, "agent": "busy", "status": "responded"} for i in ids])
    town.admin.execute("VACUUM ANALYZE agentry_chat.agent_chat_processed")
    send(town.admin, "nova", "the last", ["busy"])
    conn = town.connect(autocommit=False)
    assert len(claim(conn, "busy")) == 1
    assert value(conn, READ) < 20
