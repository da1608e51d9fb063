"""Why a push was answered as it was, in sentences for whoever has to explain it."""

from __future__ import annotations

from adapter.cancellation.model import Basis, Entry, Outcome, State, Unsent
from adapter.cli.ledger_filters import WITHDRAWN
from adapter.cli.ledger_rows import unsent_reason
from adapter.edge.translate import ANSWERS, ResultCode
from adapter.ledger.search import Chronicle

UNSENT: dict[Unsent, str] = {
    Unsent.CARRIER_UNREACHABLE: "there was no connection to the carrier",
    Unsent.LEDGER_UNAVAILABLE: "the ledger could not record the intent in time",
    Unsent.TURN_NOT_REACHED: "another push of the same waybill took the whole time",
    Unsent.SHED: "too many pushes were in flight",
    Unsent.PAUSED: "an operator had paused waybridge",
    Unsent.REFUSED: "BizID, OrderID or WayBillID cannot identify anything there",
}

OUTCOMES: dict[Outcome, str] = {
    Outcome.CANCELLED: "the waybill is cancelled",
    Outcome.NOT_FOUND: "there is no such order, waybill or merchant",
    Outcome.PICKED_UP: "the parcel was picked up before",
    Outcome.INVALID: "the order is no longer valid",
    Outcome.ALREADY_CANCELLED: "it had been cancelled before",
    Outcome.UNSUPPORTED: "this waybill cannot be cancelled",
    Outcome.FAILED: "the carrier could not do it",
    Outcome.IN_DOUBT: "nobody knows",
}


def because(story: Chronicle) -> str:
    """Return why this code, and whether the merchant knows it."""
    entry = story.entry
    if entry.state is State.DONE and entry.outcome is not None:
        return f"{_decided(story, entry.outcome)} {_told(entry, entry.outcome)}"
    if entry.state is State.UNSENT:
        return _unsent(entry)
    if entry.state is State.CALLING:
        return (
            f"Call {entry.calls} was recorded and may be under way: nothing is decided. If the"
            " process that made it has died, the next look puts the push in doubt."
        )
    return (
        f"Nobody knows whether the carrier acted: {_doubt(entry)}. The merchant is told -1 until"
        " a repeat, a lookup or `waybridge ledger resolve` settles it."
    )


def _unsent(entry: Entry) -> str:
    reason = unsent_reason(entry) or Unsent.LEDGER_UNAVAILABLE
    late = ", and it landed late" if entry.why == WITHDRAWN else ""
    return f"The carrier was not asked: {UNSENT[reason]}{late}. Nothing was done to the waybill."


def _doubt(entry: Entry) -> str:
    if entry.why == "owner died":
        return "the process that asked died before an answer was recorded"
    return f"call {entry.calls} ended as {entry.why or 'unknown'}"


def _decided(story: Chronicle, outcome: Outcome) -> str:
    entry = story.entry
    number = f"which WeChat knows as {int(ANSWERS[outcome])}"
    if entry.basis is Basis.OPERATOR:
        word = story.resolutions[-1] if story.resolutions else None
        who = word.who if word else "An operator"
        return f"{who} settled the doubt ({entry.why}): {OUTCOMES[outcome]}, {number}."
    if entry.why.startswith("lookup"):
        return f"{_looked_up(entry, outcome)}, {number}."
    if entry.basis is Basis.INFERRED:
        return f"{_inferred(entry)}, {number} (rule R)."
    if outcome is Outcome.ALREADY_CANCELLED:
        return (
            f"The carrier said {entry.why}: {OUTCOMES[outcome]}, and no call of ours whose outcome"
            f" was unknown or untold explains it, {number} (rule R)."
        )
    return f"The carrier said {entry.why}: {OUTCOMES[outcome]}, {number}."


def _looked_up(entry: Entry, outcome: Outcome) -> str:
    ours = " and a call of ours explains it" if outcome is Outcome.CANCELLED else ""
    return f"The carrier's lookup said {entry.why.partition(': ')[2]}: {OUTCOMES[outcome]}{ours}"


def _inferred(entry: Entry) -> str:
    if entry.why == "inferred from a later push":
        return (
            "A later push of this waybill heard that it was cancelled already; nobody had been"
            " told a success, so the doubtful call of this push is what cancelled it"
        )
    return (
        f"The carrier said {entry.why}, and a call of ours whose outcome was unknown or untold is"
        " what cancelled it: our own success"
    )


def _told(entry: Entry, outcome: Outcome) -> str:
    if entry.told is outcome:
        return "The merchant was told so."
    if entry.told is None:
        return "Nobody waited when it was decided: a repeat of the push is told so."
    spoken = "that the outcome was not known" if entry.told is Outcome.IN_DOUBT else "otherwise"
    after = f"The merchant was told {spoken} ({int(ANSWERS[entry.told])}), not this"
    if ANSWERS[outcome] is ResultCode.CANCELLED:
        return f"{after}: tell them that the waybill is cancelled."
    return f"{after}; the next press tells."
