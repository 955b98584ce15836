"""The catalogue keeps the house rules of rules.py, and each rule's query finds who breaks it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.catalog.rules import COMMON, RULES, Rule, inlined_functions

Connection = psycopg.Connection[Any]


def offenders(conn: Connection, rule: Rule) -> set[str]:
    return {str(row[0]) for row in conn.execute((COMMON + rule.query).encode()).fetchall()}


@pytest.mark.parametrize("name", RULES)
def test_the_house_rule_is_kept(tx: Connection, name: str) -> None:
    rule = RULES[name]
    found = offenders(tx, rule)
    assert sorted(found - rule.allowed.keys()) == [], f"{len(found - rule.allowed.keys())} against: {name}"
    assert sorted(rule.allowed.keys() - found) == [], "listed as an exception without being one"


@pytest.mark.parametrize("name", RULES)
def test_the_house_rule_finds_who_breaks_it(tx: Connection, name: str) -> None:
    rule = RULES[name]
    before = offenders(tx, rule)
    tx.execute(rule.broken_by.encode())
    found = offenders(tx, rule) - before
    assert any("offender" in text.lower() or "secrets" in text for text in found), found


def test_the_rules_look_at_something(tx: Connection) -> None:
    """A rule over nothing is kept by everybody."""
    row = tx.execute(
        (COMMON + "SELECT (SELECT count(*) FROM ns), (SELECT count(*) FROM fn), (SELECT count(*) FROM tbl),"
         " (SELECT count(*) FROM col), (SELECT count(*) FROM groups), (SELECT count(*) FROM owner)").encode()
    ).fetchone()
    assert row is not None
    schemas, functions, tables, columns, groups, owners = row
    assert (schemas >= 2, functions > 60, tables > 20, columns > 150, groups, owners) == (True, True, True, True, 3, 1)


def test_inlined_functions_are_listed_with_reasons() -> None:
    for signature, reason in inlined_functions().items():
        assert signature.startswith("agentry"), signature
        assert reason, signature


# -- rules of columns that carry owners ------------------------------------------------------------------------------

SCOPED = """
SELECT g.table_name::text, g.scope_column,
       array_remove(ARRAY[g.agent_column, g.user_column, g.team_column], NULL),
       ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint AS k
             WHERE k.conrelid = g.table_name AND k.contype = 'c')
FROM agentry.guarded_tables AS g WHERE g.scope_column IS NOT NULL
"""


def test_a_scope_column_has_a_check_that_it_matches_its_owner_columns(tx: Connection) -> None:
    rows = tx.execute(SCOPED).fetchall()
    assert rows
    for table, scope, owners, checks in rows:
        mine = [check for check in checks if f"{scope}" in check and "organisation" in check]
        assert len(mine) == 1, table
        for owner in owners:
            if owner != "id":  # the row itself is the owner
                assert f"{owner} IS NOT NULL" in mine[0], f"{table}.{owner}"
