"""What agents remember: content of each type and its text, batches, keys against doubles, whom it is about, scopes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.core.support import Town, refused
from tests.memory.memories_support import (
    TYPES,
    Connection,
    call,
    counted,
    entry,
    memory,
    remember,
    remember_all,
    rows,
    value,
)


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


# -- content and text -------------------------------------------------------------------------------------------------

SMALLEST: dict[str, Any] = {
    "episodic": {"event": "The tide came early.", "temporal": {}},
    "semantic": {"concept": "The tide came early.", "definition": "The tide came early."},
    "procedural": {"skill": "The tide came early.", "steps": []},
    "working": {"items": ["The tide came early."], "capacity": 1},
}


def test_a_text_becomes_the_smallest_content_of_its_type(town: Town) -> None:
    for memory_type in TYPES:
        found = memory(town.conn, remember(town.conn, "nova", "The tide came early.", memory_type))
        assert found["content"] == SMALLEST.get(memory_type, {"text": "The tide came early."})
        assert found["text"] == "The tide came early."
        assert found["memory_type"] == memory_type


def test_an_untyped_literal_is_a_text(town: Town) -> None:
    found = value(town.conn, """SELECT agentry_memory.remember('nova', '{"event": "x", "temporal": {}}')""")
    assert memory(town.conn, found)["text"] == '{"event": "x", "temporal": {}}'


TEXTS: list[tuple[str, dict[str, Any], str]] = [
    ("episodic", {"event": "Ann came", "temporal": "noon", "mood": "glad"}, "Ann came"),
    ("episodic", {"event": {"what": "a visit", "who": ["Ann", {"age": 7}]}, "temporal": {}}, "Ann, 7, a visit"),
    ("semantic", {"concept": "tide", "definition": "rise and fall of the sea"}, "tide: rise and fall of the sea"),
    ("semantic", {"concept": "tide", "definition": ["rise", "fall"]}, "tide: rise, fall"),
    ("semantic", {"concept": "tide", "definition": {}}, "tide"),
    (
        "procedural",
        {"skill": "Bake bread", "steps": ["mix", {"do": "bake", "minutes": 40}]},
        "Bake bread\n1. mix\n2. bake, 40",
    ),
    ("working", {"items": ["milk", 3, True, None], "capacity": 7}, "milk\n3\ntrue"),
    ("reflection", {"text": "I hurry.", "insights": ["slow down", "ask"]}, "I hurry.\n- slow down\n- ask"),
    ("reflection", {"text": "I hurry.", "insights": "none"}, "I hurry."),
    ("plan", {"text": "Go home.", "steps": ["walk"]}, "Go home."),
    ("metacognition", {"text": " as it is "}, " as it is "),
]


def test_the_text_is_what_people_read_of_the_content(town: Town) -> None:
    for memory_type, content, text in TEXTS:
        found = memory(town.conn, remember(town.conn, "nova", content, memory_type))
        assert (found["content"], found["text"]) == (content, text)


WRONG = [
    ("episodic", '{"event": null, "temporal": {}}'),
    ("episodic", '{"event": "x", "temporal": null}'),
    ("episodic", '{"event": "x"}'),
    ("episodic", '{"event": ["x"], "temporal": {}}'),
    ("episodic", '{"event": "x", "temporal": 5}'),
    ("episodic", '{"event": {"a": null}, "temporal": {}}'),
    ("episodic", '["event", "temporal"]'),
    ("episodic", '"event"'),
    ("episodic", "null"),
    ("episodic", None),
    ("semantic", '{"concept": 1, "definition": "x"}'),
    ("semantic", '{"concept": "x", "definition": null}'),
    ("semantic", '{"concept": "x", "definition": 1}'),
    ("semantic", '{"concept": " ", "definition": " "}'),
    ("procedural", '{"skill": "x", "steps": "walk"}'),
    ("procedural", '{"skill": "x", "steps": {"1": "walk"}}'),
    ("procedural", '{"skill": null, "steps": []}'),
    ("procedural", '{"skill": "", "steps": []}'),
    ("working", '{"items": [], "capacity": 7}'),
    ("working", '{"items": ["x"], "capacity": "7"}'),
    ("working", '{"items": "x", "capacity": 7}'),
    ("working", '{"items": ["x"]}'),
    ("observation", '{"text": null}'),
    ("observation", '{"text": ["x"]}'),
    ("observation", '{"text": " \\n"}'),
    ("reflection", '{"insights": ["x"]}'),
    ("plan", '{"text": 1}'),
    ("metacognition", "[]"),
]


def test_content_that_is_not_that_of_its_type_is_refused(town: Town) -> None:
    nova = town.id_of("nova")
    for memory_type, content in WRONG:
        wrong = refused(
            town.conn,
            "INSERT INTO agentry_memory.agent_memories (agent_id, memory_type, content) VALUES (%s, %s, %s)",
            nova, memory_type, content,
            error=errors.CheckViolation, match=f"no content of a memory of type {memory_type}", hint="It is {",
        )  # fmt: skip
        assert wrong.diag.constraint_name == "agent_memories_content_check"


def test_a_blank_text_is_refused(town: Town) -> None:
    for text in ("", "  \n", None):
        refused(
            town.conn, "SELECT agentry_memory.remember('nova', %s::text)", text, error=errors.CheckViolation,
            match="no content",
        )  # fmt: skip


def test_a_changed_content_has_another_text_and_the_index_follows(town: Town) -> None:
    one = remember(town.conn, "nova", "Ann likes tea.")
    town.conn.execute(
        'UPDATE agentry_memory.agent_memories SET content = content || \'{"event": "Ann likes coffee."}\''
    )
    assert memory(town.conn, one)["text"] == "Ann likes coffee."
    found = entry(town.conn, one)
    assert found and found["content"] == "Ann likes coffee."
    # the type may change with it
    town.conn.execute(
        "UPDATE agentry_memory.agent_memories SET memory_type = 'plan', content = '{\"text\": \"Buy coffee.\"}'"
    )
    assert memory(town.conn, one)["text"] == "Buy coffee."
    refused(
        town.conn, "UPDATE agentry_memory.agent_memories SET memory_type = 'episodic'",
        error=errors.CheckViolation, match="no content of a memory of type episodic",
    )  # fmt: skip


def test_the_text_itself_is_not_written(town: Town) -> None:
    one = remember(town.conn, "nova", "Ann likes tea.")
    refused(
        town.conn, "UPDATE agentry_memory.agent_memories SET text = 'Ann likes gin.'",
        error=errors.GeneratedAlways, match="the text of a memory is made from its content", detail=str(one),
        hint="content",
    )  # fmt: skip
    town.conn.execute("UPDATE agentry_memory.agent_memories SET text = text, tags = '{tea}'")
    town.conn.execute(
        "INSERT INTO agentry_memory.agent_memories (agent_id, content, text)"
        " SELECT agent_id, content || '{\"event\": \"Bob too.\"}', 'nonsense' FROM agentry_memory.agent_memories"
    )
    texts = rows(town.conn, 'SELECT text FROM agentry_memory.agent_memories ORDER BY text COLLATE "C"')
    assert [row["text"] for row in texts] == ["Ann likes tea.", "Bob too."]


# -- one --------------------------------------------------------------------------------------------------------------


def test_everything_that_is_given_is_kept_and_the_index_has_it(town: Town) -> None:
    at = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)
    until = datetime(2199, 1, 1, tzinfo=timezone.utc)
    one = remember(
        town.conn, "nova", "Met Ann.", importance=0.75, emotional_relevance=0.25, tags=["people", "park"],
        related_agents=["Coder", "mgr", "coder"], related_users=["ann", "bob@example.org"], location="the park",
        session="walk", session_order=3, occurred_at=at, expires_at=until, pinned=True, decay_rate=0.5,
        scope="organisation", metadata={"weather": "fine"}, source_kind="chat_message", source_id="17",
        idempotency_key="k1",
    )  # fmt: skip
    found = memory(town.conn, one)
    assert sorted(found["related_agents"]) == sorted([town.id_of("coder"), town.id_of("mgr")])
    people = rows(town.conn, "SELECT username FROM agentry.users WHERE id = ANY (%s)", found["related_users"])
    assert sorted(row["username"] for row in people) == ["ann", "bob"]
    kept = {
        "importance": 0.75, "emotional_relevance": 0.25, "tags": ["people", "park"], "location": "the park",
        "session": "walk", "session_order": 3, "occurred_at": at, "expires_at": until, "pinned": True,
        "decay_rate": 0.5, "scope": "organisation", "metadata": {"weather": "fine"}, "source_kind": "chat_message",
        "source_id": "17", "idempotency_key": "k1", "archived_at": None, "user_id": None, "team_id": None,
        "agent_id": town.id_of("nova"),
    }  # fmt: skip
    assert {name: found[name] for name in kept} == kept
    indexed = entry(town.conn, one)
    assert indexed
    wanted = {
        "owner_id": found["org_id"], "position": 3, "occurred_at": at, "expires_at": until, "importance": 0.75,
        "emotion": 0.25, "tags": ["people", "park"], "content": "Met Ann.",
    }  # fmt: skip
    assert {name: indexed[name] for name in wanted} == wanted
    assert indexed["session_key"] is not None


def test_what_is_not_given_has_its_default(town: Town) -> None:
    one = value(town.conn, "SELECT agentry_memory.remember('nova', 'Met Ann.')")
    found = memory(town.conn, one)
    kept = {
        "importance": 0.5, "emotional_relevance": None, "tags": [], "related_agents": [], "related_users": [],
        "location": None, "session": None, "session_order": None, "expires_at": None, "pinned": False,
        "scope": "agent", "metadata": {}, "source_kind": None, "source_id": None, "idempotency_key": None,
    }  # fmt: skip
    assert {name: found[name] for name in kept} == kept
    assert found["decay_rate"] == pytest.approx(0.1)
    assert found["occurred_at"] == value(town.conn, "SELECT now()")
    assert one.version == 7
    # NULL is as if it were left out
    two = call(
        town.conn, "remember", agent="nova", content="Met Bob.", importance=None, tags=None, related_agents=None,
        related_users=None, pinned=None, decay_rate=None, metadata=None,
    )[0]["remember"]  # fmt: skip
    again = memory(town.conn, two)
    assert {name: again[name] for name in kept} == kept


def test_memories_of_one_session_are_neighbours_in_their_order(town: Town) -> None:
    ids = [
        remember(town.conn, "nova", "first", session="s", occurred_at=datetime(2026, 1, 1, tzinfo=timezone.utc)),
        remember(town.conn, "nova", "second", session="s", occurred_at=datetime(2026, 1, 2, tzinfo=timezone.utc)),
        remember(town.conn, "nova", "elsewhere", session="t", occurred_at=datetime(2026, 1, 1, tzinfo=timezone.utc)),
    ]
    found = [entry(town.conn, one) for one in ids]
    assert all(found)
    first, second, elsewhere = (one or {} for one in found)
    assert first["session_key"] == second["session_key"] != elsewhere["session_key"]
    assert first["position"] < second["position"]


BAD_ARGUMENTS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"memory_type": "dream"}, errors.CheckViolation, "wrong value: memory_type = 'dream'"),
    ({"memory_type": None}, errors.NotNullViolation, "wrong value: memory_type = NULL"),
    ({"importance": 1.5}, errors.CheckViolation, "wrong value: importance = '1.5'"),
    ({"importance": float("nan")}, errors.CheckViolation, "wrong value: importance = 'NaN'"),
    ({"related_agents": ["codre"]}, errors.UndefinedObject, "agent 'codre' does not exist"),
    ({"related_agents": [None]}, errors.UndefinedObject, "agent NULL does not exist"),
    ({"related_users": ["zed"]}, errors.UndefinedObject, "user 'zed' does not exist"),
    ({"related_users": [None]}, errors.UndefinedObject, "user NULL does not exist"),
    ({"scope": "world"}, errors.InvalidParameterValue, "scope 'world' does not exist"),
    ({"scope": None}, errors.InvalidParameterValue, "scope NULL does not exist"),
    ({"scope": "team"}, errors.InvalidParameterValue, "agent nova has no team"),
    ({"scope": "user"}, errors.InvalidParameterValue, "agent nova has no user"),
    ({"agent": "nobody-here"}, errors.UndefinedObject, "agent 'nobody-here' does not exist"),
    ({"agent": None}, errors.InvalidParameterValue, "which agent is not clear"),
]


def test_wrong_arguments_are_refused(town: Town) -> None:
    for arguments, error, match in BAD_ARGUMENTS:
        given = {"agent": "nova", "content": "x", "memory_type": "episodic", **arguments}
        with pytest.raises(error, match=match), town.conn.transaction():
            call(town.conn, "remember", **given)


# -- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_is_stored_by_one_statement_and_its_ids_come_in_order(town: Town) -> None:
    town.conn.execute("CREATE TEMPORARY TABLE statements (n bigint GENERATED ALWAYS AS IDENTITY, had bigint)")
    town.conn.execute(
        "CREATE FUNCTION pg_temp.count_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
        " $$ BEGIN INSERT INTO pg_temp.statements (had) SELECT count(*) FROM new_rows; RETURN NULL; END $$"
    )
    town.conn.execute(
        "CREATE TRIGGER agent_memories_zz AFTER INSERT ON agentry_memory.agent_memories REFERENCING NEW TABLE AS"
        " new_rows FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.count_statement()"
    )
    ids = remember_all(
        town.conn,
        [
            {"agent": "nova", "content": "one", "importance": 0.25, "tags": ["a"], "related_agents": ["mgr"]},
            {"agent": "coder", "content": {"concept": "two", "definition": "2"}, "memory_type": "semantic"},
            {"agent": "NOVA", "content": "three", "memory_type": "plan", "related_users": ["ann", "bob"]},
            {"agent": "anns", "content": "four", "scope": "team", "session": "s", "session_order": 4, "pinned": True},
            {"agent": "anns", "content": "five", "scope": "user", "metadata": {"a": 1}, "emotional_relevance": 0.5,
             "occurred_at": "2026-01-01T00:00:00Z", "expires_at": "2199-01-01T00:00:00Z", "decay_rate": 2,
             "location": "home", "source_kind": "job", "source_id": "7"},
        ],
    )  # fmt: skip
    assert [memory(town.conn, one)["text"] for one in ids] == ["one", "two: 2", "three", "four", "five"]
    assert value(town.conn, "SELECT array_agg(had) FROM statements") == [5]
    first, _, third, fourth, fifth = (memory(town.conn, one) for one in ids)
    assert (first["importance"], first["tags"], first["related_agents"]) == (0.25, ["a"], [town.id_of("mgr")])
    assert first["agent_id"] == third["agent_id"] == town.id_of("nova")
    assert len(third["related_users"]) == 2
    assert fourth["team_id"] is not None and fourth["user_id"] is None and fourth["pinned"]
    assert fifth["user_id"] is not None and fifth["team_id"] is None
    assert (fifth["decay_rate"], fifth["location"], fifth["source_kind"], fifth["source_id"], fifth["metadata"]) == (
        2, "home", "job", "7", {"a": 1},
    )  # fmt: skip
    assert all(entry(town.conn, one) for one in ids)
    assert counted(town.conn, "nova") == (0.75, 2)
    assert counted(town.conn, "anns") == (1.0, 2)


def test_an_empty_batch_is_nothing(town: Town) -> None:
    assert remember_all(town.conn, []) == []


BAD_OBJECTS: list[tuple[dict[str, Any], str]] = [
    ({"agent": "nova"}, "missing: content"),
    ({"content": "x", "colour": "red"}, "unknown: colour"),
    ({"content": "x", "importance": "much"}, "importance: much"),
    ({"content": "x", "importance": [1]}, "importance: [1]"),
    ({"content": "x", "emotional_relevance": ""}, "emotional_relevance: "),
    ({"content": "x", "decay_rate": "fast"}, "decay_rate: fast"),
    ({"content": "x", "session_order": 1.5}, "session_order: 1.5"),
    ({"content": "x", "occurred_at": "later"}, "occurred_at: later"),
    ({"content": "x", "expires_at": "never"}, "expires_at: never"),
    ({"content": "x", "pinned": "perhaps"}, "pinned: perhaps"),
    ({"content": "x", "tags": "a"}, "tags: a"),
    ({"content": "x", "related_agents": "mgr"}, "related_agents: mgr"),
    ({"content": "x", "related_users": {}}, "related_users: {}"),
]


def test_a_bad_object_is_named_by_its_position(town: Town) -> None:
    for bad, detail in BAD_OBJECTS:
        refused(
            town.conn, "SELECT agentry_memory.remember_all(%s)", Jsonb([{"agent": "nova", "content": "x"}, bad]),
            error=errors.InvalidParameterValue, match="object 2 of the batch is not right", detail=detail,
        )  # fmt: skip
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.agent_memories") == 0


def test_what_is_no_batch_is_refused(town: Town) -> None:
    for batch in ('{"content": "x"}', '"x"', None):
        refused(
            town.conn, "SELECT agentry_memory.remember_all(%s::jsonb)", batch,
            error=errors.InvalidParameterValue, match="a batch is a JSON array of objects",
        )  # fmt: skip


def test_a_batch_is_all_or_nothing(town: Town) -> None:
    for bad in ({"agent": "nova", "content": 5}, {"agent": "nova", "content": "x", "importance": 2},
                {"agent": "nova", "content": "x", "scope": "team"}, {"agent": "zed", "content": "x"},
                {"agent": "nova", "content": "x", "related_agents": ["zed"]},
                {"agent": "nova", "content": "x", "related_users": ["zed"]}):  # fmt: skip
        with (
            pytest.raises((errors.CheckViolation, errors.InvalidParameterValue, errors.UndefinedObject)),
            town.conn.transaction(),
        ):
            remember_all(town.conn, [{"agent": "nova", "content": "good"}, bad])
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.agent_memories") == 0


def test_null_in_a_batch_is_as_if_it_were_left_out(town: Town) -> None:
    nothing = dict.fromkeys(
        ("memory_type", "importance", "emotional_relevance", "tags", "related_agents", "related_users", "location",
         "session", "session_order", "occurred_at", "expires_at", "pinned", "decay_rate", "scope", "metadata",
         "source_kind", "source_id", "embedding", "idempotency_key")
    )  # fmt: skip
    one, two = (memory(town.conn, i) for i in remember_all(
        town.conn, [{"agent": "nova", "content": "x"}, {"agent": "nova", "content": "x", **nothing}]))  # fmt: skip
    del one["id"], two["id"]
    assert one == two


# -- keys against doubles ---------------------------------------------------------------------------------------------


def test_the_same_key_and_content_give_the_first_id(town: Town) -> None:
    first = remember(town.conn, "nova", "Met Ann.", idempotency_key="k")
    assert remember(town.conn, "nova", "Met Ann.", idempotency_key="k", tags=["again"]) == first
    assert memory(town.conn, first)["tags"] == []
    assert counted(town.conn, "nova") == (0.5, 1)
    assert remember(town.conn, "coder", "Met Ann.", idempotency_key="k") != first
    for other in ({"content": "Met Bob."}, {"importance": 0.6}, {"memory_type": "plan"}):
        given = {"agent": "nova", "content": "Met Ann.", "idempotency_key": "k", **other}
        with (
            pytest.raises(errors.UniqueViolation, match="idempotency key 'k' was used for another memory") as caught,
            town.conn.transaction(),
        ):
            call(town.conn, "remember", **given)
        assert str(first) in str(caught.value.diag.message_detail)
        assert caught.value.diag.message_hint


def test_keys_hold_within_a_batch_and_across_batches(town: Town) -> None:
    first = remember(town.conn, "nova", "one", idempotency_key="1")
    batch = [
        {"agent": "nova", "content": "two", "idempotency_key": "2"},
        {"agent": "nova", "content": "one", "idempotency_key": "1"},
        {"agent": "nova", "content": "none"},
        {"agent": "nova", "content": "two", "idempotency_key": "2"},
        {"agent": "coder", "content": "other", "idempotency_key": "1"},
    ]
    ids = remember_all(town.conn, batch)
    assert ids[1] == first
    assert ids[0] == ids[3]
    assert len({ids[0], first, ids[2], ids[4]}) == 4
    again = remember_all(town.conn, batch)
    assert [again[i] for i in (0, 1, 3, 4)] == [ids[i] for i in (0, 1, 3, 4)]
    assert again[2] != ids[2]
    with pytest.raises(errors.UniqueViolation, match="idempotency key '2'"), town.conn.transaction():
        remember_all(town.conn, [{"agent": "nova", "content": "changed", "idempotency_key": "2"}])


# -- embeddings -------------------------------------------------------------------------------------------------------


def use_model(conn: Connection, dimensions: int = 3) -> None:
    conn.execute(
        "WITH m AS (INSERT INTO agentry_memory.embedding_models (name, dimensions) VALUES ('tiny', %s)"
        " RETURNING model_id) INSERT INTO agentry_memory.organization_models (model_id, is_default)"
        " SELECT model_id, true FROM m",
        [dimensions],
    )


def vectors(conn: Connection) -> list[tuple[str, str]]:
    found = rows(
        conn,
        "SELECT e.content, v.embedding::text AS embedding FROM agentry_memory.memory_vectors AS v"
        " JOIN agentry_memory.memory_entries AS e ON e.id = v.entry_id ORDER BY e.id",
    )
    return [(row["content"], row["embedding"]) for row in found]


def waiting(conn: Connection) -> list[str]:
    found = rows(
        conn,
        "SELECT e.content FROM agentry_memory.embedding_queue AS q"
        " JOIN agentry_memory.memory_entries AS e ON e.id = q.entry_id ORDER BY e.id",
    )
    return [row["content"] for row in found]


def test_an_embedding_that_comes_along_is_stored_and_waited_for_no_more(town: Town) -> None:
    use_model(town.conn)
    remember(town.conn, "nova", "without")
    remember(town.conn, "nova", "with", embedding="[1,0,0.5]")
    remember_all(town.conn, [
        {"agent": "nova", "content": "one of a batch", "embedding": [0, 1, 0]},
        {"agent": "nova", "content": "the other"},
    ])  # fmt: skip
    assert vectors(town.conn) == [("with", "[1,0,0.5]"), ("one of a batch", "[0,1,0]")]
    assert waiting(town.conn) == ["without", "the other"]
    # told once more it is what it was
    remember(town.conn, "nova", "keyed", embedding="[1,1,1]", idempotency_key="k")
    remember(town.conn, "nova", "keyed", embedding="[2,2,2]", idempotency_key="k")
    remember_all(town.conn, [{"agent": "nova", "content": "keyed", "embedding": [3, 3, 3], "idempotency_key": "k"}])
    assert vectors(town.conn)[2:] == [("keyed", "[1,1,1]")]


@pytest.mark.parametrize("embedding", ["[1,2]", "[0,0,0]", "[1,2,3", "x"])
def test_an_embedding_that_is_none_keeps_nothing(town: Town, embedding: str) -> None:
    use_model(town.conn)
    for query, given in (
        ("SELECT agentry_memory.remember('nova', 'x', p_embedding => %s)", embedding),
        ("SELECT agentry_memory.remember_all(%s)",
         Jsonb([{"agent": "nova", "content": "x", "embedding": embedding}])),
    ):  # fmt: skip
        refused(town.conn, query, given, error=(errors.InvalidParameterValue, errors.InvalidTextRepresentation))
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.agent_memories") == 0


def test_without_a_model_there_is_nothing_to_embed_for(town: Town) -> None:
    refused(
        town.conn, "SELECT agentry_memory.remember('nova', 'x', p_embedding => '[1,2,3]')",
        error=errors.ObjectNotInPrerequisiteState, match="no default embedding model",
    )  # fmt: skip


# -- bulk -------------------------------------------------------------------------------------------------------------


def test_copy_and_insert_select_are_as_good_as_the_function(town: Town) -> None:
    nova, coder = town.id_of("nova"), town.id_of("coder")
    # PostgreSQL has no COPY FROM for those whom row-level security concerns
    with town.conn.cursor().copy(
        b"COPY agentry_memory.agent_memories (agent_id, memory_type, content, importance) FROM STDIN"
    ) as copy:
        for i in range(300):
            copy.write_row((nova, "observation", Jsonb({"text": f"Saw boat number {i}."}), 0.25))
    with town.acting("app"):
        town.conn.execute(
            "INSERT INTO agentry_memory.agent_memories (agent_id, content, importance)"
            " SELECT %s, jsonb_build_object('event', 'Boat ' || i || ' left.', 'temporal', '{}'::jsonb), 0.5"
            " FROM generate_series(1, 300) AS i",
            [coder],
        )
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.memory_entries WHERE content ~ '^Saw boat'") == 300
    assert value(town.conn, "SELECT count(DISTINCT text) FROM agentry_memory.agent_memories") == 600
    assert counted(town.conn, "nova") == (75.0, 300)
    assert counted(town.conn, "coder") == (150.0, 300)
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.memory_importance") == 2
    refused(
        town.conn,
        "INSERT INTO agentry_memory.agent_memories (agent_id, content)"
        " SELECT %s, CASE i WHEN 200 THEN '{}' ELSE '{\"event\": \"x\", \"temporal\": {}}' END::jsonb"
        " FROM generate_series(1, 300) AS i",
        nova, error=errors.CheckViolation,
    )  # fmt: skip
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.agent_memories") == 600
