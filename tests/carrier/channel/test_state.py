from __future__ import annotations

import grpc

from adapter.carrier.channel.state import BREAKERS, Breaker


def test_every_connectivity_has_its_breaker() -> None:
    assert set(BREAKERS) == set(grpc.ChannelConnectivity)


def test_only_a_ready_channel_closes_the_breaker() -> None:
    closed = {state for state, breaker in BREAKERS.items() if breaker is Breaker.CLOSED}

    assert closed == {grpc.ChannelConnectivity.READY}
