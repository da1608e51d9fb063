"""WeChat's AES envelope: one key, one app id, bytes in and out."""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from adapter.wechat.errors import Refused
from adapter.wechat.secret import Secret

RANDOM_BYTES = 16
PADDING_BYTES = 32  # "PKCS#7, K 为秘钥字节数(采用32)": 1 to 32, not AES's own 16

_LENGTH_BYTES = 4
_HEAD_BYTES = RANDOM_BYTES + _LENGTH_BYTES
_BLOCK_BYTES = 16
_KEY = re.compile(r"[0-9A-Za-z]{43}")
_PADDINGS = tuple(bytes([count]) * count for count in range(PADDING_BYTES + 1))


def is_encoding_aes_key(text: str) -> bool:
    """Say whether `text` is an EncodingAESKey: "长度固定为43个字符,从a-z,A-Z,0-9中选取"."""
    return _KEY.fullmatch(text) is not None


class AesEnvelope:
    """Seals and opens messages for one receiver under one EncodingAESKey.

    `FullStr = random(16) + msg_len(4, network order) + msg + appid`, AES-256-CBC with the
    first half of the key as IV, in Base64 (third-party Technical_Plan, message-push page).
    """

    __slots__ = ("_cipher", "_receiver")

    def __init__(self, encoding_aes_key: Secret, *, receive_id: str) -> None:
        """Raise `ValueError` when the key is not 43 letters and digits."""
        text = encoding_aes_key.reveal()
        if not is_encoding_aes_key(text):
            raise ValueError("an EncodingAESKey has exactly 43 letters and digits")
        # 43 characters are 258 bits; the last two are dropped, whatever they are. Three in
        # four keys have some set there, which strict decoders wrongly refuse.
        key = base64.b64decode(text + "=")
        # Kept: setting a Cipher up costs as much as using it.
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._receiver = receive_id.encode("utf-8")

    def encrypt(self, message: bytes, *, random16: bytes) -> str:
        """Return `Encrypt` for `message`; `random16` is 16 fresh random bytes."""
        if len(random16) != RANDOM_BYTES:
            raise ValueError(f"{RANDOM_BYTES} random bytes are needed")
        length = len(message).to_bytes(_LENGTH_BYTES, "big")
        full = b"".join((random16, length, message, self._receiver))
        padding = _PADDINGS[PADDING_BYTES - len(full) % PADDING_BYTES]
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(full + padding) + encryptor.finalize()
        return binascii.b2a_base64(sealed, newline=False).decode("ascii")

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message within `encrypted`: UTF-8, and meant for our app id.

        Raise `Refused` (`undecryptable`) for anything else; `detail` says what was wrong.
        Call it only when the signature over `encrypted` has been found right.
        """
        message, receiver = self._split(encrypted)
        # "开发者需验证此Appid是否与自身小程序相符"
        if receiver != self._receiver:
            raise Refused("undecryptable", "app_id")
        if not _is_utf8(message):
            raise Refused("undecryptable", "utf8")
        return message

    def receiver(self, encrypted: str) -> bytes:
        """Return whom `encrypted` is meant for, us or not: for `explain`, never for the edge.

        Raise `Refused` (`undecryptable`) as `decrypt` does.
        """
        return self._split(encrypted)[1]

    def _split(self, encrypted: str) -> tuple[bytes, bytes]:
        full = self._without_padding(_ciphertext(encrypted))
        if len(full) < _HEAD_BYTES:
            raise Refused("undecryptable", "msg_len")
        end = _HEAD_BYTES + int.from_bytes(full[RANDOM_BYTES:_HEAD_BYTES], "big")
        if end > len(full):
            raise Refused("undecryptable", "msg_len")
        return full[_HEAD_BYTES:end], full[end:]

    def _without_padding(self, sealed: bytes) -> bytes:
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        count = padded[-1]
        if not 1 <= count <= PADDING_BYTES or not padded.endswith(_PADDINGS[count]):
            raise Refused("undecryptable", "padding")
        return padded[:-count]


def _ciphertext(encrypted: str) -> bytes:
    try:
        sealed = binascii.a2b_base64(encrypted, strict_mode=True)
    except ValueError as error:
        raise Refused("undecryptable", "base64") from error
    if not sealed or len(sealed) % _BLOCK_BYTES:
        raise Refused("undecryptable", "length")
    return sealed


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
