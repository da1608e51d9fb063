"""Secrets that change while `serve` runs: SIGHUP, and the files of WAYBRIDGE_SECRETS_DIR."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx2
import pytest

from adapter.cli.reload import marks
from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret
from tests.journeys.processes import configuration, serving

NOBODY = "127.0.0.1:1"
OLD, NEW = "oldtoken0123", "newtoken4567"
OLD_KEY, NEW_KEY = "a" * 42 + "A", "b" * 42 + "A"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    put(folder, OLD, OLD_KEY)
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose secrets stand elsewhere."""
    config = configuration(tmp_path, NOBODY)
    text = re.sub(r"(?m)^(token|encoding_aes_key) .*\n", "", config.read_text())
    config.write_text(text)
    return config


def put(folder: Path, token: str, key: str) -> None:
    """Replace the files as Kubernetes and careful people do: whole."""
    for name, text in (("TOKEN", token), ("ENCODING_AES_KEY", key)):
        fresh = folder / f".{name}"
        fresh.write_text(text + "\n")
        fresh.rename(folder / f"WAYBRIDGE_WECHAT__{name}")


def account(config: Path, token: str, key: str) -> Account:
    found = re.search(r'app_id = "(\w+)"', config.read_text())
    assert found is not None
    return Account(
        app_id=found[1],
        mode=Mode.SECURE,
        token=Secret(token),
        previous_token=None,
        encoding_aes_key=Secret(key),
        previous_encoding_aes_key=None,
        freshness_seconds=600,
    )


async def status(edge: str, by: Account) -> int | None:
    press = PressFields.of(CASES["ok"], create_time=1_600_000_000, word="R1")
    async with Sender(edge) as sender:
        played = await play(press, Format.XML, account=by, sender=sender, case=CASES["ok"])
    return played.answers[-1].status


async def test_new_files_are_in_use_without_a_signal(secrets: Path, config: Path) -> None:
    env = {"WAYBRIDGE_SECRETS_DIR": str(secrets)}
    with serving(config, env=env) as (serve, edge, _):
        before = await status(edge, account(config, OLD, OLD_KEY))
        put(secrets, NEW, NEW_KEY)
        serve.heard('"event":"reloaded"')
        after = [await status(edge, account(config, *each)) for each in PAIRS]
        serve.stop(signal.SIGTERM)

    assert (before, after) == (200, [403, 200])
    assert NEW not in serve.stdout
    assert NEW_KEY not in serve.stdout


PAIRS = ((OLD, OLD_KEY), (NEW, NEW_KEY))


async def test_sighup_reads_the_file_anew_and_what_else_changed_is_told(
    tmp_path: Path,
) -> None:
    config = configuration(tmp_path, NOBODY)
    text = config.read_text()
    token = re.search(r'(?m)^token = "(.*)"', text)
    key = re.search(r'(?m)^encoding_aes_key = "(.*)"', text)
    assert token is not None
    assert key is not None
    with serving(config) as (serve, edge, _):
        config.write_text(
            text.replace(token[1], NEW).replace("[edge]", "[edge]\nmax_in_flight = 77")
        )
        serve.process.send_signal(signal.SIGHUP)
        line = serve.heard(r'^.*"event":"reloaded"')[0]
        statuses = [await status(edge, account(config, each, key[1])) for each in (token[1], NEW)]
        config.write_text(text)
        serve.process.send_signal(signal.SIGHUP)
        serve.heard(r'"restart_needed":\[\].*"event":"reloaded"')
        again = await status(edge, account(config, token[1], key[1]))
        code = serve.stop(signal.SIGTERM)

    assert (statuses, again, code) == ([403, 200], 200, 0)
    assert '"secrets":["wechat"]' in line
    assert '"restart_needed":["edge"]' in line


async def test_files_that_are_faulty_change_nothing(secrets: Path, config: Path) -> None:
    with serving(config, env={"WAYBRIDGE_SECRETS_DIR": str(secrets)}) as (serve, edge, _):
        put(secrets, NEW, "too short")
        serve.process.send_signal(signal.SIGHUP)
        serve.heard('"event":"reload_refused"')
        kept = await status(edge, account(config, OLD, OLD_KEY))
        code = serve.stop(signal.SIGTERM)

    assert (kept, code) == (200, 0)
    assert "too short" not in serve.stdout


def test_sighup_never_kills(secrets: Path, config: Path) -> None:
    with serving(config, env={"WAYBRIDGE_SECRETS_DIR": str(secrets)}) as (serve, _, ops):
        for _ in range(20):
            serve.process.send_signal(signal.SIGHUP)
        serve.heard('"event":"reloaded"')
        alive = httpx2.get(f"{ops}livez").status_code
        serve.process.send_signal(signal.SIGTERM)
        serve.process.send_signal(signal.SIGHUP)
        code = serve.stop(signal.SIGTERM)

    assert (alive, code) == (200, 0)


def test_a_link_that_points_elsewhere_is_a_change(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(name)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "f").symlink_to("../data/f")
    before = marks(str(tmp_path / "seen"))

    (tmp_path / "data").unlink()
    (tmp_path / "data").symlink_to("two")

    assert marks(str(tmp_path / "seen")) != before
    assert marks("") == ()
