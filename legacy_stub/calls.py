"""The log of calls: all that the stub remembers, and what can be read from it.

What happened to an order is never stored apart: an order is cancelled when some call says
`done`. So the log cannot disagree with the orders, and a file of it is the whole database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

CALLS_KEPT = 1_000_000
"""Calls held in memory, about 0.6 KiB each; older ones are forgotten, what they did is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One CancelWaybill as it was received and answered. `time` is Unix seconds.

    `nth` counts the calls about this waybill from 1. `answer` is an outcome, the name of a
    gRPC status, `unknown_status`, or empty while (or for ever when) nothing was answered.
    `done` is true only on the call that changed the order.
    """

    time: float
    waybill: str
    order: str
    request_id: str
    nth: int
    answer: str = ""
    done: bool = False


class Journal(Protocol):
    """Where the log outlives the stub."""

    def read(self) -> Iterator[tuple[int, Call]]:
        """Yield every call written, oldest first, with its number."""
        ...

    def write(self, number: int, call: Call) -> None:
        """Keep a call; when this returns, a kill of the stub cannot lose it."""
        ...

    def clear(self) -> None:
        """Forget every call."""
        ...


class CallLog:
    """The calls in memory, in the order of their arrival, and in a journal if there is one."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._calls: dict[int, Call] = {}
        self._counts: dict[str, int] = {}
        self._cancelled_by: dict[str, str] = {}
        self._next = 1
        for number, call in journal.read() if journal else ():
            self._counts[call.waybill] = max(call.nth, self._counts.get(call.waybill, 0))
            self._keep(number, call)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls.values()))

    def __len__(self) -> int:
        return len(self._calls)

    def receive(self, *, waybill: str, order: str, request_id: str, time: float) -> int:
        """Note that a call came in; return its number. In memory only: nothing is done yet."""
        nth = self._counts.get(waybill, 0) + 1
        self._counts[waybill] = nth
        number = self._next
        call = Call(time=time, waybill=waybill, order=order, request_id=request_id, nth=nth)
        self._keep(number, call)
        return number

    def nth(self, number: int) -> int:
        """Say the how-manieth about its waybill the call `number` is."""
        return self._calls[number].nth

    def settle(self, number: int, *, answer: str, done: bool) -> None:
        """Write what became of the call. Once this returns the effect has happened."""
        # A call from before the last clear has nothing left to be noted on.
        if (call := self._calls.get(number)) is None:
            return
        settled = replace(call, answer=answer, done=done)
        # The journal first: an effect that could not be written has not happened.
        if self._journal:
            self._journal.write(number, settled)
        self._keep(number, settled)

    def cancelled_by(self, waybill: str) -> str | None:
        """Return the request id of the call that cancelled it; None when no call did."""
        return self._cancelled_by.get(waybill)

    def clear(self) -> None:
        """Forget every call, and with the calls every effect."""
        if self._journal:
            self._journal.clear()
        self._calls.clear()
        self._counts.clear()
        self._cancelled_by.clear()

    def _keep(self, number: int, call: Call) -> None:
        self._calls[number] = call
        self._next = max(self._next, number + 1)
        if call.done:
            self._cancelled_by[call.waybill] = call.request_id
        if len(self._calls) > CALLS_KEPT:
            del self._calls[next(iter(self._calls))]
