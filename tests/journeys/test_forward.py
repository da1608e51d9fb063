"""Events that are not ours, through a real `serve`, to the handler that already answers them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from adapter.wechat.client_side import SealedPush, build_push, open_reply, parse_reply
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.posting import post
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, configuration, serving, stub
from tests.simulator.carrier_edge import CarrierEdge, carrier_edge

pytestmark = pytest.mark.usefixtures("may_wait")

HANDLED = b"<xml><Encrypt><![CDATA[whatever the handler says]]></Encrypt></xml>"
# What a URL library would write anew; none of it is signed, all of it must arrive.
ODD = "&x=%e5%8d%95+%2B~%7E&empty=&flag&openid2=o%2babc"
ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)


def _push(event: str, *, waybill: str = "STUB-OK-1") -> SealedPush:
    fields = (
        ("ToUserName", "gh_abcdefg"),
        ("FromUserName", "oABCD"),
        ("CreateTime", 1_533_042_556),
        ("MsgType", "event"),
        ("Event", event),
        ("BizID", "xyz"),
        ("BizPwd", "xyz123"),
        ("ShopAppID", "wxABCD"),
        ("OrderID", "42"),
        ("WayBillID", waybill),
    )
    return build_push(
        ACCOUNT,
        encode(fields, Format.XML),
        Format.XML,
        timestamp=int(time.time()),
        nonce="415670741",
        random16=os.urandom(16),
        open_id="oABCD",
    )


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stub(cwd=tmp_path_factory.mktemp("stub")) as target:
        yield target


@contextmanager
def _served(folder: Path, target: str, handler: CarrierEdge) -> Iterator[tuple[str, str]]:
    config = configuration(folder, target)
    text = config.read_text().replace("[edge]", "[edge]\nreply_within_seconds = 2.0")
    config.write_text(f'{text}\n[forward]\nurl = "{handler.url}?own=%2B1"\n')
    with serving(config) as (_, edge, ops):
        yield edge, ops


async def test_another_event_reaches_its_handler_untouched_and_its_answer_goes_back(
    target: str, tmp_path: Path
) -> None:
    push = _push("add_waybill")
    async with carrier_edge((200, HANDLED)) as handler:
        with _served(tmp_path, target, handler) as (edge, _):
            answer = await post(edge, push.query + ODD, push.body)

    (received,) = handler.requests
    assert received.line == f"POST /push?own=%2B1&{push.query}{ODD} HTTP/1.1"
    assert received.body == push.body
    assert received.headers["content-type"] == "text/xml"
    assert (answer.status, answer.body) == (200, HANDLED)


async def test_a_cancellation_is_never_passed_on(target: str, tmp_path: Path) -> None:
    push = _push("Cancel_WayBill")
    async with carrier_edge((200, HANDLED)) as handler:
        with _served(tmp_path, target, handler) as (edge, _):
            answer = await post(edge, push.query, push.body)

    reply = parse_reply(open_reply(ACCOUNT, answer.body, Format.XML), Format.XML)
    assert (answer.status, reply.result_code, handler.requests) == (200, 0, [])


async def test_a_stranger_never_reaches_the_handler(target: str, tmp_path: Path) -> None:
    push = _push("add_waybill")
    async with carrier_edge((200, HANDLED)) as handler:
        with _served(tmp_path, target, handler) as (edge, _):
            answer = await post(edge, push.query.replace("msg_signature=", "msg_signature=0"), b"x")

    assert (answer.status, handler.requests) == (403, [])


async def test_a_handler_that_fails_makes_wechat_repeat_nothing(
    target: str, tmp_path: Path
) -> None:
    push = _push("add_waybill")
    async with carrier_edge((500, b"broken"), (0, b""), None) as handler:
        with _served(tmp_path, target, handler) as (edge, ops):
            failed, cut = [await post(edge, push.query, push.body) for _ in range(2)]
            started = time.monotonic()
            silent = await post(edge, push.query, push.body)
            took = time.monotonic() - started
            metrics = await asyncio.to_thread(httpx2.get, f"{ops}metrics", trust_env=False)

    assert [(answer.status, answer.body) for answer in (failed, cut, silent)] == [(200, b"")] * 3
    assert took < 5.0  # WeChat hangs up then
    assert 'result="failed_too_slow"' in metrics.text


async def test_a_handler_that_is_spared_costs_our_own_path_nothing(
    target: str, tmp_path: Path
) -> None:
    push = _push("add_waybill")
    async with carrier_edge(*[(500, b"broken")] * 50) as handler:
        with _served(tmp_path, target, handler) as (edge, ops):
            for _ in range(20):
                await post(edge, push.query, push.body)
            metrics = await asyncio.to_thread(httpx2.get, f"{ops}metrics", trust_env=False)
            ours = _push("cancel_waybill", waybill="STUB-OK-SPARED")
            answer = await post(edge, ours.query, ours.body)

    reply = parse_reply(open_reply(ACCOUNT, answer.body, Format.XML), Format.XML)
    assert len(handler.requests) < 20
    assert "waybridge_forward_circuit_open 1.0" in metrics.text
    assert reply.result_code == 0


async def test_without_a_handler_another_event_is_a_success(target: str, tmp_path: Path) -> None:
    push = _push("add_waybill")
    with serving(configuration(tmp_path, target)) as (_, edge, _):
        answer = await post(edge, push.query, push.body)

    assert (answer.status, answer.body) == (200, b"success")
