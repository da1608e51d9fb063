from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.explain.causes import RefusalCause
from adapter.explain.hypotheses import bodies, queries
from adapter.wechat.codec import LIMITS


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_nothing_is_raised(text: bytes) -> None:
    assert all(undone.text != text for undone in (*queries(text), *bodies(text)))


@given(st.binary(max_size=100))
def test_whatever_is_in_encrypt_nothing_is_raised(inner: bytes) -> None:
    for body in (b"<xml><Encrypt>%b</Encrypt></xml>" % inner, b'{"Encrypt":"%b"}' % inner):
        assert all(undone.text != body for undone in bodies(body))


def test_a_compressed_body_is_undone_only_so_far() -> None:
    bomb = gzip.compress(b"x" * 10_000_000)

    sizes = [len(undone.text) for undone in bodies(bomb)]

    assert max(sizes) <= max(LIMITS.body_bytes, 3 * len(bomb))


@pytest.mark.parametrize(
    ("query", "undone"),
    [
        (b"a=1&amp;b=2", (RefusalCause.QUERY_HTML_ESCAPED, b"a=1&b=2")),
        (
            b"timestamp=1714112445123",
            (RefusalCause.TIMESTAMP_IN_MILLISECONDS, b"timestamp=1714112445"),
        ),
        (b"a=1&a=2", (RefusalCause.QUERY_REPEATED, b"a=2")),
        (b"TimeStamp=1", (RefusalCause.PARAMETER_NAMES, b"timestamp=1")),
    ],
)
def test_a_query_is_undone(query: bytes, undone: tuple[RefusalCause, bytes]) -> None:
    assert undone in {(it.found.cause, it.text) for it in queries(query)}


def test_in_json_only_encrypt_is_touched() -> None:
    body = b'{"ToUserName":"a b","Encrypt":"c d"}'

    assert (RefusalCause.BODY_SPACE_FOR_PLUS, b'{"ToUserName":"a b","Encrypt":"c+d"}') in {
        (it.found.cause, it.text) for it in bodies(body)
    }


def test_what_is_as_it_should_be_has_little_to_undo() -> None:
    assert list(queries(b"timestamp=1714112445&nonce=1")) == [
        it
        for it in queries(b"timestamp=1714112445&nonce=1")
        if it.found.cause is RefusalCause.TIMESTAMP_AND_NONCE_SWAPPED
    ]


@pytest.mark.parametrize("quote", [b"", b'"'], ids=["without its quotes", "with its quotes"])
def test_a_string_out_of_a_json_log_is_read_as_one(quote: bytes) -> None:
    logged = quote + rb"<xml>\n<a>\u8fd0</a></xml>" + quote

    assert (RefusalCause.BODY_JSON_ESCAPED, "<xml>\n<a>运</a></xml>".encode()) in {
        (it.found.cause, it.text) for it in bodies(logged)
    }
