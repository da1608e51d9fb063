"""What a journey leaves behind to be judged: who said what, and when, on three sides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from adapter.cancellation.model import Call, Entry
from adapter.cancellation.push_key import push_key
from legacy_stub.calls import ReceivedCall
from tests.journeys.program import Press

UNKNOWN_OR_UNDONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One POST of a push, as WeChat saw it. `code` is None when no reply came, or none that
    could be read; `wrong` says what WeChat would not have taken. Times are Unix seconds."""

    press: Press
    sent_at: float
    ended_at: float
    status: int | None = None
    code: int | None = None
    wrong: tuple[str, ...] = ()
    connected: bool = True

    @property
    def lost(self) -> bool:
        """Whether an answer may have been on its way that nobody heard."""
        return self.connected and self.status is None

    @property
    def definite(self) -> bool:
        return self.code is not None and self.code != UNKNOWN_OR_UNDONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the ledger holds at the end."""

    identity_key: bytes
    entries: tuple[Entry, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """Something that was done to a process, from `at` until `until`. Unix seconds."""

    at: float
    until: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All sides of one journey. Without `books` the adapter kept none."""

    seed: int
    deliveries: tuple[Delivery, ...]
    asked: tuple[ReceivedCall, ...]
    mishaps: tuple[Mishap, ...] = ()
    books: Books | None = None
    in_doubt_shown: tuple[int, ...] = ()
    questioned: frozenset[Press] = frozenset()
    by_press: dict[Press, list[Delivery]] = field(init=False)
    by_waybill: dict[str, list[Press]] = field(init=False)

    def __post_init__(self) -> None:
        by_press: dict[Press, list[Delivery]] = defaultdict(list)
        for delivery in sorted(self.deliveries, key=lambda delivery: delivery.sent_at):
            by_press[delivery.press].append(delivery)
        by_waybill: dict[str, list[Press]] = defaultdict(list)
        for press in by_press:
            by_waybill[press.waybill].append(press)
        object.__setattr__(self, "by_press", dict(by_press))
        object.__setattr__(self, "by_waybill", dict(by_waybill))

    def key(self, press: Press, *, identity_key: bytes) -> str:
        """The push key, as the adapter computes it."""
        return push_key(press.cancellation, identity_key=identity_key)
