"""What `contract init` writes beside the contract: a proposed mapping and a test push."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import partial

from adapter.carrier.contract.contract import Method
from adapter.carrier.contract.field_path import FieldPath, resolve
from adapter.carrier.mapping.convert import Misfit, converter, first_that_fits
from adapter.carrier.mapping.propose import LOOKUP_HEADING
from adapter.carrier.mapping.push_fields import SOURCES
from adapter.carrier.mapping.values import Unfit
from adapter.simulator.cases import CASES
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.wechat.codec import Format

MAPPING_FILE = "mapping.toml"
PUSH_FILE = "push.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """How much of a proposal is left to a person: lines guessed, and lines not filled."""

    guessed: int
    open: int


def guesses(proposal: str) -> Guesses:
    """Count the marks that `propose` leaves behind guesses, and the lines it left open."""
    # The first line explains the marks; a lookup is one guess, for later.
    lines = proposal.partition(f"\n{LOOKUP_HEADING}\n")[0].splitlines()[1:]
    return Guesses(
        guessed=sum(line.endswith("# guess") for line in lines),
        open=sum(line.startswith("#") for line in lines),
    )


def example_push(proposal: str, method: Method) -> bytes:
    """Return the push of WeChat's own document, decrypted: what every mapping must carry.
    Its OrderID is one of digits where the proposal has a number field for it.

    `waybridge explain` shows the request that it becomes.
    """
    press = PressFields.of(CASES["example"], create_time=EXAMPLE_CREATE_TIME, word="")
    request = tomllib.loads(proposal).get("request", {})
    for path in (path for path, source in request.items() if source == "OrderID"):
        field = resolve(method.request_type, path)
        fitting = first_that_fits(press.text("OrderID"), partial(_holds, field))
        press = press.with_fields({"OrderID": fitting})
    return press.encode(Format.XML) + b"\n"


def _holds(field: FieldPath, order_id: str) -> bool:
    try:
        converter(field.leaf, SOURCES["OrderID"], Unfit(source="OrderID", target=str(field)))(
            order_id
        )
    except Misfit:
        return False
    return True
