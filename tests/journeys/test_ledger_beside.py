"""Commands in processes of their own beside a real `serve`: nothing secret is ever shown."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.processes import AES_KEY, APP_ID, TOKEN, configuration, serving, stub

pytestmark = pytest.mark.usefixtures("may_wait")

CANARY = "canary-5f2e-password"
ROOT = Path(__file__).parents[2]


def typed(*words: str) -> str:
    """Run a command as an operator does; return all it says."""
    run = subprocess.run(
        [sys.executable, "-m", "adapter", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout + run.stderr


def test_the_merchants_password_and_our_secrets_are_nowhere(tmp_path: Path) -> None:
    account = replace(
        defaults.ACCOUNT,
        app_id=APP_ID,
        mode=Mode.SECURE,
        token=Secret(TOKEN),
        encoding_aes_key=Secret(AES_KEY),
    )
    press = PressFields.of(CASES["ok"], create_time=1_600_000_000, word="CANARY")
    press = press.with_fields({"BizPwd": CANARY})

    async def push(edge: str) -> None:
        async with Sender(edge) as sender:
            await play(press, Format.JSON, account=account, sender=sender, case=None)

    with stub(cwd=tmp_path) as target:
        config = configuration(tmp_path, target, ledger=f"sqlite:///{tmp_path}/journey.db")
        with serving(config) as (serve, edge, ops):
            asyncio.run(push(edge))
            rows = json.loads(typed("ledger", "search", "--config", str(config), "--json"))
            said = [
                typed("ledger", "show", rows[0]["key"], "--config", str(config), "--json"),
                typed("ledger", "export", "--config", str(config)),
                typed("status", "--ops", ops, "--json"),
            ]
            written = [path.read_bytes() for path in tmp_path.glob("journey.db*")]
            logged = serve.stdout + serve.stderr

    assert rows[0]["code"] == 30001  # a wrong password is a merchant nobody knows
    for secret in (CANARY, TOKEN, AES_KEY):
        assert secret not in "".join(said) + logged
        assert not any(secret.encode() in content for content in written)
