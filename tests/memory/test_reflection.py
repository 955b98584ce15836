"""When it is time to reflect, reflections and metacognition with their evidence, their views, and settings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from tests.core.support import Town, refused
from tests.harness.database import Database, wait_for_lock
from tests.memory.memories_support import (
    Connection,
    call,
    counted,
    links,
    memory,
    remember,
    remember_all,
    rows,
    value,
)


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def reflect(conn: Connection, agent: str | None, text: str, **more: Any) -> UUID:
    found: UUID = call(conn, "record_reflection", agent=agent, text=text, **more)[0]["record_reflection"]
    return found


def think(conn: Connection, agent: str | None, **more: Any) -> UUID:
    found: UUID = call(conn, "record_metacognition", agent=agent, **more)[0]["record_metacognition"]
    return found


def due(conn: Connection, **more: Any) -> list[tuple[str, float, int]]:
    return [(row["agent"], row["importance"], row["memories"]) for row in call(conn, "reflections_due", **more)]


def live(conn: Connection, agent: str, memories: int, importance: float = 0.75, **more: Any) -> list[UUID]:
    return remember_all(
        conn, [{"agent": agent, "content": f"{agent} {i}", "importance": importance, **more} for i in range(memories)]
    )


# -- when it is due ---------------------------------------------------------------------------------------------------


def test_a_reflection_is_due_at_fifteen_which_is_a_hundred_and_fifty_of_ten(town: Town) -> None:
    live(town.conn, "nova", 19)
    assert due(town.conn) == []
    live(town.conn, "nova", 1)
    assert due(town.conn) == [("nova", 15.0, 20)]
    # 0.1 has no exact form; 150 of them are 15 all the same
    live(town.conn, "coder", 149, 0.1)
    assert due(town.conn, agent="coder") == []
    live(town.conn, "coder", 1, 0.1)
    assert due(town.conn, agent="coder") == [("coder", 15.0, 150)]
    assert call(town.conn, "reflections_due", agent="nova")[0]["since"] == value(town.conn, "SELECT now()")


def test_it_takes_five_memories_at_least(town: Town) -> None:
    call(town.conn, "set_memory_settings", agent="nova", reflection_threshold=2.5)
    live(town.conn, "nova", 4, 1)
    assert due(town.conn) == []
    live(town.conn, "nova", 1, 0)
    assert due(town.conn) == [("nova", 4.0, 5)]


def test_the_most_important_comes_first_and_each_sees_its_own(town: Town) -> None:
    live(town.conn, "nova", 20)
    live(town.conn, "anns", 30)
    live(town.conn, "coder", 20)
    live(town.conn, "mgr", 3)
    assert due(town.conn) == [("anns", 22.5, 30), ("coder", 15.0, 20), ("nova", 15.0, 20)]
    with town.acting("nova"):
        assert due(town.conn) == [("nova", 15.0, 20)]
        refused(town.conn, "SELECT * FROM agentry_memory.reflections_due('coder')", match="cannot act as coder")
    with town.acting("app"):
        assert len(due(town.conn)) == 3
        assert due(town.conn, agent="coder") == [("coder", 15.0, 20)]
        town.conn.execute("SELECT agentry.use_session(%s)", [town.token(user="ann")])
        assert due(town.conn) == [("anns", 22.5, 30)]
    town.conn.execute("SELECT set_config('agentry.session', '', true)")
    town.conn.execute("UPDATE agentry.agents SET status = 'suspended' WHERE name = 'anns'")
    assert [row[0] for row in due(town.conn)] == ["coder", "nova"]


def test_after_three_reflections_within_a_day_none_is_due(town: Town) -> None:
    now: datetime = value(town.conn, "SELECT now()")
    for hours in (1, 2, 23):
        live(town.conn, "nova", 20)
        assert due(town.conn) == [("nova", 15.0, 20)]
        reflect(town.conn, "nova", "I hurry.", occurred_at=now - timedelta(hours=hours))
        assert due(town.conn) == []
    live(town.conn, "nova", 20)
    assert due(town.conn) == []
    assert due(town.conn, now=now + timedelta(minutes=59)) == []
    assert due(town.conn, now=now + timedelta(minutes=61)) == [("nova", 15.0, 20)]
    # of reflections that are yet to come it knows nothing
    assert due(town.conn, now=now - timedelta(hours=1, minutes=30)) == [("nova", 15.0, 20)]


def test_what_an_agent_thinks_of_its_memories_counts_for_nothing(town: Town) -> None:
    remember(town.conn, "nova", "I hurry.", "reflection", importance=1)
    remember(town.conn, "nova", "I hurry too often.", "metacognition", importance=1)
    assert counted(town.conn, "nova") == (0, 0)
    live(town.conn, "nova", 4)
    town.conn.execute("DELETE FROM agentry_memory.agent_memories")
    assert counted(town.conn, "nova") == (3, 4), "what happened has happened"


# -- settings ---------------------------------------------------------------------------------------------------------


def settings(conn: Connection, agent: str) -> tuple[Any, ...]:
    return tuple(call(conn, "memory_settings", agent=agent)[0].values())


def test_settings_are_the_agents_own_else_those_of_its_organisation(town: Town) -> None:
    assert settings(town.conn, "nova") == (15, 5, 3)
    town.conn.execute("SELECT agentry.set_setting('memory.reflection_threshold', '30')")
    town.conn.execute("SELECT agentry.set_setting('memory.reflections_a_day', '0')")
    assert settings(town.conn, "nova") == (30, 5, 0)
    call(town.conn, "set_memory_settings", agent="nova", reflection_threshold=7.5, reflections_a_day=9)
    assert settings(town.conn, "nova") == (7.5, 5, 9)
    assert settings(town.conn, "coder") == (30, 5, 0)
    call(town.conn, "set_memory_settings", agent="nova", reflection_memories=2)
    assert settings(town.conn, "nova") == (30, 2, 0)
    live(town.conn, "nova", 60)
    assert due(town.conn) == []
    call(town.conn, "set_memory_settings", agent="nova", reflections_a_day=1)
    assert due(town.conn) == [("nova", 45.0, 60)]


def test_settings_have_bounds(town: Town) -> None:
    for name, wrong in (
        ("reflection_threshold", 0), ("reflection_threshold", float("nan")), ("reflection_memories", 0),
        ("reflections_a_day", -1),
    ):  # fmt: skip
        with pytest.raises(errors.CheckViolation, match=f"agent_memory_settings_{name}_check"), town.conn.transaction():
            call(town.conn, "set_memory_settings", agent="nova", **{name: wrong})
    for name in ("reflection_threshold", "reflection_memories"):
        refused(town.conn, f"SELECT agentry.set_setting('memory.{name}', '0')", error=errors.Error, match="0")


def test_an_agent_sets_its_own(town: Town) -> None:
    with town.acting("nova"):
        call(town.conn, "set_memory_settings", agent=None, reflection_threshold=5)
        assert settings(town.conn, "nova")[0] == 5
        refused(town.conn, "SELECT agentry_memory.set_memory_settings('coder', 5)", match="cannot act as coder")
        refused(town.conn, "SELECT agentry_memory.memory_settings('coder')", match="cannot act as coder")
        assert town.conn.execute("UPDATE agentry_memory.agent_memory_settings SET reflections_a_day = 5").rowcount == 1
    with town.acting("coder"):
        assert rows(town.conn, "SELECT * FROM agentry_memory.agent_memory_settings") == []
    with town.acting("reader"):
        refused(town.conn, "SELECT agentry_memory.set_memory_settings('nova', 5)", match="reader cannot act")


# -- reflections ------------------------------------------------------------------------------------------------------


def test_a_reflection_is_a_memory_that_rests_on_others(town: Town) -> None:
    ids = live(town.conn, "nova", 3)
    at = value(town.conn, "SELECT now()") - timedelta(hours=1)
    one = reflect(
        town.conn, "nova", "I hurry.", insights=["slow down", "ask first"], evidence=[*ids, ids[0]],
        behavioral_changes=["wait a minute"], tags=["haste"], scope="organisation", occurred_at=at,
    )  # fmt: skip
    found = memory(town.conn, one)
    assert found["memory_type"] == "reflection"
    assert found["text"] == "I hurry.\n- slow down\n- ask first"
    assert found["content"] == {
        "text": "I hurry.", "insights": ["slow down", "ask first"], "behavioral_changes": ["wait a minute"],
    }  # fmt: skip
    assert (found["tags"], found["scope"], found["occurred_at"]) == (["haste"], "organisation", at)
    assert links(town.conn) == {("memory", one, "derived_from", "memory", i) for i in ids}
    assert counted(town.conn, "nova") == (0, 0)


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [
        ([0.1, 0.1], 0.7),  # 1 + 2, not below 7
        ([0.5], 0.7),  # 5 + 2
        ([0.6, 0.6], 0.8),  # 6 + 2
        ([0.6, 0.7], 0.9),  # 6.5 + 2 = 8.5, rounded
        ([0.6, 0.6, 0.7], 0.8),  # 6.33 + 2
        ([0.8], 1.0),
        ([1.0], 1.0),  # not above 10
    ],
)
def test_its_importance_is_two_of_ten_above_the_mean_of_its_evidence(
    town: Town, scores: list[float], wanted: float
) -> None:
    ids = [remember(town.conn, "nova", f"{i}", importance=score) for i, score in enumerate(scores)]
    remember(town.conn, "nova", "no evidence", importance=0)
    one = reflect(town.conn, "nova", "so it is", evidence=ids)
    assert memory(town.conn, one)["importance"] == pytest.approx(wanted)


def test_without_evidence_it_is_the_mean_since_the_last_reflection(town: Town) -> None:
    live(town.conn, "nova", 4, 0.75)
    assert memory(town.conn, reflect(town.conn, "nova", "a"))["importance"] == pytest.approx(1.0)  # round(7.5 + 2)
    assert memory(town.conn, reflect(town.conn, "nova", "b"))["importance"] == pytest.approx(0.7)
    assert memory(town.conn, reflect(town.conn, "nova", "c", importance=0.25))["importance"] == 0.25


def test_evidence_is_what_the_agent_sees(town: Town) -> None:
    private, shared = remember(town.conn, "coder", "x"), remember(town.conn, "coder", "y", scope="organisation")
    for caller in ("nova", "app"):
        with town.acting(caller):
            for missing in (private, UUID(int=4)):
                refused(
                    town.conn, "SELECT agentry_memory.record_reflection('nova', 'x', p_evidence => ARRAY[%s])",
                    missing, error=errors.UndefinedObject, match=f"memory {missing} does not exist",
                )  # fmt: skip
            assert reflect(town.conn, "nova", "x", evidence=[shared])
    with town.acting("nova"):
        refused(town.conn, "SELECT agentry_memory.record_reflection('coder', 'x')", match="cannot act as coder")
    refused(town.conn, "SELECT agentry_memory.record_reflection('nova', ' ')", error=errors.CheckViolation)
    live(town.conn, "nova", 2)
    refused(town.conn, "SELECT agentry_memory.record_reflection('nova', NULL)", error=errors.CheckViolation)
    assert counted(town.conn, "nova") == (1.5, 2)


def test_a_reflection_that_is_told_twice_is_one(town: Town) -> None:
    (first,) = live(town.conn, "nova", 1)
    one = reflect(town.conn, "nova", "x", evidence=[first], idempotency_key="k")
    live(town.conn, "nova", 2, 0.25)
    assert reflect(town.conn, "nova", "x", evidence=[first], idempotency_key="k") == one
    assert reflect(town.conn, "nova", "x", idempotency_key="k") == one
    assert counted(town.conn, "nova") == (0.5, 2), "what came after it is still to be reflected on"
    with pytest.raises(errors.UniqueViolation, match="idempotency key 'k'"), town.conn.transaction():
        reflect(town.conn, "nova", "y", idempotency_key="k")


def test_a_reflection_waits_for_no_writer_and_no_writer_for_it(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    live(db.admin, "nova", 2)
    writing, reflecting, later = (db.connect(autocommit=False) for _ in range(3))
    for conn in (writing, reflecting, later):
        conn.execute("SET lock_timeout = '10s'")
    live(writing, "nova", 1)
    reflect(reflecting, "nova", "x")
    live(later, "nova", 3)
    reflecting.commit()
    writing.commit()
    later.commit()
    # what it could not see is for the next one
    assert counted(db.admin, "nova") == (3.0, 4)


def test_reflections_of_one_agent_wait_for_each_other(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova'), agentry.register_agent('coder')")
    live(db.admin, "nova", 4)
    first, second = db.connect(autocommit=False), db.connect(autocommit=False)
    reflect(first, "nova", "x")
    reflect(second, "coder", "not this one")
    done = background(reflect, second, "nova", "y")
    wait_for_lock(db.admin, second.info.backend_pid)
    assert db.value("SELECT agentry_memory._settle_importance(1)") == 0, "nor is anything added up meanwhile"
    first.commit()
    done.result()
    second.commit()
    found = rows(
        db.admin, "SELECT text, importance FROM agentry_memory.agent_memories WHERE memory_type = 'reflection'"
    )
    assert {row["text"]: round(row["importance"], 3) for row in found} == {"x": 1.0, "not this one": 0.7, "y": 0.7}


def test_under_repeatable_read_what_was_counted_meanwhile_is_not_lost(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    live(db.admin, "nova", 2)
    conn = db.connect(autocommit=False)
    conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    live(conn, "nova", 1)
    live(db.admin, "nova", 4)
    reflect(conn, "nova", "x")
    conn.commit()
    assert counted(db.admin, "nova") == (3.0, 4)


def test_maintenance_makes_one_row_of_many(town: Town) -> None:
    for _ in range(17):
        live(town.conn, "nova", 2)
    live(town.conn, "coder", 2)
    before = counted(town.conn, "nova")
    assert value(town.conn, "SELECT agentry_memory._settle_importance()") == 16
    assert value(town.conn, "SELECT agentry_memory._settle_importance()") == 0
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.memory_importance") == 2
    assert counted(town.conn, "nova") == before == (25.5, 34)


# -- metacognition ----------------------------------------------------------------------------------------------------


def test_an_agent_thinks_of_how_it_does(town: Town) -> None:
    (one,) = live(town.conn, "nova", 1)
    found = memory(
        town.conn,
        think(
            town.conn, "nova", performance_evaluation="I was slow.", strategy_adjustments=["ask", "write less"],
            goal_modifications=["finish first"], self_awareness_notes="I like to start things.", evidence=[one],
            importance=0.875, scope="organisation",
        ),
    )  # fmt: skip
    assert found["memory_type"] == "metacognition"
    assert found["text"] == "I was slow.\n- ask\n- write less\n- finish first\nI like to start things."
    assert (found["importance"], found["scope"]) == (0.875, "organisation")
    assert links(town.conn) == {("memory", found["id"], "derived_from", "memory", one)}
    assert counted(town.conn, "nova") == (0.75, 1), "only a reflection begins anew"
    other = memory(town.conn, think(town.conn, "coder", self_awareness_notes="I am new."))
    assert (other["text"], other["importance"]) == ("I am new.", pytest.approx(0.8))
    assert "performance_evaluation" not in other["content"]
    for nothing in ({}, {"performance_evaluation": " "}, {"strategy_adjustments": []}):
        with pytest.raises(errors.CheckViolation, match="metacognition"), town.conn.transaction():
            think(town.conn, "mgr", **nothing)


def test_it_does_so_once_a_day_unless_forced(town: Town) -> None:
    now: datetime = value(town.conn, "SELECT now()")
    think(town.conn, "nova", performance_evaluation="fine", occurred_at=now - timedelta(hours=23), idempotency_key="k")
    refused(
        town.conn, "SELECT agentry_memory.record_metacognition('nova', 'fine again')",
        error=errors.ObjectNotInPrerequisiteState,
        match="agent nova has thought about itself within the last 24 hours", detail="The last time was",
        hint="p_forced",
    )  # fmt: skip
    think(town.conn, "nova", performance_evaluation="an emergency", forced=True, occurred_at=now - timedelta(hours=25))
    think(town.conn, "coder", performance_evaluation="fine")
    # a repetition is none; and it is not a day that has passed since what is yet to come
    think(town.conn, "nova", performance_evaluation="fine", idempotency_key="k")
    think(town.conn, "nova", performance_evaluation="yesterday", occurred_at=now - timedelta(hours=50))
    with pytest.raises(errors.ObjectNotInPrerequisiteState), town.conn.transaction():
        think(town.conn, "nova", performance_evaluation="x", occurred_at=now - timedelta(hours=26) + timedelta(hours=2))
    think(town.conn, "nova", performance_evaluation="tomorrow", occurred_at=now + timedelta(hours=2))


def test_two_at_once_are_one_a_day(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    first, second = db.connect(autocommit=False), db.connect(autocommit=False)
    think(first, "nova", performance_evaluation="fine")
    done = background(think, second, "nova", performance_evaluation="fine")
    wait_for_lock(db.admin, second.info.backend_pid)
    first.commit()
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="within the last 24 hours"):
        done.result()


# -- views ------------------------------------------------------------------------------------------------------------

REFLECTIONS = (
    "SELECT reflection, trigger_memories, insights, behavioral_changes, created_at"
    " FROM agentry_memory.agent_reflections"
)
THOUGHTS = (
    "SELECT performance_evaluation, strategy_adjustments, goal_modifications, self_awareness_notes, created_at"
    " FROM agentry_memory.agent_metacognition"
)


def test_the_views_have_the_columns_of_the_document(town: Town) -> None:
    ids = sorted(live(town.conn, "nova", 2))
    at = value(town.conn, "SELECT now()") - timedelta(days=3)
    one = reflect(town.conn, "nova", "I hurry.", insights=["slow down"], evidence=ids, behavioral_changes=["wait"],
                  occurred_at=at)  # fmt: skip
    assert rows(town.conn, REFLECTIONS) == [{
        "reflection": "I hurry.", "trigger_memories": ids, "insights": ["slow down"], "behavioral_changes": ["wait"],
        "created_at": at,
    }]  # fmt: skip
    assert rows(town.conn, "SELECT id, agent_id FROM agentry_memory.agent_reflections") == [
        {"id": one, "agent_id": town.id_of("nova")}
    ]
    think(town.conn, "nova", performance_evaluation="fine", strategy_adjustments=["ask"], occurred_at=at)
    assert rows(town.conn, THOUGHTS) == [{
        "performance_evaluation": "fine", "strategy_adjustments": ["ask"], "goal_modifications": [],
        "self_awareness_notes": None, "created_at": at,
    }]  # fmt: skip
    # whatever was remembered by another way is there too
    remember(town.conn, "coder", "So be it.", "reflection")
    remember(town.conn, "coder", "So I am.", "metacognition")
    assert (
        value(town.conn, "SELECT insights FROM agentry_memory.agent_reflections WHERE reflection = 'So be it.'") == []
    )
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.agent_metacognition") == 2


def test_an_insert_through_a_view_is_the_function(town: Town) -> None:
    ids = sorted(live(town.conn, "nova", 2))
    at = value(town.conn, "SELECT now()") - timedelta(days=3)
    with town.acting("nova"):
        found = rows(
            town.conn,
            "INSERT INTO agentry_memory.agent_reflections"
            " (agent_id, reflection, trigger_memories, insights, created_at)"
            " VALUES (%s, 'I hurry.', %s, '{slow down}', %s) RETURNING *",
            town.id_of("nova"), ids, at,
        )[0]  # fmt: skip
        thought = rows(
            town.conn,
            "INSERT INTO agentry_memory.agent_metacognition (performance_evaluation, goal_modifications)"
            " VALUES ('fine', '{rest}') RETURNING *",
        )[0]
    assert (found["trigger_memories"], found["created_at"], found["behavioral_changes"]) == (ids, at, [])
    assert memory(town.conn, found["id"])["importance"] == pytest.approx(1.0)
    assert counted(town.conn, "nova") == (0, 0)
    assert (thought["agent_id"], thought["goal_modifications"]) == (town.id_of("nova"), ["rest"])
    with town.acting("nova"):
        for query, error, match in (
            ("INSERT INTO agentry_memory.agent_reflections (agent_id, reflection) VALUES (%s, 'x')",
             errors.InsufficientPrivilege, "agent nova cannot act as coder"),
            ("INSERT INTO agentry_memory.agent_metacognition (agent_id, performance_evaluation) VALUES (%s, 'x')",
             errors.InsufficientPrivilege, "agent nova cannot act as coder"),
        ):  # fmt: skip
            refused(town.conn, query, town.id_of("coder"), error=error, match=match)
            refused(
                town.conn, query, UUID(int=3), error=errors.UndefinedObject, match=f"agent '{UUID(int=3)}' does not"
            )
        refused(
            town.conn, "INSERT INTO agentry_memory.agent_metacognition (performance_evaluation) VALUES ('again')",
            error=errors.ObjectNotInPrerequisiteState, match="within the last 24 hours",
        )  # fmt: skip
    with town.acting("reader"):
        refused(
            town.conn,
            "INSERT INTO agentry_memory.agent_reflections (reflection) VALUES ('x')",
            match="permission denied",
        )


def test_an_update_through_a_view_changes_memory_and_links(town: Town) -> None:
    one, two, three = live(town.conn, "nova", 3)
    reflection = reflect(town.conn, "nova", "I hurry.", insights=["slow down"], evidence=[one, two], importance=0.75)
    with town.acting("nova"):
        town.conn.execute(
            "UPDATE agentry_memory.agent_reflections SET reflection = 'I rest.', insights = '{sleep}',"
            " behavioral_changes = NULL, trigger_memories = %s",
            [[two, three]],
        )
    found = memory(town.conn, reflection)
    assert (found["text"], found["importance"]) == ("I rest.\n- sleep", 0.75)
    assert links(town.conn) == {("memory", reflection, "derived_from", "memory", i) for i in (two, three)}
    with town.acting("nova"):
        town.conn.execute("UPDATE agentry_memory.agent_reflections SET trigger_memories = NULL")
        assert links(town.conn) == set()
        thought = think(town.conn, None, performance_evaluation="fine", self_awareness_notes="tired")
        town.conn.execute(
            "UPDATE agentry_memory.agent_metacognition"
            " SET performance_evaluation = NULL, strategy_adjustments = '{rest}'"
        )
    assert memory(town.conn, thought)["text"] == "- rest\ntired"
    assert rows(town.conn, THOUGHTS)[0]["performance_evaluation"] is None
    with town.acting("nova"):
        for view in ("agent_reflections", "agent_metacognition"):
            for change in ("id = gen_random_uuid()", f"agent_id = '{town.id_of('coder')}'"):
                refused(
                    town.conn, f"UPDATE agentry_memory.{view} SET {change}", error=errors.GeneratedAlways,
                    match="made by the database", detail="UPDATE", hint="Leave them out",
                )  # fmt: skip
            refused(
                town.conn, f"INSERT INTO agentry_memory.{view} (id) VALUES (gen_random_uuid())",
                error=errors.GeneratedAlways, detail="INSERT",
            )  # fmt: skip
            refused(
                town.conn, f"INSERT INTO agentry_memory.{view} (org_id) VALUES (agentry.current_org_id())",
                error=errors.GeneratedAlways,
            )  # fmt: skip


def test_through_a_view_nobody_changes_what_is_not_his(town: Town) -> None:
    one = reflect(town.conn, "nova", "I hurry.", scope="organisation")
    two = think(town.conn, "nova", performance_evaluation="fine", scope="organisation")
    for view, column, found in (
        ("agent_reflections", "reflection", one), ("agent_metacognition", "performance_evaluation", two),
    ):  # fmt: skip
        with town.acting("coder"):
            for query in (f"UPDATE agentry_memory.{view} SET {column} = 'x'", f"DELETE FROM agentry_memory.{view}"):
                refused(town.conn, query, match=f"memory {found} is not yours")
        with town.acting("nova"):
            town.conn.execute(f"DELETE FROM agentry_memory.{view}".encode())
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.agent_memories") == 0
