"""The adapter everybody writes first: each delivery asks the carrier and repeats its word.

The same edge and the same gRPC call as the product, and no ledger. In the journeys it must
be caught lying: a judge that finds nothing in it finds nothing.
"""

from __future__ import annotations

import asyncio

from adapter.cancellation.model import Answer, Cancellation, Outcome, Unsent
from adapter.cancellation.ports import Carrier
from adapter.cancellation.push_key import push_key

IDENTITY_KEY = b"the naive adapter keeps no books"
CALL_SECONDS = 12.0


class NaiveDesk:
    """Stands where the desk stands. It takes the desk's other parts and leaves them alone."""

    def __init__(self, *, carrier: Carrier, **_unused: object) -> None:
        self._carrier = carrier
        self._calls: set[asyncio.Task[Answer]] = set()

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return len(self._calls)

    retry_tokens = 0.0

    async def cancel(
        self, cancellation: Cancellation, *, within_seconds: float, **_unused: object
    ) -> Answer:
        """Ask, and say what the carrier says; -1 when it says nothing in time."""
        call = asyncio.create_task(self._ask(cancellation))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        try:
            async with asyncio.timeout(within_seconds):
                return await asyncio.shield(call)
        except TimeoutError:
            return Answer(key="", outcome=Outcome.IN_DOUBT)

    def refuse(self, cancellation: Cancellation, *, reason: Unsent) -> Answer:
        """Say that nothing was done."""
        return Answer(key="", outcome=Outcome.FAILED, unsent=reason)

    async def drain(self, *, within_seconds: float) -> int:
        """Wait for the calls."""
        if self._calls:
            await asyncio.wait(set(self._calls), timeout=within_seconds)
        return len(self._calls)

    async def _ask(self, cancellation: Cancellation) -> Answer:
        key = push_key(cancellation, identity_key=IDENTITY_KEY)
        answer = await self._carrier.cancel(
            cancellation, request_id=key, within_seconds=CALL_SECONDS
        )
        return Answer(key=key, outcome=answer.outcome, message=answer.message)
