"""What becomes of a claim before it is settled, order within a thread, and expiry.

extend_agent_message(), release_agent_message(), requeue_agent_message(), withdraw_agent_message(), and
claim_agent_messages(p_in_order => true).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg import errors

from tests.chat.support import (
    Connection,
    Listener,
    advance,
    call,
    claim,
    claim_ids,
    delivery,
    fake_clock,
    mark,
    refused,
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


def clock(conn: Connection) -> datetime:
    found = value(conn, "SELECT agentry._clock()")
    assert isinstance(found, datetime)
    return found


def extend(conn: Connection, chat_id: int, agent: str | None = "coder", **more: Any) -> datetime:
    found = call(conn, "extend_agent_message", chat_id=chat_id, agent=agent, **more)[0]["extend_agent_message"]
    assert isinstance(found, datetime)
    return found


def release(conn: Connection, chat_id: int, agent: str | None = "coder", **more: Any) -> None:
    call(conn, "release_agent_message", chat_id=chat_id, agent=agent, **more)


def requeue(conn: Connection, chat_id: int, agent: str | None = "coder") -> None:
    call(conn, "requeue_agent_message", chat_id=chat_id, agent=agent)


def withdraw(conn: Connection, chat_id: int | None, sender: str | None = "nova") -> int:
    return int(call(conn, "withdraw_agent_message", chat_id=chat_id, sender=sender)[0]["withdraw_agent_message"])


def make_dead(conn: Connection, agent: str = "coder", **more: Any) -> int:
    """A message whose only attempt failed."""
    set_setting(conn, "chat.max_attempts", 1)
    chat_id = send(conn, "nova", "in vain", [agent], **more)
    claim(conn, agent)
    assert mark(conn, chat_id, agent, "failed", error="no luck") == "dead"
    return chat_id


# -- extend -----------------------------------------------------------------------------------------------------------


def test_extending_prolongs_a_lease_from_now(timed: Connection) -> None:
    chat_id = send(timed, "nova", "long work", ["coder"])
    claim(timed, "coder", lease="1 minute")
    advance(timed, "50 seconds")
    assert extend(timed, chat_id, lease="1 minute") == clock(timed) + timedelta(minutes=1)
    advance(timed, "59 seconds")
    assert claim_ids(timed, "coder") == []
    advance(timed, "1 second")
    assert claim_ids(timed, "coder") == [chat_id]


def test_extending_never_shortens_a_lease(timed: Connection) -> None:
    chat_id = send(timed, "nova", "long work", ["coder"])
    claim(timed, "coder", lease="1 hour")
    assert extend(timed, chat_id, lease="1 second") == clock(timed) + timedelta(hours=1)


def test_a_lease_that_ran_out_can_be_extended_until_somebody_claims_the_message(timed: Connection) -> None:
    chat_id = send(timed, "nova", "long work", ["coder"])
    claim(timed, "coder", lease="1 minute")
    advance(timed, "1 hour")
    extend(timed, chat_id, lease="1 minute", token=1)
    assert claim_ids(timed, "coder") == []
    advance(timed, "1 hour")
    assert [row["token"] for row in claim(timed, "coder")] == [2]
    with refused(timed, errors.ObjectNotInPrerequisiteState, f"message {chat_id} was claimed again since", "token: 1"):
        extend(timed, chat_id, token=1)
    with refused(timed, errors.ObjectNotInPrerequisiteState, f"message {chat_id} was claimed again since", "none"):
        extend(timed, chat_id)
    extend(timed, chat_id, token=2)


@pytest.mark.parametrize("lease", ["0.9 seconds", "25 hours", "-1 second", None])
def test_a_lease_to_extend_by_is_one_second_to_one_day(chat: Connection, lease: str | None) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])
    claim(chat, "coder")
    with refused(chat, errors.InvalidParameterValue, "lease is out of range", "got: "):
        extend(chat, chat_id, lease=lease)


@pytest.mark.parametrize("function", ["extend_agent_message", "release_agent_message"])
def test_only_a_message_that_is_held_is_extended_or_released(chat: Connection, function: str) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])

    def attempt() -> None:
        call(chat, function, chat_id=chat_id, agent="coder")

    with refused(chat, errors.ObjectNotInPrerequisiteState, f"message {chat_id} is pending, and nobody holds it"):
        attempt()
    claim(chat, "coder")
    mark(chat, chat_id, "coder", "responded")
    with refused(chat, errors.ObjectNotInPrerequisiteState, f"message {chat_id} is responded, and nobody holds it"):
        attempt()
    with refused(chat, errors.UndefinedObject, f"message {chat_id} is not in the inbox of scout"):
        call(chat, function, chat_id=chat_id, agent="scout")


def test_a_batch_of_claims_is_extended_in_order_or_not_at_all(timed: Connection) -> None:
    first, second = (send(timed, "nova", f"work {n}", ["coder"]) for n in (1, 2))
    claim(timed, "coder", lease="1 minute")
    batch = [{"chat_id": second, "agent": "coder", "lease": "2 minutes"}, {"chat_id": first, "agent": "coder"}]
    found = timed.execute("SELECT * FROM agentry_chat.extend_agent_messages(%s::jsonb)", [json.dumps(batch)]).fetchall()
    now = clock(timed)
    assert found == [(second, now + timedelta(minutes=2)), (first, now + timedelta(minutes=5))]
    batch[0]["token"] = 7
    batch[1]["lease"] = "1 hour"
    with refused(timed, errors.ObjectNotInPrerequisiteState, f"message {second} was claimed again since"):
        timed.execute("SELECT agentry_chat.extend_agent_messages(%s::jsonb)", [json.dumps(batch)])
    assert delivery(timed, first, "coder")["lease_until"] == now + timedelta(minutes=5)
    with refused(timed, errors.InvalidParameterValue, "object 1 of the batch is not right", "unknown: chat"):
        timed.execute("""SELECT agentry_chat.extend_agent_messages('[{"chat": 1}]')""")
    batch[1]["lease"] = "long"
    with refused(timed, errors.InvalidParameterValue, "object 2 of the batch is not right", "lease: long", "5 minutes"):
        timed.execute("SELECT agentry_chat.extend_agent_messages(%s::jsonb)", [json.dumps(batch)])


# -- release ----------------------------------------------------------------------------------------------------------


def test_a_released_message_is_due_at_once_under_a_new_token(timed: Connection) -> None:
    chat_id = send(timed, "nova", "work", ["coder"])
    claim(timed, "coder")
    release(timed, chat_id, token=1)
    assert delivery(timed, chat_id, "coder")["status"] == "pending"
    (again,) = claim(timed, "coder")
    assert (again["chat_id"], again["token"]) == (chat_id, 2)
    for attempt in (lambda: release(timed, chat_id, token=1), lambda: mark(timed, chat_id, "coder", "responded")):
        with refused(timed, errors.ObjectNotInPrerequisiteState, f"message {chat_id} was claimed again since"):
            attempt()


def test_whoever_released_a_message_can_settle_it_no_more(chat: Connection) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])
    claim(chat, "coder")
    release(chat, chat_id)
    with refused(
        chat, errors.ObjectNotInPrerequisiteState, f"message {chat_id} is pending and cannot become responded"
    ):
        mark(chat, chat_id, "coder", "responded", token=1)


def test_released_claims_do_not_count_as_attempts(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 2)
    chat_id = send(timed, "nova", "work", ["coder"])
    for token in range(1, 6):
        claim(timed, "coder")
        release(timed, chat_id, token=token)
    claim(timed, "coder")
    assert mark(timed, chat_id, "coder", "failed", token=6) == "failed"
    waits = delivery(timed, chat_id, "coder")["available_at"] - clock(timed)
    assert timedelta(seconds=8) <= waits <= timedelta(seconds=12), "as after a first failure"
    advance(timed, "1 minute")
    claim(timed, "coder")
    assert mark(timed, chat_id, "coder", "failed", token=7) == "dead"


def test_an_answer_takes_a_released_message_under_a_new_token(chat: Connection) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])
    claim(chat, "coder")
    release(chat, chat_id)
    reply(chat, chat_id, "done", agent="coder")
    found = delivery(chat, chat_id, "coder")
    assert (found["status"], found["attempts"], found["uncounted"]) == ("responded", 2, 1)


def test_a_batch_of_claims_is_released_or_none_of_it(chat: Connection) -> None:
    first, second = (send(chat, "nova", f"work {n}", ["coder"]) for n in (1, 2))
    claim(chat, "coder", limit=1)
    batch = json.dumps([{"chat_id": n, "agent": "coder"} for n in (first, second)])
    with refused(chat, errors.ObjectNotInPrerequisiteState, f"message {second} is pending, and nobody holds it"):
        chat.execute("SELECT agentry_chat.release_agent_messages(%s::jsonb)", [batch])
    assert delivery(chat, first, "coder")["status"] == "received"
    wrong = json.dumps([{"chat_id": first, "agent": "coder"}, {"chat_id": second, "agent": "coder", "token": "last"}])
    with refused(chat, errors.InvalidParameterValue, "object 2 of the batch is not right", "token: last", "integer"):
        chat.execute("SELECT agentry_chat.release_agent_messages(%s::jsonb)", [wrong])
    claim(chat, "coder")
    assert value(chat, "SELECT agentry_chat.release_agent_messages(%s::jsonb)", batch) == 2
    assert claim_ids(chat, "coder") == [first, second]


@pytest.mark.parametrize("mode", ["wake", "each", "off"])
def test_the_inbox_is_told_of_what_is_released(town: Database, mode: str) -> None:
    set_setting(town.admin, "chat.notify", mode)
    chat_id = send(town.admin, "nova", "work", ["coder"])
    claim(town.admin, "coder")
    listener = Listener(town.connect())
    release(town.admin, chat_id)
    assert listener.told(town.admin, "coder") == (mode != "off")


# -- requeue ----------------------------------------------------------------------------------------------------------


def test_a_requeued_dead_letter_has_all_its_attempts_again_and_new_tokens(timed: Connection) -> None:
    chat_id = make_dead(timed)
    set_setting(timed, "chat.max_attempts", 2)
    requeue(timed, chat_id)
    assert rows(timed, "SELECT * FROM agentry_chat.v_dead_letters") == []
    (again,) = claim(timed, "coder")
    assert (again["attempts"], again["token"]) == (2, 2)
    assert mark(timed, chat_id, "coder", "failed", token=2) == "failed"
    advance(timed, "1 minute")
    claim(timed, "coder")
    assert mark(timed, chat_id, "coder", "failed", token=3) == "dead"
    assert [row["error_message"] for row in rows(timed, "SELECT * FROM agentry_chat.v_dead_letters")] == ["no luck"]


def test_only_dead_letters_are_requeued(chat: Connection) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])
    message = f"message {chat_id} cannot be delivered again"
    with refused(chat, errors.ObjectNotInPrerequisiteState, message, "It is pending."):
        requeue(chat, chat_id)
    with refused(chat, errors.UndefinedObject, f"message {chat_id} is not in the inbox of scout"):
        requeue(chat, chat_id, "scout")


def test_a_dead_letter_that_expired_is_not_requeued(timed: Connection) -> None:
    chat_id = make_dead(timed, expires_in="1 hour")
    advance(timed, "2 hours")
    message = f"message {chat_id} cannot be delivered again"
    with refused(timed, errors.ObjectNotInPrerequisiteState, message, "It is dead, and expired at "):
        requeue(timed, chat_id)


def test_the_recipient_and_applications_requeue_and_no_other_agent(town: Database) -> None:
    coder, scout, app = (town.connect(user) for user in (
        town.agent_role("coder", register=False), town.agent_role("scout", register=False), town.app_role()))
    for conn, agent in ((coder, None), (app, "coder")):
        chat_id = make_dead(town.admin)
        requeue(conn, chat_id, agent)
        assert claim_ids(coder) == [chat_id]
    with refused(scout, errors.InsufficientPrivilege, "agent scout cannot act as coder"):
        requeue(scout, make_dead(town.admin), "coder")


def test_the_inbox_is_told_of_what_is_requeued(town: Database) -> None:
    chat_id = make_dead(town.admin)
    listener = Listener(town.connect())
    requeue(town.admin, chat_id)
    assert listener.told(town.admin, "coder") == 1


# -- withdraw ---------------------------------------------------------------------------------------------------------


def test_a_withdrawn_message_is_delivered_to_nobody_and_stays_in_the_history(chat: Connection) -> None:
    chat_id = send(chat, "nova", "never mind", ["coder", "scout"])
    assert withdraw(chat, chat_id) == 2
    for agent in ("coder", "scout"):
        assert claim_ids(chat, agent) == []
        found = delivery(chat, chat_id, agent)
        assert (found["status"], found["attempts"]) == ("withdrawn", 0)
        assert found["settled_at"] is not None
    assert value(chat, "SELECT message FROM agentry_chat.agent_chat WHERE id = %s", chat_id) == "never mind"
    assert withdraw(chat, chat_id) == 0, "again changes nothing"
    withdrawn = f"message {chat_id} is withdrawn and cannot become responded"
    with refused(chat, errors.ObjectNotInPrerequisiteState, withdrawn):
        reply(chat, chat_id, "too late", agent="coder")


@pytest.mark.parametrize("status", ["received", "responded", "released", "failed"])
def test_a_message_that_one_recipient_has_had_is_withdrawn_from_none(chat: Connection, status: str) -> None:
    chat_id = send(chat, "nova", "never mind", ["coder", "scout", "newhart"])
    for agent in ("scout", "coder"):
        claim(chat, agent)
        if status == "released":
            release(chat, chat_id, agent)
        elif status != "received":
            mark(chat, chat_id, agent, status)
    with refused(
        chat, errors.ObjectNotInPrerequisiteState, f"message {chat_id} has been claimed and cannot be withdrawn",
        "claimed by: coder, scout",
    ):
        withdraw(chat, chat_id)
    assert delivery(chat, chat_id, "newhart")["status"] == "pending"


def test_what_has_expired_is_not_withdrawn(timed: Connection) -> None:
    chat_id = send(timed, "nova", "never mind", ["coder", "scout"], expires_in="1 hour")
    advance(timed, "2 hours")
    claim(timed, "coder")
    assert withdraw(timed, chat_id) == 1
    assert delivery(timed, chat_id, "coder")["status"] == "expired"


def test_only_the_sender_withdraws(chat: Connection) -> None:
    chat_id = send(chat, "nova", "never mind", ["coder"])
    for sender, wanted in (("coder", chat_id), ("nova", chat_id + 1), ("nova", None)):
        shown = "NULL" if wanted is None else wanted
        with refused(chat, errors.UndefinedObject, f"{sender} sent no message {shown}"):
            withdraw(chat, wanted, sender)


def test_a_withdrawal_that_meets_a_claim_waits_and_is_refused(town: Database, background: Background) -> None:
    chat_id = send(town.admin, "nova", "never mind", ["coder"])
    consumer, sender = town.connect(autocommit=False), town.connect()
    claim(consumer, "coder")
    waiting = background(withdraw, sender, chat_id)
    wait_for_lock(town.admin, sender.info.backend_pid)
    consumer.commit()
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="has been claimed"):
        waiting.result()


def test_a_claim_passes_over_what_is_being_withdrawn(town: Database) -> None:
    chat_id = send(town.admin, "nova", "never mind", ["coder"])
    sender = town.connect(autocommit=False)
    withdraw(sender, chat_id)
    assert claim_ids(town.admin, "coder") == []
    sender.commit()
    assert claim_ids(town.admin, "coder") == []


# -- order within a thread --------------------------------------------------------------------------------------------


def test_in_order_gives_of_each_thread_the_first_open_message_alone(chat: Connection) -> None:
    first = send(chat, "nova", "one", ["coder"])
    second = send(chat, "nova", "two", ["coder"], reply_to=first, priority=1)
    third = send(chat, "nova", "three", ["coder"], reply_to=first)
    other = send(chat, "nova", "another thread", ["coder"])
    assert claim_ids(chat, "coder", in_order=True) == [first, other]
    assert claim_ids(chat, "coder", in_order=True) == []
    mark(chat, first, "coder", "responded")
    assert claim_ids(chat, "coder", in_order=True) == [second]
    mark(chat, second, "coder", "routed")
    assert claim_ids(chat, "coder", in_order=True) == [third]


def test_in_order_a_message_that_failed_holds_its_thread_until_it_is_settled(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 2)
    first = send(timed, "nova", "one", ["coder"])
    second = send(timed, "nova", "two", ["coder"], reply_to=first)
    claim(timed, "coder", in_order=True)
    mark(timed, first, "coder", "failed")
    assert claim_ids(timed, "coder", in_order=True) == []
    advance(timed, "1 minute")
    assert claim_ids(timed, "coder", in_order=True) == [first]
    assert mark(timed, first, "coder", "failed", token=2) == "dead"
    assert claim_ids(timed, "coder", in_order=True) == [second]


def test_in_order_what_expired_makes_way_in_the_same_claim(timed: Connection) -> None:
    first = send(timed, "nova", "one", ["coder"], expires_in="1 minute")
    second = send(timed, "nova", "two", ["coder"], reply_to=first)
    advance(timed, "2 minutes")
    assert claim_ids(timed, "coder", in_order=True) == [second]


def test_in_order_counts_messages_of_the_same_inbox_alone(chat: Connection) -> None:
    first = send(chat, "nova", "one", ["scout"])
    second = send(chat, "nova", "two", ["coder"], reply_to=first)
    assert claim_ids(chat, "coder", in_order=True) == [second]


def test_in_order_two_consumers_never_hold_one_thread(town: Database) -> None:
    first = send(town.admin, "nova", "one", ["coder"])
    second = send(town.admin, "nova", "two", ["coder"], reply_to=first)
    here, there = town.connect(autocommit=False), town.connect(autocommit=False)
    assert claim_ids(here, "coder", in_order=True) == [first]
    assert claim_ids(there, "coder", in_order=True) == [], "while the first is claimed and not committed"
    here.commit()
    assert claim_ids(there, "coder", in_order=True) == []
    mark(here, first, "coder", "responded")
    assert claim_ids(there, "coder", in_order=True) == [], "while the first is settled and not committed"
    here.commit()
    assert claim_ids(there, "coder", in_order=True) == [second]


# -- inboxes that nobody claims from ----------------------------------------------------------------------------------


def expire(conn: Connection, limit: int | None = 10000) -> int:
    return int(value(conn, "SELECT agentry_chat.expire_agent_messages(%s)", limit))


def test_what_expired_is_settled_though_nobody_claims(timed: Connection) -> None:
    chat_id = send(timed, "nova", "now or never", ["coder", "scout"], expires_in="1 minute")
    kept = send(timed, "nova", "at leisure", ["coder"])
    assert expire(timed) == 0
    advance(timed, "2 minutes")
    assert expire(timed) == 2
    assert {delivery(timed, chat_id, agent)["status"] for agent in ("coder", "scout")} == {"expired"}
    assert delivery(timed, kept, "coder")["status"] == "pending"


def test_the_last_lease_that_ran_out_makes_a_dead_letter_though_nobody_claims(timed: Connection) -> None:
    set_setting(timed, "chat.max_attempts", 1)
    chat_id = send(timed, "nova", "work", ["coder"])
    claim(timed, "coder", lease="1 minute")
    assert expire(timed) == 0, "somebody holds it"
    advance(timed, "2 minutes")
    assert expire(timed) == 1
    found = delivery(timed, chat_id, "coder")
    assert (found["status"], found["error_message"]) == ("dead", "the lease ran out")


def test_a_message_in_work_is_not_expired_under_its_holder(timed: Connection) -> None:
    chat_id = send(timed, "nova", "work", ["coder"], expires_in="1 minute")
    claim(timed, "coder", lease="1 hour")
    advance(timed, "10 minutes")
    assert expire(timed) == 0
    assert mark(timed, chat_id, "coder", "responded") == "responded"


def test_expiry_waits_for_nobody_and_keeps_its_limit(town: Database) -> None:
    fake_clock(town.admin)
    held, free, more = (send(town.admin, "nova", f"work {n}", ["coder"], expires_in="1 minute") for n in (1, 2, 3))
    other = town.connect(autocommit=False)
    other.execute("SELECT FROM agentry_chat.agent_chat_processed WHERE chat_id = %s FOR UPDATE", [held])
    advance(town.admin, "2 minutes")
    assert expire(town.admin, 1) == 1
    assert expire(town.admin) == 1
    assert delivery(town.admin, held, "coder")["status"] == "pending"
    assert {delivery(town.admin, n, "coder")["status"] for n in (free, more)} == {"expired"}
    other.rollback()
    assert expire(town.admin) == 1
    with refused(town.admin, errors.InvalidParameterValue, "limit is out of range", "got: 0"):
        expire(town.admin, 0)


def test_maintenance_settles_what_expired(town: Database) -> None:
    fake_clock(town.admin)
    chat_id = send(town.admin, "nova", "now or never", ["coder"], expires_in="1 minute")
    advance(town.admin, "2 minutes")
    town.admin.execute("CALL agentry.run_maintenance(true)")
    assert delivery(town.admin, chat_id, "coder")["status"] == "expired"


# -- constraints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uncounted", [-1, 1])
def test_no_more_claims_are_uncounted_than_there_were(chat: Connection, uncounted: int) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])
    with pytest.raises(errors.CheckViolation, match="agent_chat_processed_status_check"):
        chat.execute(
            "UPDATE agentry_chat.agent_chat_processed SET uncounted = %s WHERE chat_id = %s", [uncounted, chat_id]
        )


# -- answers with old tokens ------------------------------------------------------------------------------------------


def test_an_answer_with_the_token_of_a_released_claim_is_refused(chat: Connection) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])
    (taken,) = claim(chat, "coder")
    release(chat, chat_id, token=taken["token"])
    for token in (taken["token"], taken["token"] + 1):
        with pytest.raises(errors.ObjectNotInPrerequisiteState, match=f"message {chat_id} "), chat.transaction():
            reply(chat, chat_id, "done", agent="coder", token=token)
    assert reply(chat, chat_id, "done", agent="coder") > chat_id, "whoever does not claim to hold it takes it at once"


def test_an_answer_with_the_token_of_a_requeued_claim_is_refused(chat: Connection) -> None:
    set_setting(chat, "chat.max_attempts", 1)
    chat_id = send(chat, "nova", "work", ["coder"])
    (taken,) = claim(chat, "coder")
    mark(chat, chat_id, "coder", "failed", token=taken["token"])
    call(chat, "requeue_agent_message", chat_id=chat_id, agent="coder")
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="is pending"), chat.transaction():
        reply(chat, chat_id, "done", agent="coder", token=taken["token"])


def test_an_answer_with_a_token_to_a_message_that_nobody_claimed_is_refused(chat: Connection) -> None:
    chat_id = send(chat, "nova", "work", ["coder"])
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="is pending"), chat.transaction():
        reply(chat, chat_id, "done", agent="coder", token=7)
