"""PostgreSQL 17 in a container: the project's own image, with pgTAP, plpgsql_check, pg_cron and pgbouncer.

python -m tests.harness.container    makes the image if need be and prints its name, or says why it cannot be had
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import time
import urllib.parse
import warnings
from pathlib import Path
from typing import Any, cast

import docker
import docker.errors
import psycopg
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from tests.harness.paths import ROOT
from tests.harness.servers import TEST_SETTINGS, PgServer, ServerError, extension_files, find_psql, memory_has_room

FOLDER = ROOT / "tests" / "container"
PORT = 5432
DATA = "/var/lib/postgresql/data"
OWNER_LABEL = "agentry.test-run"  # the process that will stop the container
START_SECONDS = 120


# -- the engine and the image -----------------------------------------------------------------------------------------


def docker_engine_answers() -> tuple[bool, str]:
    """Whether a Docker engine answers, and if not, why."""
    try:
        client = docker.from_env(timeout=10)
        try:
            client.ping()
        finally:
            client.close()
    except Exception as error:  # the package lets errors of other libraries through
        reason = f"no Docker engine answers ({_first_line(error)})"
    else:
        return True, ""
    # a client that could not be made leaves its socket open, in cycles: else some later test is blamed for it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return False, reason


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@functools.cache
def engine() -> Any:
    """The client of this process."""
    client = docker.from_env(timeout=120)
    atexit.register(client.close)
    return client


def _have_image(name: str) -> bool:
    try:
        engine().images.get(name)
    except docker.errors.ImageNotFound:
        return False
    return True


def _run(*command: str, stderr: int | None) -> str:
    """Runs a program and returns what it printed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, text=True, check=False)
    except FileNotFoundError as error:
        raise ServerError(f"{error.filename} is not installed") from None
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-30:])
        raise ServerError(f"{command[0]} failed\n{tail}".rstrip())
    return done.stdout.strip()


@functools.cache
def ensure_image() -> str:
    """The name of the image; it is built, and its base pulled or made, when it is not there yet."""
    dockerfile = FOLDER / "Dockerfile"
    base = _run(str(FOLDER / "make-base.sh"), stderr=None)  # it tells on stderr what it does
    tag = f"agentry-test:pg17-{hashlib.sha256(dockerfile.read_bytes() + base.encode()).hexdigest()[:12]}"
    if not _have_image(tag):
        print(f"building the image {tag} on {base}", file=sys.stderr, flush=True)
        proxies = [f"--build-arg={name}" for name in ("http_proxy", "https_proxy") if os.environ.get(name)]
        options = ["--network=host", f"--build-arg=BASE_IMAGE={base}", *proxies, f"--tag={tag}"]
        _run("docker", "build", *options, str(FOLDER), stderr=subprocess.STDOUT)
    return tag


def unavailable_reason() -> str | None:
    """Why PostgreSQL 17 cannot be had here; None when it can."""
    answers, reason = docker_engine_answers()
    if not answers:
        return reason
    try:
        ensure_image()
    except ServerError as error:
        return f"its image cannot be made ({_first_line(error)})"
    return None


# -- containers -------------------------------------------------------------------------------------------------------


def new_container(image: str) -> Any:
    """A testcontainers container that a later run removes if this one is killed."""
    # The reaper is one more image to pull, and is privileged; sweep() does its work.
    testcontainers_config.ryuk_disabled = True
    sweep()
    return DockerContainer(image, labels={OWNER_LABEL: str(os.getpid())})


def sweep() -> None:
    """Removes containers whose test run was killed before it could."""
    for left in engine().containers.list(all=True, ignore_removed=True, filters={"label": OWNER_LABEL}):
        try:
            os.kill(int(left.labels[OWNER_LABEL]), 0)
        except ProcessLookupError:
            with contextlib.suppress(docker.errors.APIError):
                left.remove(force=True, v=True)
        except (PermissionError, ValueError):
            continue


class ContainerServer(PgServer):
    """PostgreSQL 17 in a container of the project's image.

    Its data are in memory where there is room, unless the container is to be stopped and started again (`restarts`).
    """

    log_path = None

    def __init__(self, major: int = 17, *, settings: dict[str, str] | None = None, restarts: bool = False) -> None:
        if major != 17:
            raise ServerError(f"the container has PostgreSQL 17, not {major}")
        self.major = major
        self.name = f"PostgreSQL {major} (container)"
        self.settings = {**TEST_SETTINGS, **(settings or {})}
        self.port: int | None = None
        self.container_id: str | None = None
        self._owned: Any = None
        self._restarts = restarts

    @classmethod
    def attach(cls, container_id: str) -> ContainerServer:
        """A server that another process started, and will stop."""
        server = cls()
        server.container_id = container_id
        server.port = server._published_port()
        return server

    @property
    def psql(self) -> Path:  # type: ignore[override]
        return find_psql()

    def _container(self) -> Any:
        if self.container_id is None:
            raise ServerError("the container is not started")
        return engine().containers.get(self.container_id)

    def _published_port(self) -> int:
        ports = self._container().attrs["NetworkSettings"]["Ports"]
        return int(ports[f"{PORT}/tcp"][0]["HostPort"])

    def start(self) -> None:
        if self.container_id is not None:
            return
        settings = {
            "shared_preload_libraries": "pg_cron",
            "cron.database_name": "postgres",
            "cron.use_background_workers": "on",
            **self.settings,
        }
        container = new_container(ensure_image())
        container.with_envs(
            POSTGRES_HOST_AUTH_METHOD="trust",
            POSTGRES_INITDB_ARGS="--encoding=UTF8 --locale=C.UTF-8 --no-sync",
        )
        container.with_command(["postgres", *(f"--{name}={value}" for name, value in settings.items())])
        # Every role may log in without a password, so only this machine may connect.
        container.ports[f"{PORT}/tcp"] = cast(Any, ("127.0.0.1",))
        container.with_kwargs(**container._kwargs, shm_size="512m")
        if memory_has_room() and not self._restarts:
            container.with_tmpfs_mount(DATA)
        container.start()
        self._owned = container
        self.container_id = str(container.get_container_id())
        try:
            self.port = self._published_port()
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        """Until the server answers by TCP, which it does not before all is set up."""
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                container = self._container()
                if container.status != "running" or time.monotonic() > end:
                    log = "\n".join(self.log_text().splitlines()[-15:])
                    raise ServerError(f"PostgreSQL 17 did not start: {error}\nthe log ends:\n{log}") from error
                time.sleep(0.1)

    def stop(self) -> None:
        if self._owned is not None:
            self._owned.stop()
            self._owned = None
        self.container_id = self.port = None

    def url(self, dbname: str = "postgres", user: str = "postgres") -> str:
        quoted = [urllib.parse.quote(name, safe="") for name in (user, dbname)]
        return f"postgresql://{quoted[0]}@127.0.0.1:{self.port}/{quoted[1]}"

    def exec(self, command: list[str], *, user: str = "postgres", workdir: str = "/") -> tuple[int, str]:
        """Runs a program inside, and returns its exit code and all that it printed."""
        done = self._container().exec_run(command, user=user, workdir=workdir)
        return int(done.exit_code), done.output.decode(errors="replace")

    def put_files(self, files: dict[str, bytes], folder: str) -> None:
        """Puts files into a folder that is there."""
        with io.BytesIO() as buffer:
            with tarfile.open(fileobj=buffer, mode="w") as archive:
                for name, content in files.items():
                    entry = tarfile.TarInfo(name)
                    entry.size = len(content)
                    entry.mode = 0o644
                    archive.addfile(entry, io.BytesIO(content))
            if not self._container().put_archive(folder, buffer.getvalue()):
                raise ServerError(f"cannot put files into {folder} of the container")

    @property
    def _extension_folder(self) -> str:
        code, output = self.exec(["pg_config", "--sharedir"])
        if code != 0:
            raise ServerError(f"pg_config failed in the container: {output}")
        return f"{output.strip()}/extension"

    def install_files(self, build: Path) -> None:
        self.uninstall_files()
        self.put_files({file.name: file.read_bytes() for file in extension_files(build)}, self._extension_folder)

    def uninstall_files(self) -> None:
        folder = self._extension_folder
        self.exec(["sh", "-c", 'rm -f "$1"/agentry*.control "$1"/agentry*--*.sql', "sh", folder], user="root")

    def log_text(self) -> str:
        return str(self._container().logs().decode(errors="replace"))


def main() -> int:
    answers, reason = docker_engine_answers()
    if not answers:
        print(f"PostgreSQL 17 cannot be had: {reason}", file=sys.stderr)
        return 1
    try:
        print(ensure_image())
    except ServerError as error:
        print(f"PostgreSQL 17 cannot be had: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
