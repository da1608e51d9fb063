"""Which deliveries are the same press."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from adapter.cancellation.model import fresh_entry
from adapter.cancellation.push_key import push_key
from tests.cancellation.playing import press

KEY = bytes(32)
OTHERS = (
    replace(press(), account="other"),
    replace(press(), open_id="other"),
    replace(press(), biz_id="other"),
    replace(press(), order_id="other"),
    replace(press(), waybill_id="other"),
    replace(press(), shop_app_id="other"),
    press(2),
)


def test_a_key_is_32_lower_case_hex_digits() -> None:
    key = push_key(press(), identity_key=KEY)

    assert len(key) == 32
    assert set(key) <= set("0123456789abcdef")


def test_a_press_keeps_its_key_from_version_to_version() -> None:
    assert push_key(press(), identity_key=KEY) == "f163d69bc32ab5268cf63f8909f43fc4"


def test_an_entry_has_the_key_of_its_press() -> None:
    entry = fresh_entry("", press(), received_at=1.0)

    assert push_key(entry, identity_key=KEY) == push_key(press(), identity_key=KEY)


def test_every_field_and_the_ledgers_own_key_count() -> None:
    keys = {push_key(press(), identity_key=KEY), push_key(press(), identity_key=b"1" * 32)}
    keys |= {push_key(other, identity_key=KEY) for other in OTHERS}

    assert len(keys) == 2 + len(OTHERS)


def test_the_credential_does_not_count() -> None:
    other = replace(press(), credential=press().credential.__class__())

    assert push_key(other, identity_key=KEY) == push_key(press(), identity_key=KEY)


@given(st.text(max_size=4), st.text(max_size=4), st.integers(0, 4))
def test_moving_a_character_between_fields_is_another_press(
    order: str, waybill: str, cut: int
) -> None:
    joined = order + waybill
    one = replace(press(), order_id=order, waybill_id=waybill)
    two = replace(press(), order_id=joined[:cut], waybill_id=joined[cut:])

    same = (one.order_id, one.waybill_id) == (two.order_id, two.waybill_id)
    assert (push_key(one, identity_key=KEY) == push_key(two, identity_key=KEY)) is same
