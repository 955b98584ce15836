"""Every CHECK constraint of views, concepts and consolidations is violated once, by an administrator."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.core.support import Town, refused
from tests.memory.insight_support import add, consolidate, derive, promote, several
from tests.memory.memories_support import Connection, value

VIEW = (
    "INSERT INTO agentry_memory.cognitive_views (agent_id, hypothesis, confidence, {})"
    " SELECT id, 'x', 0.5, {} FROM agentry.agents WHERE name = 'nova'"
)
CONCEPT = (
    "INSERT INTO agentry_memory.stable_concepts (agent_id, canonical_name, display_name, definition,"
    " promotion_confidence, {0}) SELECT id, 'x', 'x', '{{}}', 1, {1} FROM agentry.agents WHERE name = 'nova'"
)
TAGS = ("ARRAY['a', NULL]", "ARRAY[ARRAY['a']]")
WORDS = ("", "A", "a b", "7a", "a" * 41)


def changed(table: str, *changes: str) -> list[str]:
    return [f"UPDATE agentry_memory.{table} SET {change}" for change in changes]


def concept(column: str, *values: str) -> list[str]:
    """A concept with another value in one of the columns that every one has."""
    fixed = {"canonical_name": "'x'", "display_name": "'x'", "definition": "'{}'", "promotion_confidence": "1"}
    return [
        f"INSERT INTO agentry_memory.stable_concepts (agent_id, {', '.join(fixed)})"
        f" SELECT id, {', '.join(one if name == column else other for name, other in fixed.items())}"
        " FROM agentry.agents WHERE name = 'nova'"
        for one in values
    ]


VIOLATIONS: dict[str, list[str]] = {
    "cognitive_views_scope_check": [VIEW.format("scope", f"'{one}'") for one in ("team", "user", "world", "")],
    "cognitive_views_hypothesis_check": changed("cognitive_views", "hypothesis = ''", "hypothesis = E' \\n'"),
    "cognitive_views_view_type_check": [VIEW.format("view_type", f"'{one}'") for one in WORDS],
    "cognitive_views_source_check": [VIEW.format("source", f"'{one}'") for one in WORDS],
    "cognitive_views_confidence_check": [VIEW.format("initial_confidence", one) for one in ("-0.1", "1.1", "'NaN'")],
    # where the evidence keeps the confidence in its range
    "cognitive_views_initial_confidence_check": changed(
        "cognitive_views", "initial_confidence = 1.1", "initial_confidence = -0.1"),
    "cognitive_views_validation_count_check": changed(
        "cognitive_views", "validation_count = -1", "validation_count = 1", "last_validated_at = now()"),
    "cognitive_views_status_check": changed("cognitive_views", "status = 'new'", "status = ''"),
    "cognitive_views_reason_check": changed(
        "cognitive_views", "reason = 'x'", "reason = ' ', status = 'rejected'"),
    "cognitive_views_expires_at_check": changed(
        "cognitive_views", "expires_at = 'infinity'", "expires_at = '-infinity'"),
    "cognitive_views_promoted_to_check": changed(
        "cognitive_views", "promoted_to = (SELECT id FROM agentry_memory.stable_concepts)"),
    "cognitive_views_tags_check": [VIEW.format("tags", one) for one in TAGS],
    "cognitive_views_idempotency_key_check": [
        VIEW.format("idempotency_key", one) for one in ("''", "repeat('x', 256)")],
    "stable_concepts_scope_check": [CONCEPT.format("scope", f"'{one}'") for one in ("team", "user", "world", "")],
    "stable_concepts_canonical_name_check": concept(
        "canonical_name", "''", "' x'", "'x '", "'a  b'", "E'a\\tb'", "repeat('x', 201)"),
    "stable_concepts_display_name_check": concept("display_name", "''", "E' \\n'"),
    "stable_concepts_concept_type_check": [CONCEPT.format("concept_type", f"'{one}'") for one in WORDS],
    "stable_concepts_definition_check": concept("definition", "'[]'", "'null'", "'1'"),
    "stable_concepts_version_check": [CONCEPT.format("version", one) for one in ("0", "-1")],
    "stable_concepts_parent_concept_id_check": [
        CONCEPT.format("parent_concept_id", "(SELECT id FROM agentry_memory.stable_concepts)"),
        CONCEPT.format("id, parent_concept_id, version",
                       "'00000000-0000-0000-0000-000000000009', '00000000-0000-0000-0000-000000000009', 2")],
    "stable_concepts_deprecated_at_check": [
        CONCEPT.format("is_deprecated", "true"), CONCEPT.format("deprecated_at", "now()")],
    "stable_concepts_reason_check": [
        CONCEPT.format("reason", "'x'"), CONCEPT.format("is_deprecated, deprecated_at, reason", "true, now(), ' '")],
    "stable_concepts_promotion_confidence_check": concept("promotion_confidence", "-0.1", "1.1", "'NaN'"),
    "stable_concepts_forced_against_check": [CONCEPT.format("forced_against", "'{x,NULL}'")],
    "stable_concepts_tags_check": [CONCEPT.format("tags", one) for one in TAGS],
    "memory_consolidations_consolidation_type_check": changed(
        "memory_consolidations", "consolidation_type = 'forget'", "consolidation_type = ''"),
    "memory_consolidations_source_count_check": changed("memory_consolidations", "source_count = 1"),
}  # fmt: skip

# what a trigger makes itself; seen where no trigger runs
WITHOUT_TRIGGERS: dict[str, list[str]] = {
    "cognitive_views_evidence_count_check": changed(
        "cognitive_views", "evidence_count = -1", "counter_evidence_count = -1"),
}  # fmt: skip


@pytest.fixture
def town(tx: Connection) -> Town:
    """One concept, one consolidation, and one view that has 2 for it and 3 against."""
    town = Town(tx)
    gone = derive(tx, "gone")
    promote(tx, gone, "gone", force=True)
    tx.execute("DELETE FROM agentry_memory.cognitive_views")
    consolidate(tx, several(tx, 2))
    found = derive(tx, evidence=several(tx, 2))
    for one in several(tx, 3):
        add(tx, found, one, supports=False)
    return town


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_check_holds_for_everyone(town: Town, name: str) -> None:
    for statement in VIOLATIONS[name]:
        refused(town.conn, statement, error=errors.CheckViolation, match=f'"{name}"')


@pytest.mark.parametrize("name", WITHOUT_TRIGGERS)
def test_a_check_holds_where_no_trigger_runs(town: Town, name: str) -> None:
    town.conn.execute("SET LOCAL session_replication_role = replica")
    for statement in WITHOUT_TRIGGERS[name]:
        refused(town.conn, statement, error=errors.CheckViolation, match=f'"{name}"')


def test_every_check_of_these_tables_is_here(tx: Connection) -> None:
    found = value(
        tx,
        "SELECT array_agg(k.conname::text) FROM pg_constraint AS k WHERE k.contype = 'c' AND k.conrelid = ANY ("
        "'{agentry_memory.cognitive_views,agentry_memory.stable_concepts,"
        "agentry_memory.memory_consolidations}'::regclass[])",
    )
    assert set(found) == {*VIOLATIONS, *WITHOUT_TRIGGERS}
