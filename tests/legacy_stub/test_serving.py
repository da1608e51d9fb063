from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.carrier.mapping.load import MappingFaults
from adapter.diagnostics.cannot_start import CannotStart
from legacy_stub.serve import Serving, serve

SERVING = Serving(
    host="127.0.0.1",
    port=0,
    orders=None,
    scenario=None,
    contract=None,
    mapping=None,
    database=None,
    remembers_request_ids=True,
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_announces_its_address_and_serves_until_a_signal(number: signal.Signals) -> None:
    announced: list[str] = []

    def announce(address: str) -> None:
        announced.append(address)
        signal.raise_signal(number)

    serve(SERVING, announce=announce)

    (address,) = announced
    assert address.startswith("127.0.0.1:")
    assert not address.endswith(":0")


def test_the_database_is_free_again_once_it_has_stopped(tmp_path: Path) -> None:
    serving = replace(SERVING, database=tmp_path / "stub.db")

    for _ in range(2):
        serve(serving, announce=lambda _: signal.raise_signal(signal.SIGTERM))

    assert (tmp_path / "stub.db").exists()


MISSING = Path("no-such-file")


@pytest.mark.parametrize(
    "serving",
    [
        replace(SERVING, orders=MISSING),
        replace(SERVING, scenario=MISSING),
        replace(SERVING, contract=MISSING),
        replace(SERVING, mapping=MISSING),
    ],
    ids=["orders", "scenario", "contract", "mapping"],
)
def test_a_stub_that_cannot_start_names_the_file_and_makes_none(
    tmp_path: Path, serving: Serving
) -> None:
    serving = replace(serving, database=tmp_path / "stub.db")

    with pytest.raises(CannotStart, match="no-such-file"):
        serve(serving, announce=lambda _: None)

    assert not (tmp_path / "stub.db").exists()


def test_a_mapping_that_does_not_fit_the_contract_is_told_whole(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('method = "carrier.v1.WaybillService/Nothing"\n')

    with pytest.raises(MappingFaults, match=r"mapping\.toml, line 1, method: .*Nothing"):
        serve(replace(SERVING, mapping=mapping), announce=lambda _: None)


def test_an_address_that_cannot_be_listened_on_comes_with_a_way_out() -> None:
    serving = replace(SERVING, host="192.0.2.1")

    with pytest.raises(
        CannotStart, match=r"192\.0\.2\.1 is not an address of this machine\. Write one of its own"
    ):
        serve(serving, announce=lambda _: None)
