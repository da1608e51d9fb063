from __future__ import annotations

import json

import pytest

from adapter.simulator.cases import CASES
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.wechat.cancel_waybill import CancelWaybill, read
from adapter.wechat.codec import Format

EXAMPLE = PressFields.of(CASES["example"], create_time=EXAMPLE_CREATE_TIME, word="1")
DOCUMENT = {
    "ToUserName": "gh_abcdefg",
    "FromUserName": "oABCD",
    "CreateTime": 1533042556,
    "MsgType": "event",
    "Event": "cancel_waybill",
    "BizID": "xyz",
    "BizPwd": "xyz123",
    "ShopAppID": "wxABCD",
    "OrderID": "012345678901234567890123456789",
    "WayBillID": "123456789",
}


def test_the_example_is_the_documents_field_by_field() -> None:
    members = json.loads(EXAMPLE.encode(Format.JSON))

    assert members == DOCUMENT
    assert list(members) == list(DOCUMENT)


@pytest.mark.parametrize("format", Format)
def test_the_edge_reads_what_was_pressed(format: Format) -> None:
    push = read(EXAMPLE.encode(format), format)

    assert isinstance(push, CancelWaybill)
    assert (push.way_bill_id, push.create_time, push.faults) == ("123456789", 1533042556, ())


def test_a_word_makes_a_magic_waybill_fresh() -> None:
    press = PressFields.of(CASES["ok"], create_time=1, word="A7")

    assert (press.text("WayBillID"), press.text("OrderID")) == ("STUB-OK-A7", "ORDER-A7")


def test_fields_are_set_in_place_and_new_ones_at_the_end() -> None:
    press = EXAMPLE.with_fields({"CreateTime": "7", "BizID": "42", "More": "x"})

    assert (press.value("CreateTime"), press.value("BizID")) == (7, "42")
    assert [name for name, _ in press.fields] == [*DOCUMENT, "More"]


@pytest.mark.parametrize("text", ["", "soon", "٣", "1.5", "-1"])
def test_a_time_that_is_no_number_is_sent_as_the_text_it_is(text: str) -> None:
    assert EXAMPLE.with_fields({"CreateTime": text}).value("CreateTime") == text


def test_a_field_that_is_not_there_is_empty_text() -> None:
    assert (EXAMPLE.text("Nothing"), EXAMPLE.value("Nothing")) == ("", None)


def test_the_password_is_sent_and_never_shown() -> None:
    press = EXAMPLE.with_fields({"BizPwd": "canary"})

    assert b"canary" in press.encode(Format.XML)
    assert dict(press.shown)["BizPwd"] == "***"
    assert "canary" not in repr(press)
