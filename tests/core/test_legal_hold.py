"""Who is under a legal hold is not forgotten until the hold is lifted."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.chat.support import refused, register, rows, value
from tests.harness.database import Database

Connection = psycopg.Connection[Any]

PLACE = "SELECT agentry.place_legal_hold(%s, %s)"
LIFT = "SELECT agentry.lift_legal_hold(%s)"
FORGET = "SELECT agentry.forget(%s)"


@pytest.fixture
def people(tx: Connection) -> Connection:
    tx.execute("INSERT INTO agentry.users (username) VALUES ('jane')")
    register(tx, "nova", user="jane", aliases=["nv"])
    register(tx, "coder")
    return tx


@pytest.mark.parametrize("subject", ["nova", "user:jane"])
def test_a_held_subject_is_not_forgotten_until_the_hold_is_lifted(people: Connection, subject: str) -> None:
    first = value(people, PLACE, subject, "case 17")
    second = value(people, PLACE, subject, "case 18")
    for hold in (first, second):
        with refused(people, errors.ObjectNotInPrerequisiteState, f"{subject} is under a legal hold",
                     "Reason: case 1", "Lift it first"):
            value(people, FORGET, subject)
        assert value(people, "SELECT count(*) FROM agentry.erasures") == 0
        assert value(people, LIFT, hold) is True
        assert value(people, LIFT, hold) is False
    receipt = value(people, FORGET, subject)
    assert rows(people, "SELECT * FROM agentry.verify_forgotten(%s)", receipt) == []
    # the reason may be about the subject, and goes with it; the log keeps that there was a hold
    assert value(people, "SELECT count(*) FROM agentry.legal_holds") == 0
    logged = rows(people, "SELECT action FROM agentry.audit_log WHERE table_name = 'agentry.legal_holds' ORDER BY id")
    assert [r["action"] for r in logged] == ["INSERT", "INSERT", "UPDATE", "UPDATE", "DELETE", "DELETE"]


def test_a_hold_is_of_one_subject(people: Connection) -> None:
    value(people, PLACE, "NV ", "an alias is as good")
    assert value(people, FORGET, "coder")
    value(people, FORGET, "user:jane")
    with refused(people, errors.ObjectNotInPrerequisiteState, "nova is under a legal hold"):
        value(people, FORGET, "nova")


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_hold_needs_a_reason(people: Connection, reason: str | None) -> None:
    with pytest.raises(errors.CheckViolation) as caught, people.transaction():
        value(people, PLACE, "nova", reason)
    assert caught.value.diag.constraint_name == "legal_holds_reason_check"


def test_a_hold_is_of_an_agent_or_a_user(people: Connection) -> None:
    with refused(people, errors.UndefinedObject, "agent 'novva' does not exist", hint="Did you mean nova?"):
        value(people, PLACE, "novva", "case")
    with refused(people, errors.UndefinedObject, "user 'joe' does not exist"):
        value(people, PLACE, "user:joe", "case")
    with pytest.raises(errors.CheckViolation) as caught, people.transaction():
        people.execute("INSERT INTO agentry.legal_holds (kind, subject_id, reason, placed_at)"
                       " VALUES ('team', agentry.uuidv7(), 'case', now())")
    assert caught.value.diag.constraint_name == "legal_holds_kind_check"


def test_applications_and_administrators_hold_and_lift_and_nobody_else(db: Database) -> None:
    register(db.admin, "nova")
    with db.connect(db.app_role()) as app, db.connect(db.agent_role("coder")) as coder, \
            db.connect(db.app_role("reader", group="agentry_reader")) as reader:
        hold = value(app, PLACE, "nova", "case 17")
        assert value(reader, "SELECT count(*) FROM agentry.legal_holds") == 1
        assert value(coder, "SELECT count(*) FROM agentry.legal_holds") == 0
        for conn in (coder, reader):
            with pytest.raises(errors.InsufficientPrivilege):
                value(conn, PLACE, "coder", "case 18")
            with pytest.raises(errors.InsufficientPrivilege):
                value(conn, LIFT, hold)
            with pytest.raises(errors.InsufficientPrivilege):
                conn.execute("DELETE FROM agentry.legal_holds")
        with refused(app, errors.ObjectNotInPrerequisiteState, "nova is under a legal hold"):
            value(app, FORGET, "nova")
        assert value(app, LIFT, uuid.uuid4()) is False
        assert value(app, LIFT, hold) is True
        assert value(app, FORGET, "nova")


def test_a_hold_of_another_organisation_is_out_of_reach(db: Database) -> None:
    other = db.value("SELECT agentry.create_organization('other')")
    db.admin.execute("SELECT set_config('agentry.org_id', %s, false)", [str(other)])
    register(db.admin, "nova")
    hold = db.value(PLACE, "nova", "case 17")
    db.admin.execute("RESET agentry.org_id")
    with db.connect(db.app_role()) as app:
        assert value(app, LIFT, hold) is False
        assert value(app, "SELECT count(*) FROM agentry.legal_holds") == 0
