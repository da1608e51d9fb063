"""A bound on how long a block may wait: `asyncio.timeout` in a third of its time.

Every push enters two such blocks and leaves them in time; what `asyncio.timeout` spends on
being moved, looked at and printed was seen in the profile of a push.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any


class TimeLimit:
    """`with TimeLimit(seconds):` raises `TimeoutError` out of the block once time is up.

    Used once, inside a task. As with `asyncio.timeout`, the block is cancelled at its present
    `await`, and a cancellation that came from elsewhere is passed on as one.
    """

    __slots__ = ("_cancelling", "_given", "_is_over", "_seconds", "_task", "_timer")

    _cancelling: int
    _task: asyncio.Task[Any]
    _timer: asyncio.TimerHandle

    def __init__(self, seconds: float, *, task: asyncio.Task[Any] | None = None) -> None:
        """`task` is the running one, if it is known: asking for it is a system call."""
        self._seconds = seconds
        self._given = task
        self._is_over = False

    def __enter__(self) -> None:
        task = self._given or asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a task")
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = task.get_loop().call_later(self._seconds, self._cut)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if not self._is_over:
            return
        was_cancelled = self._task.uncancel() > self._cancelling
        if kind is asyncio.CancelledError and not was_cancelled:
            raise TimeoutError from error

    def _cut(self) -> None:
        self._is_over = True
        self._task.cancel()
