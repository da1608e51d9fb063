"""What a failed call says of itself: its code, and the reasons in its details. Nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

DETAILS_KEY = "grpc-status-details-bin"
MAX_DETAILS = 16
MAX_REASON_CHARACTERS = 63  # google.rpc.ErrorInfo: "at most 63 characters", [A-Z][A-Z0-9_]+[A-Z0-9]
MAX_WORD_CHARACTERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """The code's name and the ErrorInfo reasons, each `domain/REASON` or `REASON`.

    The text is left behind: it is untrusted, and an unhandled exception in a carrier puts its
    own secrets there."""

    code: str
    reasons: tuple[str, ...] = ()


def read(error: grpc.aio.AioRpcError) -> FailedCall:
    """Read what may be read of a failed call. Never raises, whatever the trailers hold."""
    return FailedCall(code=error.code().name, reasons=_reasons(error))


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
