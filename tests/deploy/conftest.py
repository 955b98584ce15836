"""Fixtures of the deploy tests: a copy of the sources to change, and a cluster nobody else uses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import paths
from tests.harness.database import fresh_server
from tests.harness.servers import PgServer


class Checkout:
    """A copy of the sources."""

    def __init__(self, root: Path) -> None:
        self.root = root
        paths.copy_sources(root, paths.BUILD.parent)

    @property
    def build_dir(self) -> Path:
        return self.root / "build"

    def build(self) -> Path:
        shutil.rmtree(self.build_dir, ignore_errors=True)
        paths.make_build(self.root)
        return self.build_dir

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text, f"{path} does not contain {old!r}"
        self.write(path, text.replace(old, new, 1))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of the sources that a test may change and build."""
    return Checkout(tmp_path / "checkout")


@pytest.fixture
def own_server(server: PgServer) -> Iterator[PgServer]:
    """A fresh cluster of the same version, for what touches roles or the server's files."""
    with fresh_server(server) as fresh:
        yield fresh
