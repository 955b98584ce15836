"""memory_embeddings: the semantic query as it is printed, for whoever asks, on the organisation's default model."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chat.support import Connection, rows, value
from tests.harness.database import Database
from tests.memory.embedding_support import (
    MODEL,
    OTHER,
    change,
    claim,
    complete,
    done,
    embed,
    embed_all,
    one,
    prepare,
    use,
    write,
)

# as printed, but for the name of the parameter
PRINTED = """
-- Find similar content (requires embedding generation first)
SELECT source_type, source_id, content,
       1 - (embedding <=> %(query_embedding)s) AS similarity
FROM memory_embeddings
ORDER BY embedding <=> %(query_embedding)s
LIMIT 10;
"""


@pytest.fixture
def shop(db: Database) -> Database:
    """Notes of nova and coder, embedded by the model tiny."""
    prepare(db.admin)
    use(db.admin)
    write(db.admin, *(f"note {n} of nova" for n in range(12)))
    write(db.admin, "note of coder", agent="coder")
    embed_all(db.admin)
    return db


def similar(conn: Connection, text: str, dimensions: int = 3, query: str = PRINTED) -> list[dict[str, Any]]:
    conn.execute("SET search_path = agentry, agentry_memory, public")
    with conn.cursor(row_factory=lambda cursor: lambda values: dict(
            zip([c.name for c in cursor.description or ()], values, strict=True))) as cursor:
        return cursor.execute(query.encode(), {"query_embedding": str(embed(text, dimensions))}).fetchall()


def test_the_printed_query_finds_what_is_similar_first(shop: Database) -> None:
    found = similar(shop.admin, "note 7 of nova")
    assert len(found) == 10
    assert [list(found[0])] == [["source_type", "source_id", "content", "similarity"]]
    assert (found[0]["source_type"], found[0]["content"]) == ("notes", "note 7 of nova")
    assert found[0]["similarity"] == pytest.approx(1)
    assert [f["similarity"] for f in found] == sorted((f["similarity"] for f in found), reverse=True)
    assert value(shop.admin, "SELECT body FROM public.notes WHERE id::text = %s", found[0]["source_id"]) == (
        "note 7 of nova")


def test_the_question_may_be_of_either_type(shop: Database) -> None:
    for name in ("vector", "halfvec", "vector(3)"):
        found = similar(shop.admin, "note of coder", query=PRINTED.replace("%(query_embedding)s",
                                                                          f"%(query_embedding)s::{name}"))
        assert found[0]["content"] == "note of coder"


def test_an_agent_finds_what_is_its_own(shop: Database) -> None:
    nova = shop.connect(shop.agent_role("nova", register=False))
    found = similar(nova, "note of coder")
    assert len(found) == 10
    assert all(f["content"].endswith(" of nova") for f in found)
    coder = shop.connect(shop.agent_role("coder", register=False))
    assert [f["content"] for f in similar(coder, "note 1 of nova")] == ["note of coder"]
    reader = shop.connect(shop.app_role("reader", group="agentry_reader"))
    assert similar(reader, "note of coder")[0]["content"] == "note of coder"
    stranger = shop.connect(shop.role("stranger", "agentry_agent"))
    assert similar(stranger, "note of coder") == []


def test_it_shows_the_default_model_and_no_other(shop: Database) -> None:
    conn = shop.admin
    use(conn, OTHER)
    assert complete(conn, done(claim(conn, model=OTHER, limit=3))) == 3
    assert len(rows(conn, "SELECT * FROM agentry_memory.memory_embeddings")) == 13
    assert similar(conn, "note of coder")[0]["content"] == "note of coder"
    one(conn, "set_default_embedding_model", name=OTHER, force=True)
    assert len(rows(conn, "SELECT * FROM agentry_memory.memory_embeddings")) == 3
    assert similar(conn, "note 1 of nova", 5)[0]["content"] == "note 1 of nova"
    embed_all(conn, OTHER)
    assert similar(conn, "note of coder", 5)[0]["content"] == "note of coder"


def test_its_columns_are_those_of_the_entry(shop: Database) -> None:
    conn = shop.admin
    (found,) = rows(conn, "SELECT *, embedding::text AS shown FROM agentry_memory.memory_embeddings"
                          " WHERE content = 'note of coder'")
    assert list(found)[:-1] == ["id", "source_type", "source_id", "content", "embedding", "confidence", "created_at",
                                "updated_at"]
    (entry,) = rows(conn, "SELECT * FROM agentry_memory.memory_entries WHERE id = %s", found["id"])
    for column, of_entry in (("source_id", "row_id"), ("content", "content"), ("confidence", "confidence"),
                             ("created_at", "created_at"), ("updated_at", "updated_at")):
        assert found[column] == entry[of_entry]
    assert found["shown"] == str(embed("note of coder")).replace(" ", "").replace(".0", "")


def test_what_changed_or_expired_is_not_in_it(shop: Database) -> None:
    conn = shop.admin
    entries = [r["id"] for r in rows(conn, "SELECT id FROM agentry_memory.memory_embeddings ORDER BY id LIMIT 2")]
    change(conn, entries[0], "something else")
    conn.execute("UPDATE public.notes AS n SET ends = now() - interval '1 second'"
                 " FROM agentry_memory.memory_entries AS e WHERE e.id = %s AND e.row_id = n.id::text", [entries[1]])
    left = [r["id"] for r in rows(conn, "SELECT id FROM agentry_memory.memory_embeddings")]
    assert len(left) == 11
    assert not {*entries} & {*left}
    assert embed_all(conn) == 1
    assert similar(conn, "something else")[0]["content"] == "something else"


def test_another_organisation_has_its_own(shop: Database) -> None:
    conn = shop.admin
    value(conn, "SELECT agentry.create_organization('acme')")
    value(conn, "SELECT set_config('agentry.org_id', id::text, false) FROM agentry.organizations WHERE name = 'acme'")
    assert similar(conn, "note of coder") == []
    value(conn, "SELECT agentry.register_agent('zed')")
    use(conn, MODEL)
    write(conn, "note of zed", agent="zed")
    embed_all(conn)
    assert [f["content"] for f in similar(conn, "note of coder")] == ["note of zed"]
