from __future__ import annotations

import pytest

from adapter.wechat.errors import Undecodable
from adapter.wechat.xml import parse_xml


def parse(text: str) -> dict[str, object]:
    return parse_xml(text, depth=6, elements=256)


def nested(depth: int) -> str:
    return "<xml>" + "<a>" * (depth - 1) + "</a>" * (depth - 1) + "</xml>"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("<xml><a>1</a></xml>", {"a": "1"}),
        ("<xml>\n <a> x </a>\n</xml>", {"a": " x "}),
        ("<xml><a><![CDATA[  ab  ]]></a></xml>", {"a": "  ab  "}),
        ("<xml><a><![CDATA[a]]]]><![CDATA[>b]]></a></xml>", {"a": "a]]>b"}),
        ("<xml><a></a><b/><c><![CDATA[]]></c></xml>", {"a": "", "b": "", "c": ""}),
        ("<xml><a>&lt;&#65;&amp;</a></xml>", {"a": "<A&"}),
        ('<?xml version="1.0" encoding="UTF-8"?><xml><a>运</a></xml>', {"a": "运"}),
        ('<?xml version="1.0" standalone="yes"?><xml><a>1</a></xml>', {"a": "1"}),
        ("<xml><a><b>1</b></a></xml>", {"a": {"b": "1"}}),
        ("<xml><a><b/></a><a><b>2</b></a></xml>", {"a": [{"b": ""}, {"b": "2"}]}),
        ("<xml><a>1</a></xml>\n", {"a": "1"}),
    ],
)
def test_what_wechat_writes_is_read(text: str, fields: dict[str, object]) -> None:
    assert parse(text) == fields


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("<!DOCTYPE xml><xml><a>1</a></xml>", "doctype"),
        ('<!DOCTYPE xml SYSTEM "http://x/y"><xml><a>a&foo;b</a></xml>', "doctype"),
        ('<!DOCTYPE xml [<!ATTLIST a x CDATA "1">]><xml><a/></xml>', "doctype"),
        ('<!DOCTYPE xml [<!ENTITY a "1">]><xml><b>&a;</b></xml>', "doctype"),
        ("<xml><?php x ?><a>1</a></xml>", "processing_instruction"),
        ("<?a b?><xml><a>1</a></xml>", "processing_instruction"),
        ("<xml><!-- x --><a>1</a></xml>", "comment"),
        ("<xml><a>1<!-- x -->2</a></xml>", "comment"),
        ('<xml a="1"><a>1</a></xml>', "attribute"),
        ('<xml><a b="1">1</a></xml>', "attribute"),
        ('<xml xmlns="x"><a>1</a></xml>', "attribute"),
        ("<xml><a>1</a><a>2</a></xml>", "repeated_name"),
        ("<xml><a/><a/></xml>", "repeated_name"),
        ("<xml><a>1</a><a><b/></a></xml>", "repeated_name"),
        ("<xml><a><b>1</b><b>1</b></a></xml>", "repeated_name"),
        ("<xml><c><a/></c><c><b>1</b><b>1</b></c></xml>", "repeated_name"),
        ("<xml><a>1<b>2</b></a></xml>", "mixed_content"),
        ("<xml>x<a>1</a></xml>", "mixed_content"),
        ("<xml><a><b>2</b><![CDATA[x]]></a></xml>", "mixed_content"),
        ("<xml><a>\u00a0<b>2</b></a></xml>", "mixed_content"),
        ("<xml/>", "xml_root"),
        ("<xml>text</xml>", "xml_root"),
        ("<XML><a>1</a></XML>", "xml_root"),
        ("<html><xml><a>1</a></xml></html>", "xml_root"),
        ("<xml><a>1</a></xml><xml/>", "xml"),
        ("<xml><a>1</xml>", "xml"),
        ("<xml><a>&b;</a></xml>", "xml"),
        ("<xml><a>\x00</a></xml>", "xml"),
        ("<xml><a>&#0;</a></xml>", "xml"),
        ("<xml><a>&#xD800;</a></xml>", "xml"),
        ("", "xml"),
        ('<?xml version="1.0" encoding="gbk"?><xml><a>1</a></xml>', "xml_declaration"),
        ('<?xml version="1.0" encoding="utf-16"?><xml><a>1</a></xml>', "xml_declaration"),
        ('<?xml version="1.0" encoding="no-such"?><xml><a>1</a></xml>', "xml_declaration"),
        ('<?xml version="1.1"?><xml><a>1</a></xml>', "xml_declaration"),
    ],
)
def test_what_wechat_never_writes_is_refused(text: str, detail: str) -> None:
    with pytest.raises(Undecodable) as refusal:
        parse(text)

    assert refusal.value.detail == detail


def test_six_levels_are_read_and_seven_are_not() -> None:
    parse(nested(6))
    with pytest.raises(Undecodable, match="depth"):
        parse(nested(7))
    with pytest.raises(Undecodable, match="elements"):
        parse(nested(9_000))


def test_the_root_counts_among_256_elements() -> None:
    leaves = [f"<a{number}/>" for number in range(256)]

    assert len(parse(f"<xml>{''.join(leaves[:255])}</xml>")) == 255
    with pytest.raises(Undecodable, match="elements"):
        parse(f"<xml>{''.join(leaves)}</xml>")
