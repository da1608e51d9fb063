from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner, Result

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from legacy_stub.commands import main

METHOD = Mapping.load(Contract.load()).method
COMMAND = (sys.executable, "-m", "legacy_stub")
LISTENING = "legacy-stub listening on "


class Stub:
    """A stub in a process of its own, as a parent process starts it."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.target = self.line.removeprefix(LISTENING).strip()

    def cancel(self, waybill: str, request_id: str = "r1") -> int:
        """Return the number of the status."""
        request = METHOD.request_class(
            biz_id="xyz", biz_password="xyz123", waybill_id=waybill, request_id=request_id
        )
        with grpc.insecure_channel(self.target) as channel:
            ask: Any = channel.unary_unary(
                METHOD.path,
                request_serializer=METHOD.request_class.SerializeToString,
                response_deserializer=METHOD.reply_class.FromString,
            )
            status: int = ask(request, timeout=10).status
            return status

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        _, self.said = self.process.communicate(timeout=20)
        return self.process.returncode


Start = Callable[..., Stub]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Stub] = []

    def begin(*options: str) -> Stub:
        started.append(Stub(*options))
        return started[-1]

    yield begin
    for stub in started:
        if stub.process.poll() is None:
            stub.end(signal.SIGKILL)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_names_its_real_address_and_ends_cleanly_on_a_signal(
    start: Start, number: signal.Signals
) -> None:
    stub = start()

    status = stub.cancel("STUB-OK-1")

    assert status == 1
    assert stub.line.startswith(f"{LISTENING}127.0.0.1:")
    assert int(stub.target.rpartition(":")[2]) > 0
    assert (stub.end(number), stub.said) == (0, "")


def test_a_port_that_is_taken_is_one_clear_paragraph(start: Start) -> None:
    stub = start()

    # In a process of its own: nothing that gRPC may print of itself can hide.
    second = subprocess.run(
        [*COMMAND, "serve", "--port", stub.target.rpartition(":")[2]],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"legacy-stub: error: cannot listen on {stub.target}: Address already in use. Stop what "
        "listens there (another legacy-stub?), or give --port another number; --port 0 takes "
        "a free one.\n"
    )


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--orders", "gone: cannot be read: no such file"),
        ("--scenario", "gone: cannot be read: no such file"),
        ("--contract", "gone cannot be read: No such file"),
        ("--mapping", "gone"),
        ("--database", "gone/x: cannot hold the log of calls: unable to open"),
    ],
)
def test_serve_refuses_what_it_cannot_use(tmp_path: Path, option: str, text: str) -> None:
    file = tmp_path / "gone"

    refused = run("serve", "--port", "0", option, str(file / "x" if "x" in text else file))

    assert refused.exit_code == 2
    assert text in refused.stderr
    assert isinstance(refused.exception, SystemExit)


def test_the_options_of_serve_change_the_order_system(start: Start, tmp_path: Path) -> None:
    orders = tmp_path / "orders.toml"
    orders.write_text(
        '[merchants]\nxyz = "xyz123"\n[[orders]]\nwaybill = "W1"\nlife = "picked_up"\n'
    )
    stub = start("--orders", str(orders), "--scenario", "peak-season", "--forget-request-ids")

    statuses = [stub.cancel(waybill) for waybill in ("W1", "SF740000001", "STUB-OK-1", "STUB-OK-1")]

    assert statuses == [3, 3, 1, 5]


def test_a_killed_stub_comes_back_knowing_what_it_did(start: Start, tmp_path: Path) -> None:
    database = str(tmp_path / "stub.db")
    first = start("--database", database)
    for number in range(20):
        first.cancel(f"STUB-OK-{number}")
    first.end(signal.SIGKILL)

    second = start("--database", database)
    same, other = second.cancel("STUB-OK-7", "r1"), second.cancel("STUB-OK-8", "r2")
    calls = json.loads(run("calls", "--target", second.target, "--json").stdout)

    assert (same, other) == (1, 5)
    assert [call["done"] for call in calls] == [True] * 20 + [False] * 2
    assert (calls[20]["waybill"], calls[20]["nth"]) == ("STUB-OK-7", 2)


def test_calls_prints_a_json_array_of_the_promised_fields(start: Start) -> None:
    stub = start()
    stub.cancel("STUB-OK-1")
    stub.cancel("STUB-PICKED-UP-2")

    printed = run("calls", "--target", stub.target, "--waybill", "STUB-PICKED-UP-2", "--json")

    (call,) = json.loads(printed.stdout)
    assert list(call) == [
        "time",
        "waybill",
        "order",
        "request_id",
        "nth",
        "answer",
        "done",
        "failure",
    ]
    assert (call["waybill"], call["nth"], call["answer"], call["done"]) == (
        "STUB-PICKED-UP-2", 1, "picked_up", False,
    )  # fmt: skip


def test_no_calls_are_an_empty_array(start: Start) -> None:
    assert json.loads(run("calls", "--target", start().target, "--json").stdout) == []


def test_calls_are_a_table_for_people(start: Start) -> None:
    stub = start()
    stub.cancel("STUB-OK-1")

    printed = run("calls", "--target", stub.target)

    assert "STUB-OK-1" in printed.stdout
    assert "cancelled" in printed.stdout


def test_reset_makes_every_order_as_it_was(start: Start) -> None:
    stub = start()
    stub.cancel("STUB-OK-1", "r1")

    reset = run("reset", "--target", stub.target)

    assert (reset.exit_code, stub.cancel("STUB-OK-1", "r2")) == (0, 1)


def test_a_fault_stands_until_it_is_cleared(start: Start) -> None:
    stub = start()

    slow = run("fault", "set", "latency", "--ms", "5", "--target", stub.target)
    both = run("fault", "set", "unavailable", "--target", stub.target, "--json")
    with pytest.raises(grpc.RpcError) as failed:
        stub.cancel("STUB-OK-1")
    cleared = run("fault", "clear", "--target", stub.target)

    assert slow.stdout == "latency of 5 ms, probability 1\n"
    assert [fault["name"] for fault in json.loads(both.stdout)] == ["latency", "unavailable"]
    assert "UNAVAILABLE" in str(failed.value)
    assert (cleared.stdout, stub.cancel("STUB-OK-1")) == ("no fault is set\n", 1)


def test_a_fault_that_cannot_be_is_a_usage_error() -> None:
    refused = run("fault", "set", "latency")

    assert refused.exit_code == 2
    assert "latency requires them" in refused.stderr


@pytest.mark.parametrize(
    "arguments", [("calls",), ("reset",), ("fault", "set", "drop"), ("fault", "clear")]
)
def test_a_stub_that_is_not_there_is_named(arguments: tuple[str, ...]) -> None:
    asked = run(*arguments, "--target", "127.0.0.1:1")

    assert asked.exit_code == 2
    assert asked.stderr.startswith("legacy-stub: error: no legacy-stub answers at 127.0.0.1:1 ")
