"""Whatever is done to events, by whatever statement, the places that are taken are those of the events that are there,
and a statement that would take one twice fails whole."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from psycopg import errors

from tests.core.support import Connection
from tests.memory.raw_support import EVENT, RAW, call, indexed, keys, places, record, remember

MEMORIES = range(3)
memories = st.sampled_from(MEMORIES)
ordinals = st.integers(1, 6)
# months that are there, that are not, and that are retired as soon as they are
times = st.sampled_from(["2019-05-05 00:00+00", "1999-01-01 00:00+00", "2026-01-01 00:00+00", "2999-12-31 00:00+00"])


class Places(RuleBasedStateMachine):
    """Rules do the same to the database and to a dict."""

    conn: Connection

    @initialize()
    def begin(self) -> None:
        self.conn.execute("SAVEPOINT example")
        self.conn.execute("SELECT agentry.register_agent('coder', 'x')")
        self.ids = [remember(self.conn, f"memory {n}", "coder") for n in MEMORIES]
        self.taken: set[tuple[int, int]] = set()

    def attempt(self, query: str, args: list[Any], wanted: set[tuple[int, int]], clash: bool) -> None:
        """The statement does what the model says."""
        self.conn.execute("SAVEPOINT attempt")
        try:
            self.conn.execute(query.encode(), args)
        except errors.UniqueViolation as error:
            assert error.diag.constraint_name == "uq_event_per_memory"
            assert clash
            self.conn.execute("ROLLBACK TO attempt")
        else:
            assert not clash
            self.taken = wanted

    @rule(memory=memories, places=st.lists(st.tuples(ordinals, times), min_size=1, max_size=4))
    def insert(self, memory: int, places: list[tuple[int, str]]) -> None:
        new = [(memory, ordinal) for ordinal, _ in places]
        self.attempt(
            f"INSERT INTO {EVENT} (memory_id, agent_id, action, target, ordinal, \"timestamp\")"
            f" SELECT r.memory_id, r.agent_id, 'see', 'it', p.ordinal, p.at FROM {RAW} AS r,"
            " unnest(%s::int[], %s::timestamptz[]) AS p (ordinal, at) WHERE r.memory_id = %s",
            [[place[0] for place in places], [place[1] for place in places], self.ids[memory]],
            self.taken | set(new), len(set(new)) < len(new) or bool(self.taken & set(new)),
        )  # fmt: skip

    @rule(memory=memories, ordinal=st.one_of(st.none(), ordinals))
    def record(self, memory: int, ordinal: int | None) -> None:
        if ordinal is not None and (memory, ordinal) in self.taken:
            with pytest.raises(errors.UniqueViolation), self.conn.transaction():
                record(self.conn, self.ids[memory], "do", "otherwise", ordinal=ordinal)
            return
        record(self.conn, self.ids[memory], ordinal=ordinal)
        last = max((o for m, o in self.taken if m == memory), default=0)
        self.taken.add((memory, ordinal or last + 1))

    @rule(memory=memories, by=st.integers(-2, 2), at=st.one_of(st.none(), times))
    def shift(self, memory: int, by: int, at: str | None) -> None:
        mine = {place for place in self.taken if place[0] == memory}
        if any(ordinal + by < 1 for _, ordinal in mine):
            return
        self.attempt(
            f"UPDATE {EVENT} SET ordinal = ordinal + %s, \"timestamp\" = coalesce(%s, \"timestamp\")"
            " WHERE memory_id = %s",
            [by, at, self.ids[memory]], self.taken - mine | {(m, o + by) for m, o in mine}, False,
        )  # fmt: skip

    @rule(from_memory=memories, ordinal=ordinals, to_memory=memories, new=ordinals)
    def move(self, from_memory: int, ordinal: int, to_memory: int, new: int) -> None:
        old, place = (from_memory, ordinal), (to_memory, new)
        there = old in self.taken
        self.attempt(
            f"UPDATE {EVENT} SET memory_id = %s, ordinal = %s WHERE memory_id = %s AND ordinal = %s",
            [self.ids[to_memory], new, self.ids[from_memory], ordinal],
            self.taken - {old} | {place} if there else self.taken,
            there and place != old and place in self.taken,
        )

    @rule(memory=memories, ordinal=ordinals)
    def delete(self, memory: int, ordinal: int) -> None:
        self.attempt(
            f"DELETE FROM {EVENT} WHERE memory_id = %s AND ordinal >= %s", [self.ids[memory], ordinal],
            {(m, o) for m, o in self.taken if m != memory or o < ordinal}, False,
        )  # fmt: skip

    @rule(memory=memories)
    def delete_memory(self, memory: int) -> None:
        gone = {place for place in self.taken if place[0] == memory}
        assert call(self.conn, "delete_raw_memory", self.ids[memory]) == len(gone)
        self.taken -= gone
        self.ids[memory] = remember(self.conn, f"memory {memory}", "coder")

    @rule()
    def rest(self) -> None:
        self.conn.execute(f"TRUNCATE {EVENT}".encode())
        self.taken = set()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "taken"):
            return
        found = keys(self.conn)
        assert found == places(self.conn)
        assert {(self.ids.index(row[0]), row[1]) for row in found} == self.taken
        assert len([text for text in indexed(self.conn) if text.startswith("memory")]) == len(MEMORIES)

    def teardown(self) -> None:
        self.conn.execute("ROLLBACK TO example")


def test_places_are_those_of_the_events_that_are_there(tx: psycopg.Connection[Any]) -> None:
    machine = type("PlacesOfThisTest", (Places,), {"conn": tx})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
