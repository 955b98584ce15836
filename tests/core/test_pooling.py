"""API keys through pgbouncer in transaction mode: the pgbouncer.ini of the docs, and one server connection for all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.harness import pgbouncer
from tests.harness.database import PASSWORD, Database, ServerLog
from tests.harness.servers import UrlServer

Connection = psycopg.Connection[Any]


class Pool:
    """A pgbouncer in front of a test's database, and clients of its one login role."""

    def __init__(self, db: Database, bouncer: pgbouncer.PgBouncer, role: str) -> None:
        self.db = db
        self.bouncer = bouncer
        self.role = role
        self._open: list[Connection] = []

    def client(self, role: str | None = None) -> Connection:
        conn = psycopg.connect(self.bouncer.url(self.db.name, role or self.role))
        self._open.append(conn)
        return conn

    def login(self, key: str) -> tuple[Connection, str]:
        """A client with a session token; the session is bound nowhere yet."""
        conn = self.client()
        with conn.transaction():
            row = conn.execute("SELECT agentry.login(%s)", [key]).fetchone()
        assert row
        return conn, row[0]

    def close(self) -> None:
        for conn in self._open:
            conn.close()


@contextmanager
def pool_of(db: Database, *more_roles: str, role: str | None = None) -> Iterator[Pool]:
    where, reason = pgbouncer.find()
    if where is None and not os.environ.get("AGENTRY_REQUIRE_17"):
        pytest.skip(f"no pgbouncer: {reason}")
    role = role or db.role("pool", "agentry_agent")
    password = PASSWORD if isinstance(db.server, UrlServer) else ""
    with pgbouncer.PgBouncer(db.url(), dict.fromkeys([role, *more_roles], password)) as bouncer:
        pool = Pool(db, bouncer, role)
        try:
            yield pool
        finally:
            pool.close()


@pytest.fixture
def pool(db: Database) -> Iterator[Pool]:
    with pool_of(db) as found:
        yield found


@pytest.fixture
def key(db: Database) -> str:
    """A key of agent coder; agent nova is there too."""
    for name in ("coder", "nova"):
        db.admin.execute("SELECT agentry.register_agent(%s, 'an agent of a test')", [name])
    return str(db.value("SELECT agentry.create_api_key('coder')"))


def bind(conn: Connection, token: str, for_connection: bool = False) -> None:
    conn.execute("SELECT agentry.use_session(%s, %s)", [token, for_connection])


def who(conn: Connection) -> tuple[int, str | None]:
    """Backend and agent of this moment, in a transaction of its own unless one is open."""
    with conn.transaction():
        row = conn.execute("SELECT pg_backend_pid(), agent FROM agentry.whoami()").fetchone()
    assert row
    return row


def test_an_api_key_logs_in_and_the_next_client_of_the_connection_is_nobody(pool: Pool, key: str) -> None:
    first, token = pool.login(key)
    second = pool.client()
    with first.transaction():
        bind(first, token)
        pid, agent = who(first)
        assert agent == "coder"
        assert first.execute("SELECT count(*) FROM agentry.agents").fetchone() == (2,)
    assert who(second) == (pid, None)
    assert second.execute("SELECT count(*) FROM agentry.agents").fetchone() == (0,)
    second.commit()
    assert who(first) == (pid, None)


def test_a_session_ends_with_its_transaction_when_that_fails_too(pool: Pool, key: str) -> None:
    first, token = pool.login(key)
    with pytest.raises(errors.DivisionByZero), first.transaction():
        bind(first, token)
        first.execute("SELECT 1 / 0")
    assert who(pool.client())[1] is None
    assert who(first)[1] is None


def test_logout_through_the_pool_ends_the_session(pool: Pool, key: str) -> None:
    first, token = pool.login(key)
    with first.transaction():
        bind(first, token)
        assert first.execute("SELECT agentry.logout()").fetchone() == (True,)
        assert who(first)[1] is None
    assert who(pool.client())[1] is None
    with pytest.raises(errors.InvalidAuthorizationSpecification), first.transaction():
        bind(first, token)


def _revoke(db: Database, key: str) -> None:
    db.admin.execute("SELECT agentry.revoke_api_key(id) FROM agentry.api_keys")


def _expire(db: Database, key: str) -> None:
    db.admin.execute("UPDATE agentry.api_keys SET expires_at = clock_timestamp() - interval '1 second'")


def _suspend(db: Database, key: str) -> None:
    db.admin.execute("UPDATE agentry.agents SET status = 'suspended' WHERE name = 'coder'")


def _archive(db: Database, key: str) -> None:
    db.admin.execute("UPDATE agentry.agents SET status = 'archived' WHERE name = 'coder'")


@pytest.mark.parametrize("end", [_revoke, _expire, _suspend, _archive])
def test_a_key_that_ended_is_refused_and_so_are_its_sessions(
    pool: Pool, key: str, end: Callable[[Database, str], None]
) -> None:
    conn, token = pool.login(key)
    with conn.transaction():
        bind(conn, token)
        assert who(conn)[1] == "coder"
    end(pool.db, key)
    with pytest.raises(errors.InvalidPassword, match="login refused"), conn.transaction():
        conn.execute("SELECT agentry.login(%s)", [key])
    with pytest.raises(errors.InvalidAuthorizationSpecification, match="the session is not valid"), conn.transaction():
        bind(conn, token)


def test_a_key_of_a_user_is_refused_once_the_user_is_inactive(pool: Pool) -> None:
    db = pool.db
    db.admin.execute("INSERT INTO agentry.users (username, email) VALUES ('ann', 'ann@example.org')")
    key = db.value("SELECT agentry.create_api_key(p_user => 'ann')")
    conn, token = pool.login(key)
    with conn.transaction():
        bind(conn, token)
        assert conn.execute("SELECT kind FROM agentry.whoami()").fetchone() == ("user",)
    db.admin.execute("UPDATE agentry.users SET is_active = false")
    with pytest.raises(errors.InvalidPassword), conn.transaction():
        conn.execute("SELECT agentry.login(%s)", [key])
    with pytest.raises(errors.InvalidAuthorizationSpecification), conn.transaction():
        bind(conn, token)


def test_a_key_stands_in_no_table_and_in_no_log(pool: Pool, key: str, server_log: ServerLog) -> None:
    conn, token = pool.login(key)
    with conn.transaction():
        bind(conn, token)
    wrong = "ak_" + "7" * 64
    with pytest.raises(errors.InvalidPassword) as refused, conn.transaction():
        conn.execute("SELECT agentry.login(%s)", [wrong])
    with pytest.raises(errors.InvalidAuthorizationSpecification) as unbound, conn.transaction():
        bind(conn, wrong)
    secrets = [key, token, wrong]
    assert not [s for s in secrets if s in f"{refused.value} {refused.value.diag.context} {unbound.value}"]

    log = server_log.text()
    if not isinstance(pool.db.server, UrlServer):  # its log is out of reach
        assert "login refused" in log, "the refusals are not in the log, so looking into it proves nothing"
    assert not [s for s in secrets if s in log or s in pool.bouncer.log_text()]

    tables = pool.db.admin.execute(
        "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname LIKE 'agentry%' AND c.relkind IN ('r', 'p')"
    ).fetchall()
    assert ("agentry", "api_keys") in tables
    found = []
    for name in tables:
        for secret in secrets:
            query = sql.SQL("SELECT count(*) FROM {} AS t WHERE strpos(t::text, {}) > 0")
            count = pool.db.admin.execute(query.format(sql.Identifier(*name), sql.Literal(secret))).fetchone()
            found += [(name, secret)] if count != (0,) else []
    assert not found


def test_a_prepared_statement_gives_each_client_its_own_rows(pool: Pool, key: str) -> None:
    other = pool.db.value("SELECT agentry.create_api_key('nova')")
    clients = [(*pool.login(key), "coder"), (*pool.login(other), "nova"), (pool.client(), None, None)]
    for conn, _, _ in clients:
        conn.prepared_max = 2  # so that the driver also drops statements
    for round_ in range(8):
        for conn, token, agent in clients:
            with conn.transaction():
                if token:
                    conn.execute("SELECT agentry.use_session(%s)", [token], prepare=True)
                for _ in range(2):
                    found = conn.execute("SELECT agentry.current_agent(), %s::int", [round_], prepare=True).fetchone()
                    assert found == (agent, round_)
                visible = conn.execute("SELECT count(*) > 0 FROM agentry.agents", prepare=True).fetchone()
                assert visible == (agent is not None,)


def test_a_session_bound_for_the_connection_reaches_the_next_client_as_the_docs_warn(pool: Pool, key: str) -> None:
    first, token = pool.login(key)
    with first.transaction():
        bind(first, token, for_connection=True)
    assert who(pool.client())[1] == "coder"


def test_what_a_client_leaves_does_not_get_into_the_session_of_the_next(pool: Pool, key: str) -> None:
    db = pool.db
    other = db.value("SELECT agentry.create_organization('another')")
    first, second = pool.client(), pool.client()
    app_key = db.value("SELECT agentry.create_api_key(p_name => 'of the organisation')")
    _, token = pool.login(key)
    _, app_token = pool.login(app_key)
    home = db.value("SELECT agentry.current_org_id()")
    with first.transaction():
        first.execute("SELECT set_config('agentry.session', %s, false)", [token])
        first.execute("SELECT set_config('agentry.org_id', %s, false)", [str(other)])
        first.execute("SET agentry.act_as = 'nova'")
        first.execute("SET ROLE agentry_agent")
    with second.transaction():
        bind(second, app_token)
        found = second.execute("SELECT kind, agent, org_id, agentry.current_org_id() FROM agentry.whoami()").fetchone()
        assert found == ("app", None, home, home)
        assert second.execute("SELECT current_setting('agentry.org_id')").fetchone() == (str(home),)
    with second.transaction():
        second.execute("RESET ROLE")
        bind(second, token)
        assert who(second)[1] == "coder"


def test_login_roles_that_are_agents_share_connections_with_nobody_else(db: Database) -> None:
    coder, nova = db.agent_role("coder"), db.agent_role("nova")
    with pool_of(db, nova, role=coder) as pool:
        first, second = pool.client(coder), pool.client(nova)
        for _ in range(3):
            pid, agent = who(first)
            assert agent == "coder"
            other_pid, other_agent = who(second)
            assert other_agent == "nova"
            assert pid != other_pid


def test_listen_needs_a_connection_of_its_own(pool: Pool, key: str) -> None:
    db = pool.db
    role = db.role("listener", "agentry_agent")
    conn, token = pool.login(key)
    with conn.transaction():
        conn.execute("LISTEN lost")
    direct = db.connect(role)
    bind(direct, token, for_connection=True)
    direct.execute("LISTEN heard")
    db.admin.execute("NOTIFY lost")
    db.admin.execute("NOTIFY heard")
    assert [n.channel for n in direct.notifies(timeout=20, stop_after=1)] == ["heard"]
    assert who(direct)[1] == "coder"
    assert list(conn.notifies(timeout=0.2)) == []


def test_a_message_goes_from_agent_to_agent_through_one_connection(pool: Pool, key: str) -> None:
    coder, coder_token = pool.login(key)
    nova, nova_token = pool.login(pool.db.value("SELECT agentry.create_api_key('nova')"))
    send = "SELECT agentry_chat.send_agent_message('coder', 'Done.', ARRAY['nova'])"
    with pytest.raises(errors.InsufficientPrivilege), nova.transaction():
        bind(nova, nova_token)
        nova.execute(send)
    with pytest.raises(errors.InvalidAuthorizationSpecification), nova.transaction():
        nova.execute(send)
    with coder.transaction():
        bind(coder, coder_token)
        chat_id = coder.execute(send).fetchone()
    with nova.transaction():
        bind(nova, nova_token)
        claimed = nova.execute("SELECT chat_id, sender, message FROM agentry_chat.claim_agent_messages()").fetchall()
    assert chat_id
    assert claimed == [(chat_id[0], "coder", "Done.")]
