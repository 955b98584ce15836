"""What `invoke demo` shows: a roster, a conversation replayed through the functions, some memories, and a look at all
of it in psql.

The data are in demo_data/.  It can be repeated: messages have idempotency keys, and what is there stays as it is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.harness.progress import step
from tests.harness.servers import find_psql

DATA = Path(__file__).parent / "demo_data"
KEY = "tidebook-"  # idempotency keys are tidebook-01 and on
COLUMNS = 118

Connection = psycopg.Connection[Any]
Entry = dict[str, Any]


def run(url: str, psql: Path | None = None, role_prefix: str = "") -> None:
    """Loads the roster and the conversation into the default organisation, then shows them; safe to repeat.

    Login roles are the server's, not the database's: a prefix keeps those of two databases apart.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        with step("registering the agents"):
            roster(conn, role_prefix)
        with step("replaying the conversation"):
            replay = Replay(conn, role_prefix)
            replay.run(entries())
        with step("remembering"):
            remember(conn)
    with step("looking around in psql"):
        print(f"\n{tour(url, replay.ids['30'], psql, role_prefix)}", flush=True)


# -- the roster -------------------------------------------------------------------------------------------------------


def roster(conn: Connection, role_prefix: str = "") -> None:
    """Registers the agents, and makes a login role for those that have one."""
    agents: list[Entry] = json.loads((DATA / "roster.json").read_text())
    for agent in agents:
        if "db_role" in agent:
            agent["db_role"] = role_prefix + agent["db_role"]
    there = {name for (name,) in conn.execute("SELECT name FROM agentry.agents")}
    for role in (agent["db_role"] for agent in agents if "db_role" in agent):
        if conn.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
            conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        conn.execute(sql.SQL("GRANT agentry_agent TO {}").format(sql.Identifier(role)))
    with conn.transaction():
        for agent in agents:
            # one that somebody else registered keeps its description
            names = [n for n in agent if agent["name"] not in there or n in ("name", "domains", "aliases", "db_role")]
            arguments = sql.SQL(", ").join(
                sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name)) for name in names
            )
            conn.execute(sql.SQL("SELECT agentry.register_agent({})").format(arguments), agent)
    names = [agent["name"] for agent in agents]
    new = [name for name in names if name not in there]
    if new:
        print(f"roster: {len(new)} agents registered: {', '.join(new)}")
    if len(new) < len(names):
        print(f"roster: {len(names) - len(new)} agents were there already")


# -- the conversation -------------------------------------------------------------------------------------------------


def entries() -> list[Entry]:
    """The conversation, an entry an action."""
    found: list[Entry] = json.loads((DATA / "conversation.json").read_text())
    return found


class Replay:
    """Plays the entries of conversation.json, and leaves out what has been played."""

    def __init__(self, conn: Connection, role_prefix: str = "") -> None:
        self.conn = conn
        self.role_prefix = role_prefix
        self.done: Counter[str] = Counter()
        self.there = 0
        rows = conn.execute(
            "SELECT substr(idempotency_key, %s), id FROM agentry_chat.agent_chat"
            " WHERE org_id = agentry.current_org_id() AND idempotency_key LIKE %s",
            [len(KEY) + 1, KEY + "%"],
        )
        self.ids: dict[str, int] = dict(rows.fetchall())

    def run(self, entries: list[Entry]) -> None:
        for entry in entries:
            for verb in ("send", "reply", "mark", "fail", "read", "nickname", "batch"):
                if verb in entry:
                    self.as_role(entry, verb)
        print(f"conversation: {self.report()}")

    def report(self) -> str:
        parts = []
        if self.done:
            retries, failures = self.done["retry"], self.done["fail"]
            parts.append(f"{self.done['send']} messages sent, {self.done['claim']} claims")
            parts.append(f"{failures} failures and {retries} retries (chat.retry_delay was 0 seconds for these)")
            parts.append(f"{self.done['settle']} deliveries settled")
        if self.there:
            parts.append(f"{self.there} messages were there already")
        return "; ".join(parts)

    def as_role(self, entry: Entry, verb: str) -> None:
        """Plays an entry in a transaction of its own: as the role it names, else as the administrator."""
        with self.conn.transaction():
            if "role" in entry:
                self.conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(self.role_prefix + entry["role"])))
            getattr(self, verb)(entry)

    def value(self, query: str, *args: Any) -> Any:
        row = self.conn.execute(query.encode(), args).fetchone()
        return row[0] if row else None

    def known(self, key: str) -> bool:
        self.there += key in self.ids
        return key in self.ids

    def arguments(self, entry: Entry) -> Entry:
        """The arguments of send_agent_message(), less p_."""
        found = {
            "sender": entry["from"],
            "message": entry["text"],
            "recipients": entry["to"],
            "reply_to": self.ids[entry["reply_to"]] if "reply_to" in entry else None,
            "expires_in": entry.get("expires_in"),
            "priority": entry.get("priority", 5),
            "idempotency_key": KEY + entry["send"],
        }
        return {name: value for name, value in found.items() if value is not None}

    def send(self, entry: Entry) -> None:
        if not self.known(entry["send"]):
            arguments = self.arguments(entry)
            call = ", ".join(f"p_{name} => %({name})s" for name in arguments)
            row = self.conn.execute(f"SELECT agentry_chat.send_agent_message({call})".encode(), arguments).fetchone()
            self.ids[entry["send"]] = row[0] if row else 0
            self.done["send"] += 1

    def batch(self, entry: Entry) -> None:
        entries = [e for e in entry["batch"] if not self.known(e["send"])]
        if entries:
            messages = json.dumps([self.arguments(e) for e in entries])
            ids = self.value("SELECT agentry_chat.send_agent_messages(%s)", messages)
            self.ids |= dict(zip([e["send"] for e in entries], ids, strict=True))
            self.done["send"] += len(ids)

    def delivery(self, key: str, agent: str) -> tuple[str, int]:
        """Status and attempts of a delivery."""
        row = self.conn.execute(
            "SELECT status, attempts FROM agentry_chat.agent_chat_processed"
            " WHERE org_id = agentry.current_org_id() AND chat_id = %s AND agent = %s",
            [self.ids[key], agent],
        ).fetchone()
        if row is None:
            raise RuntimeError(f"message {key} did not go to {agent}")
        return row[0], row[1]

    def claim(self, key: str, agent: str) -> int:
        """Claims for the agent what is due, unless it holds the message already; returns the token."""
        status, attempts = self.delivery(key, agent)
        if status != "received":
            query = "SELECT chat_id, token FROM agentry_chat.claim_agent_messages(%s, 1000)"
            claimed = self.conn.execute(query, [agent])
            tokens: dict[int, int] = dict(claimed.fetchall())
            self.done["claim"] += 1
            self.done["retry"] += status == "failed"
            return tokens[self.ids[key]]
        return attempts

    def reply(self, entry: Entry) -> None:
        if not self.known(entry["reply"]):
            token = self.claim(entry["on"], entry["from"])
            self.ids[entry["reply"]] = self.value(
                "SELECT agentry_chat.reply_agent_message(%s, %s, %s, %s, p_idempotency_key => %s)",
                self.ids[entry["on"]], entry["text"], entry["from"], token, KEY + entry["reply"],
            )
            self.done["send"] += 1
            self.done["settle"] += 1

    def mark(self, entry: Entry) -> None:
        key, agent = entry["mark"], entry["agent"]
        if self.delivery(key, agent)[0] not in ("routed", "responded"):
            token = self.claim(key, agent)
            query = "SELECT agentry_chat.mark_agent_message(%s, %s, %s, %s)"
            self.value(query, self.ids[key], agent, entry["status"], token)
            self.done["settle"] += 1

    def read(self, entry: Entry) -> None:
        """Whoever has mail claims it and passes it on."""
        if entry["before"] in self.ids:
            return
        for agent in entry["read"]:
            self.value("SELECT count(*) FROM agentry_chat.claim_agent_messages(%s, 1000)", agent)
            self.done["claim"] += 1
            held = self.conn.execute(
                "SELECT chat_id, attempts FROM agentry_chat.agent_chat_processed"
                " WHERE org_id = agentry.current_org_id() AND agent = %s AND status = 'received'",
                [agent],
            )
            marks = [
                {"chat_id": chat_id, "agent": agent, "status": "routed", "token": token}
                for chat_id, token in held.fetchall()
            ]
            if marks:
                self.value("SELECT count(*) FROM agentry_chat.mark_agent_messages(%s)", json.dumps(marks))
                self.done["settle"] += len(marks)

    def fail(self, entry: Entry) -> None:
        """Fails the first attempts; the setting that makes one wait before the next is 0 in this transaction only."""
        key, agent, times = entry["fail"], entry["agent"], entry.get("times", 1)
        if self.delivery(key, agent)[1] >= times:
            return
        before = self.value(
            "SELECT value FROM agentry.settings WHERE org_id = agentry.current_org_id() AND name = 'chat.retry_delay'"
        )
        self.value("SELECT agentry.set_setting('chat.retry_delay', '\"0 seconds\"')")
        for _ in range(self.delivery(key, agent)[1], times):
            token = self.claim(key, agent)
            query = "SELECT agentry_chat.mark_agent_message(%s, %s, 'failed', %s, %s)"
            self.value(query, self.ids[key], agent, token, entry["error"])
            self.done["fail"] += 1
        self.value("SELECT agentry.set_setting('chat.retry_delay', %s)", None if before is None else json.dumps(before))

    def nickname(self, entry: Entry) -> None:
        agent, nickname = entry["agent"], entry["nickname"]
        if self.value("SELECT nickname FROM agentry.agents WHERE name = %s", agent) != nickname:
            self.value("SELECT agentry.register_agent(%s, p_nickname => %s)", agent, nickname)


# -- memories ---------------------------------------------------------------------------------------------------------


def remember(conn: Connection) -> None:
    """Has the agents remember what is in memories.json, each once."""
    memories: list[Entry] = json.loads((DATA / "memories.json").read_text())
    count = "SELECT count(*) FROM agentry_memory.agent_memories WHERE idempotency_key LIKE %s"
    (before,) = conn.execute(count, [KEY + "%"]).fetchone() or (0,)
    batch = [{**memory, "idempotency_key": f"{KEY}{n:02}"} for n, memory in enumerate(memories, 1)]
    conn.execute("SELECT agentry_memory.remember_all(%s)", [json.dumps(batch)])
    print(f"memories: {len(batch) - before} remembered" + f", {before} were there already" * bool(before))


# -- psql -------------------------------------------------------------------------------------------------------------


def tour(url: str, asked: int, psql: Path | None = None, role_prefix: str = "") -> str:
    """What psql shows for tour.sql: statements, results and refusals.  `asked` is the thread of nova and newhart."""
    options = ["-X", "-a", "-q", "-v", "SHOW_CONTEXT=never", "-P", "pager=off", "-P", "null=-"]
    options += ["-P", "format=wrapped", "-P", f"columns={COLUMNS}"]
    script = (DATA / "tour.sql").read_text().replace(":asked", str(asked))
    script = script.replace("SET ROLE ", f"SET ROLE {role_prefix}")
    done = subprocess.run(
        [str(psql or find_psql()), *options, url],
        input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env={**os.environ, "PGCLIENTENCODING": "UTF8"},
    )
    if done.returncode != 0:
        raise RuntimeError(f"psql failed:\n{done.stdout}")
    return re.sub(r"(?<!\n)\n-- ", "\n\n-- ", done.stdout)  # psql does not echo empty lines
