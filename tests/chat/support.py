"""Calls of chat from Python, refusals, a clock that tests move, and sessions that listen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]

# far above what anything here takes; a test that reaches it has failed
PATIENCE = 30.0


def value(conn: Connection, query: str, *args: Any) -> Any:
    """The first column of the first row."""
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def rows(conn: Connection, query: str, *args: Any) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), args or None).fetchall()


def call(conn: Connection, function: str, **arguments: Any) -> list[dict[str, Any]]:
    """Rows of a function of agentry_chat; arguments by name, less p_."""
    named = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name)) for name in arguments
    )
    query = sql.SQL("SELECT * FROM agentry_chat.{}({})").format(sql.Identifier(function), named)
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, arguments).fetchall()


def send(conn: Connection, sender: str | None, message: str | None, recipients: Any, **more: Any) -> int:
    found = call(conn, "send_agent_message", sender=sender, message=message, recipients=recipients, **more)
    return int(found[0]["send_agent_message"])


def reply(conn: Connection, chat_id: int, message: str, **more: Any) -> int:
    return int(call(conn, "reply_agent_message", chat_id=chat_id, message=message, **more)[0]["reply_agent_message"])


def claim(conn: Connection, agent: str | None = None, limit: int | None = 10, **more: Any) -> list[dict[str, Any]]:
    return call(conn, "claim_agent_messages", agent=agent, limit=limit, **more)


def claim_ids(conn: Connection, agent: str | None = None, limit: int = 10, **more: Any) -> list[int]:
    return [row["chat_id"] for row in claim(conn, agent, limit, **more)]


def peek(conn: Connection, agent: str | None = None, limit: int | None = 50) -> list[dict[str, Any]]:
    return call(conn, "peek_agent_messages", agent=agent, limit=limit)


def mark(conn: Connection, chat_id: int | None, agent: str | None, status: str | None, **more: Any) -> str:
    found = call(conn, "mark_agent_message", chat_id=chat_id, agent=agent, status=status, **more)
    return str(found[0]["mark_agent_message"])


def delivery(conn: Connection, chat_id: int, agent: str) -> dict[str, Any]:
    query = "SELECT * FROM agentry_chat.agent_chat_processed WHERE chat_id = %s AND agent = %s"
    return rows(conn, query, chat_id, agent)[0]


def receivers(conn: Connection, chat_id: int) -> list[str]:
    """Who gets a message."""
    query = 'SELECT agent FROM agentry_chat.agent_chat_processed WHERE chat_id = %s ORDER BY agent COLLATE "C"'
    return [row["agent"] for row in rows(conn, query, chat_id)]


def register(conn: Connection, *names: str, **more: Any) -> None:
    named = sql.SQL("").join(
        sql.SQL(", {} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name)) for name in more
    )
    for name in names:
        conn.execute(sql.SQL("SELECT agentry.register_agent(p_name => %(the_name)s{})").format(named),
                     {"the_name": name, **more})


def register_many(conn: Connection, names: Sequence[str]) -> None:
    conn.execute(
        "INSERT INTO agentry.agents (org_id, name) SELECT agentry.current_org_id(), n FROM unnest(%s::text[]) AS n",
        [list(names)],
    )


def set_setting(conn: Connection, name: str, wanted: Any) -> None:
    conn.execute("SELECT agentry.set_setting(%s, %s::jsonb)", [name, json.dumps(wanted)])


@contextmanager
def refused(
    conn: Connection,
    error: type[psycopg.Error],
    message: str,
    detail: str | None = None,
    hint: str | None = None,
) -> Iterator[pytest.ExceptionInfo[Any]]:
    """The block raises exactly this error, with a hint; detail and hint are parts of what is expected."""
    with pytest.raises(error) as caught, conn.transaction():
        yield caught
    diag = caught.value.diag
    assert caught.type is error, caught.type
    assert diag.message_primary == message
    assert detail is None or detail in (diag.message_detail or ""), diag.message_detail
    assert diag.message_hint, "an error without a hint"
    assert hint is None or hint in diag.message_hint, diag.message_hint


# -- the clock --------------------------------------------------------------------------------------------------------


def fake_clock(conn: Connection) -> None:
    """From here on leases and expiry read the setting test.now of their session."""
    conn.execute(
        "CREATE OR REPLACE FUNCTION agentry._clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE"
        " SET search_path = pg_catalog, pg_temp"
        " AS $$ SELECT coalesce(nullif(current_setting('test.now', true), '')::timestamptz, clock_timestamp()) $$"
    )
    conn.execute("SELECT set_config('test.now', now()::text, false)")


def advance(conn: Connection, interval: str) -> None:
    conn.execute(
        "SELECT set_config('test.now', (current_setting('test.now')::timestamptz + %s::interval)::text, false)",
        [interval],
    )


# -- listening --------------------------------------------------------------------------------------------------------


class Listener:
    """A session that listens; what it is told is kept in order."""

    def __init__(self, conn: Connection, channel: str = "agent_chat") -> None:
        self.conn = conn
        self.channel = channel
        self._heard: list[str] = []
        conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def wait(self, timeout: float = PATIENCE) -> str | None:
        """The next payload; None when none came in time."""
        if not self._heard:  # several may come in one packet
            self._heard += [notify.payload for notify in self.conn.notifies(timeout=timeout, stop_after=1)]
        return self._heard.pop(0) if self._heard else None

    def all_until_now(self, other: Connection) -> list[str]:
        """Every payload of what has committed; notifications come in the order of the commits."""
        end = f"until now {time.monotonic()}"
        other.execute("SELECT pg_notify(%s, %s)", [self.channel, end])
        found: list[str] = []
        while (payload := self.wait()) != end:
            assert payload is not None, "a notification was lost"
            found.append(payload)
        return found

    def told(self, other: Connection, agent: str) -> int:
        """How many of the notifications until now name that agent."""
        return sum(agent in json.loads(payload).get("recipients", []) for payload in self.all_until_now(other))
