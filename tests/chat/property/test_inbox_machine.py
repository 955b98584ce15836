"""Inboxes against a model in Python: whatever is sent, claimed, marked and waited for, both say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg import errors

from tests.chat.support import (
    Connection,
    claim,
    fake_clock,
    mark,
    peek,
    register,
    reply,
    rows,
    send,
    set_setting,
    value,
)

AGENTS = ("nova", "coder", "scout")
MAX_ATTEMPTS = 3
DELAY = timedelta(seconds=10)
SETTLED = ("routed", "responded", "dead", "expired")

agents = st.sampled_from(AGENTS)
seconds = st.sampled_from([1, 30, 60, 300])


@dataclass
class Delivery:
    """What the model knows of a message in an inbox."""

    chat_id: int
    agent: str
    sender: str
    priority: int
    available_at: datetime
    expires_at: datetime | None
    status: str = "pending"
    attempts: int = 0
    lease_until: datetime | None = None
    error: str | None = None

    def is_due(self, now: datetime) -> bool:
        free = self.lease_until is None or self.lease_until <= now
        return self.status not in SETTLED and self.available_at <= now and free

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def is_overdue(self, now: datetime) -> bool:
        return self.is_expired(now) or self.attempts >= MAX_ATTEMPTS


class Inbox(RuleBasedStateMachine):
    """Rules do the same to the database and to the model."""

    conn: Connection

    @initialize()
    def begin(self) -> None:
        self.conn.execute("SAVEPOINT example")
        fake_clock(self.conn)
        self.start: datetime = value(self.conn, "SELECT now()")
        self.now = self.start
        self.inbox: list[Delivery] = []
        self.sent: dict[str, tuple[int, dict[str, Any]]] = {}
        self.known: dict[int, Delivery] = {}

    def teardown(self) -> None:
        self.conn.execute("ROLLBACK TO SAVEPOINT example")

    # -- the model

    def deliver(self, chat_id: int, sender: str, recipients: list[str], priority: int, expires: int | None) -> None:
        to = {a for a in AGENTS if a != sender} if "*" in recipients else set()
        for agent in sorted(to | ({*recipients} - {"*"})):
            expires_at = None if expires is None else self.now + timedelta(seconds=expires)
            self.inbox.append(Delivery(chat_id, agent, sender, priority, self.start, expires_at))

    def due(self, agent: str) -> list[Delivery]:
        found = [d for d in self.inbox if d.agent == agent and d.is_due(self.now)]
        return sorted(found, key=lambda d: (d.priority, d.chat_id))

    def pick(self, data: st.DataObject) -> Delivery:
        return data.draw(st.sampled_from(self.inbox), label="delivery")

    def verdict(self, d: Delivery, status: str, token: int | None) -> type[psycopg.Error] | None:
        """What marking raises; None where it is accepted."""
        if d.attempts and (1 if token is None else token) != d.attempts:
            return errors.ObjectNotInPrerequisiteState
        if d.status == status != "failed" or d.status == "received" or (d.status, status) == ("routed", "responded"):
            return None
        return errors.ObjectNotInPrerequisiteState

    def settle(self, d: Delivery, status: str, error: str | None) -> None:
        if d.status == status != "failed":
            return
        d.status = "dead" if status == "failed" and d.attempts >= MAX_ATTEMPTS else status
        d.lease_until = None
        d.error = error or d.error
        if d.status == "failed":
            query = "SELECT available_at FROM agentry_chat.agent_chat_processed WHERE chat_id = %s AND agent = %s"
            d.available_at = value(self.conn, query, d.chat_id, d.agent)
            base = DELAY * 2 ** (d.attempts - 1)
            assert 0.8 * base <= d.available_at - self.now <= 1.2 * base

    # -- rules

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
        assert chat_id > max((d.chat_id for d in self.inbox), default=0)
        if key:
            self.sent[f"{sender}:{key}"] = (chat_id, content)
        self.deliver(chat_id, sender, recipients, priority, expires)

    @rule(agent=agents, limit=st.integers(1, 4), lease=seconds)
    def claim(self, agent: str, limit: int, lease: int) -> None:
        wanted = [d for d in self.due(agent) if not d.is_overdue(self.now)][:limit]
        for d in wanted:
            d.status = "received"
            d.attempts += 1
            d.lease_until = self.now + timedelta(seconds=lease)
        if len(wanted) < limit:
            for d in self.inbox:
                free = d.lease_until is None or d.lease_until <= self.now
                if d.agent == agent and d.status not in SETTLED and free and d.is_overdue(self.now):
                    d.status = "expired" if d.is_expired(self.now) else "dead"
                    d.error = d.error or ("the lease ran out" if d.attempts else None)
                    d.lease_until = None
        taken = claim(self.conn, agent, limit, lease=timedelta(seconds=lease))
        assert [(t["chat_id"], t["sender"], t["priority"], t["token"], t["attempts"]) for t in taken] == [
            (d.chat_id, d.sender, d.priority, d.attempts, d.attempts) for d in wanted]

    @rule(agent=agents)
    def peek(self, agent: str) -> None:
        wanted = [d for d in self.due(agent) if not d.is_expired(self.now)]
        assert [(p["chat_id"], p["status"], p["attempts"]) for p in peek(self.conn, agent)] == [
            (d.chat_id, d.status, d.attempts) for d in wanted]

    @rule(step=seconds)
    def wait(self, step: int) -> None:
        self.now += timedelta(seconds=step)
        self.conn.execute("SELECT set_config('test.now', %s, false)", [self.now.isoformat()])

    @precondition(lambda self: self.inbox)
    @rule(
        data=st.data(),
        status=st.sampled_from(["responded", "routed", "failed"]),
        off=st.sampled_from([0, 0, 0, 1, -1, None]),
        error=st.none() | st.just("no route"),
    )
    def mark(self, data: st.DataObject, status: str, off: int | None, error: str | None) -> None:
        d = self.pick(data)
        token = None if off is None else d.attempts + off
        wanted = self.verdict(d, status, token)
        if wanted:
            with pytest.raises(wanted), self.conn.transaction():
                mark(self.conn, d.chat_id, d.agent, status, token=token, error=error)
            return
        was = d.status
        found = mark(self.conn, d.chat_id, d.agent, status, token=token, error=error)
        self.settle(d, status, error)
        assert found == d.status, (was, status)

    @precondition(lambda self: self.inbox)
    @rule(data=st.data(), off=st.sampled_from([0, 0, 1, None]))
    def reply(self, data: st.DataObject, off: int | None) -> None:
        d = self.pick(data)
        token = None if off is None else d.attempts + off
        wanted = None if d.status == "pending" and token is None else self.verdict(d, "responded", token)
        if wanted:
            with pytest.raises(wanted), self.conn.transaction():
                reply(self.conn, d.chat_id, "answer", agent=d.agent, token=token)
            return
        chat_id = reply(self.conn, d.chat_id, "answer", agent=d.agent, token=token)
        if d.status == "pending":
            d.status, d.attempts = "responded", 1
        self.settle(d, "responded", None)
        self.deliver(chat_id, d.agent, [d.sender], 5, None)

    @precondition(lambda self: self.inbox)
    @rule(data=st.data(), agent=agents)
    def mark_for_another(self, data: st.DataObject, agent: str) -> None:
        d = self.pick(data)
        if any(o.chat_id == d.chat_id and o.agent == agent for o in self.inbox):
            return
        with pytest.raises(errors.UndefinedObject), self.conn.transaction():
            mark(self.conn, d.chat_id, agent, "responded", token=d.attempts)

    # -- what always holds

    @invariant()
    def both_say_the_same(self) -> None:
        found = rows(
            self.conn,
            "SELECT chat_id, agent, status, attempts, lease_until, available_at, expires_at, error_message"
            ' FROM agentry_chat.agent_chat_processed ORDER BY chat_id, agent COLLATE "C"',
        )
        assert [tuple(row.values()) for row in found] == [
            (d.chat_id, d.agent, d.status, d.attempts, d.lease_until, d.available_at, d.expires_at, d.error)
            for d in sorted(self.inbox, key=lambda d: (d.chat_id, d.agent))]

    @invariant()
    def only_the_last_holder_has_a_lease(self) -> None:
        assert all((d.lease_until is not None) == (d.status == "received") for d in self.inbox)


def test_inboxes_do_what_the_model_does(tx: Connection) -> None:
    register(tx, *AGENTS)
    set_setting(tx, "chat.max_attempts", MAX_ATTEMPTS)
    set_setting(tx, "chat.breaker", "off")
    machine = type("InboxOfThisTest", (Inbox,), {"conn": tx})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
