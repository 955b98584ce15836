"""Recall finds what is there and what the caller may see, ranks it as said, and writes nothing."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from tests.core.support import one, refused
from tests.harness.database import Database
from tests.memory.notes import add, call, circle, embed, found, literal, recall, use_model

Connection = psycopg.Connection[Any]

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc)


def talk(conn: Connection, session: str, *texts: str, agent: str = "nova", **more: Any) -> list[int]:
    """The turns of a conversation, in order."""
    return [add(conn, text, agent, session=session, place=place, **more) for place, text in enumerate(texts)]


@pytest.fixture
def town(notes: Connection) -> Connection:
    """What nova knows of a harbour."""
    for body in (
        "the lighthouse keeper counts ships at dawn", "the baker counts loaves", "ships bring tea and rope",
        "the keeper paints the lighthouse white", "the harbour master is away", "rope is sold by the yard",
    ):  # fmt: skip
        add(notes, body, at=NOW)
    return notes


# -- words ------------------------------------------------------------------------------------------------------------


def test_the_entry_with_the_rarest_words_comes_first(town: Connection) -> None:
    assert found(town, "Who counts loaves?", limit=1) == ["the baker counts loaves"]
    assert found(town, "lighthouse paint", limit=1) == ["the keeper paints the lighthouse white"]
    assert found(town, "ships", limit=2) == [
        "ships bring tea and rope", "the lighthouse keeper counts ships at dawn"
    ]  # fmt: skip  # the shorter first


def test_the_score_of_words_is_bm25(notes: Connection) -> None:
    """By hand, without neighbours: k1 0.9, b 0.4, idf ln(1 + (N - n + 0.5) / (n + 0.5))."""
    texts = ["tide tide tide boat", "boat cake", "cake", "tide cake moon sun"]
    for text in texts:
        add(notes, text)
    documents = [text.split() for text in texts]
    average = sum(map(len, documents)) / len(documents)

    def score(words: list[str], question: list[str]) -> float:
        total = 0.0
        for word in question:
            n = sum(word in d for d in documents)
            idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            tf = words.count(word)
            total += idf * tf / (tf + 0.9 * (1 - 0.4 + 0.4 * len(words) / average))
        return total

    question = ["tide", "boat"]
    expected = sorted(((score(d, question), t) for d, t in zip(documents, texts, strict=True)), reverse=True)
    given_ = [(r["lexical"], r["content"]) for r in recall(notes, "tide boat", limit=4)]
    best = expected[0][0]
    assert [t for _, t in given_] == [t for _, t in expected]
    assert [s for s, _ in given_] == pytest.approx([s / best for s, _ in expected])


def test_frequencies_are_those_of_the_callers_own_scope(notes: Connection) -> None:
    """A word that is rare for nova and common for coder weighs what it does for nova."""
    for number in range(30):
        add(notes, f"tide table {number}", "coder")
    add(notes, "tide and cake")
    add(notes, "cake and cake again")
    words = call(notes, "explain_recall", query="tide cake", agent="nova", limit=1)[0]["words"]
    assert {w["word"]: w["entries"] for w in words} == {"tide": 1, "cake": 2}


def test_neighbours_in_a_session_lend_their_words(notes: Connection) -> None:
    talk(notes, "one", "Where did you spend the summer?", "In a small house by the sea.", "That sounds nice.")
    talk(notes, "two", "A house is expensive.", "Yes.", "Let us talk of something else.")
    best = recall(notes, "summer house", limit=3)
    assert best[0]["content"] in {"Where did you spend the summer?", "In a small house by the sea."}
    assert {best[0]["content"], best[1]["content"]} == {
        "Where did you spend the summer?", "In a small house by the sea."
    }  # fmt: skip
    assert best[0]["context"] > 0
    alone = recall(notes, "summer house", limit=6, preset="hybrid")
    assert all(row["context"] == 0 for row in alone)


@pytest.mark.parametrize(
    "question",
    ["", " ", "the and of", "?!", None, "'", '"', "\\", "tide & | ! ( :* <->", "'; DROP TABLE notes; --", "\u0001",
     "%", "a" * 3000, "tide " * 5000],
)  # fmt: skip
def test_no_question_is_an_error(town: Connection, question: str | None) -> None:
    assert len(found(town, question, limit=3)) == 3


@given(question=st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_question(town: Connection, question: str) -> None:
    assert len(found(town, question, limit=6)) == 6


def test_without_a_word_to_look_for_the_newest_come(town: Connection) -> None:
    add(town, "the newest of all", at=NOW + dt.timedelta(days=1))
    for question in ("", "the", "zzz", None):
        assert found(town, question, limit=1) == ["the newest of all"]


def test_a_long_question_is_cut_down_to_its_rarest_words(notes: Connection) -> None:
    notes.execute(
        "INSERT INTO notes (agent, body) SELECT 'nova', 'common' || g %% 50 || ' rare' || g"
        " FROM generate_series(1, 500) AS g".replace("%%", "%")
    )
    question = " ".join(f"common{n}" for n in range(50)) + " rare321"
    words = call(notes, "explain_recall", query=question, agent="nova", limit=1)[0]["words"]
    assert found(notes, question, limit=1) == ["common21 rare321"]
    assert [w["word"] for w in words] == ["rare321", "common21"]


def test_words_that_are_nearly_everywhere_are_found_together(notes: Connection) -> None:
    """Each is in far more entries than are looked at one by one."""
    notes.execute(
        "INSERT INTO notes (agent, body, at) SELECT 'nova', CASE WHEN g % 2 = 0 THEN 'salt ' ELSE '' END"
        " || CASE WHEN g % 3 = 0 THEN 'pepper ' ELSE '' END || CASE WHEN g % 1009 = 0 THEN 'salt pepper' ELSE '' END"
        " || ' dish', now() - g * interval '1 minute' FROM generate_series(1, 6000) AS g"
    )
    best = found(notes, "salt pepper", limit=5)
    assert len(best) == 5
    assert all("salt" in text and "pepper" in text for text in best)
    assert len(found(notes, "dish", limit=20)) == 20


# -- filters ----------------------------------------------------------------------------------------------------------


def test_filters_are_kept(notes: Connection) -> None:
    for number in range(30):
        tags = ["even" if number % 2 == 0 else "odd"]
        at = NOW + dt.timedelta(hours=number)
        add(notes, f"tide {number}", session=f"s{number % 3}", place=number, tags=tags, at=at)

    def numbers(**filters: Any) -> set[int]:
        return {int(text.split()[1]) for text in found(notes, "tide", limit=30, **filters)}

    everything = set(range(30))
    assert numbers() == everything
    assert numbers(session="s1") == {n for n in everything if n % 3 == 1}
    assert numbers(session="none") == set()
    assert numbers(tags=["odd"]) == {n for n in everything if n % 2}
    assert numbers(tags=["odd", "even"]) == everything
    assert numbers(since=NOW + dt.timedelta(hours=10)) == set(range(10, 30))
    assert numbers(until=NOW + dt.timedelta(hours=10)) == set(range(10))
    assert numbers(since=NOW + dt.timedelta(hours=5), until=NOW + dt.timedelta(hours=6), tags=["odd"]) == {5}
    assert numbers(sources=["notes"]) == everything
    refused(notes, "SELECT agentry_memory.recall('tide', p_agent => 'nova', p_sources => '{nots}')",
            error=errors.UndefinedObject, match="source 'nots' does not exist", hint="Did you mean notes")


def test_as_many_come_as_there_are_under_the_filters(notes: Connection) -> None:
    notes.execute(
        "INSERT INTO notes (agent, body, tags, session, place) SELECT 'nova', 'word' || g % 13,"
        " CASE WHEN g % 100 = 0 THEN '{rare}'::text[] END, 's' || g % 7, g FROM generate_series(1, 3000) AS g"
    )
    for question in ("word3", "word3 word5 nothing", "nothing", "", None):
        for limit in (1, 10, 29, 30, 31, 200):
            assert len(found(notes, question, limit=limit, tags=["rare"])) == min(limit, 30)
    assert len(found(notes, "word3", limit=1000)) == 1000


def test_what_expired_is_gone_at_once_and_lends_nothing(notes: Connection) -> None:
    talk(notes, "s", "tide", "boat")
    notes.execute("UPDATE notes SET until = %s WHERE body = 'tide'", [NOW])
    assert found(notes, "tide", now=NOW - dt.timedelta(seconds=1))[0] == "tide"
    after = recall(notes, "tide", now=NOW)
    assert [(r["content"], r["lexical"]) for r in after] == [("boat", 0)]


def test_a_neighbour_that_a_filter_leaves_out_still_lends(notes: Connection) -> None:
    talk(notes, "s", "where did we meet", "in the harbour")
    notes.execute("UPDATE notes SET tags = '{x}' WHERE body = 'in the harbour'")
    (row,) = recall(notes, "meet", tags=["x"])
    assert (row["content"], row["lexical"] > 0) == ("in the harbour", True)


# -- who --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(desk: Database) -> tuple[Database, dict[str, str]]:
    """Rows of every scope, and the roles of nova, who belongs to user ann and team red, and coder, who to nobody;
    another organisation has its own."""
    conn = desk.admin
    conn.execute("INSERT INTO agentry.teams (name) VALUES ('red')")
    conn.execute("INSERT INTO agentry.users (username, team_id) SELECT 'ann', id FROM agentry.teams")
    conn.execute("SELECT agentry.register_agent('nova', p_user => 'ann')")
    roles = {name: desk.agent_role(name, register=False) for name in ("nova", "coder")}
    conn.execute("INSERT INTO notes (agent, body) VALUES ('nova', 'tide of nova'), ('coder', 'tide of coder')")
    conn.execute("INSERT INTO notes (scope, team_id, body) SELECT 'team', id, 'tide of red' FROM agentry.teams")
    conn.execute("INSERT INTO notes (scope, user_id, body) SELECT 'user', id, 'tide of ann' FROM agentry.users")
    conn.execute("INSERT INTO notes (scope, body) VALUES ('organisation', 'tide of all')")
    other = one(conn, "SELECT agentry.create_organization('other')")
    conn.execute("SELECT set_config('agentry.org_id', %s, false)", [str(other)])
    conn.execute("SELECT agentry.register_agent('nova', 'another')")
    conn.execute("INSERT INTO notes (agent, body) VALUES ('nova', 'tide of the other nova')")
    conn.execute("INSERT INTO notes (scope, body) VALUES ('organisation', 'tide of all others')")
    conn.execute("RESET agentry.org_id")
    return desk, roles


def test_an_agent_recalls_its_own_and_its_wider_scopes_and_no_others(crowd: tuple[Database, dict[str, str]]) -> None:
    db, roles = crowd
    nova, coder = db.connect(roles["nova"]), db.connect(roles["coder"])
    mine = {"tide of nova", "tide of red", "tide of ann", "tide of all"}
    for conn in (nova, db.admin):
        for agent in ("nova", "Nova "):
            assert set(found(conn, "tide", agent, limit=50)) == mine
    assert set(found(nova, "tide", None, limit=50)) == mine
    assert set(found(coder, "tide", None, limit=50)) == {"tide of coder", "tide of all"}
    with pytest.raises(errors.InsufficientPrivilege, match="cannot act as nova"):
        found(coder, "tide", "nova")


def test_an_agent_is_explained_what_it_recalls_and_no_more(crowd: tuple[Database, dict[str, str]]) -> None:
    """Neither the entries nor the neighbours nor the counts of words of others."""
    db, roles = crowd
    db.admin.execute("UPDATE notes SET session = 'one'")
    query = (
        "SELECT content, words -> 0 ->> 'entries', neighbours::text"
        " FROM agentry_memory.explain_recall('tide', p_limit => 50)"
    )
    for name, mine in (("nova", {"nova", "red", "ann", "all"}), ("coder", {"coder", "all"})):
        rows = db.connect(roles[name]).execute(query).fetchall()
        assert {row[0] for row in rows} == {f"tide of {whose}" for whose in mine}
        assert {row[1:] for row in rows} == {(str(len(mine)), "[]")}  # a scope is a session of its own
    refused(db.connect(roles["coder"]), "SELECT agentry_memory.explain_recall('tide', p_agent => 'nova')",
            match="cannot act as nova")


def test_applications_and_readers_recall_for_everybody_of_their_organisation(
    crowd: tuple[Database, dict[str, str]],
) -> None:
    db, _ = crowd
    everything = {"tide of nova", "tide of coder", "tide of red", "tide of ann", "tide of all"}
    for group in ("agentry_app", "agentry_reader"):
        conn = db.connect(db.app_role(group, group=group))
        assert set(found(conn, "tide", None, limit=50)) == everything
        assert set(found(conn, "tide", "coder", limit=50)) == {"tide of coder", "tide of all"}
        with pytest.raises(errors.UndefinedObject, match="agent 'nobody' does not exist"):
            found(conn, "tide", "nobody")


def test_a_user_recalls_what_is_the_users_and_as_the_users_agents(crowd: tuple[Database, dict[str, str]]) -> None:
    db, _ = crowd
    key = one(db.admin, "SELECT agentry.create_api_key(p_user => 'ann')")
    conn = db.connect(db.role("pool", "agentry_app"), autocommit=False)
    conn.execute("SELECT agentry.use_session(agentry.login(%s))", [key])
    assert set(found(conn, "tide", None, limit=50)) == {"tide of red", "tide of ann", "tide of all"}
    assert "tide of nova" in found(conn, "tide", "nova", limit=50)
    with pytest.raises(errors.InsufficientPrivilege):
        found(conn, "tide", "coder")


def test_nobody_recalls_nothing(desk: Database) -> None:
    stranger = desk.connect(desk.role("stranger", "agentry_agent"))
    with pytest.raises(errors.InvalidAuthorizationSpecification):
        found(stranger, "tide", None)


def test_a_row_of_another_organisation_that_names_our_agent_is_not_recalled(notes: Connection) -> None:
    nova = one(notes, "SELECT id FROM agentry.agents WHERE name = 'nova'")
    other = one(notes, "SELECT agentry.create_organization('other')")
    add(notes, "tide of ours")
    notes.execute(
        "INSERT INTO notes (org_id, scope, user_id, body) VALUES (%s, 'user', %s, 'tide that was slipped in')",
        [other, nova],
    )
    assert one(notes, "SELECT count(*) FROM agentry_memory.memory_entries WHERE owner_id = %s", nova) == 2
    assert found(notes, "tide slipped", limit=50) == ["tide of ours"]


# -- reading never writes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["recall", "explain_recall", "recall_within"])
def test_reading_writes_nothing_and_locks_nothing(desk: Database, function: str) -> None:
    model = use_model(desk.admin, 2)
    for number in range(100):
        embed(desk.admin, add(desk.admin, f"tide {number}", session="s", place=number), circle(number / 100), model)
    conn = desk.connect(desk.app_role(), autocommit=False)
    arguments: dict[str, Any] = {"query": "tide", "embedding": literal(circle(0.1)), "agent": "nova"}
    if function == "recall_within":
        arguments["budget"] = 100
    for preset in ("default", "generative_agents", "ranked"):
        assert call(conn, function, **arguments, preset=preset)
    assert one(conn, "SELECT pg_current_xact_id_if_assigned()") is None
    modes = conn.execute("SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'")
    assert {row[0] for row in modes.fetchall()} == {"AccessShareLock"}
    assert one(conn, "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('tuple', 'advisory')"
               ) == 0


def test_the_same_question_gives_the_same_answer(notes: Connection) -> None:
    notes.execute("INSERT INTO notes (agent, body) SELECT 'nova', 'the same words' FROM generate_series(1, 300)")
    first = recall(notes, "same words", limit=50)
    assert all(recall(notes, "same words", limit=50) == first for _ in range(3))
    assert [int(r["id"]) for r in first] == sorted((int(r["id"]) for r in first), reverse=True)


# -- meaning ----------------------------------------------------------------------------------------------------------


def test_the_nearest_in_meaning_comes_first(notes: Connection) -> None:
    model = use_model(notes, 2)
    for number in range(20):
        embed(notes, add(notes, f"point {number}"), circle(number / 20), model)
    best = recall(notes, embedding=circle(0.26), limit=3, preset="hybrid")
    assert [r["content"] for r in best] == ["point 5", "point 6", "point 4"]
    assert best[0]["semantic"] == pytest.approx(math.cos(2 * math.pi * 0.01), abs=1e-3)
    assert [r["lexical"] for r in best] == [0, 0, 0]


def test_words_and_meaning_count_half_each(notes: Connection) -> None:
    model = use_model(notes, 2)
    both = add(notes, "tide near")
    word = add(notes, "tide far")
    near = add(notes, "cake near")
    far = add(notes, "cake far")
    for row, part in ((both, 0.0), (word, 0.25), (near, 0.0), (far, 0.25)):
        embed(notes, row, circle(part), model)
    rows = {r["content"]: r for r in recall(notes, "tide", embedding=circle(0.0))}
    assert rows["tide near"]["score"] == 1
    assert rows["tide far"]["score"] == pytest.approx(0.5)
    assert rows["cake near"]["score"] == pytest.approx(0.5)
    assert rows["cake far"]["score"] == pytest.approx(0)
    weighed = {
        r["content"]: r["score"]
        for r in recall(notes, "tide", embedding=circle(0.0), weights='{"lexical": 2, "semantic": 1}')
    }
    assert (weighed["tide far"], weighed["cake near"]) == (pytest.approx(2), pytest.approx(1))


def test_an_entry_without_a_vector_is_found_by_its_words(notes: Connection) -> None:
    model = use_model(notes, 2)
    embed(notes, add(notes, "cake"), circle(0.0), model)
    add(notes, "tide without a vector")
    assert set(found(notes, "tide", embedding=circle(0.0))) == {"cake", "tide without a vector"}


def test_the_index_of_vectors_and_of_words_is_used_as_an_agent(desk: Database) -> None:
    """Enough entries that an exact search would be the wrong way; the counters of the indexes tell."""
    model = use_model(desk.admin, 8)
    desk.admin.execute(
        "INSERT INTO notes (agent, body, tags)"
        " SELECT 'nova', 'tide ' || g, CASE WHEN g % 100 = 0 THEN '{rare}'::text[] END"
        " FROM generate_series(1, 5000) AS g"
    )
    desk.admin.execute(
        "INSERT INTO agentry_memory.memory_vectors (org_id, entry_id, model_id, owner_id, content_hash, embedding)"
        " SELECT e.org_id, e.id, %s, e.owner_id, e.content_hash,"
        " (SELECT ('[' || string_agg((sin(e.id * k) + 2 * cos(e.id * k * k))::text, ',') || ']')"
        "  FROM generate_series(1, 8) AS k)::halfvec FROM agentry_memory.memory_entries AS e",
        [model],
    )
    index = f"agentry_memory.memory_vectors_{model}_idx"
    desk.admin.execute("ANALYZE agentry_memory.memory_vectors, agentry_memory.memory_entries")
    desk.admin.execute("UPDATE pg_class SET reltuples = 5000 WHERE oid = %s::regclass", [index])
    nova = desk.connect(desk.agent_role("nova", register=False))
    question = literal([1.0, -0.5, 0.25, 0.1, 0.7, -0.2, 0.3, 0.9])
    exact = [
        row[0]
        for row in desk.admin.execute(
            "SELECT e.content FROM agentry_memory.memory_vectors AS v JOIN agentry_memory.memory_entries AS e"
            " ON e.org_id = v.org_id AND e.id = v.entry_id ORDER BY v.embedding <=> %s::halfvec LIMIT 10",
            [question],
        )
    ]
    scans = (
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelid = %s::regclass"
    )

    def uses(name: str) -> int:
        nova.execute("SELECT pg_stat_force_next_flush()")
        nova.execute("SELECT 1")
        return int(one(desk.admin, scans, name))

    before = uses(index), uses("agentry_memory.memory_entries_terms_idx")
    best = found(nova, None, None, embedding=question, preset="hybrid")
    assert len(set(best) & set(exact)) >= 9
    assert found(nova, "4321", None, limit=1) == ["tide 4321"]
    filtered = found(nova, None, None, embedding=question, limit=50, tags=["rare"], preset="hybrid")
    assert len(filtered) == 50
    assert uses(index) > before[0]
    assert uses("agentry_memory.memory_entries_terms_idx") > before[1]


def test_a_wrong_embedding_is_refused(notes: Connection) -> None:
    add(notes, "tide")
    query = "SELECT agentry_memory.recall('tide', %s::vector, 'nova')"
    refused(notes, query, "[1,2]", error=errors.ObjectNotInPrerequisiteState, match="uses no embedding model",
            hint="use_embedding_model")
    use_model(notes, 2, "small")
    refused(notes, query, "[1,2,3]", error=errors.InvalidParameterValue, match="does not fit", detail="It has 3")
    refused(notes, query, "[0,0]", error=errors.InvalidParameterValue, match="does not fit", detail="zero")
    refused(notes, "SELECT agentry_memory.recall('tide', '[1,2]', 'nova', p_model => 'smal')",
            error=errors.UndefinedObject, match="does not use a model 'smal'", hint="Did you mean small")
    for text in ("[NaN,1]", "[Infinity,1]"):
        with pytest.raises(errors.DataError), notes.transaction():
            notes.execute(query, [text])


# -- presets ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def scene(notes: Connection) -> Connection:
    """Four memories whose every part is known; `now` is NOW."""
    model = use_model(notes, 2)
    for body, hours, weight, mood, part in (
        ("a", 1, 0.2, 0.9, 0.00), ("b", 24, 0.9, 0.1, 0.05), ("c", 240, 0.5, None, 0.125), ("d", 2400, 1.0, 0.5, 0.25),
    ):  # fmt: skip
        row = add(notes, body, at=NOW - dt.timedelta(hours=hours), weight=weight, mood=mood)
        embed(notes, row, circle(part), model)
    return notes


def cosine(part: float) -> float:
    return math.cos(2 * math.pi * part)


def spread(values: list[float]) -> list[float]:
    return [(v - min(values)) / (max(values) - min(values)) for v in values]


HOURS = [1, 24, 240, 2400]
IMPORTANCE = [0.2, 0.9, 0.5, 1.0]
MOOD = [0.9, 0.1, 0.0, 0.5]
LIKENESS = [cosine(p) for p in (0.0, 0.05, 0.125, 0.25)]
FORMULAS = {
    "generative_agents": [
        r + i + s
        for r, i, s in zip(
            spread([0.995**h for h in HOURS]), spread(IMPORTANCE), spread([max(v, 0) for v in LIKENESS]), strict=True
        )
    ],
    "ranked": [
        0.4 * s + 0.2 * math.exp(-0.01 * h / 24) + 0.3 * i for s, h, i in zip(LIKENESS, HOURS, IMPORTANCE, strict=True)
    ],
    "emotional": [
        0.3 * s + 0.2 * max(0, 1 - h / 240) + 0.3 * i + 0.2 * m
        for s, h, i, m in zip(LIKENESS, HOURS, IMPORTANCE, MOOD, strict=True)
    ],
    "similar_recent": [0.7 * s + 0.3 * math.exp(-h / 24) for s, h in zip(LIKENESS, HOURS, strict=True)],
    "hybrid": LIKENESS,  # nothing to compare words with: meaning counts for both
}


@pytest.mark.parametrize("preset", FORMULAS)
def test_a_preset_is_its_documents_formula(scene: Connection, preset: str) -> None:
    rows = recall(scene, embedding=circle(0.0), preset=preset, now=NOW)
    expected = dict(zip("abcd", FORMULAS[preset], strict=True))
    assert {r["content"]: r["score"] for r in rows} == pytest.approx(expected, abs=2e-3)
    assert [r["content"] for r in rows] == sorted(expected, key=lambda k: -expected[k])


def test_similar_leaves_out_what_is_not(scene: Connection) -> None:
    assert found(scene, embedding=circle(0.0), preset="similar", now=NOW) == ["a", "b"]


def test_recency_counts_from_the_last_use_where_the_preset_says_so(scene: Connection) -> None:
    scene.execute(
        "INSERT INTO agentry_memory.memory_access (org_id, entry_id, access_count, last_accessed)"
        " SELECT org_id, id, CASE content WHEN 'd' THEN 4 ELSE 1 END, %s FROM agentry_memory.memory_entries"
        " WHERE content IN ('c', 'd')",
        [NOW],
    )
    by_use = {r["content"]: r["recency"] for r in recall(scene, embedding=circle(0.0), preset="generative_agents",
                                                         now=NOW)}
    assert (by_use["d"], by_use["c"]) == (1, 1)
    ranked = {r["content"]: r for r in recall(scene, embedding=circle(0.0), preset="ranked", now=NOW)}
    assert ranked["d"]["recency"] == pytest.approx(math.exp(-1))  # since it occurred: 100 days
    assert ranked["d"]["score"] == pytest.approx(0.2 * math.exp(-1) + 0.3 + 0.1, abs=2e-3)
    assert ranked["c"]["score"] == pytest.approx(
        0.4 * LIKENESS[2] + 0.2 * math.exp(-0.1) + 0.3 * 0.5 + 0.1 * 0.25, abs=2e-3
    )


def test_the_most_important_and_the_newest_are_candidates_where_they_count(notes: Connection) -> None:
    notes.execute(
        "INSERT INTO notes (agent, body, at, weight) SELECT 'nova', 'tide ' || g, %s - g * interval '1 day', 0.4"
        " FROM generate_series(1, 200) AS g",
        [NOW],
    )
    add(notes, "important", weight=1, at=NOW - dt.timedelta(days=9999))
    add(notes, "fresh", weight=0, at=NOW)
    assert found(notes, "tide", weights='{"importance": 90}', limit=1) == ["important"]
    assert found(notes, "tide", weights='{"recency": 90}', limit=1, now=NOW) == ["fresh"]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"limit": 0}, errors.InvalidParameterValue, "limit or time"),
        ({"limit": 1001}, errors.InvalidParameterValue, "limit or time"),
        ({"limit": None}, errors.InvalidParameterValue, "limit or time"),
        ({"now": None}, errors.InvalidParameterValue, "limit or time"),
        ({"preset": "defaul"}, errors.UndefinedObject, "preset 'defaul' does not exist"),
        ({"preset": None}, errors.UndefinedObject, "preset NULL does not exist"),
        ({"weights": '{"lexical": -1}'}, errors.InvalidParameterValue, "no weights"),
        ({"weights": '{"lexical": 101}'}, errors.InvalidParameterValue, "no weights"),
        ({"weights": '{"lexical": "1"}'}, errors.InvalidParameterValue, "no weights"),
        ({"weights": '{"sound": 1}'}, errors.InvalidParameterValue, "no weights"),
        ({"weights": "[1]"}, errors.InvalidParameterValue, "no weights"),
        ({"weights": "null"}, errors.InvalidParameterValue, "no weights"),
        ({"weights": '{"lexical": 0, "semantic": 0}'}, errors.InvalidParameterValue, "all weights are 0"),
    ],
)
def test_a_wrong_argument_is_refused_with_a_hint(
    notes: Connection, arguments: dict[str, Any], error: type[psycopg.Error], match: str
) -> None:
    for function in ("recall", "explain_recall"):
        with pytest.raises(error, match=match) as caught, notes.transaction():
            call(notes, function, query="tide", agent="nova", **arguments)
        assert caught.value.diag.message_hint


def test_wrong_weights_are_named_with_those_there_are(notes: Connection) -> None:
    query = "SELECT agentry_memory.recall('tide', p_agent => 'nova', p_weights => %s)"
    for weights in ('{"lexcal": 1}', '{"lexical": "NaN"}', '{"lexical": null}', '{"recency": 101}', '{"words": 1}'):
        error = refused(notes, query, weights, error=errors.InvalidParameterValue, match="these are no weights",
                        detail=f"got: {weights}")
        assert all(name in str(error.diag.message_hint) for name in ("0 to 100", "lexical", "emotion", "frequency"))
    refused(notes, "SELECT agentry_memory.recall('tide', p_agent => 'nova', p_preset => 'hybri')",
            error=errors.UndefinedObject, match="preset 'hybri' does not exist", hint="Did you mean hybrid")
    with pytest.raises(errors.InvalidTextRepresentation), notes.transaction():
        notes.execute(query, ['{"lexical": NaN}'])


def test_a_weight_that_is_next_to_nothing_is_nothing(notes: Connection) -> None:
    add(notes, "tide", weight=0.5)
    for small in ("1e-10", "1e-310", "1e-400"):
        (row,) = recall(notes, "tide", weights=f'{{"lexical": 0, "semantic": {small}, "importance": 1}}')
        assert row["score"] == 0.5
        refused(notes, "SELECT agentry_memory.recall('tide', p_agent => 'nova', p_weights => %s)",
                f'{{"lexical": 0, "semantic": {small}}}', error=errors.InvalidParameterValue, match="all weights are 0")


@pytest.mark.parametrize("preset", ["default", *FORMULAS, "similar", "brief", "endless", "faint"])
def test_no_time_is_too_far_away(notes: Connection, preset: str) -> None:
    """In SQL exp(-1000) is an error, and so may be the difference of times that are infinite or far apart."""
    notes.execute("INSERT INTO agentry_memory.recall_presets (name, recency, recency_hours, description)"
                  " VALUES ('brief', 1, 0.001, 'x'), ('endless', 1, 1e7, 'x'), ('faint', 1e-44, 0.001, 'x')")
    times = ("-infinity", "4713-01-01 BC", "1066-10-14", "2026-06-01", "294276-12-31", "infinity")
    query = "SELECT content, score, recency FROM agentry_memory.recall('tide', p_preset => %s, p_now => %s)"
    for at in times:
        add(notes, f"tide {at}", at=at)
    for now in times:
        rows = notes.execute(query, [preset, now]).fetchall()
        assert {content for content, *_ in rows} == {f"tide {at}" for at in times}
        assert all(0 <= score <= 3 and 0 <= recency <= 1 for _, score, recency in rows)
    ages = {content: recency for content, _, recency in notes.execute(query, ["hybrid", NOW])}
    assert (ages["tide 2026-06-01"], ages["tide infinity"]) == (1, 1)
    assert ages["tide 1066-10-14"] == pytest.approx(0)


def test_a_preset_of_the_administrators_own_ranks_for_everybody(desk: Database) -> None:
    admin = desk.connect(desk.role("chief", "agentry_owner"))
    insert = "INSERT INTO agentry_memory.recall_presets (name, importance, description) VALUES ('weighty', 1, 'x')"
    admin.execute(insert)
    add(desk.admin, "the light tide", weight=0.6)
    add(desk.admin, "heavy", weight=0.9)
    nova = desk.connect(desk.agent_role("nova", register=False))
    assert found(nova, "tide", None) == ["the light tide", "heavy"]
    assert [(r["content"], r["score"]) for r in recall(nova, "tide", None, preset="weighty")] == [
        ("heavy", pytest.approx(0.9)), ("the light tide", pytest.approx(0.6))
    ]  # fmt: skip
    assert found(nova, "tide", None, preset="weighty", weights='{"lexical": 1}') == ["the light tide", "heavy"]
    for conn in (nova, desk.connect(desk.app_role())):
        for query in (insert.replace("weighty", "mine"), "UPDATE agentry_memory.recall_presets SET importance = 2",
                      "DELETE FROM agentry_memory.recall_presets"):  # fmt: skip
            refused(conn, query)
    admin.execute("DELETE FROM agentry_memory.recall_presets WHERE name = 'weighty'")
    refused(nova, "SELECT agentry_memory.recall('tide', p_preset => 'weighty')", error=errors.UndefinedObject,
            match="preset 'weighty' does not exist")


# -- budget and explanation -------------------------------------------------------------------------------------------


def test_a_budget_is_filled_and_never_exceeded(notes: Connection) -> None:
    for number in range(1, 40):
        add(notes, "tide " + "x" * number * 7)
    for budget in (1, 10, 50, 200, 100000):
        rows = call(notes, "recall_within", budget=budget, query="tide", agent="nova")
        assert sum(r["tokens"] for r in rows) <= budget
        assert [r["total"] for r in rows] == [sum(r["tokens"] for r in rows[: n + 1]) for n in range(len(rows))]
    assert len(call(notes, "recall_within", budget=100000, query="tide", agent="nova")) == 39
    for budget in (0, 1000001, None):
        refused(notes, "SELECT agentry_memory.recall_within(%s, 'tide', p_agent => 'nova')", budget,
                error=errors.InvalidParameterValue, match="budget is out of range")


def test_an_explanation_tells_words_parts_and_neighbours_in_the_order_of_recall(notes: Connection) -> None:
    talk(notes, "s", "the tide is high", "the tide and the tide table", "a boat")
    add(notes, "a boat alone")
    rows = call(notes, "explain_recall", query="tide boat", agent="nova", limit=4)
    given_ = recall(notes, "tide boat", limit=4)
    assert [(r["rank"], r["content"], r["score"]) for r in rows] == [
        (n, r["content"], r["score"]) for n, r in enumerate(given_, 1)
    ]
    first = next(r for r in rows if r["content"] == "the tide and the tide table")
    assert [n["content"] for n in first["neighbours"]] == ["the tide is high", "a boat"]
    assert [n["step"] for n in first["neighbours"]] == [-1, 1]
    assert {w["word"]: (w["times"], w["nearby"], w["entries"]) for w in first["words"]} == {
        "tide": (2, 1, 2), "boat": (0, 1, 2)
    }  # fmt: skip
    assert set(first["parts"]) == {"lexical", "semantic", "recency", "importance", "emotion", "context"}
    assert first["parts"]["lexical"]["weight"] == 0.5
