"""Recall: its quality on conversations with known answers, its speed beside the bare queries of pgvector, and what its
index costs a writer.  Ratios within one run count.

quality    recall@1, 5, 10, 25 and the mean reciprocal rank over the questions of conversations (see Conversations)
speed      one agent of many memories; many agents of 1,000 each; filters; eight writers meanwhile
load       a table with a tsvector and a GIN index of its own, and the same table registered with register_source()
tenants    the time of a recall with 10 and with 10,000 organisations
"""

from __future__ import annotations

import json
import os
import statistics
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.chat import bench_server
from tests.harness import servers
from tests.harness.deploy import deploy
from tests.harness.paths import ROOT

Connection = psycopg.Connection[Any]

DIMENSIONS = 384
BREADTH = 100  # hnsw.ef_search, ours and that of the bare queries
RANKS = (1, 5, 10, 25)
DATA = Path(os.environ.get("AGENTRY_DATA") or ROOT.parent / "shared" / "data")

# A user's table whose rows are recallable.
MEMORIES = """
CREATE TABLE public.memories (
    org_id uuid NOT NULL, id bigint NOT NULL GENERATED ALWAYS AS IDENTITY, agent_id uuid NOT NULL, session text,
    place integer, at timestamptz NOT NULL DEFAULT now(), tags text[] NOT NULL DEFAULT '{}', body text NOT NULL,
    PRIMARY KEY (org_id, id)
);
ALTER TABLE public.memories OWNER TO agentry_owner;
SELECT agentry.guard_table('public.memories', 'agent_id', p_writers => '{app,agents}');
GRANT SELECT, INSERT, UPDATE, DELETE ON public.memories TO agentry_app;
SET ROLE agentry_owner;
SELECT agentry_memory.register_source('memories', 'public.memories', 't.body', p_agent => 't.agent_id',
    p_session => 't.session', p_order => 't.place', p_time => 't.at', p_tags => 't.tags');
RESET ROLE;
CREATE ROLE bench_app LOGIN IN ROLE agentry_app;
INSERT INTO agentry.service_roles (db_role) VALUES ('bench_app');
"""


def _connect(server: servers.WheelServer, database: str, user: str = "postgres") -> Connection:
    return psycopg.connect(server.url(database, user), autocommit=True)


def _prepare(server: servers.WheelServer, database: str) -> Connection:
    with _connect(server, "postgres") as conn:
        conn.execute(f"CREATE DATABASE {database}".encode())
        conn.execute("DROP ROLE IF EXISTS bench_app")
    deploy(server.url(database))
    conn = _connect(server, database)
    conn.execute(MEMORIES.encode())
    return conn


def _value(conn: Connection, query: str, *args: Any) -> Any:
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def _literal(vector: Sequence[float]) -> str:
    return "[" + ",".join(f"{x:.5f}" for x in vector) + "]"


# -- quality ----------------------------------------------------------------------------------------------------------


@dataclass
class Conversations:
    """Conversations, questions about them, and which of their turns hold the answers.

    A folder with turns.jsonl (conversation, session, turn, speaker, said_at, text), questions.jsonl (conversation,
    question, evidence: turns) and one .npz file with arrays `turns` and `questions`, of half or single precision, row i
    for line i.
    """

    turns: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    turn_vectors: list[tuple[float, ...]]
    question_vectors: list[tuple[float, ...]]

    @classmethod
    def read(cls, folder: Path) -> Conversations:
        lines = {
            name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines() if line.strip()]
            for name in ("turns", "questions")
        }
        (file,) = folder.glob("*.npz")
        return cls(lines["turns"], lines["questions"], _array(file, "turns"), _array(file, "questions"))


def _array(file: Path, name: str) -> list[tuple[float, ...]]:
    """A two-dimensional array of a NumPy archive, of half or single precision, without NumPy."""
    with zipfile.ZipFile(file) as archive:
        data = archive.read(f"{name}.npy")
    size = 2 if data[6] == 1 else 4
    (length,) = struct.unpack_from("<H" if size == 2 else "<I", data, 8)
    start = 8 + size + length
    header = data[8 + size : start].decode("latin-1")
    kind = {"<f2": "e", "<f4": "f"}[header.split("'descr':")[1].split("'")[1]]
    rows, columns = (int(n) for n in header.split("'shape':")[1].split("(")[1].split(")")[0].split(",")[:2])
    row = struct.Struct(f"<{columns}{kind}")
    return [row.unpack_from(data, start + n * row.size) for n in range(rows)]


def _load_conversations(conn: Connection, data: Conversations, dated: bool) -> None:
    """Each conversation is an agent's; a turn is "SPEAKER: TEXT", as it was embedded, with its date where wanted."""
    for name in sorted({str(t["conversation"]) for t in data.turns}):
        conn.execute("SELECT agentry.register_agent(%s, 'a conversation')", [f"c{name}"])
    with conn.transaction(), conn.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE vectors (id bigint, v halfvec) ON COMMIT DROP")
        for place, (turn, vector) in enumerate(zip(data.turns, data.turn_vectors, strict=True)):
            cursor.execute(
                "WITH m AS (INSERT INTO memories (org_id, agent_id, session, place, at, tags, body)"
                " SELECT a.org_id, a.id, %(session)s, %(place)s, coalesce(%(at)s::timestamptz, now()), ARRAY[%(turn)s],"
                " concat(%(speaker)s::text, ': ', %(text)s::text, CASE WHEN %(dated)s THEN"
                " to_char(%(at)s::timestamptz AT TIME ZONE 'UTC', ' (FMDD FMMonth YYYY)') END)"
                " FROM agentry.agents AS a WHERE a.name = %(agent)s RETURNING id)"
                " INSERT INTO vectors SELECT m.id, %(vector)s::halfvec FROM m",
                {
                    "session": f"{turn['conversation']}/{turn['session']}", "place": place, "at": turn.get("said_at"),
                    "turn": str(turn["turn"]), "speaker": turn["speaker"], "text": turn["text"], "dated": dated,
                    "agent": f"c{turn['conversation']}", "vector": _literal(vector),
                },
            )  # fmt: skip
        conn.execute(
            "SELECT agentry_memory._store_vector(e.org_id, e.id, m.model_id, v.v::vector) FROM vectors AS v"
            " JOIN agentry_memory.memory_entries AS e ON e.row_id = v.id::text, agentry_memory.embedding_models AS m"
        )
    conn.execute("ANALYZE agentry_memory.memory_entries, agentry_memory.memory_vectors")


def _ask(conn: Connection, data: Conversations, by: str) -> str:
    shares: dict[int, list[float]] = {k: [] for k in RANKS}
    reciprocal: list[float] = []
    for question, vector in zip(data.questions, data.question_vectors, strict=True):
        found = [
            row[0]
            for row in conn.execute(
                "SELECT m.tags[1] FROM agentry_memory.recall(%s, %s::vector, %s, 25) WITH ORDINALITY AS r"
                " JOIN memories AS m ON m.id = r.id::bigint ORDER BY r.ordinality",
                [
                    None if by == "vector" else question["question"],
                    None if by == "text" else _literal(vector),
                    f"c{question['conversation']}",
                ],
            ).fetchall()
        ]
        wanted = {str(turn) for turn in question["evidence"]}
        for k in RANKS:
            shares[k].append(len(wanted & set(found[:k])) / len(wanted))
        reciprocal.append(next((1 / n for n, turn in enumerate(found, 1) if turn in wanted), 0.0))
    figures = " / ".join(f"{100 * statistics.fmean(shares[k]):.1f}" for k in RANKS)
    return f"{figures}, MRR {statistics.fmean(reciprocal):.3f}"


def quality(server: servers.WheelServer, folder: Path) -> None:
    data = Conversations.read(folder)
    for dated in (False, True):
        database = "dated" if dated else "conversations"
        with _prepare(server, database) as conn:
            _use_model(conn, len(data.turn_vectors[0]), "none")
            _load_conversations(conn, data, dated)
            conn.execute("SELECT agentry_memory._settle_counts()")
            for by in ("fused",) if dated else ("vector", "text", "fused"):
                print(
                    f"recall: {len(data.questions)} questions, {len(data.turns)} turns"
                    f"{' with their dates' if dated else ''}, by {by}: recall@{'/'.join(map(str, RANKS))} "
                    + _ask(conn, data, by),
                    flush=True,
                )


# -- speed ------------------------------------------------------------------------------------------------------------


def _use_model(conn: Connection, dimensions: int, index: str) -> None:
    conn.execute("SELECT agentry_memory.register_embedding_model('bench', %s, %s)", [dimensions, index])
    conn.execute("SELECT agentry_memory.use_embedding_model('bench')")


# Words by Zipf's law, 18 a memory; vectors around one of many centres, as topics are; sessions of 25.
GENERATE = """
INSERT INTO memories (org_id, agent_id, session, place, at, tags, body)
SELECT a.org_id, a.id, 's' || g / 25, g, now() - g * interval '1 minute',
       CASE WHEN g % 100 = 0 THEN '{{rare}}'::text[] ELSE '{{}}' END,
       (SELECT string_agg('w' || to_hex((floor(40000 ^ random())::bigint * 2654435761) & 4294967295) || 'q', ' ')
        FROM generate_series(1, 18) AS w WHERE g = g)
FROM generate_series({first}, {last}) AS g
JOIN bench_agents AS a ON a.n = g / {each}
ORDER BY g
"""
# Numbers of a normal distribution, {long} to a row.  A window into a row is a vector: {long} numbers make {long} -
# {dimensions} + 1 of them, no two of which are more alike than vectors of numbers drawn anew.
NORMAL = """
CREATE UNLOGGED TABLE normal (n integer PRIMARY KEY, v vector STORAGE PLAIN NOT NULL);
INSERT INTO normal
SELECT n, (SELECT array_agg(random_normal()::real) FROM generate_series(1, {long}) WHERE n = n)::vector
FROM generate_series(0, {vectors} / ({long} - {dimensions} + 1)) AS n;
CREATE FUNCTION window_of(p_v vector, p_n bigint) RETURNS vector LANGUAGE sql IMMUTABLE
    RETURN subvector(p_v, (p_n % ({long} - {dimensions} + 1))::integer + 1, {dimensions});
CREATE UNLOGGED TABLE centres AS
SELECT c, window_of(r.v, {total} + c) AS v
FROM generate_series(0, {centres} - 1) AS c
JOIN normal AS r ON r.n = ({total} + c) / ({long} - {dimensions} + 1);
CREATE UNIQUE INDEX ON centres (c);
CREATE UNLOGGED TABLE questions AS
SELECT q,
       (SELECT string_agg('w' || to_hex((floor(40000 ^ random())::bigint * 2654435761) & 4294967295) || 'q', ' ')
        FROM generate_series(1, 5 + q % 7) WHERE q = q) AS words,
       c.v + window_of(r.v, {total} + {centres} + q) AS v
FROM generate_series(1, {questions}) AS q
JOIN normal AS r ON r.n = ({total} + {centres} + q) / ({long} - {dimensions} + 1)
JOIN centres AS c ON c.c = q * 7919 % {centres};
ANALYZE normal, centres, questions;
"""
VECTORS = """
INSERT INTO agentry_memory.memory_vectors (org_id, entry_id, model_id, owner_id, content_hash, embedding)
SELECT e.org_id, e.id, m.model_id, e.owner_id, e.content_hash, (c.v + window_of(r.v, e.id - 1))::halfvec
FROM agentry_memory.memory_entries AS e
JOIN normal AS r ON r.n = (e.id - 1) / ({long} - {dimensions} + 1)
JOIN centres AS c ON c.c = e.id * 48271 % {centres}, agentry_memory.embedding_models AS m
WHERE e.id > {above} AND e.id <= {above} + 50000
ORDER BY e.id
"""
LONG = 2000  # as many as fit on a page


def _fill(conn: Connection, agents: int, each: int, say: Callable[[str], None]) -> None:
    total = agents * each
    sizes = {"total": total, "centres": max(total // 40, 10), "questions": 500, "dimensions": DIMENSIONS, "long": LONG}
    sizes["vectors"] = total + sizes["centres"] + sizes["questions"]
    conn.execute("SELECT agentry.register_agent('a' || n, 'of the bench') FROM generate_series(1, %s) AS n", [agents])
    conn.execute(
        "CREATE UNLOGGED TABLE bench_agents AS"
        " SELECT substr(name, 2)::integer - 1 AS n, org_id, id FROM agentry.agents;"
        "GRANT SELECT ON bench_agents TO agentry_app"
    )
    began = time.perf_counter()
    for first in range(0, total, 100_000):
        conn.execute(GENERATE.format(first=first, last=min(first + 100_000, total) - 1, each=each).encode())
    say(f"{total:,} memories written in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    conn.execute(NORMAL.format(**sizes).encode())
    conn.execute("SELECT agentry_memory.register_embedding_model('bench', %s)", [DIMENSIONS])
    # what is there is not queued, as the vectors are made here
    conn.execute(
        "INSERT INTO agentry_memory.organization_models (org_id, model_id, is_default)"
        " SELECT agentry.current_org_id(), m.model_id, true FROM agentry_memory.embedding_models AS m"
    )
    model = _value(conn, "SELECT model_id FROM agentry_memory.embedding_models")
    index = _value(conn, "SELECT indexdef FROM pg_indexes WHERE indexname = %s", f"memory_vectors_{model}_idx")
    # as one would before a load: the index is built once, over all
    conn.execute(f"DROP INDEX agentry_memory.memory_vectors_{model}_idx".encode())
    for above in range(0, _value(conn, "SELECT max(id) FROM agentry_memory.memory_entries"), 50_000):
        conn.execute(VECTORS.format(above=above, **sizes).encode())
    say(f"vectors made in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    conn.execute("SET maintenance_work_mem = '4GB'")
    conn.execute(index.encode())
    say(f"HNSW built in {time.perf_counter() - began:.0f} s")
    conn.execute("SELECT agentry_memory._settle_counts()")
    for table in ("memory_entries", "memory_vectors", "memory_terms", "memory_changes", "memory_owners"):
        conn.execute(f"VACUUM ANALYZE agentry_memory.{table}".encode())
    conn.execute("CHECKPOINT")


@dataclass
class Times:
    """Milliseconds by the clock at the median and at 95 %, and of the server's processor at the median (0: unknown)."""

    half: float
    most: float
    work: float = 0

    @classmethod
    def of(cls, times: Sequence[tuple[float, float]]) -> Times:
        ordered = sorted(clock for clock, _ in times)
        return cls(
            ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)], statistics.median(work for _, work in times)
        )

    def beside(self, base: Times) -> str:
        return (
            f"p50 {self.half:6.2f} ms ({self.half / base.half:.2f} x)"
            f"  p95 {self.most:6.2f} ms ({self.most / base.most:.2f} x)"
            + (f"  processor {self.work:6.2f} ms ({self.work / base.work:.2f} x)" if self.work and base.work else "")
        )


def _worked(conn: Connection) -> float:
    """Milliseconds that a connection's server process has run so far, as Linux counts them; 0 elsewhere."""
    counts = Path(f"/proc/{conn.info.backend_pid}/schedstat")
    return int(counts.read_text().split()[0]) / 1e6 if counts.exists() else 0


def _timed(conn: Connection, query: str, values: Sequence[Any]) -> tuple[float, float]:
    """Milliseconds of a query by the clock and of the server's processor."""
    worked, began = _worked(conn), time.perf_counter()
    conn.execute(query.encode(), values, prepare=True).fetchall()
    clock = 1000 * (time.perf_counter() - began)
    return clock, _worked(conn) - worked


Query = tuple[str, Callable[[int], Sequence[Any]]]


def _queries(conn: Connection, agents: int) -> dict[str, Query]:
    model = _value(conn, "SELECT model_id FROM agentry_memory.embedding_models")
    asked = conn.execute("SELECT words, v::text FROM questions ORDER BY q").fetchall()
    owners = [row[0] for row in conn.execute("SELECT id FROM bench_agents ORDER BY n").fetchall()]
    vectors = "agentry_memory.memory_vectors AS v"

    def who(n: int) -> int:
        return n * 7919 % agents

    def words(n: int) -> str:
        return str(asked[n % len(asked)][0])

    def vector(n: int) -> str:
        return str(asked[n % len(asked)][1])

    recall = "SELECT * FROM agentry_memory.recall(%s, %s::vector, %s, 10"
    queries: dict[str, Query] = {
        "bare HNSW, 10 rows": (
            f"SELECT v.entry_id FROM {vectors} WHERE v.model_id = {model}"
            f" ORDER BY v.embedding::halfvec({DIMENSIONS}) <=> %s::halfvec LIMIT 10",
            lambda n: [vector(n)],
        ),
        "bare exact, 10 rows": (
            f"SELECT v.entry_id FROM {vectors} WHERE v.model_id = {model} AND v.owner_id = %s"
            " ORDER BY v.embedding <=> %s::halfvec LIMIT 10",
            lambda n: [owners[who(n)], vector(n)],
        ),
        "recall, words and meaning": (f"{recall})", lambda n: [words(n), vector(n), f"a{who(n) + 1}"]),
        "recall, words": (f"{recall})", lambda n: [words(n), None, f"a{who(n) + 1}"]),
        "recall, meaning": (f"{recall})", lambda n: [None, vector(n), f"a{who(n) + 1}"]),
        "recall, 1 % filter": (
            f"{recall}, p_tags => '{{rare}}')",
            lambda n: [words(n), vector(n), f"a{who(n) + 1}"],
        ),
        "recall, generative_agents": (
            f"{recall}, p_preset => 'generative_agents')",
            lambda n: [words(n), vector(n), f"a{who(n) + 1}"],
        ),
    }
    return queries


def _found(conn: Connection, agents: int) -> None:
    """How many of the ten nearest are found by meaning; that ten rows come under a filter; that nothing is written."""
    model = _value(conn, "SELECT model_id FROM agentry_memory.embedding_models")
    shares, full, filtered = [], 0, 0
    asked = conn.execute("SELECT words, v::text FROM questions ORDER BY q LIMIT 100").fetchall()
    owners = [row[0] for row in conn.execute("SELECT id FROM bench_agents ORDER BY n").fetchall()]
    for n, (words, vector) in enumerate(asked):
        agent, owner = f"a{n * 7919 % agents + 1}", owners[n * 7919 % agents]
        exact = {
            row[0]
            for row in conn.execute(
                "SELECT e.row_id FROM agentry_memory.memory_vectors AS v JOIN agentry_memory.memory_entries AS e"
                " ON e.org_id = v.org_id AND e.id = v.entry_id WHERE v.model_id = %s AND v.owner_id = %s"
                " ORDER BY v.embedding <=> %s::vector::halfvec LIMIT 10",
                [model, owner, vector],
            )
        }
        query = "SELECT id FROM agentry_memory.recall(%s, %s::vector, %s, 10, p_preset => %s, p_tags => %s)"
        meant = {row[0] for row in conn.execute(query, [None, vector, agent, "hybrid", None])}
        shares.append(len(exact & meant) / 10)
        full += len(conn.execute(query, [words, vector, agent, "default", None]).fetchall()) == 10
        few = len(conn.execute(query, [words, vector, agent, "default", ["rare"]]).fetchall())
        there = _value(
            conn, "SELECT count(*) FROM (SELECT FROM agentry_memory.memory_entries AS e WHERE e.owner_id = %s"
                  " AND e.tags && '{rare}' LIMIT 10) AS r", owner,
        )  # fmt: skip
        filtered += few == there
    print(f"  of the ten nearest {100 * statistics.fmean(shares):.1f} % found; ten rows came {full} of 100 times,"
          f" all there are under a 1 % filter {filtered} of 100 times", flush=True)  # fmt: skip
    with psycopg.connect(conn.info.dsn) as reader:
        reader.execute("SELECT * FROM agentry_memory.recall('w1q', p_agent => 'a1')")
        written = _value(reader, "SELECT pg_current_xact_id_if_assigned()")
        modes = [r[0] for r in reader.execute(
            "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'")]  # fmt: skip
    print(f"  rows written: {0 if written is None else 'some'}; locks: {', '.join(modes)}", flush=True)


@contextmanager
def _writers(server: servers.WheelServer, database: str, count: int) -> Iterator[list[int]]:
    """So many connections that write memories, one a transaction, as the application; how many each wrote."""
    stop = threading.Event()
    written = [0] * count

    def write(number: int) -> None:
        with _connect(server, database, "bench_app") as conn:
            while not stop.is_set():
                conn.execute(
                    "INSERT INTO memories (agent_id, session, body) SELECT id, 'w' || %s, 'wrote ' || random()"
                    " || ' and w' || to_hex(floor(random() * 40000)::bigint) || 'q' FROM bench_agents"
                    " OFFSET floor(random() * least(10, (SELECT count(*) FROM bench_agents))) LIMIT 1",
                    [number],
                )
                written[number] += 1

    threads = [threading.Thread(target=write, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield written
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def speed(server: servers.WheelServer, agents: int, each: int) -> None:
    title = f"{agents:,} agent{'s' if agents > 1 else ''} of {each:,} memories"
    print(f"recall: {title}, {DIMENSIONS} dimensions, ef_search {BREADTH}", flush=True)
    with _prepare(server, f"speed_{agents}") as conn:
        _fill(conn, agents, each, lambda line: print(f"  {line}", flush=True))
        _compare(server, conn, agents)


def _compare(server: servers.WheelServer, conn: Connection, agents: int) -> None:
    database = conn.info.dbname
    with _connect(server, database, "bench_app") as reader, _connect(server, database) as bare:
        for asking in (reader, bare):
            asking.execute(f"SET hnsw.ef_search = {BREADTH}".encode())
        queries = _queries(conn, agents)
        quiet = _mixed(bare, reader, queries)
        for name, times in quiet.items():
            print(f"  {name:26} {times.beside(quiet['bare HNSW, 10 rows'])}", flush=True)
        _found(conn, agents)
        with _writers(server, database, 8) as written:
            busy = _mixed(bare, reader, queries, rounds=3)
        print(f"  beside eight writers, who wrote {sum(written):,} memories:", flush=True)
        for name, times in busy.items():
            print(f"  {name:26} {times.beside(quiet[name])} its quiet time", flush=True)


def _mixed(
    bare: Connection, reader: Connection, queries: dict[str, Query], rounds: int = 6, each: int = 40
) -> dict[str, Times]:
    """The bare queries as a superuser, recall as an application, in turn, in blocks, as the machine's speed drifts; the
    first block and the first of each are to warm up."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in queries}
    for turn in range(rounds + 1):
        for name, (query, arguments) in queries.items():
            for n in range(each):
                timed = _timed(bare if name.startswith("bare") else reader, query, arguments(turn * each + n))
                if turn > 0 and n >= 3:
                    times[name].append(timed)
    return {name: Times.of(t) for name, t in times.items()}


# -- load -------------------------------------------------------------------------------------------------------------

PLAIN = """
CREATE TABLE public.plain (
    org_id uuid NOT NULL, id bigint NOT NULL GENERATED ALWAYS AS IDENTITY, agent_id uuid NOT NULL, session text,
    place integer, at timestamptz NOT NULL DEFAULT now(), tags text[] NOT NULL DEFAULT '{}', body text NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX plain_words_idx ON public.plain USING gin (words);
ALTER TABLE public.plain OWNER TO agentry_owner;
SELECT agentry.guard_table('public.plain', 'agent_id', p_writers => '{app,agents}');
GRANT SELECT, INSERT ON public.plain TO agentry_app;
CREATE UNLOGGED TABLE public.texts AS
SELECT g, 's' || g / 25 AS session,
       (SELECT string_agg('w' || to_hex((floor(40000 ^ random())::bigint * 2654435761) & 4294967295) || 'q', ' ')
        FROM generate_series(1, 18) AS w WHERE g = g) AS body
FROM generate_series(1, 100000) AS g;
GRANT SELECT ON public.texts TO agentry_app;
SELECT agentry.register_agent('loader', 'of the bench');
"""


def load(server: servers.WheelServer) -> None:
    with _prepare(server, "load") as conn:
        conn.execute(PLAIN.encode())
        agent = _value(conn, "SELECT id FROM agentry.agents WHERE name = 'loader'")
        org = _value(conn, "SELECT agentry.current_org_id()")
        rows = conn.execute("SELECT session, g, body FROM texts ORDER BY g").fetchall()
        ratios: dict[str, list[tuple[float, float]]] = {
            "INSERT ... SELECT as an application": [],
            "COPY as the owner": [],
        }
        with _connect(server, "load", "bench_app") as app:
            for _ in range(3):
                times: dict[tuple[str, str], tuple[float, float]] = {}
                for table in ("plain", "memories"):
                    conn.execute(f"TRUNCATE {table}".encode())
                    conn.execute("CHECKPOINT")
                    worked, began = _worked(app), time.perf_counter()
                    app.execute(
                        f"INSERT INTO {table} (agent_id, session, place, body) SELECT '{agent}', session, g, body"
                        " FROM texts ORDER BY g".encode()
                    )
                    taken = (time.perf_counter() - began, (_worked(app) - worked) / 1000)
                    times["INSERT ... SELECT as an application", table] = taken
                    conn.execute(f"TRUNCATE {table}; SET ROLE agentry_owner".encode())
                    worked, began = _worked(conn), time.perf_counter()
                    with conn.cursor().copy(
                        f"COPY {table} (org_id, agent_id, session, place, body) FROM STDIN".encode()
                    ) as copy:
                        for session, place, body in rows:
                            copy.write_row((org, agent, session, place, body))
                    taken = (time.perf_counter() - began, (_worked(conn) - worked) / 1000)
                    times["COPY as the owner", table] = taken
                    conn.execute("RESET ROLE")
                for how, found in ratios.items():
                    plain, ours = times[how, "plain"], times[how, "memories"]
                    found.append((ours[0] / plain[0], ours[1] / plain[1] if plain[1] else 0))
                    print(f"recall: 100,000 rows by {how}: plain {plain[0]:.1f} s, of the processor {plain[1]:.1f} s;"
                          f" registered {ours[0]:.1f} s, {ours[1]:.1f} s", flush=True)  # fmt: skip
        for how, found in ratios.items():
            clock, work = (statistics.median(figures) for figures in zip(*found, strict=True))
            print(f"recall: {how}: registered / with a tsvector and GIN of its own: {clock:.2f}, of the processor"
                  f" {work:.2f}", flush=True)  # fmt: skip


# -- tenants ----------------------------------------------------------------------------------------------------------


def tenants(server: servers.WheelServer) -> None:
    """The same recall of the same agent with 10 and with 10,000 organisations, each with an agent that remembers."""
    with _prepare(server, "tenants") as conn:
        _use_model(conn, 8, "hnsw")
        conn.execute("SELECT agentry.register_agent('one', 'of the bench')")
        conn.execute(
            "INSERT INTO memories (agent_id, session, place, body) SELECT a.id, 's', g, 'the tide of day ' || g"
            " FROM agentry.agents AS a, generate_series(1, 200) AS g"
        )
        figures: list[tuple[Times, Times]] = []
        for organisations in (10, 10_000):
            conn.execute(
                "WITH o AS (INSERT INTO agentry.organizations (id, name) SELECT agentry.uuidv7(), 'o' || n"
                "  FROM generate_series((SELECT count(*) FROM agentry.organizations), %s - 1) AS n RETURNING id),"
                " m AS (INSERT INTO agentry_memory.organization_models (org_id, model_id, is_default)"
                "  SELECT o.id, m.model_id, true FROM o, agentry_memory.embedding_models AS m),"
                " a AS (INSERT INTO agentry.agents (org_id, id, name)"
                "  SELECT o.id, agentry.uuidv7(), 'one' FROM o RETURNING org_id, id)"
                " INSERT INTO memories (org_id, agent_id, session, place, body)"
                " SELECT a.org_id, a.id, 's', g, 'the tide of day ' || g FROM a, generate_series(1, 10) AS g",
                [organisations],
            )
            for table in ("memory_entries", "memory_vectors", "memory_terms", "memory_owners"):
                conn.execute(f"VACUUM ANALYZE agentry_memory.{table}".encode())
            with _connect(server, "tenants", "bench_app") as reader:
                query = "SELECT * FROM agentry_memory.recall('tide of day 7', p_agent => 'one')"
                times = _mixed(reader, reader, {"recall": (query, lambda n: [])})["recall"]
            first = []
            for _ in range(20):
                with _connect(server, "tenants", "bench_app") as fresh:
                    fresh.execute("SELECT 1")
                    first.append(_timed(fresh, query, []))
            figures.append((times, Times.of(first)))
            print(f"recall: {organisations:,} organisations: p50 {times.half:.2f} ms, processor {times.work:.2f} ms;"
                  f" the first of a connection, with all planning: {figures[-1][1].half:.1f} ms, processor"
                  f" {figures[-1][1].work:.1f} ms", flush=True)  # fmt: skip
        (few, few_first), (many, many_first) = figures
        print(f"recall: 10,000 / 10 organisations: {many.beside(few)}", flush=True)
        print(f"recall: 10,000 / 10 organisations, with all planning: {many_first.beside(few_first)}", flush=True)


def run(only: str = "", data: Path | None = None, entries: int = 100_000, agents: int = 1_000) -> None:
    """Prints what the parts of the benchmark find; `only` names one of them."""
    folder = data or DATA / "locomo-dev"
    parts: dict[str, Callable[[servers.WheelServer], None]] = {
        "quality": lambda server: quality(server, folder),
        "load": load,
        "tenants": tenants,
        "one agent": lambda server: speed(server, 1, entries),
        "many agents": lambda server: speed(server, agents, 1_000),
    }
    if only and only not in parts:
        raise ValueError(f"there is no part {only}; there are: {', '.join(parts)}")
    if not folder.is_dir():
        print(f"recall: no conversations in {folder}: their part is left out", flush=True)
        del parts["quality"]
    # a quarter of the memory, as PostgreSQL's manual has it; a million memories take 4 GB with their indexes
    quarter = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    with bench_server(shared_buffers=f"{min(quarter >> 20, 4096)}MB") as server:
        for name, part in parts.items():
            if only in ("", name):
                part(server)
