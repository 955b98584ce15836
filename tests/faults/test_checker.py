"""The checker names each broken promise in a forged history, and finds nothing wrong in a good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.faults import checker
from tests.faults.checker import NOTICE, Delivery, Final, Message, check
from tests.faults.history import OK, REFUSED, STALE, UNKNOWN, Item, Operation, Recorder, read

LEASE = 1.0
SERVER = 1000.0  # what the server's clock shows when the others show 0


@dataclass
class Story:
    """A history that is told call by call: each takes 10 ms, and the clock goes on."""

    operations: list[Operation] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    clock: float = 0.0

    def add(self, kind: str, *items: Item, client: str = "a", inbox: str = "shared", outcome: str = OK,
            **more: object) -> Operation:
        ended = None if outcome == UNKNOWN else SERVER + self.clock + 0.009
        operation = Operation(client, kind, inbox, self.clock, None if outcome == UNKNOWN else self.clock + 0.01,
                              outcome, items, ended and SERVER + self.clock + 0.001, ended)
        self.operations.append(replace(operation, **more))  # type: ignore[arg-type]
        self.clock += 0.02
        return self.operations[-1]

    def wait(self, seconds: float) -> None:
        self.clock += seconds

    def send(self, chat_id: int, *, inbox: str = "shared", thread: int | None = None, outcome: str = OK) -> None:
        key = f"key {chat_id}"
        self.messages[chat_id] = Message(chat_id, thread or chat_id, key)
        self.deliveries[chat_id] = Delivery(chat_id, inbox, "pending", 0)
        self.add("send", Item(chat_id if outcome == OK else None, key=key), inbox=inbox, outcome=outcome)

    def claim(self, chat_id: int, token: int, client: str = "a", *, inbox: str = "shared", outcome: str = OK,
              in_order: bool = False) -> None:
        items = [Item(chat_id, token)] if outcome == OK else []
        self.add("claim", *items, client=client, inbox=inbox, outcome=outcome, limit=1, in_order=in_order)
        self.is_now(chat_id, "received", token)

    def mark(self, chat_id: int, token: int, status: str = "responded", client: str = "a", outcome: str = OK) -> None:
        self.add("mark", Item(chat_id, token, status=status), client=client, outcome=outcome)
        self.is_now(chat_id, status, token)

    def reply(self, chat_id: int, token: int, answer: int, outcome: str = OK) -> None:
        key = f"answer {chat_id}"
        self.messages[answer] = Message(answer, chat_id, key, chat_id)
        self.deliveries[answer] = Delivery(answer, "asker", "pending", 0)
        self.add("reply", Item(chat_id, token, key, "responded", answer if outcome == OK else None), outcome=outcome)
        self.is_now(chat_id, "responded", token)

    def refused(self, kind: str, chat_id: int, token: int, *, status: str | None = None) -> None:
        self.add(kind, Item(chat_id, token, status=status), outcome=REFUSED, error=f"{STALE} claimed again since")

    def is_now(self, chat_id: int, status: str, attempts: int) -> None:
        self.deliveries[chat_id] = replace(self.deliveries[chat_id], status=status, attempts=attempts)

    def faults(self) -> list[str]:
        final = Final(list(self.messages.values()), list(self.deliveries.values()))
        return [fault.kind for fault in check(self.operations, final, LEASE)]


def settled(chat_id: int = 1, **more: str) -> Story:
    """One message, sent, claimed and marked."""
    story = Story()
    story.send(chat_id)
    story.claim(chat_id, 1)
    story.mark(chat_id, 1, **more)
    return story


# -- what may happen --------------------------------------------------------------------------------------------------


def a_message_is_settled() -> Story:
    return settled()


def a_cut_send_is_tried_again() -> Story:
    story = Story()
    story.send(1, outcome=UNKNOWN)
    story.send(1)
    story.claim(1, 1)
    story.mark(1, 1)
    return story


def a_cut_send_never_happened() -> Story:
    story = settled()
    story.add("send", Item(key="key 2"), outcome=UNKNOWN)
    return story


def a_cut_claim_took_the_first_token() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1, outcome=UNKNOWN)
    story.wait(LEASE)
    story.claim(1, 2)
    story.mark(1, 2)
    return story


def a_cut_mark_settled_it() -> Story:
    return settled(outcome=UNKNOWN)


def a_mark_is_repeated() -> Story:
    story = settled(outcome=UNKNOWN)
    story.mark(1, 1)
    return story


def routed_becomes_responded() -> Story:
    story = settled(status="routed")
    story.mark(1, 1, "responded")
    return story


def a_lease_runs_out_and_its_holder_is_refused() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.wait(LEASE)
    story.claim(1, 2, client="b")
    story.refused("mark", 1, 1, status="responded")
    story.mark(1, 2, client="b")
    return story


def a_holder_is_late_and_nobody_came() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.wait(5 * LEASE)
    story.mark(1, 1)
    return story


def an_extended_lease_holds() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.add("extend", Item(1, 1, until=SERVER + 1.5))
    story.wait(1.5)
    story.claim(1, 2, client="b")
    story.mark(1, 2, client="b")
    return story


def a_released_message_is_claimed_at_once() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.add("release", Item(1, 1))
    story.claim(1, 2, client="b")
    story.mark(1, 2, client="b")
    return story


def a_cut_failure_lets_the_next_one_in() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.mark(1, 1, "failed", outcome=UNKNOWN)
    story.claim(1, 2, client="b")
    story.mark(1, 2, client="b")
    return story


def a_batch_is_refused_for_one_of_it() -> Story:
    story = a_lease_runs_out_and_its_holder_is_refused()
    story.send(2)
    story.claim(2, 1)
    marks = [Item(1, 1, status="responded"), Item(2, 1, status="responded")]
    story.add("mark", *marks, outcome=REFUSED, error=f"{STALE} claimed again since")
    story.mark(2, 1)
    return story


def an_answer_settles() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.reply(1, 1, 2)
    story.claim(2, 1, inbox="asker")
    story.mark(2, 1)
    return story


def two_of_a_thread_in_order() -> Story:
    story = Story()
    for chat_id in (1, 2):
        story.send(chat_id, inbox="ordered", thread=1)
    for chat_id in (1, 2):
        story.claim(chat_id, 1, inbox="ordered", in_order=True)
        story.mark(chat_id, 1)
    return story


def a_listener_is_told() -> Story:
    story = Story()
    wait = story.add("wait", inbox="shared", client="listener")
    story.send(1)
    story.operations[0] = replace(wait, answered=story.clock, told=True)
    story.claim(1, 1, client="listener")
    story.mark(1, 1, client="listener")
    return story


def nobody_writes_and_the_listener_looks() -> Story:
    story = Story()
    wait = story.add("wait", inbox="shared", client="listener")
    story.wait(2 * NOTICE)
    story.operations[0] = replace(wait, answered=story.clock)
    story.send(1)
    story.claim(1, 1, client="listener")
    story.mark(1, 1, client="listener")
    return story


def a_wait_is_cut_before_the_notification_comes() -> Story:
    story = Story()
    wait = story.add("wait", inbox="shared", client="listener", outcome=UNKNOWN)
    story.send(1)
    story.operations[0] = replace(wait, answered=story.clock)
    story.wait(2 * NOTICE)
    story.claim(1, 1, client="listener")
    story.mark(1, 1, client="listener")
    return story


GOOD = [
    a_message_is_settled,
    a_cut_send_is_tried_again,
    a_cut_send_never_happened,
    a_cut_claim_took_the_first_token,
    a_cut_mark_settled_it,
    a_mark_is_repeated,
    routed_becomes_responded,
    a_lease_runs_out_and_its_holder_is_refused,
    a_holder_is_late_and_nobody_came,
    an_extended_lease_holds,
    a_released_message_is_claimed_at_once,
    a_cut_failure_lets_the_next_one_in,
    a_batch_is_refused_for_one_of_it,
    an_answer_settles,
    two_of_a_thread_in_order,
    a_listener_is_told,
    nobody_writes_and_the_listener_looks,
    a_wait_is_cut_before_the_notification_comes,
]


@pytest.mark.parametrize("tell", GOOD, ids=lambda tell: tell.__name__)
def test_a_good_history_has_no_fault(tell: Callable[[], Story]) -> None:
    assert tell().faults() == []


# -- what may not -----------------------------------------------------------------------------------------------------


def an_acknowledged_message_is_missing() -> Story:
    story = settled()
    story.add("send", Item(2, key="key 2"))
    return story


def an_acknowledged_answer_is_missing() -> Story:
    story = an_answer_settles()
    del story.messages[2], story.deliveries[2]
    return story


def a_message_is_there_twice() -> Story:
    story = settled()
    story.messages[2] = Message(2, 2, "key 1")
    story.deliveries[2] = Delivery(2, "shared", "responded", 1)
    story.claim(2, 1)
    story.mark(2, 1)
    return story


def a_retry_got_another_id() -> Story:
    story = settled()
    story.add("send", Item(2, key="key 1"))
    return story


def a_message_comes_from_nowhere() -> Story:
    story = settled()
    del story.operations[0]
    return story


def a_message_has_no_delivery() -> Story:
    story = settled()
    story.send(2)
    del story.deliveries[2]
    return story


def a_message_is_never_settled() -> Story:
    story = settled()
    story.send(2)
    return story


def a_message_died() -> Story:
    story = settled()
    story.is_now(1, "dead", 1)
    return story


def nobody_settled_it() -> Story:
    story = settled()
    del story.operations[-1]
    return story


def a_refused_mark_settled_it() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.wait(LEASE)
    story.claim(1, 2, client="b", outcome=UNKNOWN)
    story.refused("mark", 1, 2, status="responded")
    story.is_now(1, "responded", 2)
    return story


def two_holders_settle_one_message() -> Story:
    story = settled()
    story.wait(LEASE)
    story.claim(1, 2, client="b")
    story.mark(1, 2, client="b")
    return story


def a_stale_token_marks() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.wait(LEASE)
    story.claim(1, 2, client="b")
    story.mark(1, 1, "failed")
    story.mark(1, 2, client="b")
    return story


def a_stale_token_extends() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.wait(LEASE)
    story.claim(1, 2, client="b")
    story.add("extend", Item(1, 1, until=story.clock))
    story.mark(1, 2, client="b")
    return story


def a_stale_token_answers_what_was_released() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.wait(LEASE)
    story.claim(1, 2, client="b")
    story.add("release", Item(1, 2), client="b")
    story.reply(1, 1, 2)
    return story


def a_token_counts_after_its_release() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.add("release", Item(1, 1))
    story.mark(1, 1)
    return story


def a_mark_is_undone_by_a_crash() -> Story:
    story = settled()
    story.is_now(1, "received", 1)
    return story


def a_settled_message_is_claimed_again() -> Story:
    story = settled()
    story.wait(LEASE)
    story.claim(1, 2, client="b", outcome=UNKNOWN)
    story.mark(1, 2, client="b", outcome=UNKNOWN)
    return story


def a_claim_is_undone_by_a_crash() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.mark(1, 1, outcome=UNKNOWN)
    story.wait(LEASE)
    story.claim(1, 2, client="b")
    story.is_now(1, "responded", 1)
    return story


def two_claims_have_one_token() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.claim(1, 1, client="b")
    story.mark(1, 1)
    return story


def a_later_claim_has_a_smaller_token() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 2)
    story.wait(LEASE)
    story.claim(1, 1, client="b")
    story.mark(1, 2)
    return story


def an_attempt_is_nobodys() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 2)
    story.mark(1, 2)
    return story


def one_cut_claim_of_one_took_two() -> Story:
    story = Story()
    story.add("claim", outcome=UNKNOWN, limit=1)
    for chat_id in (1, 2):
        story.send(chat_id)
        story.wait(LEASE)
        story.claim(chat_id, 2)
        story.mark(chat_id, 2)
    return story


def two_leases_overlap() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.wait(LEASE / 2)
    story.claim(1, 2, client="b")
    story.mark(1, 2, client="b")
    return story


def an_extended_lease_is_ignored() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.add("extend", Item(1, 1, until=SERVER + 2.5))
    story.wait(1.5)
    story.claim(1, 2, client="b")
    story.mark(1, 2, client="b")
    return story


def the_last_holder_is_refused() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.refused("mark", 1, 1, status="responded")
    story.mark(1, 1)
    return story


def an_answer_leaves_its_message_open() -> Story:
    story = an_answer_settles()
    story.wait(LEASE)
    story.operations[2] = replace(story.operations[2], outcome=UNKNOWN, answered=None)
    story.claim(1, 2)
    story.mark(1, 2, "routed")
    return story


def a_reply_marks_and_sends_nothing() -> Story:
    story = Story()
    story.send(1)
    story.claim(1, 1)
    story.reply(1, 1, 2, outcome=UNKNOWN)
    del story.messages[2], story.deliveries[2]
    return story


def the_second_of_a_thread_overtakes() -> Story:
    story = Story()
    for chat_id in (1, 2):
        story.send(chat_id, inbox="ordered", thread=1)
    story.claim(1, 1, inbox="ordered", in_order=True)
    story.claim(2, 1, inbox="ordered", in_order=True)
    story.mark(1, 1)
    story.mark(2, 1)
    return story


def a_listener_is_not_told(outcome: str = OK) -> Story:
    story = Story()
    wait = story.add("wait", inbox="shared", client="listener", outcome=outcome)
    story.send(1)
    story.wait(2 * NOTICE)
    story.operations[0] = replace(wait, answered=story.clock)
    story.claim(1, 1, client="listener")
    story.mark(1, 1, client="listener")
    return story


def a_listener_is_not_told_until_it_is_cut() -> Story:
    return a_listener_is_not_told(UNKNOWN)


def a_deadlock() -> Story:
    story = settled()
    story.add("mark", Item(1, 1, status="responded"), outcome=REFUSED, error="40P01 deadlock detected")
    return story


def a_send_is_refused() -> Story:
    story = settled()
    story.add("send", Item(key="key 2"), outcome=REFUSED, error=f"{STALE} no")
    return story


BAD: dict[str, list[Callable[[], Story]]] = {
    checker.ERROR: [a_deadlock, a_send_is_refused],
    checker.SEND_LOST: [an_acknowledged_message_is_missing, an_acknowledged_answer_is_missing],
    checker.SENT_TWICE: [a_message_is_there_twice, a_retry_got_another_id],
    checker.SENT_BY_NOBODY: [a_message_comes_from_nowhere],
    checker.NO_DELIVERY: [a_message_has_no_delivery],
    checker.NEVER_SETTLED: [a_message_is_never_settled, a_message_died],
    checker.SETTLED_BY_NOBODY: [nobody_settled_it, a_refused_mark_settled_it],
    checker.TWO_HOLDERS: [two_holders_settle_one_message],
    checker.STALE_ACCEPTED: [
        a_stale_token_marks,
        a_stale_token_extends,
        a_stale_token_answers_what_was_released,
        a_token_counts_after_its_release,
    ],
    checker.MARK_UNDONE: [a_mark_is_undone_by_a_crash, a_settled_message_is_claimed_again],
    checker.CLAIM_UNDONE: [a_claim_is_undone_by_a_crash],
    checker.TOKEN_TWICE: [two_claims_have_one_token],
    checker.TOKEN_BACKWARDS: [a_later_claim_has_a_smaller_token],
    checker.MORE_ATTEMPTS: [an_attempt_is_nobodys, one_cut_claim_of_one_took_two],
    checker.TWO_LEASES: [two_leases_overlap, an_extended_lease_is_ignored],
    checker.HOLDER_REFUSED: [the_last_holder_is_refused],
    checker.HALF_A_REPLY: [an_answer_leaves_its_message_open, a_reply_marks_and_sends_nothing],
    checker.OVERTAKEN: [the_second_of_a_thread_overtakes],
    checker.NOT_TOLD: [a_listener_is_not_told, a_listener_is_not_told_until_it_is_cut],
}


@pytest.mark.parametrize(
    ("kind", "tell"),
    [pytest.param(kind, tell, id=tell.__name__) for kind, stories in BAD.items() for tell in stories],
)
def test_a_forged_history_is_named(kind: str, tell: Callable[[], Story]) -> None:
    assert kind in tell().faults()


def test_every_kind_of_fault_is_forged() -> None:
    assert set(checker.KINDS) == set(BAD)


# -- the files --------------------------------------------------------------------------------------------------------


def test_a_call_without_an_answer_is_read_as_cut_short(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.log", "a.1")
    number = recorder.call("claim", "shared", limit=3, in_order=True)
    recorder.answer(number, OK, [Item(7, 2)], began=1.0, ended=2.0)
    recorder.call("mark", "shared", [Item(7, 2, status="routed")])
    again = Recorder(tmp_path / "a.log", "a.2")
    number = again.call("mark", "shared", [Item(7, 2, status="routed")])
    again.answer(number, REFUSED, error=f"{STALE} no")

    claim, cut, refused = read([tmp_path / "a.log"])
    assert (claim.items, claim.limit, claim.in_order, claim.ok) == ((Item(7, 2),), 3, True, True)
    assert claim.answered is not None and claim.called <= claim.answered <= cut.called
    assert (cut.client, cut.outcome, cut.answered, cut.items) == ("a.1", UNKNOWN, None, (Item(7, 2, status="routed"),))
    assert (refused.client, refused.outcome, refused.error) == ("a.2", REFUSED, f"{STALE} no")


def test_the_last_lines_are_read_without_answers_to_calls_above(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.log", "a.1")
    for chat_id in (1, 2):
        recorder.answer(recorder.call("claim", "shared", limit=1), OK, [Item(chat_id, 1)])
    assert [operation.items for operation in read([tmp_path / "a.log"], last=3)] == [(Item(2, 1),)]
