"""A carrier in Node, with its official reflection, in front of a real `serve`."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapter.simulator.delivery import Sender
from tests.journeys.one_push import check, push, with_carrier
from tests.journeys.processes import Listened, configuration, running, serving

FOLDER = Path(__file__).parent / "node_carrier"
PROTO = Path(__file__).parents[2] / "proto" / "carrier" / "v1" / "waybill_service.proto"
NODE = shutil.which("node")
TOKEN = "canary-t0ken"

pytestmark = [
    pytest.mark.usefixtures("may_wait"),
    pytest.mark.skipif(NODE is None, reason="there is no node: apt-get install nodejs"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules").is_dir(),
        reason="the carrier in Node is not installed: npm ci in tests/journeys/node_carrier",
    ),
]


@contextmanager
def node_carrier(*, token: str = "") -> Iterator[str]:
    assert NODE is not None
    environ = {"PROTO": str(PROTO), "TOKEN": token, "HOME": os.environ.get("HOME", "/")}
    listened = Listened(NODE, "carrier.js", env=environ, cwd=FOLDER)
    try:
        yield listened.heard(r"listening on (\S+)")[1]
    finally:
        listened.close()


@pytest.mark.parametrize("token", ["", TOKEN])
async def test_a_carrier_in_node_passes_check_and_cancels(tmp_path: Path, token: str) -> None:
    with node_carrier(token=token) as target:
        config = configuration(tmp_path, target)
        if token:
            (tmp_path / "token").write_text(token)
            with_carrier(config, 'token_file = "token"')
        code, said = await asyncio.to_thread(check, config)
        with serving(config) as (serve, edge, _):
            async with Sender(edge) as sender:
                told = await push(sender)

    assert (code, told) == (0, 0), said
    assert "the server has no health service" in said
    assert token or "reflection" not in said, said
    assert TOKEN not in said + serve.stdout + serve.stderr


async def test_a_carrier_in_node_that_refuses_the_token_is_told_by_check(tmp_path: Path) -> None:
    with node_carrier(token="another") as target:
        (tmp_path / "token").write_text(TOKEN)
        config = with_carrier(configuration(tmp_path, target), 'token_file = "token"')
        code, said = await asyncio.to_thread(check, config)

    assert code == 1
    assert "refuses the token: UNAUTHENTICATED" in said
    assert TOKEN not in said


def test_its_contract_is_fetched_by_its_official_reflection(tmp_path: Path) -> None:
    with node_carrier() as target:
        file = str(tmp_path / "fetched.binpb")
        arguments = ("contract", "fetch", target, "-o", file)
        with running("adapter", *arguments, cwd=tmp_path) as fetching:
            assert fetching.ended() == 0, fetching.stderr
        with running("adapter", "contract", "show", file, cwd=tmp_path) as shown:
            assert shown.ended() == 0

    assert "carrier.v1.WaybillService/CancelWaybill" in shown.stdout
