"""The audit log: who did what, chained, never changed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.core.support import seal
from tests.harness.database import Database

Connection = psycopg.Connection[Any]


def value(conn: Connection, query: str, *args: Any) -> Any:
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def verdict(conn: Connection) -> tuple[Any, ...]:
    row = conn.execute("SELECT sealed, unsealed, broken_id, reason FROM agentry.verify_audit()").fetchone()
    assert row is not None
    return row


@pytest.fixture
def ledger(db: Database) -> Connection:
    """An audited table."""
    db.admin.execute(
        "CREATE TABLE public.sums (org_id uuid, id int, amount float8, wait interval, raw bytea, at timestamptz,"
        " PRIMARY KEY (org_id, id));"
        "SELECT agentry.guard_table('sums', p_writers => '{app,agent:ann}', p_audit => true);"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON sums TO agentry_app"
    )
    seal(db.admin)
    return db.admin


def entries(conn: Connection, columns: str = "action, row_key ->> 'id'") -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM agentry.audit_log WHERE table_name = 'public.sums' ORDER BY id"
    return conn.execute(query.encode()).fetchall()


def test_every_kind_of_statement_leaves_an_entry_a_row(ledger: Connection) -> None:
    ledger.execute("INSERT INTO sums (id, amount) VALUES (1, 1), (2, 2)")
    ledger.execute(
        "INSERT INTO sums (id, amount) VALUES (2, 5), (3, 3)"
        " ON CONFLICT (org_id, id) DO UPDATE SET amount = excluded.amount"
    )
    ledger.execute("UPDATE sums SET amount = amount WHERE id = 1")
    ledger.execute("UPDATE sums SET id = 9 WHERE id = 3")
    ledger.execute(
        "MERGE INTO sums AS s USING (VALUES (1), (7)) AS v (id) ON s.id = v.id"
        " WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)"
    )
    with ledger.cursor().copy("COPY sums (id) FROM STDIN") as copy:
        copy.write("11\n")
    ledger.execute("TRUNCATE sums")
    found = entries(ledger)
    assert found[:2] == [("INSERT", "1"), ("INSERT", "2")]
    assert sorted(found[2:4]) == [("INSERT", "3"), ("UPDATE", "2")]
    assert sorted(found[4:6]) == [("UPDATE", "3"), ("UPDATE", "9")], (
        "a key that changed went and came; no change, no entry"
    )
    assert sorted(found[6:8]) == [("DELETE", "1"), ("INSERT", "7")]
    assert found[8:] == [("INSERT", "11"), ("TRUNCATE", None)]


def test_it_says_who_also_behind_act_as(ledger: Connection, db: Database) -> None:
    app = db.app_role()
    db.admin.execute("SELECT agentry.register_agent('ann', 'an agent')")
    agent = value(ledger, "SELECT id FROM agentry.agents WHERE name = 'ann'")
    conn = db.connect(app)
    with conn.transaction():
        conn.execute("SELECT agentry.act_as('ann')")
        conn.execute("INSERT INTO sums (id) VALUES (1)")
    conn.execute("UPDATE sums SET amount = 2")
    assert entries(ledger, "role, kind, agent_id, road") == [
        (app, "agent", agent, "service"),
        (app, "app", None, "service"),
    ]


def test_digests_are_those_of_the_images_and_secrets_are_in_neither(db: Database) -> None:
    conn = db.admin
    conn.execute(
        "CREATE TABLE keep (org_id uuid, id int, hashed_password text, key_hash bytea, token_hash bytea,"
        " PRIMARY KEY (org_id, id));"
        "SELECT agentry.guard_table('keep', p_audit => true)"
    )
    conn.execute("INSERT INTO keep VALUES (agentry.current_org_id(), 1, 'TOPSECRET', 'TOPSECRET', 'TOPSECRET')")
    hidden = b"TOPSECRET".hex()
    image = "SELECT new_row::text FROM agentry.v_audit ORDER BY id DESC LIMIT 1"
    before = value(conn, image)
    assert "TOPSECRET" not in before and hidden not in before
    seal(conn)
    assert value(conn, image) == before
    assert value(conn, "SELECT count(*) FROM agentry.audit_log WHERE old_row IS NOT NULL OR new_row IS NOT NULL") == 0
    assert (
        value(
            conn,
            "SELECT count(*) FROM agentry.audit_log AS l JOIN agentry.audit_images AS i ON i.audit_id = l.id"
            " WHERE sha256(convert_to(i.new_row::text, 'UTF8')) IS DISTINCT FROM l.new_digest",
        )
        == 0
    )


def test_settings_of_the_session_do_not_matter(ledger: Connection) -> None:
    ledger.execute(
        "SET extra_float_digits = -15; SET intervalstyle = 'sql_standard'; SET timezone = 'Asia/Kathmandu';"
        "SET datestyle = 'German'; SET bytea_output = 'escape'"
    )
    ledger.execute("INSERT INTO sums VALUES (DEFAULT, 1, 0.1, '1 day', '\\x01', '2026-01-01 00:00+00')")
    ledger.execute("UPDATE sums SET amount = 0.1000000000000001")
    assert len(entries(ledger)) == 2, "a change too small for the session to show"
    image = value(ledger, "SELECT new_row FROM agentry.v_audit ORDER BY id DESC LIMIT 1")
    assert (image["amount"], image["wait"], image["raw"]) == (0.1000000000000001, "1 day", "\\x01")
    assert image["at"] == "2026-01-01T00:00:00+00:00"
    assert seal(ledger) == 2
    assert verdict(ledger)[1:] == (0, None, None)
    ledger.execute("RESET ALL")
    assert verdict(ledger)[1:] == (0, None, None)


def test_a_table_without_primary_key_cannot_be_audited(db: Database) -> None:
    db.admin.execute("CREATE TABLE heap (org_id uuid NOT NULL)")
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="no primary key"):
        db.admin.execute("SELECT agentry.guard_table('heap', p_audit => true)")


def test_a_repeated_install_writes_nothing_into_the_log(db: Database) -> None:
    last = "SELECT max(id) FROM agentry.audit_log"
    before = db.value(last)
    db.admin.execute("SELECT agentry.install()")
    assert db.value(last) == before


# -- the chain --------------------------------------------------------------------------------------------------------


def test_entries_above_the_oldest_running_transaction_wait(ledger: Connection, db: Database) -> None:
    old = db.connect(autocommit=False)
    old.execute("INSERT INTO sums (id) VALUES (1)")
    ledger.execute("INSERT INTO sums (id) VALUES (2)")
    assert value(ledger, "SELECT agentry.seal_audit()") == 0
    assert verdict(ledger)[1] == 1, "the tail is counted"
    old.commit()
    assert seal(ledger) == 2
    order = (
        "SELECT array_agg(row_key ->> 'id' ORDER BY position) FROM agentry.audit_log WHERE table_name = 'public.sums'"
    )
    assert value(ledger, order) == ["1", "2"], "in the order of transactions, not of commits"
    assert verdict(ledger)[1:] == (0, None, None)


def test_a_second_seal_at_once_seals_nothing(ledger: Connection, db: Database) -> None:
    ledger.execute("INSERT INTO sums (id) VALUES (1)")
    first = db.connect(autocommit=False)
    first.execute("SELECT agentry.seal_audit()")
    assert value(ledger, "SELECT agentry.seal_audit()") == 0
    first.commit()
    seal(ledger)
    assert verdict(ledger)[1:] == (0, None, None)


def test_a_log_of_another_server_is_sealed_too(ledger: Connection) -> None:
    ledger.execute("INSERT INTO sums (id) VALUES (1)")
    ledger.execute(
        "ALTER TABLE agentry.audit_log DISABLE TRIGGER USER;"
        "UPDATE agentry.audit_log SET transaction = '99999999999' WHERE position IS NULL;"
        "ALTER TABLE agentry.audit_log ENABLE TRIGGER USER"
    )
    assert seal(ledger) == 1
    assert verdict(ledger)[1:] == (0, None, None)


LAST = "(SELECT max(id) FROM agentry.audit_log) - 2"


@pytest.mark.parametrize(
    ("tamper", "broken", "reason"),
    [
        (f"UPDATE agentry.audit_log SET role = 'mallory' WHERE id = {LAST}", -2, "the entry is not what was sealed"),
        (
            "UPDATE agentry.audit_log SET new_digest = set_byte(new_digest, 0, get_byte(new_digest, 0) # 1)"
            f" WHERE id = {LAST}",
            -2,
            "the entry is not what was sealed",
        ),
        (
            f"UPDATE agentry.audit_images SET new_row = new_row || '{{\"amount\": 9}}' WHERE audit_id = {LAST}",
            -2,
            "the image is not that of the entry",
        ),
        (f"DELETE FROM agentry.audit_log WHERE id = {LAST}", -1, "entry at position {} is missing"),
        (f"DELETE FROM agentry.audit_log WHERE id = {LAST} + 2", 0, "the entry is missing, its image is there"),
        (
            "UPDATE agentry.audit_log AS l SET position = -l.position; "
            f"UPDATE agentry.audit_log AS l SET position = CASE l.id WHEN {LAST} THEN 1 - l.position"
            f" WHEN {LAST} + 1 THEN -1 - l.position ELSE -l.position END",
            -1,
            "the entry is not what was sealed",
        ),
    ],
    ids=["changed", "digest", "image", "removed", "removed at the end", "swapped"],
)
def test_the_first_entry_that_is_not_right_is_named(ledger: Connection, tamper: str, broken: int, reason: str) -> None:
    for i in range(5):
        ledger.execute("INSERT INTO sums (id, amount) VALUES (%s, 1)", [i])
    seal(ledger)
    last, position = ledger.execute("SELECT max(id), max(position) FROM agentry.audit_log").fetchone() or (0, 0)
    ledger.execute(
        "ALTER TABLE agentry.audit_log DISABLE TRIGGER USER; ALTER TABLE agentry.audit_images DISABLE TRIGGER USER"
    )
    ledger.execute(tamper.encode())
    assert verdict(ledger)[2:] == (last + broken, reason.format(position - 2))


def test_erased_images_are_no_fault(ledger: Connection) -> None:
    ledger.execute("INSERT INTO sums (id) VALUES (1), (2)")
    seal(ledger)
    ledger.execute("ALTER TABLE agentry.audit_images DISABLE TRIGGER USER; DELETE FROM agentry.audit_images")
    assert verdict(ledger)[1:] == (0, None, None)


@pytest.mark.parametrize("role", ["postgres", "agentry_owner"])
@pytest.mark.parametrize("table", ["audit_log", "audit_images"])
def test_nobody_changes_the_log(ledger: Connection, role: str, table: str) -> None:
    ledger.execute("INSERT INTO sums (id) VALUES (1)")
    seal(ledger)
    ledger.execute("INSERT INTO sums (id) VALUES (2)")
    ledger.execute(f"SET ROLE {role}")
    column = "action" if table == "audit_log" else "new_row"
    for query in (
        f"UPDATE agentry.{table} SET {column} = NULL",
        f"DELETE FROM agentry.{table}",
        f"TRUNCATE agentry.{table}",
    ):
        with pytest.raises(errors.RestrictViolation, match="never changes"):
            ledger.execute(query.encode())


@pytest.mark.parametrize(
    "change",
    [
        "old_row = NULL, new_row = NULL, new_digest = sha256('x')",
        "old_row = NULL, new_row = NULL",
        "new_row = '{}'",
        "position = 1, hash = sha256('x')",
        "old_row = NULL, new_row = NULL, old_digest = new_digest, role = 'mallory'",
    ],
)
def test_an_entry_that_is_not_sealed_yet_changes_in_no_other_way(ledger: Connection, change: str) -> None:
    ledger.execute("INSERT INTO sums (id) VALUES (1)")
    with pytest.raises(errors.RestrictViolation, match="never changes"):
        ledger.execute(f"UPDATE agentry.audit_log SET {change} WHERE position IS NULL".encode())


def test_a_place_in_the_chain_is_taken_once(ledger: Connection) -> None:
    ledger.execute("ALTER TABLE agentry.audit_log DISABLE TRIGGER USER")
    with pytest.raises(errors.UniqueViolation):
        ledger.execute("UPDATE agentry.audit_log SET position = 1")


def test_many_rows_of_one_statement_are_logged_as_one_alone_is(ledger: Connection) -> None:
    """The two ways that the trigger goes write the same."""
    ledger.execute("INSERT INTO sums (id, amount) VALUES (1, 1)")
    ledger.execute("INSERT INTO sums (id, amount) SELECT g, 1 FROM generate_series(2, 2000) AS g")
    ledger.execute("UPDATE sums SET amount = 2 WHERE id = 1")
    ledger.execute("UPDATE sums SET amount = 2 WHERE id > 1")
    ledger.execute("DELETE FROM sums WHERE id = 1")
    ledger.execute("DELETE FROM sums")
    found = ledger.execute(
        "SELECT action, count(*), count(DISTINCT row_key ->> 'id'),"
        " count(DISTINCT (role, kind, agent_id, user_id, road, old_row - 'id', new_row - 'id')::text)"
        " FROM agentry.v_audit WHERE table_name = 'public.sums' GROUP BY action ORDER BY action"
    ).fetchall()
    assert found == [("DELETE", 2000, 2000, 1), ("INSERT", 2000, 2000, 1), ("UPDATE", 2000, 2000, 1)]
    assert value(ledger, "SHOW plan_cache_mode") == "auto"
    seal(ledger)
    assert verdict(ledger)[1:] == (0, None, None)


def test_a_table_of_the_whole_database_is_logged_with_the_default_organisation(db: Database) -> None:
    db.admin.execute("UPDATE agentry.retention_rules SET note = 'one more'")
    found = db.admin.execute(
        "SELECT l.org_id = o.id, l.action FROM agentry.audit_log AS l JOIN agentry.organizations AS o ON o.is_default"
        " WHERE table_name = 'agentry.retention_rules' ORDER BY l.id DESC LIMIT 1"
    ).fetchone()
    assert found == (True, "UPDATE")


def test_serialisable_writers_never_fail_for_the_log(ledger: Connection, db: Database) -> None:
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    for conn, number in ((one, 1), (two, 2)):
        conn.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        conn.execute("INSERT INTO sums (id) VALUES (%s)", [number])
    ledger.execute("SELECT agentry.seal_audit()")
    for conn in (one, two):
        conn.execute("UPDATE agentry.settings SET value = value WHERE false")
    one.commit()
    two.commit()
    assert seal(ledger) == 2
