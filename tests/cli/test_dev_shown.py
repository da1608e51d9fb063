from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest

from adapter.cli.dev_once import ReplyLine
from adapter.cli.dev_shown import Addresses, ReplyTable, panel
from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Answered
from adapter.simulator.play import Played
from adapter.simulator.press import EXAMPLE_CREATE_TIME, Press
from adapter.simulator.verdict import judge
from adapter.wechat.cancel_waybill import CancelWaybill, Reply, read
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.pushing import SealedPush
from adapter.wechat.redact import Secret

ADDRESSES = Addresses(
    push_url="http://127.0.0.1:8080/wechat/push",
    ops_url="http://127.0.0.1:9090/",
    stub="127.0.0.1:50051",
    mode="secure",
    push_command="waybridge push http://127.0.0.1:8080/wechat/push",
)
PLAINTEXT = Account(app_id="wx", mode=Mode.PLAINTEXT, token=Secret("t"))


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def line(code: int | None, text: str = "success") -> ReplyLine:
    case = replace(CASES["example"], also=())
    press = Press.of(case, create_time=EXAMPLE_CREATE_TIME, word="1")
    push = read(press.encode(Format.JSON), Format.JSON)
    assert isinstance(push, CancelWaybill)
    body = (
        b"?"
        if code is None
        else Reply(push=push, result_code=code, result_msg=text).encode(Format.JSON)
    )
    answered = Answered(status=200, body=body, seconds=0.0123)
    verdict = judge(answered, press, Format.JSON, account=PLAINTEXT, case=case)
    sealed = SealedPush(query="", body=b"")
    played = Played(press=press, sealed=sealed, answers=(answered,), verdict=verdict)
    return ReplyLine(mode=Mode.PLAINTEXT, format=Format.JSON, case=case, played=played)


def shown(*lines: ReplyLine, is_json: bool = False) -> tuple[str, bool]:
    stream = StringIO()
    table = ReplyTable(stream=stream, is_json=is_json)
    for each in lines:
        table.add(each)
    table.close()
    return stream.getvalue(), table.is_right


def test_right_replies_are_a_table_with_a_verdict() -> None:
    text, is_right = shown(line(0), line(0))

    rows = text.splitlines()
    assert is_right
    assert rows[0].split() == [
        "mode", "format", "case", "waybill", "expected", "got", "ms", "ResultMsg"
    ]  # fmt: skip
    assert rows[1].split() == [
        "✓", "plaintext", "json", "example", "123456789", "0", "0", "12", "success"
    ]  # fmt: skip
    assert rows[-1] == "2 replies, every one right."


def test_a_wrong_reply_has_its_fault_below_it() -> None:
    text, is_right = shown(line(0), line(30001, "no"), line(None))

    rows = text.splitlines()
    assert not is_right
    assert rows[2].startswith("✗")
    assert rows[3] == "    ResultCode 30001, expected 0"
    assert rows[4].split()[6] == "-"
    assert rows[-1] == "2 of 3 wrong."


def test_no_reply_at_all_is_not_right() -> None:
    assert shown()[1] is False


def test_json_is_an_array_and_nothing_else() -> None:
    text, _ = shown(line(0), line(None), is_json=True)

    first, second = json.loads(text)
    assert first == {
        "mode": "plaintext",
        "format": "json",
        "case": "example",
        "waybill": "123456789",
        "expected": 0,
        "result_code": 0,
        "result_msg": "success",
        "ok": True,
        "took_ms": 12.3,
    }
    assert (second["result_code"], second["result_msg"], second["ok"]) == (None, "", False)


def test_a_terminal_gets_a_frame_and_the_command_outside_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    long = replace(ADDRESSES, push_command="x" * 90)
    stream = Terminal()

    panel(long, stream=stream, is_json=False)

    assert "╭" in stream.getvalue()
    assert "x" * 90 in stream.getvalue()


def test_without_a_terminal_it_is_lines() -> None:
    stream = StringIO()

    panel(ADDRESSES, stream=stream, is_json=False)

    rows = stream.getvalue().splitlines()
    assert rows[0] == "edge     http://127.0.0.1:8080/wechat/push   (secure mode, XML and JSON)"
    assert "  waybridge push http://127.0.0.1:8080/wechat/push" in rows


def test_as_json_the_addresses_are_one_line() -> None:
    stream = StringIO()

    panel(ADDRESSES, stream=stream, is_json=True)

    assert json.loads(stream.getvalue())["stub"] == "127.0.0.1:50051"
    assert stream.getvalue().count("\n") == 1
