from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.cancel_waybill import CancelWaybill, Reply
from adapter.wechat.client_side import (
    REPLY_FIELDS,
    ReplyFields,
    build_push,
    build_verification,
    open_reply,
    parse_reply,
)
from adapter.wechat.codec import Format, decode, encode
from adapter.wechat.envelope import Envelope, Mode, Opened
from adapter.wechat.errors import Refused, Undecodable, WeChatError
from adapter.wechat.secret import Secret
from tests import defaults
from tests.wechat.examples import (
    APP_ID,
    NONCE,
    NOW,
    OTHER_KEY,
    RANDOM16,
    TOKEN,
    account,
    account_of,
    body_of,
    push,
    vectors,
)

FORMATS = list(Format)
DERIVED = vectors("derived_cancel_waybill")
OPENED = {
    format: Opened(
        message=b"",
        format=format,
        nonce=NONCE,
        previous_token=False,
        previous_key=False,
        key_index=0,
    )
    for format in FORMATS
}
PUSH = CancelWaybill(
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


def sealed_reply(format: Format, reply: bytes = b"reply") -> bytes:
    return Envelope(account()).seal(reply, OPENED[format], now_unix=NOW, random16=RANDOM16)


@pytest.mark.parametrize(
    "vector",
    [vector for vector in DERIVED if vector["direction"] == "push"],
    ids=lambda vector: vector["id"],
)
def test_pushes_are_built_like_the_derived_ones(vector: Any) -> None:
    format = Format(vector["format"])

    sealed = build_push(
        account_of(vector, Mode(vector["mode"])),
        vector["msg"].encode(),
        format,
        timestamp=int(vector["timestamp"]),
        nonce=vector["nonce"],
        random16=bytes.fromhex(vector["random16_hex"]),
        open_id="oABCD",
    )

    assert dict(parse_qsl(sealed.query)) == vector["query"]
    assert decode(sealed.body, format) == decode(body_of(vector), format)


@pytest.mark.parametrize("format", FORMATS)
def test_a_plaintext_push_is_the_message_itself(format: Format) -> None:
    sealed = push(account(Mode.PLAINTEXT), b"anything", format)

    assert sealed.body == b"anything"
    assert set(parse_qs(sealed.query)) == {"signature", "timestamp", "nonce", "openid"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", list(Mode))
def test_the_mode_can_differ_from_the_accounts(mode: Mode, format: Format) -> None:
    sealed = build_push(
        account(Mode.SECURE),
        encode([("ToUserName", "gh")], format),
        format,
        timestamp=NOW,
        nonce=NONCE,
        random16=RANDOM16,
        open_id="o",
        mode=mode,
    )

    assert Envelope(account(mode)).open(sealed.query.encode(), sealed.body, now_unix=NOW).message


@pytest.mark.parametrize("format", FORMATS)
@given(body=st.binary(max_size=100))
def test_a_hostile_message_is_sealed_as_it_is(format: Format, body: bytes) -> None:
    for mode in Mode:
        assert push(account(mode), body, format).body is not None


@pytest.mark.parametrize("format", FORMATS)
def test_a_message_without_an_end_is_sealed_beside_an_empty_receiver(format: Format) -> None:
    sealed = push(account(Mode.COMPATIBLE), b"broken", format)

    assert decode(sealed.body, format)["ToUserName"] == ""


def test_sealing_without_a_key_is_a_mistake_of_the_caller() -> None:
    keyless = replace(defaults.ACCOUNT, app_id=APP_ID, mode=Mode.SECURE, token=Secret(TOKEN))

    with pytest.raises(ValueError, match="EncodingAESKey"):
        push(keyless, b"x", Format.XML)


def test_a_verification_is_signed_like_tencents() -> None:
    vector = vectors("url_verification")[0]
    expected = vector["query"]

    query = build_verification(
        account_of(vector, Mode.SECURE),
        timestamp=int(expected["timestamp"]),
        nonce=expected["nonce"],
        echostr=expected["echostr"],
    )

    assert dict(parse_qsl(query)) == expected


@pytest.mark.parametrize(
    "vector",
    [vector for vector in DERIVED if vector["direction"] == "reply"],
    ids=lambda vector: vector["id"],
)
def test_derived_replies_are_opened_and_read(vector: Any) -> None:
    format = Format(vector["format"])

    message = open_reply(account_of(vector, Mode.SECURE), body_of(vector), format)

    assert message.decode() == vector["msg"]
    assert parse_reply(message, format).result_msg == "success"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("body", [b"", b"success"])
def test_a_bare_answer_stands_unsealed(body: bytes, format: Format) -> None:
    assert open_reply(account(), body, format) == body


@pytest.mark.parametrize("format", FORMATS)
def test_a_reply_under_another_token_key_or_app_id_is_refused(format: Format) -> None:
    sealed = sealed_reply(format)

    with pytest.raises(Refused, match="signature_wrong"):
        open_reply(account(token="other"), sealed, format)
    with pytest.raises(Refused, match="undecryptable"):
        open_reply(account(key=OTHER_KEY), sealed, format)
    with pytest.raises(Refused, match="app_id"):
        open_reply(account(app_id="wx_other_app"), sealed, format)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"TimeStamp": "1714112445"}, "TimeStamp"),
        ({"TimeStamp": True}, "TimeStamp"),
        ({"Nonce": 415670741}, "Nonce"),
        ({"Encrypt": None}, "Encrypt"),
        ({"MsgSignature": "x"}, "signature_grammar"),
        ({"Extra": "x"}, "field_order"),
    ],
)
def test_a_reply_envelope_of_wrong_types_is_refused(
    change: dict[str, object], complaint: str
) -> None:
    body = json.loads(sealed_reply(Format.JSON)) | change

    with pytest.raises(WeChatError, match=complaint):
        open_reply(account(), json.dumps(body).encode(), Format.JSON)


def test_an_unsealed_reply_in_secure_mode_is_refused() -> None:
    with pytest.raises(Undecodable, match="missing_Encrypt"):
        open_reply(account(), b'{"ResultCode":0}', Format.JSON)


@pytest.mark.parametrize("format", FORMATS)
def test_a_reply_is_read_back(format: Format) -> None:
    message = Reply(push=PUSH, result_code=-1, result_msg="请稍后重试").encode(format)

    assert parse_reply(message, format) == ReplyFields(
        to_user_name="oABCD",
        from_user_name="gh_abcdefg",
        create_time=1533042556,
        msg_type="event",
        event="cancel_waybill",
        biz_id="xyz",
        order_id="012345678901234567890123456789",
        way_bill_id="123456789",
        result_code=-1,
        result_msg="请稍后重试",
    )


@pytest.mark.parametrize("missing", REPLY_FIELDS)
@pytest.mark.parametrize("format", FORMATS)
def test_a_reply_without_a_field_is_refused_by_its_name(format: Format, missing: str) -> None:
    fields = decode(Reply(push=PUSH, result_code=0, result_msg="x").encode(format), format)
    del fields[missing]

    with pytest.raises(Undecodable, match=f"missing_{missing}"):
        parse_reply(encode(fields.items(), format), format)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ResultCode", "0"), ("ResultCode", True), ("BizID", 1), ("CreateTime", 1.5)],
)
def test_a_json_reply_of_wrong_types_is_refused(name: str, value: object) -> None:
    fields = decode(
        Reply(push=PUSH, result_code=0, result_msg="x").encode(Format.JSON), Format.JSON
    )

    with pytest.raises(Undecodable, match=name):
        parse_reply(json.dumps(fields | {name: value}).encode(), Format.JSON)


def test_an_xml_result_code_is_a_number() -> None:
    message = Reply(push=PUSH, result_code=0, result_msg="x").encode(Format.XML)

    with pytest.raises(Undecodable, match="ResultCode"):
        parse_reply(message.replace(b"<ResultCode>0", b"<ResultCode>0x"), Format.XML)


def test_fields_in_another_order_are_refused() -> None:
    fields = decode(
        Reply(push=PUSH, result_code=0, result_msg="x").encode(Format.JSON), Format.JSON
    )
    reordered = dict(reversed(fields.items()))

    with pytest.raises(Undecodable, match="field_order"):
        parse_reply(json.dumps(reordered).encode(), Format.JSON)
