from __future__ import annotations

from google.rpc import error_details_pb2, status_pb2

from adapter.cancellation.model import Outcome
from adapter.carrier.mapping.values import Failure, PushFields, Unfit


def test_a_password_is_not_printed_with_the_other_fields() -> None:
    fields = PushFields(waybill_id="1", biz_pwd="canary")

    assert repr(fields) == "PushFields(waybill_id='1', request_id=None)"


def test_an_unfit_text_means_not_found() -> None:
    assert Unfit(source="OrderID", target="order.no").outcome is Outcome.NOT_FOUND


def test_a_failure_without_a_reason_has_no_details() -> None:
    assert Failure(code="NOT_FOUND").details() == b""


def test_a_failures_details_are_an_error_info_as_google_defines_it() -> None:
    failure = Failure(code="FAILED_PRECONDITION", reason="ON_VAN", domain="dispatch.example")

    status = status_pb2.Status.FromString(failure.details())

    info = error_details_pb2.ErrorInfo()
    assert status.code == 9
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("ON_VAN", "dispatch.example")
