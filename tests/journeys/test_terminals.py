"""Programs at bad terminals: interrupted at any moment, a full disk, a reader that has gone."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest
from blockbuster import BlockBuster

from adapter.diagnostics.interrupts import EXIT_INTERRUPTED
from adapter.diagnostics.program import EXIT_CANNOT_WRITE, EXIT_READER_GONE

WAYBRIDGE = (sys.executable, "-P", "-m", "adapter")
STUB = (sys.executable, "-P", "-m", "legacy_stub")
ROOT = Path(__file__).parents[2]
MOMENTS = 4  # of each command; `MOMENTS` × 7 starts of Python are enough for a run of the tests
LONGEST_SECONDS = 1.2
# While the interpreter is taken down Python lets the signal itself end it: 130 in a shell too.
INTERRUPTED = (EXIT_INTERRUPTED, -signal.SIGINT)
STARTS = (
    (*WAYBRIDGE, "dev", "--port", "0", "--ops-port", "0", "--stub-port", "0"),
    (*WAYBRIDGE, "check", "--config", "none.toml"),
    (*WAYBRIDGE, "push", "http://127.0.0.1:9/wechat/push"),
    (*WAYBRIDGE, "schema"),
    (*WAYBRIDGE, "ledger", "search"),
    (*STUB, "serve", "--port", "0"),
    (*STUB, "calls", "--target", "127.0.0.1:9"),
)


@pytest.fixture(autouse=True)
def process_of_its_own(no_blocking_calls: BlockBuster) -> None:
    no_blocking_calls.deactivate()


def run(command: tuple[str, ...], *, stdout: IO[str] | int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.parametrize("command", STARTS, ids=lambda command: " ".join(command[3:5]))
def test_ctrl_c_at_any_moment_is_130_without_a_traceback(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    chance = random.Random(" ".join(command[3:]))  # noqa: S311 - repeatable
    for _ in range(MOMENTS):
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        )
        after = chance.uniform(0.05, LONGEST_SECONDS)
        ended = _ended_within(process, after)
        if not ended:
            process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)

        # What Python itself does before our first line is read in is not ours.
        assert "adapter/" not in errors, (after, errors)
        assert "legacy_stub/" not in errors, (after, errors)
        assert "Aborted" not in errors
        if not ended and "KeyboardInterrupt" not in errors:
            # A command may have ended of itself just then; `dev` and the stub stop in order.
            assert process.returncode in (*INTERRUPTED, 0, 1, 2), (after, errors)
            assert process.returncode != 1 or "error" in errors or "error" in output


def _ended_within(process: subprocess.Popen[str], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            process.wait(timeout=max(until - time.monotonic(), 0.001))
        except subprocess.TimeoutExpired:
            return False
        return True
    return process.poll() is not None


@pytest.mark.parametrize(
    "command",
    [
        (*WAYBRIDGE, "schema"),
        (*WAYBRIDGE, "--help"),
        (*WAYBRIDGE, "--version"),
        (*WAYBRIDGE, "check", "--help"),
        (*STUB, "--version"),
        (*STUB, "serve", "--help"),
        (*STUB, "serve", "--port", "0"),
    ],
    ids=lambda command: " ".join(command[3:5]),
)
def test_a_full_disk_is_one_paragraph(command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = run(command, stdout=full)

    assert ended.returncode == EXIT_CANNOT_WRITE
    assert ended.stderr.splitlines() == [
        "error: standard output: cannot be written: no space left on device."
    ]


@pytest.mark.parametrize("arguments", [("schema",), ("schema", "--markdown")])
def test_a_reader_that_has_gone_ends_it_in_silence(arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        (*WAYBRIDGE, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == EXIT_READER_GONE
    process.stderr.close()


def test_both_programs_tell_their_version_in_one_form() -> None:
    said = [
        run((*program, "--version"), stdout=subprocess.PIPE).stdout.split()
        for program in (WAYBRIDGE, STUB)
    ]

    assert [words[0] for words in said] == ["waybridge", "legacy-stub"]
    assert said[0][1:] == said[1][1:]
    assert len(said[0]) == 2
