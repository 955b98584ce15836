"""Views: how they are derived, what counts for and against them, when they expire, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from tests.core.support import Town, move_clock, refused, seal
from tests.harness.database import Database, wait_for_lock
from tests.memory.insight_support import (
    add,
    counts,
    derive,
    promote,
    recalled,
    reject,
    ripe,
    several,
    validate,
    verdict,
    view,
    withdraw,
)
from tests.memory.memories_support import Connection, call, link, links, remember, rows, value

NOBODY = UUID(int=9)
ADD = "SELECT agentry_memory.add_evidence(%s, 'memory', %s)"


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


# -- deriving ---------------------------------------------------------------------------------------------------------


def test_a_view_keeps_what_it_was_derived_from(town: Town) -> None:
    memories = several(town.conn, 3)
    found = derive(town.conn, evidence=[*memories, memories[0]], view_type="habit", tags=["tea"])
    row = view(town.conn, found)
    assert (row["hypothesis"], row["view_type"], row["source"], row["tags"]) == (
        "Ann likes tea", "habit", "llm", ["tea"])  # fmt: skip
    assert (row["status"], row["scope"], row["validation_count"], row["last_validated_at"]) == (
        "active", "agent", 0, None)  # fmt: skip
    assert timedelta(days=30) <= row["expires_at"] - row["created_at"] < timedelta(days=30, minutes=5)
    assert links(town.conn) == {("memory", one, "supports", "view", found) for one in memories}
    evidence = call(town.conn, "memory_evidence", kind="view", id=found)
    assert {(row["id"], row["relation"], row["content"]) for row in evidence} == {
        (one, "supports", f"tea, cup {n}") for n, one in enumerate(memories)}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "said", "counts_as"),
    [("llm", 1, 0.7), ("llm", 0.5, 0.35), ("llm", None, 0.35), ("user", 1, 1), ("pattern_detector", 0.6, 0.6),
     ("user", None, 0.5), ("llm", 0, 0)],
)  # fmt: skip
def test_what_a_model_says_of_its_own_confidence_counts_for_less(
    town: Town, source: str, said: float | None, counts_as: float
) -> None:
    row = view(town.conn, derive(town.conn, confidence=said, source=source))
    assert (row["initial_confidence"], row["confidence"]) == pytest.approx((counts_as, counts_as))


def test_a_view_lives_as_long_as_it_is_told(town: Town) -> None:
    def days(**more: Any) -> float:
        row = view(town.conn, derive(town.conn, **more))
        return round((row["expires_at"] - row["created_at"]) / timedelta(days=1), 3)

    assert days(expires_in="7 days") == 7
    town.conn.execute("SELECT agentry.set_setting('memory.view_life', '\"10 days\"')")
    assert (days(), days(expires_in=None), days(expires_in="1 day")) == (10, 10, 1)
    for wrong in ('"0"', '"-1 day"', '"11 years"', '"soon"', "5"):
        refused(
            town.conn, f"SELECT agentry.set_setting('memory.view_life', '{wrong}')", error=errors.InvalidParameterValue
        )


def test_the_evidence_may_be_of_another_kind(town: Town) -> None:
    raw = value(town.conn, "SELECT agentry_memory.remember_raw('tea, please', 'nova')")
    event = value(town.conn, "SELECT agentry_memory.record_event(%s, 'drink', 'tea')", raw)
    first = derive(town.conn, evidence=[raw], evidence_kind="raw_memory")
    second = derive(town.conn, "Ann is thirsty", evidence=[first], evidence_kind="view")
    assert add(town.conn, second, event, kind="event")
    assert (counts(town.conn, first)[0], counts(town.conn, second)[0]) == (1, 2)
    third = promote(town.conn, first, "tea", force=True)
    assert add(town.conn, second, third, kind="concept")
    assert counts(town.conn, second)[0] == 3


def test_what_makes_no_view_is_refused(town: Town) -> None:
    (mine,) = several(town.conn, 1)
    (private,) = several(town.conn, 1, "coder")
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"confidence": 1.1}, errors.InvalidParameterValue, "confidence is out of range"),
        ({"confidence": -0.1}, errors.InvalidParameterValue, "confidence is out of range"),
        ({"confidence": float("nan")}, errors.InvalidParameterValue, "confidence is out of range"),
        ({"expires_in": "0"}, errors.InvalidParameterValue, "a view cannot live that long"),
        ({"expires_in": "-1 day"}, errors.InvalidParameterValue, "a view cannot live that long"),
        ({"expires_in": "10 years 1 day"}, errors.InvalidParameterValue, "a view cannot live that long"),
        ({"scope": "world"}, errors.InvalidParameterValue, "scope 'world' does not exist"),
        ({"scope": "team"}, errors.InvalidParameterValue, "agent nova has no team"),
        ({"evidence": [NOBODY]}, errors.UndefinedObject, f"memory {NOBODY} does not exist"),
        ({"evidence": [mine, None]}, errors.UndefinedObject, "memory NULL does not exist"),
        ({"evidence": [private]}, errors.UndefinedObject, f"memory {private} does not exist"),
        ({"evidence": [mine], "evidence_kind": "dream"}, errors.InvalidParameterValue, "nothing of kind 'dream'"),
        ({"evidence": [mine], "evidence_kind": "view"}, errors.UndefinedObject, f"view {mine} does not exist"),
        ({"hypothesis": " \n"}, errors.CheckViolation, "cognitive_views_hypothesis_check"),
        ({"hypothesis": None}, errors.NotNullViolation, "hypothesis"),
        ({"view_type": "A B"}, errors.CheckViolation, "cognitive_views_view_type_check"),
        ({"source": ""}, errors.CheckViolation, "cognitive_views_source_check"),
        ({"tags": [None]}, errors.CheckViolation, "cognitive_views_tags_check"),
        ({"idempotency_key": ""}, errors.CheckViolation, "cognitive_views_idempotency_key_check"),
        ({"agent": "nobody"}, errors.UndefinedObject, "agent 'nobody' does not exist"),
        ({"agent": None}, errors.InvalidParameterValue, "which agent is not clear"),
    ]
    for arguments, error, match in wrong:
        with pytest.raises(error, match=match), town.conn.transaction():
            call(town.conn, "derive_view", **{"agent": "nova", "hypothesis": "x", **arguments})
    assert rows(town.conn, "SELECT id FROM agentry_memory.cognitive_views") == []


def test_the_same_key_gives_the_first_view(town: Town) -> None:
    first = derive(town.conn, idempotency_key="k")
    assert derive(town.conn, idempotency_key="k", evidence=several(town.conn, 1)) == first
    assert counts(town.conn, first)[0] == 0, "nothing is added to it"
    assert derive(town.conn, agent="coder", idempotency_key="k") != first
    refused(
        town.conn, "SELECT agentry_memory.derive_view('nova', 'Ann likes coffee', p_idempotency_key => 'k')",
        error=errors.UniqueViolation, match="idempotency key 'k' was used for another view", detail=str(first),
    )  # fmt: skip


def test_a_key_that_somebody_uses_meanwhile_is_one_view(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    first = derive(one, idempotency_key="k")
    waiting = background(derive, two, idempotency_key="k")
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    assert waiting.result() == first
    two.commit()
    two.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    two.execute("SELECT 1")
    derive(one, idempotency_key="other")
    one.commit()
    with pytest.raises(errors.SerializationFailure):
        derive(two, idempotency_key="other")


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_confidence_is_what_was_said_at_first_and_the_evidence(town: Town) -> None:
    found = derive(town.conn, confidence=0.5, source="user")
    for_it, against = several(town.conn, 6), several(town.conn, 2)
    # Laplace's rule of succession: (for + 1) / (for + against + 2)
    for number, one in enumerate(for_it, 1):
        assert add(town.conn, found, one)
        assert counts(town.conn, found) == (number, 0, round((number + 1) / (number + 2), 6))
    for number, one in enumerate(against, 1):
        assert add(town.conn, found, one, supports=False, note="she poured it away")
        assert counts(town.conn, found) == (6, number, round(7 / (8 + number), 6))
    found = derive(town.conn, confidence=1, evidence=for_it[:3])
    assert counts(town.conn, found) == (3, 0, round((3 + 2 * 0.7) / 5, 6))


def test_evidence_counts_by_its_weight(town: Town) -> None:
    found = derive(town.conn, confidence=0.5, source="user")
    one, two = several(town.conn, 2)
    assert add(town.conn, found, one, weight=0.5)
    assert add(town.conn, found, two, supports=False, weight=0.25)
    assert counts(town.conn, found) == (1, 1, round(1.5 / 2.75, 6))
    assert add(town.conn, found, one, weight=0.1, note="hearsay") is False
    assert counts(town.conn, found) == (1, 1, round(1.1 / 2.35, 6))
    assert value(town.conn, "SELECT note FROM agentry_memory.memory_links WHERE from_id = %s", one) == "hearsay"
    assert add(town.conn, found, one, weight=None) is False
    assert counts(town.conn, found) == (1, 1, round(2 / 3.25, 6))
    assert verdict(town.conn, found)["counter_ratio"] == pytest.approx(0.25)


def test_evidence_is_for_a_view_or_against_it_and_may_be_taken_back(town: Town) -> None:
    found = derive(town.conn)
    (one,) = several(town.conn, 1)
    assert add(town.conn, found, one) is True
    assert add(town.conn, found, one) is False
    assert add(town.conn, found, one, supports=False) is True
    assert counts(town.conn, found)[:2] == (0, 1)
    assert add(town.conn, found, one) is True
    assert counts(town.conn, found)[:2] == (1, 0)
    assert withdraw(town.conn, found, one) is True
    assert withdraw(town.conn, found, one) is False
    assert counts(town.conn, found) == (0, 0, 0.35)
    # links that say both, which link_memories() lets
    link(town.conn, one, "supports", found, to_kind="view")
    link(town.conn, one, "contradicts", found, to_kind="view")
    link(town.conn, one, "derived_from", found, to_kind="view")
    link(town.conn, found, "supports", one, from_kind="view")
    assert counts(town.conn, found)[:2] == (1, 1)
    assert withdraw(town.conn, found, one) is True
    assert counts(town.conn, found)[:2] == (0, 0)
    assert len(links(town.conn)) == 2


def test_wrong_evidence_is_refused(town: Town) -> None:
    found = derive(town.conn)
    (one,) = several(town.conn, 1)
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"supports": None}, errors.InvalidParameterValue, "evidence supports a view or contradicts it"),
        ({"view": NOBODY}, errors.UndefinedObject, f"view {NOBODY} does not exist"),
        ({"view": None}, errors.UndefinedObject, "view NULL does not exist"),
        ({"id": NOBODY}, errors.UndefinedObject, f"memory {NOBODY} does not exist"),
        ({"id": None}, errors.UndefinedObject, "memory NULL does not exist"),
        ({"kind": "dream"}, errors.InvalidParameterValue, "nothing of kind 'dream' can be linked"),
        ({"kind": "view", "id": found}, errors.CheckViolation, "memory_links_itself_check"),
        ({"weight": 2}, errors.CheckViolation, "memory_links_weight_check"),
        ({"note": " "}, errors.CheckViolation, "memory_links_note_check"),
    ]
    for arguments, error, match in wrong:
        with pytest.raises(error, match=match), town.conn.transaction():
            call(town.conn, "add_evidence", **{"view": found, "kind": "memory", "id": one, **arguments})
    refused(
        town.conn, "SELECT agentry_memory.withdraw_evidence(%s, 'memory', %s)", NOBODY, one,
        error=errors.UndefinedObject, match=f"view {NOBODY} does not exist",
    )  # fmt: skip
    assert counts(town.conn, found)[:2] == (0, 0)


def test_whose_the_view_is_or_the_evidence_adds_it(town: Town) -> None:
    shared, private = derive(town.conn, scope="organisation"), derive(town.conn)
    (mine,), (of_coder,), (secret,) = (
        several(town.conn, 1), several(town.conn, 1, "coder", scope="organisation"), several(town.conn, 1, "coder"),
    )  # fmt: skip
    with town.acting("nova"):
        assert add(town.conn, private, mine)
        assert add(town.conn, private, of_coder), "what another remembers, to a view of one's own"
        refused(town.conn, ADD, private, secret, error=errors.UndefinedObject, match=f"memory {secret} does not exist")
    with town.acting("coder"):
        assert add(town.conn, shared, secret, supports=False), "what one remembers oneself, to the view of another"
        assert add(town.conn, shared, of_coder)
        refused(town.conn, ADD, private, of_coder, error=errors.UndefinedObject, match="does not exist", hint="read")
    with town.acting("mgr"):
        refused(town.conn, ADD, shared, of_coder, match=f"neither view {shared} nor memory {of_coder} is yours")
        refused(
            town.conn, "SELECT agentry_memory.withdraw_evidence(%s, 'memory', %s)", shared, of_coder,
            match=f"neither view {shared} nor memory {of_coder} is yours", hint="application",
        )  # fmt: skip
        assert withdraw(town.conn, shared, secret) is False, "of what it does not see it learns nothing"
    with town.acting("reader"):
        refused(town.conn, ADD, shared, of_coder, match="is yours")
        refused(town.conn, "SELECT agentry_memory.withdraw_evidence(%s, 'memory', %s)", shared, of_coder)
    with town.acting("stranger"):
        refused(town.conn, ADD, shared, of_coder, error=errors.InvalidAuthorizationSpecification)
    assert counts(town.conn, shared)[:2] == (1, 1)
    # who does not see the evidence sees how much there is of it
    with town.acting("nova"):
        assert [row["id"] for row in call(town.conn, "memory_evidence", kind="view", id=shared)] == [of_coder]
        assert verdict(town.conn, shared)["counter_evidence"] == 1
        assert withdraw(town.conn, shared, secret) is True, "from its own view it takes whatever there is"
    with town.acting("coder"):
        assert withdraw(town.conn, shared, of_coder) is True
    with town.acting("app"):
        assert add(town.conn, private, secret)
        assert withdraw(town.conn, private, secret)


# -- the counts are what the links say --------------------------------------------------------------------------------


def test_nobody_writes_the_counts_by_hand(town: Town) -> None:
    found = derive(town.conn, evidence=several(town.conn, 2), scope="organisation")
    for change in ("evidence_count = 9", "counter_evidence_count = 1", "confidence = 0.99",
                   "evidence_count = 3, confidence = 0.9"):  # fmt: skip
        for role in ("admin", "owner"):
            owner = value(town.conn, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'agentry'")
            with town.acting(owner if role == "owner" else role):
                refused(
                    town.conn, f"UPDATE agentry_memory.cognitive_views SET {change}", error=errors.GeneratedAlways,
                    match="counted by the database", detail="for it 2, against it 0", hint="add_evidence",
                )  # fmt: skip
        for role in ("nova", "app", "coder"):
            with town.acting(role):
                refused(town.conn, f"UPDATE agentry_memory.cognitive_views SET {change}")
    before = counts(town.conn, found)
    # what is written beside them does not touch them
    town.conn.execute("UPDATE agentry_memory.cognitive_views SET tags = '{x}', evidence_count = 2")
    assert counts(town.conn, found) == before
    town.conn.execute("UPDATE agentry_memory.cognitive_views SET initial_confidence = 0.5")
    assert counts(town.conn, found) == (2, 0, 0.75)


def test_a_new_view_has_no_evidence_whatever_it_says(town: Town) -> None:
    found = value(
        town.conn,
        "INSERT INTO agentry_memory.cognitive_views (agent_id, hypothesis, confidence, evidence_count,"
        " counter_evidence_count) VALUES (%s, 'x', 1, 7, 7) RETURNING id",
        town.id_of("nova"),
    )
    assert counts(town.conn, found) == (0, 0, 0.5)


def test_the_counts_follow_the_links_whatever_is_done_to_them(town: Town) -> None:
    one, two = derive(town.conn, "one"), derive(town.conn, "two")
    memories = several(town.conn, 4)

    def state() -> tuple[tuple[int, int], tuple[int, int]]:
        return counts(town.conn, one)[:2], counts(town.conn, two)[:2]

    town.conn.execute(
        "INSERT INTO agentry_memory.memory_links (from_id, relation, to_kind, to_id)"
        " SELECT m, 'supports', 'view', v FROM unnest(%s::uuid[]) AS m, unnest(%s::uuid[]) AS v",
        [memories, [one, two]],
    )
    assert state() == ((4, 0), (4, 0))
    town.conn.execute(
        "UPDATE agentry_memory.memory_links SET relation = 'contradicts' WHERE to_id = %s AND from_id = ANY (%s)",
        [one, memories[:2]],
    )
    assert state() == ((2, 2), (4, 0))
    town.conn.execute(
        "UPDATE agentry_memory.memory_links SET to_id = %s WHERE relation = 'contradicts' AND from_id = %s",
        [two, memories[0]],
    )
    assert state() == ((2, 1), (4, 1))
    town.conn.execute("UPDATE agentry_memory.memory_links SET relation = 'summarises' WHERE relation = 'contradicts'")
    assert state() == ((2, 0), (4, 0))
    call(town.conn, "forget_memory", id=memories[3])
    assert state() == ((1, 0), (3, 0))
    moved = value(town.conn, "UPDATE agentry_memory.cognitive_views SET id = gen_random_uuid() WHERE id = %s"
                             " RETURNING id", one)  # fmt: skip
    assert counts(town.conn, moved) == (0, 0, 0.35)
    town.conn.execute("TRUNCATE agentry_memory.memory_links")
    assert counts(town.conn, two) == (0, 0, 0.35)
    add(town.conn, two, memories[0])
    town.conn.execute("TRUNCATE agentry_memory.agent_memories CASCADE")
    assert counts(town.conn, two) == (0, 0, 0.35)


def test_a_note_alone_locks_no_view(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    (one,) = several(db.admin, 1)
    found = derive(db.admin, evidence=[one])
    with db.admin.transaction():
        db.admin.execute("UPDATE agentry_memory.memory_links SET note = 'x'")
        other = db.connect()
        assert other.execute(
            "SELECT id FROM agentry_memory.cognitive_views FOR NO KEY UPDATE NOWAIT"
        ).fetchall() == [(found,)]


def test_links_go_with_their_view(town: Town) -> None:
    (one,) = several(town.conn, 1)
    found, other = derive(town.conn, evidence=[one]), derive(town.conn, "other")
    add(town.conn, other, found, kind="view", supports=False)
    assert counts(town.conn, other)[:2] == (0, 1)
    town.conn.execute("DELETE FROM agentry_memory.cognitive_views WHERE id = %s", [found])
    assert links(town.conn) == set()
    assert counts(town.conn, other)[:2] == (0, 0)


def test_two_who_write_evidence_at_once_are_both_counted(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova'), agentry.register_agent('coder')")
    found = derive(db.admin, scope="organisation", confidence=0.5, source="user")
    mine, his = several(db.admin, 3), several(db.admin, 3, "coder")
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    for memory_id in mine:
        add(one, found, memory_id)
    waiting = background(add, two, found, his[0], supports=False)
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    assert waiting.result() is True
    two.commit()
    assert counts(db.admin, found) == (3, 1, round(4 / 6, 6))
    # one that takes away while another adds
    withdraw(one, found, mine[0])
    waiting = background(add, two, found, his[1])
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    waiting.result()
    two.rollback()
    assert counts(db.admin, found)[:2] == (2, 1)
    # the evidence of several views at once, in any order
    other = derive(db.admin, "other", scope="organisation")
    insert = (
        "INSERT INTO agentry_memory.memory_links (from_id, relation, to_kind, to_id)"
        " SELECT %s, 'supports', 'view', v FROM unnest(%s::uuid[]) AS v"
    )
    one.execute(insert, [mine[0], [other, found]])
    waiting = background(two.execute, insert, [his[2], [found, other]])
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    waiting.result()
    two.commit()
    assert (counts(db.admin, found)[:2], counts(db.admin, other)[:2]) == ((4, 1), (2, 0))


def test_a_writer_who_cannot_see_the_other_fails_rather_than_miscounts(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    found = derive(db.admin)
    first, second = several(db.admin, 2)
    late = db.connect(autocommit=False)
    late.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    late.execute("SELECT count(*) FROM agentry_memory.cognitive_views")
    add(db.admin, found, first)
    with pytest.raises(errors.SerializationFailure):
        add(late, found, second)
    late.rollback()
    assert counts(db.admin, found)[0] == 1


def test_a_memory_that_goes_while_it_becomes_evidence_is_not_counted(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    found = derive(db.admin)
    first, second = several(db.admin, 2)
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    add(one, found, first)
    waiting = background(two.execute, "SELECT agentry_memory.forget_memory(%s)", [first])
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    waiting.result()
    two.commit()
    assert (counts(db.admin, found)[0], links(db.admin)) == (0, set())
    two.execute("SELECT agentry_memory.forget_memory(%s)", [second])
    waiting = background(add, one, found, second)
    wait_for_lock(db.admin, one.info.backend_pid)
    two.commit()
    with pytest.raises(errors.UndefinedObject):
        waiting.result()
    one.rollback()
    assert (counts(db.admin, found)[0], links(db.admin)) == (0, set())


# -- the gate ---------------------------------------------------------------------------------------------------------


def test_the_gate_can_be_reached(town: Town) -> None:
    """With 7 memories, said by a model that is half sure: (7 + 2 * 0.35) / 9 = 0.856."""
    found = derive(town.conn, evidence=several(town.conn, 7))
    for passed, times in (("10 days", 1), ("20 days", 2), ("29 days", 3)):
        move_clock(town.conn, passed)
        assert validate(town.conn, found) == times
        assert verdict(town.conn, found, passed)["verdict"] == "wait"
    at_last = verdict(town.conn, found, "30 days")
    assert (at_last["verdict"], at_last["reasons"]) == ("promote", [])
    assert round(at_last["confidence"], 3) == 0.856
    assert at_last["age"] == timedelta(days=30)
    assert (at_last["validations"], at_last["evidence"], at_last["counter_evidence"], at_last["conflicts"]) == (
        3, 7, 0, 0)  # fmt: skip
    move_clock(town.conn, "30 days 1 minute")
    with town.acting("nova"):
        assert promote(town.conn, found)


@pytest.mark.parametrize(
    ("initial", "needed"), [(0.35, 7), (0.5, 5), (0.7, 3), (0, 12), (1, 1)]
)
def test_how_much_evidence_it_takes(town: Town, initial: float, needed: int) -> None:
    memories = several(town.conn, needed)
    found = derive(town.conn, evidence=memories[:-1], confidence=initial, source="user", expires_in="90 days")
    validate(town.conn, found, 3)
    assert verdict(town.conn, found, "31 days")["verdict"] == "wait"
    add(town.conn, found, memories[-1])
    assert verdict(town.conn, found, "31 days")["verdict"] == "promote"


REASONS: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "nothing": ({}, "promote", []),
    "too little confidence": ({"evidence": 4}, "wait", ["confidence 0.783 is not above 0.85"]),
    "confidence of just 0.85": (
        {"evidence": 2, "confidence": 0.7, "source": "user"}, "wait", ["confidence 0.85 is not above 0.85"]),
    "too young": ({"now": "29 days 23 hours"}, "wait", ["the first evidence is 29 days old, not 30"]),
    "old enough": ({"now": "30 days"}, "promote", []),
    "too few validations": ({"validations": 2}, "wait", ["2 of 3 validations"]),
    "counter-evidence of 0.15": (
        {"evidence": 20, "against": 3, "confidence": 1, "source": "user"}, "wait",
        ["counter-evidence is 0.15 of the evidence, not below 0.15"]),
    "counter-evidence below 0.15": (
        {"evidence": 21, "against": 3, "confidence": 1, "source": "user"}, "promote", []),
    "counter-evidence of 0.30": (
        {"evidence": 20, "against": 6, "confidence": 1, "source": "user"}, "wait",
        ["confidence 0.786 is not above 0.85", "counter-evidence is 0.3 of the evidence, not below 0.15"]),
    "counter-evidence above 0.30": (
        {"evidence": 20, "against": 7}, "reject",
        ["confidence 0.714 is not above 0.85", "counter-evidence is 0.35 of the evidence, above 0.3"]),
    "no evidence": (
        {"evidence": 0, "confidence": 1, "source": "user"}, "wait", ["it has no evidence"]),
    "nothing but counter-evidence": (
        {"evidence": 0, "against": 1, "confidence": 1, "source": "user"}, "reject",
        ["it has no evidence", "confidence 0.667 is not above 0.85", "there is nothing but counter-evidence"]),
    "a view that contradicts it": (
        {"conflict": "view"}, "wait", ["others that are in force contradict it: 1"]),
    "its time is over": ({"now": "90 days"}, "wait", ["it is expired"]),
    "it was rejected": ({"then": "reject"}, "wait", ["it is rejected"]),
    "it was promoted": ({"then": "promote"}, "wait", ["it is promoted"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REASONS)
def test_each_reason_alone_holds_a_view_back(town: Town, case: str) -> None:
    given, wanted, reasons = REASONS[case]
    given = {"evidence": 7, "against": 0, "validations": 3, "confidence": 0.5, "source": "llm", "now": "31 days",
             "conflict": None, "then": None, **given}  # fmt: skip
    # exactly 90 days, whatever the clock says
    found = derive(town.conn, evidence=several(town.conn, given["evidence"]), expires_in="80 days",
                   confidence=given["confidence"], source=given["source"])  # fmt: skip
    town.conn.execute("UPDATE agentry_memory.cognitive_views SET expires_at = now() + interval '90 days'")
    validate(town.conn, found, given["validations"])
    for memory_id in several(town.conn, given["against"]):
        add(town.conn, found, memory_id, supports=False)
    if given["conflict"]:
        other = derive(town.conn, "Ann hates tea", expires_in="1 year")
        link(town.conn, found, "contradicts", other, from_kind="view", to_kind="view")
    if given["then"] == "reject":
        reject(town.conn, found)
    elif given["then"] == "promote":
        promote(town.conn, found, force=True)
    told = verdict(town.conn, found, given["now"])
    assert (told["verdict"], told["reasons"]) == (wanted, reasons)
    assert (told["evidence"], told["counter_evidence"]) == (given["evidence"], given["against"])
    assert told["counter_ratio"] == (
        pytest.approx(given["against"] / given["evidence"], abs=0.0005) if given["evidence"] else None
    )
    assert (told["age"] is None) == (given["evidence"] == 0)
    assert told["status"] == {"its time is over": "expired", "it was rejected": "rejected",
                              "it was promoted": "promoted"}.get(case, "active")  # fmt: skip


def test_a_conflict_is_with_what_is_in_force_whichever_says_so(town: Town) -> None:
    found = ripe(town.conn)
    other = derive(town.conn, "Ann hates tea", expires_in="60 days")

    def conflicts(now: str = "31 days") -> int:
        return int(verdict(town.conn, found, now)["conflicts"])

    link(town.conn, found, "contradicts", other, from_kind="view", to_kind="view")
    link(town.conn, other, "contradicts", found, from_kind="view", to_kind="view")
    assert conflicts() == 1, "once, though both say so"
    call(town.conn, "unlink_memories", agent="nova", from_id=found, relation="contradicts", to_id=other,
         from_kind="view", to_kind="view")  # fmt: skip
    assert conflicts() == 1
    assert (conflicts("59 days"), conflicts("61 days")) == (1, 0), "it expires before"
    truth = promote(town.conn, other, force=True)
    assert conflicts("61 days") == 1, "it is held to be true"
    call(town.conn, "deprecate_concept", concept=truth)
    assert conflicts("61 days") == 0
    other = derive(town.conn, "Ann drinks coffee", expires_in="60 days")
    link(town.conn, other, "contradicts", found, from_kind="view", to_kind="view")
    reject(town.conn, other)
    assert conflicts() == 0
    truth = promote(town.conn, derive(town.conn, "Ann drinks milk"), force=True)
    link(town.conn, found, "contradicts", truth, from_kind="view", to_kind="concept")
    assert conflicts() == 1
    call(town.conn, "deprecate_concept", concept=truth)
    assert conflicts() == 0
    (memory_id,) = several(town.conn, 1)
    link(town.conn, found, "contradicts", memory_id, from_kind="view")
    assert conflicts() == 0, "a memory is no view"


def test_no_client_makes_a_view_older_than_it_is(town: Town) -> None:
    found = ripe(town.conn)
    with town.acting("nova"):
        assert verdict(town.conn, found, "31 days")["verdict"] == "promote", "if it were then"
        refused(
            town.conn, "SELECT agentry_memory.promote_view(%s)", found, error=errors.ObjectNotInPrerequisiteState,
            match=f"view {found} cannot be promoted", detail="the first evidence is 0 days old, not 30", hint="Wait",
        )  # fmt: skip
    early = "now() - interval '40 days'"
    for role in ("nova", "app", "anns"):
        with town.acting(role):
            for statement in (
                f"UPDATE agentry_memory.memory_links SET created_at = {early}",
                f"UPDATE agentry_memory.cognitive_views SET created_at = {early}",
                "UPDATE agentry_memory.cognitive_views SET validation_count = 3",
                "DELETE FROM agentry_memory.cognitive_views",
                "INSERT INTO agentry_memory.memory_links (from_id, relation, to_kind, to_id, created_at)"
                f" SELECT gen_random_uuid(), 'supports', 'view', '{found}', {early}",
                "INSERT INTO agentry_memory.cognitive_views (agent_id, hypothesis, confidence, created_at)"
                f" SELECT gen_random_uuid(), 'x', 1, {early}",
            ):
                refused(town.conn, statement)
    # what happened long ago is evidence from when it is told on
    with town.acting("nova"):
        old = remember(town.conn, "nova", "tea, in her youth", occurred_at="2001-01-01")
        assert add(town.conn, found, old)
        assert verdict(town.conn, found)["age"] < timedelta(minutes=5)
        add(town.conn, found, old, note="told again")
        assert verdict(town.conn, found)["age"] < timedelta(minutes=5)


def test_the_age_is_that_of_the_first_evidence(town: Town) -> None:
    found = derive(town.conn, expires_in="90 days")
    first, second = several(town.conn, 2)
    add(town.conn, found, first)
    add(town.conn, found, second)
    add(town.conn, found, several(town.conn, 1)[0], supports=False)
    made = "UPDATE agentry_memory.memory_links SET created_at = now() - %s::interval WHERE from_id = %s"
    town.conn.execute(made, ["5 days", first])
    town.conn.execute("UPDATE agentry_memory.memory_links SET created_at = now() - interval '50 days'"
                      " WHERE relation = 'contradicts'")  # fmt: skip
    assert verdict(town.conn, found)["age"] == timedelta(days=5)
    withdraw(town.conn, found, first)
    assert verdict(town.conn, found)["age"] == timedelta(0)
    assert verdict(town.conn, found, None)["age"] == timedelta(0), "NULL is now"


# -- validating, rejecting, expiring ----------------------------------------------------------------------------------


def test_a_validation_counts_and_gives_a_new_life(town: Town) -> None:
    found = derive(town.conn, expires_in="10 days")
    before = view(town.conn, found)
    move_clock(town.conn, "5 days")
    assert validate(town.conn, found) == 1
    after = view(town.conn, found)
    assert after["last_validated_at"] - before["created_at"] > timedelta(days=5)
    assert after["expires_at"] == after["last_validated_at"] + timedelta(days=30)
    assert validate(town.conn, found, expires_in="1 day") == 2
    assert view(town.conn, found)["expires_at"] == after["expires_at"], "never shorter"
    assert validate(town.conn, found, expires_in="60 days") == 3
    assert view(town.conn, found)["expires_at"] > after["expires_at"] + timedelta(days=29)
    refused(
        town.conn, "SELECT agentry_memory.validate_view(%s, '-1 day')", found, error=errors.InvalidParameterValue,
        match="a view cannot live that long", detail="-1 days",
    )  # fmt: skip


def test_two_validations_at_once_both_count(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    found = derive(db.admin)
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    assert validate(one, found) == 1
    waiting = background(validate, two, found)
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    assert waiting.result() == 2
    two.commit()
    assert view(db.admin, found)["validation_count"] == 2


def test_a_rejected_view_stays_so_and_says_why(town: Town) -> None:
    found = derive(town.conn)
    assert ("view", "Ann likes tea") in recalled(town.conn, "tea")
    reject(town.conn, found, "she drinks coffee")
    reject(town.conn, found, "again")
    row = view(town.conn, found)
    assert (row["status"], row["reason"]) == ("rejected", "she drinks coffee")
    assert recalled(town.conn, "tea") == []
    for function in ("validate_view(%s)", "add_evidence(%s, 'memory', %s)"):
        args = [found] if "validate" in function else [found, several(town.conn, 1)[0]]
        refused(
            town.conn, f"SELECT agentry_memory.{function}", *args, error=errors.ObjectNotInPrerequisiteState,
            match=f"view {found} is rejected", hint="derive it anew",
        )  # fmt: skip
    refused(town.conn, "SELECT agentry_memory.reject_view(%s, ' ')", derive(town.conn), error=errors.CheckViolation)
    promoted = derive(town.conn)
    promote(town.conn, promoted, force=True)
    refused(
        town.conn, "SELECT agentry_memory.reject_view(%s)", promoted, error=errors.ObjectNotInPrerequisiteState,
        match=f"view {promoted} is promoted", hint="deprecate_concept",
    )  # fmt: skip


def test_at_its_very_moment_a_view_has_expired_for_everyone(town: Town) -> None:
    found = derive(town.conn)
    ends = view(town.conn, found)["expires_at"]
    before = ends - timedelta(microseconds=1)
    assert verdict(town.conn, found, before)["status"] == "active"
    assert verdict(town.conn, found, ends)["status"] == "expired"
    assert recalled(town.conn, "tea", now=before) == [("view", "Ann likes tea")]
    assert recalled(town.conn, "tea", now=ends) == []

    def effective(at: str) -> tuple[str, str]:
        town.conn.execute(f"UPDATE agentry_memory.cognitive_views SET expires_at = {at}")
        row = rows(town.conn, "SELECT status, status_effective FROM agentry_memory.v_cognitive_views")[0]
        return row["status"], row["status_effective"]

    assert effective("now() + interval '1 microsecond'") == ("active", "active")
    assert effective("now()") == ("active", "expired"), "without anybody having written so"
    for statement in ("validate_view(%s)", "promote_view(%s)"):
        refused(town.conn, f"SELECT agentry_memory.{statement}", found, error=errors.ObjectNotInPrerequisiteState)
    refused(
        town.conn, ADD, found, several(town.conn, 1)[0], error=errors.ObjectNotInPrerequisiteState,
        match=f"view {found} is expired",
    )  # fmt: skip
    reject(town.conn, found)
    assert effective("now() - interval '1 day'") == ("rejected", "rejected")


def expire(conn: Connection, **more: Any) -> tuple[int, int]:
    row = call(conn, "expire_views", **more)[0]
    return row["expired"], row["removed"]


def test_maintenance_writes_what_has_expired(town: Town) -> None:
    short = [derive(town.conn, f"short {days}", expires_in=f"{days} days") for days in (3, 1, 2)]
    derive(town.conn, "long")
    done = derive(town.conn, "done", expires_in="1 day")
    promote(town.conn, done, force=True)
    assert expire(town.conn) == (0, 0)
    move_clock(town.conn, "5 days")
    check = "SELECT status, detail FROM agentry.health() WHERE name = 'memory.views'"
    assert rows(town.conn, check) == [
        {"status": "warning", "detail": "3 views expired more than a day ago and are active by their status"}
    ]
    assert expire(town.conn, limit=1) == (1, 0)
    assert [view(town.conn, one)["status"] for one in short] == ["active", "expired", "active"]
    call_of_step = value(town.conn, "SELECT call FROM agentry.maintenance_steps WHERE name = 'memory.views'")
    assert value(town.conn, call_of_step) == "2 views expired, 0 removed"
    assert rows(town.conn, check)[0]["status"] == "ok"
    assert (view(town.conn, done)["status"], expire(town.conn)) == ("promoted", (0, 0))
    for arguments in ("p_limit => 0", "p_limit => NULL", "p_keep => '0'"):
        refused(
            town.conn, f"SELECT agentry_memory.expire_views({arguments})", error=errors.InvalidParameterValue,
            match="keep or limit is out of range",
        )  # fmt: skip
    with town.acting("app"):
        refused(town.conn, "SELECT agentry_memory.expire_views()")


def test_what_expired_or_was_rejected_goes_when_a_rule_says_so(town: Town) -> None:
    views = {name: derive(town.conn, name, agent, expires_in="1 day")
             for name, agent in (("expired", "nova"), ("rejected", "nova"), ("promoted", "nova"), ("held", "anns"))}
    reject(town.conn, views["rejected"])
    promote(town.conn, views["promoted"], force=True)
    derive(town.conn, "active", expires_in="1 year")
    town.conn.execute("SELECT agentry.place_legal_hold('user:ann', 'a lawsuit')")
    move_clock(town.conn, "40 days")
    assert expire(town.conn) == (2, 0), "there is no rule"
    town.conn.execute("UPDATE agentry.retention_rules SET keep_for = '90 days'"
                      " WHERE table_name = 'agentry_memory.cognitive_views'::regclass")  # fmt: skip
    assert expire(town.conn) == (0, 0)
    assert expire(town.conn, keep="30 days", limit=1) == (0, 1)
    assert expire(town.conn, keep="30 days") == (0, 1)
    left = rows(town.conn, "SELECT hypothesis FROM agentry_memory.cognitive_views ORDER BY 1")
    assert [row["hypothesis"] for row in left] == ["active", "held", "promoted"]
    receipts = rows(town.conn, "SELECT counts FROM agentry.erasures WHERE kind = 'retention'")
    assert receipts == [{"counts": {"agentry_memory.cognitive_views": 1}}] * 2
    town.conn.execute("SELECT agentry.lift_legal_hold(id) FROM agentry.legal_holds")
    move_clock(town.conn, "100 days")
    assert expire(town.conn) == (0, 1)


# -- who sees and changes views ---------------------------------------------------------------------------------------


def test_a_scope_is_who_reads_a_view(town: Town) -> None:
    for scope in ("agent", "user", "team", "organisation"):
        derive(town.conn, f"for {scope}", "anns", scope=scope)
    town.conn.execute("SELECT agentry.register_agent('coder', p_team => 'red')")
    every = ["for agent", "for organisation", "for team", "for user"]
    for role, wanted in {"anns": every, "coder": ["for organisation", "for team"], "nova": ["for organisation"],
                         "app": every, "reader": every, "admin": every, "stranger": []}.items():  # fmt: skip
        with town.acting(role):
            found = rows(town.conn, "SELECT hypothesis FROM agentry_memory.v_cognitive_views ORDER BY 1")
            assert [row["hypothesis"] for row in found] == wanted, role
    for agent, wanted in {"anns": every, "coder": every[1:3], "nova": every[1:2]}.items():
        assert sorted(text for _, text in recalled(town.conn, "user organisation", agent)) == wanted, agent


def test_an_agent_changes_its_own_views(town: Town) -> None:
    shared, private = derive(town.conn, scope="organisation"), derive(town.conn, "private")
    statements = ("validate_view", "reject_view", "promote_view")
    for role in ("coder", "reader"):
        with town.acting(role):
            for function in statements:
                refused(town.conn, f"SELECT agentry_memory.{function}(%s)", shared, match=f"view {shared} is not yours",
                        hint="Ask the agent")  # fmt: skip
    with town.acting("coder"):
        for function in (*statements, "promotion_verdict"):
            refused(town.conn, f"SELECT agentry_memory.{function}(%s)", private, error=errors.UndefinedObject,
                    match=f"view {private} does not exist", hint="as far as you may read them")  # fmt: skip
        assert verdict(town.conn, shared)["verdict"] == "wait"
        refused(town.conn, "SELECT agentry_memory.derive_view('nova', 'x')", match="cannot act as")
        refused(town.conn, "SELECT agentry_memory.derive_view(NULL, 'x', p_scope => 'user')",
                error=errors.InvalidParameterValue)  # fmt: skip
    with town.acting("nova"):
        assert validate(town.conn, shared) == 1
        assert derive(town.conn, agent=None)
        reject(town.conn, private)
    with town.acting("app"):
        assert validate(town.conn, shared) == 2
        town.conn.execute("SELECT agentry.act_as('coder')")
        refused(town.conn, "SELECT agentry_memory.validate_view(%s)", shared, match=f"view {shared} is not yours")
        town.conn.execute("SELECT agentry.act_as(NULL)")
        reject(town.conn, shared)
    with town.acting("stranger"):
        for function in (*statements, "promotion_verdict"):
            refused(town.conn, f"SELECT agentry_memory.{function}(%s)", shared,
                    error=errors.InvalidAuthorizationSpecification)  # fmt: skip


def test_another_organisation_has_none_of_it(town: Town) -> None:
    found = derive(town.conn, scope="organisation", evidence=several(town.conn, 1))
    acme = value(town.conn, "SELECT agentry.create_organization('acme')")
    town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [str(acme)])
    town.conn.execute("SELECT agentry.register_agent('nova')")
    there = derive(town.conn, "elsewhere", evidence=several(town.conn, 1))
    for function in ("validate_view", "reject_view", "promote_view", "promotion_verdict"):
        refused(town.conn, f"SELECT agentry_memory.{function}(%s)", found, error=errors.UndefinedObject)
    (here,) = several(town.conn, 1)
    refused(town.conn, ADD, found, here, error=errors.UndefinedObject, match=f"view {found} does not exist")
    assert ("view", "elsewhere") in recalled(town.conn, "Ann")
    assert ("view", "Ann likes tea") not in recalled(town.conn, "Ann")
    receipt = value(town.conn, "SELECT agentry.forget('nova')")
    assert rows(town.conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    town.conn.execute("SELECT set_config('agentry.org_id', '', true)")
    assert rows(town.conn, "SELECT id FROM agentry_memory.cognitive_views") == [{"id": found}]
    assert there != found
    assert counts(town.conn, found)[0] == 1


# -- forgetting -------------------------------------------------------------------------------------------------------


def test_nothing_of_a_forgotten_agent_is_left(town: Town) -> None:
    found = ripe(town.conn)
    promote(town.conn, found, "tea", force=True)
    derive(town.conn, "another", evidence=several(town.conn, 2))
    others = derive(town.conn, "of coder", "coder", scope="organisation", evidence=several(town.conn, 2, "coder"))
    shared = several(town.conn, 2, scope="organisation")
    for memory_id in shared:
        add(town.conn, others, memory_id, supports=False)
    assert counts(town.conn, others)[:2] == (2, 2)
    receipt = value(town.conn, "SELECT agentry.forget('nova')")
    assert rows(town.conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    assert rows(town.conn, "SELECT id FROM agentry_memory.stable_concepts") == []
    assert [row["id"] for row in rows(town.conn, "SELECT id FROM agentry_memory.cognitive_views")] == [others]
    assert counts(town.conn, others)[:2] == (2, 0), "what it said against it does not count any more"
    assert {row[4] for row in links(town.conn)} == {others}


def test_nothing_of_a_forgotten_user_is_left(town: Town) -> None:
    derive(town.conn, "for ann", "anns", scope="user")
    kept = derive(town.conn, "of anns", "anns")
    promote(town.conn, derive(town.conn, "ann is kind", "anns", scope="user"), force=True)
    receipt = value(town.conn, "SELECT agentry.forget('user:ann')")
    assert rows(town.conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    assert rows(town.conn, "SELECT id FROM agentry_memory.cognitive_views") == [{"id": kept}]
    assert rows(town.conn, "SELECT id FROM agentry_memory.stable_concepts") == []


def test_a_view_that_rests_on_a_forgotten_agent_alone_goes_with_it(db: Database) -> None:
    conn = db.admin
    for agent in ("nova", "coder", "scout"):
        conn.execute("SELECT agentry.register_agent(%s)", [agent])
    shared = several(conn, 2, scope="organisation")
    alone = derive(conn, "nova is late at lunch", "coder", evidence=shared)
    truth = promote(conn, alone, "lunch", force=True)
    backed = derive(conn, "lunch is at noon", "coder", evidence=[*shared, *several(conn, 1, "coder")])
    held = derive(conn, "nova was late in court", "scout", evidence=shared)
    empty = derive(conn, "nobody knows", "coder")
    conn.execute("SELECT agentry.place_legal_hold('scout', 'case 7')")
    refused(conn, "SELECT agentry.forget('scout')", error=errors.ObjectNotInPrerequisiteState, match="legal hold")
    receipt = value(conn, "SELECT agentry.forget('nova')")
    assert rows(conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    left = rows(conn, "SELECT id FROM agentry_memory.cognitive_views")
    assert {row["id"] for row in left} == {backed, held, empty}
    assert counts(conn, backed)[0] == 1
    assert rows(conn, "SELECT id FROM agentry_memory.stable_concepts") == []
    seal(conn)
    images = "SELECT count(*) FROM agentry.audit_images AS i WHERE i::text LIKE '%%' || %s || '%%'"
    assert value(conn, images, "late at lunch") == 0
    assert value(conn, images, "lunch is at noon") > 0
    assert value(conn, "SELECT count(*) FROM agentry.audit_log WHERE row_key ->> 'id' = %s", str(truth)) > 0
    assert conn.execute("SELECT sealed > 0, broken_id FROM agentry.verify_audit()").fetchone() == (True, None)


def test_an_organisation_goes_with_all_of_it(town: Town) -> None:
    acme = value(town.conn, "SELECT agentry.create_organization('acme')")
    town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [str(acme)])
    town.conn.execute("SELECT agentry.register_agent('zed')")
    found = ripe(town.conn, agent="zed")
    promote(town.conn, found, "tea", force=True)
    promote(town.conn, ripe(town.conn, agent="zed"), "tea", force=True)
    town.conn.execute("SELECT set_config('agentry.org_id', '', true)")
    town.conn.execute("SELECT agentry.delete_organization('acme')")
    for table in ("cognitive_views", "stable_concepts", "memory_links", "memory_entries"):
        assert value(town.conn, f"SELECT count(*) FROM agentry_memory.{table}") == 0, table


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_views_are_measured_and_are_tools(town: Town) -> None:
    derive(town.conn)
    expired = derive(town.conn, "expired")
    town.conn.execute("UPDATE agentry_memory.cognitive_views SET expires_at = now() WHERE id = %s", [expired])
    promote(town.conn, derive(town.conn, "true"), force=True)
    found = rows(town.conn, "SELECT name, label, value FROM agentry.metrics() WHERE name IN"
                            " ('memory.views', 'memory.concepts') ORDER BY name, label")  # fmt: skip
    assert [(row["name"], row["label"], int(row["value"])) for row in found] == [
        ("memory.concepts", None, 1), ("memory.views", "active", 1), ("memory.views", "expired", 1),
        ("memory.views", "promoted", 1)]  # fmt: skip
    tools = rows(town.conn, "SELECT name FROM agentry.tools WHERE function::text LIKE 'agentry_memory.%'")
    assert {row["name"] for row in tools} >= {
        "add_evidence", "concept_history", "consolidate", "consolidations_due", "deprecate_concept", "derive_view",
        "promote_view", "promotion_verdict", "reject_view", "undo_consolidation", "validate_view",
        "withdraw_evidence"}  # fmt: skip


def test_every_change_is_on_record(town: Town) -> None:
    found = derive(town.conn, evidence=several(town.conn, 1))
    reject(town.conn, found, "no")
    log = rows(town.conn, "SELECT action FROM agentry.audit_log WHERE table_name = 'agentry_memory.cognitive_views'"
                          " AND row_key ->> 'id' = %s ORDER BY id", str(found))  # fmt: skip
    assert [row["action"] for row in log] == ["INSERT", "UPDATE", "UPDATE"]
