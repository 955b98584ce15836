"""Agents, their names, aliases and domains; settings; installing by hand; help, version and ids."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from psycopg import errors, sql

from tests.core.support import Connection, Town, one, refused
from tests.harness import paths
from tests.harness.database import Database

# -- register_agent ---------------------------------------------------------------------------------------------------


def agent(conn: Connection, name: str, columns: str) -> tuple[Any, ...]:
    row = conn.execute(f"SELECT {columns} FROM agentry.agents WHERE name = %s".encode(), [name]).fetchone()
    assert row
    return row


def test_an_agent_is_registered_with_the_documents_defaults(town: Town) -> None:
    agent_id = one(town.conn, "SELECT agentry.register_agent('scout', 'finds things')")
    row = agent(
        town.conn,
        "scout",
        "id, description, access_method, status, persistent, collaborative, instance_type,"
        " context_type, skills, personality, scope, org_id = agentry.current_org_id()",
    )
    assert row == (
        agent_id,
        "finds things",
        "api",
        "active",
        True,
        False,
        "subagent",
        "persistent",
        [],
        {},
        "organisation",
        True,
    )


def test_registering_again_changes_what_is_given_and_keeps_the_rest(town: Town) -> None:
    first = one(
        town.conn,
        """SELECT agentry.register_agent('scout', 'finds things', 'research', 'anthropic', 'm1', 'cli', '{"host": "h"}',
            '{search}', '{Finding}', '{finder}', 'active', 'Scotty', false, true, 'peer', 'ephemeral', 'be brief',
            'be kind', '{"calm": true}', 'red', 'ann', 'team')""",
    )
    columns = (
        "role, provider, model, access_method, access_details, skills, status, nickname, persistent, collaborative,"
        " instance_type, context_type, system_instructions, assistant_instructions, personality, scope,"
        " team_id IS NOT NULL, user_id IS NOT NULL"
    )
    before = agent(town.conn, "scout", columns)
    assert before == (
        "research",
        "anthropic",
        "m1",
        "cli",
        {"host": "h"},
        ["search"],
        "active",
        "Scotty",
        False,
        True,
        "peer",
        "ephemeral",
        "be brief",
        "be kind",
        {"calm": True},
        "team",
        True,
        True,
    )
    assert one(town.conn, "SELECT agentry.register_agent('scout', 'finds all')") == first
    assert agent(town.conn, "scout", columns) == before
    assert agent(town.conn, "scout", "description") == ("finds all",)
    town.conn.execute(
        "SELECT agentry.register_agent('scout', p_domains => '{Seeking}', p_aliases => '{finder,Seeker}')"
    )
    domains = town.conn.execute(
        "SELECT domain_topic FROM agentry.agent_domains WHERE agent_id = %s ORDER BY 1", [first]
    )
    assert domains.fetchall() == [("Finding",), ("Seeking",)]
    aliases = town.conn.execute("SELECT alias FROM agentry.agent_aliases WHERE agent_id = %s ORDER BY 1", [first])
    assert aliases.fetchall() == [("finder",), ("seeker",)]


def test_names_are_folded_and_one_agent_each(town: Town) -> None:
    ids = {
        one(town.conn, "SELECT agentry.register_agent(%s)", name) for name in ("Scout", " scout ", "SCOUT\n", "\tscout")
    }
    assert len(ids) == 1
    assert one(town.conn, "SELECT name FROM agentry.agents WHERE id = %s", ids.pop()) == "scout"
    for name, folded in ((" A b ", "a b"), ("ÄRGER", "ärger"), ("", ""), (None, None)):
        assert one(town.conn, "SELECT agentry.fold_name(%s)", name) == folded


@pytest.mark.parametrize("name", ["", "  ", "*", "a,b", "domain:x", "a:b", "x" * 101, "a\u0001b", "a\nb"])
def test_a_name_that_would_be_an_address_or_unreadable_is_refused(town: Town, name: str) -> None:
    refused(
        town.conn, "SELECT agentry.register_agent(%s)", name, error=errors.CheckViolation, match="agents_name_check"
    )
    refused(town.conn, "SELECT agentry.register_agent('x', p_aliases => ARRAY[%s])", name, error=errors.CheckViolation)


def test_an_agent_without_a_name_is_refused(town: Town) -> None:
    refused(
        town.conn,
        "SELECT agentry.register_agent(NULL)",
        error=errors.InvalidParameterValue,
        match="an agent needs a name",
        hint="1 to 100 characters",
    )


def test_an_unknown_team_or_user_is_named(town: Town) -> None:
    refused(
        town.conn,
        "SELECT agentry.register_agent('x', p_team => 'blue')",
        error=errors.UndefinedObject,
        match="team 'blue' does not exist",
        hint="agentry.teams",
    )
    refused(
        town.conn,
        "SELECT agentry.register_agent('x', p_user => 'eve')",
        error=errors.UndefinedObject,
        match="user 'eve' does not exist",
        hint="agentry.users",
    )


@pytest.mark.parametrize("role", ["app", "mgr", "admin"])
def test_applications_agent_management_and_administrators_register_agents(town: Town, role: str) -> None:
    with town.acting(role) as conn:
        assert one(conn, "SELECT agentry.register_agent('scout', p_domains => '{Finding}', p_aliases => '{finder}')")
        conn.execute("UPDATE agentry.agents SET status = 'inactive' WHERE name = 'scout'")
        if role != "mgr":  # the right to DELETE would let an agent lock the table
            conn.execute("DELETE FROM agentry.agents WHERE name = 'scout'")
    left = 1 if role == "mgr" else 0
    assert one(town.conn, "SELECT count(*) FROM agentry.agent_aliases") == left


@pytest.mark.parametrize("role", ["coder", "anns", "reader"])
def test_others_do_not(town: Town, role: str) -> None:
    with town.acting(role) as conn:
        refused(conn, "SELECT agentry.register_agent('scout')", match="permission denied for table agents")
        refused(conn, "SELECT agentry.register_agent(%s)", role, match="permission denied for table agents")


def test_a_domain_is_compared_without_case_and_an_agent_of_it_may_write(town: Town) -> None:
    town.conn.execute("SELECT agentry.register_agent('coder', p_domains => '{ agent MANAGEMENT }')")
    with town.acting("coder") as conn:
        assert one(conn, "SELECT agentry.register_agent('scout')")
    town.conn.execute("DELETE FROM agentry.agent_domains WHERE agent_id = %s", [town.id_of("coder")])
    with town.acting("coder") as conn:
        refused(conn, "SELECT agentry.register_agent('scout2')", match="permission denied")


def test_an_alias_is_neither_an_agents_name_nor_anothers_alias(town: Town) -> None:
    refused(
        town.conn,
        "SELECT agentry.register_agent('coder', p_aliases => '{nova}')",
        error=errors.UniqueViolation,
        match="alias nova is the name of an agent",
        hint="another alias",
    )
    town.conn.execute("SELECT agentry.register_agent('coder', p_aliases => '{star}')")
    refused(town.conn, "SELECT agentry.register_agent('nova', p_aliases => '{star}')", error=errors.UniqueViolation)
    refused(
        town.conn,
        "SELECT agentry.register_agent('Star')",
        error=errors.UniqueViolation,
        match="name star is an alias of another agent",
        hint="remove the alias",
    )
    refused(town.conn, "UPDATE agentry.agent_aliases SET alias = 'nova'", error=errors.UniqueViolation)


@pytest.mark.parametrize("change", ["name = 'other'", "id = gen_random_uuid()", "org_id = gen_random_uuid()"])
def test_name_id_and_organisation_of_an_agent_never_change(town: Town, change: str) -> None:
    refused(
        town.conn,
        f"UPDATE agentry.agents SET {change} WHERE name = 'coder'",
        error=errors.InvalidParameterValue,
        match="name, id and organisation of agent coder cannot change",
        detail="got name",
        hint="alias",
    )


def test_unknown_names_get_the_nearest_one_as_a_hint_or_none(town: Town) -> None:
    town.conn.execute("SELECT agentry.register_agent('librarian', p_aliases => '{bookkeeper}')")
    for name, hint in (
        ("libarian", "Did you mean librarian?  Agents are registered"),
        ("bookeeper", "Did you mean bookkeeper?  Agents are registered"),
        ("zzzzz", "Agents are registered"),
    ):
        error = refused(town.conn, "SELECT agentry.act_as(%s)", name, error=errors.UndefinedObject)
        assert str(error.diag.message_hint).startswith(hint)


@pytest.mark.parametrize("scope", ["organisation", "team", "user", "agent"])
def test_an_agent_is_seen_by_its_scope(town: Town, scope: str) -> None:
    town.conn.execute(
        "SELECT agentry.register_agent('scout', p_team => 'red', p_user => 'ann', p_scope => %s)", [scope]
    )
    town.conn.execute("SELECT agentry.register_agent('nova', p_team => 'red')")
    seers = {"organisation": {"coder", "nova", "anns"}, "team": {"nova", "anns"}, "user": {"anns"}, "agent": set()}[
        scope
    ]
    for role in ("coder", "nova", "anns"):
        with town.acting(role) as conn:
            seen = one(conn, "SELECT count(*) FROM agentry.agents WHERE name = 'scout'") == 1
            assert seen == (role in seers), role
    for role in ("app", "reader"):
        with town.acting(role) as conn:
            assert one(conn, "SELECT count(*) FROM agentry.agents WHERE name = 'scout'") == 1


def test_users_are_seen_by_themselves_and_their_team(town: Town) -> None:
    town.conn.execute("SELECT agentry.register_agent('nova', p_team => 'red')")
    for role, names in (("coder", []), ("nova", ["ann"]), ("anns", ["ann"]), ("app", ["ann", "bob"])):
        with town.acting(role) as conn:
            rows = conn.execute("SELECT username FROM agentry.users ORDER BY 1").fetchall()
            assert [row[0] for row in rows] == names


# -- settings ---------------------------------------------------------------------------------------------------------


def test_a_setting_has_its_default_until_it_is_set_and_again_after_null(town: Town) -> None:
    assert one(town.conn, "SELECT agentry.setting('chat.notify')") == "wake"
    with town.acting("app") as conn:
        conn.execute("SELECT agentry.set_setting('chat.notify', '\"each\"')")
        assert one(conn, "SELECT agentry.setting('chat.notify')") == "each"
        assert one(conn, "SELECT value FROM agentry.v_settings WHERE name = 'chat.notify'") == "each"
        conn.execute("SELECT agentry.set_setting('chat.notify', '\"off\"')")
        conn.execute("SELECT agentry.set_setting('chat.notify', NULL)")
        assert one(conn, "SELECT agentry.setting('chat.notify')") == "wake"
    with town.acting("coder") as conn:
        assert one(conn, "SELECT agentry.setting('chat.notify')") == "wake"
        refused(
            conn,
            "SELECT agentry.set_setting('chat.notify', '\"off\"')",
            match="permission denied for table settings",
            detail="applications, administrators",
            hint="v_table_access",
        )


def test_a_setting_of_one_organisation_is_none_of_another(town: Town) -> None:
    town.conn.execute("SELECT agentry.set_setting('chat.notify', '\"off\"')")
    town.conn.execute("SELECT set_config('agentry.org_id', agentry.create_organization('other')::text, true)")
    assert one(town.conn, "SELECT agentry.setting('chat.notify')") == "wake"


def test_an_unknown_setting_is_named_with_the_nearest(town: Town) -> None:
    for query in ("SELECT agentry.setting('chat.notfy')", "SELECT agentry.set_setting('chat.notfy', '1')"):
        refused(
            town.conn,
            query,
            error=errors.UndefinedObject,
            match="setting 'chat.notfy' does not exist",
            hint="Did you mean chat.notify?",
        )
    error = refused(town.conn, "SELECT agentry.setting('zzz')", error=errors.UndefinedObject)
    assert error.diag.message_hint == "Settings are listed in agentry.v_settings."
    refused(
        town.conn, "SELECT agentry.setting(NULL)", error=errors.UndefinedObject, match="setting NULL does not exist"
    )
    refused(
        town.conn, "INSERT INTO agentry.settings (name, value) VALUES ('a.b', '1')", error=errors.ForeignKeyViolation
    )


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("chat.notify", '"loud"', 'Allowed: ["each", "wake", "off"].'),
        ("chat.notify", "1", "Allowed"),
        ("chat.max_attempts", '"many"', "It is a JSON number, such as 5, from 1 to 1000."),
        ("chat.max_attempts", "0", "from 1 to 1000"),
        ("chat.max_attempts", "1.5", "from 1 to 1000"),
        ("chat.max_attempts", "1e30", "from 1 to 1000"),
        ("chat.retry_delay", '"soon"', "from 0 to 1 day"),
        ("chat.retry_delay", '"-1 day"', "from 0 to 1 day"),
        ("core.session_lifetime", '"for ever"', "from 1 second to 1 year"),
        ("core.session_lifetime", "12", "It is a JSON string"),
        ("core.session_lifetime", "null", "It is a JSON string"),
    ],
)
def test_a_setting_takes_its_type_and_its_allowed_values_only(town: Town, name: str, value: str, hint: str) -> None:
    for query in (
        "SELECT agentry.set_setting(%s, %s::jsonb)",
        "INSERT INTO agentry.settings (name, value) VALUES (%s, %s::jsonb)",
    ):
        refused(
            town.conn,
            query,
            name,
            value,
            error=errors.InvalidParameterValue,
            match=f"setting {name} cannot be",
            detail="",
            hint=hint,
        )


# -- installing by hand -----------------------------------------------------------------------------------------------


def test_install_refuses_owners_that_cannot_be(db: Database) -> None:
    refused(
        db.admin,
        "SELECT agentry.install('no_such_role')",
        error=errors.UndefinedObject,
        match="role no_such_role does not exist",
        hint="CREATE ROLE no_such_role NOLOGIN",
    )
    for option in ("SUPERUSER", "BYPASSRLS"):
        mighty = db.role(option.lower(), options=f"NOLOGIN {option}")
        refused(
            db.admin,
            "SELECT agentry.install(%s)",
            mighty,
            error=errors.InvalidParameterValue,
            match=f"role {mighty} cannot own agentry",
            detail="bypasses row-level security",
            hint="ordinary role",
        )


def test_install_is_for_the_owner_alone(db: Database) -> None:
    stranger = db.role("stranger", "agentry_app")
    db.admin.execute(sql.SQL("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA agentry TO {}").format(sql.Identifier(stranger)))
    refused(
        db.connect(stranger),
        "SELECT agentry.install()",
        match="schema agentry belongs to agentry_owner",
        detail=f"You are {stranger}",
        hint="Run install() as agentry_owner",
    )


@pytest.mark.parametrize(
    "thing",
    [
        "FUNCTION {}.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TABLE {}.t (i int)",
        "VIEW {}.v AS SELECT 1",
        "SEQUENCE {}.s",
    ],
)
@pytest.mark.parametrize("schema", ["agentry", "agentry_chat"])
def test_install_refuses_a_schema_in_which_a_stranger_owns_something(db: Database, thing: str, schema: str) -> None:
    stranger = db.role("stranger")
    name = sql.Identifier(stranger)
    db.admin.execute(sql.SQL("GRANT ALL ON SCHEMA {} TO {}").format(sql.Identifier(schema), name))
    db.connect(stranger).execute(f"CREATE {thing.format(schema)}".encode())
    refused(
        db.admin,
        "SELECT agentry.install()",
        match=r"(function|relation) .* belongs to a stranger",
        detail=f"Its owner is {stranger}",
        hint="drop it",
    )


def test_installing_again_changes_nothing(db: Database) -> None:
    rows = db.admin.execute("SELECT module, version, action FROM agentry.install()").fetchall()
    assert {row[0] for row in rows} >= {"core", "chat"}
    assert {row[1:] for row in rows} == {(paths.version(), "unchanged")}


# -- help, version, ids, batches --------------------------------------------------------------------------------------


def test_help_lists_public_functions_by_pattern(town: Town) -> None:
    with town.acting("coder") as conn:
        everything = [row[0] for row in conn.execute("SELECT function FROM agentry.help()").fetchall()]
        assert len(everything) > 25
        assert not [f for f in everything if "._" in f]
        assert any(f.startswith("agentry_chat.send_agent_message(p_sender text, p_message text") for f in everything)
        assert everything.index("agentry.act_as(p_agent text, p_for_connection boolean DEFAULT false) -> void") == 0
        found = conn.execute("SELECT function, description FROM agentry.help('API KEY')").fetchall()
        assert {row[0].split("(")[0] for row in found} >= {"agentry.create_api_key", "agentry.login"}
        assert one(conn, "SELECT count(*) FROM agentry.help('REVOKE_api')") == 1
        assert all(row[1] for row in found)
        assert conn.execute("SELECT * FROM agentry.help('%')").fetchall() == [
            row for row in conn.execute("SELECT * FROM agentry.help()").fetchall() if "%" in row[0] + row[1]
        ]
        assert one(conn, "SELECT count(*) FROM agentry.help('no such thing')") == 0


def test_the_version_is_that_of_the_build(town: Town) -> None:
    assert one(town.conn, "SELECT agentry.version()") == paths.version()
    with town.acting("coder") as conn:
        rows = conn.execute("SELECT DISTINCT version FROM agentry.installed_modules").fetchall()
    assert rows == [(paths.version(),)]


def test_ids_are_uuids_version_7_that_ascend_with_time(tx: Connection) -> None:
    ids = [
        uuid.UUID(str(row[0])) for row in tx.execute("SELECT agentry.uuidv7() FROM generate_series(1, 200)").fetchall()
    ]
    assert len(set(ids)) == 200
    assert {i.bytes[6] >> 4 for i in ids} == {7}
    assert {i.bytes[8] >> 6 for i in ids} == {2}  # variant of RFC 9562
    stamps = [int.from_bytes(i.bytes[:6], "big") for i in ids]
    assert stamps == sorted(stamps)
    now = one(tx, "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    assert abs(now - stamps[-1]) < 60_000


@pytest.mark.parametrize("at", ["1970-01-01 00:00:00+00", "2026-11-21 12:34:56.789+00", "2999-12-31 23:59:59.999+00"])
def test_an_id_carries_the_millisecond_that_it_is_made_for(tx: Connection, at: str) -> None:
    found = uuid.UUID(str(one(tx, "SELECT agentry.uuidv7(%s::timestamptz)", at)))
    expected = one(tx, "SELECT floor(extract(epoch FROM %s::timestamptz) * 1000)::bigint", at)
    assert int.from_bytes(found.bytes[:6], "big") == expected
    assert (found.bytes[6] >> 4, found.bytes[8] >> 6) == (7, 2)
    assert one(tx, "SELECT agentry.uuidv7(%s::timestamptz)", at) != found


@pytest.mark.parametrize(
    ("batch", "message", "detail"),
    [
        (None, "a batch is a JSON array of objects", "got: NULL"),
        ("{}", "a batch is a JSON array of objects", "got: object"),
        ('"x"', "a batch is a JSON array of objects", "got: string"),
        ("[1]", "object 1 of the batch is not right", "it is a JSON number"),
        ('[{"a": 1}, null]', "object 2 of the batch is not right", "it is a JSON null"),
        ('[{"a": 1}, {"a": 1, "z": 2, "y": 3}]', "object 2 of the batch is not right", "unknown: y, z"),
        ('[{"b": 1}]', "object 1 of the batch is not right", "missing: a"),
        ('[{"c": 1}]', "object 1 of the batch is not right", "unknown: c; missing: a"),
    ],
)
def test_a_batch_that_is_not_right_is_refused_by_position(
    tx: Connection, batch: str, message: str, detail: str
) -> None:
    refused(
        tx,
        "SELECT agentry._check_batch(%s::jsonb, '{a}', '{b}')",
        batch,
        error=errors.InvalidParameterValue,
        match=message,
        detail=detail,
        hint="Required: a.  Optional: b." if message.startswith("object") else "[{...}, {...}]",
    )


def test_a_batch_that_is_right_passes(tx: Connection) -> None:
    for batch in ("[]", '[{"a": 1}]', '[{"a": null, "b": 2}]'):
        tx.execute("SELECT agentry._check_batch(%s::jsonb, '{a}', '{b}')", [batch])


@pytest.mark.parametrize(
    ("kind", "good", "wrong", "hint"),
    [
        ("real", '"1e3"', '"1e300"', "a number"),
        ("numeric", "12345678901234567890.5", '"many"', "a number"),
        ("integer", "2147483647", "2147483648", "an integer, at most 2147483647"),
        ("bigint", '"-7"', "1.5", "an integer"),
        ("interval", '"5 minutes"', '"soon"', "an interval, such as 5 minutes"),
        ("timestamptz", '"2026-01-01"', '"2026-13-01"', "a time"),
        ("boolean", "true", '"perhaps"', "true or false"),
        ("uuid", '"00000000-0000-0000-0000-000000000000"', "7", "a UUID"),
        ("array", '["a"]', '"a"', "an array"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_by_position(
    tx: Connection, kind: str, good: str, wrong: str, hint: str
) -> None:
    query = "SELECT agentry._check_types(%s::jsonb, jsonb_build_object('a', %s::text))"
    fine = f'{{"a": {good}, "b": {wrong}}}, {{"a": null}}, {{}}'
    tx.execute(query.encode(), [f"[{fine}]", kind])
    refused(
        tx, query, f'[{fine}, {{"a": {wrong}}}, {{"a": {{}}}}]', kind,
        error=errors.InvalidParameterValue, match="object 4 of the batch is not right",
        detail="a: " + wrong.strip('"'), hint=f"a is {hint}.",
    )  # fmt: skip


def test_organisations_are_made_by_administrators(town: Town) -> None:
    other = one(town.conn, "SELECT agentry.create_organization('other')")
    assert one(town.conn, "SELECT is_default FROM agentry.organizations WHERE id = %s", other) is False
    refused(town.conn, "SELECT agentry.create_organization('other')", error=errors.UniqueViolation)
    for role in ("coder", "mgr", "app"):
        with town.acting(role) as conn:
            refused(
                conn,
                "SELECT agentry.create_organization('mine')",
                match="permission denied for table organizations",
                detail="others go through agentry.create_organization() (administrators)",
            )
    refused(
        town.conn,
        "INSERT INTO agentry.organizations (id, name, is_default) VALUES (gen_random_uuid(), 'second', true)",
        error=errors.UniqueViolation,
    )
