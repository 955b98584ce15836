"""A second organisation: its rows are invisible to the first, cannot be referenced or forged, by any road."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.harness import database
from tests.harness.database import Database
from tests.harness.servers import PgServer, UrlServer
from tests.memory.everything import fill_memory
from tests.security.conftest import one, refused, who

Connection = psycopg.Connection[Any]

ROADS = ("agent role", "application role", "reader role", "agent session", "user session", "application session")

# tenant tables that nobody reads but the functions of their module
HIDDEN = {
    "agentry.login_sessions",
    "agentry_chat.agent_chat_bounds",
    "agentry_chat.agent_chat_breaker_resets",
    "agentry_chat.agent_chat_feed_state",
    "agentry_chat.agent_chat_told",
    "agentry_memory.event_memory_keys",
    "agentry_memory.memory_access",
    "agentry_memory.memory_changes",
    "agentry_memory.memory_importance",
    "agentry_memory.memory_owners",
    "agentry_memory.memory_terms",
    "agentry_memory.raw_memory_keys",
}


class Two:
    """The default organisation has a row in every tenant table; organisation beta has some, and comes by six roads."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.admin = db.admin
        self.alpha = one(db.admin, "SELECT agentry.current_org_id()")
        self.fill("alpha")
        self.coder = db.agent_role("coder")
        self.app = db.app_role("alpha_app")
        with db.connect(self.coder) as coder:
            self.secret_id = one(coder, "SELECT agentry_chat.send_agent_message(NULL, 'alpha only', ARRAY['nova'])")
            self.alpha_token = one(coder, "SELECT agentry.login(agentry.create_api_key())")

        self.beta = one(db.admin, "SELECT agentry.create_organization('beta')")
        self.choose(self.beta)
        self.fill("beta")
        db.admin.execute("SELECT agentry.register_agent('spy', p_domains => '{Agent Management}', p_user => 'ann')")
        self.spy = db.agent_role("spy")
        self.beta_app = db.app_role("beta_app")
        self.beta_reader = db.app_role("beta_reader", group="agentry_reader")
        self.pool = db.role("pool", "agentry_agent", "agentry_app")
        self.tokens = {
            road: one(db.admin, f"SELECT agentry.login(agentry.create_api_key({arguments}))")
            for road, arguments in (
                ("agent session", "'spy'"),
                ("user session", "p_user => 'ann'"),
                ("application session", ""),
            )
        }
        self.choose(None)

    def choose(self, organisation: Any) -> None:
        """From here on the administrator works in that organisation; None: the default."""
        self.admin.execute("SELECT set_config('agentry.org_id', %s, false)", [str(organisation or "")])

    def fill(self, label: str) -> None:
        self.admin.execute("INSERT INTO agentry.teams (name) VALUES ('red')")
        self.admin.execute(
            "INSERT INTO agentry.users (username, email, team_id) SELECT 'ann', 'ann@' || %s, id FROM agentry.teams"
            " WHERE org_id = agentry.current_org_id()",
            [label],
        )
        self.admin.execute(
            "SELECT agentry.register_agent('nova', %s, p_aliases => '{star}', p_domains => '{Stars}', p_team => 'red',"
            " p_user => 'ann')",
            [label],
        )
        self.admin.execute("SELECT agentry.create_api_key('nova')")
        self.admin.execute("SELECT agentry.set_setting('chat.max_attempts', '3')")
        fill_memory(self.admin, "nova", "ann", f"{label} only")
        for statement in (
            "SELECT agentry.place_legal_hold('nova', 'a lawsuit')",
            "INSERT INTO agentry.pii_vault (agent_id, ciphertext, key_ref) SELECT id, 'x', 'k' FROM agentry.agents"
            " WHERE org_id = agentry.current_org_id() AND name = 'nova'",
            "INSERT INTO agentry.erasures (kind, transaction, started_at)"
            " VALUES ('retention', pg_current_xact_id(), now())",
            "INSERT INTO agentry_chat.agent_chat_feed_state (system_identifier, position_offset) VALUES (1, 0)"
            " ON CONFLICT DO NOTHING",
            "SELECT agentry_chat.reset_agent_breaker('nova')",
            "INSERT INTO agentry_chat.agent_chat_bounds (agent, bound) VALUES ('nova', 0)",
            "INSERT INTO agentry.audit_images (org_id, audit_id, new_row) SELECT org_id, min(id), '{}'"
            " FROM agentry.audit_log WHERE org_id = agentry.current_org_id() GROUP BY org_id",
        ):
            self.admin.execute(statement.encode())

    def road(self, road: str) -> Connection:
        """A connection that belongs to beta."""
        role = {"agent role": self.spy, "application role": self.beta_app, "reader role": self.beta_reader}.get(
            road, self.pool
        )
        conn = self.db.connect(role)
        if road in self.tokens:
            conn.execute("SELECT agentry.use_session(%s, true)", [self.tokens[road]])
        assert one(conn, "SELECT agentry.current_org_id()") == self.beta
        return conn

    def tables(self) -> dict[str, str]:
        """Every tenant table and its column with the organisation."""
        rows = self.admin.execute(
            "SELECT g.table_name::text, CASE g.table_name::text WHEN 'agentry.organizations' THEN 'id'"
            " ELSE 'org_id' END"
            " FROM agentry.guarded_tables AS g WHERE g.table_name = 'agentry.organizations'::regclass"
            " OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = g.table_name AND attname = 'org_id')"
        ).fetchall()
        return dict(rows)

    def months(self) -> list[str]:
        """Partitions of tenant tables, and months that are in the archive, which have no rules of their own."""
        rows = self.admin.execute(
            "SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relkind = 'r'"
            " AND c.relnamespace::regnamespace::text LIKE 'agentry%'"
            " AND (c.relispartition OR c.relnamespace = to_regnamespace('agentry_archive'))"
        ).fetchall()
        return [row[0] for row in rows]

    def fingerprint(self, organisation: Any) -> dict[str, Any]:
        return {
            table: one(
                self.admin,
                f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} AS t WHERE {column} = %s",
                organisation,
            )
            for table, column in self.tables().items()
        }


@pytest.fixture(scope="module")
def _two(server: PgServer) -> Iterator[Two]:
    way = "auto" if isinstance(server, UrlServer) else "extension"
    db = database.clone(server, database.template(server, way))
    try:
        yield Two(db)
    finally:
        db.drop()


@pytest.fixture
def two(_two: Two) -> Iterator[Two]:
    """Shared by the tests of this file; the default organisation is untouched after each."""
    before = _two.fingerprint(_two.alpha)
    yield _two
    _two.db.close()
    _two.admin = _two.db.admin
    assert _two.fingerprint(_two.alpha) == before


def test_every_tenant_table_is_guarded_by_row_level_security_and_has_rows_to_hide(two: Two) -> None:
    tables = two.tables()
    assert len(tables) >= 13
    unguarded = two.admin.execute(
        "SELECT c.oid::regclass FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND"
        " a.attname = 'org_id'"
        " WHERE c.relnamespace::regnamespace::text LIKE 'agentry%' AND c.relkind IN ('r', 'p')"
        " AND (NOT c.relrowsecurity OR NOT EXISTS (SELECT FROM agentry.guarded_tables AS g WHERE g.table_name = c.oid))"
    ).fetchall()
    # rows of a month are read through their table, or through functions; the month itself is nobody's
    months = two.months()
    assert {row[0] for row in unguarded} == set(months)
    assert set(months) >= {"agentry_archive.event_memories_2020_01", "agentry_archive.raw_memories_2020_01"}
    granted = two.admin.execute(
        "SELECT c.oid::regclass::text, a.grantee::regrole::text FROM pg_class AS c, aclexplode(c.relacl) AS a"
        " WHERE c.oid = ANY (%s::regclass[]) AND a.grantee <> c.relowner",
        [months],
    ).fetchall()
    assert granted == []
    empty = [
        t
        for t, column in tables.items()
        if not one(two.admin, f"SELECT count(*) FROM {t} WHERE {column} = %s", two.alpha)
    ]
    assert empty == [], "give these tables a row in Two.fill(), or looking for it proves nothing"


@pytest.mark.parametrize("road", ROADS)
def test_no_row_of_another_organisation_is_visible(two: Two, road: str) -> None:
    conn = two.road(road)
    denied = set()
    for table, column in two.tables().items():
        try:
            assert one(conn, f"SELECT count(*) FROM {table} WHERE {column} = %s", two.alpha) == 0, table
            assert one(conn, f"SELECT count(*) FROM {table} WHERE {column} <> %s", two.beta) == 0, table
        except errors.InsufficientPrivilege:
            denied.add(table)
    assert denied == HIDDEN
    for month in two.months():
        refused(conn, f"SELECT FROM {month}")
    views = two.admin.execute(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'v' AND"
        " relnamespace::regnamespace::text LIKE 'agentry%'"
    ).fetchall()
    assert len(views) >= 8
    for (view,) in views:
        try:
            assert "alpha" not in str(conn.execute(f"SELECT * FROM {view}".encode()).fetchall()), view
        except errors.InsufficientPrivilege:
            assert view in ("agentry.v_health", "agentry.v_metrics"), view


@pytest.mark.parametrize("road", ROADS)
def test_a_forged_organisation_shows_nothing_and_binds_nothing(two: Two, road: str) -> None:
    conn = two.road(road)
    conn.execute("SELECT set_config('agentry.org_id', %s, false)", [str(two.alpha)])
    assert one(conn, "SELECT agentry.current_org_id()") == two.beta
    assert one(conn, "SELECT organisation FROM agentry.whoami()") == "beta"
    assert one(conn, "SELECT count(*) FROM agentry.agents WHERE org_id = %s", two.alpha) == 0
    # the column's default takes the setting, and the policy or the rule refuses it
    refused(conn, "INSERT INTO agentry.teams (name) VALUES ('forged')")


@pytest.mark.parametrize("road", ROADS)
def test_no_row_can_be_written_into_another_organisation(two: Two, road: str) -> None:
    """The very row of the first organisation, with a new id, into each tenant table."""
    conn = two.road(road)
    for table, column in two.tables().items():
        row = one(two.admin, f"SELECT to_jsonb(t) FROM {table} AS t WHERE {column} = %s LIMIT 1", two.alpha)
        if isinstance(row.get("id"), str) and column != "id":
            row["id"] = str(one(two.admin, "SELECT agentry.uuidv7()"))
        columns = one(
            two.admin,
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            table,
        )
        refused(
            conn,
            f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE"
            f" SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)",
            json.dumps(row),
        )


@pytest.mark.parametrize("road", ROADS)
def test_no_row_of_another_organisation_can_be_changed_or_deleted(two: Two, road: str) -> None:
    conn = two.road(road)
    for table, column in two.tables().items():
        for query in (
            f"UPDATE {table} SET {column} = {column} WHERE {column} = %s",
            f"DELETE FROM {table} WHERE {column} = %s",
        ):
            try:
                with conn.transaction(force_rollback=True):
                    assert conn.execute(query.encode(), [two.alpha]).rowcount == 0, query
            except (errors.InsufficientPrivilege, errors.RestrictViolation):
                pass


def test_an_application_cannot_move_its_own_rows_into_another_organisation(two: Two) -> None:
    for road in ("application role", "application session"):
        conn = two.road(road)
        for table in ("teams", "users", "agent_aliases", "agent_domains", "settings"):
            error = refused(conn, f"UPDATE agentry.{table} SET org_id = %s", two.alpha)
            assert "row-level security" in str(error), table
        refused(conn, "UPDATE agentry.agents SET org_id = %s", two.alpha, error=errors.InvalidParameterValue)


def test_every_foreign_key_between_tenant_tables_carries_the_organisation(two: Two) -> None:
    rows = two.admin.execute(
        """SELECT c.conrelid::regclass::text || '.' || c.conname,
                  (SELECT array_agg(a.attname::text || '>' || b.attname ORDER BY k.n)
                   FROM unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (f, t, n)
                   JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.f
                   JOIN pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = k.t)
           FROM pg_constraint AS c
           WHERE c.contype = 'f' AND c.connamespace::regnamespace::text LIKE 'agentry%'
             AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.confrelid AND attname = 'org_id')"""
    ).fetchall()
    assert len(rows) >= 10
    assert [name for name, columns in rows if columns[0] != "org_id>org_id"] == []


REFERENCES = {
    "team of a user": "INSERT INTO agentry.users (username, team_id) SELECT 'x', id FROM agentry.teams"
    " WHERE org_id = %s",
    "team of an agent": "INSERT INTO agentry.agents (name, team_id) SELECT 'x', id FROM agentry.teams"
    " WHERE org_id = %s",
    "user of an agent": "INSERT INTO agentry.agents (name, user_id) SELECT 'x', id FROM agentry.users"
    " WHERE org_id = %s",
    "agent of an alias": "INSERT INTO agentry.agent_aliases (alias, agent_id) SELECT 'x', id FROM agentry.agents"
    " WHERE name = 'nova' AND org_id = %s",
    "agent of a domain": "INSERT INTO agentry.agent_domains (domain_topic, agent_id) SELECT 'x', id FROM agentry.agents"
    " WHERE name = 'nova' AND org_id = %s",
    "agent of a key": "INSERT INTO agentry.api_keys (agent_id, name, prefix, key_hash) SELECT id, 'x',"
    " 'ak_00000000', sha256('x')"
    " FROM agentry.agents WHERE name = 'nova' AND org_id = %s",
    "user of a key": "INSERT INTO agentry.api_keys (user_id, name, prefix, key_hash) SELECT id, 'x',"
    " 'ak_00000000', sha256('x')"
    " FROM agentry.users WHERE org_id = %s",
    "key of a session": "INSERT INTO agentry.login_sessions (api_key_id, token_hash, expires_at) SELECT"
    " id, sha256('x'), now()"
    " FROM agentry.api_keys WHERE org_id = %s LIMIT 1",
    "sender of a message": "INSERT INTO agentry_chat.agent_chat (id, sender, message, recipients, thread)"
    " OVERRIDING SYSTEM VALUE"
    " SELECT 999, name, 'x', '{nova}', 999 FROM agentry.agents WHERE name = 'coder' AND org_id = %s",
    "answered message": "INSERT INTO agentry_chat.agent_chat (id, sender, message, recipients, thread, reply_to)"
    " OVERRIDING SYSTEM VALUE SELECT 999, 'nova', 'x', '{nova}', id, id FROM agentry_chat.agent_chat WHERE org_id = %s",
    "message of a delivery": "INSERT INTO agentry_chat.agent_chat_processed (chat_id, agent, sender,"
    " priority, available_at)"
    " SELECT id, 'nova', 'nova', 5, now() FROM agentry_chat.agent_chat WHERE org_id = %s",
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_row_cannot_refer_to_another_organisation_even_when_an_administrator_writes_it(
    two: Two, reference: str
) -> None:
    """Without row-level security, too: the keys hold the organisation."""
    two.choose(two.beta)
    error = refused(two.admin, REFERENCES[reference], two.alpha, error=errors.ForeignKeyViolation)
    assert "_fkey" in str(error.diag.constraint_name)
    two.choose(None)


def test_a_reference_that_exists_elsewhere_fails_like_one_that_exists_nowhere(two: Two) -> None:
    conn = two.road("application role")
    texts = set()
    for team in (
        one(two.admin, "SELECT id FROM agentry.teams WHERE org_id = %s", two.alpha),
        one(two.admin, "SELECT gen_random_uuid()"),
    ):
        error = refused(
            conn, "INSERT INTO agentry.agents (name, team_id) VALUES ('x', %s)", team, error=errors.ForeignKeyViolation
        )
        texts.add(str(error).replace(str(team), "T"))
    assert len(texts) == 1


@pytest.mark.parametrize("road", ("agent role", "agent session"))
def test_names_ids_and_addresses_mean_those_of_ones_own_organisation(two: Two, road: str) -> None:
    conn = two.road(road)
    send = "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY[%s])"
    refused(conn, send, "coder", error=errors.UndefinedObject, match="agent 'coder' does not exist")
    with conn.transaction(force_rollback=True):
        for address in ("nova", "star", "*", "domain:stars"):
            chat_id = one(conn, send, address)
            rows = two.db.admin.execute(
                "SELECT count(*) FROM agentry_chat.agent_chat_processed WHERE org_id = %s", [two.alpha]
            )
            assert rows.fetchone() == (1,)
            assert one(
                conn, "SELECT array_agg(agent) FROM agentry_chat.agent_chat_processed WHERE chat_id = %s", chat_id
            ) == ["nova"]
            assert one(conn, "SELECT org_id FROM agentry_chat.agent_chat WHERE id = %s", chat_id) == two.beta
    for query in (
        "SELECT agentry_chat.send_agent_message(NULL, 'x', '{nova}', p_reply_to => %s)",
        "SELECT agentry_chat.reply_agent_message(%s, 'x')",
        "SELECT agentry_chat.mark_agent_message(%s, NULL, 'routed')",
    ):
        refused(conn, query, two.secret_id, error=errors.UndefinedObject)
    assert conn.execute("SELECT * FROM agentry_chat.claim_agent_messages()").fetchall() == []


@pytest.mark.parametrize("road", ("agent role", "agent session", "application role", "application session"))
def test_what_another_organisation_remembers_is_unknown_to_every_function_of_memory(two: Two, road: str) -> None:
    conn = two.road(road)
    theirs = {
        name: one(two.admin, f"SELECT {column} FROM agentry_memory.{table} WHERE org_id = %s LIMIT 1", two.alpha)
        for name, table, column in (
            ("memory", "agent_memories", "id"),
            ("raw_memory", "raw_memories", "memory_id"),
            ("event", "event_memories", "event_id"),
            ("view", "cognitive_views", "id"),
            ("concept", "stable_concepts", "id"),
            ("consolidated", "memory_consolidations", "consolidated_memory_id"),
            ("entry", "memory_entries", "id"),
        )
    }
    agent = "spy" if road.startswith("agent") else "nova"
    with conn.transaction(force_rollback=True):
        own = {
            "agent": agent,
            "own": one(conn, "SELECT agentry_memory.remember(%s, 'ours')", agent),
            "own_view": one(conn, "SELECT agentry_memory.derive_view(%s, 'ours')", agent),
        }
        for call in (
            "archive_memory(%(memory)s)",
            "forget_memory(%(memory)s)",
            "link_memories(%(agent)s, %(own)s, 'supports', %(memory)s)",
            "link_memories(%(agent)s, %(memory)s, 'supports', %(own)s)",
            "link_memories(%(agent)s, %(own)s, 'supports', %(raw_memory)s, p_to_kind => 'raw_memory')",
            "link_memories(%(agent)s, %(own)s, 'supports', %(event)s, p_to_kind => 'event')",
            "link_memories(%(agent)s, %(own)s, 'supports', %(concept)s, p_to_kind => 'concept')",
            "record_reflection(%(agent)s, 'x', p_evidence => ARRAY[%(memory)s]::uuid[])",
            "record_event(%(raw_memory)s, 'saw', 'it')",
            "redact_raw_memory(%(raw_memory)s, 'x')",
            "delete_raw_memory(%(raw_memory)s)",
            "derive_view(%(agent)s, 'x', ARRAY[%(memory)s]::uuid[])",
            "add_evidence(%(own_view)s, 'memory', %(memory)s)",
            "add_evidence(%(view)s, 'memory', %(own)s)",
            "withdraw_evidence(%(view)s, 'memory', %(memory)s)",
            "validate_view(%(view)s)",
            "reject_view(%(view)s, 'x')",
            "promotion_verdict(%(view)s)",
            "promote_view(%(view)s)",
            "deprecate_concept(%(concept)s, 'x')",
            "consolidate(%(agent)s, 'merge', ARRAY[%(own)s, %(memory)s]::uuid[], 'x')",
            "undo_consolidation(%(consolidated)s)",
        ):
            with pytest.raises(errors.UndefinedObject) as caught, conn.transaction():
                conn.execute(f"SELECT agentry_memory.{call}".encode(), {**theirs, **own})
            error = caught.value
            assert any(str(theirs[name]) in str(error) + str(error.diag.message_detail) for name in theirs), call
        for source in ("memory", "raw_memory", "event", "view", "concept"):
            used = "SELECT agentry_memory.mark_recalled(%s, ARRAY[%s]::text[], %s)"
            assert one(conn, used, source, theirs[source], agent) == 0
            assert one(conn, "SELECT agentry_memory.fetch_source(%s, %s::text)", source, theirs[source]) is None
            evidence = "SELECT count(*) FROM agentry_memory.memory_evidence(%s, %s)"
            assert one(conn, evidence, source, theirs[source]) == 0
        for found in (
            conn.execute("SELECT * FROM agentry_memory.recall('alpha only said', p_agent => %s, p_limit => 100)",
                         [agent]).fetchall(),
            conn.execute("SELECT * FROM agentry_memory.explain_recall('alpha only said', p_agent => %s)",
                         [agent]).fetchall(),
            conn.execute("SELECT * FROM agentry_memory.concept_history('alpha only held', %s)", [agent]).fetchall(),
        ):  # fmt: skip
            assert "alpha only h" not in str(found) and "alpha only o" not in str(found)
        assert one(conn, "SELECT count(*) FROM agentry_memory.recall('beta only', p_agent => %s)", agent) > 0


def test_an_application_acts_in_its_own_organisation_only(two: Two) -> None:
    key_of_alpha = one(two.admin, "SELECT id FROM agentry.api_keys WHERE org_id = %s LIMIT 1", two.alpha)
    for road in ("application role", "application session"):
        conn = two.road(road)
        for call in (
            "agentry.act_as('coder')",
            "agentry.create_api_key('coder')",
            "agentry_chat.send_agent_message('coder', 'x', '{nova}')",
            "agentry_chat.claim_agent_messages('coder')",
            "agentry_chat.inbox_channel('coder')",
            f"agentry.revoke_api_key('{key_of_alpha}')",
            "agentry.set_password('ann@alpha', p_hash => '$2b$12$x')",
            "agentry.verify_password('ann@alpha', 'x')",
            "agentry.create_api_key(p_user => 'ann@alpha')",
        ):
            refused(conn, f"SELECT {call}", error=errors.UndefinedObject)
        with conn.transaction(force_rollback=True):
            conn.execute("SELECT agentry.act_as('nova')")
            assert one(conn, "SELECT org_id FROM agentry.whoami()") == two.beta


def test_management_of_one_organisation_is_none_of_another(two: Two) -> None:
    spy = two.road("agent role")
    with spy.transaction(force_rollback=True):
        assert spy.execute("UPDATE agentry.agents SET notes = 'managed'").rowcount == 2  # nova and spy of beta
        spy.execute("SELECT agentry.register_agent('coder', 'another one of that name')")
        assert one(spy, "SELECT count(*) FROM agentry.agents") == 3
    with spy.transaction(force_rollback=True):
        spy.execute("SELECT agentry.register_agent('nova', 'ours')")
        assert one(two.db.connect(two.app), "SELECT description FROM agentry.agents WHERE name = 'nova'") == "alpha"


def test_settings_are_each_organisations_own(two: Two) -> None:
    conn = two.road("application role")
    with conn.transaction(force_rollback=True):
        conn.execute("SELECT agentry.set_setting('chat.max_attempts', '9')")
        assert one(conn, "SELECT agentry.setting('chat.max_attempts')") == 9
        assert one(two.db.connect(two.app), "SELECT agentry.setting('chat.max_attempts')") == 3


def test_a_token_decides_the_organisation_not_the_role_and_not_the_setting(two: Two) -> None:
    conn = two.db.connect(two.coder)
    assert one(conn, "SELECT agentry.current_org_id()") == two.alpha
    with conn.transaction():
        conn.execute("SELECT agentry.use_session(%s)", [two.tokens["agent session"]])
        assert who(conn) == ("agent", "spy")
        assert one(conn, "SELECT count(*) FROM agentry.agents WHERE org_id = %s", two.alpha) == 0
        assert one(conn, "SELECT current_setting('agentry.org_id')") == str(two.beta)
    assert one(conn, "SELECT agentry.current_org_id()") == two.alpha
    spy = two.db.connect(two.spy)
    with spy.transaction():
        spy.execute("SELECT agentry.use_session(%s)", [two.alpha_token])
        assert who(spy) == ("agent", "coder")
        assert one(spy, "SELECT count(*) FROM agentry.agents WHERE org_id = %s", two.beta) == 0


def test_another_organisation_is_not_heard(two: Two) -> None:
    """The shared channel carries the default organisation; each other inbox has a channel that nobody can guess."""
    coder = two.db.connect(two.coder)
    coder.execute("LISTEN agent_chat")
    spy, app = two.road("agent role"), two.road("application role")
    channel = one(app, "SELECT agentry_chat.inbox_channel('nova')")
    assert channel != "agent_chat"
    assert len(channel) >= 40
    assert channel != one(app, "SELECT agentry_chat.inbox_channel('spy')")
    refused(spy, "SELECT agentry_chat.inbox_channel('nova')", match="agent spy cannot act as nova")
    app.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
    chat_id = one(spy, "SELECT agentry_chat.send_agent_message(NULL, 'beta only', ARRAY['nova'])")
    heard = list(app.notifies(timeout=20, stop_after=1))
    assert [json.loads(n.payload) for n in heard] == [{"id": chat_id}]
    coder.execute("NOTIFY agent_chat, 'end'")
    assert [n.payload for n in coder.notifies(timeout=20, stop_after=1)] == ["end"]


def test_the_roster_hint_names_nobody_of_another_organisation(two: Two) -> None:
    error = refused(
        two.road("agent role"),
        "SELECT agentry_chat.send_agent_message(NULL, 'x', '{coderr}')",
        error=errors.UndefinedObject,
    )
    assert "coder?" not in str(error.diag.message_hint)
