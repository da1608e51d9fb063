"""A process that gets no processor: once, or most of the time."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.journeys.worlds import Replica


@contextmanager
def standing_still(replica: Replica) -> Iterator[None]:
    """Stop the process where it stands: a busy host, a machine that is paused."""
    pid = _pid(replica)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def throttled(replica: Replica, *, share: float, period_seconds: float) -> Iterator[None]:
    """Let the process run for this share of each period, as a container's quota or a busy host
    does."""
    pid, over = _pid(replica), threading.Event()

    def alternate() -> None:
        while not over.is_set():
            os.kill(pid, signal.SIGSTOP)
            over.wait(period_seconds * (1 - share))
            os.kill(pid, signal.SIGCONT)
            over.wait(period_seconds * share)

    thread = threading.Thread(target=alternate, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _pid(replica: Replica) -> int:
    assert replica.serving is not None
    return replica.serving.pid
