from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from adapter.cli.dev.once import ReplyLine, every_reply
from adapter.cli.dev.settings import DevOptions
from adapter.cli.dev.stub import StubOptions, running_stub
from adapter.simulator.cases import RESULT_CODES
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode

OPTIONS = DevOptions(
    port=0,
    ops_port=0,
    stub_port=0,
    mode=Mode.SECURE,
    ledger_url="memory:",
    locale="en",
    contract=None,
    mapping=None,
)


@pytest.fixture(scope="module")
def lines() -> list[ReplyLine]:
    async def run() -> list[ReplyLine]:
        async with running_stub(StubOptions(port=0, contract=None, mapping=None)) as stub:
            return [line async for line in every_reply(OPTIONS, stub)]

    return asyncio.run(run())


def test_every_code_comes_in_every_mode_and_format(lines: list[ReplyLine]) -> None:
    came = Counter((line.mode, line.format, line.result_code) for line in lines)

    assert set(came.values()) == {1}
    assert set(came) == {
        (mode, format, code) for mode in Mode for format in Format for code in RESULT_CODES
    }


def test_every_reply_is_right_and_readable(lines: list[ReplyLine]) -> None:
    assert [line.deviations for line in lines] == [()] * len(lines)
    assert all(line.result_msg for line in lines)


def test_the_example_is_pushed_as_it_stands_in_the_document(lines: list[ReplyLine]) -> None:
    examples = [line for line in lines if line.case.name == "example"]

    assert len(examples) == 6
    for line in examples:
        assert (line.waybill, line.result_code, line.result_msg) == ("123456789", 0, "success")
        assert line.played.press.value("CreateTime") == 1533042556


def test_plaintext_replies_need_no_opening(lines: list[ReplyLine]) -> None:
    body = lines[0].played.answers[-1].body

    assert lines[0].mode is Mode.PLAINTEXT
    assert b"<ResultCode>0</ResultCode>" in body
