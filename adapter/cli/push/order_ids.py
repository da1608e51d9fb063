"""The OrderIDs of the cases, as the carrier's contract can hold them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.convert import DIGITS, SMALL_DIGITS, number_like
from adapter.carrier.mapping.mapping import Mapping
from adapter.config.load import inspect
from adapter.diagnostics.cannot_start import CannotStart
from adapter.simulator.cases import CASES

Fit = Callable[[str], str]

OPTIONS = {DIGITS: "--numeric-orders", SMALL_DIGITS: "--numeric-orders-32"}
"""The option of `push` that says the same without a mapping, by the digits it keeps."""


def as_configured(config: Path | None) -> Fit:
    """Return what makes an OrderID fit the mapping of a configuration; a mapping that cannot
    be read changes nothing: `check` tells of it."""
    carrier = inspect(config, os.environ).draft.carrier
    if carrier.descriptors is None and carrier.mapping is None:
        return str
    try:
        return Mapping.load(Contract.load(carrier.descriptors), carrier.mapping).order_that_fits
    except CannotStart:
        return str


def of_digits(digits: int) -> Fit:
    """Return what makes a number of at most so many digits of an OrderID."""
    return lambda order_id: number_like(order_id, digits=digits)


def option_for(fit: Fit) -> str:
    """Return the option of `push` that the cases need; empty where they fit as they are."""
    example = CASES["example"].order
    fitting = fit(example)
    made = (digits for digits in OPTIONS if fitting == number_like(example, digits=digits))
    return "" if fitting == example else next((OPTIONS[digits] for digits in made), "")
