"""One line for whatever takes more than a second."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(title: str) -> Iterator[None]:
    """Names what is going on once it has taken a second, and says at its end how long it took."""
    began = time.monotonic()
    told = threading.Event()

    def tell() -> None:
        told.set()
        print(f"{title} ...", file=sys.stderr, flush=True)

    timer = threading.Timer(1.0, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if told.is_set():
            print(f"{title}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
