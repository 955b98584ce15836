"""Every CHECK constraint of the index and of presets is violated once, by the owner, whom no policy stops."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.core.support import one, refused
from tests.harness.database import Database
from tests.memory.notes import Connection, add, call

TABLES = ("memory_sources", "memory_entries", "memory_access", "memory_changes", "recall_presets")
WORDS = ("", "A", "a b", "7a", "a" * 41, "a\n")
BEYOND = ("'-Infinity'", "'Infinity'", "'NaN'")
PRESET = "INSERT INTO agentry_memory.recall_presets (name, description, {}) VALUES ('mine', 'x', {})"
WEIGHTS = ("lexical", "semantic", "recency", "importance", "emotion", "frequency")


def changed(table: str, *changes: str) -> list[str]:
    return [f"UPDATE agentry_memory.{table} SET {change}" for change in changes]


def preset(column: str, *values: str) -> list[str]:
    """A preset with another value in one column; it has a weight, so nothing else is wrong with it."""
    return [PRESET.format(f"lexical, {column}", f"1, {one_}") for one_ in values]


VIOLATIONS: dict[str, list[str]] = {
    "memory_sources_name_check": [
        "INSERT INTO agentry_memory.memory_sources (name, table_name, expressions, query, id_type)"
        f" VALUES ('{name}', 'public.notes', '{{}}', '', 'bigint')"
        for name in WORDS
    ],
    "memory_sources_expressions_check": changed(
        "memory_sources", *(f"expressions = '{one_}'" for one_ in ("[]", "null", "1", '"x"'))),
    **{
        f"memory_entries_{column}_check": changed(
            "memory_entries", *(f"{column} = {one_}" for one_ in ("-0.01", "1.01", *BEYOND)))
        for column in ("importance", "emotion", "confidence")
    },
    "memory_entries_frequencies_check": changed(
        "memory_entries", "frequencies = '{}'", "frequencies = array_fill(1::smallint, ARRAY[cardinality(terms) + 1])",
        "frequencies = array_fill(1::smallint, ARRAY[cardinality(terms)]), terms = '{}'"),
    "memory_access_access_count_check": changed("memory_access", "access_count = 0", "access_count = -1"),
    "memory_changes_entries_check": [
        "INSERT INTO agentry_memory.memory_changes (org_id, owner_id, entries, length, terms)"
        f" SELECT org_id, owner_id, {one_}, 1, '{{}}' FROM agentry_memory.memory_entries"
        for one_ in (0, 2, -2)
    ],
    "recall_presets_name_check": [
        f"INSERT INTO agentry_memory.recall_presets (name, lexical, description) VALUES ('{name}', 1, 'x')"
        for name in WORDS
    ],
    "recall_presets_weights_check": [
        *(PRESET.format(f"{column}, {other}", f"{one_}, 1")
          for column, other in zip(WEIGHTS, (*WEIGHTS[1:], WEIGHTS[0]), strict=True)
          for one_ in ("-0.01", "100.01", *BEYOND)),
        PRESET.format("lexical", "0"),  # as all others are
    ],
    "recall_presets_normalisation_check": preset("normalisation", "''", "'minimum'", "'None'"),
    "recall_presets_recency_shape_check": preset("recency_shape", "''", "'round'"),
    "recall_presets_recency_hours_check": preset("recency_hours", "0", "-1", "0.0009", "10000001", *BEYOND),
    "recall_presets_recency_since_check": preset("recency_since", "''", "'created'"),
    "recall_presets_least_similarity_check": preset("least_similarity", "-1.01", "1.01", *BEYOND),
}  # fmt: skip

# the least and the most that pass
ALLOWED = [
    *changed("memory_entries", *(f"importance = {n}, emotion = {n}, confidence = {n}" for n in (0, 1))),
    *changed("memory_entries", "emotion = NULL", "frequencies = array_fill(2::smallint, ARRAY[cardinality(terms)])"),
    *changed("memory_access", "access_count = 1"),
    *changed("recall_presets", "lexical = 100", "recency_hours = 0.001", "recency_hours = 1e7",
             "least_similarity = -1", "least_similarity = 1", "least_similarity = NULL"),
    f"INSERT INTO agentry_memory.recall_presets (name, emotion, description) VALUES ('{'a' * 40}', 1e-9, 'x')",
]  # fmt: skip


@pytest.fixture
def owner(notes: Connection) -> Connection:
    """One entry, used once; from here on the role that owns the tables."""
    row = add(notes, "the tide is high")
    call(notes, "mark_recalled", source="notes", ids=[str(row)], agent="nova")
    notes.execute("SET LOCAL ROLE agentry_owner")
    return notes


def contents(conn: Connection) -> list[str]:
    return [one(conn, f"SELECT string_agg(t::text, '|' ORDER BY t::text) FROM agentry_memory.{table} AS t")
            for table in TABLES]  # fmt: skip


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_check_holds_for_the_owner(owner: Connection, name: str) -> None:
    before = contents(owner)
    assert all(before)
    for statement in VIOLATIONS[name]:
        refused(owner, statement, error=errors.CheckViolation, match=f'"{name}"')
    assert contents(owner) == before


@pytest.mark.parametrize("statement", ALLOWED)
def test_what_is_within_the_checks_is_taken(owner: Connection, statement: str) -> None:
    assert owner.execute(statement.encode()).rowcount > 0


def test_every_check_of_these_tables_is_here(tx: Connection) -> None:
    found = one(
        tx,
        "SELECT array_agg(k.conname::text) FROM pg_constraint AS k WHERE k.contype = 'c'"
        " AND k.conrelid = ANY (SELECT ('agentry_memory.' || t)::regclass FROM unnest(%s::text[]) AS t)",
        list(TABLES),
    )
    assert set(found) == set(VIOLATIONS)


def test_without_pgvector_the_owner_is_told_what_is_missing(db_plain: Database) -> None:
    """An extension that needs it goes with it; code that was loaded as plain SQL stays."""
    conn = db_plain.admin
    conn.execute("DROP EXTENSION vector CASCADE")
    before = one(conn, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'agentry_memory'::regnamespace")
    conn.execute("SET ROLE agentry_owner")
    for query in ("SELECT agentry._vector_path()", "SELECT agentry.install()"):
        refused(conn, query, error=errors.FeatureNotSupported, match=r"extension vector \(pgvector\) is not installed",
                hint="CREATE EXTENSION vector")  # fmt: skip
    assert one(conn, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'agentry_memory'::regnamespace") == before
