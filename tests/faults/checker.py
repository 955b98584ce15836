"""Says what a history and the tables it left contradict each other in; a pure function, proved by test_checker.py.

What chat promises, and so what is checked:

- A send that was acknowledged is there, under that id, once; its recipient has one delivery.  A send that was cut short
  may be there or not, but never twice under its key.
- In the end each delivery is settled, by the holder of its last token.
- A token is the number of its claim: no two claims share one, later claims have greater ones, and there are as many
  attempts as claims.
- A lease holds from the claim to its end by the server's clock, or until it is given up.  Meanwhile nobody else claims.
  After its end the token still counts, until somebody claims again.
- What was acknowledged with a token, be it a mark, an extension or a release, was done by the last claim, and stays,
  whatever crashes.  A holder that is the last is not refused.
- An answer and the mark of what it answers are there both, or neither.
- Claimed in order, no message overtakes an earlier one of its thread.
- A consumer that claimed until nothing was left is told of the next message.

Only what is certain is a fault.  Two calls have an order where one was answered before the other was made; a call that
was cut short may take effect at any later time, or never.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.faults.history import STALE, Item, Operation

FINAL = ("responded", "routed")
NOTICE = 3.0  # seconds in which a notification arrives even on a crowded machine


@dataclass(frozen=True)
class Message:
    """A row of agent_chat."""

    id: int
    thread: int
    key: str | None = None
    reply_to: int | None = None


@dataclass(frozen=True)
class Delivery:
    """A row of agent_chat_processed; a message of these runs has one recipient."""

    chat_id: int
    inbox: str
    status: str
    attempts: int


@dataclass(frozen=True)
class Final:
    """What the tables hold when all is over."""

    messages: Sequence[Message]
    deliveries: Sequence[Delivery]


@dataclass(frozen=True)
class Fault:
    """A broken promise."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


ERROR = "unexpected error"
SEND_LOST = "an acknowledged message is missing"
SENT_TWICE = "two messages under one key"
SENT_BY_NOBODY = "a message that nobody sent"
NO_DELIVERY = "a message without its one delivery"
NEVER_SETTLED = "never settled"
SETTLED_BY_NOBODY = "settled by nobody"
TWO_HOLDERS = "settled by two holders"
MARK_UNDONE = "an acknowledged mark was undone"
CLAIM_UNDONE = "an acknowledged claim was undone"
TOKEN_TWICE = "one token for two claims"
TOKEN_BACKWARDS = "tokens go backwards"
MORE_ATTEMPTS = "more attempts than claims"
TWO_LEASES = "two valid leases at once"
STALE_ACCEPTED = "a stale token was accepted"
HOLDER_REFUSED = "the holder of the last claim was refused"
HALF_A_REPLY = "an answer without its mark, or a mark without its answer"
OVERTAKEN = "overtaken in its thread"
NOT_TOLD = "not told of a message"

KINDS = (
    ERROR, SEND_LOST, SENT_TWICE, SENT_BY_NOBODY, NO_DELIVERY, NEVER_SETTLED, SETTLED_BY_NOBODY, TWO_HOLDERS,
    MARK_UNDONE, CLAIM_UNDONE, TOKEN_TWICE, TOKEN_BACKWARDS, MORE_ATTEMPTS, TWO_LEASES, STALE_ACCEPTED,
    HOLDER_REFUSED, HALF_A_REPLY, OVERTAKEN, NOT_TOLD,
)
LOST = (SEND_LOST, NO_DELIVERY, NEVER_SETTLED, MARK_UNDONE, CLAIM_UNDONE)
DUPLICATES = (SENT_TWICE, TWO_HOLDERS, TOKEN_TWICE, TWO_LEASES)
NO_KEY = "none"  # all messages of these runs have one


@dataclass(frozen=True)
class _Use:
    """One message of one call."""

    operation: Operation
    item: Item

    @property
    def token(self) -> int:
        return self.item.token or 0

    @property
    def settles(self) -> bool:
        return self.item.status in FINAL

    @property
    def gives_up(self) -> bool:
        return self.operation.kind == "release" or self.item.status == "failed"

    def before(self, other: _Use) -> bool:
        """Certainly: it was answered when the other was called."""
        return self.operation.answered is not None and self.operation.answered <= other.operation.called

    def __str__(self) -> str:
        status = f" {self.item.status}" if self.item.status else ""
        return f"{self.operation.client} {self.operation.kind}{status} with token {self.token}"


def check(operations: Sequence[Operation], final: Final, lease: float) -> list[Fault]:
    """The faults of a history; none where all promises were kept.  The lease is that of all claims, in seconds."""
    claims: defaultdict[int, list[_Use]] = defaultdict(list)
    uses: defaultdict[int, list[_Use]] = defaultdict(list)
    for operation in operations:
        for item in operation.items:
            if item.chat_id is not None and operation.kind != "send":
                (claims if operation.kind == "claim" else uses)[item.chat_id].append(_Use(operation, item))
    faults = [*_errors(operations), *_sends(operations, final), *_attempts(operations, claims, final)]
    for delivery in final.deliveries:
        mine = sorted(claims[delivery.chat_id], key=lambda use: (use.token, use.operation.called))
        faults += _tokens(delivery, mine)
        faults += _leases(delivery, mine, uses[delivery.chat_id], lease)
        faults += _marks(delivery, mine, uses[delivery.chat_id])
        faults += _refusals(delivery, uses[delivery.chat_id])
    faults += _replies(uses, final)
    faults += _order(claims, uses, final)
    faults += _wakes(operations, claims)
    return faults


def _errors(operations: Iterable[Operation]) -> Iterator[Fault]:
    for operation in operations:
        if operation.error and (operation.kind in ("send", "claim") or not operation.error.startswith(STALE)):
            yield Fault(ERROR, f"{operation.client} {operation.kind}: {operation.error}")


# -- messages ---------------------------------------------------------------------------------------------------------


def _sent(operations: Iterable[Operation]) -> Iterator[tuple[Operation, str, int | None]]:
    """Operation, key and acknowledged id of each message that was, or may have been, sent."""
    for operation in operations:
        for item in operation.items:
            if item.key is not None and operation.possible:
                sent_id = item.answer if operation.kind == "reply" else item.chat_id
                yield operation, item.key, sent_id if operation.ok else None


def _sends(operations: Sequence[Operation], final: Final) -> Iterator[Fault]:
    under: defaultdict[str, set[int]] = defaultdict(set)
    for message in final.messages:
        under[message.key or NO_KEY].add(message.id)
    tried: set[str] = set()
    acknowledged: defaultdict[str, set[int]] = defaultdict(set)
    for operation, key, chat_id in _sent(operations):
        tried.add(key)
        if chat_id is None:
            continue
        acknowledged[key].add(chat_id)
        if chat_id not in under[key]:
            yield Fault(SEND_LOST, f"message {chat_id}, key {key}, sent by {operation.client}")
    for key, ids in under.items():
        if key not in tried:
            yield Fault(SENT_BY_NOBODY, f"key {key}: {sorted(ids)}")
        elif len(ids | acknowledged[key]) > 1:
            yield Fault(SENT_TWICE, f"key {key}: {sorted(ids | acknowledged[key])}")
    delivered = Counter(delivery.chat_id for delivery in final.deliveries)
    for message in final.messages:
        if delivered.pop(message.id, 0) != 1:
            yield Fault(NO_DELIVERY, f"message {message.id}")
    for chat_id in delivered:
        yield Fault(SEND_LOST, f"message {chat_id}, which has a delivery")


# -- claims -----------------------------------------------------------------------------------------------------------


def _attempts(
    operations: Iterable[Operation], claims: dict[int, list[_Use]], final: Final
) -> Iterator[Fault]:
    """Claims that were cut short may have taken messages of which nobody was told, each as many as it asked for."""
    room: Counter[str] = Counter()
    cut_short: Counter[str] = Counter()
    for operation in operations:
        if operation.kind == "claim" and operation.outcome == "unknown":
            room[operation.inbox] += operation.limit
            cut_short[operation.inbox] += 1
    unexplained: Counter[str] = Counter()
    for delivery in final.deliveries:
        more = delivery.attempts - len({use.token for use in claims[delivery.chat_id]})
        unexplained[delivery.inbox] += max(more, 0)
        if more > cut_short[delivery.inbox]:
            yield Fault(MORE_ATTEMPTS, f"message {delivery.chat_id}: {delivery.attempts} attempts, {more} by nobody,"
                                       f" {cut_short[delivery.inbox]} claims were cut short")
    for inbox, count in unexplained.items():
        if count > room[inbox]:
            yield Fault(MORE_ATTEMPTS, f"inbox {inbox}: {count} attempts by nobody, and claims that were cut short"
                                       f" asked for {room[inbox]}")


def _tokens(delivery: Delivery, claims: Sequence[_Use]) -> Iterator[Fault]:
    for one, other in pairwise(claims):
        if one.token == other.token:
            yield Fault(TOKEN_TWICE, f"message {delivery.chat_id}: {one}, {other}")
        elif other.before(one):
            yield Fault(TOKEN_BACKWARDS, f"message {delivery.chat_id}: {other}, later {one}")
    if claims and claims[-1].token > delivery.attempts:
        yield Fault(CLAIM_UNDONE, f"message {delivery.chat_id}: {claims[-1]}, but {delivery.attempts} attempts")


def _leases(delivery: Delivery, claims: Sequence[_Use], uses: Sequence[_Use], lease: float) -> Iterator[Fault]:
    """A claim ended, by the server's clock, before the lease of the one before it could have."""
    for holder, next_one in pairwise(claims):
        began, ended = holder.operation.began, next_one.operation.ended
        if began is None or ended is None or holder.token == next_one.token:
            continue
        own = [use for use in uses if use.token == holder.token and use.operation.possible]
        if any(use.gives_up and use.operation.called <= (next_one.operation.answered or 0) for use in own):
            continue
        until = max([began + lease, *(use.item.until for use in own if use.item.until is not None)])
        if ended < until:
            yield Fault(TWO_LEASES, f"message {delivery.chat_id}: {next_one}, {until - ended:.3f} s before the end of"
                                    f" the lease of {holder}")


# -- marks ------------------------------------------------------------------------------------------------------------


def _marks(delivery: Delivery, claims: Sequence[_Use], uses: Sequence[_Use]) -> Iterator[Fault]:
    what = f"message {delivery.chat_id}"
    accepted = [use for use in uses if use.operation.ok]
    for use in accepted:
        later = [claim for claim in claims if claim.token > use.token and claim.before(use)]
        given_up = [other for other in accepted
                    if other.gives_up and other is not use and other.token == use.token and other.before(use)]
        if later or given_up:
            yield Fault(STALE_ACCEPTED, f"{what}: {use}, after {(later or given_up)[0]}")
    settled = [use for use in accepted if use.settles]
    if len({use.token for use in settled}) > 1:
        yield Fault(TWO_HOLDERS, f"{what}: {', '.join(map(str, settled))}")
    if delivery.status not in FINAL:
        yield Fault(NEVER_SETTLED, f"{what} in inbox {delivery.inbox} is {delivery.status}")
    for use in settled:
        # routed may become responded, by the same token
        grown = (use.item.status, delivery.status) == ("routed", "responded") and any(
            other.item.status == "responded" and other.token == use.token and other.operation.possible
            for other in uses
        )
        stays = use.item.status == delivery.status or grown
        if not stays or use.token != delivery.attempts:
            yield Fault(MARK_UNDONE, f"{what}: {use}; now it is {delivery.status} with {delivery.attempts} attempts")
    if delivery.status in FINAL and not any(
        use.operation.possible and use.token == delivery.attempts and use.item.status == delivery.status
        for use in uses
    ):
        yield Fault(SETTLED_BY_NOBODY, f"{what}: {delivery.status} with token {delivery.attempts}")


def _refusals(delivery: Delivery, uses: Sequence[_Use]) -> Iterator[Fault]:
    """A call for several messages is refused whole, for any of them; so only calls for one say which."""
    for use in uses:
        if use.operation.outcome != "refused" or len(use.operation.items) > 1 or use.token != delivery.attempts:
            continue
        if not any(
            other.operation.possible and other.token == use.token and (other.settles or other.gives_up)
            and other.operation.called <= (use.operation.answered or 0)
            for other in uses
        ):
            yield Fault(HOLDER_REFUSED, f"message {delivery.chat_id}: {use}: {use.operation.error}")


def _replies(uses: dict[int, list[_Use]], final: Final) -> Iterator[Fault]:
    """In these runs an answer is only ever sent by a reply, which settles what it answers."""
    answered = {message.reply_to for message in final.messages if message.key and message.key.startswith("answer")}
    for delivery in final.deliveries:
        possible = [use for use in uses.get(delivery.chat_id, []) if use.operation.possible]
        marks = [use for use in possible if use.operation.kind == "mark" and use.item.status == "responded"]
        replied = delivery.status == "responded" and not marks
        if (delivery.chat_id in answered and delivery.status != "responded") or (
            replied and delivery.chat_id not in answered
        ):
            yield Fault(HALF_A_REPLY, f"message {delivery.chat_id} is {delivery.status}")


# -- order and notifications ------------------------------------------------------------------------------------------


def _order(claims: dict[int, list[_Use]], uses: dict[int, list[_Use]], final: Final) -> Iterator[Fault]:
    thread = {message.id: message.thread for message in final.messages}
    in_thread: defaultdict[tuple[str, int], list[Delivery]] = defaultdict(list)
    for delivery in sorted(final.deliveries, key=lambda d: d.chat_id):
        if delivery.chat_id in thread:
            in_thread[delivery.inbox, thread[delivery.chat_id]].append(delivery)
    for deliveries in in_thread.values():
        for earlier, later in pairwise(deliveries):
            # the first call that can have settled it
            settled = min((use.operation.called for use in uses.get(earlier.chat_id, []) if use.settles
                           and use.operation.possible and use.token == earlier.attempts), default=None)
            for claim in claims.get(later.chat_id, []):
                answered = claim.operation.answered
                if claim.operation.in_order and answered is not None and (settled is None or answered < settled):
                    yield Fault(OVERTAKEN, f"message {earlier.chat_id}, by message {later.chat_id}: {claim}")


def _wakes(operations: Sequence[Operation], claims: dict[int, list[_Use]]) -> Iterator[Fault]:
    """A wait that no notification ended, with a message there for longer than any notification takes.

    Only first claims count: a message that was claimed before is due again when its lease ends, and nobody says so.
    """
    sent_at = {chat_id: operation.answered for operation, _, chat_id in _sent(operations)
               if chat_id is not None and operation.answered is not None}
    waits = [(operation, operation.answered) for operation in operations
             if operation.kind == "wait" and not operation.told and operation.answered is not None]
    for chat_id, found in claims.items():
        for claim in [use.operation for use in found if use.token == 1]:
            sent = sent_at.get(chat_id, claim.called)
            if claim.called - sent <= NOTICE:
                continue
            for wait, ended in waits:
                if wait.inbox == claim.inbox and sent + NOTICE < ended <= claim.called:
                    yield Fault(NOT_TOLD, f"{wait.client} of message {chat_id}, {ended - sent:.1f} s after it was sent")
