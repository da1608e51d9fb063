from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from adapter.cli.dev.once import ReplyLine
from adapter.cli.dev.settings import DevOptions, dev_settings
from adapter.cli.dev.view import Addresses, ReplyTable, _program, panel
from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Answered
from adapter.simulator.play import Played
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.simulator.verdict import judge
from adapter.wechat.cancel_waybill import CancelWaybill, Reply, read
from adapter.wechat.client_side import SealedPush
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from adapter.wiring import running
from tests import defaults
from tests.cli.ops_ports import Quiet

ADDRESSES = Addresses(
    push_url="http://127.0.0.1:8080/wechat/push",
    ops_url="http://127.0.0.1:9090/",
    stub="127.0.0.1:50051",
    mode="secure",
    push_command="waybridge push http://127.0.0.1:8080/wechat/push",
)
PLAINTEXT = replace(defaults.ACCOUNT, app_id="wx", mode=Mode.PLAINTEXT, token=Secret("t"))


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("mode", "format", "options"),
    [
        (Mode.SECURE, Format.XML, ""),
        (Mode.PLAINTEXT, Format.XML, " --mode plaintext"),
        (Mode.COMPATIBLE, Format.JSON, " --mode compatible --format json"),
    ],
)
@pytest.mark.usefixtures("process_of_its_own")
async def test_the_addresses_are_those_of_what_runs(
    mode: Mode, format: Format, options: str
) -> None:
    given = DevOptions(
        port=0,
        ops_port=0,
        stub_port=0,
        mode=mode,
        ledger_url="memory:",
        locale="en",
        contract=None,
        mapping=None,
    )
    settings = await asyncio.to_thread(dev_settings, given, stub_target="127.0.0.1:1")
    async with running(settings, log=Quiet()) as adapter:
        addresses = Addresses.of(adapter, "127.0.0.1:1", mode, format, orders="")
        numeric = Addresses.of(adapter, "127.0.0.1:1", mode, format, orders="--numeric-orders")

    (_, edge), (_, ops) = adapter.edge.address, adapter.ops.address
    assert addresses.push_url == f"http://127.0.0.1:{edge}/wechat/push"
    assert addresses.ops_url == f"http://127.0.0.1:{ops}/"
    assert addresses.push_command.endswith(f" push {addresses.push_url}{options}")
    assert numeric.push_command == f"{addresses.push_command} --numeric-orders"


@pytest.mark.parametrize(
    ("argv", "called"),
    [
        ("{here}/.venv/bin/waybridge", ".venv/bin/waybridge"),
        ("/opt/waybridge/bin/waybridge", "/opt/waybridge/bin/waybridge"),
        ("adapter/__main__.py", f"{sys.executable} -m adapter"),
    ],
)
def test_the_program_is_called_as_this_shell_can(
    argv: str, called: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [argv.format(here=tmp_path)])

    assert _program() == called


def test_a_program_on_the_path_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "waybridge").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert _program() == "waybridge"


def line(code: int | None, text: str = "success") -> ReplyLine:
    case = replace(CASES["example"], also=())
    press = PressFields.of(case, create_time=EXAMPLE_CREATE_TIME, word="1")
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
    assert rows[-1] == "All 2 replies are correct."


def test_a_wrong_reply_has_its_fault_below_it() -> None:
    text, is_right = shown(line(0), line(30001, "no"), line(None))

    rows = text.splitlines()
    assert not is_right
    assert rows[2].startswith("✗")
    assert rows[3] == "    ResultCode 30001, expected 0"
    assert rows[4].split()[6] == "-"
    assert rows[-1] == "2 of 3 replies are wrong."


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
