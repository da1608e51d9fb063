from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from adapter.forward.circuit import Circuit
from adapter.forward.client import ANSWER_LIMIT_BYTES, AT_ONCE, Forwarded, HttpForwarder
from tests.edge.playing import until
from tests.ports import free_port

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 7\r\n\r\n<theirs"


@dataclass(kw_only=True)
class Lines:
    results: list[object] = field(default_factory=list)

    def warning(self, event: str, **fields: object) -> None:
        assert event == "forward_failed"
        self.results.append(fields["result"])

    def debug(self, event: str, **fields: object) -> None:
        raise AssertionError(event)

    def info(self, event: str, **fields: object) -> None:
        raise AssertionError(event)

    def error(self, event: str, **fields: object) -> None:
        raise AssertionError(event)


@dataclass(kw_only=True)
class Handler:
    """A handler that answers every request with the same bytes, or never."""

    answer: bytes | None = OK
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        self.requests.append(head + await reader.readexactly(length))
        if self.answer is not None:
            writer.write(self.answer)
            await writer.drain()
            writer.close()


@asynccontextmanager
async def running(handler: Handler) -> AsyncIterator[Handler]:
    server = await asyncio.start_server(handler.serve, "127.0.0.1", handler.port)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        for writer in handler.writers:
            writer.close()
        for writer in handler.writers:
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def forwarding(
    port: int, log: Lines | None = None, *, path: str = "/wechat", circuit: Circuit | None = None
) -> AsyncIterator[HttpForwarder]:
    forwarder = HttpForwarder(f"http://127.0.0.1:{port}{path}", log=log or Lines(), circuit=circuit)
    try:
        yield forwarder
    finally:
        await forwarder.close()


async def passed(
    forwarder: HttpForwarder, *, query: bytes = b"a=b", within_seconds: float = 2.0
) -> Forwarded:
    return await forwarder.forward(
        query=query, body=b"<raw/>", content_type=b"text/odd", within_seconds=within_seconds
    )


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        (
            "/wechat",
            b"signature=a&nonce=%2B+%zz&x='\"<>",
            b"/wechat?signature=a&nonce=%2B+%zz&x='\"<>",
        ),
        ("/w?own=1", b"a=b", b"/w?own=1&a=b"),
        ("", b"", b"/"),
    ],
)
async def test_query_body_and_type_arrive_untouched(path: str, query: bytes, target: bytes) -> None:
    async with running(Handler()) as handler, forwarding(handler.port, path=path) as forwarder:
        answer = await passed(forwarder, query=query)

    [request] = handler.requests
    assert request.startswith(b"POST " + target + b" HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n<raw/>")
    assert b"content-type: text/odd\r\n" in request.lower()
    assert answer == Forwarded(body=b"<theirs", content_type="text/xml", result="answered")


async def test_a_push_without_a_content_type_is_passed_on_without_one() -> None:
    async with running(Handler()) as handler, forwarding(handler.port) as forwarder:
        await forwarder.forward(query=b"", body=b"<raw/>", content_type=b"", within_seconds=2.0)

    [request] = handler.requests
    assert b"content-type" not in request.lower()


@pytest.mark.parametrize(
    "header", [b"", b"Content-Type: a\x01b\r\n", b"Content-Type: \xe5\xa5\xbd\r\n"]
)
async def test_a_handler_without_a_sound_content_type_answers_text(header: bytes) -> None:
    bare = b"HTTP/1.1 200 OK\r\n" + header + b"Content-Length: 7\r\n\r\nsuccess"
    async with running(Handler(answer=bare)) as handler, forwarding(handler.port) as forwarder:
        answer = await passed(forwarder)

    assert (answer.body, answer.content_type) == (b"success", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nsecret", "failed_status"),
        (b"HTTP/1.1 302 No\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", "failed_status"),
        (b"not http at all\r\n\r\n", "failed_broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "failed_broken"),
        (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * (ANSWER_LIMIT_BYTES + 1),
            "failed_broken",
        ),
    ],
)
async def test_a_handlers_fault_is_an_empty_answer(answer: bytes, result: str) -> None:
    log = Lines()
    async with (
        running(Handler(answer=answer)) as handler,
        forwarding(handler.port, log) as forwarder,
    ):
        said = await passed(forwarder)

    assert (said.body, said.result) == (b"", result)
    assert log.results == [result]


async def test_a_handler_that_hangs_is_left_within_the_budget() -> None:
    async with running(Handler(answer=None)) as handler, forwarding(handler.port) as forwarder:
        started = time.monotonic()
        said = await passed(forwarder, within_seconds=0.2)

    assert said.result == "failed_too_slow"
    assert time.monotonic() - started < 2


async def test_a_handler_that_is_not_there_is_tried_until_the_budget_ends() -> None:
    async with forwarding(free_port()) as forwarder:
        said = await passed(forwarder, within_seconds=0.6)

    assert said.result == "failed_unreachable"


async def test_a_handler_that_comes_back_in_time_gets_the_push() -> None:
    handler = Handler(port=free_port())
    async with forwarding(handler.port) as forwarder:
        waiting = asyncio.create_task(passed(forwarder, within_seconds=5))
        await asyncio.sleep(0.05)
        async with running(handler):
            said = await waiting

    assert said.result == "answered"
    assert len(handler.requests) == 1


async def test_after_failures_the_handler_is_spared_until_it_answers_again() -> None:
    log, now = Lines(), 100.0
    async with running(Handler(answer=b"broken")) as handler:
        circuit = Circuit(failures=2, rest_seconds=5)
        forwarder = HttpForwarder(
            f"http://127.0.0.1:{handler.port}/", log=log, circuit=circuit, monotonic=lambda: now
        )
        for _ in range(4):
            await passed(forwarder)
        assert forwarder.is_open
        assert len(handler.requests) == 2
        handler.answer, now = OK, 106.0
        probe = await passed(forwarder)
        await forwarder.close()

    assert log.results == ["failed_broken"] * 2 + ["failed_circuit_open"] * 2
    assert probe.result == "answered"
    assert not forwarder.is_open


async def test_more_than_it_may_hold_are_not_passed_on() -> None:
    async with running(Handler(answer=None)) as handler, forwarding(handler.port) as forwarder:
        held = [asyncio.create_task(passed(forwarder, within_seconds=1.5)) for _ in range(AT_ONCE)]
        await until(lambda: len(handler.requests) == AT_ONCE)
        said = await passed(forwarder)
        await asyncio.gather(*held)

    assert said.result == "failed_too_many"
