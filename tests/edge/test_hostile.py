"""Whatever bytes arrive, signed or not: a 4xx or a right reply, never a 5xx, and no growth."""

from __future__ import annotations

import gc
import random
from pathlib import Path

import pytest

from adapter.wechat.client_side import open_reply, parse_reply
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from tests.edge.playing import PATH, Edge, message, push, running_edge

ROUNDS = 300
GROWTH_LIMIT_BYTES = 30 * 1024 * 1024
PAGE_BYTES = 4_096
ODDITIES = (
    b"",
    b"\x00",
    b"\xef\xbb\xbf",
    b"<",
    b"{",
    b"[]",
    b"null",
    b'{"Event":"cancel_waybill"}',
    b'{"Event":' + b"[" * 30_000,
    b'{"CreateTime":' + b"9" * 30_000 + b"}",
    b'{"a":1,"a":2}',
    b'{"a":"\\ud800"}',
    b'{"a":NaN}',
    b"\xff\xfe{\x00}\x00",
    b"<a>" * 10_000,
    b"<xml>" + b"<a/>" * 10_000 + b"</xml>",
    b"<xml a='b'/>",
    b"<xml><a><b/></a></xml>",
    b"<?xml version='1.0' encoding='utf-16'?><xml/>",
    b"<?pi?><xml/>",
    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml>&b;</xml>',
    b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><xml>&x;</xml>",
    b"<xml><Event><![CDATA[cancel_waybill]]></Event></xml>",
    b"<xml>" + b"x" * 65_000 + b"</xml>",
    b"x" * 70_000,
)


def bent(seed: random.Random, sound: bytes) -> bytes:
    """A sound body with a piece cut out, doubled or overwritten."""
    start = seed.randrange(len(sound))
    end = min(len(sound), start + seed.randrange(1, 40))
    piece = seed.choice((b"", sound[start:end] * 2, seed.randbytes(end - start)))
    return sound[:start] + piece + sound[end:]


async def judge(edge: Edge, format: Format, body: bytes, *, signed: bool) -> int:
    """Push the body; a 200 must be the empty answer of another event, or a whole reply."""
    if signed:
        answer = await edge.post(push(edge.account, format, body=body))
    else:
        answer = await edge.client.post(f"{PATH}?{push(edge.account).query}", content=body)
    if answer.status_code == 200 and answer.content != b"success":
        parse_reply(open_reply(edge.account, answer.content, format), format)
    return answer.status_code


@pytest.mark.parametrize("mode", [Mode.PLAINTEXT, Mode.SECURE])
@pytest.mark.parametrize("body", ODDITIES)
async def test_an_oddity_is_told_off(mode: Mode, body: bytes) -> None:
    async with running_edge(mode) as edge:
        statuses = {await judge(edge, Format.XML, body, signed=signed) for signed in (True, False)}

    # Plaintext mode's signature does not cover the body, so there an oddity may be "authentic".
    assert statuses <= {200, 400, 403, 413}
    assert edge.tally.faults == 0


@pytest.mark.parametrize("format", list(Format))
async def test_bent_bodies_get_a_4xx_or_a_right_reply(format: Format) -> None:
    seed = random.Random(20180731)  # noqa: S311 - the same bodies in every run
    async with running_edge() as edge:
        statuses = [
            await judge(edge, format, bent(seed, message(format)), signed=number % 4 > 0)
            for number in range(ROUNDS)
        ]

    assert set(statuses) <= {200, 400, 403}
    assert {400, 403} <= set(statuses)
    assert edge.tally.faults == 0


async def test_hostile_bodies_do_not_make_it_grow() -> None:
    async with running_edge() as edge:
        for body in ODDITIES:
            await judge(edge, Format.XML, body, signed=True)
        before = resident_bytes()
        for _ in range(10):
            for body in ODDITIES:
                await judge(edge, Format.XML, body, signed=True)

        assert resident_bytes() - before < GROWTH_LIMIT_BYTES


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
