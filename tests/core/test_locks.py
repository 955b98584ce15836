"""Row locks: a locked row stays as it is, whatever statement meets it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

Connection = psycopg.Connection[Any]

SETUP = """
CREATE TABLE public.teams (id int PRIMARY KEY);
CREATE TABLE public.projects (
    org_id uuid, id int, name text NOT NULL, size float8, team int REFERENCES public.teams ON DELETE CASCADE,
    lead int REFERENCES public.teams ON DELETE SET NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', name)) STORED,
    locked boolean NOT NULL DEFAULT false, updated_at timestamptz NOT NULL DEFAULT '2001-01-01', PRIMARY KEY (id)
);
CREATE VIEW public.project_names AS SELECT id, name FROM public.projects;
SELECT agentry.guard_table('public.projects');
INSERT INTO public.teams VALUES (1), (2), (3);
INSERT INTO public.projects (id, name, size, team, lead, locked)
VALUES (1, 'nova-memory', 0.1, 1, 2, true), (2, 'free', 0.1, 3, 3, false);
"""


@pytest.fixture
def locked(tx: Connection) -> Connection:
    tx.execute(SETUP)
    return tx


def refused(conn: Connection, query: str) -> psycopg.Error:
    with pytest.raises(errors.ObjectNotInPrerequisiteState) as caught, conn.transaction():
        conn.execute(query.encode())
    return caught.value


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE projects SET name = 'x' WHERE id = 1",
        "UPDATE projects SET name = name",
        "UPDATE projects SET locked = false, name = 'x' WHERE id = 1",
        "SET LOCAL extra_float_digits = -10;"
        " UPDATE projects SET locked = false, size = 0.10000000000000002 WHERE id = 1",
        "DELETE FROM projects WHERE id = 1",
        "DELETE FROM projects",
        "TRUNCATE projects",
        "TRUNCATE teams CASCADE",
        "INSERT INTO projects (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x'",
        "MERGE INTO projects AS p USING (VALUES (1)) AS v (id) ON p.id = v.id WHEN MATCHED THEN UPDATE SET name = 'x'",
        "MERGE INTO projects AS p USING (VALUES (1)) AS v (id) ON p.id = v.id WHEN MATCHED THEN DELETE",
        "DELETE FROM teams WHERE id = 1",
        "DELETE FROM teams WHERE id = 2",
        "UPDATE project_names SET name = 'x' WHERE id = 1",
        "DELETE FROM project_names WHERE id = 1",
    ],
)
def test_a_locked_project_refuses(locked: Connection, query: str) -> None:
    before = locked.execute("SELECT p::text FROM projects AS p ORDER BY id").fetchall()
    error = refused(locked, query)
    assert error.diag.message_primary == "Project nova-memory is locked"
    assert str(error.diag.message_hint).startswith("Set locked = FALSE first")
    assert locked.execute("SELECT p::text FROM projects AS p ORDER BY id").fetchall() == before


def test_unlocking_alone_is_accepted_and_then_anything(locked: Connection) -> None:
    locked.execute("UPDATE projects SET locked = false WHERE id = 1")
    locked.execute("UPDATE projects SET name = 'x', locked = true WHERE id = 1")
    refused(locked, "UPDATE projects SET name = 'y' WHERE id = 1")


def test_rows_that_are_not_locked_change_freely(locked: Connection) -> None:
    locked.execute("UPDATE projects SET name = 'x' WHERE id = 2")
    locked.execute("DELETE FROM teams WHERE id = 3")
    assert locked.execute("SELECT id FROM projects").fetchall() == [(1,)]
    locked.execute("UPDATE projects SET locked = false")
    locked.execute("TRUNCATE projects")


def test_another_trigger_cannot_change_a_row_while_it_is_unlocked(locked: Connection) -> None:
    locked.execute(
        "CREATE FUNCTION public.sneak() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := ''x''; RETURN NEW; END';"
        "CREATE TRIGGER sneak BEFORE UPDATE ON projects FOR EACH ROW EXECUTE FUNCTION public.sneak()"
    )
    refused(locked, "UPDATE projects SET locked = false WHERE id = 1")


@pytest.mark.parametrize("column", ["locked boolean", "locked text NOT NULL DEFAULT ''"])
def test_a_lock_that_is_neither_on_nor_off_is_refused(tx: Connection, column: str) -> None:
    tx.execute(f"CREATE TABLE public.things (org_id uuid, {column})".encode())
    error = refused(tx, "SELECT agentry.guard_table('things')")
    assert "locked" in str(error.diag.message_primary)


def test_a_locked_row_in_a_partition_goes_by_the_name_of_the_table(tx: Connection) -> None:
    tx.execute(
        "CREATE TABLE public.entities (org_id uuid, id int, at timestamptz NOT NULL, locked boolean NOT NULL,"
        " PRIMARY KEY (org_id, at, id)) PARTITION BY RANGE (at); SELECT agentry.guard_table('entities')"
    )
    tx.execute("SELECT agentry.create_monthly_partition('public.entities', '2026-01-01')")
    tx.execute("INSERT INTO entities VALUES (DEFAULT, 7, '2026-01-02 00:00+00', true)")
    for query in ("UPDATE entities SET at = '2026-01-03'", "TRUNCATE entities"):
        assert refused(tx, query).diag.message_primary == "Entity 7 is locked"
