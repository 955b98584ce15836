"""The catalogue facts of each module, in pgTAP: tests/<module>/pgtap/*.sql, run by pg_prove in the container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.harness.container import ContainerServer
from tests.harness.database import Database
from tests.harness.paths import ROOT, schema_of
from tests.harness.pgtap import SCHEMA, install_pgtap, pg_prove, pgtap_files


@pytest.mark.parametrize("file", pgtap_files(), ids=lambda file: str(file.relative_to(ROOT / "tests")))
def test_the_catalogue_is_as_pgtap_says(db: Database, file: Path) -> None:
    assert isinstance(db.server, ContainerServer)
    install_pgtap(db.url())
    good, output = pg_prove(db.server, db.name, [file])
    assert good, output


def test_a_wrong_fact_fails(db: Database, tmp_path: Path) -> None:
    assert isinstance(db.server, ContainerServer)
    install_pgtap(db.url())
    folder = tmp_path / "core" / "pgtap"
    folder.mkdir(parents=True)
    for name, text in {
        "wrong.sql": "SELECT plan(1); SELECT has_table('agentry', 'no_such_table', 'a table that is not there');",
        "missing.sql": "SELECT plan(2); SELECT has_table('agentry', 'agents', 'one test of two');",
        "broken.sql": "SELECT plan(1); SELECT no_such_function();",
    }.items():
        file = folder / name
        file.write_text(text)
        good, output = pg_prove(db.server, db.name, [file])
        assert not good, f"{name} passed:\n{output}"


# -- nothing is without its facts -------------------------------------------------------------------------------------

# file -> changes of a schema that it must notice; {table}, its {key}, and {function} of that {name} are in the schema
CHANGES = {
    "tables.sql": [
        "CREATE TABLE {schema}.extra (id bigint)",
        "CREATE VIEW {schema}.extra AS SELECT 1 AS id",
        "ALTER TABLE {table} ADD extra text",
        "ALTER TABLE {table} DROP CONSTRAINT {key} CASCADE",
    ],
    "access.sql": [
        "CREATE TABLE {schema}.extra (id bigint)",
        "CREATE VIEW {schema}.extra AS SELECT 1 AS id",
        "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        "ALTER TABLE {table} OWNER TO CURRENT_USER",
        "CREATE POLICY extra ON {table} USING (true)",
        "GRANT DELETE ON {table} TO agentry_reader",
        "GRANT SELECT ON {table} TO PUBLIC",
    ],
    "constraints.sql": [
        "CREATE TABLE {schema}.extra (id bigint CHECK (id > 0))",
        "CREATE TABLE {schema}.extra (id bigint UNIQUE)",
        "CREATE TABLE {schema}.extra (id bigint); CREATE UNIQUE INDEX ON {schema}.extra (id)",
        "CREATE TABLE {schema}.extra (id uuid REFERENCES agentry.organizations)",
        "ALTER TABLE {table} ADD CHECK (true)",
    ],
    "functions.sql": [
        "CREATE FUNCTION {schema}.extra() RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE FUNCTION {schema}.{name}(xml) RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE PROCEDURE {schema}.extra() BEGIN ATOMIC END",
        # internal ones: one that anybody may call, one with the rights of its owner
        "CREATE FUNCTION {schema}._extra() RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE FUNCTION {schema}._extra() RETURNS integer LANGUAGE sql SECURITY DEFINER RETURN 1;"
        "REVOKE ALL ON FUNCTION {schema}._extra FROM PUBLIC",
        "ALTER FUNCTION {function} OWNER TO CURRENT_USER",
        "ALTER FUNCTION {function} IMMUTABLE",
        "ALTER FUNCTION {function} SECURITY {other_rights}",
        "GRANT EXECUTE ON FUNCTION {function} TO PUBLIC",
        "REVOKE EXECUTE ON FUNCTION {function} FROM agentry_app",
    ],
    "triggers.sql": [
        "CREATE TABLE {schema}.extra (id bigint)",
        "CREATE TRIGGER extra BEFORE UPDATE ON {table} EXECUTE FUNCTION agentry._enforce_access()",
        "DROP TRIGGER agentry_10_access ON {table}",
        "ALTER TABLE {table} DISABLE TRIGGER agentry_10_access",
    ],
}

EXAMPLES = r"""
SELECT t.table, t.key, f.name, f.function, f.other_rights
FROM (SELECT c.oid::regclass::text AS table, k.conname AS key
      FROM pg_class AS c
      JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
      WHERE c.relnamespace = %(schema)s::regnamespace AND c.relrowsecurity AND NOT c.relispartition
      ORDER BY c.relname LIMIT 1) AS t
CROSS JOIN (SELECT p.proname AS name, p.oid::regprocedure::text AS function,
                   CASE WHEN p.prosecdef THEN 'INVOKER' ELSE 'DEFINER' END AS other_rights
            FROM pg_proc AS p
            WHERE p.pronamespace = %(schema)s::regnamespace AND p.proname !~ '^_' AND p.provolatile <> 'i'
              -- which the groups may run
              AND has_function_privilege('agentry_app', p.oid, 'EXECUTE')
            ORDER BY p.proname LIMIT 1) AS f
"""


def test_every_module_has_its_facts(db: Database) -> None:
    modules = [row[0] for row in db.admin.execute("SELECT module FROM agentry.installed_modules").fetchall()]
    wanted = {ROOT / "tests" / module / "pgtap" / name for module in modules for name in CHANGES}
    assert len(modules) > 1
    assert wanted == set(pgtap_files())


def failures(conn: psycopg.Connection[Any], file: Path, change: str = "") -> list[str]:
    """What a file of facts, which rolls back at its end, finds wrong after a change."""
    cursor = conn.execute(f"BEGIN; {change};\n{file.read_text()}".encode())
    found = [cursor.fetchall() if cursor.description else []]
    while cursor.nextset():
        found.append(cursor.fetchall() if cursor.description else [])
    return [row[0] for rows in found for row in rows if str(row[0]).startswith("not ok")]


@pytest.mark.parametrize("file", pgtap_files(), ids=lambda file: str(file.relative_to(ROOT / "tests")))
def test_a_change_without_its_fact_fails(db: Database, file: Path) -> None:
    schema = schema_of(file.parent.parent.name)
    install_pgtap(db.url())
    db.admin.execute(f"SET search_path = {SCHEMA}, public".encode())
    row = db.admin.execute(EXAMPLES, {"schema": schema}).fetchone()
    assert row is not None
    examples = dict(zip(("table", "key", "name", "function", "other_rights"), row, strict=True))
    assert failures(db.admin, file) == []
    changes = [change.format(schema=schema, **examples) for change in CHANGES[file.name]]
    assert [change for change in changes if not failures(db.admin, file, change)] == [], "nothing fails after these"
