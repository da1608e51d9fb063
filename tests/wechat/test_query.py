from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.errors import Refused
from adapter.wechat.query import QUERY_LIMIT_BYTES, parse


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=6))
def test_what_is_form_encoded_is_read_back(parameters: dict[str, str]) -> None:
    assert parse(urlencode(parameters).encode()) == parameters


def test_percent_is_decoded_once_and_plus_is_a_space() -> None:
    assert parse(b"echostr=a%2520b+c%2Bd") == {"echostr": "a%20b c+d"}


def test_empty_pairs_and_missing_values_are_read() -> None:
    assert parse(b"&a=1&&b&c=x=y&") == {"a": "1", "b": "", "c": "x=y"}
    assert parse(b"&a=%31&&b&c=x=y&") == {"a": "1", "b": "", "c": "x=y"}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (b"nonce=1&nonce=1", "repeated_parameter"),
        (b"openid=1&nonce=1&openid=2", "repeated_parameter"),
        (b"nonce=1&%6eonce=2", "repeated_parameter"),
        (b"a=%", "percent_encoding"),
        (b"a=%4", "percent_encoding"),
        (b"a=%zz", "percent_encoding"),
        (b"a=%+1", "percent_encoding"),
        (b"a=%ff", "query_not_utf8"),
        (b"a=\xff", "query_not_utf8"),
        (b"a=%ED%A0%80", "query_not_utf8"),
        (b"a=" + b"x" * QUERY_LIMIT_BYTES, "query_too_long"),
    ],
)
def test_an_ambiguous_query_is_refused(query: bytes, detail: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(query)

    assert (refusal.value.reason, refusal.value.detail) == ("signature_grammar", detail)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(query: bytes) -> None:
    try:
        parameters = parse(query)
    except Refused:
        return

    assert all(value.encode() is not None for value in parameters.values())
