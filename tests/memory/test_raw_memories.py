"""Raw memories are stored for whom they may be, once a key, with ids of their time, and do not change owner."""

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
from tests.memory.raw_support import RAW, call, indexed, raw, remember, texts

Background = Callable[..., "Future[Any]"]


@pytest.fixture
def town(tx: Connection) -> Town:
    town = Town(tx)
    tx.execute("INSERT INTO agentry.teams (name) VALUES ('blue')")
    return town


def insert(columns: str = "", values: str = "", agent: str = "coder") -> str:
    return (
        f"INSERT INTO {RAW} (agent_id{columns and ', ' + columns})"
        f" SELECT id{values and ', ' + values} FROM agentry.agents WHERE name = '{agent}' RETURNING memory_id"
    )


# -- whose ------------------------------------------------------------------------------------------------------------


def owner(conn: Connection, memory: uuid.UUID) -> tuple[Any, ...]:
    """agent, user, team, scope by name."""
    row = conn.execute(
        f"SELECT a.name, u.username, t.name, r.scope FROM {RAW} AS r"
        " LEFT JOIN agentry.agents AS a ON a.id = r.agent_id LEFT JOIN agentry.users AS u ON u.id = r.user_id"
        " LEFT JOIN agentry.teams AS t ON t.id = r.team_id WHERE r.memory_id = %s".encode(),
        [memory],
    ).fetchone()
    assert row
    return row


@pytest.mark.parametrize(
    ("role", "arguments", "wanted"),
    [
        ("coder", {}, ("coder", None, None, "agent")),
        ("coder", {"agent": " CODER "}, ("coder", None, None, "agent")),
        ("coder", {"scope": "organisation"}, ("coder", None, None, "organisation")),
        ("anns", {"scope": "user"}, ("anns", "ann", None, "user")),
        ("anns", {"user": "ann@example.org"}, ("anns", "ann", None, "agent")),
        ("anns", {"scope": "team"}, ("anns", None, "red", "team")),
        ("app", {"agent": "nova"}, ("nova", None, None, "agent")),
        ("app", {"agent": "nova", "user": "bob"}, ("nova", "bob", None, "agent")),
        ("app", {"agent": "nova", "user": "bob", "scope": "user"}, ("nova", "bob", None, "user")),
        ("app", {"user": "ann"}, (None, "ann", None, "user")),
        ("app", {"user": "ann", "scope": "team"}, (None, "ann", "red", "team")),
        ("app", {"user": "ann", "scope": "organisation"}, (None, "ann", None, "organisation")),
        ("app", {"team": "blue"}, (None, None, "blue", "team")),
        ("app", {"agent": "anns", "scope": "team", "team": "blue"}, ("anns", None, "blue", "team")),
        ("app", {"scope": "organisation"}, (None, None, None, "organisation")),
        ("admin", {"agent": "coder"}, ("coder", None, None, "agent")),
    ],
)
def test_a_raw_memory_belongs_to_agent_or_user_as_the_caller_says(
    town: Town, role: str, arguments: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    with town.acting(role) as conn:
        memory = remember(conn, "hello", **arguments)
    assert owner(town.conn, memory) == wanted


def test_a_user_stores_its_own_and_those_of_its_agents(town: Town) -> None:
    token = town.token(user="ann")
    town.conn.execute("SELECT agentry.use_session(%s)", [token])
    mine, agents = remember(town.conn, "mine"), remember(town.conn, "my agent's", "anns")
    team = remember(town.conn, "the team's", scope="team")
    for arguments in ({"scope": "organisation"}, {"agent": "coder"}):
        refused(
            town.conn, "SELECT agentry_memory.remember_raw('no', p_scope => %s, p_agent => %s)",
            arguments.get("scope"), arguments.get("agent"),
        )  # fmt: skip
    town.conn.execute("SELECT agentry.logout()")
    assert owner(town.conn, mine) == (None, "ann", None, "user")
    assert owner(town.conn, agents) == ("anns", None, None, "agent")
    assert owner(town.conn, team) == (None, "ann", "red", "team")


@pytest.mark.parametrize(
    ("role", "arguments", "error"),
    [
        ("coder", {"agent": "nova"}, errors.InsufficientPrivilege),
        ("coder", {"agent": "ghost"}, errors.UndefinedObject),
        ("coder", {"user": "bob"}, errors.UndefinedObject),  # whom coder does not see
        ("coder", {"user": "ghost"}, errors.UndefinedObject),
        ("coder", {"team": "ghost"}, errors.UndefinedObject),
        ("coder", {"scope": "user"}, errors.InvalidParameterValue),
        ("coder", {"scope": "team"}, errors.InvalidParameterValue),
        ("coder", {"scope": "team", "team": "red"}, errors.InsufficientPrivilege),
        ("anns", {"scope": "team", "team": "blue"}, errors.InsufficientPrivilege),
        ("coder", {"scope": "world"}, errors.InvalidParameterValue),
        ("app", {}, errors.InvalidParameterValue),
        ("app", {"scope": "agent", "user": "ann"}, errors.InvalidParameterValue),
        ("app", {"user": "ghost"}, errors.UndefinedObject),
        ("reader", {"agent": "coder"}, errors.InsufficientPrivilege),
        ("reader", {"user": "ann"}, errors.InsufficientPrivilege),
        ("stranger", {"agent": "coder"}, errors.InvalidAuthorizationSpecification),
    ],
)
def test_nobody_stores_for_whom_it_may_not(
    town: Town, role: str, arguments: dict[str, Any], error: type[psycopg.Error]
) -> None:
    with town.acting(role) as conn:
        caught = refused(
            conn, "SELECT agentry_memory.remember_raw('x', p_agent => %s, p_user => %s, p_team => %s, p_scope => %s)",
            *(arguments.get(name) for name in ("agent", "user", "team", "scope")), error=error,
        )  # fmt: skip
        assert caught.diag.message_hint
        with pytest.raises(error), conn.transaction():
            call(conn, "remember_raw_all", [{"content": "x", **arguments}, {"content": "y", **arguments}])
    assert one(town.conn, f"SELECT count(*) FROM {RAW}") == 0


def test_a_user_that_is_not_seen_and_one_that_is_not_there_look_alike(town: Town) -> None:
    with town.acting("coder") as conn:
        query = "SELECT agentry_memory.remember_raw('x', p_user => %s)"
        hidden = refused(conn, query, "bob", error=errors.UndefinedObject)
        missing = refused(conn, query, "ghost", error=errors.UndefinedObject)
    assert str(hidden.diag.message_primary).replace("bob", "ghost") == missing.diag.message_primary
    assert (hidden.diag.message_detail, hidden.diag.message_hint) == (
        missing.diag.message_detail, missing.diag.message_hint
    )  # fmt: skip


def test_an_agent_reads_its_own_and_what_wider_scopes_share(town: Town) -> None:
    with town.acting("app") as conn:
        remember(conn, "coder's", "coder")
        remember(conn, "anns'", "anns")
        remember(conn, "ann's alone", user="ann")
        remember(conn, "ann's, by coder", "coder", user="ann", scope="user")
        remember(conn, "red", team="red")
        remember(conn, "blue", team="blue")
        remember(conn, "all", "nova", scope="organisation")
        everything = texts(conn)
    seen = {}
    for role in ("coder", "anns", "nova", "reader", "stranger"):
        with town.acting(role) as conn:
            seen[role] = texts(conn)
    assert seen == {
        "coder": ["all", "ann's, by coder", "coder's"],
        "anns": ["all", "ann's alone", "ann's, by coder", "anns'", "red"],
        "nova": ["all"],
        "reader": everything,
        "stranger": [],
    }


def test_another_organisation_is_not_there(town: Town) -> None:
    memory = remember(town.conn, "ours", "coder", idempotency_key="k")
    role = town.make_role("others", "agentry_app")
    town.conn.execute(
        "INSERT INTO agentry.service_roles (org_id, db_role) SELECT agentry.create_organization('other'), %s", [role]
    )
    with town.acting("others") as conn:
        conn.execute("SELECT agentry.register_agent('coder', 'another')")
        assert raw(conn, memory) is None
        assert texts(conn) == []
        assert one(conn, "SELECT agentry_memory.fetch_source('raw_memory', %s)", str(memory)) is None
        for query in (
            "SELECT agentry_memory.redact_raw_memory(%s, 'why')",
            "SELECT agentry_memory.delete_raw_memory(%s)",
            "SELECT agentry_memory.record_event(%s, 'eat', 'apple')",
        ):
            refused(conn, query, memory, error=errors.UndefinedObject, match=f"raw memory {memory} does not exist")
        assert remember(conn, "theirs", "coder", idempotency_key="k") != memory
        assert texts(conn) == ["theirs"]


# -- directly ---------------------------------------------------------------------------------------------------------


def test_an_agent_writes_its_own_directly_and_nobody_elses(town: Town) -> None:
    nova, ann = town.id_of("nova"), one(town.conn, "SELECT id FROM agentry.users WHERE username = 'ann'")
    red = one(town.conn, "SELECT id FROM agentry.teams WHERE name = 'red'")
    remember(town.conn, "nova's", "nova", scope="organisation")
    with town.acting("coder") as conn:
        mine = one(conn, "SELECT agentry.current_agent_id()")
        conn.execute(f"INSERT INTO {RAW} (agent_id, content) VALUES (%s, 'mine')".encode(), [mine])
        for agent, user, team, scope in (
            (nova, None, None, "agent"), (mine, None, red, "team"), (mine, ann, None, "user"),
            (None, ann, None, "user"), (None, None, None, "organisation"),
        ):  # fmt: skip
            refused(
                conn, f"INSERT INTO {RAW} (agent_id, user_id, team_id, scope, content) VALUES (%s, %s, %s, %s, 'x')",
                agent, user, team, scope,
            )  # fmt: skip
        assert texts(conn) == ["mine", "nova's"]
        conn.execute(f"UPDATE {RAW} SET content = content || '!', session = 's', session_order = 2".encode())
        assert texts(conn) == ["mine!", "nova's"]
        conn.execute(f"DELETE FROM {RAW}".encode())
        assert texts(conn) == ["nova's"]


def test_readers_write_nothing(town: Town) -> None:
    remember(town.conn, "x", "coder")
    with town.acting("reader") as conn:
        refused(conn, f"DELETE FROM {RAW}")
        refused(conn, f"UPDATE {RAW} SET content = 'y'")


# -- id and time ------------------------------------------------------------------------------------------------------


def test_the_id_carries_the_millisecond_of_the_time(town: Town) -> None:
    at = dt.datetime(2025, 3, 4, 5, 6, 7, 891234, dt.timezone.utc)
    ids = [
        remember(town.conn, "by function", "coder", created_at=at),
        call(town.conn, "remember_raw_all", [{"content": "b", "agent": "coder", "created_at": str(at)}])[0],
        one(town.conn, insert("content, created_at", "'direct', '2025-03-04 05:06:07.891234+00'")),
    ]
    wanted = (at.replace(microsecond=891000),) * 2
    for memory in ids:
        row = town.conn.execute(
            f"SELECT created_at, agentry.uuidv7_time(memory_id) FROM {RAW} WHERE memory_id = %s".encode(), [memory]
        ).fetchone()
        assert row == wanted
        assert memory.version == 7
    now = remember(town.conn, "now", "coder")
    assert one(
        town.conn, f"SELECT created_at = date_trunc('milliseconds', now()) FROM {RAW} WHERE memory_id = %s", now
    )


def test_an_id_of_ones_own_is_of_its_time(town: Town) -> None:
    memory = one(
        town.conn, insert("memory_id, created_at, content", "'019560ab-2f63-7abc-8def-0123456789ab', "
                          "agentry.uuidv7_time('019560ab-2f63-7abc-8def-0123456789ab'), 'x'")
    )  # fmt: skip
    assert raw(town.conn, memory, "content") == {"content": "x"}
    error = refused(
        town.conn, insert("memory_id, created_at, content", "%s, agentry.uuidv7_time(%s), 'again'"), memory, memory,
        error=errors.UniqueViolation,
    )  # fmt: skip
    assert str(error.diag.constraint_name).startswith("raw_memories_")


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("agentry.uuidv7('2020-01-01'::timestamptz)", "now()"),
        ("agentry.uuidv7('2025-03-04 05:06:07.891+00'::timestamptz)", "'2025-03-04 05:06:07.892+00'"),
        ("gen_random_uuid()", "now()"),
        ("'00000000-0000-0000-0000-000000000000'", "now()"),
        ("NULL", "'infinity'"),
        ("NULL", "'-infinity'"),
        ("NULL", "'1969-12-31 23:59:59.999+00'"),
        ("NULL", "'10889-01-01 00:00+00'"),
    ],
)
def test_an_id_that_is_not_of_its_time_is_refused(town: Town, given: str, at: str) -> None:
    refused(
        town.conn, insert("memory_id, created_at, content", f"{given}, {at}, 'x'"), error=errors.CheckViolation,
        match="the id of a raw memory is not of its time", hint="Leave the id out",
    )  # fmt: skip


@pytest.mark.parametrize("at", ["infinity", "-infinity", "1969-12-31 00:00+00", "10889-01-01 00:00+00"])
def test_a_time_that_no_id_can_carry_is_refused(town: Town, at: str) -> None:
    refused(
        town.conn, "SELECT agentry_memory.remember_raw('x', 'coder', p_created_at => %s)", at,
        error=errors.InvalidParameterValue, detail="created_at is not within the years",
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        "memory_id = agentry.uuidv7(created_at)", "created_at = created_at + interval '1 second'",
        "agent_id = gen_random_uuid()", "user_id = gen_random_uuid()", "team_id = gen_random_uuid()",
        "scope = 'organisation'", "org_id = gen_random_uuid()",
        "idempotency_key = 'k'", "content = NULL, redacted_at = now()",
    ],
)  # fmt: skip
def test_id_time_and_owner_do_not_change_for_anyone(town: Town, change: str) -> None:
    memory = remember(town.conn, "x", "coder")
    before = raw(town.conn, memory)
    for role in ("admin", "app", "coder"):
        with town.acting(role) as conn:
            refused(conn, f"UPDATE {RAW} SET {change}", error=errors.RestrictViolation, hint="redact_raw_memory()")
    assert raw(town.conn, memory) == before


def test_what_may_change_changes_and_is_stamped(town: Town) -> None:
    memory = remember(town.conn, "teh text", "coder")
    town.conn.execute(
        f"UPDATE {RAW} SET content = 'the text', metadata = '{{\"fixed\": true}}', content_type = 'voice'".encode()
    )
    row = raw(town.conn, memory)
    assert (row["content"], row["metadata"], row["content_type"]) == ("the text", {"fixed": True}, "voice")
    assert indexed(town.conn) == {"the text"}


# -- what is stored ---------------------------------------------------------------------------------------------------


def test_all_that_is_given_is_stored(town: Town) -> None:
    given = {
        "content_type": "document", "metadata": {"source": "mail", "tags": ["a", None]}, "session": "s1",
        "session_order": 3, "idempotency_key": "k1",
    }  # fmt: skip
    memory = remember(town.conn, "a letter", "coder", **given)
    row = raw(town.conn, memory)
    assert {name: row[name] for name in given} == given
    assert (row["content"], row["encrypted"], row["archived"]) == ("a letter", None, False)
    secret = remember(town.conn, encrypted=b"\x00\xff", key_ref="vault/1", user="ann")
    row = raw(town.conn, secret)
    assert (row["content"], row["encrypted"], row["key_ref"]) == (None, "\\x00ff", "vault/1")
    assert indexed(town.conn) == {"a letter"}, "a ciphertext has no text"


def test_the_neighbours_of_a_session_stand_in_its_order(town: Town) -> None:
    conn = town.conn
    call(conn, "remember_raw_all", [
        {"content": "second", "agent": "coder", "session": "s", "session_order": 2},
        {"content": "first", "agent": "coder", "session": "s", "session_order": 1},
        {"content": "elsewhere", "agent": "coder", "session": "t"},
        {"content": "earlier elsewhere", "agent": "coder", "session": "t", "created_at": "2026-01-01"},
        {"content": "alone", "agent": "coder"},
    ])  # fmt: skip
    found = conn.execute(
        "SELECT content FROM agentry_memory.memory_entries WHERE session_key IS NOT NULL ORDER BY session_key, position"
    ).fetchall()
    names = [row[0] for row in found]
    assert names in (["first", "second", "earlier elsewhere", "elsewhere"],
                     ["earlier elsewhere", "elsewhere", "first", "second"])  # fmt: skip
    assert one(conn, "SELECT session_key IS NULL FROM agentry_memory.memory_entries WHERE content = 'alone'")


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        ({}, "neither a text nor a ciphertext"),
        ({"content": "x", "encrypted": b"x"}, "or both"),
        ({"content": ""}, "content is blank"),
        ({"content": " \n\t"}, "content is blank"),
        ({"content": "x", "metadata": []}, "metadata is no JSON object"),
        ({"content": "x", "metadata": "text"}, "metadata is no JSON object"),
    ],
)
def test_what_is_no_raw_memory_is_refused(town: Town, arguments: dict[str, Any], detail: str) -> None:
    if arguments.get("metadata") == "text":
        arguments = {**arguments, "metadata": '"text"'}
    with pytest.raises(errors.InvalidParameterValue) as caught, town.conn.transaction():
        call(town.conn, "remember_raw", agent="coder", **arguments)
    assert detail in str(caught.value.diag.message_detail)
    assert caught.value.diag.message_hint


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        ({}, "neither a text nor a ciphertext"),
        ({"content": None, "encrypted": None}, "neither a text nor a ciphertext"),
        ({"content": "x", "encrypted": "\\x00"}, "or both"),
        ({"content": 7}, "content is no text"),
        ({"content": {"a": 1}}, "content is no text"),
        ({"encrypted": "AAEC"}, "encrypted is not hexadecimal"),
        ({"encrypted": "\\x0"}, "encrypted is not hexadecimal"),
        ({"content": "x", "metadata": ["a"]}, "metadata is no JSON object"),
        ({"content": "x", "created_at": "infinity"}, "created_at is not within"),
    ],
)
def test_a_bad_object_of_a_batch_is_named_and_nothing_is_stored(town: Town, bad: dict[str, Any], detail: str) -> None:
    batch = [{"content": "a", "agent": "coder"}, {"agent": "coder", **bad}]
    with pytest.raises(errors.InvalidParameterValue, match="raw memory 2 is not right") as caught, \
            town.conn.transaction():  # fmt: skip
        call(town.conn, "remember_raw_all", batch)
    assert detail in str(caught.value.diag.message_detail)
    assert one(town.conn, f"SELECT count(*) FROM {RAW}") == 0


@pytest.mark.parametrize("batch", ["null", "{}", '[{"content": "x", "colour": "red"}]', "[1]"])
def test_a_batch_is_an_array_of_objects_with_known_keys(town: Town, batch: str) -> None:
    refused(town.conn, "SELECT agentry_memory.remember_raw_all(%s)", batch, error=errors.InvalidParameterValue)


def test_a_batch_is_stored_in_order(town: Town) -> None:
    assert call(town.conn, "remember_raw_all", []) == []
    batch = [
        {"content": f"memory {n}", "agent": ("coder", "nova")[n % 2], "session": "s", "session_order": n,
         "metadata": None if n % 2 else {"n": n}}
        for n in range(500)
    ] + [{"encrypted": "\\x00FF", "user": "ann", "content_type": "voice"}]  # fmt: skip
    ids = call(town.conn, "remember_raw_all", batch)
    assert len(set(ids)) == 501
    assert [raw(town.conn, ids[n], "content, metadata") for n in (0, 1, 498)] == [
        {"content": "memory 0", "metadata": {"n": 0}}, {"content": "memory 1", "metadata": {}},
        {"content": "memory 498", "metadata": {"n": 498}},
    ]  # fmt: skip
    assert raw(town.conn, ids[500], "encrypted, content_type") == {"encrypted": "\\x00ff", "content_type": "voice"}
    assert owner(town.conn, ids[1])[0] == "nova"


VIOLATIONS = {
    "chk_content_or_encrypted": [
        ("content", "NULL"), ("content, encrypted", "'x', '\\x00'"), ("content, redacted_at", "'x', now()"),
        ("encrypted, redacted_at", "'\\x00', now()"),
    ],
    "raw_memories_content_check": [("content", "''"), ("content", "E' \\n'")],
    "raw_memories_content_type_check": [
        ("content, content_type", "'x', 'smell'"), ("content, content_type", "'x', ''"),
    ],
    "raw_memories_key_ref_check": [("content, key_ref", "'x', 'k'"), ("encrypted, key_ref", "'\\x00', ' '")],
    "raw_memories_metadata_check": [
        ("content, metadata", f"'x', '{value}'") for value in ("null", "[]", '"x"', "1", "true")
    ],
    "raw_memories_session_order_check": [("content, session_order", "'x', 1")],
    "raw_memories_idempotency_key_check": [
        ("content, idempotency_key", "'x', ''"), ("content, idempotency_key", "'x', repeat('k', 256)"),
    ],
    "raw_memories_redaction_reason_check": [("content, redaction_reason", "'x', 'why'")],
    "raw_memories_scope_check": [
        ("content, scope", f"'x', '{scope}'") for scope in ("team", "user", "world", "")
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "columns", "values"), [(name, *case) for name, cases in VIOLATIONS.items() for case in cases]
)
def test_what_a_check_forbids_cannot_be_stored(town: Town, name: str, columns: str, values: str) -> None:
    error = refused(town.conn, insert(columns, values), error=errors.CheckViolation)
    assert error.diag.constraint_name == name


def test_an_agents_own_scope_needs_an_agent(town: Town) -> None:
    error = refused(town.conn, f"INSERT INTO {RAW} (content) VALUES ('x')", error=errors.CheckViolation)
    assert error.diag.constraint_name == "raw_memories_scope_check"


def test_every_check_is_on_the_list(tx: Connection) -> None:
    rows = tx.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = 'agentry_memory.raw_memories'::regclass"
    ).fetchall()
    assert {row[0] for row in rows} == set(VIOLATIONS)


# -- once -------------------------------------------------------------------------------------------------------------


def test_the_same_key_and_content_give_the_first_id(town: Town) -> None:
    given = {"content_type": "voice", "metadata": {"a": [1, None]}, "session": "s", "user": "ann"}
    first = remember(town.conn, "x", "coder", idempotency_key="k", **given)
    assert remember(town.conn, "x", "coder", idempotency_key="k", **given) == first
    assert call(town.conn, "remember_raw_all", [
        {"content": "x", "agent": "coder", "idempotency_key": "k", **given},
        {"content": "y", "agent": "coder", "idempotency_key": "l"},
        {"content": "y", "agent": "coder", "idempotency_key": "l"},
    ])[0] == first  # fmt: skip
    assert texts(town.conn) == ["x", "y"]
    assert remember(town.conn, "other", "nova", idempotency_key="k") != first, "a key is its owner's"
    town.conn.execute(f"DELETE FROM {RAW} WHERE memory_id = %s".encode(), [first])
    assert remember(town.conn, "anew", "coder", idempotency_key="k") != first, "a key is free again"


@pytest.mark.parametrize(
    "other",
    [
        {"content": "y"}, {"content_type": "action"}, {"metadata": {"a": 1}}, {"session": "t"},
        {"session": "s", "session_order": 1}, {"user": "ann"}, {"scope": "organisation"},
        {"created_at": "2020-01-01 00:00+00"}, {"content": None, "encrypted": b"x"},
    ],
)  # fmt: skip
def test_the_same_key_and_other_content_are_refused(town: Town, other: dict[str, Any]) -> None:
    given = {"content": "x", "agent": "coder", "idempotency_key": "k"}
    first = remember(town.conn, **given)
    with pytest.raises(errors.UniqueViolation, match="idempotency key 'k' was used for another") as caught, \
            town.conn.transaction():  # fmt: skip
        remember(town.conn, **{**given, **other})
    assert str(first) in str(caught.value.diag.message_detail)
    with pytest.raises(errors.UniqueViolation), town.conn.transaction():
        batch = [{"content": "a", "agent": "coder", "idempotency_key": "l"},
                 {"content": "b", "agent": "coder", "idempotency_key": "l"}]  # fmt: skip
        call(town.conn, "remember_raw_all", batch)
    assert texts(town.conn) == ["x"]


def test_a_key_is_used_once_by_direct_inserts_too(town: Town) -> None:
    one(town.conn, insert("content, idempotency_key, created_at", "'x', 'k', '2026-01-01 00:00+00'"))
    error = refused(town.conn, insert("content, idempotency_key", "'x', 'k'"), error=errors.UniqueViolation)
    assert error.diag.constraint_name == "raw_memory_keys_pkey"
    with pytest.raises(errors.UniqueViolation), town.conn.transaction():
        remember(town.conn, "y", "coder", idempotency_key="k")


def test_of_two_who_store_with_one_key_at_once_one_stores(db: Database, background: Background) -> None:
    conn = db.connect()
    conn.execute("SELECT agentry.register_agent('coder', 'x')")
    other, third = db.connect(), db.connect()
    with conn.transaction():
        first = remember(conn, "x", "coder", idempotency_key="k")
        same = background(remember, other, "x", "coder", idempotency_key="k")
        differs = background(remember, third, "y", "coder", idempotency_key="k")
        wait_for_lock(db.admin, other.info.backend_pid)
        wait_for_lock(db.admin, third.info.backend_pid)
    assert same.result() == first
    with pytest.raises(errors.UniqueViolation):
        differs.result()
    assert texts(conn) == ["x"]


def test_a_key_whose_first_use_was_rolled_back_is_free(db: Database, background: Background) -> None:
    conn = db.connect()
    conn.execute("SELECT agentry.register_agent('coder', 'x')")
    other = db.connect()
    with conn.transaction(force_rollback=True):
        first = remember(conn, "x", "coder", idempotency_key="k")
        second = background(remember, other, "y", "coder", idempotency_key="k")
        wait_for_lock(db.admin, other.info.backend_pid)
    assert second.result() != first
    assert texts(conn) == ["y"]


# -- in bulk, and all of it -------------------------------------------------------------------------------------------


def test_the_owner_copies_them_in(db: Database) -> None:
    conn = db.admin
    agent = one(conn, "SELECT agentry.register_agent('coder', 'x')")
    columns = "agent_id, created_at, content, idempotency_key"
    lines = [f"{agent}\t2025-0{n % 9 + 1}-05 00:00:00.{n:06}+00\tline {n}\tk{n}\n" for n in range(300)]
    with conn.cursor().copy(f"COPY {RAW} ({columns}) FROM STDIN".encode()) as copy:
        copy.write("".join(lines))
    assert one(conn, f"SELECT count(DISTINCT memory_id) FROM {RAW}") == 300
    assert one(conn, f"SELECT bool_and(agentry.uuidv7_time(memory_id) = created_at) FROM {RAW}")
    assert one(conn, "SELECT count(*) FROM agentry_memory.raw_memory_keys") == 300
    assert len(indexed(conn)) == 300
    with pytest.raises(errors.UniqueViolation), conn.cursor().copy(
        f"COPY {RAW} ({columns}) FROM STDIN".encode()
    ) as copy:
        copy.write(f"{agent}\t2026-05-05 00:00+00\tagain\tk7\n")
    conn.execute("TRUNCATE agentry_memory.raw_memories, agentry_memory.event_memories")
    assert one(conn, "SELECT count(*) FROM agentry_memory.raw_memory_keys") == 0
    assert indexed(conn) == set()


def test_a_hit_leads_to_its_row(town: Town) -> None:
    memory = remember(town.conn, "x", "coder", metadata={"a": 1})
    with town.acting("coder") as conn:
        row = one(conn, "SELECT agentry_memory.fetch_source('raw_memory', %s)", str(memory))
        assert (row["memory_id"], row["metadata"]) == (str(memory), {"a": 1})
    with town.acting("nova") as conn:
        assert one(conn, "SELECT agentry_memory.fetch_source('raw_memory', %s)", str(memory)) is None
