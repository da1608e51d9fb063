from __future__ import annotations

import asyncio

from adapter.cli.check.command import note_forward
from adapter.config.load import Settings
from adapter.diagnostics.finding import Severity
from tests.configurations import SOUND


async def test_events_that_want_a_result_code_are_named_where_nobody_answers_them() -> None:
    settings = await asyncio.to_thread(Settings.load, None, SOUND)

    (finding,) = await note_forward(settings)

    assert (finding.severity, finding.key) == (Severity.NOTE, "forward.url")
    assert "cancel_single_waybill" in finding.message


async def test_with_a_handler_there_is_nothing_to_say() -> None:
    handled = SOUND | {"WAYBRIDGE_FORWARD__URL": "http://127.0.0.1:7000/wechat"}
    settings = await asyncio.to_thread(Settings.load, None, handled)

    assert await note_forward(settings) == ()
