from __future__ import annotations

import pickle

import pytest

from adapter.wechat.errors import REFUSED_REASONS, Refused, Undecodable, WeChatError


def test_both_kinds_are_the_one_error() -> None:
    assert issubclass(Refused, WeChatError)
    assert issubclass(Undecodable, WeChatError)


def test_an_error_says_its_reason_and_its_detail() -> None:
    error = Refused("undecryptable", "padding")

    assert (error.reason, error.detail) == ("undecryptable", "padding")
    assert str(error) == "undecryptable (padding)"
    assert str(Refused("stale")) == "stale"


def test_undecodable_has_one_reason_and_many_details() -> None:
    error = Undecodable("doctype")

    assert (error.reason, error.detail) == ("undecodable", "doctype")


@pytest.mark.parametrize("error", [Refused("stale"), Undecodable("json")])
def test_an_error_survives_a_process_border(error: WeChatError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(again), again.reason, again.detail) == (type(error), error.reason, error.detail)


def test_reasons_are_stable_words() -> None:
    assert len(set(REFUSED_REASONS)) == len(REFUSED_REASONS)
    assert all(reason.replace("_", "").isalpha() for reason in REFUSED_REASONS)
