"""Notifications: who is told what in each mode, and that in mode wake nobody sleeps through a message."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from psycopg import errors, sql

from tests.chat.support import (
    PATIENCE,
    Connection,
    Listener,
    claim_ids,
    mark,
    receivers,
    refused,
    register,
    register_many,
    reply,
    rows,
    send,
    set_setting,
    value,
)
from tests.harness.database import Database, wait_until

Background = Callable[..., Future[Any]]

HOLD = 4711  # advisory lock behind which the trigger below holds a commit


def payloads(listener: Listener, other: Connection) -> list[dict[str, Any]]:
    return [json.loads(p) for p in listener.all_until_now(other)]


def advisory_locks(conn: Connection, pid: int) -> int:
    """How many advisory locks of wake-ups a session holds or waits for."""
    return int(value(conn, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = %s", pid))


def claim_until_empty(conn: Connection, agent: str | None) -> list[int]:
    found: list[int] = []
    while ids := claim_ids(conn, agent):
        found += ids
    return found


class Consumer:
    """Listens, claims until empty, waits to be told; nothing else wakes it."""

    def __init__(self, conn: Connection, agent: str, background: Background) -> None:
        self.agent = agent
        self.got: list[int] = []
        self.empty = threading.Event()  # it has claimed and found nothing, at least once
        self.pid = conn.info.backend_pid
        self._listener = Listener(conn)
        self._start = background

    def wait_for(self, chat_id: int) -> Future[Any]:
        """Starts; the result is there when that message has come."""
        return self._start(self._run, chat_id)

    def _run(self, chat_id: int) -> list[int]:
        while True:
            self.got += claim_until_empty(self._listener.conn, self.agent)
            if chat_id in self.got:
                return self.got
            self.empty.set()
            while (told := self._listener.wait()) is None or self.agent not in json.loads(told)["recipients"]:
                assert told is not None, f"nobody told {self.agent} of message {chat_id}"


def told_once(conn: Connection, agent: str = "coder") -> int:
    """Sends a first message, of which the agent is told; the next ones may stay silent."""
    first = send(conn, "nova", "the first", [agent])
    assert value(conn, "SELECT count(*) FROM agentry_chat.agent_chat_told WHERE agent = %s", agent) == 1
    return first


def hold_commits(conn: Connection) -> None:
    """Holds the commit of a message 'hold' behind an advisory lock, after it has been decided whom to tell."""
    conn.execute(f"""
        CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock({HOLD});
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER zz_hold AFTER INSERT ON agentry_chat.agent_chat DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.message = 'hold') EXECUTE FUNCTION public.hold();
    """)


def is_held(conn: Connection) -> Any:
    return value(conn, "SELECT bool_or(NOT granted) FROM pg_locks"
                       " WHERE locktype = 'advisory' AND classid = 0 AND objid = %s", HOLD)


# -- payloads and modes -----------------------------------------------------------------------------------------------


def test_in_mode_each_every_message_is_told_with_id_sender_and_recipients(town: Database) -> None:
    conn = town.admin
    set_setting(conn, "chat.notify", "each")
    listener = Listener(town.connect())
    first = send(conn, "nova", "a", ["scout", "coder"])
    second = send(conn, "scout", "b", ["coder"])
    third = send(conn, "nova", "c", ["*"])
    assert payloads(listener, conn) == [
        {"id": first, "sender": "nova", "recipients": ["coder", "scout"]},
        {"id": second, "sender": "scout", "recipients": ["coder"]},
        {"id": third, "sender": "nova", "recipients": ["coder", "newhart", "scout"]},
    ]


def test_in_mode_wake_a_recipient_is_told_once_between_two_claims(town: Database) -> None:
    conn = town.admin
    listener = Listener(town.connect())
    send(conn, "nova", "a", ["coder"])
    send(conn, "nova", "b", ["coder", "scout"])
    send(conn, "nova", "c", ["*"])
    send(conn, "scout", "d", ["coder"])
    assert payloads(listener, conn) == [{"recipients": ["coder"]}, {"recipients": ["scout"]},
                                        {"recipients": ["newhart"]}]
    assert len(claim_until_empty(conn, "coder")) == 4
    send(conn, "nova", "e", ["*"])
    assert payloads(listener, conn) == [{"recipients": ["coder"]}]
    send(conn, "nova", "f", ["*"])
    assert payloads(listener, conn) == []


def test_wake_is_the_default_mode(town: Database) -> None:
    assert town.value("SELECT agentry.setting('chat.notify')") == "wake"


def test_in_mode_off_nobody_is_told(town: Database) -> None:
    conn = town.admin
    set_setting(conn, "chat.notify", "off")
    listener = Listener(town.connect())
    sent = send(conn, "nova", "a", ["coder"])
    assert payloads(listener, conn) == []
    assert claim_ids(conn, "coder") == [sent]


def test_other_modes_are_refused(chat: Connection) -> None:
    with refused(chat, errors.InvalidParameterValue, 'setting chat.notify cannot be "loud"', hint='"each"'):
        set_setting(chat, "chat.notify", "loud")


def test_a_message_that_is_rolled_back_is_not_told(town: Database) -> None:
    listener = Listener(town.connect())
    sender = town.connect(autocommit=False)
    send(sender, "nova", "a", ["coder"])
    sender.rollback()
    with sender.transaction():
        with pytest.raises(errors.UndefinedObject), sender.transaction():
            send(sender, "nova", "b", ["coder"])
            send(sender, "nova", "c", ["nobody"])
        sender.execute("SELECT 1")
    assert payloads(listener, town.admin) == []
    send(town.admin, "nova", "d", ["coder"])
    assert payloads(listener, town.admin) == [{"recipients": ["coder"]}]


def test_several_messages_of_one_transaction_are_told_once(town: Database) -> None:
    listener = Listener(town.connect())
    with town.admin.transaction():
        for text in "abc":
            send(town.admin, "nova", text, ["coder"])
        send(town.admin, "nova", "d", ["*"])
    assert payloads(listener, town.admin) == [{"recipients": ["coder"]}, {"recipients": ["newhart", "scout"]}]


def test_a_peek_does_not_make_the_next_message_tell_again(town: Database) -> None:
    listener = Listener(town.connect())
    send(town.admin, "nova", "a", ["coder"])
    town.admin.execute("SELECT * FROM agentry_chat.peek_agent_messages('coder')")
    send(town.admin, "nova", "b", ["coder"])
    assert payloads(listener, town.admin) == [{"recipients": ["coder"]}]


def test_a_claim_that_is_rolled_back_leaves_the_next_message_telling(town: Database) -> None:
    send(town.admin, "nova", "a", ["coder"])
    listener = Listener(town.connect())
    consumer = town.connect(autocommit=False)
    claim_until_empty(consumer, "coder")
    consumer.rollback()
    send(town.admin, "nova", "b", ["coder"])
    assert len(payloads(listener, town.admin)) <= 1
    assert len(claim_until_empty(town.admin, "coder")) == 2
    send(town.admin, "nova", "c", ["coder"])
    assert payloads(listener, town.admin) == [{"recipients": ["coder"]}]


# -- other organisations ----------------------------------------------------------------------------------------------


@pytest.fixture
def abroad(town: Database) -> tuple[Database, Connection, str]:
    """An administrator's connection in a second organisation with a roster of its own; and the role of its lena."""
    conn = town.connect()
    org = value(conn, "SELECT agentry.create_organization('abroad')")
    conn.execute("SELECT set_config('agentry.org_id', %s, false)", [str(org)])
    register(conn, "lena", "otto", "nova")
    role = town.role("lena", "agentry_agent")
    register(conn, "lena", db_role=role)
    return town, conn, role


@pytest.mark.parametrize("mode", ["each", "wake"])
def test_another_organisation_is_told_ids_only_on_a_channel_of_each_inbox(
    abroad: tuple[Database, Connection, str], mode: str
) -> None:
    town, conn, role = abroad
    set_setting(conn, "chat.notify", mode)
    public = Listener(town.connect())
    lena = town.connect(role)
    channel = value(lena, "SELECT agentry_chat.inbox_channel()")
    assert channel.startswith("agent_chat_") and len(channel) == 51
    listener = Listener(lena, channel)
    sent = send(conn, "otto", "hello", ["lena", "nova"])
    other = send(conn, "otto", "hello", ["nova"])
    assert payloads(listener, conn) == [{"id": sent}]
    again = send(conn, "otto", "hello", ["*"])
    assert payloads(listener, conn) == ([{"id": again}] if mode == "each" else [])
    assert payloads(public, conn) == []
    assert claim_until_empty(lena, None) == [sent, again]
    assert other not in claim_until_empty(lena, None)


def test_mode_off_silences_another_organisation_only(abroad: tuple[Database, Connection, str]) -> None:
    town, conn, role = abroad
    set_setting(conn, "chat.notify", "off")
    lena = town.connect(role)
    listener = Listener(lena, value(lena, "SELECT agentry_chat.inbox_channel()"))
    public = Listener(town.connect())
    send(conn, "otto", "hello", ["lena"])
    send(town.admin, "nova", "hello", ["coder"])
    assert payloads(listener, conn) == []
    assert payloads(public, conn) == [{"recipients": ["coder"]}]


def test_the_channel_of_an_inbox_is_told_to_its_agent_and_to_who_may_act_for_it(
    abroad: tuple[Database, Connection, str]
) -> None:
    town, conn, role = abroad
    lena = town.connect(role)
    own = value(lena, "SELECT agentry_chat.inbox_channel()")
    assert value(lena, "SELECT agentry_chat.inbox_channel('LENA')") == own
    assert value(conn, "SELECT agentry_chat.inbox_channel('lena')") == own
    others = [value(conn, "SELECT agentry_chat.inbox_channel(%s)", name) for name in ("otto", "nova")]
    assert len({own, *others}) == 3
    with refused(lena, errors.InsufficientPrivilege, "agent lena cannot act as otto"):
        lena.execute("SELECT agentry_chat.inbox_channel('otto')")
    with pytest.raises(errors.InsufficientPrivilege):
        lena.execute("SELECT agentry_chat._channel(agentry.current_org_id(), 'otto')")
    with pytest.raises(errors.InsufficientPrivilege):
        lena.execute("SELECT * FROM agentry.secrets")
    app = town.role("app_abroad", "agentry_app")
    conn.execute("INSERT INTO agentry.service_roles (org_id, db_role) VALUES (agentry.current_org_id(), %s)", [app])
    assert value(town.connect(app), "SELECT agentry_chat.inbox_channel('lena')") == own
    stranger = town.connect(town.role("stranger", "agentry_agent"))
    with pytest.raises(errors.InvalidAuthorizationSpecification):
        stranger.execute("SELECT agentry_chat.inbox_channel('lena')")
    # the same name in the default organisation is another inbox, on the common channel
    assert town.value("SELECT agentry_chat.inbox_channel('nova')") == "agent_chat"
    with pytest.raises(errors.UndefinedObject):
        town.admin.execute("SELECT agentry_chat.inbox_channel('lena')")


# -- both commit orders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [False, True])
def test_a_consumer_is_woken_for_a_message_that_commits_after_its_empty_claim(town: Database, told: bool) -> None:
    if told:
        told_once(town.admin)
    sender = town.connect(autocommit=False)
    listener = Listener(town.connect())
    sent = send(sender, "nova", "hello", ["coder"])
    claim_until_empty(listener.conn, "coder")
    assert listener.all_until_now(town.admin) == []
    sender.commit()
    assert listener.wait() == '{"recipients": ["coder"]}'
    assert claim_until_empty(listener.conn, "coder") == [sent]


@pytest.mark.parametrize("told", [False, True])
def test_a_consumer_is_woken_for_a_message_that_commits_while_its_claim_is_open(town: Database, told: bool) -> None:
    if told:
        told_once(town.admin)
    listener = Listener(town.connect())
    consumer = listener.conn
    with consumer.transaction():
        got = claim_until_empty(consumer, "coder")
        sent = send(town.admin, "nova", "hello", ["coder"])
        assert sent not in got
    assert listener.wait() == '{"recipients": ["coder"]}'
    assert claim_until_empty(consumer, "coder") == [sent]


def test_a_consumer_is_woken_though_another_claims_its_inbox_in_an_open_transaction(town: Database) -> None:
    told_once(town.admin)
    other = town.connect(autocommit=False)
    claim_until_empty(other, "coder")
    listener = Listener(town.connect())
    assert claim_until_empty(listener.conn, "coder") == []
    sent = send(town.admin, "nova", "hello", ["coder"])
    assert listener.wait() == '{"recipients": ["coder"]}'
    assert claim_until_empty(listener.conn, "coder") == [sent]
    other.rollback()


@pytest.mark.parametrize("recipients", [["coder"], ["*"]])
def test_a_claim_waits_for_a_silent_sender_in_its_commit(
    town: Database, background: Background, recipients: list[str]
) -> None:
    hold_commits(town.admin)
    told_once(town.admin)
    holder = town.connect()
    holder.execute("SELECT pg_advisory_lock(%s)", [HOLD])
    sending = background(send, town.connect(), "nova", "hold", recipients)
    wait_until(lambda: is_held(town.admin), "the sender is in its commit")
    sent = town.value("SELECT last_value FROM agentry_chat.agent_chat_id_seq")
    consumer = Consumer(town.connect(), "coder", background)
    got = consumer.wait_for(sent)
    # a claim that looked away would be empty, and nobody would tell it of the message that is being committed
    wait_until(
        lambda: consumer.empty.is_set() or advisory_locks(town.admin, consumer.pid) > 0,
        "the consumer waits for the sender, or has given up",
    )
    holder.execute("SELECT pg_advisory_unlock(%s)", [HOLD])
    assert sending.result(PATIENCE) == sent
    assert sent in got.result(PATIENCE)


def test_a_consumer_is_woken_for_a_commit_that_outlasts_the_patience_of_its_claim(
    town: Database, background: Background
) -> None:
    hold_commits(town.admin)
    told_once(town.admin)
    holder = town.connect()
    holder.execute("SELECT pg_advisory_lock(%s)", [HOLD])
    sending = background(send, town.connect(), "nova", "hold", ["coder"])
    wait_until(lambda: is_held(town.admin), "the sender is in its commit")
    sent = town.value("SELECT last_value FROM agentry_chat.agent_chat_id_seq")
    consumer = Consumer(town.connect(), "coder", background)
    got = consumer.wait_for(sent)
    assert consumer.empty.wait(PATIENCE), "a claim waits for a sender without end"
    holder.execute("SELECT pg_advisory_unlock(%s)", [HOLD])
    assert sending.result(PATIENCE) == sent
    assert sent in got.result(PATIENCE)


def test_a_consumer_is_woken_for_a_sender_that_decides_before_its_commit(
    town: Database, background: Background
) -> None:
    told_once(town.admin)
    sender = town.connect(autocommit=False)
    sender.execute("SET CONSTRAINTS ALL IMMEDIATE")
    sent = send(sender, "nova", "hello", ["coder"])
    consumer = Consumer(town.connect(), "coder", background)
    got = consumer.wait_for(sent)
    assert consumer.empty.wait(PATIENCE), "a claim waits for an open transaction without end"
    sender.commit()
    assert sent in got.result(PATIENCE)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_consumer_with_an_old_snapshot_is_woken_for_what_it_did_not_see(town: Database, level: str) -> None:
    first = told_once(town.admin)
    listener = Listener(town.connect())
    consumer = listener.conn
    with consumer.transaction():
        consumer.execute(f"SET TRANSACTION ISOLATION LEVEL {level}".encode())
        consumer.execute("SELECT 1")
        sent = send(town.admin, "nova", "hello", ["coder"])  # silent: coder was told of the first
        assert claim_until_empty(consumer, "coder") == [first]
    assert listener.wait() is not None
    assert claim_until_empty(consumer, "coder") == [sent]
    assert listener.all_until_now(town.admin) == [], "a claim that told itself goes on for ever"


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_sender_with_an_old_snapshot_wakes_its_consumer(town: Database, level: str) -> None:
    told_once(town.admin)
    sender = town.connect(autocommit=False)
    sender.execute(f"SET TRANSACTION ISOLATION LEVEL {level}".encode())
    sender.execute("SELECT * FROM agentry_chat.agent_chat_told")
    listener = Listener(town.connect())
    claim_until_empty(listener.conn, "coder")
    sent = send(sender, "nova", "hello", ["coder"])
    sender.commit()
    assert listener.wait() == '{"recipients": ["coder"]}'
    assert claim_until_empty(listener.conn, "coder") == [sent]


# -- senders and each other -------------------------------------------------------------------------------------------


def test_many_senders_at_once_tell_a_recipient_once_between_two_claims(
    town: Database, background: Background
) -> None:
    listener = Listener(town.connect())
    start = threading.Barrier(6)

    def send_some(conn: Connection, sender: str) -> None:
        start.wait(PATIENCE)
        for n in range(5):
            send(conn, sender, str(n), ["coder"])

    told = []
    for _ in range(5):
        senders = [background(send_some, town.connect(), s) for s in ("nova", "scout", "newhart") * 2]
        for sender in senders:
            sender.result(PATIENCE)
        told.append(listener.told(town.admin, "coder"))
        assert len(claim_until_empty(town.admin, "coder")) == 30
    # a sender that gives up waiting, on a machine that slow, tells again; that is rare
    assert min(told) >= 1 and sorted(told)[len(told) // 2] == 1, told


def test_senders_wait_neither_for_an_open_transaction_nor_for_an_open_claim(town: Database) -> None:
    told_once(town.admin)
    opened = [town.connect(autocommit=False) for _ in range(3)]
    send(opened[0], "nova", "hello", ["coder"])
    send(opened[1], "scout", "hello", ["*"])
    claim_until_empty(opened[2], "coder")
    # nothing that another sender asks for in its commit is held
    assert [advisory_locks(town.admin, conn.info.backend_pid) for conn in opened] == [0, 0, 0]
    sender = town.connect()
    sender.execute("SET statement_timeout = '10s'")
    listener = Listener(town.connect())
    sent = send(sender, "newhart", "hello", ["coder", "scout"])
    for conn in opened:
        conn.commit()
    assert listener.told(town.admin, "coder") >= 1
    assert sent in claim_until_empty(town.admin, "coder")


def test_a_sender_that_is_rolled_back_after_another_relied_on_it_costs_no_wake_up(
    town: Database, background: Background
) -> None:
    """The first has told, but not committed; the second must not stay silent because of it."""
    listener = Listener(town.connect())
    first = town.connect(autocommit=False)
    first.execute("SET CONSTRAINTS ALL IMMEDIATE")
    send(first, "nova", "never", ["coder"])
    second = background(send, town.connect(), "nova", "hello", ["coder"])
    wait_until(lambda: second.done() or value(
        town.admin, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"),
        "the second sender has decided, or waits")
    first.rollback()
    sent = second.result(PATIENCE)
    assert listener.wait() == '{"recipients": ["coder"]}'
    assert claim_until_empty(listener.conn, "coder") == [sent]


def test_a_broadcast_wakes_everyone(town: Database, background: Background) -> None:
    names = [f"agent-{n}" for n in range(8)]
    register(town.admin, *names)
    consumers = [Consumer(town.connect(), name, background) for name in names]
    sent = send(town.admin, "nova", "first", ["nova"]) + 1
    got = [consumer.wait_for(sent) for consumer in consumers]
    for consumer in consumers:
        assert consumer.empty.wait(PATIENCE)
    assert send(town.admin, "nova", "to all", ["*"]) == sent
    assert [f.result(PATIENCE) for f in got] == [[sent]] * len(names)


def test_broadcasts_at_once_tell_everyone_once(town: Database, background: Background) -> None:
    """Where a machine is so slow that a sender gives up waiting, it tells again; that is rare."""
    names = [f"agent-{n}" for n in range(150)]
    senders = names[:4]
    register_many(town.admin, names)
    listener = Listener(town.connect())
    connections = [town.connect() for _ in senders]
    start = threading.Barrier(len(senders))

    def broadcast(conn: Connection, sender: str) -> int:
        start.wait(PATIENCE)
        return send(conn, sender, "to all", ["*"])

    most = []
    for _ in range(9):
        sending = [background(broadcast, conn, sender) for conn, sender in zip(connections, senders, strict=True)]
        sent = sorted(s.result(PATIENCE) for s in sending)
        heard = Counter(name for p in payloads(listener, town.admin) for name in p["recipients"])
        assert set(heard) == {*names, "nova", "coder", "scout", "newhart"}
        most.append(max(heard.values()))
        taken = rows(town.admin, "SELECT a.name, array_agg(c.chat_id) AS ids FROM agentry.agents AS a,"
                                 " LATERAL agentry_chat.claim_agent_messages(a.name, 100) AS c GROUP BY a.name")
        assert {row["name"]: row["ids"] for row in taken if row["name"] not in senders} == dict.fromkeys(
            [*names[4:], "nova", "coder", "scout", "newhart"], sent)
    assert sorted(most)[len(most) // 2] == 1, most


# -- sessions that do harm --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["exclusive", "shared"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_session_that_holds_the_locks_of_wake_ups_only_delays(
    town: Database, background: Background, number: int, mode: str
) -> None:
    told_once(town.admin)
    hostile = town.connect(town.agent_role("scout"))
    lock = "pg_advisory_lock" + ("_shared" if mode == "shared" else "")
    name = value(town.admin, "SELECT agentry_chat._wake_class(%s)", number)
    hostile.execute(f"SELECT {lock}({name}, b) FROM generate_series(0, 63) AS b".encode())
    consumer = Consumer(town.connect(), "coder", background)
    ids = [send(town.admin, "nova", "one", ["coder"])]
    got = consumer.wait_for(ids[0] + 1)
    assert consumer.empty.wait(PATIENCE)
    ids.append(send(town.admin, "nova", "two", ["coder", "newhart"]))
    assert set(ids) <= set(got.result(PATIENCE))
    assert receivers(town.admin, ids[1]) == ["coder", "newhart"]


def test_a_deadlock_with_a_session_that_holds_the_locks_fails_no_send(
    town: Database, background: Background
) -> None:
    """The sender waits in its commit for the other, which waits for the sender, on an impatient server."""
    told_once(town.admin)
    hostile = town.connect(autocommit=False)
    hostile.execute("SELECT pg_advisory_xact_lock(agentry_chat._wake_class(1), b) FROM generate_series(0, 63) AS b")
    sender = town.connect(autocommit=False)
    sender.execute("SET deadlock_timeout = '5ms'")
    sender.execute("SELECT pg_advisory_xact_lock(1, 1)")
    sent = send(sender, "nova", "hello", ["coder"])
    hostile.execute("SET deadlock_timeout = '1min'")
    other = background(hostile.execute, "SELECT pg_advisory_xact_lock(1, 1)")
    wait_until(lambda: value(town.admin, "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s",
                             hostile.info.backend_pid), "the hostile session waits")
    sender.commit()
    other.result(PATIENCE)
    hostile.rollback()
    assert sent in claim_until_empty(town.admin, "coder")


# -- all at once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inboxes", [["coder", "coder"], ["coder", "scout"]], ids=["one inbox", "two inboxes"])
def test_nothing_stays_behind_however_sends_and_claims_fall(
    town: Database, background: Background, inboxes: list[str]
) -> None:
    per_sender = 60
    senders = 4
    done = threading.Event()
    lock = threading.Lock()
    wanted = senders * per_sender
    got: dict[str, list[int]] = {name: [] for name in inboxes}

    def consume(conn: Connection, name: str, in_transaction: bool) -> None:
        listener = Listener(conn)
        while not done.is_set():
            while True:
                if in_transaction:
                    with conn.transaction():
                        ids = claim_until_empty(conn, name)
                else:
                    ids = claim_ids(conn, name, limit=3)
                for chat_id in ids:
                    mark(conn, chat_id, name, "responded", token=1)
                with lock:
                    got[name] += ids
                if not ids:
                    break
            with lock:
                if all(len(ids) >= wanted for ids in got.values()):
                    done.set()
            if done.is_set():
                town_done.execute("NOTIFY agent_chat, 'done'")
                return
            assert listener.wait() is not None, f"nobody told {name}; it has {len(got[name])}"

    def produce(conn: Connection, sender: str, number: int) -> list[int]:
        ids = []
        for n in range(per_sender):
            recipients = ["*"] if n % 3 == number % 3 else sorted({*inboxes})
            if n % 5 == 0:
                with conn.transaction():
                    ids.append(send(conn, sender, "in a transaction", recipients))
                    conn.execute("SELECT 1")
            else:
                ids.append(send(conn, sender, str(n), recipients))
        return ids

    town_done = town.connect()
    consumers = [background(consume, town.connect(), name, n == 1) for n, name in enumerate(inboxes)]
    producers = [background(produce, town.connect(), sender, number)
                 for number, sender in enumerate(["nova", "newhart"] * (senders // 2))]
    sent = sorted(i for producer in producers for i in producer.result(PATIENCE))
    for consumer in consumers:
        consumer.result(PATIENCE)
    for name, ids in got.items():
        assert sorted(ids) == sent
        assert town.value("SELECT count(*) FROM agentry_chat.agent_chat_processed"
                          " WHERE agent = %s AND settled_at IS NULL", name) == 0


def test_a_worker_that_replies_wakes_who_asked(town: Database, background: Background) -> None:
    """Question and answer between two sessions that do nothing but wait to be told."""
    rounds = 20

    def work(conn: Connection) -> None:
        listener = Listener(conn)
        left = rounds
        while True:
            for chat_id in claim_until_empty(conn, "coder"):
                reply(conn, chat_id, "answer", agent="coder", token=1)
                left -= 1
            if not left:
                return
            assert listener.wait() is not None

    worker = background(work, town.connect())
    asker = Listener(town.connect())
    for _ in range(rounds):
        send(asker.conn, "nova", "question", ["coder"])
        while not claim_until_empty(asker.conn, "nova"):
            assert asker.wait() is not None
    worker.result(PATIENCE)


def test_a_channel_name_can_be_listened_to(abroad: tuple[Database, Connection, str]) -> None:
    _, conn, _ = abroad
    channel = value(conn, "SELECT agentry_chat.inbox_channel('lena')")
    conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
    assert value(conn, "SELECT pg_listening_channels()") == channel
