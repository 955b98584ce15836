"""What harness/coverage.py counts at the end of a run is right: every RAISE and CHECK, and where it was raised."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from tests.harness import coverage, paths
from tests.harness.database import Database, ServerLog

ROOT = paths.BUILD.parent  # the sources that were deployed


def test_every_raise_of_the_sources_is_known() -> None:
    """Counted by another road: the text."""
    in_text = 0
    for folder in ("functions", "triggers"):
        for path in (ROOT / folder).rglob("*.sql"):
            code = re.sub(r"--.*$|'([^']|'')*'", "", path.read_text(), flags=re.MULTILINE)
            in_text += len(re.findall(r"\bRAISE (?:EXCEPTION|WARNING)\b", code))
    assert len(coverage.raises(ROOT)) == in_text > 30


def test_every_raise_stands_where_it_is_said_to_be() -> None:
    for one in coverage.raises(ROOT):
        line = (ROOT / one.file).read_text().splitlines()[one.file_line - 1]
        assert line.strip().startswith("RAISE "), str(one)


def test_every_check_of_the_catalogue_is_known(tx: psycopg.Connection[Any]) -> None:
    rows = tx.execute(
        "SELECT c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'c' AND n.nspname ~ '^agentry'"
    ).fetchall()
    assert {(one.table, one.name) for one in coverage.checks(ROOT)} == set(rows)
    assert len(rows) > 30


def test_what_is_raised_and_violated_counts_as_seen(db: Database, server_log: ServerLog) -> None:
    if not server_log._server.log_text():
        pytest.skip("the log of this server cannot be read")
    known = coverage.raises(ROOT)
    mine = [one for one in known if one.function == "agentry._setting"]
    check = [one for one in coverage.checks(ROOT) if one.name == "teams_name_check"]
    assert (len(mine), len(check)) == (1, 1)
    conn = db.connect()
    with pytest.raises(psycopg.errors.UndefinedObject):
        conn.execute("SELECT agentry.setting('no.such')")
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute("INSERT INTO agentry.teams (name) VALUES (' ')")
    log = server_log.of(conn.info.backend_pid)
    assert coverage.not_raised("", mine) == mine
    assert coverage.not_raised(log, mine) == []
    assert coverage.not_violated("", check) == check
    assert coverage.not_violated(log, check) == []
    # and nothing else does
    others = [one for one in known if one.function != "agentry._setting"]
    assert coverage.not_raised(log, others) == coverage.not_raised("", others)


def test_another_line_of_the_function_does_not_count() -> None:
    one = coverage.Raise("f.sql", 12, "agentry.f", 9, "'no'")
    line = "2026-01-01 00:00:00.000 UTC [1] CONTEXT:  PL/pgSQL function agentry.f(text,bigint) line {} at {}\n"
    assert coverage.not_raised(line.format(9, "RAISE"), [one]) == []
    assert coverage.not_raised(line.format(8, "RAISE"), [one]) == [one]
    assert coverage.not_raised(line.format(9, "PERFORM"), [one]) == [one]
    assert coverage.not_raised(line.format(9, "RAISE").replace("agentry.f", "agentry_chat.f"), [one]) == [one]
    assert coverage.not_raised(line.format(9, "RAISE").replace("agentry.f", "f"), [one]) == []


def test_the_exceptions_are_still_needed() -> None:
    known = coverage.raises(ROOT)
    for function, part in coverage.UNSEEN_RAISES:
        assert [one for one in known if one.function == function and part in one.message], f"{function}: {part}"
    names = {(one.table, one.name) for one in coverage.checks(ROOT)}
    assert coverage.UNSEEN_CHECKS.keys() <= names


def config(source: str = "TESTPATHS", **options: Any) -> Any:
    return SimpleNamespace(
        args_source=getattr(pytest.Config.ArgsSource, source), option=SimpleNamespace(**{"keyword": "", **options})
    )


def test_a_part_of_the_suite_is_not_judged() -> None:
    assert coverage.is_whole_run(config())
    assert not coverage.is_whole_run(config("ARGS"))
    for option in ("keyword", "markexpr", "lf", "deselect", "ignore", "collectonly"):
        assert not coverage.is_whole_run(config(**{option: "something"})), option


def test_the_log_of_a_server_that_went_away_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    gone: Any = SimpleNamespace(log_text=lambda: "one", major=18)
    coverage.keep_log(gone)
    coverage.keep_log(gone)
    here: Any = SimpleNamespace(log_text=lambda: "two")
    assert coverage._log(here).split() == ["two", "one", "one"]
