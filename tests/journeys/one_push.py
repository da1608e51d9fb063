"""A push by WeChat to a `serve` that runs, and what `check` says of the same configuration."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, running

ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
_PRESSES = count()


async def push(sender: Sender) -> int | None:
    """Press "cancel" on a waybill of its own; the ResultCode."""
    nth = next(_PRESSES)
    press = PressFields.of(CASES["ok"], create_time=1_600_000_000 + nth, word=f"P{nth}")
    played = await play(press, Format.XML, account=ACCOUNT, sender=sender, case=None)
    return played.verdict.reply.result_code if played.verdict.reply else None


def check(config: Path) -> tuple[int, str]:
    """Run `check`, online; its exit code and all that it printed."""
    with running("adapter", "check", "--config", str(config), cwd=config.parent) as process:
        code = process.ended()
        return code, process.stdout + process.stderr


def with_carrier(config: Path, *lines: str) -> Path:
    """Add lines to the section `[carrier]`."""
    text = config.read_text(encoding="utf-8")
    added = "\n".join(("[carrier]", *lines))
    config.write_text(text.replace("[carrier]", added, 1), encoding="utf-8")
    return config
