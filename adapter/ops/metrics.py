"""What is counted, for Prometheus: one registry of our own, every child kept ready.

Each metric is described in docs/metrics.md; a test compares.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from adapter.cancellation.model import Basis, Entry, Outcome, Unsent
from adapter.diagnostics.logger import Logger
from adapter.wechat import events
from adapter.wechat.cancel_waybill import EVENT
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode

OTHER = "other"
# Numbers that others keep, by name; the wiring says where each is read.
GAUGES = {
    "in_flight": "Pushes being decided.",
    "in_doubt": "Pushes in doubt.",
    "ledger_up": "1: decisions can be recorded.",
    "ledger_rewound": "1: the ledger went back in time, and nobody has accepted it.",
    "ledger_wal_bytes": "Size of an SQLite ledger's log.",
    "ledger_disk_free_bytes": "Free on an SQLite ledger's file system.",
    "carrier_up": "1: the carrier is connected and answers.",
    "carrier_braked": "1: the carrier is too slow, and asked only once a second.",
    "retry_tokens": "Budget left for asking again; at 5 or less nobody does.",
    "edge_connections": "Open connections at the edge.",
    "forward_circuit_open": "1: the handler of other events is being spared.",
    "paused": "1: an operator's pause; the carrier is not asked.",
    "draining": "1: on the way to the end.",
}
# Counts that others keep.
COUNTERS = {"log_lines_dropped": "Log lines that could not be written in time."}
# What an operator should see, by name; a test compares with the code that says them.
ALERTS = (
    "contradiction",
    "unknown_status",
    "unreadable_reply",
    "told_failure_is_cancelled",
    "commit_lost",
    "commit_kept",
    "defect",
    "doubt_for_operator",
    "carrier_lost",
    "ledger_lost",
    "ledger_rewound",
)
SECRETS = ("token", "aes_key")
RESULTS = ("0", "-1", "30001", "30002", "30003", "30004")
RELIEFS = frozenset({"commit_kept"})  # of these: the end of another's trouble
STATUSES_AT_MOST = 64  # a carrier's enum names, and gRPC's codes; more are counted as `other`
REPLY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0)
COMMIT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 2.0)
CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 12.0)


class Metrics:
    """The desk's `DecisionMetrics` and the edge's `EdgeMetrics`. Never raises, never waits."""

    def __init__(self, *, log: Logger | None = None) -> None:
        self._log = log
        registry = self.registry = _registry()

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(name, meaning, labels, namespace="waybridge", registry=registry)

        histogram = partial(Histogram, namespace="waybridge", registry=registry)
        self._pushes = counter(
            "pushes", "Authentic pushes answered.", "program", "event", "mode", "format", "result"
        )
        self._reply_seconds = histogram(
            "reply_seconds", "Seconds from a push's arrival to its reply.", buckets=REPLY_BUCKETS
        )
        self._refused = counter("refused", "Requests turned away.", "program", "reason")
        self._unhandled = counter(
            "events_without_handler", "Events that want a ResultCode and got `success`.", "event"
        )
        self._faults = counter("faults", "Faults of our own code while answering.")
        self._rotation = counter(
            "previous_secret_uses", "Pushes that needed the previous secret.", "program", "secret"
        )
        self._calls = counter("carrier_calls", "Calls to the carrier, by how they ended.", "code")
        self._call_seconds = histogram(
            "carrier_call_seconds", "Seconds that calls to the carrier took.", buckets=CALL_BUCKETS
        )
        self._commit_seconds = histogram(
            "ledger_commit_seconds", "Seconds that a transaction took.", buckets=COMMIT_BUCKETS
        )
        self._unsent = counter("unsent", "Pushes answered without asking the carrier.", "reason")
        self._settled = counter("settled", "Pushes decided.", "outcome", "basis")
        self._doubts = counter("doubts", "Pushes left in doubt, each time it happened.")
        self._late = counter("told_failure_is_cancelled", "Waybills cancelled, and told failure.")
        self._alerts = counter("alerts", "Things an operator should see.", "name")
        self._push_age = _push_age(registry)
        self._push_children: dict[tuple[str, str, Mode, Format, str], Counter] = {}
        self._call_children: dict[str, Counter] = {}
        self._settled_children: dict[tuple[Outcome | None, Basis | None], Counter] = {}
        self._refused_children: dict[tuple[str, str], Counter] = {}
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Make children from the start, so that they read as 0 and not as absent."""
        for name in ALERTS:
            self._alerts.labels(name)
        for event in events.WANT_RESULT_CODE:
            self._unhandled.labels(event)
        for outcome, basis in product(Outcome, Basis):
            self._settled.labels(outcome.value, basis.value)
        self._unsent_children = {reason: self._unsent.labels(reason.value) for reason in Unsent}

    def expect(
        self, *, programs: Mapping[str, Mode], refusals: Iterable[str], statuses: Iterable[str]
    ) -> None:
        """Make the series of the Mini Programs, of all reasons to refuse and of the carrier's
        statuses, so that the first of a kind is an increase."""
        refusals = tuple(refusals)
        for reason in refusals:
            self._refused.labels("", reason)
        for program, mode in programs.items():
            for reason in refusals:
                self._refused.labels(program, reason)
            for secret in SECRETS:
                self._rotation.labels(program, secret)
            for layout, result in product(Format, RESULTS):
                self._pushes.labels(program, EVENT, mode.value, layout.value, result)
        for status in tuple(statuses)[:STATUSES_AT_MOST]:
            self._call_children[status] = self._calls.labels(status)

    def build(self, *, version: str) -> None:
        """Show which build this is."""
        meaning = "1, with what runs here as labels."
        labels = ("version", "python")
        info = Gauge("build_info", meaning, labels, namespace="waybridge", registry=self.registry)
        info.labels(version, platform.python_version()).set(1)

    def counter(self, name: str, read: Callable[[], float]) -> None:
        """Show a count of `COUNTERS` that somebody else keeps; asked as `gauge` is."""
        self.registry.register(_KeptCount(name, read))

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Show a number of `GAUGES` that somebody else keeps. `read` is asked at each scrape,
        in another thread than the loop's."""
        gauge = Gauge(name, GAUGES[name], namespace="waybridge", registry=self.registry)
        gauge.set_function(read)

    def show(self, collector: Collector) -> None:
        """Show what somebody else keeps under names of its own; asked as `gauge` is."""
        self.registry.register(collector)

    def page(self) -> bytes:
        """Return all of it in Prometheus' text format, version 0.0.4."""
        return generate_latest(self.registry)

    # What the edge counts.

    def pushed(
        self, *, program: str, event: str, mode: Mode, layout: Format, result: str, seconds: float
    ) -> None:
        """An authentic push was answered; `result` is its ResultCode or a word."""
        key = (program, event, mode, layout, result)
        child = self._push_children.get(key)
        if child is None:
            lower = event.lower()
            known = lower if lower in events.KNOWN else OTHER
            child = self._pushes.labels(program, known, mode.value, layout.value, result)
            if event == known:  # an invented spelling is not kept either
                self._push_children[key] = child
        child.inc()
        self._reply_seconds.observe(seconds)

    def refused(self, reason: str, *, program: str) -> None:
        """A request was turned away, with a stable word for why."""
        key = (program, reason)
        child = self._refused_children.get(key)
        if child is None:
            child = self._refused_children[key] = self._refused.labels(program, reason)
        child.inc()

    def aged(self, seconds: float, *, program: str) -> None:
        """WeChat signed a push so long ago, by our clock."""
        self._push_age.labels(program).set(seconds)

    def unhandled(self, event: str) -> None:
        """An event of `events.WANT_RESULT_CODE` came, and no handler is configured."""
        self._unhandled.labels(event.lower()).inc()

    def rotated(self, *, program: str, token: bool, key: bool) -> None:
        """The previous token, or the previous AES key, was still needed."""
        for secret, is_used in zip(SECRETS, (token, key), strict=True):
            if is_used:
                self._rotation.labels(program, secret).inc()

    def faulted(self) -> None:
        """Our own code failed while answering."""
        self._faults.inc()

    # The desk's watch.

    def called(self, status: str, *, seconds: float) -> None:
        """One call to the carrier ended, with its enum name or its gRPC code."""
        child = self._call_children.get(status)
        if child is None:
            # An enum number the contract does not know is the carrier's to invent.
            known = status if len(self._call_children) < STATUSES_AT_MOST else OTHER
            child = self._calls.labels(known)
            if known is status:
                self._call_children[status] = child
        child.inc()
        self._call_seconds.observe(seconds)

    def committed(self, seconds: float) -> None:
        """A transaction of the ledger took so long, whether it succeeded or not."""
        self._commit_seconds.observe(seconds)

    def unsent(self, reason: Unsent) -> None:
        """A push was answered without asking the carrier."""
        self._unsent_children[reason].inc()

    def settled(self, entry: Entry) -> None:
        """A push was decided."""
        key = (entry.outcome, entry.basis)
        child = self._settled_children.get(key)
        if child is None:
            child = self._settled_children[key] = self._settled.labels(
                entry.outcome.value if entry.outcome else "",
                entry.basis.value if entry.basis else "",
            )
        child.inc()

    def doubt(self, entry: Entry) -> None:
        """A push was left in doubt."""
        del entry
        self._doubts.inc()

    def alert(self, name: str, *, key: str, detail: str) -> None:
        """Something an operator should see; key and detail stand in the log alone."""
        if self._log is not None:
            say = self._log.info if name in RELIEFS else self._log.warning
            say("alert", alert_name=name, key=key, detail=detail)
        if name == "told_failure_is_cancelled":
            self._late.inc()
        self.alerted(name)

    def alerted(self, name: str) -> None:
        """An alert whose line somebody else writes."""
        self._alerts.labels(name).inc()


def _push_age(registry: CollectorRegistry) -> Gauge:
    meaning = "Our clock minus WeChat's timestamp, of the last push it signed."
    return Gauge(
        "push_age_seconds", meaning, ("program",), namespace="waybridge", registry=registry
    )


class _KeptCount(Collector):
    """A counter whose number somebody else keeps."""

    def __init__(self, name: str, read: Callable[[], float]) -> None:
        self._name = name
        self._read = read

    def collect(self) -> Iterable[Metric]:
        name = f"waybridge_{self._name}"
        yield CounterMetricFamily(name, COUNTERS[self._name], value=self._read())


def _registry() -> CollectorRegistry:
    """Return a registry of our own, with the usual numbers of a process in it."""
    # Without: a time series beside each counter, doubling their number, that nobody asks for.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
