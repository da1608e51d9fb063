"""What WeChat signs: which strings, in which order, and how we compare."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

# SHA-1 joins its parts without separators, so digits can be moved from one to the next
# without changing it. Only a fixed grammar of each part tells them apart.
_TIMESTAMP = re.compile(r"[0-9]{10}")
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SIGNATURE = re.compile(r"[0-9a-f]{40}")


def sign(*parts: str | bytes) -> str:
    """Sign `parts` as WeChat does and return 40 lower-case hex digits.

    "将token、timestamp、nonce(、Encrypt)参数进行字典序排序", joined, SHA-1
    (miniprogram/dev/framework/server-ability/message-push). The order is that of the bytes:
    a numeric sort fails on Tencent's own example.
    """
    encoded = [part.encode("utf-8") if isinstance(part, str) else part for part in parts]
    encoded.sort()
    return hashlib.sha1(b"".join(encoded), usedforsecurity=False).hexdigest()


def is_timestamp(text: str) -> bool:
    """Say whether `text` is ten digits: Unix seconds from 2001 to 2286."""
    return _TIMESTAMP.fullmatch(text) is not None


def is_nonce(text: str) -> bool:
    """Say whether `text` is 1 to 64 letters, digits, hyphens and underscores.

    The upper bound keeps the first 64 characters of `Encrypt` from being passed off as the
    end of the nonce, which has at least one of its own. Fewer cannot be moved unseen: what is
    left would not be whole blocks of AES in whole groups of Base64.
    """
    return _NONCE.fullmatch(text) is not None


def is_signature(text: str) -> bool:
    """Say whether `text` has the form of a signature."""
    return _SIGNATURE.fullmatch(text) is not None


def is_fresh(signed_at_unix: int, *, now_unix: float, window_seconds: int) -> bool:
    """Say whether a URL's timestamp is near enough to now, in both directions.

    It is no defence against replay: WeChat's own retries carry the same timestamp and nonce.
    """
    return abs(now_unix - signed_at_unix) <= window_seconds


def matching(claimed: str, candidates: Iterable[str]) -> int | None:
    """Return the index of the signature equal to `claimed`, comparing in constant time."""
    given = claimed.encode("utf-8")
    for index, candidate in enumerate(candidates):
        if hmac.compare_digest(given, candidate.encode("ascii")):
            return index
    return None
