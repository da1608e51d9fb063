"""`waybridge dev` as a process: started, pushed to, stopped, killed."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapter.cli.dev.command import command
from tests.journeys.processes import Listened, running

CONTRACTS = Path(__file__).parents[2] / "carrier" / "contracts"
ANY_PORTS = ("--port", "0", "--ops-port", "0", "--stub-port", "0")


@contextmanager
def dev(*arguments: str, cwd: Path) -> Iterator[tuple[Listened, dict[str, Any]]]:
    """Run `dev --json` on free ports; the value is the process and its addresses."""
    with running("adapter", "dev", "--json", *ANY_PORTS, *arguments, cwd=cwd) as listened:
        yield listened, json.loads(listened.heard(r"^\{\"push_url\".*")[0])


def push(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adapter", "push", url, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def stub_of(listened: Listened) -> psutil.Process:
    (stub,) = psutil.Process(listened.process.pid).children()
    return stub


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_a_push_and_a_signal_stops_everything(
    number: signal.Signals, tmp_path: Path
) -> None:
    with dev(cwd=tmp_path) as (listened, addresses):
        pushed = push(addresses["push_url"])
        stub = stub_of(listened)
        code = listened.stop(number)

    assert (pushed.returncode, pushed.stderr) == (0, "")
    assert "ResultCode     0\n" in pushed.stdout
    assert "development secrets" in pushed.stdout
    assert (code, listened.stderr) == (0, "")
    assert not stub.is_running()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["plaintext", "compatible"])
def test_the_suggested_command_is_right_in_every_mode(mode: str, tmp_path: Path) -> None:
    with dev("--mode", mode, "--format", "json", cwd=tmp_path) as (listened, addresses):
        suggested = addresses["push_command"].partition(" push ")[2].split()
        pushed = push(*suggested, "--case", "picked-up", "--json")
        listened.stop()

    told = json.loads(pushed.stdout)
    assert (told["mode"], told["format"], told["ok"]) == (mode, "json", True)


def test_the_stub_does_not_outlive_a_killed_dev(tmp_path: Path) -> None:
    with dev(cwd=tmp_path) as (listened, _):
        stub = stub_of(listened)
        listened.stop(signal.SIGKILL)

        assert psutil.wait_procs([stub], timeout=10)[1] == []


def test_the_end_of_the_stub_is_told_and_pushes_are_answered_still(tmp_path: Path) -> None:
    with dev(cwd=tmp_path) as (listened, addresses):
        stub_of(listened).kill()
        listened.heard("stub_ended.*")
        pushed = push(addresses["push_url"], "--case", "new-enum")
        code = listened.stop()

    assert pushed.returncode == 0
    assert code == 0


@pytest.mark.parametrize("option", ["--port", "--ops-port", "--stub-port"])
def test_a_taken_port_is_told_with_its_option(option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with running("adapter", "dev", *ANY_PORTS, option, port, cwd=tmp_path) as listened:
            code = listened.ended()

    assert code == 2
    assert listened.stderr == (
        f"error: waybridge dev: port {port} of 127.0.0.1 is in use. Stop the program that uses"
        f" it, or choose another: {option} (0 is a free one).\n"
    )


def test_a_ledger_that_may_not_be_written_is_one_paragraph(tmp_path: Path) -> None:
    url = "sqlite:////proc/x.db"  # nobody makes files there, root included
    with running("adapter", "dev", *ANY_PORTS, "--ledger", url, cwd=tmp_path) as listened:
        code = listened.ended()

    assert code == 2
    assert listened.stderr.startswith("error: waybridge dev, --ledger: the ledger /proc/x.db")
    assert listened.stderr.count("\n") == 1


def test_a_mapping_of_another_contract_is_refused_in_words(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('method = "no.Such/Method"\n')

    with running("adapter", "dev", *ANY_PORTS, "--mapping", str(mapping), cwd=tmp_path) as listened:
        code = listened.ended()

    assert code == 2
    assert listened.stderr.startswith("error: waybridge dev: ")
    assert "no.Such/Method" in listened.stderr
    assert "Traceback" not in listened.stderr


def test_once_answers_every_case_and_says_so_in_json(tmp_path: Path) -> None:
    with running("adapter", "dev", "--once", "--json", cwd=tmp_path) as listened:
        code = listened.ended()

    lines = json.loads(listened.stdout)
    assert (code, listened.stderr) == (0, "")
    assert set(lines[0]) == {
        "mode", "format", "case", "waybill", "expected", "result_code", "result_msg", "ok",
        "took_ms",
    }  # fmt: skip
    assert {(line["mode"], line["format"], line["result_code"]) for line in lines} == {
        (mode, layout, code)
        for mode in ("plaintext", "compatible", "secure")
        for layout in ("xml", "json")
        for code in (0, -1, 30001, 30002, 30003, 30004)
    }
    assert all(line["ok"] and line["result_msg"] for line in lines)


def test_a_carriers_own_contract_is_played_from_end_to_end(tmp_path: Path) -> None:
    contract, mapping = tmp_path / "own.binpb", tmp_path / "own.toml"
    proto = CONTRACTS / "dispatch.proto"
    subprocess.run(
        [sys.executable, "-m", "adapter", "contract", "compile", proto, "-o", contract],
        check=True,
        capture_output=True,
    )
    shipped = (CONTRACTS / "dispatch.toml").read_text()
    # Its numbers cannot hold WeChat's ids; its labels can.
    labels = shipped.replace('"by_number.number"', '"by_label.label"')
    mapping.write_text(labels.replace('"by_number.order" = "OrderID"\n', ""))

    own = ("--contract", str(contract), "--mapping", str(mapping))
    with running("adapter", "dev", "--once", "--json", *own, cwd=tmp_path) as listened:
        code = listened.ended()

    lines = json.loads(listened.stdout)
    assert [line for line in lines if not line["ok"]] == []
    assert code == 0
    assert {line["result_code"] for line in lines} == {0, -1, 30001, 30002, 30003, 30004}


def test_a_terminal_gets_a_panel_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "adapter", "dev", *ANY_PORTS],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm", "PYTHONPATH": str(Path.cwd())},
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    shown = b""
    try:
        while b"Ctrl-C stops everything." not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, b"\x03")
        code = process.wait(20)
    finally:
        process.kill()
        process.wait()
        os.close(ours)

    assert code == 0
    text = shown.decode()
    assert "╭" in text
    assert "waybridgedevelopment" in text
    assert "push http://127.0.0.1:" in text


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_its_help_names_what_it_takes() -> None:
    options = {name for parameter in command.params for name in parameter.opts}

    assert {"--port", "--ops-port", "--stub-port", "--mode", "--format", "--ledger", "--once",
            "--json", "--contract", "--mapping"} <= options  # fmt: skip
