"""The floor that everything is compared with: an HTTP request in, one gRPC call, a reply out.

uvicorn with uvloop and httptools, Starlette, one unary call on a grpc.aio channel with default
options, and nothing else: no signature, no XML, no ledger, no log line.
"""

from __future__ import annotations

import argparse
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.wire import METHOD, message_classes, request

CALL_WITHIN_SECONDS = 12


def create_hop(target: str) -> Starlette:
    """Build the floor's application, which asks the carrier at `target`."""
    request_class, reply_class = message_classes()
    question = request("STUB-OK-1")
    calls: list[Callable[..., Awaitable[object]]] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with grpc.aio.insecure_channel(target) as channel:
            await channel.channel_ready()
            calls.append(
                channel.unary_unary(
                    METHOD,
                    request_serializer=request_class.SerializeToString,
                    response_deserializer=reply_class.FromString,
                )
            )
            yield

    async def push(received: Request) -> Response:
        await received.body()
        await calls[0](question, timeout=CALL_WITHIN_SECONDS)
        return Response(b"success", media_type="text/plain")

    return Starlette(routes=[Route("/wechat/push", push, methods=["POST"])], lifespan=lifespan)


def main() -> None:
    """Serve the floor on a free loopback port, written to a file."""
    parser = argparse.ArgumentParser(prog="python -m bench.hop")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--target", required=True)
    given = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    given.port_file.write_text(str(listener.getsockname()[1]))
    config = uvicorn.Config(
        create_hop(given.target),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
