"""Sending: who may write to whom, what is kept, what is refused, and that what was said never changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import errors, sql

from tests.chat.support import (
    PATIENCE,
    Connection,
    Listener,
    call,
    claim,
    claim_ids,
    delivery,
    mark,
    receivers,
    refused,
    register,
    register_many,
    reply,
    rows,
    send,
    set_setting,
    value,
)
from tests.harness.database import Database, wait_for_lock

Background = Callable[..., Future[Any]]

AGENTS_HINT = "Agents are registered with agentry.register_agent()."


def message_of(conn: Connection, chat_id: int) -> dict[str, Any]:
    return rows(conn, "SELECT * FROM agentry_chat.agent_chat WHERE id = %s", chat_id)[0]


def batch(conn: Connection, messages: Any) -> list[int]:
    ids = value(conn, "SELECT agentry_chat.send_agent_messages(%s::jsonb)", json.dumps(messages))
    return list(ids)


# -- the calls of the document ----------------------------------------------------------------------------------------


def test_the_calls_of_the_document_work_as_printed(town: Database) -> None:
    conn = town.admin
    conn.execute("SET search_path = public, agentry, agentry_chat")
    listener = Listener(town.connect())
    first = value(conn, "SELECT send_agent_message('nova', 'Can you review the latest PR?', ARRAY['coder']);")
    second = value(conn, "SELECT send_agent_message('nova', 'Deploying at 5pm today', ARRAY['*']);")
    assert first < second
    recent = rows(conn, "SELECT * FROM v_agent_chat_recent;")
    assert [(m["id"], m["sender"], m["message"], m["recipients"], m["reply_to"]) for m in recent] == [
        (second, "nova", "Deploying at 5pm today", ["*"], None),
        (first, "nova", "Can you review the latest PR?", ["coder"], None),
    ]
    stats = {s["agent"]: s["pending"] for s in rows(conn, "SELECT * FROM v_agent_chat_stats;")}
    assert stats == {"coder": 2, "newhart": 1, "scout": 1}
    assert listener.told(conn, "coder") == 1


# -- who it goes to ---------------------------------------------------------------------------------------------------


def test_a_message_is_kept_as_it_was_sent(chat: Connection) -> None:
    text = "Ünïcode, a 'quote', a \\ and\nanother line"
    sent = message_of(chat, send(chat, "nova", text, ["coder", "scout"], priority=2, idempotency_key="k"))
    assert sent["sender"] == "nova"
    assert sent["message"] == text
    assert sent["recipients"] == ["coder", "scout"]
    assert sent["reply_to"] is None
    assert sent["thread"] == sent["id"]
    assert sent["priority"] == 2
    assert sent["expires_at"] is None
    assert sent["idempotency_key"] == "k"
    assert sent["timestamp"] == value(chat, "SELECT now()")


def test_each_recipient_gets_a_pending_delivery(chat: Connection) -> None:
    sent = send(chat, "nova", "hello", ["coder", "scout"], priority=3)
    assert receivers(chat, sent) == ["coder", "scout"]
    row = delivery(chat, sent, "coder")
    assert (row["status"], row["sender"], row["priority"], row["attempts"]) == ("pending", "nova", 3, 0)


def test_names_are_folded(chat: Connection) -> None:
    sent = send(chat, " NOVA ", "hello", ["  Coder\n", "SCOUT"])
    assert message_of(chat, sent)["sender"] == "nova"
    assert message_of(chat, sent)["recipients"] == ["coder", "scout"]


def test_an_alias_reaches_its_agent(chat: Connection) -> None:
    register(chat, "newhart", aliases=["nhr", "Human Resources"])
    sent = send(chat, "nova", "hello", ["NHR", "human resources"])
    assert message_of(chat, sent)["recipients"] == ["newhart"]
    assert receivers(chat, sent) == ["newhart"]


def test_a_sender_may_be_named_by_its_alias(chat: Connection) -> None:
    register(chat, "nova", aliases=["boss"])
    assert message_of(chat, send(chat, "boss", "hello", ["coder"]))["sender"] == "nova"


def test_a_recipient_named_twice_gets_one(chat: Connection) -> None:
    register(chat, "coder", domains=["Code"])
    sent = send(chat, "nova", "hello", ["coder", "Coder", "*", "domain:code", "coder"])
    assert message_of(chat, sent)["recipients"] == ["coder", "*", "domain:code"]
    assert receivers(chat, sent) == ["coder", "newhart", "scout"]


@pytest.mark.parametrize("recipients", [[["coder", "scout"]], [["coder"], ["scout"]], [["coder"], ["SCOUT"]]])
def test_recipients_of_recipients_are_recipients(chat: Connection, recipients: list[list[str]]) -> None:
    sent = send(chat, "nova", "hello", recipients)
    assert message_of(chat, sent)["recipients"] == ["coder", "scout"]
    assert receivers(chat, sent) == ["coder", "scout"]


def test_an_agent_may_write_to_itself(chat: Connection) -> None:
    sent = send(chat, "nova", "a note", ["nova"])
    assert receivers(chat, sent) == ["nova"]
    assert claim_ids(chat, "nova") == [sent]


def test_a_domain_reaches_all_of_its_active_agents(chat: Connection) -> None:
    register(chat, "coder", "scout", "nova", domains=["Version Control"])
    register(chat, "lazy", domains=["Version Control"], status="inactive")
    register(chat, "newhart", domains=["Agent Management"])
    sent = send(chat, "nova", "hello", ["domain:version CONTROL"])
    assert receivers(chat, sent) == ["coder", "scout"]
    assert message_of(chat, sent)["recipients"] == ["domain:version control"]
    assert receivers(chat, send(chat, "nova", "hello", ["DOMAIN: Agent Management "])) == ["newhart"]


def test_an_unknown_domain_is_refused_with_the_closest_one(chat: Connection) -> None:
    register(chat, "newhart", domains=["Agent Management"])
    message = "domain 'agent managment' has no other active agent"
    hint = "Did you mean domain:Agent Management?  Domains stand in agentry.agent_domains."
    with refused(chat, errors.UndefinedObject, message, hint=hint):
        send(chat, "nova", "hello", ["domain:agent managment"])
    with pytest.raises(errors.UndefinedObject) as caught, chat.transaction():
        send(chat, "nova", "hello", ["domain:xyz"])
    assert caught.value.diag.message_hint == "Domains stand in agentry.agent_domains."


def test_a_domain_whose_only_agent_is_the_sender_is_refused(chat: Connection) -> None:
    register(chat, "nova", domains=["Strategy"])
    with refused(chat, errors.UndefinedObject, "domain 'strategy' has no other active agent"):
        send(chat, "nova", "hello", ["domain:Strategy"])


def test_everyone_is_the_active_roster_of_the_moment_less_the_sender(chat: Connection) -> None:
    register(chat, "lazy", status="inactive")
    register(chat, "held", status="suspended")
    register(chat, "gone", status="archived")
    sent = send(chat, "nova", "to all", ["*"])
    register(chat, "late")
    assert receivers(chat, sent) == ["coder", "newhart", "scout"]
    assert claim_ids(chat, "late") == []
    later = send(chat, "nova", "to all", ["*"])
    assert claim_ids(chat, "late") == [later]


def test_everyone_may_be_nobody_else(tx: Connection) -> None:
    register(tx, "hermit")
    sent = send(tx, "hermit", "anyone there?", ["*"])
    assert receivers(tx, sent) == []


def test_an_inactive_agent_can_be_written_to_by_name(chat: Connection) -> None:
    register(chat, "lazy", status="inactive")
    assert receivers(chat, send(chat, "nova", "for later", ["lazy"])) == ["lazy"]


@pytest.mark.parametrize("status", ["suspended", "archived"])
def test_an_agent_out_of_service_can_neither_send_nor_be_written_to(chat: Connection, status: str) -> None:
    register(chat, "scout", status=status)
    hint = "Leave it out, or have its status set to active."
    with refused(chat, errors.ObjectNotInPrerequisiteState, f"recipient scout is {status}", hint=hint):
        send(chat, "nova", "hello", ["coder", "scout"])
    with refused(chat, errors.ObjectNotInPrerequisiteState, f"agent scout is {status}"):
        send(chat, "scout", "hello", ["coder"])


def test_a_sender_writes_only_to_agents_that_it_sees(chat: Connection) -> None:
    for team in ("red", "blue"):
        chat.execute("INSERT INTO agentry.teams (name) VALUES (%s)", [team])
    for user in ("ann", "bob"):
        chat.execute("INSERT INTO agentry.users (username) VALUES (%s)", [user])
    register(chat, "nova", team="red", user="ann")
    register(chat, "red-agent", team="red", scope="team")
    register(chat, "blue-agent", team="blue", scope="team")
    register(chat, "ann-agent", user="ann", scope="user")
    register(chat, "bob-agent", user="bob", scope="user")
    register(chat, "loner", scope="agent")
    seen = ["ann-agent", "coder", "newhart", "red-agent", "scout"]
    assert receivers(chat, send(chat, "nova", "to all", ["*"])) == seen
    assert receivers(chat, send(chat, "nova", "by name", seen)) == seen
    for hidden in ("blue-agent", "bob-agent", "loner"):
        with refused(chat, errors.UndefinedObject, f"agent '{hidden}' does not exist", hint=AGENTS_HINT) as caught:
            send(chat, "nova", "hello", [hidden])
        assert hidden not in caught.value.diag.message_hint
    # a sender without team or user is in none
    assert receivers(chat, send(chat, "coder", "to all", ["*"])) == ["newhart", "nova", "scout"]
    with refused(chat, errors.UndefinedObject, "agent 'red-agent' does not exist"):
        send(chat, "coder", "hello", ["red-agent"])
    assert receivers(chat, send(chat, "loner", "a note", ["loner"])) == ["loner"]


def test_a_domain_reaches_only_agents_that_the_sender_sees(chat: Connection) -> None:
    register(chat, "loner", scope="agent", domains=["Secrets"])
    with refused(chat, errors.UndefinedObject, "domain 'secrets' has no other active agent"):
        send(chat, "nova", "hello", ["domain:Secrets"])


def test_an_alias_of_an_agent_that_the_sender_does_not_see_is_unknown_too(chat: Connection) -> None:
    register(chat, "loner", scope="agent", aliases=["ghost"])
    with refused(chat, errors.UndefinedObject, "agent 'ghost' does not exist", hint=AGENTS_HINT) as caught:
        send(chat, "nova", "hello", ["ghost"])
    assert caught.value.diag.message_hint == AGENTS_HINT


def test_organisations_do_not_reach_each_other(town: Database) -> None:
    first = send(town.admin, "nova", "at home", ["coder"])
    abroad = town.connect()
    org = value(abroad, "SELECT agentry.create_organization('abroad')")
    abroad.execute("SELECT set_config('agentry.org_id', %s, false)", [str(org)])
    register(abroad, "nova", "lena")
    with refused(abroad, errors.UndefinedObject, "agent 'coder' does not exist", hint=AGENTS_HINT):
        send(abroad, "nova", "hello", ["coder"])
    with refused(abroad, errors.UndefinedObject, f"message {first} does not exist"):
        send(abroad, "nova", "me too", ["lena"], reply_to=first)
    with refused(abroad, errors.UndefinedObject, f"message {first} is not in the inbox of nova"):
        mark(abroad, first, "nova", "responded")
    sent = send(abroad, "lena", "to all", ["*"], idempotency_key="k")
    assert [row["agent"] for row in rows(town.admin, "SELECT agent FROM agentry_chat.agent_chat_processed"
                                                     " WHERE chat_id = %s", sent)] == ["nova"]
    assert claim_ids(town.admin, "nova") == []
    assert claim_ids(abroad, "nova") == [sent]
    # a row of one cannot point to a message or an agent of the other
    for column, wrong in (("reply_to", first), ("thread", first)):
        with pytest.raises((errors.ForeignKeyViolation, errors.CheckViolation)), abroad.transaction():
            insert(abroad, "agent_chat", {**MESSAGE, "thread": str(first), "reply_to": str(first), column: str(wrong)})
    with pytest.raises(errors.ForeignKeyViolation), abroad.transaction():
        insert(abroad, "agent_chat_processed", {**DELIVERY, "chat_id": str(sent)})


# -- what is refused --------------------------------------------------------------------------------------------------


def test_an_unknown_recipient_is_refused_with_the_closest_name(chat: Connection) -> None:
    for name, hint in (("codr", f"Did you mean coder?  {AGENTS_HINT}"), ("xyz", AGENTS_HINT)):
        with refused(chat, errors.UndefinedObject, f"agent '{name}' does not exist") as caught:
            send(chat, "nova", "hello", ["scout", name])
        assert caught.value.diag.message_hint == hint
    assert value(chat, "SELECT count(*) FROM agentry_chat.agent_chat") == 0


def test_an_unknown_sender_is_refused_with_the_closest_name(chat: Connection) -> None:
    with refused(chat, errors.UndefinedObject, "agent 'novva' does not exist", hint="Did you mean nova?"):
        send(chat, "novva", "hello", ["coder"])


@pytest.mark.parametrize("recipients", [[], None])
def test_a_message_to_nobody_is_refused(chat: Connection, recipients: list[str] | None) -> None:
    with refused(chat, errors.InvalidParameterValue, "recipients must not be empty", "got: ", "'domain:NAME'"):
        send(chat, "nova", "hello", recipients)


@pytest.mark.parametrize(("recipient", "shown"), [(None, "NULL"), ("", "''"), ("  ", "''")])
def test_a_recipient_without_a_name_is_refused(chat: Connection, recipient: str | None, shown: str) -> None:
    with pytest.raises(errors.UndefinedObject, match=f"agent {shown} does not exist"), chat.transaction():
        send(chat, "nova", "hello", ["coder", recipient])


@pytest.mark.parametrize("message", [None, "", " ", " \t\r\n "])
def test_a_blank_message_is_refused(chat: Connection, message: str | None) -> None:
    detail = "got: NULL" if message is None else f"'{message}'"
    with refused(chat, errors.InvalidParameterValue, "message must not be blank", detail, "Pass the text to send."):
        send(chat, "nova", message, ["coder"])


def test_without_a_sender_an_administrator_has_to_name_one(chat: Connection) -> None:
    with refused(chat, errors.InvalidParameterValue, "which agent is not clear", "You are admin, no agent."):
        send(chat, None, "hello", ["coder"])


def test_without_a_sender_it_is_the_current_agent(chat: Connection) -> None:
    chat.execute("SELECT agentry.act_as('scout')")
    assert message_of(chat, send(chat, None, "hello", ["coder"]))["sender"] == "scout"


def test_an_agent_cannot_send_as_another(town: Database) -> None:
    coder = town.connect(town.agent_role("coder"))
    with refused(coder, errors.InsufficientPrivilege, "agent coder cannot act as nova", "An agent acts as itself"):
        send(coder, "nova", "hello", ["scout"])
    with refused(coder, errors.InsufficientPrivilege, "agent coder cannot act as nova"):
        batch(coder, [{"message": "mine", "recipients": ["scout"]},
                      {"sender": "nova", "message": "not mine", "recipients": ["scout"]}])
    assert town.value("SELECT count(*) FROM agentry_chat.agent_chat") == 0
    assert send(coder, "coder", "hello", ["scout"]) < send(coder, None, "hello", ["scout"])


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"priority": 0}, "priority: 0"),
        ({"priority": 11}, "priority: 11"),
        ({"priority": None}, "priority: ,"),
        ({"expires_in": "0"}, "expires_in: 00:00:00"),
        ({"expires_in": "-1 second"}, "expires_in: -00:00:01"),
        ({"idempotency_key": ""}, "idempotency_key: ''"),
        ({"idempotency_key": "k" * 256}, "idempotency_key: 'kkk"),
    ],
)
def test_an_option_out_of_range_is_refused(chat: Connection, more: dict[str, Any], detail: str) -> None:
    message = "priority, expires_in or idempotency_key is out of range"
    hint = "Priority is 1 to 10, expires_in above 0, an idempotency key 1 to 255 characters."
    with refused(chat, errors.InvalidParameterValue, message, detail, hint):
        send(chat, "nova", "hello", ["coder"], **more)


def test_options_at_the_ends_of_their_ranges_are_accepted(chat: Connection) -> None:
    first = send(chat, "nova", "x", ["coder"], priority=10, expires_in="1 microsecond", idempotency_key="k" * 255)
    second = send(chat, "nova", "x", ["coder"], priority=1, expires_in="100 years", idempotency_key="k")
    assert first < second


# -- replies and threads ----------------------------------------------------------------------------------------------


def test_a_thread_is_all_that_follows_from_its_first_message(chat: Connection) -> None:
    first = send(chat, "nova", "question", ["coder", "scout"])
    answer = send(chat, "coder", "answer", ["nova"], reply_to=first)
    other = send(chat, "scout", "another answer", ["nova"], reply_to=first)
    thanks = send(chat, "nova", "thanks", ["coder"], reply_to=answer)
    apart = send(chat, "nova", "something else", ["coder"])
    assert [message_of(chat, i)["thread"] for i in (first, answer, other, thanks, apart)] == [*[first] * 4, apart]
    assert message_of(chat, thanks)["reply_to"] == answer


def test_a_sender_may_follow_up_on_its_own_message(chat: Connection) -> None:
    first = send(chat, "nova", "hello", ["coder"])
    assert message_of(chat, send(chat, "nova", "still there?", ["coder"], reply_to=first))["thread"] == first


def test_a_message_that_the_sender_neither_sent_nor_received_cannot_be_answered(chat: Connection) -> None:
    first = send(chat, "nova", "for coder", ["coder"])
    detail = "scout neither sent nor received such a message."
    hint = "Answer a message that the sender sent or received."
    with refused(chat, errors.UndefinedObject, f"message {first} does not exist", detail, hint):
        send(chat, "scout", "me too", ["nova"], reply_to=first)
    with refused(chat, errors.UndefinedObject, f"message {first + 1000} does not exist", detail, hint):
        send(chat, "scout", "me too", ["nova"], reply_to=first + 1000)


def test_a_reply_goes_to_the_sender_and_settles_the_message(chat: Connection) -> None:
    first = send(chat, "nova", "question", ["coder", "scout"])
    (taken,) = claim(chat, "coder")
    answer = reply(chat, first, "answer", agent="coder", token=taken["token"], priority=1, expires_in="1 day")
    sent = message_of(chat, answer)
    assert (sent["sender"], sent["recipients"], sent["reply_to"], sent["thread"]) == ("coder", ["nova"], first, first)
    assert sent["priority"] == 1
    assert str(sent["expires_at"] - sent["timestamp"]) == "1 day, 0:00:00"
    assert delivery(chat, first, "coder")["status"] == "responded"
    assert delivery(chat, first, "scout")["status"] == "pending"
    assert claim_ids(chat, "nova") == [answer]


def test_a_reply_takes_a_message_that_nobody_has_claimed(chat: Connection) -> None:
    first = send(chat, "nova", "question", ["coder"])
    reply(chat, first, "answer", agent="coder")
    row = delivery(chat, first, "coder")
    assert (row["status"], row["attempts"]) == ("responded", 1)
    assert row["received_at"] is not None and row["settled_at"] is not None
    assert claim_ids(chat, "coder") == []


def test_a_reply_to_a_message_of_another_inbox_is_refused(chat: Connection) -> None:
    first = send(chat, "nova", "question", ["coder"])
    hint = "agentry_chat.claim_agent_messages() gives the messages of an inbox."
    with refused(chat, errors.UndefinedObject, f"message {first} is not in the inbox of scout", hint=hint):
        reply(chat, first, "answer", agent="scout")
    with refused(chat, errors.UndefinedObject, f"message {first} is not in the inbox of nova"):
        reply(chat, first, "answer", agent="nova")


def test_a_reply_with_a_stale_token_sends_nothing(chat: Connection) -> None:
    first = send(chat, "nova", "question", ["coder"])
    claim(chat, "coder")
    chat.execute("UPDATE agentry_chat.agent_chat_processed SET attempts = 2")
    with refused(chat, errors.ObjectNotInPrerequisiteState, f"message {first} was claimed again since"):
        reply(chat, first, "too late", agent="coder", token=1)
    assert value(chat, "SELECT count(*) FROM agentry_chat.agent_chat") == 1
    reply(chat, first, "in time", agent="coder", token=2)


def test_a_reply_that_was_sent_already_is_given_again(chat: Connection) -> None:
    first = send(chat, "nova", "question", ["coder"])
    answer = reply(chat, first, "answer", agent="coder", idempotency_key="a")
    assert reply(chat, first, "answer", agent="coder", idempotency_key="a") == answer
    assert value(chat, "SELECT count(*) FROM agentry_chat.agent_chat") == 2


def test_a_blank_reply_is_refused_and_settles_nothing(chat: Connection) -> None:
    first = send(chat, "nova", "question", ["coder"])
    with refused(chat, errors.InvalidParameterValue, "message must not be blank"):
        reply(chat, first, " ", agent="coder")
    assert delivery(chat, first, "coder")["status"] == "pending"


def test_an_agent_replies_as_itself(town: Database) -> None:
    first = send(town.admin, "nova", "question", ["coder"])
    coder = town.connect(town.agent_role("coder"))
    answer = reply(coder, first, "answer")
    assert message_of(town.admin, answer)["sender"] == "coder"


# -- expiry -----------------------------------------------------------------------------------------------------------


def test_a_message_expires_after_the_given_time(chat: Connection) -> None:
    sent = send(chat, "nova", "hurry", ["coder"], expires_in="90 minutes")
    expected = value(chat, "SELECT now() + interval '90 minutes'")
    assert message_of(chat, sent)["expires_at"] == expected
    assert delivery(chat, sent, "coder")["expires_at"] == expected


# -- idempotency ------------------------------------------------------------------------------------------------------


def test_the_same_key_and_content_give_the_first_id(chat: Connection) -> None:
    def again() -> int:
        return send(chat, "nova", "once", ["coder", "*"], expires_in="1 hour", priority=4, idempotency_key="k")

    first = again()
    register(chat, "late")
    assert again() == first
    assert receivers(chat, first) == ["coder", "newhart", "scout"]
    assert value(chat, "SELECT count(*) FROM agentry_chat.agent_chat") == 1


@pytest.mark.parametrize(
    "other",
    [
        {"message": "twice"},
        {"recipients": ["scout"]},
        {"priority": 6},
        {"expires_in": "1 hour"},
        {"reply_to": "first"},
    ],
)
def test_the_same_key_with_other_content_is_refused(chat: Connection, other: dict[str, Any]) -> None:
    start = send(chat, "nova", "start", ["coder"])
    same: dict[str, Any] = {"message": "once", "recipients": ["coder"], "idempotency_key": "k"}
    first = send(chat, "nova", **same)
    if "reply_to" in other:
        other = {"reply_to": start}
    detail = f"Message {first} of nova has it, with other content."
    hint = "Use a new key for a new message"
    with refused(chat, errors.UniqueViolation, "idempotency key 'k' was used for another message", detail, hint):
        send(chat, "nova", **{**same, **other})
    assert send(chat, "nova", **same) == first


def test_a_key_belongs_to_its_sender(chat: Connection) -> None:
    first = send(chat, "nova", "once", ["coder"], idempotency_key="k")
    assert send(chat, "scout", "another", ["coder"], idempotency_key="k") > first


@pytest.mark.parametrize("commits", [True, False])
def test_of_two_that_send_with_one_key_at_once_one_sends(
    town: Database, background: Background, commits: bool
) -> None:
    def once(conn: Connection) -> int:
        return send(conn, "nova", "once", ["coder"], idempotency_key="k")

    first = town.connect(autocommit=False)
    second = town.connect()
    sent = once(first)
    other = background(once, second)
    wait_for_lock(town.admin, second.info.backend_pid)
    if commits:
        first.commit()
        assert other.result(PATIENCE) == sent
    else:
        first.rollback()
        assert other.result(PATIENCE) > sent
    assert town.value("SELECT count(*) FROM agentry_chat.agent_chat") == 1
    assert len(claim(town.admin, "coder")) == 1


def test_of_two_that_send_with_one_key_at_once_the_one_with_other_content_is_refused(
    town: Database, background: Background
) -> None:
    first = town.connect(autocommit=False)
    second = town.connect()
    send(first, "nova", "once", ["coder"], idempotency_key="k")
    other = background(send, second, "nova", "twice", ["coder"], idempotency_key="k")
    wait_for_lock(town.admin, second.info.backend_pid)
    first.commit()
    with pytest.raises(errors.UniqueViolation, match="was used for another message"):
        other.result(PATIENCE)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_key_that_a_snapshot_cannot_see_is_a_serialisation_failure(town: Database, level: str) -> None:
    blind = town.connect(autocommit=False)
    blind.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
    blind.execute("SELECT 1")
    send(town.admin, "nova", "once", ["coder"], idempotency_key="k")
    with pytest.raises(errors.SerializationFailure):
        send(blind, "nova", "once", ["coder"], idempotency_key="k")


# -- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_gives_its_ids_in_order(chat: Connection) -> None:
    first = send(chat, "nova", "start", ["coder"])
    ids = batch(chat, [
        {"sender": "nova", "message": "a", "recipients": ["coder"]},
        {"sender": "Scout", "message": "b", "recipients": ["*"], "priority": 1},
        {"sender": "coder", "message": "c", "recipients": ["nova"], "reply_to": first, "expires_in": "1 hour"},
        {"sender": "nova", "message": "d", "recipients": ["coder"], "idempotency_key": "k"},
    ])
    assert ids == sorted(set(ids)) and len(ids) == 4
    sent = [message_of(chat, i) for i in ids]
    assert [(m["sender"], m["message"], m["priority"]) for m in sent] == [
        ("nova", "a", 5), ("scout", "b", 1), ("coder", "c", 5), ("nova", "d", 5)]
    assert (sent[2]["reply_to"], sent[2]["thread"]) == (first, first)
    assert str(sent[2]["expires_at"] - sent[2]["timestamp"]) == "1:00:00"
    assert receivers(chat, ids[1]) == ["coder", "newhart", "nova"]


def test_a_batch_that_is_sent_again_gives_the_first_ids(chat: Connection) -> None:
    messages = [{"sender": "nova", "message": m, "recipients": ["coder"], "idempotency_key": m} for m in "abc"]
    ids = batch(chat, messages)
    assert batch(chat, messages) == ids
    assert batch(chat, messages[::-1]) == ids[::-1]


def test_an_empty_batch_sends_nothing(chat: Connection) -> None:
    assert batch(chat, []) == []


def test_a_batch_of_an_agent_needs_no_sender(town: Database) -> None:
    coder = town.connect(town.agent_role("coder"))
    (sent,) = batch(coder, [{"message": "hello", "recipients": ["nova"]}])
    assert message_of(coder, sent)["sender"] == "coder"


@pytest.mark.parametrize("wrong", [None, {}, "text", 1])
def test_a_batch_is_an_array(chat: Connection, wrong: Any) -> None:
    got = {"NoneType": "null", "dict": "object", "str": "string", "int": "number"}[type(wrong).__name__]
    with refused(chat, errors.InvalidParameterValue, "a batch is a JSON array of objects", f"got: {got}"):
        batch(chat, wrong)
    with refused(chat, errors.InvalidParameterValue, "a batch is a JSON array of objects", "got: NULL"):
        chat.execute("SELECT agentry_chat.send_agent_messages(NULL)")


@pytest.mark.parametrize(
    ("wrong", "detail"),
    [
        ({"message": "b", "recipients": ["coder"], "subject": "x", "cc": "y"}, "unknown: cc, subject"),
        ({"message": "b"}, "missing: recipients"),
        ({"recipients": ["coder"]}, "missing: message"),
        ("text", "it is a JSON string"),
        ([], "it is a JSON array"),
        (None, "it is a JSON null"),
    ],
)
def test_a_bad_object_of_a_batch_is_named_by_its_position(chat: Connection, wrong: Any, detail: str) -> None:
    good = {"sender": "nova", "message": "a", "recipients": ["coder"]}
    hint = "Required: message, recipients.  Optional: sender, reply_to, expires_in, priority, idempotency_key."
    with refused(chat, errors.InvalidParameterValue, "object 2 of the batch is not right", detail, hint):
        batch(chat, [good, wrong, good])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"message": " "}, errors.InvalidParameterValue),
        ({"message": None}, errors.InvalidParameterValue),
        ({"recipients": ["nobody"]}, errors.UndefinedObject),
        ({"recipients": []}, errors.InvalidParameterValue),
        ({"recipients": "coder"}, errors.InvalidParameterValue),
        ({"recipients": None}, errors.InvalidParameterValue),
        ({"priority": 11}, errors.InvalidParameterValue),
        ({"priority": "high"}, errors.InvalidParameterValue),
        ({"expires_in": "soon"}, errors.InvalidParameterValue),
        ({"reply_to": 999999}, errors.UndefinedObject),
        ({"sender": "nobody"}, errors.UndefinedObject),
    ],
)
def test_a_batch_is_all_or_nothing(chat: Connection, wrong: dict[str, Any], error: type[errors.Error]) -> None:
    good = {"sender": "nova", "message": "a", "recipients": ["coder"]}
    with pytest.raises(error), chat.transaction():
        batch(chat, [good, {**good, **wrong}, good])
    assert value(chat, "SELECT count(*) FROM agentry_chat.agent_chat") == 0


def test_ids_ascend_in_the_order_of_sending(chat: Connection) -> None:
    ids = [send(chat, "nova", str(n), ["coder"]) for n in range(20)]
    ids += batch(chat, [{"sender": "nova", "message": "x", "recipients": ["coder"]}] * 20)
    assert ids == sorted(set(ids))


# -- many recipients --------------------------------------------------------------------------------------------------

SHORT = [f"agent-{n:04}" for n in range(1000)]
# the longest names there are: 100 characters of four bytes; some with what JSON has to escape
LONG = [f"{'😀' * 95}{n:05}" for n in range(990)] + [f"{chr(34) * 95}{n:05}" for n in range(10)]


@pytest.mark.parametrize("names", [SHORT, LONG], ids=["short names", "long names"])
@pytest.mark.parametrize("mode", ["each", "wake", "off"])
def test_a_message_to_a_thousand_recipients_works(town: Database, mode: str, names: list[str]) -> None:
    conn = town.connect()
    set_setting(conn, "chat.notify", mode)
    register_many(conn, names)
    listener = Listener(town.connect())
    by_name = send(conn, "nova", "hello", names)
    to_all = send(conn, "nova", "hello", ["*"])
    assert receivers(conn, by_name) == sorted(names)
    assert receivers(conn, to_all) == sorted([*names, "coder", "scout", "newhart"])
    payloads = [json.loads(p) for p in listener.all_until_now(conn)]
    if mode == "each":
        assert payloads == [
            {"id": by_name, "sender": "nova", "recipients": ["*"], "count": 1000},
            {"id": to_all, "sender": "nova", "recipients": ["*"], "count": 1003},
        ]
    elif mode == "wake":
        # all were told of the first message, so of the second only those who had not been told
        assert sorted(n for p in payloads for n in p["recipients"]) == sorted([*names, "coder", "scout", "newhart"])
    else:
        assert payloads == []
    assert claim_ids(conn, names[7]) == [by_name, to_all]


@pytest.mark.parametrize("mode", ["each", "wake"])
def test_no_number_of_recipients_breaks_the_payload(town: Database, mode: str) -> None:
    conn = town.connect()
    set_setting(conn, "chat.notify", mode)
    register_many(conn, LONG[:40] + LONG[-1:])
    listener = Listener(town.connect())
    for count in (1, 15, 16, 17, 33):
        sent = send(conn, LONG[-1], "hello", LONG[:count])
        assert receivers(conn, sent) == sorted(LONG[:count])
        heard = [json.loads(p) for p in listener.all_until_now(conn)]
        if mode == "wake":
            assert sorted(n for p in heard for n in p["recipients"]) == sorted(LONG[:count])
            for name in LONG[:count]:
                claim(conn, name)
        elif count > 16:
            assert heard == [{"id": sent, "sender": LONG[-1], "recipients": ["*"], "count": count}]
        else:
            assert heard == [{"id": sent, "sender": LONG[-1], "recipients": sorted(LONG[:count])}]


# -- what was said never changes --------------------------------------------------------------------------------------

ATTEMPTS = [
    "UPDATE agentry_chat.agent_chat SET message = 'other'",
    "UPDATE agentry_chat.agent_chat SET message = message WHERE false",
    "DELETE FROM agentry_chat.agent_chat",
    "TRUNCATE agentry_chat.agent_chat CASCADE",
    "MERGE INTO agentry_chat.agent_chat AS m USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
    "INSERT INTO agentry_chat.agent_chat (org_id, id, sender, message, recipients, thread) OVERRIDING SYSTEM VALUE"
    " SELECT org_id, id, sender, 'other', recipients, thread FROM agentry_chat.agent_chat"
    " ON CONFLICT (org_id, id) DO UPDATE SET message = excluded.message",
]


@pytest.mark.parametrize("who", ["superuser", "owner"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nobody_changes_what_was_said(chat: Connection, attempt: str, who: str) -> None:
    sent = send(chat, "nova", "hello", ["coder"])
    chat.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no trigger
    if who == "owner":
        owner = value(chat, "SELECT relowner::regrole::text FROM pg_class"
                            " WHERE oid = 'agentry_chat.agent_chat'::regclass")
        chat.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)))
    operation = attempt.split(maxsplit=1)[0].replace("MERGE", "DELETE").replace("INSERT", "UPDATE")
    detail = f"{operation} on agentry_chat.agent_chat"
    hint = "Send another message; it may name this one in reply_to."
    with refused(chat, errors.RestrictViolation, "messages never change", detail, hint):
        chat.execute(attempt.encode())
    assert message_of(chat, sent)["message"] == "hello"


def test_agents_and_applications_write_no_message_by_hand(town: Database) -> None:
    sent = send(town.admin, "nova", "hello", ["coder"])
    for user in (town.agent_role("nova"), town.app_role()):
        conn = town.connect(user)
        for attempt in (*ATTEMPTS, "INSERT INTO agentry_chat.agent_chat DEFAULT VALUES"):
            with pytest.raises((errors.RestrictViolation, errors.InsufficientPrivilege)):
                conn.execute(attempt.encode())
    assert rows(town.admin, "SELECT id, message FROM agentry_chat.agent_chat") == [{"id": sent, "message": "hello"}]


def test_agents_and_applications_write_no_delivery_by_hand(town: Database) -> None:
    sent = send(town.admin, "nova", "hello", ["coder"])
    before = delivery(town.admin, sent, "coder")
    for user in (town.agent_role("coder"), town.app_role()):
        conn = town.connect(user)
        for attempt in (
            "UPDATE agentry_chat.agent_chat_processed SET status = 'responded', settled_at = now()",
            "DELETE FROM agentry_chat.agent_chat_processed",
            "INSERT INTO agentry_chat.agent_chat_processed SELECT * FROM agentry_chat.agent_chat_processed",
            "TRUNCATE agentry_chat.agent_chat_processed",
            "SELECT FROM agentry_chat.agent_chat_told",
            "DELETE FROM agentry_chat.agent_chat_told",
            "SELECT nextval('agentry_chat.agent_chat_id_seq')",
            "SELECT agentry_chat._send(agentry.current_org_id(), 'nova', 'x', '{scout}', NULL, NULL, 5, NULL)",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                conn.execute(attempt.encode())
    assert delivery(town.admin, sent, "coder") == before


def test_a_message_with_deliveries_outlives_its_agents(chat: Connection) -> None:
    sent = send(chat, "nova", "hello", ["coder"])
    mark(chat, sent, "coder", "responded", token=claim(chat, "coder")[0]["token"])
    for agent in ("nova", "coder"):
        with pytest.raises(errors.ForeignKeyViolation), chat.transaction():
            chat.execute("DELETE FROM agentry.agents WHERE name = %s", [agent])
            chat.execute("SET CONSTRAINTS ALL IMMEDIATE")


# -- the constraints below the functions ------------------------------------------------------------------------------

MESSAGE = {"sender": "'nova'", "message": "'x'", "recipients": "'{coder}'", "id": "900", "thread": "900"}
DELIVERY = {"agent": "'coder'", "sender": "'nova'", "priority": "5", "available_at": "now()"}

VIOLATIONS = {
    "agent_chat_check": {"message": "E' \\t\\n'"},
    "agent_chat_processed_status_check": {"status": "'read'", "attempts": "1"},
}

MESSAGES_THAT_CANNOT_BE = [
    {"message": "''"},
    {"recipients": "'{}'"},
    {"recipients": "'{coder,NULL}'"},
    {"reply_to": "901"},
    {"reply_to": "900"},
    {"thread": "901"},
    {"reply_to": "899", "thread": "900"},
    {"priority": "0"},
    {"priority": "11"},
    {"expires_at": "now()"},
    {"expires_at": "now() - interval '1 second'"},
    {"idempotency_key": "''"},
    {"idempotency_key": "repeat('k', 256)"},
]

DELIVERIES_THAT_CANNOT_BE = [
    {"settled_at": "now()"},
    {"status": "'responded'", "attempts": "1"},
    {"dead_at": "now()"},
    {"status": "'dead'", "attempts": "1", "settled_at": "now()"},
    {"lease_until": "now()"},
    {"status": "'received'", "attempts": "1"},
    {"attempts": "-1", "uncounted": "-1"},
    {"status": "'failed'"},
    {"uncounted": "1"},
    {"uncounted": "-1"},
    {"status": "'received'", "lease_until": "now()"},
    {"status": "'received'", "attempts": "1", "lease_until": "now()", "settled_at": "now()"},
    {"status": "'received'", "attempts": "1", "lease_until": "now()", "dead_at": "now()"},
    {"status": "'received'", "attempts": "1", "lease_until": "now()", "uncounted": "2"},
    {"status": "'failed'", "attempts": "1", "settled_at": "now()"},
    {"status": "'routed'", "settled_at": "now()"},
    {"status": "'routed'", "attempts": "1", "settled_at": "now()", "lease_until": "now()"},
    {"status": "'responded'", "attempts": "1", "settled_at": "now()", "dead_at": "now()"},
    {"status": "'responded'", "attempts": "1", "settled_at": "now()", "uncounted": "2"},
    {"status": "'expired'"},
    {"status": "'withdrawn'", "settled_at": "now()", "lease_until": "now()"},
    {"status": "'expired'", "settled_at": "now()", "dead_at": "now()"},
    {"status": "'dead'", "settled_at": "now()", "dead_at": "now()"},
]


def insert(conn: Connection, table: str, values: dict[str, str]) -> None:
    conn.execute(
        f"INSERT INTO agentry_chat.{table} (org_id, {', '.join(values)}) OVERRIDING SYSTEM VALUE"
        f" VALUES (agentry.current_org_id(), {', '.join(values.values())})".encode()
    )


@pytest.mark.parametrize(("constraint", "wrong"), VIOLATIONS.items())
def test_every_check_holds_below_the_functions(chat: Connection, constraint: str, wrong: dict[str, str]) -> None:
    if constraint.startswith("agent_chat_processed"):
        chat_id = str(send(chat, "nova", "x", ["scout"]))
        table, right = "agent_chat_processed", {**DELIVERY, "chat_id": chat_id}
    else:
        table, right = "agent_chat", MESSAGE
    with pytest.raises(errors.CheckViolation) as caught, chat.transaction():
        insert(chat, table, {**right, **wrong})
    assert caught.value.diag.constraint_name == constraint
    insert(chat, table, right)


@pytest.mark.parametrize("wrong", DELIVERIES_THAT_CANNOT_BE)
def test_columns_of_a_delivery_fit_together(chat: Connection, wrong: dict[str, str]) -> None:
    right = {**DELIVERY, "chat_id": str(send(chat, "nova", "x", ["scout"]))}
    with pytest.raises(errors.CheckViolation, match="agent_chat_processed_status_check"), chat.transaction():
        insert(chat, "agent_chat_processed", {**right, **wrong})
    insert(chat, "agent_chat_processed", right)


@pytest.mark.parametrize("wrong", MESSAGES_THAT_CANNOT_BE)
def test_columns_of_a_message_fit_together(chat: Connection, wrong: dict[str, str]) -> None:
    right = {**MESSAGE, "expires_at": "now() + interval '1 second'", "idempotency_key": "repeat('k', 255)"}
    with pytest.raises(errors.CheckViolation, match="agent_chat_check"), chat.transaction():
        insert(chat, "agent_chat", {**right, **wrong})
    insert(chat, "agent_chat", right)
    answer = {**right, "id": "901", "reply_to": "900", "idempotency_key": "'k'"}
    with pytest.raises(errors.CheckViolation, match="agent_chat_check"), chat.transaction():
        insert(chat, "agent_chat", {**answer, "thread": "901"})
    insert(chat, "agent_chat", answer)


def test_no_check_of_chat_is_left_out_here(chat: Connection) -> None:
    found = rows(chat, "SELECT conname FROM pg_constraint"
                       " WHERE contype = 'c' AND connamespace = 'agentry_chat'::regnamespace")
    assert {row["conname"] for row in found} == {*VIOLATIONS, "agent_chat_feed_state_position_offset_check"}


def test_recipients_may_be_counted_from_anywhere(town: Database) -> None:
    listener = Listener(town.connect())
    town.admin.execute("SELECT agentry_chat.send_agent_message('nova', 'x', '[5:6]={coder,scout}')")
    found = rows(town.admin, "SELECT recipients, readers, readers[1] AS first FROM agentry_chat.agent_chat")
    assert found == [{"recipients": ["coder", "scout"], "readers": ["nova", "coder", "scout"], "first": "nova"}]
    assert listener.told(town.admin, "coder") == 1


def test_an_idempotent_send_writes_nothing_the_second_time(chat: Connection) -> None:
    first = send(chat, "nova", "once", ["coder"], idempotency_key="k")
    claim(chat, "coder")
    before = delivery(chat, first, "coder")
    assert call(chat, "send_agent_message", sender="nova", message="once", recipients=["coder"], idempotency_key="k")
    assert delivery(chat, first, "coder") == before
