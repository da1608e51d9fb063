"""How many calls may run at once. Beyond that a push is answered without asking."""

from __future__ import annotations

import asyncio


class CallLimit:
    """A bound on calls in flight. `refused` counts those turned away or out of time."""

    __slots__ = ("_semaphore", "refused", "size", "taken")

    def __init__(self, size: int) -> None:
        self._semaphore = asyncio.Semaphore(size)
        self.size = size
        self.taken = 0
        self.refused = 0

    def has_free(self) -> bool:
        """Say whether a call could start now, and count it if not."""
        if not self._semaphore.locked():
            return True
        self.refused += 1
        return False

    async def take(self, *, within_seconds: float) -> bool:
        """Take a place, waiting if need be; False when none came free in time.

        Does not switch tasks while a place is free.
        """
        if self._semaphore.locked():
            try:
                async with asyncio.timeout(within_seconds):
                    await self._semaphore.acquire()
            except TimeoutError:
                self.refused += 1
                return False
        else:
            await self._semaphore.acquire()
        self.taken += 1
        return True

    def give_back(self) -> None:
        self.taken -= 1
        self._semaphore.release()
