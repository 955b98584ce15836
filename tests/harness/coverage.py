"""Counts, at the end of a run of the whole suite, the refusals that no test provoked; a pytest plugin.

Every RAISE of a function or trigger has to be raised and every CHECK violated once.  What happened is read from the
server's log: an error's CONTEXT names function and line (`PL/pgSQL function agentry.f(text) line 9 at RAISE`), the
message of a violated CHECK names it.  The log is that of all workers, so this runs in the process that started them.

    pytest                  the whole suite: what was not provoked fails the run
    pytest --uncovered ...  says what a part of the suite left out, and fails nothing
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harness import paths
from tests.harness.servers import PgServer

SERVER: pytest.StashKey[PgServer] = pytest.StashKey()
_MISSING: pytest.StashKey[list[str]] = pytest.StashKey()

WARNING, ERROR = 19, 21  # elog levels; those below reach no log under default settings

# (function, part of the message) -> why no test of the suite can see it in a log
UNSEEN_RAISES = {
    ("agentry_chat._wait_for_buckets", "reached"): "caught in the block that raises it, to give back its locks",
    ("agentry.install", "needs PostgreSQL 16"): "no older server is at hand",
    ("agentry._refuse_referenced", "still referenced"): "retirement catches it; a test reads the notice",
}

# (table, constraint) -> why no statement can violate it
UNSEEN_CHECKS: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Raise:
    """One RAISE statement."""

    file: str
    file_line: int
    function: str  # schema.name
    line: int  # in the body, as the server counts: 1 is the line of the opening dollar tag
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.file_line}: RAISE in {self.function}(): {self.message}"


@dataclass(frozen=True)
class Check:
    """One CHECK constraint of a table."""

    file: str
    table: str  # without the schema, as the server's message has it
    name: str

    def __str__(self) -> str:
        return f"{self.file}: CHECK {self.name} of table {self.table}"


def statements(path: Path) -> Iterator[tuple[Any, str, int]]:
    """Parse tree, text and first line of each statement of a file."""
    import pglast

    text = path.read_text()
    for statement in pglast.parse_sql(text):
        start = statement.stmt_location
        end = start + statement.stmt_len if statement.stmt_len else len(text)
        yield statement.stmt, text[start:end], text.count("\n", 0, start) + 1


def _raise_nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        for kind, value in node.items():
            if kind == "PLpgSQL_stmt_raise":
                yield value
            yield from _raise_nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _raise_nodes(item)


def _message(node: dict[str, Any]) -> str:
    """The text of MESSAGE, or of the format string."""
    for option in node.get("options", ()):
        if option["PLpgSQL_raise_option"].get("opt_type") == 1:
            return str(option["PLpgSQL_raise_option"]["expr"]["PLpgSQL_expr"]["query"])
    return str(node.get("message", ""))


def raises(root: Path) -> list[Raise]:
    """Every RAISE of a warning or an error in functions/ and triggers/, but for a bare RAISE, which hands one on."""
    import pglast
    from pglast import ast

    found = []
    for folder in ("functions", "triggers"):
        for path in sorted((root / folder).rglob("*.sql")):
            for statement, text, first in statements(path):
                if not isinstance(statement, ast.CreateFunctionStmt):
                    continue
                options = {option.defname: option.arg for option in statement.options or ()}
                if options["language"].sval != "plpgsql":
                    continue
                tag = re.search(r"\bAS \$\w*\$", text)
                assert tag is not None, path
                body = first + text.count("\n", 0, tag.start())
                name = ".".join(part.sval for part in statement.funcname)
                for node in _raise_nodes(pglast.parse_plpgsql(text)):
                    bare = "options" not in node and "message" not in node and "condname" not in node
                    if node["elog_level"] >= WARNING and not bare:
                        line = node["lineno"]
                        found.append(Raise(str(path.relative_to(root)), body + line - 1, name, line, _message(node)))
    return found


_ADDED = re.compile(r"ALTER TABLE \w+\.(\w+) ADD CONSTRAINT (\w+)\s+CHECK")


def checks(root: Path) -> list[Check]:
    """Every CHECK constraint in sql/."""
    from pglast import ast, enums

    found = []
    for path in sorted((root / "sql").rglob("[1-9]*.sql")):
        for statement, text, _ in statements(path):
            if isinstance(statement, ast.CreateStmt):
                for part in statement.tableElts or ():
                    constraints = part.constraints or () if isinstance(part, ast.ColumnDef) else (part,)
                    for constraint in constraints:
                        is_check = getattr(constraint, "contype", None) == enums.ConstrType.CONSTR_CHECK
                        if is_check:
                            assert constraint.conname, f"{path}: a CHECK without a name"
                            found.append(
                                Check(str(path.relative_to(root)), statement.relation.relname, constraint.conname)
                            )
            elif isinstance(statement, ast.DoStmt):
                found += [Check(str(path.relative_to(root)), *names) for names in _ADDED.findall(text)]
    return found


_RAISED = re.compile(r"CONTEXT:  PL/pgSQL function (?:(\w+)\.)?\"?(\w+)\"?\(.*\) line (\d+) at RAISE$", re.MULTILINE)
_VIOLATED = re.compile(r'relation "([^"]+)" violates check constraint "([^"]+)"')
_EXPLAINED = re.compile(r"DETAIL:  It breaks (\S+) of (?:\w+\.)?(\w+)\.$", re.MULTILINE)  # by agentry._refuse_value()
_PARTITION = re.compile(r"_(default|\d{4}_\d\d)$")  # a monthly table's message names the partition


def not_raised(log: str, known: list[Raise]) -> list[Raise]:
    """Those RAISEs that the log has no trace of."""
    seen = {(schema, name, int(line)) for schema, name, line in _RAISED.findall(log)}
    bare = {(name, line) for schema, name, line in seen if not schema}
    left = []
    for one in known:
        schema, _, name = one.function.partition(".")
        hidden = any(one.function == function and part in one.message for function, part in UNSEEN_RAISES)
        if not hidden and (schema, name, one.line) not in seen and (name, one.line) not in bare:
            left.append(one)
    return left


def not_violated(log: str, known: list[Check]) -> list[Check]:
    """Those CHECKs that the log has no trace of."""
    seen = {(_PARTITION.sub("", table), name) for table, name in _VIOLATED.findall(log)}
    seen |= {(table, name) for name, table in _EXPLAINED.findall(log)}
    return [one for one in known if (one.table, one.name) not in seen and (one.table, one.name) not in UNSEEN_CHECKS]


# -- logs of servers that a test starts for itself --------------------------------------------------------------------


def keep_log(server: PgServer) -> None:
    """Saves the log of a server that goes away before the run ends, so that it counts too."""
    folder = paths.BUILD.parent / "logs"
    folder.mkdir(exist_ok=True)
    mine = len(list(folder.glob(f"{os.getpid()}-*")))
    (folder / f"{os.getpid()}-{mine}.log").write_text(server.log_text())


def _log(server: PgServer) -> str:
    kept = sorted((paths.BUILD.parent / "logs").glob("*.log"))
    return "\n".join([server.log_text(), *(path.read_text() for path in kept)])


# -- the plugin -------------------------------------------------------------------------------------------------------


def is_whole_run(config: pytest.Config) -> bool:
    """Whether pytest was asked for the whole suite and not for a part of it."""
    option = config.option
    parts = ("keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob", "collectonly", "stepwise")
    return config.args_source == pytest.Config.ArgsSource.TESTPATHS and not any(
        getattr(option, part, None) for part in parts
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--uncovered", action="store_true", help="name the RAISEs and CHECKs that no test provoked")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    server = config.stash.get(SERVER, None)
    whole = is_whole_run(config)
    if hasattr(config, "workerinput") or server is None or not (whole or config.option.uncovered):
        return
    log = _log(server)
    if not log:  # a server behind a URL keeps its log to itself
        return
    root = paths.BUILD.parent
    missing = [*map(str, not_raised(log, raises(root))), *map(str, not_violated(log, checks(root)))]
    config.stash[_MISSING] = missing
    if missing and whole and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    missing = config.stash.get(_MISSING, None)
    if missing is None:
        if SERVER in config.stash and is_whole_run(config):
            terminalreporter.line("RAISEs and CHECKs were not counted: the log of this server cannot be read.")
        return
    title = f"{len(missing)} RAISEs and CHECKs that no test provoked"
    terminalreporter.section(f"FAILED: {title}" if missing and is_whole_run(config) else title, red=bool(missing))
    for line in missing:
        terminalreporter.line(line)
    if missing:
        terminalreporter.line("Provoke each in a test, or give the reason why none can in tests/harness/coverage.py.")
