"""kill -9 of a whole server and of single backends, and the start after it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod

import psycopg

from tests.harness.container import ContainerServer, engine
from tests.harness.database import wait_until
from tests.harness.servers import TEST_SETTINGS, PgServer, WheelServer

# What was acknowledged has to survive, so commits wait for the log; with it on disk where power may fail too.
DURABLE = {"synchronous_commit": "on", "full_page_writes": "on"}
START_SECONDS = 60


class Victim(ABC):
    """A running server of our own that may be killed."""

    def __init__(self, server: PgServer) -> None:
        self.server = server

    @abstractmethod
    def kill_backend(self, pid: int) -> None:
        """kill -9 of one backend; the server throws out the others, recovers and goes on."""

    @abstractmethod
    def kill(self) -> None:
        """kill -9 of all processes of the server at once."""

    @abstractmethod
    def start(self) -> None:
        """Starts the killed server; its address may be another one."""


class _Wheel(Victim):
    server: WheelServer

    def kill_backend(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        postmaster = int((self.server.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGSTOP)  # it starts no more
        pids = [*_children(postmaster), postmaster]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(_is_there, pids)), "the killed processes are not gone", START_SECONDS)

    def start(self) -> None:
        self.server.start()


def _children(parent: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [(int(pid), int(ppid)) for pid, ppid in map(str.split, table.splitlines())]
    return [pid for pid, ppid in pairs if ppid == parent]


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class _Container(Victim):
    server: ContainerServer

    def kill_backend(self, pid: int) -> None:
        self.server.exec(["kill", "-9", str(pid)])

    def kill(self) -> None:
        engine().containers.get(self.server.container_id).kill("SIGKILL")

    def start(self) -> None:
        engine().containers.get(self.server.container_id).start()
        self.server.port = ContainerServer.attach(str(self.server.container_id)).port  # Docker gives it a new one


def new_victim(major: int, *, fsync: bool) -> Victim:
    """A server of that version, not started yet."""
    settings = {**TEST_SETTINGS, **DURABLE, "fsync": "on" if fsync else "off"}
    if major == 17:
        return _Container(ContainerServer(major, settings=settings, restarts=True))
    return _Wheel(WheelServer(major, settings=settings))


def wait_for(server: PgServer, dbname: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection, as soon as the server has recovered."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(server.url(dbname), autocommit=True, connect_timeout=5)
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
