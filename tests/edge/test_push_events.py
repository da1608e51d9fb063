"""WeChat's other events, in every shape, in every mode: 200, and untouched at their handler."""

from __future__ import annotations

import pytest

from adapter.wechat import events
from adapter.wechat.envelope import Mode
from tests.edge.event_samples import EVENTS, shapes
from tests.edge.playing import ScriptedHandler, push, running_edge


@pytest.mark.parametrize("mode", list(Mode))
async def test_every_event_in_every_shape_reaches_its_handler_untouched(mode: Mode) -> None:
    handler, sent = ScriptedHandler(), []
    async with running_edge(mode, forwarder=handler) as edge:
        for event in EVENTS:
            for shape, format, body in shapes(event):
                sealed = push(edge.account, format, body=body)
                answer = await edge.post(sealed)
                assert (answer.status_code, answer.content) == (200, handler.said.body), shape
                sent.append((sealed.query.encode(), sealed.body))

    assert [(query, body) for query, body, _ in handler.got] == sent
    assert len(sent) == 10 * len(EVENTS)
    assert edge.tally.refusals == []
    assert {event for event, *_ in edge.tally.pushes} == set(EVENTS)


@pytest.mark.parametrize("mode", list(Mode))
async def test_without_a_handler_each_is_a_success_and_those_in_need_are_named(mode: Mode) -> None:
    async with running_edge(mode) as edge:
        for event in EVENTS:
            for shape, format, body in shapes(event):
                answer = await edge.post(push(edge.account, format, body=body))
                assert (answer.status_code, answer.content) == (200, b"success"), shape

    assert set(edge.tally.unhandled_events) == {
        event for event in EVENTS if events.wants_result_code(event)
    }


def test_the_samples_hold_what_wechat_wants_a_result_code_for() -> None:
    classic = {"add_waybill", "check_biz", "get_quota", "cancel_single_waybill"}

    assert classic | {"transport_cancel_order"} <= set(EVENTS) & events.WANT_RESULT_CODE
