"""API keys: who may make and end them, and that their text and that of tokens is kept nowhere."""

from __future__ import annotations

import uuid

import psycopg
import pytest
from psycopg import errors, sql

from tests.core.support import Connection, Town, move_clock, one, refused, who
from tests.harness.database import Database, ServerLog, unique_name


def test_a_key_is_shown_once_and_only_its_hash_is_kept(town: Town) -> None:
    key = town.key("coder", name="laptop", expires_in="1 day")
    assert key.startswith("ak_")
    assert len(bytes.fromhex(key[3:])) == 32
    row = town.conn.execute(
        "SELECT name, prefix, key_hash = sha256(convert_to(%s, 'UTF8')), last_used_at, revoked_at,"
        " round(extract(epoch FROM expires_at - now())) BETWEEN 86399 AND 86460, agent_id FROM agentry.api_keys",
        [key],
    ).fetchone()
    assert row == ("laptop", key[:11], True, None, None, True, town.id_of("coder"))


def test_no_two_keys_or_tokens_are_alike(town: Town) -> None:
    keys = {town.key("coder") for _ in range(50)}
    tokens = {one(town.conn, "SELECT agentry.login(%s)", next(iter(keys))) for _ in range(50)}
    assert len(keys) == len(tokens) == 50
    assert all(token.startswith("as_") and len(token) == 67 for token in tokens)


def test_a_login_is_noted(town: Town) -> None:
    key = town.key("coder")
    move_clock(town.conn, "2 days")
    one(town.conn, "SELECT agentry.login(%s)", key)
    assert one(town.conn, "SELECT last_used_at - now() > interval '47 hours' FROM agentry.v_api_keys")


def test_an_agent_makes_a_key_for_itself(town: Town) -> None:
    with town.acting("coder") as conn:
        keys = [one(conn, "SELECT agentry.create_api_key()"), one(conn, "SELECT agentry.create_api_key('coder')")]
    for key in keys:
        with town.acting("stranger") as conn:
            conn.execute("SELECT agentry.use_session(agentry.login(%s))", [key])
            assert who(conn) == ("agent", "coder", "session")
            conn.execute("SELECT agentry.logout()")


def test_an_agent_makes_no_key_for_another_agent_a_user_or_the_organisation(town: Town) -> None:
    for role in ("coder", "mgr", "anns"):
        with town.acting(role) as conn:
            refused(conn, "SELECT agentry.create_api_key('nova')", match=f"agent {role} cannot act as nova")
            refused(
                conn,
                "SELECT agentry.create_api_key(p_user => 'ann')",
                match="made by that user or an application",
                detail=f"You are agent {role}",
                hint="Ask an application",
            )


def test_a_user_makes_keys_for_itself_and_its_agents(town: Town) -> None:
    town.conn.execute("SELECT agentry.use_session(%s)", [town.token(user="ann")])
    for call, expected in (
        ("agentry.create_api_key()", "user"),
        ("agentry.create_api_key(p_user => 'ann')", "user"),
        ("agentry.create_api_key(p_user => 'ANN@example.org')", "user"),
        ("agentry.create_api_key('anns')", "agent"),
    ):
        key = one(town.conn, f"SELECT {call}")
        with town.conn.transaction(force_rollback=True):
            town.conn.execute("SELECT agentry.use_session(agentry.login(%s))", [key])
            assert who(town.conn)[0] == expected
    refused(town.conn, "SELECT agentry.create_api_key(p_user => 'bob')", match="made by that user or an application")
    refused(town.conn, "SELECT agentry.create_api_key('nova')", match="user cannot act as nova")


@pytest.mark.parametrize("role", ["app", "admin"])
def test_an_application_and_an_administrator_make_keys_for_anyone_and_for_the_organisation(
    town: Town, role: str
) -> None:
    with town.acting(role) as conn:
        for arguments, expected in (("'nova'", "agent"), ("p_user => 'bob'", "user"), ("", "app")):
            key = one(conn, f"SELECT agentry.create_api_key({arguments})")
            with conn.transaction(force_rollback=True):
                conn.execute("SELECT agentry.use_session(agentry.login(%s))", [key])
                assert who(conn)[0] == expected
        refused(
            conn,
            "SELECT agentry.create_api_key(p_user => 'nobody')",
            error=errors.UndefinedObject,
            match="user 'nobody' does not exist",
            hint="e-mail address",
        )
        refused(conn, "SELECT agentry.create_api_key('nobody')", error=errors.UndefinedObject)


def test_a_reader_makes_no_keys(town: Town) -> None:
    with town.acting("reader") as conn:
        refused(conn, "SELECT agentry.create_api_key()", match="a reader makes no keys", hint="Ask an application")
        refused(conn, "SELECT agentry.create_api_key('nova')", match="reader cannot act as nova")
        refused(conn, "SELECT agentry.create_api_key(p_user => 'ann')", match="made by that user")


@pytest.mark.parametrize(
    "arguments",
    ["'coder', p_user => 'ann'", "'coder', ' '", "'coder', NULL", "'coder', p_expires_in => '0'",
     "'coder', p_expires_in => '-1 day'"],
)  # fmt: skip
def test_a_key_that_makes_no_sense_is_refused(town: Town, arguments: str) -> None:
    refused(
        town.conn,
        f"SELECT agentry.create_api_key({arguments})",
        error=errors.InvalidParameterValue,
        match="that key cannot be made",
        detail="agent: 'coder'",
        hint="a lifetime above 0",
    )


def test_a_key_with_a_name_too_long_is_refused(town: Town) -> None:
    refused(town.conn, "SELECT agentry.create_api_key('coder', repeat('x', 256))", error=errors.CheckViolation)


def test_a_key_is_revoked_by_its_holder_an_application_or_an_administrator(town: Town) -> None:
    for role in ("coder", "app", "admin"):
        town.key("coder", name=role)
        with town.acting(role) as conn:
            key_id = one(conn, "SELECT id FROM agentry.v_api_keys WHERE name = %s", role)
            assert one(conn, "SELECT agentry.revoke_api_key(%s)", key_id) is True
            assert one(conn, "SELECT agentry.revoke_api_key(%s)", key_id) is False
            assert one(conn, "SELECT revoked_at IS NOT NULL FROM agentry.v_api_keys WHERE id = %s", key_id)


def test_a_key_of_somebody_else_does_not_exist_for_an_agent_or_a_user(town: Town) -> None:
    town.key("nova")
    town.key(user="ann")
    town.key()
    keys = [row[0] for row in town.conn.execute("SELECT id FROM agentry.api_keys").fetchall()]
    for role in ("coder", "anns", "mgr", "reader"):
        with town.acting(role) as conn:
            for key_id in (*keys, uuid.uuid4(), None):
                refused(
                    conn,
                    "SELECT agentry.revoke_api_key(%s)",
                    key_id,
                    error=errors.UndefinedObject,
                    match=f"API key {key_id or 'NULL'} does not exist",
                    hint="v_api_keys lists",
                )
    assert one(town.conn, "SELECT count(*) FROM agentry.api_keys WHERE revoked_at IS NULL") == 3


def test_each_sees_its_own_keys_an_application_all_and_nobody_their_hashes(town: Town) -> None:
    town.key("coder", name="coder's")
    town.key("anns", name="anns's")
    town.key(user="ann", name="ann's")
    town.key(name="app's")
    expected = {
        "coder": ["coder's"],
        "anns": ["anns's"],  # not those of the user who owns it
        "nova": [],
        "stranger": [],
        "app": ["ann's", "anns's", "app's", "coder's"],
        "reader": ["ann's", "anns's", "app's", "coder's"],
    }
    for role, names in expected.items():
        with town.acting(role) as conn:
            rows = conn.execute('SELECT name FROM agentry.v_api_keys ORDER BY name COLLATE "C"').fetchall()
            assert [row[0] for row in rows] == names, role
            refused(conn, "SELECT key_hash FROM agentry.api_keys")
            refused(conn, "SELECT * FROM agentry.login_sessions")
    ann = town.token(user="ann")
    with town.acting("stranger") as conn:
        conn.execute("SELECT agentry.use_session(%s)", [ann])
        rows = conn.execute("SELECT name FROM agentry.v_api_keys ORDER BY created_at, name").fetchall()
        assert ("ann's",) in rows
        assert ("coder's",) not in rows


def test_keys_and_sessions_are_written_by_functions_only(town: Town) -> None:
    for role in ("coder", "mgr", "app"):
        with town.acting(role) as conn:
            refused(
                conn,
                "INSERT INTO agentry.api_keys (name, prefix, key_hash) VALUES ('x', 'ak_00000000', sha256('x'))",
                match="permission denied for table api_keys",
                detail="agentry.create_api_key()",
                hint="v_table_access",
            )
            refused(conn, "UPDATE agentry.api_keys SET revoked_at = NULL", match="permission denied for table api_keys")
            refused(conn, "DELETE FROM agentry.api_keys", match="permission denied for table api_keys")
            refused(
                conn,
                "INSERT INTO agentry.login_sessions VALUES (NULL)",
                match="permission denied for table login_sessions",
            )


# -- nowhere ----------------------------------------------------------------------------------------------------------


def holders(conn: Connection, secrets: list[str]) -> list[tuple[str, str]]:
    """Columns of our tables in which a text stands, as text, bytes or part of JSON; hashes are not the text."""
    columns = conn.execute(
        "SELECT c.oid::regclass::text, quote_ident(a.attname), a.atttypid::regtype::text FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relnamespace::regnamespace::text LIKE 'agentry%' AND c.relkind IN ('r', 'p')"
    ).fetchall()
    assert ("agentry.api_keys", "key_hash", "bytea") in columns
    assert ("agentry_chat.agent_chat", "message", "text") in columns
    found = []
    for table, column, type_ in columns:
        for secret in secrets:
            text = f"{column}::text"
            if type_ == "bytea":
                text = f"encode({column}, 'escape') || encode({column}, 'hex')"
            query = f"SELECT count(*) FROM {table} WHERE strpos({text}, %s) > 0 OR strpos({text}, %s) > 0"
            if one(conn, query, secret, secret.encode().hex()):
                found.append((table, column))
    return found


def test_the_search_for_secrets_finds_them(town: Town) -> None:
    secret = "ak_" + "5" * 64
    town.conn.execute(
        "UPDATE agentry.agents SET notes = %s, access_details = jsonb_build_object('k', %s::text)", [secret] * 2
    )
    town.conn.execute("UPDATE agentry.secrets SET value = substr(convert_to(%s, 'UTF8'), 1, 32)", [secret])
    assert set(holders(town.conn, [secret])) == {
        ("agentry.agents", "notes"), ("agentry.agents", "access_details"), ("agentry.audit_log", "new_row"),
    }
    assert ("agentry.secrets", "value") in holders(town.conn, [secret[:32]])


def test_a_key_a_token_and_a_password_stand_in_no_table_and_no_log_refused_or_not(
    db: Database, server_log: ServerLog
) -> None:
    """Passed as bind parameters, under the log settings that PostgreSQL comes with."""
    db.admin.execute("SELECT agentry.register_agent('coder', 'of a test')")
    db.admin.execute("INSERT INTO agentry.users (username) VALUES ('ann')")
    conn = db.connect(db.role("pool", "agentry_agent"))
    key = db.value("SELECT agentry.create_api_key('coder', 'a key')")
    token = one(conn, "SELECT agentry.login(%s)", key)
    conn.execute("SELECT agentry.use_session(%s, true)", [token])
    assert who(conn)[1] == "coder"
    one(conn, "SELECT agentry_chat.send_agent_message(NULL, 'x', '{coder}')")
    password = "p4ssw0rd-of-ann"
    texts = []
    for query, secret in (
        ("SELECT agentry.login(%s, '99 days')", key),
        ("SELECT agentry.login(%s)", key[:-1] + ("0" if key[-1] != "0" else "1")),
        ("SELECT agentry.login(%s)", token),
        ("SELECT agentry.use_session(%s)", key),
        ("SELECT agentry.use_session(%s)", token[:-1] + ("0" if token[-1] != "0" else "1")),
        ("SELECT agentry.set_password('ann', %s)", password),
        ("SELECT agentry.verify_password('ann', %s)", password),
        ("SELECT agentry.login(%s), 1 / (SELECT count(*) FROM agentry.users WHERE false)", key),
    ):
        for prepare in (False, True):
            with pytest.raises(psycopg.Error) as caught, conn.transaction():
                conn.execute(query.encode(), [secret], prepare=prepare)
            texts.append(str(caught.value) + str(caught.value.diag.context) + str(caught.value.diag.internal_query))
    db.admin.execute("SELECT agentry.revoke_api_key(id) FROM agentry.api_keys")
    refused(conn, "SELECT agentry.login(%s)", key, error=errors.InvalidPassword)
    refused(conn, "SELECT agentry.use_session(%s)", token, error=errors.InvalidAuthorizationSpecification)

    # the end, or all but the last digit, would be as bad
    parts = [part for secret in (key, token) for part in (secret[4:40], secret[20:66])] + [password]
    assert holders(db.admin, parts) == []
    logged = server_log.of(conn.info.backend_pid)
    for proof in (
        "login refused",
        "the session is not valid",
        "cannot last that long",
        "division by zero",
        "agentry.login($1)",
    ):
        assert proof in logged, "the refusals are not in the log, so looking into it proves nothing"
    assert not [part for part in parts if part in server_log.text() or any(part in text for text in texts)]


# -- passwords --------------------------------------------------------------------------------------------------------


def has_pgcrypto(conn: Connection) -> bool:
    return one(conn, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pgcrypto'") == 1


def test_a_hash_made_by_the_client_is_kept_as_it_is(town: Town) -> None:
    for hash_ in ("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$hash", "$2b$12$" + "a" * 53):
        town.conn.execute("SELECT agentry.set_password('ann', p_hash => %s)", [hash_])
        assert one(town.conn, "SELECT hashed_password FROM agentry.users WHERE username = 'ann'") == hash_


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "'x', '$2b$x'",
        "''",
        "repeat('x', 73)",
        "repeat('é', 37)",
        "p_hash => 'plain'",
        "p_hash => ''",
        "p_hash => '$X$y'",
    ],
)
def test_what_is_neither_a_password_nor_a_hash_is_refused(town: Town, arguments: str) -> None:
    query = f"SELECT agentry.set_password('ann'{', ' + arguments if arguments else ''})"
    refused(
        town.conn,
        query,
        error=errors.InvalidParameterValue,
        match="neither a password nor a hash",
        detail="1 to 72 bytes",
        hint="either p_password or p_hash",
    )


def test_without_pgcrypto_passwords_are_a_matter_of_the_client(town: Town) -> None:
    town.conn.execute("DROP EXTENSION IF EXISTS pgcrypto")
    refused(
        town.conn,
        "SELECT agentry.set_password('ann', 'secret')",
        error=errors.FeatureNotSupported,
        match="pgcrypto, which is not installed",
        hint="CREATE EXTENSION pgcrypto; or hash in the client",
    )
    assert one(town.conn, "SELECT agentry.verify_password('ann', 'secret')") is False  # no hash: nothing to compare
    town.conn.execute("SELECT agentry.set_password('ann', p_hash => %s)", ["$2b$12$" + "a" * 53])
    refused(town.conn, "SELECT agentry.verify_password('ann', 'secret')", error=errors.FeatureNotSupported)


def test_a_password_is_kept_as_bcrypt_and_verified_where_pgcrypto_is(town: Town) -> None:
    if not has_pgcrypto(town.conn):  # then the test above is the promise
        refused(town.conn, "SELECT agentry.set_password('ann', 'secret')", error=errors.FeatureNotSupported)
        return
    script = "CREATE SCHEMA {0}; GRANT USAGE ON SCHEMA {0} TO PUBLIC; CREATE EXTENSION pgcrypto SCHEMA {0}"
    town.conn.execute(sql.SQL(script).format(sql.Identifier(unique_name("Crypto"))))  # wherever it stands
    town.conn.execute("SELECT agentry.set_password('ann', 'secret')")
    assert one(town.conn, "SELECT hashed_password LIKE '$2a$12$%' FROM agentry.users WHERE username = 'ann'")
    assert one(town.conn, "SELECT agentry.verify_password('ann', 'secret')") is True
    assert one(town.conn, "SELECT agentry.verify_password('ANN@example.org', 'secret')") is True
    assert one(town.conn, "SELECT agentry.verify_password('ann', 'Secret')") is False
    assert one(town.conn, "SELECT agentry.verify_password('ann', NULL)") is False
    assert one(town.conn, "SELECT agentry.verify_password('bob', 'secret')") is False
    town.conn.execute("UPDATE agentry.users SET is_active = false WHERE username = 'ann'")
    assert one(town.conn, "SELECT agentry.verify_password('ann', 'secret')") is False


def test_a_password_is_for_its_user_applications_and_administrators(town: Town) -> None:
    hash_ = "$2b$12$" + "b" * 53
    for role in ("coder", "anns", "mgr", "reader"):
        with town.acting(role) as conn:
            for query in (
                "SELECT agentry.set_password('ann', p_hash => %s)",
                "SELECT agentry.verify_password('ann', %s)",
            ):
                refused(
                    conn,
                    query,
                    hash_,
                    match="the password of a user is for that user and applications",
                    detail=f"You are {'reader' if role == 'reader' else 'agent ' + role}",
                    hint="Ask an application",
                )
    with town.acting("app") as conn:
        conn.execute("SELECT agentry.set_password('ann', p_hash => %s)", [hash_])
        refused(conn, "SELECT agentry.set_password('nobody', p_hash => %s)", hash_, error=errors.UndefinedObject)
        refused(conn, "SELECT hashed_password FROM agentry.users", match="permission denied")
        refused(conn, "SELECT * FROM agentry.users", match="permission denied")
    town.conn.execute("SELECT agentry.use_session(%s)", [town.token(user="ann")])
    with town.acting("stranger") as conn:
        conn.execute("SELECT agentry.set_password('ann', p_hash => %s)", [hash_])
        refused(conn, "SELECT agentry.set_password('bob', p_hash => %s)", hash_, match="for that user and applications")
