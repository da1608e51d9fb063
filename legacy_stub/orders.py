"""The carrier's orders: who may ask, how each order stands, and what a cancel of it answers."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from adapter.carrier.mapping.values import Fact, Outcome, PushFields
from adapter.diagnostics.table import Table, UnusableFile, read

SHIPPED_ORDERS = Path(__file__).with_name("orders.toml")
EXAMPLE = f"Compare the file with {SHIPPED_ORDERS}."


class Life(Enum):
    """Where an order stood before any call came."""

    CREATED = "created"
    PICKED_UP = "picked_up"
    SIGNED_FOR = "signed_for"
    CANCELLED = "cancelled"
    NOT_CANCELLABLE = "not_cancellable"


ANSWERS: Mapping[Life, Outcome] = {
    Life.CREATED: Outcome.CANCELLED,
    Life.PICKED_UP: Outcome.PICKED_UP,
    Life.SIGNED_FOR: Outcome.INVALID,
    Life.CANCELLED: Outcome.ALREADY_CANCELLED,
    Life.NOT_CANCELLABLE: Outcome.UNSUPPORTED,
}
"""What a cancel answers while no call has cancelled the order; CANCELLED also does it."""

FACTS: Mapping[Life, Fact] = {
    Life.CREATED: Fact.ACTIVE,
    Life.PICKED_UP: Fact.PICKED_UP,
    Life.SIGNED_FOR: Fact.INVALID,
    Life.CANCELLED: Fact.CANCELLED,
    Life.NOT_CANCELLABLE: Fact.ACTIVE,
}
"""What a lookup says while no call has cancelled the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order. `order_id` and `biz_id` None: it fits whatever comes along.

    `takes_ms` is how long the order system needs to cancel it.
    """

    life: Life
    order_id: str | None = None
    biz_id: str | None = None
    takes_ms: int = 0

    def fits(self, wish: PushFields) -> bool:
        """Tell whether the wish names the order that this waybill belongs to.

        What the contract has no field for (None) cannot disagree.
        """
        return _agree(self.order_id, wish.order_id) and _agree(self.biz_id, wish.biz_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The merchants with their passwords, and the orders by waybill. It never changes:
    what calls did to the orders stands in the log of calls."""

    passwords: Mapping[str, str] = field(repr=False)
    orders: Mapping[str, Order]

    @classmethod
    def load(cls, file: Path = SHIPPED_ORDERS) -> OrderBook:
        """Read an orders file; raises `UnusableFile` with every fault in it."""
        top = read(file)
        top.refuse_unknown(("merchants", "orders"))
        merchants = top.table("merchants")
        passwords = merchants.texts() if merchants is not None else {}
        orders = dict(_order(table) for table in top.tables("orders"))
        if top.findings.has_errors:
            raise UnusableFile(top.findings.ordered())
        return cls(passwords=passwords, orders=orders)

    def named_by(self, name: Callable[[str], str]) -> OrderBook:
        """Return the book with every OrderID as a contract writes it."""
        return replace(
            self,
            orders={
                waybill: replace(order, order_id=name(order.order_id)) if order.order_id else order
                for waybill, order in self.orders.items()
            },
        )

    def admits(self, wish: PushFields) -> bool:
        """Tell whether a merchant we know asks, with the right password.

        A contract may carry no password, or no merchant at all: then it is not asked for.
        """
        if wish.biz_id is None:
            return True
        password = self.passwords.get(wish.biz_id)
        if password is None:
            return False
        return wish.biz_pwd is None or hmac.compare_digest(password.encode(), wish.biz_pwd.encode())


def _agree(ours: str | None, theirs: str | None) -> bool:
    return ours is None or theirs is None or ours == theirs


def _order(table: Table) -> tuple[str, Order]:
    table.refuse_unknown(("waybill", "order", "merchant", "life"))
    waybill = table.text("waybill", missing=EXAMPLE)
    order = Order(
        life=Life(table.one_of("life", [life.value for life in Life])),
        order_id=table.text("order"),
        biz_id=table.text("merchant"),
    )
    return waybill or "", order
