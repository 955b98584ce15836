"""recall() ranks as a plain program does that follows its description step by step."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.memory.notes import recall, use_model

Connection = psycopg.Connection[Any]

# no stop words, and each its own stem
WORDS = ["tide", "boat", "cake", "moon", "sun", "rope", "ship", "sail", "fog", "kelp", "oar", "foam"]
SHARES = {0: 1.0, -1: 0.3, 1: 0.3, -2: 0.15, 2: 0.15}
K1, B = 0.9, 0.4


@dataclass
class Entry:
    id: int
    session: str | None
    place: int
    words: list[str]
    vector: list[float] | None


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / math.dist(one, [0, 0]) / math.dist(other, [0, 0])


def half(dice: random.Random) -> list[float]:
    """A vector that half precision holds exactly."""
    return [dice.randint(-1023, 1023) / 1024, dice.randint(1, 1023) / 1024]


class Reference:
    """The ranking, over lists."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = {e.id: e for e in entries}
        self.average = sum(len(e.words) for e in entries) / len(entries)
        self.sessions: dict[str, list[int]] = {}
        for e in sorted(entries, key=lambda e: (e.place, e.id)):
            if e.session is not None:
                self.sessions.setdefault(e.session, []).append(e.id)

    def idf(self, word: str) -> float:
        n = sum(word in e.words for e in self.entries.values())
        return math.log(1 + (len(self.entries) - n + 0.5) / (n + 0.5)) if n else 0

    def around(self, entry: int, reach: int) -> dict[int, int]:
        """step -> id, of the session."""
        session = self.entries[entry].session
        if session is None:
            return {0: entry}
        ids = self.sessions[session]
        at = ids.index(entry)
        return {step: ids[at + step] for step in range(-reach, reach + 1) if 0 <= at + step < len(ids)}

    def candidates(self, question: list[str], vector: list[float] | None, limit: int) -> dict[int, bool]:
        """Each with whether the entry before it came with it."""
        many = max(16, limit)

        def by_words(e: Entry) -> float:
            damping = 1 + K1 * (1 - B + B * len(e.words) / self.average)
            return sum(self.idf(w) for w in set(question) if w in e.words) / damping

        found = [e for e in self.entries.values() if any(w in e.words for w in question)]
        seeds = {e.id for e in sorted(found, key=lambda e: (-by_words(e), e.id))[:many]}
        if vector is not None:
            near = [e for e in self.entries.values() if e.vector is not None]
            seeds |= {e.id for e in sorted(near, key=lambda e: (-cosine(e.vector or [], vector), e.id))[:many]}
        if len(seeds) < limit:
            seeds |= set(sorted(self.entries, reverse=True)[:many])
        pool: dict[int, bool] = {}
        for seed in seeds:
            for step, id_ in self.around(seed, 2).items():
                pool[id_] = pool.get(id_, False) or step > -2
        return pool

    def window(self, id_: int, pool: dict[int, bool]) -> dict[int, int]:
        """step -> id, as far as the candidates hang together."""
        near, window = self.around(id_, 2), {0: id_}
        for step in (-1, -2):
            if step in near and step + 1 in window and near[step] in pool and pool[window[step + 1]]:
                window[step] = near[step]
        for step in (1, 2):
            if step in near and step - 1 in window and near[step] in pool and pool[near[step]]:
                window[step] = near[step]
        return window

    def rank(self, question: list[str], vector: list[float] | None, limit: int) -> list[tuple[int, float]]:
        pool = self.candidates(question, vector, limit)
        words: dict[int, float] = {}
        meaning: dict[int, float] = {}
        known = [w for w in set(question) if self.idf(w)]
        for id_ in pool:
            window = self.window(id_, pool)
            length = sum(SHARES[s] * len(self.entries[o].words) for s, o in window.items()) / sum(
                SHARES[s] for s in window
            )
            damping = K1 * (1 - B + B * length / self.average)
            words[id_] = 0.0
            for word in known:
                amount = sum(SHARES[s] * self.entries[o].words.count(word) for s, o in window.items())
                words[id_] += self.idf(word) * amount / (amount + damping)
            shares = {s: o for s, o in window.items() if self.entries[o].vector is not None}
            meaning[id_] = 0.0
            if vector is not None and shares:
                total = sum(SHARES[s] * cosine(self.entries[o].vector or [], vector) for s, o in shares.items())
                meaning[id_] = max(0.0, total / sum(SHARES[s] for s in shares))
        lexical = 1.0 if vector is None else 0.5 if known else 0.0
        score = {
            id_: lexical * words[id_] / (max(words.values()) or 1)
            + (1 - lexical) * meaning[id_] / (max(meaning.values()) or 1)
            for id_ in pool
        }
        return sorted(score.items(), key=lambda item: (-round(item[1], 9), -item[0]))[:limit]


@pytest.mark.parametrize("with_vectors", [False, True])
@given(seed=st.integers(0, 10**9), limit=st.sampled_from([1, 3, 10, 40]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_recall_ranks_as_the_reference(notes: Connection, with_vectors: bool, seed: int, limit: int) -> None:
    dice = random.Random(seed)
    with notes.transaction(force_rollback=True):
        places: dict[str | None, int] = {}
        rows = []
        for _ in range(dice.randint(1, 90)):
            session = dice.choice([None, "a", "b", "c"])
            places[session] = places.get(session, 0) + dice.choice([1, 1, 7, 1000])
            count = dice.choice([1, 2, 3, 8, 20])
            rows.append(
                {
                    "session": session,
                    "place": places[session],
                    "words": [WORDS[min(int(dice.expovariate(0.35)), len(WORDS) - 1)] for _ in range(count)],
                    "vector": half(dice) if dice.random() < 0.8 else None,
                }
            )
        notes.execute(
            "INSERT INTO notes (agent, session, place, body)"
            " SELECT 'nova', r ->> 'session', (r ->> 'place')::integer,"
            " (SELECT string_agg(w, ' ') FROM jsonb_array_elements_text(r -> 'words') AS w)"
            " FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS x (r, n) ORDER BY n",
            [json.dumps(rows)],
        )
        # ties are in the order of entries, which a load does not make in that of its rows
        ids = dict(
            notes.execute("SELECT row_id, id FROM agentry_memory.memory_entries ORDER BY row_id::bigint").fetchall()
        )
        entries = [Entry(id_, **row) for id_, row in zip(ids.values(), rows, strict=True)]
        vector = None
        if with_vectors:
            model = use_model(notes, 2, index="none")
            vector = half(dice)
            notes.execute(
                "SELECT agentry_memory._store_vector(e.org_id, e.id, %s, v.vector::text::vector)"
                " FROM jsonb_to_recordset(%s::jsonb) AS v (id text, vector jsonb)"
                " JOIN agentry_memory.memory_entries AS e ON e.id::text = v.id",
                [model, json.dumps([{"id": str(e.id), "vector": e.vector} for e in entries if e.vector])],
            )
        else:
            for e in entries:
                e.vector = None
        question = [dice.choice([*WORDS, "nothing"]) for _ in range(dice.randint(0, 6))]
        expected = Reference(entries).rank(question, vector, limit)
        given_ = recall(notes, " ".join(question), embedding=vector, limit=limit)
        assert [(ids[r["id"]], pytest.approx(r["score"], abs=1e-5)) for r in given_] == expected
