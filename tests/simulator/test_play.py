from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender, Unreachable
from adapter.simulator.play import play, seal, verify_url
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.simulator.verdict import Check
from adapter.wechat.cancel_waybill import CancelWaybill, Reply, read
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.ports import free_port
from tests.simulator.carrier_edge import carrier_edge

EXAMPLE = CASES["example"]
PRESS = PressFields.of(EXAMPLE, create_time=EXAMPLE_CREATE_TIME, word="1")
PLAINTEXT = replace(
    defaults.ACCOUNT, app_id="wx0123456789abcdef", mode=Mode.PLAINTEXT, token=Secret("token")
)


def replied(code: int, format: Format) -> bytes:
    push = read(PRESS.encode(format), format)
    assert isinstance(push, CancelWaybill)
    return Reply(push=push, result_code=code, result_msg="success").encode(format)


@pytest.mark.parametrize("format", Format)
async def test_a_press_is_sent_judged_and_shown_to_the_merchant(format: Format) -> None:
    async with carrier_edge((200, replied(0, format))) as edge, Sender(edge.url) as sender:
        played = await play(PRESS, format, account=PLAINTEXT, sender=sender, case=EXAMPLE)

    assert played.verdict.is_right
    assert played.merchant.delivery_resultcode == 0
    assert played.took_ms > 0
    assert edge.requests[0].body == played.sealed.body == PRESS.encode(format)


async def test_the_last_of_several_answers_is_judged() -> None:
    right = replied(0, Format.XML)
    async with carrier_edge((500, b"no"), (200, right)) as edge, Sender(edge.url) as sender:
        played = await play(
            PRESS, Format.XML, account=PLAINTEXT, sender=sender, case=EXAMPLE, repeats=1
        )

    assert [answer.status for answer in played.answers] == [500, 200]
    assert played.verdict.is_right


async def test_what_cannot_be_read_leaves_the_merchant_without_a_code() -> None:
    async with carrier_edge((200, b"nonsense")) as edge, Sender(edge.url) as sender:
        played = await play(PRESS, Format.XML, account=PLAINTEXT, sender=sender, case=EXAMPLE)

    assert [found.check for found in played.verdict.deviations] == [Check.FIELDS]
    assert played.merchant.delivery_resultcode is None


def test_each_sealing_has_a_nonce_of_its_own() -> None:
    queries = [seal(PRESS, Format.XML, account=PLAINTEXT).query for _ in range(3)]

    assert len({re.findall(r"nonce=(\d+)", query)[0] for query in queries}) == 3
    assert all("openid=oABCD" in query for query in queries)


def test_sealing_without_the_key_is_refused() -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        seal(PRESS, Format.XML, account=replace(PLAINTEXT, mode=Mode.SECURE))


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ((200, b'"1"'), "the body is not echostr, unchanged"),
        ((201, b""), "HTTP status 201, should be 200"),
        (None, "no answer within 0.1 s"),
    ],
)
async def test_a_wrong_answer_to_the_verification_is_told(
    reply: tuple[int, bytes] | None, fault: str
) -> None:
    async with (
        carrier_edge(reply) as edge,
        Sender(edge.url, limit_seconds=0.1 if reply is None else 5) as sender,
    ):
        assert await verify_url(account=PLAINTEXT, sender=sender) == fault


async def test_a_url_that_gives_echostr_back_is_verified() -> None:
    async with carrier_edge(None) as edge, Sender(edge.url) as sender:

        def echoing() -> Iterator[tuple[int, bytes]]:
            yield 200, re.findall(r"echostr=(\w+)", edge.requests[-1].line)[0].encode()

        edge.replies = echoing()

        assert await verify_url(account=PLAINTEXT, sender=sender) is None


async def test_an_edge_that_is_not_there_cannot_be_verified() -> None:
    async with Sender(f"http://127.0.0.1:{free_port()}/push") as sender:
        with pytest.raises(Unreachable, match="nothing takes a connection"):
            await verify_url(account=PLAINTEXT, sender=sender)
