"""Texts to embed, models, the calls of a worker, and an embedding that is made of the text alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from tests.chat.support import Connection, register, rows, value

MODEL, OTHER = "tiny", "wide"
DIMENSIONS = {MODEL: 3, OTHER: 5}

NOTES = """
CREATE TABLE public.notes (
    org_id uuid NOT NULL DEFAULT agentry.current_org_id(),
    id bigint GENERATED ALWAYS AS IDENTITY,
    agent text NOT NULL,
    body text,
    written timestamptz NOT NULL DEFAULT now(),
    ends timestamptz,
    PRIMARY KEY (org_id, id)
);
ALTER TABLE public.notes OWNER TO agentry_owner;
SET ROLE agentry_owner;
SELECT agentry_memory.register_source('notes', 'public.notes', 't.body', p_agent => 't.agent', p_time => 't.written',
                                      p_expires => 't.ends');
RESET ROLE;
"""


def prepare(conn: Connection, *agents: str) -> None:
    """Agents, a table of their notes that can be recalled, and two models that nobody uses yet."""
    register(conn, *(agents or ("nova", "coder")))
    conn.execute(NOTES.encode())
    for name, dimensions in DIMENSIONS.items():
        value(conn, "SELECT agentry_memory.register_embedding_model(%s, %s)", name, dimensions)


def call(conn: Connection, function: str, **arguments: Any) -> list[dict[str, Any]]:
    """Rows of a function of agentry_memory; arguments by name, less p_."""
    named = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name)) for name in arguments
    )
    query = sql.SQL("SELECT * FROM agentry_memory.{}({})").format(sql.Identifier(function), named)
    given = {name: json.dumps(v) if isinstance(v, (list, dict)) else v for name, v in arguments.items()}
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, given).fetchall()


def one(conn: Connection, function: str, **arguments: Any) -> Any:
    """What a function of one value returns."""
    return call(conn, function, **arguments)[0][function]


def model_id(conn: Connection, name: str = MODEL) -> int:
    return int(value(conn, "SELECT model_id FROM agentry_memory.embedding_models WHERE name = %s", name))


def use(conn: Connection, name: str = MODEL, **more: Any) -> int:
    return int(one(conn, "use_embedding_model", name=name, **more))


def write(conn: Connection, *texts: str, agent: str = "nova") -> list[int]:
    """Notes of an agent, one statement each; returns the ids of their entries."""
    return [entry_of(conn, value(conn, "INSERT INTO public.notes (agent, body) VALUES (%s, %s) RETURNING id",
                                 agent, text)) for text in texts]


def entry_of(conn: Connection, note: int) -> int:
    return int(value(conn, "SELECT e.id FROM agentry_memory.memory_entries AS e"
                           " JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id"
                           " WHERE s.table_name = 'public.notes'::regclass AND e.row_id = %s::text"
                           " AND e.org_id = agentry.current_org_id()", note))


def change(conn: Connection, entry: int, text: str) -> None:
    """The note behind an entry has another text."""
    conn.execute("UPDATE public.notes AS n SET body = %s FROM agentry_memory.memory_entries AS e"
                 " WHERE e.id = %s AND n.org_id = e.org_id AND n.id::text = e.row_id", [text, entry])


def embed(text: str, dimensions: int = DIMENSIONS[MODEL]) -> list[float]:
    """A vector that a text always has, and others have not."""
    digest = hashlib.shake_256(text.encode()).digest(dimensions)
    return [byte - 127.5 for byte in digest]


def claim(conn: Connection, **more: Any) -> list[dict[str, Any]]:
    return call(conn, "claim_embeddings", **more)


def done(claims: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a worker gives back for what it claimed."""
    return [{"entry_id": c["entry_id"], "token": c["token"], "embedding": embed(c["content"], DIMENSIONS[c["model"]])}
            for c in claims]


def tokens(claims: Sequence[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    return [{"entry_id": c["entry_id"], "token": c["token"], **more} for c in claims]


def complete(conn: Connection, batch: Sequence[dict[str, Any]], **more: Any) -> int:
    return int(one(conn, "complete_embeddings", batch=list(batch), **more))


def embed_all(conn: Connection, model: str = MODEL) -> int:
    """Claims and completes until nothing is left; returns how many."""
    count = 0
    while claims := claim(conn, model=model, limit=1000):
        count += complete(conn, done(claims))
    return count


def queue(conn: Connection, model: str = MODEL) -> dict[int, dict[str, Any]]:
    """The queue of a model, by entry."""
    query = "SELECT * FROM agentry_memory.embedding_queue WHERE model_id = %s ORDER BY entry_id"
    return {row["entry_id"]: row for row in rows(conn, query, model_id(conn, model))}


def vectors(conn: Connection, model: str = MODEL) -> dict[int, list[float]]:
    """The vectors of a model, by entry."""
    query = "SELECT entry_id, embedding::text FROM agentry_memory.memory_vectors WHERE model_id = %s ORDER BY entry_id"
    return {row["entry_id"]: json.loads(row["embedding"]) for row in rows(conn, query, model_id(conn, model))}


def state(conn: Connection) -> list[Any]:
    """Whatever a call of a worker could change."""
    tables = ("embedding_queue", "memory_vectors", "organization_models", "embedding_models")
    return [rows(conn, f"SELECT t::text FROM agentry_memory.{table} AS t ORDER BY 1") for table in tables]
