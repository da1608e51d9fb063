"""Who plays what: the magic waybills, and scenario files that lend their roles to others.

A magic waybill springs into being when it is asked for, with whatever OrderID comes along.
The part after the last listed word is free, so that load can be made of distinct orders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc

from adapter.diagnostics.table import Table, UnusableFile, read
from legacy_stub.faults import (
    LONGEST_WAIT_MS,
    STANDING,
    Drop,
    ErrorStatus,
    Fault,
    Hang,
    StandingFault,
    UnknownStatus,
)
from legacy_stub.orders import Life, Order

SHIPPED_SCENARIOS = Path(__file__).with_name("scenarios")
EXAMPLE = f"Compare the file with those in {SHIPPED_SCENARIOS}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one waybill does: its order, if there is one, and a fault in front of it.

    `faulty_calls` is the number of this waybill's first calls that meet the fault; None: all.
    """

    order: Order | None
    fault: Fault | None = None
    faulty_calls: int | None = None

    def fault_at(self, nth: int) -> Fault | None:
        """Return the fault that this waybill's `nth` call (from 1) meets."""
        met = self.faulty_calls is None or nth <= self.faulty_calls
        return self.fault if met else None


NOBODY = Role(order=None)
"""A waybill that the carrier does not know."""

CREATED = Order(life=Life.CREATED)

MAGIC: Mapping[str, Callable[[int], Role]] = {
    "OK": lambda _: Role(order=CREATED),
    "PICKED-UP": lambda _: Role(order=Order(life=Life.PICKED_UP)),
    "INVALID": lambda _: Role(order=Order(life=Life.SIGNED_FOR)),
    "UNSUPPORTED": lambda _: Role(order=Order(life=Life.NOT_CANCELLABLE)),
    "NOT-FOUND": lambda _: NOBODY,
    "ERROR": lambda _: Role(order=CREATED, fault=ErrorStatus(code=grpc.StatusCode.INTERNAL)),
    "SLOW-<ms>": lambda ms: Role(order=Order(life=Life.CREATED, takes_ms=min(ms, LONGEST_WAIT_MS))),
    "HANG": lambda _: Role(order=CREATED, fault=Hang(), faulty_calls=1),
    "DROP": lambda _: Role(order=CREATED, fault=Drop(), faulty_calls=1),
    "FLAKY-<n>": lambda n: Role(
        order=CREATED, fault=ErrorStatus(code=grpc.StatusCode.UNAVAILABLE), faulty_calls=n
    ),
    "NEW-ENUM": lambda _: Role(order=CREATED, fault=UnknownStatus()),
}
"""The words after `STUB-`, and the role each gives; `<ms>` and `<n>` stand for a number."""


def _pattern(place: int, word: str) -> str:
    """Return the pattern of one word, in a group named for its place in the table."""
    return f"(?P<w{place}>{re.sub('<.*>', '[0-9]{1,9}', word)})"


_WORDS = "|".join(_pattern(place, word) for place, word in enumerate(MAGIC))
_NAME = re.compile(f"STUB-(?:{_WORDS})(?:-.*)?", re.DOTALL)
_ROLES = tuple(MAGIC.values())


def magic_role(waybill_id: str) -> Role | None:
    """Return the role that a magic waybill's name gives it; None for any other name."""
    if not (waybill_id.startswith("STUB-") and (match := _NAME.fullmatch(waybill_id))):
        return None
    group = match.lastgroup or ""
    digits = match[group].rpartition("-")[2]
    return _ROLES[int(group[1:])](int(digits) if digits.isdecimal() else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """Waybills that are no magic names, and the magic name whose role they play.

    `waybills` is one id, or with a `*` at its end the beginning of many.
    """

    waybills: str
    plays: str

    def covers(self, waybill_id: str) -> bool:
        if self.waybills.endswith("*"):
            return waybill_id.startswith(self.waybills[:-1])
        return waybill_id == self.waybills


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The faults that stand from the start, and the waybills that play a role."""

    faults: tuple[StandingFault, ...] = ()
    castings: tuple[Casting, ...] = ()

    @classmethod
    def load(cls, file: Path) -> Scenario:
        """Read a scenario file, or a shipped one by its bare name; raises `UnusableFile`."""
        shipped = SHIPPED_SCENARIOS / f"{file}.toml"
        path = shipped if len(file.parts) == 1 and shipped.exists() else file
        top = read(path)
        top.refuse_unknown(("about", "faults", "waybills"))
        top.text("about")
        faults = tuple(_standing(table) for table in top.tables("faults"))
        castings = tuple(_casting(table) for table in top.tables("waybills"))
        if top.findings.has_errors:
            raise UnusableFile(top.findings.ordered())
        return cls(faults=tuple(fault for fault in faults if fault), castings=castings)

    def role(self, waybill_id: str) -> Role | None:
        """Return the role of a cast or a magic waybill; None when it has none."""
        for casting in self.castings:
            if casting.covers(waybill_id):
                return magic_role(casting.plays)
        return magic_role(waybill_id)


def _standing(table: Table) -> StandingFault | None:
    table.refuse_unknown(("name", "milliseconds", "probability"))
    name = table.one_of("name", [*STANDING])
    milliseconds = int(table.number("milliseconds", default=0))
    probability = table.number("probability", default=1.0)
    if table.entries.get("name") != name:
        return None  # said already
    try:
        return StandingFault(name=name, milliseconds=milliseconds, probability=probability)
    except ValueError as error:
        table.findings.error(table.name, str(error), EXAMPLE)
        return None


def _casting(table: Table) -> Casting:
    table.refuse_unknown(("waybills", "plays"))
    waybills = table.text("waybills", missing=EXAMPLE) or ""
    plays = table.text("plays", missing=EXAMPLE) or ""
    if plays and magic_role(plays) is None:
        names = ", ".join(f"STUB-{word}" for word in MAGIC)
        message = f"{plays!r} is not a magic waybill"
        table.findings.error(table.key("plays"), message, f"Begin with one of: {names}.")
    return Casting(waybills=waybills, plays=plays)
