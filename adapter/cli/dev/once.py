"""Every case in every mode and format: a fresh adapter and fresh orders for each round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import product

from adapter.cli.dev.settings import DevOptions, dev_settings, mapping_of
from adapter.cli.dev.stub import Stub
from adapter.cli.push.account import development_account
from adapter.simulator.cases import CASES, ONE_OF_EACH_CODE, Case
from adapter.simulator.delivery import Sender
from adapter.simulator.play import Played, play
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wiring import running


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLine:
    """One push and its reply. `result_code` is None when the reply could not be read."""

    mode: Mode
    format: Format
    case: Case
    played: Played

    @property
    def waybill(self) -> str:
        """The WayBillID that was pushed."""
        return self.played.press.text("WayBillID")

    @property
    def result_code(self) -> int | None:
        """What the merchant would be told."""
        reply = self.played.verdict.reply
        return reply.result_code if reply else None

    @property
    def result_msg(self) -> str:
        """What the merchant would read; empty when the reply could not be read."""
        reply = self.played.verdict.reply
        return reply.result_msg if reply else ""

    @property
    def deviations(self) -> tuple[str, ...]:
        """What is wrong, in sentences."""
        return tuple(found.message for found in self.played.verdict.deviations)


async def every_reply(options: DevOptions, stub: Stub) -> AsyncIterator[ReplyLine]:
    """Push each case in each mode and format over real ports."""
    fit = (await asyncio.to_thread(mapping_of, options)).order_that_fits
    for mode, format in product(Mode, Format):
        # The document's example can be cancelled once, and a second push of it is a repeat of
        # the first: each round needs a new ledger and new orders.
        await stub.reset()
        settings = dev_settings(replace(options, mode=mode), stub_target=stub.target)
        async with running(settings, log=Silent()) as adapter:
            host, port = adapter.edge.address
            async with Sender(f"http://{host}:{port}{settings.edge.path}") as sender:
                for name in ONE_OF_EACH_CODE:
                    case = replace(CASES[name], also=())
                    press = PressFields.of(case, create_time=EXAMPLE_CREATE_TIME, word="DEMO")
                    played = await play(
                        press.with_fields({"OrderID": fit(press.text("OrderID"))}),
                        format,
                        account=development_account(mode),
                        sender=sender,
                        case=case,
                    )
                    yield ReplyLine(mode=mode, format=format, case=case, played=played)


class Silent:
    """A log that is discarded: the table shows the result of each push."""

    def debug(self, event: str, **fields: object) -> None:
        """Forget it."""

    def info(self, event: str, **fields: object) -> None:
        """Discard it."""

    def warning(self, event: str, **fields: object) -> None:
        """Discard it."""

    def error(self, event: str, **fields: object) -> None:
        """Discard it."""
