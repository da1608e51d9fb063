from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapter.simulator.hostile import Hostile, Wanted, ordinary
from adapter.simulator.hostile_envelopes import (
    HostilePush,
    cut_envelopes,
    enveloped,
    hostile_envelopes,
    hostile_queries,
)
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Envelope, Mode
from adapter.wechat.errors import Refused
from adapter.wechat.secret import Secret
from tests import defaults

NOW = 1_700_000_000
SECURE = replace(
    defaults.ACCOUNT,
    app_id="wx0123456789abcdef",
    mode=Mode.SECURE,
    token=Secret("token"),
    encoding_aes_key=Secret("k" * 43),
)


def refused(hostile: HostilePush) -> Refused:
    with pytest.raises(Refused) as refusal:
        Envelope(SECURE).open(hostile.push.query.encode(), hostile.push.body, now_unix=NOW)
    return refusal.value


def everything() -> Iterator[HostilePush]:
    yield from hostile_envelopes(SECURE, now_unix=NOW)
    yield from cut_envelopes(SECURE, now_unix=NOW, step=40)
    yield from hostile_queries(SECURE, now_unix=NOW)


def test_what_must_be_forbidden_is_refused() -> None:
    forbidden = [hostile for hostile in everything() if hostile.wanted is Wanted.FORBIDDEN]

    reasons = {refused(hostile).reason for hostile in forbidden}

    assert reasons == {
        "signature_missing",
        "signature_grammar",
        "signature_wrong",
        "stale",
        "wrong_mode",
        "undecryptable",
    }


def test_each_thing_that_can_be_wrong_inside_is_tried() -> None:
    details = {
        refused(hostile).detail
        for hostile in hostile_envelopes(SECURE, now_unix=NOW)
        if hostile.wanted is Wanted.FORBIDDEN
    }

    assert {"base64", "length", "padding", "msg_len", "app_id", "utf8"} <= details
    assert "signature_wrong" not in details


@pytest.mark.parametrize("format", Format)
def test_a_message_is_sealed_as_wechat_would(format: Format) -> None:
    message = Hostile(name="m", format=format, message=ordinary(format), wanted=Wanted.HARMLESS)

    push = enveloped(message, SECURE, now_unix=NOW).push

    opened = Envelope(SECURE).open(push.query.encode(), push.body, now_unix=NOW)
    assert opened.message == ordinary(format)


def test_sealing_changes_what_may_be_answered() -> None:
    def wanted(message: bytes) -> Wanted:
        hostile = Hostile(name="m", format=Format.JSON, message=message, wanted=Wanted.UNREADABLE)
        return enveloped(hostile, SECURE, now_unix=NOW).wanted

    assert wanted(b"{") is Wanted.UNREADABLE
    assert wanted(b"{\xff") is Wanted.FORBIDDEN
    assert wanted(b"{" * 60_000) is Wanted.TOO_LARGE


def test_no_two_are_the_same() -> None:
    pushes = [(hostile.push.query, hostile.push.body) for hostile in everything()]

    assert len(set(pushes)) == len(pushes)


def test_an_account_without_a_key_cannot_seal() -> None:
    keyless = replace(defaults.ACCOUNT, app_id="wx", mode=Mode.SECURE, token=Secret("token"))

    with pytest.raises(ValueError, match="EncodingAESKey"):
        list(hostile_envelopes(keyless, now_unix=NOW))
