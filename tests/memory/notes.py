"""A table of a user's that is recallable, its agents, and vectors made of words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

Connection = psycopg.Connection[Any]

NOTES = """
CREATE TABLE public.notes (
    org_id uuid NOT NULL, id bigint NOT NULL GENERATED ALWAYS AS IDENTITY, agent text, team_id uuid, user_id uuid,
    scope text NOT NULL DEFAULT 'agent', session text, place integer, at timestamptz NOT NULL DEFAULT now(),
    weight real, mood real, sure real, tags text[], until timestamptz, body text, secret text,
    PRIMARY KEY (org_id, id)
);
ALTER TABLE public.notes OWNER TO agentry_owner;
SELECT agentry.guard_table('public.notes', 'agent', p_visible_to => 'organisation', p_writers => '{app,agents}');
GRANT SELECT (org_id, id, agent, scope, session, at, tags, body), INSERT, UPDATE, DELETE ON public.notes TO agentry_app,
    agentry_agent;
"""

SOURCE = {
    "name": "notes", "table": "public.notes", "content": "t.body", "agent": "t.agent", "team": "t.team_id",
    "user": "t.user_id", "scope": "t.scope", "session": "t.session", "order": "t.place", "time": "t.at",
    "importance": "t.weight", "emotion": "t.mood", "confidence": "t.sure", "tags": "t.tags", "expires": "t.until",
}  # fmt: skip


def call(conn: Connection, function: str, **arguments: Any) -> list[dict[str, Any]]:
    """Rows of a function of agentry_memory; arguments by name, less p_."""
    named = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name)) for name in arguments
    )
    query = sql.SQL("SELECT * FROM agentry_memory.{}({})").format(sql.Identifier(function), named)
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, arguments).fetchall()


def register(conn: Connection, **changes: Any) -> int:
    """Makes public.notes recallable, as the owner of agentry; how many of its rows are."""
    conn.execute("SET ROLE agentry_owner")
    try:
        return int(call(conn, "register_source", **(SOURCE | changes))[0]["register_source"])
    finally:
        if conn.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            conn.execute("RESET ROLE")


def add(conn: Connection, body: str | None, agent: str | None = "nova", **more: Any) -> int:
    """Writes a note and returns its id."""
    columns = {"agent": agent, "body": body, **more}
    query = sql.SQL("INSERT INTO public.notes ({}) VALUES ({}) RETURNING id").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(map(sql.Placeholder, columns))
    )
    row = conn.execute(query, columns).fetchone()
    assert row
    return int(row[0])


def recall(conn: Connection, query: str | None = None, agent: str | None = "nova", **more: Any) -> list[dict[str, Any]]:
    if more.get("embedding") is not None and not isinstance(more["embedding"], str):
        more["embedding"] = literal(more["embedding"])
    return call(conn, "recall", query=query, agent=agent, **more)


def found(conn: Connection, query: str | None = None, agent: str | None = "nova", **more: Any) -> list[str]:
    """The texts that a recall gives."""
    return [row["content"] for row in recall(conn, query, agent, **more)]


def literal(vector: Sequence[float]) -> str:
    return "[" + ",".join(repr(float(x)) for x in vector) + "]"


def use_model(conn: Connection, dimensions: int, name: str = "test", index: str = "hnsw") -> int:
    """Registers a model and makes it the default of the organisation; its id."""
    model = int(
        call(conn, "register_embedding_model", name=name, dimensions=dimensions, index_method=index)[0][
            "register_embedding_model"
        ]
    )
    call(conn, "use_embedding_model", name=name, default=True)
    return model


def embed(conn: Connection, row_id: int | str, vector: Sequence[float], model: int, source: str = "notes") -> None:
    """Gives a row its vector."""
    conn.execute(
        "SELECT agentry_memory._store_vector(e.org_id, e.id, %s, %s::vector) FROM agentry_memory.memory_entries AS e"
        " JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id AND s.name = %s"
        " WHERE e.row_id = %s",
        [model, literal(vector), source, str(row_id)],
    )


def circle(part: float) -> list[float]:
    """A vector of two dimensions, so many parts of a turn from the first axis."""
    return [math.cos(2 * math.pi * part), math.sin(2 * math.pi * part)]
