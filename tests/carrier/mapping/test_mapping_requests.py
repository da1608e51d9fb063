"""Whatever a sender writes: the carrier reads it as it was, or is not asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.cancellation.model import Outcome
from adapter.carrier.mapping.values import PushFields, Unfit
from tests.carrier.both_sides import sent
from tests.carrier.dispatch_contract import (
    REQUEST_ID,
    cancellation,
    dispatch_mapping,
    shipped_mapping,
)

TEXTS = st.text(max_size=64)


@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.integers(0, 253_402_300_799))
def test_any_text_reaches_a_carrier_with_our_contract_unchanged(
    biz: str, order: str, waybill: str, shop: str, sender: str, credential: str, at: int
) -> None:
    push = cancellation(
        biz_id=biz,
        order_id=order,
        waybill_id=waybill,
        shop_app_id=shop,
        open_id=sender,
        credential=credential,
        pushed_at=at,
    )

    fields = shipped_mapping().read_request(sent(shipped_mapping().request(push, REQUEST_ID)))

    assert fields == PushFields(
        request_id=REQUEST_ID,
        open_id=sender,
        pushed_at=str(at),
        biz_id=biz,
        biz_pwd=credential,
        shop_app_id=shop,
        order_id=order,
        waybill_id=waybill,
    )


@given(TEXTS, TEXTS, TEXTS, st.integers(0, 2**63 - 1), st.integers(0, 2**64 - 1))
def test_any_text_and_any_number_that_fits_reach_the_second_contract_unchanged(
    biz: str, shop: str, credential: str, waybill: int, order: int
) -> None:
    push = cancellation(
        biz_id=biz,
        order_id=str(order),
        waybill_id=str(waybill),
        shop_app_id=shop,
        credential=credential,
    )

    fields = dispatch_mapping().read_request(sent(dispatch_mapping().request(push, REQUEST_ID)))

    assert fields == PushFields(
        request_id=REQUEST_ID,
        pushed_at="1533042556",
        biz_id=biz,
        biz_pwd=credential,
        shop_app_id=shop,
        order_id=str(order),
        waybill_id=str(waybill),
    )


@given(TEXTS, TEXTS)
def test_a_text_is_sent_as_its_number_or_not_at_all(order: str, waybill: str) -> None:
    built = dispatch_mapping().request(cancellation(order_id=order, waybill_id=waybill), "k")

    if isinstance(built, Unfit):
        assert built.outcome is Outcome.NOT_FOUND
    else:
        fields = dispatch_mapping().read_request(built)
        assert (fields.order_id, fields.waybill_id) == (str(int(order)), str(int(waybill)))


@pytest.mark.parametrize(
    "waybill",
    [
        "9223372036854775808",
        "012345678901234567890123456789",
        "SF1",
        "-1",
        "+1",
        " 1",
        "1_0",
        "１",
        "",
    ],
)
def test_a_waybill_that_is_no_number_of_the_carriers_is_not_found(waybill: str) -> None:
    unfit = dispatch_mapping().request(cancellation(waybill_id=waybill), REQUEST_ID)

    assert unfit == Unfit(source="WayBillID", target="by_number.number")
    assert isinstance(unfit, Unfit)
    assert (unfit.outcome, unfit.status) == (Outcome.NOT_FOUND, "UNFIT")


def test_leading_zeros_do_not_survive_a_number() -> None:
    mapping = dispatch_mapping()

    request = sent(mapping.request(cancellation(waybill_id="000123"), REQUEST_ID))

    assert mapping.read_request(request).waybill_id == "123"
