"""A small roster, in a transaction that is rolled back or in a database of the test's own."""

from __future__ import annotations

import pytest

from tests.chat.support import Connection, register
from tests.harness.database import Database

ROSTER = ("nova", "coder", "scout", "newhart")


@pytest.fixture
def chat(tx: Connection) -> Connection:
    """An administrator's connection with the roster; rolled back after the test."""
    register(tx, *ROSTER)
    return tx


@pytest.fixture
def town(db: Database) -> Database:
    """A database with the roster, for tests that commit."""
    register(db.admin, *ROSTER)
    return db
