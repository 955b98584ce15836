"""Fixtures of the core tests."""

from __future__ import annotations

import pytest

from tests.core.support import Connection, Town


@pytest.fixture
def town(tx: Connection) -> Town:
    """See support.Town; rolled back after the test."""
    return Town(tx)
