"""pgvector may stand in any schema, may be moved, and may be dropped and made again."""

from __future__ import annotations

import pytest
from psycopg import sql

from tests.chat.support import Connection, value
from tests.harness.database import Database
from tests.harness.deploy import deploy
from tests.harness.servers import PgServer, UrlServer
from tests.memory.embedding_support import (
    MODEL,
    change,
    embed,
    embed_all,
    model_id,
    one,
    prepare,
    use,
    vectors,
    write,
)


def move(conn: Connection, schema: str) -> None:
    conn.execute(sql.SQL("CREATE SCHEMA {0}; GRANT USAGE ON SCHEMA {0} TO PUBLIC").format(sql.Identifier(schema)))
    if value(conn, "SELECT count(*) FROM pg_extension WHERE extname = 'vector'"):
        conn.execute(sql.SQL("ALTER EXTENSION vector SET SCHEMA {}").format(sql.Identifier(schema)))
    else:
        conn.execute(sql.SQL("CREATE EXTENSION vector SCHEMA {}").format(sql.Identifier(schema)))


def nearest(conn: Connection, schema: str, text: str) -> str:
    conn.execute(sql.SQL("SET search_path = agentry_memory, {}").format(sql.Identifier(schema)))
    query = "SELECT content FROM memory_embeddings ORDER BY embedding <=> %s LIMIT 1"
    return str(value(conn, query, str(embed(text))))


@pytest.mark.parametrize("way", ["extension", "plain"])
def test_embeddings_work_wherever_pgvector_is(server: PgServer, db_empty: Database, way: str) -> None:
    if way == "extension" and isinstance(server, UrlServer):
        pytest.skip("the files of that server are not ours to install")
    conn = db_empty.admin
    move(conn, "vectors")
    deploy(db_empty.url(), mode=way)
    prepare(conn)
    use(conn)
    first, _ = write(conn, "one", "two")
    assert embed_all(conn) == 2
    agent = db_empty.connect(db_empty.agent_role("nova", register=False))
    assert nearest(agent, "vectors", "two") == "two"
    assert value(conn, "SELECT content FROM agentry_memory.recall(p_agent => 'nova', p_embedding => %s)",
                 str(embed("one"))) == "one"

    move(conn, "Other Vectors")
    conn.execute("SELECT agentry.install()")  # gives the functions the new path
    change(conn, first, "three")
    assert embed_all(db_empty.connect(db_empty.app_role())) == 1
    assert vectors(conn)[first] == embed("three")
    assert one(conn, "rebuild_embedding_index", name=MODEL) == f"memory_vectors_{model_id(conn)}_idx"
    assert nearest(db_empty.connect(db_empty.agent_role("coder", register=False)), "Other Vectors", "one") == "None"
    value(conn, "SELECT agentry_memory._store_vector(agentry.current_org_id(), %s, %s, %s::\"Other Vectors\".vector)",
          first, model_id(conn), "[1,2,3]")
    assert value(conn, "SELECT content FROM agentry_memory.recall(p_agent => 'nova', p_embedding => %s)",
                 "[1,2,3]") == "three"


def test_who_drops_pgvector_loses_embeddings_and_nothing_else(db_plain: Database) -> None:
    conn = db_plain.admin
    prepare(conn)
    use(conn)
    write(conn, "one", "two")
    assert embed_all(conn) == 2
    conn.execute("SET client_min_messages = error")
    conn.execute("DROP EXTENSION vector CASCADE")
    deploy(db_plain.url())  # makes it again, and what went with it
    assert vectors(conn) == {}
    conn.execute("CALL agentry.run_maintenance(true)")
    assert embed_all(conn) == 2
    assert value(conn, "SELECT content FROM agentry_memory.recall(p_agent => 'nova', p_embedding => %s)",
                 str(embed("two"))) == "two"
    assert value(conn, "SELECT count(*) FROM agentry.v_health WHERE status <> 'ok'") == 0
