"""`check` and `serve` agree in every set-up: red and −1, or green and answered; and neither prints
a secret."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from adapter.cli.check import carrier as check_carrier
from adapter.cli.configuration import examine
from adapter.config.load import Settings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity, has_errors
from tests.edge.playing import KEY, account
from tests.edge.playing import TOKEN as WECHAT_TOKEN
from tests.journeys.carrier_nginx import LEFT_OUT, NGINX, NGINX_SET_UPS
from tests.journeys.setup_carriers import TOKEN
from tests.journeys.setups import OURS, SET_UPS, SetUp, every_combination
from tests.wired import Scene, scene

pytestmark = pytest.mark.usefixtures("may_wait")

AT_ONCE = 12
CANARIES = (TOKEN, "canary-wrong", "canary-password")
EXPLAINED_BY = ("carrier.health", "carrier.target", "carrier.tls")  # a connection that is not one


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "right.token").write_text(TOKEN)
    (tmp_path / "wrong.token").write_text("canary-wrong")
    (tmp_path / "ours.pem").write_bytes(OURS.cert)
    (tmp_path / "garbage.pem").write_bytes(b"garbage")
    OURS.issue("client", days=(-1, 60)).save(tmp_path, "client")
    OURS.issue("client", days=(-9, -2)).save(tmp_path, "expired")
    return tmp_path


def environ_of(setup: SetUp, files: Path, port: int) -> dict[str, str]:
    environ = {
        "WECHAT__APP_ID": account().app_id,
        "WECHAT__TOKEN": WECHAT_TOKEN,
        "WECHAT__ENCODING_AES_KEY": KEY,
        "CARRIER__TARGET": setup.target.format(port=port),
        "CARRIER__CONNECT_WAIT_SECONDS": "2",
        "EDGE__LISTEN": "127.0.0.1:0",
        "EDGE__DRAIN_DELAY_SECONDS": "0",
        "OPS__LISTEN": "127.0.0.1:0",
        "LEDGER__URL": "memory:",
    }
    for key, value in setup.carrier.items():
        is_file = value.endswith((".pem", ".key", ".token"))
        environ[f"CARRIER__{key}"] = str(files / value) if is_file else value
    return {f"WAYBRIDGE_{key}": value for key, value in environ.items()}


async def checked(environ: dict[str, str]) -> tuple[Finding, ...]:
    """What `check` finds, as the command asks it."""
    found = await asyncio.to_thread(examine, None, environ)
    if has_errors(found.findings):
        return found.findings
    return (*found.findings, *await check_carrier.ask(found.settings))


async def served(environ: dict[str, str], errors: Sequence[Finding]) -> tuple[int, str]:
    """What `serve` answers to a push, and all it printed; −1 too where it does not start."""
    try:
        settings = await asyncio.to_thread(Settings.load, None, environ)
        async with scene(settings) as up:
            reply = await up.reply("W1", BizPwd="canary-password")
            if errors and errors[0].key.startswith(EXPLAINED_BY):
                await _explains(up, errors)
            pages = [(await up.ops(page)).text for page in ("/readyz", "/metrics")]
    except CannotStart as refused:
        return -1, repr(refused) + "".join(map(str, refused.findings))
    return reply.result_code, repr(up.log.lines) + "".join(pages)


async def _explains(up: Scene, errors: Sequence[Finding]) -> None:
    """Wait until `/readyz` and the log's `carrier_lost` give a reason that `check` gave."""
    reasons = {_timeless(error.message) for error in errors}
    async with asyncio.timeout(10):
        while not (lost := up.log.named("carrier_lost")):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)
    told = (await up.ops("/readyz")).json()["carrier"]

    assert told["state"] == "down"
    for detail in (told["detail"], str(lost[0]["detail"])):
        assert any(_timeless(detail).startswith(reason) for reason in reasons), (detail, reasons)


def _timeless(message: str) -> str:
    return re.sub(r"within [\d.]+ s", "in time", message).removesuffix(".")


async def consistent(setup: SetUp, files: Path, gate: asyncio.Semaphore) -> str:
    """Run one row; what is inconsistent about it, or nothing."""
    async with gate, setup.server() as port:
        environ = environ_of(setup, files, port)
        findings = await checked(environ)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        try:
            code, printed = await served(environ, errors)
        except (AssertionError, TimeoutError) as error:
            return f"{setup}: not explained by /readyz and the log: {error!r}"
    told = "".join(map(str, findings)) + json.dumps([asdict(one) for one in findings], default=str)
    if found := [canary for canary in CANARIES if canary in told + printed]:
        return f"{setup}: prints {found}"
    is_as_told = setup.red is None or (bool(errors) is bool(setup.red) and setup.red in told)
    if not is_as_told:
        return f"{setup}: check says {[str(one) for one in findings]}"
    return "" if code == (-1 if errors else 0) else f"{setup}: check {errors}, serve {code}"


def test_there_are_set_ups_of_every_kind_and_no_name_twice() -> None:
    names = [setup.name for setup in (*SET_UPS, *NGINX_SET_UPS)]

    assert len(set(names)) == len(names)
    assert 20 <= len([setup for setup in SET_UPS if setup.red]) <= len(SET_UPS) - 20


async def inconsistent(setups: Sequence[SetUp], files: Path) -> list[str]:
    """Run every row, some at once; what is inconsistent."""
    gate = asyncio.Semaphore(AT_ONCE)
    found = await asyncio.gather(*(consistent(setup, files, gate) for setup in setups))
    return [one for one in found if one]


async def test_check_and_serve_agree_in_every_set_up(files: Path) -> None:
    assert await inconsistent(SET_UPS, files) == []


@pytest.mark.prove
async def test_check_and_serve_agree_in_every_combination(files: Path) -> None:
    assert await inconsistent(every_combination(), files) == []


@pytest.mark.skipif(NGINX is None, reason=LEFT_OUT)
async def test_check_and_serve_agree_behind_a_real_nginx(files: Path) -> None:
    assert await inconsistent(NGINX_SET_UPS, files) == []
