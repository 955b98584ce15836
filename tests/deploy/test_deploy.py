"""Deploy ends right, whatever it finds, or refuses and says what to do."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.deploy.conftest import Checkout
from tests.harness import paths
from tests.harness.catalogue import Snapshot, diff, snapshot, without_membership
from tests.harness.database import Database, template
from tests.harness.deploy import (
    Chunk,
    DeployError,
    _check_vector,
    check_version,
    chunks,
    clashes,
    deploy,
    search_path_for,
)
from tests.harness.servers import PgServer, UrlServer, WheelServer

WAYS = ("extension", "plain")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, server: PgServer) -> str:
    if request.param == "extension" and isinstance(server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    return str(request.param)


@pytest.fixture
def deployed(way: str, request: pytest.FixtureRequest) -> Database:
    """A database with agentry, deployed either way."""
    database: Database = request.getfixturevalue("db" if way == "extension" else "db_plain")
    return database


def catalogue_of(db: Database) -> Snapshot:
    with db.connect(autocommit=False) as conn:
        return snapshot(conn)


def told(before: Snapshot, after: Snapshot) -> list[str]:
    """Differences in words, for a test's message."""
    return [f"{c}: {c.before!r} -> {c.after!r}" for c in diff(before, after)]


def assert_same(before: Snapshot, after: Snapshot) -> None:
    assert told(without_membership(before), without_membership(after)) == []


def test_a_first_deploy_installs_every_module_and_a_second_has_nothing_to_do(db_empty: Database, way: str) -> None:
    first = deploy(db_empty.url(), mode=way)
    assert first.way == way
    assert first.modules == tuple(paths.checksums())
    assert {action for _, action in first.actions} == {"installed"}
    assert not first.nothing_to_do
    stamps = db_empty.admin.execute("SELECT * FROM agentry.installed_modules ORDER BY module").fetchall()
    second = deploy(db_empty.url(), mode="auto")
    assert second.way == way
    assert told({}, {}) == [str(c) for c in second.changes]
    assert second.report().startswith("nothing to do")
    assert db_empty.admin.execute("SELECT * FROM agentry.installed_modules ORDER BY module").fetchall() == stamps


def test_the_record_of_modules_agrees_with_the_build(deployed: Database, way: str) -> None:
    rows = deployed.admin.execute(
        "SELECT module, extension, version, way, checksum FROM agentry.installed_modules"
    ).fetchall()
    assert sorted(rows) == sorted(
        (module, paths.schema_of(module), paths.version(), way, checksum)
        for module, checksum in paths.checksums().items()
    )
    for module, checksum in paths.checksums().items():
        assert deployed.value(f"SELECT {paths.schema_of(module)}._source_checksum()") == checksum


def test_auto_takes_extensions_where_the_server_has_the_files(db_empty: Database, server: PgServer) -> None:
    if isinstance(server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    assert deploy(db_empty.url()).way == "extension"


def test_a_plan_names_what_a_deploy_would_do_and_does_nothing(db_empty: Database, way: str) -> None:
    template(db_empty.server, "plain")  # the group roles, which all databases share, are there from now on
    before = catalogue_of(db_empty)
    plan = deploy(db_empty.url(), mode=way, plan=True)
    assert "would change" in plan.report()
    assert "+ table agentry.agents" in plan.report()
    assert told(before, catalogue_of(db_empty)) == []


def test_modules_bring_what_they_need_and_no_more(db_empty: Database, way: str) -> None:
    assert deploy(db_empty.url(), mode=way, modules=["core"]).modules == ("core",)
    assert db_empty.value("SELECT to_regnamespace('agentry_chat')") is None
    assert deploy(db_empty.url(), modules=["chat"]).modules == ("core", "chat")
    assert deploy(db_empty.url(), modules=["core"]).modules == ("core", "chat"), (
        "what is installed is never left behind"
    )


def test_an_unknown_module_or_mode_is_refused(db_empty: Database) -> None:
    with pytest.raises(DeployError, match="no module is called 'chatt'"):
        deploy(db_empty.url(), modules=["chatt"])
    with pytest.raises(DeployError, match="no mode is called 'both'"):
        deploy(db_empty.url(), mode="both")


# -- the two ways -----------------------------------------------------------------------------------------------------


def test_the_two_ways_give_the_same_catalogue(db: Database, db_plain: Database, server: PgServer) -> None:
    if isinstance(server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    by_extension, by_script = catalogue_of(db), catalogue_of(db_plain)
    assert_same(by_extension, by_script)
    assert len(without_membership(by_script)) > 100


def test_an_extension_holds_functions_and_all_of_them_and_nothing_else(db: Database) -> None:
    if isinstance(db.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    members = {name for kind, name in catalogue_of(db) if kind == "member"}
    functions = {
        f"{name.split('.')[0]}: function {name}" for kind, name in catalogue_of(db) if kind in ("function", "procedure")
    }
    described = db.value(
        "SELECT array_agg(e.extname || ': function ' || p.oid::regprocedure) FROM pg_depend d"
        " JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass"
        " JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass WHERE e.extname LIKE 'agentry%'"
    )
    assert len(members) == len(described) == len(functions)


def test_plain_becomes_extension_and_back(db_plain: Database, server: PgServer) -> None:
    if isinstance(server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    before = catalogue_of(db_plain)
    assert deploy(db_plain.url(), mode="extension").way == "extension"
    assert_same(before, catalogue_of(db_plain))
    assert {kind for kind, _ in catalogue_of(db_plain)} >= {"extension", "member"}
    assert deploy(db_plain.url()).nothing_to_do
    assert deploy(db_plain.url(), mode="plain").way == "plain"
    assert told(before, catalogue_of(db_plain)) == []


def test_a_converted_extension_has_the_same_members_as_a_fresh_one(db: Database, db_plain: Database) -> None:
    if isinstance(db.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    deploy(db_plain.url(), mode="extension")
    assert told(catalogue_of(db), catalogue_of(db_plain)) == []


def test_a_conversion_keeps_the_grants_of_a_user_out_of_the_extension(db_plain: Database) -> None:
    """What is granted when a function joins counts as the extension's, and pg_dump would leave it out."""
    if isinstance(db_plain.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    role = db_plain.role("guest")
    db_plain.admin.execute(f"GRANT EXECUTE ON FUNCTION agentry.version() TO {role}")
    deploy(db_plain.url(), mode="extension")
    assert db_plain.value("SELECT has_function_privilege(%s, 'agentry.version()', 'EXECUTE')", role)
    initial = db_plain.value(
        "SELECT i.initprivs::text FROM pg_init_privs i"
        " WHERE i.objoid = 'agentry.version()'::regprocedure AND i.classoid = 'pg_proc'::regclass"
    )
    assert initial is None or role not in initial
    db_plain.admin.execute(f"REVOKE ALL ON FUNCTION agentry.version() FROM {role}")


def test_a_conversion_keeps_every_row(deployed: Database, way: str) -> None:
    if isinstance(deployed.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    fill(deployed)
    before = contents(deployed)
    deploy(deployed.url(), mode="plain" if way == "extension" else "extension")
    assert contents(deployed) == before


def fill(db: Database) -> None:
    """A roster and a message."""
    db.admin.execute("SELECT agentry.register_agent('nova', 'plans'), agentry.register_agent('coder', 'codes')")
    db.admin.execute("SELECT agentry_chat.send_agent_message('nova', 'Can you review the latest PR?', ARRAY['coder'])")


def contents(db: Database) -> dict[str, Any]:
    """Every row of every table, but for the record of how it was deployed, and what a deploy registers again."""
    tables = db.value(
        "SELECT array_agg(c.oid::regclass::text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname LIKE 'agentry%' AND c.relkind IN ('r', 'p') AND c.relname <> 'installed_modules'"
    )
    return {t: db.value(f"SELECT coalesce(array_agg(t::text ORDER BY t::text), '{{}}') FROM {t} t") for t in tables}


# -- half-broken databases --------------------------------------------------------------------------------------------

# What a careless hand may have done, for every such object of ours.
BREAKAGES = {
    "a view": "SELECT format('DROP VIEW %s CASCADE', c.oid::regclass) FROM pg_class c WHERE relkind = 'v'",
    "a trigger": "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal AND NOT c.relispartition AND tgparentid = 0",
    "an index": "SELECT format('DROP INDEX %s', c.oid::regclass) FROM pg_class c"
    " JOIN pg_index i ON i.indexrelid = c.oid"
    " WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)"
    " AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid)",
    "a policy": "SELECT format('DROP POLICY %I ON %s', polname, polrelid::regclass) FROM pg_policy p"
    " JOIN pg_class c ON c.oid = p.polrelid",
    "a table that nothing refers to": "SELECT format('DROP TABLE %s CASCADE', c.oid::regclass) FROM pg_class c"
    " WHERE relkind = 'r' AND NOT relispartition AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.confrelid = c.oid)"
    " AND relname NOT IN ('installed_modules', 'access_rules')",  # rules that users changed cannot come back
    "a grant": "SELECT format('REVOKE ALL ON %s FROM %s', c.oid::regclass, x.grantee::regrole) FROM pg_class c,"
    " aclexplode(c.relacl) x WHERE x.grantee <> c.relowner AND x.grantee <> 0 AND c.relkind IN ('r', 'p', 'v')",
    "row security": "SELECT format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', c.oid::regclass) FROM pg_class c"
    " WHERE relrowsecurity",
}


def candidates(db: Database, query: str) -> list[str]:
    where = "c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'agentry%')"
    joined = f"{query} {'AND' if ' WHERE ' in query else 'WHERE'} {where} ORDER BY 1"
    return [row[0] for row in db.admin.execute(joined.encode())]


@pytest.mark.parametrize("what", BREAKAGES)
def test_what_was_dropped_by_hand_comes_back(deployed: Database, what: str) -> None:
    commands = candidates(deployed, BREAKAGES[what])
    assert commands, f"nothing here is {what}"
    before = catalogue_of(deployed)
    deployed.admin.execute("SET client_min_messages = error")
    for command in commands:
        with contextlib.suppress(psycopg.errors.UndefinedTable, psycopg.errors.UndefinedObject):
            deployed.admin.execute(command.encode())  # a CASCADE before may have taken it along
    assert diff(before, catalogue_of(deployed))
    assert not deploy(deployed.url(), plan=True).nothing_to_do
    deploy(deployed.url())
    assert told(before, catalogue_of(deployed)) == []


def test_a_dropped_function_comes_back_into_its_extension(deployed: Database, way: str) -> None:
    before = catalogue_of(deployed)
    deployed.admin.execute("SET client_min_messages = error")
    if way == "extension":
        deployed.admin.execute("ALTER EXTENSION agentry DROP FUNCTION agentry.version()")
    deployed.admin.execute("DROP FUNCTION agentry.version() CASCADE")
    assert not deploy(deployed.url()).nothing_to_do
    assert told(before, catalogue_of(deployed)) == []
    assert deploy(deployed.url()).nothing_to_do


def test_a_changed_function_is_put_right(deployed: Database) -> None:
    before = catalogue_of(deployed)
    deployed.admin.execute(
        "CREATE OR REPLACE FUNCTION agentry.version() RETURNS text LANGUAGE sql AS $$ SELECT 'mine' $$"
    )
    assert [str(c) for c in deploy(deployed.url(), plan=True).changes] == ["~ function agentry.version()"]
    deploy(deployed.url())
    assert told(before, catalogue_of(deployed)) == []


def test_a_forgotten_install_is_made_up_for(db_empty: Database, db: Database) -> None:
    if isinstance(db.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    db_empty.admin.execute("CREATE EXTENSION agentry_chat CASCADE")
    deploy(db_empty.url())
    assert told(catalogue_of(db), catalogue_of(db_empty)) == []


def test_a_lost_record_of_modules_comes_back(deployed: Database) -> None:
    before = catalogue_of(deployed)
    deployed.admin.execute("DELETE FROM agentry.installed_modules WHERE module = 'chat'")
    assert not deploy(deployed.url()).nothing_to_do
    assert told(before, catalogue_of(deployed)) == []


def test_drop_extension_cascade_leaves_every_row_and_a_deploy_brings_the_code_back(db: Database) -> None:
    if isinstance(db.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    fill(db)
    rows, before = contents(db), catalogue_of(db)
    db.admin.execute("SET client_min_messages = error")
    db.admin.execute("DROP EXTENSION agentry CASCADE")
    assert db.value("SELECT count(*) FROM pg_extension WHERE extname LIKE 'agentry%'") == 0
    assert contents(db) == rows
    assert deploy(db.url()).way == "extension"
    assert contents(db) == rows
    assert told(before, catalogue_of(db)) == []


def test_a_stranger_function_in_our_schema_is_left_alone_and_named(deployed: Database) -> None:
    owner = deployed.value("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'agentry'")
    deployed.admin.execute("CREATE FUNCTION agentry.of_mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    deployed.admin.execute(f"ALTER FUNCTION agentry.of_mine() OWNER TO {owner}")
    result = deploy(deployed.url())
    assert any("agentry.of_mine() is none of agentry's" in note for note in result.notes)
    assert deployed.value("SELECT agentry.of_mine()") == 1


# -- who deploys ------------------------------------------------------------------------------------------------------


@pytest.fixture
def owned(db_empty: Database) -> tuple[Database, str]:
    """A database whose owner is no superuser."""
    role = db_empty.role("boss")
    db_empty.admin.execute(
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(db_empty.name), sql.Identifier(role))
    )
    db_empty.admin.execute("CREATE EXTENSION vector")  # which others than superusers may not
    template(db_empty.server, "plain")  # the group roles are there from now on
    return db_empty, role


def owners(db: Database) -> set[str]:
    rows = db.admin.execute(
        "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname LIKE 'agentry%'"
        " UNION SELECT relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname LIKE 'agentry%'"
        " UNION SELECT proowner::regrole::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE nspname LIKE 'agentry%'"
    ).fetchall()
    return {row[0] for row in rows}


def test_a_database_owner_who_is_no_superuser_installs_by_hand(owned: tuple[Database, str]) -> None:
    db, role = owned
    if isinstance(db.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    conn = db.connect(role)
    conn.execute("CREATE EXTENSION agentry_chat CASCADE")
    actions = conn.execute("SELECT module, action FROM agentry.install()").fetchall()
    assert actions == [("core", "installed"), ("chat", "installed")]
    assert owners(db) == {role}
    assert conn.execute("SELECT action FROM agentry.install()").fetchall() == [("unchanged",), ("unchanged",)]


def test_a_database_owner_who_is_no_superuser_deploys(owned: tuple[Database, str], way: str) -> None:
    db, role = owned
    with db.connect(role) as conn:
        assert deploy(conn, mode=way).way == way
    assert owners(db) == {role}
    with db.connect(role) as conn:
        assert deploy(conn).nothing_to_do
    with db.connect(role) as conn:
        other = "plain" if way == "extension" else "extension"
        if not isinstance(db.server, UrlServer):
            assert deploy(conn, mode=other).way == other
    assert owners(db) == {role}


def test_a_superuser_hands_everything_to_the_owner_role(deployed: Database) -> None:
    assert owners(deployed) == {"agentry_owner"}
    assert (
        deployed.value("SELECT rolcanlogin OR rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'agentry_owner'")
        is False
    )


def test_a_superuser_may_name_another_owner(db_empty: Database, way: str) -> None:
    role = db_empty.role("keeper", options="NOLOGIN")
    deploy(db_empty.url(), mode=way, owner=role)
    assert owners(db_empty) == {role}
    assert deploy(db_empty.url(), owner=role).nothing_to_do


def test_a_schema_of_a_stranger_is_refused(owned: tuple[Database, str], way: str) -> None:
    db, role = owned
    stranger = db.role("stranger")
    db.admin.execute(sql.SQL("CREATE SCHEMA agentry AUTHORIZATION {}").format(sql.Identifier(stranger)))
    with pytest.raises(DeployError, match=f"schema agentry belongs to {stranger}") as refused:
        deploy(db.url(), mode=way)
    assert f"--owner {stranger}" in str(refused.value)
    with pytest.raises(DeployError, match=f"schema agentry belongs to {stranger}"), db.connect(role) as conn:
        deploy(conn, mode=way)


def test_missing_group_roles_that_cannot_be_made_are_printed_as_lines_to_run(own_server: PgServer, way: str) -> None:
    with psycopg.connect(own_server.url(), autocommit=True) as conn:
        conn.execute("CREATE ROLE boss LOGIN")
        conn.execute("CREATE DATABASE shop OWNER boss")
    with pytest.raises(DeployError, match="pgvector is not in this database") as refused:
        deploy(own_server.url("shop", "boss"), mode=way)
    assert "CREATE EXTENSION vector" in str(refused.value.hint)
    with psycopg.connect(own_server.url("shop"), autocommit=True) as conn:
        conn.execute("CREATE EXTENSION vector")
    result = deploy(own_server.url("shop", "boss"), mode=way)
    text = result.report()
    for role in ("agentry_app", "agentry_agent", "agentry_reader"):
        assert f"CREATE ROLE {role} NOLOGIN" in text
    with psycopg.connect(own_server.url(), autocommit=True) as conn:
        for line in (line for line in text.replace(";", ";\n").splitlines() if "CREATE ROLE" in line):
            conn.execute(line[line.index("CREATE ROLE") :].encode())
    again = deploy(own_server.url("shop", "boss"))
    assert not again.nothing_to_do
    assert "CREATE ROLE" not in again.report()
    assert deploy(own_server.url("shop", "boss")).nothing_to_do


def test_a_superuser_makes_the_group_roles(own_server: PgServer, way: str) -> None:
    result = deploy(own_server.url(), mode=way)
    assert [str(c) for c in result.changes if c.kind == "role"] == [
        "+ role agentry_agent",
        "+ role agentry_app",
        "+ role agentry_owner",
        "+ role agentry_reader",
    ]


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_server_that_is_too_old_is_refused() -> None:
    check_version(160000)
    with pytest.raises(DeployError, match="needs PostgreSQL 16 or newer; this server is 15"):
        check_version(150018)


def test_the_scripts_refuse_a_server_that_is_too_old() -> None:
    plain = "".join(c.text for c in chunks(paths.BUILD / "plain" / f"agentry-{paths.version()}.sql"))
    assert "< 160000" in plain


def test_a_missing_pgvector_is_named_with_what_to_install(own_server: PgServer) -> None:
    if not isinstance(own_server, WheelServer):
        pytest.skip("changes the files of the server")
    with psycopg.connect(own_server.url()) as conn:
        notes: list[str] = []
        _check_vector(conn, ("core", "chat", "memory"), notes)
        assert notes == []
        (own_server.prefix / "share" / "postgresql" / "extension" / "vector.control").unlink()
        with pytest.raises(DeployError, match="memory, dialog: needs the extension vector") as refused:
            _check_vector(conn, ("core", "chat", "memory", "dialog"), notes)
        assert "Install pgvector" in str(refused.value)
        assert "--modules core,chat" in str(refused.value)
        _check_vector(conn, ("core", "chat"), notes)


def test_missing_files_are_named_with_what_to_run(own_server: PgServer) -> None:
    if not isinstance(own_server, WheelServer):
        pytest.skip("changes the files of the server")
    deploy(own_server.url())
    own_server.uninstall_files()
    with pytest.raises(DeployError, match=r"installed here as extensions.*no files of agentry") as refused:
        deploy(own_server.url())
    assert "make install" in str(refused.value)
    with psycopg.connect(own_server.url(), autocommit=True) as conn:
        conn.execute("CREATE DATABASE other")
    with pytest.raises(DeployError, match="no files of agentry"):
        deploy(own_server.url("other"), mode="extension")
    assert deploy(own_server.url("other")).way == "plain"


def test_no_connection_is_said_plainly() -> None:
    with pytest.raises(DeployError, match="cannot connect"):
        deploy("postgresql://nobody@127.0.0.1:1/none")


def test_the_plain_script_refuses_a_database_with_the_extensions(db: Database) -> None:
    if isinstance(db.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    script = (paths.BUILD / "plain" / f"agentry_all-{paths.version()}.sql").read_bytes()
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="as an extension"):
        db.admin.execute(script)


def test_the_plain_script_by_itself_gives_the_same_catalogue(db_empty: Database, db_plain: Database) -> None:
    script = (paths.BUILD / "plain" / f"agentry_all-{paths.version()}.sql").read_bytes()
    for _ in range(2):
        with db_empty.connect() as conn:
            conn.execute(script)
        assert told(catalogue_of(db_plain), catalogue_of(db_empty)) == []


def test_the_plain_scripts_of_single_modules_give_the_same_catalogue(db_empty: Database, db_plain: Database) -> None:
    for module in paths.checksums():
        with db_empty.connect() as conn:
            conn.execute((paths.BUILD / "plain" / f"{paths.schema_of(module)}-{paths.version()}.sql").read_bytes())
    assert told(catalogue_of(db_plain), catalogue_of(db_empty)) == []


# -- changed sources --------------------------------------------------------------------------------------------------

EXTRA = """CREATE OR REPLACE FUNCTION agentry.extra({arguments})
RETURNS {result}
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $extra$ SELECT 1::{result} $extra$;

COMMENT ON FUNCTION agentry.extra({types}) IS 'For a test.';
"""


def extra(arguments: str = "", result: str = "integer", types: str = "") -> str:
    return EXTRA.format(arguments=arguments, result=result, types=types)


def test_changed_code_of_the_same_version_replaces_adds_and_drops(deployed: Database, checkout: Checkout) -> None:
    """A developer's day: the version stays, the functions do not."""
    before = catalogue_of(deployed)
    path = "functions/core/extra.sql"
    steps = [
        (extra(), "agentry.extra()", "integer"),
        (extra(result="bigint"), "agentry.extra()", "bigint"),
        (extra("p_a integer", types="integer"), "agentry.extra(p_a integer)", "integer"),
        (extra("p_b integer", types="integer"), "agentry.extra(p_b integer)", "integer"),
    ]
    for text, name, result in steps:
        checkout.write(path, text)
        build = checkout.build()
        deploy(deployed.url(), build=build)
        assert deploy(deployed.url(), build=build).nothing_to_do
        here = catalogue_of(deployed)
        found = {n: t for (k, n), t in here.items() if k == "function" and n.startswith("agentry.extra(")}
        assert list(found) == [name]
        assert f"RETURNS {result}" in found[name]
        if ("extension", "agentry") in here:
            assert [n for k, n in here if k == "member" and "agentry.extra(" in n] == [
                f"agentry: function agentry.extra({'integer' if 'p_' in name else ''})"
            ]
    (checkout.root / path).unlink()
    result = deploy(deployed.url(), build=checkout.build())
    if result.way == "plain":  # which function is ours, only an extension knows
        assert any("agentry.extra(integer) is none of agentry's" in note for note in result.notes)
        deployed.admin.execute("DROP FUNCTION agentry.extra(integer)")
    assert told(before, catalogue_of(deployed)) == []


def test_a_failed_deploy_changes_nothing_and_names_file_and_line(deployed: Database, checkout: Checkout) -> None:
    before = catalogue_of(deployed)
    checkout.write("functions/core/extra.sql", extra().replace("IMMUTABLE", "IMMUTABEL"))
    with pytest.raises(DeployError, match=r"functions/core/extra\.sql:4\b"):
        deploy(deployed.url(), build=checkout.build())
    assert told(before, catalogue_of(deployed)) == []
    (checkout.root / "functions/core/extra.sql").unlink()
    checkout.write(
        "sql/core/39_extra.sql", "CREATE TABLE agentry.extra (id integer);\n\nCREATE INDX ON agentry.extra (id);\n"
    )
    with pytest.raises(DeployError, match=r"sql/core/39_extra\.sql:3\b"):
        deploy(deployed.url(), build=checkout.build())
    checkout.write(
        "sql/core/39_extra.sql", "CREATE TABLE agentry.extra (id integer);\n\nCREATE INDEX ON agentry.extra (di);\n"
    )
    with pytest.raises(DeployError, match=r'(?s)column "di" does not exist.*sql/core/39_extra\.sql'):
        deploy(deployed.url(), build=checkout.build())
    assert told(before, catalogue_of(deployed)) == []


def test_an_error_of_a_first_deploy_names_file_and_line(db_empty: Database, way: str, checkout: Checkout) -> None:
    checkout.write("sql/core/39_extra.sql", "\n\nCREATE TABLE agentry.extra (id intger);\n")
    with pytest.raises(DeployError, match=r"(?s)intger.*sql/core/39_extra\.sql:3\b"):
        deploy(db_empty.url(), mode=way, build=checkout.build())
    assert catalogue_of(db_empty).keys() <= {
        ("role", r) for r in ("agentry_owner", "agentry_app", "agentry_agent", "agentry_reader")
    }


def test_a_module_that_the_build_lacks_is_named(deployed: Database, checkout: Checkout) -> None:
    shutil.rmtree(checkout.root / "sql" / "chat")
    with pytest.raises(DeployError, match="chat: is installed here but not in this build, which has core"):
        deploy(deployed.url(), build=checkout.build())


def test_the_lines_of_a_built_script_are_those_of_the_sources() -> None:
    for module in paths.checksums():
        name = f"{paths.schema_of(module)}--{paths.version()}.sql"
        for chunk in chunks(paths.BUILD / name):
            if chunk.source.startswith(("generated", name)):
                continue
            source = (paths.BUILD.parent / chunk.source).read_text().splitlines()
            lines = chunk.text.rstrip().splitlines()
            assert lines == source[: len(lines)], chunk.source


def test_a_deploy_that_waits_too_long_for_a_lock_gives_up_and_says_so(deployed: Database) -> None:
    holder = deployed.connect(autocommit=False)
    holder.execute("LOCK TABLE agentry.installed_modules")
    deployed.admin.execute("DELETE FROM pg_catalog.pg_description WHERE false")
    with pytest.raises(DeployError, match="lock timeout"):
        deploy(deployed.url(), lock_timeout="50ms")


# -- search_path ------------------------------------------------------------------------------------------------------


def test_the_search_path_is_offered_and_not_forced(deployed: Database) -> None:
    deploy(deployed.url())
    assert deployed.connect().execute("SHOW search_path").fetchone() == ('"$user", public',)
    result = deploy(deployed.url(), search_path=True)
    assert deployed.connect().execute("SHOW search_path").fetchone() == (
        '"$user", public, agentry, agentry_chat, agentry_memory',
    )
    assert any("clash: function version is in pg_catalog, agentry" in note for note in result.notes)
    deploy(deployed.url(), search_path=True)
    assert deployed.connect().execute("SHOW search_path").fetchone() == (
        '"$user", public, agentry, agentry_chat, agentry_memory',
    )


def test_an_existing_search_path_comes_first_and_world_never_comes(deployed: Database) -> None:
    deployed.admin.execute('CREATE SCHEMA "Odd name"; CREATE SCHEMA agentry_world')
    deployed.admin.execute('CREATE TABLE "Odd name".agents (id integer)')
    deployed.admin.execute(f'ALTER DATABASE {deployed.name} SET search_path = "Odd name", public')
    with deployed.connect() as conn:
        path = search_path_for(conn)
        assert path == ['"Odd name"', "public", "agentry", "agentry_chat", "agentry_memory"]
        assert "relation agents is in Odd name, agentry: Odd name comes first" in clashes(conn, path)
    deploy(deployed.url(), search_path=True)
    with deployed.connect() as conn:
        assert conn.execute("SELECT current_schemas(false)").fetchone() == (
            ["Odd name", "public", "agentry", "agentry_chat", "agentry_memory"],
        )


def test_the_first_chunk_is_the_head_of_the_script() -> None:
    first = next(chunks(paths.BUILD / "plain" / f"agentry-{paths.version()}.sql"))
    assert isinstance(first, Chunk)
    assert "BEGIN;" not in first.text
    assert "CREATE SCHEMA IF NOT EXISTS agentry" in first.text
