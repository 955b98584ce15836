"""A worker for embeddings: claims texts, embeds them, waits.  python embedding_worker.py postgresql://... [model]"""

import hashlib
import sys

import psycopg

CLAIM = "SELECT entry_id, token, content FROM agentry_memory.claim_embeddings(%s)"
COMPLETE, FAIL = "SELECT agentry_memory.complete_embeddings(%s)", "SELECT agentry_memory.fail_embeddings(%s)"


def embed(texts: list[str]) -> list[list[float]]:
    """Your provider: a vector a text.  An exception fails the texts, and they are tried again later."""
    words = [[hashlib.sha256(word.encode()).digest()[0] % 64 for word in text.lower().split()] for text in texts]
    return [[found.count(bucket) for bucket in range(64)] for found in words]


def settle(conn: psycopg.Connection, call: str, batch: list[dict]) -> None:
    try:
        conn.execute(call, [psycopg.types.json.Jsonb(batch)])
    except psycopg.Error as error:  # of a batch none is kept: one by one
        for one in batch if len(batch) > 1 else []:
            settle(conn, call, [one])
        if len(batch) == 1 and call == COMPLETE:  # refused too where the claim is another's by now, and rightly
            settle(conn, FAIL, [{"entry_id": batch[0]["entry_id"], "token": batch[0]["token"], "error": str(error)}])


def work(url: str, model: str | None = None, stop_when_empty: bool = False) -> None:
    with psycopg.connect(url, autocommit=True) as conn:  # autocommit: a claim is kept while the work is done
        while (claimed := conn.execute(CLAIM, [model]).fetchall()) or not stop_when_empty:
            try:
                call, more = COMPLETE, [{"embedding": vector} for vector in embed([text for *_, text in claimed])]
            except Exception as error:
                call, more = FAIL, [{"error": repr(error)} for _ in claimed]
            settle(conn, call, [{"entry_id": c[0], "token": c[1], **m} for c, m in zip(claimed, more, strict=True)])
            conn.execute("SELECT pg_sleep(%s)", [0 if claimed else 5])  # nothing tells of new texts


if __name__ == "__main__":
    work(*sys.argv[1:3])
