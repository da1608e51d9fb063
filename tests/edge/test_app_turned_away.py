"""What is turned away at the door, and how little its sender learns of why."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from starlette.types import Message

from adapter.edge.app import create_app
from adapter.edge.limits import InFlightLimit
from adapter.edge.push import EdgeParts, Program
from adapter.edge.translate import Locale
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Envelope, Mode
from tests import defaults
from tests.edge.playing import (
    PATH,
    Lines,
    ScriptedDesk,
    ScriptedHandler,
    Tallied,
    account,
    message,
    push,
    running_edge,
    until,
)
from tests.edge.wire import request, wire


@pytest.mark.parametrize("value", [None, "", "a\nb", 1])
async def test_without_an_address_for_the_reply_it_is_400(value: str | int | None) -> None:
    async with running_edge() as edge:
        answer = await edge.post(push(edge.account, Format.JSON, FromUserName=value))

    assert answer.status_code == 400
    assert edge.tally.refusals == ["undecodable"]


@pytest.mark.parametrize(
    "body", [b"<xml><a>%b", b"{]%b", b"plain %b", b'{"Event":"%b","a":NaN}', b"<!DOCTYPE %b><xml/>"]
)
@pytest.mark.parametrize("name", [b"cancel_waybill", b"CANCEL_Waybill"])
@pytest.mark.parametrize("mode", list(Mode))
async def test_an_authentic_cancellation_that_cannot_be_read_is_400_and_never_passed_on(
    mode: Mode, name: bytes, body: bytes
) -> None:
    handler = ScriptedHandler()
    async with running_edge(mode, forwarder=handler) as edge:
        answer = await edge.post(push(edge.account, Format.XML, body=body % name))

    assert (answer.status_code, handler.got) == (400, [])
    assert edge.tally.refusals == ["undecodable"]


async def test_every_kind_of_forgery_gets_the_same_403() -> None:
    async with running_edge() as edge:
        good = push(edge.account)
        foreign = push(account(token="another"))
        stale = push(edge.account, signed_at=time.time() - 3600)
        plain = push(edge.account, mode=Mode.PLAINTEXT)
        requests = [
            ("", good.body),
            (good.query + "&nonce=1", good.body),
            (good.query, good.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A")),
            (foreign.query, foreign.body),
            (stale.query, stale.body),
            (plain.query, plain.body),
            (good.query, b"rubbish"),
        ]

        answers = [
            await edge.client.post(f"{PATH}?{query}", content=body) for query, body in requests
        ]

    assert {(answer.status_code, answer.content) for answer in answers} == {(403, b"forbidden")}
    assert len({tuple(sorted(a.headers.keys())) for a in answers}) == 1
    assert edge.desk.asked == []
    reasons = [line["reason"] for line in edge.log.named("push_refused")]
    assert len(set(reasons)) >= 4, "the precise reasons stand in the log"
    assert edge.tally.refusals == reasons


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "XYZ"])
async def test_another_method_is_405(method: str) -> None:
    async with running_edge() as edge:
        answer = await edge.client.request(method, PATH)

    expected = 400 if method == "XYZ" else 405  # a method that HTTP itself does not know
    assert answer.status_code == expected


@pytest.mark.parametrize("path", ["/", PATH + "/", "/wechat", PATH + "%0A", "/wechat//push"])
async def test_another_path_is_404(path: str) -> None:
    async with running_edge() as edge:
        sealed = push(edge.account)

        answers = [await edge.client.get(path), await edge.post(sealed, path)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert edge.tally.refusals == ["path", "path"]


@pytest.mark.parametrize("path", [PATH + "/", "/wechat//push", "/WeChat/Push", PATH + "/%0A"])
async def test_a_path_that_is_almost_ours_is_told_whatever_a_scanner_asks(path: str) -> None:
    async with running_edge() as edge:
        for number in range(200):
            await edge.client.get(f"/scan/{number}")
        await edge.client.get(path)

    lines = [line for line in edge.log.named("push_refused") if line["reason"] == "path"]
    assert [line["meant"] for line in lines if "meant" in line] == [PATH]
    assert len(lines) < 10


async def test_a_scan_writes_few_lines_and_says_how_many_it_left_out() -> None:
    async with running_edge() as edge:
        for number in range(100):
            await edge.client.get(f"/scan/{number}")
            await edge.client.get(PATH)
            await edge.client.put(PATH)
            async with wire(edge.server) as line:
                await line.send(b"GARBAGE\r\n\r\n")
                await line.rest()
        edge.refusals.tell()

    lines = edge.log.named("push_refused") + edge.log.named("refusals_left_out")
    assert len(edge.tally.refusals) == 400
    assert len(lines) <= 40
    left_out = [line.get("left_out", 0) for line in lines]
    assert sum(int(str(count)) for count in left_out) + len(edge.log.named("push_refused")) == 400


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("format", list(Format))
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("CreateTime", None),
        ("CreateTime", "x"),
        ("CreateTime", -1),
        ("ToUserName", None),
        ("ToUserName", ""),
        ("ToUserName", "a\x7fb"),
    ],
)
async def test_a_header_of_wrong_form_is_told_as_a_failure_without_asking(
    mode: Mode, format: Format, field: str, value: str | int | None
) -> None:
    async with running_edge(mode) as edge:
        reply = await edge.reply(format, **{field: value})

    [line] = edge.log.named("push_answered")
    assert (reply.result_code, reply.to_user_name) == (-1, "oABCD")
    assert reply.create_time > 0
    assert (edge.desk.asked, edge.desk.refused) == ([], [])
    assert line["faults"] == [field]


async def test_a_body_over_the_limit_is_413_and_counted() -> None:
    async with running_edge(limits=replace(defaults.EDGE, body_limit_bytes=100)) as edge:
        answer = await edge.client.post(PATH, content=b"x" * 101)

    [line] = edge.log.named("push_refused")
    assert (answer.status_code, edge.tally.refusals) == (413, ["body_too_large"])
    assert (line["reason"], line["peer"]) == ("body_too_large", "127.0.0.1")


@pytest.mark.parametrize("mode", Mode)
async def test_a_body_under_a_raised_limit_is_read_whole(mode: Mode) -> None:
    limits = replace(defaults.EDGE, body_limit_bytes=400_000)
    async with running_edge(mode, limits=limits) as edge:
        body = message() + b" " * 100_000

        answer = await edge.post(push(edge.account, body=body))

    assert (answer.status_code, edge.tally.refusals) == (200, [])
    assert len(edge.desk.asked) == 1


async def test_a_sender_that_hangs_up_is_counted_and_not_answered() -> None:
    async with running_edge() as edge:
        async with wire(edge.server) as line:
            sealed = push(edge.account)
            await line.send(request(sealed, length=len(sealed.body) + 1))
        await until(lambda: edge.tally.refusals)

        assert edge.tally.refusals == ["sender_gone"]
        assert edge.tally.faults == 0


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_what_is_not_http_is_left_without_an_answer(kind: str) -> None:
    desk, tally, log = ScriptedDesk(), Tallied(), Lines()
    program = Program(
        name="main",
        mode=Mode.SECURE,
        envelope=Envelope(account()),
        locale=Locale.EN,
        forwarder=None,
    )
    parts = EdgeParts(desk=desk, tally=tally, log=log, limits=defaults.EDGE, room=InFlightLimit(1))
    sent: list[object] = []

    async def receive() -> Message:
        raise AssertionError("nobody reads it")

    async def send(message: Message) -> None:
        sent.append(message)

    app = create_app({PATH: program}, parts)
    await app({"type": kind, "path": PATH}, receive, send)

    assert (sent, tally.refusals, tally.faults) == ([], [], 0)
