"""Runs pgTAP files by pg_prove inside the container, against a database of its server."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from tests.harness.container import ContainerServer
from tests.harness.paths import ROOT

SCHEMA = "pgtap"  # of the extension, so that its thousand functions stay apart from what is tested


def pgtap_files() -> list[Path]:
    return sorted((ROOT / "tests").glob("*/pgtap/*.sql"))


def install_pgtap(url: str) -> None:
    """Makes the extension in that database; as a superuser."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
        conn.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS pgtap SCHEMA {}").format(sql.Identifier(SCHEMA)))


def pg_prove(server: ContainerServer, dbname: str, files: Sequence[Path]) -> tuple[bool, str]:
    """Whether every test in every file passed, and pg_prove's output."""
    folder = f"/tmp/pgtap-{secrets.token_hex(4)}"  # noqa: S108 (inside the container)
    server.exec(["mkdir", folder])
    try:
        # <module>-<file>: names that say where a failure is, in one folder
        names = {f"{file.parent.parent.name}-{file.name}": file.read_bytes() for file in files}
        server.put_files(names, folder)
        code, output = server.exec([
            "env", f"PGOPTIONS=-c search_path={SCHEMA},public",
            "pg_prove", "--failures", "--comments", "--dbname", dbname, *sorted(names),
        ], workdir=folder)  # fmt: skip
    finally:
        server.exec(["rm", "-r", folder], user="root")
    return code == 0, output
