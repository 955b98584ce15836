"""Embedding models: registered with an index each, taken by organisations, filled, exchanged, stopped and dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import errors

from tests.chat.support import Connection, refused, rows, value
from tests.harness.database import Database, wait_for_lock, wait_until
from tests.memory.embedding_support import (
    DIMENSIONS,
    MODEL,
    OTHER,
    claim,
    complete,
    done,
    embed_all,
    model_id,
    one,
    prepare,
    queue,
    state,
    use,
    vectors,
    write,
)

REGISTER = "SELECT agentry_memory.register_embedding_model(%s, %s, %s, %s::jsonb)"


@pytest.fixture
def memory(tx: Connection) -> Connection:
    """Agents nova and coder, their notes, and models tiny (3 dimensions) and wide (5), which nobody uses yet."""
    prepare(tx)
    return tx


@pytest.fixture
def shop(db: Database) -> Database:
    """The same, for tests that commit."""
    prepare(db.admin)
    return db


def make(conn: Connection, name: str | None = "new", dimensions: int | None = 3, method: str | None = "hnsw",
         options: Any = None) -> int:
    given = options if isinstance(options, str) else json.dumps(options if options is not None else {})
    return int(value(conn, REGISTER, name, dimensions, method, given))


def index_of(conn: Connection, name: str = "new") -> str | None:
    query = "SELECT indexdef FROM pg_indexes WHERE indexname = format('memory_vectors_%%s_idx', %s::integer)"
    found = value(conn, query, model_id(conn, name))
    return None if found is None else str(found)


def fill(conn: Connection, name: str, count: int, dimensions: int = 3) -> None:
    """That many notes with vectors by a model, without a worker."""
    conn.execute("INSERT INTO public.notes (agent, body) SELECT 'nova', 'note ' || i FROM generate_series(1, %s) AS i",
                 [count])
    conn.execute("DELETE FROM agentry_memory.embedding_queue")
    conn.execute(
        "INSERT INTO agentry_memory.memory_vectors (org_id, entry_id, model_id, owner_id, content_hash, embedding)"
        " SELECT e.org_id, e.id, %s, e.owner_id, e.content_hash,"
        " (SELECT array_agg(sin(e.id * d)) FROM generate_series(1, %s) AS d)::halfvec"
        " FROM agentry_memory.memory_entries AS e ON CONFLICT DO NOTHING", [model_id(conn, name), dimensions])


# -- registering ------------------------------------------------------------------------------------------------------


def test_a_model_has_an_index_of_its_own_vectors(memory: Connection) -> None:
    number = make(memory, options={"m": 8, "ef_construction": 40})
    assert index_of(memory) == (
        f"CREATE INDEX memory_vectors_{number}_idx ON agentry_memory.memory_vectors"
        " USING hnsw (((embedding)::halfvec(3)) halfvec_cosine_ops) WITH (ef_construction='40', m='8')"
        f" WHERE (model_id = {number})")
    default = index_of(memory, MODEL)
    assert default and "WITH" not in default


def test_registering_again_changes_nothing_and_other_options_make_the_index_anew(memory: Connection) -> None:
    def oid() -> int:
        return int(value(memory, "SELECT format('agentry_memory.memory_vectors_%%s_idx', %s::integer)::regclass::oid",
                         number))

    number = make(memory, options={"m": 8})
    first = oid()
    assert make(memory, options={"m": 8}) == number
    assert oid() == first
    assert make(memory, options={"m": 9}) == number
    assert oid() != first
    assert "m='9'" in str(index_of(memory))
    assert rows(memory, "SELECT index_options FROM agentry_memory.embedding_models WHERE model_id = %s", number) == [
        {"index_options": {"m": 9}}]


def test_an_index_that_was_made_beforehand_is_taken_over(memory: Connection) -> None:
    number = make(memory, method="none")
    assert index_of(memory) is None
    memory.execute(f"CREATE INDEX memory_vectors_{number}_idx ON agentry_memory.memory_vectors"
                   f" USING hnsw ((embedding::halfvec(3)) halfvec_cosine_ops) WHERE model_id = {number}")
    oid = value(memory, f"SELECT 'agentry_memory.memory_vectors_{number}_idx'::regclass::oid")
    make(memory)
    assert value(memory, f"SELECT 'agentry_memory.memory_vectors_{number}_idx'::regclass::oid") == oid
    make(memory, method="none")
    assert index_of(memory) is None


@pytest.mark.parametrize(("name", "dimensions"), [
    (None, 3), ("", 3), ("two words", 3), ("x" * 101, 3), ("new", None), ("new", 0), ("new", -1), ("new", 4001)])
def test_a_model_needs_a_name_and_dimensions(memory: Connection, name: str | None, dimensions: int | None) -> None:
    before = state(memory)
    with refused(memory, errors.InvalidParameterValue, "a model needs a name and its number of dimensions",
                 f"dimensions: {'NULL' if dimensions is None else dimensions}"):
        make(memory, name, dimensions)
    assert state(memory) == before


@pytest.mark.parametrize(("method", "options"), [
    (None, "{}"), ("btree", "{}"), ("", "{}"), ("hnsw", "[]"), ("hnsw", "null"), ("hnsw", "1")])
def test_the_method_of_an_index_is_known(memory: Connection, method: str | None, options: str) -> None:
    with refused(memory, errors.InvalidParameterValue, "the index is not clear", f"options: {options}"):
        make(memory, "new", 3, method, options)


@pytest.mark.parametrize(("method", "options", "wrong"), [
    ("hnsw", {"m": 1}, "m: 1"),
    ("hnsw", {"m": 101}, "m: 101"),
    ("hnsw", {"m": 8.5}, "m: 8.5"),
    ("hnsw", {"m": "8"}, 'm: "8"'),
    ("hnsw", {"m": None}, "m: null"),
    ("hnsw", {"ef_construction": 3}, "ef_construction: 3"),
    ("hnsw", {"ef_construction": 1001}, "ef_construction: 1001"),
    ("hnsw", {"ef_construction": 31}, "ef_construction is less than twice m"),
    ("hnsw", {"m": 33}, "ef_construction is less than twice m"),
    ("hnsw", {"lists": 5, "M": 8}, "M: 8, lists: 5"),
    ("ivfflat", {"lists": 0}, "lists: 0"),
    ("ivfflat", {"lists": 32769}, "lists: 32769"),
    ("ivfflat", {"m": 8}, "m: 8"),
    ("none", {"m": 8}, "m: 8"),
])
def test_the_options_of_an_index_are_checked(memory: Connection, method: str, options: Any, wrong: str) -> None:
    before = state(memory)
    with refused(memory, errors.InvalidParameterValue, f"these options cannot be those of an index by {method}", wrong):
        make(memory, "new", 3, method, options)
    assert state(memory) == before


def test_a_model_keeps_its_dimensions(memory: Connection) -> None:
    with refused(memory, errors.InvalidParameterValue, "model tiny has 3 dimensions", "got: 4", "another name"):
        make(memory, MODEL, 4)
    assert rows(memory, "SELECT dimensions FROM agentry_memory.embedding_models WHERE name = %s", MODEL) == [
        {"dimensions": 3}]


def test_an_index_by_ivfflat_is_made_once_there_are_vectors(memory: Connection) -> None:
    number = make(memory, method="ivfflat")
    use(memory, "new")
    fill(memory, "new", 999)
    assert one(memory, "rebuild_embedding_index", name="new") is None
    assert index_of(memory) is None
    fill(memory, "new", 2001)
    name = f"memory_vectors_{number}_idx"
    assert one(memory, "rebuild_embedding_index", name="new") == name
    assert "USING ivfflat" in str(index_of(memory))
    assert "lists='3'" in str(index_of(memory))
    oid = value(memory, f"SELECT 'agentry_memory.{name}'::regclass::oid")
    make(memory, method="ivfflat")
    assert value(memory, f"SELECT 'agentry_memory.{name}'::regclass::oid") == oid
    make(memory, method="ivfflat", options={"lists": 5})
    assert "lists='5'" in str(index_of(memory))
    make(memory)
    assert "USING hnsw" in str(index_of(memory))


@pytest.mark.parametrize(("count", "lists"), [
    (0, 1), (1000, 1), (1999, 1), (50_000, 50), (1_000_000, 1000), (1_000_001, 1000), (4_000_000, 2000),
    (10**12, 32768)])
def test_the_lists_of_ivfflat_follow_the_number_of_vectors(tx: Connection, count: int, lists: int) -> None:
    assert value(tx, "SELECT agentry_memory._ivfflat_lists(%s)", count) == lists


def test_an_index_is_made_anew(memory: Connection) -> None:
    name = f"memory_vectors_{model_id(memory)}_idx"
    oid = value(memory, f"SELECT 'agentry_memory.{name}'::regclass::oid")
    assert one(memory, "rebuild_embedding_index", name=MODEL) == name
    assert value(memory, f"SELECT 'agentry_memory.{name}'::regclass::oid") != oid
    with refused(memory, errors.UndefinedObject, "embedding model 'tine' does not exist", hint="Did you mean tiny?"):
        one(memory, "rebuild_embedding_index", name="tine")
    with refused(memory, errors.UndefinedObject, "embedding model NULL does not exist"):
        one(memory, "rebuild_embedding_index", name=None)


def test_models_are_for_administrators(shop: Database) -> None:
    conn = shop.connect(shop.app_role())
    for statement in ("register_embedding_model('x', 3)", "drop_embedding_model('tiny')",
                      "rebuild_embedding_index('tiny')"):
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute(f"SELECT agentry_memory.{statement}")


def test_an_administrator_who_is_no_superuser_registers_models(shop: Database) -> None:
    conn = shop.connect(shop.role("dba", "agentry_owner"))
    assert value(conn, REGISTER, "new", 3, "hnsw", "{}")
    assert one(conn, "rebuild_embedding_index", name="new")
    assert one(conn, "drop_embedding_model", name="new") == 0


# -- long vectors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [1, 2000, 4000])
def test_a_model_has_up_to_4000_dimensions(memory: Connection, dimensions: int) -> None:
    number = make(memory, "long", dimensions)
    use(memory, "long")
    entries = write(memory, "one", "two", "three")
    long = {entry: [float(1 + (i * (n + 1)) % 7) * (-1) ** n for i in range(dimensions)]
            for n, entry in enumerate(entries)}
    claims = claim(memory)
    assert complete(memory, [{"entry_id": c["entry_id"], "token": c["token"], "embedding": long[c["entry_id"]]}
                             for c in claims]) == 3
    assert vectors(memory, "long") == long
    memory.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    nearest = ("SELECT entry_id FROM agentry_memory.memory_vectors WHERE model_id = {} ORDER BY"
               f" embedding::halfvec({dimensions}) <=> %s::halfvec({dimensions}) LIMIT 1").format(number)
    assert f"memory_vectors_{number}_idx" in explain(memory, nearest, str(long[entries[1]]))
    assert value(memory, nearest, str(long[entries[1]])) == entries[1]


def explain(conn: Connection, query: str, *args: Any) -> str:
    return "\n".join(row[0] for row in conn.execute(f"EXPLAIN {query}".encode(), args).fetchall())


@pytest.mark.parametrize("method", ["hnsw", "ivfflat"])
def test_a_search_by_a_literal_model_uses_its_index(memory: Connection, method: str) -> None:
    number = make(memory, method=method)
    use(memory, "new")
    fill(memory, "new", 3000)
    one(memory, "rebuild_embedding_index", name="new")
    memory.execute("ANALYZE agentry_memory.memory_vectors")
    search = ("SELECT entry_id FROM agentry_memory.memory_vectors WHERE model_id = {}"
              " ORDER BY embedding::halfvec(3) <=> '[1,2,3]'::halfvec(3) LIMIT 5")
    assert f"Index Scan using memory_vectors_{number}_idx" in explain(memory, search.format(number))
    assert len(memory.execute(search.format(number).encode()).fetchall()) == 5
    memory.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    memory.execute(f"PREPARE by_parameter (integer) AS {search.format('$1')}".encode())
    assert "memory_vectors_" not in explain(memory, f"EXECUTE by_parameter ({number})")


# -- taking a model ---------------------------------------------------------------------------------------------------


def progress(conn: Connection) -> dict[str, tuple[Any, ...]]:
    found = rows(conn, "SELECT * FROM agentry_memory.v_embedding_progress WHERE org_id = agentry.current_org_id()")
    return {r["model"]: (r["is_default"], r["entries"], r["embedded"], r["pending"], r["claimed"], r["failed"],
                         r["dead"]) for r in found}


def test_the_first_model_is_the_default_and_takes_what_is_there_behind_what_comes(memory: Connection) -> None:
    old = write(memory, "one", "two")
    assert queue(memory) == {}
    assert use(memory) == 2
    new = write(memory, "three")
    assert {e: (q["priority"], q["status"]) for e, q in queue(memory).items()} == {
        **dict.fromkeys(old, (9, "pending")), **dict.fromkeys(new, (5, "pending"))}
    assert [c["entry_id"] for c in claim(memory)] == [*new, *old]
    assert progress(memory) == {MODEL: (True, 3, 0, 0, 3, 0, 0)}
    assert use(memory) == 0


def test_a_further_model_is_filled_while_the_first_answers(memory: Connection) -> None:
    use(memory)
    write(memory, "one", "two")
    embed_all(memory)
    assert use(memory, OTHER) == 2
    write(memory, "three")
    assert progress(memory) == {MODEL: (True, 3, 2, 1, 0, 0, 0), OTHER: (False, 3, 0, 3, 0, 0, 0)}
    with refused(memory, errors.ObjectNotInPrerequisiteState, "3 entries wait for an embedding by wide",
                 "0 of them were tried in vain", "force"):
        one(memory, "set_default_embedding_model", name=OTHER)
    with refused(memory, errors.ObjectNotInPrerequisiteState, "3 entries wait for an embedding by wide"):
        use(memory, OTHER, default=True)
    assert progress(memory)[MODEL][0]
    assert embed_all(memory, OTHER) == 3
    one(memory, "set_default_embedding_model", name=OTHER)
    assert progress(memory) == {MODEL: (False, 3, 2, 1, 0, 0, 0), OTHER: (True, 3, 3, 0, 0, 0, 0)}
    one(memory, "set_default_embedding_model", name=OTHER)
    assert progress(memory)[OTHER][0]


def test_what_was_tried_in_vain_waits_too_and_force_makes_the_change(memory: Connection) -> None:
    value(memory, "SELECT agentry.set_setting('memory.max_attempts', '1')")
    use(memory)
    use(memory, OTHER)
    (entry,) = write(memory, "one")
    embed_all(memory)
    (taken,) = claim(memory, model=OTHER)
    assert one(memory, "fail_embedding", entry_id=entry, error="no", token=taken["token"]) == "dead"
    with refused(memory, errors.ObjectNotInPrerequisiteState, "1 entries wait for an embedding by wide",
                 "1 of them were tried in vain", "requeue_embeddings(model)"):
        one(memory, "set_default_embedding_model", name=OTHER)
    one(memory, "set_default_embedding_model", name=OTHER, force=True)
    assert progress(memory) == {MODEL: (False, 1, 1, 0, 0, 0, 0), OTHER: (True, 1, 0, 0, 0, 0, 1)}


def test_a_model_may_come_without_being_the_default(memory: Connection) -> None:
    use(memory, default=False)
    assert progress(memory) == {MODEL: (False, 0, 0, 0, 0, 0, 0)}
    with refused(memory, errors.ObjectNotInPrerequisiteState, "the organisation has no default embedding model",
                 hint="use_embedding_model"):
        claim(memory)
    use(memory, OTHER)  # where there is none, the next one is
    assert progress(memory)[OTHER][0]
    use(memory, MODEL, default=True)  # nothing waits for it
    assert (progress(memory)[MODEL][0], progress(memory)[OTHER][0]) == (True, False)


def test_models_that_are_not_used_are_refused(memory: Connection) -> None:
    with refused(memory, errors.UndefinedObject, "embedding model 'tine' does not exist", hint="Did you mean tiny?"):
        use(memory, "tine")
    for function in ("set_default_embedding_model", "stop_embedding_model"):
        with refused(memory, errors.UndefinedObject, "the organisation uses no embedding model 'tiny'",
                     "It uses: none."):
            one(memory, function, name=MODEL)
    use(memory)
    with refused(memory, errors.UndefinedObject, "the organisation uses no embedding model 'tine'", "It uses: tiny.",
                 "Did you mean tiny?"):
        claim(memory, model="tine")


def test_an_organisation_stops_using_a_model(memory: Connection) -> None:
    use(memory)
    use(memory, OTHER)
    write(memory, "one", "two")
    embed_all(memory)
    (taken, _) = claim(memory, model=OTHER)
    complete(memory, done([taken]))
    with refused(memory, errors.ObjectNotInPrerequisiteState, "model tiny is the default of the organisation",
                 hint="set_default_embedding_model"):
        one(memory, "stop_embedding_model", name=MODEL)
    assert one(memory, "stop_embedding_model", name=OTHER) == 1
    assert (vectors(memory, OTHER), queue(memory, OTHER), len(vectors(memory))) == ({}, {}, 2)
    assert one(memory, "stop_embedding_model", name=MODEL) == 2
    assert state(memory)[:3] == [[], [], []]
    write(memory, "three")
    assert queue(memory) == {}


def test_a_model_in_use_is_dropped_by_force_only(memory: Connection) -> None:
    use(memory)
    write(memory, "one", "two", "three")
    complete(memory, done(claim(memory, limit=2)))
    with refused(memory, errors.ObjectNotInPrerequisiteState, "embedding model tiny is in use",
                 f"Organisations that use it: {value(memory, 'SELECT name FROM agentry.organizations')}.", "force"):
        one(memory, "drop_embedding_model", name=MODEL)
    assert one(memory, "drop_embedding_model", name=OTHER) == 0
    index = f"memory_vectors_{model_id(memory)}_idx"
    assert one(memory, "drop_embedding_model", name=MODEL, force=True) == 2
    assert state(memory) == [[], [], [], []]
    assert value(memory, "SELECT to_regclass(%s)", f"agentry_memory.{index}") is None
    with refused(memory, errors.UndefinedObject, "embedding model 'tiny' does not exist"):
        one(memory, "drop_embedding_model", name=MODEL)


def test_the_models_of_another_organisation_are_its_own(memory: Connection) -> None:
    use(memory)
    write(memory, "one")
    embed_all(memory)
    value(memory, "SELECT agentry.create_organization('acme')")
    acme = value(memory, "SELECT id::text FROM agentry.organizations WHERE name = 'acme'")
    value(memory, "SELECT set_config('agentry.org_id', %s, true)", acme)
    value(memory, "SELECT agentry.register_agent('zed')")
    assert progress(memory) == {}
    write(memory, "two", agent="zed")
    assert use(memory) == 1
    assert progress(memory) == {MODEL: (True, 1, 0, 1, 0, 0, 0)}
    assert embed_all(memory) == 1
    assert one(memory, "stop_embedding_model", name=MODEL) == 1
    value(memory, "SELECT set_config('agentry.org_id', '', true)")
    assert progress(memory) == {MODEL: (True, 1, 1, 0, 0, 0, 0)}


def test_deleting_an_organisation_takes_its_models_vectors_and_queue(memory: Connection) -> None:
    value(memory, "SELECT agentry.create_organization('acme')")
    value(memory, "SELECT set_config('agentry.org_id', id::text, true) FROM agentry.organizations WHERE name = 'acme'")
    value(memory, "SELECT agentry.register_agent('zed')")
    use(memory)
    write(memory, "one", "two", agent="zed")
    complete(memory, done(claim(memory, limit=1)))
    value(memory, "SELECT set_config('agentry.org_id', '', true)")
    memory.execute("DELETE FROM public.notes WHERE agent = 'zed'")  # the table is nobody's here
    value(memory, "SELECT agentry.delete_organization('acme')")
    assert state(memory)[:3] == [[], [], []]


# -- who may ----------------------------------------------------------------------------------------------------------


def test_models_of_the_organisation_are_for_applications_and_administrators(shop: Database) -> None:
    agent = shop.connect(shop.agent_role("nova", register=False))
    for call in ("use_embedding_model('tiny')", "set_default_embedding_model('tiny')", "stop_embedding_model('tiny')"):
        with refused(agent, errors.InsufficientPrivilege,
                     "the embeddings of an organisation are for applications and administrators",
                     "You are agent nova."):
            agent.execute(f"SELECT agentry_memory.{call}")
    app = shop.connect(shop.app_role())
    assert use(app) == 0
    assert progress(app) == {MODEL: (True, 0, 0, 0, 0, 0, 0)}
    assert progress(agent) == {}
    reader = shop.connect(shop.app_role("reader", group="agentry_reader"))
    assert len(progress(reader)) == 1
    with refused(reader, errors.InsufficientPrivilege,
                 "the embeddings of an organisation are for applications and administrators", "You are reader."):
        use(reader, OTHER)
    with app.transaction():
        value(app, "SELECT agentry.act_as('nova')")
        with refused(app, errors.InsufficientPrivilege,
                     "the embeddings of an organisation are for applications and administrators",
                     "You are agent nova."):
            use(app, OTHER)


# -- at the same time -------------------------------------------------------------------------------------------------


def test_what_was_being_written_when_a_model_was_taken_is_queued_by_maintenance(shop: Database) -> None:
    writer = shop.connect(autocommit=False)
    writer.execute("INSERT INTO public.notes (agent, body) VALUES ('nova', 'under way')")
    assert use(shop.admin) == 0
    writer.commit()
    assert queue(shop.admin) == {}
    shop.admin.execute("CALL agentry.run_maintenance(true)")
    assert [q["priority"] for q in queue(shop.admin).values()] == [9]
    assert embed_all(shop.admin) == 1
    shop.admin.execute("CALL agentry.run_maintenance(true)")
    assert queue(shop.admin) == {}


def test_two_first_models_at_once_make_one_default(shop: Database, background: Callable[..., Future[Any]]) -> None:
    one_conn, other = shop.connect(autocommit=False), shop.connect()
    use(one_conn)
    late = background(use, other, OTHER)
    wait_for_lock(shop.admin, other.info.backend_pid)
    one_conn.commit()
    late.result()
    assert [name for name, row in progress(shop.admin).items() if row[0]] == [MODEL]


def test_a_model_is_not_stopped_while_an_embedding_by_it_is_being_stored(
    shop: Database, background: Callable[..., Future[Any]]
) -> None:
    use(shop.admin)
    write(shop.admin, "one")
    worker, other = shop.connect(autocommit=False), shop.connect()
    complete(worker, done(claim(worker)))
    late = background(one, other, "stop_embedding_model", name=MODEL)
    wait_for_lock(shop.admin, other.info.backend_pid)
    worker.commit()
    assert late.result() == 1
    assert state(shop.admin)[:3] == [[], [], []]


def test_the_making_of_an_index_can_be_watched(shop: Database, background: Callable[..., Future[Any]]) -> None:
    number = model_id(shop.admin)
    use(shop.admin)
    value(shop.admin, REGISTER, MODEL, 3, "none", "{}")
    writer = shop.connect(autocommit=False)
    writer.execute("LOCK TABLE agentry_memory.memory_vectors IN ROW EXCLUSIVE MODE")
    maker = shop.connect()
    made = background(
        maker.execute,
        f"CREATE INDEX CONCURRENTLY memory_vectors_{number}_idx ON agentry_memory.memory_vectors"
        f" USING hnsw ((embedding::halfvec(3)) halfvec_cosine_ops) WHERE model_id = {number}")
    look = "SELECT model, index_name, pid, command, phase FROM agentry_memory.v_embedding_index_progress"
    try:
        seen = wait_until(lambda: [r for r in rows(shop.admin, look) if r["model"]], "it waits")
        hidden = rows(shop.connect(shop.app_role()), look)
    finally:
        writer.rollback()
        made.result()
    assert seen == [{"model": MODEL, "index_name": f"memory_vectors_{number}_idx", "pid": maker.info.backend_pid,
                     "command": "CREATE INDEX CONCURRENTLY", "phase": "waiting for writers before build"}]
    assert hidden == rows(shop.admin, look) == []
    value(shop.admin, REGISTER, MODEL, 3, "hnsw", "{}")  # takes it over


# -- operations -------------------------------------------------------------------------------------------------------


def health(conn: Connection, name: str) -> tuple[str, str]:
    row = conn.execute("SELECT status, detail FROM agentry.v_health WHERE name = %s", [name]).fetchone()
    assert row
    return row


def test_health_names_models_without_their_index(memory: Connection) -> None:
    name = "memory.embedding_indexes"
    assert health(memory, name) == ("ok", "all models have their index")
    memory.execute(f"DROP INDEX agentry_memory.memory_vectors_{model_id(memory)}_idx")
    memory.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass",
                   [f"agentry_memory.memory_vectors_{model_id(memory, OTHER)}_idx"])
    assert health(memory, name) == ("warning", "tiny: no index; wide: its index is not valid")
    for model in DIMENSIONS:
        one(memory, "rebuild_embedding_index", name=model)
    assert health(memory, name)[0] == "ok"
    make(memory, "flat", method="ivfflat")
    use(memory, "flat")
    fill(memory, "flat", 999)
    assert health(memory, name)[0] == "ok"
    fill(memory, "flat", 1)
    assert health(memory, name) == ("warning", "flat: no index")
    memory.execute("UPDATE agentry_memory.embedding_models SET index_method = 'ivfflat', index_options = '{}'"
                   " WHERE name = 'tiny'")
    one(memory, "rebuild_embedding_index", name="flat")
    assert health(memory, name)[0] == "ok"  # tiny has fewer than 1,000 vectors, and may keep the one it has


def test_health_and_metrics_of_the_queue(memory: Connection) -> None:
    name = "memory.embedding_queue"
    assert health(memory, name) == ("ok", "0 entries wait for an embedding, the oldest due since never; 0 given up")
    use(memory)
    write(memory, "one", "two", "three")
    assert health(memory, name)[0] == "ok"
    memory.execute("UPDATE agentry_memory.embedding_queue SET available_at = now() - interval '25 hours'")
    assert health(memory, name)[0] == "warning"
    memory.execute("UPDATE agentry_memory.embedding_queue SET available_at = now()")
    value(memory, "SELECT agentry.set_setting('memory.max_attempts', '1')")
    first, second, _ = claim(memory)
    one(memory, "fail_embedding", entry_id=first["entry_id"], error="no", token=first["token"])
    status, detail = health(memory, name)
    assert (status, detail[:32], detail[-10:]) == ("warning", "2 entries wait for an embedding,", "1 given up")
    complete(memory, done([second]))
    found = rows(memory, "SELECT name, label, value::integer FROM agentry.v_metrics WHERE name ~ '^memory.(emb|vec)'")
    assert [tuple(r.values()) for r in found] == [
        ("memory.embedding_queue", "tiny claimed", 1), ("memory.embedding_queue", "tiny dead", 1),
        ("memory.vectors", "tiny", 1), ("memory.vectors", "wide", 0)]


# -- constraints ------------------------------------------------------------------------------------------------------

QUEUED = "UPDATE agentry_memory.embedding_queue SET "
VIOLATIONS = {
    "embedding_models_name_check": ["UPDATE agentry_memory.embedding_models SET name = 'a b'"],
    "embedding_models_dimensions_check": [
        f"UPDATE agentry_memory.embedding_models SET dimensions = {n}" for n in (0, 4001)],
    "embedding_models_index_method_check": ["UPDATE agentry_memory.embedding_models SET index_method = 'btree'"],
    "embedding_models_index_options_check": ["UPDATE agentry_memory.embedding_models SET index_options = '[]'"],
    "memory_vectors_embedding_check": ["UPDATE agentry_memory.memory_vectors SET embedding = '[0,0,0]'"],
    "embedding_queue_status_check": [QUEUED + "status = 'waiting'"],
    "embedding_queue_priority_check": [QUEUED + "priority = 0", QUEUED + "priority = 11"],
    "embedding_queue_attempts_check": [QUEUED + "attempts = -1", QUEUED + "uncounted = 1", QUEUED + "uncounted = -1"],
    "embedding_queue_lease_until_check": [QUEUED + "status = 'claimed'", QUEUED + "lease_until = now()"],
    "embedding_queue_dead_at_check": [QUEUED + "status = 'dead'", QUEUED + "dead_at = now()"],
}


@pytest.mark.parametrize("constraint", VIOLATIONS)
def test_a_check_is_violated(memory: Connection, constraint: str) -> None:
    use(memory)
    write(memory, "one", "two")
    complete(memory, done(claim(memory, limit=1)))
    for statement in VIOLATIONS[constraint]:
        with pytest.raises(errors.CheckViolation) as caught, memory.transaction():
            memory.execute(statement.encode())
        assert caught.value.diag.constraint_name == constraint


def test_nobody_writes_these_tables_but_by_functions(shop: Database) -> None:
    use(shop.admin)
    write(shop.admin, "one")
    app = shop.connect(shop.app_role())
    for table in ("embedding_queue", "memory_vectors", "organization_models", "embedding_models"):
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(f"DELETE FROM agentry_memory.{table}".encode())
