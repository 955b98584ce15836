"""Every CHECK constraint of memories is violated once, by an administrator, whom no policy stops."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.core.support import Town, refused
from tests.memory.memories_support import Connection, call, remember, value

MEMORY = (
    "INSERT INTO agentry_memory.agent_memories (agent_id, content, {}) SELECT id,"
    ' \'{{"event": "x", "temporal": {{}}}}\', {} FROM agentry.agents WHERE name = \'nova\''
)
LINK = (
    "INSERT INTO agentry_memory.memory_links (from_id, relation, to_id, {})"
    " SELECT a.id, 'supports', b.id, {} FROM agentry_memory.agent_memories AS a, agentry_memory.agent_memories AS b"
    " WHERE a.text = 'a' AND b.text = 'b'"
)
SETTINGS = (
    "INSERT INTO agentry_memory.agent_memory_settings (agent_id, {}) SELECT id, {} FROM agentry.agents"
    " WHERE name = 'nova'"
)

VIOLATIONS: dict[str, list[str]] = {
    "agent_memories_scope_check": [MEMORY.format("scope", f"'{one}'") for one in ("team", "user", "world", "")],
    "agent_memories_memory_type_check": [
        "INSERT INTO agentry_memory.agent_memories (agent_id, content, memory_type) SELECT id, '{\"text\": \"x\"}',"
        " 'dream' FROM agentry.agents WHERE name = 'nova'"
    ],
    "agent_memories_importance_check": [MEMORY.format("importance", one) for one in ("-0.1", "1.1", "'NaN'")],
    "agent_memories_emotional_relevance_check": [
        MEMORY.format("emotional_relevance", one) for one in ("-0.1", "1.1", "'NaN'")
    ],
    "agent_memories_decay_rate_check": [MEMORY.format("decay_rate", one) for one in ("-1", "1001", "'NaN'")],
    "agent_memories_tags_check": [MEMORY.format("tags", one) for one in ("ARRAY['a', NULL]", "ARRAY[ARRAY['a']]")],
    "agent_memories_related_check": [
        MEMORY.format(column, "ARRAY[NULL]::uuid[]") for column in ("related_agents", "related_users")
    ],
    "agent_memories_location_check": [MEMORY.format("location", one) for one in ("''", "' '")],
    "agent_memories_session_check": [MEMORY.format("session", "' '"), MEMORY.format("session_order", "1")],
    "agent_memories_occurred_at_check": [MEMORY.format("occurred_at", one) for one in ("'infinity'", "'-infinity'")],
    "agent_memories_metadata_check": [MEMORY.format("metadata", f"'{one}'") for one in ("[]", "null", "1", '"x"')],
    "agent_memories_source_check": [
        MEMORY.format("source_kind", "'job'"), MEMORY.format("source_id", "'7'"),
        *(MEMORY.format("source_kind, source_id", f"'{one}', '7'") for one in ("", "A", "a b", "7a", "a" * 41)),
    ],
    "agent_memories_idempotency_key_check": [
        MEMORY.format("idempotency_key", one) for one in ("''", "repeat('x', 256)")
    ],
    "memory_links_weight_check": [LINK.format("weight", one) for one in ("-0.1", "1.1", "'NaN'")],
    "memory_links_note_check": [LINK.format("note", one) for one in ("''", "' '")],
    "memory_links_relation_check": ["UPDATE agentry_memory.memory_links SET relation = 'likes'"],
    "memory_links_itself_check": ["UPDATE agentry_memory.memory_links SET to_id = from_id"],
    "memory_importance_memories_check": [
        f"INSERT INTO agentry_memory.memory_importance (agent_id, importance, memories) SELECT id, {one}"
        " FROM agentry.agents WHERE name = 'nova'"
        for one in ("0, 0", "1.5, 1", "-1, 1", "'NaN', 1")
    ],
    "agent_memory_settings_reflection_threshold_check": [
        SETTINGS.format("reflection_threshold", one) for one in ("0", "100001", "'NaN'")
    ],
    "agent_memory_settings_reflection_memories_check": [
        SETTINGS.format("reflection_memories", one) for one in ("0", "100001")
    ],
    "agent_memory_settings_reflections_a_day_check": [
        SETTINGS.format("reflections_a_day", one) for one in ("-1", "1001")
    ],
}  # fmt: skip

# what a trigger refuses before, or makes itself; seen where no trigger runs
WITHOUT_TRIGGERS: dict[str, list[str]] = {
    "agent_memories_content_check": [
        f"UPDATE agentry_memory.agent_memories SET memory_type = '{memory_type}', content = '{content}'"
        for memory_type, content in (
            ("episodic", "null"), ("episodic", '["event", "temporal"]'), ("episodic", '"event"'),
            ("episodic", '{"event": null, "temporal": {}}'), ("episodic", '{"event": "x"}'),
            ("semantic", '{"concept": {}, "definition": "x"}'), ("semantic", '{"concept": "x", "definition": null}'),
            ("procedural", '{"skill": "x", "steps": "x"}'), ("procedural", '{"steps": []}'),
            ("working", '{"items": {}, "capacity": 1}'), ("working", '{"items": [], "capacity": "1"}'),
            ("plan", '{"text": null}'), ("reflection", '{"text": []}'), ("observation", "{}"),
            ("metacognition", '{"text": 1}'),
        )
    ],
    "agent_memories_text_check": [f"UPDATE agentry_memory.agent_memories SET text = '{one}'" for one in ("", "  ")],
    "memory_links_kind_check": [
        f"UPDATE agentry_memory.memory_links SET {column} = 'dream'" for column in ("from_kind", "to_kind")
    ],
    "memory_links_scope_check": [
        f"UPDATE agentry_memory.memory_links SET {change}"
        for change in ("scope = 'team'", "scope = 'user'", "scope = 'world'", "agent_id = NULL")
    ],
}  # fmt: skip


@pytest.fixture
def town(tx: Connection) -> Town:
    town = Town(tx)
    one, two = remember(tx, "nova", "a"), remember(tx, "nova", "b")
    call(tx, "link_memories", agent="nova", from_id=one, relation="derived_from", to_id=two)
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
        "'{agentry_memory.agent_memories,agentry_memory.memory_links,agentry_memory.memory_importance,"
        "agentry_memory.agent_memory_settings}'::regclass[])",
    )
    assert set(found) == {*VIOLATIONS, *WITHOUT_TRIGGERS}
