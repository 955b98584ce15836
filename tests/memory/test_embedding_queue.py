"""The queue of embeddings: claimed by workers, completed, failed, prolonged, given back; and what a change, a deletion
or forgetting does to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import errors

from tests.chat.support import Connection, advance, fake_clock, refused, rows, set_setting, value
from tests.harness.database import Database, wait_for_lock
from tests.memory.embedding_support import (
    MODEL,
    OTHER,
    call,
    change,
    claim,
    complete,
    done,
    embed,
    embed_all,
    entry_of,
    model_id,
    one,
    prepare,
    queue,
    state,
    tokens,
    use,
    vectors,
    write,
)


@pytest.fixture
def memory(tx: Connection) -> Connection:
    """Agents nova and coder, their notes, the model tiny in use, wide registered, and a clock that tests move."""
    prepare(tx)
    use(tx)
    fake_clock(tx)
    return tx


@pytest.fixture
def shop(db: Database) -> Database:
    """The same but for the clock, for tests that commit."""
    prepare(db.admin)
    use(db.admin)
    return db


def stale(conn: Connection, batch: Any, message: str, detail: str | None = None, hint: str | None = None) -> None:
    """None of what takes a claim takes this one, and nothing is changed."""
    before = state(conn)
    for function, claims, more in (
        ("complete_embeddings", [{**b, "embedding": [1, 2, 3]} for b in batch], {}),
        ("fail_embeddings", [{**b, "error": "no"} for b in batch], {}),
        ("extend_embeddings", batch, {}),
        ("release_embeddings", batch, {}),
    ):
        argument = {"complete_embeddings": "batch", "fail_embeddings": "failures"}.get(function, "claims")
        with refused(conn, errors.ObjectNotInPrerequisiteState, message, detail, hint):
            call(conn, function, **{argument: claims}, **more)
        assert state(conn) == before


# -- claiming ---------------------------------------------------------------------------------------------------------


def test_a_claim_gives_texts_with_tokens_by_priority_then_oldest_first(memory: Connection) -> None:
    entries = write(memory, "one", "two", "three", "four")
    memory.execute("UPDATE agentry_memory.embedding_queue SET priority = 1 WHERE entry_id = %s", [entries[2]])
    found = claim(memory, limit=3)
    assert [(c["entry_id"], c["content"], c["attempts"]) for c in found] == [
        (entries[2], "three", 1), (entries[0], "one", 1), (entries[1], "two", 1)]
    assert {(c["source"], c["model"]) for c in found} == {("notes", MODEL)}
    assert len({c["token"] for c in found}) == 3
    first = found[1]
    assert rows(memory, "SELECT row_id, content_hash FROM agentry_memory.memory_entries WHERE id = %s", entries[0]) == [
        {"row_id": first["id"], "content_hash": first["content_hash"]}]
    assert value(memory, "SELECT agentry_memory.fetch_source(%s, %s) ->> 'body'", first["source"], first["id"]) == "one"
    assert [c["content"] for c in claim(memory)] == ["four"]
    assert claim(memory) == []


def test_a_lease_that_ran_out_is_claimed_again_with_another_token(memory: Connection) -> None:
    write(memory, "one")
    (first,) = claim(memory, lease="1 minute")
    advance(memory, "59 seconds")
    assert claim(memory) == []
    advance(memory, "1 second")
    (second,) = claim(memory)
    assert (second["attempts"], second["token"] > first["token"]) == (2, True)
    stale(memory, tokens([first]), f"object 1 of the batch: entry {first['entry_id']} was claimed again since",
          f"token: {first['token']}, which is not that of the last claim; it is claimed", "give the entry up")
    assert complete(memory, done([second])) == 1


def test_a_holder_whose_lease_ran_out_may_go_on_until_somebody_claims(memory: Connection) -> None:
    write(memory, "one")
    claims = claim(memory, lease="1 minute")
    advance(memory, "1 day")
    assert complete(memory, done(claims)) == 1


def test_what_was_tried_too_often_is_given_up(memory: Connection) -> None:
    set_setting(memory, "memory.max_attempts", 2)
    (entry,) = write(memory, "one")
    for _ in range(2):
        assert len(claim(memory, lease="1 minute")) == 1
        advance(memory, "1 minute")
    assert claim(memory) == []
    found = queue(memory)[entry]
    assert (found["status"], found["error"], found["attempts"]) == ("dead", "the lease ran out", 2)


@pytest.mark.parametrize(("more", "message"), [
    ({"limit": 0}, "limit is out of range"), ({"limit": 1001}, "limit is out of range"),
    ({"limit": None}, "limit is out of range"), ({"lease": "999 milliseconds"}, "lease is out of range"),
    ({"lease": "25 hours"}, "lease is out of range"), ({"lease": None}, "lease is out of range")])
def test_a_claim_is_within_bounds(memory: Connection, more: dict[str, Any], message: str) -> None:
    write(memory, "one")
    before = state(memory)
    with refused(memory, errors.InvalidParameterValue, message, "got: "):
        claim(memory, **more)
    assert state(memory) == before


def test_each_model_has_its_own_queue(memory: Connection) -> None:
    use(memory, OTHER)
    entries = write(memory, "one", "two")
    by_default, by_name = claim(memory), claim(memory, model=OTHER)
    assert [c["entry_id"] for c in by_default] == [c["entry_id"] for c in by_name] == entries
    assert complete(memory, done([*by_default, *by_name])) == 4  # a token knows its model
    assert vectors(memory) == {e: embed(t, 3) for e, t in zip(entries, ("one", "two"), strict=True)}
    assert vectors(memory, OTHER) == {e: embed(t, 5) for e, t in zip(entries, ("one", "two"), strict=True)}


def test_two_workers_at_once_never_get_the_same(shop: Database) -> None:
    entries = write(shop.admin, *"abcdefgh")
    one_worker, other = shop.connect(autocommit=False), shop.connect(autocommit=False)
    first, second = claim(one_worker, limit=3), claim(other, limit=3)
    rest = claim(shop.admin)
    got = [c["entry_id"] for c in [*first, *second, *rest]]
    assert sorted(got) == entries
    assert len({c["token"] for c in [*first, *second, *rest]}) == len(entries)
    other.rollback()
    assert [c["entry_id"] for c in claim(shop.admin)] == [c["entry_id"] for c in second]


# -- completing -------------------------------------------------------------------------------------------------------


def test_embeddings_are_kept_and_their_entries_wait_no_longer(memory: Connection) -> None:
    first, second, third = write(memory, "one", "two", "three")
    claims = claim(memory)
    batch = [
        {"entry_id": c["entry_id"], "token": c["token"], "embedding": e}
        for c, e in zip(claims, ([0.5, -2, 1e-3], "[0.25, 1e2,-3]", [1, 0, 0]), strict=True)]
    assert complete(memory, [batch[2], batch[0]]) == 2
    assert complete(memory, [{**batch[1], "entry_id": str(second)}], model=MODEL) == 1
    assert vectors(memory) == {first: [0.5, -2, pytest.approx(1e-3, rel=1e-3)], second: [0.25, 100, -3],
                               third: [1, 0, 0]}
    assert queue(memory) == {}
    assert rows(memory, "SELECT FROM agentry_memory.memory_vectors AS v JOIN agentry_memory.memory_entries AS e"
                        " ON e.id = v.entry_id WHERE v.owner_id = e.owner_id AND v.content_hash = e.content_hash"
                ) == [{}, {}, {}]
    assert complete(memory, []) == 0


@pytest.mark.parametrize(("embedding", "error", "message", "detail", "hint"), [
    ([1, 2], errors.InvalidParameterValue, "an embedding by tiny has 3 dimensions", "This one has 2.", "another one"),
    ([1, 2, 3, 4], errors.InvalidParameterValue, "an embedding by tiny has 3 dimensions", "This one has 4.", None),
    (None, errors.InvalidParameterValue, "an embedding by tiny has 3 dimensions", "None is given.", None),
    ([0, 0, 0], errors.InvalidParameterValue, "the embedding is zero", "Its length is 0.", "fail_embedding"),
    ("[0,-0,0]", errors.InvalidParameterValue, "the embedding is zero", None, None),
    ([1e-9, 0, 0], errors.InvalidParameterValue, "the embedding is zero in half precision", None, "Divide it"),
    ([70000, 0, 0], errors.NumericValueOutOfRange, "the embedding has values too large for half precision",
     "out of range for type halfvec", "Divide it by its length"),
    ("[NaN,1,1]", errors.InvalidParameterValue, "the embedding is no vector", "NaN not allowed", "finite numbers"),
    ("[Infinity,1,1]", errors.InvalidParameterValue, "the embedding is no vector", "infinite value", None),
    ("[1e40,1,1]", errors.InvalidParameterValue, "the embedding is no vector", "out of range", None),
    ([1, "NaN", 1], errors.InvalidParameterValue, "the embedding is no vector", "invalid input syntax", None),
    ([1, None, 1], errors.InvalidParameterValue, "the embedding is no vector", "invalid input syntax", None),
    ([[1], 1, 1], errors.InvalidParameterValue, "the embedding is no vector", "invalid input syntax", None),
    ([], errors.InvalidParameterValue, "the embedding is no vector", None, None),
    ("", errors.InvalidParameterValue, "the embedding is no vector", None, None),
    (5, errors.InvalidParameterValue, "the embedding is no vector", None, None),
    ({"a": 1}, errors.InvalidParameterValue, "the embedding is no vector", None, None),
    ([0.5] * 17000, errors.InvalidParameterValue, "the embedding is no vector", "16000 dimensions", None),
])
def test_what_is_no_sound_embedding_is_named_and_nothing_is_kept(
    memory: Connection, embedding: Any, error: type[Exception], message: str, detail: str | None, hint: str | None
) -> None:
    write(memory, "one", "two", "three")
    batch = done(claim(memory))
    batch[1]["embedding"] = embedding
    before = state(memory)
    with refused(memory, error, f"object 2 of the batch: {message}", detail, hint):  # type: ignore[arg-type]
        complete(memory, batch)
    assert state(memory) == before
    batch[1]["embedding"] = [1, 1, 1]
    assert complete(memory, batch) == 3


@pytest.mark.parametrize(("batch", "message", "detail"), [
    ({}, "a batch is a JSON array of objects", "got: object"),
    ([1], "object 1 of the batch is not right", "it is a JSON number"),
    ([{"entry_id": 1, "token": 1}], "object 1 of the batch is not right", "missing: embedding"),
    ([{"entry_id": 1, "token": 1, "embedding": [1], "x": 1}], "object 1 of the batch is not right", "unknown: x"),
    ([{"entry_id": "x", "token": 1, "embedding": [1]}], "object 1 of the batch: entry or token is no number",
     "entry_id: 'x', token: '1'"),
    ([{"entry_id": 1, "token": None, "embedding": [1]}], "object 1 of the batch: entry or token is no number",
     "token: NULL"),
    ([{"entry_id": 1.5, "token": -1, "embedding": [1]}], "object 1 of the batch: entry or token is no number", None),
])
def test_a_batch_is_an_array_of_objects(memory: Connection, batch: Any, message: str, detail: str | None) -> None:
    with refused(memory, errors.InvalidParameterValue, message, detail):
        value(memory, "SELECT agentry_memory.complete_embeddings(%s)", json.dumps(batch))


def test_all_of_a_batch_or_nothing(memory: Connection) -> None:
    write(memory, "one", "two", "three")
    first, second, third = done(claim(memory))
    complete(memory, [second])
    before = state(memory)
    with refused(memory, errors.ObjectNotInPrerequisiteState,
                 f"object 2 of the batch: entry {second['entry_id']} does not wait for an embedding",
                 hint="leave it out"):
        complete(memory, [first, second, third])
    with refused(memory, errors.InvalidParameterValue, "object 3 of the batch: this claim stands in it twice"):
        complete(memory, [first, third, first])
    with refused(memory, errors.UndefinedObject, "object 2 of the batch: entry 4711 does not exist",
                 hint="deleted since"):
        complete(memory, [third, {**first, "entry_id": 4711}])
    assert state(memory) == before
    assert complete(memory, [first, third]) == 2


def test_a_claim_is_checked_against_the_model_where_one_is_named(memory: Connection) -> None:
    use(memory, OTHER)
    (entry,) = write(memory, "one")
    (taken,) = claim(memory)
    with refused(memory, errors.ObjectNotInPrerequisiteState,
                 f"object 1 of the batch: entry {entry} was claimed again since"):
        complete(memory, done([taken]), model=OTHER)
    with refused(memory, errors.UndefinedObject, "the organisation uses no embedding model 'wider'",
                 hint="Did you mean wide?"):
        complete(memory, done([taken]), model="wider")
    with refused(memory, errors.ObjectNotInPrerequisiteState, f"entry {entry} was claimed again since"):
        one(memory, "fail_embedding", entry_id=entry, error="no", token=taken["token"], model=OTHER)
    assert len(call(memory, "extend_embeddings", claims=tokens([taken], model=MODEL))) == 1
    assert complete(memory, done([taken]), model=MODEL) == 1


def test_a_vector_is_stored_without_a_claim(memory: Connection) -> None:
    """As remember() does where an embedding is given."""
    store = "SELECT agentry_memory._store_vector(agentry.current_org_id(), %s, %s, %s::vector)"
    first, second = write(memory, "one", "two")
    claims = claim(memory, limit=1)
    value(memory, store, first, model_id(memory), "[1,2,3]")
    value(memory, store, first, model_id(memory), "[1,2,4]")
    assert vectors(memory) == {first: [1, 2, 4]}
    assert list(queue(memory)) == [second]
    stale(memory, tokens(claims), f"object 1 of the batch: entry {first} does not wait for an embedding")
    before = state(memory)
    with refused(memory, errors.UndefinedObject, "the organisation uses no embedding model 4711"):
        value(memory, store, second, 4711, "[1,2,3]")
    with refused(memory, errors.UndefinedObject, "entry 4711 does not exist"):
        value(memory, store, 4711, model_id(memory), "[1,2,3]")
    with refused(memory, errors.InvalidParameterValue, "an embedding by tiny has 3 dimensions"):
        value(memory, store, second, model_id(memory), "[1,2]")
    with refused(memory, errors.InvalidParameterValue, "the embedding is zero"):
        value(memory, store, second, model_id(memory), "[0,0,0]")
    with refused(memory, errors.NumericValueOutOfRange, "the embedding has values too large for half precision"):
        value(memory, store, second, model_id(memory), "[0,65520,0]")
    assert state(memory) == before


# -- failing, prolonging, giving back ---------------------------------------------------------------------------------


def test_a_failed_entry_waits_longer_each_time_and_is_given_up_in_the_end(memory: Connection) -> None:
    set_setting(memory, "memory.max_attempts", 3)
    (entry,) = write(memory, "one")
    for attempt, wait in ((1, 10), (2, 20)):
        (taken,) = claim(memory)
        assert taken["attempts"] == attempt
        assert one(memory, "fail_embedding", entry_id=entry, error=f"no {attempt}", token=taken["token"]) == "failed"
        due = value(memory, "SELECT extract(epoch FROM available_at - agentry._clock())"
                            " FROM agentry_memory.embedding_queue")
        assert 0.8 * wait <= due <= 1.2 * wait
        stale(memory, tokens([taken]), f"object 1 of the batch: entry {entry} is failed, and nobody holds it",
              hint="Claim it first")
        assert claim(memory) == []
        advance(memory, f"{1.2 * wait} seconds")
    (taken,) = claim(memory)
    assert one(memory, "fail_embedding", entry_id=entry, error=None, token=taken["token"]) == "dead"
    found = queue(memory)[entry]
    assert (found["status"], found["error"], found["dead_at"] is not None) == ("dead", "no 2", True)
    advance(memory, "1 day")
    assert claim(memory) == []


def test_several_fail_at_once(memory: Connection) -> None:
    entries = write(memory, "one", "two", "three")
    claims = claim(memory)
    complete(memory, done(claims[1:2]))
    before = state(memory)
    with refused(memory, errors.ObjectNotInPrerequisiteState,
                 f"object 3 of the batch: entry {entries[1]} does not wait for an embedding"):
        call(memory, "fail_embeddings", failures=tokens([claims[2], claims[0], claims[1]], error="no"))
    with refused(memory, errors.InvalidParameterValue, "object 1 of the batch is not right", "unknown: embedding"):
        call(memory, "fail_embeddings", failures=done(claims))
    assert state(memory) == before
    failed = call(memory, "fail_embeddings",
                  failures=[*tokens([claims[2]], error="bad"), *tokens([claims[0]], model=MODEL)])
    assert failed == [{"entry_id": entries[2], "status": "failed"}, {"entry_id": entries[0], "status": "failed"}]
    assert {e: (q["status"], q["error"]) for e, q in queue(memory).items()} == {
        entries[0]: ("failed", None), entries[2]: ("failed", "bad")}
    assert call(memory, "fail_embeddings", failures=[]) == []


def test_one_that_fails_alone_is_named_without_a_position(memory: Connection) -> None:
    (entry,) = write(memory, "one")
    with refused(memory, errors.InvalidParameterValue, "entry or token is no number"):
        one(memory, "fail_embedding", entry_id=entry, error="no", token=None)
    with refused(memory, errors.UndefinedObject, "entry 4711 does not exist"):
        one(memory, "fail_embedding", entry_id=4711, error="no", token=1)
    with refused(memory, errors.ObjectNotInPrerequisiteState, f"entry {entry} was claimed again since"):
        one(memory, "fail_embedding", entry_id=entry, error="no", token=4711)


def test_leases_are_prolonged_and_never_shortened(memory: Connection) -> None:
    entries = write(memory, "one", "two")
    claims = claim(memory, lease="10 minutes")
    ends = [q["lease_until"] for q in queue(memory).values()]
    found = call(memory, "extend_embeddings", claims=tokens(reversed(claims)), lease="1 minute")
    assert [(f["entry_id"], f["lease_until"]) for f in found] == [(entries[1], ends[1]), (entries[0], ends[0])]
    advance(memory, "11 minutes")
    (found,) = call(memory, "extend_embeddings", claims=tokens(claims[:1]))
    assert found["lease_until"] == value(memory, "SELECT agentry._clock() + interval '5 minutes'")
    assert [c["entry_id"] for c in claim(memory)] == entries[1:]
    for lease in ("999 milliseconds", "25 hours", None):
        with refused(memory, errors.InvalidParameterValue, "lease is out of range"):
            call(memory, "extend_embeddings", claims=tokens(claims[:1]), lease=lease)
    assert call(memory, "extend_embeddings", claims=[]) == []


def test_what_is_given_back_is_due_at_once_and_was_no_attempt(memory: Connection) -> None:
    set_setting(memory, "memory.max_attempts", 1)
    entries = write(memory, "one", "two")
    for attempt in (1, 2, 3):
        claims = claim(memory)
        assert [c["attempts"] for c in claims] == [attempt, attempt]
        assert one(memory, "release_embeddings", claims=tokens(claims)) == 2
        stale(memory, tokens(claims[1:]), f"object 1 of the batch: entry {entries[1]} is pending, and nobody holds it")
    assert one(memory, "release_embeddings", claims=[]) == 0
    (_, taken) = claim(memory)
    assert one(memory, "fail_embedding", entry_id=entries[1], error="no", token=taken["token"]) == "dead"


def test_what_was_given_up_is_made_due_again(memory: Connection) -> None:
    set_setting(memory, "memory.max_attempts", 1)
    entries = write(memory, "one", "two", "three", "four")
    claims = claim(memory, limit=3)
    call(memory, "fail_embeddings", failures=tokens(claims, error="away"))
    one(memory, "requeue_embedding", entry_id=entries[0])
    (again,) = claim(memory, limit=1)
    assert (again["entry_id"], again["attempts"]) == (entries[0], 2)
    assert complete(memory, done([again])) == 1
    assert one(memory, "requeue_embeddings") == 2
    assert one(memory, "requeue_embeddings", model=MODEL) == 0
    assert {e: (q["status"], q["error"], q["dead_at"]) for e, q in queue(memory).items()} == {
        entries[1]: ("pending", "away", None), entries[2]: ("pending", "away", None),
        entries[3]: ("pending", None, None)}
    for entry, said in ((entries[0], "embedded"), (entries[1], "pending")):
        with refused(memory, errors.ObjectNotInPrerequisiteState, f"entry {entry} is not given up for model {MODEL}",
                     f"It is {said}."):
            one(memory, "requeue_embedding", entry_id=entry)
    with refused(memory, errors.UndefinedObject, "entry 4711 does not exist"):
        one(memory, "requeue_embedding", entry_id=4711)
    assert embed_all(memory) == 3


# -- a text that changes ----------------------------------------------------------------------------------------------


def test_a_text_that_changes_while_it_is_embedded_is_claimed_anew(memory: Connection) -> None:
    (entry,) = write(memory, "old text")
    claims = claim(memory)
    change(memory, entry, "new text")
    stale(memory, tokens(claims), f"object 1 of the batch: entry {entry} is pending, and nobody holds it",
          "its text changed")
    (again,) = claim(memory)
    assert again["content"] == "new text"
    stale(memory, tokens(claims), f"object 1 of the batch: entry {entry} was claimed again since")
    assert complete(memory, done([again])) == 1
    assert vectors(memory) == {entry: embed("new text")}


def test_a_changed_text_has_no_embedding_until_it_gets_a_new_one(memory: Connection) -> None:
    entry, other = write(memory, "old text", "other text")
    first = claim(memory)
    complete(memory, done(first))
    change(memory, entry, "new text")
    memory.execute("UPDATE public.notes SET written = written - interval '1 day'")  # what is not embedded
    assert vectors(memory) == {other: embed("other text")}
    (again,) = claim(memory)
    assert (again["attempts"], again["content"]) == (1, "new text")
    # both were first claims: the token tells them apart
    stale(memory, tokens(first[:1]), f"object 1 of the batch: entry {entry} was claimed again since")
    complete(memory, done([again]))
    assert vectors(memory) == {entry: embed("new text"), other: embed("other text")}


def test_a_changed_text_gets_all_attempts_anew(memory: Connection) -> None:
    set_setting(memory, "memory.max_attempts", 1)
    (entry,) = write(memory, "old text")
    (taken,) = claim(memory)
    assert one(memory, "fail_embedding", entry_id=entry, error="too long", token=taken["token"]) == "dead"
    change(memory, entry, "new text")
    found = queue(memory)[entry]
    assert (found["status"], found["error"], found["dead_at"]) == ("pending", None, None)
    assert embed_all(memory) == 1


def test_what_is_deleted_or_loses_its_text_waits_no_longer(memory: Connection) -> None:
    first, second, third = write(memory, "one", "two", "three")
    claims = claim(memory)
    memory.execute("DELETE FROM public.notes WHERE body = 'one'")
    change(memory, second, "  ")
    with refused(memory, errors.UndefinedObject, f"object 1 of the batch: entry {first} does not exist"):
        complete(memory, done(claims))
    assert list(queue(memory)) == [third]
    assert complete(memory, done(claims[2:])) == 1


def test_a_change_under_way_refuses_the_old_token_at_once(shop: Database) -> None:
    (entry,) = write(shop.admin, "old text")
    claims = claim(shop.admin)
    writer = shop.connect(autocommit=False)
    busy = f"object 1 of the batch: entry {entry} is being changed by somebody just now"
    for end in (writer.rollback, writer.commit):
        change(writer, entry, "new text")
        for function, argument, batch in (
            ("complete_embeddings", "batch", done(claims)), ("release_embeddings", "claims", tokens(claims)),
            ("extend_embeddings", "claims", tokens(claims)), ("fail_embeddings", "failures", tokens(claims)),
        ):
            with refused(shop.admin, errors.LockNotAvailable, busy, hint="Try again"):
                call(shop.admin, function, **{argument: batch})
        end()
        if end == writer.rollback:  # the claim holds
            assert len(call(shop.admin, "extend_embeddings", claims=tokens(claims))) == 1
    stale(shop.admin, tokens(claims), f"object 1 of the batch: entry {entry} is pending, and nobody holds it")
    assert embed_all(shop.admin) == 1
    assert vectors(shop.admin) == {entry: embed("new text")}


def test_a_change_whose_entry_is_locked_but_not_its_queue_yet_is_seen(shop: Database) -> None:
    (entry,) = write(shop.admin, "old text")
    claims = claim(shop.admin)
    writer = shop.connect(autocommit=False)
    writer.execute("UPDATE agentry_memory.memory_entries SET importance = 1 WHERE id = %s", [entry])
    with refused(shop.admin, errors.LockNotAvailable,
                 f"object 1 of the batch: entry {entry} is being changed by somebody just now"):
        complete(shop.admin, done(claims))
    writer.commit()
    assert complete(shop.admin, done(claims)) == 1


def test_a_change_waits_for_an_embedding_that_is_being_stored_and_takes_it_away(
    shop: Database, background: Callable[..., Future[Any]]
) -> None:
    (entry,) = write(shop.admin, "old text")
    worker, writer = shop.connect(autocommit=False), shop.connect()
    complete(worker, done(claim(worker)))
    late = background(change, writer, entry, "new text")
    wait_for_lock(shop.admin, writer.info.backend_pid)
    worker.commit()
    late.result()
    assert vectors(shop.admin) == {}
    assert [c["content"] for c in claim(shop.admin)] == ["new text"]


def test_a_deletion_under_way_refuses_the_claim_at_once(shop: Database) -> None:
    (entry,) = write(shop.admin, "one")
    claims = claim(shop.admin)
    other = shop.connect(autocommit=False)
    other.execute("DELETE FROM public.notes")
    with refused(shop.admin, errors.LockNotAvailable,
                 f"object 1 of the batch: entry {entry} is being changed by somebody just now"):
        complete(shop.admin, done(claims))
    assert claim(shop.admin) == []
    other.commit()
    with refused(shop.admin, errors.UndefinedObject, f"object 1 of the batch: entry {entry} does not exist"):
        complete(shop.admin, done(claims))


def test_two_that_complete_the_same_claim_at_once_do_it_once(shop: Database) -> None:
    (entry,) = write(shop.admin, "one")
    claims = claim(shop.admin)
    one_worker, other = shop.connect(autocommit=False), shop.connect()
    complete(one_worker, done(claims))
    with refused(other, errors.LockNotAvailable,
                 f"object 1 of the batch: entry {entry} is being changed by somebody just now"):
        complete(other, done(claims))
    one_worker.commit()
    stale(other, tokens(claims), f"object 1 of the batch: entry {entry} does not wait for an embedding")


def test_a_bulk_change_and_a_worker_never_wait_for_each_other_in_a_ring(
    shop: Database, background: Callable[..., Future[Any]]
) -> None:
    """The writer has one entry and wants another, which the worker has; the worker would wait, and does not."""
    first, second = write(shop.admin, "one", "two")
    worker, writer = shop.connect(autocommit=False), shop.connect(autocommit=False)
    claims = claim(shop.admin)
    change(writer, second, "new")
    complete(worker, done(claims[:1]))
    late = background(change, writer, first, "new")
    wait_for_lock(shop.admin, writer.info.backend_pid)
    with refused(worker, errors.LockNotAvailable,
                 f"object 1 of the batch: entry {second} is being changed by somebody just now"):
        complete(worker, done(claims[1:]))
    worker.commit()
    late.result()
    writer.commit()
    assert vectors(shop.admin) == {}
    assert len(claim(shop.admin)) == 2


# -- who may, and whose -----------------------------------------------------------------------------------------------

CALLS = {
    "claim_embeddings": "claim_embeddings()",
    "complete_embeddings": "complete_embeddings('[]')",
    "fail_embedding": "fail_embedding(1, 'no', 1)",
    "fail_embeddings": "fail_embeddings('[]')",
    "extend_embeddings": "extend_embeddings('[]')",
    "release_embeddings": "release_embeddings('[]')",
    "requeue_embedding": "requeue_embedding(1)",
    "requeue_embeddings": "requeue_embeddings()",
}


def test_agents_readers_and_strangers_are_no_workers(shop: Database) -> None:
    write(shop.admin, "one")
    agent = shop.connect(shop.agent_role("nova", register=False))
    reader = shop.connect(shop.app_role("reader", group="agentry_reader"))
    stranger = shop.connect(shop.role("stranger", "agentry_agent"))
    before = state(shop.admin)
    for statement in CALLS.values():
        for conn, who in ((agent, "agent nova"), (reader, "reader")):
            with refused(conn, errors.InsufficientPrivilege,
                         "the embeddings of an organisation are for applications and administrators",
                         f"You are {who}."):
                conn.execute(f"SELECT * FROM agentry_memory.{statement}".encode())
        with pytest.raises(errors.InvalidAuthorizationSpecification):
            stranger.execute(f"SELECT * FROM agentry_memory.{statement}".encode())
    assert rows(agent, "SELECT * FROM agentry_memory.embedding_queue") == []
    assert len(rows(reader, "SELECT * FROM agentry_memory.embedding_queue")) == 1
    assert state(shop.admin) == before


def test_an_application_works_for_its_whole_organisation(shop: Database) -> None:
    write(shop.admin, "of nova")
    write(shop.admin, "of coder", agent="coder")
    app = shop.connect(shop.app_role())
    assert embed_all(app) == 2
    assert len(vectors(app)) == 2


def test_entries_of_another_organisation_do_not_exist(memory: Connection) -> None:
    set_setting(memory, "memory.max_attempts", 1)
    write(memory, "one", "two")
    ours = claim(memory, limit=1)
    value(memory, "SELECT agentry.create_organization('acme')")
    value(memory, "SELECT set_config('agentry.org_id', id::text, true) FROM agentry.organizations WHERE name = 'acme'")
    value(memory, "SELECT agentry.register_agent('zed')")
    use(memory)
    write(memory, "theirs", agent="zed")
    (theirs,) = claim(memory)
    assert theirs["content"] == "theirs"
    before = state(memory)
    unknown = f"entry {ours[0]['entry_id']} does not exist"
    for function, argument, batch in (
        ("complete_embeddings", "batch", [*done([theirs]), *done(ours)]),
        ("fail_embeddings", "failures", tokens([theirs, ours[0]])),
        ("extend_embeddings", "claims", tokens([theirs, ours[0]])),
        ("release_embeddings", "claims", tokens([theirs, ours[0]])),
    ):
        with refused(memory, errors.UndefinedObject, f"object 2 of the batch: {unknown}"):
            call(memory, function, **{argument: batch})
    with refused(memory, errors.UndefinedObject, unknown):
        one(memory, "requeue_embedding", entry_id=ours[0]["entry_id"])
    assert one(memory, "requeue_embeddings") == 0
    assert state(memory) == before


# -- forgetting -------------------------------------------------------------------------------------------------------

DIARY = """
CREATE TABLE public.diary (
    org_id uuid NOT NULL DEFAULT agentry.current_org_id(), at timestamptz NOT NULL, id bigint NOT NULL,
    agent text NOT NULL, body text NOT NULL, PRIMARY KEY (org_id, at, id)
) PARTITION BY RANGE (at);
ALTER TABLE public.diary OWNER TO agentry_owner;
CREATE SCHEMA agentry_archive AUTHORIZATION agentry_owner;
GRANT CREATE ON SCHEMA public TO agentry_owner;
SET ROLE agentry_owner;
SELECT agentry.guard_table('public.diary', 'agent', p_writers => '{app,agents}'),
       agentry.register_personal_data('public.diary', '{"agent": "agent_name"}'),
       agentry.register_personal_data('public.notes', '{"agent": "agent_name"}'),
       agentry.set_partition_policy('public.diary', 2),
       agentry.create_monthly_partition('public.diary', '2020-01-01'),
       agentry_memory.register_source('diary', 'public.diary', 't.body', p_agent => 't.agent', p_time => 't.at');
INSERT INTO public.diary (at, id, agent, body) VALUES
    ('2020-01-05', 1, 'nova', 'an old secret'), ('2020-01-06', 2, 'nova', 'another old secret'),
    ('2020-01-07', 3, 'coder', 'an old habit');
SELECT agentry.set_partition_policy('public.diary', 2, 6, 'archive'), agentry.retire_partitions('public.diary');
RESET ROLE;
"""


def test_forgetting_takes_vectors_and_what_waits_of_the_archive_too(memory: Connection) -> None:
    memory.execute(DIARY.encode())
    assert value(memory, "SELECT count(*) FROM agentry_archive.diary_2020_01") == 3
    assert value(memory, "SELECT count(*) FROM public.diary") == 0
    write(memory, "a new secret", "another new secret")
    (kept,) = write(memory, "a new habit", agent="coder")
    found = {c["content"]: c for c in claim(memory)}
    assert len(found) == 6
    complete(memory, done([found["an old secret"], found["a new secret"], found["an old habit"]]))
    assert len(queue(memory)) == 3  # two secrets of nova, one of them of the archive, and the new habit

    receipt = value(memory, "SELECT agentry.forget('nova')")
    habit = value(memory, "SELECT id FROM agentry_memory.memory_entries WHERE content = 'an old habit'")
    assert list(vectors(memory)) == [habit]
    assert list(queue(memory)) == [kept]
    assert value(memory, "SELECT count(*) FROM agentry_memory.memory_entries WHERE content ~ 'secret'") == 0
    assert rows(memory, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    assert complete(memory, done([found["a new habit"]])) == 1
    with refused(memory, errors.UndefinedObject,
                 f"object 1 of the batch: entry {found['another old secret']['entry_id']} does not exist"):
        complete(memory, done([found["another old secret"]]))


def test_a_source_that_is_taken_out_takes_its_queue_and_vectors_along(memory: Connection) -> None:
    write(memory, "one", "two")
    complete(memory, done(claim(memory, limit=1)))
    value(memory, "SELECT agentry_memory.unregister_source('notes')")
    assert (queue(memory), vectors(memory)) == ({}, {})


def test_a_note_of_another_agent_belongs_to_that_one(memory: Connection) -> None:
    (entry,) = write(memory, "one")
    embed_all(memory)
    memory.execute("UPDATE public.notes SET agent = 'coder'")
    assert entry_of(memory, value(memory, "SELECT id FROM public.notes")) == entry
    assert value(memory, "SELECT a.name FROM agentry_memory.memory_vectors AS v"
                         " JOIN agentry.agents AS a ON a.id = v.owner_id") == "coder"
