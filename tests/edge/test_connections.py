from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from adapter.edge.connections import PatientConnection
from tests import defaults
from tests.edge.playing import PATH, Edge, ScriptedDesk, push, running_edge, until
from tests.edge.wire import Wire, chunked, request, wire

SHORT = replace(
    defaults.CONNECTIONS,
    header_seconds=0.2,
    message_seconds=0.4,
    idle_seconds=0.3,
    header_bytes=4_096,
)
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode()


async def is_closed_after(edge: Edge, *pieces: bytes, between_seconds: float = 0.0) -> bytes:
    """Send the pieces, then return what came until the server closed; the test's own time
    limit fails it when the server never does."""
    async with wire(edge.server) as line, asyncio.timeout(5):
        sending = asyncio.create_task(_trickle(line, pieces, between_seconds))
        received = await line.rest()
        sending.cancel()
        return received


async def _trickle(line: Wire, pieces: Iterable[bytes], between_seconds: float) -> None:
    for piece in pieces:
        await line.send(piece)
        await asyncio.sleep(between_seconds)


async def test_a_silent_connection_is_closed() -> None:
    async with running_edge(patience=SHORT) as edge:
        assert await is_closed_after(edge) == b""


async def test_a_header_that_trickles_is_closed() -> None:
    drops = [HEAD, *[b"X-A: 1\r\n"] * 1000]
    async with running_edge(patience=SHORT) as edge:
        assert await is_closed_after(edge, *drops, between_seconds=0.05) == b""


async def test_empty_lines_do_not_keep_a_connection() -> None:
    async with running_edge(patience=SHORT) as edge:
        assert await is_closed_after(edge, *[b"\r\n"] * 1000, between_seconds=0.05) == b""


async def test_empty_lines_after_an_answer_do_not_keep_it_either() -> None:
    async with running_edge(patience=SHORT) as edge:
        first = request(push(edge.account))
        received = await is_closed_after(edge, first, *[b"\r\n"] * 1000, between_seconds=0.05)

    assert received.count(b"HTTP/1.1 200") == 1


async def test_an_idle_connection_is_closed() -> None:
    async with running_edge(patience=SHORT) as edge:
        received = await is_closed_after(edge, request(push(edge.account)))

    assert received.count(b"HTTP/1.1 200") == 1


async def test_a_slow_body_is_408_and_closed() -> None:
    async with running_edge(limits=replace(defaults.EDGE, body_within_seconds=0.1)) as edge:
        sealed = push(edge.account)
        received = await is_closed_after(edge, request(sealed, length=len(sealed.body) + 1))

    assert received.startswith(b"HTTP/1.1 408 ")
    assert edge.tally.refusals == ["body_too_slow"]


LONG_LINE = b"X-A: " + b"a" * 1000 + b"\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD, *[LONG_LINE] * 1000],
        [HEAD + LONG_LINE * 80 + b"\r\n"],
        [HEAD + LONG_LINE * 80],
        [HEAD + b"A: b\r\n" * 8000 + b"\r\n"],
        [HEAD + b"X-A: " + b"a" * 80_000 + b"\r\n\r\n"],
        [b"GET /" + b"a" * 80_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
        [HEAD, b"X-A: ", *[b"a" * 1000] * 80],
    ],
    ids=lambda pieces: f"{len(pieces)} pieces of {len(pieces[-1])}",
)
async def test_a_header_over_the_limit_is_431_in_one_piece_or_many(pieces: list[bytes]) -> None:
    async with running_edge(patience=replace(defaults.CONNECTIONS, header_bytes=4_096)) as edge:
        received = await is_closed_after(edge, *pieces)

    assert received.startswith(b"HTTP/1.1 431 ")
    assert received.count(b"HTTP/1.1") == 1
    assert edge.tally.refusals == ["header_too_large"]


async def test_a_header_within_the_limit_is_read_after_a_body_of_any_size() -> None:
    limits = replace(defaults.CONNECTIONS, header_bytes=1_000)
    async with running_edge(patience=limits) as edge, wire(edge.server) as line:
        whole = request(push(edge.account, BizPwd="p" * 30_000)) * 2
        await line.send(whole[:-10_000])
        await line.answer()
        await line.send(whole[-10_000:])
        answer = await line.answer()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert edge.tally.refusals == []


UPGRADES = [
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n",
    b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n",
    b"connection: keep-alive, Upgrade\r\nupgrade: TLS/1.0, foo/2\r\n",
]


@pytest.mark.parametrize("more", UPGRADES)
async def test_a_push_that_asks_for_another_protocol_is_answered_as_plain_http(
    more: bytes,
) -> None:
    async with running_edge() as edge, wire(edge.server) as line:
        await line.send(request(push(edge.account), more=more))
        answers = [await line.answer()]
        await line.send(request(push(edge.account), more=more) * 2)
        answers += [await line.answer(), await line.answer()]

    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 200 "] * 3
    assert len(edge.desk.asked) == 3
    assert edge.tally.refusals == []


@pytest.mark.parametrize("more", UPGRADES)
async def test_an_upgrade_that_trickles_is_answered_too(more: bytes) -> None:
    async with running_edge() as edge, wire(edge.server) as line:
        whole = request(push(edge.account), more=more)
        for at in range(0, len(whole), 50):
            await line.send(whole[at : at + 50])
            await asyncio.sleep(0)
        answer = await line.answer()
        sealed = push(edge.account)
        await line.send(chunked(sealed).replace(b"Host: x\r\n", b"Host: x\r\n" + more))
        chunks = await line.answer()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert chunks.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nhost: a\r\n"])
async def test_http_1_1_without_one_host_is_400(hosts: bytes) -> None:
    async with running_edge() as edge:
        whole = request(push(edge.account)).replace(b"Host: x\r\n", hosts)
        received = await is_closed_after(edge, whole)

    assert received.startswith(b"HTTP/1.1 400 ")
    assert (edge.tally.refusals, edge.desk.asked) == (["host"], [])


async def test_http_1_0_needs_no_host() -> None:
    async with running_edge() as edge:
        whole = request(push(edge.account)).replace(b"Host: x\r\n", b"").replace(b"1.1", b"1.0")
        received = await is_closed_after(edge, whole)

    assert received[9:12] == b"200"


async def test_what_never_became_a_request_is_counted_and_named() -> None:
    async with running_edge(patience=SHORT) as edge:
        await is_closed_after(edge, b"GARBAGE\r\n\r\n")
        await is_closed_after(edge, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        await is_closed_after(edge, HEAD)

    assert edge.tally.refusals == ["malformed", "malformed", "header_too_slow"]
    lines = edge.log.named("push_refused")
    assert [line["detail"] for line in lines] == ["", "tls", ""]
    assert {line["peer"] for line in lines} == {"127.0.0.1"}


async def test_a_refusal_in_the_middle_of_a_body_ends_the_push() -> None:
    async with running_edge() as edge:
        received = await is_closed_after(
            edge, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"ZZ\r\n", between_seconds=0.05
        )
        await until(lambda: len(edge.tally.refusals) == 2)

    assert received.startswith(b"HTTP/1.1 400 ")
    assert sorted(edge.tally.refusals) == ["malformed", "sender_gone"]
    assert edge.tally.faults == 0


async def test_an_announced_excess_is_413_though_the_sender_is_in_full_flow() -> None:
    megabytes = 4
    async with running_edge() as edge, wire(edge.server) as line:
        sealed = push(edge.account)
        head = request(sealed, length=megabytes * 1_000_000 + len(sealed.body))
        await line.send(head)
        for _ in range(megabytes):
            await line.send(b"x" * 1_000_000)
        answer = await line.answer()
        await line.send(request(sealed))
        next_answer = await line.answer()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert next_answer.startswith(b"HTTP/1.1 200 "), "the connection is still in step"


async def test_a_chunked_excess_is_413() -> None:
    async with running_edge() as edge, wire(edge.server) as line:
        await line.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            await line.send(b"%x\r\n%s\r\n" % (20_000, b"x" * 20_000))
        answer = await line.answer()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert edge.tally.refusals == ["body_too_large"]


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    async with running_edge(limits=replace(defaults.EDGE, body_limit_bytes=100)) as edge:
        fits = await edge.client.post(PATH, content=b"x" * 100)
        excess = await edge.client.post(PATH, content=b"x" * 101)

    assert (fits.status_code, excess.status_code) == (403, 413)


async def test_a_body_that_stays_away_after_the_answer_is_not_waited_for() -> None:
    async with running_edge(patience=SHORT) as edge:
        received = await is_closed_after(edge, HEAD + b"Content-Length: 9000000\r\n\r\nx")

    assert received.startswith(b"HTTP/1.1 413 ")


async def test_a_chunked_push_is_a_push() -> None:
    async with running_edge() as edge, wire(edge.server) as line:
        await line.send(chunked(push(edge.account)))

        assert (await line.answer()).startswith(b"HTTP/1.1 200 ")


async def test_trailers_are_refused() -> None:
    async with running_edge() as edge:
        received = await is_closed_after(edge, chunked(push(edge.account), trailer=b"A: b\r\n"))

    assert received.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "more",
    [
        b"Expect: 100-continue\r\n",
        b"Connection: keep-alive\r\n",
        b"Content-Type: application/json\r\n",
        b"Content-Encoding: gzip\r\n",
    ],
)
async def test_odd_headers_change_nothing(more: bytes) -> None:
    async with running_edge() as edge, wire(edge.server) as line:
        await line.send(request(push(edge.account), more=more))
        answer = await line.answer() if b"Expect" not in more else await line.reader.read(9000)

    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 100 "))


@pytest.mark.parametrize(
    "start",
    [
        b"GARBAGE\r\n\r\n",
        b"GET http://x HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\n\r\n",
        b"POST /wechat/push HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        HEAD + b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\n\r\n",
        b"GET /%ff%00 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_hardly_http_is_never_a_5xx(start: bytes) -> None:
    async with running_edge(patience=SHORT) as edge:
        received = await is_closed_after(edge, start)

        assert received == b"" or received[9:10] == b"4"
        assert (await edge.reply()).result_code == 0


async def test_pushes_in_a_row_on_one_connection_are_answered_in_order() -> None:
    async with running_edge() as edge, wire(edge.server) as line:
        many = b"".join(request(push(edge.account, OrderID=str(n))) for n in range(20))
        await line.send(many)
        answers = [await line.answer() for _ in range(20)]

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    assert [wish.order_id for wish in edge.desk.asked] == [str(n) for n in range(20)]


async def test_a_sender_that_hangs_up_costs_nothing() -> None:
    async with running_edge() as edge:
        async with wire(edge.server) as line:
            await line.send(HEAD + b"Content-Length: 100\r\n\r\nx")
        await until(lambda: edge.tally.refusals)

    assert edge.tally.refusals == ["sender_gone"]


async def test_connections_over_the_ceiling_are_closed_at_once() -> None:
    async with running_edge(patience=replace(defaults.CONNECTIONS, connections=2)) as edge:
        async with wire(edge.server) as first, wire(edge.server) as second:
            await until(lambda: edge.server.connections == 2)
            assert await is_closed_after(edge) == b""
            assert edge.tally.refusals == ["connection_limit"]

            await first.send(request(push(edge.account)))
            assert (await first.answer()).startswith(b"HTTP/1.1 200 ")
            await second.send(b"x")
        await until(lambda: not edge.server.connections)
        assert (await edge.reply()).result_code == 0


async def test_silent_connections_do_not_keep_pushes_waiting() -> None:
    async with running_edge() as edge:
        silent = [await asyncio.open_connection(*edge.server.address) for _ in range(400)]

        replies = [await edge.reply(OrderID=str(n)) for n in range(20)]

        for _, writer in silent:
            writer.close()
    assert [reply.result_code for reply in replies] == [0] * 20


def connection_of(edge: Edge) -> PatientConnection:
    (connection,) = edge.server._server.server_state.connections
    assert isinstance(connection, PatientConnection)
    return connection


async def test_a_reply_in_the_making_can_be_made_the_last_of_its_connection() -> None:
    desk = ScriptedDesk(hangs=asyncio.Event())
    async with running_edge(desk=desk) as edge, wire(edge.server) as line:
        await line.send(request(push(edge.account)))
        await until(lambda: desk.asked)
        connection_of(edge).finish()
        assert desk.hangs is not None
        desk.hangs.set()

        answer = await line.rest()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()


async def test_a_connection_without_a_request_has_no_reply_to_finish() -> None:
    async with running_edge() as edge, wire(edge.server) as line:
        await until(lambda: edge.server.connections)
        connection_of(edge).finish()

        await line.send(request(push(edge.account)))
        answers = [await line.answer()]
        await line.send(request(push(edge.account)))
        answers.append(await line.answer())

    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 200 "] * 2


async def test_last_words_under_way_are_not_cut_off_when_patience_ends() -> None:
    words = b"x" * 20_000_000  # more than the kernel takes at once
    async with running_edge() as edge, wire(edge.server) as line:
        await until(lambda: edge.server.connections)
        connection = connection_of(edge)
        connection.transport.write(words)
        connection.transport.close()

        connection._lose_patience()

        assert await line.rest() == words


@pytest.mark.parametrize("seed", range(20))
async def test_pushes_in_a_row_are_all_answered_however_they_are_cut(seed: int) -> None:
    """With and without a body's length, with and without a wish for another protocol."""
    dice = random.Random(seed)  # noqa: S311 - the same cuts in every run
    async with running_edge() as edge, wire(edge.server) as line:
        whole = b""
        for number in range(6):
            sealed = push(edge.account, OrderID=str(number))
            made = request(sealed) if dice.random() < 0.6 else chunked(sealed)
            more = dice.choice([b"", *UPGRADES])
            whole += made.replace(b"Host: x\r\n", b"Host: x\r\n" + more)
            whole += dice.choice([b"", b"\r\n"])
        at = 0
        while at < len(whole):
            size = dice.choice([1, 3, 17, 200, 1000, 5000])
            await line.send(whole[at : at + size])
            await asyncio.sleep(0)
            at += size
        answers = [await line.answer() for _ in range(6)]

    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 200 "] * 6
    assert [wish.order_id for wish in edge.desk.asked] == [str(number) for number in range(6)]
    assert edge.tally.refusals == []
