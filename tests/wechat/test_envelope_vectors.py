"""The worked examples, Tencent's first."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from adapter.wechat.cancel_waybill import CancelWaybill, read
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Envelope, Mode, Opened
from adapter.wechat.errors import Refused
from tests.wechat.examples import (
    account_of,
    body_of,
    query_of,
    vectors,
)

FORMATS = list(Format)
MODES = list(Mode)
ENCRYPTED = [Mode.COMPATIBLE, Mode.SECURE]
DERIVED = vectors("derived_cancel_waybill")


@pytest.mark.parametrize("vector", vectors("url_verification"), ids=lambda vector: vector["id"])
@pytest.mark.parametrize("mode", MODES)
def test_tencents_url_verification_is_answered(vector: Any, mode: Mode) -> None:
    envelope = Envelope(account_of(vector, mode))

    echostr = envelope.verify(query_of(vector), now_unix=int(vector["query"]["timestamp"]))

    assert echostr == vector["expected"]["body"]


@pytest.mark.parametrize("vector", vectors("signature"), ids=lambda vector: vector["id"])
def test_tencents_signed_urls_are_taken_in_plaintext_mode(vector: Any) -> None:
    query = urlencode(
        {
            "signature": vector["expected"],
            "timestamp": vector["timestamp"],
            "nonce": vector["nonce"],
        }
    )
    body = body_of(vector) if "body" in vector else b"{}"

    result = Envelope(account_of(vector, Mode.PLAINTEXT)).open(
        query.encode(), body, now_unix=int(vector["timestamp"])
    )

    assert result.message == body


@pytest.mark.parametrize("vector", vectors("decrypt"), ids=lambda vector: vector["id"])
def test_tencents_secure_push_is_opened(vector: Any) -> None:
    result = Envelope(account_of(vector, Mode.SECURE)).open(
        query_of(vector), body_of(vector), now_unix=int(vector["query"]["timestamp"])
    )

    assert result.message.decode() == vector["expected"]["msg"]
    assert result.format is Format.JSON


@pytest.mark.parametrize("mode", ENCRYPTED)
@pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors("encrypt") if "msg_signature" in vector["expected"]],
    ids=lambda vector: vector["id"],
)
def test_tencents_reply_is_sealed_to_the_byte(vector: Any, mode: Mode) -> None:
    sealed = Envelope(account_of(vector, mode)).seal(
        vector["msg"].encode(),
        Opened(
            message=b"",
            format=Format.JSON,
            nonce=vector["nonce"],
            previous_token=False,
            previous_key=False,
            key_index=0,
        ),
        now_unix=int(vector["timestamp"]) + 0.9,
        random16=bytes.fromhex(vector["random16_hex"]),
    )

    assert json.loads(sealed, object_pairs_hook=list) == [
        ("Encrypt", vector["expected"]["encrypt"]),
        ("MsgSignature", vector["expected"]["msg_signature"]),
        ("TimeStamp", int(vector["timestamp"])),
        ("Nonce", vector["nonce"]),
    ]


@pytest.mark.parametrize(
    "vector",
    [vector for vector in DERIVED if vector["direction"] == "push"],
    ids=lambda vector: vector["id"],
)
def test_derived_pushes_are_opened_and_read(vector: Any) -> None:
    envelope = Envelope(account_of(vector, Mode(vector["mode"])))

    result = envelope.open(query_of(vector), body_of(vector), now_unix=int(vector["timestamp"]))

    assert result.message.decode() == vector["msg"]
    assert result.format.value == vector["format"]
    assert isinstance(read(result.message, result.format), CancelWaybill)


@pytest.mark.parametrize(
    "vector",
    [vector for vector in DERIVED if vector["direction"] == "reply"],
    ids=lambda vector: vector["id"],
)
def test_derived_replies_are_sealed_alike(vector: Any) -> None:
    format = Format(vector["format"])

    sealed = Envelope(account_of(vector, Mode.SECURE)).seal(
        vector["msg"].encode(),
        Opened(
            message=b"",
            format=format,
            nonce=vector["nonce"],
            previous_token=False,
            previous_key=False,
            key_index=0,
        ),
        now_unix=int(vector["timestamp"]),
        random16=bytes.fromhex(vector["random16_hex"]),
    )

    if format is Format.JSON:
        assert json.loads(sealed, object_pairs_hook=list) == list(vector["body"].items())
    else:
        # The same bytes but for the line breaks: CDATA but in TimeStamp, in this order.
        assert sealed.decode() == vector["body"].replace("\n", "")


REJECTED = {
    "get-signature-zero": "signature_wrong",
    "get-missing-signature": "signature_missing",
    "get-missing-echostr": "signature_grammar",
    "secure-msg-signature-zero": "signature_wrong",
    "secure-signature-used-as-msg-signature": "signature_wrong",
    "secure-foreign-appid": "undecryptable",
    "secure-mode-plaintext-downgrade": "wrong_mode",
    "derived-pad-zero": "undecryptable",
    "derived-pad-inconsistent": "undecryptable",
    "derived-msg-len-too-large": "undecryptable",
    "derived-not-base64": "undecryptable",
    "shift-digit-nonce-to-timestamp": "signature_grammar",
}


@pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors("reject") if vector["kind"] == "must_reject"],
    ids=lambda vector: vector["id"],
)
@pytest.mark.parametrize("mode", ENCRYPTED)
def test_what_must_be_rejected_is(vector: Any, mode: Mode) -> None:
    envelope = Envelope(account_of(vector, mode))
    now = int(vector["query"]["timestamp"])

    def receive() -> object:
        if vector["method"] == "GET":
            return envelope.verify(query_of(vector), now_unix=now)
        return envelope.open(query_of(vector), body_of(vector), now_unix=now)

    with pytest.raises(Refused) as refusal:
        receive()

    assert refusal.value.reason == REJECTED[vector["id"]]


@pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors("reject") if vector["kind"] == "decide"],
    ids=lambda vector: vector["id"],
)
def test_compatible_mode_reads_only_what_was_decrypted(vector: Any) -> None:
    result = Envelope(account_of(vector, Mode.COMPATIBLE)).open(
        query_of(vector), body_of(vector), now_unix=int(vector["query"]["timestamp"])
    )

    receiver = ElementTree.fromstring(result.message).findtext("ToUserName")  # noqa: S314
    assert receiver == vector["expected_if_accepted"]["ToUserName"]
