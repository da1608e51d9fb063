from __future__ import annotations

from pathlib import Path

import pytest

from adapter.carrier.mapping.values import PushFields
from adapter.diagnostics.table import UnusableFile
from legacy_stub.orders import ANSWERS, EXAMPLE, FACTS, Life, Order, OrderBook


@pytest.fixture
def book() -> OrderBook:
    return OrderBook.load()


def test_every_life_has_an_answer_and_a_fact() -> None:
    assert set(ANSWERS) == set(FACTS) == set(Life)


def test_the_shipped_orders_are_those_promised(book: OrderBook) -> None:
    shipped = {waybill: (order.order_id, order.life) for waybill, order in book.orders.items()}

    assert shipped == {
        "123456789": ("012345678901234567890123456789", Life.CREATED),
        "SF000000002": ("ORDER0002", Life.PICKED_UP),
        "SF000000003": ("ORDER0003", Life.SIGNED_FOR),
        "SF000000004": ("ORDER0004", Life.CANCELLED),
        "SF000000005": ("ORDER0005", Life.NOT_CANCELLABLE),
    }


def test_a_contract_may_write_order_ids_in_its_own_way(book: OrderBook) -> None:
    numbered = book.named_by(lambda order_id: order_id[-2:])

    assert numbered.orders["SF000000002"].order_id == "02"
    assert numbered.orders["SF000000002"].life is Life.PICKED_UP
    assert numbered.admits(PushFields(biz_id="xyz", biz_pwd="xyz123"))


@pytest.mark.parametrize(
    ("biz_id", "biz_pwd", "admitted"),
    [
        ("xyz", "xyz123", True),
        ("xyz", "wrong", False),
        ("xyz", "", False),
        ("nobody", "xyz123", False),
        ("xyz", None, True),  # the contract carries no password
        (None, None, True),
    ],
)
def test_only_a_known_merchant_with_its_password_is_admitted(
    book: OrderBook, *, biz_id: str | None, biz_pwd: str | None, admitted: bool
) -> None:
    assert book.admits(PushFields(biz_id=biz_id, biz_pwd=biz_pwd)) is admitted


def test_passwords_are_not_shown(book: OrderBook) -> None:
    assert "xyz123" not in repr(book)


@pytest.mark.parametrize(
    ("order_id", "biz_id", "fits"),
    [("O1", "xyz", True), ("O2", "xyz", False), ("O1", "abc", False), (None, None, True)],
)
def test_an_order_fits_only_its_own_order_id_and_merchant(
    *, order_id: str | None, biz_id: str | None, fits: bool
) -> None:
    order = Order(life=Life.CREATED, order_id="O1", biz_id="xyz")

    assert order.fits(PushFields(order_id=order_id, biz_id=biz_id)) is fits


def test_an_orders_file_replaces_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "orders.toml"
    file.write_text(
        '[merchants]\nacme = "secret"\n[[orders]]\nwaybill = "W1"\nlife = "signed_for"\n'
    )

    book = OrderBook.load(file)

    assert book.orders == {"W1": Order(life=Life.SIGNED_FOR)}
    assert book.admits(PushFields(biz_id="acme", biz_pwd="secret"))


def test_every_fault_of_an_orders_file_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "orders.toml"
    file.write_text('[[orders]]\nwaybil = "W1"\nlife = "gone"\n[merchants]\nacme = 5\n')

    with pytest.raises(UnusableFile) as refused:
        OrderBook.load(file)

    assert [str(finding) for finding in refused.value.findings] == [
        f"error: {file}, line 1, orders 1.waybill: is missing. {EXAMPLE}",
        f'error: {file}, line 2, orders 1.waybil: unknown setting. Did you mean "waybill"?',
        f"error: {file}, line 3, orders 1.life: must be one of created, picked_up, signed_for, "
        "cancelled, not_cancellable. Choose from: created, picked_up, signed_for, cancelled, "
        "not_cancellable.",
        f"error: {file}, line 5, merchants.acme: must be text in quotes.",
    ]
