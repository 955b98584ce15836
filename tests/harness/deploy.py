"""Deploys agentry into a database: as extensions where the server has the files, else as plain SQL.

One transaction, repeatable.  Every deploy runs the whole code and install(), which bring back what is missing and leave
alone what is right; what that changed is read from the catalogue before and after.  No change: "nothing to do".
A plan is the same, rolled back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.harness import paths
from tests.harness.catalogue import Change, Connection, diff, snapshot, summary
from tests.harness.paths import ALL_MODULES, BUILD, schema_of

MODES = ("auto", "extension", "plain")
OLDEST = 16
VECTOR_OLDEST = (0, 8, 0)
VECTOR_GOOD = (0, 8, 4)
GROUP_ROLES = ("agentry_owner", "agentry_app", "agentry_agent", "agentry_reader")


class DeployError(RuntimeError):
    """The deploy was refused or failed, and nothing was changed.  `hint` says what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message if hint is None else f"{message}\n{hint}")
        self.message = message
        self.hint = hint


@dataclass
class Result:
    """What a deploy did, or what it would do."""

    way: str
    modules: tuple[str, ...]
    changes: list[Change] = field(default_factory=list)
    actions: list[tuple[str, str]] = field(default_factory=list)  # module, what install() says it did
    notes: list[str] = field(default_factory=list)
    planned: bool = False

    @property
    def nothing_to_do(self) -> bool:
        return not self.changes

    def report(self, limit: int | None = None) -> str:
        """The result for people."""
        what = f"{', '.join(self.modules)} ({self.way})"
        if self.nothing_to_do:
            lines = [f"nothing to do: {what} is up to date"]
        else:
            lines = [f"{'would change' if self.planned else 'deployed'}: {what}"]
            if self.planned:
                changes = summary(self.changes)
                lines += [f"  {change}" for change in changes[:limit]]
                if limit is not None and len(changes) > limit:
                    lines.append(f"  ... and {len(changes) - limit} more")
            else:
                lines += [f"  {module}: {action}" for module, action in self.actions]
        return "\n".join([*lines, *self.notes])


# -- built scripts and their source files -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Chunk:
    """The part of a built script that came from one source file."""

    source: str
    text: str


_BANNER = re.compile(r"^-- file: (.*)$", re.MULTILINE)
_TRANSACTION = re.compile(r"^(BEGIN|COMMIT);[ \t]*$|^SELECT \* FROM agentry\.install\(\);[ \t]*$|^\\.*$", re.MULTILINE)
_REVOKE_ALL = re.compile(r"^REVOKE ALL ON ALL ROUTINES IN SCHEMA \S+ FROM PUBLIC;[ \t]*$", re.MULTILINE)


def chunks(script: Path) -> Iterator[Chunk]:
    """A built script cut at its `-- file:` lines, less what it says about the transaction.

    A chunk starts on the line after its banner, so that line n of it is line n of the source file.
    """
    text = script.read_text()
    cuts = list(_BANNER.finditer(text))
    head = text[: cuts[0].start()] if cuts else text
    yield Chunk(script.name, _TRANSACTION.sub("", head))
    for cut, following in zip(cuts, [*cuts[1:], None], strict=True):
        body = text[cut.end() + 1 : following.start() if following else None]
        last = following is None
        yield Chunk(cut.group(1), _TRANSACTION.sub("", body) if last else body)


_INSTALLED_FILE = re.compile(r"/\* (\S+) \*/")


def where(error: psycopg.Error, chunk: Chunk | None = None) -> str | None:
    """The source file, and the line where it can be known, that an error came from."""
    diag = error.diag
    inner = _INSTALLED_FILE.match((diag.internal_query or "").lstrip())
    if inner and diag.internal_query and diag.internal_position:
        return f"{inner.group(1)}:{diag.internal_query.count(chr(10), 0, int(diag.internal_position) - 1) + 1}"
    named = _INSTALLED_FILE.search(diag.context or "")
    if named:
        return _guess_line(named.group(1), diag.message_primary or "")
    if chunk is None:
        return None
    if diag.statement_position:
        return f"{chunk.source}:{chunk.text.count(chr(10), 0, int(diag.statement_position) - 1) + 1}"
    return _guess_line(chunk.source, diag.message_primary or "")


def _guess_line(source: str, message: str) -> str:
    """The first line of a file that has all the quoted names of a message; the server gives no position for these."""
    names = re.findall(r'"([^"]+)"', message)
    path = paths.ROOT / source
    if names and path.is_file():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if all(name in line for name in names):
                return f"{source}:{number} or near it"
    return source


def explain(error: psycopg.Error, chunk: Chunk | None = None) -> DeployError:
    """A database error as a DeployError that leads back to the source."""
    diag = error.diag
    lines = [f"{diag.severity or 'ERROR'}: {diag.message_primary or str(error).strip()}"]
    place = where(error, chunk)
    if place:
        lines.append(f"at {place}")
    if diag.message_detail:
        lines.append(f"DETAIL: {diag.message_detail}")
    for line in (diag.context or "").splitlines():
        if not _INSTALLED_FILE.search(line) and re.match(r"\S.*(function|extension script)", line):
            lines.append(f"CONTEXT: {line[:200]}")
    lines.append("Nothing was changed.")
    return DeployError("\n".join(lines), f"HINT: {diag.message_hint}" if diag.message_hint else None)


# -- the state of a database ------------------------------------------------------------------------------------------


def _one(conn: Connection, query: str, *args: Any) -> Any:
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def check_version(server_version: int) -> None:
    """Refuses a server that is too old; the argument is server_version_num."""
    if server_version // 10000 < OLDEST:
        raise DeployError(
            f"agentry needs PostgreSQL {OLDEST} or newer; this server is {server_version // 10000}.",
            "Upgrade the server, or leave the URL out to use the embedded PostgreSQL 18.",
        )


def _is_superuser(conn: Connection) -> bool:
    return bool(_one(conn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))


def _extensions(conn: Connection) -> dict[str, str]:
    """agentry's extensions in this database and their versions."""
    rows = conn.execute("SELECT extname, extversion FROM pg_extension WHERE extname ~ '^agentry(_[a-z]+)?$'").fetchall()
    return dict(rows)


def _recorded_ways(conn: Connection) -> dict[str, str]:
    if _one(conn, "SELECT to_regclass('agentry.installed_modules')") is None:
        return {}
    return dict(conn.execute("SELECT module, way FROM agentry.installed_modules").fetchall())


def _present(conn: Connection) -> set[str]:
    """Modules of which anything is here: an extension, code, or a record."""
    rows = conn.execute(
        "SELECT n.nspname FROM pg_namespace n WHERE n.nspname = ANY (%s)"
        " AND EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid)",
        [list(paths.ALL_SCHEMAS)],
    ).fetchall()
    schemas = {row[0] for row in rows} | set(_extensions(conn))
    return {m for m in ALL_MODULES if schema_of(m) in schemas} | (_recorded_ways(conn).keys() & set(ALL_MODULES))


def _available(conn: Connection, name: str, version: str) -> bool:
    return bool(
        _one(
            conn,
            "SELECT EXISTS (SELECT FROM pg_available_extension_versions WHERE name = %s AND version = %s)",
            name,
            version,
        )
    )


def _check_vector(conn: Connection, modules: Sequence[str], notes: list[str]) -> None:
    if "memory" not in modules:
        return
    found = _one(
        conn, "SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'vector'"
    )
    above = [m for m in modules if m == "memory" or "memory" in paths.with_needs((m,))]
    without = [m for m in modules if m not in above]
    advice = (
        "Install pgvector 0.8.0 or newer on the server"
        " (package postgresql-<major>-pgvector, or the image pgvector/pgvector),"
        f" or leave these modules out: --modules {','.join(without)}"
    )
    if found is None:
        raise DeployError(
            f"{', '.join(above)}: needs the extension vector (pgvector), which this server does not have.", advice
        )
    numbers = tuple(int(n) for n in re.findall(r"\d+", found)[:3])
    if numbers < VECTOR_OLDEST:
        raise DeployError(f"{', '.join(above)}: needs pgvector 0.8.0 or newer; this server has {found}.", advice)
    if numbers < VECTOR_GOOD:
        notes.append(f"warning: pgvector {found} can corrupt an index; 0.8.4 does not.")


def _check_owners(conn: Connection, owner: str | None) -> None:
    """Refuses schemas of ours that belong to somebody who has no business owning them.

    A superuser could replace functions in anybody's schema, and its owner could then change them under us.
    """
    rows = conn.execute(
        "SELECT n.nspname, r.rolname, r.rolsuper, pg_has_role(r.oid, 'MEMBER'),"
        " r.oid = (SELECT datdba FROM pg_database WHERE datname = current_database())"
        " FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = ANY (%s)",
        [list(paths.ALL_SCHEMAS)],
    ).fetchall()
    user = _one(conn, "SELECT current_user::text")
    for schema, role, role_is_super, is_member, owns_database in rows:
        if _is_superuser(conn):
            fine = role_is_super or owns_database or role in {"agentry_owner", owner, user}
        else:
            fine = is_member
        if not fine:
            raise DeployError(
                f"schema {schema} belongs to {role}, which is neither you ({user}) nor a role that owns agentry here.",
                "Find out what is in it; drop or rename it."
                f" If {role} shall own agentry, deploy as {role}, or pass --owner {role}.",
            )


def _choose_way(conn: Connection, mode: str, modules: Sequence[str], version: str) -> str:
    missing = [schema_of(m) for m in modules if not _available(conn, schema_of(m), version)]
    if mode == "plain":
        return "plain"
    if mode == "extension":
        if missing:
            raise DeployError(
                f"this server has no files of {', '.join(missing)} {version}.",
                "On the server's machine run:  make && make install PG_CONFIG=/path/to/pg_config\nOr use --mode plain.",
            )
        return "extension"
    recorded = set(_recorded_ways(conn).values())
    if _extensions(conn):
        if missing:
            raise DeployError(
                "agentry is installed here as extensions,"
                f" and this server has no files of {', '.join(missing)} {version}.",
                "On the server's machine run:  make && make install PG_CONFIG=/path/to/pg_config\n"
                "Or convert the database with --mode plain.",
            )
        return "extension"
    if _present(conn) and recorded != {"extension"}:
        return "plain"
    return "plain" if missing else "extension"


# -- running code -----------------------------------------------------------------------------------------------------

_FUNCTIONS = """
SELECT p.oid, p.ctid::text, p.proname, p.proargtypes::text,
       CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END
           || ' ' || p.oid::regprocedure AS object,
       EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
               WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                 AND d.refclassid = 'pg_extension'::regclass AND e.extname = %(schema)s) AS member
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %(schema)s
ORDER BY p.oid
"""


@dataclass(frozen=True)
class Function:
    """A row of _FUNCTIONS."""

    oid: int
    ctid: str
    name: str
    arguments: str
    object: str
    member: bool


def _functions(conn: Connection, schema: str) -> dict[int, Function]:
    rows = conn.execute(_FUNCTIONS, {"schema": schema}).fetchall()
    return {row[0]: Function(*row) for row in rows}


class Deploy:
    """One deploy into one database, inside the caller's transaction."""

    def __init__(self, conn: Connection, build: Path, owner: str | None, progress: Callable[[str], None]) -> None:
        self.conn = conn
        self.build = build
        self.version = _build_version(build)
        self.owner = owner
        self.progress = progress
        self.notes: list[str] = []
        self.ours: set[int] = set()  # functions that were an extension's and no longer are

    def run(self, text: str, chunk: Chunk | None = None) -> None:
        try:
            self.conn.execute(text.encode())
        except psycopg.Error as error:
            raise explain(error, chunk) from error

    def run_all(self, commands: Iterable[str]) -> None:
        """Runs commands in one round trip."""
        self.run(";\n".join(commands))

    def names(self, text: str, *names: str) -> None:
        """Runs a command with names of things in the places of {}."""
        command = sql.SQL(text).format(*(sql.Identifier(n) for n in names))
        self.run(command.as_string(self.conn))

    # -- roles

    def roles(self) -> None:
        """Makes the roles, as a superuser; install() makes the groups for others, or says how."""
        query = "SELECT count(*) FROM pg_roles WHERE rolname = ANY (%s)"
        if not _is_superuser(self.conn) or _one(self.conn, query, list(GROUP_ROLES)) == len(GROUP_ROLES):
            return
        for attempt in range(5):
            try:
                with self.conn.transaction():
                    for chunk in chunks(self.build / "roles.sql"):
                        self.run(chunk.text, chunk)
                return
            except DeployError as error:
                # roles are shared by all databases: another deploy may have made them meanwhile
                if attempt == 4 or not isinstance(error.__cause__, psycopg.errors.UniqueViolation):
                    raise

    # -- code

    def script(self, module: str, way: str) -> Path:
        name = schema_of(module)
        if way == "plain":
            return self.build / "plain" / f"{name}-{self.version}.sql"
        return self.build / f"{name}--{self.version}.sql"

    def code(self, module: str, way: str) -> None:
        """Creates or replaces every function of a module, and drops those that it no longer has."""
        schema = schema_of(module)
        before = _functions(self.conn, schema)
        revokes: list[str] = []
        texts: list[tuple[str, Chunk]] = []
        for chunk in chunks(self.script(module, way)):
            text = chunk.text
            if chunk.source.startswith("generated:"):
                revokes += _REVOKE_ALL.findall(text)
                text = _REVOKE_ALL.sub("", text)
            texts.append((text, chunk))
        try:
            with self.conn.transaction():  # all files in one round trip
                self.conn.execute("\n".join(text for text, _ in texts).encode())
        except psycopg.Error:
            if self.conn.closed:
                raise
            for text, chunk in texts:  # one by one, to name the file, or to drop what cannot be replaced
                self.replace(text, chunk, schema if way == "extension" else None)
        after = _functions(self.conn, schema)
        # whatever was replaced has moved in pg_proc
        written = {oid for oid, f in after.items() if oid not in before or before[oid].ctid != f.ctid}
        names = {after[oid].name for oid in written}
        for oid, function in after.items():
            if oid in written:
                continue
            if function.member or oid in self.ours or function.name in names:
                if function.member:
                    self.run(f"ALTER EXTENSION {schema} DROP {function.object}")
                self.run(f"DROP {function.object}")
            else:
                self.notes.append(f"note: {function.object.lower()} is none of agentry's; it was left alone.")
        for revoke in revokes:
            self.run(revoke)
        if way == "extension":
            self.run_all(f"ALTER EXTENSION {schema} ADD {after[oid].object}" for oid in sorted(written)
                         if not after[oid].member)

    def replace(self, text: str, chunk: Chunk, extension: str | None) -> None:
        """Runs one file of functions; drops a function first where its result or its argument names changed."""
        for _ in range(20):
            try:
                with self.conn.transaction():
                    self.conn.execute(text.encode())
                return
            except psycopg.errors.InvalidFunctionDefinition as error:
                drop = re.search(r"DROP (FUNCTION|PROCEDURE) (.+) first", error.diag.message_hint or "")
                if not drop:
                    raise explain(error, chunk) from error
                target = f"{drop.group(1)} {drop.group(2)}"
                if extension and self.is_member(extension, drop.group(2)):
                    self.run(f"ALTER EXTENSION {extension} DROP {target}")
                self.run(f"DROP {target}", chunk)
            except psycopg.Error as error:
                raise explain(error, chunk) from error
        raise DeployError(f"{chunk.source}: its functions cannot be replaced.")

    def is_member(self, extension: str, function: str) -> bool:
        return any(f.member and f.object.endswith(f" {function}") for f in _functions(self.conn, extension).values())

    # -- extensions

    def extension(self, module: str) -> None:
        """Makes or updates the extension of a module, then brings its code to that of the build."""
        name = schema_of(module)
        installed = _extensions(self.conn).get(name)
        if installed is None:
            if _functions(self.conn, name):
                self.adopt(name)
            else:
                self.names("CREATE EXTENSION {} VERSION {}", name, self.version)
            self.compare_with_server(module)
        elif installed != self.version:
            path = _one(
                self.conn,
                "SELECT path FROM pg_extension_update_paths(%s) WHERE source = %s AND target = %s",
                name,
                installed,
                self.version,
            )
            if path is None:
                raise DeployError(
                    f"the server's files know no way from {name} {installed} to {self.version}.",
                    "Install this version's files on the server (make install), or convert with --mode plain.",
                )
            self.names("ALTER EXTENSION {} UPDATE TO {}", name, self.version)
        self.code(module, "extension")

    def compare_with_server(self, module: str) -> None:
        schema = schema_of(module)
        there = _one(self.conn, f"SELECT {schema}._source_checksum()") if _functions(self.conn, schema) else None
        if there is not None and there != paths.checksums(self.build)[module]:
            self.notes.append(
                f"note: the server's files of {schema} {self.version} are not of this build;"
                " run make install there, or a restore will bring the older code."
            )

    def adopt(self, extension: str) -> None:
        """Makes an extension over functions that came as plain SQL.

        CREATE EXTENSION refuses to replace functions it does not own, and they cannot be dropped: tables stand on them.
        So they step aside into another schema, the extension is made, gives up the functions it made, and takes these.
        """
        aside = f"{extension}__aside"
        plain = _functions(self.conn, extension)
        self.names("CREATE SCHEMA {}", aside)
        self.run_all(f"ALTER {function.object} SET SCHEMA {aside}" for function in plain.values())
        self.names("CREATE EXTENSION {} VERSION {}", extension, self.version)
        made = {oid: f for oid, f in _functions(self.conn, extension).items() if f.member}
        self.run_all(f"ALTER EXTENSION {extension} DROP {function.object}" for function in made.values())
        if made:
            self.run("DROP ROUTINE " + ", ".join(f.object.split(" ", 1)[1] for f in made.values()))
        self.run_all(
            f"ALTER {function.object} SET SCHEMA {extension}" for function in _functions(self.conn, aside).values()
        )
        self.names("DROP SCHEMA {}", aside)
        wanted = {(f.name, f.arguments) for f in made.values()}
        self.join(extension, [f for f in plain.values() if (f.name, f.arguments) in wanted])

    def join(self, extension: str, functions: Sequence[Function]) -> None:
        """Adds functions to an extension without their grants, then grants them again.

        What a member is granted when it joins counts as the extension's own, and pg_dump leaves it out.
        """
        grants: dict[int, list[tuple[str, str]]] = {}
        for oid, role, option in self.conn.execute(
            "SELECT p.oid, CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,"
            " CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"
            " FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x"
            " WHERE p.oid = ANY (%s) AND x.grantee <> p.proowner AND x.privilege_type = 'EXECUTE'",
            [[function.oid for function in functions]],
        ):
            grants.setdefault(oid, []).append((role, option))
        commands: list[str] = []
        for function in functions:
            target = function.object.replace("AGGREGATE", "FUNCTION")
            given = grants.get(function.oid, [])
            commands += [f"REVOKE ALL ON {target} FROM {role} CASCADE" for role, _ in given]
            commands.append(f"ALTER EXTENSION {extension} ADD {function.object}")
            commands += [f"GRANT EXECUTE ON {target} TO {role}{option}" for role, option in given]
        self.run_all(commands)

    def vector(self) -> None:
        """Makes the extension vector where it is not, and lets the code find its types."""
        if not _one(self.conn, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')"):
            try:
                self.conn.execute("CREATE EXTENSION vector SCHEMA public")
            except psycopg.errors.InsufficientPrivilege as error:
                raise DeployError(
                    "pgvector is not in this database, and you may not make it. Nothing was changed.",
                    "A superuser makes it: CREATE EXTENSION vector;",
                ) from error
        self.run("SELECT set_config('search_path', agentry._vector_path(), true)")

    # -- plain SQL

    def dissolve(self) -> None:
        """Turns the extensions into plain objects: nothing is dropped but the extensions themselves."""
        here = _extensions(self.conn)
        order = ["agentry_all", *(schema_of(m) for m in reversed(ALL_MODULES))]
        for name in (n for n in order if n in here):
            members = self.conn.execute(
                "SELECT d.classid = 'pg_proc'::regclass, d.objid, o.type || ' ' || o.identity FROM pg_depend d"
                " JOIN pg_extension e ON e.oid = d.refobjid,"
                " pg_identify_object(d.classid, d.objid, d.objsubid) o"
                " WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = %s",
                [name],
            ).fetchall()
            self.run_all(f"ALTER EXTENSION {name} DROP {identity}" for _, _, identity in members)
            self.ours |= {oid for is_function, oid, _ in members if is_function}
            self.names("DROP EXTENSION {}", name)

    # -- all of it

    def all(self, modules: Sequence[str], way: str) -> list[tuple[str, str]]:
        self.conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('agentry.deploy', 0))")
        self.conn.execute("SELECT set_config('search_path', 'pg_catalog, pg_temp', true)")
        self.conn.execute("SELECT set_config('client_min_messages', 'warning', true)")
        self.conn.execute("SELECT set_config('check_function_bodies', 'off', true)")  # they name tables yet to be made
        self.roles()
        if way == "plain":
            self.dissolve()
        for module in modules:
            self.progress(f"{module}: code")
            if module in paths.USES_VECTOR:
                self.vector()
            if way == "extension":
                self.extension(module)
            else:
                self.code(module, way)
            self.conn.execute("SELECT set_config('search_path', 'pg_catalog, pg_temp', true)")
        self.progress("tables, views, triggers, grants")
        try:
            rows = self.conn.execute("SELECT module, action FROM agentry.install(%s)", [self.owner]).fetchall()
        except psycopg.Error as error:
            raise explain(error) from error
        return [(module, action) for module, action in rows]


def _build_version(build: Path) -> str:
    for line in (build / "agentry.control").read_text().splitlines():
        found = re.match(r"\s*default_version\s*=\s*'([^']+)'", line)
        if found:
            return found.group(1)
    raise DeployError(f"{build / 'agentry.control'} names no version.", "Run: make build")


@contextmanager
def _connection(target: str | Connection) -> Iterator[Connection]:
    if not isinstance(target, str):
        yield target
        return
    try:
        conn = psycopg.connect(target, application_name="agentry deploy", connect_timeout=15)
    except psycopg.Error as error:
        raise DeployError(
            f"cannot connect: {str(error).strip()}", "Check the URL, and that the server runs."
        ) from error
    with conn:
        yield conn


def deploy(
    target: str | Connection,
    mode: str = "auto",
    modules: Sequence[str] | None = None,
    owner: str | None = None,
    *,
    plan: bool = False,
    search_path: bool = False,
    build: Path = BUILD,
    lock_timeout: str = "10s",
    progress: Callable[[str], None] = lambda _: None,
) -> Result:
    """Brings agentry in a database to the state of the build; `target` is a URL or an idle connection.

    mode        auto: the way it is installed already, else as extensions if the server has the files, else plain SQL
    modules     [all of the build]; what they need and what is installed already is included
    owner       role that shall own everything [as superuser: agentry_owner; else the current role]
    plan        do nothing, and say what would be done
    search_path also set the database's search_path, see search_path_for()
    """
    if mode not in MODES:
        raise DeployError(f"no mode is called {mode!r}.", f"There are: {', '.join(MODES)}.")
    built = tuple(paths.checksums(build))
    try:
        wanted = set(paths.with_needs(tuple(modules))) if modules else set(built)
    except ValueError as error:
        raise DeployError(str(error)) from error
    with _connection(target) as conn:
        check_version(conn.info.server_version)
        warnings: list[str] = []

        def keep(diag: psycopg.errors.Diagnostic) -> None:
            if diag.severity_nonlocalized == "WARNING":
                parts = [f"warning: {diag.message_primary}", diag.message_detail, diag.message_hint]
                warnings.append("\n  ".join(p for p in parts if p))

        conn.add_notice_handler(keep)
        try:
            with conn.transaction() as transaction:
                conn.execute("SELECT set_config('lock_timeout', %s, true)", [lock_timeout])
                _check_owners(conn, owner)
                present = _present(conn)
                missing = sorted((wanted | present) - set(built), key=ALL_MODULES.index)
                if missing:
                    verb = "is installed here but" if set(missing) <= present else "is asked for but"
                    raise DeployError(
                        f"{', '.join(missing)}: {verb} not in this build, which has {', '.join(built)}.",
                        "Deploy from a checkout that has it.",
                    )
                chosen = tuple(m for m in ALL_MODULES if m in wanted | present)
                work = Deploy(conn, build, owner, progress)
                _check_vector(conn, chosen, work.notes)
                way = _choose_way(conn, mode, chosen, work.version)
                before = snapshot(conn)
                actions = work.all(chosen, way)
                after = snapshot(conn)
                changes = diff(before, after)
                if search_path:
                    work.notes += set_search_path(conn)
                result = Result(way, chosen, changes, actions, work.notes + warnings, plan)
                if plan or (result.nothing_to_do and not search_path):
                    raise psycopg.Rollback(transaction)
        except psycopg.Error as error:
            raise explain(error) from error
        finally:
            conn.remove_notice_handler(keep)
    return result


# -- search_path ------------------------------------------------------------------------------------------------------

# never world: agents, users and agent_memories there are the town's
PATH_ORDER = ("core", "chat", "work", "context", "dialog", "knowledge", "memory", "state")


def search_path_for(conn: Connection) -> list[str]:
    """The database's search_path, then the installed schemas of agentry."""
    setting = _one(
        conn,
        "SELECT substr(c, 13) FROM pg_db_role_setting s, unnest(s.setconfig) AS c WHERE s.setrole = 0"
        " AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND starts_with(c, 'search_path=')",
    )
    if setting is None:
        setting = _one(conn, "SELECT reset_val FROM pg_settings WHERE name = 'search_path'")
    path = [part.strip() for part in str(setting).split(",") if part.strip() and part.strip() != '""']
    here = {
        row[0]
        for row in conn.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY (%s)", [list(paths.ALL_SCHEMAS)])
    }
    return path + [s for s in map(schema_of, PATH_ORDER) if s in here and s not in path]


def clashes(conn: Connection, path: Sequence[str]) -> list[str]:
    """Names that more than one schema of the path has, with the one that wins; pg_catalog stands before all."""
    rows = conn.execute(
        """
        WITH path AS (
            SELECT n.oid, n.nspname, p.position
            FROM unnest(ARRAY['pg_catalog'] || %(path)s::text[]) WITH ORDINALITY AS p (name, position)
            JOIN pg_namespace n
              ON n.nspname = CASE p.name WHEN '"$user"' THEN current_user::text ELSE btrim(p.name, '"') END
        ), named AS (
            SELECT DISTINCT 'function' AS kind, p.proname AS name, path.nspname, path.position
            FROM pg_proc p JOIN path ON path.oid = p.pronamespace
            UNION ALL
            SELECT 'relation', c.relname, path.nspname, path.position
            FROM pg_class c JOIN path ON path.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        )
        SELECT kind, name, array_agg(nspname ORDER BY position) FROM named
        GROUP BY kind, name HAVING count(*) > 1 AND bool_or(nspname = ANY (%(ours)s)) ORDER BY 1, 2
        """,
        {"path": list(path), "ours": list(paths.ALL_SCHEMAS)},
    ).fetchall()
    public = [row for row in rows if not row[1].startswith("_")]
    lines = [f"{kind} {name} is in {', '.join(where)}: {where[0]} comes first" for kind, name, where in public]
    internal = [row[1] for row in rows if row[1].startswith("_")]
    if internal:
        lines.append(f"internal functions, never called without their schema: {', '.join(internal)}")
    return lines


def set_search_path(conn: Connection) -> list[str]:
    """Sets the database's search_path and tells what it did, and every clash."""
    path = search_path_for(conn)
    database = _one(conn, "SELECT current_database()::text")
    quoted = ", ".join(part if part.startswith('"') else f'"{part}"' for part in path)
    conn.execute(
        sql.SQL("ALTER DATABASE {} SET search_path = ").format(sql.Identifier(database)).as_string(conn).encode()
        + quoted.encode()
    )
    return [
        f"search_path of database {database}, from the next connection on: {', '.join(path)}",
        *(f"clash: {line}" for line in clashes(conn, path)),
    ]
