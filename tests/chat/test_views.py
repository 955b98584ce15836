"""The five views: what each shows, to whom, and what it has to read for that."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.chat.support import Connection, claim, claim_ids, mark, register, reply, rows, send, set_setting, value
from tests.harness.database import Database

VIEWS = ("v_agent_chat_recent", "v_agent_chat_stats", "v_agent_inbox", "v_agent_threads", "v_dead_letters")


def view(conn: Connection, name: str) -> list[dict[str, Any]]:
    return rows(conn, f"SELECT * FROM agentry_chat.{name}")


def ids(conn: Connection, name: str, column: str = "chat_id") -> list[int]:
    return [row[column] for row in view(conn, name)]


class Society:
    """Three agents, messages in every state, and a connection as each kind of reader."""

    def __init__(self, town: Database) -> None:
        self.town = town
        admin = self.admin = town.admin
        self.coder = town.connect(town.agent_role("coder"))
        self.nova = town.connect(town.agent_role("nova"))
        self.scout = town.connect(town.agent_role("scout"))
        self.app = town.connect(town.app_role())
        self.reader = town.connect(town.app_role("reader", group="agentry_reader"))
        self.nobody = town.connect(town.role("nobody", "agentry_agent"))
        set_setting(admin, "chat.max_attempts", 1)
        self.dead = send(admin, "nova", "dead", ["coder"])
        claim(admin, "coder")
        mark(admin, self.dead, "coder", "failed", error="no route")
        set_setting(admin, "chat.max_attempts", 5)
        self.answered = send(admin, "nova", "answered", ["coder"])
        claim(admin, "coder")
        self.answer = reply(admin, self.answered, "the answer", agent="coder")
        self.failed = send(admin, "scout", "failed", ["coder"])
        claim(admin, "coder")
        mark(admin, self.failed, "coder", "failed", error="busy")
        self.leased = send(admin, "nova", "leased", ["coder"])
        claim(admin, "coder")
        self.pending = send(admin, "nova", "pending", ["coder", "scout"], priority=6)
        self.urgent = send(admin, "scout", "urgent", ["*"], priority=1)
        self.all = [self.dead, self.answered, self.answer, self.failed, self.leased, self.pending, self.urgent]


@pytest.fixture
def society(town: Database) -> Society:
    return Society(town)


# -- recent -----------------------------------------------------------------------------------------------------------


def test_recent_shows_messages_newest_first(society: Society) -> None:
    assert ids(society.admin, "v_agent_chat_recent", "id") == society.all[::-1]
    newest = view(society.admin, "v_agent_chat_recent")[0]
    assert newest["sender"] == "scout"
    assert newest["message"] == "urgent"
    assert newest["recipients"] == ["*"]
    assert newest["reply_to"] is None
    assert newest["thread"] == society.urgent
    assert newest["priority"] == 1
    assert newest["expires_at"] is None


def test_recent_ends_thirty_days_ago(chat: Connection) -> None:
    for age in ("29 days 23 hours", "30 days", "31 days"):
        chat.execute(
            "INSERT INTO agentry_chat.agent_chat (org_id, id, sender, message, recipients, thread, timestamp)"
            " OVERRIDING SYSTEM VALUE"
            " SELECT agentry.current_org_id(), n, 'nova', %s, '{coder}', n, now() - %s::interval"
            " FROM nextval('agentry_chat.agent_chat_id_seq') AS n",
            [age, age],
        )
    assert [row["message"] for row in view(chat, "v_agent_chat_recent")] == ["29 days 23 hours"]


def test_recent_is_read_through_an_index(chat: Connection) -> None:
    chat.execute(
        "INSERT INTO agentry_chat.agent_chat (id, sender, message, recipients, thread) OVERRIDING SYSTEM VALUE"
        " SELECT n, 'nova', 'x', '{coder}', n FROM generate_series(1000000, 1002000) AS n"
    )
    chat.execute("ANALYZE agentry_chat.agent_chat")
    found = plan(chat, "SELECT * FROM agentry_chat.v_agent_chat_recent LIMIT 50")
    assert "agent_chat_pkey" in found and "Sort" not in found


# -- inbox ------------------------------------------------------------------------------------------------------------


def test_the_inbox_shows_open_messages_in_the_order_of_claims(society: Society) -> None:
    assert ids(society.coder, "v_agent_inbox") == [society.urgent, society.failed, society.leased, society.pending]
    assert [row["status"] for row in view(society.coder, "v_agent_inbox")] == [
        "pending", "failed", "received", "pending"]
    failed, leased = view(society.coder, "v_agent_inbox")[1:3]
    assert (failed["message"], failed["sender"], failed["error_message"], failed["attempts"]) == (
        "failed", "scout", "busy", 1)
    assert failed["lease_until"] is None and failed["available_at"] > failed["timestamp"]
    assert leased["lease_until"] > leased["timestamp"]


def test_an_agent_sees_its_own_inbox_not_what_it_sent_to_others(society: Society) -> None:
    assert {row["agent"] for row in view(society.nova, "v_agent_inbox")} == {"nova"}
    assert ids(society.nova, "v_agent_inbox") == [society.urgent, society.answer]


def test_applications_readers_and_administrators_see_every_inbox(society: Society) -> None:
    for conn in (society.app, society.reader, society.admin):
        assert [(row["agent"], row["chat_id"]) for row in view(conn, "v_agent_inbox")] == [
            *[("coder", i) for i in (society.urgent, society.failed, society.leased, society.pending)],
            ("newhart", society.urgent),
            ("nova", society.urgent), ("nova", society.answer),
            ("scout", society.pending),
        ]


def test_an_application_that_acts_as_an_agent_sees_what_the_agent_sees(society: Society) -> None:
    with society.app.transaction():
        society.app.execute("SELECT agentry.act_as('coder')")
        for name in VIEWS:
            ages = ("oldest_pending_age",)
            mine = [{k: v for k, v in row.items() if k not in ages} for row in view(society.app, name)]
            agents = [{k: v for k, v in row.items() if k not in ages} for row in view(society.coder, name)]
            assert mine == agents


# -- who sees what ----------------------------------------------------------------------------------------------------


def test_an_agent_sees_what_it_sent_and_received(society: Society) -> None:
    assert sorted(ids(society.coder, "v_agent_chat_recent", "id")) == sorted(society.all)
    assert ids(society.nova, "v_agent_chat_recent", "id") == [i for i in society.all[::-1] if i != society.failed]
    assert ids(society.scout, "v_agent_chat_recent", "id") == [society.urgent, society.pending, society.failed]


def test_nobody_sees_nothing(society: Society) -> None:
    assert [view(society.nobody, name) for name in VIEWS] == [[]] * 5


def test_another_organisation_sees_nothing(society: Society) -> None:
    conn = society.town.connect()
    org = value(conn, "SELECT agentry.create_organization('abroad')")
    assert [] not in [view(conn, name) for name in VIEWS]
    conn.execute("SELECT set_config('agentry.org_id', %s, false)", [str(org)])
    assert [view(conn, name) for name in VIEWS] == [[]] * 5
    role = society.town.role("abroad", "agentry_app")
    conn.execute("INSERT INTO agentry.service_roles (org_id, db_role) VALUES (%s, %s)", [org, role])
    abroad = society.town.connect(role)
    assert [view(abroad, name) for name in VIEWS] == [[]] * 5


def test_views_are_read_only(society: Society) -> None:
    for conn in (society.coder, society.app, society.reader):
        for name in VIEWS:
            may = {p: value(conn, "SELECT has_table_privilege(%s, %s)", f"agentry_chat.{name}", p)
                   for p in ("SELECT", "INSERT", "UPDATE", "DELETE")}
            assert may == {"SELECT": True, "INSERT": False, "UPDATE": False, "DELETE": False}


# -- threads ----------------------------------------------------------------------------------------------------------


def test_threads_show_how_each_began_and_ended_newest_first(society: Society) -> None:
    late = send(society.admin, "nova", "thanks", ["coder"], reply_to=society.answer)
    found = view(society.admin, "v_agent_threads")
    assert [row["thread"] for row in found] == [
        society.answered, society.urgent, society.pending, society.leased, society.failed, society.dead]
    first = found[0]
    assert (first["messages"], first["senders"]) == (3, ["coder", "nova"])
    assert (first["first_message"], first["last_message"]) == ("answered", "thanks")
    times = 'SELECT "timestamp" FROM agentry_chat.agent_chat WHERE id = %s'
    assert first["started_at"] == value(society.admin, times, society.answered)
    assert first["last_at"] == value(society.admin, times, late)


def test_a_thread_shows_an_agent_its_part_of_it(society: Society) -> None:
    first = send(society.admin, "nova", "to coder", ["coder"])
    send(society.admin, "nova", "to scout", ["scout"], reply_to=first)
    (found,) = [row for row in view(society.scout, "v_agent_threads") if row["thread"] == first]
    assert (found["messages"], found["first_message"]) == (1, "to scout")


# -- dead letters -----------------------------------------------------------------------------------------------------


def test_dead_letters_show_what_was_given_up_newest_first(society: Society) -> None:
    set_setting(society.admin, "chat.max_attempts", 1)
    second = send(society.admin, "coder", "dead too", ["scout"])
    claim(society.admin, "scout")
    mark(society.admin, second, "scout", "failed")
    assert ids(society.admin, "v_dead_letters") == [second, society.dead]
    row = view(society.coder, "v_dead_letters")[1]
    assert (row["agent"], row["sender"], row["message"], row["attempts"], row["error_message"]) == (
        "coder", "nova", "dead", 1, "no route")
    assert row["dead_at"] >= row["timestamp"]
    assert ids(society.nova, "v_dead_letters") == [society.dead]
    assert ids(society.scout, "v_dead_letters") == [second]


# -- stats ------------------------------------------------------------------------------------------------------------


def by_hand(conn: Connection) -> dict[str, dict[str, int]]:
    """The same counts, from every delivery that the connection may read."""
    now = value(conn, "SELECT clock_timestamp()")
    found: dict[str, Counter[str]] = {}
    for row in rows(conn, "SELECT * FROM agentry_chat.agent_chat_processed"):
        if row["settled_at"] is None:
            leased = row["lease_until"] is not None and row["lease_until"] > now
            found.setdefault(row["agent"], Counter())["leased" if leased else "pending"] += 1
        elif row["status"] == "dead":
            found.setdefault(row["agent"], Counter())["dead"] += 1
    return {agent: {k: n[k] for k in ("pending", "leased", "dead")} for agent, n in found.items()}


def test_stats_are_what_a_count_by_hand_gives(society: Society) -> None:
    def stats(conn: Connection) -> dict[str, dict[str, int]]:
        return {row["agent"]: {k: row[k] for k in ("pending", "leased", "dead")}
                for row in view(conn, "v_agent_chat_stats")}

    for conn in (society.coder, society.nova, society.scout):
        assert stats(conn) == by_hand(conn)
    for conn in (society.admin, society.app, society.reader):
        assert stats(conn) == by_hand(conn) == {
            "coder": {"pending": 3, "leased": 1, "dead": 1},
            "newhart": {"pending": 1, "leased": 0, "dead": 0},
            "nova": {"pending": 2, "leased": 0, "dead": 0},
            "scout": {"pending": 1, "leased": 0, "dead": 0},
        }


def test_stats_count_a_lease_that_ran_out_as_pending(society: Society) -> None:
    society.admin.execute("UPDATE agentry_chat.agent_chat_processed SET lease_until = clock_timestamp()"
                          " WHERE status = 'received'")
    (coder,) = [row for row in view(society.admin, "v_agent_chat_stats") if row["agent"] == "coder"]
    assert (coder["pending"], coder["leased"]) == (4, 0)


def test_stats_give_the_age_of_the_oldest_pending_message(chat: Connection) -> None:
    chat.execute(
        "INSERT INTO agentry_chat.agent_chat (org_id, id, sender, message, recipients, thread, timestamp)"
        " OVERRIDING SYSTEM VALUE"
        " SELECT agentry.current_org_id(), n, 'nova', 'old', '{coder}', n, now() - interval '3 days'"
        " FROM nextval('agentry_chat.agent_chat_id_seq') AS n"
    )
    chat.execute(
        "INSERT INTO agentry_chat.agent_chat_processed (org_id, chat_id, agent, sender, priority, available_at)"
        " SELECT org_id, id, 'coder', 'nova', 5, timestamp FROM agentry_chat.agent_chat"
    )
    send(chat, "nova", "new", ["coder", "scout"])
    ages = {row["agent"]: row["oldest_pending_age"] for row in view(chat, "v_agent_chat_stats")}
    assert timedelta(days=3) <= ages["coder"] < timedelta(days=3, minutes=5)
    assert ages["scout"] < timedelta(minutes=5)
    claim(chat, "scout")
    ages = {row["agent"]: row["oldest_pending_age"] for row in view(chat, "v_agent_chat_stats")}
    assert ages["scout"] is None


def test_an_inbox_where_all_is_settled_is_not_in_the_stats(chat: Connection) -> None:
    send(chat, "nova", "hello", ["coder"])
    for chat_id in claim_ids(chat, "coder"):
        mark(chat, chat_id, "coder", "responded")
    assert view(chat, "v_agent_chat_stats") == []


# -- what they read ---------------------------------------------------------------------------------------------------


def plan(conn: Connection, query: str) -> str:
    return json.dumps(value(conn, f"EXPLAIN (FORMAT JSON) {query}"))


def scans(node: dict[str, Any], table: str) -> list[dict[str, Any]]:
    """The nodes of a plan that read a table."""
    below = [found for child in node.get("Plans", []) for found in scans(child, table)]
    return [node, *below] if node.get("Relation Name") == table else below


@pytest.fixture
def history(chat: Connection) -> Connection:
    """Many settled messages, few open ones."""
    register(chat, "busy")
    chat.execute(
        "INSERT INTO agentry_chat.agent_chat (org_id, id, sender, message, recipients, thread) OVERRIDING SYSTEM VALUE"
        " SELECT agentry.current_org_id(), n, 'nova', n::text, '{busy}', n"
        " FROM (SELECT nextval('agentry_chat.agent_chat_id_seq') AS n FROM generate_series(1, 3000)) AS s"
    )
    chat.execute(
        "INSERT INTO agentry_chat.agent_chat_processed (org_id, chat_id, agent, sender, priority, available_at, status,"
        " attempts, settled_at)"
        " SELECT org_id, id, 'busy', 'nova', 5, now(), 'responded', 1, now() FROM agentry_chat.agent_chat"
    )
    for n in range(5):
        send(chat, "nova", str(n), ["busy", "coder"])
    set_setting(chat, "chat.max_attempts", 1)
    for row in claim(chat, "coder", 2):
        mark(chat, row["chat_id"], "coder", "failed")
    chat.execute("ANALYZE agentry_chat.agent_chat_processed")
    chat.execute("ANALYZE agentry_chat.agent_chat")
    return chat


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("v_agent_chat_stats", {"agent_chat_processed_claim_idx", "agent_chat_processed_dead_idx"}),
        ("v_agent_inbox", {"agent_chat_processed_claim_idx"}),
        ("v_dead_letters", {"agent_chat_processed_dead_idx"}),
    ],
)
def test_settled_messages_cost_nothing(history: Connection, name: str, indexes: set[str]) -> None:
    explained = value(history, f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM agentry_chat.{name}")[0]["Plan"]
    found = scans(explained, "agent_chat_processed")
    text = json.dumps(explained)
    assert {i for i in ("agent_chat_processed_claim_idx", "agent_chat_processed_dead_idx") if i in text} == indexes
    assert found and all(node["Node Type"] != "Seq Scan" for node in found)
    for node in found:
        assert node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 10


def test_the_stats_of_an_agent_read_open_messages_only_too(history: Connection) -> None:
    history.execute("SELECT agentry.act_as('busy')")
    explained = value(history, "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM agentry_chat.v_agent_chat_stats")
    for node in scans(explained[0]["Plan"], "agent_chat_processed"):
        assert node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 10
