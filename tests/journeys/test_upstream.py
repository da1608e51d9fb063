"""The upstream in earnest, through a real `serve`: deaths, silences, certificates."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Sender
from adapter.simulator.play import play
from adapter.simulator.press import PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from legacy_stub.control import Control
from tests import defaults
from tests.carrier.broken_tls import serving as tls_serving
from tests.carrier.certificates import Authority
from tests.carrier.dns_server import naming
from tests.carrier.misbehaving_carriers import PlayedCarrier, SwallowingProxy, playing, reply
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

pytestmark = pytest.mark.usefixtures("may_wait")

PUSHES_PER_SECOND = 200
BEFORE_SECONDS = 2.0
AFTER_SECONDS = 3.0
IN_FLIGHT_SECONDS = 5.0  # a push sent so long before the kill may still have been in flight
NOTICED_WITHIN_SECONDS = 1.0  # that a connection has gone

CANCELLED_REPLY = b"\x08\x01"  # CancelWaybillResponse{status: CANCELLED}
PRESSES = count()
ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """One press and its code; `sent_at` on the monotonic clock."""

    press: PressFields
    sent_at: float
    code: int | None


def _press() -> PressFields:
    nth = next(PRESSES)
    return PressFields.of(CASES["ok"], create_time=1_600_000_000 + nth, word=f"U{nth}")


async def _push(sender: Sender, press: PressFields) -> Pushed:
    sent_at = time.monotonic()
    played = await play(press, Format.XML, account=ACCOUNT, sender=sender, case=None)
    told = played.verdict.reply
    return Pushed(press=press, sent_at=sent_at, code=told.result_code if told else None)


@contextmanager
def _killable_stub(folder: Path) -> Iterator[tuple[Listened, str]]:
    with running("legacy_stub", "serve", "--port", "0", cwd=folder) as listened:
        yield listened, listened.heard(r"listening on (\S+)")[1]


async def _load(sender: Sender, *, seconds: float) -> list[Pushed]:
    """Push at a steady rate, whatever the answers do."""
    started = time.monotonic()
    tasks = []
    for number in range(int(seconds * PUSHES_PER_SECOND)):
        await asyncio.sleep(max(0.0, started + number / PUSHES_PER_SECOND - time.monotonic()))
        tasks.append(asyncio.create_task(_push(sender, _press())))
    return await asyncio.gather(*tasks)


async def test_of_two_carriers_one_is_killed_and_only_what_was_in_flight_may_fail(
    tmp_path: Path,
) -> None:
    with (
        _killable_stub(tmp_path) as (doomed, first),
        stub(cwd=tmp_path) as second,
        serving(configuration(tmp_path, f"ipv4:{first},{second}")) as (_, edge, _),
    ):
        async with Sender(edge) as sender:
            warm = await _load(sender, seconds=0.2)
            with Control(first) as one, Control(second) as other:
                spread = len(list(one.calls())), len(list(other.calls()))
            load = asyncio.create_task(_load(sender, seconds=BEFORE_SECONDS + AFTER_SECONDS))
            await asyncio.sleep(BEFORE_SECONDS)
            doomed.process.send_signal(signal.SIGKILL)
            killed_at = time.monotonic()
            pushed = await load
            failed = [push for push in pushed if push.code != 0]
            again = [await _push(sender, push.press) for push in failed]

    assert {push.code for push in warm} == {0}
    assert min(spread) > 0  # both were asked
    assert len(pushed) == (BEFORE_SECONDS + AFTER_SECONDS) * PUSHES_PER_SECOND
    for push in failed:
        assert push.code == -1
        assert -IN_FLIGHT_SECONDS < push.sent_at - killed_at < NOTICED_WITHIN_SECONDS
    # ReceivedCall again, the press ends right, at the one that lives.
    assert {push.code for push in again} <= {0}


async def test_a_silently_dropped_flow_is_left_while_pushes_come(tmp_path: Path) -> None:
    async with (
        playing(reply(CANCELLED_REPLY)) as carrier,
        SwallowingProxy(carrier.port) as proxy,
    ):
        with serving(configuration(tmp_path, f"127.0.0.1:{proxy.port}")) as (_, edge, _):
            async with Sender(edge) as sender:
                before = await _push(sender, _press())
                proxy.swallow()
                dropped_at = time.monotonic()
                answered_at, pushed = await _until_answered(sender)

    assert before.code == 0
    assert answered_at - dropped_at < 4.0
    assert {push.code for push in pushed} <= {0, -1}


async def _until_answered(sender: Sender) -> tuple[float, list[Pushed]]:
    """Push four times a second, not waiting for answers, until one is cancelled; return when
    that was, and what became of all."""
    tasks: list[asyncio.Task[Pushed]] = []
    answered_at = 0.0
    while not answered_at:
        tasks.append(asyncio.create_task(_push(sender, _press())))
        done, _ = await asyncio.wait(tasks, timeout=0.25)
        if any(task.result().code == 0 for task in done):
            answered_at = time.monotonic()
    return answered_at, await asyncio.gather(*tasks)


async def test_a_moved_name_is_followed_within_two_seconds(tmp_path: Path) -> None:
    async with playing(reply(CANCELLED_REPLY)) as old, naming() as names:
        config = configuration(tmp_path, names.target(old.port))
        config.write_text(config.read_text().replace("[carrier]", "[carrier]\ninsecure = true"))
        moved = PlayedCarrier(behaviour=reply(CANCELLED_REPLY), host="127.0.0.2", port=old.port)
        with serving(config) as (_, edge, _):
            async with Sender(edge) as sender:
                before = await _push(sender, _press())
                await moved.start()
                names.address = "127.0.0.2"
                await old.stop()
                moved_at = time.monotonic()
                answered_at, pushed = await _until_answered(sender)
        await moved.stop()

    assert before.code == 0
    assert answered_at - moved_at < 2.0
    assert {push.code for push in pushed} <= {0, -1}
    assert (len(old.requests), len(moved.requests) > 0) == (1, True)


async def test_an_expired_certificate_is_replaced_on_disk_without_a_restart(
    tmp_path: Path,
) -> None:
    ours = Authority("our authority")
    (tmp_path / "ca.pem").write_bytes(ours.cert)
    ours.issue("client", days=(-9, -2)).save(tmp_path, "client")
    credentials = tls_serving(ours.issue(), ours)
    async with playing(reply(CANCELLED_REPLY), credentials=credentials) as carrier:
        config = configuration(tmp_path, f"localhost:{carrier.port}")
        tls = '[carrier.tls]\nca = "ca.pem"\ncert = "client.pem"\nkey = "client.key"\n'
        config.write_text(config.read_text() + tls)
        with serving(config) as (_, edge, _):
            async with Sender(edge) as sender:
                refused = await _push(sender, _press())
                ours.issue("client").save(tmp_path, "client")
                taken = await _until_taken(sender)

    assert refused.code == -1
    assert taken.code == 0


async def _until_taken(sender: Sender) -> Pushed:
    pushed = await _push(sender, _press())
    async with asyncio.timeout(20):
        while pushed.code != 0:
            await asyncio.sleep(0.5)
            pushed = await _push(sender, _press())
    return pushed
