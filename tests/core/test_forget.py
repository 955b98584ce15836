"""An agent or a user is forgotten: nothing names it any more, all else stays, and the audit chain holds."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.chat.support import claim, mark, refused, register, reply, rows, send, value
from tests.harness.database import Database, wait_for_lock, wait_until

Connection = psycopg.Connection[Any]

NAME, ALIAS = "zebulon", "zebby-the-first"
KEEP = {("agentry.audit_log", "row_key"), ("agentry.audit_log", "agent_id"), ("agentry.audit_log", "user_id"),
        ("agentry.erasures", "subject_id")}


def found(conn: Connection, text: str) -> set[tuple[str, str]]:
    """Every column of every table of agentry, partitions and archive too, in which that text stands."""
    columns = conn.execute(
        """SELECT n.nspname || '.' || c.relname, a.attname, n.nspname, c.relname
           FROM pg_class AS c
           JOIN pg_namespace AS n ON n.oid = c.relnamespace
           JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relkind = 'r' AND n.nspname ~ '^agentry'"""
    ).fetchall()
    assert len(columns) > 200
    hits = set()
    for table, column, schema, name in columns:
        query = sql.SQL("SELECT EXISTS (SELECT FROM {} AS t WHERE strpos(lower(t.{}::text), %s) > 0)")
        if value_of(conn, query.format(sql.Identifier(schema, name), sql.Identifier(column)), text.lower()):
            hits.add((table, column))
    return hits


def value_of(conn: Connection, query: sql.Composed, *args: Any) -> Any:
    row = conn.execute(query, args).fetchone()
    return row[0] if row else None


def forget(conn: Connection, subject: str = NAME) -> uuid.UUID:
    receipt: uuid.UUID = value(conn, "SELECT agentry.forget(%s)", subject)
    return receipt


def left(conn: Connection, receipt: uuid.UUID) -> list[dict[str, Any]]:
    return rows(conn, "SELECT * FROM agentry.verify_forgotten(%s)", receipt)


def intact(conn: Connection) -> int:
    """Seals the audit log and follows its chain; how many entries it has."""
    value(conn, "SELECT agentry.seal_audit()")
    sealed, broken, reason = conn.execute("SELECT sealed, broken_id, reason FROM agentry.verify_audit()").fetchone()
    assert (broken, reason) == (None, None)
    return int(sealed)


def sealed(conn: Connection) -> bool:
    """Seals; whether nothing is left."""
    intact(conn)
    return value(conn, "SELECT count(*) FROM agentry.audit_log WHERE position IS NULL") == 0


def chat_of(conn: Connection) -> dict[int, tuple[str, str, list[str], int | None, int]]:
    return {
        r["id"]: (r["sender"], r["message"], r["recipients"], r["reply_to"], r["thread"])
        for r in rows(conn, "SELECT * FROM agentry_chat.agent_chat")
    }


@pytest.fixture
def agent(tx: Connection) -> Connection:
    """zebulon with all that an agent can have, among others."""
    register(tx, "nova", "coder")
    register(tx, NAME, description=f"{NAME} of the tests", aliases=[ALIAS], domains=["Testing"])
    value(tx, "SELECT agentry.create_api_key(p_agent => %s, p_name => %s)", NAME, f"key of {NAME}")
    return tx


@pytest.fixture
def mail(agent: Connection) -> dict[str, int]:
    """Messages from and to zebulon, and some of others."""
    asked = send(agent, NAME, f"from {NAME}", ["nova", "coder"], idempotency_key="k1")
    answered = reply(agent, asked, "an answer", agent="nova") if claim(agent, "nova") else 0
    thanked = send(agent, "nova", "one more thing", ["coder"], reply_to=answered)
    got = send(agent, "nova", "to some", [ALIAS, "coder"])
    other = send(agent, "nova", "not for all", ["coder"])
    wide = send(agent, "nova", "to all", ["*"])
    own_wide = send(agent, NAME, "mine to all", ["*"])
    dead = send(agent, "coder", "hard", [NAME])
    tx_claimed = {r["chat_id"]: r["token"] for r in claim(agent, NAME, 1)}
    for chat_id, token in tx_claimed.items():
        mark(agent, chat_id, NAME, "failed", token=token, error=f"{NAME} could not")
    return {"asked": asked, "answered": answered, "thanked": thanked, "got": got, "other": other, "wide": wide,
            "own_wide": own_wide, "dead": dead}


def test_nothing_names_a_forgotten_agent(agent: Connection, mail: dict[str, int]) -> None:
    its_id = str(value(agent, "SELECT id FROM agentry.agents WHERE name = %s", NAME))
    key = value(agent, "SELECT id FROM agentry.api_keys WHERE agent_id = %s", its_id)
    assert len(found(agent, NAME)) > 8
    assert found(agent, ALIAS) >= {("agentry.agent_aliases", "alias"), ("agentry.audit_log", "new_row")}
    intact(agent)
    assert ("agentry.audit_images", "new_row") in found(agent, ALIAS)
    receipt = forget(agent)

    assert left(agent, receipt) == []
    assert found(agent, NAME) == set()
    assert found(agent, ALIAS) == set()
    assert found(agent, its_id) <= KEEP
    assert found(agent, str(key)) <= KEEP
    intact(agent)


def test_what_others_wrote_stays_and_threads_stay_whole(agent: Connection, mail: dict[str, int]) -> None:
    before = chat_of(agent)
    forget(agent)
    after = chat_of(agent)
    assert before.keys() - after.keys() == {mail["asked"], mail["own_wide"]}
    assert after[mail["answered"]] == ("nova", "an answer", ["*forgotten*"], None, mail["asked"])
    assert after[mail["thanked"]] == before[mail["thanked"]]
    assert after[mail["got"]] == ("nova", "to some", ["*forgotten*", "coder"], None, mail["got"])
    assert after[mail["other"]] == before[mail["other"]]
    assert after[mail["wide"]] == before[mail["wide"]]
    assert {r["chat_id"] for r in claim(agent, "coder", 50)} == {
        mail["thanked"], mail["got"], mail["other"], mail["wide"]}


def test_the_receipt_counts_and_has_no_content(agent: Connection, mail: dict[str, int]) -> None:
    its_id = value(agent, "SELECT id FROM agentry.agents WHERE name = %s", NAME)
    receipt = forget(agent)
    row = rows(agent, "SELECT * FROM agentry.erasures WHERE id = %s", receipt)[0]
    assert (row["kind"], row["subject_id"]) == ("forget", its_id)
    assert row["counts"]["agentry.agents"] == row["counts"]["agentry.agent_aliases"] == 1
    assert row["counts"]["agentry_chat.agent_chat"] == 9  # its own, and those that named it: by address and by reader
    assert all(isinstance(n, int) for n in row["counts"].values())
    assert row["finished_at"] >= row["started_at"]
    entry = rows(agent, "SELECT * FROM agentry.audit_log WHERE table_name = 'agentry.erasures'")[-1]
    assert (entry["action"], entry["row_key"], entry["kind"]) == ("forget", {"id": str(receipt)}, "admin")


def test_a_new_agent_of_the_name_starts_empty(agent: Connection, mail: dict[str, int]) -> None:
    table_rule = "INSERT INTO agentry.access_rules (table_name, writer) VALUES ('agentry.teams', %s)"
    agent.execute(table_rule, [f"agent:{NAME}"])
    receipt = forget(agent)
    assert value(agent, "SELECT count(*) FROM agentry.access_rules WHERE writer = %s", f"agent:{NAME}") == 0
    assert {("agentry.audit_images", "old_row"), ("agentry.audit_log", "old_row")} & found(agent, NAME) == set()
    register(agent, NAME)
    assert claim(agent, NAME) == []
    assert rows(agent, "SELECT * FROM agentry.agent_domains AS d JOIN agentry.agents AS a ON a.id = d.agent_id"
                       " WHERE a.name = %s", NAME) == []
    with refused(agent, errors.UndefinedObject, f"agent '{ALIAS}' does not exist"):
        send(agent, "nova", "hi", [ALIAS])
    # the key of the first one is free again
    assert send(agent, NAME, "something else", ["nova"], idempotency_key="k1") > max(mail.values())
    assert value(agent, "SELECT count(*) FROM agentry_chat.agent_chat WHERE %s = ANY (recipients)", NAME) == 0
    # the new one is somebody else, but its name is what the receipt is of
    assert {r["table_name"] for r in left(agent, receipt)} <= {"agentry_chat.agent_chat",
                                                               "agentry_chat.agent_chat_processed",
                                                               "agentry_chat.agent_chat_told"}


def test_a_rule_stays_while_another_organisation_has_an_agent_of_the_name(agent: Connection) -> None:
    agent.execute("INSERT INTO agentry.access_rules (table_name, writer) VALUES ('agentry.teams', %s)",
                  [f"agent:{NAME}"])
    other = value(agent, "SELECT agentry.create_organization('other')")
    agent.execute("INSERT INTO agentry.agents (org_id, name) VALUES (%s, %s)", [other, NAME])
    forget(agent)
    assert value(agent, "SELECT count(*) FROM agentry.access_rules WHERE writer = %s", f"agent:{NAME}") == 1
    assert value(agent, "SELECT count(*) FROM agentry.agents WHERE name = %s", NAME) == 1


def test_its_sessions_and_its_role_are_nobody(db: Database) -> None:
    role = db.agent_role(NAME)
    key = db.value("SELECT agentry.create_api_key(%s)", NAME)
    with db.connect(role) as conn, db.connect(db.role("pool", "agentry_agent")) as pool:
        pool.execute("SELECT agentry.use_session(agentry.login(%s), true)", [key])
        assert value(pool, "SELECT agent FROM agentry.whoami()") == NAME
        assert value(conn, "SELECT agent FROM agentry.whoami()") == NAME
        wait_until(lambda: sealed(db.admin), "all is sealed")  # transactions of other databases count
        receipt = forget(db.admin)
        wait_until(lambda: sealed(db.admin), "all is sealed")
        assert intact(db.admin) > 10
        assert value(pool, "SELECT kind FROM agentry.whoami()") is None
        assert value(conn, "SELECT kind FROM agentry.whoami()") is None
        with pytest.raises(psycopg.Error):
            pool.execute("SELECT agentry.login(%s)", [key])
    assert left(db.admin, receipt) == []


# -- users ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def user(tx: Connection) -> Connection:
    """jane, who owns two agents, one of them for herself."""
    tx.execute("INSERT INTO agentry.users (username, email) VALUES ('jane-of-zebulon', 'jane@zebulon.example')")
    tx.execute("SELECT agentry.create_api_key(p_name => 'app of jane-of-zebulon', p_user => 'jane-of-zebulon')")
    register(tx, "open", user="jane-of-zebulon")
    register(tx, "private", user="jane-of-zebulon", scope="user")
    register(tx, "nova")
    return tx


def test_a_forgotten_user_leaves_her_agents_seen_by_no_more(user: Connection) -> None:
    her_id = str(value(user, "SELECT id FROM agentry.users"))
    send(user, "private", "still mine", ["nova"])
    receipt = forget(user, "user:jane@zebulon.example")
    assert left(user, receipt) == []
    assert found(user, "zebulon") == set()
    assert found(user, her_id) <= KEEP
    agents = rows(user, 'SELECT name, scope, user_id FROM agentry.agents ORDER BY name COLLATE "C"')
    assert [(a["name"], a["scope"], a["user_id"]) for a in agents] == [
        ("nova", "organisation", None), ("open", "organisation", None), ("private", "agent", None)]
    assert value(user, "SELECT count(*) FROM agentry_chat.agent_chat WHERE sender = 'private'") == 1
    intact(user)


# -- tables of one's own ----------------------------------------------------------------------------------------------

OWNED = """
CREATE SCHEMA IF NOT EXISTS agentry_attic;
CREATE TABLE agentry_attic.notes (
    org_id uuid NOT NULL, id uuid NOT NULL, at timestamptz NOT NULL, agent_id uuid, author text, readers text[],
    linked uuid[], locked boolean NOT NULL DEFAULT false, note text, PRIMARY KEY (org_id, at, id)
) PARTITION BY RANGE (at);
CREATE TABLE agentry_attic.notes_default PARTITION OF agentry_attic.notes DEFAULT;
ALTER SCHEMA agentry_attic OWNER TO agentry_owner;
ALTER TABLE agentry_attic.notes OWNER TO agentry_owner;
ALTER TABLE agentry_attic.notes_default OWNER TO agentry_owner;
SET LOCAL ROLE agentry_owner;
SELECT agentry.create_monthly_partition('agentry_attic.notes', '2025-01-01');
SELECT agentry.create_monthly_partition('agentry_attic.notes', '2025-02-01');
SELECT agentry.create_monthly_partition('agentry_attic.notes', '2025-03-01');
RESET ROLE;
SELECT agentry.guard_table('agentry_attic.notes', 'agent_id', p_audit => true);
"""
MONTHS = ("2025-01-05", "2025-02-05", "2025-03-05", "2031-01-01")


@pytest.fixture
def notes(agent: Connection) -> Connection:
    agent.execute(OWNED.encode())
    for at in MONTHS:
        for name in (NAME, "nova"):
            agent.execute(
                "INSERT INTO agentry_attic.notes (at, agent_id, author, readers, linked, locked, note)"
                " SELECT %s::timestamptz, a.id, a.name, ARRAY[%s, 'nova'], ARRAY[z.id, n.id], true, 'of ' || a.name"
                " FROM agentry.agents AS a, agentry.agents AS z, agentry.agents AS n"
                " WHERE a.name = %s AND z.name = %s AND n.name = 'nova'",
                [at, NAME, name, NAME],
            )
    return agent


def give_away(conn: Connection) -> None:
    """One partition is detached, one moved to the archive."""
    conn.execute("ALTER TABLE agentry_attic.notes DETACH PARTITION agentry_attic.notes_2025_01")
    conn.execute("ALTER TABLE agentry_attic.notes DETACH PARTITION agentry_attic.notes_2025_02")
    conn.execute("CREATE SCHEMA IF NOT EXISTS agentry_archive AUTHORIZATION agentry_owner")
    conn.execute("ALTER TABLE agentry_attic.notes_2025_02 SET SCHEMA agentry_archive")


def test_forget_reaches_locked_rows_in_all_partitions_and_the_archive(notes: Connection) -> None:
    register_notes = "SELECT agentry.register_personal_data('agentry_attic.notes', %s::jsonb, %s)"
    notes.execute(register_notes, ['{"agent_id": "agent_id", "author": "agent_name"}', "delete"])
    notes.execute(register_notes, ['{"readers": "agent_name", "linked": "agent_id"}', "clear"])
    give_away(notes)
    its_id = str(value(notes, "SELECT id FROM agentry.agents WHERE name = %s", NAME))
    receipt = forget(notes)
    assert left(notes, receipt) == []
    assert found(notes, NAME) == set()
    assert found(notes, its_id) <= KEEP
    nova = value(notes, "SELECT id FROM agentry.agents WHERE name = 'nova'")
    for table in ("agentry_attic.notes", "agentry_attic.notes_2025_01", "agentry_archive.notes_2025_02"):
        kept = rows(notes, f"SELECT author, readers, linked, locked FROM {table}")
        assert kept == [{"author": "nova", "readers": ["*forgotten*", "nova"], "linked": [nova], "locked": True}] * (
            2 if table == "agentry_attic.notes" else 1)
    # locked again in this very transaction
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="is locked"), notes.transaction():
        notes.execute("DELETE FROM agentry_attic.notes")
    intact(notes)


def test_forget_is_all_or_nothing(notes: Connection, mail: dict[str, int]) -> None:
    notes.execute("SELECT agentry.register_personal_data('agentry_attic.notes', '{\"agent_id\": \"agent_id\"}',"
                  " p_order => 950)")
    notes.execute("CREATE FUNCTION agentry_attic.no() RETURNS trigger LANGUAGE plpgsql"
                  " AS $$ BEGIN RAISE 'not this one'; END $$")
    notes.execute("GRANT EXECUTE ON FUNCTION agentry_attic.no() TO agentry_owner")
    notes.execute("CREATE TRIGGER no BEFORE DELETE ON agentry_attic.notes FOR EACH ROW"
                  " EXECUTE FUNCTION agentry_attic.no()")
    before = chat_of(notes)
    with pytest.raises(errors.RaiseException, match="not this one"), notes.transaction():
        forget(notes)
    assert chat_of(notes) == before
    assert value(notes, "SELECT count(*) FROM agentry.agents WHERE name = %s", NAME) == 1
    assert value(notes, "SELECT count(*) FROM agentry.erasures") == 0
    assert not value(notes, "SELECT agentry._is_erasing()")


def test_a_table_of_a_stranger_is_refused_not_passed_over(agent: Connection) -> None:
    agent.execute("CREATE TABLE public.diary (org_id uuid NOT NULL, author text)")
    agent.execute("SELECT agentry.register_personal_data('public.diary', '{\"author\": \"agent_name\"}')")
    mine = value(agent, "SELECT current_user")
    with refused(agent, errors.ObjectNotInPrerequisiteState, "personal data in table public.diary is out of reach",
                 f"It belongs to {mine}", "OWNER TO agentry_owner"):
        forget(agent)
    receipt = uuid.uuid4()
    with refused(agent, errors.UndefinedObject, f"receipt {receipt} does not exist"):
        left(agent, receipt)


@pytest.mark.parametrize(
    ("columns", "action", "error", "message"),
    [
        ('{"author": "agent_name"}', "none", errors.InvalidParameterValue, "is not clear"),
        ("{}", "delete", errors.InvalidParameterValue, "is not clear"),
        ('{"author": "name"}', "delete", errors.InvalidParameterValue, "is not clear"),
        ('{"author": "agent_name"}', "burn", errors.InvalidParameterValue, "is not clear"),
        ('{"author": "agent_name"}', "function", errors.InvalidParameterValue, "is not clear"),
        ('["author"]', "delete", errors.InvalidParameterValue, "is not clear"),
        ('{"writer": "agent_name"}', "delete", errors.UndefinedColumn, "has no column writer"),
        ('{"author": "agent_id"}', "delete", errors.DatatypeMismatch, "cannot hold agent_id"),
        ('{"agent_id": "agent_name"}', "delete", errors.DatatypeMismatch, "cannot hold agent_name"),
        ('{"org_id": "user_id"}', "clear", errors.InvalidParameterValue, "cannot be cleared"),
    ],
)
def test_an_unclear_registration_is_refused(
    notes: Connection, columns: str, action: str, error: type[psycopg.Error], message: str
) -> None:
    with pytest.raises(error, match=message) as caught, notes.transaction():
        notes.execute("SELECT agentry.register_personal_data('agentry_attic.notes', %s::jsonb, %s)", [columns, action])
    assert caught.value.diag.message_hint and caught.value.diag.message_detail


def test_a_table_without_organisation_needs_a_function(notes: Connection) -> None:
    notes.execute("CREATE TABLE agentry_attic.log (author text)")
    with refused(notes, errors.UndefinedColumn, "table agentry_attic.log has no column org_id"):
        notes.execute("SELECT agentry.register_personal_data('agentry_attic.log', '{\"author\": \"agent_name\"}')")


def test_a_table_that_names_nobody_can_be_registered_so_and_back(notes: Connection) -> None:
    registered = "SELECT column_name, erase_action FROM agentry.personal_data WHERE table_name = %s::regclass"
    for columns, action, wanted in (
        ('{"agent_id": "agent_id", "author": "agent_name"}', "delete", {("agent_id", "delete"), ("author", "delete")}),
        ("{}", "none", {("", "none")}),
        ('{"author": "agent_name"}', "keep", {("author", "keep")}),
    ):
        notes.execute("SELECT agentry.register_personal_data('agentry_attic.notes', %s::jsonb, %s)", [columns, action])
        now = rows(notes, registered, "agentry_attic.notes")
        assert {(r["column_name"], r["erase_action"]) for r in now} == wanted


def test_verify_names_the_table_where_something_is_left(notes: Connection) -> None:
    receipt = forget(notes)
    notes.execute("SELECT agentry.register_personal_data('agentry_attic.notes',"
                  " '{\"agent_id\": \"agent_id\", \"readers\": \"agent_name\"}')")
    assert {(r["table_name"], r["rows"]) for r in left(notes, receipt)} == {
        ("agentry_attic.notes", 4), ("agentry_attic.notes", 8), ("agentry.audit_images", 8)}


# -- who, and what else -----------------------------------------------------------------------------------------------


def test_applications_and_administrators_forget_and_nobody_else(db: Database) -> None:
    for name in ("nova", NAME):
        register(db.admin, name)
    with db.connect(db.app_role("reader", group="agentry_reader")) as reader, \
            db.connect(db.agent_role("coder")) as coder:
        for conn, kind in ((reader, "reader"), (coder, "agent coder")):
            with refused(conn, errors.InsufficientPrivilege,
                         "only applications and administrators make the database forget", f"You are {kind}."):
                forget(conn)
            with refused(conn, errors.InsufficientPrivilege, "only applications and administrators check receipts"):
                left(conn, uuid.uuid4())
    with db.connect(db.app_role()) as app:
        receipt = forget(app)
        assert left(app, receipt) == []
        assert value(app, "SELECT count(*) FROM agentry.erasures WHERE id = %s", receipt) == 1


def test_an_application_forgets_in_its_own_organisation_only(db: Database) -> None:
    other = db.value("SELECT agentry.create_organization('other')")
    db.admin.execute("INSERT INTO agentry.agents (org_id, name) VALUES (%s, %s)", [other, NAME])
    with db.connect(db.app_role()) as app:
        with refused(app, errors.UndefinedObject, f"agent '{NAME}' does not exist"):
            forget(app)
        register(db.admin, NAME)
        receipt = forget(app)
    assert db.value("SELECT count(*) FROM agentry.agents WHERE name = %s AND org_id = %s", NAME, other) == 1
    db.admin.execute("SELECT set_config('agentry.org_id', %s, false)", [str(other)])
    with refused(db.admin, errors.UndefinedObject, f"receipt {receipt} does not exist"):
        left(db.admin, receipt)


def test_an_unknown_subject_is_refused(tx: Connection) -> None:
    with refused(tx, errors.UndefinedObject, "agent 'nobody-here' does not exist"):
        forget(tx, "nobody-here")
    with refused(tx, errors.UndefinedObject, "user 'nobody-here' does not exist"):
        forget(tx, "user: nobody-here")


def test_messages_are_immutable_again_in_the_same_transaction(agent: Connection, mail: dict[str, int]) -> None:
    agent.execute("SET CONSTRAINTS ALL IMMEDIATE")
    forget(agent)
    for statement in ("UPDATE agentry_chat.agent_chat SET message = 'x'", "DELETE FROM agentry_chat.agent_chat",
                      "TRUNCATE agentry_chat.agent_chat CASCADE"):
        with refused(agent, errors.RestrictViolation, "messages never change"):
            agent.execute(statement.encode())
    with refused(agent, errors.RestrictViolation, "the audit log never changes"):
        agent.execute("DELETE FROM agentry.audit_images")


@pytest.mark.parametrize("group", ["agent", "app"])
def test_nobody_forges_an_erasure(db: Database, group: str) -> None:
    register(db.admin, "nova")
    db.value("SELECT agentry_chat.send_agent_message('nova', 'stays', ARRAY['nova'])")
    with db.connect(db.agent_role("coder") if group == "agent" else db.app_role()) as conn:
        statements = (
            "INSERT INTO agentry.erasures (org_id, kind, transaction, started_at)"
            " VALUES (agentry.current_org_id(), 'forget', pg_current_xact_id(), now())",
            "UPDATE agentry.erasures SET finished_at = NULL, transaction = pg_current_xact_id()",
            "SELECT agentry._open_way('forget')",
            "SELECT agentry._close_way(agentry.uuidv7())",
            "SELECT agentry._forget_images(agentry.current_org_id(), '{}')",
            "SELECT agentry_chat._forget_messages(agentry.current_org_id(), '{\"agent_name\": \"nova\"}')",
            "SELECT agentry.delete_organization('default')",
            "SELECT agentry.register_personal_data('agentry.agents', '{}', 'none')",
            "INSERT INTO agentry.personal_data VALUES ('agentry.agents', 'name', 'agent_name', 'delete')",
        )
        for statement in statements:
            with pytest.raises(errors.InsufficientPrivilege), conn.transaction():
                conn.execute(statement.encode())
    assert db.value("SELECT count(*) FROM agentry_chat.agent_chat") == 1


def test_an_erasure_opens_the_way_for_its_own_transaction_only(db: Database) -> None:
    one, other = db.connect(), db.connect()
    with one.transaction():
        way = value(one, "SELECT agentry._open_way('retention')")
        assert value(one, "SELECT agentry._is_erasing()")
        assert not value(other, "SELECT agentry._is_erasing()")
        value(one, "SELECT agentry._close_way(%s)", way)
        assert not value(one, "SELECT agentry._is_erasing()")
    with one.transaction():
        value(one, "SELECT agentry._open_way('retention')")
    # left open by mistake and committed: no later transaction has its number
    assert not value(one, "SELECT agentry._is_erasing()")
    assert not value(other, "SELECT agentry._is_erasing()")


def test_a_message_that_is_being_sent_is_waited_for_and_forgotten_too(db: Database, background: Any) -> None:
    for name in ("nova", NAME):
        register(db.admin, name)
    sender, eraser = db.connect(autocommit=False), db.connect()
    send(sender, NAME, "at the last moment", ["nova"])
    done = background(forget, eraser)
    wait_for_lock(db.admin, eraser.info.backend_pid)
    sender.commit()
    assert left(db.admin, done.result()) == []
    assert db.value("SELECT count(*) FROM agentry_chat.agent_chat") == 0


def test_two_who_forget_the_same_at_once(db: Database, background: Any) -> None:
    register(db.admin, NAME)
    first, second = db.connect(autocommit=False), db.connect()
    receipt = forget(first)
    done = background(forget, second)
    wait_for_lock(db.admin, second.info.backend_pid)
    first.commit()
    with pytest.raises(errors.UndefinedObject):
        done.result()
    assert left(db.admin, receipt) == []


# -- the vault --------------------------------------------------------------------------------------------------------


def test_the_vault_shows_each_agent_its_own_and_is_emptied_with_it(db: Database) -> None:
    roles = {name: db.agent_role(name) for name in ("nova", NAME)}
    put = ("INSERT INTO agentry.pii_vault (agent_id, ciphertext, key_ref)"
           " SELECT id, '\\xc0ffee', 'kms/1' FROM agentry.agents WHERE name = %s")
    seen = "SELECT count(*) FROM agentry.pii_vault"
    with db.connect(roles["nova"]) as nova, db.connect(roles[NAME]) as zebulon, db.connect(db.app_role()) as app:
        for conn, name in ((nova, "nova"), (zebulon, NAME)):
            conn.execute(put, [name])
            assert value(conn, seen) == 1
        with pytest.raises(errors.InsufficientPrivilege):
            nova.execute(put, [NAME])
        assert value(app, seen) == 2
        forget(app)
        assert (value(app, seen), value(nova, seen)) == (1, 1)


def test_the_vault_shows_a_user_her_own_and_her_agents_nothing_of_it(db: Database) -> None:
    db.admin.execute("INSERT INTO agentry.users (username) VALUES ('jane'), ('joe')")
    db.admin.execute("INSERT INTO agentry.pii_vault (user_id, ciphertext, key_ref)"
                     " SELECT id, '\\xc0ffee', 'kms/1' FROM agentry.users")
    register(db.admin, "nova", user="jane")
    with db.connect(db.role("pool", "agentry_agent")) as pool:
        for holder, wanted in (("user", 1), ("agent", 0)):
            name = "jane" if holder == "user" else "nova"
            key = db.value(f"SELECT agentry.create_api_key(p_{holder} => %s)", name)
            pool.execute("SELECT agentry.use_session(agentry.login(%s), true)", [key])
            assert value(pool, "SELECT count(*) FROM agentry.pii_vault") == wanted


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ("NULL, NULL, 'x', 'k'", "pii_vault_owner_check"),
        ("(SELECT id FROM agentry.agents LIMIT 1), NULL, 'x', ' '", "pii_vault_key_ref_check"),
    ],
)
def test_the_vault_takes_no_row_without_owner_or_key(agent: Connection, values: str, check: str) -> None:
    with pytest.raises(errors.CheckViolation) as caught, agent.transaction():
        agent.execute(f"INSERT INTO agentry.pii_vault (agent_id, user_id, ciphertext, key_ref) VALUES ({values})")
    assert caught.value.diag.constraint_name == check


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ("'x', 'name', 'none', NULL", "personal_data_subject_check"),
        ("'x', 'agent_id', 'burn', NULL", "personal_data_erase_action_check"),
        ("'x', 'agent_id', 'function', NULL", "personal_data_erase_function_check"),
    ],
)
def test_the_registry_checks_itself(tx: Connection, values: str, check: str) -> None:
    with pytest.raises(errors.CheckViolation) as caught, tx.transaction():
        tx.execute("INSERT INTO agentry.personal_data (table_name, column_name, subject, erase_action, erase_function)"
                   f" VALUES ('agentry.teams', {values})")
    assert caught.value.diag.constraint_name in (check, "personal_data_erase_action_check")
