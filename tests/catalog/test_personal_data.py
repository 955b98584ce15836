"""Every table says what forget() does with it, and no column that looks like somebody's name or id is left out."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.catalog.rules import TABLE

Connection = psycopg.Connection[Any]

UNREGISTERED_TABLES = """
    SELECT g.table_name::text
    FROM agentry.guarded_tables AS g
    JOIN pg_attribute AS a ON a.attrelid = g.table_name AND a.attname = 'org_id'
    WHERE g.table_name NOT IN (SELECT d.table_name FROM agentry.personal_data AS d)
    UNION  -- one that nobody guarded is not forgotten either
    SELECT a.attrelid::regclass::text
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname ~ '^agentry(_[a-z]+)?$'
    WHERE a.attname = 'org_id' AND a.attrelid NOT IN (SELECT d.table_name FROM agentry.personal_data AS d)
"""

# text and uuid columns, and arrays of them, that by their names, or by a foreign key, are about somebody
UNREGISTERED_COLUMNS = r"""
    SELECT a.attrelid::regclass || '.' || a.attname
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname ~ '^agentry(_[a-z]+)?$'
    WHERE a.attnum > 0
      AND NOT a.attisdropped
      AND a.atttypid IN ('text'::regtype, 'uuid'::regtype, 'text[]'::regtype, 'uuid[]'::regtype, 'name'::regtype)
      AND (a.attname ~ '(agent|user|sender|recipient|author|subject|owner|member|contact|created_by|email)'
           OR EXISTS (SELECT
                      FROM pg_constraint AS k
                      WHERE k.conrelid = a.attrelid
                        AND k.contype = 'f'
                        AND k.confrelid IN ('agentry.agents'::regclass, 'agentry.users'::regclass)
                        AND a.attnum = ANY (k.conkey)
                        AND a.attname <> 'org_id'))
      AND NOT EXISTS (SELECT
                      FROM agentry.personal_data AS d
                      WHERE d.table_name = a.attrelid AND d.column_name = a.attname)
"""

GOES_WITH_ITS_ROW = "goes with its row, which is registered by its id"
NAMES_NOBODY = "names columns, not people"
ALLOWED = {
    "agentry.users.username": GOES_WITH_ITS_ROW,
    "agentry.users.email": GOES_WITH_ITS_ROW,
    "agentry.agents.unix_user": GOES_WITH_ITS_ROW,
    "agentry.guarded_tables.agent_column": NAMES_NOBODY,
    "agentry.guarded_tables.user_column": NAMES_NOBODY,
    "agentry.personal_data.subject": NAMES_NOBODY,
}


def names(conn: Connection, query: str) -> set[str]:
    return {str(row[0]) for row in conn.execute(query.encode()).fetchall()}


def test_every_table_of_organisations_is_registered(tx: Connection) -> None:
    assert names(tx, UNREGISTERED_TABLES) == set()


@pytest.mark.parametrize("guarded", [False, True])
def test_a_table_that_nobody_registered_is_found(tx: Connection, guarded: bool) -> None:
    tx.execute(TABLE.encode())
    if guarded:
        tx.execute("SELECT agentry.guard_table('agentry.offender')")
    assert names(tx, UNREGISTERED_TABLES) == {"agentry.offender"}
    tx.execute("SELECT agentry.register_personal_data('agentry.offender', '{}', 'none')")
    assert names(tx, UNREGISTERED_TABLES) == set()


def test_every_column_about_somebody_is_registered_or_has_a_reason(tx: Connection) -> None:
    found = names(tx, UNREGISTERED_COLUMNS)
    assert sorted(found - ALLOWED.keys()) == []
    assert sorted(ALLOWED.keys() - found) == [], "listed as an exception without being one"


@pytest.mark.parametrize(
    "column",
    ["for_agent text", "user_ids uuid[]", "senders text[]",
     "who uuid, FOREIGN KEY (org_id, who) REFERENCES agentry.users (org_id, id)"],
)
def test_a_column_that_nobody_registered_is_found(tx: Connection, column: str) -> None:
    before = names(tx, UNREGISTERED_COLUMNS)
    tx.execute(f"CREATE TABLE agentry.offender (org_id uuid, id uuid, {column})".encode())
    assert names(tx, UNREGISTERED_COLUMNS) - before == {f"agentry.offender.{column.split(maxsplit=1)[0]}"}


def test_functions_of_erasure_take_organisation_and_subject(tx: Connection) -> None:
    rows = tx.execute(
        "SELECT d.erase_function, oidvectortypes(p.proargtypes) = 'uuid, jsonb',"
        " p.prorettype = 'bigint'::regtype, p.proowner = n.nspowner"
        " FROM agentry.personal_data AS d JOIN pg_proc AS p ON p.oid = d.erase_function::regprocedure"
        " JOIN pg_namespace AS n ON n.nspname = 'agentry' WHERE d.erase_action = 'function'"
    ).fetchall()
    assert len(rows) >= 3
    for row in rows:
        assert row[1:] == (True, True, True), row[0]
