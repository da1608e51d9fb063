"""Messages that WeChat would never send, in both formats, and what each may be answered."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from adapter.config.sections import EdgeSettings
from adapter.simulator.cases import CASES
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.wechat.codec import Format

WAYBILL = "STUB-NOT-FOUND-HOSTILE"
BODY_LIMIT_BYTES = EdgeSettings().body_limit_bytes
DEPTHS = (7, 100, 1_000, 20_000)
MUTATIONS = (b"\x00", b"\xff", b"<", b'"', b"&", b"]", b"\\", b"{", b"\xc0\xaf", b"")


class Wanted(Enum):
    """What a hostile message may be answered. Never a 5xx, never a malformed reply."""

    UNREADABLE = "400"
    PASSED_ON = "200 and `success`: no cancellation, so not ours to read"
    FAILED = "200 with ResultCode -1"
    PARAMETER_ERROR = "200 with ResultCode 30001"
    TOO_LARGE = "413"
    FORBIDDEN = "403"
    HARMLESS = "400, 403, or a correct reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """One message, before any envelope."""

    name: str
    format: Format
    message: bytes
    wanted: Wanted


def ordinary(format: Format) -> bytes:
    """Return the message that all others are made of: well-formed, of no known order."""
    press = PressFields.of(CASES["not-found"], create_time=EXAMPLE_CREATE_TIME, word="HOSTILE")
    return press.encode(format)


def hostile_messages() -> Iterator[Hostile]:
    """Yield every message that was thought of by name."""
    for name, message, wanted in (*_json(), *_json_fields()):
        yield _hostile(name, Format.JSON, message, wanted)
    for name, message, wanted in (*_xml(), *_xml_fields(), *_xml_documents(), *_xml_encodings()):
        yield _hostile(name, Format.XML, message, wanted)
    for format in Format:
        large = ordinary(format) + b" " * BODY_LIMIT_BYTES
        yield Hostile(name="too large", format=format, message=large, wanted=Wanted.TOO_LARGE)


def _hostile(name: str, format: Format, message: bytes, wanted: Wanted) -> Hostile:
    """Only what may be a cancellation has to be readable."""
    if wanted is Wanted.UNREADABLE and b"cancel_waybill" not in message.replace(b"\0", b""):
        wanted = Wanted.PASSED_ON
    return Hostile(name=name, format=format, message=message, wanted=wanted)


def truncated(format: Format, *, step: int = 1) -> Iterator[Hostile]:
    """Yield the ordinary message cut off after every `step` bytes."""
    whole = ordinary(format)
    for end in range(0, len(whole), step):
        yield _hostile(f"cut at {end}", format, whole[:end], Wanted.UNREADABLE)


def mutated(format: Format, count: int, *, seed: int = 1) -> Iterator[Hostile]:
    """Yield the ordinary message with one to three bytes changed, the same ones each time."""
    whole, dice = ordinary(format), random.Random(seed)  # noqa: S311 - chance, no secret
    for nth in range(count):
        message = whole
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(message))
            message = message[:at] + dice.choice(MUTATIONS) + message[at + 1 :]
        yield Hostile(
            name=f"mutation {nth}", format=format, message=message, wanted=Wanted.HARMLESS
        )


Line = tuple[str, bytes, Wanted]


def _json() -> Iterator[Line]:
    whole = ordinary(Format.JSON)
    for text in (
        b"", b"null", b"1", b'"x"', b"[]", b"[{}]", b"{", b"}", b"{]", b'{"a"}', b'{"a":}',
        b'{"a":1,}',
        b"{'a':1}", b"{a:1}", b'{"a":1}{"b":2}', b'{"a":01}', b'{"a":.5}', b'{"a":+1}',
        b'{"a":0x1}',
        b'{"a":1/*c*/}', b"//c\n{}", b'{"a":"\\x41"}', b'{"a":"\\u12"}', b'{"a":"\n"}',
        b'{"a":"\x00"}',
        b'{"a":undefined}', b'{"a":TRUE}', b"{\x0c}", b'{"a":"' + b"\\" * 4_001 + b'"}',
    ):  # fmt: skip
        yield f"json {text[:20]!r}", text, Wanted.UNREADABLE
    for depth in DEPTHS:
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            nested = opening * depth + b"1" + closing * depth
            if len(nested) < BODY_LIMIT_BYTES - 1_000:
                yield (
                    f"json depth {depth}",
                    whole[:-1] + b',"X":' + nested + b"}",
                    Wanted.UNREADABLE,
                )
                yield f"json unclosed depth {depth}", opening * depth, Wanted.UNREADABLE
    for name in (b"WayBillID", b"CreateTime", b"ToUserName", b"Event", b"Extra"):
        twice = whole[:-1] + b',"%b":"1","%b":"2"}' % (name, name)
        yield f"json {name.decode()} repeated", twice, Wanted.UNREADABLE
    escaped = whole.replace(b'"WayBillID"', b'"WayBill\\u0049D":"1","WayBillID"')
    yield "json repeated by an escape", escaped, Wanted.UNREADABLE
    for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7"):
        changed = whole.replace(b"ORDER", "单".encode()).decode().encode(codec)
        wanted = Wanted.HARMLESS if codec == "utf-7" else Wanted.UNREADABLE
        yield f"json in {codec}", changed, wanted
    for raw in (b"\xed\xa0\x80", b"\xff", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80"):
        yield f"json bytes {raw!r}", whole.replace(b"HOSTILE", raw), Wanted.UNREADABLE
    for mark in (b"\xef\xbb\xbf", b" \r\n\t", b"\n" * 5_000):
        yield f"json after {mark[:4]!r}", mark + whole, Wanted.HARMLESS
    yield "json of many members", _many_members(whole), Wanted.HARMLESS
    yield "json of another event", b'{"Event":"add_waybill"}', Wanted.HARMLESS
    yield "json of no event", b"{}", Wanted.HARMLESS


def _many_members(whole: bytes) -> bytes:
    return whole[:-1] + b"".join(b',"m%d":0' % nth for nth in range(5_000)) + b"}"


def _json_fields() -> Iterator[Line]:
    whole = ordinary(Format.JSON)
    time = b'"CreateTime":%d' % EXAMPLE_CREATE_TIME
    for value in (
        b"NaN", b"Infinity", b"-Infinity", b"null", b"true", b"-1", b"0", b"1533042556.0", b"1e9",
        b"1e400", b"-0", b"[1533042556]", b"{}", b"9007199254740993", b"9" * 5_000,
        b"1" + b"0" * 400,
    ):  # fmt: skip
        message = whole.replace(time, b'"CreateTime":' + value)
        unreadable = b"N" in value or b"I" in value or len(value) > 4_300
        wanted = Wanted.UNREADABLE if unreadable else Wanted.FAILED
        yield f"json time {value[:20]!r}", message, wanted
    quoted = whole.replace(time, b'"CreateTime":"%d"' % EXAMPLE_CREATE_TIME)
    yield "json time in quotes", quoted, Wanted.HARMLESS
    waybill = b'"WayBillID":"%b"' % WAYBILL.encode()
    for value in (
        b"123456789", b"1.5", b"true", b"null", b"[]", b'["1"]', b"{}", b'""',
        b'"%b"' % (b"9" * 513),
        b'"a\\u0000b"', b'"a\\nb"', b'"a\\u007fb"', b'"a\\u0085b"', b'"a\\u001fb"', b"1e400",
        b'"' + "é".encode() * 600 + b'"',
    ):  # fmt: skip
        message = whole.replace(waybill, b'"WayBillID":' + value)
        yield f"json waybill {value[:20]!r}", message, Wanted.PARAMETER_ERROR
    for value in (b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\ud83d"', b'"a\\uDC00b"'):
        message = whole.replace(waybill, b'"WayBillID":' + value)
        yield f"json waybill {value!r}", message, Wanted.UNREADABLE
    for name, sent in ((b"ToUserName", b'"gh_abcdefg"'), (b"FromUserName", b'"oABCD"')):
        for value in (b"1", b"null", b'""', b"[]", b'"\\u0000"', b'"%b"' % (b"a" * 600)):
            message = whole.replace(b'"%b":%b' % (name, sent), b'"%b":%b' % (name, value))
            wanted = Wanted.FAILED if name == b"ToUserName" else Wanted.UNREADABLE
            yield f"json {name.decode()} {value[:12]!r}", message, wanted
    for text in (
        b"1]]></OrderID><ResultCode>0</ResultCode>",
        b"<![CDATA[",
        b"&lt;&#0;",
        b"' OR 1=1 --",
    ):
        yield f"json order {text!r}", whole.replace(b"ORDER-HOSTILE", text), Wanted.HARMLESS
    password = whole.replace(b"xyz123", b"p" * 60_000)
    yield "json password of 60,000 letters", password, Wanted.HARMLESS


def _xml() -> Iterator[Line]:
    whole = ordinary(Format.XML)
    inside = whole.removeprefix(b"<xml>").removesuffix(b"</xml>")
    for text in (
        b"<", b"<>", b"<xml", b"<xml>", b"<xml><a></xml></a>", b"<xml></xml><xml></xml>",
        b"<xml>&</xml>",
        b"<xml>&foo;</xml>", b"<xml><a>&#0;</a></xml>", b"<xml><a>&#xD800;</a></xml>",
        b"<xml><a>&#x110000;</a></xml>", b"<xml><a>]]></a></xml>", b"<xml><1/></xml>",
        b"<xml><!-- -- --></xml>", b"<html></html>", b"<XML></XML>", b"<xml><a b></a></xml>",
        b"<xml><a>\x00</a></xml>", b"<xml><a>\x01</a></xml>", b"<xml><![CDATA[</xml>",
        b"<xml>&#65</xml>",
        b"<!---->", b"<?xml version='1.0'?>", b"<xml/>x", b"<xml><a></a></xml>\x00",
    ):  # fmt: skip
        yield f"xml {text[:24]!r}", text, Wanted.UNREADABLE
    for spoilt in (
        b"<xml a='1'>" + inside + b"</xml>",
        b"<xml xmlns='urn:x'>" + inside + b"</xml>",
        b"<x:xml xmlns:x='urn:x'>" + inside + b"</x:xml>",
        whole.replace(b"<OrderID>", b"<OrderID type='id'>"),
        whole.replace(b"<WayBillID>", b"<WayBillID><b/>"),
        whole.replace(b"</xml>", b"<WayBillID>2</WayBillID></xml>"),
        whole.replace(b"</xml>", b"<Extra/><Extra/></xml>"),
        b"<xml>" + b"<a>" * 3_000 + b"</a>" * 3_000 + b"</xml>",
        b"<a>" * 20_000,
        b"<xml>" + b"".join(b"<m%d/>" % nth for nth in range(400)) + inside + b"</xml>",
        b"<xml>" + b"<%b/>" % (b"a" * 60_000) + b"<",
        whole.replace(b"</OrderID>", b"</Orderid>"),
    ):
        yield f"xml {spoilt[:40]!r}", spoilt, Wanted.UNREADABLE
    yield "xml within xml", b"<xml>" + whole + b"</xml>", Wanted.HARMLESS
    yield "xml of no event", b"<xml/>", Wanted.HARMLESS


def _xml_fields() -> Iterator[Line]:
    whole = ordinary(Format.XML)
    time = b"<CreateTime>%d</CreateTime>" % EXAMPLE_CREATE_TIME
    for value in (
        b"",
        b"0",
        b"-1",
        b" 1533042556 ",
        b"1e9",
        b"0x5b",
        b"1_0",
        "１５３３".encode(),
        b"9" * 5_000,
    ):
        message = whole.replace(time, b"<CreateTime>%b</CreateTime>" % value)
        yield f"xml time {value[:12]!r}", message, Wanted.FAILED
    for value in (b"", b"   " * 200, b"9" * 513, b"a\tb", b"a\nb", b"&#133;", "\u0085".encode()):
        message = whole.replace(b"<![CDATA[%b]]>" % WAYBILL.encode(), value)
        yield f"xml waybill {value[:12]!r}", message, Wanted.PARAMETER_ERROR
    for value in (b"<![CDATA[a]]><![CDATA[b]]>", b"&#65;&amp;", b"]]&gt;", b"<!-- c -->x", b" x "):
        message = whole.replace(b"<![CDATA[%b]]>" % WAYBILL.encode(), value)
        yield f"xml waybill {value[:12]!r}", message, Wanted.HARMLESS


def _xml_documents() -> Iterator[Line]:
    """Everything a document type can do, and instructions to whoever reads."""
    whole = ordinary(Format.XML)
    use = whole.replace(b"<![CDATA[%b]]>" % WAYBILL.encode(), b"&e;")
    laughs = b"".join(
        b'<!ENTITY e%d "%b">' % (nth, b"&e%d;" % (nth - 1) * 10) for nth in range(1, 10)
    )
    for subset in (
        b"", b'<!ENTITY e "x">', b'<!ENTITY e SYSTEM "file:///etc/passwd">',
        b'<!ENTITY e SYSTEM "http://127.0.0.1:1/x">', b'<!ENTITY e PUBLIC "p" "file:///etc/hosts">',
        b'<!ENTITY % p SYSTEM "file:///etc/passwd">%p;',
        b'<!ENTITY e0 "lol">' + laughs + b'<!ENTITY e "&e9;">',
        b'<!ENTITY e "' + b"A" * 20_000 + b'">', b'<!ENTITY e "&e;">',
        b'<!ATTLIST OrderID a CDATA "1">',
        b"<!ELEMENT xml ANY>", b'<!NOTATION n SYSTEM "x">', b"<!-- -->", b"<?p i?>",
    ):  # fmt: skip
        yield (
            f"xml doctype {subset[:30]!r}",
            b"<!DOCTYPE xml [" + subset + b"]>" + use,
            Wanted.UNREADABLE,
        )
    for head in (
        b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd">', b'<!DOCTYPE xml PUBLIC "a" "b">',
        b"<!DOCTYPE xml>",
        b"<?xml-stylesheet href='x'?>", b"<?php exit; ?>", b"<?xml version='1.0'?><?a b?>",
    ):  # fmt: skip
        yield f"xml {head[:30]!r}", head + whole, Wanted.UNREADABLE
    yield "xml instruction inside", whole.replace(b"</xml>", b"<?a b?></xml>"), Wanted.UNREADABLE


def _xml_encodings() -> Iterator[Line]:
    whole = ordinary(Format.XML)
    for encoding in (
        b"utf-16",
        b"utf-32",
        b"gbk",
        b"iso-8859-1",
        b"us-ascii",
        b"nonsense",
        b"utf-7",
        b"",
    ):
        head = b"<?xml version='1.0' encoding='%b'?>" % encoding
        yield f"xml declared {encoding.decode()}", head + whole, Wanted.HARMLESS
    for head in (
        b"<?xml version='1.1'?>",
        b"<?xml version='1.0' standalone='yes'?>",
        b"\xef\xbb\xbf",
        b"\n ",
    ):
        yield f"xml after {head[:24]!r}", head + whole, Wanted.HARMLESS
    for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield f"xml in {codec}", whole.decode().encode(codec), Wanted.UNREADABLE
    for raw in (
        b"\xed\xa0\x80",
        b"\xff",
        b"\xc0\x80",
        b"\xf5\x80\x80\x80",
        b"\xe2\x82",
        b"\xb5\xa5",
        b"\xef\xbf\xbf",
    ):
        yield f"xml bytes {raw!r}", whole.replace(b"HOSTILE", raw), Wanted.UNREADABLE
