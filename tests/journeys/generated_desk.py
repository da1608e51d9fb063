"""A carrier's own server on generated code: `python generated_desk.py FOLDER`.

FOLDER holds `parceldesk_pb2.py` and `parceldesk_pb2_grpc.py`, as grpcio-tools makes them. Of
waybridge it knows nothing: it imports none of it. The end of a waybill says how it rules.
"""

from __future__ import annotations

import sys
from concurrent import futures
from importlib import import_module
from typing import Any

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2

RULINGS = {
    "WITHDRAWN": "STOPPED",
    "COURIER": "WITH_THE_COURIER",
    "CLOSED": "ROUND_CLOSED",
    "BEFORE": "WITHDRAWN_BEFORE",
    "JAMMED": "SORTER_JAMMED",
    "SILENT": "DISPOSITION_NONE",
}


def main() -> None:
    """Serve until killed; prints where."""
    sys.path.insert(0, sys.argv[1])
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    messages, services = import_module("parceldesk_pb2"), import_module("parceldesk_pb2_grpc")
    services.add_DeskServicer_to_server(_desk(messages, services), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"desk listening on 127.0.0.1:{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _desk(messages: Any, services: Any) -> Any:
    class Desk(services.DeskServicer):  # type: ignore[misc]  # generated at run time
        def Withdraw(self, request: Any, context: Any) -> Any:  # noqa: N802 - generated name
            _expect(request, messages)
            word = request.waybill_no.rpartition("-")[2]
            if word == "UNKNOWN":
                context.abort(grpc.StatusCode.NOT_FOUND, "no such parcel")
            if word == "FORBIDDEN":
                _refuse(context, "PRODUCT_FORBIDS")
            if word == "OTHERWISE":
                _refuse(context, "A_REASON_NOBODY_MAPPED")
            number = 77 if word == "NEW" else messages.Disposition.Value(RULINGS[word])
            return messages.Withdrawal(ruling=messages.Withdrawal.Ruling(disposition=number))

        def Locate(self, request: Any, context: Any) -> Any:  # noqa: N802 - generated
            return messages.Whereabouts()

    return Desk()


def _expect(request: Any, messages: Any) -> None:
    """Fail the call unless every mapped field is as the push had it."""
    assert len(request.envelope.trace_no) == 32
    assert request.envelope.issued_at.seconds > 1_500_000_000
    assert request.envelope.channel == messages.CHANNEL_PARTNER
    assert request.shipper.customer_code.value == "xyz"
    assert request.shipper.secret.value == "xyz123"
    assert request.shipper.app == "wxABCD"
    assert request.WhichOneof("parcel") == "waybill_no"
    assert request.order_no == 4711


def _refuse(context: Any, reason: str) -> None:
    status = status_pb2.Status(code=code_pb2.Code.Value("FAILED_PRECONDITION"))
    info = error_details_pb2.ErrorInfo(reason=reason, domain="desk.parcels.example")
    status.details.add().Pack(info)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not this product")


if __name__ == "__main__":
    main()
