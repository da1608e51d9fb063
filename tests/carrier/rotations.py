"""Renewals at work, and the carriers and files that they look after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import grpc

from adapter.carrier.channel import credentials
from adapter.carrier.channel.options import CarrierOptions
from adapter.carrier.channel.rotation import ChannelRotation
from tests import defaults
from tests.carrier.certificates import Authority, Pair
from tests.carrier.misbehaving_carriers import METHOD


def serving(pair: Pair, clients: Authority | None = None) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(pair.key, pair.cert)],
        root_certificates=clients.cert if clients else None,
        require_client_auth=clients is not None,
    )


@asynccontextmanager
async def renewing(
    options: CarrierOptions, *, prove_seconds: float = 5
) -> AsyncIterator[ChannelRotation]:
    read = await asyncio.to_thread(credentials.read, options)
    renewal = ChannelRotation(options, read, methods=(METHOD,), prove_seconds=prove_seconds)
    renewal.start()
    try:
        yield renewal
    finally:
        await renewal.close(within_seconds=0)


async def ask(renewal: ChannelRotation, *, within_seconds: float = 5) -> bytes:
    return await renewal.link.call(
        METHOD, b"abc", within_seconds=within_seconds, metadata=renewal.metadata
    )


def trusting(
    tmp_path: Path, authority: Authority, port: int, client: Pair | None
) -> CarrierOptions:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.cert)
    cert, key = client.save(tmp_path, "client") if client else (None, None)
    return replace(
        defaults.CARRIER,
        target=f"localhost:{port}",
        tls=replace(defaults.TLS, ca=ca, cert=cert, key=key),
        reload_seconds=0.05,
    )
