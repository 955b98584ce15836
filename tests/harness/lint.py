"""Looks at the sources without a server: every statement and body parses, pgspot, ruff, mypy.

CREATE EXTENSION accepts a broken body, and so does the plain script (its bodies name tables that come later).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.harness.paths import BUILD, ROOT

SOURCE_FOLDERS = ("sql", "functions", "triggers", "views", "docs")
WIDTH = 120
UNPINNED = tuple(
    argument
    for function in (
        # a procedure with a SET clause cannot commit; it pins the path itself
        "agentry.run_maintenance(p_force boolean)",
        # inlined, see tests/catalog/inlined_functions.txt
        "agentry._app_agent(p_agent text,org_id uuid,agent_id uuid,agent text)",
        "agentry_chat._bound(p_org_id uuid,p_agent text,bound bigint)",
        "agentry._clock()",
        "agentry_chat._wake_key(p_org_id uuid,p_agent text)",
        "agentry_memory._lexemes(p_language regconfig,p_text text)",
        "agentry_memory._owner_seed(p_org_id uuid,p_owner_id uuid)",
        "agentry_memory._passes(p_expires_at timestamptz,p_source_id integer,p_session_key bigint,"
        "p_occurred_at timestamptz,p_tags text[],p_now timestamptz,p_sources integer[],p_sessions bigint[],"
        "p_since timestamptz,p_until timestamptz,p_any_tag text[])",
        "agentry_memory._session_key(p_source_id integer,p_session text,p_seed bigint)",
        "agentry_memory._source_term(p_seed bigint,p_source_id integer)",
        "agentry_memory._tag_term(p_seed bigint,p_tag text)",
        "agentry_memory._terms(p_language regconfig,p_seed bigint,p_text text,p_tags text[],p_source_id integer,"
        "length integer,terms bigint[],frequencies smallint[])",
        "agentry_memory._unspaced()",
    )
    for argument in ("--proc-without-search-path", function)
)


def sources() -> list[Path]:
    """Every SQL file of the project."""
    return sorted(path for folder in SOURCE_FOLDERS for path in (ROOT / folder).rglob("*.sql"))


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _without_psql(text: str) -> str:
    """What psql would send: its own commands blanked, variables filled in, lines kept."""
    text = re.sub(r"^[ \t]*\\.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\(g|gset|gexec|gx|watch|crosstabview)\b.*$", ";", text, flags=re.MULTILINE)
    text = re.sub(r"(?<![:\w]):'\w+'", "''", text)
    return re.sub(r'(?<![:\w]):("?)[a-z_]\w*\1', "x", text)


def parse(path: Path) -> Iterator[str]:
    """What the parsers of PostgreSQL say against a file, with file and line."""
    import pglast
    from pglast import ast

    text = path.read_text()
    name = path.relative_to(ROOT)
    if name.parts[0] == "docs":  # examples are for psql
        text = _without_psql(text)
    try:
        statements = pglast.parse_sql(text)
    except pglast.parser.ParseError as error:
        yield f"{name}:{_line(text, _offset(error))}: {error.args[0]}"
        return
    for statement in statements:
        kind = statement.stmt
        if not isinstance(kind, (ast.CreateFunctionStmt, ast.DoStmt)):
            continue
        options = (kind.options if isinstance(kind, ast.CreateFunctionStmt) else kind.args) or ()
        by_name = {option.defname: option.arg for option in options}
        language = by_name["language"].sval if "language" in by_name else "plpgsql"
        start = statement.stmt_location
        end = start + statement.stmt_len if statement.stmt_len else len(text)
        own = text[start:end]
        # the statement's location is where the one before ended, so comments come first
        at = _line(text, start)
        if language == "plpgsql":
            try:
                pglast.parse_plpgsql(own)
            except pglast.parser.ParseError as error:
                body = own.find("$")
                line = at + _line(own, max(body, 0)) - 1
                yield f"{name}:{line}: in the body that starts here: {error.args[0]}"
        elif language == "sql" and isinstance(by_name.get("as"), (list, tuple)):
            body_text = by_name["as"][0].sval
            try:
                pglast.parse_sql(body_text)
            except pglast.parser.ParseError as error:
                first = own.find(body_text)
                line = at + _line(own, max(first, 0)) + _line(body_text, _offset(error)) - 2
                yield f"{name}:{line}: {error.args[0]}"


def _offset(error: Exception) -> int:
    return int(error.args[1] or 0) if len(error.args) > 1 else 0


def check_sql() -> list[str]:
    found = []
    for path in sources():
        found += list(parse(path))
        text = path.read_text()
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip() or "\t" in line:
                found.append(f"{path.relative_to(ROOT)}:{number}: tab, or blanks at the end of the line")
            if len(line) > WIDTH:
                found.append(f"{path.relative_to(ROOT)}:{number}: {len(line)} columns, more than {WIDTH}")
    return found


def _tool(*command: str) -> list[str]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines()


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


_BANNER = re.compile(r"^-- file: (.*)$", re.MULTILINE)


def _spot(script: str, *arguments: str) -> Iterator[str]:
    """What pgspot says about a built script, with the source file in place of the script's line."""
    # pgspot writes functions out again and forgets to quote this name, which it then cannot parse
    script = script.replace('"timestamp"', "timestamp_")
    # public stands for the schema where pgvector is, see agentry._pin_vector(); what names it is in the catalogue tests
    script = script.replace("search_path = pg_catalog, public, pg_temp", "search_path = pg_catalog, pg_temp")
    banners = [(_line(script, m.start()), m.group(1)) for m in _BANNER.finditer(script)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.sql")
        path.write_text(script)
        for line in _tool(_program("pgspot"), *arguments, str(path)):
            found = re.search(r" at line (\d+)$", line)
            before = [(at, source) for at, source in banners if found and at <= int(found.group(1))]
            if found and before:
                at, source = before[-1]
                yield f"{source}:{max(1, int(found.group(1)) - at)}: {line[: found.start()]}"
            elif line.strip():
                yield line.strip()


def check_pgspot() -> list[str]:
    """Unsafe search paths and the like, in what deploys run and in what install() runs inside."""
    found = []
    for script in sorted((BUILD / "plain").glob("agentry_all-*.sql")):
        # PS010, a schema that may be a stranger's: the block before each CREATE SCHEMA refuses that
        found += list(_spot(script.read_text(), "--ignore", "PS010", *UNPINNED))
    for script in sorted((BUILD / "lint").glob("agentry_all-*.sql")):
        found += list(_spot("SET search_path = pg_catalog, pg_temp;\n" + script.read_text(), *UNPINNED))
    return found


def check_ruff() -> list[str]:
    return _tool(
        _program("ruff"), "check", "--quiet", "--output-format=concise", "tasks.py", "tests", "docs"
    )


def check_mypy() -> list[str]:
    return _tool(_program("mypy"))


CHECKS: dict[str, Callable[[], list[str]]] = {
    "every SQL statement and body parses": check_sql,
    "pgspot": check_pgspot,
    "ruff": check_ruff,
    "mypy": check_mypy,
}


def run(say: Callable[[str], None] = print) -> bool:
    """Runs every check; True when none found anything."""
    clean = True
    for title, check in CHECKS.items():
        found = check()
        say(f"{title}: {'ok' if not found else f'{len(found)} lines'}")
        for line in found:
            say(f"  {line}")
        clean = clean and not found
    return clean
