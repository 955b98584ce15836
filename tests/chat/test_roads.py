"""The short way of a usual call does what the long one does: the same rows and the same refusals on every road.

A send, a claim and a mark of an application that names agents as they are kept take a statement or two; any other road
to an identity, and any other argument, goes through _actor().  Here the same calls are made on each road.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.chat.support import Connection, Listener, claim_ids, register, rows, send, set_setting, value
from tests.harness.database import Database

Road = Callable[[str], Connection]  # who speaks -> a connection that may act for it

SEND = "SELECT agentry_chat.send_agent_message(%s, %s, %s)"
CLAIM = (
    "SELECT chat_id, sender, message, recipients, reply_to, thread, priority, attempts, token"
    " FROM agentry_chat.claim_agent_messages(%s, %s)"
)
MARK = "SELECT agentry_chat.mark_agent_message(%s, %s, %s, %s)"
STORED = (
    "SELECT m.sender, m.message, m.recipients, m.reply_to, m.thread, m.priority, m.expires_at IS NULL AS for_ever,"
    " m.idempotency_key, m.shape, m.readers, m.announce, m.by_hand, p.agent, p.sender AS from_whom, p.status,"
    " p.priority AS urgency, p.attempts, p.uncounted, p.available_at = m.\"timestamp\" AS at_once,"
    " p.lease_until IS NULL AS free, p.received_at IS NULL AS untouched, p.routed_at IS NULL AS not_routed,"
    " p.responded_at IS NULL AS not_responded, p.settled_at IS NULL AS open, p.by_hand AS made_by_hand,"
    " p.error_message"
    " FROM agentry_chat.agent_chat AS m JOIN agentry_chat.agent_chat_processed AS p ON p.chat_id = m.id"
    " WHERE m.id > %s ORDER BY m.id, p.agent"
)


class Play:
    """Makes calls and writes down what came of them; ids are written as the number of the message."""

    def __init__(self, town: Database, road: Road) -> None:
        self.town, self.road = town, road
        self.before = value(town.admin, "SELECT coalesce(max(id), 0) FROM agentry_chat.agent_chat")
        self.ids: list[int] = []
        self.seen: list[Any] = []

    def _known(self, found: Any) -> Any:
        text = repr(found)
        for n, chat_id in enumerate(self.ids):
            text = re.sub(rf"\b{chat_id}\b", f"#{n}", text)
        return text

    def call(self, agent: str, query: str, *args: Any) -> Any:
        """The first row, or None; what it was, or how it was refused, is written down."""
        try:
            found = self.road(agent).execute(query.encode(), args).fetchall()
        except psycopg.Error as error:
            self.seen.append(self._known((error.sqlstate, error.diag.message_primary, error.diag.message_hint)))
            return None
        if query.startswith("SELECT agentry_chat.send_agent_message("):
            self.ids.append(found[0][0])
        self.seen.append(self._known(found))
        return found[0] if found else None

    def stored(self) -> None:
        self.seen.append(self._known(rows(self.town.admin, STORED, self.before)))


def as_itself(town: Database, road: Road, key: str) -> list[Any]:
    """What an agent may do too."""
    play = Play(town, road)
    play.call("nova", SEND, "nova", "hello", ["coder"])
    for message in ("", " \t\n", None):
        play.call("nova", SEND, "nova", message, ["coder"])
    for recipients in (
        ["Coder "], ["dev"], ["nova"], ["coder", "scout"], ["coder", "coder"], ["*"], [], None, [None], ["codr"],
        ["asleep"], ["gone"], ["team"], ["idle"], [["coder"]],
    ):  # fmt: skip
        play.call("nova", SEND, "nova", "to some", recipients)
    play.call("nova", SEND.replace("%s)", "'[7:7]={coder}'::text[])"), "nova", "counted from 7")
    play.call("nova", SEND, " NOVA", "my name, written otherwise", ["coder"])
    for more in (
        "p_priority => 1", "p_priority => 10", "p_priority => 0", "p_priority => 11", "p_priority => NULL",
        "p_expires_in => '1 day'", "p_expires_in => '0'", f"p_idempotency_key => 'key of {key}'",
        f"p_idempotency_key => 'key of {key}'", "p_idempotency_key => ''", "p_reply_to => 1000000",
    ):  # fmt: skip
        play.call("nova", SEND.replace("%s)", f"%s, {more})"), "nova", "with more", ["coder"])
    play.stored()

    for limit in (0, 1001, None):
        play.call("coder", CLAIM, "coder", limit)
    taken = play.call("coder", CLAIM, "coder", 1)
    play.stored()
    for status, token in (
        ("read", taken[8]), (None, taken[8]), ("responded", taken[8] + 1), ("routed", taken[8]), ("routed", None),
        ("failed", taken[8]), ("responded", taken[8]), ("responded", None), ("routed", taken[8]),
    ):  # fmt: skip
        play.call("coder", MARK, taken[0], "coder", status, token)
    play.call("coder", MARK, 1_000_000, "coder", "responded", 1)
    play.call("coder", MARK, None, "coder", "responded", 1)
    taken = play.call("coder", CLAIM, " CODER", 1)
    play.call("coder", MARK, taken[0], "CODER", "responded", None)
    taken = play.call("coder", CLAIM, "dev", 1)
    play.call("coder", MARK, taken[0], "dev", "failed", taken[8])
    for agent in ("coder", "scout", "newhart", "nova"):
        if agent in ("coder", "nova"):
            while taken := play.call(agent, CLAIM, agent, 1):
                play.call(agent, MARK, taken[0], agent, "responded", taken[8])
    play.stored()
    return play.seen


def for_anyone(town: Database, road: Road) -> list[Any]:
    """What applications and administrators may do beside that."""
    play = Play(town, road)
    for sender in ("ghost", "asleep", "gone", "idle", "team", ""):
        play.call("nova", SEND, sender, "from them", ["coder"])
        play.call("nova", CLAIM, sender, 1)
        play.call("nova", MARK, 1, sender, "responded", 1)
    play.call("nova", SEND, None, "from nobody", ["coder"])
    play.call("nova", CLAIM, None, 1)
    play.call("nova", MARK, 1, None, "responded", 1)
    while taken := play.call("nova", CLAIM, "coder", 1):
        play.call("nova", MARK, taken[0], "coder", "responded", None)
    play.stored()
    return play.seen


@pytest.fixture
def roads(town: Database) -> dict[str, Road]:
    """Ways to be somebody."""
    admin = town.admin
    admin.execute("SELECT setval('agentry_chat.agent_chat_id_seq', 500000)")  # no other number looks like an id
    register(admin, "asleep", "gone", "idle", "team")
    admin.execute("UPDATE agentry.agents SET status = 'suspended' WHERE name = 'asleep'")
    admin.execute("UPDATE agentry.agents SET status = 'archived' WHERE name = 'gone'")
    admin.execute("UPDATE agentry.agents SET status = 'inactive' WHERE name = 'idle'")
    admin.execute("INSERT INTO agentry.teams (name) VALUES ('red')")
    register(admin, "team", team="red", scope="team")
    register(admin, "coder", aliases=["dev"])
    names = ("nova", "coder")
    app, pool = town.app_role(), town.role("pool", "agentry_agent")
    member = town.role("member")
    admin.execute(f'GRANT "{app}" TO "{member}"'.encode())

    def session(name: str) -> Connection:
        conn = town.connect(pool)
        key = value(admin, "SELECT agentry.create_api_key(%s)", name)
        conn.execute("SELECT agentry.use_session(agentry.login(%s), true)", [key])
        return conn

    plain, switched, acting = town.connect(app), town.connect(member), town.connect(app)
    switched.execute(f'SET ROLE "{app}"'.encode())
    own = {name: town.connect(town.agent_role(name, register=False)) for name in names}
    sessions = {name: session(name) for name in names}

    def act(name: str) -> Connection:
        acting.execute("SELECT set_config('agentry.act_as', %s, false)", [name])
        return acting

    return {
        "admin": lambda _: admin,
        "application": lambda _: plain,
        "role": lambda _: switched,
        "acting": act,
        "agent": own.__getitem__,
        "session": sessions.__getitem__,
    }


@pytest.mark.parametrize("road", ["application", "role", "acting", "agent", "session"])
def test_calls_have_the_same_rows_and_refusals_on_every_road(town: Database, roads: dict[str, Road], road: str) -> None:
    expected = as_itself(town, roads["admin"], "admin")
    found = as_itself(town, roads[road], road)
    assert [text.replace(f"key of {road}", "key of admin") for text in found] == expected


@pytest.mark.parametrize("road", ["application", "role"])
def test_an_application_has_what_an_administrator_has_for_any_agent(
    town: Database, roads: dict[str, Road], road: str
) -> None:
    assert for_anyone(town, roads[road]) == for_anyone(town, roads["admin"])


@pytest.mark.parametrize("road", ["acting", "agent", "session"])
def test_who_is_an_agent_leaves_its_name_out(town: Database, roads: dict[str, Road], road: str) -> None:
    sent = send(roads[road]("nova"), None, "hello", ["coder"])
    conn = roads[road]("coder")
    taken = rows(conn, "SELECT chat_id, token FROM agentry_chat.claim_agent_messages(NULL, 1)")
    assert taken == [{"chat_id": sent, "token": 1}]
    assert value(conn, MARK, sent, None, "responded", 1) == "responded"


@pytest.mark.parametrize("road", ["acting", "agent", "session"])
def test_who_is_an_agent_is_no_other_on_the_short_way_either(
    town: Database, roads: dict[str, Road], road: str
) -> None:
    sent = send(town.admin, "scout", "secret", ["coder"])
    assert claim_ids(town.admin, "coder") == [sent]
    conn = roads[road]("nova")
    for query, args in (
        (SEND, ("coder", "forged", ["scout"])), (CLAIM, ("coder", 1)), (MARK, (sent, "coder", "responded", 1)),
    ):  # fmt: skip
        with pytest.raises(errors.InsufficientPrivilege, match="agent nova cannot act as coder"):
            conn.execute(query.encode(), args)


def test_a_session_that_ended_makes_an_application_nobody_on_the_short_way_too(
    town: Database, roads: dict[str, Road]
) -> None:
    conn = roads["application"]("nova")
    assert send(conn, "nova", "hello", ["coder"])
    conn.execute("SET agentry.session = 'worthless'")
    for query, args in (
        (SEND, ("nova", "hello", ["coder"])), (CLAIM, ("coder", 1)), (MARK, (1, "coder", "responded", 1)),
    ):  # fmt: skip
        with pytest.raises(errors.InvalidAuthorizationSpecification, match="does not know who you are"):
            conn.execute(query.encode(), args)
    conn.execute("RESET agentry.session")
    assert send(conn, "nova", "hello again", ["coder"])


def test_an_application_that_is_one_no_more_is_refused_at_once(town: Database, roads: dict[str, Road]) -> None:
    conn = roads["application"]("nova")
    sent = send(conn, "nova", "hello", ["coder"])
    assert claim_ids(conn, "coder") == [sent]
    town.admin.execute("DELETE FROM agentry.service_roles")
    for query, args in (
        (SEND, ("nova", "hello", ["coder"])), (CLAIM, ("coder", 1)), (MARK, (sent, "coder", "responded", 1)),
    ):  # fmt: skip
        with pytest.raises(errors.InvalidAuthorizationSpecification, match="does not know who you are"):
            conn.execute(query.encode(), args)


def test_an_agent_that_is_suspended_or_lost_its_application_is_left_alone_at_once(
    town: Database, roads: dict[str, Road]
) -> None:
    conn = roads["application"]("nova")
    sent = send(conn, "nova", "hello", ["coder"])
    assert claim_ids(conn, "coder") == [sent]
    town.admin.execute("UPDATE agentry.agents SET status = 'suspended' WHERE name = 'coder'")
    for query, args in (
        (SEND, ("coder", "hello", ["nova"])), (SEND, ("nova", "hello", ["coder"])), (CLAIM, ("coder", 1)),
        (MARK, (sent, "coder", "responded", 1)),
    ):  # fmt: skip
        with pytest.raises(errors.ObjectNotInPrerequisiteState, match="coder is suspended"):
            conn.execute(query.encode(), args)


# -- how messages are told, which a send finds with its place in the feed ---------------------------------------------


def notify_of(town: Database) -> Any:
    return town.value("SELECT notify FROM agentry_chat.agent_chat_feed_state WHERE org_id = agentry.current_org_id()")


def test_the_next_send_follows_the_setting(town: Database, roads: dict[str, Road]) -> None:
    conn = roads["application"]("nova")
    listener = Listener(town.connect())
    assert notify_of(town) == "wake"
    for mode, told in (("off", 0), ("each", 3), ("wake", 1), ("off", 0)):
        set_setting(conn, "chat.notify", mode)
        assert notify_of(town) == mode
        send(conn, "nova", mode, ["scout"])
        send(conn, "nova", mode, ["scout", "newhart"])
        conn.execute(
            "SELECT agentry_chat.send_agent_messages("
            """'[{"sender": "nova", "message": "x", "recipients": ["scout"]}]')"""
        )
        assert listener.told(town.admin, "scout") == told
    town.admin.execute("SELECT agentry.set_setting('chat.notify', NULL)")
    assert notify_of(town) == "wake"


def test_a_setting_that_is_there_before_the_first_message_holds(town: Database) -> None:
    town.admin.execute("DELETE FROM agentry_chat.agent_chat_feed_state")
    listener = Listener(town.connect())
    set_setting(town.admin, "chat.notify", "off")
    assert notify_of(town) == "off"
    send(town.admin, "nova", "x", ["coder"])
    assert listener.told(town.admin, "coder") == 0


def test_a_message_by_hand_is_told_as_the_setting_says_at_its_commit(town: Database) -> None:
    listener = Listener(town.connect())
    by_hand = (
        "INSERT INTO agentry_chat.agent_chat (sender, message, recipients, readers, thread)"
        " VALUES ('nova', 'x', '{coder}', '{nova,coder}', 0)"
    )
    town.admin.execute(by_hand)
    assert listener.told(town.admin, "coder") == 1
    set_setting(town.admin, "chat.notify", "off")
    town.admin.execute(by_hand)
    assert listener.told(town.admin, "coder") == 0
