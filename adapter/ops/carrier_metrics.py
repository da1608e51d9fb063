"""The carrier's state for operators: what `/readyz` reports, and Prometheus' numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapter.carrier.channel.channelz import AddressState
from adapter.carrier.channel.state import Breaker, CarrierState
from adapter.ops.health import Condition

IS_UP = {Breaker.CLOSED: True, Breaker.HALF_OPEN: None, Breaker.OPEN: False}

Reads = Callable[[CarrierState], float]
# Name, meaning, where it stands in one look at the carrier.
GAUGES: tuple[tuple[str, str, Reads], ...] = (
    ("calls_in_flight", "Calls that run now.", lambda now: now.in_flight),
    ("calls_limit", "Calls that may run at once.", lambda now: now.max_concurrent_calls),
    (
        "channels_draining",
        "Replaced channels with calls running.",
        lambda now: now.channels_draining,
    ),
    ("renewal_faulty", "1: new files or addresses cannot be used.", lambda now: bool(now.fault)),
    ("last_ok_timestamp_seconds", "Unix time of the last answer.", lambda now: now.last_ok_at),
    (
        "last_failure_timestamp_seconds",
        "Unix time of the last call that failed.",
        lambda now: now.last_failure_at,
    ),
)
COUNTERS: tuple[tuple[str, str, Reads], ...] = (
    ("calls_refused", "Calls refused at the limit.", lambda now: now.refused),
    ("channels_built", "Channels built since the start.", lambda now: now.channels_built),
)


def condition(now: CarrierState, *, reason: str | None = "") -> Condition:
    """Return what `/readyz` reports. The last failure is shown until an answer came after it.

    `reason` says why there is no connection, in the words of `check`; empty: it is not known,
    None: it is being looked for.
    """
    has_failed_last = now.last_failure_at > now.last_ok_at
    is_connected = IS_UP[now.breaker]
    stands = now.trouble if is_connected else reason
    words = (
        stands or now.connectivity.lower(),
        now.last_failure if has_failed_last and not now.trouble else "",
        now.fault,
    )
    return Condition(
        is_up=False if stands else is_connected,
        is_explained=bool(is_connected) or reason is not None,
        detail=", ".join(word for word in words if word),
        facts=(
            ("breaker", now.breaker.value),
            ("calls_in_flight", now.in_flight),
            ("calls_limit", now.max_concurrent_calls),
            ("calls_refused", now.refused),
            ("last_ok_at", now.last_ok_at or None),
            ("last_failure_at", now.last_failure_at or None),
            ("last_failure", now.last_failure),
            ("channels_built", now.channels_built),
            ("channels_draining", now.channels_draining),
            ("fault", now.fault),
        ),
    )


class CarrierMetrics(Collector):
    """Reads the carrier once a scrape, in the scrape's own thread: a push pays nothing."""

    def __init__(
        self,
        *,
        state: Callable[[], CarrierState],
        addresses: Callable[[], Sequence[AddressState]],
    ) -> None:
        self._state = state
        self._addresses = addresses

    def collect(self) -> Iterable[Metric]:
        """Return every number of the carrier's, as prometheus_client asks for them."""
        now = self._state()
        for name, meaning, read in GAUGES:
            yield GaugeMetricFamily(f"waybridge_carrier_{name}", meaning, value=read(now))
        for name, meaning, read in COUNTERS:
            yield CounterMetricFamily(f"waybridge_carrier_{name}", meaning, value=read(now))
        breaker = GaugeMetricFamily(
            "waybridge_carrier_breaker", "1 at the state that holds.", labels=("state",)
        )
        for state in Breaker:
            breaker.add_metric((state.value,), state is now.breaker)
        yield breaker
        yield from _of_addresses(self._addresses())


def _of_addresses(addresses: Sequence[AddressState]) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "waybridge_carrier_address_up", "1: a connection stands.", labels=("address",)
    )
    left_out = GaugeMetricFamily(
        "waybridge_carrier_address_left_out",
        "1: connected, and given no calls while others are.",
        labels=("address",),
    )
    calls = CounterMetricFamily(
        "waybridge_carrier_address_calls", "Calls by address.", labels=("address", "ended")
    )
    for one in addresses:
        up.add_metric((one.address,), one.is_connected)
        left_out.add_metric((one.address,), one.is_left_out)
        calls.add_metric((one.address, "ok"), one.ok)
        calls.add_metric((one.address, "failed"), one.failed)
    yield from (up, left_out, calls)
