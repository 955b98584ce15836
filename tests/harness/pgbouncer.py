"""A pgbouncer in transaction mode in front of a test server, configured by docs/pgbouncer.ini.

The program on the PATH is used when it is new enough; else the one in the container image, which reaches the server
through the host's network; else there is none, and find() says so.
"""

from __future__ import annotations

import configparser
import functools
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from tests.harness import container, servers
from tests.harness.paths import ROOT
from tests.harness.servers import ServerError, free_port

INI = ROOT / "docs" / "pgbouncer.ini"
OLDEST = (1, 21)  # the first one that knows prepared statements in transaction mode
START_SECONDS = 30


@functools.cache
def find() -> tuple[str | None, str]:
    """Where pgbouncer is to be had: a path, or 'container', or None; and why."""
    path = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        found = re.search(r"PgBouncer (\d+)\.(\d+)", done.stdout)
        if found and (int(found[1]), int(found[2])) >= OLDEST:
            return path, ""
        why = f"{path} is older than {'.'.join(map(str, OLDEST))}"
    else:
        why = "there is no pgbouncer on the PATH"
    if not sys.platform.startswith("linux"):
        return None, f"{why}, and a container reaches the test server on Linux only"
    reason = container.unavailable_reason()
    return (None, f"{why}, and {reason}") if reason else ("container", "")


class PgBouncer:
    """One pgbouncer, for the databases of the server that `upstream` leads to.

    `settings` goes over docs/pgbouncer.ini; the pool has one server connection, so that clients surely share it.
    """

    def __init__(self, upstream: str, users: Mapping[str, str], settings: Mapping[str, str] | None = None) -> None:
        """Takes a libpq URL and the login roles with their passwords ('' where the server trusts them)."""
        parts = conninfo_to_dict(upstream)
        self.port = free_port()
        self._users = dict(users)
        self._settings = {"default_pool_size": "1", **(settings or {})}
        self._upstream = f"host={parts.get('host') or '127.0.0.1'} port={parts.get('port') or 5432}"
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._container: Any = None

    def url(self, dbname: str, user: str) -> str:
        name, password = urllib.parse.quote(user, safe=""), self._users[user]
        secret = f":{urllib.parse.quote(password, safe='')}" if password else ""
        return f"postgresql://{name}{secret}@127.0.0.1:{self.port}/{urllib.parse.quote(dbname, safe='')}"

    def _files(self, folder: str) -> dict[str, str]:
        """docs/pgbouncer.ini with what differs here: addresses, users, the size of the pool."""
        ini = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=(";",))
        ini.read(INI)
        ini["databases"] = {"*": self._upstream}
        ini["pgbouncer"].update(
            listen_addr="127.0.0.1", listen_port=str(self.port), unix_socket_dir="", auth_file=f"{folder}/userlist.txt"
        )
        if not any(self._users.values()):
            ini["pgbouncer"]["auth_type"] = "trust"
        ini["pgbouncer"].update(self._settings)
        with io.StringIO() as text:
            ini.write(text)
            users = "".join(f'"{name}" "{password}"\n' for name, password in self._users.items())
            return {"pgbouncer.ini": text.getvalue(), "userlist.txt": users}

    def start(self) -> None:
        where, reason = find()
        if where is None:
            raise ServerError(reason)
        try:
            if where == "container":
                self._start_container()
            else:
                self._start_program(where)
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _start_program(self, path: str) -> None:
        user = servers._plain_user()  # pgbouncer refuses to be root
        self._folder = Path(tempfile.mkdtemp(prefix="agentry-pgbouncer-"))
        more: dict[str, Any] = {}
        if user:
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            more = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        for name, text in self._files(str(self._folder)).items():
            file = self._folder / name
            file.write_text(text)
            if user:
                os.chown(file, user.pw_uid, user.pw_gid)
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [path, str(self._folder / "pgbouncer.ini")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self._folder, **more,
            )

    def _start_container(self) -> None:
        """In the host's network, where the server listens on 127.0.0.1."""
        made = container.new_container(container.ensure_image())
        files = self._files("/tmp")  # noqa: S108 (inside the container)
        made.with_envs(INI=files["pgbouncer.ini"], USERS=files["userlist.txt"])
        made.with_command([
            "-c",
            'umask 077; printf %s "$INI" >/tmp/pgbouncer.ini; printf %s "$USERS" >/tmp/userlist.txt;'
            " exec pgbouncer /tmp/pgbouncer.ini",
        ])
        made.with_kwargs(**made._kwargs, network="host", user="postgres", entrypoint=["/bin/sh"])
        self._container = made
        made.start()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError as error:
                if time.monotonic() > end or not self._alive():
                    raise ServerError(f"pgbouncer did not start; its log:\n{self.log_text()}") from error
                time.sleep(0.05)

    def _alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return bool(wrapped.status == "running")

    def log_text(self) -> str:
        if self._container is not None:
            return str(self._container.get_wrapped_container().logs().decode(errors="replace"))
        return (self._folder / "log").read_text(errors="replace") if self._folder else ""

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._container is not None:
            self._container.stop()
            self._container = None

    def __enter__(self) -> PgBouncer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
