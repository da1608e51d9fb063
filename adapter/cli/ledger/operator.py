"""Who settles, corrects or ticks off, and why: the options of it, and the question before it."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from adapter.cancellation.model import Entry, Outcome
from adapter.cli.ledger.access import ConfiguredLedger
from adapter.cli.ledger.rows import row_of
from adapter.cli.output import visible
from adapter.diagnostics.cannot_start import CannotStart
from adapter.edge.translate import ANSWERS

OUTCOMES = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.IN_DOUBT)
WORDS_LIMIT = 500  # characters
NOBODY = {"", "root"}  # accounts that many people share, or without a name

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def operator_of(environ: Mapping[str, str] = os.environ) -> str:
    """Return who types, under sudo the caller's own name; empty when it is unknown."""
    for variable in ("SUDO_USER", "USER"):
        if environ.get(variable, "") not in NOBODY:
            return environ[variable]
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container
        return ""
    return "" if name in NOBODY else name


def by_option(function: Decorated) -> Decorated:
    """Give a command `--by NAME`."""
    return click.option(
        "--by",
        metavar="NAME",
        default=operator_of,
        show_default="your login name; required for root",
        help="Your name.",
    )(function)


def yes_option(function: Decorated) -> Decorated:
    """Give a command `--yes`."""
    return click.option(
        "--yes", is_flag=True, help="Do not ask for confirmation; required without a terminal."
    )(function)


def require_name(by: str) -> None:
    """Raise `CannotStart` for a nameless operator, and `click.UsageError` for an endless name."""
    if not by:
        raise CannotStart("your name is unknown.", hint="Add --by NAME; it is stored.")
    require_words("--by", by)


def require_words(option: str, text: str) -> None:
    """Raise `click.UsageError` for a text that is blank or longer than anybody reads."""
    if not are_words(text):
        raise click.UsageError(f"{option} must have 1 to {WORDS_LIMIT} characters.")


def are_words(text: str) -> bool:
    """Say whether a reason or a name is one."""
    return bool(text.strip()) and len(text) <= WORDS_LIMIT


def require_confirmation(*, yes: bool) -> None:
    """Raise `CannotStart` where nobody has confirmed and nobody can be asked."""
    if not yes and not sys.stdin.isatty():
        raise CannotStart(
            "confirmation needs a terminal, and there is none.", hint="Add --yes to confirm."
        )


def question(verb: str, found: Entry, decided: Outcome) -> str:
    """Return what is asked before one push is settled or corrected."""
    return (
        f"{verb} waybill {visible(found.waybill_id)}, order {visible(found.order_id)} of merchant"
        f" {visible(found.biz_id)} as {decided.value} (ResultCode {int(ANSWERS[decided])})?"
    )


def standing(entry: Entry, ledger: ConfiguredLedger) -> str:
    """Say how a push stands, and on whose word."""
    row = row_of(entry, ledger.zone)
    state = row.state if entry.outcome is None else f"{row.state}: {entry.outcome.value}"
    return f"{state} (by {row.basis}, ResultCode {row.code})" if row.basis else state
