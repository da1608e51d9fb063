"""Callers that wait for a change of a waybill."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterable

from adapter.cancellation.model import Waybill


def number_of(waybill: Waybill) -> int:
    """A signed 64-bit number of the waybill: its lock's name, and what is notified.

    Two waybills with one number would only wait for each other.
    """
    biz_id, waybill_id = waybill.biz_id.encode(), waybill.waybill_id.encode()
    told_apart = len(biz_id).to_bytes(4, "big") + biz_id + waybill_id
    digest = hashlib.blake2b(told_apart, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class Waiting:
    """Callers that wait for some waybill; waking one that had no need to is harmless."""

    def __init__(self) -> None:
        self._events: dict[int, set[asyncio.Event]] = defaultdict(set)

    def __bool__(self) -> bool:
        return bool(self._events)

    async def wait(self, waybill: Waybill, *, within_seconds: float) -> None:
        """Return when the waybill is notified of, or time is up."""
        number, event = number_of(waybill), asyncio.Event()
        self._events[number].add(event)
        try:
            async with asyncio.timeout(within_seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._events[number].discard(event)
            if not self._events[number]:
                del self._events[number]

    def wake(self, numbers: Iterable[int]) -> None:
        """Wake whoever waits for the waybills with these numbers."""
        for number in numbers:
            for event in self._events.get(number, ()):
                event.set()
