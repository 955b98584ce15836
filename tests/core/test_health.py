"""Health checks turn when what they look at goes wrong; metrics count what is there."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from invoke import Exit, MockContext
from psycopg import errors

import tasks
from tests.chat.support import advance, claim, fake_clock, mark, refused, register, rows, send, set_setting, value
from tests.harness.database import Database
from tests.memory import filled

Connection = psycopg.Connection[Any]


def status(conn: Connection) -> dict[str, str]:
    return {row["name"]: row["status"] for row in rows(conn, "SELECT * FROM agentry.v_health")}


def metric(conn: Connection, name: str) -> dict[str | None, Any]:
    found = rows(conn, "SELECT label, value FROM agentry.v_metrics WHERE name = %s", name)
    return {row["label"]: row["value"] for row in found}


def test_a_new_database_is_healthy(tx: Connection) -> None:
    found = status(tx)
    assert found.keys() >= {"core.roles", "core.install", "core.maintenance", "core.audit", "core.partitions",
                            "core.keys", "chat.dead_letters", "chat.inboxes"}
    assert set(found.values()) == {"ok"}
    assert {row["name"] for row in rows(tx, "SELECT name FROM agentry.health()")} == found.keys()


MONTHLY = [
    "CREATE TABLE monthly (at timestamptz PRIMARY KEY) PARTITION BY RANGE (at)",
    "CREATE TABLE monthly_default PARTITION OF monthly DEFAULT",
    "ALTER TABLE monthly OWNER TO agentry_owner",
    "ALTER TABLE monthly_default OWNER TO agentry_owner",
    "SELECT agentry.set_partition_policy('public.monthly', 1)",
]

# what makes each check a warning; a check that is not here fails the test
TROUBLE: dict[str, list[str]] = {
    "core.roles": ["ALTER ROLE agentry_reader RENAME TO agentry_reader_of_a_test"],
    "core.install": ["UPDATE agentry.installed_modules SET version = '0.0.1' WHERE module = 'chat'"],
    "core.partitions": [*MONTHLY, "SELECT agentry.ensure_partitions('public.monthly', 2)",
                        "INSERT INTO monthly VALUES ('2020-01-05')"],
    "core.keys": [*MONTHLY, "SELECT agentry.ensure_partitions('public.monthly')",
                  "CREATE TABLE refers (at timestamptz)",
                  "ALTER TABLE refers ADD FOREIGN KEY (at) REFERENCES monthly NOT VALID"],
    "core.maintenance": [
        "UPDATE agentry.maintenance_steps SET last_run = now() - interval '10 days' WHERE name = 'core.seal_audit'"
    ],
    "core.audit": [
        "INSERT INTO agentry.audit_log (org_id, at, transaction, role, action, table_name)"
        " VALUES (agentry.current_org_id(), now() - interval '2 days', pg_current_xact_id(), 'r', 'INSERT', 't')"
    ],
    "chat.dead_letters": [
        "SELECT agentry_chat.send_agent_message('nova', 'hard', '{coder}')",
        "SELECT agentry_chat.claim_agent_messages('coder')",
        "SELECT agentry_chat.mark_agent_message(id, 'coder', 'failed', 1, 'no') FROM agentry_chat.agent_chat",
    ],
    "chat.inboxes": [
        "SELECT agentry_chat.send_agent_message('nova', 'hello?', '{coder}')",
        "UPDATE agentry_chat.agent_chat_processed SET available_at = now() - interval '25 hours'",
    ],
    "memory.counts": ["INSERT INTO agentry_memory.memory_changes (org_id, owner_id, entries, length, terms)"
                      " SELECT agentry.current_org_id(), agentry.current_org_id(), 1, 1, '{1}'"
                      " FROM generate_series(1, 1001)"],
    "memory.sources": ["ALTER TABLE agentry_memory.agent_memories DISABLE TRIGGER agentry_70_memory_update"],
    "memory.vector_schema": [
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON SCHEMA %s TO PUBLIC', (SELECT extnamespace::regnamespace"
        " FROM pg_extension WHERE extname = 'vector')); END $$"
    ],
    "memory.embedding_queue": [
        "SELECT agentry_memory.register_embedding_model('tiny', 3), agentry_memory.use_embedding_model('tiny')",
        "SELECT agentry_memory.remember('nova', 'wait')",
        "UPDATE agentry_memory.embedding_queue SET available_at = now() - interval '25 hours'",
    ],
    "memory.embedding_indexes": [
        "SELECT agentry_memory.register_embedding_model('tiny', 3)",
        "DO $$ BEGIN EXECUTE (SELECT format('DROP INDEX agentry_memory.memory_vectors_%s_idx', model_id)"
        " FROM agentry_memory.embedding_models); END $$",
    ],
    "memory.expired": [
        "SELECT agentry_memory.remember('nova', 'stale', p_expires_at => now() - interval '25 hours')"
    ],
    "memory.views": ["SELECT agentry_memory.derive_view('nova', 'stale')",
                     "UPDATE agentry_memory.cognitive_views SET created_at = now() - interval '3 days',"
                     " expires_at = now() - interval '25 hours'"],
}
CRITICAL = {"memory.sources"}


def test_every_check_warns_when_its_condition_is_made_true(tx: Connection) -> None:
    register(tx, "nova", "coder")
    set_setting(tx, "chat.max_attempts", 1)
    names = set(status(tx))
    assert names == TROUBLE.keys()
    for name, trouble in TROUBLE.items():
        with tx.transaction(force_rollback=True):
            for statement in trouble:
                tx.execute(statement.encode())
            found = status(tx)
            assert {n for n, s in found.items() if s != "ok"} == {name}
            assert found[name] == ("critical" if name in CRITICAL else "warning")
            first = rows(tx, "SELECT * FROM agentry.v_health")[0]
            assert first["name"] == name, "what is worst comes first"
            assert first["detail"] and first["description"]


@pytest.mark.parametrize(
    ("column", "detail"),
    [
        ("version = '0.0.1'", "chat has tables of 0.0.1"),
        ("checksum = 'x'", "chat has tables of other sources of the same version"),
        (None, "chat has no tables"),
    ],
)
def test_tables_of_other_code_are_named(tx: Connection, column: str | None, detail: str) -> None:
    change = f"UPDATE agentry.installed_modules SET {column}" if column else "DELETE FROM agentry.installed_modules"
    tx.execute(f"{change} WHERE module = 'chat'".encode())
    found = value(tx, "SELECT detail FROM agentry.v_health WHERE name = 'core.install'")
    assert found == f"code {value(tx, 'SELECT agentry.version()')}; {detail}"
    tx.execute("SELECT agentry.install()")
    assert status(tx)["core.install"] == "ok"


def test_what_maintenance_left_undone_on_monthly_tables_is_named(tx: Connection) -> None:
    fake_clock(tx)
    tx.execute("DELETE FROM agentry.partition_policies")
    tx.execute("SET LOCAL timezone = 'Asia/Kathmandu'")
    for statement in MONTHLY:
        tx.execute(statement.encode())
    detail = "SELECT detail FROM agentry.v_health WHERE name = 'core.partitions'"
    assert value(tx, detail).startswith("public.monthly has no partition for ")
    tx.execute("SELECT agentry.ensure_partitions('public.monthly', 1)")
    tx.execute("INSERT INTO monthly VALUES ('infinity')")
    assert value(tx, detail) == "all months are there"
    tx.execute("INSERT INTO monthly VALUES ('2020-01-05')")
    with tx.transaction(force_rollback=True):
        tx.execute("ALTER TABLE monthly_default OWNER TO CURRENT_USER")
        assert value(tx, detail) == "all months are there", "the table of another is not read"
    assert value(tx, detail) == "rows wait in public.monthly_default"
    tx.execute("SELECT agentry.ensure_partitions('public.monthly', 1)")
    assert status(tx)["core.partitions"] == "ok"
    tx.execute("SELECT agentry.set_partition_policy('public.monthly', 1, 12, 'archive')")
    assert value(tx, detail) == "public.monthly_2020_01 should have retired"
    advance(tx, "62 days")
    assert value(tx, detail).count("has no partition for") == 1


def test_maintenance_that_never_ran_is_overdue_some_time_after_the_install(tx: Connection) -> None:
    fake_clock(tx)
    assert status(tx)["core.maintenance"] == "ok"
    advance(tx, "1 day")
    assert status(tx)["core.maintenance"] == "warning"
    detail = value(tx, "SELECT detail FROM agentry.v_health WHERE name = 'core.maintenance'")
    assert detail.startswith("overdue: ") and "core.seal_audit" in detail


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("SELECT 1 / 0, 'x'", "the check failed: division by zero (22012)"),
        ("SELECT 'fine', 'x'", "the check gave status 'fine': x"),
        ("SELECT NULL, 'x'", "the check gave status NULL: x"),
        ("SELECT 'ok', 'x' WHERE false", "the check failed: query returned no rows (P0002)"),
        ("SELECT 'ok', 'x' FROM generate_series(1, 2)", "the check failed: query returned more than one row (P0003)"),
        ("DELETE FROM agentry.settings", "the check failed: DELETE is not allowed in a non-volatile function (0A000)"),
    ],
)
def test_a_broken_check_is_critical_and_breaks_no_other(tx: Connection, query: str, detail: str) -> None:
    before = status(tx)
    tx.execute("INSERT INTO agentry.health_checks VALUES ('a.broken', %s, 'broken')", [query])
    assert status(tx) == {**before, "a.broken": "critical"}
    first = rows(tx, "SELECT * FROM agentry.v_health")[0]
    assert (first["name"], first["detail"]) == ("a.broken", detail)


def test_metrics_equal_counts_by_hand(tx: Connection) -> None:
    register(tx, "nova", "coder", "scout")
    register(tx, "old", status="archived")
    set_setting(tx, "chat.max_attempts", 1)
    key = value(tx, "SELECT agentry.create_api_key('nova')")
    for _ in range(3):
        token = value(tx, "SELECT agentry.login(%s)", key)
    tx.execute("SELECT agentry.use_session(%s)", [token])
    tx.execute("SELECT agentry.logout()")
    first = send(tx, "nova", "one", ["coder", "scout"])
    send(tx, "nova", "two", ["coder"])
    claim(tx, "coder", 1)
    claim(tx, "scout", 1)
    mark(tx, first, "scout", "failed", token=1, error="no")
    filled.fill(tx, "here")
    tx.execute("SELECT agentry_memory.derive_view('nova', 'another view'),"
               " agentry_memory.remember('coder', 'again and again', p_importance => 1) FROM generate_series(1, 16)")
    tx.execute("ANALYZE agentry_memory.agent_memories")
    assert metric(tx, "core.agents") == {"active": 3, "archived": 1}
    assert metric(tx, "core.sessions") == {None: 2}
    assert metric(tx, "chat.open") == {"pending": 1, "received": 1}
    assert metric(tx, "chat.dead") == {None: 1}
    assert metric(tx, "memory.entries") == {"memory": 21, "raw_memory": 1, "event": 1, "view": 16, "concept": 1}
    assert metric(tx, "memory.memories") == {None: 21}
    assert metric(tx, "memory.views") == {"active": 16, "promoted": 1}
    assert metric(tx, "memory.concepts") == {None: 1}
    assert metric(tx, "memory.reflections_due") == {None: 1}
    assert metric(tx, "memory.vectors") == {"tiny": 1}
    assert metric(tx, "memory.embedding_queue") == {"tiny pending": 21 + 1 + 1 + 16 + 1 - 1}
    for name, table, what in (("memory.changes", "memory_changes", "count(*)"),
                              ("memory.tokens_saved", "memory_consolidations", "sum(tokens_saved)")):
        by_hand = value(tx, f"SELECT {what} FROM agentry_memory.{table}")
        assert by_hand > 0
        assert list(metric(tx, name).values()) == [by_hand]
    unsealed = value(tx, "SELECT count(*) FROM agentry.audit_log WHERE position IS NULL")
    assert metric(tx, "core.audit_unsealed") == {None: unsealed}
    assert unsealed > 4
    named = {row["name"] for row in rows(tx, "SELECT name FROM agentry.metrics()")}
    registered = {row["name"] for row in rows(tx, "SELECT name FROM agentry.metrics")}
    assert named == registered, "a metric that this test does not know" if named - registered else named


def test_a_broken_metric_breaks_no_other(tx: Connection) -> None:
    before = rows(tx, "SELECT * FROM agentry.v_metrics")
    tx.execute("INSERT INTO agentry.metrics VALUES ('a.broken', 'SELECT NULL, 1 / 0', 'x', 'broken')")
    heard: list[Any] = []
    tx.add_notice_handler(lambda d: heard.append((d.severity, d.message_primary, d.message_detail)))
    after = rows(tx, "SELECT * FROM agentry.v_metrics")
    assert [row for row in after if row["name"] != "a.broken"] == before
    assert [(row["label"], row["value"]) for row in after if row["name"] == "a.broken"] == [(None, None)]
    assert heard == [("WARNING", "metric a.broken failed", "division by zero")]


def test_applications_readers_and_administrators_look_and_nobody_else(db: Database) -> None:
    with db.connect(db.app_role()) as app, db.connect(db.app_role("reader", group="agentry_reader")) as reader:
        for conn in (app, reader):
            assert set(status(conn).values()) == {"ok"}
            assert rows(conn, "SELECT * FROM agentry.v_metrics") == rows(db.admin, "SELECT * FROM agentry.v_metrics")
    with db.connect(db.agent_role("coder")) as coder:
        with refused(coder, errors.InsufficientPrivilege,
                     "the health of the database is for applications, readers and administrators",
                     "You are agent coder."):
            status(coder)
        with refused(coder, errors.InsufficientPrivilege,
                     "metrics are for applications, readers and administrators", "You are agent coder."):
            metric(coder, "core.agents")
    with (
        db.connect(db.role("nobody", "agentry_agent")) as nobody,
        pytest.raises(errors.InvalidAuthorizationSpecification),
    ):
        status(nobody)


# -- invoke status ----------------------------------------------------------------------------------------------------


def test_status_prints_the_health_and_fails_when_something_is_critical(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks.status(MockContext(), url=db.url())
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == len(TROUBLE) and all(line.startswith("ok ") for line in shown)

    db.admin.execute("UPDATE agentry.installed_modules SET version = '0.0.1'")
    tasks.status(MockContext(), url=db.url())
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("warning  core.install")
    assert "run SELECT agentry.install()." in " ".join(" ".join(shown[1:3]).split())

    db.admin.execute("INSERT INTO agentry.health_checks VALUES ('a.broken', 'SELECT 1 / 0', 'To be mended.')")
    with pytest.raises(Exit) as caught:
        tasks.status(MockContext(), url=db.url())
    assert caught.value.code == 1
    assert capsys.readouterr().out.startswith("critical  a.broken")


def test_status_of_a_database_without_agentry_is_critical(
    db_empty: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exit):
        tasks.status(MockContext(), url=db_empty.url())
    assert capsys.readouterr().out.startswith("critical  UndefinedTable")
