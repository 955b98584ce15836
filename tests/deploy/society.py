"""A database with something of everything that a backup must bring back, in a month that tests choose."""

from __future__ import annotations

import difflib
import itertools
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.core.support import seal
from tests.core.test_partitions import set_clock
from tests.harness.backup import Programs, choose_dump, find_programs
from tests.harness.container import PORT, ContainerServer
from tests.harness.database import Database, clone, template
from tests.harness.deploy import Deploy, deploy
from tests.harness.paths import BUILD, ROOT
from tests.harness.servers import PgServer

Connection = psycopg.Connection[Any]

# months far from each other and from today; partitions were made at run time in the first
TAKEN = "2031-03-15 12:00+00"
RESTORED = "2031-08-02 09:00+00"

# A table of the user's: monthly, guarded, audited, with locks, a generated column, keys within and into it, rows whose
# month has no partition, and a month that was retired.
SHOP = """
CREATE TABLE shop.kinds (org_id uuid NOT NULL, kind text NOT NULL, PRIMARY KEY (org_id, kind));
CREATE TABLE shop.notes (
    org_id uuid NOT NULL, at timestamptz NOT NULL, id bigint NOT NULL, agent text NOT NULL, kind text NOT NULL,
    body text, locked boolean NOT NULL DEFAULT false, updated_at timestamptz NOT NULL DEFAULT '2030-01-01',
    after_at timestamptz, after_id bigint,
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED,
    PRIMARY KEY (org_id, at, id),
    FOREIGN KEY (org_id, kind) REFERENCES shop.kinds,
    CONSTRAINT notes_after_fkey FOREIGN KEY (org_id, after_at, after_id) REFERENCES shop.notes
) PARTITION BY RANGE (at);
CREATE INDEX notes_words_idx ON shop.notes USING gin (words);
CREATE TABLE shop.notes_default PARTITION OF shop.notes DEFAULT;
CREATE TABLE shop.a_mark (
    org_id uuid NOT NULL, at timestamptz NOT NULL, id bigint NOT NULL, number bigint GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT a_mark_at_fkey FOREIGN KEY (org_id, at, id) REFERENCES shop.notes DEFERRABLE INITIALLY DEFERRED
);
SELECT agentry.guard_table('shop.notes', 'agent', p_writers => '{app,agents}', p_audit => true),
       agentry.set_partition_policy('shop.notes', 2, p_storage => '{fillfactor=90}'),
       agentry.ensure_partitions('shop.notes'),
       agentry.register_personal_data('shop.notes', '{"agent": "agent_name"}');
INSERT INTO shop.kinds SELECT agentry.current_org_id(), k FROM unnest('{order,bill}'::text[]) AS k;
SELECT agentry.create_monthly_partition('shop.notes', '2030-01-01');
INSERT INTO shop.notes (at, id, agent, kind) VALUES ('2030-01-05', 20, 'nova', 'bill');
SELECT agentry.set_partition_policy('shop.notes', 2, 6, 'archive', '{fillfactor=90}'),
       agentry.retire_partitions('shop.notes'),
       agentry.set_partition_policy('shop.notes', 2, p_storage => '{fillfactor=90}');
INSERT INTO shop.notes (at, id, agent, kind, body, locked)
SELECT t, row_number() OVER (), 'nova', 'order', 'it''s a tab' || E'\\t' || ' and a "quote"', t > '2031-04-01'
FROM unnest('{2029-05-06 07:08+00,2031-03-04 05:06+00,2031-04-05 06:07+00,infinity}'::timestamptz[]) AS t;
INSERT INTO shop.notes (at, id, agent, kind, after_at, after_id)
SELECT '2031-03-09', 9, 'coder', 'bill', n.at, n.id FROM shop.notes AS n WHERE n.id = 2;
INSERT INTO shop.a_mark SELECT n.org_id, n.at, n.id FROM shop.notes AS n ORDER BY n.id;
"""


@dataclass
class Society:
    """What a test needs to know of what it filled in."""

    key: str  # of nova
    channel: str


def value(conn: Connection, query: str, *args: Any) -> Any:
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def owner_of(conn: Connection) -> str:
    return str(value(conn, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'agentry'"))


def reset_clock(conn: Connection) -> None:
    conn.execute((ROOT / "functions/core/pre/_clock.sql").read_text().encode())


def fill(conn: Connection, roles: dict[str, str], *, shop: bool = True) -> Society:
    """As an administrator in autocommit.  `roles`: login roles of nova (agentry_agent) and app (agentry_app)."""

    def run(query: str, *args: Any) -> None:
        conn.execute(query.encode(), args or None)

    set_clock(conn, TAKEN)
    owner = owner_of(conn)
    run("UPDATE agentry.organizations SET name = 'Nova Labs' WHERE is_default")
    run("INSERT INTO agentry.teams (name) VALUES ('red')")
    run("INSERT INTO agentry.users (username, email, team_id) SELECT 'ann', 'ann@example.org', id FROM agentry.teams")
    run("SELECT agentry.register_agent('nova', 'plans', p_db_role => %s, p_domains => '{Planning}')", roles["nova"])
    run("SELECT agentry.register_agent('coder', 'codes', p_user => 'ann', p_domains => '{Agent Management}')")
    run("SELECT agentry.register_agent('gone', 'leaves soon')")
    run("UPDATE agentry.agents SET nickname = 'Doc' WHERE name = 'coder'")
    run("INSERT INTO agentry.service_roles (db_role) VALUES (%s)", roles["app"])
    run("SELECT agentry.set_setting('core.session_lifetime', '\"01:00:00\"')")
    run("SELECT agentry.place_legal_hold('user:ann', 'a lawsuit')")
    run(
        "INSERT INTO agentry.pii_vault (user_id, ciphertext, key_ref)"
        " SELECT id, '\\x00ff', 'vault/1' FROM agentry.users"
    )
    run(
        "INSERT INTO agentry.health_checks (name, query, description)"
        " VALUES ('aa.first', 'SELECT ''ok'', ''''', 'The user''s own.')"
    )
    run("UPDATE agentry.maintenance_steps SET run_every = '2 hours' WHERE name = 'core.partitions'")
    key = str(value(conn, "SELECT agentry.create_api_key('nova')"))
    run("SELECT agentry.login(%s)", key)
    _messages(conn)
    _raw_memories(conn)
    _memories(conn)
    _insight(conn)
    _embeddings(conn)
    seal(conn)
    run("SELECT agentry.forget('gone')")

    acme = value(conn, "SELECT agentry.create_organization('acme')")
    run("SELECT set_config('agentry.org_id', %s, false)", str(acme))
    run("SELECT agentry.register_agent('nova', 'another one'), agentry.register_agent('zed', 'sleeps')")
    run("SELECT agentry_chat.send_agent_message('nova', 'wake up', '{zed}')")
    run("SELECT agentry_memory.remember('zed', 'slept well')")
    run("RESET agentry.org_id")

    run("ALTER TABLE agentry.agents ADD COLUMN shoe_size integer DEFAULT 42")
    run("COMMENT ON COLUMN agentry.agents.shoe_size IS 'A column of the user''s.'")
    run("CREATE INDEX agents_shoe_size_idx ON agentry.agents (shoe_size)")
    run("SELECT agentry.install()")  # gives the group roles the right to change the new column
    run("UPDATE agentry.agents SET shoe_size = 38 WHERE name = 'nova'")
    if shop:
        run(f"CREATE SCHEMA shop AUTHORIZATION {owner}")
        run(f"SET ROLE {owner}")
        with conn.transaction():
            conn.execute(SHOP.encode())
        run("RESET ROLE")
        run(f"GRANT USAGE ON SCHEMA shop TO {roles['app']}")
        run(f"GRANT SELECT ON shop.notes TO {roles['app']}")
    run("UPDATE agentry.agents SET nickname = 'Nov' WHERE name = 'nova'")  # not sealed
    return Society(key, str(value(conn, "SELECT agentry_chat.inbox_channel('nova')")))


def _messages(conn: Connection) -> None:
    """One in each state: pending, received, routed, responded, failed, dead, expired, withdrawn."""

    def send(text: str, more: str = "") -> int:
        return int(value(conn, f"SELECT agentry_chat.send_agent_message('coder', %s, '{{nova}}'{more})", text))

    def claim() -> int:
        return int(value(conn, "SELECT token FROM agentry_chat.claim_agent_messages('nova', 1)"))

    def mark(message: int, status: str) -> None:
        value(conn, "SELECT agentry_chat.mark_agent_message(%s, 'nova', %s, %s, 'why')", message, status, claim())

    for status in ("routed", "responded", "failed"):
        mark(send(f"to be {status}", ", p_priority => 1"), status)
    conn.execute("SELECT agentry.set_setting('chat.max_attempts', '1')")
    mark(send("to be dead", ", p_priority => 1"), "failed")
    conn.execute("SELECT agentry.set_setting('chat.max_attempts', '7')")
    value(conn, "SELECT agentry_chat.withdraw_agent_message(%s, 'coder')", send("to be withdrawn"))
    send("to expire", ", p_expires_in => '1 second'")
    value(conn, "SELECT agentry_chat.expire_agent_messages()")
    send("received", ", p_priority => 1")
    claim()
    send("pending")
    found = conn.execute("SELECT DISTINCT status FROM agentry_chat.agent_chat_processed").fetchall()
    wanted = {"pending", "received", "routed", "responded", "failed", "dead", "expired", "withdrawn"}
    assert {row[0] for row in found} == wanted


def _raw_memories(conn: Connection) -> None:
    """With an event each: one in the archive, one whose month has no partition, one redacted, one young."""
    for content, at in (("archived", "2028-02-03 04:05:06.789+00"), ("waiting", "2030-02-03 04:05:06.789+00"),
                        ("redacted", "2031-03-03"), ("young", "2031-03-04")):  # fmt: skip
        memory = value(
            conn, "SELECT agentry_memory.remember_raw(%s, 'nova', p_metadata => '{\"a\": [1, null]}',"
            " p_session => 's', p_session_order => 2, p_created_at => %s, p_idempotency_key => %s)",
            content, at, content,
        )  # fmt: skip
        value(conn, "SELECT agentry_memory.record_event(%s, 'be', %s, p_quantity => 1.50, p_unit => 'x')", memory,
              content)  # fmt: skip
        if content == "archived":
            for table in ("event_memories", "raw_memories"):
                value(conn, "SELECT agentry.ensure_partitions(%s)", f"agentry_memory.{table}")
                value(conn, "SELECT agentry.retire_partitions(%s)", f"agentry_memory.{table}")
                conn.execute(
                    "SELECT agentry_memory._release_memories(a.part)"
                    " FROM agentry_memory._archive_of('agentry_memory.event_memories') AS a (part)"
                )
        if content == "redacted":
            value(conn, "SELECT agentry_memory.redact_raw_memory(%s, 'a wish')", memory)
    value(conn, "SELECT agentry_memory.remember_raw(p_user => 'ann', p_encrypted => '\\x00ff', p_key_ref => 'vault/2',"
                " p_created_at => '2031-03-05')")  # fmt: skip


def _memories(conn: Connection) -> None:
    """Memories with a link, a reflection, use, settings, and of or about whoever is forgotten."""
    conn.execute(
        """SELECT agentry_memory.remember('coder', m, p_scope => 'user', p_related_agents => '{nova,gone}',
                                          p_related_users => '{ann}', p_tags => '{tea}', p_session => 'tea',
                                          p_occurred_at => '2031-03-01')
           FROM unnest('{Ann likes tea.,She likes it green.}'::text[]) AS m"""
    )
    conn.execute(
        """SELECT agentry_memory.remember('nova', '{"skill": "tea", "steps": ["boil", "wait"]}'::jsonb, 'procedural',
                                          p_pinned => true, p_expires_at => 'infinity'),
                  agentry_memory.remember('gone', 'soon to be forgotten')"""
    )
    conn.execute(
        "SELECT agentry_memory.record_reflection('coder', 'Tea first.', ARRAY['ask'], array_agg(m.id)),"
        " agentry_memory.mark_recalled('memory', array_agg(m.id::text)),"
        " agentry_memory.set_memory_settings('coder', 7.5)"
        " FROM agentry_memory.agent_memories AS m WHERE m.session = 'tea'"
    )


def _insight(conn: Connection) -> None:
    """A view with evidence for and against it, one that became a concept twice, one that expired, a consolidation whose
    sources are archived."""
    conn.execute(
        """SELECT agentry_memory.remember('nova', m, p_scope => 'organisation')
           FROM unnest('{It rained.,It rained again.,It was dry.}'::text[]) AS m"""
    )
    conn.execute(
        "SELECT agentry_memory.derive_view('nova', 'It rains a lot.', array_agg(m.id ORDER BY m.text),"
        " p_scope => 'organisation', p_tags => '{weather}', p_expires_in => '1 year', p_idempotency_key => 'rain')"
        " FROM agentry_memory.agent_memories AS m WHERE m.text LIKE 'It rained%%'"
    )
    conn.execute(
        "SELECT agentry_memory.add_evidence(v.id, 'memory', m.id, m.text <> 'It was dry.', 'seen', 0.5),"
        " agentry_memory.validate_view(v.id)"
        " FROM agentry_memory.cognitive_views AS v, agentry_memory.agent_memories AS m WHERE m.text LIKE 'It %%y.'"
    )
    for hypothesis in ("Ann likes tea.", "Ann likes green tea."):
        value(
            conn, "SELECT agentry_memory.promote_view(agentry_memory.derive_view('coder', %s, p_scope => 'user'),"
            " 'Tea', p_force => true)", hypothesis,
        )  # fmt: skip
    value(conn, "SELECT agentry_memory.derive_view('coder', 'It will end soon.', p_expires_in => '1 second')")
    conn.execute(
        "SELECT agentry_memory.consolidate('nova', 'summarize', array_agg(m.id), 'Some rain.', p_keep => false)"
        " FROM agentry_memory.agent_memories AS m WHERE m.text LIKE 'It rained%%'"
    )


def _embeddings(conn: Connection) -> None:
    """A model made at run time, with its index, vectors, and one in each state of the queue; another without."""
    value(conn, "SELECT agentry_memory.register_embedding_model('tiny', 3, 'hnsw', '{\"m\": 8}')")
    value(conn, "SELECT agentry_memory.register_embedding_model('flat', 4000, 'ivfflat')")
    assert value(conn, "SELECT agentry_memory.use_embedding_model('tiny')") >= 5
    value(conn, "SELECT agentry_memory.use_embedding_model('flat')")

    def claim() -> tuple[int, int]:
        row = conn.execute("SELECT entry_id, token FROM agentry_memory.claim_embeddings('tiny', 1)").fetchone()
        assert row
        return row

    batch = "SELECT agentry_memory.complete_embeddings(jsonb_build_array(jsonb_build_object("
    value(conn, batch + "'entry_id', %s::bigint, 'token', %s::bigint, 'embedding', '[1,2,3]')))", *claim())
    entry, token = claim()
    value(conn, "SELECT agentry_memory.fail_embedding(%s, 'away', %s)", entry, token)
    conn.execute("SELECT agentry.set_setting('memory.max_attempts', '1')")
    entry, token = claim()
    value(conn, "SELECT agentry_memory.fail_embedding(%s, 'for good', %s)", entry, token)
    conn.execute("SELECT agentry.set_setting('memory.max_attempts', '7')")
    claim()
    found = conn.execute("SELECT DISTINCT status FROM agentry_memory.embedding_queue").fetchall()
    assert {row[0] for row in found} == {"pending", "claimed", "failed", "dead"}


def use(conn: Connection, society: Society) -> None:
    """A restored database works: its clock, queues, keys, audit, rules and partitions."""
    token = value(conn, "SELECT agentry.login(%s)", society.key)
    conn.execute("SELECT agentry.use_session(%s, true)", [token])
    assert value(conn, "SELECT agent FROM agentry.whoami()") == "nova"
    conn.execute("SELECT agentry.logout()")
    assert value(conn, "SELECT agentry_chat.inbox_channel('nova')") == society.channel
    sent = value(conn, "SELECT agentry_chat.send_agent_message('coder', 'after the restore', '{nova}')")
    claimed = conn.execute(
        "SELECT chat_id, message, token FROM agentry_chat.claim_agent_messages('nova', 100)"
    ).fetchall()
    assert {row[1] for row in claimed} == {"pending", "received", "to be failed", "after the restore"}
    token = next(row[2] for row in claimed if row[0] == sent)
    assert value(conn, "SELECT agentry_chat.mark_agent_message(%s, 'nova', 'routed', %s)", sent, token) == "routed"
    evidence = "SELECT array_agg(e.content ORDER BY e.content) FROM agentry_memory.agent_reflections AS r"
    assert value(conn, f"{evidence}, agentry_memory.memory_evidence('memory', r.id) AS e") == [
        "Ann likes tea.", "She likes it green."
    ]  # fmt: skip
    value(conn, "SELECT agentry_memory.remember('coder', 'after the restore')")
    assert value(
        conn, "SELECT array_agg(e.row_id::uuid ORDER BY e.row_id) FROM agentry_memory.memory_entries AS e"
        " JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id WHERE s.name = 'memory'"
    ) == value(
        conn, "SELECT array_agg(id ORDER BY id::text) FROM agentry_memory.agent_memories WHERE archived_at IS NULL"
    )  # fmt: skip
    _use_insight(conn)
    _embed(conn)
    seal(conn)
    for (org,) in conn.execute("SELECT id FROM agentry.organizations").fetchall():
        chain = conn.execute("SELECT sealed > 0, broken_id FROM agentry.verify_audit(%s)", [org]).fetchone()
        assert chain == (True, None)
    assert value(conn, "SELECT agentry.ensure_partitions('shop.notes')") == [
        "shop.notes_2029_05", "shop.notes_2031_08", "shop.notes_2031_09", "shop.notes_2031_10"
    ]  # fmt: skip
    assert value(conn, "SELECT array_agg(id ORDER BY id) FROM shop.notes_2029_05") == [1]
    _use_raw_memories(conn)
    archived = "SELECT array_agg(t::text) FROM agentry._with_archive('shop.notes') AS t"
    assert value(conn, archived) == ["shop.notes", "agentry_archive.notes_2030_01"]
    assert value(conn, "SELECT id FROM agentry_archive.notes_2030_01") == 20


def _use_insight(conn: Connection) -> None:
    """The counts are those of the links, also after one more; what was archived comes back."""
    counts = (
        "SELECT evidence_count, counter_evidence_count, round(confidence::numeric, 3)::text, validation_count"
        " FROM agentry_memory.cognitive_views WHERE idempotency_key = 'rain'"
    )
    assert conn.execute(counts).fetchall() == [(2, 1, "0.600", 1)]
    seen = value(conn, "SELECT agentry_memory.remember('nova', 'It rains.')")
    conn.execute(
        "SELECT agentry_memory.add_evidence(id, 'memory', %s) FROM agentry_memory.cognitive_views"
        " WHERE idempotency_key = 'rain'", [seen],
    )  # fmt: skip
    assert conn.execute(counts).fetchall() == [(3, 1, "0.673", 1)]
    history = "SELECT array_agg(version ORDER BY version) FROM agentry_memory.concept_history('TEA')"
    assert value(conn, history) == [1, 2]
    made = value(conn, "SELECT id FROM agentry_memory.agent_memories WHERE text = 'Some rain.'")
    assert value(conn, "SELECT agentry_memory.undo_consolidation(%s)", made) == 2
    assert value(conn, "SELECT expired FROM agentry_memory.expire_views()") == 1


def _use_raw_memories(conn: Connection) -> None:
    found = conn.execute(
        "SELECT r.idempotency_key, r.content, r.archived, e.target, e.archived"
        " FROM agentry_memory.v_raw_memories_all AS r LEFT JOIN agentry_memory.v_event_memories_all AS e"
        " ON e.memory_created_at = r.created_at AND e.memory_id = r.memory_id WHERE r.encrypted IS NULL ORDER BY 1"
    ).fetchall()
    assert found == [
        ("archived", "archived", True, "archived", True), ("redacted", None, False, None, None),
        ("waiting", "waiting", False, "waiting", False), ("young", "young", False, "young", False),
    ]  # fmt: skip
    young = value(conn, "SELECT memory_id FROM agentry_memory.raw_memories WHERE content = 'young'")
    assert value(
        conn, "SELECT agentry_memory.remember_raw('young', 'nova', p_metadata => '{\"a\": [1, null]}',"
        " p_session => 's', p_session_order => 2, p_idempotency_key => 'young')"
    ) == young  # fmt: skip
    value(conn, "SELECT agentry_memory.record_event(%s, 'go', 'on')", young)
    assert value(conn, "SELECT max(ordinal) FROM agentry_memory.event_memories WHERE memory_id = %s", young) == 2
    assert value(conn, "SELECT count(*) FROM agentry_memory.v_memory_orphans") == 0
    assert value(conn, "SELECT agentry.ensure_partitions('agentry_memory.raw_memories')")[0].endswith("_2030_02")


def _embed(conn: Connection) -> None:
    """Embeddings go on where they were: tokens too, which are never given twice."""
    model = value(conn, "SELECT model_id FROM agentry_memory.embedding_models WHERE name = 'tiny'")
    index = value(conn, "SELECT indexdef FROM pg_indexes WHERE indexname = %s", f"memory_vectors_{model}_idx")
    assert "hnsw" in index
    assert "m='8'" in index
    assert value(conn, "SELECT status FROM agentry.health() WHERE name = 'memory.embedding_indexes'") == "ok"
    assert value(conn, "SELECT agentry_memory.requeue_embeddings()") == 1
    last = value(conn, "SELECT max(token) FROM agentry_memory.embedding_queue")
    claims = conn.execute("SELECT entry_id, token FROM agentry_memory.claim_embeddings('tiny', 100)").fetchall()
    assert min(token for _, token in claims) > last
    query = ("SELECT agentry_memory.complete_embeddings(jsonb_agg(jsonb_build_object("
             "'entry_id', c.entry_id, 'token', c.token, 'embedding', '[3,2,1]')))"
             " FROM unnest(%s::bigint[], %s::bigint[]) AS c (entry_id, token)")
    assert value(conn, query, [entry for entry, _ in claims], [token for _, token in claims]) == len(claims)
    nearest = "SELECT id FROM agentry_memory.memory_embeddings ORDER BY embedding <=> '[1,2,3]'"
    assert len(conn.execute(nearest.encode()).fetchall()) == value(
        conn, "SELECT count(*) FROM agentry_memory.memory_entries WHERE org_id = agentry.current_org_id()")


# -- dumps ------------------------------------------------------------------------------------------------------------


def run_plain(db: Database, program: str, *args: str, user: str | None = None) -> str:
    """Runs pg_dump or pg_restore of the server's own version on the database; in its container, where it has one."""
    server = db.server
    url = db.url(user)
    if isinstance(server, ContainerServer):
        inside = url.replace(f":{server.port}/", f":{PORT}/")
        code, output = server.exec([program, *args, f"--dbname={inside}"])
        assert code == 0, output
        return output
    folder = choose_dump(server.major, find_programs()).folder
    done = subprocess.run([folder / program, *args, f"--dbname={url}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def restore_plain(db: Database, archive: str, user: str) -> None:
    """As one does who is no superuser, where a superuser made pgvector."""
    contents = re.sub(r".* EXTENSION (- )?vector .*\n", "", run_plain(db, "pg_restore", "--list", archive))
    listed = f"{archive}.list"
    if isinstance(db.server, ContainerServer):
        db.server.put_files({Path(listed).name: contents.encode()}, str(Path(listed).parent))
    else:
        Path(listed).write_text(contents)
    run_plain(db, "pg_restore", "--jobs=2", f"--use-list={listed}", archive, user=user)


def dump(db: Database, programs: Programs | None = None, user: str | None = None) -> list[str]:
    """The database as SQL, less what differs from one run to the next."""
    if programs is None:
        return _lines(run_plain(db, "pg_dump", user=user))
    command = [str(programs.folder / "pg_dump"), f"--dbname={db.url(user)}"]
    return _lines(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


# PostgreSQL 17.12 marks each column in a way that only a pg_dump of its own time knows to leave out
PASSING = re.compile(
    r"\\(un)?restrict |-- Dumped (from|by) |ALTER TABLE ONLY \S+ ALTER COLUMN \S+ SET \(pg_attver=\d+\);$"
)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not PASSING.match(line)]


def difference(one: Sequence[str], other: Sequence[str]) -> str:
    """The first lines that differ; to compare long lists takes pytest minutes."""
    if list(one) == list(other):
        return ""
    found = difflib.unified_diff(one, other, "before", "after", lineterm="", n=1)
    return "\n".join(line[:200] for line in itertools.islice(found, 40))


# -- databases --------------------------------------------------------------------------------------------------------


def empty(server: PgServer, owner: str | None = None) -> Database:
    """A new database [of the superuser]; the caller drops it."""
    db = clone(server, "template0")
    if owner is not None:
        with psycopg.connect(db.url(), autocommit=True) as conn:
            conn.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(db.name), sql.Identifier(owner))
            )
            conn.execute("CREATE EXTENSION vector")  # which others than superusers may not
    return db


def deployed(server: PgServer, way: str, owner: str | None = None) -> Database:
    """A new database with agentry, deployed by its owner [the superuser]; the caller drops it."""
    if owner is None:
        return clone(server, template(server, way))
    db = empty(server, owner)
    with psycopg.connect(db.url()) as conn:
        Deploy(conn, BUILD, None, lambda _: None).roles()  # the owner may not make them
    deploy(db.url(owner), mode=way)
    return db


def roles_of(db: Database) -> dict[str, str]:
    return {"nova": db.role("nova", "agentry_agent"), "app": db.role("app", "agentry_app")}
