"""Consolidations: one memory of several, whose sources stay readable, and what would be worth one."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.core.support import Town, refused, seal
from tests.harness.database import Database, wait_for_lock
from tests.memory.insight_support import consolidate, consolidation, due, recalled, several, undo
from tests.memory.memories_support import Connection, call, entry, link, links, memory, remember, rows, value
from tests.memory.notes import circle, literal, use_model

NOBODY = UUID(int=9)
LATER = datetime(2099, 1, 2, tzinfo=timezone.utc)
UNDO = "SELECT agentry_memory.undo_consolidation(%s)"


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def archived(conn: Connection) -> set[UUID]:
    query = "SELECT id FROM agentry_memory.agent_memories WHERE archived_at IS NOT NULL"
    return {row["id"] for row in rows(conn, query)}


# -- making one of several --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consolidation_type", "relation", "memory_type"),
    [("merge", "summarises", "episodic"), ("summarize", "summarises", "episodic"),
     ("abstract", "derived_from", "semantic")],
)  # fmt: skip
def test_one_memory_is_made_of_several(
    town: Town, consolidation_type: str, relation: str, memory_type: str
) -> None:
    sources = several(town.conn, 3)
    made = consolidate(town.conn, [*sources, sources[0]], consolidation_type=consolidation_type)
    row = memory(town.conn, made)
    assert (row["text"], row["memory_type"], row["decay_rate"]) == (
        "Ann drank a lot of tea", memory_type, pytest.approx(0.05))  # fmt: skip
    assert links(town.conn) == {("memory", made, relation, "memory", one) for one in sources}
    kept = consolidation(town.conn, made)
    assert (kept["consolidation_type"], kept["source_count"], kept["agent_id"]) == (
        consolidation_type, 3, town.id_of("nova"))  # fmt: skip
    assert (kept["sources_archived"], kept["undone_at"]) == (False, None)
    assert archived(town.conn) == set()
    assert {text for _, text in recalled(town.conn, "tea")} == {
        "Ann drank a lot of tea", "tea, cup 0", "tea, cup 1", "tea, cup 2"}  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "made"),
    [((0.1, 0.2), 0.5), ((0.5, 0.5), 0.6), ((0.4, 0.6, 0.8), 0.72), ((0.9, 0.9), 1), ((0, 0), 0.5), ((1, 0.1), 0.66)],
)
def test_its_importance_is_a_fifth_above_the_mean(town: Town, sources: tuple[float, ...], made: float) -> None:
    ids = [remember(town.conn, "nova", f"tea {n}", importance=one) for n, one in enumerate(sources)]
    assert memory(town.conn, consolidate(town.conn, ids))["importance"] == pytest.approx(made)


def test_it_has_what_its_sources_have(town: Town) -> None:
    one = remember(town.conn, "nova", "tea", "observation", tags=["tea", "ann"], related_agents=["coder"],
                   emotional_relevance=0.2, occurred_at="2026-01-02 00:00+00")  # fmt: skip
    two = remember(town.conn, "nova", "more tea", "observation", tags=["tea"], related_users=["ann"],
                   emotional_relevance=0.6, occurred_at="2026-01-05 00:00+00")  # fmt: skip
    row = memory(town.conn, consolidate(town.conn, [one, two]))
    assert (row["memory_type"], sorted(row["tags"]), row["related_agents"]) == (
        "observation", ["ann", "tea"], [town.id_of("coder")])  # fmt: skip
    assert len(row["related_users"]) == 1
    assert row["emotional_relevance"] == pytest.approx(0.4)
    assert [row["metadata"][end][:10] for end in ("since", "until")] == ["2026-01-02", "2026-01-05"]
    mixed = memory(town.conn, consolidate(town.conn, [one, remember(town.conn, "nova", "thought", "plan")]))
    assert mixed["memory_type"] == "semantic"
    told = memory(
        town.conn,
        consolidate(town.conn, [one, two], memory_type="plan", tags=["x"], expires_at=LATER, scope="organisation"),
    )
    assert (told["memory_type"], told["tags"], told["scope"], told["expires_at"]) == (
        "plan", ["x"], "organisation", LATER)  # fmt: skip


def test_content_of_several_parts(town: Town) -> None:
    sources = several(town.conn, 2)
    made = consolidate(
        town.conn, sources, Jsonb({"skill": "tea", "steps": ["boil", "pour"]}), memory_type="procedural"
    )
    assert memory(town.conn, made)["text"] == "tea\n1. boil\n2. pour"
    refused(
        town.conn, "SELECT agentry_memory.consolidate('nova', 'merge', %s, '{\"skill\": 1}'::jsonb)", sources,
        error=errors.CheckViolation, match="this is no content of a memory of type episodic",
    )  # fmt: skip


def test_the_tokens_saved_are_those_of_the_texts(town: Town) -> None:
    sources = [remember(town.conn, "nova", "x" * 40), remember(town.conn, "nova", "y" * 41)]
    assert consolidation(town.conn, consolidate(town.conn, sources, "z" * 8))["tokens_saved"] == 10 + 11 - 2
    longer = consolidation(town.conn, consolidate(town.conn, sources, "z" * 100))
    assert longer["tokens_saved"] == 21 - 25
    total = "SELECT label, value FROM agentry.metrics() WHERE name = 'memory.tokens_saved'"
    assert [(row["label"], int(row["value"])) for row in rows(town.conn, total)] == [("summarize", 19 - 4)]
    undo(town.conn, longer["consolidated_memory_id"])
    assert [(row["label"], int(row["value"])) for row in rows(town.conn, total)] == [("summarize", 19)]


def test_an_embedding_may_come_with_it(town: Town) -> None:
    model = use_model(town.conn, 2)
    made = consolidate(town.conn, several(town.conn, 2), embedding=literal(circle(0.25)))
    found = entry(town.conn, made)
    assert found
    query = "SELECT model_id FROM agentry_memory.memory_vectors WHERE entry_id = %s"
    assert value(town.conn, query, found["id"]) == model


def test_what_is_no_consolidation_is_refused(town: Town) -> None:
    one, two = several(town.conn, 2)
    (secret,) = several(town.conn, 1, "coder")
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"type": "forget"}, errors.InvalidParameterValue, "merges, summarizes or abstracts two memories or more"),
        ({"type": None}, errors.InvalidParameterValue, "merges, summarizes or abstracts"),
        ({"memories": [one]}, errors.InvalidParameterValue, "merges, summarizes or abstracts"),
        ({"memories": [one, one]}, errors.InvalidParameterValue, "merges, summarizes or abstracts"),
        ({"memories": None}, errors.InvalidParameterValue, "merges, summarizes or abstracts"),
        ({"memories": [one, NOBODY]}, errors.UndefinedObject, f"memory {NOBODY} does not exist"),
        ({"memories": [one, None]}, errors.UndefinedObject, "memory NULL does not exist"),
        ({"memories": [one, secret]}, errors.UndefinedObject, f"memory {secret} does not exist"),
        ({"content": " "}, errors.CheckViolation, "no content of a memory"),
        ({"memory_type": "dream"}, errors.CheckViolation, "dream"),
        ({"scope": "world"}, errors.InvalidParameterValue, "scope 'world' does not exist"),
        ({"agent": "nobody"}, errors.UndefinedObject, "agent 'nobody' does not exist"),
    ]
    for arguments, error, match in wrong:
        given = {"agent": "nova", "type": "merge", "memories": [one, two], "content": "x", "keep": False, **arguments}
        with pytest.raises(error, match=match), town.conn.transaction():
            call(town.conn, "consolidate", **given)
    assert rows(town.conn, "SELECT * FROM agentry_memory.memory_consolidations") == []
    assert archived(town.conn) == set()
    with town.acting("coder"):
        refused(town.conn, "SELECT agentry_memory.consolidate('nova', 'merge', %s, 'x')", [one, two],
                match="cannot act as")  # fmt: skip
        refused(town.conn, "SELECT agentry_memory.consolidate(NULL, 'merge', %s, 'x')", [one, two],
                error=errors.UndefinedObject)  # fmt: skip


def test_the_scope_is_that_of_the_sources_where_they_have_one(town: Town) -> None:
    def scope_of(*scopes: str) -> str:
        ids = [remember(town.conn, "anns", f"for {n} {scope}", scope=scope) for n, scope in enumerate(scopes)]
        return str(memory(town.conn, consolidate(town.conn, ids, agent="anns"))["scope"])

    assert scope_of("team", "team") == "team"
    assert scope_of("user", "user") == "user"
    assert scope_of("organisation", "organisation") == "organisation"
    assert scope_of("organisation", "agent") == scope_of("team", "organisation") == "agent", "never wider"


def test_what_others_share_may_be_consolidated_and_is_theirs(town: Town) -> None:
    mine = several(town.conn, 1)
    shared = several(town.conn, 2, "coder", scope="organisation")
    with town.acting("nova"):
        made = consolidate(town.conn, [*mine, *shared], agent=None)
        refused(
            town.conn, "SELECT agentry_memory.consolidate(NULL, 'merge', %s, 'x', p_keep => false)", [*mine, *shared],
            match="is not the agent's", hint="p_keep => true",
        )  # fmt: skip
    assert memory(town.conn, made)["scope"] == "agent"
    assert archived(town.conn) == set()


# -- archiving and coming back ----------------------------------------------------------------------------------------


def test_archived_sources_are_kept_and_readable_and_come_back(town: Town) -> None:
    sources = several(town.conn, 3)
    before = rows(town.conn, "SELECT id, content, importance, tags FROM agentry_memory.agent_memories ORDER BY id")
    with town.acting("nova"):
        made = consolidate(town.conn, sources, keep=False, agent=None)
        assert recalled(town.conn, "tea") == [("memory", "Ann drank a lot of tea")]
        assert {row["content"] for row in call(town.conn, "memory_evidence", kind="memory", id=made)} == {
            "tea, cup 0", "tea, cup 1", "tea, cup 2"}  # fmt: skip
        assert [call(town.conn, "fetch_source", source="memory", id=str(one))[0]["fetch_source"]["text"]
                for one in sources] == ["tea, cup 0", "tea, cup 1", "tea, cup 2"]  # fmt: skip
    assert archived(town.conn) == set(sources)
    assert consolidation(town.conn, made)["sources_archived"] is True
    with town.acting("nova"):
        assert undo(town.conn, made) == 3
        assert undo(town.conn, made) == 0
    assert archived(town.conn) == {made}
    assert rows(
        town.conn, "SELECT id, content, importance, tags FROM agentry_memory.agent_memories WHERE id <> %s ORDER BY id",
        made,
    ) == before  # fmt: skip
    assert {text for _, text in recalled(town.conn, "tea")} == {"tea, cup 0", "tea, cup 1", "tea, cup 2"}
    assert consolidation(town.conn, made)["undone_at"] is not None
    assert len(links(town.conn)) == 3


def test_undoing_brings_back_what_the_consolidation_archived_and_no_more(town: Town) -> None:
    one, two, three = several(town.conn, 3)
    call(town.conn, "archive_memory", id=three)
    refused(
        town.conn, "SELECT agentry_memory.consolidate('nova', 'merge', %s, 'x')", [one, two, three],
        error=errors.ObjectNotInPrerequisiteState, match=f"memory {three} is archived", hint="undo_consolidation",
    )  # fmt: skip
    town.conn.execute("UPDATE agentry_memory.agent_memories SET archived_at = NULL")
    made = consolidate(town.conn, [one, two, three], keep=False)
    call(town.conn, "archive_memory", id=two, archived=False)
    town.conn.execute(
        "UPDATE agentry_memory.agent_memories SET archived_at = now() + interval '1 second' WHERE id = %s", [three]
    )
    assert undo(town.conn, made) == 1
    assert archived(town.conn) == {made, three}
    # sources that were kept, and one that somebody archived in the same moment
    made = consolidate(town.conn, [one, two])
    call(town.conn, "archive_memory", id=two)
    assert undo(town.conn, made) == 0
    assert two in archived(town.conn)


def test_a_consolidation_is_undone_by_whose_it_is(town: Town) -> None:
    shared = consolidate(town.conn, several(town.conn, 2, scope="organisation"), keep=False)
    private = consolidate(town.conn, several(town.conn, 2), keep=False)
    for role in ("coder", "reader"):
        with town.acting(role):
            refused(town.conn, UNDO, shared, match=f"consolidation {shared} is not yours", hint="Ask the agent")
    with town.acting("coder"):
        for missing in (private, NOBODY, None):
            refused(
                town.conn, UNDO, missing, error=errors.UndefinedObject, hint="that agentry_memory.consolidate() made",
                match=f"consolidation {missing or 'NULL'} does not exist",
            )  # fmt: skip
        assert rows(town.conn, "SELECT * FROM agentry_memory.memory_consolidations") == []
        refused(town.conn, "DELETE FROM agentry_memory.memory_consolidations")
    with town.acting("stranger"):
        refused(town.conn, UNDO, shared, error=errors.InvalidAuthorizationSpecification)
    with town.acting("reader"):
        assert len(rows(town.conn, "SELECT * FROM agentry_memory.memory_consolidations")) == 2
    with town.acting("nova"):
        assert undo(town.conn, private) == 2
    with town.acting("app"):
        assert undo(town.conn, shared) == 2


def test_sources_come_back_when_the_memory_goes_that_was_made_of_them(town: Town) -> None:
    sources = several(town.conn, 2)
    made = consolidate(town.conn, sources, keep=False)
    higher = consolidate(town.conn, [made, *several(town.conn, 1)], "all of it", keep=False)
    assert archived(town.conn) >= {made, *sources}
    with town.acting("nova"):
        call(town.conn, "forget_memory", id=higher)
    assert archived(town.conn) == set(sources)
    made_again = consolidate(town.conn, [made, *several(town.conn, 1)], "all", keep=False, expires_at="2020-01-01")
    assert value(town.conn, "SELECT agentry_memory.expire_memories()") == 1
    assert archived(town.conn) == set(sources)
    assert made_again not in {row["id"] for row in rows(town.conn, "SELECT id FROM agentry_memory.agent_memories")}
    undo(town.conn, made)
    call(town.conn, "archive_memory", id=sources[0])
    call(town.conn, "forget_memory", id=made)
    assert archived(town.conn) == {sources[0]}, "what was undone is not undone once more"
    assert rows(town.conn, "SELECT * FROM agentry_memory.memory_consolidations") == []


def test_two_who_archive_the_same_sources_make_one_memory(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    sources = several(db.admin, 3)
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    first = consolidate(one, sources[:2], keep=False)
    waiting = background(consolidate, two, [sources[2], sources[1]], keep=False)
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match=f"memory {sources[1]} is archived"):
        waiting.result()
    two.rollback()
    assert archived(db.admin) == set(sources[:2])
    assert undo(one, first) == 2
    waiting = background(undo, two, first)
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    assert waiting.result() == 0
    two.commit()
    assert archived(db.admin) == {first}


def test_the_same_key_gives_the_first_consolidation(town: Town) -> None:
    sources = several(town.conn, 3)
    first = consolidate(town.conn, sources[:2], keep=False, idempotency_key="k")
    assert consolidate(town.conn, sources[1::-1], keep=False, idempotency_key="k") == first
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.memory_consolidations") == 1
    for arguments in (
        {"memories": sources}, {"content": "other"}, {"consolidation_type": "abstract"},
    ):  # fmt: skip
        with pytest.raises(errors.UniqueViolation, match="idempotency key 'k' was used"), town.conn.transaction():
            consolidate(town.conn, **{"memories": sources[:2], "idempotency_key": "k", **arguments})
    remember(town.conn, "nova", "Ann drank a lot of tea", idempotency_key="plain")
    with pytest.raises(errors.UniqueViolation, match="idempotency key 'plain' was used"), town.conn.transaction():
        consolidate(town.conn, several(town.conn, 2), idempotency_key="plain")


def test_a_key_that_somebody_uses_meanwhile_is_one_consolidation(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    sources = several(db.admin, 2)
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    first = consolidate(one, sources, idempotency_key="k")
    waiting = background(consolidate, two, sources, idempotency_key="k")
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    assert waiting.result() == first
    two.commit()
    two.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    two.execute("SELECT 1")
    consolidate(one, sources, idempotency_key="other")
    one.commit()
    with pytest.raises(errors.SerializationFailure):
        consolidate(two, sources, idempotency_key="other")


# -- what is due ------------------------------------------------------------------------------------------------------


def test_too_many_memories_are_due(town: Town) -> None:
    town.conn.execute("SELECT agentry.set_setting('memory.max_memories', '10')")
    weak = several(town.conn, 2, importance=0.3)
    several(town.conn, 7, importance=0.8)
    assert due(town.conn) == [], "9 of 10 are 90 %, and not more"
    pinned = remember(town.conn, "nova", "pinned", pinned=True, importance=0.1)
    (found,) = due(town.conn)
    assert (found["agent"], found["reason"], found["memory_type"], found["measure"]) == ("nova", "count", None, 10)
    assert sorted(found["memories"][:2]) == sorted(weak), "the weakest first"
    assert len(found["memories"]) == 9
    assert pinned not in found["memories"]
    assert due(town.conn, fill=1) == []
    assert due(town.conn, fill=None) == []
    several(town.conn, 3, expires_at="2020-01-01")
    assert due(town.conn)[0]["measure"] == 10, "what expired is not there"
    made = consolidate(town.conn, found["memories"][:4], keep=False)
    assert due(town.conn) == []
    undo(town.conn, made)
    kept = consolidate(town.conn, found["memories"][:4])
    (found,) = due(town.conn)
    assert found["measure"] == 11
    assert kept in found["memories"]
    assert not set(weak) & set(found["memories"]), "what was consolidated is not named again"
    for wrong in ("0", "1000000001", '"many"'):
        refused(town.conn, f"SELECT agentry.set_setting('memory.max_memories', '{wrong}')",
                error=errors.InvalidParameterValue)  # fmt: skip


def test_a_hundred_of_very_many_are_named(town: Town) -> None:
    several(town.conn, 110)
    (found,) = due(town.conn, fill=0.1)
    assert (found["measure"], len(found["memories"])) == (110, 100)
    (found,) = due(town.conn, fill=None, now="2030-01-01")
    assert (found["reason"], len(found["memories"])) == ("strength", 100)


def test_what_has_been_weak_for_long_is_due(town: Town) -> None:
    # 0.5 * exp(-0.1 * days) is below 0.2 after 9.163 days
    sources = several(town.conn, 3)
    several(town.conn, 2, memory_type="plan")
    remember(town.conn, "nova", "pinned", pinned=True)

    def weak(after: float, **more: Any) -> list[dict[str, Any]]:
        now = value(town.conn, "SELECT now() + %s * interval '1 day'", after)
        return due(town.conn, fill=None, now=now, **more)

    least = math.log(0.5 / 0.2) / 0.1
    assert weak(least + 2.99) == [], "for less than 72 hours"
    (found,) = weak(least + 3.01)
    assert (found["reason"], found["memory_type"], set(found["memories"])) == ("strength", "episodic", set(sources))
    assert found["measure"] == pytest.approx(0.5 * math.exp(-0.1 * (least + 3.01)))
    assert weak(least + 0.01, low_for="0") != []
    assert weak(least + 3.01, strength=0.1) == []
    assert weak(least + 3.01, strength=None) == []
    assert weak(1000, low_for="1000 years") == []
    assert len(weak(10000)) == 1, "two of a type are too few"
    town.conn.execute("UPDATE agentry_memory.agent_memories SET decay_rate = 1000, pinned = false")
    assert weak(1000)[0]["measure"] == pytest.approx(0)
    town.conn.execute("UPDATE agentry_memory.agent_memories SET decay_rate = 0.1")
    call(town.conn, "mark_recalled", source="memory", ids=[str(sources[0])])
    town.conn.execute("UPDATE agentry_memory.memory_access SET last_accessed = now() + interval '5 days'")
    found_types = {row["memory_type"] for row in weak(least + 4)}
    assert found_types == {"episodic"}, "the pinned one is not pinned any more, and one was used"
    assert sources[0] not in weak(least + 4)[0]["memories"]
    assert {source for row in weak(least + 9) for source in row["memories"]} >= set(sources)


def test_what_is_alike_is_due(town: Town) -> None:
    use_model(town.conn, 2)
    sources = several(town.conn, 4)
    # the angle of a cosine of 0.9 is 0.0718 of a turn
    for one, part in zip(sources, (0, 0.0700, 0.0745, 0.5), strict=True):
        found = entry(town.conn, one)
        assert found
        model = value(town.conn, "SELECT model_id FROM agentry_memory.embedding_models")
        town.conn.execute(
            "SELECT agentry_memory._store_vector(org_id, id, %s, %s::vector) FROM agentry_memory.memory_entries"
            " WHERE id = %s",
            [model, literal(circle(part)), found["id"]],
        )
    (same, alike) = due(town.conn)
    assert {same["reason"], alike["reason"]} == {"similarity"}
    pairs = [tuple(row["memories"]) for row in (same, alike)]
    order = {one: n for n, one in enumerate(sources)}
    assert [tuple(sorted(order[one] for one in pair)) for pair in pairs] == [(1, 2), (0, 1)], "the most alike first"
    assert alike["measure"] == pytest.approx(math.cos(2 * math.pi * 0.07), abs=0.002)
    assert due(town.conn, similarity=0.95) == [same]
    assert due(town.conn, similarity=None) == []
    assert len(due(town.conn, similarity=-1)) == 6
    assert due(town.conn, limit=1) == [same]
    assert len(due(town.conn, sample=2, similarity=-1)) == 1, "the newest two"
    consolidate(town.conn, same["memories"], consolidation_type="merge")
    assert due(town.conn) == []
    town.conn.execute("UPDATE agentry_memory.organization_models SET is_default = false")
    assert due(town.conn, similarity=-1) == []


def test_due_for_whom_one_may_act_for(town: Town) -> None:
    for agent in ("nova", "coder", "anns"):
        several(town.conn, 3, agent, scope="organisation", occurred_at="2020-01-01")

    def whose(agent: str | None = None) -> list[str]:
        return [row["agent"] for row in due(town.conn, agent)]

    for role, agents in {"nova": ["nova"], "anns": ["anns"], "mgr": [], "app": ["anns", "coder", "nova"],
                         "reader": ["anns", "coder", "nova"], "admin": ["anns", "coder", "nova"]}.items():  # fmt: skip
        with town.acting(role):
            assert sorted(whose()) == agents, role
    token = town.token(user="ann")
    town.conn.execute("SELECT agentry.use_session(%s)", [token])
    assert whose() == whose("anns") == ["anns"]
    town.conn.execute("SELECT agentry.logout()")
    with town.acting("nova"):
        refused(town.conn, "SELECT * FROM agentry_memory.consolidations_due('coder')", match="cannot act as")
    with town.acting("stranger"):
        refused(town.conn, "SELECT * FROM agentry_memory.consolidations_due()",
                error=errors.InvalidAuthorizationSpecification)  # fmt: skip
    town.conn.execute("UPDATE agentry.agents SET status = 'archived' WHERE name = 'nova'")
    assert sorted(whose()) == ["anns", "coder"]
    for arguments in ("p_limit => 0", "p_limit => 1001", "p_limit => NULL", "p_sample => 1", "p_sample => 5001"):
        refused(
            town.conn, f"SELECT * FROM agentry_memory.consolidations_due({arguments})",
            error=errors.InvalidParameterValue, match="limit or sample is out of range",
        )  # fmt: skip


def test_to_ask_what_is_due_writes_nothing(db: Database) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    several(db.admin, 3, occurred_at="2020-01-01")
    with db.admin.transaction():
        db.admin.execute("SET TRANSACTION READ ONLY")
        assert len(due(db.admin)) == 1


# -- forgetting -------------------------------------------------------------------------------------------------------


def test_what_was_made_of_a_forgotten_agents_memories_goes_with_it(db: Database) -> None:
    conn = db.admin
    for agent in ("nova", "coder", "scout"):
        conn.execute("SELECT agentry.register_agent(%s)", [agent])
    shared = several(conn, 1, scope="organisation")
    mine = several(conn, 3, "coder")
    made = consolidate(conn, [*shared, mine[0]], "first secret", agent="coder")
    higher = consolidate(conn, [made, mine[1]], "second secret", agent="coder", keep=False)
    apart = consolidate(conn, [mine[0], mine[2]], "of coder alone", agent="coder")
    kept = consolidate(conn, [*shared, *several(conn, 1, "scout")], "evidence", agent="scout")
    reflection = value(conn, "SELECT agentry_memory.record_reflection('coder', 'a thought', p_evidence => %s)", shared)
    conn.execute("SELECT agentry.place_legal_hold('scout', 'case 7')")
    assert {made, mine[1]} <= archived(conn)
    receipt = value(conn, "SELECT agentry.forget('nova')")
    assert rows(conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    left = {row["id"] for row in rows(conn, "SELECT id FROM agentry_memory.agent_memories")}
    assert not left & {made, higher, *shared}
    assert left >= {apart, kept, reflection, *mine}
    assert archived(conn) == set(), "what was archived for it is back"
    assert value(conn, "SELECT counts ->> 'agentry_memory.memory_consolidations' FROM agentry.erasures WHERE id = %s",
                 receipt) == "2"  # fmt: skip
    seal(conn)
    images = "SELECT count(*) FROM agentry.audit_images AS i WHERE i::text LIKE '%%' || %s || '%%'"
    for text, number in (("first secret", 0), ("second secret", 0), ("of coder alone", 1)):
        assert value(conn, images, text) == number, text
    assert conn.execute("SELECT sealed > 0, broken_id FROM agentry.verify_audit()").fetchone() == (True, None)
    for table in ("memory_consolidations", "memory_entries"):
        assert value(conn, f"SELECT count(*) FROM agentry_memory.{table} AS t WHERE t::text LIKE '%%secret%%'") == 0


def test_what_was_made_of_a_forgotten_users_memories_goes_with_it(town: Town) -> None:
    of_ann = [remember(town.conn, "anns", f"ann {n}", scope="user") for n in range(2)]
    own = remember(town.conn, "anns", "own")
    made = consolidate(town.conn, [*of_ann, own], "about ann", agent="anns", keep=False)
    assert memory(town.conn, made)["scope"] == "agent"
    receipt = value(town.conn, "SELECT agentry.forget('user:ann')")
    assert rows(town.conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    assert rows(town.conn, "SELECT id, archived_at FROM agentry_memory.agent_memories") == [
        {"id": own, "archived_at": None}]  # fmt: skip


def test_consolidations_of_a_forgotten_agent_are_gone(town: Town) -> None:
    made = consolidate(town.conn, several(town.conn, 2), keep=False)
    consolidate(town.conn, [made, *several(town.conn, 1)], keep=False)
    receipt = value(town.conn, "SELECT agentry.forget('nova')")
    assert rows(town.conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    for table in ("memory_consolidations", "agent_memories", "memory_links", "memory_entries"):
        assert value(town.conn, f"SELECT count(*) FROM agentry_memory.{table}") == 0, table


def test_an_organisation_goes_with_its_consolidations(town: Town) -> None:
    acme = value(town.conn, "SELECT agentry.create_organization('acme')")
    here = several(town.conn, 2)
    town.conn.execute("SELECT set_config('agentry.org_id', %s, true)", [str(acme)])
    town.conn.execute("SELECT agentry.register_agent('nova')")
    there = consolidate(town.conn, several(town.conn, 2), keep=False)
    refused(town.conn, "SELECT agentry_memory.consolidate('nova', 'merge', %s, 'x')", here,
            error=errors.UndefinedObject)  # fmt: skip
    town.conn.execute("SELECT set_config('agentry.org_id', '', true)")
    refused(town.conn, UNDO, there, error=errors.UndefinedObject)
    town.conn.execute("SELECT agentry.delete_organization('acme')")
    for table in ("memory_consolidations", "memory_links"):
        assert value(town.conn, f"SELECT count(*) FROM agentry_memory.{table}") == 0
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.agent_memories") == 2


def test_a_summary_may_be_evidence_like_any_memory(town: Town) -> None:
    sources = several(town.conn, 4)
    first, second = consolidate(town.conn, sources[:2]), consolidate(town.conn, sources[2:])
    assert link(town.conn, first, "supports", second)
    assert {row["id"] for row in call(town.conn, "memory_evidence", kind="memory", id=second)} == {
        first, *sources}  # fmt: skip
    assert len(links(town.conn)) == 5
