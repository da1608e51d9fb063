from __future__ import annotations

import time
from dataclasses import replace

import pytest

from adapter.cancellation.model import Answer, Basis, Outcome, Unsent
from adapter.edge.push import Program
from adapter.edge.translate import Locale
from adapter.wechat.client_side import build_verification, open_reply, parse_reply
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Envelope, Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.edge.playing import (
    CANARY,
    PATH,
    SAMPLE,
    ScriptedDesk,
    account,
    broken_program,
    message,
    push,
    running_edge,
)

MODES = list(Mode)

FORMATS = list(Format)


@pytest.mark.parametrize("mode", MODES)
async def test_the_check_of_the_url_gets_echostr_unchanged(mode: Mode) -> None:
    async with running_edge(mode) as edge:
        query = build_verification(
            edge.account, timestamp=int(time.time()), nonce="1", echostr="a+b 你好<&>"
        )

        answer = await edge.client.get(f"{PATH}?{query}")

    assert answer.status_code == 200
    assert answer.content.decode() == "a+b 你好<&>"
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", MODES)
async def test_an_authentic_push_is_answered_in_its_own_format_and_mode(
    mode: Mode, format: Format
) -> None:
    async with running_edge(mode) as edge:
        answer = await edge.post(push(edge.account, format))

        reply = parse_reply(open_reply(edge.account, answer.content, format), format)

    assert answer.status_code == 200
    assert (b"Encrypt" in answer.content) is (mode is not Mode.PLAINTEXT)
    asked = dict(SAMPLE)
    assert (reply.to_user_name, reply.from_user_name) == ("oABCD", "gh_abcdefg")
    assert (reply.biz_id, reply.order_id) == (asked["BizID"], asked["OrderID"])
    assert (reply.create_time, reply.way_bill_id) == (1533042556, "123456789")
    assert (reply.result_code, reply.result_msg) == (0, "success")
    assert edge.tally.pushes == [("cancel_waybill", mode.value, format.value, "0")]


@pytest.mark.parametrize("event", ["CANCEL_WAYBILL", "Cancel_Waybill"])
async def test_the_event_counts_in_any_letter_case(event: str) -> None:
    async with running_edge() as edge:
        reply = await edge.reply(Event=event)

    assert (reply.event, reply.result_code) == ("cancel_waybill", 0)


@pytest.mark.parametrize("field", ["BizID", "OrderID", "WayBillID"])
@pytest.mark.parametrize("value", [None, "", "x" * 513, "a\tb"])
async def test_a_faulty_parameter_is_30001_and_asks_nothing(field: str, value: str | None) -> None:
    async with running_edge() as edge:
        reply = await edge.reply(Format.JSON, **{field: value})

    assert reply.result_code == 30001
    assert edge.desk.asked == []
    assert edge.desk.refused == [Unsent.REFUSED]


async def test_a_number_for_an_id_is_30001() -> None:
    async with running_edge() as edge:
        reply = await edge.reply(Format.JSON, OrderID=17)

    assert reply.result_code == 30001
    assert edge.desk.asked == []


async def test_a_push_over_the_ceiling_is_answered_minus_one_and_not_asked() -> None:
    desk = ScriptedDesk(in_flight=3)
    async with running_edge(desk=desk, limits=replace(defaults.EDGE, max_in_flight=3)) as edge:
        reply = await edge.reply()

    assert (reply.result_code, desk.asked, desk.refused) == (-1, [], [Unsent.SHED])
    assert reply.result_msg.startswith("Could not be handled just now")


async def test_our_own_fault_is_an_unknown_outcome_and_its_words_hide_the_password() -> None:
    desk = ScriptedDesk(fault=RuntimeError(f"could not store {CANARY}"))
    async with running_edge(desk=desk) as edge:
        reply = await edge.reply()

    [line] = edge.log.named("push_faulted")
    assert reply.result_code == -1
    assert "not known" in reply.result_msg
    assert line["words"] == "could not store ***"
    assert "playing.py" in str(line["frames"])
    assert edge.tally.faults == 1


async def test_our_own_fault_before_the_push_is_read_is_400_and_hides_all_its_words() -> None:
    known = account()
    async with running_edge(more=[("/broken", broken_program(known, opens=False))]) as edge:
        answer = await edge.post(push(known), "/broken")

    [line] = edge.log.named("push_faulted")
    assert (answer.status_code, answer.content) == (400, b"bad request")
    assert (line["fault"], line["words"]) == ("RuntimeError", "")


async def test_a_fault_while_apologising_is_400_too() -> None:
    known = account()
    async with running_edge(more=[("/broken", broken_program(known, opens=True))]) as edge:
        answer = await edge.post(push(known), "/broken")

    assert (answer.status_code, edge.tally.faults) == (400, 2)


async def test_the_password_stands_in_no_line_and_no_reply() -> None:
    async with running_edge(Mode.PLAINTEXT) as edge:
        good = await edge.post(push(edge.account))
        bad = await edge.post(push(edge.account, OrderID="", BizPwd=CANARY))
        forged = await edge.client.post(PATH, content=message())

    everything = f"{edge.log.lines} {edge.desk.asked} {edge.tally}"
    assert CANARY not in everything
    assert CANARY.encode() not in good.content + bad.content + forged.content
    assert edge.desk.asked[0].credential.reveal() == CANARY, "the carrier does get it"


async def test_the_line_of_a_push_says_what_was_decided() -> None:
    answer = Answer(key="k1", outcome=Outcome.PICKED_UP, basis=Basis.CARRIER, calls=2)
    async with running_edge(desk=ScriptedDesk(answer=answer)) as edge:
        await edge.reply()

    [line] = edge.log.named("push_answered")
    took_ms = line.pop("took_ms")
    assert isinstance(took_ms, float)
    assert line == {
        "program": "main",
        "waybill": "123456789",
        "order": "012345678901234567890123456789",
        "merchant": "xyz",
        "key": "k1",
        "event_name": "cancel_waybill",
        "mode": "secure",
        "format": "xml",
        "outcome": "picked_up",
        "code": 30002,
        "basis": "carrier",
        "unsent": "",
        "calls": 2,
        "repeated": False,
        "faults": [],
        "peer": "127.0.0.1",
    }


async def test_several_mini_programs_live_on_their_own_paths() -> None:
    other = replace(
        defaults.ACCOUNT, app_id="wxfedcba9876543210", mode=Mode.PLAINTEXT, token=Secret("other")
    )
    program = Program(
        name="other",
        mode=Mode.PLAINTEXT,
        envelope=Envelope(other),
        locale=Locale.EN,
        forwarder=None,
    )
    async with running_edge(more=[("/other", program)]) as edge:
        right = await edge.post(push(other), "/other")
        wrong = await edge.post(push(other), PATH)

    assert (right.status_code, wrong.status_code) == (200, 403)
    assert [line["program"] for line in edge.log.named("push_answered")] == ["other"]


async def test_the_previous_token_still_opens_and_is_counted() -> None:
    served = replace(
        defaults.ACCOUNT,
        app_id="wx0123456789abcdef",
        mode=Mode.PLAINTEXT,
        token=Secret("new"),
        previous_token=Secret("old"),
    )
    async with running_edge(served=served) as edge:
        answer = await edge.post(push(account(Mode.PLAINTEXT, token="old")))

    assert answer.status_code == 200
    assert edge.tally.rotations == [(True, False)]
