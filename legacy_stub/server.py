"""The stub on the wire: any contract's two methods, health, reflection and control, one port.

It runs on grpc.aio with uvloop. A threaded server is cheaper on an idle machine, but it pays
a thread for every call that hangs or is slow, and those come by the hundred here.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, ClassVar

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from adapter.carrier.contract.contract import Contract, Method
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Expression, Failure, Outcome
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.listening import IN_USE, listen_fault
from legacy_stub.control import control_handler
from legacy_stub.faults import StubAnswer
from legacy_stub.order_system import OrderSystem

CALLS_AT_ONCE = 10_000  # beyond it RESOURCE_EXHAUSTED; a hanging call costs some 20 KiB
REQUEST_LIMIT_BYTES = 256 * 1024
STOP_WITHIN_SECONDS = 0.5

OPTIONS = (
    # Without it a second stub would share the port in silence and answer every other call.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", REQUEST_LIMIT_BYTES),
)

WORDS: dict[Outcome, str] = {
    Outcome.CANCELLED: "the order is cancelled",
    Outcome.NOT_FOUND: "no such order for this merchant",
    Outcome.PICKED_UP: "the courier has the parcel",
    Outcome.INVALID: "the parcel was signed for long ago",
    Outcome.ALREADY_CANCELLED: "the order was cancelled before",
    Outcome.UNSUPPORTED: "this product cannot be cancelled",
}
"""The carrier's own words, for contracts that have a field for them."""

LOOKED_UP = "nothing else is known of it"
"""The text of a failed lookup, where a code says enough."""

Context = grpc.aio.ServicerContext[Any, Any]


class CannotListen(CannotStart):
    """The address cannot be listened on; nothing was started."""

    HINT: ClassVar[str] = (
        "Stop what listens there (another legacy-stub?), or give --port another number;"
        " --port 0 takes a free one."
    )


class StubServer:
    """Serves one order system over one contract. Start it once, stop it once."""

    def __init__(self, *, contract: Contract, mapping: Mapping, system: OrderSystem) -> None:
        self._contract = contract
        self._mapping = mapping
        self._system = system
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=OPTIONS, maximum_concurrent_rpcs=CALLS_AT_ONCE)

    async def start(self, *, host: str, port: int) -> int:
        """Listen and serve; return the port, a free one for 0. Raises `CannotListen`."""
        handlers = [_handler(self._mapping.method, self._cancel), control_handler(self._system)]
        if self._mapping.lookup_method:
            handlers.append(_handler(self._mapping.lookup_method, self._look_up))
        self._server.add_generic_rpc_handlers(tuple(handlers))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        services = {service.containing_service.full_name for service in self._contract.methods}
        names = (*sorted(services), health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server, pool=_pool(self._contract))
        bound = self._listen(host, port)
        for name in (health.OVERALL_HEALTH, *names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        await self._server.start()
        return bound

    async def stop(self) -> None:
        """Stop within a second: calls still at work then are given up and will not be done."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(STOP_WITHIN_SECONDS)
        await self._system.close()

    def _listen(self, host: str, port: int) -> int:
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            # Tried first by hand: gRPC has no reason to give, and prints a line of its own.
            family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind(where)
            return self._server.add_insecure_port(address)
        except OSError as error:
            fault = listen_fault(error, host=host, port=port)
            hint = "" if fault.message == IN_USE else fault.hint  # ours names the option
            raise CannotListen(f"cannot listen on {address}: {fault.message}", hint=hint) from error
        except RuntimeError as error:
            raise CannotListen(f"cannot listen on {address}: it was taken just now") from error

    async def _cancel(self, request: Message, context: Context) -> Message:
        answer = await self._system.cancel(self._mapping.read_request(request))
        await _refuse(answer, context)
        if answer.outcome is None:
            return self._mapping.write_reply(None)
        expression = self._mapping.express(answer.outcome, WORDS[answer.outcome])
        return await _said(expression, context)

    async def _look_up(self, request: Message, context: Context) -> Message:
        answer = await self._system.look_up(self._mapping.read_lookup(request))
        await _refuse(answer, context)
        return await _said(self._mapping.express_fact(answer.fact, LOOKED_UP), context)


def failure_text(mapping: Mapping, outcome: Outcome) -> str:
    """Return `CODE: text` of the failed call that says an outcome; empty where a reply does."""
    said = mapping.express(outcome, WORDS.get(outcome, ""))
    return f"{said.code}: {said.text}" if isinstance(said, Failure) else ""


async def _said(expression: Expression, context: Context) -> Message:
    """Return the reply, or end the call as the contract says it."""
    if isinstance(expression, Failure):
        if details := expression.details():
            context.set_trailing_metadata((("grpc-status-details-bin", details),))
        await context.abort(grpc.StatusCode[expression.code], expression.text)
    return expression


async def _refuse(answer: StubAnswer, context: Context) -> None:
    """End the call here when no reply is to go out."""
    if answer.silent:
        # For ever: gRPC cancels this handler when the caller gives up or the stub stops.
        await asyncio.Event().wait()
    if answer.failure:
        await context.abort(answer.failure, "the stub plays a fault")


def _handler(method: Method, answer: Any) -> grpc.GenericRpcHandler:
    """Serve one method of any contract."""
    handler = grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=method.request_class.FromString,
        response_serializer=method.reply_class.SerializeToString,
    )
    name = method.name.partition("/")[2]
    return grpc.method_handlers_generic_handler(method.service, {name: handler})


def _pool(contract: Contract) -> DescriptorPool:
    """Return a pool of the contract with health and reflection, so that all can be asked for."""
    own = FileDescriptorSet()
    for module in (health_pb2, reflection_pb2):
        module.DESCRIPTOR.CopyToProto(own.file.add())
    # Two serialized sets one after the other are one set; of two files of one name the last counts.
    return Contract.load(own.SerializeToString() + contract.descriptors).pool
