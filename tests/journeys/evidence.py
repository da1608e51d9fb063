"""What a journey leaves behind to be judged: who said what, and when, on three sides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from adapter.cancellation.model import Call, Entry, Outcome
from adapter.cancellation.push_key import push_key
from adapter.edge.translate import NOT_PROCESSED, TEXTS, Locale
from legacy_stub.calls import ReceivedCall
from tests.journeys.program import Press

UNKNOWN_OR_UNDONE = -1
NOES = (30001, 30002, 30003)
LOCALE = Locale.ZH  # the adapter's default


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One POST of a push, as WeChat saw it. `code` is None when no reply came, or none that
    could be read; `text` is the reply's ResultMsg; `wrong` says what WeChat would not have
    taken; `replica` is the one that was asked. Times are Unix seconds."""

    press: Press
    sent_at: float
    ended_at: float
    status: int | None = None
    code: int | None = None
    text: str = ""
    wrong: tuple[str, ...] = ()
    connected: bool = True
    replica: int = 0

    @property
    def lost(self) -> bool:
        """Whether an answer may have been on its way that nobody heard."""
        return self.connected and self.status is None

    @property
    def definite(self) -> bool:
        return self.code is not None and self.code != UNKNOWN_OR_UNDONE

    @property
    def says_not_processed(self) -> bool:
        """Whether it claims that nothing was asked of the carrier."""
        return self.code == UNKNOWN_OR_UNDONE and self.text == NOT_PROCESSED[LOCALE]

    @property
    def says_no(self) -> bool:
        """Whether it claims that this push has cancelled nothing and will not."""
        failed = self.code == UNKNOWN_OR_UNDONE and self.text == TEXTS[LOCALE][Outcome.FAILED]
        return failed or self.code in NOES


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the ledger holds at the end."""

    identity_key: bytes
    entries: tuple[Entry, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """Something that was done to a process, from `at` until `until`. Unix seconds. It befell
    one replica, or without `replica` all of them."""

    at: float
    until: float
    what: str
    replica: int | None = None

    def befell(self, replica: int) -> bool:
        return self.replica in (None, replica)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All sides of one journey. Without `books` the adapter kept none. `repeats` is how often
    a push may be asked again; with `brake` the adapter may refuse what it has not sent."""

    seed: int
    deliveries: tuple[Delivery, ...]
    asked: tuple[ReceivedCall, ...]
    mishaps: tuple[Mishap, ...] = ()
    books: Books | None = None
    in_doubt_shown: tuple[int, ...] = ()
    questioned: frozenset[Press] = frozenset()
    repeats: int = 2
    brake: bool = False
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
