"""A carrier as it stands on a quiet day; tests replace what they are about."""

from adapter.carrier.channel.state import Breaker, CarrierState

STATE = CarrierState(
    target="ipv4:10.0.0.1:50051,10.0.0.2:50051",
    addresses=("10.0.0.1:50051", "10.0.0.2:50051"),
    tls=True,
    connectivity="READY",
    breaker=Breaker.CLOSED,
    in_flight=3,
    max_concurrent_calls=1024,
    refused=2,
    last_ok_at=1_600_000_100.0,
    last_failure_at=1_600_000_000.0,
    last_failure="UNAVAILABLE",
    channels_built=4,
    channels_draining=1,
    fault="",
    trouble="",
)
