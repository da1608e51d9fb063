"""How a renewal ends, whatever it is in the middle of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import grpc.aio
import pytest

from adapter.carrier.channel import credentials
from adapter.carrier.channel.rotation import ChannelRotation
from tests import defaults
from tests.carrier.certificates import Authority
from tests.carrier.misbehaving_carriers import METHOD, hang, playing, until
from tests.carrier.rotations import ask, renewing, serving, trusting


async def test_without_a_start_nothing_is_looked_after_and_it_can_still_be_closed() -> None:
    async with playing() as carrier:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{carrier.port}")
        read = await asyncio.to_thread(credentials.read, options)
        renewal = ChannelRotation(options, read, methods=(METHOD,))

        assert await ask(renewal) == b"abc"
        await renewal.close(within_seconds=0)

        assert renewal.built == 1


async def test_closing_cuts_the_calls_of_a_link_that_retires(tmp_path: Path) -> None:
    authority = Authority()
    server = serving(authority.issue(), authority)
    async with playing(hang, credentials=server) as carrier:
        options = trusting(tmp_path, authority, carrier.port, authority.issue("client"))
        async with renewing(options) as renewal:
            old = renewal.link
            call = asyncio.create_task(ask(renewal))
            await carrier.called.wait()
            authority.issue("client").save(tmp_path, "client")
            await until(lambda: renewal.link is not old)
            assert renewal.draining == 1

        with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
            await call
        assert renewal.draining == 0


async def test_closing_while_a_new_link_proves_itself_leaves_no_link_open(tmp_path: Path) -> None:
    authority = Authority()
    async with playing(credentials=serving(authority.issue())) as carrier:
        options = trusting(tmp_path, authority, carrier.port, None)
        async with renewing(options, prove_seconds=60) as renewal:
            assert await renewal.link.ready(within_seconds=5)
            (tmp_path / "ca.pem").write_bytes(Authority("stranger").cert)

            await until(lambda: renewal.built == 2)  # and it never connects

            assert await ask(renewal) == b"abc"
