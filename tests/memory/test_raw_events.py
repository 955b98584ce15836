"""Events belong to a raw memory and to whom it belongs; each has a place of its own among those of the memory, whoever
writes them, however and at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.core.support import Connection, Town, one, refused
from tests.harness.database import Database, wait_for_lock
from tests.memory.raw_support import EVENT, RAW, call, facts, indexed, keys, places, raw, record, remember

Background = Callable[..., "Future[Any]"]


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def insert(columns: str = "", values: str = "", content: str = "ate an apple") -> str:
    """A direct INSERT of an event of coder's memory with that content."""
    return (
        f"INSERT INTO {EVENT} (memory_id, agent_id, action, target{columns and ', ' + columns})"
        f" SELECT memory_id, agent_id, 'eat', 'apple'{values and ', ' + values}"
        f" FROM {RAW} WHERE content = '{content}' RETURNING event_id"
    )


# -- recording --------------------------------------------------------------------------------------------------------


def test_an_event_has_what_is_given_and_the_rest_from_its_memory(town: Town) -> None:
    memory = remember(town.conn, "ate an apple", "coder", user="ann", scope="user", created_at="2026-02-03 04:05+00")
    event = record(town.conn, memory)
    full = record(
        town.conn, memory, "drink", "tea", actor="Ann", quantity="2.50", unit="cup", timestamp="1955-05-05 00:00+00",
        confidence=0.8, ordinal=7, extractor_version="v3", source="extractor", metadata={"hot": True},
    )  # fmt: skip
    assert record(town.conn, memory, "sleep", "bed")
    rows = {row[0]: row[1] for row in town.conn.execute(f"SELECT event_id, to_jsonb(e) FROM {EVENT} AS e".encode())}
    memory_row = raw(town.conn, memory)
    for row in rows.values():
        for column in ("org_id", "memory_id", "agent_id", "user_id", "team_id", "scope", "readers"):
            assert row[column] == memory_row[column], column
        assert row["memory_created_at"] == memory_row["created_at"]
    assert {name: rows[event][name] for name in ("timestamp", "ordinal", "confidence", "source", "metadata")} == {
        "timestamp": "2026-02-03T04:05:00+00:00", "ordinal": 1, "confidence": 1, "source": "manual", "metadata": {},
    }  # fmt: skip
    given = {
        "actor": "Ann", "action": "drink", "target": "tea", "quantity": 2.5, "unit": "cup", "confidence": 0.8,
        "timestamp": "1955-05-05T00:00:00+00:00", "ordinal": 7, "extractor_version": "v3", "source": "extractor",
        "metadata": {"hot": True},
    }  # fmt: skip
    assert {name: rows[full][name] for name in given} == given
    assert facts(town.conn, memory) == [(1, "eat apple"), (7, "Ann drink 2.5 cup tea"), (8, "sleep bed")]
    assert indexed(town.conn) == {"ate an apple", "eat apple", "Ann drink 2.5 cup tea", "sleep bed"}
    assert one(
        town.conn, "SELECT confidence = 0.8::real FROM agentry_memory.memory_entries WHERE row_id = %s", str(full)
    )


def test_events_of_a_memory_are_neighbours_in_recall(town: Town) -> None:
    one_memory, other = remember(town.conn, "x", "coder"), remember(town.conn, "y", "coder")
    for memory, target in ((one_memory, "a"), (other, "c"), (one_memory, "b")):
        record(town.conn, memory, "see", target)
    found = town.conn.execute(
        "SELECT array_agg(content ORDER BY position) FROM agentry_memory.memory_entries"
        " WHERE session_key IS NOT NULL GROUP BY session_key ORDER BY 1"
    ).fetchall()
    assert found == [(["see a", "see b"],), (["see c"],)]


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        ({"action": None}, "action or target is blank"),
        ({"action": " "}, "action or target is blank"),
        ({"target": ""}, "action or target is blank"),
        ({"quantity": 0}, "quantity is not a number above 0"),
        ({"quantity": -1}, "quantity is not a number above 0"),
        ({"quantity": "NaN"}, "quantity is not a number above 0"),
        ({"quantity": "Infinity"}, "quantity is not a number above 0"),
        ({"quantity": "-Infinity"}, "quantity is not a number above 0"),
        ({"unit": "cup"}, "unit without a quantity"),
        ({"confidence": 1.01}, "confidence is not within 0 and 1"),
        ({"confidence": -0.01}, "confidence is not within 0 and 1"),
        ({"confidence": "NaN"}, "confidence is not within 0 and 1"),
        ({"ordinal": 0}, "ordinal is not from 1 on"),
        ({"timestamp": "infinity"}, "timestamp is infinite"),
        ({"timestamp": "-infinity"}, "timestamp is infinite"),
        ({"metadata": []}, "metadata is no JSON object"),
        ({"metadata": '"text"'}, "metadata is no JSON object"),
    ],
)
def test_what_is_no_event_is_refused(town: Town, arguments: dict[str, Any], detail: str) -> None:
    memory = remember(town.conn, "ate an apple", "coder")
    given = {"memory_id": memory, "action": "eat", "target": "apple", **arguments}
    with pytest.raises(errors.InvalidParameterValue, match="event 1 is not right") as caught, town.conn.transaction():
        call(town.conn, "record_event", **given)
    assert caught.value.diag.message_detail == detail
    assert caught.value.diag.message_hint
    if arguments.get("metadata") != '"text"':
        batch = [{"memory_id": str(memory), "action": "a", "target": "b"}, {**given, "memory_id": str(memory)}]
        with pytest.raises(errors.InvalidParameterValue, match="event 2 is not right"), town.conn.transaction():
            call(town.conn, "record_events", batch)
    assert facts(town.conn, memory) == []


@pytest.mark.parametrize("batch", ["null", '[{"memory_id": null, "action": "a"}]', '[{"action": "a", "target": "b"}]'])
def test_a_batch_is_an_array_of_objects_with_known_keys(town: Town, batch: str) -> None:
    refused(town.conn, "SELECT agentry_memory.record_events(%s)", batch, error=errors.InvalidParameterValue)


def test_a_batch_is_recorded_in_order_and_places_follow_each_other(town: Town) -> None:
    assert call(town.conn, "record_events", []) == []
    first, second = remember(town.conn, "one", "coder"), remember(town.conn, "two", "nova")
    record(town.conn, first, "be", "first")
    batch = [
        {"memory_id": str(memory), "action": "see", "target": f"{name}{n}", "ordinal": ordinal, "quantity": n + 1,
         "metadata": None}
        for n, (memory, name, ordinal) in enumerate(
            [(first, "a", None), (second, "b", 5), (first, "a", 9), (second, "b", None), (first, "a", None)]
        )
    ]  # fmt: skip
    ids = call(town.conn, "record_events", batch)
    found = [one(town.conn, f"SELECT target FROM {EVENT} WHERE event_id = %s", event) for event in ids]
    assert found == ["a0", "b1", "a2", "b3", "a4"]
    assert facts(town.conn, first) == [(1, "be first"), (9, "see 3 a2"), (10, "see 1 a0"), (11, "see 5 a4")]
    assert facts(town.conn, second) == [(5, "see 2 b1"), (6, "see 4 b3")]
    assert keys(town.conn) == places(town.conn)


def test_many_events_are_recorded_at_once(town: Town) -> None:
    memories = call(town.conn, "remember_raw_all", [{"content": f"m{n}", "agent": "coder"} for n in range(50)])
    batch = [{"memory_id": str(memories[n % 50]).upper(), "action": "see", "target": str(n)} for n in range(1000)]
    assert len(set(call(town.conn, "record_events", batch))) == 1000
    assert one(town.conn, f"SELECT count(*) FROM {EVENT} WHERE ordinal BETWEEN 1 AND 20") == 1000
    assert keys(town.conn) == places(town.conn)


# -- who --------------------------------------------------------------------------------------------------------------


def test_an_agent_records_events_of_its_own_memories_only(town: Town) -> None:
    mine, hidden = remember(town.conn, "mine", "coder"), remember(town.conn, "nova's", "nova")
    shared = remember(town.conn, "nova's, for all", "nova", scope="organisation")
    with town.acting("coder") as conn:
        record(conn, mine)
        query = "SELECT agentry_memory.record_event(%s, 'eat', 'apple')"
        refused(conn, query, shared, match=f"raw memory {shared} is not that of agent coder", hint="Ask the agent")
        absent = uuid.uuid4()
        unseen = refused(conn, query, hidden, error=errors.UndefinedObject)
        missing = refused(conn, query, absent, error=errors.UndefinedObject)
        assert str(unseen.diag.message_primary).replace(str(hidden), str(absent)) == missing.diag.message_primary
        refused(conn, query, None, error=errors.UndefinedObject, match="raw memory NULL does not exist")
    for role in ("app", "admin"):
        with town.acting(role) as conn:
            record(conn, hidden)
    with town.acting("reader") as conn:
        refused(conn, query, mine, match="is not that of reader")
    with town.acting("stranger") as conn:
        refused(conn, query, mine, error=errors.InvalidAuthorizationSpecification)


def test_a_user_records_events_of_its_own_and_of_its_agents_memories(town: Town) -> None:
    own, agents = remember(town.conn, "own", user="ann"), remember(town.conn, "agent's", "anns")
    others, shared = remember(town.conn, "coder's", "coder"), remember(town.conn, "bob's", user="bob", team="red",
                                                                      scope="team")  # fmt: skip
    town.conn.execute("SELECT agentry.use_session(%s)", [town.token(user="ann")])
    record(town.conn, own)
    record(town.conn, agents)
    query = "SELECT agentry_memory.record_event(%s, 'eat', 'apple')"
    refused(town.conn, query, others, error=errors.UndefinedObject)
    refused(town.conn, query, shared, match="is not that of user")


def test_an_agent_reads_its_own_events_and_those_of_wider_scopes(town: Town) -> None:
    for content, agent, more in (
        ("a", "coder", {}), ("b", "nova", {}), ("c", "nova", {"scope": "organisation"}),
        ("d", "nova", {"scope": "team", "team": "red"}), ("e", None, {"user": "ann"}),
    ):  # fmt: skip
        record(town.conn, remember(town.conn, content, agent, **more), "see", content)
    seen = {}
    for role in ("coder", "nova", "anns", "app", "reader", "stranger"):
        with town.acting(role) as conn:
            seen[role] = "".join(r[0] for r in conn.execute(f"SELECT target FROM {EVENT} ORDER BY 1".encode()))
    assert seen == {"coder": "ac", "nova": "bcd", "anns": "cde", "app": "abcde", "reader": "abcde", "stranger": ""}


def test_an_agent_writes_its_own_events_directly_and_nobody_elses(town: Town) -> None:
    remember(town.conn, "ate an apple", "coder")
    remember(town.conn, "nova's", "nova", scope="organisation")
    with town.acting("coder") as conn:
        conn.execute(insert().encode())
        assert conn.execute(f"UPDATE {EVENT} SET target = 'pear', quantity = 2, unit = 'kg'".encode()).rowcount == 1
        refused(conn, insert(content="nova''s"))
        refused(conn, f"UPDATE {EVENT} SET agent_id = gen_random_uuid()")
        refused(
            conn, f"INSERT INTO {EVENT} (memory_id, agent_id, action, target) SELECT memory_id,"
            f" agentry.current_agent_id(), 'a', 'b' FROM {RAW} WHERE content = 'nova''s'",
            error=errors.CheckViolation, match="the event is not as its raw memory",
        )  # fmt: skip
        assert conn.execute(f"DELETE FROM {EVENT}".encode()).rowcount == 1
    assert keys(town.conn) == []


# -- places -----------------------------------------------------------------------------------------------------------


def test_the_same_place_and_facts_give_the_first_id(town: Town) -> None:
    memory = remember(town.conn, "x", "coder")
    given: dict[str, Any] = {
        "actor": "Ann", "quantity": "2", "unit": "kg", "confidence": 0.7, "ordinal": 3, "metadata": {"a": None},
        "timestamp": "2020-05-05 00:00+00",
    }  # fmt: skip
    first = record(town.conn, memory, **given)
    assert record(town.conn, memory, **given) == first
    assert record(town.conn, memory, **{**given, "timestamp": None, "quantity": "2.0"}) == first
    whole = {**given, "memory_id": str(memory), "action": "eat", "target": "apple"}
    ids = call(town.conn, "record_events", [{**whole, "ordinal": None}, whole])
    assert ids[1] == first
    assert [ordinal for ordinal, _ in facts(town.conn, memory)] == [3, 4]


@pytest.mark.parametrize(
    "other",
    [{"action": "drink"}, {"target": "pear"}, {"actor": "Bob"}, {"quantity": 1}, {"confidence": 0.5},
     {"timestamp": "2020-01-01 00:00+00"}, {"source": "s"}, {"extractor_version": "v"}, {"metadata": {"a": 1}}],
)  # fmt: skip
def test_a_place_that_is_taken_is_refused_by_its_name(town: Town, other: dict[str, Any]) -> None:
    memory = remember(town.conn, "x", "coder")
    first = record(town.conn, memory, ordinal=2)
    given = {"memory_id": memory, "action": "eat", "target": "apple", "ordinal": 2, **other}
    with pytest.raises(errors.UniqueViolation, match=f"event 2 of raw memory {memory} is another") as caught, \
            town.conn.transaction():  # fmt: skip
        call(town.conn, "record_event", **given)
    assert (caught.value.diag.constraint_name, caught.value.diag.table_name) == (
        "uq_event_per_memory", "event_memory_keys"
    )  # fmt: skip
    assert str(first) in str(caught.value.diag.message_detail)


@pytest.mark.parametrize(
    "query",
    [
        insert(), insert("ordinal", "1"), insert("ordinal, \"timestamp\"", "1, '2019-01-01 00:00+00'"),
        insert().replace("RETURNING", "ON CONFLICT DO NOTHING RETURNING"),
        f"INSERT INTO {EVENT} (memory_id, agent_id, action, target, ordinal) SELECT memory_id, agent_id, 'x', 'y', g"
        f" FROM {RAW}, generate_series(2, 5) AS g UNION ALL SELECT memory_id, agent_id, 'x', 'y', 3 FROM {RAW}",
        f"UPDATE {EVENT} SET ordinal = 1 WHERE ordinal = 8",
        f"UPDATE {EVENT} SET ordinal = 1, \"timestamp\" = '2019-01-01 00:00+00' WHERE ordinal = 8",
        f"UPDATE {EVENT} SET ordinal = 9",
    ],
)  # fmt: skip
def test_no_statement_gets_round_the_place(town: Town, query: str) -> None:
    memory = remember(town.conn, "ate an apple", "coder", created_at="2026-01-01")
    record(town.conn, memory)
    record(town.conn, memory, ordinal=8)
    before = keys(town.conn)
    error = refused(town.conn, query, error=errors.UniqueViolation)
    assert error.diag.constraint_name == "uq_event_per_memory"
    assert keys(town.conn) == places(town.conn) == before


def test_events_of_one_statement_change_places(town: Town) -> None:
    memory = remember(town.conn, "x", "coder")
    for target in ("a", "b", "c"):
        record(town.conn, memory, "see", target)
    town.conn.execute(f"UPDATE {EVENT} SET ordinal = 4 - ordinal".encode())
    assert facts(town.conn, memory) == [(1, "see c"), (2, "see b"), (3, "see a")]
    town.conn.execute(f"UPDATE {EVENT} SET \"timestamp\" = '2019-01-01 00:00+00' WHERE ordinal = 1".encode())
    town.conn.execute(f"UPDATE {EVENT} SET event_id = agentry.uuidv7() WHERE ordinal = 2".encode())
    town.conn.execute(f"DELETE FROM {EVENT} WHERE ordinal = 3".encode())
    assert keys(town.conn) == places(town.conn)
    assert record(town.conn, memory, "see", "d", ordinal=3)


def test_the_owner_copies_events_in(db: Database) -> None:
    conn = db.admin
    conn.execute("SELECT agentry.register_agent('coder', 'x')")
    memory = remember(conn, "x", "coder")
    agent = one(conn, f"SELECT agent_id FROM {RAW}")

    def copy(lines: str) -> None:
        command = f"COPY {EVENT} (memory_id, agent_id, ordinal, action, target, \"timestamp\") FROM STDIN"
        with conn.cursor().copy(command.encode()) as writer:
            writer.write(lines)

    copy("".join(f"{memory}\t{agent}\t{n}\tsee\tt{n}\t202{n % 10}-01-01 00:00+00\n" for n in range(1, 500)))
    assert keys(conn) == places(conn)
    assert len(indexed(conn)) == 500
    with pytest.raises(errors.UniqueViolation) as caught:
        copy(f"{memory}\t{agent}\t600\ta\tb\t2026-01-01 00:00+00\n{memory}\t{agent}\t7\ta\tb\t2026-01-01 00:00+00\n")
    assert caught.value.diag.constraint_name == "uq_event_per_memory"
    conn.execute(f"TRUNCATE {EVENT}".encode())
    assert keys(conn) == []
    assert indexed(conn) == {"x"}


def two(db: Database) -> tuple[Connection, Connection, uuid.UUID]:
    conn = db.connect()
    conn.execute("SELECT agentry.register_agent('coder', 'x')")
    return conn, db.connect(), remember(conn, "ate an apple", "coder")


@pytest.mark.parametrize("direct", [False, True])
def test_of_two_events_with_one_place_at_once_one_is_there(
    db: Database, background: Background, direct: bool
) -> None:
    conn, other, memory = two(db)

    def second() -> Any:
        if direct:
            return one(other, insert("ordinal, \"timestamp\"", "4, '2019-01-01 00:00+00'"))
        return record(other, memory, "drink", "tea", ordinal=4)

    with conn.transaction():
        record(conn, memory, ordinal=4)
        waiting = background(second)
        wait_for_lock(db.admin, other.info.backend_pid)
    with pytest.raises(errors.UniqueViolation) as caught:
        waiting.result()
    assert caught.value.diag.constraint_name == "uq_event_per_memory"
    assert facts(conn, memory) == [(4, "eat apple")]


def test_the_same_event_recorded_twice_at_once_is_one(db: Database, background: Background) -> None:
    conn, other, memory = two(db)
    with conn.transaction():
        first = record(conn, memory, ordinal=4)
        waiting = background(record, other, memory, ordinal=4)
        wait_for_lock(db.admin, other.info.backend_pid)
    assert waiting.result() == first
    assert facts(conn, memory) == [(4, "eat apple")]


def test_events_without_a_place_at_once_get_one_each(db: Database, background: Background) -> None:
    conn, other, memory = two(db)
    with conn.transaction():
        record(conn, memory, "see", "a")
        waiting = background(record, other, memory, "see", "b")
        wait_for_lock(db.admin, other.info.backend_pid)
    waiting.result()
    assert facts(conn, memory) == [(1, "see a"), (2, "see b")]


def test_batches_over_the_same_memories_do_not_block_each_other_for_ever(db: Database, background: Background) -> None:
    conn, other, first = two(db)
    second = remember(conn, "two", "coder")
    batch = [{"memory_id": str(m), "action": "see", "target": "a"} for m in (first, second)]
    with conn.transaction():
        call(conn, "record_events", batch)
        waiting = background(call, other, "record_events", batch[::-1])
        wait_for_lock(db.admin, other.info.backend_pid)
    assert len(waiting.result()) == 2
    assert [ordinal for ordinal, _ in facts(conn, first)] == [1, 2]


# -- as its memory ----------------------------------------------------------------------------------------------------


def test_an_event_has_the_owner_and_scope_of_its_memory(town: Town) -> None:
    conn = town.conn
    memory = remember(conn, "ate an apple", "coder", user="ann")
    record(conn, memory)
    ann = one(conn, "SELECT id FROM agentry.users WHERE username = 'ann'")
    bob = one(conn, "SELECT id FROM agentry.users WHERE username = 'bob'")
    wrong: list[dict[str, Any]] = [
        {}, {"user_id": bob}, {"user_id": ann, "scope": "user"}, {"user_id": ann, "scope": "organisation"},
        {"user_id": ann, "team_id": one(conn, "SELECT id FROM agentry.teams")},
    ]  # fmt: skip
    for given in wrong:
        columns = ["ordinal", *given]
        query = insert(", ".join(columns), ", ".join(["7"] + ["%s"] * len(given)))
        refused(conn, query, *given.values(), error=errors.CheckViolation, match="the event is not as its raw memory",
                hint="record_event() takes them from there")  # fmt: skip
    for change in ("scope = 'organisation'", "user_id = NULL", "agent_id = NULL, scope = 'user'"):
        refused(conn, f"UPDATE {EVENT} SET {change}", error=errors.CheckViolation, match="is not as its raw memory")
    other = remember(conn, "another", "coder")
    refused(conn, f"UPDATE {EVENT} SET memory_id = %s", other, error=errors.CheckViolation)
    same = remember(conn, "alike", "coder", user="ann")
    conn.execute(f"UPDATE {EVENT} SET memory_id = %s".encode(), [same])
    assert facts(conn, memory) == []
    assert facts(conn, same) == [(1, "eat apple")]
    assert keys(conn) == places(conn)


def test_an_event_needs_its_memory_whenever_the_key_is_checked(town: Town) -> None:
    conn = town.conn
    agent = town.id_of("coder")
    query = f"INSERT INTO {EVENT} (memory_id, agent_id, action, target) VALUES (agentry.uuidv7(), %s, 'a', 'b')"
    error = refused(conn, query, agent, error=errors.ForeignKeyViolation)
    assert error.diag.constraint_name == "event_memories_memory_id_fkey"
    conn.execute("SET CONSTRAINTS ALL DEFERRED")
    refused(conn, query, agent, error=errors.CheckViolation, match="is not as its raw memory")


def test_a_memory_with_events_is_not_deleted_without_them(town: Town) -> None:
    memory = remember(town.conn, "x", "coder")
    record(town.conn, memory)
    error = refused(town.conn, f"DELETE FROM {RAW}", error=errors.ForeignKeyViolation)
    assert error.diag.constraint_name.startswith("event_memories_memory_id_fkey")
    town.conn.execute("SET CONSTRAINTS ALL DEFERRED")
    town.conn.execute(f"DELETE FROM {RAW}".encode())
    town.conn.execute(f"DELETE FROM {EVENT}".encode())
    town.conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert keys(town.conn) == []


def test_the_time_of_the_memory_is_not_ones_own_to_choose(town: Town) -> None:
    remember(town.conn, "ate an apple", "coder")
    refused(town.conn, insert("memory_created_at", "now()"), error=errors.GeneratedAlways)
    assert one(
        town.conn,
        insert().replace("RETURNING event_id", "RETURNING memory_created_at = agentry.uuidv7_time(memory_id)"),
    )


@pytest.mark.parametrize("at", ["1970-01-01 00:00+00", "2026-11-27 12:34:56.789+00", "2300-02-03 04:05:06.007+00",
                                "10888-12-31 23:59:59.999+00"])  # fmt: skip
def test_the_time_of_the_memory_is_exact_in_every_year(town: Town, at: str) -> None:
    memory = remember(town.conn, "x", "coder", created_at=at)
    record(town.conn, memory, timestamp="2026-01-01 00:00+00")
    assert one(town.conn, f"SELECT memory_created_at = %s::timestamptz FROM {EVENT}", at)


VIOLATIONS = {
    "chk_confidence_range": [("confidence", value) for value in ("-0.01", "1.01", "'NaN'", "'Infinity'")],
    "chk_quantity_positive": [("quantity", value) for value in ("0", "-1", "'NaN'", "'Infinity'", "'-Infinity'")],
    "event_memories_unit_check": [("unit", "'kg'")],
    "event_memories_ordinal_check": [("ordinal", "0"), ("ordinal", "-1")],
    "event_memories_timestamp_check": [('"timestamp"', "'infinity'"), ('"timestamp"', "'-infinity'")],
    "event_memories_metadata_check": [("metadata", f"'{value}'") for value in ("null", "[]", '"x"', "1")],
    "event_memories_scope_check": [("scope", f"'{scope}'") for scope in ("team", "user", "world")],
    "event_memories_action_check": [("", "''"), ("", "' '")],
    "event_memories_target_check": [("", "''"), ("", "E'\\n'")],
}


@pytest.mark.parametrize(
    ("name", "column", "value"), [(name, *case) for name, cases in VIOLATIONS.items() for case in cases]
)
def test_what_a_check_forbids_cannot_be_stored(town: Town, name: str, column: str, value: str) -> None:
    remember(town.conn, "ate an apple", "coder")
    query = insert(column, value) if column else insert()
    query = query.replace("'eat'", value) if name.endswith("action_check") else query
    query = query.replace("'apple'", value) if name.endswith("target_check") else query
    error = refused(town.conn, query, error=errors.CheckViolation)
    assert error.diag.constraint_name == name


def test_every_check_is_on_the_list(tx: Connection) -> None:
    rows = tx.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = 'agentry_memory.event_memories'::regclass"
    ).fetchall()
    assert {row[0] for row in rows} == set(VIOLATIONS)


@pytest.mark.parametrize("column", ["action", "target", "confidence", "ordinal", "memory_id", '"timestamp"'])
def test_what_an_event_needs_is_never_null(town: Town, column: str) -> None:
    memory = remember(town.conn, "x", "coder")
    record(town.conn, memory)
    refused(town.conn, f"UPDATE {EVENT} SET {column} = NULL",
            error=(errors.NotNullViolation, errors.CheckViolation))  # fmt: skip
    assert facts(town.conn, memory) == [(1, "eat apple")]


def test_a_past_before_all_ids_is_kept(town: Town) -> None:
    memory = remember(town.conn, "born in 1912", "coder")
    event = record(town.conn, memory, "be born", "London", timestamp="1912-06-23 00:00+00")
    found = one(town.conn, "SELECT agentry_memory.fetch_source('event', %s)", str(event))
    assert found["timestamp"] == "1912-06-23T00:00:00+00:00"
    assert one(town.conn, f'SELECT "timestamp" FROM {EVENT}') == dt.datetime(1912, 6, 23, tzinfo=dt.timezone.utc)
    with pytest.raises(psycopg.Error), town.conn.transaction():
        record(town.conn, memory, ordinal=2**31)
