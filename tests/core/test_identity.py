"""Who the database takes somebody for: the four roads, and what ends them."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors, sql

from tests.core.support import ADMIN, NOBODY, Connection, Town, move_clock, one, refused, who
from tests.harness.database import Database

SESSION = "the session is not valid"


# -- the four roads ---------------------------------------------------------------------------------------------------


def test_a_role_of_an_agent_is_that_agent(town: Town) -> None:
    with town.acting("coder") as conn:
        row = conn.execute("SELECT kind, organisation, agent, agent_id, road, role FROM agentry.whoami()").fetchone()
        agent_id = one(conn, "SELECT agentry.current_agent_id()")
    assert row == ("agent", "default", "coder", agent_id, "role", town.roles["coder"])
    assert town.id_of("coder") == agent_id


def test_an_agent_of_a_user_has_the_users_id_and_team(town: Town) -> None:
    with town.acting("anns") as conn:
        user, team = conn.execute("SELECT user_id, team_id FROM agentry.whoami()").fetchone() or ()
        assert (one(conn, "SELECT agentry.current_user_id()"), one(conn, "SELECT agentry.current_team_id()")) == (
            user,
            team,
        )
    assert one(town.conn, "SELECT id FROM agentry.users WHERE username = 'ann'") == user
    assert one(town.conn, "SELECT id FROM agentry.teams WHERE name = 'red'") == team


def test_a_token_makes_its_holder_of_anybody(town: Town) -> None:
    tokens = {"agent": town.token("coder"), "user": town.token(user="ann"), "app": town.token()}
    for role in ("stranger", "nova", "app", "admin"):
        for kind, token in tokens.items():
            with town.acting(role) as conn, conn.transaction():
                conn.execute("SELECT agentry.use_session(%s)", [token])
                assert who(conn) == (kind, "coder" if kind == "agent" else None, "session")
                conn.execute("RESET ROLE")
                town.conn.execute("SELECT set_config('agentry.session', '', true)")


def test_a_service_role_is_an_application_or_a_reader(town: Town) -> None:
    with town.acting("app") as conn:
        assert who(conn) == ("app", None, "service")
        assert one(conn, "SELECT agentry.sees_organisation()")
    with town.acting("reader") as conn:
        assert who(conn) == ("reader", None, "service")
        assert one(conn, "SELECT agentry.sees_organisation()")
        assert one(conn, "SELECT count(*) FROM agentry.agents") == 4
        refused(conn, "INSERT INTO agentry.teams (name) VALUES ('x')", match="permission denied")
        refused(conn, "SELECT agentry.act_as('nova')", match="reader cannot act as nova")


def test_a_service_role_counts_only_while_it_is_in_the_group(town: Town) -> None:
    role = sql.Identifier(town.roles["app"])
    town.conn.execute(sql.SQL("REVOKE agentry_app FROM {}; GRANT agentry_agent TO {}").format(role, role))
    with town.acting("app") as conn:
        assert who(conn) == NOBODY


def test_a_member_of_a_group_without_a_mapping_is_nobody_and_sees_nothing(town: Town) -> None:
    for group in ("agentry_agent", "agentry_app", "agentry_reader"):
        role = town.make_role("lost", group)
        with town.acting(role) as conn:
            assert who(conn) == NOBODY
            for table in ("agents", "organizations", "users", "teams", "v_api_keys"):
                assert one(conn, f"SELECT count(*) FROM agentry.{table}") == 0
            assert one(conn, "SELECT agentry.sees_organisation()") is False
            refused(
                conn,
                "SELECT agentry.setting('chat.notify')",
                error=errors.InvalidAuthorizationSpecification,
                match="does not know who you are",
                detail=f"Role {role} is no agent",
                hint="Bind a session",
            )
            for call in (
                "agentry.act_as('nova')",
                "agentry.create_api_key()",
                "agentry.register_agent('x')",
                "agentry.revoke_api_key(NULL)",
                "agentry.set_password('ann', 'x')",
                "agentry_chat.send_agent_message(NULL, 'x', '{nova}')",
            ):
                refused(conn, f"SELECT {call}", error=errors.InvalidAuthorizationSpecification)


def test_a_member_of_the_owner_is_an_administrator_of_this_database(town: Town) -> None:
    assert who(town.conn) == ADMIN
    boss = town.make_role("boss", "agentry_owner")
    with town.acting(boss) as conn:
        assert who(conn) == ADMIN
    conn = town.conn
    conn.execute(sql.SQL("ALTER ROLE {} NOINHERIT").format(sql.Identifier(boss)))
    with town.acting(boss) as conn:
        assert who(conn) == ADMIN
    with town.acting("stranger") as conn:
        assert who(conn) == NOBODY


def test_an_administrator_of_one_database_is_none_in_another(db: Database, db_empty: Database) -> None:
    boss = db.role("boss", "agentry_agent")
    owner = db.role("owner", options="NOLOGIN")
    db.admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(owner), sql.Identifier(boss)))
    db_empty.admin.execute("CREATE EXTENSION agentry")
    db_empty.admin.execute("SELECT agentry.install(%s)", [owner])
    with db.connect(boss) as here:
        assert who(here) == NOBODY
    with db_empty.connect(boss) as there:
        assert who(there) == ADMIN
    db_empty.close()
    db_empty.drop()


def test_an_administrator_chooses_the_organisation_by_setting_and_nobody_else_does(town: Town) -> None:
    other = one(town.conn, "SELECT agentry.create_organization('other')")
    default = one(town.conn, "SELECT agentry.current_org_id()")
    with town.conn.transaction(force_rollback=True) as _:
        town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [str(other)])
        assert one(town.conn, "SELECT agentry.current_org_id()") == other
        assert one(town.conn, "SELECT organisation FROM agentry.whoami()") == "other"
        for role in ("coder", "app", "reader"):
            with town.acting(role) as conn:
                assert one(conn, "SELECT agentry.current_org_id()") == default
        with town.acting("stranger") as conn:
            assert one(conn, "SELECT agentry.current_org_id()") is None
    for value in ("00000000-0000-0000-0000-000000000000", "no uuid"):
        with town.conn.transaction(force_rollback=True):
            town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [value])
            assert one(town.conn, "SELECT agentry.current_org_id()") is None
            refused(town.conn, "SELECT agentry.setting('chat.notify')", error=errors.InvalidAuthorizationSpecification)


def test_a_token_goes_before_the_role_and_a_wrong_one_makes_nobody_even_of_an_administrator(town: Town) -> None:
    town.conn.execute("SELECT set_config('agentry.session', 'as_wrong', true)")
    for role in ("coder", "app", "admin", "agentry_owner"):
        with town.acting(role) as conn:
            assert who(conn) == NOBODY
    town.conn.execute("SELECT set_config('agentry.session', '', true)")
    assert who(town.conn) == ADMIN


def test_whoami_is_always_one_row_and_names_the_acting_role(town: Town) -> None:
    with town.acting("stranger") as conn:
        rows = conn.execute("SELECT * FROM agentry.whoami()").fetchall()
    assert rows == [(None,) * 8 + (town.roles["stranger"],)]


def test_a_definer_function_does_not_change_who_acts(town: Town) -> None:
    town.conn.execute(
        "CREATE FUNCTION public.who() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT agent FROM"
        " agentry.whoami()'"
    )
    with town.acting("coder") as conn:
        assert one(conn, "SELECT public.who()") == "coder"


# -- sessions ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def pool(db: Database) -> Connection:
    """A login role that is nobody; agent coder is there."""
    db.admin.execute("SELECT agentry.register_agent('coder', 'of a test')")
    return db.connect(db.role("pool", "agentry_agent"))


def login(db: Database, pool: Connection, agent: str = "coder") -> str:
    key = db.value("SELECT agentry.create_api_key(%s)", agent)
    return str(one(pool, "SELECT agentry.login(%s)", key))


def test_a_session_is_bound_for_the_transaction_and_leaves_nothing(db: Database, pool: Connection) -> None:
    token = login(db, pool)
    with pool.transaction():
        pool.execute("SELECT agentry.use_session(%s)", [token])
        assert who(pool) == ("agent", "coder", "session")
    assert who(pool) == NOBODY
    # SET LOCAL leaves '' where nothing was
    for name in ("agentry.session", "agentry.org_id", "agentry.act_as"):
        assert one(pool, "SELECT current_setting(%s, true)", name) == ""
    with pool.transaction():
        pool.execute("SELECT agentry.use_session(%s)", [token])
        assert who(pool) == ("agent", "coder", "session")


def test_empty_settings_break_nothing(db: Database) -> None:
    coder = db.connect(db.agent_role("coder"))
    for conn, expected in ((coder, ("agent", "coder", "role")), (db.admin, ADMIN)):
        for name in ("agentry.session", "agentry.org_id", "agentry.act_as"):
            conn.execute("SELECT set_config(%s, '', false)", [name])
        assert who(conn) == expected
        assert one(conn, "SELECT count(*) FROM agentry.agents") == 1
    db.admin.execute("INSERT INTO agentry.teams (name) VALUES ('red')")


def test_a_session_is_bound_for_the_connection_when_asked(db: Database, pool: Connection) -> None:
    pool.execute("SELECT agentry.use_session(%s, p_for_connection => true)", [login(db, pool)])
    assert who(pool) == ("agent", "coder", "session")
    with pytest.raises(errors.DivisionByZero):
        pool.execute("SELECT 1 / 0")
    assert who(pool) == ("agent", "coder", "session")
    db.admin.execute("SELECT agentry.register_agent('nova', 'of a test')")
    with pool.transaction():
        pool.execute("SELECT agentry.use_session(%s)", [login(db, pool, "nova")])
        assert who(pool) == ("agent", "nova", "session")
    assert who(pool) == ("agent", "coder", "session")


def test_a_session_that_is_refused_leaves_the_one_before(db: Database, pool: Connection) -> None:
    pool.execute("SELECT agentry.use_session(%s, true)", [login(db, pool)])
    refused(pool, "SELECT agentry.use_session('wrong', true)", error=errors.InvalidAuthorizationSpecification)
    assert who(pool) == ("agent", "coder", "session")


def test_binding_a_session_ends_an_earlier_act_as(town: Town) -> None:
    ann = town.token(user="ann")
    town.conn.execute("SELECT agentry.act_as('nova')")
    town.conn.execute("SELECT agentry.use_session(%s)", [ann])
    assert who(town.conn) == ("user", None, "session")


@pytest.mark.parametrize("token", ["", None, "as_wrong", "x" * 10_000])
def test_a_token_that_is_not_valid_is_refused(pool: Connection, token: str | None) -> None:
    refused(
        pool,
        "SELECT agentry.use_session(%s)",
        token,
        error=errors.InvalidAuthorizationSpecification,
        match=SESSION,
        detail="unknown, ended or expired",
        hint="agentry.login(key)",
    )
    assert who(pool) == NOBODY


def test_logout_ends_the_session_everywhere(db: Database, pool: Connection) -> None:
    token = login(db, pool)
    second = db.connect(pool.info.user)
    for conn in (pool, second):
        conn.execute("SELECT agentry.use_session(%s, true)", [token])
    assert one(pool, "SELECT agentry.logout()") is True
    assert who(pool) == who(second) == NOBODY
    assert one(pool, "SELECT agentry.logout()") is False
    assert one(second, "SELECT agentry.logout()") is False  # it was ended before
    refused(
        pool, "SELECT agentry.use_session(%s)", token, error=errors.InvalidAuthorizationSpecification, match=SESSION
    )


def test_logout_of_a_forged_session_ends_nothing(db: Database, pool: Connection) -> None:
    token = login(db, pool)
    pool.execute("SET agentry.session = 'as_forged'")
    assert one(pool, "SELECT agentry.logout()") is False
    pool.execute("SELECT agentry.use_session(%s, true)", [token])
    assert who(pool) == ("agent", "coder", "session")


def test_logout_ends_what_was_bound_for_the_transaction(town: Town) -> None:
    token = town.token("coder")
    with town.acting("stranger") as conn:
        conn.execute("SELECT agentry.use_session(%s)", [token])
        assert one(conn, "SELECT agentry.logout()") is True
        assert who(conn) == NOBODY


def test_a_session_lasts_as_long_as_the_setting_says(town: Town) -> None:
    token = town.token("coder")
    with town.conn.transaction(force_rollback=True):
        move_clock(town.conn, "11 hours 59 minutes")
        town.conn.execute("SELECT agentry.use_session(%s)", [token])
        assert who(town.conn) == ("agent", "coder", "session")
        move_clock(town.conn, "12 hours")
        assert who(town.conn) == NOBODY
    town.conn.execute("SELECT agentry.set_setting('core.session_lifetime', '\"1 hour\"')")
    token = town.token("coder")
    move_clock(town.conn, "61 minutes")
    refused(
        town.conn,
        "SELECT agentry.use_session(%s)",
        token,
        error=errors.InvalidAuthorizationSpecification,
        match=SESSION,
    )


def test_a_session_can_be_asked_to_be_shorter_never_longer(town: Town) -> None:
    key = town.key("coder")
    for lifetime in ("13 hours", "0", "-1 second", "infinity"):
        if lifetime != "infinity" or town.conn.info.server_version >= 170000:
            refused(
                town.conn,
                "SELECT agentry.login(%s, %s::interval)",
                key,
                lifetime,
                error=errors.InvalidParameterValue,
                match="cannot last that long",
                hint="core.session_lifetime",
            )
    token = one(town.conn, "SELECT agentry.login(%s, '5 minutes')", key)
    move_clock(town.conn, "5 minutes")
    refused(town.conn, "SELECT agentry.use_session(%s)", token, error=errors.InvalidAuthorizationSpecification)


# -- what ends an identity --------------------------------------------------------------------------------------------

ENDINGS = {
    "revoked key": "SELECT agentry.revoke_api_key(id) FROM agentry.api_keys",
    "expired key": "UPDATE agentry.api_keys SET expires_at = clock_timestamp()",
    "suspended agent": "UPDATE agentry.agents SET status = 'suspended' WHERE name = 'coder'",
    "archived agent": "UPDATE agentry.agents SET status = 'archived' WHERE name = 'coder'",
    "deleted key": "DELETE FROM agentry.api_keys",
    "deleted agent": "DELETE FROM agentry.agents WHERE name = 'coder'",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_a_login_ends_its_live_sessions_too(db: Database, pool: Connection, ending: str) -> None:
    key = db.value("SELECT agentry.create_api_key('coder')")
    token = one(pool, "SELECT agentry.login(%s)", key)
    pool.execute("SELECT agentry.use_session(%s, true)", [token])
    assert who(pool) == ("agent", "coder", "session")
    db.admin.execute(ENDINGS[ending].encode())
    assert who(pool) == NOBODY
    refused(pool, "SELECT agentry_chat.claim_agent_messages()", error=errors.InvalidAuthorizationSpecification)
    refused(
        pool,
        "SELECT agentry.login(%s)",
        key,
        error=errors.InvalidPassword,
        match="login refused",
        detail="unknown, revoked or expired",
        hint="create_api_key",
    )
    refused(
        pool, "SELECT agentry.use_session(%s)", token, error=errors.InvalidAuthorizationSpecification, match=SESSION
    )


def test_a_key_ends_when_its_time_is_over(town: Town) -> None:
    key = town.key("coder", expires_in="1 hour")
    token = one(town.conn, "SELECT agentry.login(%s)", key)
    move_clock(town.conn, "59 minutes")
    assert one(town.conn, "SELECT agentry.login(%s)", key)
    move_clock(town.conn, "61 minutes")
    refused(town.conn, "SELECT agentry.login(%s)", key, error=errors.InvalidPassword)
    refused(town.conn, "SELECT agentry.use_session(%s)", token, error=errors.InvalidAuthorizationSpecification)


@pytest.mark.parametrize("status", ["suspended", "archived"])
def test_a_suspended_or_archived_agent_is_nobody_by_its_role_and_cannot_be_acted_as(town: Town, status: str) -> None:
    town.conn.execute("UPDATE agentry.agents SET status = %s WHERE name = 'coder'", [status])
    with town.acting("coder") as conn:
        assert who(conn) == NOBODY
        assert one(conn, "SELECT count(*) FROM agentry.agents") == 0
    refused(
        town.conn,
        "SELECT agentry.act_as('coder')",
        error=errors.ObjectNotInPrerequisiteState,
        match=f"agent coder is {status}",
        hint="active",
    )
    refused(town.conn, "SELECT agentry.create_api_key('coder')", error=errors.ObjectNotInPrerequisiteState)


def test_an_agent_that_is_suspended_while_acted_as_leaves_nobody(town: Town) -> None:
    with town.acting("app") as conn:
        conn.execute("SELECT agentry.act_as('coder')")
        assert who(conn) == ("agent", "coder", "service")
        conn.execute("RESET ROLE")
        town.conn.execute("SELECT agentry.act_as(NULL)")
        town.conn.execute("UPDATE agentry.agents SET status = 'suspended' WHERE name = 'coder'")
        town.conn.execute("SELECT set_config('agentry.act_as', 'coder', true)")
    with town.acting("app") as conn:
        assert who(conn) == NOBODY


def test_an_inactive_agent_is_itself_still(town: Town) -> None:
    token = town.token("coder")
    town.conn.execute("UPDATE agentry.agents SET status = 'inactive' WHERE name = 'coder'")
    with town.acting("coder") as conn:
        assert who(conn) == ("agent", "coder", "role")
    town.conn.execute("SELECT agentry.use_session(%s)", [token])
    assert who(town.conn) == ("agent", "coder", "session")


def test_an_inactive_user_cannot_log_in_and_its_sessions_end(town: Town) -> None:
    key = town.key(user="ann")
    token = one(town.conn, "SELECT agentry.login(%s)", key)
    with town.acting("stranger") as conn:
        conn.execute("SELECT agentry.use_session(%s)", [token])
        assert who(conn) == ("user", None, "session")
    town.conn.execute("SELECT set_config('agentry.session', '', true)")
    town.conn.execute("UPDATE agentry.users SET is_active = false WHERE username = 'ann'")
    refused(town.conn, "SELECT agentry.login(%s)", key, error=errors.InvalidPassword)
    refused(town.conn, "SELECT agentry.use_session(%s)", token, error=errors.InvalidAuthorizationSpecification)


# -- acting as --------------------------------------------------------------------------------------------------------


def test_an_application_and_an_administrator_act_as_any_agent_of_the_organisation(town: Town) -> None:
    for role, road in (("app", "service"), ("admin", "admin")):
        with town.acting(role) as conn:
            for name in ("nova", " Coder "):
                conn.execute("SELECT agentry.act_as(%s)", [name])
                assert who(conn) == ("agent", name.strip().lower(), road)
                assert one(conn, "SELECT agentry.sees_organisation()") is False
            conn.execute("SELECT agentry.act_as(NULL)")
            assert who(conn)[1] is None
            refused(
                conn,
                "SELECT agentry.act_as('nobody')",
                error=errors.UndefinedObject,
                match="agent 'nobody' does not exist",
            )


def test_acting_as_an_alias_acts_as_its_agent(town: Town) -> None:
    town.conn.execute("SELECT agentry.register_agent('nova', p_aliases => '{star}')")
    with town.acting("app") as conn:
        conn.execute("SELECT agentry.act_as('STAR')")
        assert who(conn) == ("agent", "nova", "service")


def test_a_user_acts_as_its_own_agents_only(town: Town) -> None:
    token = town.token(user="ann")
    with town.acting("stranger") as conn:
        conn.execute("SELECT agentry.use_session(%s)", [token])
        conn.execute("SELECT agentry.act_as('anns')")
        assert who(conn) == ("agent", "anns", "session")
        conn.execute("SELECT agentry.act_as(NULL)")
        refused(
            conn,
            "SELECT agentry.act_as('nova')",
            match="user cannot act as nova",
            hint="log in as it",
            detail="An agent acts as itself",
        )
        # a setting made by hand gives nothing but nobody
        conn.execute("SELECT set_config('agentry.act_as', 'nova', true)")
        assert who(conn) == NOBODY


def test_an_agent_cannot_act_as_another_nor_can_one_that_is_acted_as(town: Town) -> None:
    with town.acting("coder") as conn:
        refused(conn, "SELECT agentry.act_as('nova')", match="agent coder cannot act as nova")
        conn.execute("SELECT agentry.act_as('coder')")  # itself
        assert who(conn) == ("agent", "coder", "role")
        conn.execute("SELECT set_config('agentry.act_as', 'nova', true)")
        assert who(conn) == ("agent", "coder", "role")
    town.conn.execute("SELECT set_config('agentry.act_as', '', true)")
    with town.acting("app") as conn:
        conn.execute("SELECT agentry.act_as('coder')")
        refused(
            conn,
            "SELECT agentry_chat.send_agent_message('nova', 'x', '{coder}')",
            match="agent coder cannot act as nova",
        )
        conn.execute("SELECT agentry.act_as('nova')")  # the application's own right
        assert who(conn) == ("agent", "nova", "service")


def test_acting_as_lasts_for_the_transaction_or_the_connection(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('coder', 'of a test')")
    app = db.connect(db.app_role())
    with app.transaction():
        app.execute("SELECT agentry.act_as('coder')")
        assert who(app) == ("agent", "coder", "service")
    assert who(app) == ("app", None, "service")
    app.execute("SELECT agentry.act_as('coder', p_for_connection => true)")
    assert who(app) == ("agent", "coder", "service")
    with app.transaction():
        app.execute("SELECT agentry.act_as(NULL)")
        assert who(app) == ("app", None, "service")
    assert who(app) == ("agent", "coder", "service")
    app.execute("SELECT agentry.act_as(NULL, true)")
    assert who(app) == ("app", None, "service")


def test_an_application_that_names_no_agent_where_one_is_needed_is_told_so(town: Town) -> None:
    with town.acting("app") as conn:
        refused(
            conn,
            "SELECT agentry_chat.claim_agent_messages()",
            error=errors.InvalidParameterValue,
            match="which agent is not clear",
            detail="You are app, no agent",
            hint="agentry.act_as",
        )


# -- roles that stand for somebody ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["admin", "agentry_owner", "agentry_app", "agentry_agent", "agentry_reader"])
def test_an_administrator_or_a_group_cannot_stand_for_an_agent_or_a_service(town: Town, role: str) -> None:
    role = town.roles.get(role, role)
    refused(
        town.conn,
        "UPDATE agentry.agents SET db_role = %s WHERE name = 'coder'",
        role,
        error=errors.InvalidParameterValue,
        match=f"role {role} cannot stand for agent coder",
        hint="of its own",
    )
    refused(
        town.conn,
        "INSERT INTO agentry.service_roles (org_id, db_role) VALUES (agentry.current_org_id(), %s)",
        role,
        error=errors.InvalidParameterValue,
        match=f"role {role} cannot stand for a service",
    )


def test_a_role_that_does_not_exist_stands_for_nobody(town: Town) -> None:
    refused(
        town.conn,
        "SELECT agentry.register_agent('coder', p_db_role => 'no_such_role')",
        error=errors.UndefinedObject,
        match="role no_such_role does not exist",
        detail="for agent coder",
        hint="CREATE ROLE",
    )
    refused(
        town.conn,
        "INSERT INTO agentry.service_roles (org_id, db_role) VALUES (agentry.current_org_id(), 'no_such_role')",
        error=errors.UndefinedObject,
    )


def test_a_role_is_one_agent_or_one_service_never_both(town: Town) -> None:
    app, coder = town.roles["app"], town.roles["coder"]
    refused(
        town.conn,
        "UPDATE agentry.agents SET db_role = %s WHERE name = 'nova'",
        app,
        error=errors.InvalidParameterValue,
        match=f"role {app} serves a whole organisation",
        hint="of its own",
    )
    refused(
        town.conn,
        "INSERT INTO agentry.service_roles (org_id, db_role) VALUES (agentry.current_org_id(), %s)",
        coder,
        error=errors.InvalidParameterValue,
        match=f"role {coder} is an agent",
        hint="of its own",
    )
    refused(
        town.conn, "UPDATE agentry.agents SET db_role = %s WHERE name = 'nova'", coder, error=errors.UniqueViolation
    )
    refused(
        town.conn,
        "INSERT INTO agentry.service_roles (org_id, db_role) VALUES (agentry.create_organization('b'), %s)",
        app,
        error=errors.UniqueViolation,
    )


def test_only_an_administrator_says_which_role_is_an_agent(town: Town) -> None:
    stranger = town.roles["stranger"]
    for role in ("app", "mgr"):
        with town.acting(role) as conn:
            for query in (
                "UPDATE agentry.agents SET db_role = %s WHERE name = 'nova'",
                "INSERT INTO agentry.agents (name, db_role) VALUES ('puppet', %s)",
                "SELECT agentry.register_agent('nova', p_db_role => %s)",
            ):
                refused(
                    conn,
                    query,
                    stranger,
                    match="only administrators say which database role is an agent",
                    detail=f"role {stranger}",
                    hint="Ask an administrator",
                )
            conn.execute("UPDATE agentry.agents SET notes = 'fine' WHERE name = 'nova'")


def test_a_role_is_freed_by_taking_it_from_its_agent(town: Town) -> None:
    coder = town.roles["coder"]
    town.conn.execute("UPDATE agentry.agents SET db_role = NULL WHERE name = 'coder'")
    with town.acting("coder") as conn:
        assert who(conn) == NOBODY
    town.conn.execute("UPDATE agentry.agents SET db_role = %s WHERE name = 'nova'", [coder])
    with town.acting("coder") as conn:
        assert who(conn) == ("agent", "nova", "role")


def test_identity_holds_in_a_read_only_transaction_and_under_parallel_query(db: Database) -> None:
    coder = db.connect(db.agent_role("coder"))
    with coder.transaction():
        coder.execute("SET TRANSACTION READ ONLY")
        assert who(coder) == ("agent", "coder", "role")
        assert one(coder, "SELECT count(*) FROM agentry.agents") == 1
    coder.execute("SET debug_parallel_query = on")
    assert one(coder, "SELECT count(*) FROM agentry.agents") == 1
    assert who(coder) == ("agent", "coder", "role")
    assert coder.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
