"""One server a run, shared by all workers; one fresh database a test, cloned from a template.

    pytest --server 18 -n 4        18 [default] and 16: from the wheel; 17: in a container; or a URL

Fixtures:
    db          a database with agentry deployed as extensions, thrown away after the test; see harness/database.py
    db_plain    the same, deployed as plain SQL
    db_empty    the same, without agentry
    tx          a connection of the superuser in a transaction that is rolled back; quick, for what needs no COMMIT;
                the session goes from test to test of a file, discarded in between as a pool does
    server      the server
    server_log  what it has logged since the test began
    background  runs a function in a thread: background(f, *args) -> Future
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.harness import paths

if paths.BUILD_VARIABLE not in os.environ:  # workers inherit it
    paths.BUILD = paths.frozen_build()
    os.environ[paths.BUILD_VARIABLE] = str(paths.BUILD)
    atexit.register(shutil.rmtree, paths.BUILD.parent, ignore_errors=True)

from tests.harness import servers

if servers.PROGRAMS_VARIABLE not in os.environ:
    programs = paths.BUILD.parent / "programs"
    programs.mkdir()
    os.environ[servers.PROGRAMS_VARIABLE] = str(programs)

from tests.harness.database import Database, ServerLog, Sessions, clone, drop_templates, template
from tests.harness.paths import BUILD
from tests.harness.servers import PgServer

pytest_plugins = ["tests.harness.coverage"]

_HANDLE = "AGENTRY_TEST_SERVER"
_started: list[PgServer] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--server", default="18", help="18, 16 (wheel), 17 (container) or a URL")
    parser.addoption("--server-only", action="store_true", help="leave out the tests that use no server")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _start(config: pytest.Config) -> PgServer:
    """Starts this run's server, once; only in the process that the user started."""
    from tests.harness.coverage import SERVER  # imported as a plugin first

    if not _started:
        server = servers.test_server(config.getoption("--server"))
        server.start()
        _started.append(server)
        config.stash[SERVER] = server
        server.install_files(BUILD)
    return _started[0]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Called by xdist for each worker."""
    node.workerinput[_HANDLE] = json.dumps(servers.handle(_start(node.config)))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        while _started:
            server = _started.pop()
            drop_templates(server)
            server.stop()


def pytest_report_header(config: pytest.Config) -> str:
    return f"server: {config.getoption('--server')}"


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> PgServer:
    """The server of this run."""
    if _is_worker(request.config):
        return servers.attach(json.loads(request.config.workerinput[_HANDLE]))  # type: ignore[attr-defined]
    return _start(request.config)


def _template_way(server: PgServer) -> str:
    """Extensions, but for a server whose files are not ours to install."""
    return "auto" if isinstance(server, servers.UrlServer) else "extension"


def _database(server: PgServer, way: str) -> Iterator[Database]:
    database = clone(server, template(server, way))
    try:
        yield database
    finally:
        database.drop()


@pytest.fixture
def db(server: PgServer) -> Iterator[Database]:
    """A database with agentry, for this test alone."""
    yield from _database(server, _template_way(server))


@pytest.fixture
def db_plain(server: PgServer) -> Iterator[Database]:
    """A database with agentry deployed as plain SQL, for this test alone."""
    yield from _database(server, "plain")


@pytest.fixture
def db_empty(server: PgServer) -> Iterator[Database]:
    """A database without agentry, for this test alone."""
    yield from _database(server, "empty")


@pytest.fixture(scope="session")
def _shared(server: PgServer) -> Iterator[Database]:
    yield from _database(server, _template_way(server))


@pytest.fixture(scope="module")
def _sessions(_shared: Database) -> Iterator[Sessions]:
    with Sessions(_shared.url()) as sessions:
        yield sessions


@pytest.fixture
def tx(_sessions: Sessions) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection whose transaction is rolled back after the test."""
    conn = _sessions.take()
    yield conn
    _sessions.give_back()


@pytest.fixture
def server_log(server: PgServer) -> ServerLog:
    """What the server logs from now on."""
    return ServerLog(server)


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Any]]]:
    """Runs functions in threads; the test ends when they have."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        yield pool.submit


def _uses_server(item: pytest.Item) -> bool:
    """Whether the test may end otherwise on another server."""
    return "server" in getattr(item, "fixturenames", ()) or item.get_closest_marker("container") is not None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need the container's programs are skipped elsewhere, those that use no server left out if asked."""
    if config.getoption("--server-only"):
        left_out = [item for item in items if not _uses_server(item)]
        items[:] = [item for item in items if _uses_server(item)]
        config.hook.pytest_deselected(items=left_out)
    if config.getoption("--server") != "17":
        skip = pytest.mark.skip(reason="needs the container server (--server 17)")
        for item in items:
            if item.get_closest_marker("container"):
                item.add_marker(skip)


os.environ.pop("PGOPTIONS", None)  # a setting of the caller's must not reach the tests
