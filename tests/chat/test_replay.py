"""Real conversations as messages between their speakers, received while they are being sent.

They are those of LoCoMo (turns.jsonl, a JSON object a line: conversation, session, turn, speaker, text), in the folder
AGENTRY_DATA, or beside the checkout in ../shared/data.
"""

from __future__ import annotations

import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.chat.support import PATIENCE, Connection, Listener, claim, register_many, rows, send, value
from tests.harness.database import Database
from tests.harness.paths import ROOT

Background = Callable[..., Future[Any]]
Session = tuple[int, int]


def find_turns() -> Path | None:
    data = Path(os.environ.get("AGENTRY_DATA") or ROOT.parent / "shared" / "data")
    places = (data / "turns.jsonl", data / "locomo-dev" / "turns.jsonl")
    return next((place for place in places if place.is_file()), None)


@pytest.fixture(scope="module")
def sessions() -> dict[Session, list[tuple[str, str]]]:
    """(conversation, session) -> (agent, text) in order; a speaker is an agent of its conversation."""
    place = find_turns()
    if place is None:
        pytest.skip("the LoCoMo conversations are not here: set AGENTRY_DATA to the folder that holds turns.jsonl")
    found: dict[Session, list[tuple[str, str]]] = defaultdict(list)
    for line in place.read_text().splitlines():
        turn = json.loads(line)
        agent = f"{turn['speaker'].lower()}-{turn['conversation']}"
        found[turn["conversation"], turn["session"]].append((agent, turn["text"]))
    assert len(found) > 10
    return dict(found)


def send_conversation(
    conn: Connection, conversation: int, sessions: dict[Session, list[tuple[str, str]]]
) -> dict[Session, int]:
    """Sends its sessions one after the other, each a thread; returns the threads."""
    threads = {}
    mine = {session: turns for session, turns in sessions.items() if session[0] == conversation}
    one, two = sorted({agent for turns in mine.values() for agent, _ in turns})
    other = {one: two, two: one}
    for session, turns in mine.items():
        (agent, text), *rest = turns
        first = send(conn, agent, text, [other[agent]])
        threads[session] = first
        # by threes: while they are sent, those before are received
        for n in range(0, len(rest), 3):
            conn.execute("SELECT agentry_chat.send_agent_messages(%s::jsonb)", [json.dumps([
                {"sender": a, "message": t, "recipients": [other[a]], "reply_to": first} for a, t in rest[n : n + 3]])])
    return threads


def test_conversations_arrive_exactly_once_and_in_order(
    db: Database, background: Background, sessions: dict[Session, list[tuple[str, str]]]
) -> None:
    agents = sorted({agent for turns in sessions.values() for agent, _ in turns})
    register_many(db.admin, agents)
    app = db.app_role()
    received: list[dict[str, Any]] = []
    lock = threading.Lock()
    turns_in_all = sum(len(turns) for turns in sessions.values())
    started = threading.Barrier(3)

    def consume(conn: Connection, mine: list[str]) -> None:
        listener = Listener(conn)
        started.wait(PATIENCE)
        look = mine
        while True:
            for agent in look:
                while taken := claim(conn, agent, 50):
                    marks = [{"chat_id": m["chat_id"], "agent": agent, "status": "responded", "token": m["token"]}
                             for m in taken]
                    conn.execute("SELECT agentry_chat.mark_agent_messages(%s::jsonb)", [json.dumps(marks)])
                    with lock:
                        received.extend({"agent": agent, **m} for m in taken)
                        if len(received) == turns_in_all:
                            conn.execute("SELECT pg_notify('agent_chat', %s)", [json.dumps({"recipients": ["end"]})])
            told = listener.wait()
            assert told is not None, f"{len(received)} of {turns_in_all} turns arrived"
            recipients = json.loads(told)["recipients"]
            if recipients == ["end"]:
                return
            look = [agent for agent in mine if agent in recipients]

    consumers = [background(consume, db.connect(app), agents[n::2]) for n in range(2)]
    started.wait(PATIENCE)
    conversations = sorted({conversation for conversation, _ in sessions})
    senders = [background(send_conversation, db.connect(app), c, sessions) for c in conversations]
    threads = {s: t for sender in senders for s, t in sender.result(PATIENCE).items()}
    for consumer in consumers:
        consumer.result(PATIENCE)

    assert len(received) == len({(m["chat_id"], m["agent"]) for m in received}) == turns_in_all
    assert {m["attempts"] for m in received} == {1}
    for session, turns in sessions.items():
        for reader in {agent for agent, _ in turns}:
            arrived = [(m["sender"], m["message"]) for m in received
                       if m["thread"] == threads[session] and m["agent"] == reader]
            assert arrived == [turn for turn in turns if turn[0] != reader], f"{session} as {reader} received it"
        kept = rows(db.admin, "SELECT sender, message FROM agentry_chat.agent_chat WHERE thread = %s ORDER BY id",
                    threads[session])
        assert [(m["sender"], m["message"]) for m in kept] == turns
    assert value(db.admin, "SELECT count(*) FROM agentry_chat.agent_chat_processed WHERE status <> 'responded'") == 0
