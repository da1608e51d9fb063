"""Small decisions that every ledger is tried with, and the entries they write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from adapter.cancellation.model import Call, Entry, Outcome, State, Waybill, only
from adapter.cancellation.ports import Ledger, Rule, WaybillView, Write
from adapter.ledger.resolution import Resolution

T = TypeVar("T")
WAYBILL = Waybill(biz_id="xyz", waybill_id="123456789")


class Session(Ledger, Protocol):
    """A ledger as it is opened: the port, its owner name, and the operator's door."""

    @property
    def me(self) -> str: ...

    @property
    def fault(self) -> str | None: ...

    async def settle(
        self,
        waybill: Waybill,
        rule: Rule[T],
        *,
        resolution: Resolution,
        within_seconds: float,
    ) -> T: ...


def waybill_of(number: int) -> Waybill:
    return Waybill(biz_id="xyz", waybill_id=f"SF{number:09d}")


def key_of(number: int) -> str:
    return f"{number:032x}"


def calling(waybill: Waybill, key: str, view: WaybillView) -> Entry:
    """A push as it stands when its first call is about to be made."""
    return Entry(
        key=key,
        account="gh_0123456789ab",
        open_id="oABCD-0123456789abcdefghijkl",
        pushed_at=1_700_000_000,
        biz_id=waybill.biz_id,
        order_id="012345678901234567890123456789",
        waybill_id=waybill.waybill_id,
        shop_app_id="wx0123456789abcdef",
        state=State.CALLING,
        received_at=view.now,
        calls=1,
        owner=view.me,
        called_at=view.now,
    )


def begin(waybill: Waybill, key: str) -> Rule[str]:
    """Commit A: claim an unseen push; say `won` or the state it was found in."""

    def decide(view: WaybillView) -> Write[str]:
        found = only(view.entries, key)
        if found is not None:
            return Write(result=found.state.value)
        entry = calling(waybill, key, view)
        call = Call(key=key, epoch=1, sent_at=view.now)
        return Write(result="won", entries=(entry,), calls=(call,))

    return decide


def finish(key: str, outcome: Outcome = Outcome.CANCELLED) -> Rule[Outcome | None]:
    """Commit B: write the outcome once; the first one stands."""

    def decide(view: WaybillView) -> Write[Outcome | None]:
        entry = only(view.entries, key)
        if entry is None or entry.outcome is not None:
            return Write(result=None if entry is None else entry.outcome)
        done = replace(entry, state=State.DONE, outcome=outcome, told=outcome, settled_at=view.now)
        call = Call(
            key=key,
            epoch=entry.calls,
            sent_at=entry.called_at,
            ended_at=view.now,
            status=outcome.name,
            outcome=outcome,
        )
        return Write(result=outcome, entries=(done,), calls=(call,))

    return decide


def doubt(key: str) -> Rule[None]:
    return amend(key, lambda entry: replace(entry, state=State.IN_DOUBT, told=Outcome.FAILED))


def deliver(key: str) -> Rule[None]:
    """Count one delivery: an increment that shows every lost or doubled write."""
    return amend(key, lambda entry: replace(entry, deliveries=entry.deliveries + 1))


def amend(key: str, amendment: Callable[[Entry], Entry]) -> Rule[None]:
    def decide(view: WaybillView) -> Write[None]:
        entry = only(view.entries, key)
        return Write(result=None, entries=() if entry is None else (amendment(entry),))

    return decide


def poison(message: str, calls: int) -> Rule[None]:
    """Write a push with values that a database may not be able to store."""

    def decide(view: WaybillView) -> Write[None]:
        entry = replace(calling(WAYBILL, key_of(9), view), message=message, calls=calls)
        return Write(result=None, entries=(entry,))

    return decide


def read(view: WaybillView) -> Write[WaybillView]:
    """Hand back the view itself."""
    return Write(result=view)


class Wrong(Exception):
    """What a faulty decision raises."""


def fail(view: WaybillView) -> Write[None]:
    raise Wrong(view.me)
