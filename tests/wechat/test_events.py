from __future__ import annotations

import pytest

from adapter.wechat import events


@pytest.mark.parametrize("event", ["add_waybill", "Check_Biz", "GET_QUOTA", "transport_add_order"])
def test_events_that_want_a_result_code_are_known_in_any_letter_case(event: str) -> None:
    assert events.wants_result_code(event)


@pytest.mark.parametrize("event", ["cancel_waybill", "add_express_path", "debug_demo", "", "x"])
def test_ours_and_those_that_success_answers_want_none(event: str) -> None:
    assert not events.wants_result_code(event)


def test_what_is_known_is_written_in_lower_case() -> None:
    assert all(event == event.lower() for event in events.KNOWN)
    assert events.WANT_RESULT_CODE < events.KNOWN
