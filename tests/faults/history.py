"""What clients did, told by themselves: each appends to a file of its own, which survives it.

A line is written before a call and another after its answer, so a call without an answer is one that was cut short: it
may have happened or not.  Times are of the machine's monotonic clock, which all processes share; began and ended are
the server's clock, taken in the statement itself, around the call.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
STALE = "55000"  # object_not_in_prerequisite_state


@dataclass(frozen=True)
class Item:
    """One message of a call.  What is not known, or does not apply, is None."""

    chat_id: int | None = None
    token: int | None = None
    key: str | None = None  # idempotency key of what is sent
    status: str | None = None  # of a mark: the status asked for
    answer: int | None = None  # of a reply: id of the answer
    until: float | None = None  # of an extension: end of the lease by the server's clock


@dataclass(frozen=True)
class Operation:
    """A call and what came of it."""

    client: str
    kind: str  # send, claim, mark, reply, extend, release, wait
    inbox: str
    called: float
    answered: float | None = None
    outcome: str = UNKNOWN
    items: tuple[Item, ...] = ()
    began: float | None = None
    ended: float | None = None
    limit: int = 0  # of a claim
    in_order: bool = False  # of a claim
    error: str | None = None  # SQLSTATE and message of a refusal
    told: bool = False  # of a wait: a notification ended it

    @property
    def ok(self) -> bool:
        return self.outcome == OK

    @property
    def possible(self) -> bool:
        """It happened, or may have."""
        return self.outcome != REFUSED


@dataclass
class Recorder:
    """Appends to the file of one client; what is written stays when the process is killed."""

    path: Path
    client: str
    _file: int = field(init=False)
    _number: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps({"client": self.client, **line}, separators=(",", ":"))
        os.write(self._file, text.encode() + b"\n")  # one write, so that no line is torn by a kill

    def call(self, kind: str, inbox: str, items: Iterable[Item] = (), **more: Any) -> int:
        """Says that a call is about to be made; returns its number for answer()."""
        self._number += 1
        self._write({"n": self._number, "kind": kind, "inbox": inbox, "called": time.monotonic(),
                     "items": [_short(i) for i in items], **more})
        return self._number

    def answer(self, number: int, outcome: str, items: Iterable[Item] | None = None, **more: Any) -> None:
        """Says how a call ended; the items replace those of the call."""
        if items is not None:
            more["items"] = [_short(i) for i in items]
        self._write({"n": number, "answered": time.monotonic(), "outcome": outcome, **more})


def _short(item: Item) -> dict[str, Any]:
    return {name: value for name, value in asdict(item).items() if value is not None}


def read(files: Iterable[Path], last: int = 0) -> list[Operation]:
    """The operations of these files [of their last lines], by the time of their call."""
    calls: dict[tuple[str, int], dict[str, Any]] = {}
    for path in files:
        for text in path.read_text().splitlines()[-last:]:
            line = json.loads(text)
            key = (line["client"], line.pop("n"))
            if "called" in line or key in calls:  # else the call is above the last lines
                calls.setdefault(key, {}).update(line)
    found = [Operation(**{**c, "items": tuple(Item(**i) for i in c["items"])}) for c in calls.values()]
    return sorted(found, key=lambda operation: operation.called)
