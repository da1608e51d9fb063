"""What a failed call says of itself: its code, the reasons in its details, and its text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from adapter.carrier.channel.masking import masked

DETAILS_KEY = "grpc-status-details-bin"
MAX_DETAILS = 16
MAX_REASON_CHARACTERS = 63  # google.rpc.ErrorInfo: "at most 63 characters", [A-Z][A-Z0-9_]+[A-Z0-9]
MAX_WORD_CHARACTERS = 256
MAX_TEXT_CHARACTERS = 500
# gRPC's own words, in this process, for a reply over the limit; the code is RESOURCE_EXHAUSTED.
_TOO_LARGE = re.compile(r"(?:Stream removed \()?CLIENT: Received message larger than max\b")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """The code's name and the ErrorInfo reasons, each `domain/REASON` or `REASON`.

    `text` is as it came: untrusted, and an unhandled exception in a carrier puts its own secrets
    there. `too_large`: a reply came and is larger than we accept."""

    code: str
    reasons: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    too_large: bool = False


def read(error: grpc.aio.AioRpcError) -> FailedCall:
    """Read what may be read of a failed call. Never raises, whatever the trailers hold."""
    code, text = error.code().name, error.details() or ""
    too_large = code == "RESOURCE_EXHAUSTED" and _TOO_LARGE.match(text) is not None
    return FailedCall(code=code, reasons=_reasons(error), text=text, too_large=too_large)


def one_line(text: str, *, secret: str, mask: str) -> str:
    """Return a carrier's text as it may be kept and shown to operators: one line, bounded, no
    control or invisible characters, and the merchant's password masked."""
    line = _cleaned(masked(text, secret=secret, mask=mask))
    # Once more: what stood between its letters may be gone.
    return masked(line, secret=secret, mask=mask)[:MAX_TEXT_CHARACTERS]


def compared(text: str) -> str:
    """Return a carrier's text as a mapping's texts are looked for in it: like `one_line`, but
    not masked, for a short password may stand in any sentence. Never keep or show it."""
    return _cleaned(text)[:MAX_TEXT_CHARACTERS]


def _cleaned(text: str) -> str:
    letters = (
        " " if letter in "\t\r\n" else letter
        for letter in text[: 4 * MAX_TEXT_CHARACTERS]
        if letter in "\t\r\n" or unicodedata.category(letter) not in _UNPRINTABLE
    )
    return " ".join("".join(letters).split())


def _reasons(error: grpc.aio.AioRpcError) -> tuple[str, ...]:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return _reasons_in(value)
    return ()


def _reasons_in(details: bytes) -> tuple[str, ...]:
    info = error_details_pb2.ErrorInfo()
    try:
        packed = status_pb2.Status.FromString(details).details[:MAX_DETAILS]
        found = [_word(info) for one in packed if one.Is(info.DESCRIPTOR) and one.Unpack(info)]
    except DecodeError:
        return ()
    return tuple(word for word in found if _is_plain(word))


def _word(info: error_details_pb2.ErrorInfo) -> str:
    if len(info.reason) > MAX_REASON_CHARACTERS or not info.reason:
        return ""
    return f"{info.domain}/{info.reason}" if info.domain else str(info.reason)


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= MAX_WORD_CHARACTERS and text.isascii() and text.isprintable()
