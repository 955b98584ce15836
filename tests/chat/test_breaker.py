"""The storm breaker: who repeats himself without end is stopped, who talks is not."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.chat.support import Connection, advance, fake_clock, refused, send, set_setting, value
from tests.harness.database import Database

LIMIT = 5


@pytest.fixture
def timed(chat: Connection) -> Connection:
    """The roster, and a clock that the test moves."""
    fake_clock(chat)
    return chat


def count(conn: Connection) -> int:
    return int(value(conn, "SELECT count(*) FROM agentry_chat.agent_chat"))


def ping_pong(conn: Connection, last: int, texts: tuple[str, str], turns: int) -> int:
    """Coder and nova answer each other; returns the last id."""
    for turn in range(turns):
        sender, recipient = ("coder", "nova") if turn % 2 == 0 else ("nova", "coder")
        last = send(conn, sender, texts[turn % 2], [recipient], reply_to=last)
    return last


def trip(conn: Connection, text: str = "Thanks!") -> int:
    """Coder has said the same as often as may be; returns the first message of the thread."""
    thread = send(conn, "nova", "Hello", ["coder", "scout"])
    for _ in range(LIMIT):
        send(conn, "coder", text, ["nova"], reply_to=thread)
    return thread


def test_a_loop_of_courtesies_is_stopped_and_nothing_is_stored(chat: Connection) -> None:
    thread = send(chat, "nova", "Hello", ["coder"])
    last = ping_pong(chat, thread, ("Thanks!", "You are welcome."), 2 * LIMIT)
    before = count(chat)
    with refused(
        chat, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}",
        "5 answers alike to nova within 00:15:00; the limit is 5.", "Do not answer courtesies.",
    ):
        send(chat, "coder", "Thanks!", ["nova"], reply_to=last)
    with refused(chat, errors.ProgramLimitExceeded, f"nova repeats itself in thread {thread}"):
        send(chat, "nova", "You are welcome.", ["coder"], reply_to=last)
    assert count(chat) == before


@pytest.mark.parametrize(
    "again", ["thanks", "THANKS!!!", "  Thanks... ", "Thanks 2", "thanks, 14:05:07"], ids=lambda text: str(text).strip()
)
def test_case_digits_and_punctuation_make_no_new_answer(chat: Connection, again: str) -> None:
    thread = trip(chat)
    with refused(chat, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}"):
        send(chat, "coder", again, ["nova"], reply_to=thread)


@pytest.mark.parametrize("text", ["👍", "...", "42", "好"])
def test_answers_without_letters_are_compared_as_they_are(chat: Connection, text: str) -> None:
    thread = trip(chat, text)
    with refused(chat, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}"):
        send(chat, "coder", text, ["nova"], reply_to=thread)


def test_a_quick_conversation_goes_on(chat: Connection) -> None:
    words = ["red", "blue", "green", "grey", "pink", "black", "white", "brown"]
    last = send(chat, "nova", "Which colours?", ["coder"])
    for turn in range(60):
        sender, recipient = ("coder", "nova") if turn % 2 == 0 else ("nova", "coder")
        text = f"I think {words[turn % 8]} goes with {words[turn // 8 % 8]}."
        last = send(chat, sender, text, [recipient], reply_to=last)


def test_what_opens_a_thread_is_never_counted(chat: Connection) -> None:
    for _ in range(3 * LIMIT):
        send(chat, "nova", "New file.", ["coder"])


def test_each_thread_counts_for_itself(chat: Connection) -> None:
    for n in range(3 * LIMIT):
        send(chat, "coder", "Done.", ["nova"], reply_to=send(chat, "nova", f"Do task {n}", ["coder"]))


def test_others_are_not_stopped_nor_words_to_others(chat: Connection) -> None:
    thread = trip(chat)
    send(chat, "scout", "Thanks!", ["nova"], reply_to=thread)
    send(chat, "coder", "Thanks!", ["scout"], reply_to=thread)
    send(chat, "coder", "Thanks a lot!", ["nova"], reply_to=thread)
    send(chat, "coder", "Thanks!", ["nova"])


def test_a_send_to_several_is_refused_whole(chat: Connection) -> None:
    thread = trip(chat)
    before = count(chat)
    with refused(chat, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}", "scout"):
        send(chat, "coder", "Thanks!", ["nova", "scout"], reply_to=thread)
    assert count(chat) == before


@pytest.mark.parametrize("text", ["Fixed #{}.", "task {} is done", "see docs/page{}.md", "wrote out{}.csv"])
def test_answers_about_different_artifacts_are_different(chat: Connection, text: str) -> None:
    thread = send(chat, "nova", "Hello", ["coder"])
    for n in range(3 * LIMIT):
        send(chat, "coder", text.format(n), ["nova"], reply_to=thread)
    with refused(chat, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}"):
        for _ in range(LIMIT):
            send(chat, "coder", text.format(0), ["nova"], reply_to=thread)


def test_long_answers_are_never_counted(chat: Connection) -> None:
    thread = send(chat, "nova", "Hello", ["coder"])
    for _ in range(2 * LIMIT):
        send(chat, "coder", "A report. " * 51, ["nova"], reply_to=thread)


def test_after_a_pause_the_count_begins_anew(timed: Connection) -> None:
    thread = trip(timed)
    advance(timed, "14 minutes")
    with refused(timed, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}"):
        send(timed, "coder", "Thanks!", ["nova"], reply_to=thread)
    advance(timed, "2 minutes")
    send(timed, "coder", "Thanks!", ["nova"], reply_to=thread)


def test_a_message_sent_again_under_its_key_is_no_repetition(chat: Connection) -> None:
    thread = trip(chat)
    last = send(chat, "coder", "Hm.", ["nova"], reply_to=thread, idempotency_key="k")
    for _ in range(LIMIT - 1):
        send(chat, "coder", "Hm.", ["nova"], reply_to=thread)
    assert send(chat, "coder", "Hm.", ["nova"], reply_to=thread, idempotency_key="k") == last
    with refused(chat, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}"):
        send(chat, "coder", "Hm.", ["nova"], reply_to=thread, idempotency_key="another")


def test_limit_and_window_are_settings(timed: Connection) -> None:
    set_setting(timed, "chat.breaker_limit", 1)
    set_setting(timed, "chat.breaker_window", "1 minute")
    thread = send(timed, "nova", "Hello", ["coder"])
    send(timed, "coder", "Thanks!", ["nova"], reply_to=thread)
    with refused(timed, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}", "within 00:01:00"):
        send(timed, "coder", "Thanks!", ["nova"], reply_to=thread)
    advance(timed, "2 minutes")
    send(timed, "coder", "Thanks!", ["nova"], reply_to=thread)


def test_off_it_stops_nobody_and_notes_nothing(chat: Connection) -> None:
    set_setting(chat, "chat.breaker", "off")
    thread = trip(chat)
    for _ in range(LIMIT):
        send(chat, "coder", "Thanks!", ["nova"], reply_to=thread)
    assert value(chat, "SELECT count(*) FROM agentry_chat.agent_chat WHERE shape IS NOT NULL") == 0


def test_a_message_that_is_no_answer_has_no_shape(chat: Connection) -> None:
    chat_id = send(chat, "nova", "Hello", ["coder"])
    assert value(chat, "SELECT shape FROM agentry_chat.agent_chat WHERE id = %s", chat_id) is None


def test_senders_wait_for_nobody(town: Database) -> None:
    thread = send(town.admin, "nova", "Hello", ["coder"])
    one = town.connect(autocommit=False)
    send(one, "coder", "Thanks!", ["nova"], reply_to=thread)
    two = town.connect(options="-c lock_timeout=1s")
    send(two, "coder", "Thanks!", ["nova"], reply_to=thread)
    one.commit()


def test_an_application_resets_it_and_an_agent_does_not(town: Database) -> None:
    thread = trip(town.admin)
    coder = town.connect(town.agent_role("coder", register=False))
    with refused(coder, errors.InsufficientPrivilege, "agent coder cannot reset the breaker"):
        coder.execute("SELECT agentry_chat.reset_agent_breaker('coder')")
    app = town.connect(town.app_role())
    with refused(app, errors.UndefinedObject, "agent 'nobody' does not exist"):
        app.execute("SELECT agentry_chat.reset_agent_breaker('nobody')")
    for _ in range(2):
        app.execute("SELECT agentry_chat.reset_agent_breaker('Coder')")
        for _ in range(LIMIT):
            send(coder, "coder", "Thanks!", ["nova"], reply_to=thread)
        with refused(coder, errors.ProgramLimitExceeded, f"coder repeats itself in thread {thread}"):
            send(coder, "coder", "Thanks!", ["nova"], reply_to=thread)
