"""The tasks of the project: `invoke --list`.  What they do is in tests/harness/."""

from __future__ import annotations

import os
from typing import Any

from invoke import Exit, task  # type: ignore[attr-defined]

from tests.harness import lint as linter
from tests.harness import servers
from tests.harness.deploy import DeployError, Result, clashes, search_path_for
from tests.harness.deploy import deploy as run_deploy
from tests.harness.paths import BUILD, make_build
from tests.harness.progress import step
from tests.harness.servers import ServerError, WheelServer

Context = Any


def _embedded() -> WheelServer:
    """The embedded server, running, with this build's files."""
    try:
        with step("starting the embedded PostgreSQL 18"):
            server = servers.start_embedded()
    except ServerError as error:
        raise Exit(str(error)) from error
    return server


def _url(given: str | None) -> str | None:
    return given or os.environ.get("DATABASE_URL") or None


def _deploy(
    url: str | None, mode: str, modules: str | None, owner: str | None, plan: bool, search_path: bool
) -> Result:
    with step("building"):
        make_build()
    target = _url(url)
    if target is None:
        server = _embedded()
        server.install_files(BUILD)
        target = server.url(servers.EMBEDDED_DATABASE)
        print("database: the embedded one (give --url or DATABASE_URL for another)")
    names = [m.strip() for m in modules.split(",") if m.strip()] if modules else None
    try:
        with step("planning" if plan else "deploying"):
            result = run_deploy(target, mode, names, owner, plan=plan, search_path=search_path)
    except DeployError as error:
        raise Exit(str(error)) from error
    print(result.report(), flush=True)
    if not plan and not search_path:
        _offer_search_path(target)
    return result


def _offer_search_path(target: str) -> None:
    """Says how to call functions without their schema, and what that would clash with."""
    import psycopg

    with psycopg.connect(target) as conn:
        path = search_path_for(conn)
        row = conn.execute("SELECT current_setting('search_path')").fetchone()
        now = [part.strip() for part in row[0].split(",")] if row else []
        if all(part.strip('"') in {p.strip('"') for p in now} for part in path):
            return
        print(f"To call functions without a schema: invoke deploy --search-path sets it to {', '.join(path)}")
        for line in clashes(conn, path):
            print(f"  clash: {line}")


@task(
    help={
        "url": "database to deploy into [DATABASE_URL, else the embedded one]",
        "mode": "auto, extension or plain",
        "modules": "names, separated by commas [all]; what they need comes along",
        "owner": "role that shall own everything [agentry_owner]",
        "search-path": "also set the database's search_path",
    }
)
def deploy(
    _: Context, url: str = "", mode: str = "auto", modules: str = "", owner: str = "", search_path: bool = False
) -> None:
    """Install or update agentry in a database; safe to repeat."""
    _deploy(url or None, mode, modules or None, owner or None, False, search_path)


@task(help={"url": "as in deploy", "mode": "as in deploy", "modules": "as in deploy", "owner": "as in deploy"})
def plan(_: Context, url: str = "", mode: str = "auto", modules: str = "", owner: str = "") -> None:
    """Say what a deploy would do, and do nothing."""
    _deploy(url or None, mode, modules or None, owner or None, True, False)


@task
def demo(_: Context) -> None:
    """Deploy into the embedded server, load a small roster and a conversation, and replay it."""
    from tests.harness import demo as player

    result = _deploy(None, "auto", None, None, False, True)
    server = servers.embedded()
    server.start()
    player.run(server.url(servers.EMBEDDED_DATABASE), server.psql)
    print(f"\nagentry is here ({', '.join(result.modules)}).  To look around:\n\n    .venv/bin/invoke psql\n")


@task
def url(_: Context) -> None:
    """Print the embedded server's URL on the last line, starting the server if need be."""
    print(_embedded().url(servers.EMBEDDED_DATABASE))


@task
def psql(_: Context) -> None:
    """Open psql on the embedded server."""
    server = _embedded()
    env = {**os.environ, "PAGER": os.environ.get("PAGER", "less"), "LESS": os.environ.get("LESS", "-SFX")}
    program = str(server.psql)
    os.execve(program, [program, server.url(servers.EMBEDDED_DATABASE)], env)  # noqa: S606


@task(help={"url": "database to look at [DATABASE_URL, else the embedded one]"})
def status(_: Context, url: str = "") -> None:
    """Print the health of a database; exit code 1 when something is critical."""
    from tests.harness import status as health

    if not health.run(_url(url) or _embedded().url(servers.EMBEDDED_DATABASE)):
        raise Exit(code=1)


@task(
    help={
        "file": "folder to write, which must not be there yet",
        "url": "database to back up [DATABASE_URL, else the embedded one]",
        "schema-only": "no rows",
        "data-only": "rows alone",
        "jobs": "tables read at a time",
    }
)
def backup(
    _: Context, file: str, url: str = "", schema_only: bool = False, data_only: bool = False, jobs: int = 2
) -> None:
    """Back a database up, with a manifest by which a restore is proved."""
    from pathlib import Path

    from tests.harness import backup as keeper

    target = _url(url) or _embedded().url(servers.EMBEDDED_DATABASE)
    try:
        with step("backing up"):
            report = keeper.backup(target, Path(file), schema_only=schema_only, data_only=data_only, jobs=jobs)
    except DeployError as error:
        raise Exit(str(error)) from error
    print(report.text())


@task(
    help={
        "file": "what backup wrote",
        "url": "empty database to restore into [DATABASE_URL, else the embedded one]",
        "schema-only": "no rows",
        "data-only": "rows alone, into a database that deploy or restore --schema-only just made",
        "jobs": "tables and indexes made at a time",
        "no-owner": "everything belongs to whoever restores, not to the roles of the backup",
    }
)
def restore(
    _: Context,
    file: str,
    url: str = "",
    schema_only: bool = False,
    data_only: bool = False,
    jobs: int = 2,
    no_owner: bool = False,
) -> None:
    """Restore a backup and prove that all of it came; exit code 1 when something is missing or differs."""
    from pathlib import Path

    from tests.harness import backup as keeper

    with step("building"):
        make_build()
    target = _url(url)
    if target is None:
        server = _embedded()
        server.install_files(BUILD)
        target = server.url(servers.EMBEDDED_DATABASE)
    try:
        with step("restoring"):
            report = keeper.restore(
                target, Path(file), schema_only=schema_only, data_only=data_only, jobs=jobs, owner=not no_owner
            )
    except DeployError as error:
        raise Exit(str(error)) from error
    print(report.text())
    if report.problems:
        raise Exit(code=1)


@task
def stop(_: Context) -> None:
    """Stop the embedded server; its data stay in .agentry/."""
    server = servers.embedded()
    if server.running:
        server.stop()
        print("stopped")
    else:
        print("it was not running")


@task(
    help={
        "pg": "versions, separated by commas: 18, 17, 16 or a URL [18, 16, and 17 where a Docker engine answers]",
        "k": "only tests whose names match, as in pytest -k",
        "args": "more arguments for pytest, in quotes",
        "workers": "how many tests run at a time [2 to 4]",
    }
)
def test(_: Context, pg: str = "", k: str = "", args: str = "", workers: int = 0) -> None:
    """Run the whole suite on every server that can be had here."""
    from tests.harness import suite

    with step("building"):
        make_build()
    if not suite.run([p.strip() for p in pg.split(",") if p.strip()], k, args, workers):
        raise Exit(code=1)


@task(
    positional=["what"],
    help={
        "what": "chat, audit, partitions, recall",
        "pgmq": "chat: path of pgmq.sql, to measure it beside",
        "seconds": "chat, audit: how long each measurement lasts",
        "clients": "chat, audit: numbers of clients, separated by commas",
        "rounds": "chat, audit: how often each is measured; medians are printed",
        "held": "chat: measure again while a snapshot is held, as a long report does",
        "only": "chat: only what has this in its name; recall: quality, load, tenants, one agent or many agents",
        "data": "recall: folder with conversations, questions and vectors [AGENTRY_DATA/locomo-dev]",
        "entries": "recall: memories of the one agent",
    },
)
def bench(
    _: Context,
    what: str,
    pgmq: str = "",
    seconds: int = 10,
    clients: str = "1,8,32",
    rounds: int = 3,
    held: bool = False,
    only: str = "",
    data: str = "",
    entries: int = 100_000,
) -> None:
    """Measure on a server of its own; ratios in one run count, absolute times do not."""
    from pathlib import Path

    from tests.bench import audit, chat, partitions, recall

    numbers = [int(n) for n in clients.split(",")]
    if what == "chat":
        chat.run(Path(pgmq) if pgmq else None, seconds, numbers, rounds, held, only)
    elif what == "audit":
        audit.run(seconds, numbers, rounds)
    elif what == "partitions":
        partitions.run()
    elif what == "recall":
        recall.run(only, Path(data) if data else None, entries)
    else:
        raise Exit(f"there is no benchmark {what}; there are: chat, audit, partitions, recall")


@task(
    help={
        "messages": "how many are sent; with --embeddings, how many texts are written and changed",
        "kills": "how often a client, a backend or the server is killed",
        "seed": "that of a former run, for the same choices [a new one]",
        "pg": "18, 17 or 16",
        "fsync": "whether the server waits for its disk",
        "keep": "keep the history though nothing is wrong with it",
        "embeddings": "workers that embed texts, instead of chat",
    }
)
def faults(
    _: Context,
    messages: int = 10_000,
    kills: int = 1000,
    seed: str = "",
    pg: int = 18,
    fsync: bool = True,
    keep: bool = False,
    embeddings: bool = False,
) -> None:
    """Kill clients and server at random while messages flow, and check that none is lost or handled twice."""
    from tests.faults import embeddings as under_fire
    from tests.faults import run as fire

    with step("building"):
        make_build()
    try:
        report: fire.Report | under_fire.Report = (under_fire if embeddings else fire).run(
            pg, messages, kills, seed, fsync, keep)
    except ServerError as error:
        raise Exit(str(error)) from error
    print(report, flush=True)
    if report.faults:
        raise Exit(code=1)


@task
def lint(_: Context) -> None:
    """Parse every statement and body; pgspot, ruff, mypy."""
    with step("building"):
        make_build()
    if not linter.run():
        raise Exit(code=1)
