"""Memories that expire, agents and users that are forgotten, organisations that go, and what is told of new ones."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from tests.chat.support import Listener, set_setting
from tests.core.support import Town, move_clock, refused, seal
from tests.core.test_forget import found as found_anywhere
from tests.harness.database import Database, wait_for_lock
from tests.memory.memories_support import (
    Connection,
    call,
    counted,
    entry,
    link,
    links,
    memory,
    remember,
    remember_all,
    rows,
    value,
)

PAST = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def expire(conn: Connection, *limit: int) -> int:
    return int(value(conn, f"SELECT agentry_memory.expire_memories({', '.join(map(str, limit))})"))


def texts(conn: Connection) -> set[str]:
    return {row["text"] for row in rows(conn, "SELECT text FROM agentry_memory.agent_memories")}


# -- expiry -----------------------------------------------------------------------------------------------------------


def test_what_is_past_its_time_is_removed_the_oldest_first(town: Town) -> None:
    ids = [
        remember(town.conn, "nova", f"{days}", expires_at=PAST - timedelta(days=days), pinned=True) for days in range(5)
    ]
    kept = remember(town.conn, "nova", "kept"), remember(town.conn, "nova", "later", expires_at="infinity")
    link(town.conn, ids[0], "supports", kept[0])
    assert expire(town.conn, 2) == 2
    assert texts(town.conn) == {"0", "1", "2", "kept", "later"}
    assert expire(town.conn) == 3
    assert expire(town.conn) == 0
    assert texts(town.conn) == {"kept", "later"}
    assert links(town.conn) == set()
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.memory_entries") == 2
    receipts = rows(town.conn, "SELECT counts, finished_at FROM agentry.erasures WHERE kind = 'retention' ORDER BY id")
    assert [row["counts"] for row in receipts] == [
        {"agentry_memory.agent_memories": 2}, {"agentry_memory.agent_memories": 3}]  # fmt: skip
    assert all(row["finished_at"] for row in receipts)


def test_the_clock_is_that_of_the_database(town: Town) -> None:
    remember(town.conn, "nova", "x", expires_at=value(town.conn, "SELECT now() + interval '1 hour'"))
    assert expire(town.conn) == 0
    move_clock(town.conn, "61 minutes")
    assert expire(town.conn) == 1


def test_a_legal_hold_holds_what_is_of_or_about_somebody(town: Town) -> None:
    for agent, more in (
        ("nova", {"related_users": ["bob"]}), ("nova", {"related_agents": ["mgr"]}), ("nova", {}), ("mgr", {}),
        ("anns", {}), ("coder", {}),
    ):  # fmt: skip
        remember(town.conn, agent, f"{agent} {[*more]}", expires_at=PAST, **more)
    for subject in ("user:bob", "mgr", "user:ann"):
        town.conn.execute("SELECT agentry.place_legal_hold(%s, 'a lawsuit')", [subject])
    assert expire(town.conn) == 2
    assert texts(town.conn) == {"nova ['related_users']", "nova ['related_agents']", "mgr []", "anns []"}
    town.conn.execute("SELECT agentry.lift_legal_hold(id) FROM agentry.legal_holds")
    assert expire(town.conn) == 4


def test_every_organisation_is_seen_to_and_each_has_its_receipt(town: Town) -> None:
    remember(town.conn, "nova", "x", expires_at=PAST)
    acme = value(town.conn, "SELECT agentry.create_organization('acme')")
    town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [str(acme)])
    town.conn.execute("SELECT agentry.register_agent('zed')")
    remember(town.conn, "zed", "y", expires_at=PAST)
    assert expire(town.conn, 1) == 1
    assert expire(town.conn, 10) == 1
    assert value(town.conn, "SELECT count(DISTINCT org_id) FROM agentry.erasures WHERE kind = 'retention'") == 2


@pytest.mark.parametrize("limit", ["0", "-1", "NULL"])
def test_a_limit_is_one_or_more(tx: Connection, limit: str) -> None:
    refused(
        tx, f"SELECT agentry_memory.expire_memories({limit})", error=errors.InvalidParameterValue,
        match="limit is out of range", detail="got", hint="1 or more",
    )  # fmt: skip


def test_it_is_for_administrators(town: Town) -> None:
    for role in ("app", "nova"):
        with town.acting(role):
            refused(town.conn, "SELECT agentry_memory.expire_memories()", match="permission denied for function")


def test_a_memory_that_somebody_has_locked_is_left_for_the_next_time(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    one, _ = remember(db.admin, "nova", "one", expires_at=PAST), remember(db.admin, "nova", "two", expires_at=PAST)
    conn = db.connect(autocommit=False)
    conn.execute("SELECT FROM agentry_memory.agent_memories WHERE id = %s FOR UPDATE", [one])
    assert expire(db.admin) == 1
    assert texts(db.admin) == {"one"}
    conn.rollback()
    assert expire(db.admin) == 1


def test_maintenance_does_it_and_health_says_when_not(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    remember(db.admin, "nova", "x", expires_at=PAST)
    for _ in range(16):
        remember(db.admin, "nova", "y")
    health = "SELECT status FROM agentry.v_health WHERE name = 'memory.expired'"
    assert db.value(health) == "warning"
    db.admin.execute("CALL agentry.run_maintenance(true)")
    assert texts(db.admin) == {"y"}
    assert db.value(health) == "ok"
    assert db.value("SELECT count(*) FROM agentry_memory.memory_importance") == 1
    metrics = {
        row["name"]: row["value"]
        for row in rows(db.admin, "SELECT * FROM agentry.v_metrics WHERE name LIKE 'memory.%'")
    }
    assert metrics["memory.reflections_due"] == 0
    assert metrics["memory.memories"] >= 0


# -- forgetting -------------------------------------------------------------------------------------------------------


def test_an_agent_is_forgotten_with_what_it_remembered_and_named_nowhere_else(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('zebulon'), agentry.register_agent('nova')")
    agent = db.value("SELECT id FROM agentry.agents WHERE name = 'zebulon'")
    theirs = [remember(db.admin, "zebulon", f"seen {i}", scope="organisation") for i in range(3)]
    about = remember(db.admin, "nova", "met somebody", related_agents=["zebulon", "nova"])
    own = remember(db.admin, "nova", "something else")
    link(db.admin, about, "derived_from", theirs[0])
    link(db.admin, theirs[1], "supports", about, note="of a zebulon")
    link(db.admin, about, "supports", own)
    call(db.admin, "set_memory_settings", agent="zebulon", reflection_threshold=5)
    call(db.admin, "record_reflection", agent="zebulon", text="so it is", evidence=theirs)
    call(db.admin, "mark_recalled", source="memory", ids=[str(i) for i in theirs])
    remember(db.admin, "zebulon", "counted")
    seal(db.admin)
    receipt = db.value("SELECT agentry.forget('zebulon')")
    assert rows(db.admin, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    keep = {("agentry.audit_log", "row_key"), ("agentry.audit_log", "agent_id"), ("agentry.erasures", "subject_id")}
    assert found_anywhere(db.admin, str(agent)) <= keep
    for text in ("seen 1", "of a zebulon", "so it is"):
        assert found_anywhere(db.admin, text) == set()
    for one in theirs[1:]:  # the link of another agent to the first is in the images of what that agent did
        assert found_anywhere(db.admin, str(one)) <= {("agentry.audit_log", "row_key")}
    assert texts(db.admin) == {"met somebody", "something else"}
    assert memory(db.admin, about)["related_agents"] == [db.value("SELECT id FROM agentry.agents WHERE name = 'nova'")]
    assert links(db.admin) == {("memory", about, "supports", "memory", own)}
    seal(db.admin)
    assert rows(db.admin, "SELECT broken_id FROM agentry.verify_audit()")[0]["broken_id"] is None


def test_a_user_is_forgotten_with_what_was_for_the_user_alone(db: Database) -> None:
    db.admin.execute("INSERT INTO agentry.users (username) VALUES ('zebulon')")
    db.admin.execute("SELECT agentry.register_agent('helper', p_user => 'zebulon'), agentry.register_agent('nova')")
    user = db.value("SELECT id FROM agentry.users WHERE username = 'zebulon'")
    shared = remember(db.admin, "helper", "for the user", scope="user")
    own = remember(db.admin, "helper", "of the agent", related_users=["zebulon"])
    about = remember(db.admin, "nova", "met the user", related_users=["zebulon"])
    link(db.admin, own, "derived_from", shared)
    link(db.admin, shared, "supports", about, note="of a zebulon")
    seal(db.admin)
    receipt = db.value("SELECT agentry.forget('user:zebulon')")
    assert rows(db.admin, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    keep = {("agentry.audit_log", "row_key"), ("agentry.audit_log", "user_id"), ("agentry.erasures", "subject_id")}
    assert found_anywhere(db.admin, str(user)) <= keep
    assert texts(db.admin) == {"of the agent", "met the user"}
    assert all(
        row["related_users"] == [] for row in rows(db.admin, "SELECT related_users FROM agentry_memory.agent_memories")
    )
    assert links(db.admin) == set()
    for text in ("for the user", "of a zebulon"):
        assert found_anywhere(db.admin, text) == set()
    seal(db.admin)
    assert rows(db.admin, "SELECT broken_id FROM agentry.verify_audit()")[0]["broken_id"] is None


def test_an_organisation_goes_with_its_memories(db: Database) -> None:
    acme = db.value("SELECT agentry.create_organization('acme')")
    db.admin.execute("SELECT set_config('agentry.org_id', %s, false)", [str(acme)])
    db.admin.execute("INSERT INTO agentry.users (username) VALUES ('ann')")
    db.admin.execute("SELECT agentry.register_agent('zed', p_user => 'ann'), agentry.register_agent('other')")
    one = remember(db.admin, "zed", "one", scope="user", related_agents=["other"], related_users=["ann"])
    link(db.admin, one, "supports", remember(db.admin, "other", "two"))
    call(db.admin, "set_memory_settings", agent="zed", reflection_threshold=5)
    call(db.admin, "mark_recalled", source="memory", ids=[str(one)])
    db.admin.execute("RESET agentry.org_id")
    db.admin.execute("SELECT agentry.delete_organization('acme')")
    for table in ("agent_memories", "memory_links", "memory_importance", "agent_memory_settings", "memory_entries",
                  "memory_access"):  # fmt: skip
        assert db.value(f"SELECT count(*) FROM agentry_memory.{table}") == 0, table


# -- being told -------------------------------------------------------------------------------------------------------


def heard(listener: Listener, other: Connection) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in listener.all_until_now(other)]


def test_whoever_listens_is_told_of_new_memories_when_asked_to(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova'), agentry.register_agent('coder')")
    listener = Listener(db.connect(), "memory_update")
    assert db.value("SELECT agentry_memory.memory_channel()") == "memory_update"
    remember(db.admin, "nova", "not told")
    assert heard(listener, db.admin) == []
    set_setting(db.admin, "memory.notify", "on")
    one = remember(db.admin, "nova", "a secret")
    nova, coder = (db.value("SELECT id FROM agentry.agents WHERE name = %s", name) for name in ("nova", "coder"))
    assert heard(listener, db.admin) == [{"agent_id": str(nova), "type": "new_memory", "ids": [str(one)], "count": 1}]
    ids = remember_all(
        db.admin, [{"agent": "nova", "content": f"{i}"} for i in range(300)] + [{"agent": "coder", "content": "x"}]
    )
    told = {item["agent_id"]: item for item in heard(listener, db.admin)}
    assert set(told) == {str(nova), str(coder)}
    assert told[str(coder)]["ids"] == [str(ids[-1])]
    assert (told[str(nova)]["count"], len(told[str(nova)]["ids"])) == (300, 100)
    assert set(told[str(nova)]["ids"]) <= {str(i) for i in ids}
    assert len(json.dumps(told[str(nova)])) < 8000
    set_setting(db.admin, "memory.notify", "off")
    remember(db.admin, "nova", "not told")
    assert heard(listener, db.admin) == []


def test_another_organisation_has_a_channel_that_nobody_guesses(db: Database) -> None:
    listener = Listener(db.connect(), "memory_update")
    acme = db.value("SELECT agentry.create_organization('acme')")
    other = db.value("SELECT agentry.create_organization('other')")
    names = set()
    for organisation in (acme, other):
        db.admin.execute("SELECT set_config('agentry.org_id', %s, false)", [str(organisation)])
        names.add(db.value("SELECT agentry_memory.memory_channel()"))
        set_setting(db.admin, "memory.notify", "on")
        db.admin.execute("SELECT agentry.register_agent('zed')")
        mine = Listener(db.connect(), db.value("SELECT agentry_memory.memory_channel()"))
        one: UUID = remember(db.admin, "zed", "x")
        assert [item["ids"] for item in heard(mine, db.admin)] == [[str(one)]]
    assert len(names) == 2
    assert all(len(name) == len("memory_update_") + 40 for name in names)
    assert heard(listener, db.admin) == []
    nobody = db.connect(db.role("nobody", "agentry_agent"))
    refused(nobody, "SELECT agentry_memory.memory_channel()", error=errors.InvalidAuthorizationSpecification)


# -- writers ----------------------------------------------------------------------------------------------------------


def test_eight_writers_of_one_agent_do_not_wait_for_each_other(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova'), agentry.register_agent('mgr')")
    for i in range(70):  # as many as are added up
        remember(db.admin, "nova", f"before {i}")
    set_setting(db.admin, "memory.notify", "on")
    writers = [db.connect(autocommit=False) for _ in range(8)]
    for number, conn in enumerate(writers):
        conn.execute("SET lock_timeout = '5s'")
        for i in range(3):
            remember(conn, "nova", f"writer {number}, {i}", related_agents=["mgr"], session="s", tags=["same"])
        remember_all(conn, [{"agent": "nova", "content": f"writer {number} of many {i}"} for i in range(70)])
        call(conn, "record_reflection", agent="mgr", text="x") if number == 0 else None
    for conn in reversed(writers):
        conn.commit()
    assert counted(db.admin, "nova") == ((70 + 8 * 73) / 2, 70 + 8 * 73)
    assert db.value("SELECT count(*) FROM agentry_memory.memory_entries") == 70 + 8 * 73 + 1
    assert entry(db.admin, db.value("SELECT max(id::text)::uuid FROM agentry_memory.agent_memories"))


def test_one_key_used_twice_at_once_is_one_memory(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    first, second = db.connect(autocommit=False), db.connect(autocommit=False)
    one = remember(first, "nova", "x", idempotency_key="k")
    done = background(remember, second, "nova", "x", idempotency_key="k")
    wait_for_lock(db.admin, second.info.backend_pid)
    first.commit()
    assert done.result() == one
    second.commit()
    # in batches, and with other content
    remember_all(first, [{"agent": "nova", "content": "y", "idempotency_key": "k2"}])
    done = background(remember_all, second, [{"agent": "nova", "content": "z", "idempotency_key": "k2"}])
    wait_for_lock(db.admin, second.info.backend_pid)
    first.commit()
    with pytest.raises(errors.UniqueViolation, match="idempotency key 'k2'"):
        done.result()
    second.rollback()
    # what was rolled back was never there
    remember(first, "nova", "w", idempotency_key="k3")
    done = background(remember, second, "nova", "w", idempotency_key="k3")
    wait_for_lock(db.admin, second.info.backend_pid)
    first.rollback()
    kept = done.result()
    second.commit()
    assert memory(db.admin, kept)["text"] == "w"


def test_a_key_that_this_transaction_cannot_see_is_to_be_tried_again(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    conn = db.connect(autocommit=False)
    conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    conn.execute("SELECT count(*) FROM agentry_memory.agent_memories")
    remember(db.admin, "nova", "x", idempotency_key="k")
    with pytest.raises(errors.SerializationFailure):
        remember(conn, "nova", "x", idempotency_key="k")


def test_marks_of_the_same_memories_in_another_order_never_deadlock(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    remember_all(db.admin, [{"agent": "nova", "content": f"{i}"} for i in range(20)])
    ids = [row["row_id"] for row in rows(db.admin, "SELECT row_id FROM agentry_memory.memory_entries ORDER BY id")]
    holding = db.connect(autocommit=False)
    call(holding, "mark_recalled", source="memory", ids=[ids[10]])
    others = [db.connect() for _ in range(2)]
    done = [
        background(call, conn, "mark_recalled", source="memory", ids=order)
        for conn, order in zip(others, (ids, ids[::-1]), strict=True)
    ]
    for conn in others:
        wait_for_lock(db.admin, conn.info.backend_pid)
    holding.commit()
    assert [one.result()[0]["mark_recalled"] for one in done] == [20, 20]
    assert db.value("SELECT sum(access_count) FROM agentry_memory.memory_access") == 41
