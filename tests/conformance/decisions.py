"""Small decisions that every ledger is tried with, and the entries they write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from adapter.cancellation.model import Call, Entry, Outcome, State, Waybill, only
from adapter.cancellation.ports import Change, Decision, Ledger, Story
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
        decision: Decision[T],
        *,
        resolution: Resolution,
        within_seconds: float,
    ) -> T: ...


def waybill_of(number: int) -> Waybill:
    return Waybill(biz_id="xyz", waybill_id=f"SF{number:09d}")


def key_of(number: int) -> str:
    return f"{number:032x}"


def calling(waybill: Waybill, key: str, story: Story) -> Entry:
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
        received_at=story.now,
        calls=1,
        owner=story.me,
        called_at=story.now,
    )


def begin(waybill: Waybill, key: str) -> Decision[str]:
    """Commit A: claim an unseen push; say `won` or the state it was found in."""

    def decide(story: Story) -> Change[str]:
        found = only(story.entries, key)
        if found is not None:
            return Change(result=found.state.value)
        entry = calling(waybill, key, story)
        call = Call(key=key, epoch=1, sent_at=story.now)
        return Change(result="won", entries=(entry,), calls=(call,))

    return decide


def finish(key: str, outcome: Outcome = Outcome.CANCELLED) -> Decision[Outcome | None]:
    """Commit B: write the outcome once; the first one stands."""

    def decide(story: Story) -> Change[Outcome | None]:
        entry = only(story.entries, key)
        if entry is None or entry.outcome is not None:
            return Change(result=None if entry is None else entry.outcome)
        done = replace(entry, state=State.DONE, outcome=outcome, told=outcome, settled_at=story.now)
        call = Call(
            key=key,
            epoch=entry.calls,
            sent_at=entry.called_at,
            ended_at=story.now,
            status=outcome.name,
            outcome=outcome,
        )
        return Change(result=outcome, entries=(done,), calls=(call,))

    return decide


def doubt(key: str) -> Decision[None]:
    return amend(key, lambda entry: replace(entry, state=State.IN_DOUBT, told=Outcome.FAILED))


def deliver(key: str) -> Decision[None]:
    """Count one delivery: an increment that shows every lost or doubled write."""
    return amend(key, lambda entry: replace(entry, deliveries=entry.deliveries + 1))


def amend(key: str, amendment: Callable[[Entry], Entry]) -> Decision[None]:
    def decide(story: Story) -> Change[None]:
        entry = only(story.entries, key)
        return Change(result=None, entries=() if entry is None else (amendment(entry),))

    return decide


def poison(message: str, calls: int) -> Decision[None]:
    """Write a push with values that a database may not be able to store."""

    def decide(story: Story) -> Change[None]:
        entry = replace(calling(WAYBILL, key_of(9), story), message=message, calls=calls)
        return Change(result=None, entries=(entry,))

    return decide


def read(story: Story) -> Change[Story]:
    """Hand back the story itself."""
    return Change(result=story)


class Wrong(Exception):
    """What a faulty decision raises."""


def fail(story: Story) -> Change[None]:
    raise Wrong(story.me)
