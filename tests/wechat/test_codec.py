from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.codec import LIMITS, Format, decode, encode, sniff
from adapter.wechat.errors import Undecodable
from tests.wechat.examples import vectors, xml_text

NAMES = st.sampled_from(["BizID", "OrderID", "WayBillID", "ResultMsg", "ToUserName"])
FIELDS = st.dictionaries(NAMES, xml_text | st.integers(-(2**53), 2**53), max_size=5)


def detail_of(body: bytes, format: Format) -> str:
    with pytest.raises(Undecodable) as refusal:
        decode(body, format)
    return refusal.value.detail


@pytest.mark.parametrize(
    ("body", "format"),
    [
        (b"<xml/>", Format.XML),
        (b"{}", Format.JSON),
        (b"\r\n\t <xml/>", Format.XML),
        (b"\xef\xbb\xbf {}", Format.JSON),
    ],
)
def test_the_first_character_tells_the_format(body: bytes, format: Format) -> None:
    assert sniff(body) is format


@pytest.mark.parametrize(
    "body", [b"", b" ", b"[]", b'"x"', b"a=b", b"\x00<xml/>", b"\xff\xfe<\x00"]
)
def test_other_bodies_have_no_format(body: bytes) -> None:
    with pytest.raises(Undecodable):
        sniff(body)


@pytest.mark.parametrize("vector", vectors("samples"), ids=lambda vector: vector["id"])
def test_every_sample_of_the_documents_decodes(vector: Any) -> None:
    body = vector["body"].encode()

    fields = decode(body, sniff(body))

    assert sniff(body).value == vector["format"]
    assert fields["MsgType"] == "event"
    assert fields["BizID"] == "xyz"


def test_xml_and_json_samples_say_the_same() -> None:
    samples = {vector["id"]: vector["body"].encode() for vector in vectors("samples")}

    nested_xml = decode(samples["AddWaybillEvent.xml"], Format.XML)
    nested_json = decode(samples["AddWaybillEvent.json"], Format.JSON)

    assert nested_xml["Sender"] == nested_json["Sender"]
    assert [item["Name"] for item in nested_xml["Cargo"]["DetailList"]] == [
        item["Name"] for item in nested_json["Cargo"]["DetailList"]
    ]


@given(FIELDS)
def test_a_foreign_xml_parser_reads_what_was_encoded(fields: dict[str, str | int]) -> None:
    root = ElementTree.fromstring(encode(fields.items(), Format.XML))  # noqa: S314 - our own

    assert [(child.tag, child.text or "") for child in root] == [
        (name, str(value)) for name, value in fields.items()
    ]
    assert all(len(child) == 0 for child in root)


@given(FIELDS)
def test_a_foreign_json_parser_reads_what_was_encoded(fields: dict[str, str | int]) -> None:
    assert json.loads(encode(fields.items(), Format.JSON)) == fields


@pytest.mark.parametrize("format", list(Format))
@given(fields=st.dictionaries(NAMES, xml_text, min_size=1))
def test_what_is_encoded_decodes(format: Format, fields: dict[str, str]) -> None:
    assert decode(encode(fields.items(), format), format) == fields


@pytest.mark.parametrize("format", list(Format))
@given(value=st.text(st.characters(exclude_categories=[]), max_size=20))
def test_encoding_never_fails(format: Format, value: str) -> None:
    assert set(decode(encode([("ResultMsg", value)], format), format)) == {"ResultMsg"}


@pytest.mark.parametrize("value", ["\x00", "\x1b", "\ufffe", "\ud800", "\x0b"])
def test_what_xml_cannot_carry_becomes_a_replacement_character(value: str) -> None:
    assert decode(encode([("A", value)], Format.XML), Format.XML) == {"A": "\ufffd"}


def test_numbers_stand_bare_and_zero_is_a_number() -> None:
    assert encode([("ResultCode", 0)], Format.XML) == b"<xml><ResultCode>0</ResultCode></xml>"
    assert encode([("ResultCode", -1)], Format.JSON) == b'{"ResultCode":-1}'


@pytest.mark.parametrize("format", list(Format))
@given(body=st.binary(max_size=300))
def test_any_bytes_raise_only_undecodable(format: Format, body: bytes) -> None:
    try:
        fields = decode(body, format)
    except Undecodable:
        return

    assert all(isinstance(name, str) for name in fields)


XML_PIECES = ["<xml>", "</xml>", "<a>", "</a>", "<a/>", "<![CDATA[", "]]>", "]>", "&a;", "&#0;"]
ODD_PIECES = ["<?pi?>", "<!--", "-->", "\ufeff", "\x00", "text", " x='y'", "&#x10FFFF;", " "]
JSON_PIECES = ["{", "}", "[", "]", '"a"', ":", ",", "1e999", "NaN", "\\ud800", '"', "null", "\\"]
LONGER_PIECES = ["<!DOCTYPE xml [", "<!ENTITY a 'b'>", '<?xml version="1.0" encoding="gbk"?>']
PIECES = st.lists(
    st.sampled_from([*XML_PIECES, *ODD_PIECES, *JSON_PIECES, *LONGER_PIECES, "9" * 5000]),
    max_size=14,
).map("".join)


@pytest.mark.parametrize("format", list(Format))
@given(body=PIECES)
def test_pieces_of_the_formats_raise_only_undecodable(format: Format, body: str) -> None:
    try:
        fields = decode(body.encode(), format)
    except Undecodable:
        return

    # Whatever is read can be logged, stored and sent on.
    json.dumps(fields, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"a":NaN}', "json_constant"),
        (b'{"a":-Infinity}', "json_constant"),
        (b'{"a":1,"a":1}', "repeated_name"),
        (b'{"a":1,"\\u0061":2}', "repeated_name"),
        (b'{"a":{"b":1,"b":2}}', "repeated_name"),
        (b"[]", "json_root"),
        (b"1", "json_root"),
        (b'{"a":1', "json"),
        (b'{"a":1}x', "json"),
        (b"{'a':1}", "json"),
        (b'{"a":"\n"}', "json"),
        (b'{"a":' + b"9" * 5000 + b"}", "json"),
        (b'{"a":"\\ud800"}', "lone_surrogate"),
        (b'{"\\uDFFF":1}', "lone_surrogate"),
        (b'{"a":"\xed\xa0\x80"}', "utf8"),
        (b'{"a":"\xff"}', "utf8"),
        ('{"a":1}'.encode("utf-16"), "utf8"),
        ('{"a":1}'.encode("utf-32-be"), "json"),
        (b'{"a":[[[[[[1]]]]]]}', "depth"),
        (b"[" * 30_000, "depth"),
        (b'{"a":' * 10_000, "depth"),
        (b'{"a":"' + b"x" * 1_048_576 + b'"}', "size"),
    ],
)
def test_doubtful_json_is_refused(body: bytes, detail: str) -> None:
    assert detail_of(body, Format.JSON) == detail


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_xml_in_another_encoding_is_refused_even_where_expat_would_guess_it(codec: str) -> None:
    assert detail_of("<xml><a>1</a></xml>".encode(codec), Format.XML) == "nul"


def test_brackets_within_strings_are_text() -> None:
    body = b'{"Remark":"[[[[[[{{{{{{\\"[[","a":"\\\\","b":[1]}'

    assert decode(body, Format.JSON)["Remark"] == '[[[[[[{{{{{{"[['


@pytest.mark.parametrize("body", [b'{"' + b'\\"' * 30_000, b"{[[[[[[" + b'"\\' * 30_000])
def test_unending_strings_are_refused_in_linear_time(body: bytes) -> None:
    # A quadratic scan of this would run into the suite's timeout.
    assert detail_of(body, Format.JSON) in {"json", "depth"}


def test_an_escaped_pair_is_a_character() -> None:
    assert decode(b'{"a":"\\ud83d\\ude00"}', Format.JSON) == {"a": "\U0001f600"}


@pytest.mark.parametrize("format", list(Format))
def test_a_byte_order_mark_is_skipped(format: Format) -> None:
    assert decode(b"\xef\xbb\xbf" + encode([("a", "b")], format), format) == {"a": "b"}


def test_the_limits_are_arguments() -> None:
    with pytest.raises(Undecodable, match="size"):
        decode(b'{"a":1}', Format.JSON, limits=replace(LIMITS, body_bytes=6))
    with pytest.raises(Undecodable, match="elements"):
        decode(b"<xml><a/></xml>", Format.XML, limits=replace(LIMITS, elements=1))
    with pytest.raises(Undecodable, match="depth"):
        decode(b"<xml><a/></xml>", Format.XML, limits=replace(LIMITS, depth=1))


@pytest.mark.parametrize("body", [b'{"BizPwd":"canary-7f3a"', b'{"BizPwd":"canary-7f3a\xff"}'])
def test_an_error_holds_nothing_of_the_body(body: bytes) -> None:
    with pytest.raises(Undecodable) as refusal:
        decode(body, Format.JSON)

    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None
    assert "canary" not in repr(refusal.value)
