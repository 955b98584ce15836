"""run_maintenance(): steps that are due, each in a transaction of its own, reported, safe to run twice at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.harness.container import ContainerServer
from tests.harness.database import Database, wait_for_lock, wait_until
from tests.harness.deploy import deploy
from tests.harness.paths import BUILD

Connection = psycopg.Connection[Any]
Background = Callable[..., "Future[Any]"]


def run(conn: Connection, force: bool = True) -> list[str]:
    said: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        said.append(f"{notice.severity} {notice.message_primary}")

    conn.add_notice_handler(hear)
    conn.execute("CALL agentry.run_maintenance(true)" if force else "CALL agentry.run_maintenance()")
    conn.remove_notice_handler(hear)
    return said


def only(conn: Connection, **steps: str) -> None:
    conn.execute("DELETE FROM agentry.maintenance_steps")
    for name, call in steps.items():
        conn.execute(
            "INSERT INTO agentry.maintenance_steps (name, call, run_every) VALUES (%s, %s, '1 hour')",
            [f"test.{name}", call],
        )


def test_every_step_reports_and_runs_when_it_is_due(db: Database) -> None:
    said = run(db.admin)
    assert [line.split(":")[0] for line in said] == sorted(line.split(":")[0] for line in said)
    assert {"NOTICE core.partitions", "NOTICE core.seal_audit", "NOTICE core.validate_keys"} <= {
        s.split(":")[0] for s in said
    }
    assert run(db.admin, force=False) == []


def test_a_step_that_fails_is_reported_and_the_others_go_on(db: Database) -> None:
    only(db.admin, a="SELECT 1/0", b="SELECT 'fine'")
    assert run(db.admin) == ["WARNING test.a: division by zero", "NOTICE test.b: fine"]
    assert run(db.admin, force=False) == ["WARNING test.a: division by zero"], "tried again, the other is not due"


def test_two_at_once_do_no_harm(db: Database, background: Background) -> None:
    only(db.admin, a="WITH l AS (SELECT pg_advisory_xact_lock(42)) SELECT count(*)::text FROM l")
    holder, first = db.connect(), db.connect()
    holder.execute("SELECT pg_advisory_lock(42)")
    db.admin.execute(
        "UPDATE agentry.maintenance_steps"
        " SET call = 'SELECT set_config(''lock_timeout'', ''0'', true), pg_advisory_xact_lock(42)'"
    )
    running = background(run, first, False)
    wait_for_lock(db.admin, first.info.backend_pid)
    assert run(db.admin, force=False) == ["NOTICE test.a: runs already"]
    holder.execute("SELECT pg_advisory_unlock(42)")
    assert len(running.result(30)) == 1
    assert run(db.admin, force=False) == []


def test_a_lock_is_not_waited_for_long(db: Database) -> None:
    only(db.admin, a="SELECT pg_advisory_xact_lock(42)")
    db.connect().execute("SELECT pg_advisory_lock(42)")
    assert run(db.admin) == ["WARNING test.a: canceling statement due to lock timeout"]


def test_a_step_runs_read_committed_under_a_pinned_path(db: Database) -> None:
    only(db.admin, a="SELECT current_setting('transaction_isolation') || ' ' || current_setting('search_path')")
    db.admin.execute("SET default_transaction_isolation = 'serializable'; SET search_path = public")
    assert run(db.admin) == ["NOTICE test.a: read committed pg_catalog, pg_temp"]
    row = db.admin.execute("SHOW search_path").fetchone()
    assert row == ("public",)


def test_a_table_that_fails_leaves_the_others_their_partitions(db: Database) -> None:
    db.admin.execute(
        "DELETE FROM agentry.partition_policies;"
        "CREATE TABLE logs (at timestamptz) PARTITION BY RANGE (at); CREATE TABLE plain (at timestamptz);"
        "SELECT agentry.set_partition_policy('public.logs', 1);"
        "INSERT INTO agentry.partition_policies (table_name, time_column) VALUES ('plain', 'at')"
    )
    said = run(db.admin)
    assert [line for line in said if "core.partitions" in line] == [
        "NOTICE core.partitions: 2 to do",
        "NOTICE core.partitions: public.logs: 2 made",
        "WARNING core.partitions: public.plain: table public.plain is not partitioned by time",
    ]


def test_a_step_with_units_runs_each_in_a_transaction_of_its_own(db: Database) -> None:
    only(db.admin, a="")
    db.admin.execute("CREATE TABLE ids (id xid8)")
    db.admin.execute(
        "UPDATE agentry.maintenance_steps SET call = 'WITH i AS (INSERT INTO public.ids SELECT pg_current_xact_id()"
        " WHERE 1 / ($1::int - 2) IS NOT NULL) SELECT $1',"
        " units = 'SELECT g::text FROM generate_series(1, 3) AS g'"
    )
    assert run(db.admin) == [
        "NOTICE test.a: 3 to do",
        "NOTICE test.a: 1: 1",
        "WARNING test.a: 2: division by zero",
        "NOTICE test.a: 3: 3",
    ]
    assert db.value("SELECT count(DISTINCT id) FROM ids") == 2
    assert run(db.admin, force=False) == [], "done, though one failed"


def test_units_that_cannot_be_found_are_a_failed_step(db: Database) -> None:
    only(db.admin, a="SELECT $1")
    db.admin.execute("UPDATE agentry.maintenance_steps SET units = 'SELECT 1 / 0'")
    assert run(db.admin) == ["WARNING test.a: division by zero"]


def test_it_is_not_called_inside_a_transaction(db: Database) -> None:
    conn = db.connect(autocommit=False)
    with pytest.raises(errors.InvalidTransactionTermination):
        conn.execute("CALL agentry.run_maintenance(true)")


def test_without_pg_cron_scheduling_says_what_to_do(db: Database) -> None:
    home = db.value("SELECT current_setting('cron.database_name', true)")
    with pytest.raises(errors.FeatureNotSupported) as caught:
        db.admin.execute("SELECT agentry.schedule_maintenance()")
    diag = caught.value.diag
    if home is None:
        assert diag.message_hint == "Let any scheduler run: psql -c 'CALL agentry.run_maintenance()'."
        return
    # the command in the hint does it, and so does the one that ends it
    assert diag.message_detail == f"It lives in database {home}."
    with psycopg.connect(db.server.url(home), autocommit=True) as conn:
        conn.execute("CREATE EXTENSION IF NOT EXISTS pg_cron")
        conn.execute(str(diag.message_hint).removeprefix("There, run: ").encode())
        jobs = "SELECT schedule, command FROM cron.job WHERE database = %s"
        assert conn.execute(jobs, [db.name]).fetchall() == [("*/10 * * * *", "CALL agentry.run_maintenance()")]
        with pytest.raises(errors.FeatureNotSupported) as caught:
            db.admin.execute("SELECT agentry.schedule_maintenance(NULL)")
        conn.execute(str(caught.value.diag.message_hint).removeprefix("There, run: ").encode())
        assert conn.execute(jobs, [db.name]).fetchall() == []


@pytest.fixture
def cron() -> Iterator[Connection]:
    """A server whose pg_cron lives in a database with agentry."""
    with ContainerServer(settings={"cron.database_name": "agentry_cron"}) as server:
        server.install_files(BUILD)
        with psycopg.connect(server.url(), autocommit=True) as conn:
            conn.execute("CREATE DATABASE agentry_cron")
        deploy(server.url("agentry_cron"))
        with psycopg.connect(server.url("agentry_cron"), autocommit=True) as conn:
            conn.execute("CREATE EXTENSION pg_cron")
            yield conn


@pytest.mark.container
def test_pg_cron_runs_the_maintenance(cron: Connection) -> None:
    """The job is scheduled, runs, commits between its steps, is replaced, and is ended."""
    only(cron, a="SELECT 1 / 0", b="SELECT 'fine'")
    jobs = "SELECT jobid, schedule, command, database, username FROM cron.job"
    call = "CALL agentry.run_maintenance()"
    first = cron.execute("SELECT agentry.schedule_maintenance('1 second')").fetchone()
    assert first is not None
    assert cron.execute(jobs).fetchall() == [(first[0], "1 second", call, "agentry_cron", "postgres")]
    wait_until(
        lambda: cron.execute("SELECT FROM cron.job_run_details WHERE status = 'succeeded'").fetchone() is not None,
        "the job ran",
    )
    found = cron.execute("SELECT name FROM agentry.maintenance_steps WHERE last_run IS NOT NULL").fetchall()
    assert found == [("test.b",)], "a step that fails undoes no other"
    assert cron.execute("SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'").fetchone() == (0,)

    second = cron.execute("SELECT agentry.schedule_maintenance()").fetchone()
    assert second == first
    assert cron.execute(jobs).fetchall() == [(first[0], "*/10 * * * *", call, "agentry_cron", "postgres")]
    assert cron.execute("SELECT agentry.schedule_maintenance(NULL)").fetchone() == first
    assert cron.execute(jobs).fetchall() == []
    assert cron.execute("SELECT agentry.schedule_maintenance(NULL)").fetchone() == (None,)
