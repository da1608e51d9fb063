"""Envelopes that are signed rightly and sealed wrongly, and URLs that are signed wrongly."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from adapter.simulator.hostile import BODY_LIMIT_BYTES, Hostile, Wanted, ordinary
from adapter.wechat.client_side import SealedPush, build_push
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.signature import sign

NONCE = "415670741"
OPEN_ID = "oABCD"
RANDOM16 = b"hostile-hostile-"
PADDING_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class HostilePush:
    """One POST, and what it may be answered."""

    name: str
    format: Format
    push: SealedPush
    wanted: Wanted


def enveloped(hostile: Hostile, account: Account, *, now_unix: int) -> HostilePush:
    """Sign and seal a hostile message as WeChat would, in the account's mode.

    Once it is sealed, what is not even UTF-8 counts as undecryptable, and what was just
    small enough is too large.
    """
    push = build_push(
        account,
        hostile.message,
        hostile.format,
        timestamp=now_unix,
        nonce=NONCE,
        random16=RANDOM16,
        open_id=OPEN_ID,
    )
    wanted = hostile.wanted
    if len(push.body) > BODY_LIMIT_BYTES:
        wanted = Wanted.TOO_LARGE
    elif account.mode is not Mode.PLAINTEXT and not _is_utf8(hostile.message):
        wanted = Wanted.FORBIDDEN
    return HostilePush(name=hostile.name, format=hostile.format, push=push, wanted=wanted)


def hostile_envelopes(account: Account, *, now_unix: int) -> Iterator[HostilePush]:
    """Yield pushes for an account in secure mode; each signature covers what is sent."""
    for format in Format:
        for name, encrypted, wanted in (*_foreign_texts(), *_sealed_wrongly(account, format)):
            fields = (("ToUserName", "gh_abcdefg"), ("Encrypt", encrypted))
            yield _signed(
                name, encode(fields, format), encrypted, format, wanted, account, now_unix
            )
    for value in (1, None, True, [], ["x"], {}, {"Encrypt": "x"}):
        body = json.dumps({"ToUserName": "gh_abcdefg", "Encrypt": value}).encode()
        yield _signed(
            f"Encrypt {value!r}", body, "x", Format.JSON, Wanted.FORBIDDEN, account, now_unix
        )


def cut_envelopes(account: Account, *, now_unix: int, step: int) -> Iterator[HostilePush]:
    """Yield an ordinary push whose body ends after every `step` bytes."""
    for format in Format:
        ordinary_push = Hostile(
            name="", format=format, message=ordinary(format), wanted=Wanted.FORBIDDEN
        )
        whole = enveloped(ordinary_push, account, now_unix=now_unix)
        for end in range(0, len(whole.push.body), step):
            push = replace(whole.push, body=whole.push.body[:end])
            yield replace(whole, name=f"envelope cut at {end}", push=push)


def hostile_queries(account: Account, *, now_unix: int) -> Iterator[HostilePush]:
    """Yield an ordinary push under URLs that nobody at WeChat has signed."""
    for format in Format:
        message = Hostile(name="", format=format, message=ordinary(format), wanted=Wanted.FORBIDDEN)
        good = enveloped(message, account, now_unix=now_unix)
        for name, query in _queries(good.push.query):
            yield replace(good, name=f"query {name}", push=replace(good.push, query=query))
        for seconds in (-700, 700, -(10**9)):
            late = enveloped(message, account, now_unix=now_unix + seconds)
            yield replace(late, name=f"signed {seconds} s from now")


def _queries(good: str) -> Iterator[tuple[str, str]]:
    pairs = good.split("&")
    for nth, pair in enumerate(pairs):
        name = pair.partition("=")[0]
        if name in {"openid", "signature", "encrypt_type"}:
            continue
        yield f"without {name}", "&".join(pairs[:nth] + pairs[nth + 1 :])
        yield f"{name} twice", f"{good}&{pair}"
        yield f"{name} twice, once escaped", f"{good}&%{ord(name[0]):02x}{pair[1:]}"
        yield f"{name} empty", good.replace(pair, f"{name}=")
        for mark in ("%00", "%", "%zz", "+", "%20", "%ff", "0", "'", "%0a", "%EF%BC%91"):
            yield f"{name} with {mark}", good.replace(pair, pair + mark)
    yield "empty", ""
    yield "of 9,000 letters", f"{good}&x={'x' * 9_000}"
    yield "in upper case", good.upper()
    yield "with raw as encrypt_type", good.replace("=aes", "=raw")


def _foreign_texts() -> Iterator[tuple[str, str, Wanted]]:
    dice = random.Random(2)  # noqa: S311 - chance, no secret
    texts = [
        "A",
        "AA==",
        "=",
        "====",
        "%2B",
        "你好",
        "-_-_" * 8,
        "A" * 60_001,
        "A" * 59_968,
        "\u0000",
        "&amp;",
    ]
    texts += [base64.b64encode(dice.randbytes(size)).decode() for size in range(64)][1:]
    for text in texts:
        yield f"Encrypt {text[:12]!r}", text, Wanted.FORBIDDEN
    yield "Encrypt empty", "", Wanted.FORBIDDEN


def _sealed_wrongly(account: Account, format: Format) -> Iterator[tuple[str, str, Wanted]]:
    message, receiver = ordinary(format), account.app_id.encode()
    size = len(message)
    for length in (
        0, 1, size - 1, size + 1, size + len(receiver), size + 500, 2**16, 2**31, 2**32 - 1,
        *range(2, size, 16),
    ):  # fmt: skip
        full = _full(message, receiver, length=length)
        yield f"msg_len {length}", _encrypt(account, _padded(full)), Wanted.FORBIDDEN
    for other in (
        b"",
        receiver[:-1],
        receiver + b"0",
        receiver.upper(),
        b"wx" + b"f" * 16,
        receiver * 2,
        b"\x00",
    ):
        sealed = _encrypt(account, _padded(_full(message, other)))
        yield f"app id {other!r}", sealed, Wanted.FORBIDDEN
    whole = _padded(_full(message, receiver))
    for last in range(256):
        if last != whole[-1]:
            sealed = _encrypt(account, whole[:-1] + bytes([last]))
            yield f"padding {last}", sealed, Wanted.FORBIDDEN
    for raw in (b"\xff", b"\xed\xa0\x80", b"\xc0\x80"):
        sealed = _encrypt(account, _padded(_full(message.replace(b"HOSTILE", raw), receiver)))
        yield f"not UTF-8 {raw!r}", sealed, Wanted.FORBIDDEN
    yield from _spoilt(_encrypt(account, whole))


def _spoilt(good: str) -> Iterator[tuple[str, str, Wanted]]:
    """What becomes of a right `Encrypt` on a bad way here."""
    for name, text in (
        ("without its =", good.rstrip("=") + "A"), ("with a line break",
        f"{good[:64]}\n{good[64:]}"),
        ("with a space", f"{good} "), ("url-safe", good.replace("+", "-").replace("/", "_") + "-"),
        ("twice", good + good), ("escaped", good.replace("=",
        "%3D") + "%"),
    ):  # fmt: skip
        yield f"base64 {name}", text, Wanted.FORBIDDEN
    cipher = base64.b64decode(good)
    for at in range(0, len(cipher), 2):
        changed = cipher[:at] + bytes([cipher[at] ^ 1 << at % 8]) + cipher[at + 1 :]
        yield f"bit flipped at {at}", base64.b64encode(changed).decode(), Wanted.HARMLESS


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True


def _full(message: bytes, receiver: bytes, *, length: int | None = None) -> bytes:
    stated = len(message) if length is None else length
    return RANDOM16 + stated.to_bytes(4, "big") + message + receiver


def _padded(full: bytes) -> bytes:
    count = PADDING_BYTES - len(full) % PADDING_BYTES
    return full + bytes([count]) * count


def _encrypt(account: Account, padded: bytes) -> str:
    if account.encoding_aes_key is None:
        raise ValueError("sealing needs an EncodingAESKey")
    key = base64.b64decode(account.encoding_aes_key.reveal() + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _signed(
    name: str,
    body: bytes,
    encrypted: str,
    format: Format,
    wanted: Wanted,
    account: Account,
    now_unix: int,
) -> HostilePush:
    signature = sign(account.token.reveal(), str(now_unix), NONCE, encrypted)
    query = (
        f"signature={sign(account.token.reveal(), str(now_unix), NONCE)}&timestamp={now_unix}"
        f"&nonce={NONCE}&openid={OPEN_ID}&encrypt_type=aes&msg_signature={signature}"
    )
    return HostilePush(
        name=name, format=format, push=SealedPush(query=query, body=body), wanted=wanted
    )
