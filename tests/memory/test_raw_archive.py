"""After two years a month goes to the archive: read there under the same rules, recalled, redacted and forgotten, and
what is unique stays so."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.core.support import Connection, one, refused
from tests.core.test_forget import found
from tests.harness.database import Database
from tests.memory.raw_support import (
    EVENT,
    RAW,
    call,
    facts,
    indexed,
    keys,
    places,
    raw,
    record,
    remember,
    retire,
    texts,
)

OLD = "2020-01-05 06:07:08.009+00"
ARCHIVE = "agentry_archive"


@dataclass
class Attic:
    db: Database
    conn: Connection
    own: uuid.UUID  # coder's, of 2020-01, with two events
    shared: uuid.UUID  # coder's, for the organisation, of 2020-02, with an event
    anns: uuid.UUID  # ann's alone, of 2020-01
    secret: uuid.UUID  # nova's, encrypted, of 2020-01
    young: uuid.UUID  # coder's, of today, with an event of 1955 and one of today

    def acting(self, agent: str) -> Connection:
        """As that agent, or an application (app), or nobody (stranger)."""
        if agent == "app":
            return self.db.connect(self.db.app_role())
        if agent == "stranger":
            return self.db.connect(self.db.role("stranger", "agentry_agent"))
        return self.db.connect(self.db.agent_role(agent, register=False))


@pytest.fixture
def full(db: Database) -> Attic:
    """Nothing retired yet: old rows wait in the default partitions."""
    conn = db.admin
    conn.execute("INSERT INTO agentry.users (username) VALUES ('ann')")
    conn.execute(
        "SELECT agentry.register_agent('coder', 'x'), agentry.register_agent('nova', 'x'),"
        " agentry.register_agent('anns', 'x', p_user => 'ann')"
    )
    own = remember(conn, "coder ate figs", "coder", created_at=OLD, metadata={"a": 1}, session="s", session_order=7,
                   idempotency_key="k")  # fmt: skip
    record(conn, own, "eat", "figs", quantity=3)
    record(conn, own, "like", "figs")
    shared = remember(conn, "figs are ripe", "coder", scope="organisation", created_at="2020-02-29 23:59:59.999+00")
    record(conn, shared, "ripen", "figs", confidence=0.5)
    anns = remember(conn, "ann dislikes figs", user="ann", created_at=OLD)
    secret = remember(conn, encrypted=b"\x01", key_ref="v/1", agent="nova", created_at=OLD)
    young = remember(conn, "born in 1955", "coder")
    record(conn, young, "be born", "home", timestamp="1955-05-05 00:00+00")
    record(conn, young, "say", "so")
    return Attic(db, conn, own, shared, anns, secret, young)


@pytest.fixture
def attic(full: Attic) -> Attic:
    """The old months are in the archive."""
    assert retire(full.conn) == [
        f"agentry_memory.{name}"
        for name in ("event_memories_1955_05", "event_memories_2020_01", "event_memories_2020_02",
                     "raw_memories_2020_01", "raw_memories_2020_02")
    ]  # fmt: skip
    return full


# -- months -----------------------------------------------------------------------------------------------------------


def test_a_row_whose_month_is_not_there_waits_and_is_moved(full: Attic) -> None:
    conn = full.conn
    before = [raw(conn, memory) for memory in (full.own, full.shared)]
    assert one(conn, f"SELECT count(*) FROM {RAW}_default") == 4
    assert one(conn, f"SELECT count(*) FROM {EVENT}_default") == 4
    assert one(conn, "SELECT agentry.ensure_partitions(%s)", EVENT) == [
        f"{EVENT}_{month}" for month in ("1955_05", "2020_01", "2020_02")
    ]
    assert one(conn, "SELECT agentry.ensure_partitions(%s)", RAW) == [f"{RAW}_2020_01", f"{RAW}_2020_02"]
    assert one(conn, f"SELECT count(*) FROM {RAW}_default") == 0
    assert [raw(conn, memory) for memory in (full.own, full.shared)] == before
    assert one(conn, "SELECT agentry.validate_keys()") >= 1
    record(conn, full.own, "see", "more", timestamp="2020-01-07 00:00+00")
    assert facts(conn, full.own) == [(1, "eat 3 figs"), (2, "like figs"), (3, "see more")]
    assert keys(conn) == places(conn)
    assert one(conn, "SELECT count(*) FROM agentry_memory.v_memory_orphans") == 0
    remember(conn, "later", "coder", created_at="2020-01-31 00:00+00")
    assert one(conn, f"SELECT count(*) FROM {RAW}_2020_01") == 4


def test_months_younger_than_two_years_stay(db: Database) -> None:
    conn = db.admin
    conn.execute("SELECT agentry.register_agent('coder', 'x')")
    for months in (23, 26):
        memory = remember(conn, f"{months} months ago", "coder",
                          created_at=one(conn, "SELECT now() - make_interval(months => %s)", months))  # fmt: skip
        record(conn, memory)
    assert len(retire(conn)) == 2
    rows = conn.execute("SELECT content, archived FROM agentry_memory.v_raw_memories_all ORDER BY 1").fetchall()
    assert rows == [("23 months ago", False), ("26 months ago", True)]


def test_maintenance_brings_them_there(full: Attic) -> None:
    said: list[str] = []
    full.conn.add_notice_handler(lambda diag: said.append(f"{diag.severity} {diag.message_primary}"))
    for _ in range(2):  # the second month of a memory goes when no archived event refers to it any more
        full.conn.execute("CALL agentry.run_maintenance(true)")
    rows = full.conn.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'agentry_archive'::regnamespace AND relkind = 'r'"
    ).fetchall()
    assert {row[0] for row in rows} == {
        "event_memories_1955_05", "event_memories_2020_01", "event_memories_2020_02", "raw_memories_2020_01",
        "raw_memories_2020_02",
    }  # fmt: skip
    assert [line for line in said if "memory.archive" in line] == [
        "NOTICE memory.archive: 3 to do",
        *(f"NOTICE memory.archive: {ARCHIVE}.event_memories_{month}: keys into raw memories dropped"
          for month in ("1955_05", "2020_01", "2020_02")),
        "NOTICE memory.archive: 0 to do",
    ]  # fmt: skip
    assert one(full.conn, "SELECT status FROM agentry.v_health WHERE name = 'core.partitions'") == "ok"


def test_a_month_stays_while_an_event_refers_to_it(full: Attic) -> None:
    conn = full.conn
    record(conn, full.own, "go", "Rome", timestamp=one(conn, "SELECT now() + interval '1 day'"))
    said: list[str] = []
    conn.add_notice_handler(lambda diag: said.append(str(diag.message_primary)))
    assert f"{RAW}_2020_01" not in retire(conn)
    assert said == [f"partition {RAW}_2020_01 stays: its rows are still referenced"]
    conn.execute(f"DELETE FROM {EVENT} WHERE target = 'Rome'".encode())
    assert retire(conn) == [f"{RAW}_2020_01"]


# -- reading ----------------------------------------------------------------------------------------------------------


def test_the_view_shows_what_was_there_before(full: Attic) -> None:
    conn = full.conn
    memories = (full.own, full.shared, full.anns, full.secret, full.young)
    before = [raw(conn, memory) for memory in memories]
    events = {memory: facts(conn, memory) for memory in memories}
    rows = conn.execute("SELECT to_jsonb(e) - 'archived' FROM agentry_memory.v_event_memories_all AS e").fetchall()
    retire(conn)
    after = [raw(conn, memory) for memory in memories]
    assert [{**row, "archived": memory != full.young} for memory, row in zip(memories, before, strict=True)] == after
    assert {memory: facts(conn, memory) for memory in memories} == events
    again = conn.execute("SELECT to_jsonb(e) - 'archived' FROM agentry_memory.v_event_memories_all AS e").fetchall()
    assert sorted(map(str, rows)) == sorted(map(str, again))
    assert texts(conn) == ["born in 1955"]
    assert one(conn, f"SELECT count(*) FROM {EVENT}") == 1


def test_everybody_reads_in_the_archive_what_it_reads_in_the_table(full: Attic) -> None:
    queries = (
        "SELECT memory_id FROM agentry_memory.v_raw_memories_all ORDER BY 1",
        "SELECT event_id FROM agentry_memory.v_event_memories_all ORDER BY 1",
        f"SELECT memory_id FROM {RAW} ORDER BY 1",
        f"SELECT event_id FROM {EVENT} ORDER BY 1",
    )
    roles = {role: full.acting(role) for role in ("coder", "nova", "anns", "app", "stranger")}
    before = {role: [conn.execute(q.encode()).fetchall() for q in queries] for role, conn in roles.items()}
    retire(full.conn)
    for role, conn in roles.items():
        now = [conn.execute(q.encode()).fetchall() for q in queries]
        assert now[:2] == before[role][:2] == before[role][2:], role
        assert len(now[2]) == (1 if role in ("coder", "app") else 0)
    counts = {role: (len(seen[0]), len(seen[1])) for role, seen in before.items()}
    assert counts == {"coder": (3, 5), "nova": (2, 1), "anns": (2, 1), "app": (5, 5), "stranger": (0, 0)}
    anns = roles["anns"]
    anns.execute("SELECT agentry.logout()")
    user = full.db.connect(full.db.role("user", "agentry_agent"))
    key = one(full.conn, "SELECT agentry.create_api_key(p_user => 'ann')")
    user.execute("SELECT agentry.use_session(agentry.login(%s), true)", [key])
    assert user.execute(queries[0].encode()).fetchall() == before["anns"][0]


def test_another_organisation_reads_nothing_there(attic: Attic) -> None:
    role = attic.db.role("others", "agentry_app")
    attic.conn.execute(
        "INSERT INTO agentry.service_roles (org_id, db_role) SELECT agentry.create_organization('other'), %s", [role]
    )
    with attic.db.connect(role) as conn:
        assert one(conn, "SELECT count(*) FROM agentry_memory.v_raw_memories_all") == 0
        assert one(conn, "SELECT count(*) FROM agentry_memory.v_event_memories_all") == 0
        assert one(conn, "SELECT agentry_memory.fetch_source('raw_memory', %s)", str(attic.own)) is None
        refused(conn, "SELECT agentry_memory.redact_raw_memory(%s, 'x')", attic.own, error=errors.UndefinedObject)


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (None, None, ["figs are ripe", "coder ate figs", "ann dislikes figs", None]),
        ("2020-02-01", None, ["figs are ripe"]),
        (OLD, "2020-02-01 00:00+00", ["coder ate figs", "ann dislikes figs", None]),
        ("2020-01-01", OLD, []),
        ("2020-02-29 23:59:59.999+00", "2020-02-29 23:59:59.9991+00", ["figs are ripe"]),
    ],
)
def test_the_archive_is_read_within_bounds(
    attic: Attic, since: str | None, until: str | None, wanted: list[str | None]
) -> None:
    given = {name: value for name, value in (("p_since", since), ("p_until", until)) if value}
    arguments = ", ".join(f"{name} => '{value}'" for name, value in given.items())
    rows = attic.conn.execute(
        f"SELECT content FROM agentry_memory.archived_raw_memories({arguments})".encode()
    ).fetchall()
    assert sorted(map(str, (row[0] for row in rows))) == sorted(map(str, wanted))
    rows = attic.conn.execute(
        f"SELECT target FROM agentry_memory.archived_event_memories({arguments})".encode()
    ).fetchall()
    assert len(rows) == {"2020-02-01": 1, OLD: 2, "2020-01-01": 0}.get(since or "", 4 if since is None else 1)


def test_what_is_archived_is_still_recalled(full: Attic) -> None:
    before = indexed(full.conn)
    retire(full.conn)
    assert indexed(full.conn) == before
    assert one(full.conn, "SELECT count(*) FROM agentry_memory.v_memory_orphans") == 0
    events = full.conn.execute("SELECT event_id, target FROM agentry_memory.v_event_memories_all").fetchall()
    for role in ("coder", "app"):
        conn = full.acting(role)
        row = one(conn, "SELECT agentry_memory.fetch_source('raw_memory', %s)", str(full.own))
        assert (row["content"], row["session_order"]) == ("coder ate figs", 7)
        for event, target in events:
            assert one(conn, "SELECT agentry_memory.fetch_source('event', %s)", str(event))["target"] == target
    nova = full.acting("nova")
    assert one(nova, "SELECT agentry_memory.fetch_source('raw_memory', %s)", str(full.own)) is None
    assert one(nova, "SELECT agentry_memory.fetch_source('raw_memory', %s)", str(full.shared))["content"]


def test_the_archive_is_a_closed_door(attic: Attic) -> None:
    for role in ("coder", "app"):
        with attic.acting(role) as conn, pytest.raises(errors.InsufficientPrivilege):
            conn.execute(f"SELECT * FROM {ARCHIVE}.raw_memories_2020_01".encode())
    for query in (
        f"UPDATE {ARCHIVE}.raw_memories_2020_01 SET content = 'y'", f"DELETE FROM {ARCHIVE}.event_memories_2020_01",
        f"TRUNCATE {ARCHIVE}.event_memories_2020_01",
    ):  # fmt: skip
        refused(attic.conn, query, error=errors.RestrictViolation)


# -- writing ----------------------------------------------------------------------------------------------------------


def test_no_event_is_recorded_of_what_is_archived(attic: Attic) -> None:
    refused(
        attic.conn, "SELECT agentry_memory.record_event(%s, 'eat', 'more')", attic.own,
        error=errors.ObjectNotInPrerequisiteState, match=f"raw memory {attic.own} is archived", hint="new memory",
    )  # fmt: skip


def test_a_place_that_an_archived_event_has_is_taken(attic: Attic) -> None:
    conn = attic.conn
    first = one(conn, "SELECT event_id FROM agentry_memory.v_event_memories_all WHERE target = 'home'")
    assert record(conn, attic.young, "be born", "home", ordinal=1, timestamp="1955-05-05 00:00+00") == first
    with pytest.raises(errors.UniqueViolation) as caught:
        record(conn, attic.young, "be born", "abroad", ordinal=1)
    assert caught.value.diag.constraint_name == "uq_event_per_memory"
    error = refused(
        conn, f"INSERT INTO {EVENT} (memory_id, agent_id, action, target) SELECT memory_id, agent_id, 'a', 'b'"
        f" FROM {RAW}", error=errors.UniqueViolation,
    )  # fmt: skip
    assert error.diag.constraint_name == "uq_event_per_memory"
    record(conn, attic.young, "go", "on")
    assert [ordinal for ordinal, _ in facts(conn, attic.young)] == [1, 2, 3]
    assert keys(conn) == places(conn)


def test_a_key_that_an_archived_memory_has_is_used(attic: Attic) -> None:
    given: dict[str, Any] = {"metadata": {"a": 1}, "session": "s", "session_order": 7, "idempotency_key": "k"}
    assert remember(attic.conn, "coder ate figs", "coder", **given) == attic.own
    with pytest.raises(errors.UniqueViolation):
        remember(attic.conn, "something else", "coder", **given)


def test_an_emptied_table_leaves_the_keys_of_the_archive(attic: Attic) -> None:
    conn = attic.conn
    conn.execute("TRUNCATE agentry_memory.raw_memories, agentry_memory.event_memories")
    assert keys(conn) == places(conn)
    assert len(keys(conn)) == 4
    assert one(conn, "SELECT array_agg(memory_id) FROM agentry_memory.raw_memory_keys") == [attic.own]


def test_a_live_memory_with_archived_events_is_deleted_with_them_only(attic: Attic) -> None:
    conn = attic.conn
    conn.execute(f"DELETE FROM {EVENT}".encode())
    refused(
        conn, f"DELETE FROM {RAW}", error=errors.ForeignKeyViolation,
        match=f"raw memory {attic.young} has events in the archive", detail="event_memories_1955_05",
        hint="agentry_memory.delete_raw_memory() deletes it with all its events",
    )  # fmt: skip
    other = remember(conn, "no events", "coder")
    conn.execute(f"DELETE FROM {RAW} WHERE memory_id = %s".encode(), [other])
    assert call(conn, "delete_raw_memory", attic.young) == 1
    assert facts(conn, attic.young) == []
    assert keys(conn) == places(conn)


def test_what_is_archived_is_deleted_with_its_events(attic: Attic) -> None:
    conn = attic.conn
    with attic.acting("coder") as coder:
        assert call(coder, "delete_raw_memory", attic.own) == 2
        refused(coder, "SELECT agentry_memory.delete_raw_memory(%s)", attic.own, error=errors.UndefinedObject)
    assert raw(conn, attic.own) is None
    assert facts(conn, attic.own) == []
    assert indexed(conn) == {
        "figs are ripe", "ripen figs", "ann dislikes figs", "born in 1955", "be born home", "say so"
    }  # fmt: skip
    assert keys(conn) == places(conn)
    assert one(conn, "SELECT counts FROM agentry.erasures") == {
        f"{ARCHIVE}.event_memories_2020_01": 2, f"{ARCHIVE}.raw_memories_2020_01": 1
    }
    assert remember(conn, "the key is free", "coder", idempotency_key="k")


def test_what_is_archived_is_redacted_with_its_events(attic: Attic) -> None:
    conn = attic.conn
    assert call(conn, "redact_raw_memory", attic.own, "a wish") is True
    assert call(conn, "redact_raw_memory", attic.own, "a wish") is False
    row = raw(conn, attic.own)
    assert (row["content"], row["metadata"], row["redaction_reason"], row["session"]) == (None, {}, "a wish", "s")
    assert row["redacted_at"]
    assert facts(conn, attic.own) == []
    assert keys(conn) == places(conn)
    assert {text for text in indexed(conn) if "figs" in text} == {"figs are ripe", "ripen figs", "ann dislikes figs"}
    assert call(conn, "redact_raw_memory", attic.young, "a wish") is True
    assert facts(conn, attic.young) == []
    assert keys(conn) == places(conn)
    assert {text for text in indexed(conn) if "figs" not in text} == set()
    assert remember(conn, "anything", "coder", idempotency_key="k") == attic.own, "it does not come back"


# -- forgetting -------------------------------------------------------------------------------------------------------


def test_an_agent_is_forgotten_in_the_archive_too(attic: Attic) -> None:
    conn = attic.conn
    coder = one(conn, "SELECT id FROM agentry.agents WHERE name = 'coder'")
    receipt = one(conn, "SELECT agentry.forget('coder')")
    assert conn.execute("SELECT * FROM agentry.verify_forgotten(%s)", [receipt]).fetchall() == []
    left = conn.execute("SELECT memory_id FROM agentry_memory.v_raw_memories_all").fetchall()
    assert {row[0] for row in left} == {attic.anns, attic.secret}
    assert keys(conn) == places(conn) == []
    assert indexed(conn) == {"ann dislikes figs"}, "what it had shared went too"
    assert one(conn, "SELECT count(*) FROM agentry_memory.raw_memory_keys") == 0
    counts = one(conn, "SELECT counts FROM agentry.erasures WHERE id = %s", receipt)
    assert (counts[RAW], counts[EVENT]) == (3, 5)
    # its id stays in the log of what was done
    assert {table for table, _ in found(conn, str(coder))} == {"agentry.audit_log", "agentry.erasures"}
    for text in ("born in 1955", "ripen", "coder ate"):
        assert found(conn, text) == set()


def test_a_user_is_forgotten_in_the_archive_too(attic: Attic) -> None:
    conn = attic.conn
    receipt = one(conn, "SELECT agentry.forget('user:ann')")
    assert conn.execute("SELECT * FROM agentry.verify_forgotten(%s)", [receipt]).fetchall() == []
    assert raw(conn, attic.anns) is None
    assert found(conn, "dislikes") == set()
    assert len(places(conn)) == 5


def test_an_organisation_is_deleted_with_its_archive(attic: Attic) -> None:
    conn = attic.conn
    other = one(conn, "SELECT agentry.create_organization('other')")
    conn.execute("SELECT set_config('agentry.org_id', %s, false)", [str(other)])
    conn.execute("SELECT agentry.register_agent('zed', 'x')")
    memory = remember(conn, "zed was here", "zed", created_at="2020-01-06", idempotency_key="z")
    record(conn, memory, "be", "zedish", timestamp="2020-03-06 00:00+00")
    record(conn, remember(conn, "zed is here", "zed"), "be", "zedlike", timestamp="2020-03-07 00:00+00")
    retire(conn)
    conn.execute("RESET agentry.org_id")
    conn.execute("SELECT agentry.delete_organization('other')")
    assert found(conn, "zed") == set()
    assert {table for table, _ in found(conn, str(other)) if "raw_mem" in table or "event_mem" in table} == set()
    assert len(places(conn)) == len(keys(conn)) == 5
    assert raw(conn, attic.own)["content"] == "coder ate figs"


def test_a_month_that_is_dropped_leaves_nothing_behind(full: Attic) -> None:
    conn = full.conn
    for table in (EVENT, RAW):
        conn.execute("SELECT agentry.set_partition_policy(%s, p_keep_months => 24, p_retire_to => 'drop')", [table])
    assert len(retire(conn)) == 5
    assert indexed(conn) == {"born in 1955", "say so"}
    assert keys(conn) == places(conn)
    assert one(conn, "SELECT count(*) FROM agentry_memory.raw_memory_keys") == 0
    assert remember(conn, "the key is free", "coder", idempotency_key="k")


def test_an_agent_whose_memories_are_archived_is_forgotten_not_deleted(attic: Attic) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        attic.conn.execute("DELETE FROM agentry.agents WHERE name = 'coder'")
    assert raw(attic.conn, attic.own)["content"] == "coder ate figs"
