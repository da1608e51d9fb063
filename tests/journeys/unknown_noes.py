"""A carrier that says every "no" as UNKNOWN with a text, as many real handlers do.

It stands before the stub, passes every call on and turns a reply of CancelWaybill that is not
"cancelled" into a failed call. The stub keeps its log of calls as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

CANCEL = "/carrier.v1.WaybillService/CancelWaybill"
LOOK_UP = "/carrier.v1.WaybillService/GetWaybill"
CANCELLED_REPLY = b"\x08\x01"  # CancelWaybillResponse{status: CANCELLED}
AT_ONCE = 16
WITHIN_SECONDS = 15.0

Context = grpc.ServicerContext


class UnknownNoes(grpc.GenericRpcHandler):
    """Passes calls to the carrier at `upstream`, which is set before the first one comes."""

    def __init__(self) -> None:
        self.port = 0
        self.upstream = ""
        self._channel: grpc.Channel | None = None

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        method = handler_call_details.method
        if method not in (CANCEL, LOOK_UP):
            return None

        def answer(request: bytes, context: Context) -> bytes:
            return self._answer(method, request, context)

        return grpc.unary_unary_rpc_method_handler(answer)

    def close(self) -> None:
        """Let go of the carrier."""
        if self._channel is not None:
            self._channel.close()

    def _answer(self, method: str, request: bytes, context: Context) -> bytes:
        if self._channel is None:
            self._channel = grpc.insecure_channel(self.upstream)
        passed: Any = self._channel.unary_unary(method)
        reply: bytes = passed(request, timeout=WITHIN_SECONDS)
        if method == CANCEL and not reply.startswith(CANCELLED_REPLY):
            context.abort(grpc.StatusCode.UNKNOWN, "rpc error: cancel refused by order state")
        return reply


@contextmanager
def unknown_noes() -> Iterator[UnknownNoes]:
    """Listen on a free port."""
    noes = UnknownNoes()
    server = grpc.server(ThreadPoolExecutor(AT_ONCE), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((noes,))
    noes.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield noes
    finally:
        server.stop(None).wait()
        noes.close()
