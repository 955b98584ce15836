"""The audit log beside a plain log row, on one server in one run, with fsync on.

Three tables of the same columns, rows and guards are written by an application's role of one organisation:
    none      no log
    plain     what a project would write by hand: a row trigger that inserts who, when, the old and the new row as jsonb
              into one table with an identity key; it cannot be sealed, erased or proved; who is the login role
    named     the same, and who is the agent behind the login role, found by agentry.current_agent()
    agentry   guard_table(..., p_audit => true)
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench.chat import bench_server
from tests.harness import servers
from tests.harness.deploy import deploy

DATABASE = "bench"
SIDES = ("none", "plain", "named", "agentry")
ROWS = 32_000
BLOCK = 1_000

TABLE = """
CREATE TABLE public.orders_{side} (
    org_id     uuid        NOT NULL,
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    customer   text        NOT NULL,
    state      text        NOT NULL DEFAULT 'new',
    amount     numeric     NOT NULL,
    note       text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);
SELECT agentry.guard_table('orders_{side}', p_writers => '{{app}}', p_audit => '{side}' = 'agentry');
GRANT SELECT, INSERT, UPDATE ON public.orders_{side} TO agentry_app;
"""

PLAIN_LOG = """
CREATE TABLE public.plain_log (
    id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    who        text        NOT NULL DEFAULT session_user,
    table_name text        NOT NULL,
    action     text        NOT NULL,
    old_row    jsonb,
    new_row    jsonb
);
CREATE FUNCTION public.log_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.plain_log (table_name, action, old_row, new_row)
    VALUES (TG_TABLE_NAME, TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
            CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END;
$$;
CREATE TRIGGER log_row AFTER INSERT OR UPDATE OR DELETE ON public.orders_plain
    FOR EACH ROW EXECUTE FUNCTION public.log_row();
CREATE FUNCTION public.log_named_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.plain_log (who, table_name, action, old_row, new_row)
    VALUES (coalesce(agentry.current_agent(), session_user), TG_TABLE_NAME, TG_OP,
            CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END;
$$;
CREATE TRIGGER log_row AFTER INSERT OR UPDATE OR DELETE ON public.orders_named
    FOR EACH ROW EXECUTE FUNCTION public.log_named_row();
"""

FILL = (
    "INSERT INTO public.orders_{side} (org_id, customer, amount, note)"
    " SELECT agentry.current_org_id(), 'customer ' || g, g, repeat('note ', 20)"
    " FROM generate_series(1, {rows}) AS g"
)


@dataclass(frozen=True)
class Work:
    """A pgbench script; {side} is the table's."""

    name: str
    script: str


WORKS = (
    Work("insert of a row",
         "INSERT INTO orders_{side} (customer, amount, note) VALUES ('customer', 17.5, repeat('note ', 20));\n"),
    Work("update of a row",
         f"\\set i random(1, {ROWS})\nUPDATE orders_{{side}} SET amount = amount + 1 WHERE id = :i;\n"),
    Work(f"update of {BLOCK} rows",
         f"UPDATE orders_{{side}} SET amount = amount + 1 WHERE id > :client_id * {BLOCK}"
         f" AND id <= (:client_id + 1) * {BLOCK};\n"),
)


def _prepare(server: servers.WheelServer) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {DATABASE}")
    deploy(server.url(DATABASE))
    with psycopg.connect(server.url(DATABASE), autocommit=True) as conn:
        conn.execute("CREATE ROLE bench_app LOGIN IN ROLE agentry_app")
        conn.execute("INSERT INTO agentry.service_roles (db_role) VALUES ('bench_app')")
        for side in SIDES:
            conn.execute(TABLE.format(side=side).encode())
        conn.execute(PLAIN_LOG.encode())


def _clean(server: servers.WheelServer, side: str) -> None:
    """The same rows and an empty log, so that every measurement starts alike."""
    with psycopg.connect(server.url(DATABASE), autocommit=True) as conn:
        for log in ("agentry.audit_log", "agentry.audit_images"):
            for command in ("ALTER TABLE {} DISABLE TRIGGER USER", "TRUNCATE {}", "ALTER TABLE {} ENABLE TRIGGER USER"):
                conn.execute(command.format(log).encode())
        conn.execute(f"TRUNCATE public.plain_log; ALTER TABLE orders_{side} DISABLE TRIGGER USER")
        conn.execute(f"TRUNCATE orders_{side} RESTART IDENTITY")
        conn.execute(FILL.format(side=side, rows=ROWS).encode())
        conn.execute(f"ALTER TABLE orders_{side} ENABLE TRIGGER USER")
        conn.execute(f"VACUUM ANALYZE orders_{side}")
        conn.execute("CHECKPOINT")


def _cpu_seconds(server: servers.WheelServer) -> float:
    """What the backends that have ended have used of the processors, by Linux's account of the postmaster."""
    pid = (server.data / "postmaster.pid").read_text().splitlines()[0]
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(used[13]) + int(used[14])) / os.sysconf("SC_CLK_TCK")


def _measure(server: servers.WheelServer, side: str, work: Work, clients: int, seconds: int) -> tuple[float, float]:
    """Microseconds a statement, of all clients together: by the clock, and of the processors."""
    _clean(server, side)
    before = _cpu_seconds(server)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(work.script.format(side=side))
        file.flush()
        done = subprocess.run(
            [
                *(str(server.psql.with_name("pgbench")), "-n", "-M", "prepared", "-f", file.name),
                *("-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds)),
                server.url(DATABASE, "bench_app"),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    rate = re.search(r"tps = ([\d.]+)", done)
    count = re.search(r"number of transactions actually processed: (\d+)", done)
    if not rate or not count or "number of failed transactions: 0" not in done:
        raise RuntimeError(done)
    time.sleep(0.2)  # the last backends end
    return 1e6 / float(rate.group(1)), 1e6 * (_cpu_seconds(server) - before) / int(count.group(1))


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of measurements that followed each other."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def run(seconds: int = 5, clients: Sequence[int] = (1, 8), rounds: int = 3) -> None:
    """Prints for each work and number of clients: microseconds a statement, and the ratios of agentry to the others.

    By the clock a commit counts, which waits for the disk; the processors' time is what the log itself costs.
    """
    with bench_server() as server:
        _prepare(server)
        for work in WORKS:
            for n in clients:
                times: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
                for _ in range(rounds):
                    for side in SIDES:  # in turn, as the machine's speed drifts
                        times[side].append(_measure(server, side, work, n, seconds))
                for i, what in enumerate(("clock", "CPU")):
                    shown = "  ".join(f"{side} {statistics.median(t[i] for t in times[side]):7,.0f}" for side in SIDES)
                    ratios = "  ".join(
                        f"agentry / {side} {_ratio([t[i] for t in times['agentry']], [t[i] for t in times[side]]):.2f}"
                        for side in ("plain", "named")
                    )
                    print(f"audit: {work.name:19} {n} clients, us {what:5}: {shown};  {ratios}", flush=True)
