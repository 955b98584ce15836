"""Embeddings under fire: writers, workers and the server are killed at random while texts change, and in the end each
text has exactly one embedding, its own.

python -m tests.faults.embeddings --help; docs/faults.md says what the lines mean.

    producer   writes, changes and deletes notes of its own, in an order that the seed gives
    consumer   one of two workers: claims, embeds; now and then fails, prolongs, gives back, keeps a claim beyond its
               lease, and gives in what it claimed in former lives
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import select
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import psycopg

from tests.faults.clients import DATABASE, ROLE, LostError, RefusedError, Work, is_lost
from tests.faults.crash import Victim, new_victim, wait_for
from tests.faults.run import PATIENCE, Clients, plan, strike
from tests.harness.deploy import deploy
from tests.harness.paths import BUILD
from tests.harness.progress import step

DIMENSIONS = 8
LEASE = 1.0
MANY = 10  # entries that a worker claims in one call, when not one
HEIRLOOMS = 3  # claims of former lives that a worker gives in when it starts
RATE = 150.0  # writes a second, about what the clients do here
REFUSALS = {"55000", "42704", "55P03"}  # stale, gone, being changed just now

Row = tuple[Any, ...]

NOTES = """
CREATE TABLE public.notes (org_id uuid NOT NULL DEFAULT agentry.current_org_id(), number bigint NOT NULL,
                           body text NOT NULL, written timestamptz NOT NULL DEFAULT now(),
                           PRIMARY KEY (org_id, number));
ALTER TABLE public.notes OWNER TO agentry_owner;
SET ROLE agentry_owner;
SELECT agentry.guard_table('public.notes', p_writers => '{app}'),
       agentry_memory.register_source('notes', 'public.notes', 't.body', p_id => 't.number', p_time => 't.written');
GRANT SELECT, INSERT, UPDATE, DELETE ON public.notes TO agentry_app;
RESET ROLE;
"""


def embed(text: str) -> list[float]:
    return [byte - 127.5 for byte in hashlib.shake_256(text.encode()).digest(DIMENSIONS)]


# -- what is written --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Write:
    """One statement of a writer; done twice it does the same as once."""

    kind: str  # insert, update, delete
    number: int
    body: str = ""

    @property
    def query(self) -> tuple[bytes, list[Any]]:
        if self.kind == "insert":
            return (b"INSERT INTO public.notes (number, body) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    [self.number, self.body])
        if self.kind == "update":
            return b"UPDATE public.notes SET body = %s WHERE number = %s", [self.body, self.number]
        return b"DELETE FROM public.notes WHERE number = %s", [self.number]


def write_of(seed: str, number: int, first: int) -> Write:
    """The write of that number, of a writer whose numbers begin with first."""
    chance = Random(f"{seed} write {number}")
    kind = chance.choices(["insert", "update", "delete"], [45, 50, 5])[0]
    if kind == "insert" or number == first:
        return Write("insert", number, f"note {number}")
    # most often something recent, which is being embedded just now
    back = chance.randint(1, 8 if chance.random() < 0.7 else number - first)
    return Write(kind, max(first, number - back), f"note changed by {number}")


def texts_after(writes: Iterable[Write]) -> dict[int, str]:
    """What the notes are in the end."""
    found: dict[int, str] = {}
    for write in writes:
        if write.kind == "delete":
            found.pop(write.number, None)
        elif write.kind == "insert":
            found.setdefault(write.number, write.body)
        elif write.number in found:
            found[write.number] = write.body
    return found


# -- the clients ------------------------------------------------------------------------------------------------------


class Client:
    """A connection that is made again when it is lost, and a file that outlives the process."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.random = Random(f"{work.seed} {work.name} {work.life}")
        self.parent = os.getppid()
        self.log = os.open(work.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._conn: psycopg.Connection[Row] | None = None

    def note(self, **line: Any) -> None:
        os.write(self.log, json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def pause(self, seconds: float) -> None:
        if os.getppid() != self.parent:
            os._exit(1)  # nobody is left to end this process
        select.select([], [], [], seconds)

    def connection(self) -> psycopg.Connection[Row]:
        while self._conn is None or self._conn.closed:
            try:
                self._conn = psycopg.connect(self.work.address.read_text(), autocommit=True, connect_timeout=5)
            except psycopg.OperationalError:
                self.pause(0.02)
        return self._conn

    def execute(self, kind: str, query: bytes, parameters: Sequence[Any]) -> list[Row]:
        conn = self.connection()
        try:
            cursor = conn.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            if is_lost(error):
                self.note(cut=kind)
                conn.close()
                raise LostError from error
            if error.sqlstate not in REFUSALS:
                raise
            self.note(refused=error.sqlstate)
            raise RefusedError from error


class Writer(Client):
    """Does its writes in turn, each until it is acknowledged."""

    def run(self) -> None:
        done = sum("wrote" in line for line in read(self.work.log))
        for number in range(self.work.first + done, self.work.first + self.work.count):
            if not os.read(self.work.permits, 1):
                pass  # the rest may come at once
            write = write_of(self.work.seed, number, self.work.first)
            while True:
                try:
                    self.execute("write", *write.query)
                    break
                except LostError:
                    self.pause(0)
            self.note(wrote=number)


class Worker(Client):
    """Claims and embeds until it is killed."""

    def run(self) -> None:
        former = [line for line in read(self.work.log) if "token" in line]
        for claim in self.random.sample(former, min(len(former), HEIRLOOMS)):
            self.give_in([claim])
        while True:
            try:
                if not self.round():
                    self.pause(0.05)
            except LostError:
                self.pause(0)

    def round(self) -> bool:
        rows = self.execute(
            "claim",
            b"SELECT entry_id, token, content"
            b" FROM agentry_memory.claim_embeddings(NULL, %s, make_interval(secs => %s))",
            [1 if self.random.random() < 0.4 else MANY, LEASE])
        claims = [{"entry_id": entry, "token": token, "content": content} for entry, token, content in rows]
        for claim in claims:
            self.note(**claim)
        then = self.random.choices(["embed", "each", "late", "fail", "release", "extend"], [60, 20, 4, 5, 5, 6])[0]
        try:
            if then == "late":
                self.pause(LEASE + self.random.uniform(-0.1, 0.5))
            if then == "fail":
                self.tell("fail", b"SELECT agentry_memory.fail_embeddings(%s)", claims)
            elif then == "release":
                self.tell("release", b"SELECT agentry_memory.release_embeddings(%s)", claims)
            else:
                if then == "extend":
                    self.tell("extend", b"SELECT agentry_memory.extend_embeddings(%s, '1 second')", claims)
                for part in [[claim] for claim in claims] if then == "each" else [claims]:
                    self.give_in(part)
        except RefusedError:
            pass  # another's by now
        return bool(claims)

    def tell(self, kind: str, query: bytes, claims: Sequence[Mapping[str, Any]]) -> None:
        batch = [{"entry_id": claim["entry_id"], "token": claim["token"]} for claim in claims]
        self.execute(kind, query, [json.dumps(batch)])

    def give_in(self, claims: Sequence[Mapping[str, Any]]) -> None:
        """Embeddings of the texts as they were claimed; what is refused together is tried one by one."""
        batch = [{"entry_id": claim["entry_id"], "token": claim["token"], "embedding": str(embed(claim["content"]))}
                 for claim in claims]
        while batch:
            try:
                self.execute("complete", b"SELECT agentry_memory.complete_embeddings(%s)", [json.dumps(batch)])
                self.note(embedded=len(batch))
                return
            except RefusedError:
                if len(claims) > 1:
                    for claim in claims:
                        self.give_in([claim])
                return
            except LostError:
                self.pause(0)  # it was kept or not: to say it again does no harm


def live(work: Work) -> NoReturn:
    """Lives as that client; the process ends with it."""
    code = 1
    try:
        (Writer if work.name.startswith("producer") else Worker)(work).run()
        code = 0
    except BaseException:
        import traceback

        (work.folder / f"{work.name}.trouble").write_text(traceback.format_exc())
    finally:
        os._exit(code)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


# -- what is left -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Left:
    """The tables when all is over, by the number of a note."""

    notes: Mapping[int, str]
    entries: Mapping[int, str]  # texts
    vectors: Sequence[tuple[int, tuple[float, ...]]]
    waiting: Sequence[int]


def check(wanted: Mapping[int, str], left: Left, tokens: Sequence[int]) -> list[str]:
    """What is wrong: texts that are not as written, embeddings that are missing, twice there, or of another text."""
    faults = [f"note {n} is {left.notes.get(n)!r}, written was {wanted.get(n)!r}"
              for n in sorted({*wanted, *left.notes}) if left.notes.get(n) != wanted.get(n)]
    faults += [f"note {n} is {left.notes.get(n)!r}, in the index {left.entries.get(n)!r}"
               for n in sorted({*left.notes, *left.entries}) if left.entries.get(n) != left.notes.get(n)]
    faults += [f"note {n} waits still" for n in sorted(left.waiting)]
    counts = Counter(n for n, _ in left.vectors)
    faults += [f"note {n} has {counts[n]} embeddings" for n in sorted({*left.entries, *counts})
               if counts[n] != (n in left.entries)]
    faults += [f"the embedding of note {n} is that of another text" for n, vector in sorted(left.vectors)
               if n in left.entries and list(vector) != embed(left.entries[n])]
    faults += [f"token {t} was given {count} times" for t, count in sorted(Counter(tokens).items()) if count > 1]
    return faults


def tables(victim: Victim) -> Left:
    with wait_for(victim.server, DATABASE) as conn:
        def rows(query: str) -> list[Any]:
            return conn.execute(query.encode()).fetchall()

        entry = "FROM agentry_memory.{} AS x JOIN agentry_memory.memory_entries AS e ON e.id = x.entry_id"
        vectors = rows("SELECT e.row_id::bigint, x.embedding::text " + entry.format("memory_vectors"))
        return Left(
            dict(rows("SELECT number, body FROM public.notes")),
            dict(rows("SELECT row_id::bigint, content FROM agentry_memory.memory_entries")),
            [(number, tuple(map(float, json.loads(vector)))) for number, vector in vectors],
            [number for (number,) in rows("SELECT e.row_id::bigint " + entry.format("embedding_queue"))],
        )


# -- the run ----------------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What a run did and what was found."""

    server: str
    seed: str
    kills: Counter[str]
    cut: int
    writes: int
    lines: Sequence[dict[str, Any]]
    left: Left
    faults: Sequence[str]
    seconds: float
    kept: Path | None = None

    def __str__(self) -> str:
        short = Counter(line["cut"] for line in self.lines if "cut" in line)
        refused = Counter(line["refused"] for line in self.lines if "refused" in line)
        lines = [
            f"embeddings under fire: {self.server}, seed {self.seed}, {self.seconds:.0f} s",
            f"killed: {self.kills.total()} ({_listed(self.kills)}); connections cut: {self.cut}",
            f"writes: {self.writes}, notes: {len(self.left.notes)}",
            f"claims: {sum('token' in line for line in self.lines)},"
            f" embedded: {sum(line.get('embedded', 0) for line in self.lines)}",
            f"calls cut short: {short.total()} ({_listed(short)})",
            f"refused: {refused.total()} (stale {refused['55000']}, gone {refused['42704']},"
            f" being changed {refused['55P03']})",
            f"all faults: {len(self.faults)}",
            *(f"    {fault}" for fault in self.faults[:10]),
        ]
        if self.kept:
            lines.append(f"the files of the clients are kept in {self.kept}")
        return "\n".join([*lines, f"verdict: {'FAILED' if self.faults else 'passed'}"])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def prepare(victim: Victim, address: Path) -> None:
    """A server with agentry, the notes, a model in use, and an application's role for the clients."""
    server = victim.server
    server.start()
    server.install_files(BUILD)
    with wait_for(server, "postgres") as conn:
        conn.execute(f"CREATE DATABASE {DATABASE}".encode())
    deploy(server.url(DATABASE), mode="extension")
    with wait_for(server, DATABASE) as conn:
        conn.execute(f"CREATE ROLE {ROLE} LOGIN IN ROLE agentry_app".encode())
        conn.execute("INSERT INTO agentry.service_roles (db_role) VALUES (%s)", [ROLE])
        conn.execute(NOTES.encode())
        conn.execute("SELECT agentry_memory.register_embedding_model('fire', %s)", [DIMENSIONS])
        conn.execute("SELECT agentry_memory.use_embedding_model('fire')")
        # what is claimed again and again is not to die of it here, nor to wait for long after a failure
        for name, value in (("memory.max_attempts", 1000), ("memory.retry_delay", "50 milliseconds")):
            conn.execute("SELECT agentry.set_setting(%s, %s::jsonb)", [name, json.dumps(value)])
    fresh = address.with_suffix(".new")
    fresh.write_text(server.url(DATABASE, ROLE))
    fresh.replace(address)


def settle(victim: Victim, crowd: Clients) -> None:
    """Waits until all is written and embedded, or nothing moves any more."""
    was, since = (-1, -1), time.monotonic()
    while not crowd.troubles and time.monotonic() < since + PATIENCE:
        crowd.watch(0.05)
        with wait_for(victim.server, DATABASE) as conn:
            row = conn.execute("SELECT (SELECT count(*) FROM agentry_memory.embedding_queue),"
                               " (SELECT count(*) FROM agentry_memory.memory_vectors)").fetchone()
        now = (int(str(row[0])), int(str(row[1]))) if row else was
        if now != was:
            was, since = now, time.monotonic()
        if now[0] == 0 and not any(name.startswith("producer") for name in crowd.names):
            return


def run(major: int = 18, writes: int = 6000, kills: int = 300, seed: str = "", fsync: bool = True,
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
        crowd = Clients(folder, seed, writes, live)
        try:
            for name in ("producer-1", "producer-2", "consumer-1", "consumer-2"):
                crowd.start(name)
            steps = plan(chance, kills)
            for number, kind in enumerate(steps):
                # what is allowed now is under way when the blow falls
                crowd.allow(writes * (number + 1) // len(steps) - writes * number // len(steps))
                crowd.watch(chance.uniform(0, 2 * writes / len(steps) / RATE))
                if crowd.troubles:
                    break
                done[strike(kind, victim, crowd, chance)] += 1
            crowd.allow_all()
            settle(victim, crowd)
        finally:
            crowd.end()
        left = tables(victim)
    finally:
        victim.server.stop()
    seconds = time.monotonic() - began
    lines = [line for path in sorted(folder.glob("*.log")) for line in read(path)]
    half = writes // 2
    wanted = texts_after(write_of(seed, n, 0 if n < half else half) for n in range(writes))
    faults = [*crowd.troubles, *check(wanted, left, [line["token"] for line in lines if "token" in line])]
    cut = done.pop("cut", 0)
    keep = keep or bool(faults)
    if not keep:
        shutil.rmtree(folder)
    return Report(victim.server.name, seed, done, cut, writes, lines, left, faults, seconds, folder if keep else None)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.embeddings", description=__doc__)
    parser.add_argument("--pg", type=int, default=18, choices=(16, 17, 18), help="version of the server [18]")
    parser.add_argument("--writes", type=int, default=6000, help="[6000]")
    parser.add_argument("--kills", type=int, default=300, help="[300]")
    parser.add_argument("--seed", default="", help="as printed by a former run [a new one]")
    parser.add_argument("--no-fsync", action="store_true", help="as kill -9 leaves the system's cache alone")
    parser.add_argument("--keep", action="store_true", help="the files of the clients, though nothing is wrong")
    given = parser.parse_args(arguments)
    report = run(given.pg, given.writes, given.kills, given.seed, not given.no_fsync, given.keep)
    print(report, flush=True)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
