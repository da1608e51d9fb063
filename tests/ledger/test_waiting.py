from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from adapter.cancellation.model import Waybill
from adapter.ledger.waiting import Waiting, number_of
from tests.conformance.decisions import WAYBILL, waybill_of


@given(st.text(), st.text())
def test_a_number_fits_a_signed_64_bit_column(biz_id: str, waybill_id: str) -> None:
    number = number_of(Waybill(biz_id=biz_id, waybill_id=waybill_id))

    assert -(2**63) <= number < 2**63


def test_the_border_between_the_two_names_counts() -> None:
    assert number_of(Waybill(biz_id="ab", waybill_id="c")) != number_of(
        Waybill(biz_id="a", waybill_id="bc")
    )


async def test_only_who_waits_for_the_waybill_is_woken() -> None:
    waiting = Waiting()
    mine = asyncio.create_task(waiting.wait(WAYBILL, within_seconds=30))
    other = asyncio.create_task(waiting.wait(waybill_of(2), within_seconds=0.05))
    await asyncio.sleep(0)

    waiting.wake([number_of(WAYBILL), number_of(waybill_of(3))])

    async with asyncio.timeout(5):
        await mine
    assert not other.done()
    await other
    assert not waiting


async def test_two_who_wait_for_one_waybill_are_both_woken_though_another_gave_up() -> None:
    waiting = Waiting()
    staying = [asyncio.create_task(waiting.wait(WAYBILL, within_seconds=30)) for _ in range(2)]
    await waiting.wait(WAYBILL, within_seconds=0)
    before = bool(waiting)

    waiting.wake([number_of(WAYBILL)])

    async with asyncio.timeout(5):
        await asyncio.gather(*staying)
    assert (before, bool(waiting)) == (True, False)
