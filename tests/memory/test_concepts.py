"""Concepts: what a view becomes, its versions, whose they are, and what is recalled of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.core.support import Town, move_clock, refused
from tests.harness.database import Database, wait_for_lock
from tests.memory.insight_support import (
    concept,
    derive,
    history,
    promote,
    recalled,
    reject,
    ripe,
    several,
    view,
)
from tests.memory.memories_support import Connection, call, links, rows, value

NOBODY = UUID(int=9)
PROMOTE = "SELECT agentry_memory.promote_view(%s)"


@pytest.fixture
def town(tx: Connection) -> Town:
    return Town(tx)


def deprecate(conn: Connection, concept_id: UUID, reason: str | None = None) -> None:
    call(conn, "deprecate_concept", concept=concept_id, reason=reason)


# -- promoting --------------------------------------------------------------------------------------------------------


def test_a_ripe_view_becomes_a_concept(town: Town) -> None:
    found = ripe(town.conn, view_type="preference", tags=["tea"])
    move_clock(town.conn, "31 days")
    with town.acting("nova"):
        truth = promote(town.conn, found)
    row = concept(town.conn, truth)
    assert (row["canonical_name"], row["display_name"], row["concept_type"]) == (
        "ann likes tea", "Ann likes tea", "preference")  # fmt: skip
    assert row["definition"] == {"statement": "Ann likes tea"}
    assert (row["version"], row["parent_concept_id"], row["is_deprecated"], row["forced_against"]) == (
        1, None, False, [])  # fmt: skip
    assert (row["promoted_from"], row["tags"]) == (found, ["tea"])
    assert row["promotion_confidence"] == pytest.approx(7.7 / 9, abs=1e-6)
    after = view(town.conn, found)
    assert (after["status"], after["promoted_to"]) == ("promoted", truth)
    assert ("concept", truth, "derived_from", "view", found) in links(town.conn)
    evidence = call(town.conn, "memory_evidence", kind="concept", id=truth)
    assert [row["depth"] for row in evidence] == [1, *[2] * 7], "down to the memories"
    assert recalled(town.conn, "likes tea")[0] == ("concept", "Ann likes tea")
    assert "view" not in {source for source, _ in recalled(town.conn, "likes tea")}


def test_a_second_promotion_gives_the_first_concept(town: Town) -> None:
    found = derive(town.conn)
    truth = promote(town.conn, found, "tea", force=True)
    with town.acting("nova"):
        assert promote(town.conn, found) == truth
        assert promote(town.conn, found, "coffee", force=True) == truth
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.stable_concepts") == 1
    # one that is gone leaves a view that was promoted, to nothing
    town.conn.execute("DELETE FROM agentry_memory.stable_concepts")
    assert (view(town.conn, found)["status"], view(town.conn, found)["promoted_to"]) == ("promoted", None)
    refused(town.conn, PROMOTE, found, error=errors.ObjectNotInPrerequisiteState, detail="it is promoted")
    assert promote(town.conn, found, force=True) != truth


def test_the_name_the_definition_and_the_type_may_be_given(town: Town) -> None:
    truth = promote(
        town.conn, derive(town.conn), "  Tea\n of  ANN ", definition={"drink": "tea", "cups": 3}, concept_type="fact",
        force=True,
    )  # fmt: skip
    row = concept(town.conn, truth)
    assert (row["canonical_name"], row["display_name"]) == ("tea of ann", "Tea\n of  ANN")
    assert (row["concept_type"], row["definition"]) == ("fact", {"drink": "tea", "cups": 3})
    assert recalled(town.conn, "drink tea") == [("concept", "Tea\n of  ANN: 3, tea")]


def test_what_makes_no_concept_is_refused(town: Town) -> None:
    found = derive(town.conn)
    long = derive(town.conn, "Ann likes tea " * 20)
    wrong: list[tuple[UUID | None, dict[str, Any], type[Exception], str]] = [
        (NOBODY, {}, errors.UndefinedObject, f"view {NOBODY} does not exist"),
        (None, {}, errors.UndefinedObject, "view NULL does not exist"),
        (found, {"name": " "}, errors.InvalidParameterValue, "a concept needs a name"),
        (found, {"name": "x" * 201}, errors.InvalidParameterValue, "a concept needs a name"),
        (long, {}, errors.InvalidParameterValue, "a concept needs a name"),
        (found, {"definition": Jsonb([1])}, errors.CheckViolation, "stable_concepts_definition_check"),
        (found, {"concept_type": "A"}, errors.CheckViolation, "stable_concepts_concept_type_check"),
    ]
    for view_id, arguments, error, match in wrong:
        with pytest.raises(error, match=match), town.conn.transaction():
            call(town.conn, "promote_view", **{"view": view_id, "force": True, **arguments})
    assert promote(town.conn, long, "x" * 200, force=True)
    assert view(town.conn, found)["status"] == "active"


def test_only_applications_and_administrators_pass_over_the_gate(town: Town) -> None:
    found = derive(town.conn, evidence=several(town.conn, 1))
    with town.acting("nova"):
        refused(
            town.conn, "SELECT agentry_memory.promote_view(%s, p_force => true)", found,
            match="only applications and administrators promote by force", detail="You are agent nova",
            hint="promotion_verdict",
        )  # fmt: skip
        refused(town.conn, PROMOTE, found, error=errors.ObjectNotInPrerequisiteState,
                detail="The verdict is wait: confidence 0.567 is not above 0.85; ")  # fmt: skip
    with town.acting("app"):
        refused(town.conn, PROMOTE, found, error=errors.ObjectNotInPrerequisiteState)
        refused(town.conn, "SELECT agentry_memory.promote_view(%s, p_force => NULL)", found,
                error=errors.ObjectNotInPrerequisiteState)  # fmt: skip
        truth = promote(town.conn, found, force=True)
    assert concept(town.conn, truth)["forced_against"] == [
        "confidence 0.567 is not above 0.85", "the first evidence is 0 days old, not 30", "0 of 3 validations",
    ]  # fmt: skip
    entry = rows(town.conn, "SELECT kind, new_row FROM agentry.audit_log WHERE table_name ="
                            " 'agentry_memory.stable_concepts'")[0]  # fmt: skip
    assert (entry["kind"], len(entry["new_row"]["forced_against"])) == ("app", 3)
    # what was rejected, or has expired, too
    rejected, expired = derive(town.conn, "rejected"), derive(town.conn, "expired", expires_in="1 day")
    reject(town.conn, rejected, "no")
    move_clock(town.conn, "2 days")
    for view_id in (rejected, expired):
        reasons = concept(town.conn, promote(town.conn, view_id, force=True))["forced_against"]
        assert reasons[0] in ("it is rejected", "it is expired")
    assert view(town.conn, rejected)["reason"] is None
    # a ripe one needs no force, and none is noted
    assert concept(town.conn, promote(town.conn, _ripe_now(town), "ripe", force=True))["forced_against"] == []


def _ripe_now(town: Town) -> UUID:
    found = ripe(town.conn, hypothesis="ripe")
    move_clock(town.conn, "31 days")
    return found


# -- versions ---------------------------------------------------------------------------------------------------------


def test_a_name_has_one_current_version(town: Town) -> None:
    first = promote(town.conn, derive(town.conn, "Ann likes tea"), "Tea", force=True)
    second = promote(town.conn, derive(town.conn, "Ann likes green tea"), "tea ", force=True)
    old, new = concept(town.conn, first), concept(town.conn, second)
    assert (old["is_deprecated"], old["reason"]) == (True, "superseded by version 2")
    assert old["deprecated_at"] is not None
    assert (new["version"], new["parent_concept_id"], new["is_deprecated"]) == (2, first, False)
    assert ("concept", second, "supersedes", "concept", first) in links(town.conn)
    assert recalled(town.conn, "likes") == [("concept", "tea: Ann likes green tea")]
    assert [(row["version"], row["id"]) for row in history(town.conn, "TEA")] == [(2, second), (1, first)]
    # after one that is held to be true no more comes the next version too
    deprecate(town.conn, second)
    third = promote(town.conn, derive(town.conn, "Ann likes black tea"), "tea", force=True)
    assert (concept(town.conn, third)["version"], concept(town.conn, third)["parent_concept_id"]) == (3, second)
    town.conn.execute("DELETE FROM agentry_memory.stable_concepts WHERE id = %s", [second])
    assert concept(town.conn, third)["parent_concept_id"] is None
    row = "INSERT INTO agentry_memory.stable_concepts (agent_id, canonical_name, display_name, definition, version," \
          " promotion_confidence) SELECT agent_id, canonical_name, display_name, '{}', %s, 1" \
          " FROM agentry_memory.stable_concepts WHERE id = %s"  # fmt: skip
    refused(town.conn, row, 4, third, error=errors.UniqueViolation, match="stable_concepts_canonical_name_key")
    deprecate(town.conn, third)
    refused(town.conn, row, 3, third, error=errors.UniqueViolation, match="stable_concepts_version_key")


def test_each_owner_has_its_own_concept_of_a_name(town: Town) -> None:
    made = {}
    for agent, scope in (("nova", "agent"), ("coder", "agent"), ("anns", "agent"), ("anns", "user"), ("anns", "team"),
                         ("anns", "organisation")):  # fmt: skip
        view_id = derive(town.conn, f"{agent}, {scope}", agent, scope=scope)
        made[agent, scope] = promote(town.conn, view_id, "tea", force=True)
        row = concept(town.conn, made[agent, scope])
        assert (row["version"], row["scope"], row["agent_id"]) == (1, scope, town.id_of(agent))
    assert value(town.conn, "SELECT count(*) FROM agentry_memory.stable_concepts WHERE NOT is_deprecated") == 6
    # of a shared one the next version is made by whose it is, or by an application
    view_id = derive(town.conn, "of nova", "nova", scope="organisation", evidence=several(town.conn, 7),
                     expires_in="90 days")  # fmt: skip
    for _ in range(3):
        call(town.conn, "validate_view", view=view_id)
    move_clock(town.conn, "31 days")
    with town.acting("nova"):
        refused(
            town.conn, "SELECT agentry_memory.promote_view(%s, 'Tea')", view_id,
            match="concept 'tea' is another agent''s".replace("''", "'"),
            detail=f"Version 1 is concept {made['anns', 'organisation']}.", hint="another name",
        )  # fmt: skip
    with town.acting("app"):
        second = promote(town.conn, view_id, "Tea")
    assert (concept(town.conn, second)["version"], concept(town.conn, second)["agent_id"]) == (2, town.id_of("nova"))


def test_two_who_promote_under_one_name_make_two_versions(db: Database, background: Any) -> None:
    db.admin.execute("SELECT agentry.register_agent('nova')")
    views = [derive(db.admin, f"view {n}") for n in range(3)]
    one, two = db.connect(autocommit=False), db.connect(autocommit=False)
    promote(one, views[0], "tea", force=True)
    waiting = background(promote, two, views[1], "tea", force=True)
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    second = waiting.result()
    two.commit()
    assert [(row["version"], row["is_deprecated"]) for row in history(db.admin, "tea")] == [(2, False), (1, True)]
    assert concept(db.admin, second)["version"] == 2
    # one view by two: it becomes one concept
    third = promote(one, views[2], "milk", force=True)
    waiting = background(promote, two, views[2], "milk", force=True)
    wait_for_lock(db.admin, two.info.backend_pid)
    one.commit()
    assert waiting.result() == third
    two.commit()


def test_a_version_never_changes(town: Town) -> None:
    truth = promote(town.conn, derive(town.conn), "tea", force=True)
    for change in ("definition = '{}'", "display_name = 'x'", "canonical_name = 'x'", "version = 7",
                   "concept_type = 'x'", "promotion_confidence = 1", "forced_against = '{}'",
                   "created_at = '2020-01-01'"):  # fmt: skip
        refused(
            town.conn, f"UPDATE agentry_memory.stable_concepts SET {change}", error=errors.RestrictViolation,
            match="a version of a concept never changes", detail="Version 1 of concept 'tea'.", hint="the next version",
        )  # fmt: skip
    deprecate(town.conn, truth)
    refused(
        town.conn, "UPDATE agentry_memory.stable_concepts SET is_deprecated = false, deprecated_at = NULL",
        error=errors.RestrictViolation,
    )  # fmt: skip
    town.conn.execute("UPDATE agentry_memory.stable_concepts SET scope = 'organisation'")
    town.conn.execute("DELETE FROM agentry_memory.cognitive_views")
    assert concept(town.conn, truth)["promoted_from"] is None


# -- deprecating, history ---------------------------------------------------------------------------------------------


def test_what_is_held_true_no_more_is_kept_and_not_recalled(town: Town) -> None:
    truth = promote(town.conn, derive(town.conn), force=True)
    with town.acting("nova"):
        deprecate(town.conn, truth, "she drinks coffee")
        deprecate(town.conn, truth, "once more")
    row = concept(town.conn, truth)
    assert (row["is_deprecated"], row["reason"]) == (True, "she drinks coffee")
    assert recalled(town.conn, "tea") == []
    assert history(town.conn, "ann likes tea")[0]["reason"] == "she drinks coffee"
    other = promote(town.conn, derive(town.conn, "other"), force=True)
    refused(town.conn, "SELECT agentry_memory.deprecate_concept(%s, ' ')", other, error=errors.CheckViolation)


def test_a_concept_is_deprecated_by_whose_it_is(town: Town) -> None:
    shared = promote(town.conn, derive(town.conn, "shared", scope="organisation"), force=True)
    private = promote(town.conn, derive(town.conn, "private"), force=True)
    statement = "SELECT agentry_memory.deprecate_concept(%s)"
    for role in ("coder", "reader"):
        with town.acting(role):
            refused(town.conn, statement, shared, match=f"concept {shared} is not yours", hint="Ask the agent")
            refused(town.conn, "UPDATE agentry_memory.stable_concepts SET is_deprecated = true")
    with town.acting("coder"):
        for missing in (private, NOBODY, None):
            refused(
                town.conn, statement, missing, error=errors.UndefinedObject, hint="as far as you may read them",
                match=f"concept {missing or 'NULL'} does not exist",
            )  # fmt: skip
    with town.acting("stranger"):
        refused(town.conn, statement, shared, error=errors.InvalidAuthorizationSpecification)
    with town.acting("app"):
        deprecate(town.conn, shared)
        deprecate(town.conn, private)


def test_the_history_is_of_what_one_sees(town: Town) -> None:
    for agent, scope in (("coder", "organisation"), ("anns", "team"), ("nova", "agent"), ("anns", "agent")):
        promote(town.conn, derive(town.conn, f"{agent}, {scope}", agent, scope=scope), "tea", force=True)
    promote(town.conn, derive(town.conn, "again", "nova"), "tea", force=True)

    def seen(agent: str | None = None) -> list[tuple[str, str, int]]:
        return [(row["agent"], row["scope"], row["version"]) for row in history(town.conn, " TEA ", agent)]

    everything = [("anns", "agent", 1), ("nova", "agent", 2), ("nova", "agent", 1), ("coder", "organisation", 1),
                  ("anns", "team", 1)]  # fmt: skip
    assert seen() == everything
    assert seen("nova") == [everything[n] for n in (1, 2, 3)]
    assert seen("anns") == [everything[n] for n in (0, 3, 4)]
    with town.acting("mgr"):
        assert seen() == [everything[3]]
        refused(town.conn, "SELECT * FROM agentry_memory.concept_history('tea', 'nova')", match="cannot act as")
    with town.acting("reader"):
        assert seen() == everything
    assert history(town.conn, None) == history(town.conn, "coffee") == []


def test_concepts_of_an_agent_that_goes_go_with_it(town: Town) -> None:
    promote(town.conn, derive(town.conn), "tea", force=True)
    kept = promote(town.conn, derive(town.conn, "of coder", "coder"), "tea", force=True)
    town.conn.execute("DELETE FROM agentry.agents WHERE name = 'nova'")
    assert rows(town.conn, "SELECT id FROM agentry_memory.stable_concepts") == [{"id": kept}]
    assert {row[1] for row in links(town.conn)} == {kept}
