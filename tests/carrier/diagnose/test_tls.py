from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.carrier.channel.arguments import open_channel
from adapter.carrier.channel.credentials import read
from adapter.carrier.channel.options import TlsFiles
from adapter.carrier.diagnose.tls import GRPC_ROOTS, Endpoint, knock
from adapter.diagnostics.finding import Severity
from tests import defaults
from tests.carrier.broken_tls import BROKEN, CLIENT, GOOD, OURS, Broken, Server, grpc_server
from tests.carrier.certificates import Pair


def files(folder: Path, client: Pair | None) -> TlsFiles:
    ca = folder / "ca.pem"
    ca.write_bytes(OURS.cert)
    cert, key = client.save(folder, "client") if client else (None, None)
    return replace(defaults.TLS, ca=ca, cert=cert, key=key)


def at(port: int) -> Endpoint:
    return Endpoint(host="localhost", port=port, address="127.0.0.1")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
async def test_a_broken_set_up_is_named(broken: Broken, tmp_path: Path) -> None:
    tls = None if broken.in_the_clear else files(tmp_path, broken.client)
    within_seconds = 0.5 if broken.name == "silent" else 5
    async with broken.server() as port:
        (finding,) = await knock(at(port), tls=tls, within_seconds=within_seconds)

    assert finding.severity is Severity.ERROR
    assert finding.message == f"localhost:{port} (127.0.0.1): {broken.says}."
    assert finding.hint == broken.hint


RIGHT = [
    ("TLS", grpc_server(GOOD), None, False),
    ("mutual TLS", grpc_server(GOOD, OURS), CLIENT, False),
    ("in the clear", grpc_server(None), None, True),
]


@pytest.mark.parametrize(
    ("server", "client", "clear"), [row[1:] for row in RIGHT], ids=[row[0] for row in RIGHT]
)
async def test_a_right_set_up_has_no_finding(
    server: Server, client: Pair | None, *, clear: bool, tmp_path: Path
) -> None:
    tls = None if clear else files(tmp_path, client)

    async with server() as port:
        assert await knock(at(port), tls=tls, within_seconds=5) == ()


async def test_a_certificate_may_prove_another_name_than_the_address(tmp_path: Path) -> None:
    server = grpc_server(OURS.issue(names=("dispatch.internal",)))
    tls = replace(files(tmp_path, None), server_name="dispatch.internal")
    async with server() as port:
        endpoint = replace(at(port), server_name="dispatch.internal")
        options = replace(defaults.CARRIER, target=f"localhost:{port}", tls=tls)
        channel = open_channel(options, await asyncio.to_thread(read, options))

        findings = await knock(endpoint, tls=tls, within_seconds=5)
        await asyncio.wait_for(channel.channel_ready(), timeout=5)

        assert findings == ()
        await channel.close()


def test_the_authorities_that_grpc_ships_can_be_read() -> None:
    context = ssl.create_default_context(cafile=GRPC_ROOTS)

    assert len(context.get_ca_certs()) > 50
