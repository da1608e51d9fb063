"""The filters that `ledger search` and `ledger export` share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from adapter.cancellation.model import Cause, Outcome, State, Unsent
from adapter.cli.ledger.times import point_in_time
from adapter.edge.translate import ANSWERS, ResultCode, code
from adapter.ledger.search import Filters, ResultFilter

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def filter_options(function: Decorated) -> Decorated:
    """Give a command the filters; all of them must fit."""
    options = (
        click.option("--waybill", metavar="ID", help="WayBillID, whole."),
        click.option("--order", metavar="ID", help="OrderID, whole."),
        click.option("--merchant", metavar="ID", help="BizID, whole."),
        click.option(
            "--result",
            metavar="CODE|OUTCOME",
            help="ResultCode (0, -1, 30001 …) or outcome (cancelled, picked_up …).",
        ),
        click.option(
            "--told-failure",
            is_flag=True,
            help="Cancelled, but the merchant was told -1, or nothing: tell them.",
        ),
        click.option("--state", type=click.Choice([state.value for state in State])),
        click.option(
            "--since",
            metavar="TIME",
            help="Received then or later: 2026-11-23, 2026-11-23T18:30, 2h (ago), yesterday.",
        ),
        click.option("--until", metavar="TIME", help="Received before then, written alike."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def wanted(
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

    `click.UsageError` for a result or a time that is none.
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
    """Return what a ResultCode or an outcome stands for. `click.UsageError` for neither."""
    word = text.strip().lower().replace("−", "-")  # as our docs print it
    outcomes = {outcome.value: outcome for outcome in Outcome}
    if word in outcomes:
        return ResultFilter(outcomes=(outcomes[word],))
    codes = {str(int(each)): each for each in ResultCode}
    if word not in codes:
        raise click.UsageError(
            f"--result {text}: write one of {', '.join(codes)}, or of {', '.join(outcomes)}."
        )
    return ResultFilter(
        outcomes=tuple(outcome for outcome in Outcome if ANSWERS[outcome] is codes[word]),
        unsent=tuple(_unsent_as(codes[word])),
    )


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
