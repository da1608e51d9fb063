"""Whose cancellation it was: what the rows and calls of a waybill prove. Rule R's evidence.

A call is *open* as long as nobody knows what it did. Whatever the carrier says of a waybill
beside an open call of ours may be said because of that call.
"""

from __future__ import annotations

from adapter.cancellation.model import Basis, Call, Entry, Outcome, State
from adapter.cancellation.ports import CarrierTraits, WaybillView

NOES = frozenset({Outcome.NOT_FOUND, Outcome.INVALID, Outcome.FAILED})
"""What many systems also say of the order that an earlier call of ours has just cancelled."""


def own_calls(view: WaybillView, key: str) -> tuple[Call, ...]:
    """The calls of one push, the oldest first."""
    own = (call for call in view.calls if call.key == key)
    return tuple(sorted(own, key=lambda call: call.epoch))


def is_alive(view: WaybillView, entry: Entry) -> bool:
    """Whether a call of this push may still be answered to whoever made it."""
    return entry.state is State.CALLING and entry.owner in view.living


def is_running(view: WaybillView, entry: Entry) -> bool:
    """Whether a call of this push runs under a living owner: it has the waybill's turn, even
    where an older call of the push has settled it meanwhile."""
    if entry.owner not in view.living or not entry.calls:
        return False
    return entry.state is State.CALLING or any(
        call.ended_at is None and call.epoch == entry.calls
        for call in view.calls
        if call.key == entry.key
    )


def is_open_beside(view: WaybillView, *, key: str, epoch: int, traits: CarrierTraits) -> bool:
    """Whether a "no" to call `epoch` of the push may be the echo of another call of ours.

    A carrier that has a word for a repeated cancel says it where another *push* has cancelled;
    one that has none may say any "no" then, so that every row of the waybill counts.
    """
    others = (call for call in view.calls if (call.key, call.epoch) != (key, epoch))
    if traits.says_already_cancelled:
        return any(call.is_open for call in others if call.key == key)
    return any(call.is_open for call in others) or _is_zero_untold(view, but=key)


def is_our_success(view: WaybillView, *, key: str, epoch: int = 0) -> bool:
    """Rule R: whether "already cancelled", heard by the push, tells of our own success: nobody
    was told of one, and something of ours explains it. `epoch` is the call that heard it, which
    explains nothing; 0 where a lookup said it."""
    if _is_zero_told(view, to=key):
        return False
    others = (call for call in view.calls if (call.key, call.epoch) != (key, epoch))
    return any(call.is_open for call in others) or _is_zero_untold(view, but=key)


def _is_zero_told(view: WaybillView, *, to: str) -> bool:
    """Whether another push was told 0; one whose 0 was inferred from this very push, which was
    calling then, does not count against it."""
    asked_at = min((call.sent_at for call in view.calls if call.key == to), default=view.now)
    return any(
        entry.told is Outcome.CANCELLED
        and not (entry.basis is Basis.INFERRED and asked_at < entry.settled_at)
        for entry in view.entries
        if entry.key != to
    )


def _is_zero_untold(view: WaybillView, *, but: str) -> bool:
    return any(
        entry.outcome is Outcome.CANCELLED and entry.told is not Outcome.CANCELLED
        for entry in view.entries
        if entry.key != but
    )
