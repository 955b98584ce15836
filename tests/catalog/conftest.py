"""What needs the container's programs is collected on PostgreSQL 17 only."""

from __future__ import annotations

from pathlib import Path

import pytest

NEEDS_CONTAINER = {"test_pgtap.py", "test_plpgsql_check.py"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path.name in NEEDS_CONTAINER and config.getoption("--server") != "17":
        return True
    return None
