"""A backup is whole or not there; a restore refuses what cannot end well, and finds whatever did not come."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.deploy import society
from tests.harness import backup as keeper
from tests.harness import paths
from tests.harness.backup import (
    MANIFEST,
    BackupError,
    Programs,
    Report,
    Restore,
    backup,
    choose_dump,
    choose_restore,
    digests,
    find_programs,
    read_manifest,
    restore,
)
from tests.harness.database import Database
from tests.harness.deploy import deploy
from tests.harness.servers import PgServer, UrlServer


@pytest.fixture
def keep() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def empty(server: PgServer, keep: ExitStack) -> Callable[..., Database]:
    """Makes empty databases."""

    def make(owner: str | None = None) -> Database:
        db = society.empty(server, owner)
        keep.callback(db.drop)
        return db

    return make


@pytest.fixture(scope="module")
def source(server: PgServer) -> Iterator[Database]:
    """Something of everything, but for tables of the user's; tests only read it."""
    db = society.deployed(server, "plain")
    society.fill(db.admin, society.roles_of(db), shop=False)
    society.reset_clock(db.admin)
    db.admin.execute("CREATE TABLE public.lost AS SELECT 1 AS a")
    yield db
    db.drop()


@pytest.fixture(scope="module")
def taken(source: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    folder = tmp_path_factory.mktemp("taken") / "backup"
    backup(source.url(), folder)
    return folder


@pytest.fixture
def copy(taken: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(taken, tmp_path / "backup"))


USER = b"\tann\tann@example.org\t"
# what the user of the source added to its schema
ADDED = "ALTER TABLE agentry.agents ADD COLUMN shoe_size integer; CREATE TABLE public.lost (a integer)"


def refused(function: Callable[[], Any], match: str) -> BackupError:
    with pytest.raises(BackupError, match=match) as caught:
        function()
    assert caught.value.hint
    return caught.value


def edit(folder: Path, **values: Any) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | values))


def data_file(folder: Path, line: bytes) -> Path:
    """The file of the archive with the rows of a table, found by what one of them holds."""
    return next(f for f in folder.glob("*.dat.gz") if line in gzip.decompress(f.read_bytes()))


def triggers(db: Database) -> list[Any]:
    """What of triggers and keys a load changes for a while; months become those of the other database."""
    return [
        db.value(
            f"SELECT array_agg(({what})::text ORDER BY o.oid) FROM {catalogue} AS o"
            f" JOIN pg_class AS c ON c.oid = {table} WHERE NOT c.relispartition AND {condition}"
            " AND c.relnamespace::regnamespace::text <> 'agentry_archive'"
        )
        for what, catalogue, table, condition in (
            ("tgrelid::regclass, tgname, tgenabled", "pg_trigger", "tgrelid", "NOT tgisinternal"),
            ("conrelid::regclass, conname, condeferrable, condeferred", "pg_constraint", "conrelid", "conparentid = 0"),
        )
    ]


# -- programs ---------------------------------------------------------------------------------------------------------

FIFTEEN, SIXTEEN, SEVENTEEN, EIGHTEEN = (Programs(Path(f"/pg{v}"), f"{v}.1") for v in (15, 16, 17, 18))


def test_pg_dump_is_that_of_the_server_else_the_next_newer() -> None:
    assert choose_dump(16, [EIGHTEEN, SIXTEEN, FIFTEEN]) == SIXTEEN
    assert choose_dump(16, [EIGHTEEN, SEVENTEEN]) == SEVENTEEN
    error = refused(lambda: choose_dump(17, [FIFTEEN, SIXTEEN]), "a pg_dump of PostgreSQL 17 or newer")
    assert "15.1 in /pg15; 16.1 in /pg16" in error.message
    refused(lambda: choose_dump(17, []), "here is: none")


def test_pg_restore_reads_the_archive_and_fits_the_server() -> None:
    assert choose_restore(18, 16, [SIXTEEN, SEVENTEEN, EIGHTEEN]) == EIGHTEEN
    assert choose_restore(18, 16, [FIFTEEN, SIXTEEN]) == SIXTEEN
    assert choose_restore(17, 16, [SIXTEEN, EIGHTEEN]) == SIXTEEN
    assert choose_restore(17, 18, [SIXTEEN, SEVENTEEN, EIGHTEEN]) == EIGHTEEN
    refused(lambda: choose_restore(18, 17, [SIXTEEN]), "a pg_restore of PostgreSQL 17 or newer")
    refused(lambda: choose_restore(16, 16, [EIGHTEEN]), "a pg_restore of PostgreSQL 16 is needed")
    refused(lambda: choose_restore(16, 17, [SEVENTEEN]), "was written by pg_dump 17")


def test_a_password_goes_by_the_environment() -> None:
    dsn, env = keeper._split("postgresql://me:s3cret@example.org/db", "agentry backup")
    assert "s3cret" not in dsn
    assert env["PGPASSWORD"] == "s3cret"
    assert conninfo_to_dict(dsn) == {
        "user": "me", "host": "example.org", "dbname": "db", "application_name": "agentry backup"
    }  # fmt: skip


# -- backup -----------------------------------------------------------------------------------------------------------


def test_a_backup_is_not_written_over_another(db: Database, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    refused(lambda: backup(db.url(), tmp_path / "there"), "is there already")
    refused(lambda: backup(db.url(), tmp_path / "no" / "folder"), "there is no folder")
    refused(lambda: backup(db.url(), tmp_path / "both", schema_only=True, data_only=True), "exclude each other")


def test_a_backup_needs_a_database_with_agentry(db_empty: Database, tmp_path: Path) -> None:
    refused(lambda: backup(db_empty.url(), tmp_path / "backup"), "agentry is not installed")
    refused(lambda: backup("postgresql://127.0.0.1:1/x", tmp_path / "backup"), "cannot connect")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_fails_leaves_nothing(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(lambda: backup(db.url(), tmp_path / "backup", jobs=0), "pg_dump failed")
    assert list(tmp_path.iterdir()) == []
    run = keeper._run

    def run_out(*args: Any, **more: Any) -> Any:
        done = run(*args, **more)
        assert (tmp_path / "backup.part" / "toc.dat").exists()
        done.returncode, done.stderr = 1, "no space left"
        return done

    monkeypatch.setattr(keeper, "_run", run_out)
    refused(lambda: backup(db.url(), tmp_path / "backup"), "no space left")
    assert list(tmp_path.iterdir()) == []


def test_one_who_cannot_read_all_makes_no_backup(db: Database, tmp_path: Path) -> None:
    reader = db.app_role()
    refused(lambda: backup(db.url(reader), tmp_path / "backup"), f"a backup reads everything, and {reader} may not")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_needs_the_code_too(db_plain: Database, tmp_path: Path) -> None:
    db_plain.admin.execute("DROP FUNCTION agentry._table_digests()")
    error = refused(lambda: backup(db_plain.url(), tmp_path / "backup"), "older or gone")
    assert "invoke deploy" in str(error.hint)


def test_archive_and_manifest_are_of_one_snapshot(
    db: Database, empty: Callable[..., Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that come, and numbers that are given out, while it is taken."""
    db.admin.execute("SELECT agentry.register_agent('nova', 'plans')")
    run = keeper._run

    def run_later(programs: Programs, name: str, *args: str, env: dict[str, str]) -> Any:
        if name == "pg_dump":
            db.admin.execute("SELECT agentry.register_agent('late', 'comes late')")
            db.admin.execute("SELECT agentry_chat.send_agent_message('late', 'am I late?', '{nova}')")
        return run(programs, name, *args, env=env)

    monkeypatch.setattr(keeper, "_run", run_later)
    backup(db.url(), tmp_path / "backup")
    after = empty()
    report = restore(after.url(), tmp_path / "backup")
    assert report.problems == []
    assert "invoke deploy" not in report.text()
    assert after.value("SELECT array_agg(name) FROM agentry.agents") == ["nova"]


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_restore_refuses_what_is_no_backup(db_empty: Database, tmp_path: Path) -> None:
    refused(lambda: restore(db_empty.url(), tmp_path), "is no backup")
    (tmp_path / MANIFEST).write_text('{"format": 99}')
    refused(lambda: restore(db_empty.url(), tmp_path), "a format that this version does not know")


def test_a_restore_refuses_a_database_that_is_not_empty(copy: Path, db: Database, db_empty: Database) -> None:
    before = digests(db.admin)
    error = refused(lambda: restore(db.url(), copy), "it has agentry, agentry_chat")
    assert "--data-only" in str(error.hint)
    assert digests(db.admin) == before
    db_empty.admin.execute("CREATE TABLE public.mine ()")
    edit(copy, tables={"public.mine": {"rows": 0, "digest": "0"}})
    refused(lambda: restore(db_empty.url(), copy), "it has public.mine")


def test_a_restore_refuses_an_older_server_and_parts_that_are_not_there(
    source: Database, db_empty: Database, tmp_path: Path
) -> None:
    backup(source.url(), tmp_path / "data", data_only=True)
    backup(source.url(), tmp_path / "schema", schema_only=True)
    assert "--data-only" in str(refused(lambda: restore(db_empty.url(), tmp_path / "data"), "the data alone").hint)
    assert "--schema-only" in str(
        refused(lambda: restore(db_empty.url(), tmp_path / "schema"), "the schema alone").hint
    )
    with pytest.raises(BackupError, match="the schema alone"):
        restore(db_empty.url(), tmp_path / "schema", data_only=True)
    edit(tmp_path / "schema", server=990000)
    refused(lambda: restore(db_empty.url(), tmp_path / "schema", schema_only=True), "this backup is of PostgreSQL 99")


def test_a_restore_refuses_a_server_without_the_files(copy: Path, db_empty: Database) -> None:
    edit(copy, extensions={"agentry_nowhere": "1"})
    error = refused(lambda: restore(db_empty.url(), copy), "no files of agentry_nowhere")
    assert "make install" in str(error.hint)
    edit(copy, extensions={"elsewhere": "1"})
    refused(lambda: restore(db_empty.url(), copy), "the extensions elsewhere")


def test_a_restore_refuses_older_files_of_an_extension(db: Database, db_empty: Database, tmp_path: Path) -> None:
    if isinstance(db.server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    backup(db.url(), tmp_path / "backup")
    edit(tmp_path / "backup", extensions={"agentry": "99.0.0"})
    refused(lambda: restore(db_empty.url(), tmp_path / "backup"), "older than 99.0.0 of the backup")


# -- roles ------------------------------------------------------------------------------------------------------------


def test_a_role_that_the_backup_needs_is_asked_for_and_a_login_is_told_about(
    db_plain: Database, empty: Callable[..., Database], tmp_path: Path
) -> None:
    guest, coder = db_plain.role("guest"), db_plain.agent_role("coder")
    lead = db_plain.agent_role("lead")
    db_plain.admin.execute(f"GRANT SELECT ON agentry.tools TO {guest}")
    db_plain.admin.execute(f"ALTER DATABASE {db_plain.name} SET search_path = public, agentry")
    backup(db_plain.url(), tmp_path / "backup")
    db_plain.admin.execute(f"REVOKE ALL ON agentry.tools FROM {guest}; DROP ROLE {guest}, {coder}")
    db_plain.admin.execute(f"REVOKE agentry_agent FROM {lead}")
    after = empty()
    error = refused(lambda: restore(after.url(), tmp_path / "backup"), f"not here: {guest}")
    assert f"CREATE ROLE {guest} NOLOGIN;" in str(error.hint).replace('"', "")
    assert after.value("SELECT to_regnamespace('agentry')") is None
    after.role("guest")
    after.admin.execute(f"CREATE ROLE {guest}")
    after.adopt_role(guest)
    report = restore(after.url(), tmp_path / "backup")
    notes = report.text().replace('"', "")
    assert report.problems == []
    assert f"CREATE ROLE {coder} LOGIN IN ROLE agentry_agent;" in notes
    assert f"GRANT agentry_agent TO {lead};" in notes
    assert "search_path=public, agentry" in notes


def test_a_new_server_gets_its_roles_or_the_lines_that_make_them(
    taken: Path, own_server: PgServer, keep: ExitStack
) -> None:
    poor = society.empty(own_server)
    keep.callback(poor.drop)
    bob = poor.role("bob")
    poor.admin.execute(f"ALTER DATABASE {poor.name} OWNER TO {bob}")
    error = refused(lambda: restore(poor.url(bob), taken, owner=False), "not here: agentry_agent")
    assert "CREATE ROLE agentry_app NOLOGIN;" in str(error.hint).replace('"', "")
    rich = society.empty(own_server)
    keep.callback(rich.drop)
    assert restore(rich.url(), taken).problems == []
    assert rich.value("SELECT count(*) FROM pg_roles WHERE rolname ~ '^agentry_'") == 4


def test_one_who_cannot_act_as_the_owner_restores_as_his_own(
    taken: Path, db_empty: Database, empty: Callable[..., Database]
) -> None:
    bob = db_empty.role("bob")
    after = empty(bob)
    error = refused(lambda: restore(after.url(bob), taken), f"agentry_owner, and {bob} cannot")
    assert "--no-owner" in str(error.hint)
    assert restore(after.url(bob), taken, owner=False).problems == []
    owners = after.value(
        "SELECT array_agg(DISTINCT relowner::regrole::text) FROM pg_class WHERE relnamespace = 'agentry'::regnamespace"
    )
    assert [name.strip('"') for name in owners] == [bob]
    assert deploy(after.url(bob)).nothing_to_do


# -- the data alone ---------------------------------------------------------------------------------------------------


def test_data_alone_go_into_a_fresh_install_of_the_other_way(source: Database, db: Database, tmp_path: Path) -> None:
    backup(source.url(), tmp_path / "data", data_only=True)
    db.admin.execute(ADDED)
    report = restore(db.url(), tmp_path / "data", data_only=True)
    assert report.problems == []
    if isinstance(db.server, UrlServer):
        return
    assert report.notes[-1].startswith("note: agentry.installed_modules: the rows are not those of the backup")
    assert db.value("SELECT way FROM agentry.installed_modules WHERE module = 'core'") == "extension"


def test_a_load_leaves_triggers_and_keys_as_they_were(taken: Path, db: Database) -> None:
    db.admin.execute(ADDED)
    db.admin.execute(
        "ALTER TABLE agentry.agents DISABLE TRIGGER agents_protect;"
        "ALTER TABLE agentry.users ENABLE ALWAYS TRIGGER agentry_90_audit_insert;"
        "ALTER TABLE agentry.users ALTER CONSTRAINT users_team_id_fkey DEFERRABLE;"
        "ALTER TABLE agentry.teams ALTER CONSTRAINT teams_org_id_fkey DEFERRABLE INITIALLY DEFERRED"
    )
    before = triggers(db)
    Restore(db.url(), taken, "data").load()
    assert triggers(db) == before
    assert db.value("SELECT array_agg(username) FROM agentry.users") == ["ann"]


def test_data_alone_go_over_no_row_that_somebody_wrote(taken: Path, db: Database) -> None:
    db.admin.execute("SELECT agentry.install()")  # again, which is no use
    db.admin.execute("INSERT INTO agentry.teams (name) VALUES ('mine')")
    before, guards = digests(db.admin), triggers(db)
    with pytest.raises(BackupError, match="nothing was changed") as caught:
        restore(db.url(), taken, data_only=True)
    assert "this database has been used since agentry was installed" in caught.value.message
    assert "agentry.teams (1)" in caught.value.message
    assert (digests(db.admin), triggers(db)) == (before, guards)


def test_data_alone_need_the_same_version(copy: Path, db: Database, db_empty: Database) -> None:
    refused(lambda: restore(db_empty.url(), copy, data_only=True), "agentry is not installed")
    edit(copy, modules={"core": {"version": "0.0.1"}})
    refused(lambda: restore(db.url(), copy, data_only=True), "the backup has core 0.0.1, this database")


def test_data_that_break_off_change_nothing(copy: Path, db: Database, tmp_path: Path) -> None:
    real = choose_restore(db.server.major, int(read_manifest(copy)["pg_dump"].split(".")[0]), find_programs())
    dying = Programs(tmp_path / "bin", real.version)
    dying.folder.mkdir()
    (dying.folder / "psql").symlink_to(real.folder / "psql")
    (dying.folder / "pg_restore").write_text("#!/bin/sh\necho 'SELECT 1;'\nexit 1\n")
    (dying.folder / "pg_restore").chmod(0o755)
    data_file(copy, USER).unlink()
    db.admin.execute(ADDED)
    before, guards = digests(db.admin), triggers(db)
    for programs in (dying, real):
        with pytest.raises(BackupError, match="nothing was changed"):
            restore(db.url(), copy, data_only=True, here=[programs])
        assert (digests(db.admin), triggers(db)) == (before, guards)


# -- the proof --------------------------------------------------------------------------------------------------------


def test_a_restore_finds_what_did_not_come(taken: Path, db_empty: Database) -> None:
    after = db_empty
    work = Restore(after.url(), taken)
    for phase in (work.check, work.roles, work.load, work.install, work.verify):
        phase()
    assert work.problems == []
    after.admin.execute(
        "SET session_replication_role = replica; DROP TABLE public.lost;"
        "DELETE FROM agentry.teams; UPDATE agentry.users SET email = 'eve@example.org';"
        "SELECT setval('agentry_chat.agent_chat_id_seq', 3);"
        "UPDATE agentry.audit_log SET role = 'eve' WHERE position = 5 AND org_id = agentry.current_org_id()"
    )
    work.verify()
    assert len(work.problems) == 6
    assert {
        "public.lost is missing",
        "agentry.teams has 0 rows, in the backup 1",
        "agentry.users: the rows are not those of the backup",
        "agentry.audit_log: the rows are not those of the backup",
    } < set(work.problems)
    text = "\n".join(work.problems)
    assert "agentry_chat.agent_chat_id_seq is at 3, in the backup at" in text
    assert "audit chain of Nova Labs: entry" in text
    after.admin.execute(
        "SET session_replication_role = replica; DELETE FROM agentry.audit_log WHERE position IS NOT NULL"
    )
    work.problems.clear()
    work.verify()
    assert "audit chain of Nova Labs does not end as in the backup" in work.problems
    assert "PROBLEM: public.lost is missing" in Report("done", [], work.problems).text()


def test_a_restore_tells_the_errors_of_pg_restore(copy: Path, db_empty: Database) -> None:
    file = data_file(copy, USER)
    rows = gzip.decompress(file.read_bytes()).replace(b"ann@example.org", b"no address")
    file.write_bytes(gzip.compress(rows))
    problems = restore(db_empty.url(), copy).problems
    assert any("COPY failed for table" in p and "users_email_check" in p for p in problems), problems
    assert "agentry.users has 0 rows, in the backup 1" in problems


def test_what_install_writes_is_told_and_is_no_fault(
    db_plain: Database, empty: Callable[..., Database], tmp_path: Path
) -> None:
    """As where the code is newer than the backup."""
    db_plain.admin.execute("UPDATE agentry.health_checks SET description = 'older' WHERE name = 'core.audit'")
    backup(db_plain.url(), tmp_path / "backup")
    build = tmp_path / "build"
    build.mkdir()
    (build / "roles.sql").write_bytes((paths.BUILD / "roles.sql").read_bytes())
    (build / "checksums.txt").write_text("core 0\n")
    report = restore(empty().url(), tmp_path / "backup", build=build)
    assert report.problems == []
    assert "note: the code is not that of this checkout; invoke deploy brings it up to date." in report.notes
    assert "note: agentry.health_checks: the rows are not those of the backup: install() brought it up to date." in (
        report.notes
    )


def test_digests_see_each_change_and_not_the_order(tx: psycopg.Connection[Any]) -> None:
    tx.execute("CREATE TABLE public.d (b text, a integer, twice integer GENERATED ALWAYS AS (a * 2) STORED)")
    tx.execute("CREATE TABLE public.nothing ()")

    def of(*rows: tuple[str | None, int | None]) -> Any:
        tx.execute("TRUNCATE public.d")
        for row in rows:
            tx.execute("INSERT INTO public.d VALUES (%s, %s)", row)
        return digests(tx)["public.d"]

    base = of(("x", 1), ("y", 2))
    assert of(("y", 2), ("x", 1)) == base
    different = [
        of(("x", 1)), of(("x", 1), ("y", 3)), of(("x", 2), ("y", 1)), of(("x", 1), ("y", 2), ("y", 2)), of(("x", None)),
        of(("", 1)), of((None, 1)), of(),
    ]  # fmt: skip
    assert all(d != base for d in different)
    assert len({json.dumps(d) for d in different}) == len(different)
    assert digests(tx)["public.nothing"] == {"rows": 0, "digest": "0"}
    tx.execute("SET LOCAL timezone = 'Asia/Tokyo'; SET LOCAL datestyle = 'German'; SET LOCAL bytea_output = 'escape'")
    assert {n: d for n, d in digests(tx).items() if n.startswith("agentry.")} == _in_utc(tx)


def test_digests_leave_out_what_belongs_to_an_extension(tx: psycopg.Connection[Any]) -> None:
    tx.execute("CREATE TABLE public.d (a integer GENERATED ALWAYS AS IDENTITY); CREATE SEQUENCE public.s")
    assert {"public.d", "public.d_a_seq", "public.s"} < digests(tx).keys()
    tx.execute("ALTER EXTENSION plpgsql ADD TABLE public.d; ALTER EXTENSION plpgsql ADD SEQUENCE public.s")
    tx.execute("CREATE TEMPORARY TABLE passing (a integer)")
    assert {name for name in digests(tx) if name.startswith(("public.", "pg_"))} == {"public.d_a_seq"}


def _in_utc(tx: psycopg.Connection[Any]) -> Any:
    tx.execute("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'")
    return {n: d for n, d in digests(tx).items() if n.startswith("agentry.")}


# -- as one types it --------------------------------------------------------------------------------------------------


def test_the_tasks_end_with_code_1_when_something_is_wrong(
    source: Database, db_empty: Database, tmp_path: Path
) -> None:
    def invoke(*args: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("invoke")
        env = {**os.environ, paths.BUILD_VARIABLE: str(paths.BUILD)}
        return subprocess.run([program, *args], cwd=paths.ROOT, env=env, capture_output=True, text=True, check=False)

    folder = str(tmp_path / "backup")
    done = invoke("backup", "--url", source.url(), "--file", folder)
    assert (done.returncode, "backed up: the whole database" in done.stdout) == (0, True), done.stderr
    done = invoke("restore", "--url", db_empty.url(), "--file", folder)
    assert (done.returncode, "2 audit chains are those of the backup" in done.stdout) == (0, True), done.stderr
    done = invoke("restore", "--url", db_empty.url(), "--file", folder)
    assert (done.returncode, "this database is not empty" in done.stderr) == (1, True)
