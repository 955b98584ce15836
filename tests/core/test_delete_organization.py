"""Deleting an organisation removes every row of every module, and nothing of any other."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.chat.support import claim, refused, register, reply, rows, send, value
from tests.core.test_forget import OWNED as NOTES
from tests.core.test_forget import found, give_away, intact
from tests.harness.database import Database, unique_name
from tests.memory.everything import fill_memory

Connection = psycopg.Connection[Any]

DELETE = "SELECT agentry.delete_organization(%s)"


def as_of(conn: Connection, org: uuid.UUID | None) -> None:
    conn.execute("SELECT set_config('agentry.org_id', %s, false)", [str(org or "")])


def fill(conn: Connection, name: str) -> None:
    """Rows in every table that an organisation can have any in."""
    conn.execute("INSERT INTO agentry.teams (name) VALUES (%s)", [f"team of {name}"])
    conn.execute("INSERT INTO agentry.users (username, team_id) SELECT %s, id FROM agentry.teams"
                 " WHERE name = %s", [f"jane of {name}", f"team of {name}"])
    register(conn, "nova", "coder", team=f"team of {name}", domains=["Testing"])
    register(conn, "nova", aliases=["nv"], user=f"jane of {name}")
    key = value(conn, "SELECT agentry.create_api_key('nova')")
    value(conn, "SELECT agentry.login(%s)", key)
    conn.execute("SELECT agentry.create_api_key(p_user => %s)", [f"jane of {name}"])
    conn.execute("INSERT INTO agentry.pii_vault (user_id, ciphertext, key_ref)"
                 " SELECT id, 'x', 'k' FROM agentry.users WHERE username = %s", [f"jane of {name}"])
    conn.execute("SELECT agentry.set_setting('chat.notify', '\"wake\"')")
    sent = send(conn, "nova", f"in {name}", ["coder"])
    claim(conn, "coder")
    reply(conn, sent, "answer", agent="coder")
    fill_memory(conn, "nova", f"jane of {name}", f"kept in {name}")
    conn.execute("SELECT agentry.lift_legal_hold(agentry.place_legal_hold('nova', 'case'))")
    register(conn, "gone")
    conn.execute("SELECT agentry.forget('gone')")
    for at in ("2025-01-05", "2025-02-05", "2025-03-05", "2031-01-01"):
        conn.execute("INSERT INTO agentry_attic.notes (at, author, locked) VALUES (%s, 'nova', true)", [at])


def counts(conn: Connection, org: uuid.UUID) -> dict[str, int]:
    tables = rows(conn, "SELECT g.table_name::text AS name FROM agentry.guarded_tables AS g"
                        " WHERE agentry._column_type(g.table_name, 'org_id') IS NOT NULL")
    return {t["name"]: value(conn, f"SELECT count(*) FROM {t['name']} WHERE org_id = %s", org) for t in tables}


@pytest.fixture
def two(tx: Connection) -> tuple[Connection, uuid.UUID, uuid.UUID]:
    """A default organisation and another, both full."""
    tx.execute(NOTES.encode())
    default = value(tx, "SELECT id FROM agentry.organizations")
    other = value(tx, "SELECT agentry.create_organization('other')")
    fill(tx, "default")
    as_of(tx, other)
    fill(tx, "other")
    as_of(tx, None)
    role = unique_name("service")
    tx.execute(sql.SQL("CREATE ROLE {} IN ROLE agentry_app").format(sql.Identifier(role)))
    tx.execute("INSERT INTO agentry.service_roles (org_id, db_role) VALUES (%s, %s)", [other, role])
    value(tx, "SELECT agentry.seal_audit()")
    give_away(tx)
    return tx, default, other


def test_nothing_of_a_deleted_organisation_is_left(two: tuple[Connection, uuid.UUID, uuid.UUID]) -> None:
    conn, default, other = two
    ours, theirs = counts(conn, default), counts(conn, other)
    empty = {name for name, n in theirs.items() if n == 0}
    assert empty <= {"agentry_chat.agent_chat_told", "agentry_chat.agent_chat_bounds",
                     "agentry_chat.agent_chat_feed_state", "agentry_chat.agent_chat_breaker_resets"}
    assert len(found(conn, str(other))) > 20

    receipt = value(conn, DELETE, "other")

    assert found(conn, str(other)) == {("agentry.erasures", "subject_id")}
    assert found(conn, "of other") == found(conn, "in other") == set()
    assert counts(conn, default) == {
        **ours, "agentry.erasures": ours["agentry.erasures"] + 1, "agentry.audit_log": ours["agentry.audit_log"] + 1}
    row = rows(conn, "SELECT * FROM agentry.erasures WHERE id = %s", receipt)[0]
    assert (row["org_id"], row["kind"], row["subject_id"]) == (default, "organisation", other)
    assert row["counts"]["agentry.organizations"] == 1
    assert row["counts"]["agentry_chat.agent_chat"] == theirs["agentry_chat.agent_chat"] == 2
    assert row["counts"]["agentry_archive.notes_2025_02"] == 1
    entry = rows(conn, "SELECT * FROM agentry.audit_log WHERE org_id = %s ORDER BY id DESC LIMIT 1", default)[0]
    assert (entry["action"], entry["row_key"], entry["kind"]) == ("organisation", {"id": str(receipt)}, "admin")
    intact(conn)
    # and in the same transaction all is as firm as before
    with refused(conn, errors.RestrictViolation, "messages never change"):
        conn.execute("DELETE FROM agentry_chat.agent_chat")


def test_the_default_organisation_stays(tx: Connection) -> None:
    with refused(tx, errors.ObjectNotInPrerequisiteState, "organisation default cannot be deleted"):
        value(tx, DELETE, "default")


def test_an_organisation_with_a_held_subject_stays(tx: Connection) -> None:
    other = value(tx, "SELECT agentry.create_organization('other')")
    as_of(tx, other)
    register(tx, "nova")
    hold = value(tx, "SELECT agentry.place_legal_hold('nova', 'case')")
    as_of(tx, None)
    with refused(tx, errors.ObjectNotInPrerequisiteState, "organisation other cannot be deleted", "legal hold"):
        value(tx, DELETE, "other")
    as_of(tx, other)
    assert value(tx, "SELECT agentry.lift_legal_hold(%s)", hold)
    as_of(tx, None)
    assert value(tx, DELETE, "other")


@pytest.mark.parametrize("name", ["Default", "nowhere", None])
def test_an_unknown_organisation_is_refused(tx: Connection, name: str | None) -> None:
    with pytest.raises(errors.UndefinedObject, match="does not exist") as caught, tx.transaction():
        value(tx, DELETE, name)
    assert caught.value.diag.message_hint


def test_a_row_that_still_refers_to_it_stops_it_whole(tx: Connection) -> None:
    other = value(tx, "SELECT agentry.create_organization('other')")
    as_of(tx, other)
    register(tx, "nova")
    as_of(tx, None)
    tx.execute("CREATE TABLE public.unguarded (org_id uuid REFERENCES agentry.organizations (id))")
    tx.execute("INSERT INTO public.unguarded VALUES (%s)", [other])
    with pytest.raises(errors.ForeignKeyViolation, match="unguarded"), tx.transaction():
        value(tx, DELETE, "other")
    assert value(tx, "SELECT count(*) FROM agentry.agents WHERE org_id = %s", other) == 1
    assert value(tx, "SELECT count(*) FROM agentry.erasures") == 0


def test_only_administrators_delete_organisations(db: Database) -> None:
    db.value("SELECT agentry.create_organization('other')")
    with db.connect(db.app_role()) as app, pytest.raises(errors.InsufficientPrivilege):
        value(app, DELETE, "other")
    register(db.admin, "nova")
    db.admin.execute("SELECT agentry.act_as('nova')")
    with db.admin.transaction():
        db.admin.execute("SELECT set_config('agentry.act_as', 'nova', true)")
        with refused(db.admin, errors.InsufficientPrivilege, "only administrators delete organisations",
                     "You are agent nova."):
            value(db.admin, DELETE, "other")
