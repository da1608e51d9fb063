from __future__ import annotations

from pathlib import Path

import pytest

from adapter.cli.push.order_ids import Fit, as_configured, of_digits, option_for
from tests.carrier.dispatch_contract import CONTRACTS, dispatch, dispatch_mapping, shipped_mapping

EXAMPLE = "012345678901234567890123456789"


def configured(folder: Path, mapping: Path) -> Path:
    folder.joinpath("x.binpb").write_bytes(dispatch().descriptors)
    file = folder / "adapter.toml"
    file.write_text(f'[carrier]\ndescriptors = "x.binpb"\nmapping = "{mapping}"\n')
    return file


def test_a_mapping_with_numbers_for_orders_is_known_from_the_configuration(tmp_path: Path) -> None:
    fit = as_configured(configured(tmp_path, CONTRACTS / "dispatch.toml"))

    assert (fit("ORDER0002"), fit(EXAMPLE)) == ("2", "567890123456789")


def test_without_a_mapping_or_with_a_faulty_one_orders_stay(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.toml"
    faulty.write_text('method = "dispatch.Orders/Void"\n')

    for config in (None, configured(tmp_path, faulty)):
        assert as_configured(config)(EXAMPLE) == EXAMPLE


@pytest.mark.parametrize(
    ("fit", "option"),
    [
        (shipped_mapping().order_that_fits, ""),
        (dispatch_mapping().order_that_fits, "--numeric-orders"),
        (of_digits(9), "--numeric-orders-32"),
        (lambda _: "something else", ""),
    ],
)
def test_the_option_says_what_the_mapping_needs(fit: Fit, option: str) -> None:
    assert option_for(fit) == option
