"""From WeChat's push to the carrier and back: real processes, real ports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import httpx2
import pytest

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import Played, play, verify_url
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.wechat.client_side import open_reply
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.processes import (
    AES_KEY,
    APP_ID,
    TOKEN,
    Listened,
    configuration,
    running,
    serving,
    stub,
)

QUICK = (
    "picked-up", "invalid", "already", "unsupported", "not-found", "wrong-password", "new-enum",
    "ok", "drop",
)  # fmt: skip

PRESSES = count()

DOCUMENTED_REPLIES = {
    Format.XML: (
        "<xml><ToUserName><![CDATA[oABCD]]></ToUserName>"
        "<FromUserName><![CDATA[gh_abcdefg]]></FromUserName>"
        "<CreateTime>1533042556</CreateTime>"
        "<MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[cancel_waybill]]></Event>"
        "<BizID><![CDATA[xyz]]></BizID>"
        "<OrderID><![CDATA[012345678901234567890123456789]]></OrderID>"
        "<WayBillID><![CDATA[123456789]]></WayBillID>"
        "<ResultCode>0</ResultCode>"
        "<ResultMsg><![CDATA[success]]></ResultMsg></xml>"
    ),
    Format.JSON: (
        '{"ToUserName":"oABCD","FromUserName":"gh_abcdefg","CreateTime":1533042556,'
        '"MsgType":"event","Event":"cancel_waybill","BizID":"xyz",'
        '"OrderID":"012345678901234567890123456789","WayBillID":"123456789",'
        '"ResultCode":0,"ResultMsg":"success"}'
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A serving adapter in one mode, with a stub behind it."""

    account: Account
    edge: str
    ops: str
    target: str
    config: Path
    serve: Listened

    async def press(self, name: str, format: Format, **fields: str) -> Played:
        """Press the button of a case: each press at a time of its own."""
        nth = next(PRESSES)
        press = PressFields.of(CASES[name], create_time=1_600_000_000 + nth, word=f"J{nth}")
        return await self.play(press.with_fields(fields), format, name)

    async def play(self, press: PressFields, format: Format, name: str) -> Played:
        """Push what was pressed; only the first code of the case is right."""
        async with Sender(self.edge) as sender:
            return await play(
                press,
                format,
                account=self.account,
                sender=sender,
                case=replace(CASES[name], also=()),
            )


def account(mode: Mode) -> Account:
    return replace(
        defaults.ACCOUNT,
        app_id=APP_ID,
        mode=mode,
        token=Secret(TOKEN),
        encoding_aes_key=Secret(AES_KEY),
    )


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stub(cwd=tmp_path_factory.mktemp("stub")) as target:
        yield target


@pytest.fixture(scope="module", params=Mode, ids=[mode.value for mode in Mode])
def road(
    request: pytest.FixtureRequest, target: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Road]:
    mode: Mode = request.param
    config = configuration(tmp_path_factory.mktemp(mode.value), target, mode=mode.value)
    with serving(config) as (serve, edge, ops):
        yield Road(
            account=account(mode), edge=edge, ops=ops, target=target, config=config, serve=serve
        )


def _reset(target: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "legacy_stub", "reset", "--target", target],
        check=True,
        capture_output=True,
    )


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("name", QUICK)
async def test_every_outcome_comes_back_as_its_code(road: Road, name: str, format: Format) -> None:
    played = await road.press(name, format)

    assert played.verdict.deviations == ()


async def test_a_carrier_that_drops_calls_is_asked_until_it_answers(
    target: str, tmp_path: Path
) -> None:
    """In a process of its own, whose retry budget no other case has used."""
    config = configuration(tmp_path, target, mode="secure")
    with serving(config) as (serve, edge, ops):
        road = Road(
            account=account(Mode.SECURE),
            edge=edge,
            ops=ops,
            target=target,
            config=config,
            serve=serve,
        )
        played = [await road.press("flaky", format) for format in Format]

    assert [each.verdict.deviations for each in played] == [(), ()]


@pytest.mark.parametrize("format", Format)
async def test_the_users_own_example_is_answered_as_in_his_document(
    road: Road, format: Format
) -> None:
    _reset(road.target)

    # Another time makes it another press for the ledger; the document's own comes first.
    time = str(EXAMPLE_CREATE_TIME + list(Format).index(format))
    played = await road.press("example", format, CreateTime=time)

    assert played.verdict.deviations == ()
    message = open_reply(road.account, played.answers[-1].body, format).decode()
    assert message == DOCUMENTED_REPLIES[format].replace(str(EXAMPLE_CREATE_TIME), time)


async def test_a_repeat_is_answered_with_the_same_words_and_one_call(road: Road) -> None:
    first = await road.press("ok", Format.JSON)
    repeat = await road.play(first.press, Format.JSON, "ok")

    replies = {
        open_reply(road.account, played.answers[-1].body, Format.JSON) for played in (first, repeat)
    }
    assert len(replies) == 1
    assert repeat.verdict.is_right


async def test_the_url_is_verified(road: Road) -> None:
    async with Sender(road.edge) as sender:
        assert await verify_url(account=road.account, sender=sender) is None


@pytest.mark.parametrize("format", Format)
async def test_ids_come_back_byte_for_byte(road: Road, format: Format) -> None:
    played = await road.press(
        "not-found", format, OrderID="  00 ]]></OrderID><ResultCode>0</ResultCode>&amp; 单 👩‍👩‍👧 ",
        WayBillID="0x00 \\u0000 \" ' <![CDATA[ é e\u0301",
    )  # fmt: skip

    assert played.verdict.deviations == ()
    assert played.verdict.reply is not None
    assert played.verdict.reply.result_code == 30001


async def test_the_canary_is_nowhere(road: Road) -> None:
    for format in Format:
        played = await road.press("not-found", format, BizPwd="canary-7f3a")
        assert played.verdict.is_right
        assert b"canary-7f3a" not in open_reply(road.account, played.answers[-1].body, format)

    metrics = httpx2.get(f"{road.ops}metrics", trust_env=False).text
    ready = httpx2.get(f"{road.ops}readyz", trust_env=False).text

    assert "waybridge_" in metrics
    files = [file for file in road.config.parent.iterdir() if file.name.startswith("journey.db")]
    assert files
    told = "".join((metrics, ready, road.serve.stdout, road.serve.stderr))
    for secret in ("canary-7f3a", TOKEN, AES_KEY):
        assert secret not in told
        assert all(secret.encode() not in file.read_bytes() for file in files)


async def test_every_push_is_one_line_of_json(road: Road) -> None:
    played = await road.press("ok", Format.XML)
    waybill = played.press.text("WayBillID")

    line = road.serve.heard(rf'.*"waybill":"{waybill}".*push_answered.*')[0]

    assert json.loads(line)["code"] == 0


def test_the_environment_wins_over_the_file(target: str, tmp_path: Path) -> None:
    config = configuration(tmp_path, target, mode="plaintext")
    env = {
        "WAYBRIDGE_WECHAT__MODE": "secure",
        "WAYBRIDGE_EDGE__PATH": "/elsewhere",
        "WAYBRIDGE_WECHAT__TOKEN": "fromoutside",
    }

    with serving(config, env=env) as (_, edge, _):
        push = ("push", edge, "--config", str(config), "--case", "picked-up", "--json")
        with running("adapter", *push, env=env, cwd=tmp_path) as listened:
            code = listened.ended()
        told = json.loads(listened.stdout)
        with running("adapter", *push, cwd=tmp_path) as without:
            refused = without.ended()

    assert edge.endswith("/elsewhere")
    assert (code, told["mode"], told["reply"]["ResultCode"]) == (0, "secure", 30002)
    assert refused == 1
    assert json.loads(without.stdout)["deliveries"][0]["status"] == 403


def test_a_wrong_configuration_is_refused_with_every_fault(tmp_path: Path) -> None:
    config = tmp_path / "adapter.toml"
    config.write_text(
        """
[edge]
listen = "nowhere"
reply_within_seconds = 9
[wechat]
mode = "secret"
token = ""
[carrier]
target = "http://dispatch:50051"
nonsense = 1
[ledger]
url = "mysql://x"
"""
    )

    with running("adapter", "serve", "--config", str(config), cwd=tmp_path) as listened:
        code = listened.ended()

    assert code == 2
    for key in (
        "edge.listen", "edge.reply_within_seconds", "wechat.mode", "wechat.token",
        "carrier.target", "carrier.nonsense", "ledger.url",
    ):  # fmt: skip
        assert f"{key}: " in listened.stderr
    assert "Traceback" not in listened.stderr


def test_serve_refuses_the_secrets_everybody_knows(tmp_path: Path) -> None:
    config = configuration(tmp_path, "127.0.0.1:1")
    env = {"WAYBRIDGE_WECHAT__TOKEN": "waybridgedevelopment"}

    with running("adapter", "serve", "--config", str(config), env=env, cwd=tmp_path) as listened:
        code = listened.ended()

    assert code == 2
    assert "wechat.token: is the development value" in listened.stderr


def test_a_sigterm_ends_serve_with_0(target: str, tmp_path: Path) -> None:
    with serving(configuration(tmp_path, target)) as (serve, _, _):
        code = serve.stop()

    assert code == 0
    assert serve.stderr == ""
    assert '"event":"stopped"' in serve.stdout
