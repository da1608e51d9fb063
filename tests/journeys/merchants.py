"""The load: merchants who press, press again, and WeChat that repeats what went wrong."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from random import Random

from adapter.simulator.delivery import ANSWER_WITHIN_SECONDS, Answered, Sender, Unreachable
from adapter.simulator.play import seal
from adapter.simulator.verdict import judge
from adapter.wechat.client_side import SealedPush
from adapter.wechat.codec import Format
from tests.journeys.evidence import UNKNOWN_OR_UNDONE, Delivery
from tests.journeys.kinds import draw
from tests.journeys.program import ACCOUNT, Press

REPEATS = 3  # "总共重试三次"
PRESSES_OF_A_WAYBILL = 4


def read_delivery(
    press: Press, answered: Answered, format: Format, *, sent_at: float, ended_at: float
) -> Delivery:
    """Read what came back for one POST."""
    verdict = None
    if answered.status is not None:
        verdict = judge(answered, press.fields, format, account=ACCOUNT, case=None)
    reply = verdict.reply if verdict else None
    return Delivery(
        press=press,
        sent_at=sent_at,
        ended_at=ended_at,
        status=answered.status,
        code=reply.result_code if reply else None,
        text=reply.result_msg if reply else "",
        wrong=tuple(found.message for found in verdict.deviations) if verdict else (),
    )


class Street:
    """WeChat's side: takes presses to the replicas' doors and writes down what happened. With
    more patience than WeChat's it also hears the replies that come after WeChat hung up."""

    def __init__(
        self, urls: Sequence[str], *, seed: int, patience_seconds: float = ANSWER_WITHIN_SECONDS
    ) -> None:
        self.deliveries: list[Delivery] = []
        self._rng = Random(seed)  # noqa: S311 - a journey is repeated by its seed
        self._urls = urls
        self._patience_seconds = patience_seconds
        self._senders: list[Sender] = []
        self._stack = AsyncExitStack()
        self._numbers = itertools.count(1)
        self._presses: dict[str, int] = {}

    async def __aenter__(self) -> Street:
        for url in self._urls:
            sender = Sender(url, limit_seconds=self._patience_seconds)
            self._senders.append(await self._stack.enter_async_context(sender))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def waybill(self, word: str) -> str:
        """A waybill that nobody has pressed for."""
        return f"{word}-{next(self._numbers)}"

    def next_press(self, waybill: str) -> Press:
        nth = self._presses[waybill] = self._presses.get(waybill, 0) + 1
        return Press(waybill=waybill, nth=nth)

    @property
    def pushes(self) -> int:
        """How many presses there were."""
        return sum(self._presses.values())

    async def load(self, *, merchants: int, is_over: Callable[[], bool]) -> None:
        """Let merchants press until it is over, and see what was begun through."""
        async with asyncio.TaskGroup() as together:
            for _ in range(merchants):
                together.create_task(self._merchant(is_over))

    async def push(self, press: Press) -> int | None:
        """Push once and repeat what went wrong, as WeChat does; return the last code heard."""
        rng, format = self._rng, self._rng.choice((Format.XML, Format.JSON))
        sealed = seal(press.fields, format, account=ACCOUNT)
        code: int | None = None
        for _ in range(1 + REPEATS):
            at_once = 4 if rng.random() < 0.04 else 1
            heard = await asyncio.gather(
                *(self.deliver(press, sealed, format) for _ in range(at_once))
            )
            code = next((delivery.code for delivery in heard if delivery.code is not None), None)
            if all(delivery.status == 200 for delivery in heard):
                break
            await asyncio.sleep(rng.uniform(0.0, 0.7))
            if rng.random() < 0.5:
                sealed = seal(press.fields, format, account=ACCOUNT)
        if rng.random() < 0.15:  # the reply was lost behind WeChat's own door
            await asyncio.sleep(rng.uniform(0.0, 1.0))
            again = await self.deliver(press, sealed, format)
            code = code if again.code is None else again.code
        return code

    async def deliver(
        self, press: Press, sealed: SealedPush, format: Format, *, at: int | None = None
    ) -> Delivery:
        """POST once, to any replica or to the one named."""
        replica = self._rng.randrange(len(self._senders)) if at is None else at
        sender = self._senders[replica]
        sent_at = time.time()
        try:
            (answered,) = await sender.push(sealed, format)
        except Unreachable:
            delivery = Delivery(press=press, sent_at=sent_at, ended_at=time.time(), connected=False)
        except (AttributeError, OSError):
            # The HTTP client looks at its socket, which a kill has closed in that very moment.
            delivery = Delivery(press=press, sent_at=sent_at, ended_at=time.time())
        else:
            delivery = read_delivery(press, answered, format, sent_at=sent_at, ended_at=time.time())
        delivery = replace(delivery, replica=replica)
        self.deliveries.append(delivery)
        return delivery

    async def _merchant(self, is_over: Callable[[], bool]) -> None:
        rng = self._rng
        while not is_over():
            await asyncio.sleep(rng.uniform(0.0, 0.5))
            waybill = self.waybill(draw(rng).word)
            if rng.random() < 0.1:
                await asyncio.gather(
                    *(self.push(self.next_press(waybill)) for _ in range(2)),
                )
            code = await self.push(self.next_press(waybill))
            while not is_over() and self._presses[waybill] < PRESSES_OF_A_WAYBILL:
                unsettled = code is None or code == UNKNOWN_OR_UNDONE
                if rng.random() > (0.7 if unsettled else 0.3):
                    break
                await asyncio.sleep(rng.uniform(0.0, 0.4))
                code = await self.push(self.next_press(waybill))
