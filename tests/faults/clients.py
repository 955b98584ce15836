"""The clients: each a process of its own that may be killed at any moment, and starts again knowing only its file.

    producer   sends messages under idempotency keys, one or several at a time, until each is acknowledged
    consumer   one of two on the same inboxes: claims one, several or in order; marks, replies, fails, extends, gives
               back; now and then keeps a message beyond its lease, and tries the tokens of its former lives
    listener   alone on its inbox: claims until nothing is left, and waits to be told
"""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import psycopg
from psycopg.rows import tuple_row

from tests.faults.history import OK, REFUSED, UNKNOWN, Item, Recorder, read

DATABASE = "faults"
ROLE = "faults_app"
SENDER, SHARED, ORDERED = "asker", "shared", "ordered"  # agents; the sender's inbox is the listener's
EVERY = 7  # each message of a number that this divides goes to the ordered inbox
THREAD = 5  # messages of a thread there
BATCH = 5  # messages that a producer sends in one call
MANY = 10  # messages that a consumer claims in one call, when not one
HEIRLOOMS = 300  # lines of its file that a consumer looks at when it starts
NAP = 0.1  # seconds a consumer waits where nothing is due
SAFETY = 20.0  # seconds after which the listener looks without having been told

Row = tuple[Any, ...]


class RefusedError(Exception):
    """The database said no."""


class LostError(Exception):
    """The connection went before the answer came."""


@dataclass(frozen=True)
class Work:
    """What a client is given."""

    name: str  # producer-1, ...
    life: int  # how often it was started
    folder: Path  # files of the clients, and the server's address
    seed: str
    lease: float
    permits: int  # a pipe: a producer sends a message for each byte, and all the rest at its end
    first: int = 0  # number of a producer's first message
    count: int = 0  # how many it sends

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def address(self) -> Path:
        return self.folder / "url"


def is_lost(error: psycopg.Error) -> bool:
    """The server or the connection is gone, rather than the call refused."""
    if error.sqlstate is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return error.sqlstate.startswith(("08", "57P"))


class Client:
    """A connection that is made again when it is lost, and calls that are written down."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.random = Random(f"{work.seed} {work.name} {work.life}")
        self.recorder = Recorder(work.log, f"{work.name}.{work.life}")
        self.parent = os.getppid()
        self.cut_at = time.monotonic()  # a call was cut short, by now or in a former life
        self._conn: psycopg.Connection[Row] | None = None

    def pause(self, seconds: float) -> None:
        if os.getppid() != self.parent:
            os._exit(1)  # nobody is left to end this process
        select.select([], [], [], seconds)

    @property
    def conn(self) -> psycopg.Connection[Row]:
        while self._conn is None:
            try:
                self._conn = psycopg.connect(self.work.address.read_text(), autocommit=True, connect_timeout=5,
                                             row_factory=tuple_row)
                self.on_connect(self._conn)
            except psycopg.OperationalError:
                self.drop()
                self.pause(0.02)
        return self._conn

    def on_connect(self, conn: psycopg.Connection[Row]) -> None:
        """LISTEN, where a client does."""

    def drop(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def call(self, kind: str, inbox: str, items: Sequence[Item], query: str, parameters: Sequence[Any],
             answer: Callable[[list[Row]], list[Item]], **more: Any) -> list[Row]:
        """Runs `SELECT ... FROM function(...)`; the answer's items are made of its rows."""
        conn = self.conn
        number = self.recorder.call(kind, inbox, items, **more)
        columns, _, source = query.partition(" FROM ")
        clock = "date_part('epoch', statement_timestamp()), date_part('epoch', clock_timestamp())"
        query = f"{columns}, {clock} FROM {source}"
        try:
            rows = conn.execute(query.encode(), parameters).fetchall()
        except psycopg.Error as error:
            if is_lost(error):
                self.recorder.answer(number, UNKNOWN)
                self.cut_at = time.monotonic()
                self.drop()
                raise LostError from error
            self.recorder.answer(number, REFUSED, error=f"{error.sqlstate} {str(error).splitlines()[0]}")
            raise RefusedError from error
        times = {"began": rows[0][-2], "ended": rows[-1][-1]} if rows else {}
        self.recorder.answer(number, OK, answer(rows), **times)
        return [row[:-2] for row in rows]


# -- producers --------------------------------------------------------------------------------------------------------


class Producer(Client):
    """Sends its messages in turn."""

    def key(self, number: int) -> str:
        return f"{self.work.name} {number}"

    def run(self) -> None:
        sent = {item.key: item.chat_id for operation in read([self.work.log])
                if operation.kind == "send" and operation.ok for item in operation.items}
        left = [n for n in range(self.work.first, self.work.first + self.work.count) if self.key(n) not in sent]
        while left:
            batch = left[: BATCH if self.random.random() < 0.3 else 1]
            if any(n % EVERY == 0 for n in batch):
                batch = left[:1]  # a message of a thread goes alone: the next ones need its id
            batch = batch[: len(os.read(self.work.permits, len(batch))) or None]
            messages = [self.message(n, sent) for n in batch]
            while True:  # the same again until it is acknowledged
                try:
                    sent |= self.send(messages)
                    break
                except LostError:
                    continue
            left = left[len(batch) :]

    def message(self, number: int, sent: dict[str | None, int | None]) -> dict[str, Any]:
        """The same content for the same number, whoever makes it."""
        chance = Random(f"{self.work.seed} message {number}")
        found = {"sender": SENDER, "message": f"What about #{number}?", "priority": chance.randint(4, 6),
                 "recipients": [SENDER if chance.random() < 0.1 else SHARED], "idempotency_key": self.key(number)}
        if number % EVERY == 0:
            found["recipients"] = [ORDERED]
            head = max(number // (EVERY * THREAD) * EVERY * THREAD, -(-self.work.first // EVERY) * EVERY)
            if head < number:
                found["reply_to"] = sent[self.key(head)]
        return found

    def send(self, messages: Sequence[dict[str, Any]]) -> dict[str | None, int | None]:
        items = [Item(key=m["idempotency_key"]) for m in messages]
        inbox = messages[0]["recipients"][0]
        if len(messages) > 1:
            query = "SELECT unnest(ids) FROM agentry_chat.send_agent_messages(%s) AS ids"
            parameters: list[Any] = [json.dumps(messages)]
        else:
            query = ("SELECT id FROM agentry_chat.send_agent_message(%s, %s, %s, p_reply_to => %s, p_priority => %s,"
                     " p_idempotency_key => %s) AS id")
            one = messages[0]
            parameters = [*(one[name] for name in ("sender", "message", "recipients")), one.get("reply_to"),
                          one["priority"], one["idempotency_key"]]

        def acknowledged(rows: list[Row]) -> list[Item]:
            return [replace(item, chat_id=row[0]) for item, row in zip(items, rows, strict=True)]

        rows = self.call("send", inbox, items, query, parameters, acknowledged)
        return {item.key: row[0] for item, row in zip(items, rows, strict=True)}


# -- consumers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A message that this client has claimed, and what it means to do with it."""

    inbox: str
    chat_id: int
    token: int
    then: str  # responded, routed, failed, reply, release
    due: float = 0.0  # not before this time


class Consumer(Client):
    """Claims and settles; keeps in mind what it put aside, or got no answer for."""

    aside: list[Held]

    def on_connect(self, conn: psycopg.Connection[Row]) -> None:
        conn.execute("LISTEN agent_chat")

    def run(self) -> None:
        self.aside = list(self.heirlooms())
        while True:
            try:
                if not self.round():
                    self.wait()
            except LostError:
                continue

    def heirlooms(self) -> Iterator[Held]:
        """A few claims of former lives that were not settled in them; the tokens of most are stale."""
        former = read([self.work.log], last=HEIRLOOMS)
        done = {(item.chat_id, item.token) for operation in former
                if operation.kind != "claim" and operation.outcome != UNKNOWN for item in operation.items}
        left = [Held(operation.inbox, item.chat_id, item.token, self.random.choice(["routed", "reply", "release"]))
                for operation in former if operation.kind == "claim" for item in operation.items
                if item.chat_id is not None and item.token is not None and (item.chat_id, item.token) not in done]
        yield from self.random.sample(left, min(len(left), 3))

    def wait(self) -> None:
        conn = self.conn
        try:
            list(conn.notifies(timeout=NAP, stop_after=1))
        except psycopg.Error:
            self.drop()
        self.pause(0)

    def round(self) -> bool:
        """Claims and settles once; False where nothing was due."""
        now = time.monotonic()
        due = [held for held in self.aside if held.due <= now]
        self.aside = [held for held in self.aside if held.due > now]
        for held in due:
            self.settle(held)
        inbox = ORDERED if self.random.random() < 0.25 else SHARED
        found = self.claim(inbox, 1 if self.random.random() < 0.6 else MANY, in_order=inbox == ORDERED)
        together = []
        for held in [self.decide(inbox, *row) for row in found]:
            if held.due:
                self.aside.append(held)
                continue
            if self.random.random() < 0.05:
                self.extend(held)
            together.append(held)
        if self.random.random() < 0.5:
            self.settle_together(together)
        else:
            for held in together:
                self.settle(held)
        return bool(found or due)

    def decide(self, inbox: str, chat_id: int, token: int) -> Held:
        then = self.random.choices(["reply", "responded", "routed", "failed", "release"], [25, 40, 29, 3, 3])[0]
        late = self.random.random() < 0.04
        due = time.monotonic() + self.work.lease + self.random.uniform(-0.1, 0.5) if late else 0.0
        return Held(inbox, chat_id, token, then, due)

    def claim(self, inbox: str, limit: int, in_order: bool = False) -> list[Row]:
        return self.call(
            "claim", inbox, [],
            "SELECT c.chat_id, c.token"
            " FROM agentry_chat.claim_agent_messages(%s, %s, make_interval(secs => %s), %s) AS c",
            [inbox, limit, self.work.lease, in_order],
            lambda rows: [Item(chat_id=row[0], token=row[1]) for row in rows],
            limit=limit, in_order=in_order)

    def attempt(self, held: Held, kind: str, item: Item, query: str, parameters: Sequence[Any],
                answer: Callable[[list[Row]], list[Item]]) -> None:
        """A refusal means that the message is somebody else's; without an answer it is tried again later."""
        try:
            self.call(kind, held.inbox, [item], query, parameters, answer)
        except RefusedError:
            return
        except LostError:
            self.aside.append(held)
            raise

    def extend(self, held: Held) -> None:
        item = Item(held.chat_id, held.token)
        self.attempt(
            held, "extend", item,
            "SELECT date_part('epoch', until)"
            " FROM agentry_chat.extend_agent_message(%s, %s, make_interval(secs => %s), %s) AS until",
            [held.chat_id, held.inbox, self.work.lease, held.token],
            lambda rows: [replace(item, until=rows[0][0])])

    def settle(self, held: Held) -> None:
        if held.then == "release":
            item = Item(held.chat_id, held.token)
            self.attempt(held, "release", item, "SELECT 1 FROM agentry_chat.release_agent_message(%s, %s, %s)",
                         [held.chat_id, held.inbox, held.token], lambda _: [item])
        elif held.then == "reply":
            # under one key, so that whoever answers after a lost answer does not answer twice
            reply = Item(held.chat_id, held.token, f"answer {held.chat_id}", "responded")
            self.attempt(
                held, "reply", reply,
                "SELECT id FROM agentry_chat.reply_agent_message(%s, %s, %s, %s, p_idempotency_key => %s) AS id",
                [held.chat_id, f"About #{held.chat_id}: yes.", held.inbox, held.token, reply.key],
                lambda rows: [replace(reply, answer=rows[0][0])])
        else:
            mark = Item(held.chat_id, held.token, status=held.then)
            self.attempt(held, "mark", mark, "SELECT 1 FROM agentry_chat.mark_agent_message(%s, %s, %s, %s)",
                         [held.chat_id, held.inbox, held.then, held.token], lambda _: [mark])

    def settle_together(self, several: list[Held]) -> None:
        """What is only marked in one call, the rest one by one; a call that is refused for one is made for each."""
        marks = [held for held in several if held.then not in ("reply", "release")]
        alone = [held for held in several if held not in marks]
        if marks:
            items = [Item(held.chat_id, held.token, status=held.then) for held in marks]
            batch = [{"chat_id": held.chat_id, "agent": held.inbox, "status": held.then, "token": held.token}
                     for held in marks]
            try:
                query = "SELECT 1 FROM agentry_chat.mark_agent_messages(%s)"
                self.call("mark", marks[0].inbox, items, query, [json.dumps(batch)], lambda _: items)
            except RefusedError:
                alone += marks
            except LostError:
                self.aside += several
                raise
        for held in alone:
            self.settle(held)


class Listener(Consumer):
    """Waits to be told, and for nothing else unless a claim of its own was cut short."""

    def round(self) -> bool:
        for held in self.aside:
            self.aside = [other for other in self.aside if other is not held]
            self.settle(held)
        found = self.claim(SENDER, MANY)
        held_now = [Held(SENDER, chat_id, token, "routed") for chat_id, token in found]
        if self.random.random() < 0.5:
            self.settle_together(held_now)
        else:
            for held in held_now:
                self.settle(held)
        return bool(found)

    def wait(self) -> None:
        conn = self.conn
        # what a cut claim may have taken is due again, without a word, when its lease ends
        look = self.cut_at + 1.2 * self.work.lease - time.monotonic()
        timeout = look if look > 0 else SAFETY
        number = self.recorder.call("wait", SENDER)
        end = time.monotonic() + timeout
        told = False
        try:
            while not told and (left := end - time.monotonic()) > 0:
                heard = conn.notifies(timeout=min(left, 1.0), stop_after=1)
                told = any(SENDER in json.loads(notice.payload)["recipients"] for notice in heard)
                self.pause(0)
        except psycopg.Error:
            self.recorder.answer(number, UNKNOWN)
            self.drop()
            return
        self.recorder.answer(number, OK, told=told)


KINDS: dict[str, type[Producer | Consumer]] = {"producer": Producer, "consumer": Consumer, "listener": Listener}


def run(work: Work) -> NoReturn:
    """Lives as that client; the process ends with it."""
    code = 1
    try:
        KINDS[work.name.partition("-")[0]](work).run()
        code = 0
    except BaseException:
        import traceback

        (work.folder / f"{work.name}.trouble").write_text(traceback.format_exc())
    finally:
        os._exit(code)
