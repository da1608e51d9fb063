from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapter.cancellation.model import Answer, Basis, Outcome, Unsent
from adapter.edge.translate import TEXTS, Locale
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.edge.playing import (
    KEY,
    PATH,
    ScriptedDesk,
    ScriptedHandler,
    account,
    broken_program,
    push,
    running_edge,
    until,
)


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("outcome", list(Outcome))
async def test_every_outcome_is_told_with_its_text(outcome: Outcome, locale: Locale) -> None:
    answer = Answer(key="k", outcome=outcome, basis=Basis.CARRIER)
    async with running_edge(desk=ScriptedDesk(answer=answer), locale=locale) as edge:
        reply = await edge.reply()

    assert reply.result_msg == TEXTS[locale][outcome]


async def test_the_desk_gets_what_is_left_of_the_reply_budget() -> None:
    async with running_edge(limits=replace(defaults.EDGE, reply_within_seconds=3.0)) as edge:
        await edge.reply()

    [budget] = edge.desk.budgets
    assert 2.0 < budget < 3.0


async def test_only_the_desk_speaks_when_time_is_up() -> None:
    """What it says may be in the ledger already: the edge has no answer of its own."""
    desk = ScriptedDesk(hangs=asyncio.Event())
    limits = replace(defaults.EDGE, reply_within_seconds=0.02, overrun_seconds=0.01)
    async with running_edge(desk=desk, limits=limits) as edge:
        reply = asyncio.create_task(edge.reply())
        await asyncio.wait([reply], timeout=0.1)
        is_answered = reply.done()
        assert desk.hangs is not None
        desk.hangs.set()

        assert (is_answered, (await reply).result_code) == (False, 0)
    assert desk.overruns == [0.01]
    assert defaults.EDGE.overrun_seconds + defaults.EDGE.reply_within_seconds < 5


async def test_pushes_beyond_the_ceiling_are_shed_while_the_others_wait() -> None:
    desk = ScriptedDesk(hangs=asyncio.Event())
    async with running_edge(desk=desk, limits=replace(defaults.EDGE, max_in_flight=2)) as edge:
        waiting = [asyncio.create_task(edge.reply(OrderID=str(n))) for n in range(2)]
        await until(lambda: len(desk.asked) == 2)
        shed = await edge.reply(OrderID="3")
        assert desk.hangs is not None
        desk.hangs.set()
        answered = await asyncio.gather(*waiting)

    assert (shed.result_code, desk.refused) == (-1, [Unsent.SHED])
    assert [reply.result_code for reply in answered] == [0, 0]


async def test_a_faulty_push_is_refused_for_good_even_while_there_is_no_room() -> None:
    """−1 would have the merchant press again, to no avail."""
    desk = ScriptedDesk(in_flight=2)
    async with running_edge(desk=desk, limits=replace(defaults.EDGE, max_in_flight=2)) as edge:
        reply = await edge.reply(OrderID="")

    assert (reply.result_code, desk.refused) == (30001, [Unsent.REFUSED])


async def test_a_push_under_the_previous_key_is_answered_and_counted() -> None:
    served = replace(
        defaults.ACCOUNT,
        app_id="wx0123456789abcdef",
        mode=Mode.SECURE,
        token=Secret("testtoken"),
        encoding_aes_key=Secret(KEY[::-1]),
        previous_encoding_aes_key=Secret(KEY),
    )
    async with running_edge(served=served) as edge:
        answer = await edge.post(push(account()))

    assert answer.status_code == 200
    assert edge.tally.rotations == [(False, True)]


async def test_a_repeat_gets_the_same_plaintext() -> None:
    async with running_edge(Mode.PLAINTEXT) as edge:
        sealed = push(edge.account)

        answers = [(await edge.post(sealed)).content for _ in range(3)]

    assert len(set(answers)) == 1


async def test_another_event_without_a_handler_is_a_success() -> None:
    async with running_edge() as edge:
        answer = await edge.post(push(edge.account, Event="add_waybill"))

    assert (answer.status_code, answer.content) == (200, b"success")
    assert edge.tally.pushes == [("add_waybill", "secure", "xml", "success")]
    assert edge.desk.asked == []


async def test_another_event_reaches_its_handler_untouched() -> None:
    handler = ScriptedHandler()
    async with running_edge(forwarder=handler) as edge:
        sealed = push(edge.account, Format.JSON, Event="get_quota")
        answer = await edge.client.post(
            f"{PATH}?{sealed.query}", content=sealed.body, headers={"content-type": "text/odd"}
        )

    assert (answer.status_code, answer.content) == (200, b"<xml>theirs</xml>")
    assert answer.headers["content-type"] == "text/xml"
    assert handler.got == [(sealed.query.encode(), sealed.body, b"text/odd")]
    assert 0 < handler.budgets[0] <= 4.5
    assert edge.tally.pushes == [("get_quota", "secure", "json", "answered")]


async def test_a_forged_event_reaches_no_handler() -> None:
    handler = ScriptedHandler()
    async with running_edge(forwarder=handler) as edge:
        sealed = push(edge.account, Event="get_quota")
        answer = await edge.client.post(f"{PATH}?{sealed.query}1", content=sealed.body)

    assert (answer.status_code, handler.got) == (403, [])


async def test_our_fault_with_another_event_is_an_empty_200() -> None:
    async with running_edge(forwarder=ScriptedHandler(fault=RuntimeError("secret?"))) as edge:
        answer = await edge.post(push(edge.account, Event="get_quota"))

    [line] = edge.log.named("push_faulted")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (line["fault"], line["words"]) == ("RuntimeError", "")


@pytest.mark.parametrize(("opens", "faults"), [(True, 2), (False, 1)])
async def test_a_fault_that_leaves_nothing_to_seal_is_400(*, opens: bool, faults: int) -> None:
    known = account()
    async with running_edge(more=[("/broken", broken_program(known, opens=opens))]) as edge:
        answer = await edge.post(push(known), "/broken")

    assert (answer.status_code, answer.content) == (400, b"bad request")
    assert edge.tally.faults == faults


WEIRD_BODIES = [
    b"<xml><Event>PUBLISHJOBFINISH</Event><a>1</a><a>2</a></xml>",
    b"<xml><!-- c --><Event>PUBLISHJOBFINISH</Event></xml>",
    b"<xml><Event a='b'>PUBLISHJOBFINISH</Event></xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event>" + b"<a/>" * 300 + b"</xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event>" + b"<a>" * 8 + b"</a>" * 8 + b"</xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event>\xe2\x80\x8b<a/></xml>",
    b"<xml><Event>PUBLISHJOBFINISH</Event><a>\x0b</a></xml>",
    b'{"Event":"PUBLISHJOBFINISH","a":1,"a":2}',
    b'{"Event":"PUBLISHJOBFINISH","a":NaN}',
    b'{"Event":"PUBLISHJOBFINISH","a":[[[[[[[[1]]]]]]]]}',
    b'[{"Event":"PUBLISHJOBFINISH"}]',
    b"",
    b"success",
]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("body", WEIRD_BODIES)
async def test_another_event_reaches_its_handler_whatever_its_body_looks_like(
    mode: Mode, body: bytes
) -> None:
    format = Format.JSON if body.startswith(b"{") else Format.XML
    handler = ScriptedHandler()
    async with running_edge(mode, forwarder=handler) as edge:
        sealed = push(edge.account, format, body=body)
        answer = await edge.post(sealed)

    assert (answer.status_code, answer.content) == (200, b"<xml>theirs</xml>")
    assert [(query, passed) for query, passed, _ in handler.got] == [
        (sealed.query.encode(), sealed.body)
    ]
    [line] = edge.log.named("push_passed_on")
    assert line["undecodable"]
    assert len(edge.tally.pushes) == 1


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("body", WEIRD_BODIES)
async def test_another_event_without_a_handler_is_a_success_whatever_it_looks_like(
    mode: Mode, body: bytes
) -> None:
    async with running_edge(mode) as edge:
        answer = await edge.post(push(edge.account, Format.XML, body=body))

    assert (answer.status_code, answer.content) == (200, b"success")
    assert edge.tally.refusals == []


@pytest.mark.parametrize(
    "event", ["cancel_single_waybill", "Add_Waybill", "transport_cancel_order"]
)
async def test_an_event_that_wants_a_result_code_and_has_no_handler_is_warned_of(
    event: str,
) -> None:
    async with running_edge() as edge:
        answer = await edge.post(push(edge.account, Event=event))

    assert (answer.status_code, answer.content) == (200, b"success")
    assert edge.tally.unhandled_events == [event]
    assert edge.log.named("event_without_handler") == [{"program": "main", "event_name": event}]


@pytest.mark.parametrize("handled", [True, False])
async def test_nothing_is_warned_of_with_a_handler_or_without_need(*, handled: bool) -> None:
    event = "add_waybill" if handled else "add_express_path"
    async with running_edge(forwarder=ScriptedHandler() if handled else None) as edge:
        await edge.post(push(edge.account, Event=event))

    assert edge.tally.unhandled_events == []
    assert edge.log.named("event_without_handler") == []


@pytest.mark.parametrize("event", [" cancel_waybill ", "CANCEL_WAYBILL\n"])
async def test_blanks_around_the_event_lose_no_cancellation(event: str) -> None:
    async with running_edge() as edge:
        reply = await edge.reply(Event=event)

    assert (reply.result_code, reply.event) == (0, "cancel_waybill")
