"""`make install` and `make uninstall` are ordinary PGXS."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.deploy.conftest import Checkout
from tests.harness.servers import TEST_SETTINGS, PgServer, WheelServer, extension_files

if shutil.which("make") is None:
    pytest.skip("needs make", allow_module_level=True)


@pytest.fixture
def bare(server: PgServer) -> Iterator[WheelServer]:
    """A cluster with programs of its own, into which nothing is installed yet."""
    if not isinstance(server, WheelServer):
        pytest.skip("needs a server whose files are ours")
    with WheelServer(server.major, settings=TEST_SETTINGS) as fresh:
        assert isinstance(fresh, WheelServer)
        yield fresh


def make(checkout: Checkout, server: WheelServer, *targets: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", *targets, f"PG_CONFIG={server.pg_config}"],
        cwd=checkout.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(server: WheelServer) -> dict[Path, int]:
    return {path: path.stat().st_size for path in server.prefix.rglob("*") if path.is_file()}


def test_install_puts_every_file_and_uninstall_takes_every_file(bare: WheelServer, checkout: Checkout) -> None:
    before = files_of(bare)
    shutil.rmtree(checkout.build_dir, ignore_errors=True)
    make(checkout, bare)
    make(checkout, bare, "install")
    added = files_of(bare).keys() - before.keys()
    assert {path.name for path in added} == {path.name for path in extension_files(checkout.build_dir)}
    assert {path.parent.name for path in added} == {"extension"}
    with psycopg.connect(bare.url(), autocommit=True) as conn:
        conn.execute("CREATE EXTENSION agentry_all CASCADE")
        actions = conn.execute("SELECT action FROM agentry.install()").fetchall()
        assert set(actions) == {("installed",)}
    make(checkout, bare, "uninstall")
    assert files_of(bare) == before


def test_install_does_not_need_the_server_to_build(checkout: Checkout) -> None:
    """`make build` works where there is no PostgreSQL at all."""
    shutil.rmtree(checkout.build_dir, ignore_errors=True)
    done = subprocess.run(
        ["make", "build", "PG_CONFIG=/nowhere/pg_config"],
        cwd=checkout.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert extension_files(checkout.build_dir)


def test_clean_leaves_only_sources(bare: WheelServer, checkout: Checkout) -> None:
    make(checkout, bare)
    make(checkout, bare, "clean")
    assert not checkout.build_dir.exists()
    assert sorted(p.name for p in checkout.root.iterdir()) == ["Makefile", "functions", "sql", "triggers", "views"]
