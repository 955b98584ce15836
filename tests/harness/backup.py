"""Backups that prove themselves: an archive of pg_dump with a manifest in it, and a restore that compares.

A backup is a folder: an archive of pg_dump in directory format, which pg_restore reads by itself too, and in it
manifest.json: how many rows each table has, their digest, the audit chains, the roles and extensions that are needed.
Archive and manifest are of one snapshot.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.harness import paths, servers
from tests.harness.catalogue import Connection
from tests.harness.deploy import GROUP_ROLES, Deploy, DeployError, check_version, explain
from tests.harness.paths import BUILD

MANIFEST = "manifest.json"
FORMAT = 1
CONTENTS = {"all": "the whole database", "schema": "the schema alone", "data": "the data alone"}


class BackupError(DeployError):
    """A backup or restore was refused or failed.  `hint` says what to do about it."""


@dataclass
class Report:
    """What was done, what is worth knowing, and what is wrong."""

    done: str
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def text(self) -> str:
        return "\n".join([self.done, *self.notes, *(f"PROBLEM: {line}" for line in self.problems)])


# -- the programs of PostgreSQL ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Programs:
    """A folder with pg_dump, pg_restore and psql."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def __str__(self) -> str:
        return f"{self.version} in {self.folder}"


def _version_of(folder: Path) -> str | None:
    try:
        done = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\) (\d+(?:\.\d+)?)", done.stdout)
    return found.group(1) if found else None


def find_programs() -> list[Programs]:
    """What is here: on the PATH, where Debian keeps every version, in the wheel of the embedded server."""
    folders = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    with contextlib.suppress(servers.ServerError):
        folders += [servers._wheel_folder() / name / "bin" for name in servers.WHEEL_MAJORS.values()]
    found: dict[Path, Programs] = {}
    for folder in folders:
        if (folder / "pg_dump").exists() and folder not in found:
            version = _version_of(folder)
            if version is not None:
                found[folder] = Programs(folder, version)
    return list(found.values())


def _none_fits(what: str, here: Sequence[Programs]) -> BackupError:
    there = "; ".join(map(str, here)) or "none"
    return BackupError(
        f"{what} is needed; here is: {there}.",
        "Install the client programs (package postgresql-client-<major>), or put their folder first in PATH.",
    )


def choose_dump(server: int, here: Sequence[Programs]) -> Programs:
    """Those of the server's major, else the next newer ones: an older pg_dump refuses."""
    fit = sorted((p for p in here if p.major >= server), key=lambda p: p.major)
    if not fit:
        raise _none_fits(f"a pg_dump of PostgreSQL {server} or newer", here)
    return fit[0]


def choose_restore(server: int, archive: int, here: Sequence[Programs]) -> Programs:
    """Those of the server's major, else older ones that read the archive, else newer ones.

    An archive is read by the major that wrote it or a newer one; from 17 on pg_restore sets what 16 does not know.
    """
    if archive > 16 >= server:
        raise BackupError(
            f"the archive was written by pg_dump {archive}; PostgreSQL {server} does not understand its pg_restore.",
            f"Take the backup where the programs of PostgreSQL {server} are there too, or restore into a newer server.",
        )
    fit = sorted(
        (p for p in here if p.major >= archive and not (p.major > 16 >= server)),
        key=lambda p: (p.major != server, p.major > server, abs(p.major - server)),
    )
    if not fit:
        what = f"a pg_restore of PostgreSQL {archive}" + (" or newer" if server > 16 else "")
        raise _none_fits(what, here)
    return fit[0]


def _split(url: str, application: str) -> tuple[str, dict[str, str]]:
    """A connection string without password, as every user of a machine sees arguments, and the environment with it."""
    parts = {k: v for k, v in conninfo_to_dict(url).items() if v is not None}
    env = {**os.environ, "LC_ALL": "C"}
    if "password" in parts:
        env["PGPASSWORD"] = str(parts.pop("password"))
    parts.setdefault("application_name", application)
    return make_conninfo("", **parts), env


def _run(programs: Programs, name: str, *args: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [programs.folder / name, *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _errors(name: str, text: str) -> list[str]:
    """The errors among what a program said, each in one line with its details."""
    found: list[str] = []
    for line in text.splitlines():
        message = re.match(rf"(?:{name}|psql\S*): (?:error: )?(.*)", line)
        if message and "error: " in line.lower():
            found.append(message.group(1))
        elif found and re.match(r"DETAIL|HINT|Command was", line):
            found[-1] += f"  {line.strip()}"
    return found


# -- what is in a database --------------------------------------------------------------------------------------------


def _connect(url: str, application: str) -> Connection:
    try:
        conn: Connection = psycopg.connect(url, application_name=application, connect_timeout=15)
    except psycopg.Error as error:
        raise BackupError(
            f"cannot connect: {str(error).strip()}", "Check the URL, and that the server runs."
        ) from error
    return conn


def _one(conn: Connection, query: str, *args: Any) -> Any:
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def digests(conn: Connection) -> dict[str, dict[str, Any]]:
    """Every table and sequence with what _table_digests() says of it."""
    rows = conn.execute("SELECT name, row_count, digest, last_value FROM agentry._table_digests()").fetchall()
    return {
        name: {"last_value": last} if digest is None else {"rows": count, "digest": digest}
        for name, count, digest, last in rows
    }


# relations, functions and schemas that a dump carries, with their owners
_OWNERS = """
SELECT DISTINCT pg_get_userbyid(o.owner) FROM (
    SELECT 'pg_class'::regclass AS class, oid, relnamespace AS schema, relowner AS owner FROM pg_class
    UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, proowner FROM pg_proc
    UNION ALL SELECT 'pg_namespace'::regclass, oid, oid, nspowner FROM pg_namespace) AS o
JOIN pg_namespace AS n ON n.oid = o.schema
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'public')
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
ORDER BY 1
"""

# who is granted something, or named in a policy; and who made an extension, from whom a dump revokes
_GRANTEES = """
SELECT pg_get_userbyid(d.refobjid) FROM pg_shdepend AS d
WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('a', 'r')
UNION
SELECT pg_get_userbyid(a.grantee) FROM pg_init_privs AS i, aclexplode(i.initprivs) AS a
WHERE i.privtype = 'e' AND a.grantee <> 0 ORDER BY 1
"""

# roles that stand for agents and services, with the group roles they have
_LOGINS = """
SELECT s.db_role, ARRAY(SELECT g.rolname::text FROM pg_roles AS g, pg_roles AS r
                        WHERE g.rolname = ANY (%s) AND r.rolname = s.db_role AND pg_has_role(r.oid, g.oid, 'MEMBER')
                        ORDER BY 1)
FROM (SELECT a.db_role FROM agentry.agents AS a WHERE a.db_role IS NOT NULL
      UNION SELECT r.db_role FROM agentry.service_roles AS r) AS s ORDER BY 1
"""

_PARTITIONS = """
SELECT i.inhparent::regclass::text, c.oid::regclass::text, pg_get_expr(c.relpartbound, c.oid),
       array_to_string(c.reloptions, ', '),
       EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'agentry_00_partition')
FROM agentry._dumped_relations('r') AS d (oid)
JOIN pg_class AS c ON c.oid = d.oid AND c.relispartition
JOIN pg_inherits AS i ON i.inhrelid = c.oid ORDER BY 1, 2
"""

_RETIRED = """
SELECT parent.name::text, c.oid::regclass::text,
       ARRAY(SELECT k.conname::text FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'f'
             AND k.conparentid = 0 ORDER BY 1)
FROM agentry._dumped_relations('p') AS parent (name),
     agentry._with_archive(parent.name) AS r (part)
JOIN pg_class AS c ON c.oid = r.part AND c.relkind = 'r' ORDER BY 1, 2
"""

_CHAINS = """
SELECT o.id::text, o.name, (SELECT count(*) FROM agentry.audit_log AS l WHERE l.org_id = o.id AND l.hash IS NOT NULL),
       (SELECT encode(l.hash, 'hex') FROM agentry.audit_log AS l
        WHERE l.org_id = o.id AND l.hash IS NOT NULL ORDER BY l.position DESC LIMIT 1)
FROM agentry.organizations AS o ORDER BY 1
"""


def _list(conn: Connection, query: str, *args: Any) -> list[Any]:
    return [row[0] for row in conn.execute(query.encode(), args or None).fetchall()]


def _manifest(conn: Connection, content: str, programs: Programs) -> dict[str, Any]:
    """What a restore needs to know; `conn` is in the snapshot of the dump."""
    conn.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    conn.execute("SET LOCAL timezone = 'UTC'")
    modules = conn.execute("SELECT module, version, way, checksum FROM agentry.installed_modules ORDER BY module")
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "content": content,
        "taken_at": str(_one(conn, "SELECT agentry._clock()::text")),
        "database": _one(conn, "SELECT current_database()::text"),
        "server": conn.info.server_version,
        "pg_dump": programs.version,
        "agentry": _one(conn, "SELECT agentry.version()"),
        "modules": {m: {"version": v, "way": w, "checksum": c} for m, v, w, c in modules.fetchall()},
        "extensions": dict(
            conn.execute(
                "SELECT extname, extversion FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
            ).fetchall()
        ),
        "owners": _list(conn, _OWNERS),
        "grantees": _list(conn, _GRANTEES),
        "settings": _list(
            conn,
            "SELECT unnest(s.setconfig) FROM pg_db_role_setting AS s WHERE s.setrole = 0 AND s.setdatabase ="
            " (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1",
        ),
        "partitions": [
            dict(zip(("table", "partition", "bound", "storage", "closed"), row, strict=True))
            for row in conn.execute(_PARTITIONS.encode()).fetchall()
        ],
        "retired": [
            dict(zip(("table", "partition", "keys"), row, strict=True))
            for row in conn.execute(_RETIRED.encode()).fetchall()
        ],
    }
    if content != "schema":
        manifest["logins"] = dict(conn.execute(_LOGINS.encode(), [list(GROUP_ROLES)]).fetchall())
        manifest["tables"] = digests(conn)
        manifest["audit"] = [
            dict(zip(("id", "name", "sealed", "head"), row, strict=True))
            for row in conn.execute(_CHAINS.encode()).fetchall()
        ]
    return manifest


def _user(url: str) -> str:
    return str(conninfo_to_dict(url).get("user") or "this role")


def _content(schema_only: bool, data_only: bool) -> str:
    if schema_only and data_only:
        raise BackupError("--schema-only and --data-only exclude each other.", "Leave both out for everything.")
    return "schema" if schema_only else "data" if data_only else "all"


# -- backup -----------------------------------------------------------------------------------------------------------


def backup(
    url: str,
    target: Path,
    *,
    schema_only: bool = False,
    data_only: bool = False,
    jobs: int = 2,
    here: Sequence[Programs] | None = None,
) -> Report:
    """Writes a backup of a database into a new folder, which appears only when it is whole."""
    content = _content(schema_only, data_only)
    part = target.with_name(target.name + ".part")
    for path in (target, part):
        if path.exists():
            raise BackupError(f"{path} is there already.", "Choose another name, or remove it.")
    if not target.absolute().parent.is_dir():
        raise BackupError(f"there is no folder {target.absolute().parent}.", "Make it first.")
    try:
        with _connect(url, "agentry backup") as conn:
            check_version(conn.info.server_version)
            if _one(conn, "SELECT to_regclass('agentry.installed_modules') IS NULL"):
                raise BackupError(
                    "agentry is not installed in this database.", "Check the URL; pg_dump backs up any database."
                )
            if _one(conn, "SELECT to_regproc('agentry._table_digests') IS NULL"):
                raise BackupError("the code of agentry in this database is older or gone.", "Run invoke deploy first.")
            conn.rollback()
            programs = choose_dump(conn.info.server_version // 10000, find_programs() if here is None else here)
            conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = _one(conn, "SELECT pg_export_snapshot()")
            manifest = _manifest(conn, content, programs)
            options = {"all": [], "schema": ["--schema-only"], "data": ["--data-only"]}[content]
            dsn, env = _split(url, "agentry backup")
            done = _run(
                programs, "pg_dump", "--format=directory", f"--file={part}", f"--jobs={jobs}", f"--snapshot={snapshot}",
                "--no-password", *options, f"--dbname={dsn}", env=env,
            )  # fmt: skip
            if done.returncode != 0:
                raise BackupError(f"pg_dump failed:\n{done.stderr.strip()}", "Nothing was written.")
        manifest_file = part / MANIFEST
        manifest_file.touch(mode=0o600)
        manifest_file.write_text(json.dumps(manifest, indent=1) + "\n")
        part.rename(target)
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError(
            f"a backup reads everything, and {_user(url)} may not: {error.diag.message_primary}.",
            "Connect as the owner of agentry, a member of it, or a superuser.",
        ) from error
    except psycopg.Error as error:
        raise explain(error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    report = Report(f"backed up: {CONTENTS[content]} of {manifest['database']} into {target}")
    if content != "schema":
        rows = sum(t["rows"] for n, t in manifest["tables"].items() if "rows" in t and n not in _roots(manifest))
        report.notes.append(f"  {rows} rows in {sum('rows' in t for t in manifest['tables'].values())} tables")
    if programs.major > manifest["server"] // 10000:
        report.notes.append(
            f"note: pg_dump is {programs.version}, the server {manifest['server'] // 10000}:"
            f" a restore needs programs of PostgreSQL {programs.major} or newer."
        )
    return report


def _roots(manifest: dict[str, Any]) -> set[str]:
    """Partitioned tables, whose rows are those of their partitions."""
    return {p["table"] for p in manifest["partitions"]}


# -- restore ----------------------------------------------------------------------------------------------------------


def read_manifest(source: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupError(
            f"{source} is no backup: it has no readable {MANIFEST}.",
            "invoke backup makes one; other archives are for pg_restore.",
        ) from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{source} is of a format that this version does not know.", "Use a newer checkout.")
    return manifest


class Restore:
    """One restore: check(), roles(), load(), install(), verify(), in this order."""

    def __init__(
        self,
        url: str,
        source: Path,
        content: str = "all",
        *,
        jobs: int = 2,
        owner: bool = True,
        build: Path = BUILD,
        here: Sequence[Programs] | None = None,
    ) -> None:
        self.url = url
        self.source = source
        self.manifest = read_manifest(source)
        self.content = content
        self.jobs = jobs
        self.owner = owner
        self.build = build
        self.here = find_programs() if here is None else here
        self.notes: list[str] = []
        self.problems: list[str] = []
        self.written: set[str] = set()  # by install()
        with self.connect() as conn:
            check_version(conn.info.server_version)
            self.server = conn.info.server_version // 10000
        self.programs = choose_restore(self.server, int(self.manifest["pg_dump"].split(".")[0]), self.here)

    def connect(self) -> Connection:
        return _connect(self.url, "agentry restore")

    # -- before anything is done

    def check(self) -> None:
        """Refuses what cannot end well."""
        has = self.manifest["content"]
        if has not in ("all", self.content):
            flag = f" --{has}-only" if self.content == "all" else ""
            raise BackupError(f"this backup holds {CONTENTS[has]}.", f"Restore it with{flag}." if flag else None)
        if self.server < self.manifest["server"] // 10000:
            raise BackupError(
                f"this backup is of PostgreSQL {self.manifest['server'] // 10000}; this server is {self.server}.",
                "A dump goes into the same or a newer version.",
            )
        with self.connect() as conn:
            if self.content == "data":
                self._check_installed(conn)
            else:
                self._check_empty(conn)
                self._check_extensions(conn)

    def _check_empty(self, conn: Connection) -> None:
        schemas = _list(conn, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^agentry(_|$)' ORDER BY 1")
        if schemas:
            raise BackupError(
                f"this database is not empty: it has {', '.join(schemas)}.",
                "Restore into a new database (CREATE DATABASE), or, when agentry was just installed, with --data-only.",
            )
        tables = [n for n in self.manifest.get("tables", {}) if _one(conn, "SELECT to_regclass(%s) IS NOT NULL", n)]
        if tables:
            raise BackupError(
                f"this database is not empty: it has {', '.join(tables)}.", "Restore into a new database."
            )

    def _check_extensions(self, conn: Connection) -> None:
        there = dict(conn.execute("SELECT name, default_version FROM pg_available_extensions").fetchall())
        missing = [name for name in self.manifest["extensions"] if name not in there]
        ours = [name for name in missing if name.startswith("agentry")]
        if ours:
            raise BackupError(
                f"this server has no files of {', '.join(ours)}, and the backup was made where agentry is extensions.",
                "On the server's machine run:  make && make install PG_CONFIG=/path/to/pg_config\n"
                "Or install as plain SQL and restore the data alone:  invoke deploy --mode plain, then --data-only.",
            )
        if missing:
            raise BackupError(
                f"this server has no files of the extensions {', '.join(missing)}.", "Install them on the server first."
            )
        for name, version in self.manifest["extensions"].items():
            if name.startswith("agentry") and _numbers(there[name]) < _numbers(version):
                raise BackupError(
                    f"the server has {name} {there[name]}, which is older than {version} of the backup.",
                    "Install the newer files on the server: make install.",
                )

    def _check_installed(self, conn: Connection) -> None:
        if _one(conn, "SELECT to_regclass('agentry.installed_modules') IS NULL"):
            raise BackupError(
                "agentry is not installed in this database.",
                "Run invoke deploy, or restore with --schema-only, and then this.",
            )
        here = dict(conn.execute("SELECT module, version FROM agentry.installed_modules").fetchall())
        there = {module: row["version"] for module, row in self.manifest["modules"].items()}
        if any(here.get(module) != version for module, version in there.items()):
            raise BackupError(
                f"the backup has {_versions(there)}, this database {_versions(here)}.",
                "Data alone go into the same version; a restore of everything migrates.",
            )

    # -- roles

    def roles(self) -> None:
        """Makes the group roles where it may, and refuses where one is missing that the backup needs."""
        if self.content == "data":
            return
        needed = {*self.manifest["grantees"], *(self.manifest["owners"] if self.owner else ())}
        with self.connect() as conn:
            missing = self._missing(conn, GROUP_ROLES)
            if missing and _one(conn, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"):
                script = (self.build / "roles.sql").read_text()
                Deploy(conn, self.build, None, lambda _: None).run(script)
                conn.commit()
            missing = self._missing(conn, sorted(needed))
            if missing:
                lines = "\n".join(
                    sql.SQL("CREATE ROLE {} NOLOGIN;").format(sql.Identifier(r)).as_string(conn) for r in missing
                )
                raise BackupError(
                    f"roles that this backup needs are not here: {', '.join(missing)}.",
                    f"Let a role with CREATEROLE run:\n{lines}",
                )
            if self.owner:
                others = _list(
                    conn,
                    "SELECT r.rolname FROM pg_roles AS r WHERE r.rolname = ANY (%s)"
                    " AND NOT pg_has_role(r.oid, 'SET') ORDER BY 1",
                    self.manifest["owners"],
                )
                if others:
                    user = _one(conn, "SELECT current_user::text")
                    raise BackupError(
                        f"the backup has things that belong to {', '.join(others)}, and {user} cannot act as that.",
                        f"Restore as a superuser, or with --no-owner: then everything belongs to {user}.",
                    )

    @staticmethod
    def _missing(conn: Connection, names: Sequence[str]) -> list[str]:
        return _list(
            conn,
            "SELECT n FROM unnest(%s::text[]) AS n WHERE NOT EXISTS"
            " (SELECT FROM pg_roles WHERE rolname = n) ORDER BY n",
            list(names),
        )

    # -- the archive

    def load(self) -> None:
        """Runs pg_restore; its errors are problems, and the rest goes on.  Data alone come whole or not at all."""
        dsn, env = _split(self.url, "agentry restore")
        if self.content == "data":
            self._load_data(dsn, env)
            return
        options = ["--schema-only"] if self.content == "schema" else []
        if not self.owner:
            options.append("--no-owner")
        with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
            wanted.write(self._contents(env))
            wanted.flush()
            done = _run(
                self.programs, "pg_restore", f"--jobs={self.jobs}", "--no-password", f"--use-list={wanted.name}",
                *options, f"--dbname={dsn}", str(self.source), env=env,
            )  # fmt: skip
        if done.returncode != 0:
            self.problems += _errors("pg_restore", done.stderr) or [f"pg_restore: {done.stderr.strip()}"]

    def _contents(self, env: dict[str, str]) -> str:
        """What is in the archive, less the extensions that are there already: most often a superuser made them, and
        nobody else may comment on them."""
        with self.connect() as conn:
            there = _list(conn, "SELECT extname FROM pg_extension ORDER BY 1")
        listed = _run(self.programs, "pg_restore", "--list", str(self.source), env=env).stdout
        done = re.compile(rf"EXTENSION (- )?({'|'.join(map(re.escape, there))}) *$")
        return "".join(f"{line}\n" for line in listed.splitlines() if not done.search(line))

    def _load_data(self, dsn: str, env: dict[str, str]) -> None:
        """Triggers would fire on COPY, and only a superuser may run pg_restore --disable-triggers; so one transaction
        of psql, in which the owner turns them off and on again.  COMMIT follows only when pg_restore has told all."""
        begin = sql.SQL("BEGIN;\nSELECT agentry._begin_load({}, {});\n").format(
            json.dumps(self.manifest["partitions"]), json.dumps(self.manifest["retired"])
        )
        end = "SELECT agentry._end_load();\nCOMMIT;\n"
        with tempfile.TemporaryFile() as complaint:
            tell = [str(self.programs.folder / "pg_restore"), "--data-only", "--file=-", str(self.source)]
            take = [
                str(self.programs.folder / "psql"),
                "--no-psqlrc",
                "--quiet",
                "--no-password",
                "--set=ON_ERROR_STOP=1",
            ]
            with (
                subprocess.Popen(
                    tell, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaint
                ) as reader,
                subprocess.Popen(
                    [*take, f"--dbname={dsn}"],
                    env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaint,
                ) as writer,
            ):  # fmt: skip
                assert reader.stdout and writer.stdin
                with contextlib.suppress(BrokenPipeError):
                    writer.stdin.write(begin.as_string().encode())
                    shutil.copyfileobj(reader.stdout, writer.stdin)
                    if reader.wait() == 0:
                        writer.stdin.write(end.encode())
                with contextlib.suppress(BrokenPipeError):
                    writer.stdin.close()
            if writer.returncode != 0 or reader.returncode != 0:
                complaint.seek(0)
                text = complaint.read().decode(errors="replace").strip()
                raise BackupError(f"the data could not be loaded, and nothing was changed:\n{text}")

    # -- the code

    def install(self) -> None:
        """SELECT agentry.install(), which migrates where the code is newer; what it writes may differ then."""
        with self.connect() as conn:
            warnings: list[str] = []
            conn.add_notice_handler(
                lambda d: warnings.append(str(d.message_primary)) if d.severity_nonlocalized == "WARNING" else None
            )
            try:
                rows = conn.execute("SELECT module, version, way, action FROM agentry.install()").fetchall()
                written = _list(
                    conn,
                    "SELECT format('%I.%I', schemaname, relname) FROM pg_stat_xact_user_tables"
                    " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0",
                )
                checksums = dict(conn.execute("SELECT module, checksum FROM agentry.installed_modules").fetchall())
            except psycopg.Error as error:
                self.problems.append(f"install(): {str(error).strip()}")
                conn.rollback()
                return
        self.notes += [f"  {module} {version} ({way}): {action}" for module, version, way, action in rows]
        self.notes += [f"warning: {line}" for line in warnings]
        if checksums != paths.checksums(self.build):
            self.notes.append("note: the code is not that of this checkout; invoke deploy brings it up to date.")
        self.written = set(written)

    # -- the proof

    def verify(self) -> None:
        """Compares with the manifest: rows and digest of each table, sequences, audit chains."""
        with self.connect() as conn:
            conn.execute("SET search_path = pg_catalog, pg_temp")
            try:
                if self.content != "schema":
                    self._compare(digests(conn))
                    for chain in self.manifest["audit"]:
                        self._follow(conn, chain)
                    self._logins(conn)
            except psycopg.Error as error:
                self.problems.append(f"cannot compare: {str(error).strip()}")
                return
            conn.rollback()
            conn.autocommit = True
            conn.execute("SET client_min_messages = error")
            conn.execute("ANALYZE")
            self._settings(conn)

    def _compare(self, found: dict[str, dict[str, Any]]) -> None:
        for name, wanted in self.manifest["tables"].items():
            is_ = found.get(name)
            if is_ is None:
                self.problems.append(f"{name} is missing")
            elif "last_value" in wanted:
                # numbers are given out while a backup is taken; never the same twice is what counts
                if (is_["last_value"] or 0) < (wanted["last_value"] or 0):
                    self.problems.append(f"{name} is at {is_['last_value']}, in the backup at {wanted['last_value']}")
            elif is_ != wanted:
                text = (
                    f"{name} has {is_['rows']} rows, in the backup {wanted['rows']}"
                    if is_["rows"] != wanted["rows"]
                    else f"{name}: the rows are not those of the backup"
                )
                if name in self.written:
                    self.notes.append(f"note: {text}: install() brought it up to date.")
                else:
                    self.problems.append(text)

    def _follow(self, conn: Connection, chain: dict[str, Any]) -> None:
        broken, reason = conn.execute(
            "SELECT broken_id, reason FROM agentry.verify_audit(%s)", [chain["id"]]
        ).fetchone() or (None, None)
        if broken is not None:
            self.problems.append(f"audit chain of {chain['name']}: entry {broken}: {reason}")
        now = conn.execute(
            "SELECT count(*), max(encode(l.hash, 'hex')) FILTER (WHERE l.position = %s) FROM agentry.audit_log AS l"
            " WHERE l.org_id = %s AND l.hash IS NOT NULL",
            [chain["sealed"], chain["id"]],
        ).fetchone()
        if now != (chain["sealed"], chain["head"]):
            self.problems.append(f"audit chain of {chain['name']} does not end as in the backup")

    def _logins(self, conn: Connection) -> None:
        """Lines that make the login roles of agents and services that are not here; a dump carries no roles."""
        for role, groups in self.manifest["logins"].items():
            name = sql.Identifier(role)
            if _one(conn, "SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", role):
                line = sql.SQL("CREATE ROLE {} LOGIN").format(name)
                if groups:
                    line += sql.SQL(" IN ROLE {}").format(sql.SQL(", ").join(map(sql.Identifier, groups)))
                self.notes.append(f"note: role {role}, which is an agent or a service, is not here:"
                                  f"  {line.as_string(conn)};")  # fmt: skip
                continue
            lacks = _list(
                conn,
                "SELECT g FROM unnest(%s::text[]) AS g WHERE NOT pg_has_role(%s, g, 'MEMBER')",
                groups,
                role,
            )
            for group in lacks:
                line = sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name)
                self.notes.append(f"note: role {role} is not in {group} here:  {line.as_string(conn)};")

    def _settings(self, conn: Connection) -> None:
        here = _list(
            conn,
            "SELECT unnest(s.setconfig) FROM pg_db_role_setting AS s WHERE s.setrole = 0 AND s.setdatabase ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        for setting in self.manifest["settings"]:
            if setting not in here:
                self.notes.append(f"note: the backup's database had the setting {setting}; see ALTER DATABASE ... SET.")


def _numbers(version: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", version)]


def _versions(modules: dict[str, str]) -> str:
    return ", ".join(f"{module} {version}" for module, version in sorted(modules.items())) or "none"


def restore(
    url: str,
    source: Path,
    *,
    schema_only: bool = False,
    data_only: bool = False,
    jobs: int = 2,
    owner: bool = True,
    build: Path = BUILD,
    here: Sequence[Programs] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Brings a backup into a database and proves that all of it came; problems are in the report."""
    content = _content(schema_only, data_only)
    work = Restore(url, source, content, jobs=jobs, owner=owner, build=build, here=here)
    try:
        for phase in (work.check, work.roles, work.load, work.install, work.verify):
            progress(phase.__name__)
            phase()
    except psycopg.Error as error:
        raise explain(error) from error
    done = f"restored: {CONTENTS[content]} from {source}, taken {work.manifest['taken_at']}"
    if content != "schema" and not work.problems:
        rows = sum(
            t["rows"] for n, t in work.manifest["tables"].items() if "rows" in t and n not in _roots(work.manifest)
        )
        done += f"\n  {rows} rows and {len(work.manifest['audit'])} audit chains are those of the backup"
    return Report(done, work.notes, work.problems)
