"""The product's rules, or mutants of them, run on a world's rows; each application once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapter.cancellation.model import Entry, Fact, Outcome, State
from adapter.cancellation.ports import CarrierTraits, WaybillView, Write
from adapter.cancellation.rules_ask import Allowed, on_ask_again, on_delivery, on_owner_died
from adapter.cancellation.rules_settle import on_answer, on_fact, on_replied
from tests.cancellation.parcel import Bounds, Said
from tests.cancellation.world import FRESH, KEYS, Rows, Work, view_of, written


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The decisions under test, and the order in which the desk carries them out."""

    on_delivery: Callable[..., Write[Any]] = on_delivery
    on_ask_again: Callable[..., Write[Any]] = on_ask_again
    on_answer: Callable[..., Write[Any]] = on_answer
    on_fact: Callable[..., Write[Any]] = on_fact
    on_replied: Callable[..., Write[None]] = on_replied
    dead_by_clock: bool = False
    calls_before_commit: bool = False
    replies_before_commit: bool = False
    joins: bool = True
    edge_speaks: bool = False
    takes_told_back: bool = False
    looks_first: bool = True
    looks_before_writing: bool = False
    keeps_doubt: bool = True
    tells_from_memory: Callable[[Outcome], bool] = lambda outcome: outcome is Outcome.CANCELLED
    brake_reads_first: bool = True


class Change(NamedTuple):
    """The rows as a rule leaves them, and what it told."""

    rows: Rows
    result: Any


class Applied:
    """Rules are pure: the same rows and arguments give the same change."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self._rules = rules
        self._traits: CarrierTraits = bounds.traits
        self._repeats = bounds.repeats
        self._living = frozenset(map(str, range(bounds.replicas)))
        self._known: dict[Hashable, Change] = {}

    def delivery(
        self, rows: Rows, at: int, push: int, *, ask: bool, braked: bool, looked: bool
    ) -> Change:
        def run(view: WaybillView) -> Write[Any]:
            allowed = Allowed(ask=ask, repeats=self._repeats, braked=braked, looked=looked)
            return self._rules.on_delivery(
                view, fresh=FRESH[push], allowed=allowed, traits=self._traits
            )

        return self._applied(("delivery", rows, at, push, ask, braked, looked), rows, at, run)

    def ask_again(self, rows: Rows, at: int, work: Work) -> Change:
        def run(view: WaybillView) -> Write[Any]:
            answer = _said(work).answer
            asked = _asked(work, at)
            return self._rules.on_ask_again(view, asked=asked, answer=answer, repeats=self._repeats)

        key = ("again", rows, at, work.push, work.epoch, work.said)
        return self._applied(key, rows, at, run)

    def answer(
        self, rows: Rows, at: int, work: Work, *, awaited: bool, fact: Fact | None = None
    ) -> Change:
        def run(view: WaybillView) -> Write[Any]:
            return self._rules.on_answer(
                view,
                asked=_asked(work, at),
                answer=_said(work).answer,
                awaited=awaited,
                traits=self._traits,
                fact=fact,
            )

        key = ("answer", rows, at, work.push, work.epoch, work.said, awaited, fact)
        return self._applied(key, rows, at, run)

    def fact(self, rows: Rows, at: int, push: int, fact: Fact, seen: int) -> Change:
        def run(view: WaybillView) -> Write[Any]:
            found = FRESH[push]
            if seen:
                found = found.but(state=State.IN_DOUBT, calls=seen)
            return self._rules.on_fact(view, found=found, fact=fact, traits=self._traits)

        return self._applied(("fact", rows, at, push, fact, seen), rows, at, run)

    def replied(self, rows: Rows, at: int, push: int) -> Rows:
        def run(view: WaybillView) -> Write[Any]:
            return self._rules.on_replied(view, key=KEYS[push])

        return self._applied(("replied", rows, at, push), rows, at, run).rows

    def owner_died(self, rows: Rows, at: int, push: int) -> Rows:
        def run(view: WaybillView) -> Write[Any]:
            return on_owner_died(view, key=KEYS[push])

        return self._applied(("died", rows, at, push), rows, at, run).rows

    def _applied(
        self, key: Hashable, rows: Rows, at: int, run: Callable[[WaybillView], Write[Any]]
    ) -> Change:
        known = self._known.get(key)
        if known is None:
            me = str(at)
            living = frozenset({me}) if self._rules.dead_by_clock else self._living
            change = run(view_of(rows, me, living))
            known = self._known[key] = Change(written(rows, change), change.result)
        return known


def _said(work: Work) -> Said:
    assert work.said is not None
    return work.said


def _asked(work: Work, at: int) -> Entry:
    return FRESH[work.push].but(state=State.CALLING, calls=work.epoch, owner=str(at))
