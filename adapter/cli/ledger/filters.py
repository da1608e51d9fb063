"""The filters that `ledger search` and `ledger export` share: their options, and their times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from adapter.cancellation.model import Cause, Outcome, State, Unsent
from adapter.edge.translate import ANSWERS, ResultCode, code
from adapter.ledger.search import Filters, ResultFilter

FORMS = "2026-11-23, 2026-11-23T18:30, 2h (ago; also s, m, d, w), now, today or yesterday"

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_AGO = {"today": 0, "yesterday": 1}

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def filter_options(function: Decorated) -> Decorated:
    """Give a command the filters; a push must match all of them."""
    options = (
        click.option("--waybill", metavar="ID", help="Full WayBillID."),
        click.option("--order", metavar="ID", help="Full OrderID."),
        click.option("--merchant", metavar="ID", help="Full BizID."),
        click.option(
            "--result",
            metavar="CODE|OUTCOME",
            help="ResultCode (0, -1, 30001, …) or outcome (cancelled, picked_up, …).",
        ),
        click.option(
            "--told-failure",
            is_flag=True,
            help="Cancelled, but the merchant does not know and should be told.",
        ),
        click.option(
            "--state",
            type=click.Choice([state.value for state in State]),
            help="State of the push.",
        ),
        click.option(
            "--since",
            metavar="TIME",
            help="Received at or after TIME: 2026-11-23, 2026-11-23T18:30, 2h (ago), yesterday.",
        ),
        click.option("--until", metavar="TIME", help="Received before TIME."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def filters_of(
    *,
    waybill: str | None,
    order: str | None,
    merchant: str | None,
    result: str | None,
    state: str | None,
    since: str | None,
    until: str | None,
    told_failure: bool,
    now: datetime,
) -> Filters:
    """Return what the options ask for; times without an offset are in the zone of `now`.

    Raises `click.UsageError` for a result or a time that is not valid.
    """
    return Filters(
        waybill_id=waybill,
        order_id=order,
        biz_id=merchant,
        state=None if state is None else State(state),
        since=_time("--since", since, now),
        until=_time("--until", until, now),
        told_failure=told_failure,
        result=None if result is None else result_of(result),
    )


def result_of(text: str) -> ResultFilter:
    """Return what a ResultCode or an outcome stands for. Raises `click.UsageError`."""
    word = text.strip().lower().replace("−", "-")  # as our docs print it
    outcomes = {outcome.value: outcome for outcome in Outcome}
    if word in outcomes:
        return ResultFilter(outcomes=(outcomes[word],))
    codes = {str(int(each)): each for each in ResultCode}
    if word not in codes:
        raise click.UsageError(
            f"--result {text} is not valid; choose from {', '.join((*codes, *outcomes))}."
        )
    return ResultFilter(
        outcomes=tuple(outcome for outcome in Outcome if ANSWERS[outcome] is codes[word]),
        unsent=tuple(_unsent_as(codes[word])),
    )


def point_in_time(text: str, *, now: datetime) -> float:
    """Read a time as Unix seconds; without an offset it is in the zone of `now`.

    A date alone is its midnight. Raises `ValueError` for anything else than `FORMS`.
    """
    word = text.strip().lower()
    if word == "now":
        return now.timestamp()
    if word in _DAYS_AGO:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - timedelta(days=_DAYS_AGO[word])).timestamp()
    if ago := _AGO.fullmatch(word):
        return now.timestamp() - timedelta(**{_UNITS[ago[2]]: int(ago[1])}).total_seconds()
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is not a valid time; write {FORMS}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).timestamp()


def now_in(zone: ZoneInfo) -> datetime:
    """The present, as a command was started in it."""
    return datetime.now(zone)


def _unsent_as(answered: ResultCode) -> list[str]:
    reasons = [unsent.value for unsent in Unsent if code(Outcome.FAILED, unsent=unsent) is answered]
    return [*reasons, Cause.WITHDRAWN.value] if answered is ResultCode.OTHER_ERROR else reasons


def _time(option: str, text: str | None, now: datetime) -> float | None:
    if text is None:
        return None
    try:
        return point_in_time(text, now=now)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"{option}: {error}.") from error
