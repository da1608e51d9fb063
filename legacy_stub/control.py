"""What a test or a person may ask of a running stub: its calls, a reset, faults.

A small service on the stub's own port, and its client. It speaks JSON: it has one caller,
which ships with it, and needs no contract.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

import grpc

from adapter.diagnostics.cannot_start import CannotStart
from legacy_stub.calls import ReceivedCall
from legacy_stub.faults import StandingFault
from legacy_stub.order_system import OrderSystem

SERVICE = "legacy_stub.Control"
CALLS_A_MESSAGE = 500
ANSWER_WITHIN_SECONDS = 30

Context = grpc.aio.ServicerContext[bytes, bytes]


class StubUnreachable(CannotStart):
    """No stub answers at the target."""


def control_handler(system: OrderSystem) -> grpc.GenericRpcHandler:
    """Return the service for one order system."""

    async def calls(request: bytes, context: Context) -> AsyncIterator[bytes]:  # noqa: ARG001 - gRPC's signature
        waybill = json.loads(request)
        found = [call for call in system.log if waybill is None or call.waybill == waybill]
        for start in range(0, len(found), CALLS_A_MESSAGE):
            yield _json([asdict(call) for call in found[start : start + CALLS_A_MESSAGE]])

    async def reset(request: bytes, context: Context) -> bytes:  # noqa: ARG001 - gRPC's signature
        system.reset()
        return _standing(system)

    async def set_fault(request: bytes, context: Context) -> bytes:
        try:
            system.set_faults([StandingFault(**json.loads(request))])
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return _standing(system)

    async def clear_faults(request: bytes, context: Context) -> bytes:  # noqa: ARG001 - gRPC's signature
        system.clear_faults(json.loads(request))
        return _standing(system)

    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Calls": grpc.unary_stream_rpc_method_handler(calls),
            "Reset": grpc.unary_unary_rpc_method_handler(reset),
            "SetFault": grpc.unary_unary_rpc_method_handler(set_fault),
            "ClearFaults": grpc.unary_unary_rpc_method_handler(clear_faults),
        },
    )


class Control:
    """A running stub, seen from outside. Every method raises `StubUnreachable`."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._channel = grpc.insecure_channel(
            target, options=(("grpc.max_receive_message_length", -1),)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._channel.close()

    def calls(self, *, waybill: str | None = None) -> Iterator[ReceivedCall]:
        """Yield the calls received, oldest first; of one waybill, or all."""
        ask: grpc.UnaryStreamMultiCallable[bytes, bytes]
        ask = self._channel.unary_stream(f"/{SERVICE}/Calls")
        try:
            for message in ask(_json(waybill), timeout=ANSWER_WITHIN_SECONDS):
                yield from (ReceivedCall(**fields) for fields in json.loads(message))
        except grpc.RpcError as error:
            raise self._unreachable(error) from error

    def reset(self) -> None:
        """Make the stub forget every call, every effect and every fault set since its start."""
        self._ask("Reset", None)

    def set_fault(self, fault: StandingFault) -> Sequence[StandingFault]:
        """Add a standing fault; return all that stand now."""
        return self._ask("SetFault", asdict(fault))

    def clear_faults(self, *, name: str = "") -> Sequence[StandingFault]:
        """Clear the fault of this name, or all; return those that still stand."""
        return self._ask("ClearFaults", name)

    def _ask(self, method: str, question: object) -> Sequence[StandingFault]:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes]
        ask = self._channel.unary_unary(f"/{SERVICE}/{method}")
        try:
            answer = ask(_json(question), timeout=ANSWER_WITHIN_SECONDS)
        except grpc.RpcError as error:
            raise self._unreachable(error) from error
        return [StandingFault(**fields) for fields in json.loads(answer)]

    def _unreachable(self, error: Any) -> StubUnreachable:
        return StubUnreachable(
            f"no legacy-stub answers at {self._target} ({error.code().name}).",
            hint="Start one with `legacy-stub serve`, or name its address with --target.",
        )


def _standing(system: OrderSystem) -> bytes:
    return _json([asdict(fault) for fault in system.standing_faults])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
