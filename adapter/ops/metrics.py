"""What is counted, for Prometheus: one registry of our own, every child kept ready.

Each metric is described in docs/metrics.md; a test compares.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector

from adapter.cancellation.model import Basis, Entry, Outcome, Unsent
from adapter.diagnostics.logger import Logger
from adapter.wechat import events
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode

OTHER = "other"
# Numbers that others keep, by name; the wiring says where each is read.
GAUGES = {
    "in_flight": "Pushes being decided.",
    "in_doubt": "Pushes in doubt.",
    "ledger_up": "1: decisions can be recorded.",
    "ledger_wal_bytes": "Size of an SQLite ledger's log.",
    "ledger_disk_free_bytes": "Free on an SQLite ledger's file system.",
    "carrier_up": "1: the carrier is connected and answers.",
    "carrier_braked": "1: the carrier is too slow, and asked only once a second.",
    "retry_tokens": "Budget left for asking again; at 5 or less nobody does.",
    "edge_connections": "Open connections at the edge.",
    "forward_circuit_open": "1: the handler of other events is being spared.",
    "log_lines_dropped": "Log lines that could not be written in time.",
}
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
)
RELIEFS = frozenset({"commit_kept"})  # of these: the end of another's trouble
STATUSES_AT_MOST = 64  # a carrier's enum names, and gRPC's codes; more are counted as `other`
REPLY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0)
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
            "pushes", "Authentic pushes answered.", "event", "mode", "format", "result"
        )
        self._reply_seconds = histogram(
            "reply_seconds", "Seconds from a push's arrival to its reply.", buckets=REPLY_BUCKETS
        )
        self._refused = counter("refused", "Requests turned away.", "reason")
        self._unhandled = counter(
            "events_without_handler", "Events that want a ResultCode and got `success`.", "event"
        )
        self._faults = counter("faults", "Faults of our own code while answering.")
        self._rotation = counter(
            "previous_secret_uses", "Pushes that needed the previous secret.", "secret"
        )
        self._calls = counter("carrier_calls", "Calls to the carrier, by how they ended.", "code")
        self._call_seconds = histogram(
            "carrier_call_seconds", "Seconds that calls to the carrier took.", buckets=CALL_BUCKETS
        )
        self._unsent = counter("unsent", "Pushes answered without asking the carrier.", "reason")
        self._settled = counter("settled", "Pushes decided.", "outcome", "basis")
        self._doubts = counter("doubts", "Pushes left in doubt, each time it happened.")
        self._late = counter("told_failure_is_cancelled", "Waybills cancelled, and told failure.")
        self._alerts = counter("alerts", "Things an operator should see.", "name")
        self._previous_token = self._rotation.labels("token")
        self._previous_key = self._rotation.labels("aes_key")
        self._unsent_children = {reason: self._unsent.labels(reason.value) for reason in Unsent}
        self._push_children: dict[tuple[str, Mode, Format, str], Counter] = {}
        self._call_children: dict[str, Counter] = {}
        self._settled_children: dict[tuple[Outcome | None, Basis | None], Counter] = {}
        self._refused_children: dict[str, Counter] = {}
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Make children from the start, so that they read as 0 and not as absent."""
        for name in ALERTS:
            self._alerts.labels(name)
        for event in events.WANT_RESULT_CODE:
            self._unhandled.labels(event)

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
        self, *, event: str, mode: Mode, layout: Format, result: str, seconds: float
    ) -> None:
        """An authentic push was answered; `result` is its ResultCode or a word."""
        key = (event, mode, layout, result)
        child = self._push_children.get(key)
        if child is None:
            lower = event.lower()
            known = lower if lower in events.KNOWN else OTHER
            child = self._pushes.labels(known, mode.value, layout.value, result)
            if event == known:  # an invented spelling is not kept either
                self._push_children[key] = child
        child.inc()
        self._reply_seconds.observe(seconds)

    def refused(self, reason: str) -> None:
        """A request was turned away, with a stable word for why."""
        child = self._refused_children.get(reason)
        if child is None:
            child = self._refused_children[reason] = self._refused.labels(reason)
        child.inc()

    def unhandled(self, event: str) -> None:
        """An event of `events.WANT_RESULT_CODE` came, and no handler is configured."""
        self._unhandled.labels(event.lower()).inc()

    def rotated(self, *, token: bool, key: bool) -> None:
        """The previous token, or the previous AES key, was still needed."""
        if token:
            self._previous_token.inc()
        if key:
            self._previous_key.inc()

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


def _registry() -> CollectorRegistry:
    """Return a registry of our own, with the usual numbers of a process in it."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
