"""agent_chat_feed(): every message once, whatever order transactions commit in, and after a restore too."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import errors

from tests.chat.support import Connection, call, refused, register, rows, send, set_setting, value
from tests.harness.database import Database, clone, fresh_server, template
from tests.harness.servers import PgServer


def feed(conn: Connection, after: str | None = None, limit: int | None = 50) -> list[dict[str, Any]]:
    return call(conn, "agent_chat_feed", after=after, limit=limit)


@pytest.fixture(scope="module")
def quiet_server(server: PgServer) -> Iterator[PgServer]:
    """The oldest transaction of the whole server that writes holds every feed back: here none of another test's is."""
    with fresh_server(server) as fresh:
        yield fresh


@pytest.fixture
def db(quiet_server: PgServer) -> Iterator[Database]:
    database = clone(quiet_server, template(quiet_server, "extension"))
    try:
        yield database
    finally:
        database.drop()


@pytest.fixture
def chat(town: Database) -> Connection:
    return town.admin


class Reader:
    """Follows the feed as its users do."""

    def __init__(self, conn: Connection, limit: int = 50) -> None:
        self.conn = conn
        self.limit = limit
        self.cursor: str | None = None

    def read(self) -> list[int]:
        """Everything that is new."""
        found: list[int] = []
        while page := feed(self.conn, self.cursor, self.limit):
            found += [row["chat_id"] for row in page]
            self.cursor = page[-1]["cursor"]
        return found


def test_the_feed_gives_whole_messages_in_pages(town: Database) -> None:
    first = send(town.admin, "nova", "one", ["coder"], priority=2)
    second = send(town.admin, "coder", "two", ["*"], reply_to=first)
    (page,) = feed(town.admin, limit=1)
    assert (page["chat_id"], page["sender"], page["message"], page["recipients"], page["reply_to"], page["thread"]) == (
        first, "nova", "one", ["coder"], None, first)
    assert page["priority"] == 2 and page["timestamp"] is not None
    (page,) = feed(town.admin, page["cursor"], 1)
    assert (page["chat_id"], page["recipients"], page["reply_to"]) == (second, ["*"], first)
    assert feed(town.admin, page["cursor"]) == []


def test_a_transaction_that_commits_late_is_not_missed(town: Database) -> None:
    reader = Reader(town.connect())
    early, late = town.connect(autocommit=False), town.connect(autocommit=False)
    first = send(early, "nova", "begins first", ["coder"])
    second = send(late, "scout", "commits first", ["coder"])
    late.commit()
    assert reader.read() == [], "the older transaction may still come in between"
    early.commit()
    assert reader.read() == [first, second]
    assert reader.read() == []


def test_ids_that_were_given_the_other_way_round_are_not_missed(town: Database) -> None:
    """The transaction that began first sends last."""
    reader = Reader(town.connect())
    one, two = town.connect(autocommit=False), town.connect(autocommit=False)
    one.execute("SELECT pg_current_xact_id()")
    second = send(two, "nova", "smaller id, later transaction", ["coder"])
    two.commit()
    first = send(one, "nova", "greater id, earlier transaction", ["coder"])
    assert reader.read() == []
    one.commit()
    assert first > second
    assert reader.read() == [first, second]


def test_a_transaction_that_rolled_back_holds_nothing_back(town: Database) -> None:
    one = town.connect(autocommit=False)
    send(one, "nova", "never said", ["coder"])
    kept = send(town.admin, "nova", "said", ["coder"])
    one.rollback()
    assert Reader(town.admin).read() == [kept]


def test_a_transaction_that_only_reads_holds_nothing_back(town: Database) -> None:
    watcher = town.connect(autocommit=False)
    watcher.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    watcher.execute("SELECT count(*) FROM agentry_chat.agent_chat")
    kept = send(town.admin, "nova", "said", ["coder"])
    assert Reader(town.admin).read() == [kept]
    assert Reader(watcher).read() == [], "its snapshot is older"


def test_messages_of_savepoints_come_with_their_transaction(town: Database) -> None:
    one = town.connect(autocommit=False)
    first = send(one, "nova", "before", ["coder"])
    with one.transaction():
        second = send(one, "nova", "in a savepoint", ["coder"])
    assert Reader(town.admin).read() == Reader(one).read() == []
    one.commit()
    assert Reader(town.admin).read() == [first, second]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_message_comes_exactly_once_under_random_commits(town: Database, seed: int) -> None:
    dice = random.Random(seed)
    set_setting(town.admin, "chat.notify", "off")
    senders = [town.connect(autocommit=False) for _ in range(5)]
    reader, seen, sent = Reader(town.connect(), limit=3), [], set()
    for _ in range(150):
        sender = dice.choice(senders)
        match dice.randrange(4):
            case 0:
                sender.commit()
            case 1:
                seen += reader.read()
            case _:
                sent.add(send(sender, "nova", "x", ["coder"]))
    for sender in senders:
        sender.commit()
    seen += reader.read()
    assert len(seen) == len(set(seen))
    assert set(seen) == sent


def test_whoever_asks_reads_what_the_policy_lets_them(town: Database) -> None:
    register(town.admin, "late")
    send(town.admin, "nova", "to coder", ["coder"])
    send(town.admin, "coder", "to scout", ["scout"])
    send(town.admin, "newhart", "to all", ["*"])
    send(town.admin, "nova", "among others", ["newhart"])
    users = [town.agent_role(agent, register=False) for agent in ("nova", "coder", "scout", "late")]
    for user in (*users, town.app_role(), town.app_role("reader", group="agentry_reader")):
        conn = town.connect(user)
        readable = [row["id"] for row in rows(conn, "SELECT id FROM agentry_chat.agent_chat ORDER BY id")]
        assert Reader(conn, limit=1).read() == readable != []


def test_the_feed_stays_within_the_organisation(town: Database) -> None:
    own = send(town.admin, "nova", "here", ["coder"])
    other = value(town.admin, "SELECT agentry.create_organization('elsewhere')")
    conn = town.connect()
    conn.execute("SELECT set_config('agentry.org_id', %s, false)", [str(other)])
    register(conn, "nova", "coder")
    there = send(conn, "nova", "there", ["coder"])
    assert Reader(town.admin).read() == [own]
    assert Reader(conn).read() == [there]


def test_nobody_is_refused(town: Database) -> None:
    stranger = town.connect(town.role("stranger", "agentry_agent"))
    with refused(stranger, errors.InvalidAuthorizationSpecification, "the database does not know who you are"):
        feed(stranger)


@pytest.mark.parametrize("after", ["", "7", "7-", "a-b", "-1-2", "1-2-3", "1 - 2", f"{10**18}-1", "1-2; --"])
def test_a_cursor_is_one_that_the_feed_gave(chat: Connection, after: str) -> None:
    with refused(chat, errors.InvalidParameterValue, "cursor or limit is not right", "after: "):
        feed(chat, after)


@pytest.mark.parametrize("limit", [0, 1001, None])
def test_a_page_of_the_feed_is_1_to_1000(chat: Connection, limit: int | None) -> None:
    with refused(chat, errors.InvalidParameterValue, "cursor or limit is not right", "limit: "):
        feed(chat, None, limit)


# -- another server ---------------------------------------------------------------------------------------------------


def restore(db: Database, ahead: int) -> None:
    """As if all that is there came in a dump of a server whose transaction ids were that far ahead."""
    with db.admin.transaction():
        db.admin.execute("SET LOCAL session_replication_role = replica")
        db.admin.execute("UPDATE agentry_chat.agent_chat SET position = position + %s", [ahead])
        db.admin.execute("UPDATE agentry_chat.agent_chat_feed_state SET system_identifier = system_identifier - 1")


@pytest.mark.parametrize("ahead", [1_000_000_000_000, 1, 0, -1])
def test_a_reader_goes_on_after_a_restore_into_another_server(town: Database, ahead: int) -> None:
    sent = [send(town.admin, "nova", f"before {n}", ["coder"]) for n in range(3)]
    restore(town, ahead)
    reader, late = Reader(town.connect(), limit=2), Reader(town.connect())
    assert reader.read() == sent, "what came with the dump is finished"
    after = send(town.admin, "nova", "after", ["coder"])
    assert reader.read() == [after]
    assert late.read() == [*sent, after], "in order for those who come later"
    again = send(town.admin, "nova", "and again", ["coder"])
    assert reader.read() == late.read() == [again]


def test_after_a_restore_late_commits_are_not_missed_either(town: Database) -> None:
    sent = [send(town.admin, "nova", "before", ["coder"])]
    restore(town, 1_000_000)
    send(town.admin, "nova", "the first here", ["coder"])
    reader = Reader(town.connect())
    assert len(reader.read()) == 2
    early, late = town.connect(autocommit=False), town.connect(autocommit=False)
    sent = [send(early, "nova", "one", ["coder"]), send(late, "nova", "two", ["coder"])]
    late.commit()
    assert reader.read() == []
    early.commit()
    assert reader.read() == sent


def test_a_second_restore_counts_on_from_the_first(town: Database) -> None:
    sent = []
    for ahead in (1_000_000, 5_000, 0):
        sent.append(send(town.admin, "nova", "said", ["coder"]))
        restore(town, ahead)
    sent.append(send(town.admin, "nova", "said", ["coder"]))
    assert Reader(town.admin).read() == sent


def test_the_offset_of_the_feed_is_never_negative(chat: Connection) -> None:
    send(chat, "nova", "said", ["coder"])
    with pytest.raises(errors.CheckViolation, match="agent_chat_feed_state_position_offset_check"):
        chat.execute("UPDATE agentry_chat.agent_chat_feed_state SET position_offset = -1")


def test_the_feed_reads_an_index_and_sorts_nothing(town: Database) -> None:
    admin = town.admin
    admin.execute(
        "INSERT INTO agentry_chat.agent_chat (id, sender, message, recipients, thread) OVERRIDING SYSTEM VALUE"
        " SELECT n, 'nova', 'x', '{coder}', n FROM generate_series(1000000, 1002000) AS n"
    )
    admin.execute("ANALYZE agentry_chat.agent_chat")
    plan = "\n".join(row[0] for row in admin.execute(
        "EXPLAIN SELECT * FROM agentry_chat.agent_chat AS m WHERE m.org_id = agentry.current_org_id()"
        " AND (m.position, m.id) > (5, 5) AND m.position < 9223372036854775807 ORDER BY m.position, m.id LIMIT 50"))
    assert "agent_chat_position_idx" in plan and "Sort" not in plan
