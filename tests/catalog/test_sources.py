"""The sources keep the house style, a stranger finds what he looks for, and errors lead back to file and line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pglast import ast, parse_plpgsql

from tests.catalog.rules import inlined_functions
from tests.harness import paths
from tests.harness.coverage import Raise, raises, statements
from tests.harness.database import Database
from tests.harness.servers import PgServer, UrlServer

ROOT = paths.BUILD.parent  # the sources that were built, which stay as they are during a run
CODE = ("functions", "triggers")


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.sql"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[1]


# trigger functions that more than one trigger calls
SHARED_TRIGGERS = {
    "audit_immutable": {
        f"{table}_immutable{kind}" for table in ("audit_log", "audit_images") for kind in ("", "_truncate")
    },
}


def functions(path: Path) -> Iterator[tuple[Any, str, str]]:
    """Parse tree, text and schema-qualified name of each function of a file."""
    for statement, text, _ in statements(path):
        if isinstance(statement, ast.CreateFunctionStmt):
            yield statement, text, ".".join(part.sval for part in statement.funcname)


def options(statement: Any) -> dict[str, Any]:
    return {option.defname: option.arg for option in statement.options or ()}


# -- where things are -------------------------------------------------------------------------------------------------


def test_a_function_file_holds_the_function_it_is_named_after_and_no_other() -> None:
    wrong = {}
    for path in files("functions"):
        names = {name for _, _, name in functions(path)}
        if names != {f"{paths.schema_of(module_of(path))}.{path.stem}"}:
            wrong[name_of(path)] = names
    assert wrong == {}


def test_a_trigger_file_holds_its_function_and_its_trigger() -> None:
    wrong: dict[str, Any] = {}
    for path in files("triggers"):
        names = {name for _, _, name in functions(path)}
        code, cut, install = path.read_text().partition("\n-- install\n")
        made = set(re.findall(r"\bCREATE (?:OR REPLACE |CONSTRAINT )?TRIGGER (\w+)", install))
        wanted = SHARED_TRIGGERS.get(path.stem, {path.stem} if cut else set())
        if names != {f"{paths.schema_of(module_of(path))}._{path.stem}"} or made != wanted:
            wrong[name_of(path)] = (names, made)
        made_by = r"set by ((guard_table|register_source|_register_link_kind)\(\)|the partition engine)"
        if not cut and not re.search(made_by, code):
            wrong[name_of(path)] = ("no trigger, and no word about who makes it",)
    assert wrong == {}


def test_a_view_file_holds_the_view_it_is_named_after_and_no_other() -> None:
    wrong = {}
    for path in files("views"):
        views = [s.view for s, _, _ in statements(path) if isinstance(s, ast.ViewStmt)]
        if [(v.schemaname, v.relname) for v in views] != [(paths.schema_of(module_of(path)), path.stem)]:
            wrong[name_of(path)] = views
    assert wrong == {}


def test_nothing_but_tables_indexes_and_guards_stands_in_the_numbered_files() -> None:
    wrong = [
        f"{name_of(path)}: {type(statement).__name__}"
        for path in files("sql")
        if path.name[0].isdigit()
        for statement, _, _ in statements(path)
        if isinstance(statement, (ast.CreateFunctionStmt, ast.ViewStmt, ast.CreateTrigStmt))
    ]
    assert wrong == []


def test_any_function_of_the_database_is_found_in_one_guess(tx: psycopg.Connection[Any]) -> None:
    """functions/<module>/<name>.sql, or pre/ below it; a trigger's _<name> in triggers/<module>/<name>.sql."""
    generated = {"_source_checksum", "_source_version", "_migrate", "_install"}
    lost = []
    rows = tx.execute(
        "SELECT n.nspname, p.proname, p.prorettype = 'trigger'::regtype FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname ~ '^agentry'"
    ).fetchall()
    modules = {paths.schema_of(module): module for module in paths.checksums()}
    for schema, name, is_trigger in rows:
        module = modules[schema]
        if is_trigger:
            found = (ROOT / "triggers" / module / f"{name[1:]}.sql").exists()
        else:
            folder = ROOT / "functions" / module
            found = sum((folder / sub / f"{name}.sql").exists() for sub in (".", "pre")) == 1
        if not found and name not in generated:
            lost.append(f"{schema}.{name}")
    assert lost == []
    assert len(rows) > 60


def test_any_view_and_table_of_the_database_is_found(tx: psycopg.Connection[Any]) -> None:
    tables = "\n".join(path.read_text() for path in files("sql"))
    rows = tx.execute(
        "SELECT n.nspname, c.relname, c.relkind = 'v' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname ~ '^agentry' AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition"
    ).fetchall()
    modules = {paths.schema_of(module): module for module in paths.checksums()}
    lost = [
        f"{schema}.{name}"
        for schema, name, is_view in rows
        if not (
            (ROOT / "views" / modules[schema] / f"{name}.sql").exists()
            if is_view
            else len(re.findall(rf"^CREATE (?:UNLOGGED )?TABLE IF NOT EXISTS {schema}\.{name} \(", tables, re.M)) == 1
        )
    ]
    assert lost == []


def test_every_public_function_is_called_by_a_test_or_an_example() -> None:
    here = Path(__file__)
    texts = [
        path.read_text()
        for folder, kind in (("tests", "*.py"), ("docs/examples", "*"), ("docs", "*.sql"))
        for path in (paths.ROOT / folder).rglob(kind)
        if path.is_file() and path != here
    ]
    text = "\n".join(texts)
    unused = [
        name_of(path)
        for path in files("functions")
        if not path.name.startswith("_") and not re.search(rf"\b{path.stem}\(", text)
    ]
    assert unused == []


# -- how a function is written ----------------------------------------------------------------------------------------


def test_the_first_line_of_a_function_file_names_the_function_and_its_arguments() -> None:
    wrong = [
        name_of(path)
        for path in files("functions")
        if not re.match(rf"-- {re.escape(path.stem)}\([^)]*\)(: .+| -> .+)?$", path.read_text().split("\n", 1)[0])
    ]
    assert wrong == []


def test_a_trigger_file_begins_with_what_it_is_for() -> None:
    wrong = [name_of(path) for path in files("triggers") if not re.match(r"-- \S.*", path.read_text())]
    assert wrong == []


def test_the_dollar_tag_is_the_name_of_the_function() -> None:
    wrong = []
    for path in files(*CODE):
        for _, text, name in functions(path):
            tags = re.findall(r"^(?:AS )?\$(\w*)\$;?$", text, re.MULTILINE)
            if tags != [name.partition(".")[2]] * 2:
                wrong.append(f"{name_of(path)}: {tags}")
    assert wrong == []


def test_language_volatility_and_search_path_are_stated() -> None:
    wrong = []
    for path in files(*CODE):
        for statement, _, name in functions(path):
            given = options(statement)
            settings = {option.arg.name for option in statement.options if option.defname == "set"}
            if statement.is_procedure:  # it has no volatility, and one that commits no SET clause
                assert "set_config('search_path', 'pg_catalog, pg_temp', true)" in path.read_text(), name
            elif not {"language", "volatility", "as"} <= given.keys() or (
                "search_path" not in settings and name not in {s.partition("(")[0] for s in inlined_functions()}
            ):
                wrong.append(f"{name_of(path)}: {name}")
            if not statement.replace:
                wrong.append(f"{name_of(path)}: {name} cannot be made again (OR REPLACE)")
    assert wrong == []


def test_each_function_is_followed_by_its_comment() -> None:
    wrong = []
    for path in files(*CODE):
        code = [s for s, _, _ in statements(path)]
        for one, following in zip(code, [*code[1:], None], strict=True):
            if isinstance(one, ast.CreateFunctionStmt):
                named = getattr(getattr(following, "object", None), "objname", ())
                if not isinstance(following, ast.CommentStmt) or [p.sval for p in named] != [
                    p.sval for p in one.funcname
                ]:
                    wrong.append(f"{name_of(path)}: {'.'.join(p.sval for p in one.funcname)}")
    assert wrong == []


def _declared(node: Any) -> Iterator[str]:
    """Names of the variables that a body declares; a loop's own integer variable has a line too, and is one letter."""
    for datum in node["PLpgSQL_function"]["datums"]:
        for kind, value in datum.items():
            if kind in ("PLpgSQL_var", "PLpgSQL_rec") and value.get("lineno"):
                yield value["refname"]


def test_variables_are_called_v() -> None:
    given = {"sqlstate", "sqlerrm", "new", "old"}  # by PL/pgSQL itself
    wrong = []
    for path in files(*CODE):
        for statement, text, name in functions(path):
            if options(statement)["language"].sval == "plpgsql":
                for variable in {v for node in parse_plpgsql(text) for v in _declared(node)} - given:
                    if not re.fullmatch(r"v_[a-z0-9_]+|[a-z]", variable):
                        wrong.append(f"{name_of(path)}: {name}: {variable}")
    assert wrong == []


def test_no_handler_hides_what_went_wrong() -> None:
    handler = re.compile(r"\bWHEN\s+OTHERS\b", re.IGNORECASE)
    # one that hands on SQLSTATE hides nothing
    found = {name_of(path): path.read_text() for path in files(*CODE, "sql", "views")}
    assert [name for name, text in found.items() if handler.search(text) and "SQLSTATE" not in text] == []


# -- errors -----------------------------------------------------------------------------------------------------------

MESSAGES = {one: one.message for one in raises(ROOT)}


def _text(one: Raise) -> str:
    return "\n".join((ROOT / one.file).read_text().splitlines()[one.file_line - 1 :]).split(";\n", 1)[0]


@pytest.mark.parametrize("part", ["ERRCODE", "MESSAGE", "HINT"])
def test_every_error_says(part: str) -> None:
    internal = {"agentry_chat._wait_for_buckets"}  # caught where it is raised
    given = re.compile(rf"\b{part}\s+= ")
    assert [str(one) for one in MESSAGES if one.function not in internal and not given.search(_text(one))] == []


def test_a_message_begins_in_lower_case_and_ends_without_a_full_stop() -> None:
    wrong = []
    for one, message in MESSAGES.items():
        literal = re.search(r"'((?:[^']|'')*)'", message)
        assert literal, one
        words = literal.group(1)
        if re.match(r"[A-Z](?![A-Z])", words) or words.rstrip().endswith("."):
            wrong.append(f"{one}")
    assert wrong == []


def test_an_error_is_named_by_its_condition() -> None:
    wrong = [str(one) for one in MESSAGES if re.search(r"ERRCODE\s+= '[0-9A-Z]{5}'", _text(one))]
    assert wrong == []


def test_the_comment_of_a_public_function_names_the_errors_that_it_raises() -> None:
    """Those in its own body; the comment may name more, those of what it calls."""
    wrong = []
    for one in MESSAGES:
        if one.function.partition(".")[2].startswith("_"):
            continue
        text = (ROOT / one.file).read_text()
        comment = re.sub(r"'\s*\n\s*'", "", text[text.index("\nCOMMENT ON ") :])
        found = re.search(r"ERRCODE\s+= (.*),\n", _text(one))
        assert found, one
        for condition in re.findall(r"'(\w+)'", found.group(1)):
            if condition not in comment:
                wrong.append(f"{one.file}: {condition}")
    assert wrong == []


# -- the text of all files --------------------------------------------------------------------------------------------


def tracked() -> list[Path]:
    """Files of the project, as git knows them."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=paths.ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no git here")
    found = [paths.ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def lines_of(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Place and line of the text files with these suffixes; without any, of all of them."""
    for path in tracked():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            yield f"{path.relative_to(paths.ROOT)}:{number}", line


def test_no_line_is_longer_than_120_columns() -> None:
    assert [place for place, line in lines_of(".sql", ".py", ".sh", ".toml") if len(line) > 120] == []


def test_no_tab_no_trailing_blank_no_carriage_return() -> None:
    assert [
        place
        for place, line in lines_of(".sql", ".py", ".sh", ".in", ".toml", ".md", ".yml", ".yaml", ".ini")
        if "\t" in line or line != line.rstrip()
    ] == []


def test_every_file_ends_with_one_newline() -> None:
    wrong = []
    for path in tracked():
        data = path.read_bytes()
        if data and b"\0" not in data and (not data.endswith(b"\n") or data.endswith(b"\n\n")):
            wrong.append(str(path.relative_to(paths.ROOT)))
    assert wrong == []


# folders of somebody's machine; hosts that images or packages come from
OF_A_MACHINE = re.compile(
    r"(?<![\w.$}/])/(?:home|root|work|Users|mnt|srv|media|private)/(?!lib)\w"
    r"|[a-z0-9-]+\.(?:internal|corp|lan|intranet)\b"
    r"|\b(?:ghcr|quay|gcr|docker)\.io/|\b(?:registry|mirror|artifactory|nexus|proxy)\.[a-z0-9-]+\.[a-z]+"
    r"|\bhttps?://[^/\s]*:[^/\s@]*@"
)


def test_no_path_of_a_machine_and_no_host_of_a_registry_stands_anywhere() -> None:
    here = f"{Path(__file__).relative_to(paths.ROOT)}:"
    assert [f"{p}: {line}" for p, line in lines_of() if OF_A_MACHINE.search(line) and not p.startswith(here)] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cd /home/ann/agentry", True),
        ("see /srv/x", True),
        ("FROM registry.example.com/pgvector:17", True),
        ("image: ghcr.io/pgvector/pgvector", True),
        ("pull through mirror.example.org", True),
        ("db.prod.internal", True),
        ("http://ann:secret@example.com/", True),
        ("ARG BASE_IMAGE=pgvector/pgvector:pg17", False),
        ("rm -rf $root/home/x", False),
        ("postgresql:///agentry?host=/var/run/postgresql", False),
    ],
)
def test_the_pattern_knows_paths_and_hosts(line: str, found: bool) -> None:
    assert bool(OF_A_MACHINE.search(line)) is found


def test_the_changelog_begins_with_the_version(tx: psycopg.Connection[Any]) -> None:
    version = paths.version()
    row = tx.execute("SELECT agentry.version(), array_agg(DISTINCT version) FROM agentry.installed_modules").fetchone()
    assert row == (version, [version])
    heading = re.search(r"^## (\S+)", (paths.ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading
    assert heading.group(1) == version


# -- the build --------------------------------------------------------------------------------------------------------


def build(folder: Path, shell: str, **environment: str) -> dict[str, bytes]:
    """Every file of a build that this shell made from a copy of the sources."""
    paths.copy_sources(folder, ROOT)
    done = subprocess.run(
        [shell, "sql/build.sh", paths.version()],
        cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return content(folder / "build")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    again = build(tmp_path / "a longer way" / "to it", "sh", LC_ALL="C.UTF-8", TZ="Asia/Tokyo")
    assert again == content(paths.BUILD)
    for name, data in again.items():
        assert str(tmp_path).encode() not in data, f"{name} names a folder of this machine"


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_any_posix_shell_builds_the_same(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    if shell == "busybox":
        script = tmp_path / "sh"
        script.write_text(f'#!/bin/sh\nexec {program} sh "$@"\n')
        script.chmod(0o755)
        program = str(script)
    made = build(tmp_path / "copy", program, **({"POSIXLY_CORRECT": "1"} if shell == "bash" else {}))
    assert made == content(paths.BUILD)


# -- from an error to file and line -----------------------------------------------------------------------------------


class Broken:
    """A copy of the sources with one file broken on one line."""

    def __init__(self, folder: Path, path: str, old: str, new: str) -> None:
        self.folder, self.path = folder, path
        paths.copy_sources(folder, ROOT)
        text = (folder / path).read_text()
        assert text.count(old) >= 1, f"{path} does not have {old!r}"
        self.line = text.count("\n", 0, text.index(old)) + 1
        (folder / path).write_text(text.replace(old, new, 1))
        paths.make_build(folder)
        self.build = folder / "build"

    def source_line(self, script: Path, number: int) -> str:
        """By hand as a reader would: up from the line to the next banner."""
        lines = script.read_text().splitlines()
        for at in range(number - 1, -1, -1):
            if lines[at].startswith("-- file: "):
                return f"{lines[at][9:]}:{number - 1 - at}"
        return "?"


def psql(server: PgServer, database: Database, script: Path) -> subprocess.CompletedProcess[str]:
    if isinstance(server, UrlServer) or not Path(server.psql).exists():
        pytest.skip("no psql at hand for this server")
    return subprocess.run(
        [str(server.psql), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script), database.url()],
        capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )


def test_psql_on_the_plain_script_leads_back_to_the_line_of_a_function(
    server: PgServer, db_empty: Database, tmp_path: Path
) -> None:
    broken = Broken(tmp_path / "copy", "functions/core/login.sql", "RETURNS text", "RETURNS txet")
    script = broken.build / "plain" / f"agentry_all-{paths.version()}.sql"
    done = psql(server, db_empty, script)
    assert done.returncode == 3
    at = re.search(r':(\d+): ERROR:  type "txet" does not exist', done.stderr)
    assert at, done.stderr
    # psql names the line on which the statement ends
    lines = (broken.folder / broken.path).read_text().splitlines()
    assert broken.source_line(script, int(at.group(1))) == f"{broken.path}:{lines.index('$login$;') + 1}"


@pytest.mark.parametrize("way", ["plain", "extension"])
def test_a_syntax_error_in_a_table_file_is_shown_with_path_and_line(
    server: PgServer, db_empty: Database, way: str, tmp_path: Path
) -> None:
    broken = Broken(tmp_path / "copy", "sql/core/22_keys.sql", "    key_hash     bytea       NOT NULL,",
                    "    key_hash     bytea       NOT NULLL,")
    conn = db_empty.connect()
    if way == "plain":
        script = (broken.build / "plain" / f"agentry-{paths.version()}.sql").read_text()
    else:  # what CREATE EXTENSION would run, then install()
        code = (broken.build / f"agentry--{paths.version()}.sql").read_text().split("\n", 1)[1]
        script = f"SET check_function_bodies = off;\nCREATE SCHEMA agentry;\n{code}\nSELECT agentry.install();"
    with pytest.raises(psycopg.errors.SyntaxError, match="NULLL") as caught:
        conn.execute(script.encode())
    diag = caught.value.diag
    assert diag.internal_query is not None
    assert diag.internal_query.startswith(f"/* {broken.path} */")
    before = diag.internal_query[: int(diag.internal_position or 0)]
    assert before.count("\n") + 1 == broken.line


def test_the_line_of_a_running_function_counts_from_its_dollar_tag(tx: psycopg.Connection[Any]) -> None:
    mine = next(one for one in MESSAGES if one.function == "agentry._setting")
    with pytest.raises(psycopg.errors.UndefinedObject) as caught:
        tx.execute("SELECT agentry.setting('no.such')")
    first = (caught.value.diag.context or "").splitlines()[0]
    line = re.fullmatch(r"PL/pgSQL function agentry\._setting\(uuid,text\) line (\d+) at RAISE", first)
    assert line, first
    text = (ROOT / "functions/core/_setting.sql").read_text().splitlines()
    tag = text.index("AS $_setting$")
    assert text[tag + int(line.group(1)) - 1].strip() == "RAISE EXCEPTION USING"
    assert tag + int(line.group(1)) == mine.file_line
