from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from adapter.wechat.cipher import AesEnvelope, is_encoding_aes_key
from adapter.wechat.errors import Refused
from adapter.wechat.secret import Secret
from adapter.wechat.signature import sign
from tests.wechat.examples import APP_ID, KEY, OTHER_KEY, RANDOM16, vectors

ENVELOPE = AesEnvelope(Secret(KEY), receive_id=APP_ID)
OTHER_ENVELOPE = AesEnvelope(Secret(OTHER_KEY), receive_id=APP_ID)


def envelope_of(vector: Any) -> AesEnvelope:
    return AesEnvelope(Secret(vector["encoding_aes_key"]), receive_id=vector["receive_id"])


def sealed_by_hand(full: bytes) -> str:
    """Encrypt whole blocks with the key of `ENVELOPE`, however wrong they are."""
    encryptor = Cipher(algorithms.AES(bytes(32)), modes.CBC(bytes(16))).encryptor()
    return base64.b64encode(encryptor.update(full) + encryptor.finalize()).decode()


def padded(full: bytes) -> bytes:
    count = 32 - len(full) % 32
    return full + bytes([count]) * count


@pytest.mark.parametrize("vector", vectors("decrypt"), ids=lambda vector: vector["id"])
def test_tencents_push_decrypts(vector: Any) -> None:
    assert envelope_of(vector).decrypt(vector["encrypt"]).decode() == vector["expected"]["msg"]


@pytest.mark.parametrize("vector", vectors("encrypt"), ids=lambda vector: vector["id"])
def test_published_messages_encrypt_to_the_published_bytes(vector: Any) -> None:
    random16 = bytes.fromhex(vector["random16_hex"])

    encrypted = envelope_of(vector).encrypt(vector["msg"].encode(), random16=random16)

    assert encrypted == vector["expected"]["encrypt"]
    assert envelope_of(vector).decrypt(encrypted).decode() == vector["msg"]
    assert len(vector["msg"].encode()) == vector["msg_len_bytes"]


@pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors("encrypt") if "msg_signature" in vector["expected"]],
    ids=lambda vector: vector["id"],
)
def test_published_reply_signatures_recompute(vector: Any) -> None:
    signed = sign(
        vector["token"], vector["timestamp"], vector["nonce"], vector["expected"]["encrypt"]
    )

    assert signed == vector["expected"]["msg_signature"]


@given(st.text(max_size=300), st.binary(min_size=16, max_size=16), st.text(max_size=20))
def test_what_is_encrypted_decrypts(message: str, random16: bytes, receive_id: str) -> None:
    envelope = AesEnvelope(Secret(OTHER_KEY), receive_id=receive_id)

    encrypted = envelope.encrypt(message.encode(), random16=random16)

    assert envelope.decrypt(encrypted) == message.encode()


@given(st.text(max_size=400))
def test_any_text_is_decrypted_or_refused(encrypted: str) -> None:
    with pytest.raises(Refused, match="undecryptable"):
        ENVELOPE.decrypt(encrypted)


@given(
    st.integers(1, 8).flatmap(lambda blocks: st.binary(min_size=16 * blocks, max_size=16 * blocks))
)
def test_any_blocks_are_decrypted_or_refused(full: bytes) -> None:
    with pytest.raises(Refused, match="undecryptable"):
        ENVELOPE.decrypt(sealed_by_hand(full))


HEAD = RANDOM16 + (5).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("encrypted", "detail"),
    [
        ("", "length"),
        ("!!!not-base64!!!", "base64"),
        ("AAA", "base64"),
        ("AAAA AAAA", "base64"),
        ("运单", "base64"),
        ("-_-_", "base64"),
        ("AAAA", "length"),
        (sealed_by_hand(bytes(32)), "padding"),
        (sealed_by_hand(bytes(31) + b"\x21"), "padding"),
        (sealed_by_hand(bytes(30) + b"\x03\x02"), "padding"),
        (sealed_by_hand(b"\x20" * 16), "padding"),
        (sealed_by_hand(b"\x20" * 32), "msg_len"),
        (sealed_by_hand(padded(RANDOM16 + b"\xff\xff\xff\xff" + APP_ID.encode())), "msg_len"),
        (sealed_by_hand(padded(HEAD + b"hello")), "app_id"),
        (sealed_by_hand(padded(HEAD + b"hello" + b"wx_other_app")), "app_id"),
        (sealed_by_hand(padded(HEAD + b"hello" + APP_ID.encode() + b" ")), "app_id"),
        (sealed_by_hand(padded(HEAD + b"hell\xff" + APP_ID.encode())), "utf8"),
        (OTHER_ENVELOPE.encrypt(b"hello", random16=RANDOM16), "padding"),
    ],
)
def test_each_fault_has_its_detail_behind_one_reason(encrypted: str, detail: str) -> None:
    with pytest.raises(Refused) as refusal:
        ENVELOPE.decrypt(encrypted)

    assert (refusal.value.reason, refusal.value.detail) == ("undecryptable", detail)


@pytest.mark.parametrize("last", "ABCwxyz0189")
def test_a_key_with_stray_last_bits_is_taken(last: str) -> None:
    envelope = AesEnvelope(Secret("a" * 42 + last), receive_id=APP_ID)

    assert envelope.decrypt(envelope.encrypt(b"x", random16=RANDOM16)) == b"x"


@pytest.mark.parametrize(
    "text", ["", "A" * 42, "A" * 44, "A" * 43 + "=", "A" * 42 + "+", "Ａ" * 43]
)
def test_a_malformed_key_is_refused_unnamed(text: str) -> None:
    assert not is_encoding_aes_key(text)
    with pytest.raises(ValueError, match="43 letters and digits") as refusal:
        AesEnvelope(Secret(text), receive_id=APP_ID)

    assert "AAA" not in str(refusal.value)


def test_sealing_needs_sixteen_random_bytes() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        ENVELOPE.encrypt(b"x", random16=b"")


def test_an_envelope_does_not_print_its_key() -> None:
    assert OTHER_KEY[:8] not in repr(OTHER_ENVELOPE)


def test_whom_a_message_is_meant_for_is_told_whoever_it_is() -> None:
    other = AesEnvelope(Secret(KEY), receive_id="wx0000000000000009")
    encrypted = other.encrypt(b"hello", random16=RANDOM16)

    assert ENVELOPE.receiver(encrypted) == b"wx0000000000000009"
