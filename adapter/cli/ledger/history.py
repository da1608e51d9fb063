"""The history of one push: what happened, why it was answered so, and the reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from zoneinfo import ZoneInfo

from adapter.cancellation.model import Answer, Basis, Call, Cause, Entry, Outcome, State, Unsent
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.cli.ledger.rows import row_of, unsent_reason, written
from adapter.cli.output import aligned, json_text, visible
from adapter.config.load import Settings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.edge.translate import ANSWERS, Locale, ResultCode, push_of
from adapter.edge.translate import reply as translated
from adapter.ledger.notice import Notice
from adapter.ledger.resolution import OURSELVES, Resolution
from adapter.ledger.search import Chronicle
from adapter.wechat.cancel_waybill import Reply
from adapter.wechat.codec import Format

OUTCOMES: dict[Outcome, str] = {
    Outcome.CANCELLED: "the waybill is cancelled",
    Outcome.NOT_FOUND: "the order, waybill or merchant does not exist",
    Outcome.PICKED_UP: "the parcel had already been picked up",
    Outcome.INVALID: "the order is no longer valid",
    Outcome.ALREADY_CANCELLED: "the waybill had already been cancelled",
    Outcome.UNSUPPORTED: "this waybill cannot be cancelled",
    Outcome.FAILED: "the carrier could not cancel it",
    Outcome.IN_DOUBT: "the result is unknown",
}

UNSENT: dict[Unsent, str] = {
    Unsent.CARRIER_UNREACHABLE: "there was no connection to the carrier",
    Unsent.LEDGER_UNAVAILABLE: "the ledger could not record the call in time",
    Unsent.TURN_NOT_REACHED: "another push for the same waybill took all the time",
    Unsent.CARRIER_SLOW: "the carrier was answering too slowly and was only probed",
    Unsent.SHED: "too many pushes were in flight",
    Unsent.PAUSED: "an operator had paused waybridge",
    Unsent.REFUSED: "BizID, OrderID or WayBillID of the push is not valid",
}

NOT_ASKED: dict[str, str] = {
    **{reason.value: words for reason, words in UNSENT.items()},
    Cause.WITHDRAWN: f"{UNSENT[Unsent.LEDGER_UNAVAILABLE]} and recorded it later",
}
"""By cause: why the carrier was not asked, or not asked again."""

DOUBT: dict[str, str] = {
    Cause.CARRIER: "call {calls} ended with {why}",
    Cause.OWNER_DIED: "the process that made the call ended before it recorded a result",
    **{
        cause: f"the result of call {{calls}} is unknown and the next call was not sent: {words}"
        for cause, words in NOT_ASKED.items()
    },
}
"""By cause: why the result is unknown."""


def lines(chronicle: Chronicle, settings: Settings) -> Iterator[str]:
    """Yield the history as lines; no text of a sender can act on the terminal."""
    entry, zone = chronicle.entry, ZoneInfo(settings.ops.timezone)
    row = row_of(entry, zone)
    deliveries = f"{entry.deliveries} {'delivery' if entry.deliveries == 1 else 'deliveries'}"
    yield from aligned(
        [
            ("push", row.key),
            ("waybill", visible(row.waybill)),
            ("order", visible(row.order)),
            ("merchant", visible(row.merchant)),
            ("pressed", f"CreateTime {entry.pushed_at} by {visible(entry.open_id)}"),
            ("received", f"{row.received_at}, {deliveries}"),
            ("state", entry.state.value),
            ("code", "none yet" if row.code is None else str(row.code)),
            ("basis", row.basis or "none yet"),
            ("told", "nothing yet" if row.told is None else str(row.told)),
            ("carrier said", visible(entry.message) or "(no message)"),
        ]
    )
    yield from ("", visible(because(chronicle)), "", f"Calls to the carrier: {entry.calls}")
    if chronicle.calls:
        yield from aligned([_call_cells(call, zone) for call in chronicle.calls])
    yield from _words(chronicle, zone)
    reply = reply_of(entry, settings)
    yield from ("", "The reply, before encryption:")
    for format in Format:
        yield f"  {visible(reply.encode(format).decode())}"


def _words(chronicle: Chronicle, zone: ZoneInfo) -> Iterator[str]:
    """Yield what operators settled, corrected and told, and what was corrected since."""
    verb = "Settled"
    for each in chronicle.resolutions:
        at = written(each.at, zone)
        who, reason = visible(each.who), visible(each.reason)
        yield f"{verb} by {who} at {at} as {each.outcome.value}: {reason}"
        if each.who != OURSELVES:
            verb = "Corrected"
    for notice in chronicle.notices:
        how = f": {visible(notice.how)}" if notice.how else ""
        at = written(notice.at, zone)
        yield f"Merchant told by {visible(notice.who)} at {at} of {notice.outcome.value}{how}"


def as_json(chronicle: Chronicle, settings: Settings) -> str:
    """Return one object with everything: `push` has the fields of a search, and more."""
    entry, zone = chronicle.entry, ZoneInfo(settings.ops.timezone)
    reply = reply_of(entry, settings)
    document = {
        "push": {
            **asdict(row_of(entry, zone)),
            "outcome": entry.outcome and entry.outcome.value,
            "message": entry.message,
            "account": entry.account,
            "open_id": entry.open_id,
            "shop_app_id": entry.shop_app_id,
            "pushed_at": entry.pushed_at,
            "called_at": _at(entry.called_at, zone),
            "settled_at": _at(entry.settled_at, zone),
            "owner": entry.owner,
        },
        "because": because(chronicle),
        "calls": [_call(call, zone) for call in chronicle.calls],
        "resolutions": [_resolution(each, zone) for each in chronicle.resolutions],
        "notices": [_resolution(each, zone) for each in chronicle.notices],
        "reply": {format.value: reply.encode(format).decode() for format in Format},
    }
    return json_text(document)


def because(chronicle: Chronicle) -> str:
    """Return why this code, and whether the merchant knows it. A cause that is not known here
    is shown as it stands in the ledger."""
    entry = chronicle.entry
    if entry.state is State.DONE and entry.outcome is not None:
        decided = DECIDED.get(entry.cause, _unknown)(chronicle, entry.outcome)
        return f"{decided} {_told(chronicle, entry.outcome)}"
    if entry.state is State.UNSENT:
        why = NOT_ASKED.get(entry.cause, entry.cause_text)
        return f"The carrier was not asked: {why}. Nothing was done to the waybill."
    if entry.state is State.CALLING:
        return (
            f"Call {entry.calls} was recorded and may still be running; nothing is decided. If the"
            " process that made it has ended, the next check puts the push in doubt."
        )
    doubt = DOUBT.get(entry.cause, "{text}")
    doubt = doubt.format(calls=entry.calls, why=entry.why or "unknown", text=entry.cause_text)
    return (
        f"It is unknown whether the carrier cancelled the waybill: {doubt}. The merchant gets -1"
        " until a repeat, a lookup or `waybridge ledger resolve` settles it."
    )


def reply_of(entry: Entry, settings: Settings) -> Reply:
    """Return the reply that every repeat gets, without its envelope. The ledger knows no Mini
    Program, so the texts are in the locale of `[wechat]`."""
    undecided = Outcome.IN_DOUBT if entry.state is not State.UNSENT else Outcome.FAILED
    answer = Answer(
        key=entry.key,
        outcome=entry.outcome or undecided,
        message=entry.message,
        basis=entry.basis,
        unsent=unsent_reason(entry),
        calls=entry.calls,
    )
    locale = Locale(settings.wechat.locale)
    return translated(push_of(entry), answer, locale, show_message=_shows_message(settings))


def _shows_message(settings: Settings) -> bool:
    try:
        contract = Contract.load(settings.carrier.descriptors)
        return Mapping.load(contract, settings.carrier.mapping).show_message
    except CannotStart:
        return False  # nothing can be served with such a mapping; the ledger can still be read


def _code(outcome: Outcome) -> str:
    return f"ResultCode {int(ANSWERS[outcome])}"


def _by_carrier(chronicle: Chronicle, outcome: Outcome) -> str:
    entry = chronicle.entry
    if entry.basis is Basis.INFERRED:
        return (
            f"The carrier answered {entry.why}, and a call of ours whose result was unknown or not"
            f" reported is what cancelled the waybill: our own success, {_code(outcome)} (rule R)."
        )
    said = f"The carrier answered {entry.why}: {OUTCOMES[outcome]}"
    if outcome is Outcome.ALREADY_CANCELLED:
        return (
            f"{said}, and no call of ours whose result"
            f" was unknown or not reported explains it, {_code(outcome)} (rule R)."
        )
    return f"{said}, {_code(outcome)}."


def _by_lookup(chronicle: Chronicle, outcome: Outcome) -> str:
    ours = ", and a call of ours explains it" if outcome is Outcome.CANCELLED else ""
    said = f"The carrier's lookup answered {chronicle.entry.why}"
    return f"{said}: {OUTCOMES[outcome]}{ours}, {_code(outcome)}."


def _by_inference(_: Chronicle, outcome: Outcome) -> str:
    return (
        "The carrier answered a later push for this waybill that it was already cancelled. No"
        " success had been reported, so the call of this push whose result was unknown is what"
        f" cancelled it, {_code(outcome)} (rule R)."
    )


def _by_operator(chronicle: Chronicle, outcome: Outcome) -> str:
    who = chronicle.resolutions[-1].who if chronicle.resolutions else "An operator"
    return f"{who} settled it ({chronicle.entry.why}): {OUTCOMES[outcome]}, {_code(outcome)}."


def _unknown(chronicle: Chronicle, outcome: Outcome) -> str:
    return f"The ledger says {chronicle.entry.cause_text}: {OUTCOMES[outcome]}, {_code(outcome)}."


DECIDED: dict[str, Callable[[Chronicle, Outcome], str]] = {
    Cause.CARRIER: _by_carrier,
    Cause.LOOKUP: _by_lookup,
    Cause.INFERRED: _by_inference,
    Cause.OPERATOR: _by_operator,
}
"""By cause: who decided it, and as what."""


def _told(chronicle: Chronicle, outcome: Outcome) -> str:
    entry = chronicle.entry
    notice = next((each for each in chronicle.notices if each.outcome is outcome), None)
    if notice is not None and entry.told is not outcome:
        return f"{notice.who} has told the merchant so."
    if entry.told is outcome:
        return "The merchant was told this."
    if entry.told is None:
        return "No delivery was waiting when it was decided; a repeat of the push gets this reply."
    other = "that the result was unknown" if entry.told is Outcome.IN_DOUBT else "something else"
    told = f"The merchant was told {other} ({int(ANSWERS[entry.told])}), not this"
    if ANSWERS[outcome] is ResultCode.CANCELLED:
        return f"{told}: tell them that the waybill is cancelled."
    return f"{told}; the next press of the button will tell them."


def _at(unix: float, zone: ZoneInfo) -> str | None:
    return written(unix, zone) if unix else None


def _call(call: Call, zone: ZoneInfo) -> dict[str, object]:
    return {
        "epoch": call.epoch,
        "sent_at": written(call.sent_at, zone),
        "ended_at": None if call.ended_at is None else written(call.ended_at, zone),
        "status": call.status,
        "outcome": call.outcome and call.outcome.value,
        "doubt": call.doubt and call.doubt.value,
        "text": call.text,
    }


def _call_cells(call: Call, zone: ZoneInfo) -> tuple[str, ...]:
    ended = call.ended_at
    took = "not ended" if ended is None else f"{(ended - call.sent_at) * 1000:.0f} ms"
    outcome = call.outcome.value if call.outcome else ""
    return (
        f"  {call.epoch}",
        written(call.sent_at, zone),
        took,
        call.status,
        outcome,
        visible(call.text),
    )


def _resolution(each: Resolution | Notice, zone: ZoneInfo) -> dict[str, object]:
    return {**asdict(each), "outcome": each.outcome.value, "at": written(each.at, zone)}
