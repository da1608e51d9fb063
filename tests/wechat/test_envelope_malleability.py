"""Signatures that could be bent, and whatever bytes may come."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.cancel_waybill import read
from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Envelope, Mode
from adapter.wechat.errors import WeChatError
from adapter.wechat.secret import Secret
from adapter.wechat.signature import sign
from tests.wechat.examples import (
    APP_ID,
    KEY,
    NONCE,
    NOW,
    TOKEN,
    account,
    changed,
    message,
    opened,
    push,
    refusal_of,
    vectors,
)

FORMATS = list(Format)
MODES = list(Mode)
ENCRYPTED = [Mode.COMPATIBLE, Mode.SECURE]
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
DERIVED = vectors("derived_cancel_waybill")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["timestamp", "nonce"])
def test_a_missing_part_of_the_signature_is_named(mode: Mode, name: str) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)

    refused = refusal_of(
        Envelope(account(mode)), changed(sealed.query, **{name: None}), sealed.body
    )

    assert refused == ("signature_missing", name)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("count", range(1, 9))
def test_digits_shifted_between_timestamp_and_nonce_are_refused(mode: Mode, count: int) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    envelope = Envelope(account(mode))
    digits = f"{NONCE}{NOW}"  # as sorted and joined
    longer = changed(sealed.query, nonce=digits[: 9 - count], timestamp=digits[9 - count :])
    shorter = changed(sealed.query, nonce=digits[: 9 + count], timestamp=digits[9 + count :])

    assert refusal_of(envelope, longer, sealed.body)[0] in {"signature_grammar", "signature_wrong"}
    assert refusal_of(envelope, shorter, sealed.body)[0] in {"signature_grammar", "signature_wrong"}


@pytest.mark.parametrize("mode", MODES)
def test_timestamp_and_nonce_swapped_are_refused(mode: Mode) -> None:
    nonce = "1514711492"
    sealed = push(account(mode), message(Format.XML), Format.XML, nonce=nonce)
    swapped = changed(sealed.query, timestamp=nonce, nonce=str(NOW))

    # The SHA-1 is the same: only the window tells.
    assert refusal_of(Envelope(account(mode)), swapped, sealed.body) == ("stale", "")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "msg_signature"])
@pytest.mark.parametrize("value", ["", " ", "0", "x" * 40, "A" * 40, "1714112445 ", "é" * 40])
def test_a_part_of_wrong_form_is_refused(mode: Mode, name: str, value: str) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    asked = "signature" if mode is Mode.PLAINTEXT and name == "msg_signature" else name
    if mode is not Mode.PLAINTEXT and name == "signature":
        asked = "msg_signature"

    query = changed(sealed.query, **{asked: value})

    refused = refusal_of(Envelope(account(mode)), query, sealed.body)[0]
    assert refused in {"signature_grammar", "signature_wrong"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "openid"])
def test_a_repeated_key_is_refused(mode: Mode, name: str) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    again = dict(parse_qsl(sealed.query))[name]
    query = f"{sealed.query}&{name}={again}".encode()

    refused = refusal_of(Envelope(account(mode)), query, sealed.body)

    assert refused == ("signature_grammar", "repeated_parameter")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("count", "reason"),
    # Up to 60 characters the grammar cannot tell; but only 64 are whole blocks of AES.
    [
        *((few, "undecryptable") for few in (4, 16, 21, 28)),
        *((many, "signature_grammar") for many in (61, 64, 128)),
    ],
)
def test_characters_moved_from_encrypt_into_the_nonce_are_refused(
    format: Format, count: int, reason: str
) -> None:
    nonce = "Abcd"  # sorts after timestamp and token, before what follows it here
    encrypted = encrypted_with_a_head_of_letters(message(format), count)
    moved, left = encrypted[:count], encrypted[count:]
    signed = sign(TOKEN, str(NOW), nonce, encrypted)
    assert signed == sign(TOKEN, str(NOW), nonce + moved, left)
    query = urlencode({"timestamp": NOW, "nonce": nonce + moved, "msg_signature": signed})

    body = encode([("ToUserName", "gh_abcdefg"), ("Encrypt", left)], format)

    assert refusal_of(Envelope(account()), query.encode(), body)[0] == reason


def encrypted_with_a_head_of_letters(plain: bytes, count: int) -> str:
    """Try random16 after random16 until the head could pass for a nonce and sorts last."""
    envelope = AesEnvelope(Secret(KEY), receive_id=APP_ID)
    return next(
        encrypted
        for number in range(100_000)
        if (encrypted := envelope.encrypt(plain, random16=b"%016d" % number))[:count].isalnum()
        and encrypted[0] > "b"
        and encrypted[count] > "b"
    )


@given(nonce=st.text(ALPHABET, min_size=1, max_size=64), count=st.integers(1, 128))
def test_no_move_between_nonce_and_encrypt_opens(nonce: str, count: int) -> None:
    """Whatever sorts where: for each way of parting the joined text anew, no push opens.

    `Encrypt` is made of the letters a nonce may have, the best case for whoever moves them;
    a push that opens must be the one that was signed.
    """
    encrypted = AesEnvelope(Secret(KEY), receive_id=APP_ID).encrypt(
        message(Format.XML), random16=b"0123456789abcdef"
    )
    if count < len(encrypted):
        _moved(nonce + encrypted[:count], encrypted[count:])  # the head becomes the nonce's end
        _moved(encrypted[-count:] + nonce, encrypted[:-count])  # the tail, its beginning
    if count < len(nonce):
        _moved(nonce[:-count], nonce[-count:] + encrypted)
        _moved(nonce[count:], encrypted + nonce[:count])


def _moved(nonce: str, encrypted: str) -> None:
    """Sign what was moved, as if the SHA-1 were the same: the rest has to refuse it."""
    signed = sign(TOKEN, str(NOW), nonce, encrypted)
    query = urlencode({"timestamp": NOW, "nonce": nonce, "msg_signature": signed})
    body = encode([("ToUserName", "gh_abcdefg"), ("Encrypt", encrypted)], Format.XML)

    refused = refusal_of(Envelope(account()), query.encode(), body)

    assert refused[0] in {"undecryptable", "signature_grammar"}


def test_the_wrong_token_signs_nothing() -> None:
    for mode in MODES:
        sealed = push(account(mode, token="BBBBB"), message(Format.XML), Format.XML)

        assert refusal_of(Envelope(account(mode)), sealed.query.encode(), sealed.body) == (
            "signature_wrong",
            "",
        )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("late", "taken"), [(-601, False), (-600, True), (600, True), (601, False)]
)
def test_a_push_is_fresh_on_both_sides_of_now(
    mode: Mode,
    late: int,
    taken: bool,  # noqa: FBT001 - a case
) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    envelope = Envelope(account(mode))

    if taken:
        assert opened(envelope, sealed, now_unix=NOW + late).nonce == NONCE
    else:
        refused = refusal_of(envelope, sealed.query.encode(), sealed.body, now_unix=NOW + late)
        assert refused == ("stale", "")


@pytest.mark.parametrize("mode", MODES)
@given(query=st.binary(max_size=120), body=st.binary(max_size=120))
def test_any_bytes_raise_only_the_one_error(mode: Mode, query: bytes, body: bytes) -> None:
    with pytest.raises(WeChatError):
        Envelope(account(mode)).open(query, body, now_unix=NOW)
    with pytest.raises(WeChatError):
        Envelope(account(mode)).verify(query, now_unix=NOW)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("format", FORMATS)
@given(body=st.binary(max_size=200))
def test_any_signed_bytes_are_opened_or_raise_the_one_error(
    mode: Mode, format: Format, body: bytes
) -> None:
    sealed = push(account(mode), body, format)
    reason = "none"
    try:
        result = opened(Envelope(account(mode)), sealed)
        read(result.message, result.format)
    except WeChatError as error:
        reason = error.reason

    assert reason in {"none", "undecodable", "undecryptable", "wrong_mode"}


@given(text=st.text(max_size=80).map(lambda text: text.strip(" \t\r\n")))
def test_any_encrypt_with_a_right_signature_raises_only_the_one_error(text: str) -> None:
    signed = sign(TOKEN, str(NOW), NONCE, text)
    query = urlencode({"timestamp": NOW, "nonce": NONCE, "msg_signature": signed})
    body = json.dumps({"Encrypt": text})

    refused = refusal_of(Envelope(account()), query.encode(), body.encode())

    assert refused[0] == ("undecryptable" if text else "wrong_mode")
