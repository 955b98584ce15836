"""One state machine for every queue of leases: whatever is put in, claimed, settled, failed, prolonged, given back and
waited for, the database and a model in Python say the same.

A queue hands things out for the time of a lease.  Who has the token of the last claim settles the thing, or says that
it failed; then it is due again after a wait, and dead after the last attempt.  A queue says in a subclass how it is
called, and may have rules of its own beside these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

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

from tests.chat.support import Connection, fake_clock, value

MAX_ATTEMPTS = 2
DELAY = timedelta(seconds=10)

seconds = st.sampled_from([1, 30, 60, 300])
errors_told = st.none() | st.just("no route")
# which token a holder passes: that of the last claim, one before, one that was never given, or none
which_token = st.sampled_from(["last", "last", "last", "last", "last", "older", "unknown", "none"])


@dataclass
class Thing:
    """What the model knows of a thing in a queue."""

    id: int
    place: str  # the inbox, the model
    priority: int
    available_at: datetime
    expires_at: datetime | None = None
    status: str = "pending"
    attempts: int = 0
    uncounted: int = 0  # claims that do not count as tries
    lease_until: datetime | None = None
    error: str | None = None
    tokens: list[int] = field(default_factory=list)  # of its claims

    @property
    def tries(self) -> int:
        return self.attempts - self.uncounted

    def is_free(self, now: datetime) -> bool:
        return self.lease_until is None or self.lease_until <= now

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def is_overdue(self, now: datetime) -> bool:
        return self.is_expired(now) or self.tries >= MAX_ATTEMPTS


class Queue(RuleBasedStateMachine):
    """Rules do the same to the database and to the model."""

    conn: Connection
    places: ClassVar[tuple[str, ...]]
    held: ClassVar[str]  # status of what somebody has claimed
    over: ClassVar[tuple[str, ...]]  # statuses of what nobody can claim any more
    outcomes: ClassVar[tuple[str, ...]]  # what a holder says of a thing; failed is one of them

    @initialize(seed=st.integers(0, 99))
    def begin(self, seed: int) -> None:
        self.conn.execute("SAVEPOINT example")
        # waits are of random lengths, and what is due decides what can be done: an example has to go the same way again
        self.conn.execute("SELECT setseed(%s)", [seed / 100])
        fake_clock(self.conn)
        self.start: datetime = value(self.conn, "SELECT now()")
        self.now = self.start
        self.things: list[Thing] = []
        self.set_up()

    def teardown(self) -> None:
        self.conn.execute("ROLLBACK TO SAVEPOINT example")

    # -- what a queue says

    def set_up(self) -> None:
        """What an example begins with."""

    def take(self, place: str, limit: int, lease: timedelta) -> list[dict[str, Any]]:
        """Claims."""
        raise NotImplementedError

    def taken(self, thing: Thing, row: dict[str, Any]) -> int:
        """Compares what a claim gave with the thing; returns the token."""
        raise NotImplementedError

    def tell(self, thing: Thing, outcome: str, token: int | None, error: str | None) -> str:
        """Says what came of a thing; returns its status."""
        raise NotImplementedError

    def prolong(self, thing: Thing, lease: timedelta, token: int | None) -> datetime:
        """Prolongs a claim; returns its end."""
        raise NotImplementedError

    def give_back(self, thing: Thing, token: int | None) -> None:
        """Gives a claim back."""
        raise NotImplementedError

    def revive(self, thing: Thing) -> None:
        """Makes a dead thing due again."""
        raise NotImplementedError

    def tell_elsewhere(self, thing: Thing, place: str) -> None:
        """Says of a thing that it failed, but as one of another place, where it is not."""
        raise NotImplementedError

    not_there: ClassVar[type[psycopg.Error]]  # what that raises

    def stored(self) -> list[tuple[Any, ...]]:
        """id, place, status, attempts, uncounted, lease_until, available_at, expires_at, error, by id and place."""
        raise NotImplementedError

    def due_again(self, thing: Thing) -> datetime:
        """When the database will give a failed thing out again."""
        raise NotImplementedError

    def given(self, thing: Thing, which: str) -> int | None:
        """The token that a holder passes."""
        if which == "none":
            return None
        if which == "last" and thing.tokens:
            return thing.tokens[-1]
        if which == "older" and len(thing.tokens) > 1:
            return thing.tokens[-2]
        return max((t for other in self.things for t in other.tokens), default=0) + 1000

    def is_last(self, thing: Thing, token: int | None) -> bool:
        """Whether that is the token of the last claim."""
        return token is not None and thing.tokens[-1:] == [token]

    def verdict(self, thing: Thing, outcome: str, token: int | None) -> type[psycopg.Error] | None:
        """What tell() raises; None where it is accepted."""
        if thing.status == self.held and self.is_last(thing, token):
            return None
        return errors.ObjectNotInPrerequisiteState

    def settled(self, thing: Thing, outcome: str) -> None:
        """What comes of a thing when tell() was accepted, and it was no failure."""
        thing.status = outcome

    # -- the model

    def due(self, place: str) -> list[Thing]:
        found = [t for t in self.things if t.place == place and t.status not in self.over
                 and t.available_at <= self.now and t.is_free(self.now)]
        return sorted(found, key=lambda t: (t.priority, t.id))

    def pick(self, data: st.DataObject, status: str) -> Thing:
        """Any thing, but most often one of that status, where there is one."""
        likely = [t for t in self.things if t.status == status]
        if likely and data.draw(st.integers(0, 4), label="likely"):
            return data.draw(st.sampled_from(likely), label="thing")
        return data.draw(st.sampled_from(self.things), label="thing")

    def has(self, status: str) -> bool:
        return any(t.status == status for t in self.things)

    def tells(self, thing: Thing, outcome: str, error: str | None) -> None:
        """The model's part of tell()."""
        if outcome != "failed":
            self.settled(thing, outcome)
            thing.lease_until = None
            thing.error = error or thing.error
            return
        thing.status = "dead" if thing.tries >= MAX_ATTEMPTS else "failed"
        thing.lease_until = None
        thing.error = error or thing.error
        if thing.status == "failed":
            thing.available_at = self.due_again(thing)
            base = DELAY * 2 ** (thing.tries - 1)
            assert 0.8 * base <= thing.available_at - self.now <= 1.2 * base

    def refuses(self, wanted: type[psycopg.Error], call: Any, *args: Any) -> None:
        with pytest.raises(wanted), self.conn.transaction():
            call(*args)

    # -- rules

    @rule(data=st.data(), limit=st.integers(1, 4), lease=seconds)
    def claim(self, data: st.DataObject, limit: int, lease: int) -> None:
        self.claim_at(data.draw(st.sampled_from(self.places), label="place"), limit, lease)

    @precondition(lambda self: any(t.status not in self.over and t.is_free(self.now) for t in self.things))
    @rule(data=st.data(), lease=seconds)
    def claim_what_is_due(self, data: st.DataObject, lease: int) -> None:
        """Where there is something, after the wait for it, so that much is claimed and not only looked for."""
        free = [t for t in self.things if t.status not in self.over and t.is_free(self.now)]
        thing = data.draw(st.sampled_from(free), label="thing")
        self.wait_until(max(self.now, thing.available_at))
        self.claim_at(thing.place, 2, lease)

    def claim_at(self, place: str, limit: int, lease: int) -> None:
        wanted = [t for t in self.due(place) if not t.is_overdue(self.now)][:limit]
        for t in wanted:
            t.status = self.held
            t.attempts += 1
            t.lease_until = self.now + timedelta(seconds=lease)
        if len(wanted) < limit:
            for t in self.things:
                if t.place == place and t.status not in self.over and t.is_free(self.now) and t.is_overdue(self.now):
                    t.status = "expired" if t.is_expired(self.now) else "dead"
                    t.error = t.error or ("the lease ran out" if t.attempts else None)
                    t.lease_until = None
        rows = self.take(place, limit, timedelta(seconds=lease))
        assert len(rows) == len(wanted)
        for t, row in zip(wanted, rows, strict=True):
            t.tokens.append(self.taken(t, row))

    @rule(step=seconds)
    def wait(self, step: int) -> None:
        self.wait_until(self.now + timedelta(seconds=step))

    def wait_until(self, now: datetime) -> None:
        self.now = now
        self.conn.execute("SELECT set_config('test.now', %s, false)", [self.now.isoformat()])

    @precondition(lambda self: self.has(self.held))
    @rule(data=st.data(), which=which_token, error=errors_told)
    def say(self, data: st.DataObject, which: str, error: str | None) -> None:
        outcome = data.draw(st.sampled_from(self.outcomes), label="outcome")
        self.say_of(self.pick(data, self.held), outcome, which, error)

    @precondition(lambda self: self.has(self.held))
    @rule(data=st.data(), error=errors_told)
    def fail(self, data: st.DataObject, error: str | None) -> None:
        self.say_of(self.pick(data, self.held), "failed", "last", error)

    def say_of(self, thing: Thing, outcome: str, which: str, error: str | None) -> None:
        token = self.given(thing, which)
        wanted = self.verdict(thing, outcome, token)
        if wanted:
            self.refuses(wanted, self.tell, thing, outcome, token, error)
            return
        was = thing.status
        found = self.tell(thing, outcome, token, error)
        self.tells(thing, outcome, error)
        assert found == thing.status, (was, outcome)

    @precondition(lambda self: self.has(self.held))
    @rule(data=st.data(), lease=seconds, which=which_token)
    def extend(self, data: st.DataObject, lease: int, which: str) -> None:
        thing = self.pick(data, self.held)
        token = self.given(thing, which)
        if thing.status != self.held or not self.is_last(thing, token):
            self.refuses(self.refusal(token), self.prolong, thing, timedelta(seconds=lease), token)
            return
        assert thing.lease_until is not None
        thing.lease_until = max(thing.lease_until, self.now + timedelta(seconds=lease))
        assert self.prolong(thing, timedelta(seconds=lease), token) == thing.lease_until

    @precondition(lambda self: self.has(self.held))
    @rule(data=st.data(), which=which_token)
    def release(self, data: st.DataObject, which: str) -> None:
        thing = self.pick(data, self.held)
        token = self.given(thing, which)
        if thing.status != self.held or not self.is_last(thing, token):
            self.refuses(self.refusal(token), self.give_back, thing, token)
            return
        self.give_back(thing, token)
        thing.status = "pending"
        thing.uncounted += 1
        thing.available_at = self.now
        thing.lease_until = None

    def refusal(self, token: int | None) -> type[psycopg.Error]:
        """What holding on to a thing raises that one does not have."""
        return errors.ObjectNotInPrerequisiteState

    @precondition(lambda self: self.has("dead"))
    @rule(data=st.data())
    def requeue(self, data: st.DataObject) -> None:
        thing = self.pick(data, "dead")
        if thing.status != "dead" or thing.is_expired(self.now):
            self.refuses(errors.ObjectNotInPrerequisiteState, self.revive, thing)
            return
        self.revive(thing)
        thing.status = "pending"
        thing.uncounted = thing.attempts
        thing.available_at = self.now

    @precondition(lambda self: self.has(self.held))
    @rule(data=st.data())
    def say_elsewhere(self, data: st.DataObject) -> None:
        thing = self.pick(data, self.held)
        place = data.draw(st.sampled_from(self.places), label="place")
        if not any(other.id == thing.id and other.place == place for other in self.things):
            self.refuses(self.not_there, self.tell_elsewhere, thing, place)

    # -- what always holds

    @invariant()
    def both_say_the_same(self) -> None:
        assert self.stored() == [
            (t.id, t.place, t.status, t.attempts, t.uncounted, t.lease_until, t.available_at, t.expires_at, t.error)
            for t in sorted(self.things, key=lambda t: (t.id, t.place))]

    @invariant()
    def only_the_last_holder_has_a_lease(self) -> None:
        assert all((t.lease_until is not None) == (t.status == self.held) for t in self.things)

    @invariant()
    def no_token_is_given_twice(self) -> None:
        assert all(t.tokens == sorted(set(t.tokens)) for t in self.things)


def drive(machine: type[Queue], conn: Connection, examples: int = 40, steps: int = 40) -> None:
    """Runs the machine in the transaction of the connection."""
    run_state_machine_as_test(
        type(f"{machine.__name__}OfThisTest", (machine,), {"conn": conn}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
