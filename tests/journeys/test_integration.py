"""docs/integrate.md's worked example, from an old .proto to right answers, as it is told there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.simulator.verdict import Deviation
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.processes import Listened, running, serving, stub

pytestmark = pytest.mark.usefixtures("may_wait")

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "parceldesk"
GENERATED_DESK = Path(__file__).with_name("generated_desk.py")
PRESSES = count()

OVER_THE_STUB = (
    ("STUB-FLAKY-2-{nth}", "1", 0),  # first: each call in doubt costs the retry budget
    ("PD1001", "1001", 0),
    ("PD1002", "1002", 30002),
    ("PD1003", "1003", 30003),
    ("PD1004", "1004", 30003),
    ("PD1005", "1005", 30004),
    ("PD1005", "1006", 30001),  # another order's waybill
    ("PD1999", "1001", 30001),
    ("STUB-NOT-FOUND-{nth}", "1", 30001),
    ("STUB-OK-{nth}", "not-a-number", 30001),  # never sent: it fits no int64
    ("STUB-OK-{nth}", "9223372036854775808", 30001),  # nor does this
    ("STUB-OK-{nth}", "9223372036854775807", 0),
    ("STUB-UNSUPPORTED-{nth}", "1", 30004),
    ("STUB-NEW-ENUM-{nth}", "1", -1),
    ("STUB-ERROR-{nth}", "1", -1),
    ("STUB-DROP-{nth}", "1", 0),
)

OVER_GENERATED_CODE = (
    ("{nth}-WITHDRAWN", 0),
    ("{nth}-COURIER", 30002),
    ("{nth}-CLOSED", 30003),
    ("{nth}-BEFORE", 30003),
    ("{nth}-FORBIDDEN", 30004),
    ("{nth}-UNKNOWN", 30001),
    ("{nth}-JAMMED", -1),
    ("{nth}-SILENT", -1),
    ("{nth}-NEW", -1),
    ("{nth}-OTHERWISE", -1),
)


def _run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    env = {"PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder, with its contract compiled as the page says."""
    folder = tmp_path_factory.mktemp("example") / "parceldesk"
    shutil.copytree(EXAMPLE, folder)
    words = ("adapter", "contract", "compile", "parceldesk.proto", "-o", "parceldesk.binpb")
    assert _run(*words, cwd=folder).returncode == 0
    return folder


@contextmanager
def _served(example: Path, folder: Path, target: str) -> Iterator[str]:
    text = (example / "adapter.toml").read_text()
    text = text.replace("127.0.0.1:50051", target)
    text = re.sub(r"127\.0\.0\.1:(?:8080|9090)", "127.0.0.1:0", text)
    for name in ("parceldesk.binpb", "mapping.toml"):
        shutil.copy(example / name, folder)
    (folder / "adapter.toml").write_text(text)
    with serving(folder / "adapter.toml") as (_, edge, _):
        yield edge


def _account(example: Path) -> Account:
    wechat = tomllib.loads((example / "adapter.toml").read_text())["wechat"]
    return replace(
        defaults.ACCOUNT,
        app_id=wechat["app_id"],
        mode=Mode(wechat["mode"]),
        token=Secret(wechat["token"]),
        encoding_aes_key=Secret(wechat["encoding_aes_key"]),
    )


async def _told(
    edge: str, account: Account, waybill: str, order: str, format: Format
) -> tuple[int | None, tuple[Deviation, ...]]:
    nth = next(PRESSES)
    press = PressFields.of(CASES["ok"], create_time=1_600_000_000 + nth, word=f"I{nth}")
    fields = {"WayBillID": waybill.format(nth=nth), "OrderID": order}
    async with Sender(edge) as sender:
        played = await play(
            press.with_fields(fields), format, account=account, sender=sender, case=None
        )
    reply = played.verdict.reply
    return (reply.result_code if reply else None), played.verdict.deviations


def test_the_page_says_the_same_in_both_languages_and_its_steps_are_these() -> None:
    pages = [ROOT / "docs" / "integrate.md", ROOT / "docs" / "zh" / "integrate.md"]

    told = [re.findall(r"```(?:sh|toml)\n(.*?)```", page.read_text(), re.DOTALL) for page in pages]

    english, chinese = ([re.sub(r" +# .*", "", block) for block in blocks] for blocks in told)
    assert english == chinese  # but for the remarks beside them
    commands = re.findall(r"^(?:waybridge|legacy-stub) .*", "\n".join(told[0]), re.MULTILINE)
    assert [" ".join(command.split()[1:3]) for command in commands] == [
        "contract compile",
        "contract show",
        "contract init",
        "check --config",
        "explain --config",
        "serve --contract",
        "serve --config",
        "push http://127.0.0.1:8080/wechat/push",
        "check --config",
    ]


def test_a_proposal_is_refused_until_a_person_has_completed_it(
    example: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "fresh"
    shutil.copytree(example, folder)
    (folder / "mapping.toml").unlink()
    init = ("contract", "init", "parceldesk.binpb", "--method", "parceldesk.Desk/Withdraw")

    made = _run("adapter", *init, cwd=folder)
    checked = _run("adapter", "check", "--config", "adapter.toml", "--offline", cwd=folder)

    assert (made.returncode, checked.returncode) == (0, 1)
    assert "WITH_THE_COURIER (20) has no row" in checked.stderr
    proposed = (folder / "mapping.toml").read_text()
    completed = (example / "mapping.toml").read_text()
    for line in re.findall(r'^"([\w.]+)" = "(\w+)" # guess$', proposed, re.MULTILINE):
        assert re.search(rf'^"?{re.escape(line[0])}"? = "{line[1]}"', completed, re.MULTILINE)


def test_the_completed_mapping_is_green(example: Path) -> None:
    checked = _run("adapter", "check", "--config", "adapter.toml", "--offline", cwd=example)

    assert checked.returncode == 0
    assert checked.stdout.endswith("2 notes; waybridge can start.\n")


def test_the_test_push_shows_the_request_it_becomes(example: Path, tmp_path: Path) -> None:
    init = ("contract", "init", "parceldesk.binpb", "--method", "parceldesk.Desk/Withdraw")
    _run("adapter", *init, "-o", str(tmp_path), cwd=example)
    push = tmp_path / "push.xml"

    explained = _run("adapter", "explain", "--config", "adapter.toml", str(push), cwd=example)

    assert explained.returncode == 0
    assert "shipper.secret = ***" in explained.stdout
    assert "envelope.channel = CHANNEL_PARTNER" in explained.stdout
    assert "order_no = 567890123456789" in explained.stdout


def test_check_goes_online_at_the_stub_that_speaks_the_contract(
    example: Path, tmp_path: Path
) -> None:
    words = ("--contract", "parceldesk.binpb", "--mapping", "mapping.toml")
    with stub(*words, cwd=example) as target:
        text = (example / "adapter.toml").read_text().replace("127.0.0.1:50051", target)
        (example / "online.toml").write_text(text)
        checked = _run("adapter", "check", "--config", "online.toml", cwd=example)

    assert (checked.returncode, "error" in checked.stderr) == (0, False)
    assert "answers; the round trip takes" in checked.stderr


def test_one_command_plays_every_code_over_the_contract(example: Path) -> None:
    words = ("--contract", "parceldesk.binpb", "--mapping", "mapping.toml")

    played = _run("adapter", "dev", "--once", *words, cwd=example)

    assert (played.returncode, played.stderr) == (0, "")
    assert played.stdout.endswith("All 36 replies are correct.\n")


def test_the_push_that_dev_prints_works_as_printed(example: Path) -> None:
    words = ("--contract", "parceldesk.binpb", "--mapping", "mapping.toml", "--ledger", "memory:")
    ports = ("--port", "0", "--ops-port", "0", "--stub-port", "0")
    with running("adapter", "dev", "--json", *ports, *words, cwd=example) as dev:
        printed = json.loads(dev.heard(r"^\{\"push_url\".*")[0])["push_command"]
        push = ("push", *printed.partition(" push ")[2].split())

        pushed = _run("adapter", *push, cwd=example)

    assert (pushed.returncode, pushed.stderr) == (0, "")
    assert "  OrderID        567890123456789\n" in pushed.stdout


@pytest.mark.parametrize("case", ["picked-up", "drop"])
def test_a_configured_push_sends_an_order_that_fits(
    case: str, example: Path, tmp_path: Path
) -> None:
    words = ("--contract", "parceldesk.binpb", "--mapping", "mapping.toml")
    with (
        stub(*words, cwd=example) as target,
        _served(example, tmp_path, target) as edge,
    ):
        config = str(tmp_path / "adapter.toml")

        pushed = _run("adapter", "push", edge, "--config", config, "--case", case, cwd=example)

    assert (pushed.returncode, pushed.stderr) == (0, "")


@pytest.mark.parametrize("format", Format)
async def test_every_outcome_is_answered_right_over_the_stub(
    format: Format, example: Path, tmp_path: Path
) -> None:
    words = ("--contract", "parceldesk.binpb", "--mapping", "mapping.toml")
    with (
        stub(*words, "--orders", "orders.toml", cwd=example) as target,
        _served(example, tmp_path, target) as edge,
    ):
        told = [
            (waybill, order, *await _told(edge, _account(example), waybill, order, format))
            for waybill, order, _ in OVER_THE_STUB
        ]

    assert told == [(waybill, order, code, ()) for waybill, order, code in OVER_THE_STUB]


async def test_every_outcome_is_answered_right_over_generated_code(
    example: Path, tmp_path: Path
) -> None:
    out = tmp_path / "generated"
    out.mkdir()
    words = ("-I.", f"--python_out={out}", f"--grpc_python_out={out}", "parceldesk.proto")
    assert _run("grpc_tools.protoc", *words, cwd=example).returncode == 0
    desk = Listened(sys.executable, str(GENERATED_DESK), str(out), cwd=tmp_path)
    try:
        target = desk.heard(r"listening on (\S+)")[1]
        with _served(example, tmp_path, target) as edge:
            told = [
                (waybill, *await _told(edge, _account(example), waybill, "4711", Format.XML))
                for waybill, _ in OVER_GENERATED_CODE
            ]
    finally:
        desk.close()

    assert told == [(waybill, code, ()) for waybill, code in OVER_GENERATED_CODE]
    assert desk.stderr == ""
