"""Monthly partitions: what maintenance makes writers wait, and what a point read costs among 240 of them.

Writers go on, 50 statements of each kind a second, while a default partition of 100,000 rows that 100,000 rows refer to
is emptied, months are made and retired.  What counts is the longest statement beside the longest in the same time
without maintenance, as the machine has pauses of its own.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.bench.chat import bench_server
from tests.harness import servers
from tests.harness.deploy import deploy

Connection = psycopg.Connection[Any]

DATABASE = "bench"
RATE = 50  # statements of each kind a second
CALM_SECONDS = 5.0
MONTHS = 240

SHOP = """
CREATE TABLE public.notes (
    org_id uuid NOT NULL, at timestamptz NOT NULL, id bigint NOT NULL, body text,
    PRIMARY KEY (org_id, at, id)
) PARTITION BY RANGE (at);
CREATE TABLE public.notes_default PARTITION OF public.notes DEFAULT;
CREATE TABLE public.marks (
    org_id uuid NOT NULL, at timestamptz NOT NULL, note_id bigint NOT NULL, mark text,
    CONSTRAINT marks_note_id_fkey FOREIGN KEY (org_id, at, note_id) REFERENCES public.notes
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX marks_note_id_idx ON public.marks (org_id, at, note_id);
CREATE SEQUENCE public.numbers START 1000000;
SELECT agentry.set_partition_policy('public.notes', 3);
"""

# three months of last year
FILL = """
INSERT INTO notes
SELECT agentry.current_org_id(), date_trunc('month', now()) - interval '12 months' + g * interval '1 minute', g,
       repeat('note ', 20)
FROM generate_series(1, {rows}) AS g;
INSERT INTO marks SELECT org_id, at, id, 'mark' FROM notes;
"""

NOW = "(agentry.current_org_id(), now(), nextval('numbers'), 'new')"
OLD = "date_trunc('month', now()) - interval '12 months'"
WRITERS = {
    "insert": f"INSERT INTO notes VALUES {NOW}",
    "insert, old month": f"INSERT INTO notes VALUES (agentry.current_org_id(), {OLD}, nextval('numbers'), 'late')",
    "insert, referring": f"WITH n AS (INSERT INTO notes VALUES {NOW} RETURNING *)"
    " INSERT INTO marks SELECT org_id, at, id FROM n",
    "update": f"UPDATE notes SET body = 'changed' WHERE at = {OLD} + {{n}} * interval '1 minute'",
    "select": f"SELECT body FROM notes WHERE at = {OLD} + {{n}} * interval '1 minute'",
}

READ = (
    "SELECT body FROM events WHERE org_id = (SELECT agentry.current_org_id()) AND id = $1"
    " AND at >= agentry.uuidv7_time($1) AND at < agentry.uuidv7_time($1, 1)"
)
LOCKS = ("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
         " AND relation::regclass::text ~ '^(public\\.)?events'")

EVENTS = """
CREATE TABLE public.events (
    org_id uuid NOT NULL, id uuid NOT NULL DEFAULT agentry.uuidv7(), at timestamptz NOT NULL, body text,
    PRIMARY KEY (org_id, at, id)
) PARTITION BY RANGE (at);
CREATE INDEX events_id_idx ON public.events (org_id, id);
SELECT agentry.guard_table('events', p_rule => 'true');
GRANT SELECT ON events TO agentry_agent;
-- EXECUTE plans for the id at hand, whatever plan_cache_mode is: so a monthly table is read by id in a function
CREATE FUNCTION public.event_body(p_id uuid) RETURNS text LANGUAGE plpgsql STABLE AS $event_body$
DECLARE
    v_body text;
BEGIN
    EXECUTE '{read}' INTO v_body USING p_id;
    RETURN v_body;
END;
$event_body$;
"""


class Writers:
    """Clients that go on with one kind of statement each, and remember the longest."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=item) for item in WRITERS.items()]
        self.longest = dict.fromkeys(WRITERS, 0.0)
        self.errors: list[str] = []

    def _work(self, kind: str, query: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as conn:
            n = 0
            while not self._stop.is_set():
                n += 1
                begun = time.perf_counter()
                try:
                    conn.execute(query.format(n=n % 1000).encode())
                except psycopg.Error as error:
                    self.errors.append(f"{kind}: {error}")
                taken = time.perf_counter() - begun
                self.longest[kind] = max(self.longest[kind], taken)
                self._stop.wait(max(0.0, 1 / RATE - taken))

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@contextmanager
def _database(server: servers.WheelServer) -> Iterator[Connection]:
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        conn.execute(f"CREATE DATABASE {DATABASE}")
    deploy(server.url(DATABASE))
    with psycopg.connect(server.url(DATABASE), autocommit=True) as conn:
        yield conn


def _value(conn: Connection, query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    return row[0] if row else None


def _waits(server: servers.WheelServer, what: str, action: Callable[[], Any]) -> float:
    """Prints the longest statement of each kind during the action, and in a calm time before it, in milliseconds."""
    with Writers(server.url(DATABASE)) as calm:
        time.sleep(CALM_SECONDS)
    with Writers(server.url(DATABASE)) as busy:
        time.sleep(0.5)
        begun = time.perf_counter()
        action()
        taken = time.perf_counter() - begun
        time.sleep(0.5)
    shown = "  ".join(f"{k} {1e3 * calm.longest[k]:.0f} -> {1e3 * busy.longest[k]:.0f}" for k in WRITERS)
    print(f"partitions: {what}: {taken:.1f} s; longest wait in ms, calm -> then: {shown}", flush=True)
    for line in (*calm.errors[:3], *busy.errors[:3]):
        print(f"    failed: {line}", flush=True)
    return max(busy.longest.values())


def _maintain(conn: Connection, *steps: str) -> None:
    """Runs these steps of the maintenance and no other."""
    for step in steps:
        conn.execute(
            "UPDATE agentry.maintenance_steps SET last_run = now() + CASE name WHEN %s"
            " THEN interval '-1 year' ELSE interval '1 day' END",
            [step],
        )
        conn.execute("CALL agentry.run_maintenance()")


def _drain(server: servers.WheelServer, rows: int) -> float:
    with _database(server) as conn:
        conn.execute(SHOP.encode())
        conn.execute(FILL.format(rows=rows).encode())
        conn.execute("VACUUM ANALYZE notes")
        conn.execute("VACUUM ANALYZE marks")
        conn.execute("CHECKPOINT")  # an old server has WAL files to use again, and need not make each anew

        worst = _waits(server, f"a default partition of {rows:,} referenced rows emptied, keys validated",
                       lambda: _maintain(conn, "core.partitions", "core.validate_keys"))
        lost = _value(conn, "SELECT count(*) FROM marks AS m LEFT JOIN notes AS n ON (n.org_id, n.at, n.id) ="
                            " (m.org_id, m.at, m.note_id) WHERE n.id IS NULL")
        left = _value(conn, "SELECT count(*) FROM notes_default")
        valid = _value(conn, "SELECT bool_and(convalidated) FROM pg_constraint WHERE contype = 'f'"
                             " AND conrelid = 'marks'::regclass")
        print(f"partitions: references lost {lost}, rows left in the default partition {left}, keys valid: {valid}")
        worst = max(worst, _waits(server, "twelve months made ahead",
                                  lambda: conn.execute("SELECT agentry.ensure_partitions('public.notes', 15)")))
        conn.execute("DELETE FROM marks WHERE at < date_trunc('month', now())")
        conn.execute("SELECT agentry.set_partition_policy('public.notes', 3, 6, 'archive')")
        return max(worst, _waits(server, "old months retired to the archive",
                                 lambda: _maintain(conn, "core.retirement", "core.validate_keys")))


def _point_read(server: servers.WheelServer) -> None:
    with _database(server) as conn:
        conn.execute(EVENTS.replace("{read}", READ).encode())
        for month in range(MONTHS):
            conn.execute("SELECT agentry.create_monthly_partition('public.events', %s::date)",
                         [f"{2010 + month // 12}-{month % 12 + 1}-1"])
        conn.execute("INSERT INTO events SELECT agentry.current_org_id(), agentry.uuidv7(t), t, 'x'"
                     " FROM generate_series('2010-01-10'::timestamptz, '2029-12-10', '1 hour') AS t")
        conn.execute("ANALYZE events")
        conn.execute("CREATE ROLE bench_agent LOGIN IN ROLE agentry_agent")
        conn.execute("SELECT agentry.register_agent('reader', p_db_role => 'bench_agent')")
        ids = [row[0] for row in conn.execute("SELECT id FROM events ORDER BY random() LIMIT 50").fetchall()]
    for user in ("postgres", "bench_agent"):
        for mode in ("force_custom_plan", "force_generic_plan"):
            with psycopg.connect(server.url(DATABASE, user), autocommit=True) as conn:
                conn.execute(f"SET plan_cache_mode = {mode}")
                conn.execute(f"PREPARE by_id (uuid) AS {READ}".encode())
                conn.execute(f"EXPLAIN EXECUTE by_id ('{ids[0]}')".encode())  # catalogues are read, a plan is kept
                planning, running = [], []
                for one in ids:
                    plan = _value(conn, f"EXPLAIN (ANALYZE, SUMMARY, FORMAT JSON) EXECUTE by_id ('{one}')")[0]
                    planning.append(plan["Planning Time"])
                    running.append(plan["Execution Time"])
                with conn.transaction():
                    found = conn.execute(f"EXECUTE by_id ('{ids[0]}')".encode()).fetchall()
                    locks = _value(conn, LOCKS)
                    calls = []
                    for one in ids:
                        begun = time.perf_counter()
                        conn.execute("SELECT public.event_body(%s)", [one])
                        calls.append(1e3 * (time.perf_counter() - begun))
                with conn.transaction():
                    conn.execute("SELECT public.event_body(%s)", [ids[0]])
                    called = _value(conn, LOCKS)
                role = "agentry_agent" if user == "bench_agent" else "administrator"
                print(f"partitions: point read of {MONTHS} by id, {role}, {mode.split('_')[1]} plan:"
                      f" planning {statistics.median(planning):.3f} ms, running {statistics.median(running):.3f} ms,"
                      f" {locks} locks, {len(found)} row; in a function by EXECUTE: {statistics.median(calls):.3f} ms"
                      f" in all, {called} locks", flush=True)


def run(rows: int = 100_000) -> None:
    """Prints the longest wait of writers during maintenance, and planning time and locks of a point read."""
    with bench_server() as server:
        _point_read(server)
        worst = _drain(server, rows)
        print(f"partitions: longest wait of a writer {1e3 * worst:.0f} ms")
