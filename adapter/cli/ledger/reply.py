"""The reply to a push as its entry says it: the same for every repeat."""

from __future__ import annotations

from adapter.cancellation.model import Answer, Entry, Outcome, State
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.cli.ledger.rows import unsent_reason
from adapter.config.load import Settings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.edge.translate import Locale, push_of
from adapter.edge.translate import reply as translated
from adapter.wechat.cancel_waybill import Reply


def reply_of(entry: Entry, settings: Settings) -> Reply:
    """Return the reply, without its envelope. The ledger knows no Mini Program, so the texts
    are in the locale of `[wechat]`."""
    unsent = unsent_reason(entry)
    undecided = Outcome.IN_DOUBT if entry.state is not State.UNSENT else Outcome.FAILED
    answer = Answer(
        key=entry.key,
        outcome=entry.outcome or undecided,
        message=entry.message,
        basis=entry.basis,
        unsent=unsent,
        calls=entry.calls,
    )
    locale = Locale(settings.wechat.locale)
    return translated(push_of(entry), answer, locale, show_message=_shows_message(settings))


def _shows_message(settings: Settings) -> bool:
    try:
        contract = Contract.load(settings.carrier.descriptors)
        return Mapping.load(contract, settings.carrier.mapping).show_message
    except CannotStart:
        return False  # such a configuration serves nobody; the ledger can be read all the same
