"""Views and consolidations against a model in Python, whatever is said, taken back, consolidated, undone and deleted:
counts are those of the links, confidence is the formula, and no memory is ever lost but by whoever deletes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from psycopg import errors

from tests.memory.insight_support import add, consolidate, derive, reject, several, undo, verdict, view, withdraw
from tests.memory.memories_support import Connection, call, link, rows

WEIGHTS = st.sampled_from([0.0, 0.25, 0.5, 1.0])
INITIAL = st.sampled_from([0.0, 0.35, 0.5, 1.0])


@dataclass
class View:
    """What the model knows of a view: the weight of each link to it, by memory and whether it supports."""

    id: UUID
    initial: float
    links: dict[tuple[UUID, bool], float] = field(default_factory=dict)
    active: bool = True


@dataclass
class Made:
    """What the model knows of a consolidation."""

    id: UUID
    sources: set[UUID]
    took: set[UUID]  # those that it archived
    stands: bool = True


class Insight(RuleBasedStateMachine):
    conn: Connection

    def __init__(self) -> None:
        super().__init__()
        self.conn.execute("SAVEPOINT machine")
        self.memories: dict[UUID, bool] = dict.fromkeys(several(self.conn, 4), False)  # whether archived
        self.views: list[View] = []
        self.made: list[Made] = []

    def teardown(self) -> None:
        self.conn.execute("ROLLBACK TO machine")

    # -- views

    @rule(data=st.data(), initial=INITIAL)
    def derive(self, data: st.DataObject, initial: float) -> None:
        evidence = data.draw(st.lists(st.sampled_from(sorted(self.memories)), max_size=3)) if self.memories else []
        found = derive(self.conn, evidence=evidence, confidence=initial, source="user")
        self.views.append(View(found, initial, {(one, True): 1.0 for one in evidence}))

    @precondition(lambda self: self.views and self.memories)
    @rule(data=st.data(), supports=st.booleans(), weight=WEIGHTS)
    def add(self, data: st.DataObject, supports: bool, weight: float) -> None:
        found, memory = self._pair(data)
        try:
            with self.conn.transaction():
                new = add(self.conn, found.id, memory, supports, weight=weight)
        except errors.ObjectNotInPrerequisiteState:
            assert not found.active
            return
        assert found.active
        assert new == ((memory, supports) not in found.links)
        found.links.pop((memory, not supports), None)
        found.links[memory, supports] = weight

    @precondition(lambda self: self.views and self.memories)
    @rule(data=st.data(), supports=st.booleans(), weight=WEIGHTS)
    def link(self, data: st.DataObject, supports: bool, weight: float) -> None:
        """As anybody may, whatever the status; both may be said."""
        found, memory = self._pair(data)
        link(self.conn, memory, "supports" if supports else "contradicts", found.id, to_kind="view", weight=weight)
        found.links[memory, supports] = weight

    @precondition(lambda self: self.views and self.memories)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        found, memory = self._pair(data)
        gone = [found.links.pop((memory, supports), None) is not None for supports in (True, False)]
        assert withdraw(self.conn, found.id, memory) == any(gone)

    @precondition(lambda self: self.views)
    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        found = data.draw(st.sampled_from(self.views))
        reject(self.conn, found.id)
        found.active = False

    def _pair(self, data: st.DataObject) -> tuple[View, UUID]:
        return data.draw(st.sampled_from(self.views)), data.draw(st.sampled_from(sorted(self.memories)))

    # -- consolidations

    @precondition(lambda self: len(self.memories) > 1)
    @rule(data=st.data(), keep=st.booleans(), kind=st.sampled_from(["merge", "summarize", "abstract"]))
    def consolidate(self, data: st.DataObject, keep: bool, kind: str) -> None:
        chosen = data.draw(st.sets(st.sampled_from(sorted(self.memories)), min_size=2, max_size=4))
        try:
            with self.conn.transaction():
                found = consolidate(self.conn, sorted(chosen), consolidation_type=kind, keep=keep)
        except errors.ObjectNotInPrerequisiteState:
            assert any(self.memories[one] for one in chosen)
            return
        assert not any(self.memories[one] for one in chosen)
        for one in chosen:
            self.memories[one] = not keep
        self.memories[found] = False
        self.made.append(Made(found, chosen, set() if keep else set(chosen)))

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        found = data.draw(st.sampled_from(self.made))
        assert undo(self.conn, found.id) == (len(found.took & self.memories.keys()) if found.stands else 0)
        if found.stands:
            self._bring_back(found)
            self.memories[found.id] = True

    @precondition(lambda self: self.memories)
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(sorted(self.memories)))
        call(self.conn, "forget_memory", id=gone)
        del self.memories[gone]
        for found in self.views:
            for supports in (True, False):
                found.links.pop((gone, supports), None)
        for made in [one for one in self.made if one.id == gone]:
            if made.stands:
                self._bring_back(made)
            self.made.remove(made)

    def _bring_back(self, made: Made) -> None:
        for one in made.took & self.memories.keys():
            self.memories[one] = False
        made.stands = False
        made.took = set()

    # -- what always holds

    @invariant()
    def views_are_counted(self) -> None:
        for found in self.views:
            row = view(self.conn, found.id)
            weights = {s: sum(w for (_, one), w in found.links.items() if one == s) for s in (True, False)}
            number = {s: sum(one == s for _, one in found.links) for s in (True, False)}
            assert (row["evidence_count"], row["counter_evidence_count"]) == (number[True], number[False])
            wanted = (weights[True] + 2 * found.initial) / (sum(weights.values()) + 2)
            assert row["confidence"] == pytest.approx(wanted, abs=1e-5)
            told = verdict(self.conn, found.id, "31 days")
            assert told["verdict"] != "promote", "nobody has validated it"
            rejected = found.active and row["expires_at"] is not None and weights[False] > 0.3 * weights[True]
            assert told["verdict"] == "wait", "30 days are over"
            assert verdict(self.conn, found.id)["verdict"] == ("reject" if rejected else "wait")

    @invariant()
    def memories_are_there(self) -> None:
        found = rows(
            self.conn, "SELECT id, archived_at IS NOT NULL AS archived, text FROM agentry_memory.agent_memories"
        )
        assert {row["id"]: row["archived"] for row in found} == self.memories
        assert all(row["text"] for row in found)
        entries = rows(self.conn, "SELECT e.row_id FROM agentry_memory.memory_entries AS e"
                                  " JOIN agentry_memory.memory_sources AS s USING (source_id) WHERE s.name = 'memory'")
        assert {row["row_id"] for row in entries} == {str(one) for one, gone in self.memories.items() if not gone}

    @invariant()
    def consolidations_are_there(self) -> None:
        found = rows(self.conn, "SELECT consolidated_memory_id AS id, undone_at IS NULL AS stands"
                                " FROM agentry_memory.memory_consolidations")  # fmt: skip
        assert {row["id"]: row["stands"] for row in found} == {one.id: one.stands for one in self.made}


def test_views_and_consolidations_are_as_the_model_says(tx: psycopg.Connection[Any]) -> None:
    tx.execute("SELECT agentry.register_agent('nova')")

    class Machine(Insight):
        conn = tx

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(max_examples=25, stateful_step_count=20, deadline=None,
                          suppress_health_check=list(HealthCheck)),
    )  # fmt: skip
