"""`invoke lint` finds nothing; what it would find is proved by tests/deploy/test_lint.py."""

from __future__ import annotations

import pytest

from tests.harness import lint


@pytest.mark.parametrize("check", lint.CHECKS)
def test_the_lint_finds_nothing(check: str) -> None:
    assert lint.CHECKS[check]() == []
