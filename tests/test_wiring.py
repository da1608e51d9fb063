"""From settings to a running adapter and back to nothing, with a stub for the carrier."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from adapter import wiring
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import Entry, State
from adapter.cancellation.resolver import Resolver
from adapter.carrier.contract.contract import ContractFault
from adapter.edge.server import HttpServer, ListenFailed
from adapter.ledger.errors import LedgerInUse
from adapter.ledger.memory import MemoryLedger
from adapter.ledger.open import open_ledger
from tests import defaults
from tests.cancellation.playing import MachineClock, RememberingMetrics, carrier
from tests.conformance.decisions import WAYBILL, begin, key_of, read
from tests.edge.playing import KEY, PATH, TOKEN, Lines, account, until
from tests.ports import free_port
from tests.wired import NOBODY, listens, running_stub, scene, settings


@pytest.fixture
async def stub() -> AsyncIterator[str]:
    """Where a stand-in for the carrier listens."""
    async with running_stub() as target:
        yield target


async def test_a_push_goes_all_the_way_to_the_carrier_and_back(stub: str) -> None:
    async with scene(await settings(stub)) as up:
        cancelled = await up.reply("STUB-OK-1")
        picked_up = await up.reply("SF000000002", OrderID="ORDER0002")

    assert (cancelled.result_code, picked_up.result_code) == (0, 30002)
    assert [line["program"] for line in up.log.named("push_answered")] == ["wechat"] * 2


async def test_a_carrier_that_is_not_there_is_told_on_the_ops_port_and_leaves_us_ready() -> None:
    async with scene(await settings(CARRIER__CONNECT_WAIT_SECONDS="0.01")) as alone:
        reply = await alone.reply("STUB-OK-1")
        async with asyncio.timeout(5):
            while (ready := await alone.ops("/readyz")).json()["carrier"]["state"] != "down":
                pass
        metrics = (await alone.ops("/metrics")).text

    assert reply.result_code == -1
    assert ready.status_code == 200
    assert ready.json()["carrier"]["detail"].startswith(("transient_failure", f"{NOBODY}: "))
    assert ready.json()["ledger"] == {
        "state": "up",
        "detail": "",
        "rewound": False,
        "rewound_at": None,
    }
    assert "waybridge_carrier_up 0.0" in metrics


async def test_every_gauge_is_read_from_its_part(stub: str) -> None:
    async with scene(await settings(stub), lines_dropped=7) as up:
        await up.reply("STUB-OK-1")
        metrics = (await up.ops("/metrics")).text

    for line in (
        "in_flight 0.0",
        "in_doubt 0.0",
        "ledger_up 1.0",
        "ledger_rewound 0.0",
        "carrier_up 1.0",
        "edge_connections 1.0",
        "log_lines_dropped_total 7.0",
        "paused 0.0",
        "draining 0.0",
        "ledger_commit_seconds_count 0.0",
    ):
        assert f"waybridge_{line}\n" in metrics


async def test_a_ledger_in_trouble_is_told_on_the_ops_port(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with scene(await settings(LEDGER__URL=f"sqlite:///{path}")) as up:
        path.rename(tmp_path / "elsewhere.db")
        async with asyncio.timeout(5):
            while (ready := await up.ops("/readyz")).json()["ledger"]["state"] == "up":
                pass

    told = ready.json()["ledger"]
    assert (ready.status_code, told["state"], told["detail"]) == (200, "down", "moved")


async def test_a_rewound_ledger_is_told_on_the_ops_port_in_the_log_and_by_an_alert(
    stub: str, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    given = await settings(stub, LEDGER__URL=f"sqlite:///{path}")
    async with scene(given) as up:
        await up.reply("STUB-OK-1")
    path.unlink()

    async with scene(given) as up:
        doubtful = await up.reply("STUB-ALREADY-1")
        ready = await up.ops("/readyz")
        metrics = (await up.ops("/metrics")).text

    told = ready.json()["ledger"]
    assert (ready.status_code, told["state"], told["detail"]) == (200, "up", "rewound")
    assert told["rewound"]
    assert told["rewound_at"] > 0
    assert doubtful.result_code == -1
    assert "waybridge_ledger_rewound 1.0" in metrics
    assert 'waybridge_alerts_total{name="ledger_rewound"} 1.0' in metrics
    assert len(up.log.named("ledger_rewound")) == 1


async def test_each_mini_program_answers_on_its_own_path_under_its_own_name(stub: str) -> None:
    given = await settings(
        stub,
        MINI_PROGRAMS__SHOP__APP_ID=account().app_id,
        MINI_PROGRAMS__SHOP__TOKEN=TOKEN,
        MINI_PROGRAMS__SHOP__ENCODING_AES_KEY=KEY,
        MINI_PROGRAMS__SHOP__PATH="/shop",
    )
    async with scene(given) as up:
        answers = [await up.push(path) for path in (PATH, "/shop", "/nowhere")]

    assert [answer.status_code for answer in answers] == [200, 200, 404]
    names = [line["program"] for line in up.log.named("push_answered")]
    assert names == ["wechat", "shop"]


async def test_without_a_handler_other_events_are_a_success() -> None:
    async with scene(await settings()) as up:
        answer = await up.push(Event="get_quota")
        metrics = (await up.ops("/metrics")).text

    assert answer.content == b"success"
    assert "waybridge_forward_circuit_open" not in metrics


async def test_other_events_go_to_the_handler_that_is_configured() -> None:
    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"theirs"})

    handler = HttpServer(answer, host="127.0.0.1", port=0, patience=defaults.CONNECTIONS)
    await handler.start()
    url = f"http://127.0.0.1:{handler.address[1]}/"
    async with scene(await settings(FORWARD__URL=url)) as up:
        answered = await up.push(Event="get_quota")
        await handler.close(within_seconds=0)
        lost = await up.push(Event="get_quota")
        metrics = (await up.ops("/metrics")).text

    assert (answered.content, lost.content) == (b"theirs", b"")
    assert [event for _, event, _ in up.log.lines].count("forward_failed") == 1
    assert "waybridge_forward_circuit_open 0.0\n" in metrics


async def test_leaving_shuts_both_doors_and_lets_go_of_the_ledger(
    stub: str, tmp_path: Path
) -> None:
    given = await settings(stub, LEDGER__URL=f"sqlite:///{tmp_path}/ledger.db")
    async with scene(given) as up:
        ports = [server.address[1] for server in (up.adapter.edge, up.adapter.ops)]
        inside = [await listens(port) for port in ports]

    assert (inside, [await listens(port) for port in ports]) == ([True, True], [False, False])
    async with open_ledger(given.ledger.url):
        pass


async def test_a_taken_port_leaves_nothing_open(tmp_path: Path) -> None:
    ops = free_port()
    async with scene(await settings()) as first:
        given = await settings(
            LEDGER__URL=f"sqlite:///{tmp_path}/ledger.db",
            EDGE__LISTEN=f"127.0.0.1:{first.adapter.edge.address[1]}",
            OPS__LISTEN=f"127.0.0.1:{ops}",
        )
        with pytest.raises(ListenFailed):
            async with scene(given):
                pass

        assert not await listens(ops)
        async with open_ledger(given.ledger.url):
            pass


async def test_whoever_cannot_listen_looks_at_no_doubt(stub: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    async with open_ledger(url) as dead:
        await dead.commit(WAYBILL, begin(WAYBILL, key_of(1)), within_seconds=5)
    async with scene(await settings()) as first:
        taken = f"127.0.0.1:{first.adapter.edge.address[1]}"
        for _ in range(3):
            with pytest.raises(ListenFailed):
                async with scene(await settings(stub, LEDGER__URL=url, EDGE__LISTEN=taken)):
                    pass

    async with open_ledger(url) as ledger:
        (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=5)).entries
    assert entry.state is State.CALLING


async def test_a_ledger_in_use_is_refused_before_anything_listens(tmp_path: Path) -> None:
    ops = free_port()
    given = await settings(
        LEDGER__URL=f"sqlite:///{tmp_path}/ledger.db", OPS__LISTEN=f"127.0.0.1:{ops}"
    )
    async with open_ledger(given.ledger.url):
        with pytest.raises(LedgerInUse):
            async with scene(given):
                pass

    assert not await listens(ops)


async def test_a_contract_that_is_none_is_refused_before_the_ledger_is_made(
    tmp_path: Path,
) -> None:
    (tmp_path / "carrier.binpb").write_bytes(b"no descriptor set")
    given = await settings(
        LEDGER__URL=f"sqlite:///{tmp_path}/ledger.db",
        CARRIER__DESCRIPTORS=str(tmp_path / "carrier.binpb"),
    )

    with pytest.raises(ContractFault):
        async with scene(given):
            pass

    assert not await asyncio.to_thread(tmp_path.joinpath("ledger.db").exists)


async def test_while_draining_the_edge_serves_on_until_somebody_is_in_a_hurry(stub: str) -> None:
    hurry = asyncio.Event()
    async with scene(await settings(stub, EDGE__DRAIN_DELAY_SECONDS="60")) as up:
        draining = asyncio.create_task(up.adapter.drain(hurry=hurry))
        await until(lambda: up.adapter.gate.draining)
        ready = await up.ops("/readyz")
        answer = await up.push()
        hurry.set()
        left = await draining

        assert not await listens(up.adapter.edge.address[1])
        assert await listens(up.adapter.ops.address[1])

    assert (ready.status_code, answer.status_code, left) == (503, 200, 0)
    assert answer.headers["connection"] == "close"
    assert [event for _, event, _ in up.log.lines if event.startswith("drain")] == [
        "draining", "drained",
    ]  # fmt: skip
    assert up.log.named("drained") == [{"calls_cut": 0}]


async def test_the_drain_delay_ends_by_itself() -> None:
    async with scene(await settings(EDGE__DRAIN_DELAY_SECONDS="0.01")) as up:
        async with asyncio.timeout(5):
            assert await up.adapter.drain() == 0


async def test_without_a_delay_the_door_is_shut_at_once() -> None:
    async with scene(await settings()) as up:
        await up.adapter.drain()

        assert not up.adapter.edge.is_listening
    assert up.log.named("draining") == []


async def test_a_drain_asked_for_on_the_ops_port_is_passed_on_to_who_serves() -> None:
    async with scene(await settings()) as up:
        before = up.adapter.stop.is_set()
        url = up.url(up.adapter.ops, "/api/drain")
        await up.client.post(url, headers={"content-type": "application/json"})

        assert (before, up.adapter.stop.is_set()) == (False, True)


class DeafLedger(MemoryLedger):
    """Cannot be read."""

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]:
        raise LedgerUnavailable("so it was told")


async def test_doubt_is_looked_at_again_after_the_ledger_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wiring, "RESOLVE_EVERY_SECONDS", 0.0)
    gate, log = Gate(), Lines()
    resolver = Resolver(
        carrier=carrier(),
        ledger=DeafLedger(),
        metrics=RememberingMetrics(),
        clock=MachineClock(),
        call_seconds=1.0,
    )

    looking = asyncio.create_task(wiring._resolving(resolver, gate, log))
    await until(lambda: len(log.lines) >= 2)
    gate.draining = True
    async with asyncio.timeout(5):
        await looking

    assert log.named("doubt_not_looked_at")[:2] == [{"why": "so it was told"}] * 2


async def test_a_defect_of_the_task_beside_is_not_swallowed_at_the_end() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)

    with pytest.raises(ZeroDivisionError):
        await wiring._stopped(task)


def test_the_clocks_are_the_machines() -> None:
    clock = wiring.SystemClock()

    assert abs(clock.now() - time.time()) < 60
    assert clock.monotonic() <= clock.monotonic()


async def test_what_a_scan_left_out_is_told_at_the_end_at_the_latest() -> None:
    async with scene(await settings()) as up:
        for number in range(30):
            await up.client.get(up.url(up.adapter.edge, f"/scan/{number}"))
        metrics = (await up.ops("/metrics")).text

    assert 'waybridge_refused_total{program="",reason="path"} 30.0' in metrics
    written = up.log.named("push_refused")
    (left,) = up.log.named("refusals_left_out")
    assert left["left_out"] == 30 - len(written) - sum(
        int(str(o.get("left_out", 0))) for o in written
    )


async def test_fewer_connections_than_wanted_are_said_at_the_start() -> None:
    async with scene(await settings(EDGE__MAX_CONNECTIONS="1000000")) as up:
        (line,) = up.log.named("connections_limited")

    assert line["wanted"] == 1_000_000
    assert int(str(line["limit"])) < 1_000_000


async def test_a_trusted_proxy_names_the_peer() -> None:
    async with scene(await settings(EDGE__TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8")) as up:
        url = up.url(up.adapter.edge, "/")
        await up.client.get(url, headers={"x-forwarded-for": "203.0.113.9"})

    (line,) = up.log.named("push_refused")
    assert line["peer"] == "203.0.113.9"
