"""The queue of embeddings against the model of a queue, while texts change and go."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from psycopg import errors

from tests.chat.support import Connection, rows, set_setting, value
from tests.memory.embedding_support import (
    DIMENSIONS,
    MODEL,
    OTHER,
    call,
    change,
    claim,
    complete,
    embed,
    entry_of,
    one,
    prepare,
    use,
)
from tests.property.queue_machine import MAX_ATTEMPTS, Queue, Thing, drive, seconds, which_token

texts = st.sampled_from(["a cat", "a dog", "two cats"])


class Embeddings(Queue):
    """Things are entries, which leave the queue when they have their embedding; places are models.  Every claim has a
    token of its own, also of an entry that was in the queue before."""

    places = (MODEL, OTHER)
    held = "claimed"
    over = ("dead",)
    outcomes = ("embedded", "failed")
    not_there = errors.ObjectNotInPrerequisiteState
    ids: ClassVar[dict[int, str]]  # names of models

    def set_up(self) -> None:
        self.texts: dict[int, str] = {}
        self.vectors: dict[tuple[int, str], str] = {}
        self.given_before: set[int] = set()
        self.old: dict[tuple[int, str], list[int]] = {}  # tokens of claims that ended with an embedding
        for text in ("a cat", "a dog"):
            self.put(text, 5)

    # -- what a queue says

    def take(self, place: str, limit: int, lease: timedelta) -> list[dict[str, Any]]:
        return claim(self.conn, model=place, limit=limit, lease=lease)

    def taken(self, thing: Thing, row: dict[str, Any]) -> int:
        assert (row["entry_id"], row["content"], row["attempts"], row["model"], row["source"]) == (
            thing.id, self.texts[thing.id], thing.attempts, thing.place, "notes")
        token: int = row["token"]
        assert token not in self.given_before
        self.given_before.add(token)
        return token

    def tell(self, thing: Thing, outcome: str, token: int | None, error: str | None) -> str:
        if outcome == "embedded":
            text = self.texts.get(thing.id, "")
            vector = embed(text, DIMENSIONS[thing.place])
            assert complete(self.conn, [{"entry_id": thing.id, "token": token, "embedding": vector}]) == 1
            return "embedded"
        return str(one(self.conn, "fail_embedding", entry_id=thing.id, error=error, token=token, model=thing.place))

    def prolong(self, thing: Thing, lease: timedelta, token: int | None) -> datetime:
        (row,) = call(self.conn, "extend_embeddings", claims=[{"entry_id": thing.id, "token": token}], lease=lease)
        found: datetime = row["lease_until"]
        return found

    def give_back(self, thing: Thing, token: int | None) -> None:
        assert one(self.conn, "release_embeddings", claims=[{"entry_id": thing.id, "token": token}]) == 1

    def revive(self, thing: Thing) -> None:
        one(self.conn, "requeue_embedding", entry_id=thing.id, model=thing.place)

    def tell_elsewhere(self, thing: Thing, place: str) -> None:
        one(self.conn, "fail_embedding", entry_id=thing.id, error=None, token=self.given(thing, "last"), model=place)

    def stored(self) -> list[tuple[Any, ...]]:
        found = rows(
            self.conn,
            "SELECT q.entry_id, m.name, q.status, q.attempts, q.uncounted, q.lease_until, q.available_at, NULL, q.error"
            " FROM agentry_memory.embedding_queue AS q JOIN agentry_memory.embedding_models AS m USING (model_id)"
            ' ORDER BY q.entry_id, m.name COLLATE "C"',
        )
        return [tuple(row.values()) for row in found]

    def due_again(self, thing: Thing) -> datetime:
        query = ("SELECT q.available_at FROM agentry_memory.embedding_queue AS q"
                 " JOIN agentry_memory.embedding_models AS m USING (model_id) WHERE q.entry_id = %s AND m.name = %s")
        found: datetime = value(self.conn, query, thing.id, thing.place)
        return found

    def verdict(self, thing: Thing, outcome: str, token: int | None) -> type[psycopg.Error] | None:
        if token is None:
            return errors.InvalidParameterValue
        return super().verdict(thing, outcome, token)

    def refusal(self, token: int | None) -> type[psycopg.Error]:
        return errors.InvalidParameterValue if token is None else errors.ObjectNotInPrerequisiteState

    def settled(self, thing: Thing, outcome: str) -> None:
        thing.status = outcome
        self.things = [t for t in self.things if t is not thing]
        self.vectors[thing.id, thing.place] = self.texts[thing.id]
        self.old.setdefault((thing.id, thing.place), []).extend(thing.tokens)

    def given(self, thing: Thing, which: str) -> int | None:
        before = self.old.get((thing.id, thing.place))
        if which == "older" and before:
            return before[-1]
        return super().given(thing, which)

    # -- rules of texts

    def put(self, text: str, priority: int) -> None:
        note = value(self.conn, "INSERT INTO public.notes (agent, body) VALUES ('nova', %s) RETURNING id", text)
        entry = entry_of(self.conn, note)
        self.conn.execute("UPDATE agentry_memory.embedding_queue SET priority = %s WHERE entry_id = %s",
                          [priority, entry])
        self.texts[entry] = text
        self.things += [Thing(entry, model, priority, self.start) for model in self.places]

    @rule(text=texts, priority=st.integers(4, 6))
    def write(self, text: str, priority: int) -> None:
        self.put(text, priority)

    @precondition(lambda self: self.texts)
    @rule(data=st.data(), text=texts)
    def change(self, data: st.DataObject, text: str) -> None:
        entry = data.draw(st.sampled_from(sorted(self.texts)), label="entry")
        change(self.conn, entry, text)
        if text == self.texts[entry]:
            return
        self.texts[entry] = text
        for model in self.places:
            self.vectors.pop((entry, model), None)
            waiting = [t for t in self.things if (t.id, t.place) == (entry, model)]
            if not waiting:
                self.things.append(Thing(entry, model, 5, self.start))
            for t in waiting:
                t.status, t.lease_until, t.error, t.available_at = "pending", None, None, self.start
                t.attempts += 1
                t.uncounted = t.attempts

    @precondition(lambda self: len(self.texts) > 2)
    @rule(data=st.data(), which=which_token, lease=seconds)
    def erase(self, data: st.DataObject, which: str, lease: int) -> None:
        entry = data.draw(st.sampled_from(sorted(self.texts)), label="entry")
        gone = [t for t in self.things if t.id == entry]
        self.conn.execute("DELETE FROM public.notes AS n USING agentry_memory.memory_entries AS e"
                          " WHERE e.id = %s AND n.org_id = e.org_id AND n.id::text = e.row_id", [entry])
        del self.texts[entry]
        self.vectors = {key: text for key, text in self.vectors.items() if key[0] != entry}
        self.things = [t for t in self.things if t.id != entry]
        for t in gone:
            token = self.given(t, which)
            wanted = errors.InvalidParameterValue if token is None else errors.UndefinedObject
            for attempt in ((self.tell, t, "embedded", token, None), (self.tell, t, "failed", token, None),
                            (self.prolong, t, timedelta(seconds=lease), token), (self.give_back, t, token)):
                self.refuses(wanted, *attempt)

    @precondition(lambda self: self.old)
    @rule(data=st.data(), outcome=st.sampled_from(["embedded", "failed"]))
    def come_too_late(self, data: st.DataObject, outcome: str) -> None:
        """With the token of a claim that somebody has settled, whatever happened to the entry since."""
        (entry, model), tokens = data.draw(st.sampled_from(sorted(self.old.items())), label="claim")
        wanted = errors.ObjectNotInPrerequisiteState if entry in self.texts else errors.UndefinedObject
        late = Thing(entry, model, 5, self.start)
        self.refuses(wanted, self.tell, late, outcome, data.draw(st.sampled_from(tokens), label="token"), None)

    # -- what always holds

    @invariant()
    def vectors_are_those_of_the_texts(self) -> None:
        query = "SELECT entry_id, model_id, embedding::text AS embedding FROM agentry_memory.memory_vectors"
        found = rows(self.conn, query)
        assert {(r["entry_id"], self.ids[r["model_id"]]): json.loads(r["embedding"]) for r in found} == {
            (entry, model): embed(text, DIMENSIONS[model]) for (entry, model), text in self.vectors.items()}

    @invariant()
    def every_entry_has_its_embedding_or_waits_for_it(self) -> None:
        assert {*self.vectors, *((t.id, t.place) for t in self.things)} == {
            (entry, model) for entry in self.texts for model in self.places}


def test_the_queue_of_embeddings_does_what_the_model_does(tx: Connection) -> None:
    prepare(tx, "nova")
    set_setting(tx, "memory.max_attempts", MAX_ATTEMPTS)
    for model in Embeddings.places:
        use(tx, model)
    Embeddings.ids = {r["model_id"]: r["name"] for r in rows(tx, "SELECT * FROM agentry_memory.embedding_models")}
    drive(Embeddings, tx)
