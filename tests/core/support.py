"""A small town inside one transaction, refusals, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.harness.database import unique_name, wait_until

Connection = psycopg.Connection[Any]

NOBODY = (None, None, None)
ADMIN = ("admin", None, "admin")


def one(conn: Connection, query: str, *args: Any) -> Any:
    """The first column of the first row."""
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def who(conn: Connection) -> tuple[Any, ...]:
    """kind, agent and road."""
    row = conn.execute("SELECT kind, agent, road FROM agentry.whoami()").fetchone()
    assert row
    return row


def refused(
    conn: Connection,
    query: str,
    *args: Any,
    error: type[psycopg.Error] | tuple[type[psycopg.Error], ...] = errors.InsufficientPrivilege,
    match: str | None = None,
    detail: str | None = None,
    hint: str | None = None,
) -> psycopg.Error:
    """The error of a statement that must fail; the transaction around it goes on.

    `detail` and `hint` are parts of the error's own; every error of ours has a hint.
    """
    with pytest.raises(error, match=match) as caught, conn.transaction():
        conn.execute(query.encode(), args or None)
    if detail is not None:
        assert detail in str(caught.value.diag.message_detail)
    if hint is not None:
        assert hint in str(caught.value.diag.message_hint)
    return caught.value


def move_clock(conn: Connection, by: str) -> None:
    """From here on agentry's clock goes that much ahead."""
    conn.execute(
        sql.SQL(
            "CREATE OR REPLACE FUNCTION agentry._clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE"
            " SET search_path = pg_catalog, pg_temp AS {}"
        ).format(sql.Literal(f"SELECT clock_timestamp() + interval '{by}'"))
    )


def seal(conn: Connection) -> int:
    """Seals the whole audit log and returns how many entries; what runs in other databases holds it up for a moment."""
    sealed = 0

    def done() -> bool:
        nonlocal sealed
        sealed += one(conn, "SELECT agentry.seal_audit()")
        return bool(one(conn, "SELECT count(*) = 0 FROM agentry.audit_log WHERE position IS NULL"))

    wait_until(done, "entries are not sealed")
    return sealed


class Town:
    """Agents coder, nova, mgr (domain Agent Management) and anns (of user ann), each with a role; users ann and bob;
    ann is in team red; roles app, reader and stranger; all of it in one transaction of the superuser."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.roles = {"admin": str(one(conn, "SELECT current_user"))}
        conn.execute("INSERT INTO agentry.teams (name) VALUES ('red')")
        conn.execute(
            "INSERT INTO agentry.users (username, email, team_id)"
            " SELECT u, u || '@example.org', CASE u WHEN 'ann' THEN t.id END"
            " FROM unnest('{ann,bob}'::text[]) AS u, agentry.teams AS t"
        )
        for agent in ("coder", "nova", "mgr", "anns"):
            role = self.make_role(agent, "agentry_agent")
            conn.execute(
                "SELECT agentry.register_agent(%s, 'of a test', p_db_role => %s, p_user => %s, p_domains => %s)",
                [agent, role, "ann" if agent == "anns" else None, ["Agent Management"] if agent == "mgr" else []],
            )
        for service in ("app", "reader"):
            role = self.make_role(service, f"agentry_{service}")
            conn.execute(
                "INSERT INTO agentry.service_roles (org_id, db_role) VALUES (agentry.current_org_id(), %s)", [role]
            )
        self.make_role("stranger", "agentry_agent")

    def make_role(self, name: str, *member_of: str) -> str:
        real = unique_name(name)
        self.conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(real)))
        for group in member_of:
            self.conn.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(real)))
        self.roles[name] = real
        return real

    @contextmanager
    def acting(self, role: str) -> Iterator[Connection]:
        """The connection as that role of the town, or any other role."""
        real = self.roles.get(role, role)
        self.conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(real)))
        try:
            yield self.conn
        finally:
            if not self.conn.closed and self.conn.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                self.conn.execute("RESET ROLE")

    def key(self, agent: str | None = None, **more: Any) -> str:
        """A key made by the administrator."""
        arguments = sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(f"p_{k}"), sql.Literal(v))
            for k, v in {"agent": agent, **more}.items()
        )
        row = self.conn.execute(sql.SQL("SELECT agentry.create_api_key({})").format(arguments)).fetchone()
        assert row
        return str(row[0])

    def token(self, agent: str | None = None, **more: Any) -> str:
        return str(one(self.conn, "SELECT agentry.login(%s)", self.key(agent, **more)))

    def id_of(self, agent: str) -> Any:
        return one(self.conn, "SELECT id FROM agentry.agents WHERE name = %s", agent)
