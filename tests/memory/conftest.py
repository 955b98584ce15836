"""A table of a user's that is recallable, in a transaction that is rolled back or in a database of the test's own."""

from __future__ import annotations

import pytest

from tests.harness.database import Database
from tests.memory.notes import NOTES, Connection, register

AGENTS = ("nova", "coder")


def _fill(conn: Connection) -> None:
    for name in AGENTS:
        conn.execute("SELECT agentry.register_agent(%s, 'of a test')", [name])
    conn.execute(NOTES.encode())
    register(conn)


@pytest.fixture
def notes(tx: Connection) -> Connection:
    """An administrator's connection with public.notes registered; rolled back after the test."""
    _fill(tx)
    return tx


@pytest.fixture
def desk(db: Database) -> Database:
    """A database with public.notes registered, for tests that commit."""
    _fill(db.admin)
    return db
