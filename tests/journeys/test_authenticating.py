"""An ordinary authenticating carrier: every method wants one bearer token, the health Watch too."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import grpc.aio
import httpx2
import pytest

from adapter.simulator.delivery import Sender
from tests.journeys.one_push import check, push, with_carrier
from tests.journeys.processes import configuration, serving
from tests.journeys.setup_carriers import SERVING, TOKEN, SetUpCarrier
from tests.journeys.setups import GOOD, OURS

pytestmark = pytest.mark.usefixtures("may_wait")


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("has_health", [False, True])
async def test_its_token_opens_the_watch_and_the_calls_and_is_sent_once(
    tmp_path: Path, *, tls: bool, has_health: bool
) -> None:
    carrier = SetUpCarrier(health=SERVING if has_health else None, wants_token="all")
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((carrier,))
    secured = grpc.ssl_server_credentials([(GOOD.key, GOOD.cert)])
    address = "127.0.0.1:0"
    port = server.add_secure_port(address, secured) if tls else server.add_insecure_port(address)
    await server.start()
    config = with_carrier(configuration(tmp_path, f"localhost:{port}"), 'token_file = "token"')
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "ca.pem").write_bytes(OURS.cert)
    if tls:
        config.write_text(config.read_text() + '[carrier.tls]\nca = "ca.pem"\n')

    code, said = await asyncio.to_thread(check, config)
    carrier.authorizations.clear()  # `check` asks for reflection without it
    with serving(config) as (serve, edge, ops):
        async with Sender(edge) as sender, httpx2.AsyncClient(trust_env=False) as client:
            told = [await push(sender) for _ in range(2)]
            pages = [(await client.get(f"{ops}{page}")).text for page in ("readyz", "metrics")]
    await server.stop(0)

    assert (code, told, carrier.calls) == (0, [0, 0], 2), said
    assert set(carrier.authorizations) == {(f"Bearer {TOKEN}",)}
    assert TOKEN not in said + serve.stdout + serve.stderr + "".join(pages)
