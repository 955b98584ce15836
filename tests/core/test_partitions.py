"""Monthly partitions: made, emptied into, closed, retired; read by id with few locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.harness.database import Database, wait_for_lock, wait_until

Connection = psycopg.Connection[Any]
Background = Callable[..., "Future[Any]"]

ORG = "00000000-0000-7000-8000-000000000001"

# A monthly table with all that can go wrong: a generated column, a key to another table, keys into it
# (one deferred, one of its own).
SHOP = f"""
CREATE SCHEMA shop AUTHORIZATION agentry_owner;
SET ROLE agentry_owner;
CREATE TABLE shop.kinds (org_id uuid, kind text, PRIMARY KEY (org_id, kind));
INSERT INTO shop.kinds VALUES ('{ORG}', 'a');
CREATE TABLE shop.notes (
    org_id uuid NOT NULL DEFAULT '{ORG}', at timestamptz NOT NULL, id bigint NOT NULL,
    kind text NOT NULL DEFAULT 'a', body text,
    updated_at timestamptz NOT NULL DEFAULT '2001-01-01', after_at timestamptz, after_id bigint,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED,
    PRIMARY KEY (org_id, at, id),
    FOREIGN KEY (org_id, kind) REFERENCES shop.kinds DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT notes_after_fkey FOREIGN KEY (org_id, after_at, after_id) REFERENCES shop.notes
) PARTITION BY RANGE (at);
CREATE INDEX notes_words_idx ON shop.notes USING gin (words);
CREATE TABLE shop.notes_default PARTITION OF shop.notes DEFAULT;
CREATE TABLE shop.marks (
    org_id uuid NOT NULL DEFAULT '{ORG}', at timestamptz NOT NULL, id bigint NOT NULL, mark text,
    CONSTRAINT marks_at_fkey FOREIGN KEY (org_id, at, id) REFERENCES shop.notes DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON CONSTRAINT marks_at_fkey ON shop.marks IS 'what it marks';
RESET ROLE;
"""


def set_clock(conn: Connection, now: str) -> None:
    conn.execute(
        sql.SQL(
            "CREATE OR REPLACE FUNCTION agentry._clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE"
            " SET search_path = pg_catalog, pg_temp AS {}"
        ).format(sql.Literal(f"SELECT '{now}'::timestamptz"))
    )


@pytest.fixture
def shop(db: Database) -> Connection:
    set_clock(db.admin, "2026-11-15 12:00+00")
    db.admin.execute(SHOP.encode())
    return db.admin


def value(conn: Connection, query: str, *args: Any) -> Any:
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def partitions(conn: Connection, table: str = "shop.notes") -> dict[str, str]:
    """Name -> bounds."""
    found = conn.execute(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid"
        " WHERE inhparent = %s::regclass ORDER BY 1",
        [table],
    )
    return dict(found.fetchall())


def counts(conn: Connection, table: str = "shop.notes") -> dict[str, int]:
    name = sql.SQL(table)  # type: ignore[arg-type]
    query = sql.SQL("SELECT tableoid::regclass::text, count(*) FROM {} GROUP BY 1").format(name)
    return dict(conn.execute(query).fetchall())


def refused(conn: Connection, error: type[psycopg.Error], query: str, *args: Any) -> psycopg.Error:
    with pytest.raises(error) as caught, conn.transaction():
        conn.execute(query.encode(), args or None)
    return caught.value


# -- making -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_months_are_those_of_utc_under_any_time_zone_and_date_style(shop: Connection, zone: str) -> None:
    shop.execute(f"SET timezone = '{zone}'")
    shop.execute("SET datestyle = 'German'")
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '2026-02-28')") == "shop.notes_2026_02"
    shop.execute("SET timezone = 'UTC'; SET datestyle = 'ISO'")
    assert partitions(shop)["notes_2026_02"] == (
        "FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00')"
    )


def test_a_month_that_is_there_is_not_made_again(shop: Connection) -> None:
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '2026-02-28')") == "shop.notes_2026_02"
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '2026-02-01')") is None
    shop.execute(
        "CREATE TABLE shop.year PARTITION OF shop.notes"
        " FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00')"
    )
    shop.execute("CREATE TABLE shop.past PARTITION OF shop.notes FOR VALUES FROM (MINVALUE) TO ('2024-06-15 00:00+00')")
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '2025-05-01')") is None
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '1999-05-01')") is None
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '2024-06-20')") is None
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '2024-07-20')") == "shop.notes_2024_07"


def test_ensure_makes_the_months_ahead_and_says_which(shop: Connection) -> None:
    assert value(shop, "SELECT agentry.ensure_partitions('shop.notes', 2)") == [
        "shop.notes_2026_11",
        "shop.notes_2026_12",
        "shop.notes_2027_01",
    ]
    assert value(shop, "SELECT agentry.ensure_partitions('shop.notes')") == ["shop.notes_2027_02"]
    shop.execute("SELECT agentry.set_partition_policy('shop.notes', 5)")
    assert value(shop, "SELECT agentry.ensure_partitions('shop.notes')") == ["shop.notes_2027_03", "shop.notes_2027_04"]
    assert value(shop, "SELECT agentry.ensure_partitions('shop.notes')") == []


@pytest.mark.parametrize("ahead", [-1, 121])
def test_months_ahead_have_a_range(shop: Connection, ahead: int) -> None:
    error = refused(shop, errors.InvalidParameterValue, "SELECT agentry.ensure_partitions('shop.notes', %s)", ahead)
    assert str(ahead) in str(error.diag.message_detail)


@pytest.mark.parametrize("day", [None, "infinity", "-infinity"])
def test_a_partition_needs_a_month(shop: Connection, day: str | None) -> None:
    refused(shop, errors.InvalidParameterValue, "SELECT agentry.create_monthly_partition('shop.notes', %s)", day)


def test_a_table_that_is_missing_or_not_partitioned_by_time_is_refused(shop: Connection) -> None:
    shop.execute("CREATE TABLE shop.by_list (at timestamptz) PARTITION BY LIST (at)")
    shop.execute("CREATE TABLE shop.by_two (at timestamptz, b int) PARTITION BY RANGE (at, b)")
    shop.execute("CREATE TABLE shop.by_day (at date) PARTITION BY RANGE (at)")
    shop.execute("CREATE TABLE shop.by_expression (at timestamptz) PARTITION BY RANGE ((coalesce(at, at)))")
    for table in ("by_list", "by_two", "by_day", "by_expression", "kinds"):
        refused(shop, errors.WrongObjectType, "SELECT agentry.ensure_partitions(%s)", f"shop.{table}")
    refused(shop, errors.UndefinedTable, "SELECT agentry.ensure_partitions('shop.nothing')")
    refused(shop, errors.UndefinedTable, "SELECT agentry.ensure_partitions(NULL)")


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ('Odd "Name"', '"Odd ""Name""_2026_01"'),
        ("x" * 63, None),
        ("é" * 31, None),
        ("ab" + "漢" * 20, None),
    ],
)
def test_names_are_quoted_and_cut_to_63_bytes(shop: Connection, table: str, name: str | None) -> None:
    ident = sql.Identifier("shop", table)
    shop.execute(sql.SQL("CREATE TABLE {} (at timestamptz PRIMARY KEY) PARTITION BY RANGE (at)").format(ident))
    made = value(shop, "SELECT agentry.create_monthly_partition(%s, '2026-01-31')", ident.as_string(shop))
    bare = made.removeprefix("shop.").strip('"')
    assert made == (f"shop.{name}" if name else made)
    assert bare.endswith("_2026_01")
    assert len(bare.encode()) <= 63 + 2 * (name is not None)
    assert next(iter(partitions(shop, ident.as_string(shop)))).endswith("_2026_01")


def test_long_names_that_begin_alike_do_not_collide(shop: Connection) -> None:
    for last in "ab":
        name = "x" * 62 + last
        shop.execute(f"CREATE TABLE shop.{name} (at timestamptz) PARTITION BY RANGE (at)".encode())
        assert value(shop, "SELECT agentry.create_monthly_partition(%s, '2026-01-31')", f"shop.{name}")
        assert len(partitions(shop, f"shop.{name}")) == 1


def test_far_years_and_names_that_are_taken_get_names_of_their_own(shop: Connection) -> None:
    shop.execute("CREATE TABLE shop.notes_2026_01 (); CREATE TABLE shop.notes_2_2026_01 ()")
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '2026-01-01')") == "shop.notes_3_2026_01"
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '10000-12-31')") == "shop.notes_10000_12"
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '0044-03-15')") == "shop.notes_0044_03"
    assert (
        value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '0044-03-15 BC')") == "shop.notes_2_0044_03"
    )
    assert value(shop, "SELECT agentry.create_monthly_partition('shop.notes', '0044-03-15 BC')") is None


# -- what a partition does not inherit --------------------------------------------------------------------------------


def test_partitions_are_closed_to_reads_and_writes_of_their_own(shop: Connection, db: Database) -> None:
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2026-11-02', 1), ('2020-01-01', 2)")
    shop.execute("DROP TABLE shop.marks; ALTER TABLE shop.notes DROP CONSTRAINT notes_after_fkey")
    for name, row in (("notes_2026_11", "'2026-11-03', 3"), ("notes_default", "'2020-01-02', 3")):
        for query in (
            f"INSERT INTO shop.{name} (at, id) VALUES ({row})",
            f"UPDATE shop.{name} SET body = 'x'",
            f"DELETE FROM shop.{name}",
            f"TRUNCATE shop.{name}",
        ):
            error = refused(shop, errors.RestrictViolation, query)
            assert "shop.notes" in str(error.diag.message_hint)
        assert value(shop, "SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", f"shop.{name}") is True
    reader = db.role("reader")
    shop.execute(
        sql.SQL("GRANT USAGE ON SCHEMA shop TO {}; GRANT SELECT ON shop.notes_2026_11 TO {}").format(
            sql.Identifier(reader), sql.Identifier(reader)
        )
    )
    assert value(db.connect(reader), "SELECT count(*) FROM shop.notes_2026_11") == 0


def test_the_table_itself_can_be_truncated(shop: Connection) -> None:
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2026-11-02', 1), ('2020-01-01', 2)")
    shop.execute("TRUNCATE shop.notes, shop.marks")
    assert counts(shop) == {}


def test_a_truncate_that_the_table_refuses_is_refused_on_a_partition_too(shop: Connection) -> None:
    shop.execute("ALTER TABLE shop.notes ADD locked boolean NOT NULL DEFAULT false")
    shop.execute("SELECT agentry.guard_table('shop.notes')")
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    shop.execute("INSERT INTO shop.notes (org_id, at, id, locked) VALUES (%s, '2026-11-02', 1, true)", [ORG])
    refused(shop, errors.ObjectNotInPrerequisiteState, "TRUNCATE shop.notes, shop.marks")
    shop.execute("DROP TABLE shop.marks; ALTER TABLE shop.notes DROP CONSTRAINT notes_after_fkey")
    refused(shop, errors.RestrictViolation, "TRUNCATE shop.notes_2026_11")


def test_storage_parameters_and_owner_reach_every_partition(shop: Connection) -> None:
    shop.execute(
        "SELECT agentry.set_partition_policy('shop.notes',"
        " p_storage => '{fillfactor = 90,toast.autovacuum_enabled=true}')"
    )
    shop.execute(
        "CREATE TABLE shop.by_hand PARTITION OF shop.notes"
        " FOR VALUES FROM ('2030-01-01 00:00+00') TO ('2031-01-01 00:00+00')"
    )
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    found = shop.execute(
        "SELECT DISTINCT reloptions, pg_get_userbyid(relowner) FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid"
        " WHERE inhparent = 'shop.notes'::regclass"
    ).fetchall()
    assert found == [(["fillfactor=90"], "agentry_owner")]
    shop.execute("SELECT agentry.set_partition_policy('shop.notes',"
        " p_storage => '{fillfactor=80}')")
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    assert (
        value(
            shop,
            "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND reloptions = '{fillfactor=80}'",
        )
        == 3
    )
    assert value(shop, "SELECT count(*) FROM agentry._open_partitions('shop.notes'::regclass)") == 0


@pytest.mark.parametrize(
    ("arguments", "constraint"),
    [
        ("p_months_ahead => 0", "months_ahead_check"),
        ("p_keep_months => 0", "keep_months_check"),
        ("p_retire_to => 'burn'", "retire_to_check"),
    ],
)
def test_a_policy_has_ranges(shop: Connection, arguments: str, constraint: str) -> None:
    error = refused(shop, errors.CheckViolation, f"SELECT agentry.set_partition_policy('shop.notes', {arguments})")
    assert constraint in str(error.diag.constraint_name)


# -- emptying the default partition -----------------------------------------------------------------------------------

WAITING = """
INSERT INTO shop.notes (at, id, body) SELECT '2020-01-15 00:00+00'::timestamptz + g * interval '1 day', g, 'note ' || g
FROM generate_series(0, 59) AS g;
INSERT INTO shop.notes (at, id) VALUES ('infinity', 1000), ('-infinity', 1001);
UPDATE shop.notes SET after_at = '2020-01-15 00:00+00', after_id = 0 WHERE id = 40;
INSERT INTO shop.marks (at, id, mark) SELECT at, id, 'm' FROM shop.notes;
"""


def test_the_default_partition_is_emptied_without_touching_a_reference(shop: Connection) -> None:
    shop.execute(WAITING)
    before = shop.execute("SELECT n::text FROM shop.notes AS n ORDER BY at, id").fetchall()
    marks = shop.execute("SELECT ctid::text, xmin::text, m::text FROM shop.marks AS m ORDER BY at, id").fetchall()
    shop.execute("SELECT agentry.guard_table('shop.notes', p_audit => true)")
    assert value(shop, "SELECT agentry.ensure_partitions('shop.notes', 0)") == [
        "shop.notes_2020_01",
        "shop.notes_2020_02",
        "shop.notes_2020_03",
        "shop.notes_2026_11",
    ]
    assert counts(shop) == {
        "shop.notes_2020_01": 17,
        "shop.notes_2020_02": 29,
        "shop.notes_2020_03": 14,
        "shop.notes_default": 2,
    }
    assert shop.execute("SELECT n::text FROM shop.notes AS n ORDER BY at, id").fetchall() == before, (
        "updated_at is as it was"
    )
    assert (
        shop.execute("SELECT ctid::text, xmin::text, m::text FROM shop.marks AS m ORDER BY at, id").fetchall() == marks
    )
    assert value(shop, "SELECT count(*) FROM agentry.audit_log WHERE table_name = 'shop.notes'") == 0
    assert value(shop, "SELECT count(*) FROM pg_constraint WHERE conname = 'agentry_month'") == 0
    assert value(shop, "SELECT agentry.ensure_partitions('shop.notes', 0)") == []


def test_keys_are_the_same_as_before_once_they_are_validated(shop: Connection) -> None:
    keys = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid)"
        " FROM pg_constraint WHERE contype = 'f' AND (conparentid = 0 OR conrelid = 'shop.notes_default'::regclass)"
        " AND connamespace = 'shop'::regnamespace ORDER BY 1, 2, 3"
    )
    before = shop.execute(keys).fetchall()
    shop.execute(WAITING)
    shop.execute("SELECT agentry.set_partition_policy('shop.notes')")
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    assert value(shop, "SELECT agentry.validate_keys()") == (2 if shop.info.server_version >= 180000 else 1)
    assert shop.execute(keys).fetchall() == before
    assert value(shop, "SELECT agentry.validate_keys()") == 0
    # and they hold
    refused(shop, errors.ForeignKeyViolation, "DELETE FROM shop.notes WHERE id = 0")
    refused(shop, errors.ForeignKeyViolation, "DELETE FROM shop.notes WHERE id = 5; SET CONSTRAINTS ALL IMMEDIATE")
    refused(
        shop,
        errors.ForeignKeyViolation,
        "INSERT INTO shop.marks (at, id) VALUES ('2020-01-15', 77); SET CONSTRAINTS ALL IMMEDIATE",
    )
    refused(
        shop,
        errors.ForeignKeyViolation,
        "INSERT INTO shop.notes (at, id, kind) VALUES ('2020-01-15', 77, 'z'); SET CONSTRAINTS ALL IMMEDIATE",
    )


def test_a_key_that_does_not_hold_is_a_warning(shop: Connection) -> None:
    notices: list[tuple[str | None, str | None]] = []
    shop.add_notice_handler(lambda n: notices.append((n.sqlstate, n.message_primary)))
    shop.execute("SELECT agentry.set_partition_policy('shop.notes')")
    shop.execute("ALTER TABLE shop.marks DROP CONSTRAINT marks_at_fkey")
    shop.execute("INSERT INTO shop.marks (at, id) VALUES ('2020-01-15', 77)")
    shop.execute(
        "ALTER TABLE shop.marks ADD CONSTRAINT marks_at_fkey FOREIGN KEY (org_id, at, id)"
        " REFERENCES shop.notes NOT VALID"
    )
    assert value(shop, "SELECT agentry.validate_keys()") == 0
    assert notices == [("23503", "key marks_at_fkey of table shop.marks does not hold")]


def test_indexes_of_the_copies_become_those_of_the_table(shop: Connection) -> None:
    shop.execute(WAITING)
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    assert (
        value(
            shop,
            "SELECT count(*) FROM pg_index AS i LEFT JOIN pg_inherits AS h ON h.inhrelid = i.indexrelid"
            " JOIN pg_class AS c ON c.oid = i.indrelid WHERE c.relispartition AND h.inhparent IS NULL",
        )
        == 0
    )
    shop.execute("SET enable_seqscan = off")
    assert value(shop, "SELECT count(*) FROM shop.notes WHERE words @@ 'note'") == 60


def test_what_is_written_while_the_copy_is_made_is_there_afterwards(
    shop: Connection, db: Database, background: Background
) -> None:
    """An insert, an update, a delete, and a month that is new, after the copy and before the lock."""
    shop.execute(WAITING)
    shop.execute("DELETE FROM shop.marks")
    holder, worker = db.connect(autocommit=False), db.connect()
    # reads keep the lock away, but not the copy
    holder.execute("SELECT FROM shop.kinds")
    holder.execute("INSERT INTO shop.notes (at, id, body) VALUES ('2020-02-02 00:00+00', 500, 'late')")
    holder.execute("UPDATE shop.notes SET body = 'changed' WHERE id = 3")
    holder.execute("DELETE FROM shop.notes WHERE id = 4")
    holder.execute("INSERT INTO shop.notes (at, id) VALUES ('2019-05-05 00:00+00', 501)")
    pid = worker.info.backend_pid
    done = background(value, worker, "SELECT agentry.ensure_partitions('shop.notes', 0)")
    wait_for_lock(db.admin, pid)
    holder.commit()
    assert "shop.notes_2020_02" in done.result(30)
    assert "shop.notes_2019_05" in done.result(30)
    assert value(shop, "SELECT count(*) FROM shop.notes WHERE id BETWEEN 0 AND 59") == 59
    assert value(shop, "SELECT body FROM shop.notes WHERE id = 3") == "changed"
    assert value(shop, "SELECT tableoid::regclass::text FROM shop.notes WHERE id = 500") == "shop.notes_2020_02"
    assert value(shop, "SELECT tableoid::regclass::text FROM shop.notes WHERE id = 501") == "shop.notes_2019_05"


def test_it_gives_up_when_somebody_keeps_the_table(shop: Connection, db: Database) -> None:
    shop.execute(WAITING)
    holder = db.connect(autocommit=False)
    holder.execute("SELECT FROM shop.notes LIMIT 1")
    refused(shop, errors.LockNotAvailable, "SELECT agentry.ensure_partitions('shop.notes', 0)")
    assert list(partitions(shop)) == ["notes_default"]
    holder.rollback()
    assert len(value(shop, "SELECT agentry.ensure_partitions('shop.notes', 0)")) == 4


def test_nobody_waits_long_behind_a_month_that_waits_for_its_lock(
    shop: Connection, db: Database, background: Background
) -> None:
    holder, worker, writer = db.connect(autocommit=False), db.connect(), db.connect()
    holder.execute("SELECT FROM shop.notes_default")
    done = background(value, worker, "SELECT agentry.ensure_partitions('shop.notes', 0)")
    wait_for_lock(db.admin, worker.info.backend_pid)
    writer.execute("SET statement_timeout = '1s'")
    try:
        for i in range(20):
            writer.execute("INSERT INTO shop.notes (at, id) VALUES ('2020-01-01', %s)", [i])
    finally:
        holder.rollback()
    assert done.result(30) == ["shop.notes_2026_11"]


def test_a_transaction_that_would_not_see_late_rows_is_refused(shop: Connection) -> None:
    shop.execute(WAITING)
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        error = refused(
            shop,
            errors.InvalidTransactionState,
            f"SET TRANSACTION ISOLATION LEVEL {level}; SELECT agentry.ensure_partitions('shop.notes', 0)",
        )
        assert level.lower() in str(error.diag.message_detail)


def test_without_a_primary_key_rows_wait_until_nobody_writes(
    shop: Connection, db: Database, background: Background
) -> None:
    shop.execute("CREATE TABLE shop.logs (at timestamptz NOT NULL) PARTITION BY RANGE (at)")
    shop.execute("CREATE TABLE shop.logs_default PARTITION OF shop.logs DEFAULT")
    shop.execute("INSERT INTO shop.logs VALUES ('2020-01-01 00:00+00')")
    holder, worker = db.connect(autocommit=False), db.connect()
    holder.execute("INSERT INTO shop.logs VALUES ('2020-01-02 00:00+00')")
    done = background(value, worker, "SELECT agentry.ensure_partitions('shop.logs', 0)")
    wait_for_lock(db.admin, worker.info.backend_pid)
    holder.commit()
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="no primary key"):
        done.result(30)

    def try_again() -> Any:  # rows count as young while older transactions run, in other databases too
        try:
            return value(shop, "SELECT agentry.ensure_partitions('shop.logs', 0)")
        except errors.ObjectNotInPrerequisiteState:
            return None

    assert wait_until(try_again, "no older transaction") == ["shop.logs_2020_01", "shop.logs_2026_11"]
    assert counts(shop, "shop.logs") == {"shop.logs_2020_01": 2}


def test_a_table_without_a_default_partition_is_served_too(shop: Connection) -> None:
    shop.execute("CREATE TABLE shop.plain (at timestamptz) PARTITION BY RANGE (at)")
    assert value(shop, "SELECT agentry.ensure_partitions('shop.plain', 0)") == ["shop.plain_2026_11"]


# -- retiring ---------------------------------------------------------------------------------------------------------


def test_maintenance_makes_the_months_of_every_policy(shop: Connection) -> None:
    shop.execute("SELECT agentry.set_partition_policy('shop.notes', 2)")
    shop.execute("SELECT agentry.create_monthly_partition('shop.notes', '2025-09-01')")
    shop.execute("SELECT agentry.set_partition_policy('shop.notes', 2, 12, 'drop')")
    shop.execute("CALL agentry.run_maintenance()")
    assert {"notes_default", "notes_2026_11", "notes_2026_12", "notes_2027_01"} == partitions(shop).keys()


def retired(shop: Connection, retire_to: str | None, keep: int | None = 12) -> Any:
    shop.execute(
        "SELECT agentry.create_monthly_partition('shop.notes', d::date)"
        " FROM unnest('{2025-09-01,2025-10-01,2025-11-01}'::text[]) AS d"
    )
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2025-09-05', 1), ('2025-10-05', 2), ('2025-11-05', 3)")
    if retire_to:
        shop.execute("SELECT agentry.set_partition_policy('shop.notes', 1, %s, %s)", [keep, retire_to])
    return value(shop, "SELECT agentry.retire_partitions('shop.notes')")


def test_months_are_kept_without_a_policy_or_by_it(shop: Connection) -> None:
    assert retired(shop, None) == []
    shop.execute("SELECT agentry.set_partition_policy('shop.notes', 1, 12, 'keep')")
    assert value(shop, "SELECT agentry.retire_partitions('shop.notes')") == []
    shop.execute("SELECT agentry.set_partition_policy('shop.notes', 1, NULL, 'drop')")
    assert value(shop, "SELECT agentry.retire_partitions('shop.notes')") == []


def test_old_months_are_dropped(shop: Connection) -> None:
    assert retired(shop, "drop") == ["shop.notes_2025_09", "shop.notes_2025_10"]
    assert counts(shop) == {"shop.notes_2025_11": 1}
    assert value(shop, "SELECT to_regclass('shop.notes_2025_09')") is None
    assert value(shop, "SELECT agentry.retire_partitions('shop.notes')") == []


@pytest.mark.parametrize("retire_to", ["drop", "archive", "detach"])
def test_hooks_see_the_rows_of_a_month_before_it_is_dropped(shop: Connection, retire_to: str) -> None:
    shop.execute(
        "CREATE TABLE shop.seen (month text, rows bigint);"
        "CREATE FUNCTION shop.let_go(t regclass, month regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        "  EXECUTE format('INSERT INTO shop.seen SELECT %L, count(*) FROM %s', month, month); END $$;"
        "INSERT INTO agentry.partition_hooks VALUES ('shop.notes', 'shop.let_go(regclass, regclass)')"
    )
    retired(shop, retire_to)
    seen = dict(shop.execute("SELECT * FROM shop.seen").fetchall())
    assert seen == ({"shop.notes_2025_09": 1, "shop.notes_2025_10": 1} if retire_to == "drop" else {})


def test_old_months_are_detached_and_their_names_are_not_taken(shop: Connection) -> None:
    retired(shop, "detach")
    assert value(shop, "SELECT count(*) FROM shop.notes_2025_09") == 1
    assert "notes_2025_09" not in partitions(shop)
    error = refused(shop, errors.RestrictViolation, "DELETE FROM shop.notes_2025_09")
    assert "retired" in str(error.diag.message_primary)
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2025-09-06', 9)")
    assert "shop.notes_2_2025_09" in value(shop, "SELECT agentry.ensure_partitions('shop.notes', 0)")


def test_old_months_are_archived_and_can_be_read(shop: Connection) -> None:
    retired(shop, "archive")
    assert value(shop, "SELECT id FROM agentry_archive.notes_2025_09") == 1
    assert (
        value(shop, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'agentry_archive'")
        == "agentry_owner"
    )
    shop.execute("SET ROLE agentry_owner")
    assert value(shop, "SELECT id FROM agentry_archive.notes_2025_09") == 1
    shop.execute("RESET ROLE")
    # the same month once more
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2025-09-06', 9)")
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    assert value(shop, "SELECT agentry.retire_partitions('shop.notes')") == ["shop.notes_2025_09"]
    assert value(shop, "SELECT id FROM agentry_archive.notes_2_2025_09") == 9
    assert sorted(value(shop, "SELECT ARRAY(SELECT agentry._with_archive('shop.notes')::text)")) == [
        "agentry_archive.notes_2025_09",
        "agentry_archive.notes_2025_10",
        "agentry_archive.notes_2_2025_09",
        "shop.notes",
    ]


def test_an_owner_who_may_not_make_the_archive_is_told_how(shop: Connection) -> None:
    shop.execute("SET ROLE agentry_owner")
    with pytest.raises(errors.InsufficientPrivilege) as caught:
        retired(shop, "archive")
    assert caught.value.diag.message_hint == "CREATE SCHEMA agentry_archive AUTHORIZATION agentry_owner;"
    shop.execute("RESET ROLE")
    shop.execute(caught.value.diag.message_hint)
    shop.execute("SET ROLE agentry_owner")
    assert len(value(shop, "SELECT agentry.retire_partitions('shop.notes')")) == 2


def test_a_month_that_is_referenced_stays_and_the_others_go(shop: Connection) -> None:
    notices: list[str] = []
    shop.execute("SELECT agentry.ensure_partitions('shop.notes', 0)")
    shop.execute("SELECT agentry.create_monthly_partition('shop.notes', '2025-09-01')")
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2025-09-05', 7)")
    shop.execute("INSERT INTO shop.marks (at, id) VALUES ('2025-09-05', 7)")
    shop.add_notice_handler(lambda n: notices.append(f"{n.sqlstate} {n.message_primary}"))
    assert retired(shop, "drop") == ["shop.notes_2025_10"]
    assert notices == ["23503 partition shop.notes_2025_09 stays: its rows are still referenced"]


def test_a_reference_that_comes_while_the_lock_is_waited_for_keeps_its_month(
    shop: Connection, db: Database, background: Background
) -> None:
    shop.execute("SELECT agentry.create_monthly_partition('shop.notes', '2025-09-01')")
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2025-09-05', 7)")
    shop.execute("SELECT agentry.set_partition_policy('shop.notes', 1, 12, 'drop')")
    holder, worker = db.connect(autocommit=False), db.connect()
    holder.execute("INSERT INTO shop.marks (at, id) VALUES ('2025-09-05', 7)")
    done = background(value, worker, "SELECT agentry.retire_partitions('shop.notes')")
    wait_for_lock(db.admin, worker.info.backend_pid)
    holder.commit()
    assert done.result(30) == []
    assert value(shop, "SELECT count(*) FROM shop.notes WHERE id = 7") == 1


def test_keys_hold_after_a_month_has_retired(shop: Connection) -> None:
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2026-10-05', 1)")
    shop.execute("INSERT INTO shop.notes (at, id, after_at, after_id) VALUES ('2026-11-05', 2, '2026-10-05', 1)")
    shop.execute("INSERT INTO shop.marks (at, id) VALUES ('2026-10-05', 1)")
    keys = "SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint" \
        " WHERE confrelid = 'shop.notes'::regclass AND conparentid = 0"
    before = value(shop, keys)
    assert retired(shop, "drop") == ["shop.notes_2025_09", "shop.notes_2025_10"]
    shop.execute("SELECT agentry.validate_keys()")
    assert value(shop, keys) == before
    refused(
        shop,
        errors.ForeignKeyViolation,
        "INSERT INTO shop.marks (at, id) VALUES ('2025-09-05', 1); SET CONSTRAINTS ALL IMMEDIATE",
    )


def test_a_month_that_refers_to_itself_retires(shop: Connection) -> None:
    shop.execute("SELECT agentry.create_monthly_partition('shop.notes', '2025-09-01')")
    shop.execute("INSERT INTO shop.notes (at, id) VALUES ('2025-09-05', 7)")
    shop.execute("INSERT INTO shop.notes (at, id, after_at, after_id) VALUES ('2025-09-05', 8, '2025-09-05', 7)")
    shop.execute("SELECT agentry.set_partition_policy('shop.notes', 1, 12, 'archive')")
    gone = value(shop, "SELECT agentry.retire_partitions('shop.notes')")
    # before 18 the key of a partitioned table is left to DETACH, which refuses
    assert gone == (["shop.notes_2025_09"] if shop.info.server_version >= 180000 else [])


def test_a_key_without_the_organisation_is_looked_at_too(shop: Connection) -> None:
    shop.execute(
        "CREATE TABLE shop.logs (at timestamptz NOT NULL, id int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);"
        "CREATE TABLE shop.lines (at timestamptz, id int, FOREIGN KEY (at, id) REFERENCES shop.logs);"
        "SELECT agentry.set_partition_policy('shop.logs', 1, 12, 'drop');"
        "SELECT agentry.create_monthly_partition('shop.logs', d::date) FROM unnest('{2025-08-01,2025-09-01}'::text[])"
        " AS d;"
        "INSERT INTO shop.logs VALUES ('2025-08-05', 1), ('2025-09-05', 2);"
        "INSERT INTO shop.lines VALUES ('2025-09-05', 2), ('2025-08-05', NULL)"
    )
    assert value(shop, "SELECT agentry.retire_partitions('shop.logs')") == ["shop.logs_2025_08"]


# -- many partitions --------------------------------------------------------------------------------------------------


@pytest.fixture
def big(db: Database) -> Connection:
    """20 years of months of a table whose ids are of version 7."""
    db.admin.execute(
        "CREATE TABLE public.events (org_id uuid NOT NULL, id uuid NOT NULL DEFAULT agentry.uuidv7(),"
        " at timestamptz NOT NULL, PRIMARY KEY (org_id, at, id)) PARTITION BY RANGE (at);"
        "CREATE INDEX ON public.events (org_id, id);"
        "CREATE TABLE public.events_default PARTITION OF public.events DEFAULT"
    )
    db.admin.execute(
        """
        DO $$ BEGIN FOR m IN 0..239 LOOP
            EXECUTE format('CREATE TABLE public.events_%s PARTITION OF public.events FOR VALUES FROM (%L) TO (%L)', m,
                           '2010-01-01 00:00+00'::timestamptz + make_interval(months => m),
                           '2010-01-01 00:00+00'::timestamptz + make_interval(months => m + 1));
        END LOOP; END $$
        """
    )
    db.admin.execute(
        "INSERT INTO events SELECT %s, agentry.uuidv7(t), t"
        " FROM generate_series('2010-01-10'::timestamptz, '2029-12-10', '1 month') AS t",
        [ORG],
    )
    db.admin.execute(
        """
        CREATE FUNCTION public.get_event(p_id uuid) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
        DECLARE v_at timestamptz;
        BEGIN
            EXECUTE 'SELECT e.at FROM public.events AS e WHERE e.org_id = $1 AND e.id = $2'
                    ' AND e.at >= agentry.uuidv7_time($2) AND e.at < agentry.uuidv7_time($2, 1)'
            INTO v_at USING '00000000-0000-7000-8000-000000000001'::uuid, p_id;
            RETURN v_at;
        END $$
        """
    )
    return db.admin


LOCKS = (
    "SELECT count(*) FROM pg_locks"
    " WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation <> 'pg_locks'::regclass"
)


@pytest.mark.parametrize("mode", ["auto", "force_generic_plan", "force_custom_plan"])
def test_a_point_read_by_id_takes_few_locks_under_any_plan(big: Connection, mode: str) -> None:
    big.execute(f"SET plan_cache_mode = {mode}")
    ids = [row[0] for row in big.execute("SELECT id FROM events ORDER BY at LIMIT 8 OFFSET 100").fetchall()]
    for id_ in ids:
        with big.transaction():
            before = value(big, LOCKS)
            assert value(big, "SELECT public.get_event(%s)", id_) is not None
            assert value(big, LOCKS) - before < 32
    with big.transaction():
        big.execute(
            "PREPARE by_id (uuid) AS SELECT at FROM events"
            " WHERE org_id = '00000000-0000-7000-8000-000000000001' AND id = $1"
            " AND at >= agentry.uuidv7_time($1) AND at < agentry.uuidv7_time($1, 1)"
        )
        plan = "\n".join(row[0] for row in big.execute(f"EXPLAIN EXECUTE by_id ('{ids[0]}')").fetchall())
        big.execute("DEALLOCATE by_id")
    assert plan.count("Scan") == 1 or mode == "force_generic_plan", plan


# -- uuidv7_time ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at",
    ["1970-01-01 00:00+00", "2026-11-21 09:13:58.123+00", "2026-11-21 09:13:58.999+00", "9999-12-31 23:59:59.999+00"],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_the_time_in_an_id_comes_back(tx: Connection, at: str, zone: str) -> None:
    tx.execute(f"SET LOCAL timezone = '{zone}'")
    assert value(tx, "SELECT agentry.uuidv7_time(agentry.uuidv7(%s)) = %s::timestamptz", at, at) is True
    assert value(tx, "SELECT agentry.uuidv7_time(agentry.uuidv7(%s), 1) - %s::timestamptz", at, at) == dt.timedelta(
        milliseconds=1
    )


def test_the_example_of_the_rfc_and_ids_of_other_kinds(tx: Connection) -> None:
    assert (
        value(tx, "SELECT agentry.uuidv7_time('017F22E2-79B0-7CC3-98C4-DC0C0C07398F') = '2022-02-22 19:22:22+00'")
        is True
    )
    assert (
        value(
            tx,
            "SELECT extract(epoch FROM agentry.uuidv7_time('ffffffff-ffff-7fff-bfff-ffffffffffff')) = 281474976710.655",
        )
        is True
    )
    assert value(tx, "SELECT agentry.uuidv7_time(gen_random_uuid())") is None
    assert value(tx, "SELECT agentry.uuidv7_time(NULL)") is None
    assert (
        value(tx, "SELECT abs(extract(epoch FROM agentry.uuidv7_time(agentry.uuidv7()) - clock_timestamp())) < 5")
        is True
    )


def test_two_that_make_partitions_at_once_do_no_harm(shop: Connection, db: Database, background: Background) -> None:
    shop.execute(WAITING)
    first, second = db.connect(autocommit=False), db.connect()
    made = value(first, "SELECT agentry.ensure_partitions('shop.notes', 1)")
    later = background(value, second, "SELECT agentry.ensure_partitions('shop.notes', 1)")
    wait_for_lock(db.admin, second.info.backend_pid)
    first.commit()
    assert (len(made), later.result(30)) == (5, [])
    wait_until(lambda: len(partitions(shop)) == 6, "six partitions")
