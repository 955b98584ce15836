"""Messages: agentry_chat beside pgmq, on one server in one run, with every rule on.

Both get the same number of inboxes and queues and messages of the same length, and are driven by pgbench.  agentry is
used by an application's role: identity, roster, keys and notifications are all paid for.  pgmq comes from the SQL file
named by --pgmq and is used by a superuser, as it has no rules.  A round trip counts when its message is settled.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.harness import servers
from tests.harness.deploy import deploy
from tests.harness.paths import BUILD, make_build

DATABASE = "bench"
MESSAGE = "Can you review the latest change of the parser, please?  It touches the lexer as well. " * 2
INBOXES = 16


@dataclass(frozen=True)
class Work:
    """One thing to measure: a pgbench script for each side, and how many messages one run of it handles."""

    name: str
    agentry: str
    pgmq: str
    messages: int = 1
    prefill: int = 0  # messages a second to put in before, as the script only takes out


def _works() -> Sequence[Work]:
    pick = f"\\set i random(1, {INBOXES})\n"
    send = f"SELECT agentry_chat.send_agent_message('sender', '{MESSAGE}', ARRAY['inbox' || :i]);\n"
    queue = f"SELECT pgmq.send('inbox' || :i, '{{\"m\": \"{MESSAGE}\"}}');\n"
    take = (
        "SELECT agentry_chat.mark_agent_message(c.chat_id, 'inbox' || :i, 'responded', c.token)"
        " FROM agentry_chat.claim_agent_messages('inbox' || :i, 1) AS c;\n"
    )
    read = "SELECT pgmq.archive('inbox' || :i, r.msg_id) FROM pgmq.read('inbox' || :i, 300, 1) AS r;\n"
    batch = (
        "SELECT agentry_chat.send_agent_messages((SELECT jsonb_agg(jsonb_build_object('sender', 'sender', 'message',"
        f" '{MESSAGE}', 'recipients', jsonb_build_array('inbox' || :i))) FROM generate_series(1, 100)));\n"
    )
    queue_batch = (
        "SELECT count(*) FROM pgmq.send_batch('inbox' || :i,"
        f' (SELECT array_agg(\'{{"m": "{MESSAGE}"}}\'::jsonb) FROM generate_series(1, 100)));\n'
    )
    take_batch = (
        "SELECT count(*) FROM agentry_chat.mark_agent_messages((SELECT coalesce(jsonb_agg(jsonb_build_object("
        "'chat_id', c.chat_id, 'agent', 'inbox' || :i, 'status', 'responded', 'token', c.token)), '[]')"
        " FROM agentry_chat.claim_agent_messages('inbox' || :i, 100) AS c));\n"
    )
    read_batch = (
        "SELECT pgmq.archive('inbox' || :i,"
        " (SELECT array_agg(r.msg_id) FROM pgmq.read('inbox' || :i, 300, 100) AS r));\n"
    )
    return [
        Work("send", pick + send, pick + queue),
        Work("batch of 100", pick + batch, pick + queue_batch, messages=100),
        Work("claim and mark", pick + take, pick + read, prefill=1),
        Work("claim and mark 100", pick + take_batch, pick + read_batch, messages=100, prefill=100),
        Work("round trip", pick + send + take, pick + queue + read),
        Work("round trip, one inbox", "\\set i 1\n" + send + take, "\\set i 1\n" + queue + read),
    ]


@contextmanager
def bench_server(**settings: str) -> Iterator[servers.WheelServer]:
    """A server of its own, with fsync on, thrown away at the end."""
    make_build()
    server = servers.WheelServer(18, settings={"max_connections": "200", "shared_buffers": "512MB", **settings})
    server.start()
    try:
        server.install_files(BUILD)
        yield server
    finally:
        server.stop()


def _prepare(server: servers.WheelServer, pgmq: Path | None) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {DATABASE}")
    deploy(server.url(DATABASE))
    with psycopg.connect(server.url(DATABASE), autocommit=True) as conn:
        conn.execute("SELECT agentry.register_agent('sender')")
        conn.execute("SELECT agentry.register_agent('inbox' || i) FROM generate_series(1, %s) AS i", [INBOXES])
        conn.execute("CREATE ROLE bench_app LOGIN IN ROLE agentry_app")
        conn.execute("INSERT INTO agentry.service_roles (db_role) VALUES ('bench_app')")
        if pgmq is not None:
            conn.execute("CREATE SCHEMA pgmq")
            conn.execute(pgmq.read_text().encode())
            conn.execute("SELECT pgmq.create('inbox' || i) FROM generate_series(1, %s) AS i", [INBOXES])


def _clean(server: servers.WheelServer) -> None:
    """Empties both sides, so that every measurement starts alike."""
    with psycopg.connect(server.url(DATABASE), autocommit=True) as conn:
        conn.execute("ALTER TABLE agentry_chat.agent_chat DISABLE TRIGGER USER")
        conn.execute(
            "TRUNCATE agentry_chat.agent_chat, agentry_chat.agent_chat_processed, agentry_chat.agent_chat_told,"
            " agentry_chat.agent_chat_bounds"
        )
        conn.execute("ALTER TABLE agentry_chat.agent_chat ENABLE TRIGGER USER")
        if conn.execute("SELECT to_regnamespace('pgmq') IS NOT NULL").fetchone() == (True,):
            for i in range(1, INBOXES + 1):
                conn.execute(f"TRUNCATE pgmq.q_inbox{i}, pgmq.a_inbox{i}")
        conn.execute("CHECKPOINT")


def _left(server: servers.WheelServer, side: str) -> int:
    query = "SELECT count(*) FROM agentry_chat.agent_chat_processed WHERE settled_at IS NULL"
    if side == "pgmq":
        query = "SELECT " + " + ".join(f"(SELECT count(*) FROM pgmq.q_inbox{i})" for i in range(1, INBOXES + 1))
    with psycopg.connect(server.url(DATABASE)) as conn:
        row = conn.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


def _pgbench(server: servers.WheelServer, side: str, script: str, clients: int, seconds: int) -> tuple[int, float]:
    """Transactions done and seconds taken."""
    user = "bench_app" if side == "agentry" else "postgres"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [
                *(str(server.psql.with_name("pgbench")), "-n", "-M", "prepared", "-f", file.name),
                *("-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds)),
                server.url(DATABASE, user),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    count = re.search(r"number of transactions actually processed: (\d+)", done)
    rate = re.search(r"tps = ([\d.]+)", done)
    if not count or not rate:
        raise RuntimeError(done)
    return int(count.group(1)), int(count.group(1)) / float(rate.group(1))


def _rate(
    server: servers.WheelServer, side: str, work: Work, clients: int, seconds: int, held: bool = False
) -> float:
    """Messages a second; for what settles messages, those that it settled."""
    _clean(server)
    script = work.agentry if side == "agentry" else work.pgmq
    if work.prefill:
        sender = next(w for w in _works() if w.name == "batch of 100")
        _pgbench(server, side, sender.agentry if side == "agentry" else sender.pgmq, 4, max(2, seconds // 2))
    before = _left(server, side)
    with _held_snapshot(server) if held else nullcontext():
        done, taken = _pgbench(server, side, script, clients, seconds)
    after = _left(server, side)
    if work.prefill:
        return (before - after) / taken
    if work.name.startswith("round trip"):
        return (done - after) / taken
    return done * work.messages / taken


@contextmanager
def _held_snapshot(server: servers.WheelServer) -> Iterator[None]:
    """A reader that holds on to its snapshot, so that nothing it may see can be cleaned up."""
    with psycopg.connect(server.url(DATABASE)) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.execute("SELECT count(*) FROM agentry_chat.agent_chat")
        yield
        conn.rollback()


def _line(work: Work, mode: str, clients: int, rates: dict[str, list[float]]) -> str:
    """Medians, and the median of the ratios of each round."""
    line = f"{work.name:24} {mode:5} {clients:3} clients  agentry {statistics.median(rates['agentry']):9,.0f}/s"
    if "pgmq" in rates:
        ratios = [a / b for a, b in zip(rates["agentry"], rates["pgmq"], strict=True)]
        line += f"  pgmq {statistics.median(rates['pgmq']):9,.0f}/s  ratio {statistics.median(ratios):.2f}"
    return line


def run(
    pgmq: Path | None,
    seconds: int = 10,
    clients: Sequence[int] = (1, 8, 32),
    rounds: int = 3,
    held: bool = False,
    only: str = "",
) -> None:
    """Prints a table: for each piece of work and number of clients, messages a second and the ratio to pgmq.

    With `held`, each rate is followed by the rate while a snapshot is held from before the work began, and by its
    share of the free one.
    """
    with bench_server() as server:
        _prepare(server, pgmq)
        sides = ["agentry", "pgmq"] if pgmq else ["agentry"]
        for mode in ("wake", "each", "off"):
            with psycopg.connect(server.url(DATABASE), autocommit=True) as conn:
                conn.execute("SELECT agentry.set_setting('chat.notify', to_jsonb(%s::text))", [mode])
            for work in _works():
                if (mode != "wake" and work.name != "send") or only not in work.name:
                    continue
                for n in clients:
                    rates: dict[str, list[float]] = {side: [] for side in sides}
                    kept: dict[str, list[float]] = {side: [] for side in sides}
                    for _ in range(rounds):
                        for side in sides:  # in turn, as the machine's speed drifts
                            rates[side].append(_rate(server, side, work, n, seconds))
                            if held:
                                kept[side].append(_rate(server, side, work, n, seconds, held=True))
                    print(_line(work, mode, n, rates), flush=True)
                    if held:
                        shares = {
                            side: statistics.median(a / b for a, b in zip(kept[side], rates[side], strict=True))
                            for side in sides
                        }
                        shown = ", ".join(f"{side} {share:.2f}" for side, share in shares.items())
                        print(f"{_line(work, 'held', n, kept)}  of its free rate: {shown}", flush=True)
