"""docs/stub.md tells all there is, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from legacy_stub.commands import main
from legacy_stub.faults import STANDING
from legacy_stub.orders import OrderBook
from legacy_stub.scenarios import MAGIC, SHIPPED_SCENARIOS

PAGE = (Path(__file__).parents[2] / "docs" / "stub.md").read_text(encoding="utf-8")


def options(command: click.Command) -> set[str]:
    found = {name for parameter in command.params for name in parameter.opts if "--" in name}
    if isinstance(command, click.Group):
        found = found.union(*map(options, command.commands.values()))
    return found


def test_every_option_is_told_and_every_told_option_exists() -> None:
    told = set(re.findall(r"--[a-z][a-z-]+|--ms", PAGE))

    assert told == options(main) - {"--version"}


@pytest.mark.parametrize("word", MAGIC)
def test_every_magic_waybill_is_told(word: str) -> None:
    assert f"`STUB-{word}-…`" in PAGE


@pytest.mark.parametrize("name", [*STANDING, *(file.stem for file in SHIPPED_SCENARIOS.iterdir())])
def test_every_fault_and_every_shipped_scenario_is_told(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_shipped_order_is_told() -> None:
    for waybill, order in OrderBook.load().orders.items():
        assert f"| `{waybill}` | `{order.order_id}` | {order.life.value}" in PAGE
