from __future__ import annotations

import pytest

from adapter.simulator.hostile import (
    BODY_LIMIT_BYTES,
    WAYBILL,
    Wanted,
    hostile_messages,
    mutated,
    ordinary,
    truncated,
)
from adapter.wechat.cancel_waybill import CancelWaybill, OtherEvent, read
from adapter.wechat.codec import Format
from adapter.wechat.errors import Undecodable


@pytest.mark.parametrize("format", Format)
def test_the_ordinary_message_is_readable(format: Format) -> None:
    push = read(ordinary(format), format)

    assert isinstance(push, CancelWaybill)
    assert (push.way_bill_id, push.faults) == (WAYBILL, ())


def test_every_message_differs_from_the_ordinary_one_and_from_the_others() -> None:
    messages = [(hostile.format, hostile.message) for hostile in hostile_messages()]

    assert not {(format, ordinary(format)) for format in Format} & set(messages)
    assert len(set(messages)) == len(messages)
    assert len(messages) > 200


def test_our_own_reader_keeps_to_what_is_wanted() -> None:
    for hostile in hostile_messages():
        if hostile.wanted is Wanted.UNREADABLE:
            with pytest.raises(Undecodable):
                read(hostile.message, hostile.format)
        elif hostile.wanted is Wanted.PASSED_ON:
            event = read(hostile.message, hostile.format)
            assert isinstance(event, OtherEvent), hostile.name
            assert event.undecodable, hostile.name
        elif hostile.wanted is Wanted.FAILED:
            push = read(hostile.message, hostile.format)
            assert isinstance(push, CancelWaybill), hostile.name
            assert len(push.header_faults) == 1, hostile.name
        elif hostile.wanted is Wanted.PARAMETER_ERROR:
            push = read(hostile.message, hostile.format)
            assert isinstance(push, CancelWaybill), hostile.name
            assert push.faults == ("WayBillID",), hostile.name
        elif hostile.wanted is Wanted.TOO_LARGE:
            assert len(hostile.message) > BODY_LIMIT_BYTES


@pytest.mark.parametrize("format", Format)
def test_a_message_is_cut_at_every_byte(format: Format) -> None:
    whole = ordinary(format)

    cuts = [hostile.message for hostile in truncated(format)]

    assert cuts == [whole[:end] for end in range(len(whole))]


@pytest.mark.parametrize("format", Format)
def test_mutations_are_the_same_each_time(format: Format) -> None:
    first, again = (list(mutated(format, 50)) for _ in range(2))

    assert first == again
    assert len({hostile.message for hostile in first}) > 40
    assert first != list(mutated(format, 50, seed=2))
