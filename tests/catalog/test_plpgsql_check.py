"""plpgsql_check over every PL/pgSQL function: errors, warnings, wrong volatility, unsanitised dynamic SQL."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.harness.database import Database

Connection = psycopg.Connection[Any]

# (function or *, part of the message) -> why it may stay.  An entry that matches nothing fails the test.
ALLOWED = {
    ("*", '[]" type | statement block'): "a literal is the initial value of an array variable",
    ("*", '"jsonb" type | statement block'): "a literal is the initial value",
    ("agentry._identity", 'cast "text" value to "uuid" type'): "SELECT NULL, ... INTO empties several variables",
    ("agentry.uuidv7", "function uuidv7() does not exist"): "reached on PostgreSQL 18 only, where it exists",
    ("agentry.verify_password", "should be STABLE"): "the dynamic SQL calls crypt(), and a verdict is not to be reused",
    ("agentry._migrate", "should be IMMUTABLE"): "generated; there is nothing to migrate from yet",
    ("agentry_chat._migrate", "should be IMMUTABLE"): "generated; there is nothing to migrate from yet",
    ("agentry_memory._migrate", "should be IMMUTABLE"): "generated; there is nothing to migrate from yet",
    ("agentry._copy_rows", "should be STABLE"): "the dynamic SQL inserts",
    ("agentry._stage_month", "should be STABLE"): "the dynamic SQL makes a table",
    ("agentry.validate_keys", "should be STABLE"): "the dynamic SQL alters tables",
    ("agentry.schedule_maintenance", "should be STABLE"): "what it calls in cron writes",
    ("agentry.schedule_maintenance", '"cron'): "reached where pg_cron is installed only",
    ("agentry_chat._thread_stays", "should be STABLE"): "has to see what committed since its statement began",
    ("agentry_chat._untold", "should be STABLE"): "has to see what committed since its statement began",
    ("agentry_chat._sent_before", "should be STABLE"): "has to see what committed since its statement began",
    ("agentry_chat._due_in_order", "should be STABLE"): "it locks rows",
    ("agentry_memory._own_raw_memory", "should be STABLE"): "it locks rows",
    ("agentry_memory._consolidated_before", "should be STABLE"): "has to see what committed since its statement began",
    ("agentry_memory._derived_before", "should be STABLE"): "has to see what committed since its statement began",
    ("agentry_memory._remembered_before", "should be STABLE"): "has to see what committed since its statement began",
    ("agentry_memory.archived_event_memories", "maybe unmodified"): "the rows are those of dynamic SQL",
    ("agentry_memory.archived_raw_memories", "maybe unmodified"): "the rows are those of dynamic SQL",
    ("agentry_memory._hold_claims", "should be STABLE"): "it locks rows",
    ("agentry_memory._make_embedding_index", "should be STABLE"): "the dynamic SQL makes an index",
    # dynamic SQL with more than names; PUBLIC may not run these, and the text is that of the modules' install files
    ("agentry._grant_module", "not sanitized"): "lists of names, each by quote_ident or as regclass or regprocedure",
    ("agentry._take_ownership", "not sanitized"): "names by %I, regclass and regprocedure",
    ("agentry._grant_delete", "not sanitized"): "the table is a regclass",
    ("agentry._set_default", "not sanitized"): "an expression is SQL",
    ("agentry._set_policy", "not sanitized"): "a condition is SQL",
    ("agentry._set_audit", "not sanitized"): "the events are literals, the rest is a regclass and %L",
    ("agentry._waiting_months", "not sanitized"): "the column by %I, the table is a regclass",
    ("agentry._copy_rows", "not sanitized"): "tables and columns that the partition engine names by %I, a condition",
    ("agentry._catch_up", "not sanitized"): "the same tables, and a key by %I",
    ("agentry._lock_briefly", "not sanitized"): "the partition engine's own commands",
    ("agentry._refuse_referenced", "not sanitized"): "tables are regclass, columns by %I, times by %L",
    ("agentry._close_partition", "not sanitized"): "storage parameters are SQL, which administrators write",
    ("agentry._begin_load", "SQL injection"): "tables are regclass; partitions come from the dump, which is SQL itself",
    ("agentry._end_load", "not sanitized"): "commands that agentry._begin_load() wrote, names as regclass and by %I",
    ("agentry._table_digests", "not sanitized"): "the table is a regclass, columns by %I",
    ("agentry_memory._erase_rows", "not sanitized"): "the table is a regclass; conditions have names by %I, ids by %L",
    ("agentry_memory._forget_rows", "not sanitized"): "sources are SQL of administrators; conditions as above",
    ("agentry_memory._forget_month", "not sanitized"): "expressions of a source are SQL of the table's owner",
    ("agentry_memory._has_row", "not sanitized"): "expressions of a source are SQL of the table's owner",
    ("agentry_memory._index_rows", "not sanitized"): "expressions of a source are SQL of the table's owner",
    ("agentry_memory._source_query", "not sanitized"): "expressions of a source are SQL of the table's owner",
    ("agentry_memory.register_source", "not sanitized"): "expressions of a source are SQL of the table's owner",
    ("agentry_memory._index_rows", "cannot determinate"): "the rows are those of dynamic SQL",
    ("agentry_memory._index_rows", '"v_row"'): "the rows are those of dynamic SQL",
    ("agentry_memory._link_contents", "not sanitized"): "a content is SQL of the modules; the rest is regclass and %I",
    ("agentry_memory._own_raw_memory", "not sanitized"): "the lock is one of two texts",
    ("agentry_memory._unlink_rows", "not sanitized"): "the table is a regclass; conditions as above",
    # dynamic SQL in public functions
    ("agentry._refuse_value", "not sanitized"): "the table is a regclass, the condition that of its own CHECK",
    ("agentry.forget", "not sanitized"): "tables are regclass, columns by %I, the subject by %L or a parameter",
    ("agentry.verify_forgotten", "not sanitized"): "tables are regclass, columns by %I, the subject a parameter",
    ("agentry.health", "not sanitized"): "a check is SQL, which administrators write",
    ("agentry.metrics", "not sanitized"): "a metric is SQL, which administrators write",
    ("agentry.run_maintenance", "not sanitized"): "a step is SQL, which administrators write",
}

CHECK = """
SELECT p.oid::regprocedure::text, c.level, c.lineno,
       concat_ws(' | ', c.message, c.detail, c.statement, left(c.query, 200))
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
JOIN pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname ~ '^agentry'
LEFT JOIN LATERAL (
    SELECT t.tgrelid, min(t.tgoldtable) AS oldtable, min(t.tgnewtable) AS newtable
    FROM pg_trigger AS t WHERE t.tgfoid = p.oid AND NOT t.tgisinternal
    GROUP BY t.tgrelid
) AS t ON true
CROSS JOIN LATERAL plpgsql_check_function_tb(
    p.oid, coalesce(t.tgrelid, 0), fatal_errors => false, oldtable => t.oldtable, newtable => t.newtable,
    extra_warnings => true, performance_warnings => true, security_warnings => true
) AS c
WHERE c.level <> 'performance' OR c.message LIKE 'routine is marked as%'
ORDER BY 1, 2, 3
"""

UNUSED_TRIGGERS = """
SELECT p.oid::regprocedure::text
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname ~ '^agentry'
WHERE p.prorettype = 'trigger'::regtype AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgfoid = p.oid)
"""

# a locked and monthly table, which no module has yet, so that the triggers of such tables can be checked; and tables
# that functions make for a moment
TABLES = """
CREATE TABLE public.months (org_id uuid NOT NULL, at timestamptz NOT NULL, locked boolean NOT NULL,
                            PRIMARY KEY (org_id, at)) PARTITION BY RANGE (at);
SELECT agentry.guard_table('public.months');
SELECT agentry.create_monthly_partition('public.months', '2026-01-01');
CREATE TEMPORARY TABLE agentry_load (before text, after text);
"""


@pytest.fixture
def checker(db: Database) -> Connection:
    db.admin.execute("CREATE EXTENSION plpgsql_check")
    db.admin.execute(TABLES)
    return db.admin


def test_every_function_passes_plpgsql_check(checker: Connection) -> None:
    unused = checker.execute(UNUSED_TRIGGERS).fetchall()
    assert not unused, "trigger functions of no table, which cannot be checked"
    findings = checker.execute(CHECK).fetchall()
    used = set()
    left = []
    for function, level, line, text in findings:
        entries = {e for e in ALLOWED if e[0] in ("*", function.partition("(")[0]) and e[1] in text}
        used |= entries
        if not entries:
            left.append(f"{function}:{line} {level}: {text}")
    assert not left, "\n".join(left)
    assert used == set(ALLOWED), f"nothing matches: {set(ALLOWED) - used}"


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        ("PERFORM no_such_column FROM agentry.agents;", "does not exist"),
        ("DECLARE x int; BEGIN RETURN; END;", "unused variable"),
        ("EXECUTE 'SELECT ' || p;", "not sanitized"),
    ],
)
def test_it_finds_what_is_wrong(checker: Connection, body: str, finding: str) -> None:
    checker.execute(f"CREATE FUNCTION agentry.wrong(p text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    found = [text for function, _, _, text in checker.execute(CHECK) if function == "agentry.wrong(text)"]
    assert any(finding in text for text in found), found
