from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha import reflection_pb2 as wire

from adapter.carrier.channel.options import CarrierMisconfigured, CarrierOptions
from adapter.carrier.contract.contract import Contract, ContractFault
from adapter.carrier.diagnose.reflection import PATHS, ROUNDS, NoReflection, fetch
from tests import defaults
from tests.carrier.broken_tls import GOOD, grpc_server
from tests.carrier.misbehaving_carriers import Context
from tests.ports import free_port

SHIPPED = Contract.load()
SERVICE = "carrier.v1.WaybillService"
V1, V1ALPHA = PATHS

Answer = Callable[[wire.ServerReflectionRequest], wire.ServerReflectionResponse]


class Reflecting(grpc.GenericRpcHandler):
    """Serves reflection at one path, by any answers, right or wrong; the first streams break."""

    def __init__(self, path: str, answer: Answer, *, breaks: int = 0) -> None:
        self._path = path
        self._answer = answer
        self.breaks = breaks

    def service(
        self, call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if call_details.method != self._path:
            return None
        return grpc.stream_stream_rpc_method_handler(self._serve)

    async def _serve(
        self, requests: AsyncIterator[bytes], context: Context
    ) -> AsyncIterator[bytes]:
        if self.breaks:
            self.breaks -= 1
            await context.abort(grpc.StatusCode.INTERNAL, "canary")
        async for raw in requests:
            answer = self._answer(wire.ServerReflectionRequest.FromString(raw))
            if answer.ByteSize():
                yield answer.SerializeToString()
            else:
                return


@asynccontextmanager
async def reflecting(
    path: str = V1, answer: Answer | None = None, *, breaks: int = 0
) -> AsyncIterator[CarrierOptions]:
    server = grpc.aio.server()
    if answer is not None:
        server.add_generic_rpc_handlers((Reflecting(path, answer, breaks=breaks),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield replace(defaults.CARRIER, target=f"127.0.0.1:{port}")
    finally:
        await server.stop(0)


@contextmanager
def silent() -> Iterator[str]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def file_by_file(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
    """Answer with one file at a time, as servers may: the imports must be asked for."""
    answer = wire.ServerReflectionResponse()
    if request.HasField("list_services"):
        for name in (SERVICE, "grpc.reflection.v1.ServerReflection"):
            answer.list_services_response.service.add(name=name)
        return answer
    files = {file.name: file for file in FileDescriptorSet.FromString(SHIPPED.descriptors).file}
    wanted = next(
        (
            file
            for file in files.values()
            if request.file_by_filename == file.name
            or request.file_containing_symbol in {f"{file.package}.{s.name}" for s in file.service}
        ),
        None,
    )
    if wanted is None:
        answer.error_response.error_code = 5
    else:
        answer.file_descriptor_response.file_descriptor_proto.append(wanted.SerializeToString())
    return answer


@pytest.mark.parametrize("path", PATHS)
async def test_either_version_brings_the_whole_contract(path: str) -> None:
    async with reflecting(path, file_by_file) as options:
        fetched = await fetch(options, within_seconds=5)

    assert fetched == SHIPPED.descriptors


async def test_a_stream_that_broke_is_asked_for_again() -> None:
    async with reflecting(V1, file_by_file, breaks=ROUNDS - 1) as options:
        fetched = await fetch(options, within_seconds=5)

    assert fetched == SHIPPED.descriptors


async def test_a_stream_that_breaks_again_and_again_is_a_fault() -> None:
    async with reflecting(V1, file_by_file, breaks=ROUNDS) as options:
        with pytest.raises(ContractFault, match="reflection failed with INTERNAL"):
            await fetch(options, within_seconds=5)


async def test_files_that_come_with_every_answer_are_kept_once() -> None:
    def generous(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
        answer = file_by_file(request)
        if answer.HasField("file_descriptor_response"):
            del answer.file_descriptor_response.file_descriptor_proto[:]
            for file in FileDescriptorSet.FromString(SHIPPED.descriptors).file:
                raw = file.SerializeToString()
                answer.file_descriptor_response.file_descriptor_proto.extend([raw, raw])
        return answer

    async with reflecting(V1, generous) as options:
        fetched = await fetch(options, within_seconds=5)

    assert fetched == SHIPPED.descriptors


async def test_the_well_known_server_reflects() -> None:
    server = grpc.aio.server()
    reflection.enable_server_reflection(
        [SERVICE, reflection.SERVICE_NAME], server, pool=SHIPPED.pool
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    fetched = await fetch(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"), within_seconds=5)

    assert fetched == SHIPPED.descriptors
    await server.stop(0)


async def test_a_server_without_reflection_is_told_apart() -> None:
    async with reflecting() as options:
        with pytest.raises(NoReflection, match=r"offers no reflection\. Ask the carrier"):
            await fetch(options, within_seconds=5)


async def test_a_port_that_refuses_is_not_waited_for() -> None:
    target = f"127.0.0.1:{free_port()}"

    with pytest.raises(
        ContractFault, match=f"^error: carrier.target: {target}: connection refused"
    ):
        await fetch(replace(defaults.CARRIER, target=target), within_seconds=30)


async def test_a_server_that_wants_tls_is_not_waited_for() -> None:
    async with grpc_server(GOOD)() as port:
        with pytest.raises(ContractFault, match="the server wants TLS, and none is configured"):
            await fetch(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"), within_seconds=30)


async def test_a_server_that_never_answers_is_not_waited_for_longer() -> None:
    told = r"did not answer within 0\.2 s\. A firewall"

    with silent() as target, pytest.raises(ContractFault, match=told):
        await fetch(replace(defaults.CARRIER, target=target), within_seconds=0.2)


async def test_a_socket_that_is_not_there_is_given_its_time(tmp_path: Path) -> None:
    options = replace(defaults.CARRIER, target=f"unix:{tmp_path}/none.sock")

    with pytest.raises(ContractFault, match="did not answer within"):
        await fetch(options, within_seconds=0.5)


async def test_one_address_that_serves_is_enough() -> None:
    async with reflecting(V1, file_by_file) as options:
        two = replace(options, target=f"ipv4:127.0.0.1:{free_port()},{options.target}")

        fetched = await fetch(two, within_seconds=10)

    assert fetched == SHIPPED.descriptors


async def test_secrets_stay_at_home() -> None:
    with pytest.raises(CarrierMisconfigured, match="leaves this machine"):
        await fetch(replace(defaults.CARRIER, target="dispatch:1"), within_seconds=1)


def listing(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse | None:
    if not request.HasField("list_services"):
        return None
    answer = wire.ServerReflectionResponse()
    answer.list_services_response.service.add(name=SERVICE)
    return answer


def unknown(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
    answer = wire.ServerReflectionResponse()
    answer.error_response.error_message = "canary"
    return listing(request) or answer


def garbled(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
    answer = wire.ServerReflectionResponse()
    answer.file_descriptor_response.file_descriptor_proto.append(b"\xff\xff")
    return listing(request) or answer


def ending(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
    return listing(request) or wire.ServerReflectionResponse()


def endless(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
    number = int(request.file_by_filename or 0)
    file = FileDescriptorProto(name=str(number), dependency=[str(number + 1)])
    answer = wire.ServerReflectionResponse()
    answer.file_descriptor_response.file_descriptor_proto.append(file.SerializeToString())
    return listing(request) or answer


def misnaming(request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
    file = FileDescriptorProto(name="a.proto", dependency=["b.proto"])
    answer = wire.ServerReflectionResponse()
    answer.file_descriptor_response.file_descriptor_proto.append(file.SerializeToString())
    return listing(request) or answer


def crashing(_request: wire.ServerReflectionRequest) -> wire.ServerReflectionResponse:
    raise ValueError("canary")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (unknown, f"the server's reflection does not know {SERVICE}"),
        (garbled, "the server's reflection sends something that is not a descriptor"),
        (ending, "the server ended the reflection stream without an answer"),
        (endless, "the server's contract has more than 500 files"),
        (misnaming, "the server's reflection does not send b.proto"),
        (crashing, "reflection failed with UNKNOWN"),
    ],
)
async def test_a_reflection_that_lies_is_a_fault_and_no_more(answer: Answer, says: str) -> None:
    async with reflecting(V1, answer) as options:
        with pytest.raises(ContractFault) as fault:
            await fetch(options, within_seconds=10)

    assert str(fault.value) == f"{says}."
