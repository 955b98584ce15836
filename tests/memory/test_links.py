"""Links: what may be linked by whom, who sees it, that both ends are there, and what something rests on."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.core.support import Town, refused
from tests.harness.database import Database, wait_for_lock
from tests.memory.memories_support import Connection, call, link, links, remember, remember_all, rows, value

RELATIONS = ("derived_from", "supports", "contradicts", "supersedes", "summarises")


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def several(conn: Connection, *texts: str, agent: str = "nova", **more: Any) -> list[UUID]:
    return remember_all(conn, [{"agent": agent, "content": text, **more} for text in texts])


# -- making links -----------------------------------------------------------------------------------------------------


def test_a_link_says_what_one_memory_is_to_another(town: Town) -> None:
    one, two = several(town.conn, "one", "two")
    for relation in RELATIONS:
        assert link(town.conn, one, relation, two) is True
    assert links(town.conn) == {("memory", one, relation, "memory", two) for relation in RELATIONS}


def test_the_same_link_again_has_another_weight_and_note(town: Town) -> None:
    one, two = several(town.conn, "one", "two")
    assert link(town.conn, one, "supports", two) is True
    assert link(town.conn, one, "supports", two, weight=0.25, note="a hint") is False
    assert rows(town.conn, "SELECT weight, note FROM agentry_memory.memory_links") == [
        {"weight": 0.25, "note": "a hint"}
    ]
    assert link(town.conn, one, "supports", two, weight=None) is False
    assert rows(town.conn, "SELECT weight, note FROM agentry_memory.memory_links") == [{"weight": 1, "note": None}]


def test_a_batch_of_links(town: Town) -> None:
    one, two, three = several(town.conn, "one", "two", "three")
    four = remember(town.conn, "coder", "four")
    batch = [
        {"from_id": str(one), "relation": "derived_from", "to_id": str(two), "weight": 0.5, "note": "why not"},
        {"from_id": str(one), "relation": "derived_from", "to_id": str(three), "from_kind": "memory"},
        {"from_id": str(one), "relation": "derived_from", "to_id": str(three), "to_kind": "memory"},
        {"agent": "nova", "from_id": str(two), "relation": "supports", "to_id": str(three)},
        {"from_id": str(four), "relation": "supports", "to_id": str(one)},
    ]
    assert value(town.conn, "SELECT agentry_memory.link_memories(%s)", Jsonb(batch)) == 4
    assert value(town.conn, "SELECT agentry_memory.link_memories('[]'::jsonb)") == 0
    assert len(links(town.conn)) == 4
    batch.append({"agent": "nova", "from_id": str(four), "relation": "supports", "to_id": str(two)})
    refused(
        town.conn, "SELECT agentry_memory.link_memories(%s)", Jsonb(batch), error=errors.UndefinedObject,
        match=f"memory {four} does not exist",
    )  # fmt: skip
    assert len(links(town.conn)) == 4
    for wrong, detail in (({"from_id": str(one)}, "missing: relation, to_id"),
                          ({**batch[0], "why": "x"}, "unknown: why")):  # fmt: skip
        refused(
            town.conn, "SELECT agentry_memory.link_memories(%s)", Jsonb([wrong]), error=errors.InvalidParameterValue,
            match="object 1 of the batch is not right", detail=detail,
        )  # fmt: skip


def test_wrong_links_are_refused(town: Town) -> None:
    one, two = several(town.conn, "one", "two")
    nobody = UUID(int=9)
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"relation": "likes"}, errors.InvalidParameterValue, "relation 'likes' does not exist"),
        ({"relation": None}, errors.InvalidParameterValue, "relation NULL does not exist"),
        ({"from_kind": "dream"}, errors.InvalidParameterValue, "nothing of kind 'dream' can be linked"),
        ({"to_kind": None}, errors.InvalidParameterValue, "nothing of kind NULL can be linked"),
        ({"from_id": nobody}, errors.UndefinedObject, f"memory {nobody} does not exist"),
        ({"to_id": nobody}, errors.UndefinedObject, f"memory {nobody} does not exist"),
        ({"to_id": None}, errors.UndefinedObject, "memory NULL does not exist"),
        ({"to_id": one}, errors.CheckViolation, "memory_links_itself_check"),
        ({"weight": 1.5}, errors.CheckViolation, "memory_links_weight_check"),
        ({"weight": float("nan")}, errors.CheckViolation, "memory_links_weight_check"),
        ({"note": " "}, errors.CheckViolation, "memory_links_note_check"),
    ]
    for arguments, error, match in wrong:
        given = {"agent": "nova", "from_id": one, "relation": "supports", "to_id": two, **arguments}
        with pytest.raises(error, match=match), town.conn.transaction():
            call(town.conn, "link_memories", **given)
    assert links(town.conn) == set()


def test_what_the_owner_writes_by_hand_is_checked_too(town: Town) -> None:
    one, two = several(town.conn, "one", "two")
    insert = "INSERT INTO agentry_memory.memory_links (from_id, relation, to_id) VALUES (%s, 'supports', %s)"
    for from_id, to_id in ((one, UUID(int=9)), (UUID(int=9), one)):
        refused(
            town.conn, insert, from_id, to_id, error=errors.ForeignKeyViolation, match="one end of a link is not there",
            detail=str(one), hint="organisation",
        )  # fmt: skip
    town.conn.execute(insert.encode(), [one, two])
    refused(
        town.conn, "UPDATE agentry_memory.memory_links SET to_id = %s", UUID(int=9), error=errors.ForeignKeyViolation
    )
    town.conn.execute("UPDATE agentry_memory.memory_links SET scope = 'organisation', note = 'x'")
    assert value(town.conn, "SELECT scope FROM agentry_memory.memory_links") == "agent"


# -- whose links ------------------------------------------------------------------------------------------------------


def test_an_agent_links_its_own_memories_to_what_it_sees(town: Town) -> None:
    (mine,) = several(town.conn, "mine")
    shared, private = (
        remember(town.conn, "coder", "shared", scope="organisation"), remember(town.conn, "coder", "private"),
    )  # fmt: skip
    with town.acting("nova"):
        assert link(town.conn, mine, "contradicts", shared)
        assert link(town.conn, mine, "supports", shared, agent="nova")
        query = "SELECT agentry_memory.link_memories(NULL, %s, 'supports', %s)"
        for from_id, to_id in ((mine, private), (private, mine)):
            refused(
                town.conn, query, from_id, to_id, error=errors.UndefinedObject,
                match=f"memory {private} does not exist", hint="to be seen",
            )  # fmt: skip
        refused(town.conn, query, shared, mine, match=f"memory {shared} is not yours to link", hint="application")
        refused(
            town.conn, "INSERT INTO agentry_memory.memory_links (from_id, relation, to_id) VALUES (%s, 'supports', %s)",
            mine, shared, match="permission denied for table memory_links",
        )  # fmt: skip
    with town.acting("reader"):
        refused(town.conn, query, mine, shared, match=f"memory {mine} is not yours to link")
    with town.acting("app"):
        assert link(town.conn, private, "supports", mine)
        refused(
            town.conn, "SELECT agentry_memory.link_memories('nova', %s, 'supports', %s)", mine, private,
            error=errors.UndefinedObject,
        )  # fmt: skip
    with town.acting("stranger"):
        refused(town.conn, query, mine, shared, error=errors.InvalidAuthorizationSpecification)


def test_who_reads_the_one_that_it_starts_from_reads_the_link(town: Town) -> None:
    shared = remember(town.conn, "anns", "shared", scope="team")
    private = remember(town.conn, "anns", "private")
    link(town.conn, shared, "derived_from", private)
    link(town.conn, private, "supports", shared)
    town.conn.execute("SELECT agentry.register_agent('coder', p_team => 'red')")

    def seen(role: str) -> set[str]:
        with town.acting(role):
            return {one[2] for one in links(town.conn)}

    assert {role: seen(role) for role in ("anns", "coder", "nova", "app", "reader", "stranger")} == {
        "anns": {"derived_from", "supports"}, "coder": {"derived_from"}, "nova": set(),
        "app": {"derived_from", "supports"}, "reader": {"derived_from", "supports"}, "stranger": set(),
    }  # fmt: skip
    # and it goes on so when the scope changes
    town.conn.execute("UPDATE agentry_memory.agent_memories SET scope = 'organisation' WHERE text = 'shared'")
    assert seen("nova") == {"derived_from"}
    town.conn.execute("UPDATE agentry_memory.agent_memories SET scope = 'agent'")
    assert seen("nova") == seen("coder") == set()
    town.conn.execute("UPDATE agentry_memory.agent_memories SET agent_id = %s", [town.id_of("mgr")])
    assert seen("mgr") == {"derived_from", "supports"}
    assert seen("anns") == set()


def test_a_link_is_taken_back_by_whoever_may_make_it(town: Town) -> None:
    one, two = several(town.conn, "one", "two", scope="organisation")
    link(town.conn, one, "supports", two)
    unlink = "SELECT agentry_memory.unlink_memories(%s, %s, %s, %s)"
    with town.acting("nova"):
        assert value(town.conn, unlink, None, one, "contradicts", two) is False
        assert value(town.conn, unlink, None, two, "supports", one) is False
    with town.acting("coder"):
        refused(town.conn, unlink, None, one, "supports", two, match=f"memory {one} is not yours to unlink", hint="Ask")
    with town.acting("reader"):
        refused(town.conn, unlink, None, one, "supports", two, match="not yours to unlink")
    with town.acting("nova"):
        assert value(town.conn, unlink, "nova", one, "supports", two) is True
        assert value(town.conn, unlink, "nova", one, "supports", two) is False
    link(town.conn, one, "supports", two)
    with town.acting("app"):
        assert value(town.conn, unlink, None, one, "supports", two) is True
    private, other = several(town.conn, "private", "other")
    link(town.conn, private, "supports", other)
    with town.acting("coder"):  # of what it does not see it learns nothing
        assert value(town.conn, unlink, None, private, "supports", other) is False
    assert len(links(town.conn)) == 1


# -- ends that go -----------------------------------------------------------------------------------------------------


def test_links_go_with_either_end(town: Town) -> None:
    one, two, three = several(town.conn, "one", "two", "three")
    link(town.conn, one, "derived_from", two)
    link(town.conn, two, "derived_from", three)
    link(town.conn, one, "derived_from", three)
    town.conn.execute("DELETE FROM agentry_memory.agent_memories WHERE text = 'two'")
    assert links(town.conn) == {("memory", one, "derived_from", "memory", three)}
    town.conn.execute("UPDATE agentry_memory.agent_memories SET id = gen_random_uuid() WHERE text = 'three'")
    assert links(town.conn) == set()
    link(
        town.conn, one, "supports", value(town.conn, "SELECT id FROM agentry_memory.agent_memories WHERE id <> %s", one)
    )
    town.conn.execute("TRUNCATE agentry_memory.agent_memories")
    assert links(town.conn) == set()


def test_a_row_of_the_same_id_elsewhere_takes_no_link_along(town: Town) -> None:
    one, two = several(town.conn, "one", "two")
    link(town.conn, one, "supports", two)
    acme = value(town.conn, "SELECT agentry.create_organization('acme')")
    town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [str(acme)])
    town.conn.execute("SELECT agentry.register_agent('zed')")
    for same in (one, two):
        town.conn.execute(
            "INSERT INTO agentry_memory.agent_memories (id, agent_id, content)"
            ' SELECT %s, id, \'{"event": "x", "temporal": {}}\' FROM agentry.agents WHERE name = \'zed\'',
            [same],
        )
    town.conn.execute("DELETE FROM agentry_memory.agent_memories WHERE org_id = %s", [acme])
    town.conn.execute("SELECT agentry_memory._unlink('memory', %s)", [[one, two]])
    assert links(town.conn) == {("memory", one, "supports", "memory", two)}


def test_two_links_and_a_delete_at_once_leave_no_link_behind(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    one, two = several(db.admin, "one", "two")
    linking, deleting = db.connect(autocommit=False), db.connect(autocommit=False)
    link(linking, one, "supports", two)
    other = db.connect(autocommit=False)
    link(other, one, "contradicts", two)  # links wait for no links
    other.commit()
    done = background(deleting.execute, "DELETE FROM agentry_memory.agent_memories WHERE text = 'two'")
    wait_for_lock(db.admin, deleting.info.backend_pid)
    linking.commit()
    done.result()
    deleting.commit()
    assert links(db.admin) == set()
    # the other way round
    three = remember(db.admin, "nova", "three")
    deleting.execute("DELETE FROM agentry_memory.agent_memories WHERE text = 'three'")
    done = background(link, linking, one, "supports", three)
    wait_for_lock(db.admin, linking.info.backend_pid)
    deleting.commit()
    with pytest.raises(errors.UndefinedObject, match=f"memory {three} does not exist"):
        done.result()


def test_what_a_delete_could_not_see_is_swept_away(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    one, two, three = several(db.admin, "one", "two", "three")
    deleting = db.connect(autocommit=False)
    deleting.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    deleting.execute("SELECT count(*) FROM agentry_memory.agent_memories")
    link(db.admin, one, "supports", two)
    link(db.admin, one, "supports", three)
    deleting.execute("DELETE FROM agentry_memory.agent_memories WHERE text = 'two'")
    deleting.commit()
    assert len(links(db.admin)) == 2
    assert db.value("SELECT agentry_memory._sweep_links()") == 1
    assert db.value("SELECT agentry_memory._sweep_links()") == 0
    assert links(db.admin) == {("memory", one, "supports", "memory", three)}


# -- other kinds ------------------------------------------------------------------------------------------------------


@pytest.fixture
def kinds(town: Town) -> Town:
    """A monthly table of the kind raw_memory, and a plain one of the kind view, with an owner of their own."""
    owner = value(town.conn, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'agentry'")
    columns = (
        "org_id uuid NOT NULL DEFAULT agentry.current_org_id(), agent_id uuid, user_id uuid, team_id uuid,"
        " scope text NOT NULL DEFAULT 'organisation', readers uuid[] NOT NULL GENERATED ALWAYS AS (array_remove(ARRAY["
        "agent_id, CASE scope WHEN 'organisation' THEN org_id WHEN 'team' THEN team_id END], NULL)) STORED, body text"
    )
    town.conn.execute(f"CREATE SCHEMA shop AUTHORIZATION {owner}".encode())
    with town.acting(owner):
        town.conn.execute(
            f"CREATE TABLE shop.raws ({columns}, at timestamptz NOT NULL, raw_id uuid NOT NULL,"
            " PRIMARY KEY (org_id, at, raw_id)) PARTITION BY RANGE (at);"
            "CREATE TABLE shop.raws_default PARTITION OF shop.raws DEFAULT;"
            f"CREATE TABLE shop.views ({columns}, id uuid PRIMARY KEY);"
            "SELECT agentry.set_partition_policy('shop.raws', 1), agentry.ensure_partitions('shop.raws'),"
            " agentry.create_monthly_partition('shop.raws', '2030-01-01'),"
            " agentry_memory._register_link_kind('raw_memory', 'shop.raws', 't.body', 'raw_id', 'at'),"
            " agentry_memory._register_link_kind('view', 'shop.views', 'upper(t.body)')".encode()
        )
    town.conn.execute(
        "GRANT USAGE ON SCHEMA shop TO agentry_agent; GRANT SELECT ON shop.raws, shop.views TO agentry_agent"
    )
    return town


def raw(conn: Connection, body: str, at: str = "2030-01-15") -> UUID:
    found: UUID = value(
        conn,
        "INSERT INTO shop.raws (at, raw_id, body) SELECT agentry.uuidv7_time(u), u, %s"
        " FROM agentry.uuidv7(%s) AS u RETURNING raw_id",
        body, at,
    )  # fmt: skip
    return found


def a_view(conn: Connection, body: str, agent: UUID | None = None) -> UUID:
    found: UUID = value(
        conn, "INSERT INTO shop.views (id, body, agent_id) VALUES (gen_random_uuid(), %s, %s) RETURNING id", body, agent
    )
    return found


def test_other_kinds_are_linked_too_in_monthly_tables_as_well(kinds: Town) -> None:
    conn = kinds.conn
    (one,) = several(conn, "one")
    said, seen = raw(conn, "said"), a_view(conn, "seen", kinds.id_of("nova"))
    with kinds.acting("nova"):
        assert link(conn, one, "derived_from", said, to_kind="raw_memory")
        assert link(conn, seen, "supports", one, from_kind="view")
        refused(
            conn, "SELECT agentry_memory.link_memories(NULL, %s, 'supports', %s, 'raw_memory')", said, one,
            match=f"raw_memory {said} is not yours to link",
        )  # fmt: skip
        for kind, missing in (("raw_memory", UUID(int=5)), ("view", said)):
            refused(
                conn, "SELECT agentry_memory.link_memories(NULL, %s, 'supports', %s, p_to_kind => %s)",
                one, missing, kind, error=errors.UndefinedObject, match=f"{kind} {missing} does not exist",
            )  # fmt: skip
    assert links(conn) == {
        ("memory", one, "derived_from", "raw_memory", said), ("view", seen, "supports", "memory", one),
    }  # fmt: skip
    conn.execute("UPDATE shop.views SET scope = 'agent'")
    assert value(conn, "SELECT scope FROM agentry_memory.memory_links WHERE from_kind = 'view'") == "agent"
    conn.execute("DELETE FROM shop.views")
    assert links(conn) == {("memory", one, "derived_from", "raw_memory", said)}
    conn.execute("DELETE FROM shop.raws")
    assert links(conn) == set()


def test_links_stay_with_a_month_that_is_archived_and_go_with_one_that_is_dropped(kinds: Town) -> None:
    conn = kinds.conn
    (one,) = several(conn, "one")
    first, second = raw(conn, "january"), raw(conn, "today", value(conn, "SELECT now()::text"))
    link(conn, one, "derived_from", first, to_kind="raw_memory")
    link(conn, one, "derived_from", second, to_kind="raw_memory")
    owner = value(conn, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'agentry'")
    conn.execute("SELECT set_config('search_path', 'pg_catalog', true)")
    with kinds.acting(owner):
        conn.execute("ALTER TABLE shop.raws DETACH PARTITION shop.raws_2030_01")
    assert len(links(conn)) == 2
    assert conn.execute("SELECT agentry_memory._sweep_links()").fetchone() == (0,)
    assert link(conn, one, "summarises", first, to_kind="raw_memory"), "it is found in the archive"
    conn.execute("SELECT agentry_memory._unlink_month('shop.raws', 'shop.raws_2030_01')")
    assert links(conn) == {("memory", one, "derived_from", "raw_memory", second)}
    assert value(conn, "SELECT count(*) FROM agentry.partition_hooks WHERE table_name = 'shop.raws'::regclass") == 1


def test_rows_that_are_gone_are_unlinked_wherever_they_are_gone(kinds: Town) -> None:
    conn = kinds.conn
    (one,) = several(conn, "one")
    seen, kept = a_view(conn, "seen"), a_view(conn, "kept")
    for view in (seen, kept):
        link(conn, one, "derived_from", view, to_kind="view")
        link(conn, view, "supports", one, from_kind="view")
    conn.execute("ALTER TABLE shop.views DISABLE TRIGGER USER")
    conn.execute("DELETE FROM shop.views WHERE body = 'seen'")
    conn.execute("SELECT agentry_memory._unlink('view', %s)", [[seen, kept]])
    assert {row[4] if row[3] == "view" else row[1] for row in links(conn)} == {kept}
    conn.execute("TRUNCATE shop.views")
    assert len(links(conn)) == 2
    conn.execute("ALTER TABLE shop.views ENABLE TRIGGER USER")
    conn.execute("TRUNCATE shop.views")
    assert links(conn) == set()


# -- evidence ---------------------------------------------------------------------------------------------------------


def evidence(conn: Connection, memory_id: UUID, kind: str = "memory", **more: Any) -> list[tuple[Any, ...]]:
    found = call(conn, "memory_evidence", kind=kind, id=memory_id, **more)
    return [(row["depth"], row["relation"], row["content"]) for row in found]


def test_evidence_is_what_something_rests_on(town: Town) -> None:
    conn = town.conn
    claim, source, summary_of, before, pro, contra, other = several(
        conn, "claim", "source", "summarised", "before", "pro", "contra", "other"
    )
    link(conn, claim, "derived_from", source, weight=0.9)
    link(conn, claim, "summarises", summary_of, weight=0.8)
    link(conn, claim, "supersedes", before, weight=0.7)
    link(conn, pro, "supports", claim, weight=0.6)
    link(conn, contra, "contradicts", claim, weight=0.5, note="it is not so")
    # what rests on the claim, and what the claim is evidence of
    link(conn, other, "derived_from", claim)
    link(conn, claim, "supports", other)
    assert evidence(conn, claim) == [
        (1, "derived_from", "source"), (1, "summarises", "summarised"), (1, "supersedes", "before"),
        (1, "supports", "pro"), (1, "contradicts", "contra"),
    ]  # fmt: skip
    last = call(conn, "memory_evidence", kind="memory", id=claim)[-1]
    assert last == {
        "depth": 1, "kind": "memory", "id": contra, "relation": "contradicts", "of_kind": "memory", "of_id": claim,
        "weight": 0.5, "note": "it is not so", "content": "contra",
    }  # fmt: skip
    assert evidence(conn, source) == []
    assert evidence(conn, UUID(int=3)) == []


def test_evidence_goes_on_to_a_depth_and_never_in_circles(town: Town) -> None:
    conn = town.conn
    ids = several(conn, *(f"{i}" for i in range(6)))
    for i in range(6):
        link(conn, ids[i], "derived_from", ids[(i + 1) % 6])
    assert evidence(conn, ids[0]) == [(d, "derived_from", f"{d}") for d in (1, 2, 3)]
    assert evidence(conn, ids[0], depth=1) == [(1, "derived_from", "1")]
    assert evidence(conn, ids[0], depth=100) == [(d, "derived_from", f"{d}") for d in (1, 2, 3, 4, 5)]
    assert evidence(conn, ids[0], depth=100, limit=2) == [(d, "derived_from", f"{d}") for d in (1, 2)]
    # by two ways it is there once, by the shorter and then by the stronger one
    link(conn, ids[0], "derived_from", ids[3], weight=0.5)
    link(conn, ids[0], "summarises", ids[3], weight=0.75)
    assert evidence(conn, ids[0], depth=100) == [
        (1, "derived_from", "1"), (1, "summarises", "3"), (2, "derived_from", "2"), (2, "derived_from", "4"),
        (3, "derived_from", "5"),
    ]  # fmt: skip


def test_many_ways_to_the_same_evidence_are_walked_once(town: Town) -> None:
    conn = town.conn
    layers = [several(conn, *(f"{layer}.{i}" for i in range(6))) for layer in range(8)]
    batch = [
        {"from_id": str(a), "relation": "derived_from", "to_id": str(b)}
        for upper, lower in itertools.pairwise(layers) for a in upper for b in lower
    ]  # fmt: skip
    conn.execute("SELECT agentry_memory.link_memories(%s)", [Jsonb(batch)])
    found = evidence(conn, layers[0][0], depth=100)
    assert len(found) == 42
    assert len(set(found)) == 42


def test_evidence_of_every_kind_has_its_content(kinds: Town) -> None:
    conn = kinds.conn
    (one,) = several(conn, "one")
    said, seen = raw(conn, "said"), a_view(conn, "seen", kinds.id_of("nova"))
    link(conn, seen, "derived_from", one, from_kind="view")
    link(conn, one, "derived_from", said, to_kind="raw_memory")
    with kinds.acting("nova"):
        assert evidence(conn, seen, kind="view") == [(1, "derived_from", "one"), (2, "derived_from", "said")]
        link(conn, seen, "supports", one, from_kind="view")
        assert evidence(conn, one) == [(1, "derived_from", "said"), (1, "supports", "SEEN")]


def test_evidence_is_told_as_far_as_one_may_read_it(town: Town) -> None:
    shared = remember(town.conn, "anns", "shared", scope="organisation")
    private, deeper = several(town.conn, "private", "deeper", agent="anns")
    link(town.conn, shared, "derived_from", private)
    link(town.conn, private, "derived_from", deeper)
    with town.acting("anns"):
        assert evidence(town.conn, shared) == [(1, "derived_from", "private"), (2, "derived_from", "deeper")]
    with town.acting("nova"):
        assert evidence(town.conn, shared) == [(1, "derived_from", None)]
    with town.acting("stranger"):
        assert evidence(town.conn, shared) == []


@pytest.mark.parametrize(("depth", "limit"), [(0, 1), (101, 1), (None, 1), (1, 0), (1, 1001), (1, None)])
def test_depth_and_limit_have_bounds(tx: Connection, depth: int | None, limit: int | None) -> None:
    refused(
        tx, "SELECT * FROM agentry_memory.memory_evidence('memory', NULL, %s, %s)", depth, limit,
        error=errors.InvalidParameterValue, match="depth or limit is out of range", hint="1 to 100",
    )  # fmt: skip
