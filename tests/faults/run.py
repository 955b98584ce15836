"""Chat under fire: clients and server are killed at random while messages flow, then the checker reads what happened.

python -m tests.faults.run --help; docs/faults.md says what the lines mean.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import psycopg

from tests.faults import clients
from tests.faults.checker import DUPLICATES, LOST, NOT_TOLD, Delivery, Fault, Final, Message, check
from tests.faults.clients import DATABASE, ORDERED, ROLE, SENDER, SHARED, Work
from tests.faults.crash import Victim, new_victim, wait_for
from tests.faults.history import STALE, Operation, read
from tests.harness.deploy import deploy
from tests.harness.paths import BUILD
from tests.harness.progress import step

LEASE = 1.0
PATIENCE = 60.0  # seconds without any message being settled, after which the rest is given up

# who is killed, in hundredths of all kills
SHARES = {"consumer": 50, "producer": 25, "backend": 15, "server": 10}
CUT = 20  # connections that the server is told to end, in hundredths of the kills
CALM = 10  # messages that are sent after the last kill, in hundredths: a listener has to be told of each
RATE = 200.0  # messages a second, about what the clients do here
SHOWN = 3  # faults of a kind that are printed


@dataclass
class Report:
    """What a run did and what the checker says of it."""

    server: str
    seed: str
    kills: Counter[str]
    cut: int
    messages: int
    operations: Sequence[Operation]
    final: Final
    faults: Sequence[Fault]
    seconds: float
    left: Path | None = None

    def __str__(self) -> str:
        kinds = Counter(fault.kind for fault in self.faults)
        short = Counter(o.kind for o in self.operations if o.outcome == "unknown")
        stale = sum(o.outcome == "refused" and (o.error or "").startswith(STALE) for o in self.operations)
        first = sum(d.attempts == 1 for d in self.final.deliveries)
        answers = sum((m.key or "").startswith("answer") for m in self.final.messages)
        lines = [
            f"chat under fire: {self.server}, seed {self.seed}, {self.seconds:.0f} s",
            f"killed: {self.kills.total()} ({_listed(self.kills)}); connections cut: {self.cut}",
            f"messages: {len(self.final.messages) - answers} of {self.messages}, answers: {answers}",
            f"attempts: {sum(d.attempts for d in self.final.deliveries)} for {len(self.final.deliveries)} deliveries,"
            f" {first} settled at the first",
            f"calls: {len(self.operations)}, cut short: {short.total()} ({_listed(short)})",
            f"refused as stale: {stale}",
            f"notifications waited for: {sum(o.told for o in self.operations)}, that did not come: {kinds[NOT_TOLD]}",
            f"lost: {sum(kinds[kind] for kind in LOST)}, duplicates: {sum(kinds[kind] for kind in DUPLICATES)},"
            f" all faults: {len(self.faults)}",
        ]
        for kind, count in kinds.most_common():
            lines.append(f"  {count} x {kind}, such as")
            shown = [fault.detail for fault in self.faults if fault.kind == kind][:SHOWN]
            lines += [f"    {detail}" for detail in shown]
        if self.left:
            lines.append(f"the history is kept in {self.left}")
        return "\n".join([*lines, f"verdict: {'FAILED' if self.faults else 'passed'}"])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


# -- the clients' lives -----------------------------------------------------------------------------------------------


@dataclass
class Clients:
    """Starts, kills and watches the clients; a client that ends unasked is a fault."""

    folder: Path
    seed: str
    messages: int
    live: Callable[[Work], NoReturn] = clients.run  # what a client does
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.permits, self._grant = os.pipe()
        half = self.messages // 2
        self._parts = {"producer-1": (0, half), "producer-2": (half, self.messages - half)}
        self._lives: Counter[str] = Counter()
        self._alive: dict[str, tuple[int, int]] = {}  # process and the reading end of a pipe that closes with it

    @property
    def names(self) -> list[str]:
        return sorted(self._alive)

    def start(self, name: str) -> None:
        self._lives[name] += 1
        first, count = self._parts.get(name, (0, 0))
        work = Work(name, self._lives[name], self.folder, self.seed, LEASE, self.permits, first, count)
        end, held = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(end)
            os.close(self._grant)
            self.live(work)
        os.close(held)
        self._alive[name] = (pid, end)

    def _bury(self, name: str) -> int:
        pid, end = self._alive.pop(name)
        os.close(end)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def kill(self, name: str) -> None:
        """kill -9, and nothing else was it that ended it."""
        os.kill(self._alive[name][0], signal.SIGKILL)
        if self._bury(name) != -signal.SIGKILL:
            self._trouble(name)

    def _trouble(self, name: str) -> None:
        found = self.folder / f"{name}.trouble"
        if found.exists():
            self.troubles.append(f"{name} broke down: {found.read_text()}")
            found.unlink()

    def watch(self, seconds: float) -> None:
        """Lets that time pass; producers end when they have sent all."""
        stop = time.monotonic() + seconds
        while True:
            ends = {end: name for name, (_, end) in self._alive.items()}
            ended = select.select(list(ends), [], [], max(stop - time.monotonic(), 0))[0]
            for end in ended:
                if self._bury(ends[end]) != 0:
                    self._trouble(ends[end])
                    self.start(ends[end])
            if not ended or self.troubles:
                return

    def allow(self, messages: int) -> None:
        """Lets the producers send that many more."""
        if messages:
            os.write(self._grant, b"." * messages)

    def allow_all(self) -> None:
        os.close(self._grant)

    def end(self) -> None:
        for name in self.names:
            self.kill(name)
        os.close(self.permits)


# -- the run ----------------------------------------------------------------------------------------------------------


def plan(chance: Random, kills: int) -> list[str]:
    """Whom to kill, in order, and when to cut connections."""
    counts = {kind: max(1, kills * share // 100) for kind, share in SHARES.items() if kind != "consumer"}
    counts["consumer"] = kills - sum(counts.values())
    steps = [kind for kind, count in counts.items() for _ in range(count)]
    steps += ["cut"] * max(1, kills * CUT // 100)
    chance.shuffle(steps)
    return steps


def prepare(victim: Victim, address: Path) -> None:
    """A server with agentry, the agents, and an application's role for the clients."""
    server = victim.server
    server.start()
    server.install_files(BUILD)
    with wait_for(server, "postgres") as conn:
        conn.execute(f"CREATE DATABASE {DATABASE}")
    deploy(server.url(DATABASE), mode="extension")
    with wait_for(server, DATABASE) as conn:
        for agent in (SENDER, SHARED, ORDERED):
            conn.execute("SELECT agentry.register_agent(%s)", [agent])
        conn.execute(f"CREATE ROLE {ROLE} LOGIN IN ROLE agentry_app")
        conn.execute("INSERT INTO agentry.service_roles (db_role) VALUES (%s)", [ROLE])
        # a message that is claimed again and again is not to die of it here, nor is a failed one to wait for long
        for name, value in (("chat.max_attempts", 1000), ("chat.retry_delay", "50 milliseconds")):
            conn.execute("SELECT agentry.set_setting(%s, %s::jsonb)", [name, json.dumps(value)])
    _publish(victim, address)


def _publish(victim: Victim, address: Path) -> None:
    fresh = address.with_suffix(".new")
    fresh.write_text(victim.server.url(DATABASE, ROLE))
    fresh.replace(address)


def hold_snapshot(victim: Victim) -> psycopg.Connection[tuple[object, ...]] | None:
    """A reader that goes on for long: nothing that it may see is cleaned up, so claims come to need their bounds.

    None while the server is still throwing out everybody after somebody was killed.
    """
    try:
        conn = wait_for(victim.server, DATABASE)
        conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        conn.execute("SELECT FROM agentry_chat.agent_chat LIMIT 1")
    except psycopg.OperationalError:
        return None
    return conn


def strike(kind: str, victim: Victim, crowd: Clients, chance: Random) -> str:
    """Kills one of that kind, and starts it again; returns what was hit."""
    if kind in ("producer", "consumer"):
        found = [name for name in crowd.names if name.startswith(kind)]
        if not found:  # the producers are done
            kind, found = "consumer", [name for name in crowd.names if name.startswith("consumer")]
        name = chance.choice(found)
        crowd.kill(name)
        crowd.start(name)
    elif kind == "server":
        victim.kill()
        victim.start()
        wait_for(victim.server, DATABASE).close()
        _publish(victim, crowd.folder / "url")
    else:
        while not _strike_backend(kind, victim, chance):
            crowd.watch(0.01)
    return kind


def _strike_backend(kind: str, victim: Victim, chance: Random) -> bool:
    try:
        with wait_for(victim.server, DATABASE) as conn:
            pids = [row[0] for row in conn.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename = %s ORDER BY pid", [ROLE])]
            if not pids:
                return False
            pid = chance.choice(pids)
            if kind == "backend":
                victim.kill_backend(int(str(pid)))
                return True
            row = conn.execute("SELECT pg_terminate_backend(%s)", [pid]).fetchone()
            return row == (True,)
    # it is still throwing out everybody after the last time, or the backend has gone by itself
    except (psycopg.OperationalError, ProcessLookupError):
        return False


def calm(crowd: Clients, messages: int) -> None:
    """Sends the last messages one by one, so that the listener sleeps again before the next one comes."""
    for _ in range(messages):
        crowd.allow(1)
        crowd.watch(4 / RATE)


def settle(victim: Victim, crowd: Clients) -> None:
    """Waits until all is sent and settled, or nothing moves any more."""
    was, since = (-1, -1), time.monotonic()
    while not crowd.troubles and time.monotonic() < since + PATIENCE:
        crowd.watch(0.1)
        with wait_for(victim.server, DATABASE) as conn:
            row = conn.execute("SELECT count(*), count(settled_at) FROM agentry_chat.agent_chat_processed").fetchone()
        now = (int(str(row[0])), int(str(row[1]))) if row else was
        if now != was:
            was, since = now, time.monotonic()
        if now[0] == now[1] and not any(name.startswith("producer") for name in crowd.names):
            return


def tables(victim: Victim) -> Final:
    """What is there when nobody writes any more."""
    with wait_for(victim.server, DATABASE) as conn:
        end = time.monotonic() + PATIENCE
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        while conn.execute(query, [ROLE]).fetchone() != (0,) and time.monotonic() < end:
            select.select([], [], [], 0.02)
        rows: Any = conn.execute("SELECT id, thread, idempotency_key, reply_to FROM agentry_chat.agent_chat").fetchall()
        messages = [Message(*row) for row in rows]
        rows = conn.execute("SELECT chat_id, agent, status, attempts FROM agentry_chat.agent_chat_processed").fetchall()
        return Final(messages, [Delivery(*row) for row in rows])


def run(major: int = 18, messages: int = 10_000, kills: int = 1000, seed: str = "", fsync: bool = True,
        keep: bool = False) -> Report:
    """Runs all of it on a server of its own, which is thrown away."""
    seed = seed or secrets.token_hex(4)
    chance = Random(seed)
    victim = new_victim(major, fsync=fsync)
    folder = Path(tempfile.mkdtemp(prefix="agentry-faults-"))
    print(f"seed {seed}", file=sys.stderr, flush=True)
    done: Counter[str] = Counter()
    try:
        with step(f"starting a PostgreSQL {major} to be killed"):
            prepare(victim, folder / "url")
        began = time.monotonic()
        crowd = Clients(folder, seed, messages)
        try:
            for name in ("producer-1", "producer-2", "consumer-1", "consumer-2", "listener-1"):
                crowd.start(name)
            steps = plan(chance, kills)
            reader = hold_snapshot(victim)
            under_fire = messages - messages * CALM // 100
            for number, kind in enumerate(steps):
                # what is allowed now is under way when the blow falls
                crowd.allow(under_fire * (number + 1) // len(steps) - under_fire * number // len(steps))
                crowd.watch(chance.uniform(0, 2 * under_fire / len(steps) / RATE))
                if crowd.troubles:
                    break
                done[strike(kind, victim, crowd, chance)] += 1
                if reader is None or kind in ("server", "backend"):  # one that is killed takes all connections along
                    if reader:
                        reader.close()
                    reader = hold_snapshot(victim)
                if done.total() % 200 == 0:
                    print(f"{done.total()} of {len(steps)}", file=sys.stderr, flush=True)
            if not crowd.troubles:
                calm(crowd, messages - under_fire)
            crowd.allow_all()
            settle(victim, crowd)
            if reader:
                reader.close()
        finally:
            crowd.end()
        final = tables(victim)
    finally:
        victim.server.stop()
    seconds = time.monotonic() - began
    operations = read(sorted(folder.glob("*.log")))
    faults = [*(Fault("a client broke down", trouble) for trouble in crowd.troubles), *check(operations, final, LEASE)]
    cut = done.pop("cut", 0)
    keep = keep or bool(faults)
    if not keep:
        shutil.rmtree(folder)
    return Report(victim.server.name, seed, done, cut, messages, operations, final, faults, seconds,
                  folder if keep else None)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run", description=__doc__)
    parser.add_argument("--pg", type=int, default=18, choices=(16, 17, 18), help="version of the server [18]")
    parser.add_argument("--messages", type=int, default=10_000, help="[10000]")
    parser.add_argument("--kills", type=int, default=1000, help="[1000]")
    parser.add_argument("--seed", default="", help="as printed by a former run [a new one]")
    parser.add_argument("--no-fsync", action="store_true", help="as kill -9 leaves the system's cache alone")
    parser.add_argument("--keep", action="store_true", help="the history, though nothing is wrong with it")
    given = parser.parse_args(arguments)
    report = run(given.pg, given.messages, given.kills, given.seed, not given.no_fsync, given.keep)
    print(report, flush=True)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
