"""dump -> restore -> dump ends equal: either way of deploying, by our tasks and by plain pg_dump, in another month, on
another server of a newer version; and nothing fires twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.core.test_partitions import set_clock
from tests.deploy import society
from tests.harness import paths
from tests.harness.backup import Restore, backup, choose_dump, find_programs, read_manifest, restore
from tests.harness.container import ContainerServer
from tests.harness.coverage import keep_log
from tests.harness.database import Database
from tests.harness.servers import TEST_SETTINGS, PgServer, UrlServer, WheelServer

WAYS = ("extension", "plain")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, server: PgServer) -> str:
    if request.param == "extension" and isinstance(server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    return str(request.param)


@pytest.fixture
def keep() -> Iterator[ExitStack]:
    """What is made last goes first: a role goes after the databases in which it owns something."""
    with ExitStack() as stack:
        yield stack


def made(keep: ExitStack, db: Database) -> Database:
    keep.callback(db.drop)
    return db


@pytest.fixture(scope="module")
def older() -> Iterator[WheelServer]:
    """A server of the oldest version, with transaction ids of its own."""
    server = WheelServer(16, settings=TEST_SETTINGS)
    with server:
        server.install_files(paths.BUILD)
        yield server
        keep_log(server)


def listen(db: Database) -> psycopg.Connection[object]:
    conn = db.connect()
    conn.execute("LISTEN agent_chat")
    return conn


def restore_later(db: Database, source: Path) -> Restore:
    """A restore in another month, which ends with the clock of the first, so that the code can be compared."""
    work = Restore(db.url(), source)
    work.check()
    work.roles()
    work.load()
    set_clock(db.admin, society.RESTORED)
    work.install()
    work.verify()
    assert work.problems == []
    set_clock(db.admin, society.TAKEN)
    return work


def test_a_backup_restored_in_another_month_dumps_as_before(
    way: str, server: PgServer, keep: ExitStack, tmp_path: Path
) -> None:
    before = made(keep, society.deployed(server, way))
    known = society.fill(before.admin, society.roles_of(before))
    first = society.dump(before)
    backup(before.url(), tmp_path / "backup")

    after = made(keep, society.empty(server))
    ears = listen(after)
    restore_later(after, tmp_path / "backup")
    assert society.difference(first, society.dump(after)) == ""
    assert list(ears.notifies(timeout=0)) == []
    set_clock(after.admin, society.RESTORED)
    society.use(after.admin, known)


def test_a_backup_of_an_older_server_goes_into_this_one(
    way: str, server: PgServer, older: WheelServer, keep: ExitStack, tmp_path: Path
) -> None:
    before = made(keep, society.deployed(older, way))
    roles = society.roles_of(before)
    known = society.fill(before.admin, roles)
    programs = choose_dump(server.major, find_programs())
    first = society.dump(before, programs)
    backup(before.url(), tmp_path / "backup")

    after = made(keep, society.empty(server))
    for name, group in (("nova", "agentry_agent"), ("app", "agentry_app")):
        after.admin.execute(f"CREATE ROLE {roles[name]} LOGIN IN ROLE {group}")
        after.adopt_role(roles[name])
    restore_later(after, tmp_path / "backup")
    assert society.difference(first, society.dump(after, programs)) == ""
    set_clock(after.admin, society.RESTORED)
    society.use(after.admin, known)


def test_plain_pg_dump_and_parallel_pg_restore_by_the_owner_end_equal(
    way: str, server: PgServer, db_empty: Database, keep: ExitStack, tmp_path: Path
) -> None:
    owner = db_empty.role("keeper")
    before = made(keep, society.deployed(server, way, owner))
    known = society.fill(before.connect(owner), society.roles_of(before))
    first = society.dump(before, user=owner)
    folder = Path("/tmp") if isinstance(server, ContainerServer) else tmp_path  # noqa: S108
    archive = str(folder / before.name)
    society.run_plain(before, "pg_dump", "--format=custom", f"--file={archive}", user=owner)

    after = made(keep, society.empty(server, owner))
    ears = listen(after)
    society.restore_plain(after, archive, owner)
    conn = after.connect(owner)
    assert {row[0] for row in conn.execute("SELECT action FROM agentry.install()").fetchall()} == {"unchanged"}
    set_clock(conn, society.TAKEN)  # an extension's code comes from its files
    assert society.difference(first, society.dump(after, user=owner)) == ""
    assert list(ears.notifies(timeout=0)) == []
    set_clock(conn, society.RESTORED)
    society.use(conn, known)


def test_a_schema_and_then_its_data_end_equal_and_fire_nothing(
    way: str, server: PgServer, db_empty: Database, keep: ExitStack, tmp_path: Path
) -> None:
    """By an administrator, who is no superuser and so cannot keep triggers from firing by a setting."""
    admin = db_empty.role("admin", "agentry_owner")
    before = made(keep, society.deployed(server, way))
    known = society.fill(before.admin, society.roles_of(before))
    first = society.dump(before)
    backup(before.url(), tmp_path / "backup")

    after = made(keep, society.empty(server, admin))
    assert restore(after.url(admin), tmp_path / "backup", schema_only=True).problems == []
    # as a month later, when other partitions are there
    after.admin.execute(
        "SET ROLE agentry_owner;"
        "ALTER TABLE shop.notes DETACH PARTITION shop.notes_2031_03; DROP TABLE shop.notes_2031_03;"
        "CREATE TABLE shop.notes_2029_05 PARTITION OF shop.notes"
        " FOR VALUES FROM ('2029-05-01 00:00+00') TO ('2029-06-01 00:00+00');"
        "RESET ROLE"
    )
    ears = listen(after)
    assert restore(after.url(admin), tmp_path / "backup", data_only=True).problems == []
    set_clock(after.admin, society.TAKEN)
    # who made an extension shows in what is revoked from him
    second = [line.replace(f" FROM {admin};", " FROM postgres;") for line in society.dump(after)]
    assert society.difference(first, second) == ""
    backup(after.url(), tmp_path / "again")
    assert (admin in read_manifest(tmp_path / "again")["grantees"]) == (way == "extension")
    assert list(ears.notifies(timeout=0)) == []
    set_clock(after.admin, society.RESTORED)
    society.use(after.admin, known)


def test_a_repeated_install_writes_no_row(way: str, server: PgServer, keep: ExitStack) -> None:
    db = made(keep, society.deployed(server, way))
    with db.connect(autocommit=False) as conn:
        conn.execute("SELECT agentry.install()")
        written = conn.execute(
            "SELECT relid::regclass::text FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        ).fetchall()
    assert written == []
