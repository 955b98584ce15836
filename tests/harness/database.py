"""What a test gets: a database of its own, roles of its own, and ways to watch the server."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.harness.deploy import deploy
from tests.harness.paths import BUILD
from tests.harness.servers import TEST_SETTINGS, PgServer, UrlServer, WheelServer

Connection = psycopg.Connection[Any]

PASSWORD = "only-for-tests"  # for servers that ask for one; ours trust every login
_numbers = itertools.count(1)


def unique_name(stem: str) -> str:
    """A name that no other test process uses; roles are shared by all databases of a server."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"{stem}_{worker}_{os.getpid()}_{next(_numbers)}"


class Database:
    """A database for one test; it and its roles are dropped at the end."""

    def __init__(self, server: PgServer, name: str) -> None:
        self.server = server
        self.name = name
        self._tag = f"t{os.getpid()}_{next(_numbers)}"
        self._roles: list[str] = []
        self._open: list[Connection] = []
        self._admin: Connection | None = None

    # -- connections

    def url(self, user: str | None = None) -> str:
        return server_url(self.server, self.name, user)

    def connect(self, user: str | None = None, autocommit: bool = True, **more: Any) -> Connection:
        """A connection as that role [the superuser]; closed at the end of the test."""
        if user is not None and isinstance(self.server, UrlServer):
            more.setdefault("password", PASSWORD)
        conn: Connection = psycopg.connect(self.url(user), autocommit=autocommit, **more)
        self._open.append(conn)
        return conn

    @property
    def admin(self) -> Connection:
        """A connection of the superuser in autocommit."""
        if self._admin is None or self._admin.closed:
            self._admin = self.connect()
        return self._admin

    def value(self, query: str, *args: Any) -> Any:
        """The first column of the first row, as the superuser."""
        row = self.admin.execute(query.encode(), args or None).fetchone()
        return row[0] if row else None

    # -- roles

    def role(self, name: str, *member_of: str, options: str = "LOGIN") -> str:
        """Makes a role, called uniquely, that logs in; returns its real name."""
        real = f"{self._tag}_{name}"
        parts = [sql.Identifier(real), sql.SQL(options), sql.Literal(PASSWORD)]
        self.admin.execute(sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(*parts))
        self._roles.append(real)
        for group in member_of:
            self.admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(real)))
        return real

    def adopt_role(self, real: str) -> str:
        """Has a role that the test made itself dropped at the end."""
        self._roles.append(real)
        return real

    def agent_role(self, agent: str, *, register: bool = True) -> str:
        """Makes a login role that is that agent; registers the agent when there is none of that name."""
        real = self.role(agent, "agentry_agent")
        if register:
            self.admin.execute(
                "SELECT agentry.register_agent(p_name => %s, p_description => CASE WHEN NOT EXISTS"
                " (SELECT FROM agentry.agents WHERE name = %s) THEN 'an agent of a test' END, p_db_role => %s)",
                [agent, agent, real],
            )
        else:
            self.admin.execute("UPDATE agentry.agents SET db_role = %s WHERE name = %s", [real, agent])
        return real

    def app_role(self, name: str = "app", *, group: str = "agentry_app") -> str:
        """Makes a login role that serves the default organisation as an application back end."""
        real = self.role(name, group)
        self.admin.execute(
            "INSERT INTO agentry.service_roles (org_id, db_role) VALUES (agentry.current_org_id(), %s)", [real]
        )
        return real

    # -- end

    def close(self) -> None:
        for conn in self._open:
            conn.close()
        self._open.clear()

    def drop(self) -> None:
        self.close()
        with admin_connection(self.server) as conn:
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name)))
            for role in reversed(self._roles):
                conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def server_url(server: PgServer, dbname: str, user: str | None = None) -> str:
    if isinstance(server, UrlServer):
        return server.url(dbname, user)
    return server.url(dbname, user or "postgres")


@contextmanager
def admin_connection(server: PgServer) -> Iterator[Connection]:
    """A superuser's connection in autocommit, to no test's database."""
    url = server.url() if isinstance(server, UrlServer) else server.url("postgres")
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn


# -- templates --------------------------------------------------------------------------------------------------------


def _run_suffix(build: Path) -> str:
    """Tells this run's templates from another's on a server that outlives both: the build is a copy for one run."""
    return f"_{build.parent.name}"


def drop_templates(server: PgServer, build: Path = BUILD) -> None:
    """Leaves a server that is not ours as it was, but for the group roles."""
    if not isinstance(server, UrlServer):
        return
    with admin_connection(server) as conn:
        names = conn.execute(
            "SELECT datname FROM pg_database"
            " WHERE starts_with(datname, 'agentry_template_') AND right(datname, %s) = %s",
            [len(_run_suffix(build)), _run_suffix(build)],
        ).fetchall()
        for (name,) in names:
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def template(server: PgServer, way: str, build: Path = BUILD) -> str:
    """Name of a database with agentry deployed that way, made by the first who asks."""
    name = f"agentry_template_{way}" if way != "empty" else "template0"
    if way == "empty":
        return name
    if isinstance(server, UrlServer):
        name += _run_suffix(build)
    with admin_connection(server) as conn:
        conn.execute("SELECT pg_advisory_lock(hashtextextended('agentry.template', 0))")
        done = conn.execute(
            "SELECT shobj_description(oid, 'pg_database') = 'ready' FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if done and done[0]:
            return name
        quoted = sql.Identifier(name)
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
        conn.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        deploy(server_url(server, name), mode=way, build=build)
        _compact(server_url(server, name))
        conn.execute(sql.SQL("COMMENT ON DATABASE {} IS 'ready'").format(quoted))
    return name


def _compact(url: str) -> None:
    """Takes out of the catalogue what a deploy leaves behind in it, a quarter of the files that each clone copies.

    Tables of ours stay as they are: what VACUUM notes down about them would change plans.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        tables = conn.execute(
            "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class"
            " WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND NOT relisshared"
        ).fetchone()
        assert tables
        conn.execute(f"VACUUM FULL {tables[0]}".encode())
    psycopg.connect(url).close()  # the first session writes a file that spares those after it reading the catalogue


def clone(server: PgServer, source: str) -> Database:
    """A fresh copy of a template."""
    database = Database(server, unique_name("test"))
    with admin_connection(server) as conn:
        # the other strategy writes every page to the WAL
        conn.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(database.name), sql.Identifier(source)
            )
        )
    return database


@contextmanager
def fresh_server(like: PgServer) -> Iterator[PgServer]:
    """A cluster of the same version that no other test uses; the test is skipped where the server is not ours."""
    import pytest

    from tests.harness.coverage import keep_log

    if isinstance(like, UrlServer):
        pytest.skip("needs a cluster of its own")
    if isinstance(like, WheelServer):
        fresh: PgServer = WheelServer(like.major, settings=TEST_SETTINGS)
    else:
        from tests.harness.container import ContainerServer

        fresh = ContainerServer(like.major)
    with fresh:
        fresh.install_files(BUILD)
        yield fresh
        keep_log(fresh)


# -- a session for several tests --------------------------------------------------------------------------------------


class _Session(psycopg.Connection[Any]):
    """A connection that forgets who listens to it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._listening: list[tuple[Callable[[Any], None], Any]] = []

    def add_notice_handler(self, callback: Any) -> None:
        super().add_notice_handler(callback)
        self._listening.append((self.remove_notice_handler, callback))

    def add_notify_handler(self, callback: Any) -> None:
        super().add_notify_handler(callback)
        self._listening.append((self.remove_notify_handler, callback))

    def forget(self) -> None:
        while self._listening:
            remove, callback = self._listening.pop()
            with suppress(ValueError):  # the test has removed it
                remove(callback)


class Sessions:
    """A session that tests use one after the other, as from a pool: rolled back, discarded, and a new one if it broke.

    To begin a session takes longer than most tests: it reads the catalogue and compiles every function anew.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._conn: _Session | None = None

    def take(self) -> Connection:
        if self._conn is None:
            self._conn = _Session.connect(self._url)
        return self._conn

    def give_back(self) -> None:
        conn = self._conn
        assert conn is not None
        try:
            conn.rollback()
            conn.forget()
            conn.autocommit = True
            conn.execute("DISCARD ALL")
            conn.autocommit = False
        except psycopg.Error:  # the test broke it
            conn.close()
            self._conn = None

    def __enter__(self) -> Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        if self._conn is not None:
            self._conn.close()


# -- watching ---------------------------------------------------------------------------------------------------------


def wait_until(condition: Callable[[], Any], what: str, timeout: float = 60.0) -> Any:
    """Asks again and again until the condition is true; returns what it gave."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout:g} s in vain: {what}")
        time.sleep(0.005)


def wait_for_lock(conn: Connection, pid: int, timeout: float = 60.0) -> None:
    """Returns when that backend waits for a lock; `conn` is another connection in autocommit."""

    def waits() -> bool:
        row = conn.execute(
            "SELECT wait_event_type = 'Lock' AND cardinality(pg_blocking_pids(pid)) > 0"
            " FROM pg_stat_activity WHERE pid = %s",
            [pid],
        ).fetchone()
        return bool(row and row[0])

    wait_until(waits, f"backend {pid} does not wait for a lock", timeout)


class ServerLog:
    """What the server has logged since the test began; other tests' lines are among them."""

    def __init__(self, server: PgServer) -> None:
        self._server = server
        self._start = len(server.log_text())

    def text(self) -> str:
        return self._server.log_text()[self._start :]

    def of(self, pid: int) -> str:
        """The lines of one backend, with the lines that continue them."""
        lines: list[str] = []
        mine = False
        for line in self.text().splitlines():
            if line[:4].isdigit() and " [" in line[:45]:
                mine = f" [{pid}] " in line[:45]
            if mine:
                lines.append(line)
        return "\n".join(lines)
