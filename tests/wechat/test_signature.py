from __future__ import annotations

from typing import Any

import pytest

from adapter.wechat.signature import (
    is_fresh,
    is_nonce,
    is_signature,
    is_timestamp,
    matching,
    sign,
)
from tests.wechat.examples import vectors


@pytest.mark.parametrize("vector", vectors("signature"), ids=lambda vector: vector["id"])
def test_tencents_signatures_recompute(vector: Any) -> None:
    assert sign(*(vector[field] for field in vector["fields"])) == vector["expected"]


def test_a_message_signature_covers_encrypt() -> None:
    assert sign("t", "1", "n", "x") != sign("t", "1", "n", "y")


def test_text_is_signed_as_utf8() -> None:
    assert sign("令牌", "1") == sign("令牌".encode(), b"1")


@pytest.mark.parametrize("text", ["1714112445", "0000000000"])
def test_a_timestamp_has_ten_digits(text: str) -> None:
    assert is_timestamp(text)


@pytest.mark.parametrize(
    "text",
    ["", "171411244", "21714036504", "1714112445\n", "-714112445", "１７１４１１２４４５", "1e9"],
)
def test_anything_else_is_no_timestamp(text: str) -> None:
    assert not is_timestamp(text)


@pytest.mark.parametrize("text", ["0", "415670741", "aZ9", "a-b_c", "x" * 43, "x" * 64])
def test_a_nonce_has_up_to_64_letters_digits_hyphens_and_underscores(text: str) -> None:
    assert is_nonce(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a+b", "a/b", "a=", "a.b", "a\n", "ａ", "a b"])
def test_anything_else_is_no_nonce(text: str) -> None:
    assert not is_nonce(text)


def test_a_signature_has_forty_lower_case_hex_digits() -> None:
    assert is_signature("0123456789abcdef" * 2 + "01234567")
    assert not is_signature("0123456789ABCDEF" * 2 + "01234567")
    assert not is_signature("a" * 39)
    assert not is_signature("a" * 41)
    assert not is_signature("a" * 40 + "\n")
    assert not is_signature("")


@pytest.mark.parametrize(
    ("signed_at", "fresh"), [(399, False), (400, True), (1600, True), (1601, False)]
)
def test_the_window_has_two_sides(signed_at: int, fresh: bool) -> None:  # noqa: FBT001 - a case
    assert is_fresh(signed_at, now_unix=1000.0, window_seconds=600) is fresh


def test_the_first_equal_signature_counts() -> None:
    assert matching("a", ["a", "b"]) == 0
    assert matching("b", ["a", "b"]) == 1
    assert matching("c", ["a", "b"]) is None
    assert matching("é", ["a"]) is None
