"""A server's own contract, fetched by server reflection (v1, else v1alpha) as a descriptor set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import grpc
import grpc.aio
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection_pb2 as wire

from adapter.carrier.channel import credentials
from adapter.carrier.channel.channel import WHATEVER_HEALTH, open_channel
from adapter.carrier.channel.health_watch import Metadata
from adapter.carrier.channel.options import CarrierOptions, refuse_unsafe
from adapter.carrier.contract.contract import SIZE_LIMIT_BYTES, ContractFault, imports_first
from adapter.carrier.contract.missing_imports import add_missing_imports
from adapter.carrier.diagnose.endpoints import endpoints_of
from adapter.carrier.diagnose.tls import diagnose_endpoint
from adapter.diagnostics.finding import Finding

# The messages of both versions are the same on the wire; only the service's name moved.
PATHS = (
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
ROUNDS = 4
DIAGNOSE_WITHIN_SECONDS = 2.0
FILE_LIMIT = 500
INFRASTRUCTURE = ("grpc.reflection.", "grpc.health.", "grpc.channelz.")

_Stream = grpc.aio.StreamStreamCall[wire.ServerReflectionRequest, wire.ServerReflectionResponse]


class NoReflection(ContractFault):
    """The server offers no reflection; its contract must come from the carrier as a file."""


async def fetch(options: CarrierOptions, *, within_seconds: float) -> bytes:
    """Return a descriptor set of every service of the target, imports included.

    Raises `NoReflection`, `ContractFault` when the server cannot be reached or what it sends
    is not whole, and `CarrierMisconfigured` as the client does.
    """
    refuse_unsafe(options)
    read = await asyncio.to_thread(credentials.read, options)
    large = replace(options, receive_limit_bytes=SIZE_LIMIT_BYTES)
    channel = open_channel(large, read, more=WHATEVER_HEALTH)
    try:
        async with asyncio.timeout(within_seconds):
            await _connect(channel, options)
            return await fetch_from(channel, metadata=read.metadata)
    except TimeoutError as error:
        raise ContractFault(
            f"{options.target} did not answer within {within_seconds:g} s",
            hint="A firewall, a wrong address, or a server that is overloaded.",
        ) from error
    finally:
        await channel.close()


async def _connect(channel: grpc.aio.Channel, options: CarrierOptions) -> None:
    """Wait until the channel is ready; gRPC goes on trying where nobody will ever answer, so
    its first failure is looked into."""
    state = channel.get_state(try_to_connect=True)
    while state is not grpc.ChannelConnectivity.READY:
        if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
            await _refuse_unreachable(options)
        await channel.wait_for_state_change(state)
        state = channel.get_state(try_to_connect=True)


async def _refuse_unreachable(options: CarrierOptions) -> None:
    """Raise `ContractFault` with what stands in the way, when it does at every address."""
    obstacles: list[Finding] = []
    for endpoint in await endpoints_of(options):
        found = await diagnose_endpoint(
            endpoint, tls=options.tls, within_seconds=DIAGNOSE_WITHIN_SECONDS
        )
        if not found:
            return
        obstacles += found
    if obstacles:
        raise ContractFault(obstacles[:1])


async def fetch_from(channel: grpc.aio.Channel, *, metadata: Metadata = ()) -> bytes:
    """Fetch over a channel that is open; see `fetch`. Waits until the channel is ready."""
    await channel.channel_ready()
    # A stream that the server ends before our first word is read shows as INTERNAL now and
    # then, whatever the server said: asking again costs nothing.
    for _ in range(ROUNDS):
        broken = None
        for path in PATHS:
            try:
                return await _fetch_by(channel, path, metadata)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.INTERNAL:
                    broken = error
                elif error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise ContractFault(f"reflection failed with {error.code().name}") from error
        if broken is None:
            raise NoReflection(
                "the server offers no reflection",
                hint="Ask the carrier for its .proto files and compile them.",
            )
    raise ContractFault("reflection failed with INTERNAL")


async def _fetch_by(channel: grpc.aio.Channel, path: str, metadata: Metadata) -> bytes:
    call: grpc.aio.StreamStreamMultiCallable[
        wire.ServerReflectionRequest, wire.ServerReflectionResponse
    ] = channel.stream_stream(
        path,
        request_serializer=wire.ServerReflectionRequest.SerializeToString,
        response_deserializer=wire.ServerReflectionResponse.FromString,
    )
    stream = call(metadata=metadata or None)
    try:
        services = await _services(stream)
        found = await _files(stream, services)
        await stream.done_writing()
        await stream.read()
    finally:
        stream.cancel()
    add_missing_imports(found.values())
    ordered = imports_first(found.values())
    return bytes(FileDescriptorSet(file=ordered).SerializeToString())


async def _services(stream: _Stream) -> list[str]:
    answer = await _ask(stream, wire.ServerReflectionRequest(list_services=""))
    names = [service.name for service in answer.list_services_response.service]
    return [name for name in names if not name.startswith(INFRASTRUCTURE)]


async def _files(stream: _Stream, services: Iterable[str]) -> dict[str, FileDescriptorProto]:
    """Fetch the files of the services, then whatever they import and nobody sent yet."""
    found: dict[str, FileDescriptorProto] = {}
    for service in services:
        await _add(stream, wire.ServerReflectionRequest(file_containing_symbol=service), found)
    while missing := {name for file in found.values() for name in file.dependency} - {*found}:
        for name in sorted(missing):
            if name not in found:
                await _add(stream, wire.ServerReflectionRequest(file_by_filename=name), found)
            if name not in found:
                raise ContractFault(f"the server's reflection does not send {name}")
    return found


async def _add(
    stream: _Stream, request: wire.ServerReflectionRequest, found: dict[str, FileDescriptorProto]
) -> None:
    answer = await _ask(stream, request)
    for raw in answer.file_descriptor_response.file_descriptor_proto:
        try:
            file = FileDescriptorProto.FromString(raw)
        except DecodeError as error:
            raise ContractFault(
                "the server's reflection sends something that is not a descriptor"
            ) from error
        found.setdefault(file.name, file)
    if len(found) > FILE_LIMIT:
        raise ContractFault(f"the server's contract has more than {FILE_LIMIT} files")


async def _ask(
    stream: _Stream, request: wire.ServerReflectionRequest
) -> wire.ServerReflectionResponse:
    with suppress(asyncio.InvalidStateError):  # the stream has ended: reading says why
        await stream.write(request)
    answer = await stream.read()
    if not isinstance(answer, wire.ServerReflectionResponse):
        # The stream ended: an error status is raised here, a clean end is none.
        await stream.wait_for_connection()
        raise ContractFault("the server ended the reflection stream without an answer")
    if answer.HasField("error_response"):
        what = request.file_containing_symbol or request.file_by_filename or "its services"
        raise ContractFault(f"the server's reflection does not know {what}")
    return answer
