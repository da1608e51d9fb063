from __future__ import annotations

import json
import pickle
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.cancel_waybill import EVENT, CancelWaybill, OtherEvent, Reply, read
from adapter.wechat.codec import Format, encode, sniff
from adapter.wechat.errors import Undecodable
from adapter.wechat.secret import Secret
from tests.wechat.examples import PUSH_FIELDS, identity_text, vectors, xml_text

FORMATS = list(Format)
SAMPLES = {vector["id"]: vector["body"].encode() for vector in vectors("samples")}
REPLY_ORDER = [
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Event",
    "BizID",
    "OrderID",
    "WayBillID",
    "ResultCode",
    "ResultMsg",
]


def message(format: Format, **changes: str | int | None) -> bytes:
    """Write the document's push with some fields changed, or left out when None."""
    fields = dict(PUSH_FIELDS) | changes
    return encode([(name, value) for name, value in fields.items() if value is not None], format)


def cancellation(body: bytes, format: Format) -> CancelWaybill:
    push = read(body, format)
    assert isinstance(push, CancelWaybill)
    return push


def independently(body: bytes, format: Format) -> list[tuple[str, Any]]:
    """Read a reply without any code of ours."""
    if format is Format.JSON:
        pairs: list[tuple[str, Any]] = json.loads(body, object_pairs_hook=list)
        return pairs
    return [(child.tag, child.text or "") for child in ElementTree.fromstring(body)]  # noqa: S314


@pytest.mark.parametrize("name", ["CancelWaybillEvent.xml", "CancelWaybillEvent.json"])
def test_the_documents_push_is_read(name: str) -> None:
    push = cancellation(SAMPLES[name], sniff(SAMPLES[name]))

    assert push == CancelWaybill(
        to_user_name="gh_abcdefg",
        from_user_name="oABCD",
        create_time=1533042556,
        event="cancel_waybill",
        biz_id="xyz",
        biz_pwd=Secret("xyz123"),
        shop_app_id="wxABCD",
        order_id="012345678901234567890123456789",
        way_bill_id="123456789",
    )
    assert push.biz_pwd == Secret("xyz123")


@pytest.mark.parametrize("format", FORMATS)
def test_the_documents_reply_is_written(format: Format) -> None:
    push = cancellation(message(format), format)

    reply = Reply(push=push, result_code=0, result_msg="success").encode(format)

    sample = SAMPLES[f"cancel_waybill.reply.{format.value}"]
    assert independently(reply, format) == independently(sample, format)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("AddWaybillEvent", "add_waybill"),
        ("CheckBusinessEvent", "check_biz"),
        ("GetQuotaEvent", "get_quota"),
    ],
)
@pytest.mark.parametrize("format", FORMATS)
def test_other_events_are_told_by_name(name: str, event: str, format: Format) -> None:
    assert read(SAMPLES[f"{name}.{format.value}"], format) == OtherEvent(event=event)


@pytest.mark.parametrize("body", [b'{"MsgType":"text"}', b'{"Event":1}', b'{"Event":["x"]}'])
def test_a_message_without_an_event_is_not_ours(body: bytes) -> None:
    assert read(body, Format.JSON) == OtherEvent(event="")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("event", ["CANCEL_WAYBILL", "Cancel_WayBill"])
def test_the_event_counts_in_any_letter_case_and_is_answered_in_lower_case(
    event: str, format: Format
) -> None:
    push = cancellation(message(format, Event=event), format)

    reply = Reply(push=push, result_code=0, result_msg="success").encode(format)

    assert push.event == event
    assert dict(independently(reply, format))["Event"] == EVENT


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "event",
    [" cancel_waybill", "cancel_waybill\n", "\t Cancel_Waybill \r\n", "cancel_waybill\u3000"],
)
def test_blanks_around_the_event_lose_no_cancellation(event: str, format: Format) -> None:
    assert cancellation(message(format, Event=event), format).event.lower() == EVENT


@pytest.mark.parametrize(
    "event", ["cancel_waybıll", "", "cancel waybill", "cancel_single_waybill", "cancel_waybill2"]
)
def test_a_similar_event_is_not_ours(event: str) -> None:
    assert read(message(Format.XML, Event=event), Format.XML) == OtherEvent(event=event)


@pytest.mark.parametrize("format", FORMATS)
@given(
    ids=st.tuples(*[identity_text] * 5),
    password=xml_text,
    result_code=st.sampled_from([0, -1, 30001, 30002, 30003, 30004]),
    result_msg=xml_text,
)
def test_any_unicode_comes_back_as_it_was_with_one_result_code(
    format: Format, ids: tuple[str, ...], password: str, result_code: int, result_msg: str
) -> None:
    biz, order, waybill, sender, receiver = ids
    changed = message(
        format,
        BizID=biz,
        OrderID=order,
        WayBillID=waybill,
        FromUserName=sender,
        ToUserName=receiver,
        BizPwd=password,
    )

    push = cancellation(changed, format)
    reply = Reply(push=push, result_code=result_code, result_msg=result_msg).encode(format)

    assert push.faults == ()
    assert push.biz_pwd.reveal() == password
    written = independently(reply, format)
    assert [name for name, _ in written] == REPLY_ORDER
    code: str | int = str(result_code) if format is Format.XML else result_code
    time: str | int = "1533042556" if format is Format.XML else 1533042556
    assert [value for _, value in written] == [
        *(sender, receiver, time, "event", EVENT),
        *(biz, order, waybill, code, result_msg),
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_an_order_id_cannot_bring_a_result_code(format: Format) -> None:
    hostile = "1]]></OrderID><ResultCode>0</ResultCode><OrderID><![CDATA[2"
    push = cancellation(message(format, OrderID=hostile), format)

    reply = Reply(push=push, result_code=-1, result_msg="x").encode(format)

    assert [name for name, _ in independently(reply, format)] == REPLY_ORDER
    assert dict(independently(reply, format))["OrderID"] == hostile


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["BizID", "OrderID", "WayBillID"])
@pytest.mark.parametrize(
    ("value", "echo"),
    [
        (None, ""),
        ("", ""),
        ("x" * 513, "x" * 513),
        ("a\nb", "a\nb"),
        ("a\tb", "a\tb"),
        ("a\x7fb", "a\x7fb"),
        ("a\x85b", "a\x85b"),
    ],
)
def test_an_id_that_identifies_nothing_is_a_fault_and_is_echoed(
    format: Format, name: str, value: str | None, echo: str
) -> None:
    push = cancellation(message(format, **{name: value}), format)

    reply = Reply(push=push, result_code=30001, result_msg="x").encode(format)

    assert push.faults == (name,)
    assert dict(independently(reply, format))[name] == echo


NOT_TEXT = [b"1", b"null", b"true", b"[]", b"{}", b'"\\u0000"', b'"\\u001f"']


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in ("BizID", "OrderID", "WayBillID", "ShopAppID")
        for value in NOT_TEXT
        if (name, value) != ("ShopAppID", b"null")
    ],
)
def test_an_id_that_is_not_text_is_a_fault(name: str, value: bytes) -> None:
    body = message(Format.JSON, **{name: "@"}).replace(b'"@"', value)

    assert cancellation(body, Format.JSON).faults == (name,)


def test_an_id_with_children_is_a_fault() -> None:
    body = message(Format.XML).replace(b"<![CDATA[123456789]]>", b"<a>1</a>")

    assert cancellation(body, Format.XML).faults == ("WayBillID",)


def test_all_faults_are_named() -> None:
    body = message(Format.JSON, BizID=None, OrderID="", WayBillID="\x01")

    assert cancellation(body, Format.JSON).faults == ("BizID", "OrderID", "WayBillID")


@pytest.mark.parametrize("format", FORMATS)
def test_512_characters_identify(format: Format) -> None:
    assert cancellation(message(format, OrderID="运" * 512), format).faults == ()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["ShopAppID", "BizPwd"])
def test_a_push_without_shop_or_password_is_read(name: str, format: Format) -> None:
    push = cancellation(message(format, **{name: None}), format)

    assert push.faults == ()
    assert {"ShopAppID": push.shop_app_id, "BizPwd": push.biz_pwd.reveal()}[name] == ""


def test_a_password_that_is_not_text_is_no_password() -> None:
    assert not cancellation(message(Format.JSON, BizPwd=1), Format.JSON).biz_pwd


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("value", [None, "", "x" * 513, "a\nb"])
def test_a_push_that_cannot_be_answered_is_undecodable(value: str | None, format: Format) -> None:
    with pytest.raises(Undecodable, match="FromUserName"):
        read(message(format, FromUserName=value), format)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("value", [None, "", "x" * 513, "a\nb"])
def test_a_push_to_nobody_is_read_with_a_header_fault(value: str | None, format: Format) -> None:
    push = cancellation(message(format, ToUserName=value), format)

    assert (push.header_faults, push.to_user_name) == (("ToUserName",), value or "")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "value", [None, 0, -1, 2**53 + 1, "", " 1", "1.0", "1e9", "１", "x" * 5000]
)
def test_a_time_outside_its_range_is_a_header_fault(
    value: str | int | None, format: Format
) -> None:
    push = cancellation(message(format, CreateTime=value), format)

    assert (push.header_faults, push.create_time) == (("CreateTime",), 0)


@pytest.mark.parametrize("value", [b"true", b"1.5", b"1e9", b"null", b"[1]", b'{"a":1}', b'" 1"'])
def test_a_time_that_is_no_json_integer_is_a_header_fault(value: bytes) -> None:
    push = cancellation(message(Format.JSON).replace(b"1533042556", value), Format.JSON)

    assert (push.header_faults, push.create_time) == (("CreateTime",), 0)


@pytest.mark.parametrize("format", FORMATS)
def test_a_time_of_digits_in_quotes_is_a_number(format: Format) -> None:
    body = message(format, CreateTime="1533042556")

    push = cancellation(body, format)

    assert (push.header_faults, push.create_time) == ((), 1533042556)
    assert type(push.create_time) is int


def test_a_shop_that_is_null_is_no_shop() -> None:
    body = message(Format.JSON, ShopAppID="@").replace(b'"@"', b"null")

    push = cancellation(body, Format.JSON)

    assert (push.faults, push.shop_app_id) == ((), "")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("value", [1, 2**53])
def test_a_time_within_its_range_is_read(value: int, format: Format) -> None:
    assert cancellation(message(format, CreateTime=value), format).create_time == value


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["Event", "OrderID", "BizPwd"])
def test_a_repeated_field_is_undecodable(name: str, format: Format) -> None:
    value = dict(PUSH_FIELDS)[name]
    twice = (
        message(format).replace(b"</xml>", encode([(name, value)], format)[5:])
        if format is Format.XML
        else message(format)[:-1] + b"," + encode([(name, value)], format)[1:]
    )

    with pytest.raises(Undecodable, match="repeated_name"):
        read(twice, format)


OTHERS_THAT_CANNOT_BE_DECODED = [
    b"<xml><Event>PUBLISHJOBFINISH</Event><P><fail_idx>1</fail_idx><fail_idx>2</fail_idx></P></xml>",
    b"<xml><!-- c --><Event><![CDATA[PUBLISHJOBFINISH]]></Event></xml>",
    b"<xml><Event> PUBLISHJOBFINISH\n</Event><a b='c'/></xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event>" + b"<a/>" * 300 + b"</xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event>" + b"<a>" * 8 + b"</a>" * 8 + b"</xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event>\xe2\x80\x8b<a>1</a></xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event><a>\x0b</a></xml>",
    b'{"Event":"PUBLISHJOBFINISH","a":1,"a":2}',
    b'{"Event" : "PUBLISHJOBFINISH","a":NaN}',
    b'{"Event":"PUBLISHJOBFINISH","a":' + b"[" * 8 + b"]" * 8 + b"}",
    b'[{"Event":"PUBLISHJOBFINISH"}]',
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("body", OTHERS_THAT_CANNOT_BE_DECODED)
def test_another_event_that_cannot_be_decoded_is_told_by_name(body: bytes, format: Format) -> None:
    event = read(body, format)

    assert isinstance(event, OtherEvent)
    assert (event.event, bool(event.undecodable)) == ("PUBLISHJOBFINISH", True)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "body",
    [b"", b"success", b"[]", b"<xml>", b"{", b"<xml><Event>a</Event><Event>b</Event></xml>"],
)
def test_what_names_no_one_event_is_another_event(body: bytes, format: Format) -> None:
    event = read(body, format)

    assert isinstance(event, OtherEvent)
    assert (event.event, bool(event.undecodable)) == ("", True)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("body", OTHERS_THAT_CANNOT_BE_DECODED)
@pytest.mark.parametrize("name", [b"cancel_waybill", b"Cancel_WayBill"])
def test_what_may_be_a_cancellation_must_be_decodable(
    body: bytes, name: bytes, format: Format
) -> None:
    with pytest.raises(Undecodable):
        read(body.replace(b"PUBLISHJOBFINISH", name), format)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_cancellation_in_another_encoding_is_not_passed_on(codec: str, format: Format) -> None:
    with pytest.raises(Undecodable):
        read(message(format).decode().encode(codec), format)


@pytest.mark.parametrize("format", FORMATS)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_undecodable(format: Format, body: bytes) -> None:
    try:
        push = read(body, format)
    except Undecodable:
        return

    assert isinstance(push, CancelWaybill | OtherEvent)


@pytest.mark.parametrize("format", FORMATS)
def test_the_password_is_never_printed_pickled_or_answered(format: Format) -> None:
    push = cancellation(message(format, BizPwd="canary-7f3a"), format)
    reply = Reply(push=push, result_code=0, result_msg="success")

    assert "canary" not in f"{push} {push!r} {reply}"
    assert b"canary" not in reply.encode(format)
    with pytest.raises(TypeError):
        pickle.dumps(push)
