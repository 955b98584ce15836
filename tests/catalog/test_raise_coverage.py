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
        " AND NOT c.relispartition"
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
    given = {"keyword": "", "uncovered": False, **options}
    return SimpleNamespace(
        args_source=getattr(pytest.Config.ArgsSource, source), option=SimpleNamespace(**given), stash=pytest.Stash()
    )


def test_a_part_of_the_suite_is_not_judged() -> None:
    assert coverage.is_whole_run(config())
    assert not coverage.is_whole_run(config("ARGS"))
    for option in ("keyword", "markexpr", "lf", "deselect", "ignore", "collectonly"):
        assert not coverage.is_whole_run(config(**{option: "something"})), option


def finish(config: Any, log: str) -> tuple[int, list[str]]:
    """The exit status of a run that passed, and what the end of it prints."""
    printed: list[str] = []
    config.stash[coverage.SERVER] = SimpleNamespace(log_text=lambda: log)
    session: Any = SimpleNamespace(config=config, exitstatus=pytest.ExitCode.OK)
    with pytest.MonkeyPatch.context() as patch:  # not the logs that tests of this run have kept
        patch.setattr(coverage, "_log", lambda server: server.log_text())
        coverage.pytest_sessionfinish(session)
    reporter = SimpleNamespace(section=lambda title, **_: printed.append(title), line=printed.append)
    coverage.pytest_terminal_summary(reporter, config)
    return int(session.exitstatus), printed


def test_a_whole_run_that_left_something_out_fails_and_names_it() -> None:
    status, printed = finish(config(), "nothing happened here")
    assert status == pytest.ExitCode.TESTS_FAILED
    assert printed[0].startswith("FAILED: ")
    assert any("RAISE in agentry._setting()" in line for line in printed)
    assert any("CHECK teams_name_check of table teams" in line for line in printed)


def test_a_whole_run_that_left_nothing_out_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "not_raised", lambda *_: [])
    monkeypatch.setattr(coverage, "not_violated", lambda *_: [])
    assert finish(config(), "all of it") == (pytest.ExitCode.OK, ["0 RAISEs and CHECKs that no test provoked"])


def test_a_part_tells_when_it_is_asked_and_never_fails() -> None:
    assert finish(config("ARGS"), "nothing happened here") == (pytest.ExitCode.OK, [])
    status, printed = finish(config("ARGS", uncovered=True), "nothing happened here")
    assert status == pytest.ExitCode.OK
    assert len(printed) > 60


def test_a_server_whose_log_cannot_be_read_is_not_judged_and_that_is_said() -> None:
    status, printed = finish(config(), "")
    assert status == pytest.ExitCode.OK
    assert len(printed) == 1
    assert "not counted" in printed[0]


def test_the_log_of_a_server_that_went_away_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    gone: Any = SimpleNamespace(log_text=lambda: "one", major=18)
    coverage.keep_log(gone)
    coverage.keep_log(gone)
    here: Any = SimpleNamespace(log_text=lambda: "two")
    assert coverage._log(here).split() == ["two", "one", "one"]
