from __future__ import annotations

import grpc
import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from adapter.carrier.channel.failure import (
    DETAILS_KEY,
    MAX_DETAILS,
    MAX_TEXT_CHARACTERS,
    FailedCall,
    one_line,
    read,
)


def failed(code: grpc.StatusCode, details: bytes | None = None) -> grpc.aio.AioRpcError:
    trailers = grpc.aio.Metadata() if details is None else grpc.aio.Metadata((DETAILS_KEY, details))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailers, details="secret text")


def details_with(*reasons: str, domain: str = "dispatch") -> bytes:
    status = status_pb2.Status()
    for reason in reasons:
        packed = Packed()
        packed.Pack(error_details_pb2.ErrorInfo(reason=reason, domain=domain))
        status.details.append(packed)
    return bytes(status.SerializeToString())


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_a_failed_call_is_its_code(code: grpc.StatusCode) -> None:
    assert read(failed(code)) == FailedCall(code=code.name, text="secret text")


def test_the_reasons_are_those_of_the_details() -> None:
    details = details_with("WAYBILL_CLOSED", "ON_VAN")

    call = read(failed(grpc.StatusCode.FAILED_PRECONDITION, details))

    assert call.reasons == ("dispatch/WAYBILL_CLOSED", "dispatch/ON_VAN")


def test_a_reason_without_a_domain_stands_alone() -> None:
    call = read(failed(grpc.StatusCode.ABORTED, details_with("ON_VAN", domain="")))

    assert call.reasons == ("ON_VAN",)


def test_details_of_another_kind_are_passed_over() -> None:
    packed = Packed()
    packed.Pack(error_details_pb2.DebugInfo(detail="password=1"))
    status = status_pb2.Status(details=[packed])

    call = read(failed(grpc.StatusCode.INTERNAL, bytes(status.SerializeToString())))

    assert call == FailedCall(code="INTERNAL", text="secret text")


@pytest.mark.parametrize("reason", ["", "A" * 64, "a\nb", "é"])
def test_a_reason_that_no_table_can_name_is_left_out(reason: str) -> None:
    assert read(failed(grpc.StatusCode.ABORTED, details_with(reason))).reasons == ()


def test_no_more_details_are_read_than_the_limit() -> None:
    details = details_with(*("R" * n for n in range(1, MAX_DETAILS + 5)))

    assert len(read(failed(grpc.StatusCode.ABORTED, details)).reasons) == MAX_DETAILS


@given(st.binary(max_size=200))
def test_no_bytes_in_the_details_can_raise(details: bytes) -> None:
    assert read(failed(grpc.StatusCode.UNKNOWN, details)).code == "UNKNOWN"


def test_the_text_of_a_failure_stands_in_no_repr() -> None:
    assert "secret text" not in repr(read(failed(grpc.StatusCode.UNKNOWN)))


def test_other_trailers_are_passed_over() -> None:
    trailers = grpc.aio.Metadata(("retry-after", "1"), (DETAILS_KEY, details_with("ON_VAN")))
    error = grpc.aio.AioRpcError(grpc.StatusCode.ABORTED, grpc.aio.Metadata(), trailers)

    assert read(error).reasons == ("dispatch/ON_VAN",)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("no such crate 7", "no such crate 7"),
        ("line\none\r\ntwo\tthree", "line one two three"),
        ("red \x1b[31mwords\u202e and \u200bmore\x00", "red [31mwords and more"),
        ("bad password hunter2, hunter2!", "bad password ***, ***!"),
        ("hun\x00ter2 hidden by a control character", "*** hidden by a control character"),
        ("x" * 2000, "x" * MAX_TEXT_CHARACTERS),
        ("", ""),
    ],
)
def test_a_text_is_kept_on_one_line_bounded_and_without_the_password(text: str, kept: str) -> None:
    assert one_line(text, secret="hunter2", mask="***") == kept


def test_a_reply_over_the_limit_is_told_from_a_servers_own_word() -> None:
    def error(text: str) -> grpc.aio.AioRpcError:
        empty = grpc.aio.Metadata()
        code = grpc.StatusCode.RESOURCE_EXHAUSTED
        return grpc.aio.AioRpcError(code, empty, empty, details=text)

    ours = read(error("Stream removed (CLIENT: Received message larger than max (9 vs. 4))"))
    theirs = [
        read(error(text))
        for text in ("quota of calls used up", "SERVER: Received message larger than max (9 vs. 4)")
    ]

    assert ours.too_large
    assert [failure.too_large for failure in theirs] == [False, False]
