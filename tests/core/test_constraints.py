"""Every CHECK constraint of core is violated once, by an administrator, whom no policy stops."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.core.support import Connection, Town, one, refused

ERASURE = (
    "INSERT INTO agentry.erasures (kind, subject_digest, transaction, started_at)"
    " VALUES ({}, {}, pg_current_xact_id(), now())"
)
HOLD = (
    "INSERT INTO agentry.legal_holds (kind, subject_id, reason, placed_at) VALUES ({}, gen_random_uuid(), {}, now())"
)
KEY = "INSERT INTO agentry.api_keys (name, prefix, key_hash) VALUES ({}, {}, {})"
AGENT = "INSERT INTO agentry.agents (name, {}) VALUES ('x', {})"

VIOLATIONS: dict[str, list[str]] = {
    "installed_modules_way_check": ["UPDATE agentry.installed_modules SET way = 'by hand'"],
    "guarded_tables_visible_to_check": ["UPDATE agentry.guarded_tables SET visible_to = 'some'"],
    "access_rules_writer_check": [
        f"INSERT INTO agentry.access_rules (table_name, writer) VALUES ('agentry.teams', '{writer}')"
        for writer in ("", "everyone", "agent:", "domain:", "domain: x", "user:ann")
    ],
    "access_rules_commands_check": [
        f"INSERT INTO agentry.access_rules VALUES ('agentry.teams', 'agents', '{commands}')"
        for commands in ("{}", "{SELECT}", "{insert}", "{INSERT,NULL}", "{TRUNCATE}")
    ],
    "setting_types_name_check": [
        f"INSERT INTO agentry.setting_types VALUES ('{name}', '1', NULL, 'x')"
        for name in ("", "x", "A.b", "a.b.c", "a b.c")
    ],
    "setting_types_allowed_check": ["""INSERT INTO agentry.setting_types VALUES ('a.b', '1', '{"a": 1}', 'x')"""],
    "setting_types_type_check": ["INSERT INTO agentry.setting_types VALUES ('a.b', '1', NULL, 'x', 'word')"],
    "secrets_value_check": ["INSERT INTO agentry.secrets VALUES ('x', 'short')"],
    "personal_data_erase_action_check": [
        "INSERT INTO agentry.personal_data VALUES ('agentry.teams', 'name', 'agent_name', 'burn')"
    ],
    "retention_rules_keep_for_check": [
        "INSERT INTO agentry.retention_rules VALUES ('agentry.teams', 'created_at', '0')"
    ],
    "partition_policies_months_ahead_check": [
        f"INSERT INTO agentry.partition_policies VALUES ('agentry.teams', 'created_at', {months})"
        for months in (0, 121)
    ],
    "partition_policies_keep_months_check": [
        "INSERT INTO agentry.partition_policies VALUES ('agentry.teams', 'created_at', 3, 0)"
    ],
    "partition_policies_retire_to_check": [
        "INSERT INTO agentry.partition_policies VALUES ('agentry.teams', 'created_at', 3, 1, 'burn')"
    ],
    "maintenance_steps_run_every_check": ["INSERT INTO agentry.maintenance_steps VALUES ('x', 'x', '-1 second')"],
    "tools_name_check": [
        f"INSERT INTO agentry.tools VALUES ('{name}', 'agentry.whoami()', 'x')" for name in ("", "a b", "a.b", "x" * 65)
    ],
    "organizations_name_check": [f"SELECT agentry.create_organization('{name}')" for name in ("", "  ", "x" * 256)],
    "teams_name_check": [f"INSERT INTO agentry.teams (name) VALUES ('{name}')" for name in ("", "  ", "x" * 256)],
    "users_username_check": [
        f"INSERT INTO agentry.users (username) VALUES ('{name}')" for name in ("", "  ", "x" * 101)
    ],
    "users_email_check": [
        f"INSERT INTO agentry.users (username, email) VALUES ('x', '{email}')"
        for email in ("", "x", "x@", "@x", "a b@x", "a@b@c", "a@" + "x" * 254)
    ],
    "users_hashed_password_check": ["INSERT INTO agentry.users (username, hashed_password) VALUES ('x', 'secret')"],
    "agents_name_check": [
        f"INSERT INTO agentry.agents (name) VALUES ('{name}')"
        for name in ("", "Upper", " x", "x ", "*", "a:b", "a,b", "x" * 101)
    ],
    "agents_access_method_check": [AGENT.format("access_method", "'telepathy'")],
    "agents_status_check": [AGENT.format("status", "'asleep'")],
    "agents_instance_type_check": [AGENT.format("instance_type", "'boss'")],
    "agents_context_type_check": [AGENT.format("context_type", "'x'")],
    "agents_personality_check": [AGENT.format("personality", f"'{value}'") for value in ("[]", "1", "null")],
    "agents_scope_check": [AGENT.format("scope", f"'{value}'") for value in ("team", "user", "world", "")],
    "agent_aliases_alias_check": [
        f"INSERT INTO agentry.agent_aliases (alias, agent_id) SELECT '{alias}', id FROM agentry.agents"
        " WHERE name = 'coder'"
        for alias in ("", "Upper", " x", "*", "a:b", "a,b", "x" * 101)
    ],
    "agent_domains_domain_topic_check": [
        f"INSERT INTO agentry.agent_domains (domain_topic, agent_id) SELECT '{topic}', id FROM"
        " agentry.agents WHERE name = 'coder'"
        for topic in ("", " x", "x" * 256)
    ],
    "agent_domains_priority_check": ["UPDATE agentry.agent_domains SET priority = 0"],
    "agent_domains_vote_count_check": ["UPDATE agentry.agent_domains SET vote_count = -1"],
    "api_keys_holder_check": [
        "INSERT INTO agentry.api_keys (agent_id, user_id, name, prefix, key_hash) SELECT a.id, u.id, 'x',"
        " 'ak_00000000', sha256('x')"
        " FROM agentry.agents AS a, agentry.users AS u WHERE a.name = 'coder' AND u.username = 'ann'"
    ],
    "api_keys_name_check": [
        KEY.format(name, "'ak_00000000'", "sha256('x')") for name in ("''", "' '", "repeat('x', 256)")
    ],
    "api_keys_prefix_check": [
        KEY.format("'x'", prefix, "sha256('x')") for prefix in ("''", "'ak_1'", "'ak_' || repeat('0', 64)")
    ],
    "api_keys_key_hash_check": [KEY.format("'x'", "'ak_00000000'", "'secret'")],
    "personal_data_subject_check": [
        "INSERT INTO agentry.personal_data VALUES ('agentry.teams', 'name', 'team', 'keep')"
    ],
    "personal_data_erase_function_check": [
        "INSERT INTO agentry.personal_data VALUES ('agentry.teams', 'name', 'agent_name', 'function')"
    ],
    "legal_holds_kind_check": [HOLD.format("'team'", "'x'")],
    "legal_holds_reason_check": [HOLD.format("'agent'", "' '")],
    "pii_vault_owner_check": ["INSERT INTO agentry.pii_vault (ciphertext, key_ref) VALUES ('x', 'k')"],
    "pii_vault_key_ref_check": [
        "INSERT INTO agentry.pii_vault (agent_id, ciphertext, key_ref) SELECT id, 'x', ' ' FROM agentry.agents LIMIT 1"
    ],
    "erasures_kind_check": [ERASURE.format(kind, "NULL") for kind in ("''", "'move'")],
    "erasures_subject_digest_check": [ERASURE.format("'forget'", "'short'")],
    "login_sessions_token_hash_check": [
        "INSERT INTO agentry.login_sessions (api_key_id, token_hash, expires_at) SELECT id, 'token',"
        " now() FROM agentry.api_keys"
    ],
}


@pytest.mark.parametrize(
    ("name", "query"), [(name, query) for name, queries in VIOLATIONS.items() for query in queries]
)
def test_what_a_check_forbids_cannot_be_stored(town: Town, name: str, query: str) -> None:
    town.key("coder")
    error = refused(town.conn, query, error=errors.CheckViolation)
    assert error.diag.constraint_name == name


def test_every_check_of_core_is_on_the_list(tx: Connection) -> None:
    rows = tx.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'agentry'::regnamespace"
        " AND conrelid <> 0"
    ).fetchall()
    assert {row[0] for row in rows} == set(VIOLATIONS)


def test_optional_values_may_be_missing(town: Town) -> None:
    town.conn.execute(
        "INSERT INTO agentry.users (username, email, hashed_password) VALUES ('x', NULL, NULL), ('y', NULL, NULL)"
    )
    town.conn.execute(
        "INSERT INTO agentry.retention_rules (table_name, time_column) VALUES ('agentry.teams', 'created_at')"
    )
    town.conn.execute(
        "INSERT INTO agentry.partition_policies (table_name, time_column) VALUES ('agentry.teams', 'created_at')"
    )


def test_an_address_is_one_users_whatever_its_case_and_organisation(town: Town) -> None:
    insert = "INSERT INTO agentry.users (username, email) VALUES ('other', 'Ann@Example.ORG')"
    refused(town.conn, insert, error=errors.UniqueViolation)
    town.conn.execute("SELECT set_config('agentry.org_id', agentry.create_organization('other')::text, true)")
    refused(town.conn, insert, error=errors.UniqueViolation)
    assert one(town.conn, "INSERT INTO agentry.users (username) VALUES ('ann') RETURNING username") == "ann"
