"""The semantic index is as the rows are, whatever is done to them, and its counts are those of its entries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from tests.core.support import one, refused
from tests.harness.database import Database
from tests.memory.notes import NOTES, SOURCE, add, call, found, register

Connection = psycopg.Connection[Any]

# what the index should be, made of the rows themselves
EXPECTED = """
SELECT n.id::text AS row_id, CASE n.scope WHEN 'organisation' THEN n.org_id WHEN 'team' THEN n.team_id
           WHEN 'user' THEN n.user_id ELSE a.id END AS owner_id, n.body, n.at, coalesce(n.weight, 0.5) AS weight,
       coalesce(n.tags, '{}') AS tags, n.until
FROM public.notes AS n
LEFT JOIN agentry.agents AS a ON a.org_id = n.org_id AND a.name = n.agent
WHERE n.body ~ '[^[:space:]]'
  AND CASE n.scope WHEN 'organisation' THEN n.org_id WHEN 'team' THEN n.team_id WHEN 'user' THEN n.user_id
           ELSE a.id END IS NOT NULL
"""
ACTUAL = """
SELECT e.row_id, e.owner_id, e.content, e.occurred_at, e.importance, e.tags, e.expires_at
FROM agentry_memory.memory_entries AS e JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id
WHERE s.name = 'notes'
"""
COUNTS = """
SELECT count(*) FROM (
    SELECT m.org_id, m.term, m.entries FROM agentry_memory.memory_terms AS m
    UNION ALL
    SELECT c.org_id, u.term, c.entries FROM agentry_memory.memory_changes AS c, unnest(c.terms) AS u (term)
    UNION ALL
    SELECT e.org_id, u.term, -1 FROM agentry_memory.memory_entries AS e, unnest(e.terms) AS u (term)
) AS x GROUP BY x.org_id, x.term HAVING sum(x.entries) <> 0
"""
TOTALS = """
SELECT x.org_id FROM (
    SELECT w.org_id, w.owner_id, w.entries, w.length FROM agentry_memory.memory_owners AS w
    UNION ALL
    SELECT c.org_id, c.owner_id, c.entries, c.length FROM agentry_memory.memory_changes AS c
    UNION ALL
    SELECT e.org_id, e.owner_id, -1, -e.length FROM agentry_memory.memory_entries AS e
) AS x GROUP BY x.org_id, x.owner_id HAVING (sum(x.entries), sum(x.length)) <> (0, 0)
"""


def exact(conn: Connection) -> None:
    """The index is what the rows say, and the counts are those of the index."""
    wrong = conn.execute(
        f"({EXPECTED} EXCEPT {ACTUAL}) UNION ALL ({ACTUAL} EXCEPT {EXPECTED})".encode()
    ).fetchall()
    assert wrong == []
    assert conn.execute("SELECT * FROM agentry_memory.v_memory_orphans").fetchall() == []
    assert conn.execute(COUNTS.encode()).fetchall() == []
    assert conn.execute(TOTALS.encode()).fetchall() == []


# -- what happens to rows ---------------------------------------------------------------------------------------------


def test_an_entry_comes_changes_and_goes_with_its_row(notes: Connection) -> None:
    row = add(notes, "the lighthouse keeper counts ships")
    exact(notes)
    assert found(notes, "lighthouse") == ["the lighthouse keeper counts ships"]
    notes.execute("UPDATE notes SET body = 'the baker counts loaves', tags = '{bread}', weight = 0.9")
    exact(notes)
    assert one(notes, "SELECT importance FROM agentry_memory.memory_entries") == pytest.approx(0.9)
    assert found(notes, "loaves") == ["the baker counts loaves"]
    notes.execute("DELETE FROM notes WHERE id = %s", [row])
    exact(notes)
    assert found(notes, "loaves") == []


def test_a_row_without_text_or_owner_has_no_entry(notes: Connection) -> None:
    for body in (None, "", " \t\n "):
        add(notes, body)
    add(notes, "of nobody", agent=None)
    add(notes, "of a stranger", agent="who")
    add(notes, "of no team", scope="team")
    exact(notes)
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_entries") == 0
    notes.execute("UPDATE notes SET body = 'now it has' WHERE body IS NULL OR body !~ '[^[:space:]]'")
    exact(notes)
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_entries") == 3
    notes.execute("UPDATE notes SET body = NULL")
    exact(notes)
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_entries") == 0


def test_a_change_that_the_index_does_not_need_writes_no_entry(notes: Connection) -> None:
    add(notes, "stays as it is")
    before = one(notes, "SELECT (xmin, ctid)::text FROM agentry_memory.memory_entries")
    notes.execute("UPDATE notes SET secret = 'changed'")
    assert one(notes, "SELECT (xmin, ctid)::text FROM agentry_memory.memory_entries") == before


def test_an_entry_moves_to_another_owner_with_its_row(notes: Connection) -> None:
    add(notes, "a secret of nova")
    assert found(notes, "secret", "coder") == []
    notes.execute("UPDATE notes SET agent = 'coder'")
    exact(notes)
    assert (found(notes, "secret", "nova"), found(notes, "secret", "coder")) == ([], ["a secret of nova"])
    notes.execute("UPDATE notes SET scope = 'organisation'")
    exact(notes)
    assert found(notes, "secret", "nova") == ["a secret of nova"]


@pytest.mark.parametrize("rows", [1, 4, 5, 63, 64, 300, 1200])
def test_many_rows_at_once_are_indexed_and_counted(notes: Connection, rows: int) -> None:
    notes.execute(
        "INSERT INTO notes (agent, body, session, place)"
        " SELECT CASE WHEN g % 3 = 0 THEN 'coder' ELSE 'nova' END, 'word' || g %% 7 || ' and word' || g %% 11, 's', g"
        " FROM generate_series(1, %s) AS g".replace("g % 3", "g %% 3"),
        [rows],
    )
    exact(notes)
    notes.execute("UPDATE notes SET body = body || ' more' WHERE place % 2 = 0")
    exact(notes)
    notes.execute("DELETE FROM notes WHERE place % 3 = 0")
    exact(notes)
    notes.execute("TRUNCATE notes")
    exact(notes)


def test_copy_is_indexed(notes: Connection) -> None:
    org = one(notes, "SELECT agentry.current_org_id()")
    with notes.cursor().copy("COPY notes (org_id, agent, body) FROM STDIN") as copy:
        for number in range(100):
            copy.write_row((org, "nova", f"row number {number}"))
    exact(notes)
    assert found(notes, "row number 77")[0] == "row number 77"


WORDS = st.lists(
    st.sampled_from(["sun", "moon", "tide", "boat", "cake", "Cake", "the", "\u6771\u4eac"]), max_size=5
).map(" ".join)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), WORDS, st.sampled_from(["nova", "coder", None])),
        st.tuples(st.just("text"), WORDS, st.integers(0, 9)),
        st.tuples(st.just("agent"), st.sampled_from(["nova", "coder", None]), st.integers(0, 9)),
        st.tuples(st.just("scope"), st.sampled_from(["agent", "organisation", "team"]), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.integers(0, 3), st.integers(4, 9)),
        st.tuples(st.just("settle"), st.none(), st.none()),
    ),
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_is_exact_after_anything(notes: Connection, steps: list[tuple[str, Any, Any]]) -> None:
    with notes.transaction(force_rollback=True):
        for step, first, second in steps:
            if step == "insert":
                add(notes, first, second)
            elif step == "text":
                notes.execute("UPDATE notes SET body = %s WHERE id %% 10 = %s", [first, second])
            elif step == "agent":
                notes.execute("UPDATE notes SET agent = %s WHERE id %% 10 = %s", [first, second])
            elif step == "scope":
                notes.execute("UPDATE notes SET scope = %s WHERE id %% 10 = %s", [first, second])
            elif step == "delete":
                notes.execute("DELETE FROM notes WHERE id %% 10 BETWEEN %s AND %s", [first, second])
            else:
                notes.execute("SELECT agentry_memory._settle_counts()")
        exact(notes)
        notes.execute("SELECT agentry_memory._settle_counts()")
        exact(notes)
        assert one(notes, "SELECT count(*) FROM agentry_memory.memory_changes") == 0


# -- registering ------------------------------------------------------------------------------------------------------


def test_rows_that_are_there_already_are_indexed(tx: Connection) -> None:
    tx.execute("SELECT agentry.register_agent('nova', 'of a test')")
    tx.execute(NOTES.encode())
    add(tx, "written before anybody thought of recall")
    assert register(tx) == 1
    exact(tx)
    assert register(tx) == 1  # again, which is no use
    exact(tx)


def test_other_expressions_bring_the_index_up_to_date(notes: Connection) -> None:
    add(notes, "short", tags=["a"])
    assert register(notes, content="t.body || ' and ' || t.tags[1]") == 1
    assert found(notes, "short") == ["short and a"]
    register(notes, content="CASE WHEN t.body <> 'short' THEN t.body END")
    add(notes, "longer")
    assert found(notes, "short") == ["longer"]
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_entries") == 1


def test_scope_follows_from_the_owner_where_none_is_given(notes: Connection) -> None:
    register(notes, scope=None)
    add(notes, "of an agent")
    assert one(notes, "SELECT owner_id = a.id FROM agentry_memory.memory_entries, agentry.agents AS a"
                      " WHERE a.name = 'nova'") is True
    register(notes, scope=None, agent=None, team=None, user=None)
    assert one(notes, "SELECT owner_id = org_id FROM agentry_memory.memory_entries") is True


def test_the_order_may_be_a_time_and_is_the_time_where_none_is_given(notes: Connection) -> None:
    add(notes, "once", at="2026-01-01 00:00:01+00")
    for order in ("t.at", None):
        register(notes, order=order)
        assert one(notes, "SELECT position FROM agentry_memory.memory_entries") == 1767225601000000


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"name": None}, errors.InvalidParameterValue, "a source needs a name"),
        ({"name": "Notes!"}, errors.InvalidParameterValue, "a source needs a name"),
        ({"content": None}, errors.InvalidParameterValue, "a source needs a name"),
        ({"id": None}, errors.InvalidParameterValue, "a source needs a name"),
        ({"table": "agentry.metrics"}, errors.UndefinedColumn, "has no column org_id"),
        ({"content": "t.nothing"}, errors.UndefinedColumn, "nothing"),
        ({"content": "t.body ||"}, errors.SyntaxError, "syntax"),
        ({"tags": "t.body"}, errors.DatatypeMismatch, "the expression for tags is of type text"),
        ({"order": "t.body"}, errors.DatatypeMismatch, "the expression for order"),
        ({"time": "t.at::date"}, errors.DatatypeMismatch, "the expression for time"),
        ({"agent": "t.id"}, errors.DatatypeMismatch, "the expression for agent"),
    ],
)
def test_a_wrong_registration_is_refused_and_changes_nothing(
    notes: Connection, changes: dict[str, Any], error: type[psycopg.Error], match: str
) -> None:
    arguments = SOURCE | {"name": "others"} | changes
    before = notes.execute("SELECT * FROM agentry_memory.memory_sources").fetchall()
    with pytest.raises(error, match=match) as caught, notes.transaction():
        call(notes, "register_source", **arguments)
    if not isinstance(caught.value, errors.UndefinedColumn | errors.SyntaxError):
        assert caught.value.diag.message_hint
    assert notes.execute("SELECT * FROM agentry_memory.memory_sources").fetchall() == before


def test_a_name_is_of_one_table(notes: Connection) -> None:
    refused(notes, "SELECT agentry_memory.register_source('notes', 'agentry.teams', 't.name')",
            error=errors.InvalidParameterValue, match="source notes is another table", hint="unregister_source")


def test_a_source_is_taken_out_again(notes: Connection) -> None:
    add(notes, "soon gone from recall")
    notes.execute("SET ROLE agentry_owner")
    assert call(notes, "unregister_source", name="notes") == [{"unregister_source": 1}]
    notes.execute("RESET ROLE")
    add(notes, "never in it")
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_entries") == 0
    assert one(notes, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'notes'::regclass AND tgname ~ '_70_'") == 0
    assert one(notes, "SELECT count(*) FROM notes") == 2
    refused(notes, "SELECT agentry_memory.unregister_source('notes')", error=errors.UndefinedObject,
            match="source 'notes' does not exist")
    register(notes)
    refused(notes, "SELECT agentry_memory.unregister_source('note')", error=errors.UndefinedObject,
            hint="Did you mean notes")


def test_a_trigger_whose_source_is_gone_does_nothing(notes: Connection) -> None:
    notes.execute("DELETE FROM agentry_memory.memory_sources WHERE name = 'notes'")
    add(notes, "to nobody")
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_entries") == 0


def test_group_roles_register_nothing(desk: Database) -> None:
    for conn in (desk.connect(desk.app_role()), desk.connect(desk.agent_role("nova", register=False))):
        for query in (
            "SELECT agentry_memory.register_source('mine', 'public.notes', 't.body')",
            "SELECT agentry_memory.unregister_source('notes')",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                conn.execute(query.encode())


# -- fetching ---------------------------------------------------------------------------------------------------------


def test_a_hit_leads_to_its_row(desk: Database) -> None:
    row = add(desk.admin, "the whole of it", secret="a column that agents do not read")
    whole = one(desk.admin, "SELECT agentry_memory.fetch_source('notes', %s)", str(row))
    assert (whole["body"], whole["secret"]) == ("the whole of it", "a column that agents do not read")
    nova = desk.connect(desk.agent_role("nova", register=False))
    seen = one(nova, "SELECT agentry_memory.fetch_source('notes', %s)", str(row))
    assert seen["body"] == "the whole of it"
    assert "secret" not in seen
    for other in ("99", "no number", "99999999999999999999"):
        assert one(nova, "SELECT agentry_memory.fetch_source('notes', %s)", other) is None
    with pytest.raises(errors.UndefinedObject, match="source 'nots' does not exist"):
        nova.execute("SELECT agentry_memory.fetch_source('nots', '1')")


def test_a_row_of_another_is_not_fetched(desk: Database) -> None:
    desk.admin.execute("SELECT agentry.guard_table('public.notes', 'agent', p_visible_to => 'scope')")
    row = add(desk.admin, "of coder", "coder")
    nova = desk.connect(desk.agent_role("nova", register=False))
    assert one(nova, "SELECT agentry_memory.fetch_source('notes', %s)", str(row)) is None


MONTHS = """
CREATE TABLE public.diary (org_id uuid NOT NULL, at timestamptz NOT NULL, id uuid NOT NULL, agent text, body text,
                           PRIMARY KEY (org_id, at, id)) PARTITION BY RANGE (at);
ALTER TABLE public.diary OWNER TO agentry_owner;
CREATE TABLE public.diary_default PARTITION OF public.diary DEFAULT;
ALTER TABLE public.diary_default OWNER TO agentry_owner;
GRANT CREATE ON SCHEMA public TO agentry_owner;
SET ROLE agentry_owner;
SELECT agentry.guard_table('public.diary', 'agent', p_writers => '{app}');
SELECT agentry.create_monthly_partition('public.diary', '2020-01-01'),
       agentry.create_monthly_partition('public.diary', '2020-02-01'),
       agentry_memory.register_source('diary', 'public.diary', 't.body', p_agent => 't.agent', p_time => 't.at');
RESET ROLE;
GRANT SELECT ON public.diary TO agentry_agent;
INSERT INTO public.diary (at, agent, body) VALUES
    ('2020-01-05', 'nova', 'snow in january'), ('2020-02-05', 'nova', 'snow in february'),
    ('2020-03-05', 'nova', 'snow in march');
CREATE SCHEMA IF NOT EXISTS agentry_archive AUTHORIZATION agentry_owner;
"""


@pytest.mark.parametrize(("retire_to", "left"), [("archive", 3), ("detach", 3), ("drop", 1)])
def test_a_month_that_retires_is_recalled_until_it_is_dropped(desk: Database, retire_to: str, left: int) -> None:
    conn = desk.admin
    conn.execute(MONTHS.encode())
    ids = dict(conn.execute("SELECT body, id::text FROM diary").fetchall())
    assert len(found(conn, "snow")) == 3
    conn.execute("SET ROLE agentry_owner")
    conn.execute("SELECT agentry.set_partition_policy('public.diary', 1, 12, %s)", [retire_to])
    assert one(conn, "SELECT cardinality(agentry.retire_partitions('public.diary'))") == 2
    conn.execute("RESET ROLE")
    assert len(found(conn, "snow")) == left
    assert conn.execute("SELECT * FROM agentry_memory.v_memory_orphans").fetchall() == []
    nova = desk.connect(desk.agent_role("nova", register=False))
    coder = desk.connect(desk.agent_role("coder", register=False))
    fetch = "SELECT agentry_memory.fetch_source('diary', %s) ->> 'body'"
    for body, row in ids.items():
        there = body if left == 3 or body == "snow in march" else None
        assert [one(who, fetch, row) for who in (conn, nova, coder)] == [there, there, None]
    conn.execute("SET ROLE agentry_owner; SELECT agentry_memory.unregister_source('diary'); RESET ROLE")
    assert one(conn, "SELECT count(*) FROM agentry.partition_hooks WHERE table_name = 'public.diary'::regclass") == 0


def test_rows_that_passed_the_triggers_by_are_orphans(notes: Connection) -> None:
    row = add(notes, "left behind")
    notes.execute("SET LOCAL session_replication_role = replica; DELETE FROM notes; SET LOCAL session_replication_role"
                  " = origin")
    assert notes.execute("SELECT source, id FROM agentry_memory.v_memory_orphans").fetchall() == [("notes", str(row))]


# -- counting without waiting -----------------------------------------------------------------------------------------


def test_writers_of_one_owner_do_not_wait_for_each_other(desk: Database) -> None:
    """Both add up more than they would leave for another, and neither ends before the other has written."""
    first, second = desk.connect(autocommit=False), desk.connect(autocommit=False)
    for rows in (300, 70):
        for conn in (first, second):
            conn.execute("SET LOCAL lock_timeout = '5s'")
            conn.execute(
                "INSERT INTO notes (agent, body) SELECT 'nova', 'the same words again' FROM generate_series(1, %s)",
                [rows],
            )
        first.commit()
        second.commit()
    exact(desk.admin)
    assert one(desk.admin, "SELECT count(*) > 1 FROM agentry_memory.memory_owners") is True  # two made one each
    desk.admin.execute("SELECT agentry_memory._settle_counts()")
    exact(desk.admin)
    assert desk.admin.execute("SELECT entries FROM agentry_memory.memory_owners").fetchall() == [(740,)]
    assert one(desk.admin, "SELECT count(*) = count(DISTINCT term) FROM agentry_memory.memory_terms") is True


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_writer_above_read_committed_never_fails_for_the_counts(desk: Database, level: str) -> None:
    first, second = desk.connect(autocommit=False), desk.connect(autocommit=False)
    for conn in (first, second):
        conn.execute(f"SET TRANSACTION ISOLATION LEVEL {level}".encode())
        conn.execute("SELECT 1")
    for conn in (first, second):
        conn.execute("INSERT INTO notes (agent, body) SELECT 'nova', 'words' FROM generate_series(1, 300)")
    for conn in (first, second):
        conn.commit()
    exact(desk.admin)
    desk.admin.execute("SELECT agentry_memory._settle_counts()")
    exact(desk.admin)


def test_few_changes_of_an_owner_wait(notes: Connection) -> None:
    for number in range(150):
        add(notes, f"note {number}")
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_changes") < 64
    exact(notes)


@pytest.mark.parametrize(("rows", "most"), [(1, 9), (1000, 0)])
def test_single_rows_leave_few_pages_to_be_sorted_into_the_index_of_terms_and_a_load_none(
    notes: Connection, rows: int, most: int
) -> None:
    waiting = "SELECT gin_clean_pending_list('agentry_memory.memory_entries_terms_idx')"
    one(notes, waiting)
    # 40 words each, none of which is in another: 300 rows are some 50 pages
    for _ in range(max(300 // rows, 1)):
        notes.execute(
            "INSERT INTO notes (agent, body) SELECT 'nova', (SELECT string_agg(md5(random()::text), ' ')"
            " FROM generate_series(1, 40) WHERE g = g) FROM generate_series(1, %s) AS g",
            [rows],
        )
    assert one(notes, waiting) <= most
    notes.execute("UPDATE notes SET body = body || ' more'")
    assert one(notes, waiting) <= (most if rows == 1000 else 65)


def test_maintenance_lets_go_of_terms_that_are_in_nothing(notes: Connection) -> None:
    notes.execute("INSERT INTO notes (agent, body) SELECT 'nova', 'word' || g FROM generate_series(1, 300) AS g")
    notes.execute("DELETE FROM notes")
    notes.execute("SELECT agentry_memory._settle_counts()")
    assert one(notes, "SELECT (SELECT count(*) FROM agentry_memory.memory_terms)"
                      " + (SELECT count(*) FROM agentry_memory.memory_owners)") == 0


def test_health_tells_of_counts_that_fall_behind_and_sources_without_triggers(notes: Connection) -> None:
    def health(name: str) -> str:
        return str(one(notes, "SELECT status FROM agentry.v_health WHERE name = %s", name))

    assert {health(f"memory.{name}") for name in ("counts", "sources", "vector_schema")} == {"ok"}
    owner = one(notes, "SELECT id FROM agentry.agents WHERE name = 'nova'")
    notes.execute("INSERT INTO agentry_memory.memory_changes (org_id, owner_id, entries, length, terms)"
                  " SELECT agentry.current_org_id(), %s, 1, 1, '{}' FROM generate_series(1, 1001)", [owner])
    assert health("memory.counts") == "warning"
    notes.execute("ALTER TABLE notes DISABLE TRIGGER agentry_70_notes_delete")
    assert health("memory.sources") == "critical"
    notes.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    assert health("memory.vector_schema") == "warning"
    assert one(notes, "SELECT value FROM agentry.v_metrics WHERE name = 'memory.changes'") == 1001
    assert one(notes, "SELECT value FROM agentry.v_metrics WHERE name = 'memory.entries' AND label = 'notes'") == 0


# -- languages --------------------------------------------------------------------------------------------------------


def test_an_organisation_has_its_language(notes: Connection) -> None:
    add(notes, "Die H\u00e4user am Hafen", at="2020-01-01")
    add(notes, "Ein Boot")
    assert found(notes, "Haus", limit=1) == ["Ein Boot"]  # the newest, as no word is found
    notes.execute("SELECT agentry.set_setting('memory.language', '\"german\"')")
    exact(notes)
    assert found(notes, "Haus", limit=1) == ["Die H\u00e4user am Hafen"]
    add(notes, "Das Haus des Kapit\u00e4ns")
    assert {*found(notes, "H\u00e4usern", limit=2)} == {"Die H\u00e4user am Hafen", "Das Haus des Kapit\u00e4ns"}
    notes.execute("SELECT agentry.set_setting('memory.language', NULL)")
    exact(notes)
    refused(notes, "SELECT agentry.set_setting('memory.language', '\"klingon\"')", error=errors.UndefinedObject,
            match="'klingon' does not exist", hint="pg_ts_config")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("\u79c1\u306f\u6771\u4eac\u306b\u4f4f\u3093\u3067\u3044\u307e\u3059", "\u6771\u4eac"),  # Japanese: Tokyo
        ("\u6211\u6628\u5929\u5728\u5317\u4eac\u5403\u4e86\u70e4\u9e2d", "\u70e4\u9e2d"),  # Chinese: roast duck
        ("\u6211\u6628\u5929\u5728\u5317\u4eac\u5403\u4e86\u70e4\u9e2d", "\u9e2d"),  # one character of it
        ("\u732b\u304c\u597d\u304d\u3067\u3059", "\u732b"),
        ("\u65b0\u3057\u3044iPhone\u3092\u8cb7\u3063\u305f", "iphone"),
        ("\u30b3\u30fc\u30d2\u30fc\u3092\u98f2\u3080", "\u30b3\u30fc\u30d2\u30fc"),
        ("\u0e09\u0e31\u0e19\u0e0a\u0e2d\u0e1a\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27", "\u0e02\u0e49\u0e32\u0e27"),
        ("\ub098\ub294 \uc11c\uc6b8\uc5d0 \uc0b0\ub2e4", "\uc11c\uc6b8\uc5d0"),
        ("Caf\u00e9 au lait", "caf\u00e9"),
    ],
)
def test_texts_without_blanks_between_words_are_found(notes: Connection, text: str, question: str) -> None:
    add(notes, text, at=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))
    for other in ("\u4eca\u65e5\u306f\u5929\u6c17\u304c\u3044\u3044", "nothing to do with it", "\u4f60\u597d"):
        add(notes, other)
    best = call(notes, "recall", query=question, agent="nova", limit=1)[0]
    assert (best["content"], best["lexical"]) == (text, 1)


def test_a_text_of_any_length_is_indexed(notes: Connection) -> None:
    add(notes, "beginning " + "filler words " * 60_000 + "end")
    add(notes, "x" * 5_000 + " a word that is too long for the index")
    exact(notes)
    assert found(notes, "beginning", limit=1)[0].startswith("beginning")


# -- who sees the index -----------------------------------------------------------------------------------------------


def test_the_index_is_read_by_owner_and_written_by_nobody(desk: Database) -> None:
    conn = desk.admin
    for agent in ("nova", "coder"):
        add(conn, f"of {agent}", agent)
    add(conn, "for all", scope="organisation")
    nova = desk.connect(desk.agent_role("nova", register=False))
    app = desk.connect(desk.app_role())
    read = "SELECT content FROM agentry_memory.memory_entries"
    assert {r[0] for r in nova.execute(read).fetchall()} == {"of nova", "for all"}
    assert {r[0] for r in app.execute(read).fetchall()} == {"of nova", "of coder", "for all"}
    assert app.execute("SELECT * FROM agentry_memory.v_memory_orphans").fetchall() == []
    for who in (nova, app):
        for query in (
            "UPDATE agentry_memory.memory_entries SET content = 'forged'",
            "DELETE FROM agentry_memory.memory_entries",
            "INSERT INTO agentry_memory.memory_entries"
            " (org_id, source_id, row_id, owner_id, occurred_at, length, terms, content)"
            " VALUES (agentry.current_org_id(), 1, 'x', agentry.current_org_id(), now(), 0, '{}', 'forged')",
            "SELECT * FROM agentry_memory.memory_terms",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                who.execute(query.encode())


def test_an_agent_writes_and_its_entry_is_there(desk: Database) -> None:
    nova = desk.connect(desk.agent_role("nova", register=False))
    nova.execute("INSERT INTO notes (agent, body) VALUES ('nova', 'written by myself')")
    assert found(nova, "myself", None) == ["written by myself"]
    exact(desk.admin)
