"""Who reads and changes memories: scopes, organisations, roles; importance that never changes; use and strength."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.core.support import Town, move_clock, refused
from tests.harness.database import Database, wait_for_lock
from tests.memory.memories_support import (
    Connection,
    call,
    counted,
    entry,
    link,
    memory,
    remember,
    remember_all,
    rows,
    value,
)


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def texts(conn: Connection) -> list[str]:
    return [row["text"] for row in rows(conn, "SELECT text FROM agentry_memory.agent_memories ORDER BY text")]


# -- scopes -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def scopes(town: Town) -> Town:
    """Agent anns of user ann, in team red, has one memory of each scope; nova has one of its own."""
    for scope in ("agent", "user", "team", "organisation"):
        remember(town.conn, "anns", f"for {scope}", scope=scope)
    remember(town.conn, "nova", "of nova")
    return town


def test_a_scope_is_who_reads_it(scopes: Town) -> None:
    scopes.conn.execute("SELECT agentry.register_agent('coder', p_team => 'red')")
    every = ["for agent", "for organisation", "for team", "for user", "of nova"]
    for role, found in {
        "anns": every[:4], "coder": ["for organisation", "for team"], "nova": ["for organisation", "of nova"],
        "mgr": ["for organisation"], "app": every, "reader": every, "admin": every,
    }.items():  # fmt: skip
        with scopes.acting(role):
            assert texts(scopes.conn) == found, role
            assert len(rows(scopes.conn, "SELECT * FROM agentry_memory.v_agent_memories")) == len(found)
            assert len(rows(scopes.conn, "SELECT * FROM agentry_memory.v_memory_strength")) == len(found)
            assert value(scopes.conn, "SELECT count(*) FROM agentry_memory.memory_entries") == len(found)
    with scopes.acting("stranger"):
        assert texts(scopes.conn) == []


def test_a_user_reads_what_is_for_users(scopes: Town) -> None:
    token = scopes.token(user="ann")
    with scopes.acting("app"):
        scopes.conn.execute("SELECT agentry.use_session(%s)", [token])
        assert texts(scopes.conn) == ["for organisation", "for team", "for user"]
        # and remembers as the user's agents do
        remember(scopes.conn, "anns", "Ann wants tea.", related_users=["ann"], related_agents=["anns"])
        refused(scopes.conn, "SELECT agentry_memory.remember('nova', 'x')", match="user cannot act as nova")


def test_the_index_belongs_to_whom_the_scope_says(scopes: Town) -> None:
    found = rows(
        scopes.conn,
        "SELECT e.content, e.owner_id FROM agentry_memory.memory_entries AS e WHERE e.content LIKE 'for%'",
    )
    owners = {row["content"]: row["owner_id"] for row in found}
    anns = rows(
        scopes.conn,
        "SELECT a.id, a.user_id, u.team_id, a.org_id FROM agentry.agents AS a"
        " JOIN agentry.users AS u ON u.id = a.user_id WHERE a.name = 'anns'",
    )[0]
    assert owners == {
        "for agent": anns["id"], "for user": anns["user_id"], "for team": anns["team_id"],
        "for organisation": anns["org_id"],
    }  # fmt: skip


def test_an_agent_remembers_for_itself_alone(town: Town) -> None:
    with town.acting("nova"):
        one = value(town.conn, "SELECT agentry_memory.remember(NULL, 'mine')")
        assert remember(town.conn, "Nova", "mine too")
        refused(town.conn, "SELECT agentry_memory.remember('coder', 'x')", match="agent nova cannot act as coder")
        refused(
            town.conn, "SELECT agentry_memory.remember_all(%s)",
            Jsonb([{"content": "x"}, {"agent": "coder", "content": "x"}]),
            match="agent nova cannot act as coder",
        )  # fmt: skip
        insert = (
            "INSERT INTO agentry_memory.agent_memories (agent_id, scope, team_id, content)"
            ' VALUES (%s, %s, %s, \'{"event": "x", "temporal": {}}\')'
        )
        team = value(town.conn, "SELECT id FROM agentry.teams")
        town.conn.execute(insert.encode(), [town.id_of("nova"), "agent", None])
        refused(town.conn, insert, town.id_of("coder"), "agent", None, match="row-level security")
        refused(town.conn, insert, town.id_of("nova"), "team", team, match="row-level security")
    assert memory(town.conn, one)["agent_id"] == town.id_of("nova")
    with town.acting("reader"):
        refused(town.conn, "SELECT agentry_memory.remember('nova', 'x')", match="reader cannot act as nova")
        refused(town.conn, insert, town.id_of("nova"), "agent", None, match="permission denied")


def test_whom_an_agent_does_not_see_it_cannot_name(town: Town) -> None:
    town.conn.execute("UPDATE agentry.agents SET scope = 'agent' WHERE name = 'mgr'")
    with town.acting("nova"):
        for query, name in (
            ("SELECT agentry_memory.remember(NULL, 'x', p_related_agents => ARRAY[%s])", "agent 'mgr' does not exist"),
            ("SELECT agentry_memory.remember(NULL, 'x', p_related_users => ARRAY[%s])", "user 'bob' does not exist"),
        ):
            hidden = refused(town.conn, query, name.split("'")[1], error=errors.UndefinedObject, match=name)
            nobody = refused(town.conn, query, "zzz", error=errors.UndefinedObject)
            assert str(hidden.diag.message_hint) == str(nobody.diag.message_hint)
    with town.acting("anns"):
        remember(town.conn, None, "Ann and Coder met.", related_users=["ann"], related_agents=["coder"])
    with town.acting("app"):
        remember(town.conn, "nova", "Bob met Mgr.", related_users=["bob"], related_agents=["mgr"])
        names = rows(town.conn, "SELECT related_agents, related_users FROM agentry_memory.v_agent_memories ORDER BY id")
    assert [(row["related_agents"], row["related_users"]) for row in names] == [
        (["coder"], ["ann"]),
        (["mgr"], ["bob"]),
    ]


def test_the_names_that_people_read_are_those_that_they_see(town: Town) -> None:
    one = remember(
        town.conn, "nova", "Bob met Mgr.", related_users=["bob"], related_agents=["mgr"], scope="organisation"
    )
    town.conn.execute("UPDATE agentry.agents SET scope = 'agent' WHERE name IN ('mgr', 'nova')")
    with town.acting("coder"):
        found = rows(town.conn, "SELECT * FROM agentry_memory.v_agent_memories")[0]
        assert (found["id"], found["agent"], found["related_agents"], found["related_users"]) == (one, None, [], [])


def test_only_the_agent_itself_and_applications_change_a_memory(scopes: Town) -> None:
    shared = value(scopes.conn, "SELECT id FROM agentry_memory.agent_memories WHERE text = 'for organisation'")
    private = value(scopes.conn, "SELECT id FROM agentry_memory.agent_memories WHERE text = 'for agent'")
    for function in ("forget_memory", "archive_memory"):
        with scopes.acting("nova"):
            refused(
                scopes.conn, f"SELECT agentry_memory.{function}(%s)", shared,
                match=f"memory {shared} is not yours", hint="whose it is",
            )  # fmt: skip
            for missing in (private, UUID(int=7), None):
                refused(
                    scopes.conn, f"SELECT agentry_memory.{function}(%s)", missing,
                    error=errors.UndefinedObject, match="does not exist",
                )  # fmt: skip
        with scopes.acting("reader"):
            refused(scopes.conn, f"SELECT agentry_memory.{function}(%s)", shared, match="permission denied")
    with scopes.acting("nova"):
        assert scopes.conn.execute("UPDATE agentry_memory.agent_memories SET tags = '{x}'").rowcount == 1
        assert scopes.conn.execute("DELETE FROM agentry_memory.agent_memories").rowcount == 1
    with scopes.acting("anns"):
        call(scopes.conn, "archive_memory", id=shared)
        call(scopes.conn, "forget_memory", id=private)
    with scopes.acting("app"):
        call(scopes.conn, "forget_memory", id=shared)
    assert texts(scopes.conn) == ["for team", "for user"]


def test_an_agent_of_another_organisation_does_not_exist(town: Town) -> None:
    one = remember(town.conn, "nova", "secret of the first", scope="organisation")
    acme = value(town.conn, "SELECT agentry.create_organization('acme')")
    town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [str(acme)])
    town.conn.execute("SELECT agentry.register_agent('zed')")
    other = remember(town.conn, "zed", "of the other")
    refused(town.conn, "SELECT agentry_memory.remember('coder', 'x')", error=errors.UndefinedObject)
    refused(
        town.conn, "SELECT agentry_memory.remember('zed', 'x', p_related_agents => '{coder}')",
        error=errors.UndefinedObject,
    )  # fmt: skip
    insert = (
        "INSERT INTO agentry_memory.agent_memories (agent_id, content, related_agents, related_users)"
        ' VALUES (%s, \'{"event": "x", "temporal": {}}\', %s, %s)'
    )
    refused(town.conn, insert, town.id_of("coder"), [], [], error=errors.ForeignKeyViolation)
    ann = value(town.conn, "SELECT id FROM agentry.users WHERE username = 'ann'")
    for agents, users in (([town.id_of("coder")], []), ([], [ann])):
        refused(
            town.conn, insert, town.id_of("zed"), agents, users,
            error=errors.ForeignKeyViolation, match="about somebody who is not in its organisation",
            detail=str((agents + users)[0]), hint="related_agents",
        )  # fmt: skip
        refused(
            town.conn,
            "UPDATE agentry_memory.agent_memories SET related_agents = %s, related_users = %s WHERE id = %s",
            agents, users, other, error=errors.ForeignKeyViolation, match="not in its organisation",
        )  # fmt: skip
    refused(
        town.conn, "SELECT agentry_memory.link_memories('zed', %s, 'supports', %s)", other, one,
        error=errors.UndefinedObject, match=f"memory {one} does not exist",
    )  # fmt: skip
    refused(town.conn, "SELECT agentry_memory.forget_memory(%s)", one, error=errors.UndefinedObject)
    assert call(town.conn, "mark_recalled", source="memory", ids=[str(one)])[0]["mark_recalled"] == 0
    assert rows(town.conn, "SELECT * FROM agentry_memory.reflections_due()") == []
    town.conn.execute("RESET agentry.org_id")
    with town.acting("nova"):
        assert texts(town.conn) == ["secret of the first"]


# -- importance -------------------------------------------------------------------------------------------------------


def test_importance_cannot_be_changed_by_anybody(town: Town) -> None:
    one = remember(town.conn, "nova", "x", importance=0.5)
    owner = value(town.conn, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'agentry'")
    for role in ("nova", "app", "admin", owner):
        with town.acting(role):
            for query in (
                "UPDATE agentry_memory.agent_memories SET importance = 0.75",
                "UPDATE agentry_memory.agent_memories SET importance = importance / 2, tags = '{x}'",
                "INSERT INTO agentry_memory.agent_memories (id, agent_id, content)"
                " SELECT id, agent_id, content FROM agentry_memory.agent_memories"
                " ON CONFLICT (org_id, id) DO UPDATE SET importance = 1",
            ):
                refused(
                    town.conn, query, error=errors.RestrictViolation,
                    match="the importance of a memory never changes", detail=str(one), hint="v_memory_strength",
                )  # fmt: skip
            # what changes nothing is no change
            assert town.conn.execute("UPDATE agentry_memory.agent_memories SET importance = 0.5").rowcount == 1
    assert memory(town.conn, one)["importance"] == 0.5


def test_importance_is_not_changed_to_nothing_either(town: Town) -> None:
    remember(town.conn, "nova", "x")
    refused(
        town.conn, "UPDATE agentry_memory.agent_memories SET importance = NULL", error=errors.RestrictViolation,
        detail="got NULL",
    )  # fmt: skip


# -- use and strength -------------------------------------------------------------------------------------------------


def access(conn: Connection) -> dict[str, int]:
    found = rows(
        conn,
        "SELECT e.content, a.access_count FROM agentry_memory.memory_access AS a"
        " JOIN agentry_memory.memory_entries AS e ON e.id = a.entry_id",
    )
    return {row["content"]: row["access_count"] for row in found}


def mark(conn: Connection, ids: list[Any], **more: Any) -> int:
    return int(call(conn, "mark_recalled", source="memory", ids=[str(i) for i in ids], **more)[0]["mark_recalled"])


def test_what_was_recalled_is_counted(town: Town) -> None:
    one, two = remember_all(town.conn, [{"agent": "nova", "content": "one"}, {"agent": "nova", "content": "two"}])
    assert mark(town.conn, [one]) == 1
    assert mark(town.conn, [one, two, one, "nonsense"]) == 2
    assert mark(town.conn, []) == 0
    assert access(town.conn) == {"one": 2, "two": 1}
    found = rows(town.conn, "SELECT text, access_count, last_accessed FROM agentry_memory.v_memory_strength")
    assert {row["text"]: row["access_count"] for row in found} == {"one": 2, "two": 1}
    assert all(row["last_accessed"] > value(town.conn, "SELECT now()") for row in found)


def test_only_what_the_caller_may_recall_is_counted(scopes: Town) -> None:
    every = [row["id"] for row in rows(scopes.conn, "SELECT id FROM agentry_memory.agent_memories")]
    with scopes.acting("nova"):
        assert mark(scopes.conn, every) == 2
        assert mark(scopes.conn, every, agent="nova") == 2
        refused(
            scopes.conn, "SELECT agentry_memory.mark_recalled('memory', '{}', 'anns')",
            match="agent nova cannot act as anns",
        )  # fmt: skip
    with scopes.acting("app"):
        assert mark(scopes.conn, every) == 5
        assert mark(scopes.conn, every, agent="anns") == 4
        assert mark(scopes.conn, every, agent="coder") == 1
    assert access(scopes.conn) == {
        "for organisation": 5, "of nova": 3, "for agent": 2, "for team": 2, "for user": 2,
    }  # fmt: skip
    with scopes.acting("nova"):
        seen = rows(scopes.conn, "SELECT text, access_count FROM agentry_memory.v_memory_strength")
        assert {row["text"]: row["access_count"] for row in seen} == {"for organisation": 5, "of nova": 3}
    refused(
        scopes.conn, "SELECT agentry_memory.mark_recalled('memroy', '{}')", error=errors.UndefinedObject,
        match="source 'memroy' does not exist", hint="memory",
    )  # fmt: skip


def test_what_expired_or_is_archived_is_not_counted(town: Town) -> None:
    past = datetime(2026, 1, 1, tzinfo=timezone.utc)
    one = remember(town.conn, "nova", "expired", expires_at=past)
    two = remember(town.conn, "nova", "archived")
    call(town.conn, "archive_memory", id=two)
    assert mark(town.conn, [one, two]) == 0


def days_ago(conn: Connection, days: float) -> datetime:
    now: datetime = value(conn, "SELECT now()")
    return now - timedelta(days=days)


def strength(conn: Connection, memory_id: UUID) -> float:
    return float(value(conn, "SELECT strength FROM agentry_memory.v_memory_strength WHERE id = %s", memory_id))


@pytest.mark.parametrize(
    ("importance", "decay_rate", "days", "wanted"),
    [
        (0.5, 0.1, 0, 0.5),
        (0.5, 0.1, 1, 0.4524187),  # 0.5 * exp(-0.1)
        (0.5, 0.1, 16, 0.1009483),  # 0.5 * exp(-1.6)
        (0.5, 0.1, 17, 0.0913418),  # 0.5 * exp(-1.7)
        (1, 0.693147, 1, 0.5),  # half of it a day
        (1, 0, 3650, 1),
        (1, 1000, 36500, 0),
        (0, 0.1, 5, 0),
        (0.5, 0.1, -3, 0.5),  # it is yet to come
    ],
)
def test_strength_fades_with_the_days(
    town: Town, importance: float, decay_rate: float, days: float, wanted: float
) -> None:
    one = remember(
        town.conn, "nova", "x", importance=importance, decay_rate=decay_rate, occurred_at=days_ago(town.conn, days)
    )
    assert strength(town.conn, one) == pytest.approx(wanted, abs=1e-6)
    assert memory(town.conn, one)["importance"] == importance


def test_half_important_memories_are_weak_after_17_days_not_after_16(town: Town) -> None:
    after = {days: remember(town.conn, "nova", f"{days}", occurred_at=days_ago(town.conn, days)) for days in (16, 17)}
    assert strength(town.conn, after[16]) > 0.1 > strength(town.conn, after[17])


def test_use_begins_strength_anew_and_changes_nothing_stored(town: Town) -> None:
    one = remember(town.conn, "nova", "x", importance=0.5, occurred_at=days_ago(town.conn, 40))
    assert strength(town.conn, one) == pytest.approx(0.5 * math.exp(-4), abs=1e-6)
    before = memory(town.conn, one)
    move_clock(town.conn, "-10 days")
    assert mark(town.conn, [one]) == 1
    assert strength(town.conn, one) == pytest.approx(0.5 * math.exp(-1), abs=1e-4)
    move_clock(town.conn, "-20 days")
    assert mark(town.conn, [one]) == 1
    assert strength(town.conn, one) == pytest.approx(0.5 * math.exp(-1), abs=1e-4), "use never makes it weaker"
    assert access(town.conn) == {"x": 2}
    assert memory(town.conn, one) == before


def test_what_is_pinned_stays_as_strong_as_it_is_important(town: Town) -> None:
    one = remember(town.conn, "nova", "x", importance=0.75, occurred_at=days_ago(town.conn, 4000), pinned=True)
    assert strength(town.conn, one) == 0.75
    town.conn.execute("UPDATE agentry_memory.agent_memories SET pinned = false")
    assert strength(town.conn, one) == pytest.approx(0, abs=1e-6)


# -- forget and archive -----------------------------------------------------------------------------------------------


def test_what_is_archived_is_kept_and_not_recalled(town: Town) -> None:
    one = remember(town.conn, "nova", "Ann likes tea.")
    call(town.conn, "archive_memory", id=one)
    at = memory(town.conn, one)["archived_at"]
    assert at is not None
    assert entry(town.conn, one) is None
    call(town.conn, "archive_memory", id=one)
    assert memory(town.conn, one)["archived_at"] == at
    call(town.conn, "archive_memory", id=one, archived=False)
    assert memory(town.conn, one)["archived_at"] is None
    assert entry(town.conn, one) is not None


def test_one_memory_is_forgotten_with_all_that_hangs_on_it(town: Town) -> None:
    one, two = remember(town.conn, "nova", "one"), remember(town.conn, "nova", "two")
    link(town.conn, one, "supports", two)
    mark(town.conn, [one, two])
    call(town.conn, "forget_memory", id=one)
    assert texts(town.conn) == ["two"]
    assert entry(town.conn, one) is None
    assert access(town.conn) == {"two": 1}
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.memory_links") == 0
    town.conn.execute("TRUNCATE agentry_memory.agent_memories")
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.memory_entries") == 0


def test_agents_and_users_that_are_deleted_are_named_no_more(town: Town) -> None:
    one = remember(town.conn, "nova", "x", related_agents=["coder", "mgr"], related_users=["ann", "bob"])
    remember(town.conn, "coder", "goes with its agent")
    town.conn.execute("DELETE FROM agentry.agents WHERE name = 'coder'")
    town.conn.execute("DELETE FROM agentry.users WHERE username = 'bob'")
    found = memory(town.conn, one)
    assert found["related_agents"] == [town.id_of("mgr")]
    assert len(found["related_users"]) == 1
    assert texts(town.conn) == ["x"]
    assert counted(town.conn, "coder") == (0, 0)


@pytest.mark.parametrize(("table", "name"), [("agents", "name = 'coder'"), ("users", "username = 'ann'")])
def test_nobody_is_deleted_where_a_new_memory_could_not_be_seen(db: Database, table: str, name: str) -> None:
    db.admin.execute("SELECT agentry.register_agent('coder')")
    db.admin.execute("INSERT INTO agentry.users (username) VALUES ('ann')")
    # chat has the same rule for agents, and its trigger comes first
    db.admin.execute("DROP TRIGGER IF EXISTS agents_in_chat ON agentry.agents")
    conn = db.connect(autocommit=False)
    conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    refused(
        conn, f"DELETE FROM agentry.{table} WHERE {name}",
        error=errors.FeatureNotSupported, match=f"{table} are not deleted under REPEATABLE READ", hint="SERIALIZABLE",
    )  # fmt: skip


@pytest.mark.parametrize("first", ["memory", "delete"])
def test_a_memory_is_never_about_somebody_who_is_just_being_deleted(db: Database, background: Any, first: str) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova'), agentry.register_agent('coder')")
    remembering, deleting = db.connect(autocommit=False), db.connect(autocommit=False)
    if first == "memory":
        remember(remembering, "nova", "x", related_agents=["coder"])
        done = background(deleting.execute, "DELETE FROM agentry.agents WHERE name = 'coder'")
        wait_for_lock(db.admin, deleting.info.backend_pid)
        remembering.commit()
        done.result()
        deleting.commit()
        assert db.value("SELECT related_agents FROM agentry_memory.agent_memories") == []
    else:
        deleting.execute("DELETE FROM agentry.agents WHERE name = 'coder'")
        done = background(remember, remembering, "nova", "x", related_agents=["coder"])
        wait_for_lock(db.admin, remembering.info.backend_pid)
        deleting.commit()
        with pytest.raises(errors.ForeignKeyViolation, match="not in its organisation"):
            done.result()
