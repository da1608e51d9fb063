"""The short way reads what the long way reads, or leaves it to the long way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.errors import Undecodable
from adapter.wechat.xml import parse_flat, parse_xml

SAMPLES = json.loads(
    (Path(__file__).parents[1] / "vectors" / "samples.json").read_text(encoding="utf-8")
)
PIECES = st.sampled_from(
    [
        "<xml>",
        "</xml>",
        "<A>",
        "</A>",
        "<B>",
        "</B>",
        "<A/>",
        "<A x='1'>",
        "<![CDATA[",
        "]]>",
        "]]",
        "]",
        ">",
        " ",
        "\n",
        "\r",
        "\t",
        "\0",
        "\ufffe",
        "1",
        "单",
        "&amp;",
        "&",
        "<!-- c -->",
        "<?p?>",
        "<!DOCTYPE xml>",
    ]
)
VALUES = st.lists(PIECES, max_size=4).map("".join)
MESSAGES = st.one_of(
    st.lists(PIECES, max_size=14).map("".join),
    st.lists(st.tuples(st.sampled_from("ABC"), VALUES), max_size=4).map(
        lambda pairs: "<xml>" + "".join(f"<{n}>{v}</{n}>\n" for n, v in pairs) + "</xml>"
    ),
    st.lists(st.tuples(st.sampled_from("ABC"), VALUES), max_size=4).map(
        lambda pairs: "<xml>" + "".join(f"<{n}><![CDATA[{v}]]></{n}>" for n, v in pairs) + "</xml>"
    ),
)


@given(MESSAGES)
def test_what_is_read_at_once_is_what_xmltodict_reads(text: str) -> None:
    short = parse_flat(text, elements=256)

    if short is not None:
        assert parse_xml(text, depth=6, elements=256) == short


@pytest.mark.parametrize(
    "sample",
    [s for s in SAMPLES if s["format"] == "xml" and "CancelWaybill" in s["id"]],
    ids=lambda s: str(s["id"]),
)
def test_the_documented_push_is_read_at_once(sample: dict[str, str]) -> None:
    short = parse_flat(sample["body"], elements=256)

    assert short is not None
    assert short == parse_xml(sample["body"], depth=6, elements=256)


@pytest.mark.parametrize(
    "text",
    [
        "<xml><A>1</A><A>2</A></xml>",
        "<xml><A>1</A></xml><xml/>",
        "<xml><A><B>1</B></A></xml>",
        "<xml><A>1&amp;2</A></xml>",
        "<?xml version='1.0'?><xml><A>1</A></xml>",
        "<xml><A a='1'>1</A></xml>",
        "<xml><A>1\r</A></xml>",
        "<xml></xml>",
        "<xml>x<A>1</A></xml>",
        "<xml><A>1</B></xml>",
        "<xml>" + "".join(f"<A{n}>1</A{n}>" for n in range(257)) + "</xml>",
    ],
)
def test_what_is_not_plainly_flat_is_left_alone(text: str) -> None:
    assert parse_flat(text, elements=256) is None


def test_more_elements_than_allowed_are_refused_all_the_same() -> None:
    text = "<xml>" + "".join(f"<A{n}>1</A{n}>" for n in range(257)) + "</xml>"

    with pytest.raises(Undecodable, match="elements"):
        parse_xml(text, depth=6, elements=256)
