"""Inboxes against the model of a queue: whatever is sent, claimed, marked and waited for, both say the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from psycopg import errors

from tests.chat.support import Connection, call, claim, mark, peek, register, reply, rows, send, set_setting, value
from tests.property.queue_machine import MAX_ATTEMPTS, Queue, Thing, drive, seconds, which_token

AGENTS = ("nova", "coder", "scout")
agents = st.sampled_from(AGENTS)


class Inbox(Queue):
    """Things are messages, and stay when they are settled; places are inboxes.  A token is the number of its claim, and
    may be left out for a message that was claimed once at most."""

    places = AGENTS
    held = "received"
    over = ("routed", "responded", "dead", "expired")
    outcomes = ("responded", "routed", "failed")
    not_there = errors.UndefinedObject

    def set_up(self) -> None:
        self.sent: dict[str, tuple[int, dict[str, Any]]] = {}
        self.senders: dict[int, str] = {}
        for _ in range(2):
            self.deliver(send(self.conn, "nova", "hello", ["*"]), "nova", ["*"], 5, None)

    # -- what a queue says

    def take(self, place: str, limit: int, lease: timedelta) -> list[dict[str, Any]]:
        return claim(self.conn, place, limit, lease=lease)

    def taken(self, thing: Thing, row: dict[str, Any]) -> int:
        assert (row["chat_id"], row["sender"], row["priority"], row["token"], row["attempts"]) == (
            thing.id, self.senders[thing.id], thing.priority, thing.attempts, thing.attempts)
        return thing.attempts

    def tell(self, thing: Thing, outcome: str, token: int | None, error: str | None) -> str:
        return mark(self.conn, thing.id, thing.place, outcome, token=token, error=error)

    def prolong(self, thing: Thing, lease: timedelta, token: int | None) -> datetime:
        (row,) = call(self.conn, "extend_agent_message", chat_id=thing.id, agent=thing.place, lease=lease, token=token)
        found: datetime = row["extend_agent_message"]
        return found

    def give_back(self, thing: Thing, token: int | None) -> None:
        call(self.conn, "release_agent_message", chat_id=thing.id, agent=thing.place, token=token)

    def revive(self, thing: Thing) -> None:
        call(self.conn, "requeue_agent_message", chat_id=thing.id, agent=thing.place)

    def tell_elsewhere(self, thing: Thing, place: str) -> None:
        mark(self.conn, thing.id, place, "responded", token=thing.attempts)

    def stored(self) -> list[tuple[Any, ...]]:
        found = rows(
            self.conn,
            "SELECT chat_id, agent, status, attempts, uncounted, lease_until, available_at, expires_at, error_message"
            ' FROM agentry_chat.agent_chat_processed ORDER BY chat_id, agent COLLATE "C"',
        )
        return [tuple(row.values()) for row in found]

    def due_again(self, thing: Thing) -> datetime:
        query = "SELECT available_at FROM agentry_chat.agent_chat_processed WHERE chat_id = %s AND agent = %s"
        found: datetime = value(self.conn, query, thing.id, thing.place)
        return found

    def given(self, thing: Thing, which: str) -> int | None:
        return {"none": None, "older": thing.attempts - 1, "unknown": thing.attempts + 1}.get(which, thing.attempts)

    def is_last(self, thing: Thing, token: int | None) -> bool:
        return thing.attempts in {0, 1 if token is None else token}

    def verdict(self, thing: Thing, outcome: str, token: int | None) -> type[psycopg.Error] | None:
        if not self.is_last(thing, token):
            return errors.ObjectNotInPrerequisiteState
        again = thing.status == outcome != "failed"
        if again or thing.status == self.held or (thing.status, outcome) == ("routed", "responded"):
            return None
        return errors.ObjectNotInPrerequisiteState

    def tells(self, thing: Thing, outcome: str, error: str | None) -> None:
        if thing.status == outcome != "failed":  # to mark it again what it is changes nothing
            return
        super().tells(thing, outcome, error)

    def deliver(self, chat_id: int, sender: str, recipients: list[str], priority: int, expires: int | None) -> None:
        to = {a for a in AGENTS if a != sender} if "*" in recipients else set()
        self.senders[chat_id] = sender
        for agent in sorted(to | ({*recipients} - {"*"})):
            expires_at = None if expires is None else self.now + timedelta(seconds=expires)
            self.things.append(Thing(chat_id, agent, priority, self.start, expires_at))

    # -- rules of messages

    @rule(
        sender=agents,
        recipients=st.lists(st.sampled_from([*AGENTS, "*"]), min_size=1, max_size=3, unique=True),
        priority=st.integers(4, 6),
        expires=st.none() | seconds,
        key=st.none() | st.sampled_from("ab"),
    )
    def send(self, sender: str, recipients: list[str], priority: int, expires: int | None, key: str | None) -> None:
        # the database counts from the start of the transaction, the clock of the test from now
        since = None if expires is None else self.now - self.start + timedelta(seconds=expires)
        content = {"message": "hello", "recipients": recipients, "priority": priority, "expires_in": since}
        first = self.sent.get(f"{sender}:{key}") if key else None
        try:
            with self.conn.transaction():
                chat_id = send(self.conn, sender, idempotency_key=key, **content)
        except errors.UniqueViolation:
            assert first is not None and first[1] != content
            return
        if first:
            assert first == (chat_id, content)
            return
        assert chat_id > max((t.id for t in self.things), default=0)
        if key:
            self.sent[f"{sender}:{key}"] = (chat_id, content)
        self.deliver(chat_id, sender, recipients, priority, expires)

    @rule(agent=agents)
    def peek(self, agent: str) -> None:
        wanted = [t for t in self.due(agent) if not t.is_expired(self.now)]
        assert [(p["chat_id"], p["status"], p["attempts"]) for p in peek(self.conn, agent)] == [
            (t.id, t.status, t.attempts) for t in wanted]

    @precondition(lambda self: self.things)
    @rule(data=st.data(), which=which_token)
    def reply(self, data: st.DataObject, which: str) -> None:
        thing = self.pick(data, self.held)
        token = self.given(thing, which)
        untaken = thing.status == "pending" and token is None
        wanted = None if untaken else self.verdict(thing, "responded", token)
        if wanted:
            with pytest.raises(wanted), self.conn.transaction():
                reply(self.conn, thing.id, "answer", agent=thing.place, token=token)
            return
        chat_id = reply(self.conn, thing.id, "answer", agent=thing.place, token=token)
        if untaken:
            thing.status = "responded"
            thing.attempts += 1
            thing.tokens.append(thing.attempts)
        self.tells(thing, "responded", None)
        self.deliver(chat_id, thing.place, [self.senders[thing.id]], 5, None)


def test_inboxes_do_what_the_model_does(tx: Connection) -> None:
    register(tx, *AGENTS)
    set_setting(tx, "chat.max_attempts", MAX_ATTEMPTS)
    set_setting(tx, "chat.breaker", "off")
    drive(Inbox, tx)
