"""Thousands of hostile bodies against a real `serve`: nothing falls over, nothing leaks out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from adapter.simulator.cases import RESULT_CODES
from adapter.simulator.delivery import Answered, Sender
from adapter.simulator.hostile import (
    Hostile,
    Wanted,
    hostile_messages,
    mutated,
    ordinary,
    truncated,
)
from adapter.simulator.hostile_envelopes import (
    HostilePush,
    cut_envelopes,
    enveloped,
    hostile_envelopes,
    hostile_queries,
)
from adapter.wechat.client_side import UNSEALED_ANSWERS, build_verification, open_reply, parse_reply
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.errors import WeChatError
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, configuration, serving, stub

AT_ONCE = 8
FEWEST = 3_000
GROWTH_MIB = 30
SEVERAL_MINUTES = 240


def account(mode: Mode) -> Account:
    return replace(
        defaults.ACCOUNT,
        app_id=APP_ID,
        mode=mode,
        token=Secret(TOKEN),
        encoding_aes_key=Secret(AES_KEY),
    )


def corpus(mode: Mode, now_unix: int) -> Iterator[HostilePush]:
    """Every hostile push for one mode."""
    whom = account(mode)
    messages: list[Hostile] = list(hostile_messages())
    for format in Format:
        messages += truncated(format, step=1 if mode is Mode.PLAINTEXT else 4)
        messages += mutated(format, 400 if mode is Mode.PLAINTEXT else 100)
    yield from (enveloped(message, whom, now_unix=now_unix) for message in messages)
    if mode is Mode.SECURE:
        yield from hostile_envelopes(whom, now_unix=now_unix)
        yield from cut_envelopes(whom, now_unix=now_unix, step=3)
        yield from hostile_queries(whom, now_unix=now_unix)


EXACTLY: dict[Wanted, tuple[int, ...]] = {
    Wanted.PARAMETER_ERROR: (30001,),
    Wanted.FAILED: (-1,),
    Wanted.PASSED_ON: (),
}


def fault(hostile: HostilePush, answered: Answered, whom: Account) -> str | None:
    """Say what is wrong with an answer to a hostile push."""
    told = f"{hostile.format.value} {hostile.name}: {answered.status} {answered.body[:80]!r}"
    if hostile.wanted in {Wanted.UNREADABLE, Wanted.TOO_LARGE, Wanted.FORBIDDEN}:
        # An oversized message is larger still once it is sealed.
        return None if str(answered.status) == hostile.wanted.value else told
    if answered.status in {400, 403}:
        return None if hostile.wanted is Wanted.HARMLESS else told
    if answered.status != 200:
        return told
    try:
        message = open_reply(whom, answered.body, hostile.format)
        if message in UNSEALED_ANSWERS:
            return None if hostile.wanted in {Wanted.HARMLESS, Wanted.PASSED_ON} else told
        reply = parse_reply(message, hostile.format)
    except WeChatError as error:
        return f"{told}: {error}"
    right = EXACTLY.get(hostile.wanted, RESULT_CODES)
    return None if reply.result_code in right and reply.result_msg else told


async def faults(edge: str, whom: Account, pushes: Iterable[HostilePush]) -> list[str]:
    """Send every push, a few at once; return what was answered wrongly."""
    queue, found = iter(pushes), list[str]()

    async def send() -> None:
        async with Sender(edge) as sender:
            for hostile in queue:
                (answered,) = await sender.push(hostile.push, hostile.format)
                said = fault(hostile, answered, whom)
                if said:
                    found.append(said)

    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    return found


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stub(cwd=tmp_path_factory.mktemp("stub")) as target:
        yield target


def test_the_corpus_is_large_and_each_of_its_kinds_is_there() -> None:
    pushes = [
        push for mode in (Mode.PLAINTEXT, Mode.SECURE) for push in corpus(mode, 1_700_000_000)
    ]

    assert len(pushes) >= FEWEST
    assert {push.wanted for push in pushes} == set(Wanted)
    assert len({(push.push.query, push.push.body) for push in pushes}) >= FEWEST


@pytest.mark.timeout(SEVERAL_MINUTES)
@pytest.mark.parametrize("mode", [Mode.PLAINTEXT, Mode.SECURE], ids=["plaintext", "secure"])
async def test_nothing_hostile_is_answered_wrongly_or_stays_in_memory(
    mode: Mode, target: str, tmp_path: Path
) -> None:
    whom = account(mode)
    pushes = list(corpus(mode, int(time.time())))
    with serving(configuration(tmp_path, target, mode=mode.value)) as (serve, edge, _):
        process = psutil.Process(serve.process.pid)
        # The first pushes load what is loaded once.
        await faults(edge, whom, pushes[:: len(pushes) // 100])
        before = process.memory_info().rss

        found = await faults(edge, whom, pushes)

        grown = (process.memory_info().rss - before) / 2**20
        assert found == [], "\n".join(found)
        assert grown < GROWTH_MIB
        # Still the same adapter, and it answers.
        good = enveloped(ordinary_push(), whom, now_unix=int(time.time()))
        assert await faults(edge, whom, [good]) == []
        code = serve.stop()

    assert code == 0
    assert "Traceback" not in serve.stdout + serve.stderr
    assert "push_faulted" not in serve.stdout
    assert TOKEN not in serve.stdout


def ordinary_push() -> Hostile:
    return Hostile(
        name="ordinary",
        format=Format.XML,
        message=ordinary(Format.XML),
        wanted=Wanted.PARAMETER_ERROR,
    )


@asynccontextmanager
async def connected(
    edge: str,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = edge.split("/")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


def raw(head: str, body: bytes = b"") -> bytes:
    return f"{head}\r\nHost: x\r\n".encode() + body


BODY = ordinary(Format.XML)
RAW: dict[str, tuple[bytes, set[bytes]]] = {
    "length shorter than the body": (
        raw("POST PATH HTTP/1.1", b"Content-Length: 5\r\nConnection: close\r\n\r\n" + BODY),
        {b"200"},  # `<xml>` is no cancellation
    ),
    "length longer than the body": (
        raw("POST PATH HTTP/1.1", b"Content-Length: 9000\r\n\r\n" + BODY),
        {b"408", b""},
    ),
    "length that is no number": (
        raw("POST PATH HTTP/1.1", b"Content-Length: five\r\n\r\n"),
        {b"400", b""},
    ),
    "a negative length": (raw("POST PATH HTTP/1.1", b"Content-Length: -1\r\n\r\n"), {b"400", b""}),
    "two lengths": (
        raw("POST PATH HTTP/1.1", b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        {b"400", b""},
    ),
    "a length beyond all limits": (
        raw("POST PATH HTTP/1.1", b"Content-Length: 99999999999\r\n\r\nab"),
        {b"413", b"400"},
    ),
    "chunks, right": (
        raw(
            "POST PATH HTTP/1.1",
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        ),
        {b"200"},
    ),
    "chunks beyond the limit": (
        raw(
            "POST PATH HTTP/1.1",
            b"Transfer-Encoding: chunked\r\n\r\n" + b"4000\r\n%b\r\n" % (b"<" * 0x4000) * 8,
        ),
        {b"413"},
    ),
    "chunks of nonsense": (
        raw("POST PATH HTTP/1.1", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        {b"400", b""},
    ),
    "chunks and a length": (
        raw(
            "POST PATH HTTP/1.1",
            b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        ),
        {b"400", b""},
    ),
    "another encoding": (
        raw("POST PATH HTTP/1.1", b"Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
        {b"400", b""},
    ),
    "another method": (raw("DELETE PATH HTTP/1.1", b"Connection: close\r\n\r\n"), {b"405"}),
    "another path": (raw("POST /other HTTP/1.1", b"Connection: close\r\n\r\n"), {b"404"}),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {b"400", b""}),
    "a header without end": (raw("POST PATH HTTP/1.1", b"X: " + b"x" * 100_000), {b"431"}),
}


@pytest.fixture(scope="module")
def plaintext_edge(target: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    config = configuration(tmp_path_factory.mktemp("raw"), target, mode="plaintext")
    with serving(config) as (_, edge, _):
        yield edge


@pytest.mark.parametrize("name", RAW)
async def test_http_itself_may_be_hostile(name: str, plaintext_edge: str) -> None:
    request, statuses = RAW[name]
    whom = account(Mode.PLAINTEXT)
    query = build_verification(whom, timestamp=int(time.time()), nonce="1", echostr="1")
    path = f"/wechat/push?{query}".encode()

    async with connected(plaintext_edge) as (reader, writer):
        writer.write(request.replace(b"PATH", path))
        answer = b""
        # Closed with our bytes unread, a connection is reset: no answer either.
        with suppress(ConnectionError):
            async with asyncio.timeout(20):
                answer = await reader.readline()

    assert (answer.split(b" ")[1] if answer else b"") in statuses
