"""The servers from the wheel, and the embedded one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.harness import paths, servers
from tests.harness.servers import ServerError, UrlServer, WheelServer, embedded, start_embedded

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def only_once(request: pytest.FixtureRequest) -> None:
    """These start servers of their own: one run of the suite is enough."""
    if request.config.getoption("--server") != "18":
        pytest.skip("runs with --server 18")


@pytest.fixture
def checkout_folder() -> Iterator[Path]:
    """A folder that the server's user can enter."""
    with tempfile.TemporaryDirectory(prefix="agentry-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def stop_for_good(server: WheelServer) -> None:
    server.temporary = True
    server.stop()


def test_the_embedded_server_keeps_its_port_and_its_data(checkout_folder: Path) -> None:
    server = start_embedded(checkout_folder)
    try:
        url = server.url("agentry")
        with psycopg.connect(url) as conn:
            conn.execute("CREATE TABLE kept (id integer)")
        again = start_embedded(checkout_folder)
        assert again.url("agentry") == url
        again.stop()
        assert not again.running
        assert start_embedded(checkout_folder).url("agentry") == url
        with psycopg.connect(url) as conn:
            assert conn.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        stop_for_good(server)


def test_the_embedded_server_moves_when_its_port_is_taken(checkout_folder: Path) -> None:
    server = start_embedded(checkout_folder)
    try:
        port = server.port
        server.stop()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
            moved = start_embedded(checkout_folder)
        assert moved.port != port
        assert start_embedded(checkout_folder).port == moved.port
    finally:
        stop_for_good(server)


def test_another_user_of_the_machine_cannot_log_in_to_the_embedded_server(checkout_folder: Path) -> None:
    """Its TCP port is open to all of them, and a superuser runs programs as the server's user."""
    server = start_embedded(checkout_folder)
    try:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{server.port}/agentry")
        assert server.socket_dir.stat().st_mode & 0o077 == 0
        assert (checkout_folder / ".agentry" / "server.json").stat().st_mode & 0o077 == 0
        with psycopg.connect(server.url("agentry")) as conn:
            conn.execute("CREATE ROLE somebody LOGIN")
        with psycopg.connect(server.url("agentry", "somebody")) as conn:
            assert conn.execute("SELECT current_user").fetchone() == ("somebody",)
    finally:
        stop_for_good(server)


def test_a_checkout_below_a_closed_folder_works(checkout_folder: Path) -> None:
    closed = checkout_folder / "closed"
    closed.mkdir(mode=0o700)
    server = start_embedded(closed)
    try:
        if os.geteuid() == 0:
            assert not server.home.is_relative_to(closed), "the server's user cannot enter it"
        assert start_embedded(closed).home == server.home
        with psycopg.connect(server.url("agentry")) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
    finally:
        stop_for_good(server)


def test_a_long_path_works(checkout_folder: Path) -> None:
    """A socket's path has room for about a hundred bytes."""
    deep = checkout_folder / ("deep" * 20) / ("deeper" * 10)
    deep.mkdir(parents=True)
    server = start_embedded(deep)
    try:
        with psycopg.connect(server.url("agentry", "postgres")) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
        assert len(str(server.socket_dir)) <= servers.SOCKET_PATH_LIMIT
        again = embedded(deep)
        assert again.socket_dir == server.socket_dir
    finally:
        stop_for_good(server)


@pytest.mark.parametrize("settings", [{}, servers.TEST_SETTINGS], ids=["durable", "not durable"])
@pytest.mark.parametrize("major", [18, 16])
def test_a_temporary_server_leaves_nothing(major: int, settings: dict[str, str]) -> None:
    with WheelServer(major, settings=settings) as server:
        assert isinstance(server, WheelServer)
        home, sockets, data = server.home, server.socket_dir, server.data.resolve()
        assert (data == server.data) == (not settings or not servers.memory_has_room())
        with psycopg.connect(server.url()) as conn:
            assert conn.info.server_version // 10000 == major
            assert conn.execute("SHOW server_encoding").fetchone() == ("UTF8",)
            available = conn.execute(
                "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"
            ).fetchone()
            assert available is not None
        version = subprocess.run([server.psql, "--version"], capture_output=True, text=True, check=True).stdout
        assert f" {major}." in version
        assert "ready to accept connections" in server.log_text()
    assert not home.exists()
    assert not sockets.exists()
    assert not data.exists()


def test_a_server_whose_run_was_killed_is_swept_away() -> None:
    script = (
        "import os\nfrom tests.harness.servers import WheelServer\n"
        "server = WheelServer(18)\nserver.start()\nprint(server.home, flush=True)\nos._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=paths.ROOT, capture_output=True, text=True, check=False)
    home = Path(done.stdout.strip())
    assert done.returncode == 9, done.stderr
    assert home.is_dir()
    servers.sweep()
    assert not home.exists()


def test_settings_reach_the_server() -> None:
    with WheelServer(18, settings={"work_mem": "7MB"}) as server, psycopg.connect(server.url()) as conn:
        assert conn.execute("SHOW work_mem").fetchone() == ("7MB",)


def test_a_server_that_cannot_start_shows_its_log() -> None:
    server = WheelServer(18, settings={"shared_preload_libraries": "nonsense"})
    try:
        with pytest.raises(ServerError, match="nonsense"):
            server.start()
    finally:
        server.stop()
    assert not server.home.exists()


def test_no_such_server_is_said_plainly() -> None:
    with pytest.raises(ServerError, match="the wheel has PostgreSQL 18 and 16, not 15"):
        WheelServer(15)
    with pytest.raises(ServerError, match="no server is called 'x'"):
        servers.test_server("x")


def test_a_url_server_changes_database_and_role_and_nothing_else() -> None:
    server = UrlServer("postgresql://me:secret@example.org:6000/one?sslmode=require")
    assert server.url() == "postgresql://me:secret@example.org:6000/one?sslmode=require"
    other = psycopg.conninfo.conninfo_to_dict(server.url("two"))
    assert (other["dbname"], other["user"], other["password"], other["sslmode"]) == ("two", "me", "secret", "require")
    assert "password" not in psycopg.conninfo.conninfo_to_dict(server.url("two", "you"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_normal_user_can_run_a_server(checkout_folder: Path) -> None:
    """Only the library's part: a checkout that this user may read is a matter of the user's."""
    probe = subprocess.run(
        [sys.executable, "-c", "import psycopg"], user="nobody", cwd="/", capture_output=True, check=False
    )
    readable = subprocess.run(["test", "-r", paths.ROOT / "tasks.py"], user="nobody", cwd="/", check=False)
    if probe.returncode or readable.returncode:
        pytest.skip("user nobody may not read this Python or this checkout")
    os.chown(checkout_folder, 65534, -1)
    script = (
        "import sys, psycopg\nfrom pathlib import Path\nfrom tests.harness.servers import start_embedded\n"
        "server = start_embedded(Path(sys.argv[1]))\n"
        "print(psycopg.connect(server.url('agentry')).execute('SELECT 1').fetchone())\n"
        "server.temporary = True\nserver.stop()\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(checkout_folder)],
        cwd=paths.ROOT,
        user="nobody",
        group="nogroup",
        extra_groups=[],
        env={**os.environ, "HOME": str(checkout_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "(1,)\n", done.stderr
