"""A small society with something to hide, and an attacker with a login role of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.harness import database
from tests.harness.database import Database
from tests.harness.servers import PgServer, UrlServer

Connection = psycopg.Connection[Any]

SECRET = "the vault opens with 4711-mango"


class Society:
    """coder attacks; nova and writer have a secret; mgr is of domain Agent Management; ghost is hidden from all.

    `attic` is a schema in which coder may create what it likes.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self.admin = db.admin
        self.roles = {name: db.agent_role(name) for name in ("coder", "nova", "writer", "mgr")}
        self.app = db.app_role("app")
        self.pool = db.role("pool", "agentry_agent")
        db.admin.execute("SELECT agentry.register_agent('mgr', p_domains => '{Agent Management}')")
        db.admin.execute("SELECT agentry.register_agent('ghost', 'nobody sees it', p_scope => 'agent')")
        self.make_attic()
        self.known: dict[str, Any] | None = None
        with db.connect(self.roles["nova"]) as nova:
            self.secret_id = one(
                nova,
                "SELECT agentry_chat.send_agent_message('nova', %s, ARRAY['writer'], p_idempotency_key => 'k')",
                SECRET,
            )
        with db.connect(self.roles["coder"]) as coder:
            self.own_id = one(coder, "SELECT agentry_chat.send_agent_message('coder', 'hello', ARRAY['nova'])")

    def make_attic(self) -> None:
        """An empty one; what an attack left goes."""
        self.admin.execute("DROP SCHEMA IF EXISTS attic CASCADE")
        self.admin.execute("CREATE SCHEMA attic")
        self.admin.execute(sql.SQL("GRANT ALL ON SCHEMA attic TO {}").format(sql.Identifier(self.roles["coder"])))
        self.admin.execute("GRANT USAGE ON SCHEMA attic TO PUBLIC")

    def connect(self, agent: str = "coder", **more: Any) -> Connection:
        return self.db.connect(self.roles[agent], **more)

    def state(self) -> dict[str, Any]:
        """All that an attack must not change."""
        queries = {
            "messages": "SELECT md5(string_agg(m::text, ',' ORDER BY id)) FROM agentry_chat.agent_chat AS m"
            " WHERE sender <> 'coder'",
            "own message": f"SELECT m::text FROM agentry_chat.agent_chat AS m WHERE id = {self.own_id}",
            "deliveries": f"SELECT p::text FROM agentry_chat.agent_chat_processed AS p WHERE chat_id ="
            f" {self.secret_id}",
            "agents": "SELECT md5(string_agg(a::text, ',' ORDER BY name)) FROM agentry.agents AS a",
            "keys": "SELECT count(*) FROM agentry.api_keys AS k JOIN agentry.agents AS a ON a.id = k.agent_id"
            " WHERE a.name <> 'coder'",
            "other keys": "SELECT count(*) FROM agentry.api_keys WHERE agent_id IS NULL",
            "rules": "SELECT md5(string_agg(r::text, ',' ORDER BY table_name::text, writer)) FROM"
            " agentry.access_rules AS r",
            "settings": "SELECT count(*) FROM agentry.settings",
            "services": "SELECT string_agg(db_role, ',' ORDER BY db_role) FROM agentry.service_roles",
            "domains": "SELECT count(*) FROM agentry.agent_domains",
            "policies": "SELECT md5(string_agg(p::text, ',' ORDER BY p.oid)) FROM pg_policy AS p",
            "triggers": "SELECT md5(string_agg(concat(tgrelid::regclass, tgname, tgenabled), ',' ORDER BY t.oid))"
            " FROM pg_trigger AS t WHERE tgrelid::regclass::text LIKE 'agentry%'",
            "relations": "SELECT md5(string_agg(concat(oid, relname, relowner, relacl, relrowsecurity),"
            " ',' ORDER BY oid))"
            " FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'agentry%'",
            "functions": "SELECT md5(string_agg(concat(oid, prosrc, proowner, proacl, proconfig), ',' ORDER BY oid))"
            " FROM pg_proc WHERE pronamespace::regnamespace::text LIKE 'agentry%'",
            "members": "SELECT md5(string_agg(concat(roleid::regrole, member::regrole), ',' ORDER BY roleid, member))"
            f" FROM pg_auth_members WHERE member::regrole::text LIKE '{self.db._tag}%'",
        }
        return {name: one(self.admin, query) for name, query in queries.items()}


def one(conn: Connection, query: str, *args: Any) -> Any:
    """The first column of the first row."""
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def refused(
    conn: Connection,
    query: str,
    *args: Any,
    error: type[psycopg.Error] | tuple[type[psycopg.Error], ...] = errors.InsufficientPrivilege,
    match: str | None = None,
) -> psycopg.Error:
    """The error of a statement that must fail; the transaction around it goes on."""
    with pytest.raises(error, match=match) as caught, conn.transaction():
        conn.execute(query.encode(), args or None)
    return caught.value


def who(conn: Connection) -> tuple[Any, ...]:
    """kind and agent of a connection."""
    row = conn.execute("SELECT kind, agent FROM agentry.whoami()").fetchone()
    assert row
    return row


NOBODY = (None, None)


def notices(conn: Connection) -> list[str]:
    """A list that fills with what the server tells this connection."""
    heard: list[str] = []
    conn.add_notice_handler(lambda d: heard.append(f"{d.message_primary} {d.message_detail}"))
    return heard


def sees_no_secret(conn: Connection) -> None:
    """Nothing of the message between nova and writer is visible."""
    for table in (
        "agent_chat",
        "v_agent_chat_recent",
        "agent_chat_processed",
        "v_agent_inbox",
        "v_dead_letters",
        "v_agent_threads",
        "v_agent_chat_stats",
    ):
        rows = conn.execute(f"SELECT t::text FROM agentry_chat.{table} AS t".encode()).fetchall()
        assert not [row for row in rows if "vault" in row[0] or "(writer" in row[0]], table


@pytest.fixture(scope="module")
def _society(server: PgServer) -> Iterator[Society]:
    way = "auto" if isinstance(server, UrlServer) else "extension"
    db = database.clone(server, database.template(server, way))
    try:
        yield Society(db)
    finally:
        db.drop()


@pytest.fixture
def society(_society: Society) -> Iterator[Society]:
    """Shared by the tests of a file: whatever they try, nothing of it has changed afterwards."""
    before = _society.known or _society.state()
    yield _society
    _society.db.close()
    _society.admin = _society.db.admin
    _society.make_attic()
    _society.known = _society.state()  # the next test begins with it
    assert _society.known == before


@pytest.fixture
def coder(society: Society) -> Connection:
    """The attacker."""
    conn = society.connect("coder")
    conn.execute("SET search_path = attic")
    return conn
