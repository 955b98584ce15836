"""The queries and indexes of document 001 (DirSoul), in a form that runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.support import Connection, Town, one
from tests.harness.database import Database
from tests.memory.raw_support import EVENT, RAW, record, remember

NEVER = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def town(tx: Connection) -> Town:
    """Ann's voice notes and meals of the last months; what others ate, too."""
    town = Town(tx)
    fill(tx)
    return town


def fill(conn: Connection) -> None:
    meals = [("apple", 1, 0.9), ("apple", 5, 0.5), ("apple", 40, 1), ("soup", 2, 1), ("soup", 29, 0.8)]
    for user, times in (("ann", 1), ("bob", 2)):
        for target, days, confidence in meals * times:
            memory = remember(
                conn, f"{user} ate {target}", user=user, content_type="voice",
                metadata={"source": "voice_input", "language": "zh-CN" if target == "soup" else "en", "days": days},
            )  # fmt: skip
            event = record(conn, memory, "eat", target, quantity=1, confidence=confidence,
                           metadata={"place": "home" if days < 5 else "work"})  # fmt: skip
            conn.execute(
                f'UPDATE {EVENT} SET "timestamp" = now() - make_interval(days => %s) WHERE event_id = %s'.encode(),
                [days, event],
            )


def ann(conn: Connection) -> Any:
    return one(conn, "SELECT id FROM agentry.users WHERE username = 'ann'")


# -- the queries, as printed but for the id of the user --------------------------------------------------------------

COUNT = f"""
    SELECT count(*), target FROM {EVENT}
    WHERE user_id = %s AND action = 'eat' AND timestamp >= NOW() - interval '30 days' GROUP BY target ORDER BY target"""
WEEK = f"""
    SELECT action, target, quantity FROM {EVENT}
    WHERE user_id = %s AND timestamp >= NOW() - interval '7 days' ORDER BY timestamp DESC"""
PRINTED = f"SELECT * FROM {RAW} WHERE metadata->>'source' = 'voice_input' AND metadata->>'language' = 'zh-CN'"
CONTAINS = f"""SELECT * FROM {RAW} WHERE metadata @> '{{"source": "voice_input", "language": "zh-CN"}}'"""
SIMILAR = """
    SELECT memory_id, content, 1 - (embedding <=> %(e)s) AS similarity FROM agentry_memory.v_raw_memory_embeddings
    WHERE embedding <=> %(e)s < 0.2 AND user_id = %(u)s ORDER BY embedding <=> %(e)s LIMIT 10"""


@pytest.mark.parametrize("role", ["admin", "app", "anns"])
def test_how_often_did_i_eat_what_in_thirty_days(town: Town, role: str) -> None:
    user = ann(town.conn)
    with town.acting(role) as conn:
        assert conn.execute(COUNT.encode(), [user]).fetchall() == [(2, "apple"), (2, "soup")]
        apple = COUNT.replace("GROUP BY", "AND target = 'apple' GROUP BY")
        assert conn.execute(apple.encode(), [user]).fetchall() == [(2, "apple")]


@pytest.mark.parametrize("role", ["admin", "app", "anns"])
def test_the_events_of_the_last_seven_days(town: Town, role: str) -> None:
    user = ann(town.conn)
    with town.acting(role) as conn:
        assert [row[1] for row in conn.execute(WEEK.encode(), [user])] == ["apple", "soup", "apple"]


def test_raw_memories_by_what_their_metadata_contain(town: Town) -> None:
    with town.acting("app") as conn:
        printed = conn.execute(PRINTED.encode()).fetchall()
        assert len(printed) == 6
        assert conn.execute(CONTAINS.encode()).fetchall() == printed
    with town.acting("anns") as conn:
        assert {row[9] for row in conn.execute(CONTAINS.encode())} == {"ann ate soup"}


def test_raw_memories_of_a_user_above_a_similarity(town: Town) -> None:
    conn = town.conn
    model = one(
        conn, "INSERT INTO agentry_memory.embedding_models (name, dimensions) VALUES ('m', 3) RETURNING model_id"
    )
    old = one(conn, "INSERT INTO agentry_memory.embedding_models (name, dimensions) VALUES ('o', 3) RETURNING model_id")
    conn.execute(
        "INSERT INTO agentry_memory.organization_models (model_id, is_default) VALUES (%s, true), (%s, false)",
        [model, old],
    )
    remember(conn, "ann thinks", "anns", user="ann")
    for content, which, vector in (
        ("ann ate apple", model, "[1,0.1,0]"), ("ann ate soup", model, "[1,1,0]"), ("bob ate apple", model, "[1,0,0]"),
        ("ann thinks", model, "[1,0,0]"), ("ann ate soup", old, "[1,0,0]"), ("eat 1 apple", model, "[1,0,0]"),
    ):  # fmt: skip
        conn.execute(
            "INSERT INTO agentry_memory.memory_vectors (org_id, entry_id, model_id, owner_id, content_hash, embedding)"
            " SELECT org_id, id, %s, owner_id, content_hash, %s::text::halfvec FROM agentry_memory.memory_entries"
            " WHERE content = %s",
            [which, vector, content],
        )
    for kind in ("vector", "halfvec"):
        query = SIMILAR.replace("%(e)s", f"'[1,0,0]'::{kind}")
        for role, wanted in (
            ("app", ["ann thinks", "ann ate apple", "ann ate apple", "ann ate apple"]),
            ("anns", ["ann thinks", "ann ate apple", "ann ate apple", "ann ate apple"]),
            ("nova", []),
        ):
            with town.acting(role):
                found = conn.execute(query.encode(), {"u": ann(conn) or NEVER}).fetchall()
            assert [row[1] for row in found] == wanted
            assert all(row[2] > 0.8 for row in found)


# -- the indexes ------------------------------------------------------------------------------------------------------


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def explain(conn: Connection, query: str, *args: Any, options: str = "") -> list[dict[str, Any]]:
    found = one(conn, f"EXPLAIN (FORMAT JSON, COSTS OFF{options}) {query}", *args)
    return list(nodes(found[0]["Plan"]))


def only_index(conn: Connection, table: str, index: str) -> None:
    """Within this transaction the table has no other index but those of keys."""
    for (other,) in conn.execute(
        "SELECT i.indexrelid::regclass::text FROM pg_index AS i WHERE i.indrelid = %s::regclass"
        " AND i.indexrelid <> %s::regclass AND NOT i.indisprimary",
        [table, f"agentry_memory.{index}"],
    ).fetchall():
        conn.execute(f"DROP INDEX {other}".encode())
    conn.execute("SET LOCAL enable_seqscan = off")


USES = [
    ("raw_memories_user_id_idx", RAW, "user_id = '{user}' AND created_at >= now() - interval '7 days'"
     " ORDER BY created_at DESC"),
    ("raw_memories_agent_id_idx", RAW, "agent_id = '{user}' AND created_at >= now() - interval '7 days'"
     " ORDER BY created_at DESC"),
    ("raw_memories_team_id_idx", RAW, "team_id = '{user}' ORDER BY created_at DESC"),
    ("event_memories_user_id_idx", EVENT, "user_id = '{user}' AND timestamp >= now() - interval '7 days'"
     " ORDER BY timestamp DESC"),
    ("event_memories_agent_id_idx", EVENT, "agent_id = '{user}' AND timestamp >= now() - interval '7 days'"
     " ORDER BY timestamp DESC"),
    ("event_memories_team_id_idx", EVENT, "team_id = '{user}' ORDER BY timestamp DESC"),
    ("event_memories_action_idx", EVENT, "action = 'eat' AND target = 'apple'"
     " AND timestamp >= now() - interval '30 days' ORDER BY timestamp DESC"),
    ("event_memories_confidence_idx", EVENT, "action = 'eat' AND confidence >= 0.8"),
    ("event_memories_memory_id_idx", EVENT, "memory_created_at = '2026-01-01 00:00+00' AND memory_id = '{user}'"),
    ("event_memories_event_id_idx", EVENT, "event_id = '{user}'"),
]  # fmt: skip
USES_AS_ADMIN = [
    ("raw_memories_metadata_idx", RAW, """metadata @> '{{"source": "voice_input"}}'"""),
    ("raw_memories_metadata_idx", RAW, "metadata ? 'source'"),
    ("event_memories_metadata_idx", EVENT, """metadata @> '{{"place": "home"}}'"""),
]


@pytest.mark.parametrize(
    ("role", "index", "table", "where"),
    [("app", *use) for use in USES] + [("anns", *use) for use in USES] + [("admin", *use) for use in USES_AS_ADMIN],
)
def test_the_query_of_an_index_can_use_it(town: Town, role: str, index: str, table: str, where: str) -> None:
    only_index(town.conn, table, index)
    where = where.format(user=ann(town.conn))
    with town.acting(role) as conn:
        plan = explain(conn, f"SELECT * FROM {table} WHERE {where}")
    used = {node["Index Name"] for node in plan if "Index Name" in node}
    below = "SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = ('agentry_memory.' || %s)::regclass"
    assert {one(town.conn, below, name) for name in used} == {f"agentry_memory.{index}"}
    if "ORDER BY" in where:
        assert "Sort" not in {node["Node Type"] for node in plan}, "it gives the order, too"


def test_every_index_beyond_those_of_keys_is_on_the_list(tx: Connection) -> None:
    rows = tx.execute(
        "SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid"
        f" WHERE i.indrelid IN ('{RAW}'::regclass, '{EVENT}'::regclass) AND NOT i.indisprimary".encode()
    ).fetchall()
    assert {row[0] for row in rows} == {use[0] for use in USES + USES_AS_ADMIN}


@pytest.mark.parametrize("role", ["app", "anns"])
def test_the_last_seven_days_are_read_without_the_heap(db: Database, role: str) -> None:
    conn = db.admin
    conn.execute("INSERT INTO agentry.users (username) VALUES ('ann'), ('bob')")
    conn.execute("SELECT agentry.register_agent('anns', 'x', p_user => 'ann')")
    fill(conn)
    conn.execute("SELECT agentry.ensure_partitions(%s)", [EVENT])
    conn.execute(f"VACUUM {EVENT}".encode())
    user = ann(conn)
    with db.connect(db.agent_role("anns", register=False) if role == "anns" else db.app_role()) as other:
        other.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
        plan = explain(other, WEEK, user, options=", ANALYZE")
    reads = [node for node in plan if "Heap Fetches" in node]
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in reads) == 3
    assert [node for node in reads if node["Heap Fetches"]] == []
    assert {node["Node Type"] for node in plan if "Relation Name" in node} == {"Index Only Scan"}


def test_a_look_up_by_id_reads_one_month(town: Town) -> None:
    conn = town.conn
    memory = remember(conn, "x", "coder")
    for query in (
        f"SELECT * FROM {RAW} WHERE memory_id = '{memory}' AND created_at = agentry.uuidv7_time('{memory}')",
        f"SELECT * FROM {RAW} WHERE memory_id = '{memory}' AND created_at >= agentry.uuidv7_time('{memory}')"
        f" AND created_at < agentry.uuidv7_time('{memory}', 1)",
    ):
        for role in ("app", "coder"):
            with town.acting(role):
                assert one(conn, query.replace("*", "content")) == "x"
                scanned = [n["Relation Name"] for n in explain(conn, query) if "Relation Name" in n]
            assert len([name for name in scanned if name.startswith("raw_memories")]) == 1


def test_the_last_days_are_read_from_few_months(town: Town) -> None:
    town.conn.execute("SELECT agentry.ensure_partitions(%s)", [EVENT])
    months = one(
        town.conn, "SELECT count(*) FROM generate_series(2, 13) AS m WHERE agentry.create_monthly_partition(%s,"
        " (now() - make_interval(months => m::integer))::date) IS NOT NULL", EVENT,
    )  # fmt: skip
    assert months >= 11
    with town.acting("app") as conn:
        plan = explain(conn, WEEK, ann(conn))
    assert sum(node.get("Subplans Removed", 0) for node in plan) >= 12


def test_the_autovacuum_of_the_document_holds_for_every_month(tx: Connection) -> None:
    rows = tx.execute(
        "SELECT DISTINCT c.reloptions FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
        f" WHERE i.inhparent IN ('{RAW}'::regclass, '{EVENT}'::regclass)".encode()
    ).fetchall()
    assert [sorted(row[0]) for row in rows] == [[
        "autovacuum_analyze_scale_factor=0.05", "autovacuum_vacuum_scale_factor=0.1", "autovacuum_vacuum_threshold=1000"
    ]]  # fmt: skip


def test_estimates_tell_nothing_of_what_was_written(tx: Connection) -> None:
    """Of the tables; a month has what the partition engine gives it."""
    rows = tx.execute(
        "SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid IN (%s::regclass, %s::regclass) AND a.attnum > 0"
        " AND a.attstattarget = 0",
        [RAW, EVENT],
    ).fetchall()
    assert {row[0] for row in rows} == {
        "content", "encrypted", "key_ref", "metadata", "session", "idempotency_key", "redaction_reason", "actor",
        "action", "target", "quantity", "unit",
    }  # fmt: skip
