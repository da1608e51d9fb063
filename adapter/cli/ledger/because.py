"""Why a push was answered as it was, in sentences for whoever has to explain it."""

from __future__ import annotations

from collections.abc import Callable

from adapter.cancellation.model import Basis, Cause, Entry, Outcome, State, Unsent
from adapter.edge.translate import ANSWERS, ResultCode
from adapter.ledger.search import Chronicle

UNSENT: dict[Unsent, str] = {
    Unsent.CARRIER_UNREACHABLE: "there was no connection to the carrier",
    Unsent.LEDGER_UNAVAILABLE: "the ledger could not record the intent in time",
    Unsent.TURN_NOT_REACHED: "another push of the same waybill took the whole time",
    Unsent.CARRIER_SLOW: "the carrier was slower than a reply may be, and asked only now and then",
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


NOT_ASKED: dict[str, str] = {
    **{reason.value: words for reason, words in UNSENT.items()},
    Cause.WITHDRAWN: f"{UNSENT[Unsent.LEDGER_UNAVAILABLE]}, and it landed late",
}
"""By cause: why the carrier was not asked, or not asked once more."""

DOUBT: dict[str, str] = {
    Cause.CARRIER: "call {calls} ended as {why}",
    Cause.OWNER_DIED: "the process that asked died before an answer was recorded",
    **{
        cause: f"call {{calls}} left it unknown, and the next one was never sent: {words}"
        for cause, words in NOT_ASKED.items()
    },
}
"""By cause: why nobody knows."""


def because(story: Chronicle) -> str:
    """Return why this code, and whether the merchant knows it. A cause that is not known here
    is said as it stands in the ledger."""
    entry = story.entry
    if entry.state is State.DONE and entry.outcome is not None:
        decided = DECIDED.get(entry.cause, _unknown)(story, entry.outcome)
        return f"{decided} {_told(entry, entry.outcome)}"
    if entry.state is State.UNSENT:
        why = NOT_ASKED.get(entry.cause, entry.cause_text)
        return f"The carrier was not asked: {why}. Nothing was done to the waybill."
    if entry.state is State.CALLING:
        return (
            f"Call {entry.calls} was recorded and may be under way: nothing is decided. If the"
            " process that made it has died, the next look puts the push in doubt."
        )
    doubt = DOUBT.get(entry.cause, "{text}")
    doubt = doubt.format(calls=entry.calls, why=entry.why or "unknown", text=entry.cause_text)
    return (
        f"Nobody knows whether the carrier acted: {doubt}. The merchant is told -1 until"
        " a repeat, a lookup or `waybridge ledger resolve` settles it."
    )


def _number(outcome: Outcome) -> str:
    return f"which WeChat knows as {int(ANSWERS[outcome])}"


def _carrier(story: Chronicle, outcome: Outcome) -> str:
    entry = story.entry
    if entry.basis is Basis.INFERRED:
        return (
            f"The carrier said {entry.why}, and a call of ours whose outcome was unknown or untold"
            f" is what cancelled it: our own success, {_number(outcome)} (rule R)."
        )
    said = f"The carrier said {entry.why}: {OUTCOMES[outcome]}"
    if outcome is Outcome.ALREADY_CANCELLED:
        return (
            f"{said}, and no call of ours whose outcome"
            f" was unknown or untold explains it, {_number(outcome)} (rule R)."
        )
    return f"{said}, {_number(outcome)}."


def _lookup(story: Chronicle, outcome: Outcome) -> str:
    ours = " and a call of ours explains it" if outcome is Outcome.CANCELLED else ""
    said = f"The carrier's lookup said {story.entry.why}"
    return f"{said}: {OUTCOMES[outcome]}{ours}, {_number(outcome)}."


def _inferred(_: Chronicle, outcome: Outcome) -> str:
    return (
        "A later push of this waybill heard that it was cancelled already; nobody had been told"
        " a success, so the doubtful call of this push is what cancelled it,"
        f" {_number(outcome)} (rule R)."
    )


def _operator(story: Chronicle, outcome: Outcome) -> str:
    who = story.resolutions[-1].who if story.resolutions else "An operator"
    return f"{who} settled the doubt ({story.entry.why}): {OUTCOMES[outcome]}, {_number(outcome)}."


def _unknown(story: Chronicle, outcome: Outcome) -> str:
    return f"The ledger says {story.entry.cause_text}: {OUTCOMES[outcome]}, {_number(outcome)}."


DECIDED: dict[str, Callable[[Chronicle, Outcome], str]] = {
    Cause.CARRIER: _carrier,
    Cause.LOOKUP: _lookup,
    Cause.INFERRED: _inferred,
    Cause.OPERATOR: _operator,
}
"""By cause: who decided it, and as what."""


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
