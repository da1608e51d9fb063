"""What can be played: one named case per situation, with the ResultCode it should get.

The waybills are those of `legacy-stub`; against a real carrier only the form of a reply can
be judged, not its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RESULT_CODES = (0, -1, 30001, 30002, 30003, 30004)
"""Every code WeChat knows; logistics.onCancelOrder, "Valid values of ResultCode"."""

MERCHANT = "xyz"
MERCHANT_PASSWORD = "xyz123"  # noqa: S105 - stands in WeChat's own document


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One situation at the carrier.

    `{press}` in the waybill becomes a fresh word, so that each press is of a new order.
    `also` are codes that are right as well, and why.
    """

    name: str
    about: str
    waybill: str
    expected: int
    order: str = "ORDER-{press}"
    password: str = MERCHANT_PASSWORD
    also: tuple[int, ...] = ()
    also_because: str = ""


_CASES = (
    Case(
        name="example",
        about="the example of WeChat's document: created, can be cancelled",
        waybill="123456789",
        order="012345678901234567890123456789",
        expected=0,
        also=(30003,),
        also_because="an earlier press cancelled it (--case ok presses a new order each time)",
    ),
    Case(
        name="picked-up",
        about="the courier has it",
        waybill="SF000000002",
        order="ORDER0002",
        expected=30002,
    ),
    Case(
        name="invalid",
        about="signed for long ago",
        waybill="SF000000003",
        order="ORDER0003",
        expected=30003,
    ),
    Case(
        name="already",
        about="cancelled yesterday",
        waybill="SF000000004",
        order="ORDER0004",
        expected=30003,
    ),
    Case(
        name="unsupported",
        about="a product without cancellation",
        waybill="SF000000005",
        order="ORDER0005",
        expected=30004,
    ),
    Case(
        name="not-found",
        about="no such waybill",
        waybill="STUB-NOT-FOUND-{press}",
        expected=30001,
    ),
    Case(
        name="wrong-password",
        about="a BizPwd the carrier does not know",
        waybill="STUB-OK-WRONG-{press}",
        password="wrong",  # noqa: S106 - it is
        expected=30001,
    ),
    Case(
        name="new-enum",
        about="a status the contract does not know",
        waybill="STUB-NEW-ENUM-{press}",
        expected=-1,
    ),
    Case(
        name="error",
        about="the carrier fails each time, nothing done",
        waybill="STUB-ERROR-{press}",
        expected=-1,
    ),
    Case(name="ok", about="a new order each time", waybill="STUB-OK-{press}", expected=0),
    Case(name="slow", about="cancelled after 2 s", waybill="STUB-SLOW-2000-{press}", expected=0),
    Case(
        name="too-slow",
        about="cancelled after 6 s, when WeChat has hung up",
        waybill="STUB-SLOW-6000-{press}",
        expected=-1,
    ),
    Case(
        name="hang",
        about="done at once, never answered",
        waybill="STUB-HANG-{press}",
        expected=-1,
    ),
    Case(
        name="drop",
        about="done, then the connection breaks; settled by asking again",
        waybill="STUB-DROP-{press}",
        expected=0,
    ),
    Case(
        name="flaky",
        about="unavailable twice, then cancelled",
        waybill="STUB-FLAKY-2-{press}",
        expected=0,
    ),
)

CASES: Mapping[str, Case] = MappingProxyType({case.name: case for case in _CASES})
"""Every case by its name."""

ONE_OF_EACH_CODE = ("example", "not-found", "picked-up", "invalid", "unsupported", "new-enum")
"""Cases that are answered at once and together bring every ResultCode."""
