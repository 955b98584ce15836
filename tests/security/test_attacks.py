"""What agent coder tries with a login role of its own: to write as nova, to read others' mail, to change history.

Beside what each test says, the fixture `society` proves that nothing has changed: messages, deliveries, agents, keys,
rules, settings, policies, triggers, functions and privileges.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.security.conftest import NOBODY, SECRET, Society, notices, one, refused, sees_no_secret, who

Connection = psycopg.Connection[Any]

FORGE = "SELECT agentry_chat.send_agent_message('nova', 'forged', ARRAY['writer'])"
NOT_ALLOWED = (errors.InsufficientPrivilege, errors.InvalidAuthorizationSpecification)


def still_only_coder(conn: Connection) -> None:
    """The attack has given nothing."""
    assert who(conn) == ("agent", "coder")
    refused(conn, FORGE, match="agent coder cannot act as nova")
    sees_no_secret(conn)


# -- the three promises -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "agentry_chat.send_agent_message('nova', 'x', ARRAY['writer'])",
        "agentry_chat.send_agent_message(' NOVA ', 'x', ARRAY['writer'])",
        """agentry_chat.send_agent_messages('[{"sender": "nova", "message": "x", "recipients": ["writer"]}]')""",
        """agentry_chat.send_agent_messages('[{"message": "x", "recipients": ["nova"]},
            {"sender": "nova", "message": "x", "recipients": ["writer"]}]')""",
        "agentry_chat.reply_agent_message(1, 'x', 'writer')",
        "agentry_chat.claim_agent_messages('writer')",
        "agentry_chat.peek_agent_messages('writer')",
        "agentry_chat.mark_agent_message(1, 'writer', 'responded')",
        """agentry_chat.mark_agent_messages('[{"chat_id": 1, "agent": "writer", "status": "responded"}]')""",
        "agentry_chat.inbox_channel('writer')",
        "agentry.act_as('nova')",
        "agentry.create_api_key('nova')",
    ],
)
def test_sending_reading_or_settling_as_another_is_refused(coder: Connection, call: str) -> None:
    error = refused(coder, f"SELECT {call}", match="agent coder cannot act as (nova|writer)")
    assert error.diag.message_detail is not None
    assert error.diag.message_hint == "Leave the agent out, or log in as it."


def test_mail_of_others_is_invisible(society: Society, coder: Connection) -> None:
    sees_no_secret(coder)
    assert one(coder, "SELECT count(*) FROM agentry_chat.agent_chat") == 1
    assert (
        one(society.connect("writer"), "SELECT count(*) FROM agentry_chat.agent_chat WHERE message = %s", SECRET) == 1
    )
    refused(
        coder,
        "SELECT agentry_chat.mark_agent_message(%s, NULL, 'responded')",
        society.secret_id,
        error=errors.UndefinedObject,
        match="is not in the inbox of coder",
    )
    refused(
        coder,
        "SELECT agentry_chat.reply_agent_message(%s, 'x')",
        society.secret_id,
        error=errors.UndefinedObject,
        match="is not in the inbox of coder",
    )
    refused(
        coder,
        "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['nova'], p_reply_to => %s)",
        society.secret_id,
        error=errors.UndefinedObject,
        match="does not exist",
    )


@pytest.mark.parametrize("table", ["agent_chat", "agent_chat_processed"])
@pytest.mark.parametrize(
    "command",
    [
        "UPDATE agentry_chat.{} SET priority = 1",
        "DELETE FROM agentry_chat.{}",
        "TRUNCATE agentry_chat.{} CASCADE",
        "DROP TABLE agentry_chat.{} CASCADE",
        "ALTER TABLE agentry_chat.{} DISABLE TRIGGER ALL",
        "ALTER TABLE agentry_chat.{} DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE agentry_chat.{} OWNER TO CURRENT_USER",
        "ALTER TABLE agentry_chat.{} RENAME TO gone",
        "CREATE INDEX ON agentry_chat.{} (priority)",
        "CREATE POLICY mine ON agentry_chat.{} USING (true)",
        "DROP POLICY agentry_read ON agentry_chat.{}",
        "GRANT ALL ON agentry_chat.{} TO PUBLIC",
        "VACUUM FULL agentry_chat.{}",
        "COMMENT ON TABLE agentry_chat.{} IS 'free for all'",
        "CREATE STATISTICS attic.s ON sender, priority FROM agentry_chat.{}",
        "CREATE PUBLICATION p FOR TABLE agentry_chat.{}",
    ],
)
def test_history_cannot_be_changed_by_an_agent(coder: Connection, command: str, table: str) -> None:
    heard = notices(coder)
    if command.startswith(("VACUUM", "GRANT")):  # these refuse with a warning
        coder.execute(command.format(table).encode())
        assert heard
    else:
        refused(coder, command.format(table), error=(errors.InsufficientPrivilege, errors.RestrictViolation))


@pytest.mark.parametrize("command", ["UPDATE {} SET message = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_history_cannot_be_changed_by_an_administrator_either(society: Society, command: str) -> None:
    refused(
        society.admin, command.format("agentry_chat.agent_chat"), error=errors.RestrictViolation, match="never change"
    )


# -- settings and roles -----------------------------------------------------------------------------------------------


def test_settings_made_by_hand_give_nothing(society: Society, coder: Connection) -> None:
    nova, org = society.admin.execute("SELECT id, org_id FROM agentry.agents WHERE name = 'nova'").fetchone() or ()
    for name, value in (
        ("agentry.act_as", "nova"),
        ("agentry.agent", "nova"),
        ("agentry.agent_id", str(nova)),
        ("agentry.org_id", str(org)),
        ("agentry.kind", "admin"),
    ):
        coder.execute("SELECT set_config(%s, %s, false)", [name, value])
        still_only_coder(coder)


@pytest.mark.parametrize("token", ["nova", "as_" + "0" * 64, "' OR true --", "\\x00", "x" * 100_000, " "])
def test_a_session_setting_made_by_hand_makes_nobody(coder: Connection, token: str) -> None:
    coder.execute("SELECT set_config('agentry.session', %s, false)", [token])
    assert who(coder) == NOBODY
    refused(coder, FORGE, error=errors.InvalidAuthorizationSpecification, match="does not know who you are")
    assert one(coder, "SELECT count(*) FROM agentry_chat.agent_chat") == 0


def test_the_hash_of_a_token_or_key_is_no_token_and_no_key(society: Society, coder: Connection) -> None:
    key = one(society.admin, "SELECT agentry.create_api_key('nova', 'gone')")
    token = one(society.admin, "SELECT agentry.login(%s)", key)
    for secret in (key, token):
        for form in ("encode(sha256(%s::bytea), 'hex')", "sha256(%s::bytea)::text"):
            digest = one(society.admin, f"SELECT {form}", secret)
            refused(coder, "SELECT agentry.login(%s)", digest, error=errors.InvalidPassword)
            refused(coder, "SELECT agentry.use_session(%s)", digest, error=errors.InvalidAuthorizationSpecification)
    refused(coder, "SELECT agentry.use_session(%s)", key, error=errors.InvalidAuthorizationSpecification)
    refused(coder, "SELECT agentry.login(%s)", token, error=errors.InvalidPassword)
    society.admin.execute("DELETE FROM agentry.api_keys WHERE name = 'gone'")


def test_settings_of_the_connection_string_or_of_the_role_give_nothing(society: Society) -> None:
    coder = society.connect("coder", options="-c agentry.act_as=nova -c agentry.agent=nova")
    assert one(coder, "SELECT current_setting('agentry.act_as')") == "nova"
    still_only_coder(coder)
    refused(coder, "ALTER ROLE CURRENT_USER SET agentry.act_as = 'nova'")
    society.admin.execute(f"ALTER ROLE {society.roles['coder']} SET agentry.act_as = 'nova'".encode())
    still_only_coder(society.connect("coder"))
    society.admin.execute(f"ALTER ROLE {society.roles['coder']} RESET ALL".encode())
    with pytest.raises(psycopg.OperationalError, match="permission denied to set role"):
        society.connect("coder", options=f"-c role={society.roles['nova']}")


def test_set_role_and_reset_give_nothing(society: Society, coder: Connection) -> None:
    for role in (society.roles["nova"], society.app, "agentry_owner", "postgres", "agentry_app"):
        for command in (
            f"SET ROLE {role}",
            f"SET SESSION AUTHORIZATION {role}",
            f"SELECT set_config('role', '{role}', false)",
        ):
            refused(coder, command)
            still_only_coder(coder)
    coder.execute("SET ROLE agentry_agent")  # the group carries privileges, and is nobody
    assert who(coder) == NOBODY
    refused(coder, FORGE, error=errors.InvalidAuthorizationSpecification)
    for command in ("RESET ROLE", "RESET SESSION AUTHORIZATION", "SET ROLE NONE", "RESET ALL", "DISCARD ALL"):
        coder.execute(command)  # type: ignore[arg-type]
        still_only_coder(coder)


def test_set_role_in_a_function_gives_nothing(society: Society, coder: Connection) -> None:
    nova = society.roles["nova"]
    body = (
        "LANGUAGE plpgsql AS $$ BEGIN {} PERFORM agentry_chat.send_agent_message('nova', 'x', ARRAY['writer']); END $$"
    )
    refused(coder, f"CREATE FUNCTION attic.f() RETURNS void SET role = '{nova}' {body.format('')}; SELECT attic.f()")
    coder.execute(f"CREATE FUNCTION attic.g() RETURNS void {body.format('SET LOCAL ROLE ' + nova + ';')}".encode())
    refused(coder, "SELECT attic.g()")
    still_only_coder(coder)


def test_an_agent_cannot_grant_itself_anything(society: Society, coder: Connection) -> None:
    me, nova = society.roles["coder"], society.roles["nova"]
    for command in (
        f"GRANT {nova} TO {me}",
        f"GRANT agentry_owner TO {me}",
        f"GRANT agentry_app TO {me}",
        f"ALTER ROLE {nova} PASSWORD 'x'",
        f"ALTER ROLE {me} SUPERUSER",
        f"ALTER ROLE {me} BYPASSRLS",
        f"ALTER ROLE {nova} SET agentry.act_as = 'coder'",
        "CREATE ROLE helper",
        "ALTER SCHEMA agentry OWNER TO CURRENT_USER",
        "GRANT ALL ON SCHEMA agentry TO PUBLIC",
        "GRANT ALL ON ALL TABLES IN SCHEMA agentry TO CURRENT_USER",
        "GRANT ALL ON ALL FUNCTIONS IN SCHEMA agentry_chat TO CURRENT_USER",
        "REASSIGN OWNED BY agentry_owner TO CURRENT_USER",
        "ALTER DEFAULT PRIVILEGES FOR ROLE agentry_owner GRANT ALL ON TABLES TO PUBLIC",
        "ALTER DATABASE " + society.db.name + " SET agentry.act_as = 'nova'",
        "SET session_replication_role = replica",
        "CREATE SCHEMA agentry_memory",
    ):
        if command.startswith("GRANT ALL ON SCHEMA"):  # refuses with a warning
            heard = notices(coder)
            coder.execute(command.encode())
            assert "no privileges were granted" in heard[0]
        else:
            refused(coder, command)
    still_only_coder(coder)


# -- shadowing, operators, casts --------------------------------------------------------------------------------------

SHADOWS = """
    CREATE {kind} TABLE {schema}.agents AS
        SELECT gen_random_uuid() AS org_id, gen_random_uuid() AS id, 'nova' AS name, 'active' AS status,
               NULL::uuid AS team_id, NULL::uuid AS user_id, session_user AS db_role, 'organisation' AS scope;
    CREATE {kind} TABLE {schema}.login_sessions AS SELECT 'x' AS token_hash;
    CREATE {kind} TABLE {schema}.api_keys AS SELECT 'x' AS key_hash;
    CREATE {kind} TABLE {schema}.access_rules AS SELECT 'agentry.agents'::regclass AS table_name, 'agents' AS writer;
    CREATE {kind} TABLE {schema}.service_roles AS SELECT session_user AS db_role;
    CREATE {kind} TABLE {schema}.agent_chat AS SELECT 1 AS id;
    CREATE {kind} TABLE {schema}.pg_roles AS SELECT session_user AS rolname, true AS rolsuper;
    CREATE {kind} TABLE {schema}.pg_namespace AS SELECT 'agentry'::name AS nspname, 10::oid AS nspowner;
    CREATE DOMAIN {schema}.uuid AS text;
    CREATE DOMAIN {schema}.name AS text;
    CREATE FUNCTION {schema}.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT '{nova}' $$;
    CREATE FUNCTION {schema}.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT '{nova}' $$;
    CREATE FUNCTION {schema}.pg_has_role(name, oid, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
    CREATE FUNCTION {schema}.pg_has_role(oid, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
    CREATE FUNCTION {schema}.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$;
    CREATE FUNCTION {schema}.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'nova' $$;
    CREATE FUNCTION {schema}.btrim(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'nova' $$;
    CREATE FUNCTION {schema}.coalesce(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'nova' $$;
    CREATE FUNCTION {schema}.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT now() $$;
    CREATE FUNCTION {schema}.fold_name(text) RETURNS text LANGUAGE sql AS $$ SELECT 'nova' $$;
    CREATE FUNCTION {schema}.yes(name, name) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
    CREATE OPERATOR {schema}.= (LEFTARG = name, RIGHTARG = name, FUNCTION = {schema}.yes);
    CREATE FUNCTION {schema}.yes(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
    CREATE OPERATOR {schema}.= (LEFTARG = text, RIGHTARG = text, FUNCTION = {schema}.yes);
    CREATE FUNCTION {schema}.yes(uuid, uuid) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
    CREATE OPERATOR {schema}.= (LEFTARG = pg_catalog.uuid, RIGHTARG = pg_catalog.uuid, FUNCTION = {schema}.same);
"""


@pytest.mark.parametrize("schema", ["pg_temp", "attic"])
def test_shadows_of_our_tables_functions_and_operators_give_nothing(
    society: Society, coder: Connection, schema: str
) -> None:
    script = SHADOWS.format(schema=schema, kind="TEMP" if schema == "pg_temp" else "", nova=society.roles["nova"])
    script = script.replace("(uuid, uuid)", "(pg_catalog.uuid, pg_catalog.uuid)").replace(".same)", ".yes)")
    script = script.replace("(name, name)", "(pg_catalog.name, pg_catalog.name)").replace("(name,", "(pg_catalog.name,")
    script = script.replace("= name,", "= pg_catalog.name,").replace("= name)", "= pg_catalog.name)")
    coder.execute("SET search_path = pg_catalog")
    with coder.transaction():
        coder.execute(script.replace("= name", "= pg_catalog.name").encode())
    for path in (f"{schema}, pg_catalog", f"{schema}, agentry, agentry_chat, pg_catalog", f"{schema}"):
        coder.execute(f"SET search_path = {path}".encode())
        still_only_coder(coder)
        refused(coder, "INSERT INTO agentry.agents (name) VALUES ('x')")
        refused(coder, "SELECT agentry.login('x')", error=errors.InvalidPassword)


def test_an_own_operator_or_cast_in_a_query_changes_no_policy(coder: Connection) -> None:
    coder.execute(
        """CREATE FUNCTION attic.always(uuid, uuid) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
           CREATE OPERATOR attic.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = attic.always);
           CREATE FUNCTION attic.always(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
           CREATE OPERATOR attic.= (LEFTARG = text, RIGHTARG = text, FUNCTION = attic.always);
           CREATE TYPE attic.mask AS (name text);
           CREATE FUNCTION attic.unmask(attic.mask) RETURNS text LANGUAGE sql AS $$ SELECT 'nova' $$;
           CREATE CAST (attic.mask AS text) WITH FUNCTION attic.unmask(attic.mask) AS IMPLICIT"""
    )
    coder.execute("SET search_path = attic, pg_catalog")
    sees_no_secret(coder)
    assert one(coder, "SELECT count(*) FROM agentry_chat.agent_chat WHERE org_id = org_id AND sender = 'nova'") == 1
    refused(
        coder,
        "SELECT agentry_chat.send_agent_message(ROW('coder')::attic.mask, 'x', ARRAY['writer'])",
        match="cannot act as nova",
    )
    refused(
        coder,
        "CREATE CAST (text AS uuid) WITH FUNCTION attic.unmask(attic.mask)",
        error=(errors.InsufficientPrivilege, errors.InvalidObjectDefinition),
    )
    still_only_coder(coder)


def test_a_leaky_operator_learns_nothing_from_the_statistics(society: Society, coder: Connection) -> None:
    """The planner would try it on the most common values and the histogram."""
    society.admin.execute("ANALYZE agentry_chat.agent_chat, agentry_chat.agent_chat_processed, agentry.agents")
    heard = notices(coder)
    coder.execute(
        """CREATE FUNCTION attic.spy(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0000001
               AS $$ BEGIN RAISE NOTICE 'saw % %', $1, $2; RETURN true; END $$;
           CREATE OPERATOR attic.<< (LEFTARG = text, RIGHTARG = text, FUNCTION = attic.spy, RESTRICT = scalarltsel);
           CREATE OPERATOR attic.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = attic.spy, RESTRICT = eqsel,
                                      JOIN = eqjoinsel)"""
    )
    for query in (
        "SELECT FROM agentry_chat.agent_chat WHERE message OPERATOR(attic.<<) 'z'",
        "SELECT FROM agentry_chat.agent_chat WHERE message OPERATOR(attic.===) 'z'",
        "SELECT FROM agentry_chat.agent_chat AS a JOIN agentry_chat.agent_chat AS b ON a.message"
        " OPERATOR(attic.===) b.message",
        "WITH w AS MATERIALIZED (SELECT * FROM agentry_chat.agent_chat) SELECT FROM w WHERE message"
        " OPERATOR(attic.<<) 'z'",
        "SELECT FROM agentry_chat.agent_chat WHERE id IN (SELECT id FROM agentry_chat.agent_chat"
        " WHERE message OPERATOR(attic.<<) 'z')",
    ):
        coder.execute(query.encode())
        coder.execute(b"EXPLAIN " + query.encode())
    assert any("hello" in line for line in heard), "the operator was never called"
    assert not [line for line in heard if "vault" in line]


# -- plans and cursors ------------------------------------------------------------------------------------------------


def test_a_plan_cached_across_two_logins_serves_each_its_own(society: Society) -> None:
    tokens = {}
    for agent in ("nova", "coder", "writer"):
        key = one(society.admin, "SELECT agentry.create_api_key(%s, 'gone')", agent)
        tokens[agent] = one(society.admin, "SELECT agentry.login(%s)", key)
    for mode in ("force_generic_plan", "force_custom_plan", "auto"):
        pool = society.db.connect(society.pool)
        pool.execute(f"SET plan_cache_mode = {mode}".encode())
        pool.execute(
            "PREPARE mail AS SELECT string_agg(message, ',' ORDER BY id) FROM agentry_chat.agent_chat WHERE id > $1"
        )
        pool.execute("PREPARE forge AS SELECT agentry_chat.send_agent_message('nova', $1, ARRAY['writer'])")
        for _ in range(7):
            for agent, expected in (("nova", f"{SECRET},hello"), ("coder", "hello"), ("writer", SECRET)):
                with pool.transaction():
                    pool.execute("SELECT agentry.use_session(%s)", [tokens[agent]])
                    assert one(pool, "EXECUTE mail(0)") == expected
                    if agent != "nova":
                        refused(pool, "EXECUTE forge('x')", match=f"agent {agent} cannot act as nova")
            assert one(pool, "EXECUTE mail(0)") is None
            refused(pool, "EXECUTE forge('x')", error=errors.InvalidAuthorizationSpecification)
    society.admin.execute("DELETE FROM agentry.api_keys WHERE name = 'gone'")


def test_a_plan_of_an_administrator_is_made_again_after_set_role(society: Society) -> None:
    conn = society.db.connect()
    conn.execute("SET plan_cache_mode = force_generic_plan")
    conn.execute("PREPARE mail AS SELECT count(*) FROM agentry_chat.agent_chat")
    conn.execute(
        "CREATE FUNCTION attic.mail() RETURNS bigint LANGUAGE plpgsql AS"
        " 'BEGIN RETURN (SELECT count(*) FROM agentry_chat.agent_chat); END'"
    )
    for _ in range(6):
        assert one(conn, "EXECUTE mail") == one(conn, "SELECT attic.mail()") == 2
    conn.execute(f"SET ROLE {society.roles['coder']}".encode())
    for _ in range(6):
        assert one(conn, "EXECUTE mail") == one(conn, "SELECT attic.mail()") == 1
    conn.execute("SET ROLE agentry_agent")
    assert one(conn, "EXECUTE mail") == 0


def test_a_cursor_across_set_role_or_logout_shows_what_its_first_reader_may_see(
    society: Society, coder: Connection
) -> None:
    with coder.transaction():
        coder.execute("DECLARE c CURSOR FOR SELECT message FROM agentry_chat.agent_chat ORDER BY id")
        coder.execute("SET LOCAL ROLE agentry_agent")
        assert coder.execute("FETCH ALL FROM c").fetchall() == []
        coder.execute("RESET ROLE")
        coder.execute("DECLARE d SCROLL CURSOR FOR SELECT message FROM agentry_chat.agent_chat ORDER BY id")
        assert coder.execute("FETCH 1 FROM d").fetchall() == [("hello",)]
        coder.execute("SET LOCAL ROLE agentry_agent")
        assert coder.execute("FETCH ALL FROM d").fetchall() == []
        coder.execute("RESET ROLE")
    token = one(society.admin, "SELECT agentry.login(agentry.create_api_key('nova', 'gone'))")
    pool = society.db.connect(society.pool)
    with pool.transaction():
        pool.execute("SELECT agentry.use_session(%s)", [token])
        pool.execute("DECLARE c CURSOR FOR SELECT message FROM agentry_chat.agent_chat")
        pool.execute("SELECT agentry.logout()")
        assert pool.execute("FETCH ALL FROM c").fetchall() == []
    society.admin.execute("DELETE FROM agentry.api_keys WHERE name = 'gone'")


# -- leaks ------------------------------------------------------------------------------------------------------------

LEAKY = """
    CREATE FUNCTION attic.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 IMMUTABLE PARALLEL SAFE
        AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
    CREATE FUNCTION attic.leak_row(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
        AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
    CREATE AGGREGATE attic.leak_all(text) (SFUNC = array_append, STYPE = text[], INITCOND = '{}');
"""


@pytest.mark.parametrize(
    "query",
    [
        "SELECT FROM agentry_chat.agent_chat WHERE attic.leak(message)",
        "SELECT FROM agentry_chat.agent_chat AS m WHERE attic.leak_row(m)",
        "SELECT FROM agentry_chat.agent_chat WHERE attic.leak(message) OR org_id IS NULL",
        "SELECT FROM agentry_chat.v_agent_chat_recent WHERE attic.leak(message)",
        "SELECT FROM agentry_chat.v_agent_inbox WHERE attic.leak(message)",
        "SELECT FROM agentry_chat.v_agent_threads WHERE attic.leak(first_message)",
        "SELECT count(*) FILTER (WHERE attic.leak(message)) FROM agentry_chat.agent_chat",
        "SELECT FROM agentry_chat.agent_chat ORDER BY attic.leak(message)",
        "SELECT attic.leak_all(message) FROM agentry_chat.agent_chat",
        "SELECT FROM agentry_chat.agent_chat AS a JOIN agentry_chat.agent_chat_processed AS p ON"
        " attic.leak(a.message || p.agent)",
        "SELECT FROM agentry_chat.agent_chat AS a LEFT JOIN LATERAL (SELECT attic.leak(a.message)) AS l ON true",
        "SELECT FROM agentry_chat.agent_chat TABLESAMPLE SYSTEM (100) WHERE attic.leak(message)",
        "SELECT FROM ONLY agentry_chat.agent_chat WHERE ctid >= '(0,0)' AND attic.leak(message)",
        "UPDATE agentry_chat.agent_chat SET priority = 1 WHERE attic.leak(message)",
        "DELETE FROM agentry_chat.agent_chat WHERE attic.leak(message)",
        "SELECT FROM agentry_chat.agent_chat WHERE attic.leak(message) FOR UPDATE",
        "MERGE INTO agentry_chat.agent_chat AS a USING (SELECT 1) AS s ON attic.leak(a.message) WHEN"
        " MATCHED THEN DO NOTHING",
    ],
)
def test_a_leaky_function_in_a_filter_meets_no_hidden_row(coder: Connection, query: str) -> None:
    coder.execute(LEAKY.encode())
    heard = notices(coder)
    for parallel in ("off", "on"):
        coder.execute(f"SET debug_parallel_query = {parallel}".encode())
        try:
            rows = coder.execute(query.encode())
            heard += [str(r) for r in rows.fetchall()] if rows.description else []
        except (errors.InsufficientPrivilege, errors.RestrictViolation) as error:
            heard.append(str(error))
    assert not [line for line in heard if "vault" in line]


def test_a_leaky_function_cannot_be_declared_leakproof(coder: Connection) -> None:
    coder.execute(LEAKY.encode())
    refused(coder, "ALTER FUNCTION attic.leak(text) LEAKPROOF")


@pytest.mark.parametrize(
    "filter_",
    [
        "message::integer = 1",
        f"1 / (length(message) - {len(SECRET)}) = 1",
        "(message || '}')::jsonb IS NULL",
        "message::xml IS NULL",
    ],
)
def test_an_error_in_a_filter_tells_nothing_of_hidden_rows(coder: Connection, filter_: str) -> None:
    try:
        coder.execute(f"SELECT FROM agentry_chat.agent_chat WHERE {filter_}".encode())
    except psycopg.Error as error:
        assert "vault" not in str(error)
        assert not isinstance(error, errors.DivisionByZero)


@pytest.mark.parametrize(
    "query",
    [
        "query_to_xml('SELECT * FROM agentry_chat.agent_chat', true, false, '')",
        "table_to_xml('agentry_chat.agent_chat', true, false, '')",
        "schema_to_xml('agentry_chat', true, false, '')",
        "ts_stat('SELECT to_tsvector(message) FROM agentry_chat.agent_chat')",
    ],
)
def test_functions_that_run_queries_from_text_run_them_as_the_agent(coder: Connection, query: str) -> None:
    with suppress(errors.FeatureNotSupported):  # built without libxml
        assert "vault" not in str(coder.execute(f"SELECT {query}".encode()).fetchall())


def test_row_security_off_is_an_error_and_shows_nothing(coder: Connection) -> None:
    coder.execute("SET row_security = off")
    refused(coder, "SELECT * FROM agentry_chat.agent_chat", match="affected by row-level security")
    refused(coder, "COPY agentry_chat.agent_chat TO STDOUT", match="affected by row-level security")
    refused(coder, FORGE, match="cannot act as nova")


@pytest.mark.parametrize(
    "setting",
    [
        "transform_null_equals = on",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = iso_8601",
        "array_nulls = off",
        "bytea_output = 'escape'",
        "default_transaction_isolation = serializable",
        "jit = on",
        "enable_indexscan = off",
        "client_encoding = 'LATIN1'",
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
        "timezone = 'Pacific/Kiritimati'",
        "extra_float_digits = -15",
    ],
)
def test_no_setting_of_the_server_changes_who_the_agent_is(coder: Connection, setting: str) -> None:
    coder.execute(f"SET {setting}".encode())
    assert who(coder) == ("agent", "coder")
    refused(coder, FORGE, match="cannot act as nova")
    refused(coder, "SELECT agentry.login('wrong')", error=errors.InvalidPassword)
    refused(coder, "INSERT INTO agentry.agents (name) VALUES ('x')")


@pytest.mark.parametrize("name", ["nova", "no_such_agent"])
def test_a_unique_key_is_no_oracle(society: Society, coder: Connection, name: str) -> None:
    """What exists and what does not is refused alike, before any index is asked."""
    org = one(coder, "SELECT agentry.current_org_id()")
    for query, args in (
        ("INSERT INTO agentry.agents (org_id, name) VALUES (%s, %s)", [org, name]),
        (
            "INSERT INTO agentry.agents (org_id, name) VALUES (%s, %s) ON CONFLICT (org_id, name) DO"
            " UPDATE SET notes = 'x'",
            [org, name],
        ),
        ("INSERT INTO agentry.users (org_id, username) VALUES (%s, %s)", [org, name]),
        (
            "INSERT INTO agentry_chat.agent_chat (org_id, sender, message, recipients, thread, idempotency_key)"
            " VALUES (%s, %s, 'x', '{x}', 1, 'k')",
            [org, name],
        ),
    ):
        error = refused(coder, query, *args, match="^permission denied for table")
        assert name not in str(error.diag.message_detail)
    refused(coder, "SELECT agentry.register_agent(%s)", name, match="permission denied for table agents")
    # keys of idempotency are each sender's own
    for _ in range(2):
        with coder.transaction(force_rollback=True):
            assert one(
                coder, "SELECT agentry_chat.send_agent_message(NULL, 'other', ARRAY['nova'], p_idempotency_key => 'k')"
            )


def test_a_foreign_key_is_no_oracle(society: Society, coder: Connection) -> None:
    refused(
        coder,
        "CREATE TABLE attic.probe (org_id uuid, name text,"
        " FOREIGN KEY (org_id, name) REFERENCES agentry.agents (org_id, name))",
    )
    refused(
        coder,
        "CREATE TABLE attic.probe (org_id uuid, id bigint,"
        " FOREIGN KEY (org_id, id) REFERENCES agentry_chat.agent_chat (org_id, id))",
    )
    texts = set()
    for chat_id in (society.secret_id, 10**9):
        error = refused(
            coder,
            "SELECT agentry_chat.send_agent_message(NULL, 'x', '{nova}', p_reply_to => %s)",
            chat_id,
            error=errors.UndefinedObject,
        )
        texts.add(str(error).replace(str(chat_id), "N").split("CONTEXT")[0])
        error = refused(
            coder, "SELECT agentry_chat.mark_agent_message(%s, NULL, 'routed')", chat_id, error=errors.UndefinedObject
        )
        texts.add(str(error).replace(str(chat_id), "N").split("CONTEXT")[0])
    assert len(texts) == 2


def test_errors_and_hints_name_no_hidden_agent(coder: Connection) -> None:
    for query in (
        "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['{}'])",
        "SELECT agentry_chat.send_agent_message('{}', 'x', ARRAY['nova'])",
        "SELECT agentry.act_as('{}')",
        "SELECT agentry.create_api_key('{}')",
        "SELECT agentry_chat.inbox_channel('{}')",
    ):
        texts = set()
        for name in ("ghost", "ghosx"):
            error = refused(
                coder, query.format(name), error=errors.UndefinedObject, match=f"agent '{name}' does not exist"
            )
            texts.add((error.diag.message_detail, error.diag.message_hint))
            assert "ghost" not in str(error.diag.message_hint)
        assert len(texts) == 1
    error = refused(
        coder, "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['novaa'])", error=errors.UndefinedObject
    )
    assert "Did you mean nova?" in str(error.diag.message_hint)


def test_nobody_learns_which_users_there_are(society: Society, coder: Connection) -> None:
    with society.admin.transaction(force_rollback=True):
        society.admin.execute("INSERT INTO agentry.users (username, email) VALUES ('ann', 'ann@example.org')")
        society.admin.execute(f"SET LOCAL ROLE {society.roles['coder']}".encode())
        for query in (
            "SELECT agentry.create_api_key(p_user => %s)",
            "SELECT agentry.set_password(%s, 'x')",
            "SELECT agentry.verify_password(%s, 'x')",
        ):
            for user in ("ann", "ANN@example.org", "bob"):
                refused(society.admin, query, user, error=errors.InsufficientPrivilege)
        assert one(society.admin, "SELECT count(*) FROM agentry.users") == 0


def test_the_statistics_show_nothing(society: Society, coder: Connection) -> None:
    society.admin.execute(
        "ANALYZE agentry_chat.agent_chat, agentry_chat.agent_chat_processed, agentry.agents, agentry.users"
    )
    assert one(society.admin, "SELECT count(*) FROM pg_stats WHERE schemaname = 'agentry_chat'") > 0
    for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
        assert (
            one(
                coder,
                f"SELECT count(*) FROM {view} WHERE schemaname LIKE 'agentry%%' AND tablename IN"
                " ('agent_chat', 'agent_chat_processed', 'agents', 'users', 'api_keys', 'login_sessions')",
            )
            == 0
        )
    for table in ("pg_statistic", "pg_statistic_ext_data", "pg_authid", "pg_user_mapping"):
        refused(coder, f"SELECT * FROM pg_catalog.{table}")
    for function in ("pg_ls_logdir()", "pg_read_file('postgresql.conf')", "pg_stat_reset()"):
        refused(coder, f"SELECT {function}")


def test_explain_estimates_nothing_from_what_was_written(society: Society, coder: Connection) -> None:
    """The planner may use leakproof operators on statistics of rows that the agent does not see."""
    society.admin.execute("ANALYZE agentry_chat.agent_chat, agentry_chat.agent_chat_processed")
    rows = society.admin.execute(
        "SELECT attname FROM pg_stats WHERE schemaname = 'agentry_chat' AND attname IN ('id', 'message',"
        " 'error_message')"
    ).fetchall()
    assert rows == [("id",)]
    estimates = set()
    for bound in ("a", "m", SECRET, "z"):
        query = f"EXPLAIN (FORMAT JSON) SELECT FROM agentry_chat.agent_chat WHERE message < '{bound}'"
        estimates.add(one(coder, query)[0]["Plan"]["Plan Rows"])
    assert len(estimates) == 1


def test_explain_shows_no_text(society: Society, coder: Connection) -> None:
    society.admin.execute("ANALYZE agentry_chat.agent_chat, agentry_chat.agent_chat_processed")
    for option in ("", "ANALYZE, "):
        for query in (
            "TABLE agentry_chat.agent_chat",
            "SELECT FROM agentry_chat.agent_chat WHERE message > 'a' ORDER BY message",
        ):
            for settings in ("off", "on"):
                coder.execute(f"SET debug_parallel_query = {settings}".encode())
                plan = coder.execute(f"EXPLAIN ({option}VERBOSE) {query}".encode()).fetchall()
                assert "vault" not in str(plan)


@pytest.mark.parametrize(
    ("table", "column"),
    [("agentry_chat.agent_chat", "message"), ("agentry_chat.agent_chat_processed", "error_message")],
)
def test_explain_analyze_does_not_tell_whether_a_filter_met_a_hidden_row(
    society: Society, coder: Connection, table: str, column: str
) -> None:
    """Comparisons of texts are leakproof and cheap: PostgreSQL would run them before a rule that costs more."""
    society.admin.execute("ANALYZE agentry_chat.agent_chat, agentry_chat.agent_chat_processed")
    coder.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")

    def plan(low: str, high: str) -> list[str]:
        query = f"SELECT FROM {table} WHERE {column} >= %s AND {column} < %s"
        rows = coder.execute(
            f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {query}".encode(), [low, high]
        ).fetchall()
        return [row[0] for row in rows if "Filter: " not in row[0] or "Removed" in row[0]]

    assert plan(SECRET, SECRET + "~") == plan("~~", "~~~"), "a hidden text, and none"
    assert any("InitPlan" in line for line in plan("~~", "~~~"))


@pytest.mark.parametrize("table", ["agentry.agents", "agentry.settings", "agentry_chat.agent_chat"])
@pytest.mark.parametrize("role", ["coder", "mgr"])
def test_an_agent_cannot_lock_a_table_against_everybody(society: Society, role: str, table: str) -> None:
    with society.db.connect(user=society.roles[role], autocommit=False) as conn:
        for mode in ("ACCESS EXCLUSIVE", "EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE"):
            refused(conn, f"LOCK TABLE {table} IN {mode} MODE")
            conn.rollback()


def test_copy_gives_only_what_a_query_gives_and_takes_nothing(society: Society, coder: Connection) -> None:
    def out(command: str) -> str:
        with coder.cursor().copy(command.encode()) as copy:
            return b"".join(bytes(chunk) for chunk in copy).decode()

    assert "hello" in out("COPY agentry_chat.agent_chat TO STDOUT")
    assert "vault" not in out("COPY agentry_chat.agent_chat TO STDOUT")
    assert "vault" not in out("COPY (SELECT * FROM agentry_chat.agent_chat) TO STDOUT")
    assert "vault" not in out("COPY (SELECT * FROM agentry_chat.v_agent_chat_recent) TO STDOUT")
    # PostgreSQL has no COPY FROM under row-level security
    refused(coder, "COPY agentry_chat.agent_chat FROM STDIN", error=errors.FeatureNotSupported)
    refused(coder, "COPY agentry.agents (name) FROM STDIN", error=errors.FeatureNotSupported)
    refused(coder, "COPY agentry.access_rules FROM STDIN")
    refused(coder, "COPY agentry.login_sessions FROM STDIN")
    refused(coder, "COPY agentry.users TO STDOUT")
    refused(coder, "COPY (SELECT 1) TO PROGRAM 'cat'")
    refused(coder, "COPY attic.x FROM '/etc/passwd'", error=(errors.InsufficientPrivilege, errors.UndefinedTable))


def test_listening_brings_no_text_and_a_forged_notification_no_message(society: Society, coder: Connection) -> None:
    coder.execute("LISTEN agent_chat")
    nova, writer = society.connect("nova"), society.connect("writer")
    with society.admin.transaction():
        pass
    chat_id = one(
        nova, "SELECT agentry_chat.send_agent_message(NULL, %s, ARRAY['writer'], p_idempotency_key => 'k')", SECRET
    )
    assert chat_id == society.secret_id  # it was told of when it was sent, and is not told of again
    coder.execute('NOTIFY agent_chat, \'{"id": 1, "sender": "nova", "recipients": ["writer"]}\'')
    heard = [n.payload for n in coder.notifies(timeout=5, stop_after=1)]
    assert "vault" not in str(heard)
    with writer.transaction(force_rollback=True):
        claimed = writer.execute("SELECT sender, message FROM agentry_chat.claim_agent_messages()").fetchall()
        assert claimed == [("nova", SECRET)]


def test_the_sequence_is_out_of_reach(coder: Connection) -> None:
    for query in (
        "SELECT nextval('agentry_chat.agent_chat_id_seq')",
        "SELECT setval('agentry_chat.agent_chat_id_seq', 1)",
        "SELECT last_value FROM agentry_chat.agent_chat_id_seq",
        "ALTER SEQUENCE agentry_chat.agent_chat_id_seq RESTART",
        "SELECT nextval('agentry_chat.agent_chat_told_id_seq')",
        "INSERT INTO agentry_chat.agent_chat (id, sender, message, recipients, thread) OVERRIDING SYSTEM VALUE"
        " VALUES (99, 'coder', 'x', '{nova}', 99)",
    ):
        refused(coder, query)
    assert one(coder, "SELECT last_value FROM pg_sequences WHERE sequencename = 'agent_chat_id_seq'") is None


# -- own code ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "CREATE TRIGGER spy BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION attic.spy()",
        "CREATE RULE spy AS ON INSERT TO {} DO ALSO SELECT attic.leak('x')",
        "CREATE RULE spy AS ON SELECT TO {} DO INSTEAD SELECT 1",
        "ALTER TABLE {} ADD COLUMN spy boolean DEFAULT attic.leak('x')",
        "ALTER TABLE {} ADD CHECK (attic.leak('x'))",
        "ALTER TABLE {} ALTER COLUMN org_id SET DEFAULT gen_random_uuid()",
        "CREATE TABLE attic.part PARTITION OF {} DEFAULT",
        "CREATE TABLE attic.child () INHERITS ({})",
        "ALTER TABLE attic.own INHERIT {}",
        "ALTER TABLE {} ATTACH PARTITION attic.own DEFAULT",
        "CREATE INDEX ON {} (attic.leak('x'))",
    ],
)
@pytest.mark.parametrize("table", ["agentry_chat.agent_chat", "agentry.agents"])
def test_an_own_trigger_rule_default_or_partition_on_our_tables_is_refused(
    coder: Connection, command: str, table: str
) -> None:
    coder.execute(LEAKY.encode())
    coder.execute("CREATE TABLE attic.own (x int)")
    coder.execute("CREATE FUNCTION attic.spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    refused(
        coder,
        command.format(table),
        error=(errors.InsufficientPrivilege, errors.WrongObjectType, errors.InvalidObjectDefinition),
    )


def test_functions_in_our_schemas_cannot_be_made_replaced_or_changed(coder: Connection) -> None:
    for command in (
        "CREATE FUNCTION agentry.fold_name(varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'nova' $$",
        "CREATE OR REPLACE FUNCTION agentry._clock() RETURNS timestamptz LANGUAGE sql AS $$ SELECT"
        " 'infinity'::timestamptz $$",
        "CREATE OR REPLACE FUNCTION agentry.current_agent() RETURNS text LANGUAGE sql AS $$ SELECT 'nova' $$",
        "CREATE FUNCTION agentry_chat.send_agent_message(text, text, varchar[]) RETURNS bigint LANGUAGE"
        " sql AS 'SELECT 1'",
        "ALTER FUNCTION agentry._clock() SET search_path = attic",
        "ALTER FUNCTION agentry._me() SECURITY DEFINER",
        "ALTER FUNCTION agentry._me() OWNER TO CURRENT_USER",
        "ALTER FUNCTION agentry._me() LEAKPROOF",
        "DROP FUNCTION agentry._is_restricted()",
        "ALTER FUNCTION agentry._me() RENAME TO x",
        "CREATE TABLE agentry.x (i int)",
        "CREATE VIEW agentry_chat.x AS SELECT 1",
        "CREATE EVENT TRIGGER spy ON ddl_command_end EXECUTE FUNCTION attic.x()",
        "DROP EXTENSION IF EXISTS agentry CASCADE; ALTER SCHEMA agentry RENAME TO x",
        "SELECT agentry.install()",
        "SELECT agentry.install(current_user)",
        "SELECT agentry.guard_table('agentry.agents', p_visible_to => 'everyone')",
        "SELECT agentry.create_organization('mine')",
    ):
        refused(coder, command, error=(errors.InsufficientPrivilege, errors.UndefinedFunction))


def test_an_argument_default_runs_as_the_caller(society: Society, coder: Connection) -> None:
    coder.execute(
        "CREATE FUNCTION attic.who_asks(a text DEFAULT agentry.current_agent(), b name DEFAULT current_user)"
        " RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT a || chr(32) || b'"
    )
    assert one(coder, "SELECT attic.who_asks()") == f"coder {society.roles['coder']}"
    assert one(society.connect("nova"), "SELECT attic.who_asks()") == f"nova {society.roles['nova']}"


def test_internal_functions_that_trust_their_arguments_cannot_be_called(society: Society, coder: Connection) -> None:
    org = one(coder, "SELECT agentry.current_org_id()")
    for call in (
        f"agentry_chat._send('{org}', 'nova', 'x', '{{writer}}', NULL, NULL, 5, NULL)",
        f"agentry_chat._mark('{org}', 'writer', {society.secret_id}, 'routed', NULL, NULL)",
        f"agentry_chat._notify('{org}', 1, 'nova', '{{writer}}', 'each')",
        f"agentry_chat._channel('{org}', 'writer')",
        f"agentry_chat._arm_wake('{org}', 'writer')",
        "agentry._set_policy('agentry.agents', 'read', 'SELECT', 'true', NULL)",
        "agentry._grant_module('agentry')",
        "agentry._take_ownership(current_user)",
        "agentry._install()",
        "agentry_chat._install()",
        "agentry._define_setting('a.b', '1', 'x')",
        "agentry._random_hex()",
        "agentry._user_of_password('x')",
        "agentry._describe_table('agentry.agents')",
    ):
        refused(coder, f"SELECT {call}", match="permission denied for (function|schema)")


def test_what_an_agent_may_call_of_our_definer_functions_is_on_this_list(society: Society, coder: Connection) -> None:
    """Each is tried above or in tests/core: another one needs its attack first."""
    rows = coder.execute(
        "SELECT n.nspname || '.' || p.proname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE n.nspname IN ('agentry', 'agentry_chat') AND p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE')"
    ).fetchall()
    assert {row[0] for row in rows} == {
        "agentry._identity",
        "agentry._is_erasing",
        "agentry.act_as",
        "agentry.create_api_key",
        "agentry.forget",
        "agentry.health",
        "agentry.login",
        "agentry.logout",
        "agentry.metrics",
        "agentry.revoke_api_key",
        "agentry.set_password",
        "agentry.verify_forgotten",
        "agentry.verify_password",
        "agentry_chat.agent_chat_feed",
        "agentry_chat.claim_agent_messages",
        "agentry_chat.extend_agent_message",
        "agentry_chat.extend_agent_messages",
        "agentry_chat.inbox_channel",
        "agentry_chat.mark_agent_message",
        "agentry_chat.mark_agent_messages",
        "agentry_chat.peek_agent_messages",
        "agentry_chat.release_agent_message",
        "agentry_chat.release_agent_messages",
        "agentry_chat.reply_agent_message",
        "agentry_chat.requeue_agent_message",
        "agentry_chat.reset_agent_breaker",
        "agentry_chat.send_agent_message",
        "agentry_chat.send_agent_messages",
        "agentry_chat.withdraw_agent_message",
    }


def test_text_that_looks_like_sql_stays_text_in_our_definer_functions(society: Society, coder: Connection) -> None:
    evil = "x'); SELECT agentry.create_api_key('nova'); --"
    for query in (
        "SELECT agentry.login(%s)",
        "SELECT agentry.act_as(%s)",
        "SELECT agentry.create_api_key(%s)",
        "SELECT agentry.set_password(%s, 'x')",
        "SELECT agentry.verify_password(%s, 'x')",
        "SELECT agentry_chat.send_agent_message(%s, 'x', '{nova}')",
        "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY[%s])",
        "SELECT agentry_chat.claim_agent_messages(%s)",
    ):
        refused(
            coder, query, evil, error=(errors.UndefinedObject, errors.InvalidPassword, errors.InsufficientPrivilege)
        )
    with coder.transaction(force_rollback=True):
        chat_id = one(coder, "SELECT agentry_chat.send_agent_message(NULL, %s, '{nova}')", evil)
        assert one(coder, "SELECT message FROM agentry_chat.agent_chat WHERE id = %s", chat_id) == evil


def test_a_definer_function_of_a_stranger_does_not_change_who_acts(society: Society, coder: Connection) -> None:
    coder.execute(
        """CREATE FUNCTION attic.who_acts() RETURNS text LANGUAGE sql SECURITY DEFINER
               AS 'SELECT kind || chr(32) || agent FROM agentry.whoami()';
           CREATE FUNCTION attic.send_for_coder() RETURNS bigint LANGUAGE sql SECURITY DEFINER
               AS $$ SELECT agentry_chat.send_agent_message('coder', 'x', '{nova}') $$;
           CREATE FUNCTION attic.mail_of_coder() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
               AS 'SELECT message FROM agentry_chat.agent_chat'"""
    )
    nova, stranger = society.connect("nova"), society.db.connect(society.pool)
    assert one(nova, "SELECT attic.who_acts()") == "agent nova"
    refused(nova, "SELECT attic.send_for_coder()", match="agent nova cannot act as coder")
    assert one(stranger, "SELECT attic.who_acts()") is None
    refused(stranger, "SELECT attic.send_for_coder()", error=errors.InvalidAuthorizationSpecification)
    assert stranger.execute("SELECT attic.mail_of_coder()").fetchall() == []
    app = society.db.connect(society.app)
    with app.transaction():
        app.execute("SELECT agentry.act_as('nova')")
        assert one(app, "SELECT attic.who_acts()") == "agent nova"


def test_a_deferred_trigger_of_an_agent_runs_as_the_agent_though_our_function_ran_last(coder: Connection) -> None:
    heard = notices(coder)
    coder.execute(
        """CREATE TABLE attic.bait (i int);
           CREATE FUNCTION attic.spring() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE NOTICE 'runs as %', current_user; RETURN NULL; END $$;
           CREATE CONSTRAINT TRIGGER spring AFTER INSERT ON attic.bait DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION attic.spring()"""
    )
    with coder.transaction(force_rollback=True):
        coder.execute("INSERT INTO attic.bait VALUES (1)")
        coder.execute("SELECT agentry_chat.send_agent_message(NULL, 'x', '{nova}')")
        coder.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert [h for h in heard if h.startswith("runs as")] == [f"runs as {one(coder, 'SELECT current_user')} None"]


def test_views_of_an_agent_show_what_its_reader_may_see_at_most(society: Society, coder: Connection) -> None:
    coder.execute(
        """CREATE VIEW attic.v AS SELECT * FROM agentry_chat.agent_chat;
           CREATE VIEW attic.vi WITH (security_invoker) AS SELECT * FROM agentry_chat.agent_chat;
           CREATE VIEW attic.vb WITH (security_barrier = false) AS SELECT * FROM agentry_chat.v_agent_chat_recent"""
    )
    for view in ("v", "vi", "vb"):
        assert coder.execute(f"SELECT message FROM attic.{view}".encode()).fetchall() == [("hello",)]
        refused(
            coder,
            f"UPDATE attic.{view} SET message = 'x'",
            error=(*NOT_ALLOWED, errors.ObjectNotInPrerequisiteState, errors.RestrictViolation),
        )
        refused(
            coder,
            f"DELETE FROM attic.{view}",
            error=(*NOT_ALLOWED, errors.ObjectNotInPrerequisiteState, errors.RestrictViolation),
        )
    coder.execute("GRANT SELECT ON ALL TABLES IN SCHEMA attic TO PUBLIC")
    pool = society.db.connect(society.pool)
    for view in ("v", "vi"):
        assert pool.execute(f"SELECT * FROM attic.{view}".encode()).fetchall() == []


# -- maintenance by somebody mightier ---------------------------------------------------------------------------------

TRAP = """
    CREATE TABLE attic.loot (what text);
    CREATE TABLE attic.trap (i int);
    INSERT INTO attic.trap SELECT generate_series(1, 20);
    CREATE FUNCTION attic.try(command text) RETURNS void LANGUAGE plpgsql AS
        $$ DECLARE v text; BEGIN
            EXECUTE command INTO v;
            INSERT INTO attic.loot VALUES (command || ' gave ' || coalesce(v, 'NULL'));
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO attic.loot VALUES (SQLSTATE || ' ' || SQLERRM);
        END $$;
    CREATE FUNCTION attic.spring() RETURNS void LANGUAGE plpgsql AS $trap$
        BEGIN
            PERFORM attic.try($$ SELECT kind FROM agentry.whoami() WHERE kind IS NOT NULL $$);
            PERFORM attic.try($$ SELECT agentry.current_org_id()::text || 'seen' $$);
            PERFORM attic.try($$ SELECT agentry_chat.send_agent_message('nova', 'forged', ARRAY['writer']) $$);
            PERFORM attic.try($$ SELECT agentry.create_api_key('nova') $$);
            PERFORM attic.try($$ SELECT agentry.create_api_key() $$);
            PERFORM attic.try($$ SELECT chat_id FROM agentry_chat.claim_agent_messages('writer') $$);
            PERFORM attic.try($$ SELECT message FROM agentry_chat.peek_agent_messages('writer') $$);
            PERFORM attic.try($$ SELECT agentry_chat.inbox_channel('writer') $$);
            PERFORM attic.try($$ SELECT agentry.register_agent('evil') $$);
            PERFORM attic.try($$ SELECT agentry.set_setting('chat.notify', '"off"') $$);
            PERFORM attic.try($$ SELECT string_agg(message, ',') FROM agentry_chat.agent_chat WHERE sender = 'nova' $$);
            PERFORM attic.try($$ INSERT INTO agentry.access_rules VALUES ('agentry.agents', 'app') RETURNING 1 $$);
            PERFORM attic.try($$ UPDATE agentry.agents SET db_role = current_user WHERE name = 'nova' RETURNING 1 $$);
            PERFORM attic.try($$ SELECT agentry.act_as('nova') $$);
            PERFORM attic.try($$ SELECT 'token ' || nullif(current_setting('agentry.session', true), '') $$);
        END $trap$;
    CREATE FUNCTION attic.pull(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN PERFORM attic.spring(); RETURN i; END $$;
    CREATE VIEW attic.prey AS SELECT attic.pull(i) AS i FROM attic.trap LIMIT 1;
    CREATE MATERIALIZED VIEW attic.watch AS SELECT attic.pull(i) AS i FROM attic.trap LIMIT 1;
    CREATE MATERIALIZED VIEW attic.mail AS SELECT sender, message FROM agentry_chat.agent_chat;
    CREATE INDEX bait ON attic.trap (attic.pull(i));
    TRUNCATE attic.loot;
"""


@pytest.mark.parametrize(
    ("mighty", "command"),
    [
        ("superuser", "ANALYZE attic.trap"),
        ("superuser", "VACUUM (ANALYZE, FULL) attic.trap"),
        ("superuser", "REINDEX TABLE attic.trap"),
        ("superuser", "CLUSTER attic.trap USING bait"),
        ("superuser", "REFRESH MATERIALIZED VIEW attic.watch"),
        ("superuser", "REFRESH MATERIALIZED VIEW attic.mail"),
        ("superuser", "CREATE INDEX ON attic.trap (attic.pull(i + 1))"),
        ("owner", "ANALYZE attic.trap"),
        ("owner", "VACUUM (ANALYZE, FULL) attic.trap"),
        ("owner by SET ROLE", "ANALYZE attic.trap"),
        ("owner by SET ROLE", "VACUUM (ANALYZE, FULL) attic.trap"),
    ],
)
def test_maintenance_of_an_agents_table_by_an_administrator_makes_the_agent_nobody(
    society: Society, coder: Connection, command: str, mighty: str
) -> None:
    """The owner of agentry that owns the database too may ANALYZE and VACUUM every table; autovacuum is a superuser."""
    coder.execute(TRAP.encode())
    admin = society.db.connect()
    if mighty == "superuser":
        admin.execute(command.encode())
    else:
        admin.execute(f"ALTER DATABASE {society.db.name} OWNER TO agentry_owner".encode())
        try:
            if mighty == "owner":
                admin.execute("SET SESSION AUTHORIZATION agentry_owner")
            else:
                admin.execute("SET ROLE agentry_owner")
            admin.execute(command.encode())
        finally:
            society.admin.execute(f"ALTER DATABASE {society.db.name} OWNER TO CURRENT_USER".encode())
    loot = [row[0] for row in coder.execute("SELECT DISTINCT what FROM attic.loot").fetchall()]
    if command != "REFRESH MATERIALIZED VIEW attic.mail":
        assert any("the database does not know who you are" in line for line in loot), "the trap was never sprung"
    assert not [line for line in loot if " gave " in line and not line.endswith("gave NULL")]
    assert "vault" not in str(loot)
    assert "vault" not in str(coder.execute("SELECT * FROM attic.mail").fetchall())


# -- locks ------------------------------------------------------------------------------------------------------------


def test_advisory_locks_of_a_hostile_session_delay_a_message_by_seconds_at_most(
    society: Society, coder: Connection
) -> None:
    for class_ in (1, 2):
        coder.execute(
            "SELECT pg_advisory_lock(hashtext('agentry_chat.wake') + %s, b) FROM generate_series(0, 63) AS b", [class_]
        )
    nova, writer = society.connect("nova"), society.connect("writer")
    nova.execute("SET statement_timeout = '10s'")
    with nova.transaction(force_rollback=True):
        one(nova, "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['*'])")
        started = time.monotonic()
        nova.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert time.monotonic() - started < 5
    writer.execute("SET statement_timeout = '10s'")
    with writer.transaction(force_rollback=True):
        assert len(writer.execute("SELECT * FROM agentry_chat.claim_agent_messages()").fetchall()) == 1


def test_a_message_arrives_though_its_sender_sets_all_constraints_immediate(
    society: Society, coder: Connection
) -> None:
    with coder.transaction(force_rollback=True):
        coder.execute("SET CONSTRAINTS ALL IMMEDIATE")
        chat_id = one(coder, "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['nova'])")
        assert one(coder, "SELECT agent FROM agentry_chat.agent_chat_processed WHERE chat_id = %s", chat_id) == "nova"


def test_an_open_transaction_of_an_agent_holds_up_neither_others_nor_its_suspension(society: Society) -> None:
    coder, nova = society.connect("coder"), society.connect("nova")
    admin = society.db.connect(autocommit=False)
    with coder.transaction(force_rollback=True):
        coder.execute("SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['*'])")
        coder.execute("SET CONSTRAINTS ALL IMMEDIATE")  # its locks of wake-ups are held from here on
        with nova.transaction(force_rollback=True):
            nova.execute("SET LOCAL statement_timeout = '5s'")
            nova.execute("SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['*'])")
            nova.execute("SELECT * FROM agentry_chat.claim_agent_messages()")
            nova.execute("SET CONSTRAINTS ALL IMMEDIATE")
        admin.execute("SET lock_timeout = '5s'")
        admin.execute("UPDATE agentry.agents SET status = 'suspended' WHERE name = 'coder'")
        admin.commit()
        try:
            assert who(coder) == NOBODY
            refused(
                coder,
                "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['nova'])",
                error=errors.InvalidAuthorizationSpecification,
            )
        finally:
            admin.execute("ALTER TABLE agentry.agents DISABLE TRIGGER USER")  # updated_at as it was
            admin.execute("UPDATE agentry.agents SET status = 'active', updated_at = created_at WHERE name = 'coder'")
            admin.execute("ALTER TABLE agentry.agents ENABLE TRIGGER USER")
            admin.commit()


@pytest.mark.parametrize("strength", ["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"])
def test_row_locks_on_the_roster_stop_no_sender(society: Society, coder: Connection, strength: str) -> None:
    with coder.transaction(force_rollback=True):
        locked = coder.execute(f"SELECT name FROM agentry.agents FOR {strength}".encode()).fetchall()
        assert locked == []
        assert coder.execute(f"SELECT 1 FROM agentry_chat.agent_chat FOR {strength}".encode()).fetchall() == []
        nova = society.connect("nova")
        nova.execute("SET lock_timeout = '2s'")
        with nova.transaction(force_rollback=True):
            assert one(nova, "SELECT agentry_chat.send_agent_message(NULL, 'x', ARRAY['*'])")
            nova.execute("SET CONSTRAINTS ALL IMMEDIATE")


# -- agents with more rights ------------------------------------------------------------------------------------------


def test_agent_management_maps_no_role_makes_no_key_and_changes_no_rule(society: Society) -> None:
    mgr = society.connect("mgr")
    me = society.roles["mgr"]
    mapping = "only administrators say which database role is an agent"
    for query in (
        "UPDATE agentry.agents SET db_role = NULL WHERE name = 'nova'",
        f"UPDATE agentry.agents SET db_role = '{society.pool}' WHERE name = 'nova'",
        "UPDATE agentry.agents SET db_role = NULL WHERE name = 'mgr'",
        f"INSERT INTO agentry.agents (name, db_role) VALUES ('puppet', '{society.pool}')",
        f"SELECT agentry.register_agent('puppet', p_db_role => '{society.pool}')",
        f"SELECT agentry.register_agent('nova', p_db_role => '{society.pool}')",
        f"INSERT INTO agentry.agents (name) VALUES ('nova') ON CONFLICT (org_id, name) DO UPDATE SET db_role = '{me}x'",
        f"MERGE INTO agentry.agents AS a USING (SELECT 1) AS s ON a.name = 'nova'"
        f" WHEN MATCHED THEN UPDATE SET db_role = '{society.pool}'",
        f"CREATE TEMP VIEW v AS SELECT * FROM agentry.agents; UPDATE v SET db_role = '{society.pool}'"
        " WHERE name = 'nova'",
    ):
        refused(mgr, query, match=mapping)
    for query in (
        "INSERT INTO agentry.api_keys (agent_id, name, prefix, key_hash) SELECT id, 'x', 'ak_00000000', sha256('x')"
        " FROM agentry.agents WHERE name = 'nova'",
        "UPDATE agentry.api_keys SET key_hash = sha256('x')",
        "DELETE FROM agentry.api_keys",
        "INSERT INTO agentry.access_rules (table_name, writer) VALUES ('agentry.api_keys', 'agents')",
        "UPDATE agentry.access_rules SET writer = 'agents'",
        "INSERT INTO agentry.service_roles (db_role) VALUES (current_user)",
        "INSERT INTO agentry.login_sessions (api_key_id, token_hash, expires_at) VALUES (gen_random_uuid(), '', now())",
        "SELECT * FROM agentry.login_sessions",
        "SELECT * FROM agentry.secrets",
        "SELECT key_hash FROM agentry.api_keys",
        "SELECT * FROM agentry.api_keys",
        "SELECT hashed_password FROM agentry.users",
        "UPDATE agentry.settings SET value = '1'",
        "SELECT agentry.set_setting('chat.notify', '\"off\"')",
        "INSERT INTO agentry.users (username) VALUES ('x')",
        "SELECT agentry.create_api_key('nova')",
        "SELECT agentry.act_as('nova')",
    ):
        refused(mgr, query)
    for query in (
        "UPDATE agentry.agents SET name = 'nova2' WHERE name = 'nova'",
        "UPDATE agentry.agents SET id = gen_random_uuid() WHERE name = 'nova'",
    ):
        refused(mgr, query, error=errors.InvalidParameterValue, match="cannot change")
    assert who(mgr) == ("agent", "mgr")


def test_an_agent_cannot_make_itself_agent_management(coder: Connection) -> None:
    for query in (
        "INSERT INTO agentry.agent_domains (domain_topic, agent_id) SELECT 'Agent Management',"
        " agentry.current_agent_id()",
        "UPDATE agentry.agent_domains SET agent_id = agentry.current_agent_id()",
        "SELECT agentry.register_agent('coder', p_domains => '{Agent Management}')",
        "INSERT INTO agentry.agent_aliases (alias, agent_id) VALUES ('boss', agentry.current_agent_id())",
    ):
        refused(coder, query, match="permission denied for table")


def test_wrong_keys_are_all_refused_alike(society: Society, coder: Connection) -> None:
    admin = society.admin
    keys = {
        name: one(admin, "SELECT agentry.create_api_key('writer', 'gone')")
        for name in ("revoked", "expired", "suspended")
    }
    texts = set()
    with admin.transaction(force_rollback=True):
        admin.execute("UPDATE agentry.api_keys SET revoked_at = now() WHERE prefix = left(%s, 11)", [keys["revoked"]])
        admin.execute("UPDATE agentry.api_keys SET expires_at = now() WHERE prefix = left(%s, 11)", [keys["expired"]])
        admin.execute("UPDATE agentry.agents SET status = 'suspended' WHERE name = 'writer'")
        for key in (*keys.values(), "", "ak_", "ak_" + "0" * 64, None):
            error = refused(admin, "SELECT agentry.login(%s)", key, error=errors.InvalidPassword)
            texts.add(
                (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint, error.diag.context)
            )
    admin.execute("DELETE FROM agentry.api_keys WHERE name = 'gone'")
    assert len(texts) == 1


def test_a_schema_squatted_before_the_install_is_refused(society: Society) -> None:
    from tests.harness import database
    from tests.harness.paths import BUILD, version

    db = database.clone(society.db.server, database.template(society.db.server, "empty"))
    try:
        squatter = db.role("squatter")
        db.admin.execute(
            sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(db.name), sql.Identifier(squatter))
        )
        with db.connect(squatter) as conn:
            conn.execute("CREATE SCHEMA agentry")
            conn.execute(
                "CREATE FUNCTION agentry.install() RETURNS TABLE (module text, version text, way text, action text)"
                f" LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE {squatter} SUPERUSER'; END $$"
            )
        script = (BUILD / "plain" / f"agentry_all-{version()}.sql").read_text()
        with pytest.raises(psycopg.Error):
            db.admin.execute(script.encode())
        db.admin.execute("ROLLBACK")
        with pytest.raises(psycopg.Error):
            db.admin.execute("CREATE EXTENSION agentry; SELECT agentry.install()")
        with pytest.raises(psycopg.Error):
            db.admin.execute("CREATE EXTENSION agentry; SELECT agentry.install('agentry_owner')")
        assert one(db.admin, "SELECT rolsuper FROM pg_roles WHERE rolname = %s", squatter) is False
        # without the trap the reason is told
        db.admin.execute("DROP FUNCTION IF EXISTS agentry.install()")
        with pytest.raises(errors.InsufficientPrivilege, match="schema agentry belongs to"):
            db.admin.execute("CREATE EXTENSION agentry; SELECT agentry.install()")
    finally:
        db.drop()
