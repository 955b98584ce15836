"""A value that is not allowed: the error names it, the rule that it breaks and what is allowed; nothing changes."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.core.support import Town
from tests.memory.memories_support import Connection, call, remember, rows, value
from tests.memory.raw_support import record
from tests.memory.raw_support import remember as remember_raw

NAN, INFINITE = float("nan"), "infinity"
LONG = "x" * 256

# function -> (its arguments, what is wrong, the constraint less _check, or NULL for one that is never NULL, a part of
# the hint)
Case = tuple[dict[str, Any], str, str, str]


def memory(wrong: str, constraint: str, hint: str, **arguments: Any) -> Case:
    return {"agent": "nova", "content": "x", **arguments}, wrong, f"agent_memories_{constraint}", hint


REMEMBER = [
    memory("memory_type = 'dream'", "memory_type", "episodic, semantic", memory_type="dream"),
    memory("memory_type = NULL", "NULL", "memory_type: ", memory_type=None),
    *(memory(f"importance = '{one}'", "importance", "0 to 1", importance=one) for one in (1.5, -0.25, "NaN")),
    memory("emotional_relevance = '2'", "emotional_relevance", "0 to 1", emotional_relevance=2),
    memory("decay_rate = '-1'", "decay_rate", "0 to 1000", decay_rate=-1),
    memory("tags = '[\"a\", null]'", "tags", "none of them NULL", tags=["a", None]),
    memory("location = ' '", "location", "not blank", location=" "),
    memory("session = NULL, session_order = '3'", "session", "place in a session", session_order=3),
    memory("occurred_at = 'infinity'", "occurred_at", "not infinite", occurred_at=INFINITE),
    memory("metadata = '[]'", "metadata", "JSON object", metadata=Jsonb([])),
    memory("source_kind = 'A', source_id = '7'", "source", "lower case", source_kind="A", source_id="7"),
    memory("source_kind = 'job', source_id = NULL", "source", "together", source_kind="job"),
    memory("idempotency_key = ''", "idempotency_key", "1 to 255", idempotency_key=""),
]

CASES: dict[str, list[Case]] = {
    "remember": REMEMBER,
    "remember_all": [
        ({"memories": Jsonb([{"agent": "nova", "content": "good"}, {"agent": "nova", "content": "x", **bad}])},
         f"object 2 of the batch is not right: {wrong}", f"agent_memories_{name}", hint)
        for bad, wrong, name, hint in (
            ({"importance": 2}, "importance = '2'", "importance", "0 to 1"),
            ({"importance": "NaN"}, "importance = 'NaN'", "importance", "0 to 1"),
            ({"memory_type": "plan", "session_order": 4}, "session_order = '4'", "session", "place in a session"),
            ({"idempotency_key": LONG}, f"idempotency_key = '{LONG[:200]}'", "idempotency_key", "1 to 255"),
            ({"occurred_at": INFINITE}, "occurred_at = 'infinity'", "occurred_at", "not infinite"),
        )
    ],
    "record_reflection": [
        ({"agent": "nova", "text": "x", "importance": NAN}, "importance = 'NaN'", "agent_memories_importance",
         "0 to 1"),
    ],
    "record_metacognition": [
        ({"agent": "nova", "performance_evaluation": "x", "importance": 7}, "importance = '7'",
         "agent_memories_importance", "0 to 1"),
    ],
    "consolidate": [
        ({"agent": "nova", "type": "merge", "memories": ["memory", "other"], "content": "x", "tags": [None]},
         "tags = '[null]'", "agent_memories_tags", "none of them NULL"),
    ],
    "remember_raw": [
        ({"content": "x", "agent": "nova", **bad}, wrong, f"raw_memories_{name}", hint)
        for bad, wrong, name, hint in (
            ({"content_type": "smell"}, "content_type = 'smell'", "content_type", "text, voice"),
            ({"key_ref": "k"}, "key_ref = 'k'", "key_ref", "ciphertext"),
            ({"session_order": 1}, "session = NULL, session_order = '1'", "session_order", "place in a session"),
            ({"idempotency_key": ""}, "idempotency_key = ''", "idempotency_key", "1 to 255"),
        )
    ],
    "remember_raw_all": [
        ({"memories": Jsonb([{"content": "good", "agent": "nova"},
                             {"content": "x", "agent": "nova", "content_type": "smell"}])},
         "object 2 of the batch is not right: content_type = 'smell'", "raw_memories_content_type", "text, voice"),
    ],
    "derive_view": [
        ({"agent": "nova", "hypothesis": "x", **bad}, wrong, name if name == "NULL" else f"cognitive_views_{name}",
         hint)
        for bad, wrong, name, hint in (
            ({"hypothesis": " "}, "hypothesis = ' '", "hypothesis", "not blank"),
            ({"hypothesis": None}, "hypothesis = NULL", "NULL", "hypothesis: "),
            ({"view_type": "A B"}, "view_type = 'A B'", "view_type", "lower case"),
            ({"source": None}, "source = NULL", "NULL", "source: "),
            ({"source": ""}, "source = ''", "source", "such as llm"),
            ({"tags": [None]}, "tags = '[null]'", "tags", "none of them NULL"),
            ({"idempotency_key": LONG}, "idempotency_key = ", "idempotency_key", "1 to 255"),
        )
    ],
    "reject_view": [({"view": "view", "reason": " "}, "reason = ' '", "cognitive_views_reason", "not blank")],
    "promote_view": [
        ({"view": "view", "force": True, "definition": Jsonb([1])}, "definition = '[1]'",
         "stable_concepts_definition", "JSON object"),
        ({"view": "view", "force": True, "concept_type": "A"}, "concept_type = 'A'", "stable_concepts_concept_type",
         "lower case"),
    ],
    "deprecate_concept": [
        ({"concept": "concept", "reason": ""}, "reason = ''", "stable_concepts_reason", "not blank"),
    ],
    "add_evidence": [
        ({"view": "view", "kind": "memory", "id": "memory", "weight": NAN}, "weight = 'NaN'", "memory_links_weight",
         "0 to 1"),
        ({"view": "view", "kind": "memory", "id": "memory", "note": " "}, "note = ' '", "memory_links_note",
         "not blank"),
        ({"view": "view", "kind": "view", "id": "view"}, "from_kind = 'view', from_id = ", "memory_links_itself",
         "something else"),
    ],
    "link_memories": [
        ({"agent": "nova", "from_id": "memory", "relation": "supports", "to_id": "other", "weight": 2},
         "weight = '2'", "memory_links_weight", "0 to 1"),
        ({"agent": "nova", "from_id": "memory", "relation": "supports", "to_id": "memory"},
         "from_kind = 'memory', from_id = ", "memory_links_itself", "something else"),
        ({"links": [{"from_id": "memory", "relation": "supports", "to_id": "other"},
                    {"from_id": "other", "relation": "supports", "to_id": "memory", "note": " "}]},
         "object 2 of the batch is not right: note = ' '", "memory_links_note", "not blank"),
    ],
    "set_memory_settings": [
        ({"agent": "nova", "reflection_threshold": NAN}, "reflection_threshold = 'NaN'",
         "agent_memory_settings_reflection_threshold", "0.1 to 100000"),
        ({"agent": "nova", "reflection_memories": 0}, "reflection_memories = '0'",
         "agent_memory_settings_reflection_memories", "1 to 100000"),
        ({"agent": "nova", "reflections_a_day": -1}, "reflections_a_day = '-1'",
         "agent_memory_settings_reflections_a_day", "0 to 1000"),
    ],
}  # fmt: skip


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def filled(conn: Connection) -> dict[str, Any]:
    """One of each that arguments name, by name."""
    raw = remember_raw(conn, "said", "nova")
    value(conn, "SELECT agentry_memory.register_embedding_model('tiny', 3)")
    value(conn, "SELECT agentry_memory.use_embedding_model('tiny')")
    held = value(conn, "SELECT agentry_memory.derive_view('nova', 'held')")
    return {
        "memory": remember(conn, "nova", "one"), "other": remember(conn, "nova", "two"), "raw": raw,
        "event": record(conn, raw), "view": value(conn, "SELECT agentry_memory.derive_view('nova', 'supposed')"),
        "concept": call(conn, "promote_view", view=held, force=True)[0]["promote_view"],
    }  # fmt: skip


def named(arguments: dict[str, Any], ids: dict[str, Any]) -> dict[str, Any]:
    def one(given: Any) -> Any:
        if isinstance(given, list) and given and isinstance(given[0], dict):
            return Jsonb([{key: str(one(part)) for key, part in each.items()} for each in given])
        if isinstance(given, list):
            return [one(each) for each in given]
        return ids.get(given, given) if isinstance(given, str) else given

    return {name: one(given) if name != "kind" else given for name, given in arguments.items()}


def state(conn: Connection) -> dict[str, Any]:
    """Every row of every table of memory."""
    tables = rows(conn, "SELECT c.oid::regclass::text AS name FROM pg_class AS c WHERE c.relkind IN ('r', 'p')"
                        " AND NOT c.relispartition AND c.relnamespace = 'agentry_memory'::regnamespace")  # fmt: skip
    query = "SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {} AS t"
    return {table["name"]: value(conn, query.format(table["name"])) for table in tables}


@pytest.mark.parametrize("function", CASES)
def test_a_wrong_value_is_named_with_what_is_allowed_and_nothing_changes(town: Town, function: str) -> None:
    ids = filled(town.conn)
    before = state(town.conn)
    for arguments, wrong, constraint, hint in CASES[function]:
        with pytest.raises((errors.CheckViolation, errors.NotNullViolation)) as caught, town.conn.transaction():
            call(town.conn, function, **named(arguments, ids))
        said = caught.value.diag
        prefix = "" if wrong.startswith("object") else "wrong value: "
        assert str(said.message_primary).startswith(prefix + wrong), said.message_primary
        assert hint in str(said.message_hint)
        if constraint.endswith("NULL"):  # the column is named instead
            assert (said.sqlstate, said.column_name) == ("23502", wrong.split(" ")[0])
        else:
            assert (said.sqlstate, said.constraint_name) == ("23514", f"{constraint}_check")
            assert f"{constraint}_check" in str(said.message_detail)
        assert said.schema_name == "agentry_memory"
        assert said.table_name
        assert "row contains" not in str(caught.value)
    assert state(town.conn) == before


def test_the_first_wrong_object_of_a_batch_is_named(town: Town) -> None:
    good = {"agent": "nova", "content": "x"}
    batch = [good, good, {**good, "importance": -1}, good, {**good, "importance": 2}]
    with pytest.raises(errors.CheckViolation, match="object 3 of the batch is not right: importance = '-1'"):
        call(town.conn, "remember_all", memories=Jsonb(batch))


@pytest.mark.parametrize(
    ("function", "good", "bad"),
    [
        ("remember_all", {"agent": "nova", "content": "x"},
         {"importance": "high", "expires_at": "never", "pinned": 2, "tags": "a", "decay_rate": 1e300}),
        ("remember_raw_all", {"agent": "nova", "content": "x"},
         {"session_order": "first", "created_at": "yesterday or so"}),
        ("record_events", {"memory_id": "raw", "action": "did", "target": "it"},
         {"memory_id": "x", "quantity": "many", "timestamp": "then", "confidence": 1e300, "ordinal": 2**31}),
        ("link_memories", {"from_id": "memory", "relation": "supports", "to_id": "other"},
         {"from_id": 7, "to_id": "other one", "weight": "heavy"}),
    ],
)  # fmt: skip
def test_a_value_of_a_batch_that_is_no_number_time_or_id_is_named(
    town: Town, function: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    ids = filled(town.conn)
    good = {key: str(ids.get(part, part)) for key, part in good.items()}
    before = state(town.conn)
    argument = {"record_events": "events", "link_memories": "links"}.get(function, "memories")
    for key, wrong in bad.items():
        with pytest.raises(errors.InvalidParameterValue, match=r"^object 2 of the batch is not right") as caught, \
                town.conn.transaction():  # fmt: skip
            call(town.conn, function, **{argument: Jsonb([good, {**good, key: wrong}])})
        assert str(caught.value.diag.message_detail).startswith(f"{key}: ")
        assert str(caught.value.diag.message_hint).startswith(f"{key} is ")
    assert state(town.conn) == before


def test_what_a_policy_or_trigger_says_itself_is_left_as_it_is(town: Town) -> None:
    with pytest.raises(errors.CheckViolation, match="this is no content of a memory of type plan") as caught:
        call(town.conn, "remember", agent="nova", content=Jsonb({}), memory_type="plan")
    assert caught.value.diag.constraint_name == "agent_memories_content_check"
    assert '{"text": text}' in str(caught.value.diag.message_hint)


# -- every argument of every function ---------------------------------------------------------------------------------

# good values of arguments that have no default
GOOD: dict[str, Any] = {
    "p_agent": "nova", "p_content": "x", "p_memory": "memory", "p_memory_id": "raw", "p_from_id": "memory",
    "p_to_id": "other", "p_relation": "supports", "p_view": "view", "p_concept": "concept", "p_kind": "memory",
    "p_id": "memory", "p_action": "did", "p_target": "it", "p_hypothesis": "h", "p_text": "t", "p_type": "merge",
    "p_name": "tiny", "p_dimensions": 3, "p_source": "memory", "p_query": "tide", "p_model": "tiny", "p_reason": "why",
    "p_error": "e", "p_limit": 5,
}  # fmt: skip

NOBODY = "00000000-0000-0000-0000-000000000000"
BAD: dict[str, list[Any]] = {
    "text": ["", " ", "dream", "x" * 300, None],
    "double precision": ["NaN", "-1", "Infinity", "-Infinity", None],
    "numeric": ["NaN", "-1", "Infinity", None],
    "integer": [-1, 0, 2**31 - 1, None],
    "bigint": [-1, 0, 2**63 - 1, None],
    "uuid": [NOBODY, None],
    "text[]": ["{NULL}", "{{a},{b}}", '{""}', None],
    "uuid[]": ["{NULL}", f"{{{NOBODY}}}", None],
    "timestamp with time zone": [INFINITE, "-infinity", "0001-01-01 BC", "290000-01-01", None],
    "interval": ["-1 day", "0", None],
    "jsonb": ["null", "[]", "1", '"x"', "{}", "[1]", '[{"a": 1}]', None],
    "vector": ["[0,0,0]", "[1]", "[1e-30,0,0]", None],
    "boolean": [None],
    "bytea": ["\\x", None],
    "regclass": ["pg_class", None],
}


def good(function: str, argument: str, kind: str) -> Any:
    if kind == "uuid[]":
        return ["memory", "other"]
    if kind == "jsonb":
        return '{"event": "x", "temporal": {}}' if argument == "p_content" else "[]"
    if kind == "regclass":
        return "agentry_memory.agent_memories"
    if (function, argument) in (("promote_view", "p_name"), ("register_embedding_model", "p_name")):
        return "another"
    return GOOD.get(argument)


def test_whatever_a_function_refuses_it_says_what_is_allowed(town: Town) -> None:
    ids = filled(town.conn)
    functions = rows(
        town.conn,
        "SELECT p.proname AS name, p.pronargs - p.pronargdefaults AS needed, p.proargnames[1:p.pronargs] AS names,"
        " ARRAY(SELECT format_type(u.t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (t, n) ORDER BY u.n)"
        " AS types FROM pg_proc AS p WHERE p.pronamespace = 'agentry_memory'::regnamespace AND p.proname !~ '^_'"
        " ORDER BY p.oid::regprocedure::text",
    )
    refusals, wrong = 0, []
    for function in functions:
        arguments = list(zip(function["names"] or (), function["types"], strict=True))
        base = {argument: good(function["name"], argument, kind) for argument, kind in arguments[: function["needed"]]}
        for argument, kind in arguments:
            for bad in BAD[kind]:
                given = {**named(base, ids), argument: bad}
                types = dict(arguments)
                query = f"SELECT FROM agentry_memory.{function['name']}(" + ", ".join(
                    f"{name} => %s::{types[name]}" for name in given) + ")"  # fmt: skip
                try:
                    with town.conn.transaction(force_rollback=True):
                        town.conn.execute(query.encode(), list(given.values()))
                except psycopg.Error as error:
                    refusals += 1
                    said = error.diag
                    if function["name"] == "register_source" and str(said.sqlstate).startswith("42"):
                        continue  # its arguments are SQL, whose errors are PostgreSQL's
                    if not said.message_hint or "row contains" in str(error) or said.sqlstate in ("P0001", "XX000"):
                        wrong.append(f"{function['name']}({argument} => {bad!r}): {said.sqlstate} {error}")
    assert not wrong, "\n".join(wrong)
    assert refusals > 300
