"""Every command that prints, on terminals and pipes that lack half of what is printed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.ledgers import CANCELLED, push, record
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, running, stub

ROOT = Path(__file__).parents[2]

# What a user's environment says, and the encoding that Python then takes.
ENVIRONMENTS: dict[str, tuple[str, dict[str, str]]] = {
    "gbk": ("gbk", {"PYTHONIOENCODING": "gbk"}),
    "latin-1": ("latin-1", {"PYTHONIOENCODING": "latin-1"}),
    "ascii": ("ascii", {"PYTHONIOENCODING": "ascii:strict"}),
    "C": ("utf-8", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
}

CONFIGURATION = f"""
[wechat]
app_id = "{APP_ID}"
token = "{TOKEN}"
encoding_aes_key = "{AES_KEY}"
mode = "plaintext"
locale = "zh"
[carrier]
target = "127.0.0.1:1"
[ledger]
url = "sqlite:///ledger.db"
"""
FAULTY = CONFIGURATION.replace('"plaintext"', '"明文 ✓"')
CAPTURED = """<xml><ToUserName>运单 é ✓ 😀</ToUserName><FromUserName>o</FromUserName>
<CreateTime>1533042556</CreateTime><MsgType>event</MsgType><Event>cancel_waybill</Event>
<BizID>商户</BizID><BizPwd>x</BizPwd><ShopAppID>wx</ShopAppID><OrderID>1</OrderID>
<WayBillID>运单 ✓</WayBillID></xml>"""

# Prints the help of every command, as `--help` of each would.
HELP = """
import sys, click
from adapter.cli.main import waybridge
from adapter.cli.output import prepare_streams
from legacy_stub.commands import main as legacy_stub
prepare_streams()
def show(command, name):
    command.main(["--help"], prog_name=name, standalone_mode=False)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            show(command.get_command(context, word), f"{name} {word}")
show(waybridge, "waybridge")
show(legacy_stub, "legacy-stub")
"""

# name → what is typed after `python -m`, and the exit code.
COMMANDS: dict[str, tuple[str, int]] = {
    "check": ("adapter check --offline {config}", 0),
    "check --json": ("adapter check --offline --json {config}", 0),
    "check, faulty": ("adapter check --offline --config {folder}/faulty.toml", 1),
    "serve, faulty": ("adapter serve --config {folder}/faulty.toml", 2),
    "explain": ("adapter explain {config} {folder}/push.xml", 0),
    "explain --json": ("adapter explain --json {config} {folder}/push.xml", 0),
    "ledger search": ("adapter ledger search {config}", 0),
    "ledger search --json": ("adapter ledger search --json {config}", 0),
    "ledger search --csv": ("adapter ledger search --csv {config}", 0),
    "ledger show": ("adapter ledger show {key} {config}", 0),
    "ledger show --json": ("adapter ledger show {key} --json {config}", 0),
    "ledger export": ("adapter ledger export {config}", 0),
    "ledger export --json": ("adapter ledger export --json {config}", 0),
    "ledger migrate": ("adapter ledger migrate {config}", 0),
    "ledger prune": ("adapter ledger prune --dry-run --older-than 9 {config}", 0),
    "contract show": ("adapter contract show", 0),
    "contract show --json": ("adapter contract show --json", 0),
    "schema": ("adapter schema", 0),
    "schema --markdown": ("adapter schema --markdown", 0),
    "dev --once": ("adapter dev --once", 0),
    "dev --once --json": ("adapter dev --once --json", 0),
    "push": ("adapter push {edge}", 0),
    "push --json": ("adapter push {edge} --json", 0),
    "push, wrong": ("adapter push {edge}/nowhere", 1),
    "push, nobody": ("adapter push http://127.0.0.1:1/", 2),
    "status": ("adapter status --ops {ops}", 0),
    "status --json": ("adapter status --json --ops {ops}", 0),
    "stub calls": ("legacy_stub calls --target {stub}", 0),
    "stub calls --json": ("legacy_stub calls --json --target {stub}", 0),
    "stub fault set": ("legacy_stub fault set latency --ms 1 --target {stub}", 0),
    "stub fault clear": ("legacy_stub fault clear --json --target {stub}", 0),
    "stub, faulty": ("legacy_stub serve --port 0 --mapping {folder}/运单✓.toml", 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A configuration with a ledger, and a `dev` that was pushed to."""

    folder: Path
    edge: str
    ops: str
    stub: str

    def typed(self, words: str) -> list[str]:
        said = words.format(
            config=f"--config {self.folder}/adapter.toml",
            key=CANCELLED.key,
            folder=self.folder,
            edge=self.edge,
            ops=self.ops,
            stub=self.stub,
        )
        return said.split()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("encodings")
    (folder / "adapter.toml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "faulty.toml").write_text(FAULTY, encoding="utf-8")
    (folder / "push.xml").write_text(CAPTURED, encoding="utf-8")
    texts = {"waybill_id": "运单 é ✓ 😀", "biz_id": "商户", "message": "已取消 ✓\x1b[2J"}
    record(f"sqlite:///{folder}/ledger.db", [push(1, **texts)])
    with ExitStack() as opened:
        target = opened.enter_context(stub(cwd=folder))
        ports = ("--port", "0", "--ops-port", "0", "--stub-port", "0")
        dev = opened.enter_context(running("adapter", "dev", "--json", *ports, cwd=folder))
        found = dev.heard(r'"push_url": "([^"]+)".*"ops_url": "([^"]+)"')
        yield Scene(folder=folder, edge=found[1], ops=found[2], stub=target)


def environment(more: dict[str, str]) -> dict[str, str]:
    unset = ("WAYBRIDGE_", "LC_", "LANG", "PYTHONIOENCODING", "PYTHONUTF8")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(unset)}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **more}


def readable(said: bytes, encoding: str) -> str:
    text = said.decode(encoding)  # an ASCII terminal got ASCII
    assert "Traceback" not in text
    assert "UnicodeEncodeError" not in text
    return text


# A process each: every command in the two that differ most, those that print most in all.
TRIED = [
    (name, command)
    for name in ENVIRONMENTS
    for command in COMMANDS
    if name in {"gbk", "ascii"} or command in {"check", "ledger show", "dev --once", "push"}
]


@pytest.mark.parametrize(("name", "command"), TRIED)
def test_a_command_prints_into_a_pipe(
    name: str, command: str, scene: Scene, may_wait: None
) -> None:
    words, code = COMMANDS[command]
    encoding, more = ENVIRONMENTS[name]

    run = subprocess.run(
        [sys.executable, "-m", *scene.typed(words)],
        env=environment(more),
        cwd=scene.folder,
        capture_output=True,
    )

    if "legacy" in words and encoding == "ascii":
        encoding = "utf-8"  # click's: it takes ASCII for a wrong locale
    assert run.returncode == code, run.stderr
    readable(run.stdout, encoding)
    readable(run.stderr, encoding)


@pytest.mark.parametrize(
    ("words", "code"),
    [COMMANDS[name] for name in ("check", "check, faulty", "explain", "ledger search",
                                 "ledger show", "dev --once", "push", "stub calls")],
)  # fmt: skip
def test_a_command_prints_on_a_gbk_terminal(
    words: str, code: int, scene: Scene, may_wait: None
) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", *scene.typed(words)],
        env=environment({"PYTHONIOENCODING": "gbk", "TERM": "xterm"}),
        cwd=scene.folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        said = everything(ours)

    readable(said, "gbk")
    assert process.returncode == code


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_help_is_printed(name: str, may_wait: None) -> None:
    encoding, more = ENVIRONMENTS[name]

    run = subprocess.run([sys.executable, "-c", HELP], env=environment(more), capture_output=True)

    assert run.returncode == 0, run.stderr
    # click writes UTF-8 to a stream that says ASCII: it takes that for a wrong locale.
    assert readable(run.stdout, "utf-8" if encoding == "ascii" else encoding).count("Usage:") > 25


def everything(terminal: int) -> bytes:
    said = b""
    try:
        while more := os.read(terminal, 65_536):
            said += more
    except OSError:
        pass  # Linux: the other end is closed
    finally:
        os.close(terminal)
    return said
