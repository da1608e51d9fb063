"""`waybridge dev` from a folder whose files bear the names of ours and of what we import."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.journeys.processes import Listened

WAYBRIDGE = Path(sysconfig.get_path("scripts")) / "waybridge"
POISON = "raise SystemExit('a file of the working folder was imported')\n"
WITHOUT_PATH = {"PYTHONPATH": ""}  # as a user has it: only what is installed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ("adapter.py", "legacy_stub.py", "grpc.py", "runpy.py", "adapter/__init__.py",
             "grpc_tools/__init__.py", "grpc_tools/protoc.py")  # fmt: skip
    for name in names:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(POISON)
    return tmp_path


def test_it_starts_and_stops(folder: Path) -> None:
    command = (
        str(WAYBRIDGE),
        "dev",
        "--json",
        "--port",
        "0",
        "--ops-port",
        "0",
        "--stub-port",
        "0",
    )
    listened = Listened(*command, env=WITHOUT_PATH, cwd=folder)
    try:
        addresses = json.loads(listened.heard(r"^\{\"push_url\".*")[0])
        code = listened.stop()
    finally:
        listened.close()

    assert addresses["stub"].startswith("127.0.0.1:")
    assert (code, listened.stderr) == (0, "")


def test_every_reply_of_once_is_right(folder: Path) -> None:
    listened = Listened(str(WAYBRIDGE), "dev", "--once", "--json", env=WITHOUT_PATH, cwd=folder)
    try:
        code = listened.ended()
    finally:
        listened.close()

    assert (code, listened.stderr) == (0, "")
    assert all(reply["ok"] for reply in json.loads(listened.stdout))


def test_a_contract_compiles(folder: Path) -> None:
    (folder / "a.proto").write_text('syntax = "proto3"; package a; message A {}\n')

    run = subprocess.run(
        [WAYBRIDGE, "contract", "compile", "a.proto", "-o", "a.binpb"],
        cwd=folder,
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr
