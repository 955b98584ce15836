"""Two workers that are killed embed every text once, as it was last; at full size: invoke faults --embeddings."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.embeddings import Left, Write, check, embed, texts_after, write_of
from tests.harness.paths import ROOT
from tests.harness.servers import PgServer, UrlServer

WRITES, KILLS = 400, 16


@pytest.mark.slow
def test_workers_that_are_killed_lose_nothing(server: PgServer) -> None:
    if isinstance(server, UrlServer):
        pytest.skip("needs a cluster of its own")
    # in a process without threads, as it forks its clients
    command = [sys.executable, "-m", "tests.faults.embeddings", "--pg", str(server.major), "--no-fsync"]
    command += ["--writes", str(WRITES), "--kills", str(KILLS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "verdict: passed" in said

    # it proves something only if blows fell while calls were under way, and holders came too late
    kills = re.search(r"killed: (\d+) \(.*backend (\d+), server (\d+)", said)
    assert kills and int(kills[1]) == KILLS and int(kills[2]) >= 1 and int(kills[3]) >= 1, said
    for figure in (r"cut short: (\d+)", r"\(stale (\d+)", r"embedded: (\d+)"):
        found = re.search(figure, said)
        assert found and int(found[1]) > 0, said


# -- the checker ------------------------------------------------------------------------------------------------------

TEXTS = {1: "one", 2: "two"}
GOOD = Left(TEXTS, TEXTS, [(n, tuple(embed(text))) for n, text in TEXTS.items()], [])


def test_what_is_as_written_has_no_faults() -> None:
    assert check(TEXTS, GOOD, [1, 2, 3]) == []


@pytest.mark.parametrize(("wrong", "tokens", "fault"), [
    ({"notes": {1: "one"}, "entries": {1: "one"}, "vectors": GOOD.vectors[:1]}, [],
     "note 2 is None, written was 'two'"),
    ({"notes": {1: "one", 2: "2"}}, [], "note 2 is '2', written was 'two'"),
    ({"entries": {1: "one", 2: "older"}}, [], "note 2 is 'two', in the index 'older'"),
    ({"entries": {1: "one"}}, [], "note 2 is 'two', in the index None"),
    ({"waiting": [2]}, [], "note 2 waits still"),
    ({"vectors": GOOD.vectors[:1]}, [], "note 2 has 0 embeddings"),
    ({"vectors": [*GOOD.vectors, GOOD.vectors[1]]}, [], "note 2 has 2 embeddings"),
    ({"vectors": [*GOOD.vectors, (3, (1.0,))]}, [], "note 3 has 1 embeddings"),
    ({"vectors": [GOOD.vectors[0], (2, tuple(embed("older")))]}, [],
     "the embedding of note 2 is that of another text"),
    ({}, [7, 8, 7], "token 7 was given 2 times"),
])
def test_the_checker_names_what_is_wrong(wrong: dict[str, Any], tokens: list[int], fault: str) -> None:
    assert fault in check(TEXTS, replace(GOOD, **wrong), tokens)


def test_writes_can_be_told_from_the_seed() -> None:
    writes = [write_of("a seed", n, 100) for n in range(100, 300)]
    assert writes == [write_of("a seed", n, 100) for n in range(100, 300)]
    assert {w.kind for w in writes} == {"insert", "update", "delete"}
    assert all(100 <= w.number <= n for n, w in enumerate(writes, 100))
    assert texts_after([Write("insert", 1, "a"), Write("insert", 1, "b"), Write("update", 2, "c"),
                        Write("insert", 3, "d"), Write("update", 3, "e"), Write("delete", 1)]) == {3: "e"}
