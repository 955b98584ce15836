"""Access rules, refusals that explain, table comments that agents read, and guard_table() on a table of one's own."""

from __future__ import annotations

import pytest
from psycopg import errors, sql

from tests.core.support import Connection, Town, one, refused

GROUPS = "agentry_app, agentry_agent"


def comment(conn: Connection, table: str) -> str:
    return str(one(conn, "SELECT obj_description(%s::regclass, 'pg_class')", table))


# -- refusals ---------------------------------------------------------------------------------------------------------

WRITES = [
    "INSERT INTO agentry.agents (name) VALUES ('x')",
    "INSERT INTO agentry.agents (name) VALUES ('nova') ON CONFLICT DO NOTHING",
    "INSERT INTO agentry.agents (name) VALUES ('nova') ON CONFLICT (org_id, name) DO UPDATE SET notes = 'x'",
    "INSERT INTO agentry.agents (name) SELECT 'x' WHERE false",
    "UPDATE agentry.agents SET notes = 'x'",
    "UPDATE agentry.agents SET notes = 'x' WHERE name = 'coder'",
    "UPDATE agentry.agents SET notes = 'x' WHERE false",
    "MERGE INTO agentry.agents AS a USING (SELECT 'nova' AS name) AS s ON a.name = s.name"
    " WHEN MATCHED THEN UPDATE SET notes = 'x' WHEN NOT MATCHED THEN INSERT (name) VALUES (s.name)",
    "WITH w AS (UPDATE agentry.agents SET notes = 'x' RETURNING name) SELECT * FROM w",
    "UPDATE pg_temp.own_view SET notes = 'x' WHERE name = 'nova'",
    "INSERT INTO pg_temp.own_view (name) VALUES ('x')",
    "UPDATE pg_temp.barrier SET notes = 'x'",
]


@pytest.mark.parametrize("query", WRITES)
def test_a_refused_write_names_rule_and_contact_and_is_never_update_0(town: Town, query: str) -> None:
    with town.acting("coder") as conn:
        conn.execute("CREATE TEMP VIEW own_view AS SELECT * FROM agentry.agents")
        conn.execute("CREATE TEMP VIEW barrier WITH (security_barrier, security_invoker) AS TABLE agentry.agents")
        error = refused(conn, query, match="^permission denied for table agents")
        assert (error.diag.schema_name, error.diag.table_name) == ("agentry", "agents")
        command = str(error.diag.message_detail).split()[0]
        assert command in ("INSERT", "UPDATE")
        assert error.diag.message_detail == (
            f"{command} on agentry.agents is for applications, agents of domain Agent Management"
            " (INSERT, UPDATE), administrators; others go"
            " through agentry.register_agent() under the same rule.  You are agent coder."
        )
        assert error.diag.message_hint == (
            "Ask mgr to do it.  The rule stands in the comment of the table and in agentry.v_table_access."
        )


@pytest.mark.parametrize("role", ["coder", "mgr"])
def test_agents_have_no_right_to_delete_for_it_would_let_them_lock_the_table(town: Town, role: str) -> None:
    with town.acting(role) as conn:
        conn.execute("CREATE TEMP VIEW own_view AS SELECT * FROM agentry.agents")
        for query in (
            "DELETE FROM agentry.agents",
            "DELETE FROM agentry.agents WHERE false",
            "DELETE FROM pg_temp.own_view",
            "MERGE INTO agentry.agents AS a USING (SELECT 'none' AS name) AS s ON a.name = s.name"
            " WHEN MATCHED THEN DELETE",
        ):
            refused(conn, query, match="^permission denied for table agents")


def test_copy_into_a_guarded_table_writes_nothing(town: Town) -> None:
    """PostgreSQL has no COPY FROM under row-level security; without it the privilege is missing."""
    with town.acting("coder") as conn:
        refused(conn, "COPY agentry.agents (name) FROM STDIN", error=errors.FeatureNotSupported)
        refused(conn, "COPY agentry.access_rules (table_name, writer) FROM STDIN")
        refused(conn, "COPY agentry.login_sessions FROM STDIN")


def test_views_of_ours_cannot_be_written(town: Town) -> None:
    for role in ("coder", "mgr", "app"):
        with town.acting(role) as conn:
            for view in (
                "agentry.v_api_keys",
                "agentry.v_settings",
                "agentry.v_table_access",
                "agentry_chat.v_agent_chat_recent",
                "agentry_chat.v_agent_inbox",
            ):
                for query in (f"DELETE FROM {view}", f"INSERT INTO {view} DEFAULT VALUES"):
                    refused(
                        conn,
                        query,
                        error=(
                            errors.InsufficientPrivilege,
                            errors.ObjectNotInPrerequisiteState,
                            errors.FeatureNotSupported,
                        ),
                    )


def test_nobody_is_told_to_log_in_by_the_refusal(town: Town) -> None:
    with town.acting("stranger") as conn:
        refused(
            conn,
            "UPDATE agentry.agents SET notes = 'x'",
            match="permission denied for table agents",
            detail="You are nobody: not logged in.",
            hint="The rule stands in the comment",
        )


def test_a_user_is_refused_as_such_and_active_agents_only_are_named(town: Town) -> None:
    token = town.token(user="ann")
    town.conn.execute("SELECT agentry.register_agent('zed', p_domains => '{agent management}')")
    with town.acting("stranger") as conn:
        conn.execute("SELECT agentry.use_session(%s)", [token])
        refused(conn, "UPDATE agentry.agents SET notes = 'x'", detail="You are user.", hint="Ask mgr, zed to do it.")
        conn.execute("SELECT agentry.logout()")
    town.conn.execute("UPDATE agentry.agents SET status = 'inactive' WHERE name = 'mgr'")
    with town.acting("coder") as conn:
        refused(conn, "UPDATE agentry.agents SET notes = 'x'", hint="Ask zed to do it.")


def test_registries_are_read_by_everyone_and_written_by_administrators(town: Town) -> None:
    tables = (
        "installed_modules",
        "guarded_tables",
        "access_rules",
        "setting_types",
        "personal_data",
        "retention_rules",
        "partition_hooks",
        "partition_policies",
        "health_checks",
        "metrics",
        "maintenance_steps",
        "tools",
    )
    for role in ("coder", "mgr", "app", "stranger"):
        with town.acting(role) as conn:
            for table in tables:
                conn.execute(f"SELECT * FROM agentry.{table}".encode())
                for query in (f"DELETE FROM agentry.{table}", f"INSERT INTO agentry.{table} DEFAULT VALUES"):
                    refused(conn, query, match=f"permission denied for table {table}")
    with town.acting("agentry_owner") as conn:
        conn.execute("INSERT INTO agentry.tools (name, function, description) VALUES ('t', 'agentry.whoami()', 'x')")
        conn.execute("DELETE FROM agentry.tools")


# -- rules are data ---------------------------------------------------------------------------------------------------


def test_a_changed_rule_changes_comment_view_and_right_at_once(town: Town) -> None:
    conn = town.conn
    assert "WRITE: applications, administrators." in comment(conn, "agentry.teams")
    with town.acting("coder") as coder:
        assert (
            one(coder, "SELECT may_insert FROM agentry.v_table_access WHERE table_name = 'agentry.teams'::regclass")
            is False
        )
        refused(coder, "INSERT INTO agentry.teams (name) VALUES ('x')", hint="The rule stands")

    conn.execute(
        "INSERT INTO agentry.access_rules (table_name, writer, commands, note)"
        " VALUES ('agentry.teams', 'agent:Coder', '{INSERT}', 'for a while')"
    )
    assert "WRITE: agent coder (INSERT) (for a while), applications, administrators." in comment(conn, "agentry.teams")
    with town.acting("coder") as coder:
        row = coder.execute(
            "SELECT writers, may_insert, may_update, may_delete, comment LIKE '%agent coder (INSERT)%'"
            " FROM agentry.v_table_access WHERE table_name = 'agentry.teams'::regclass"
        ).fetchone()
        assert row == ("agent coder (INSERT) (for a while), applications, administrators", True, False, False, True)
        coder.execute("INSERT INTO agentry.teams (name) VALUES ('x')")
        refused(
            coder, "UPDATE agentry.teams SET name = 'y'", detail="UPDATE on agentry.teams is for agent coder (INSERT)"
        )
        refused(coder, "DELETE FROM agentry.teams", match="^permission denied for table teams")
    with town.acting("nova") as nova:
        refused(nova, "INSERT INTO agentry.teams (name) VALUES ('y')", hint="Ask coder to do it.")

    conn.execute("UPDATE agentry.access_rules SET commands = '{DELETE}', note = NULL WHERE writer = 'agent:Coder'")
    assert "agent coder (DELETE), applications" in comment(conn, "agentry.teams")
    with town.acting("coder") as coder:
        coder.execute("DELETE FROM agentry.teams WHERE name = 'x'")

    conn.execute("UPDATE agentry.access_rules SET table_name = 'agentry.users' WHERE writer = 'agent:Coder'")
    assert "coder" not in comment(conn, "agentry.teams")
    assert "agent coder (DELETE)" in comment(conn, "agentry.users")
    conn.execute("DELETE FROM agentry.access_rules WHERE writer = 'agent:Coder'")
    assert "coder" not in comment(conn, "agentry.users")


def test_a_rule_for_a_domain_follows_who_is_of_the_domain(town: Town) -> None:
    town.conn.execute("INSERT INTO agentry.access_rules (table_name, writer) VALUES ('agentry.teams', 'domain:Staff ')")
    assert "agents of domain Staff" in comment(town.conn, "agentry.teams")
    with town.acting("coder") as conn:
        refused(conn, "INSERT INTO agentry.teams (name) VALUES ('x')")
    town.conn.execute("SELECT agentry.register_agent('coder', p_domains => '{STAFF}')")
    with town.acting("coder") as conn:
        conn.execute("INSERT INTO agentry.teams (name) VALUES ('x')")
        conn.execute("UPDATE agentry.teams SET name = 'y' WHERE name = 'x'")


def test_the_widest_of_several_rules_counts(town: Town) -> None:
    conn = town.conn
    conn.execute(
        "INSERT INTO agentry.access_rules (table_name, writer)"
        " VALUES ('agentry.agents', 'agents'), ('agentry.agents', 'agent:nova')"
    )
    for role, reach in (
        ("coder", "own"),
        ("nova", "all"),
        ("mgr", "all"),
        ("app", "all"),
        ("reader", None),
        ("stranger", None),
    ):
        with town.acting(role) as acting:
            assert one(acting, "SELECT agentry.write_reach('agentry.agents', 'update')") == reach
    assert one(conn, "SELECT agentry.write_reach('agentry.agents', 'UPDATE')") == "all"
    with town.acting("coder") as coder:
        assert coder.execute("UPDATE agentry.agents SET notes = 'mine'").rowcount == 1
        refused(coder, "INSERT INTO agentry.agents (name) VALUES ('x')", match="row-level security")


def test_the_view_lists_every_guarded_table_with_its_comment(town: Town) -> None:
    with town.acting("coder") as conn:
        rows = dict(conn.execute("SELECT table_name::text, comment FROM agentry.v_table_access").fetchall())
    tables = town.conn.execute(
        "SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relnamespace::regnamespace::text LIKE 'agentry%'"
    ).fetchall()
    assert set(rows) == {row[0] for row in tables}
    for table, text in rows.items():
        assert "\nREAD: " in text, table
        assert "\nWRITE: " in text, table
        assert text.endswith("."), table


# -- guard_table on a table of one's own ------------------------------------------------------------------------------


READERS = """
ALTER TABLE public.notes ADD COLUMN readers uuid[] GENERATED ALWAYS AS (array_remove(ARRAY[agent_id,
    CASE scope WHEN 'organisation' THEN org_id WHEN 'team' THEN team_id WHEN 'user' THEN user_id END], NULL)) STORED
"""


@pytest.fixture(params=["", READERS], ids=["by its columns", "by a list of readers"])
def notes(town: Town, request: pytest.FixtureRequest) -> Town:
    """A table with every kind of owner column; agents write their own rows."""
    town.conn.execute(
        """CREATE TABLE public.notes (
               org_id uuid NOT NULL, id uuid NOT NULL, agent_id uuid, user_id uuid, team_id uuid,
               scope text NOT NULL DEFAULT 'agent', body text, updated_at timestamptz, PRIMARY KEY (org_id, id));
           COMMENT ON TABLE public.notes IS 'Notes of a test.'"""
    )
    town.conn.execute(request.param.encode())
    town.conn.execute(
        "SELECT agentry.guard_table('public.notes', 'agent_id', 'user_id', 'team_id', 'scope',"
        " p_writers => '{agents,domain:Notes}')"
    )
    town.conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON public.notes TO {GROUPS}".encode())
    town.conn.execute("GRANT SELECT ON public.notes TO agentry_reader")
    town.conn.execute("SELECT agentry.register_agent('nova', p_team => 'red')")
    town.conn.execute(
        "INSERT INTO public.notes (agent_id, user_id, team_id, scope, body)"
        " SELECT a.id, u.id, t.id, s, s FROM unnest('{agent,user,team,organisation}'::text[]) AS s,"
        " agentry.agents AS a, agentry.users AS u, agentry.teams AS t"
        " WHERE a.name = 'mgr' AND u.username = 'ann' AND t.name = 'red'"
    )
    return town


def test_rows_are_read_by_owner_and_scope(notes: Town) -> None:
    for role, seen in (
        ("mgr", {"agent", "user", "team", "organisation"}),
        ("anns", {"user", "team", "organisation"}),
        ("nova", {"team", "organisation"}),
        ("coder", {"organisation"}),
        ("app", {"agent", "user", "team", "organisation"}),
        ("reader", {"agent", "user", "team", "organisation"}),
        ("stranger", set()),
    ):
        with notes.acting(role) as conn:
            assert {row[0] for row in conn.execute("SELECT body FROM public.notes").fetchall()} == seen, role


def test_a_scope_without_an_owner_is_nobodys_and_never_wider(notes: Town) -> None:
    notes.conn.execute("UPDATE public.notes SET agent_id = NULL, user_id = NULL, team_id = NULL")
    for role in ("mgr", "anns", "nova", "coder"):
        with notes.acting(role) as conn:
            assert conn.execute("SELECT body FROM public.notes").fetchall() == [("organisation",)]


def test_an_agent_writes_rows_of_its_own_and_gives_none_away(notes: Town) -> None:
    with notes.acting("coder") as conn:
        conn.execute("INSERT INTO public.notes (agent_id, body) VALUES (agentry.current_agent_id(), 'mine')")
        row = conn.execute(
            "SELECT org_id = agentry.current_org_id(), id IS NOT NULL FROM public.notes WHERE body = 'mine'"
        )
        assert row.fetchone() == (True, True)  # the defaults
        nova = one(conn, "SELECT id FROM agentry.agents WHERE name = 'nova'")
        for query in (
            "INSERT INTO public.notes (agent_id, body) VALUES (%s, 'hers')",
            "UPDATE public.notes SET agent_id = %s",
        ):
            refused(conn, query, nova, match="row-level security")
        refused(conn, "INSERT INTO public.notes (body) VALUES ('nobody''s')", match="row-level security")
        assert conn.execute("UPDATE public.notes SET body = 'still mine'").rowcount == 1
        assert conn.execute("DELETE FROM public.notes").rowcount == 1
    assert one(notes.conn, "SELECT count(*) FROM public.notes") == 4


def test_readers_are_the_agent_and_what_it_belongs_to(town: Town) -> None:
    org = one(town.conn, "SELECT agentry.current_org_id()")
    ann = one(town.conn, "SELECT id FROM agentry.users WHERE username = 'ann'")
    red = one(town.conn, "SELECT id FROM agentry.teams")
    for role, readers in (
        ("anns", [town.id_of("anns"), ann, red, org]),  # user ann is in team red
        ("coder", [town.id_of("coder"), org]),
        ("app", [org]),
        ("stranger", None),
    ):
        with town.acting(role) as conn:
            assert one(conn, "SELECT agentry.current_readers()") == readers, role


def test_an_agent_puts_no_row_before_a_team_or_user_that_is_not_its_own(town: Town) -> None:
    """Where the table lists its readers."""
    town.conn.execute(
        """CREATE TABLE public.notes (
               org_id uuid NOT NULL, id uuid NOT NULL, agent_id uuid, user_id uuid, team_id uuid,
               scope text NOT NULL DEFAULT 'agent', PRIMARY KEY (org_id, id))"""
    )
    town.conn.execute(READERS.encode())
    town.conn.execute(
        "SELECT agentry.guard_table('public.notes', 'agent_id', 'user_id', 'team_id', 'scope',"
        " p_writers => '{app,agents}')"
    )
    town.conn.execute(f"GRANT SELECT, INSERT, UPDATE ON public.notes TO {GROUPS}".encode())
    ann = one(town.conn, "SELECT id FROM agentry.users WHERE username = 'ann'")
    red = one(town.conn, "SELECT id FROM agentry.teams")
    insert = (
        "INSERT INTO public.notes (agent_id, user_id, team_id, scope)"
        f" VALUES (agentry.current_agent_id(), '{ann}', '{red}', %s)"
    )
    for agent, refusals in (("coder", {"team", "user"}), ("anns", set())):  # user ann is in team red
        for scope in ("agent", "user", "team", "organisation"):
            with town.acting(agent) as conn:
                if scope in refusals:
                    refused(conn, insert, scope, match="row-level security")
                    refused(conn, "UPDATE public.notes SET scope = %s", scope, match="row-level security")
                else:
                    conn.execute(insert.encode(), [scope])
    with town.acting("app") as conn:
        assert conn.execute(insert.replace("agentry.current_agent_id()", "NULL").encode(), ["team"]).rowcount == 1


def test_an_application_and_a_writer_by_domain_write_all_rows(notes: Town) -> None:
    with notes.acting("app") as conn:
        assert conn.execute("UPDATE public.notes SET body = 'x'").rowcount == 4
    notes.conn.execute("SELECT agentry.register_agent('coder', p_domains => '{notes}')")
    with notes.acting("coder") as conn:
        assert conn.execute("UPDATE public.notes SET body = 'y'").rowcount == 4  # no column is read: no read policy
        assert one(conn, "SELECT count(*) FROM public.notes") == 1


def test_updated_at_is_the_time_of_the_change_whatever_the_statement_says(notes: Town) -> None:
    notes.conn.execute("UPDATE public.notes SET updated_at = '2000-01-01' WHERE scope = 'team'")
    assert one(notes.conn, "SELECT updated_at = now() FROM public.notes WHERE scope = 'team'")


def test_the_comment_keeps_what_was_written_by_hand(notes: Town) -> None:
    expected = (
        "Notes of a test.\nREAD: the agent itself and its wider scopes; applications their organisation."
        "\nWRITE: agents (rows of their own), agents of domain Notes (INSERT, UPDATE), administrators."
    )
    assert comment(notes.conn, "public.notes") == expected
    notes.conn.execute(
        "SELECT agentry.guard_table('public.notes', 'agent_id', 'user_id', 'team_id', 'scope', p_writers => '{app}')"
    )
    assert comment(notes.conn, "public.notes") == expected  # rules are data since the first time
    notes.conn.execute("COMMENT ON TABLE public.notes IS 'Other words.'")
    notes.conn.execute("SELECT agentry.guard_table('public.notes', 'agent_id', p_written_by => 'a.function()')")
    assert comment(notes.conn, "public.notes").startswith("Other words.\nREAD: ")
    assert comment(notes.conn, "public.notes").endswith("administrators; others through a.function().")


def test_guarding_again_changes_the_policies(notes: Town) -> None:
    def seen(arguments: str) -> set[str]:
        notes.conn.execute(f"SELECT agentry.guard_table('public.notes', {arguments})".encode())
        with notes.acting("coder") as conn:
            return {row[0] for row in conn.execute("SELECT body FROM public.notes").fetchall()}

    everything = {"agent", "user", "team", "organisation"}
    assert seen("'agent_id', p_visible_to => 'organisation'") == everything
    assert seen("p_rule => $$body = 'team'$$") == {"team"}
    assert seen("p_visible_to => 'nobody'") == set()
    assert seen("'agent_id', p_scope_column => 'scope'") == {"organisation"}
    assert seen("p_visible_to => 'everyone'") == everything
    assert seen("p_visible_to => 'nobody'") == set()
    with notes.acting("app") as conn:
        assert one(conn, "SELECT count(*) FROM public.notes") == 0


def test_an_owner_column_may_hold_the_agents_name_or_the_user(town: Town) -> None:
    town.conn.execute(
        "CREATE TABLE public.by_name (org_id uuid NOT NULL, agent text);"
        "CREATE TABLE public.by_user (org_id uuid NOT NULL, user_id uuid)"
    )
    town.conn.execute(
        "SELECT agentry.guard_table('public.by_name', 'agent', p_writers => '{agents}'),"
        " agentry.guard_table('public.by_user', p_user_column => 'user_id', p_writers => '{agents}')"
    )
    town.conn.execute(f"GRANT SELECT, INSERT ON public.by_name, public.by_user TO {GROUPS}".encode())
    with town.acting("coder") as conn:
        conn.execute("INSERT INTO public.by_name (agent) VALUES ('coder')")
        refused(conn, "INSERT INTO public.by_name (agent) VALUES ('nova')", match="row-level security")
    with town.acting("anns") as conn:
        assert one(conn, "SELECT count(*) FROM public.by_name") == 0
        conn.execute("INSERT INTO public.by_user (user_id) VALUES (agentry.current_user_id())")
    with town.acting("coder") as conn:
        refused(conn, "INSERT INTO public.by_user (user_id) VALUES (gen_random_uuid())", match="row-level security")


def test_a_table_for_everyone_has_no_row_level_security_and_its_writes_are_refused_all_the_same(town: Town) -> None:
    town.conn.execute("CREATE TABLE public.words (word text)")
    town.conn.execute(
        "SELECT agentry.guard_table('public.words', p_visible_to => 'everyone', p_writers => '{agent:nova}')"
    )
    town.conn.execute(f"GRANT SELECT, INSERT ON public.words TO {GROUPS}".encode())
    with town.acting("nova") as conn:
        conn.execute("INSERT INTO public.words VALUES ('hello')")
    with town.acting("coder") as conn:
        assert one(conn, "SELECT word FROM public.words") == "hello"
        refused(
            conn, "INSERT INTO public.words VALUES ('x')", match="permission denied for table words", hint="Ask nova"
        )
        refusal = pytest.raises(errors.InsufficientPrivilege, match="permission denied for table words")
        with refusal, conn.transaction(), conn.cursor().copy("COPY public.words FROM STDIN") as copy:
            copy.write_row(["x"])


def test_a_partitioned_table_is_guarded_and_its_partitions_are_closed(town: Town) -> None:
    town.conn.execute(
        """CREATE TABLE public.log (org_id uuid NOT NULL, agent text NOT NULL, at timestamptz NOT NULL)
               PARTITION BY RANGE (at);
           CREATE TABLE public.log_default PARTITION OF public.log DEFAULT"""
    )
    town.conn.execute("SELECT agentry.guard_table('public.log', 'agent', p_writers => '{agents}')")
    town.conn.execute(f"GRANT SELECT, INSERT, UPDATE ON public.log TO {GROUPS}".encode())
    with town.acting("coder") as conn:
        conn.execute("INSERT INTO public.log (agent, at) VALUES ('coder', now())")
        refused(conn, "INSERT INTO public.log (agent, at) VALUES ('nova', now())", match="row-level security")
        refused(conn, "INSERT INTO public.log_default SELECT * FROM public.log", match="permission denied")
        refused(conn, "SELECT * FROM public.log_default", match="permission denied")


def test_a_dropped_table_leaves_no_trap(notes: Town) -> None:
    notes.conn.execute("DROP TABLE public.notes")
    notes.conn.execute(
        "DELETE FROM agentry.guarded_tables WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = table_name)"
    )
    assert one(notes.conn, "SELECT count(*) FROM agentry.access_rules WHERE writer = 'domain:Notes'") == 0


@pytest.mark.parametrize(
    "arguments",
    ["p_visible_to => 'all'", "p_visible_to => 'rule'", "p_visible_to => 'scope', p_rule => 'true'",
     "p_visible_to => 'nobody', p_rule => 'true'"],
)  # fmt: skip
def test_who_sees_a_table_has_to_be_clear(town: Town, arguments: str) -> None:
    refused(
        town.conn,
        f"SELECT agentry.guard_table('agentry.teams', {arguments})",
        error=errors.InvalidParameterValue,
        match="who may see table agentry.teams is not clear",
        detail="got visible_to",
        hint="everyone, organisation",
    )


def test_a_table_that_names_its_organisation_by_another_type_is_refused(town: Town) -> None:
    town.conn.execute("CREATE TABLE public.by_text (org_id text, body text)")
    refused(
        town.conn,
        "SELECT agentry.guard_table('public.by_text')",
        error=errors.UndefinedColumn,
        match="table public.by_text has no column org_id of type uuid",
    )


@pytest.mark.parametrize(
    "column", ["p_agent_column", "p_user_column", "p_team_column", "p_scope_column", "p_org_column"]
)
def test_a_column_that_is_not_there_is_named(town: Town, column: str) -> None:
    refused(
        town.conn,
        f"SELECT agentry.guard_table('agentry.teams', {column} => 'none')",
        error=errors.UndefinedColumn,
        match="table agentry.teams has no column none",
        hint="org_id uuid NOT NULL",
    )


def test_a_table_is_guarded_by_administrators_only(town: Town) -> None:
    for role in ("coder", "app"):
        with town.acting(role) as conn:
            refused(
                conn, "SELECT agentry.guard_table('agentry.teams')", match="permission denied for function guard_table"
            )
    role = sql.Identifier(town.roles["app"])
    town.conn.execute(sql.SQL("GRANT EXECUTE ON FUNCTION agentry.guard_table TO {}").format(role))
    with town.acting("app") as conn:
        refused(conn, "SELECT agentry.guard_table('agentry.teams')")


def test_an_application_makes_no_rule_role_key_or_organisation_by_hand(town: Town) -> None:
    with town.acting("app") as conn:
        for table, query in (
            (
                "access_rules",
                "INSERT INTO agentry.access_rules (table_name, writer) VALUES ('agentry.api_keys', 'app')",
            ),
            ("access_rules", "UPDATE agentry.access_rules SET writer = 'agents'"),
            ("guarded_tables", "DELETE FROM agentry.guarded_tables"),
            ("service_roles", "INSERT INTO agentry.service_roles (db_role) VALUES (current_user)"),
            ("service_roles", "DELETE FROM agentry.service_roles"),
            ("api_keys", "UPDATE agentry.api_keys SET expires_at = NULL"),
            ("organizations", "UPDATE agentry.organizations SET is_default = true"),
            ("secrets", "SELECT * FROM agentry.secrets"),
        ):
            refused(conn, query, match=f"permission denied for table {table}")
        assert one(conn, "SELECT count(*) FROM agentry.service_roles") == 2  # it sees them
    with town.acting("coder") as conn:
        assert one(conn, "SELECT count(*) FROM agentry.service_roles") == 0
