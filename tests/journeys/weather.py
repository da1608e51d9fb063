"""What the journeys through bad weather share: a press, a moment, and the verdict."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from adapter.simulator.play import seal
from adapter.wechat.codec import Format
from tests.journeys.evidence import Delivery
from tests.journeys.judge import Verdict
from tests.journeys.merchants import Street
from tests.journeys.program import ACCOUNT, Press
from tests.journeys.worlds import Terrain, World

PATIENCE_SECONDS = 10.0  # twice WeChat's: what is said to nobody any more is heard too


async def deliver(street: Street, press: Press, *, at: int = 0) -> Delivery:
    """POST once, to the replica of that number."""
    sealed = seal(press.fields, Format.XML, account=ACCOUNT)
    return await street.deliver(press, sealed, Format.XML, at=at)


async def until(moment: float) -> None:
    """Wait for a time of the running loop's clock."""
    await asyncio.sleep(max(moment - asyncio.get_running_loop().time(), 0.0))


def calm(terrain: Terrain) -> World:
    """The processes of a journey in which none of them dies."""
    return World(replace(terrain, kills=False))


def expect_no_violation(verdict: Verdict) -> None:
    """Fail with all that was found."""
    assert verdict.violations == (), str(verdict)
