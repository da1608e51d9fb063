from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.cancel_waybill import CancelWaybill, Reply, read
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Envelope, Mode, Opened
from adapter.wechat.errors import REFUSED_REASONS, Refused, WeChatError
from adapter.wechat.pushing import SealedPush, build_push, build_verification, open_reply
from adapter.wechat.redact import Secret
from adapter.wechat.signature import sign
from tests.wechat.examples import (
    APP_ID,
    KEY,
    NONCE,
    NOW,
    OTHER_KEY,
    PUSH_FIELDS,
    RANDOM16,
    TOKEN,
    account,
    account_of,
    body_of,
    push,
    vectors,
)

FORMATS = list(Format)
MODES = list(Mode)
ENCRYPTED = [Mode.COMPATIBLE, Mode.SECURE]
DERIVED = vectors("derived_cancel_waybill")


def query_of(vector: Any, **changes: str) -> bytes:
    return urlencode(vector["query"] | changes).encode()


def changed(query: str, **changes: str | None) -> bytes:
    parameters: dict[str, str | None] = dict(parse_qsl(query)) | changes
    return urlencode({name: text for name, text in parameters.items() if text is not None}).encode()


def opened(envelope: Envelope, sealed: SealedPush, *, now_unix: float = NOW) -> Opened:
    return envelope.open(sealed.query.encode(), sealed.body, now_unix=now_unix)


def refusal_of(
    envelope: Envelope, query: bytes, body: bytes, *, now_unix: float = NOW
) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        envelope.open(query, body, now_unix=now_unix)
    assert refusal.value.reason in REFUSED_REASONS
    return refusal.value.reason, refusal.value.detail


def message(format: Format) -> bytes:
    return encode(PUSH_FIELDS, format)


# --- the worked examples ----------------------------------------------------------------


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

    with pytest.raises(Refused) as refusal:
        if vector["method"] == "GET":
            envelope.verify(query_of(vector), now_unix=now)
        else:
            envelope.open(query_of(vector), body_of(vector), now_unix=now)

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


# --- the three modes --------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", MODES)
def test_a_push_goes_in_and_its_reply_comes_out(mode: Mode, format: Format) -> None:
    sender = account(mode)
    envelope = Envelope(sender)
    result = opened(envelope, push(sender, message(format), format))
    asked = read(result.message, result.format)
    assert isinstance(asked, CancelWaybill)
    reply = Reply(push=asked, result_code=0, result_msg="success").encode(format)

    sealed = envelope.seal(reply, result, now_unix=NOW + 1.5, random16=RANDOM16)

    assert (sealed == reply) is (mode is Mode.PLAINTEXT)
    assert open_reply(sender, sealed, format) == reply
    assert result.nonce == NONCE
    assert (result.previous_token, result.previous_key, result.key_index) == (False, False, 0)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("receiver", ENCRYPTED)
def test_a_plaintext_push_is_no_downgrade(receiver: Mode, format: Format) -> None:
    sealed = push(account(Mode.PLAINTEXT), message(format), format)
    envelope = Envelope(account(receiver))

    assert refusal_of(envelope, sealed.query.encode(), sealed.body)[0] == "wrong_mode"
    raw = changed(sealed.query, encrypt_type="raw")
    assert refusal_of(envelope, raw, sealed.body)[0] == "wrong_mode"


@pytest.mark.parametrize("mode", ENCRYPTED)
def test_encrypt_type_aes_does_not_make_plaintext_encrypted(mode: Mode) -> None:
    sealed = push(account(Mode.PLAINTEXT), message(Format.XML), Format.XML)
    signed = dict(parse_qsl(sealed.query))["signature"]
    query = changed(sealed.query, encrypt_type="aes", msg_signature=signed)

    assert refusal_of(Envelope(account(mode)), query, sealed.body)[0] == "wrong_mode"


@pytest.mark.parametrize("mode", ENCRYPTED)
@pytest.mark.parametrize("value", ["", "AES", "raw", "des"])
def test_a_foreign_encrypt_type_is_the_wrong_mode(mode: Mode, value: str) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    query = changed(sealed.query, encrypt_type=value)

    assert refusal_of(Envelope(account(mode)), query, sealed.body)[0] == "wrong_mode"


@pytest.mark.parametrize("mode", ENCRYPTED)
def test_the_msg_signature_alone_authenticates(mode: Mode) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    bare = changed(sealed.query, encrypt_type=None, signature=None, openid=None)

    assert Envelope(account(mode)).open(bare, sealed.body, now_unix=NOW).message


@pytest.mark.parametrize("mode", ENCRYPTED)
def test_without_the_msg_signature_nothing_is_read(mode: Mode) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    query = changed(sealed.query, msg_signature=None)

    refused = refusal_of(Envelope(account(mode)), query, sealed.body)

    assert refused == ("signature_missing", "msg_signature")


@pytest.mark.parametrize("sender", ENCRYPTED)
@pytest.mark.parametrize("format", FORMATS)
def test_plaintext_mode_refuses_encrypted_pushes(sender: Mode, format: Format) -> None:
    sealed = push(account(sender), message(format), format)
    envelope = Envelope(account(Mode.PLAINTEXT))
    as_if_plain = changed(sealed.query, encrypt_type=None, msg_signature=None)

    assert refusal_of(envelope, sealed.query.encode(), sealed.body)[0] == "wrong_mode"
    assert refusal_of(envelope, as_if_plain, sealed.body)[0] == "wrong_mode"
    assert refusal_of(envelope, as_if_plain + b"&encrypt_type=aes", b"{}")[0] == "wrong_mode"


def test_plaintext_mode_takes_encrypt_type_raw_and_the_word_encrypt() -> None:
    fields = [*PUSH_FIELDS, ("Remark", "Encrypt")]
    sealed = push(account(Mode.PLAINTEXT), encode(fields, Format.JSON), Format.JSON)
    query = changed(sealed.query, encrypt_type="raw")

    result = Envelope(account(Mode.PLAINTEXT)).open(query, sealed.body, now_unix=NOW)

    assert result.message == sealed.body


def test_an_authentic_plaintext_push_without_a_format_is_undecodable() -> None:
    sealed = push(account(Mode.PLAINTEXT), b"success", Format.XML)

    with pytest.raises(WeChatError) as error:
        opened(Envelope(account(Mode.PLAINTEXT)), sealed)

    assert error.value.reason == "undecodable"


@pytest.mark.parametrize(
    "body", [b"", b"x", b"<xml", b"{", b"<xml><Encrypt>1</Encrypt><Encrypt/></xml>"]
)
@pytest.mark.parametrize("mode", ENCRYPTED)
def test_a_body_nobody_signed_is_refused_and_not_called_undecodable(
    mode: Mode, body: bytes
) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)

    refused = refusal_of(Envelope(account(mode)), sealed.query.encode(), body)

    assert refused[0] == "undecryptable"


@pytest.mark.parametrize("body", [b'{"Encrypt":1}', b'{"Encrypt":""}', b'{"Encrypt":{}}', b"{}"])
def test_encrypt_must_be_text(body: bytes) -> None:
    sealed = push(account(), message(Format.XML), Format.XML)

    assert refusal_of(Envelope(account()), sealed.query.encode(), body)[0] == "wrong_mode"


# --- signatures that could be bent ------------------------------------------------------


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
@pytest.mark.parametrize("count", [4, 16, 20, 22, 64, 128])
def test_characters_moved_from_encrypt_into_the_nonce_are_refused(
    format: Format, count: int
) -> None:
    envelope = Envelope(account())
    for number in range(40):
        nonce = f"{number:02}4156707"
        encrypted = encrypt_of(account(), message(format), nonce)
        moved, left = encrypted[:count], encrypted[count:]
        signed = sign(TOKEN, str(NOW), nonce, encrypted)
        query = {"timestamp": str(NOW), "nonce": nonce + moved, "msg_signature": signed}
        body = encode([("ToUserName", "gh_abcdefg"), ("Encrypt", left)], format)

        refusal_of(envelope, urlencode(query).encode(), body)


def encrypt_of(sender: Account, body: bytes, nonce: str) -> str:
    sealed = build_push(
        sender,
        body,
        Format.JSON,
        timestamp=NOW,
        nonce=nonce,
        random16=nonce.encode().ljust(16, b"0"),
        open_id="o",
    )
    encrypted: str = json.loads(sealed.body)["Encrypt"]
    return encrypted


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


# --- rotation ---------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", ENCRYPTED)
def test_the_previous_pair_is_taken_and_answers(mode: Mode, format: Format) -> None:
    before = account(mode)
    during = account(mode, token="new", previous_token=TOKEN, key=OTHER_KEY, previous_key=KEY)
    envelope = Envelope(during)

    result = opened(envelope, push(before, message(format), format))
    sealed = envelope.seal(b"reply", result, now_unix=NOW, random16=RANDOM16)

    assert (result.previous_token, result.previous_key, result.key_index) == (True, True, 1)
    assert open_reply(before, sealed, format) == b"reply"


@pytest.mark.parametrize(("old_token", "old_key"), [(True, False), (False, True)])
def test_token_and_key_rotate_apart(old_token: bool, old_key: bool) -> None:  # noqa: FBT001 - cases
    sender = account(token=TOKEN if old_token else "new", key=KEY if old_key else OTHER_KEY)
    receiver = account(token="new", previous_token=TOKEN, key=OTHER_KEY, previous_key=KEY)
    envelope = Envelope(receiver)

    result = opened(envelope, push(sender, message(Format.XML), Format.XML))
    sealed = envelope.seal(b"reply", result, now_unix=NOW, random16=RANDOM16)

    assert (result.previous_token, result.previous_key) == (old_token, old_key)
    assert open_reply(sender, sealed, Format.XML) == b"reply"


@pytest.mark.parametrize("mode", MODES)
def test_the_previous_token_verifies_and_signs_plaintext(mode: Mode) -> None:
    query = build_verification(account(mode), timestamp=NOW, nonce=NONCE, echostr="shr5ch")
    receiver = Envelope(account(mode, token="new", previous_token=TOKEN))

    assert receiver.verify(query.encode(), now_unix=NOW) == "shr5ch"


def test_neither_key_opens_a_foreign_message() -> None:
    receiver = Envelope(account(key=OTHER_KEY, previous_key="b" * 43))
    sealed = push(account(), message(Format.XML), Format.XML)

    refused = refusal_of(receiver, sealed.query.encode(), sealed.body)

    assert refused[0] == "undecryptable"
    assert refused[1] != "app_id"


def test_a_foreign_app_id_is_named_whichever_key_opened() -> None:
    receiver = Envelope(account(key=OTHER_KEY, previous_key=KEY))
    sealed = push(account(app_id="wx_other_app"), message(Format.XML), Format.XML)

    refused = refusal_of(receiver, sealed.query.encode(), sealed.body)

    assert refused == ("undecryptable", "app_id")


def test_empty_previous_secrets_are_none() -> None:
    receiver = Envelope(account(previous_token="", previous_key=""))
    unsigned = push(account(token="x"), message(Format.XML), Format.XML)
    signed = sign("", str(NOW), NONCE, json.loads(json.dumps("x")))
    query = changed(unsigned.query, msg_signature=signed)

    assert refusal_of(receiver, query, b'{"Encrypt":"x"}')[0] == "signature_wrong"


# --- URL verification -------------------------------------------------------------------


@pytest.mark.parametrize(
    "echostr", ["4375120948345356249", "a b", "a+b", "a%20b", "回声", '"x"', "<b>"]
)
def test_the_echo_is_decoded_once(echostr: str) -> None:
    query = build_verification(account(), timestamp=NOW, nonce=NONCE, echostr=echostr)

    assert Envelope(account()).verify(query.encode(), now_unix=NOW) == echostr


@pytest.mark.parametrize("echostr", ["", None])
def test_without_an_echo_there_is_nothing_to_answer(echostr: str | None) -> None:
    query = build_verification(account(), timestamp=NOW, nonce=NONCE, echostr="x")

    with pytest.raises(Refused, match="signature_grammar"):
        Envelope(account()).verify(changed(query, echostr=echostr), now_unix=NOW)


def test_an_old_verification_is_stale() -> None:
    query = build_verification(account(), timestamp=NOW, nonce=NONCE, echostr="x").encode()

    with pytest.raises(Refused, match="stale"):
        Envelope(account()).verify(query, now_unix=NOW + 601)


# --- whatever comes ---------------------------------------------------------------------


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
    try:
        result = opened(Envelope(account(mode)), sealed)
        read(result.message, result.format)
    except WeChatError as error:
        assert error.reason in {"undecodable", "undecryptable", "wrong_mode"}


@given(text=st.text(max_size=80))
def test_any_encrypt_with_a_right_signature_raises_only_the_one_error(text: str) -> None:
    signed = sign(TOKEN, str(NOW), NONCE, text)
    query = urlencode({"timestamp": NOW, "nonce": NONCE, "msg_signature": signed})
    body = json.dumps({"Encrypt": text})

    refused = refusal_of(Envelope(account()), query.encode(), body.encode())

    assert refused[0] == ("undecryptable" if text else "wrong_mode")


# --- set-up -----------------------------------------------------------------------------


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="token"):
        Envelope(account(token=""))


@pytest.mark.parametrize("mode", ENCRYPTED)
@pytest.mark.parametrize("key", [None, Secret("")])
def test_an_encrypted_mode_needs_a_key(mode: Mode, key: Secret | None) -> None:
    keyless = Account(app_id=APP_ID, mode=mode, token=Secret(TOKEN), encoding_aes_key=key)

    with pytest.raises(ValueError, match="EncodingAESKey"):
        Envelope(keyless)


def test_plaintext_mode_needs_no_key() -> None:
    keyless = Account(app_id=APP_ID, mode=Mode.PLAINTEXT, token=Secret(TOKEN))
    sealed = push(account(Mode.PLAINTEXT), message(Format.XML), Format.XML)

    assert opened(Envelope(keyless), sealed).message == sealed.body


def test_no_secret_of_an_account_is_printed() -> None:
    hidden = account(token="canary-token", previous_token="canary-old", key="canary" + "A" * 37)

    printed = f"{hidden} {hidden!r} {Envelope(hidden)} {Envelope(hidden)!r}"

    assert "canary" not in printed


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_is_in_a_refusal(mode: Mode) -> None:
    hidden = Envelope(account(mode, token="canary-token", key="canary" + "A" * 37))
    sealed = push(account(mode, token="canary-token"), message(Format.XML), Format.XML)

    for query in (sealed.query.encode(), b"", b"nonce=canary"):
        try:
            hidden.open(query, b"canary-body", now_unix=NOW)
        except WeChatError as error:
            assert "canary" not in f"{error} {error!r} {error.__cause__!r}"  # noqa: PT017 - each
