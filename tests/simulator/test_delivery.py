from __future__ import annotations

import socket

import pytest

from adapter.simulator.delivery import Sender, Unreachable
from adapter.wechat.client_side import SealedPush
from adapter.wechat.codec import Format
from tests.simulator.carrier_edge import carrier_edge

PUSH = SealedPush(query="signature=ab&nonce=1", body=b"<xml/>")


@pytest.mark.parametrize(
    ("format", "content_type"), [(Format.XML, "text/xml"), (Format.JSON, "application/json")]
)
async def test_a_push_looks_like_wechats(format: Format, content_type: str) -> None:
    async with carrier_edge((200, b"ok")) as edge, Sender(edge.url) as sender:
        (answered,) = await sender.push(PUSH, format)

    (request,) = edge.requests
    assert request.line == "POST /push?signature=ab&nonce=1 HTTP/1.1"
    assert request.body == PUSH.body
    assert request.headers["user-agent"] == "Mozilla/4.0"
    assert request.headers["accept"] == "*/*"
    assert request.headers["pragma"] == "no-cache"
    assert request.headers["content-type"] == content_type
    assert (answered.status, answered.body) == (200, b"ok")
    assert answered.seconds > 0


async def test_a_200_is_not_repeated() -> None:
    async with carrier_edge((200, b"")) as edge, Sender(edge.url) as sender:
        answers = await sender.push(PUSH, Format.XML, repeats=3)

    assert [answered.status for answered in answers] == [200]


async def test_another_status_brings_four_equal_posts_within_a_second() -> None:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    async with carrier_edge(*[(201, b"")] * 4) as edge, Sender(edge.url, pause=pause) as sender:
        answers = await sender.push(PUSH, Format.XML, repeats=3)

    assert [answered.status for answered in answers] == [201] * 4
    assert len({(request.line, request.body) for request in edge.requests}) == 1
    assert sum(paused) < 1


async def test_after_a_timeout_the_same_push_comes_again_until_it_is_answered() -> None:
    async with (
        carrier_edge(None, None, (200, b"late")) as edge,
        Sender(edge.url, limit_seconds=0.1) as sender,
    ):
        answers = await sender.push(PUSH, Format.XML, repeats=3)

    assert [answered.status for answered in answers] == [None, None, 200]
    assert answers[0].fault == "no answer within 0.1 s"
    assert len({(request.line, request.body) for request in edge.requests}) == 1


async def test_without_repeats_one_push_is_all() -> None:
    async with carrier_edge((500, b"")) as edge, Sender(edge.url) as sender:
        answers = await sender.push(PUSH, Format.XML)

    assert len(answers) == len(edge.requests) == 1


async def test_a_connection_that_breaks_is_no_answer() -> None:
    async with carrier_edge((0, b"")) as edge, Sender(edge.url) as sender:
        (answered,) = await sender.push(PUSH, Format.XML)

    assert answered.status is None
    assert answered.fault.startswith("the connection broke before an answer")


async def test_a_redirect_is_not_followed() -> None:
    async with carrier_edge((302, b"")) as edge, Sender(edge.url) as sender:
        (answered,) = await sender.push(PUSH, Format.XML)

    assert answered.status == 302


async def test_nobody_there_is_said_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async with Sender(f"http://127.0.0.1:{port}/push") as sender:
        with pytest.raises(Unreachable, match=f"127.0.0.1:{port}/push"):
            await sender.push(PUSH, Format.XML)


async def test_a_verification_is_a_get() -> None:
    async with carrier_edge((200, b"echo")) as edge, Sender(edge.url) as sender:
        answered = await sender.verify("echostr=echo")

    assert edge.requests[0].line == "GET /push?echostr=echo HTTP/1.1"
    assert answered.body == b"echo"
