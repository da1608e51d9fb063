"""Modes, rotation, URL verification and set-up."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from adapter.wechat.cancel_waybill import CancelWaybill, Reply, read, read_opened
from adapter.wechat.client_side import SealedPush, build_verification, open_reply
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Envelope, Mode
from adapter.wechat.errors import Refused, WeChatError
from adapter.wechat.secret import Secret
from adapter.wechat.signature import sign
from tests import defaults
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
DERIVED = vectors("derived_cancel_waybill")


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


@pytest.mark.parametrize(
    ("body", "format"), [(b"success", Format.XML), (b"", Format.XML), (b" [1]", Format.JSON)]
)
def test_an_authentic_plaintext_push_without_a_format_is_opened(
    body: bytes, format: Format
) -> None:
    """What it says is for `read` to judge: of another event we need not understand a thing."""
    sealed = push(account(Mode.PLAINTEXT), body, Format.XML)

    result = opened(Envelope(account(Mode.PLAINTEXT)), sealed)

    assert (result.message, result.format) == (body, format)


@pytest.mark.parametrize("mode", ENCRYPTED)
@pytest.mark.parametrize("blanks", ["\n    ", " ", "\r\n\t", ""])
@pytest.mark.parametrize("cdata", [True, False])
def test_blanks_around_encrypt_are_no_part_of_it(mode: Mode, blanks: str, *, cdata: bool) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    bare = sealed.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt>").replace(
        b"]]></Encrypt>", b"</Encrypt>"
    )
    head, _, rest = bare.partition(b"<Encrypt>")
    encrypted, _, tail = rest.partition(b"</Encrypt>")
    inner = b"<![CDATA[" + encrypted + b"]]>" if cdata else encrypted
    around = blanks.encode()
    body = head + b"<Encrypt>" + around + inner + around + b"</Encrypt>" + tail

    result = opened(Envelope(account(mode)), SealedPush(query=sealed.query, body=body))

    assert result.message == message(Format.XML)


def test_blanks_within_a_json_encrypt_are_no_part_of_it() -> None:
    sealed = push(account(), message(Format.JSON), Format.JSON)
    body = sealed.body.replace(b'"Encrypt":"', b'"Encrypt" : " \\n')[:-2] + b' \\n"}'

    result = opened(Envelope(account()), SealedPush(query=sealed.query, body=body))

    assert result.message == message(Format.JSON)


PASSED_ON_SHAPES = {
    Format.XML: [
        b"<a>1</a><a>2</a>",
        b"<!-- note -->",
        b"<a b='c'>1</a>",
        b"<a><b><c><d><e><f><g/></f></e></d></c></b></a>",
        b"<a/>" * 300,
        b"\xe2\x80\x8b",
        b"<a>\x0b</a>",
    ],
    Format.JSON: [b',"a":1,"a":2', b',"a":NaN', b',"a":' + b"[" * 8 + b"]" * 8],
}


@pytest.mark.parametrize(
    ("format", "shape"),
    [(format, shape) for format, shapes in PASSED_ON_SHAPES.items() for shape in shapes],
)
def test_in_compatible_mode_encrypt_is_found_beside_what_we_cannot_decode(
    format: Format, shape: bytes
) -> None:
    sealed = push(account(Mode.COMPATIBLE), message(format), format)
    end = b"</xml>" if format is Format.XML else b"}"
    head, found, _ = sealed.body.rpartition(end)
    body = head + shape + found

    result = opened(Envelope(account(Mode.COMPATIBLE)), SealedPush(query=sealed.query, body=body))

    assert result.message == message(format)
    assert result.body_fault, "so that a cancellation in it is refused"
    with pytest.raises(Refused, match="body_"):
        read_opened(result)


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


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="token"):
        Envelope(account(token=""))


@pytest.mark.parametrize("mode", ENCRYPTED)
@pytest.mark.parametrize("key", [None, Secret("")])
def test_an_encrypted_mode_needs_a_key(mode: Mode, key: Secret | None) -> None:
    keyless = replace(
        defaults.ACCOUNT, app_id=APP_ID, mode=mode, token=Secret(TOKEN), encoding_aes_key=key
    )

    with pytest.raises(ValueError, match="EncodingAESKey"):
        Envelope(keyless)


def test_plaintext_mode_needs_no_key() -> None:
    keyless = replace(defaults.ACCOUNT, app_id=APP_ID, mode=Mode.PLAINTEXT, token=Secret(TOKEN))
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
        with pytest.raises(WeChatError) as error:
            read_opened(hidden.open(query, b"canary-body cancel_waybill", now_unix=NOW))

        assert "canary" not in f"{error.value} {error.value!r} {error.value.__cause__!r}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "value"),
    [("timestamp", "1" * 11), ("nonce", "x" * 65), ("signature", "A" * 40), ("signature", "")],
)
def test_each_part_of_the_signature_has_its_grammar(mode: Mode, name: str, value: str) -> None:
    sealed = push(account(mode), message(Format.XML), Format.XML)
    if name == "signature" and mode is not Mode.PLAINTEXT:
        name = "msg_signature"

    query = changed(sealed.query, **{name: value})

    refused = refusal_of(Envelope(account(mode)), query, sealed.body)
    assert refused == ("signature_grammar", name)
