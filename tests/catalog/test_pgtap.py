"""The catalogue facts of each module, in pgTAP: tests/<module>/pgtap/*.sql, run by pg_prove in the container."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.container import ContainerServer
from tests.harness.database import Database
from tests.harness.paths import ROOT
from tests.harness.pgtap import install_pgtap, pg_prove, pgtap_files


@pytest.mark.parametrize("file", pgtap_files(), ids=lambda file: str(file.relative_to(ROOT / "tests")))
def test_the_catalogue_is_as_pgtap_says(db: Database, file: Path) -> None:
    assert isinstance(db.server, ContainerServer)
    install_pgtap(db.url())
    good, output = pg_prove(db.server, db.name, [file])
    assert good, output


def test_a_wrong_fact_fails(db: Database, tmp_path: Path) -> None:
    assert isinstance(db.server, ContainerServer)
    install_pgtap(db.url())
    folder = tmp_path / "core" / "pgtap"
    folder.mkdir(parents=True)
    for name, text in {
        "wrong.sql": "SELECT plan(1); SELECT has_table('agentry', 'no_such_table', 'a table that is not there');",
        "missing.sql": "SELECT plan(2); SELECT has_table('agentry', 'agents', 'one test of two');",
        "broken.sql": "SELECT plan(1); SELECT no_such_function();",
    }.items():
        file = folder / name
        file.write_text(text)
        good, output = pg_prove(db.server, db.name, [file])
        assert not good, f"{name} passed:\n{output}"
