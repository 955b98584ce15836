"""Messages and deliveries refer to agents and to each other: kept by triggers and locks in place of foreign keys."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import errors

from tests.chat.support import Connection, register, rows, send, value
from tests.harness.database import Database, wait_for_lock

Background = Callable[..., Future[Any]]

MESSAGE = (
    "INSERT INTO agentry_chat.agent_chat (id, sender, message, recipients, thread) OVERRIDING SYSTEM VALUE"
    " SELECT n, CASE n WHEN %s THEN 'ghost' ELSE 'nova' END, 'x', '{coder}', n FROM generate_series(900, 903) AS n"
)
DELIVERY = (
    "INSERT INTO agentry_chat.agent_chat_processed (chat_id, agent, sender, priority, available_at)"
    " VALUES (%s, %s, 'nova', 5, now())"
)


def test_a_message_of_a_sender_that_is_no_agent_is_refused_among_others_too(chat: Connection) -> None:
    with pytest.raises(errors.ForeignKeyViolation, match="sender 'ghost' is no agent") as caught, chat.transaction():
        chat.execute(MESSAGE, [902])
    assert caught.value.diag.constraint_name == "agent_chat_sender_fkey"
    assert rows(chat, "SELECT FROM agentry_chat.agent_chat") == []
    chat.execute(MESSAGE, [0])


@pytest.mark.parametrize(("message", "agent"), [(True, "ghost"), (False, "coder")])
def test_a_delivery_needs_its_message_and_its_agent(chat: Connection, message: bool, agent: str) -> None:
    chat_id = send(chat, "nova", "x", ["scout"])
    with pytest.raises(errors.ForeignKeyViolation, match="one of them does not exist") as caught, chat.transaction():
        chat.execute(DELIVERY, [chat_id if message else chat_id + 1, agent])
    assert caught.value.diag.constraint_name == "agent_chat_processed_chat_id_fkey"
    chat.execute(DELIVERY, [chat_id, "coder"])


def test_an_agent_that_wrote_or_got_a_message_is_not_deleted(chat: Connection) -> None:
    send(chat, "nova", "x", ["coder"])
    for agent in ("nova", "coder"):
        with pytest.raises(errors.ForeignKeyViolation, match=f"agent {agent} has sent or received"), chat.transaction():
            chat.execute("DELETE FROM agentry.agents WHERE name = %s", [agent])
    chat.execute("DELETE FROM agentry.agents WHERE name = 'scout'")


def test_a_message_is_not_deleted_before_its_deliveries(chat: Connection) -> None:
    """Even by an erasure that is on record."""
    send(chat, "nova", "x", ["coder"])
    way = value(chat, "SELECT agentry._open_way('retention', agentry.current_org_id())")
    with pytest.raises(errors.ForeignKeyViolation, match="still has deliveries"), chat.transaction():
        chat.execute("DELETE FROM agentry_chat.agent_chat")
    chat.execute("DELETE FROM agentry_chat.agent_chat_processed")
    chat.execute("DELETE FROM agentry_chat.agent_chat")
    chat.execute("SELECT agentry._close_way(%s, '{}')", [way])


def test_under_repeatable_read_no_agent_is_deleted(town: Database) -> None:
    """It would not see a message that was sent since its snapshot."""
    conn = town.connect(autocommit=False)
    conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with pytest.raises(errors.FeatureNotSupported, match="not deleted under REPEATABLE READ"):
        conn.execute("DELETE FROM agentry.agents WHERE name = 'scout'")


@pytest.mark.parametrize("how", ["alone", "in a batch", "to everyone"])
def test_who_is_being_forgotten_gets_no_message(town: Database, background: Background, how: str) -> None:
    register(town.admin, "leaving")
    forgetting, sending = town.connect(autocommit=False), town.connect()
    forgetting.execute("SELECT agentry.forget('leaving')")
    calls: dict[str, Callable[[], Any]] = {
        "alone": lambda: send(sending, "nova", "x", ["leaving"]),
        "in a batch": lambda: sending.execute(
            "SELECT agentry_chat.send_agent_messages("
            """'[{"sender": "nova", "message": "x", "recipients": ["leaving"]}]')"""
        ),
        "to everyone": lambda: send(sending, "nova", "x", ["*"]),
    }
    sent = background(calls[how])
    wait_for_lock(town.admin, sending.info.backend_pid)
    forgetting.commit()
    with pytest.raises((errors.UndefinedObject, errors.SerializationFailure), match="leaving"):
        sent.result(30)
    assert rows(town.admin, "SELECT FROM agentry_chat.agent_chat") == []


def test_an_agent_is_not_forgotten_while_a_message_to_it_is_being_sent(town: Database, background: Background) -> None:
    sending, forgetting = town.connect(autocommit=False), town.connect()
    send(sending, "nova", "x", ["coder"])
    forgotten = background(forgetting.execute, "SELECT agentry.forget('coder')")
    wait_for_lock(town.admin, forgetting.info.backend_pid)
    sending.commit()
    forgotten.result(30)
    assert rows(town.admin, "SELECT FROM agentry_chat.agent_chat_processed") == []
    with pytest.raises(errors.UndefinedObject, match="'coder' does not exist"):
        send(town.admin, "nova", "x", ["coder"])
