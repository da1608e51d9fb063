"""What `dev` prints: the addresses and the next command, or a table of replies."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from rich.panel import Panel
from rich.text import Text

from adapter import development
from adapter.cli.dev.once import ReplyLine
from adapter.cli.output import console, json_for, json_text
from adapter.running import Adapter
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode

ROW = (
    "{mode:10}  {format:6}  {case:11}  {waybill:19}  {expected:>8}  {got:>6}  {ms:>5}  {ResultMsg}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a running `dev` is reached, and the secrets it takes."""

    push_url: str
    ops_url: str
    stub: str
    mode: str
    push_command: str
    app_id: str = development.APP_ID
    token: str = development.TOKEN
    encoding_aes_key: str = development.ENCODING_AES_KEY

    @classmethod
    def of(
        cls, adapter: Adapter, stub: str, mode: Mode, format: Format, *, orders: str
    ) -> Addresses:
        """Read them from what runs. `orders` is the option of `push` that its orders need."""
        (edge_host, edge_port), (ops_host, ops_port) = adapter.edge.address, adapter.ops.address
        url = f"http://{edge_host}:{edge_port}{adapter.settings.edge.path}"
        command = [_program(), "push", url]
        if mode is not Mode.SECURE:
            command.append(f"--mode {mode.value}")
        if format is not Format.XML:
            command.append(f"--format {format.value}")
        if orders:
            command.append(orders)
        return cls(
            push_url=url,
            ops_url=f"http://{ops_host}:{ops_port}/",
            stub=stub,
            mode=mode.value,
            push_command=" ".join(command),
        )


def panel(addresses: Addresses, *, stream: TextIO, is_json: bool) -> None:
    """Print the addresses: a panel at a terminal, otherwise lines, or one JSON object."""
    if is_json:
        stream.write(json.dumps(asdict(addresses)) + "\n")
        stream.flush()
        return
    rows = (
        ("edge", f"{addresses.push_url}   ({addresses.mode} mode, XML and JSON)"),
        ("ops", addresses.ops_url),
        ("carrier", f"{addresses.stub}   (legacy-stub, gRPC)"),
        ("app id", addresses.app_id),
        ("token", addresses.token),
        ("AES key", addresses.encoding_aes_key),
    )
    lines = Text("\n").join(
        Text.assemble((f"{name:<9}", "dim"), value) for name, value in rows
    )  # fmt: skip
    todo = Text.assemble(
        "Push from a second terminal:\n  ",
        (addresses.push_command, "bold green"),
        "\nCtrl-C stops everything.",
    )
    is_terminal = stream.isatty()
    page = console(stream)
    title = "waybridge dev: public secrets, this machine only"
    page.print(Panel(lines, title=title, expand=False) if is_terminal else lines)
    # Outside the frame, so that the command can be copied.
    page.print(todo, soft_wrap=True)
    stream.flush()


def _program() -> str:
    """How to call us from a shell in this folder: a `.venv` is seldom in PATH."""
    if shutil.which("waybridge"):
        return "waybridge"
    called = Path(sys.argv[0]).absolute()
    if called.name != "waybridge":
        safe = " -P" if sys.flags.safe_path else ""
        return f"{sys.executable}{safe} -m adapter"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


class ReplyTable:
    """The table of `--once`: a line as each reply comes, or JSON at the end."""

    def __init__(self, *, stream: TextIO, is_json: bool) -> None:
        self._stream = stream
        self._is_json = is_json
        self._console = console(stream, soft_wrap=True)
        self._lines: list[ReplyLine] = []

    @property
    def is_right(self) -> bool:
        """Whether there were replies, all of them right."""
        return bool(self._lines) and all(line.played.verdict.is_right for line in self._lines)

    def add(self, line: ReplyLine) -> None:
        """Add a reply."""
        if not self._is_json:
            if not self._lines:
                headings = {name: name for name in re.findall(r"{(\w+)", ROW)}
                self._console.print(Text("  " + ROW.format(**headings), style="bold"))
            right = line.played.verdict.is_right
            mark = Text("✓ ", "green") if right else Text("✗ ", "bold red")
            self._console.print(mark + Text(_row(line)))
            for sentence in line.deviations:
                self._console.print(Text(f"    {sentence}", style="red"))
        self._lines.append(line)

    def close(self) -> None:
        """Print the last line, or the whole array."""
        if self._is_json:
            text = json_text([_as_json(line) for line in self._lines], indent=1)
            self._stream.write(f"{json_for(self._stream, text)}\n")
            return
        wrong = sum(not line.played.verdict.is_right for line in self._lines)
        total = len(self._lines)
        right = f"All {total} replies are correct."
        said = f"{wrong} of {total} replies are wrong." if wrong else right
        self._console.print(Text(said, style="bold red" if wrong else "bold green"))


def _row(line: ReplyLine) -> str:
    code = "-" if line.result_code is None else line.result_code
    took = f"{line.played.took_ms:.0f}"
    return ROW.format(**_as_json(line), got=code, ms=took, ResultMsg=line.result_msg).rstrip()


def _as_json(line: ReplyLine) -> dict[str, object]:
    return {
        "mode": line.mode.value,
        "format": line.format.value,
        "case": line.case.name,
        "waybill": line.waybill,
        "expected": line.case.expected,
        "result_code": line.result_code,
        "result_msg": line.result_msg,
        "ok": line.played.verdict.is_right,
        "took_ms": round(line.played.took_ms, 1),
    }
