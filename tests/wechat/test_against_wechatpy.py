"""An independent implementation of WeChat's cipher seals what we open, and opens what we seal."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto, WeChatCrypto

from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import Format, decode
from adapter.wechat.envelope import Envelope, Mode
from adapter.wechat.secret import Secret
from tests.wechat.examples import (
    APP_ID,
    KEY,
    NONCE,
    NOW,
    OTHER_KEY,
    RANDOM16,
    TOKEN,
    account,
    push,
)

KEYS = [KEY, OTHER_KEY]
MESSAGES = st.text(max_size=300)


@pytest.mark.parametrize("key", KEYS)
@given(message=MESSAGES, random16=st.binary(min_size=16, max_size=16))
def test_wechatpy_decrypts_what_we_encrypt(key: str, message: str, random16: bytes) -> None:
    encrypted = AesEnvelope(Secret(key), receive_id=APP_ID).encrypt(
        message.encode(), random16=random16
    )

    foreign = PrpCrypto(WeChatCrypto(TOKEN, key, APP_ID).key)

    assert foreign.decrypt(encrypted, APP_ID) == message


@pytest.mark.parametrize("key", KEYS)
@given(message=MESSAGES)
def test_we_decrypt_what_wechatpy_encrypts(key: str, message: str) -> None:
    foreign = PrpCrypto(WeChatCrypto(TOKEN, key, APP_ID).key)

    encrypted = foreign.encrypt(message, APP_ID).decode()

    ours = AesEnvelope(Secret(key), receive_id=APP_ID)
    assert ours.decrypt(encrypted).decode() == message


@given(message=MESSAGES)
def test_we_open_what_wechatpy_seals(message: str) -> None:
    # Its envelope of a reply has all that a push has, in XML.
    body = WeChatCrypto(TOKEN, OTHER_KEY, APP_ID).encrypt_message(message, NONCE, str(NOW))
    signed = decode(body.encode(), Format.XML)["MsgSignature"]
    query = urlencode({"timestamp": NOW, "nonce": NONCE, "msg_signature": signed})

    opened = Envelope(account(key=OTHER_KEY)).open(query.encode(), body.encode(), now_unix=NOW)

    assert opened.message.decode() == message


@pytest.mark.parametrize("format", list(Format))
@pytest.mark.parametrize("mode", [Mode.COMPATIBLE, Mode.SECURE])
@given(reply=MESSAGES)
def test_wechatpy_opens_what_we_seal(mode: Mode, format: Format, reply: str) -> None:
    sender = account(mode)
    envelope = Envelope(sender)
    sealed_push = push(sender, b'{"ToUserName":"gh"}', format)
    opened = envelope.open(sealed_push.query.encode(), sealed_push.body, now_unix=NOW)

    sealed = envelope.seal(reply.encode(), opened, now_unix=NOW, random16=RANDOM16)

    fields = decode(sealed, format)
    read = WeChatCrypto(TOKEN, KEY, APP_ID).decrypt_message(
        fields, fields["MsgSignature"], str(fields["TimeStamp"]), fields["Nonce"]
    )
    assert read == reply
