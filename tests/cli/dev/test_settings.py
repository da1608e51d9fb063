from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter import development
from adapter.cli.dev.settings import DevOptions, dev_settings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.wechat.envelope import Mode

OPTIONS = DevOptions(
    port=8080,
    ops_port=9090,
    stub_port=50051,
    mode=Mode.COMPATIBLE,
    ledger_url="memory:",
    locale="en",
    contract=None,
    mapping=None,
)
TARGET = "127.0.0.1:50051"


def test_everything_is_on_this_machine_with_published_secrets() -> None:
    settings = dev_settings(OPTIONS, stub_target=TARGET)

    assert (settings.edge.listen, settings.ops.listen) == ("127.0.0.1:8080", "127.0.0.1:9090")
    assert settings.edge.drain_delay_seconds == 0
    assert (settings.carrier.target, settings.ledger.url) == (TARGET, "memory:")
    assert (settings.wechat.mode, settings.wechat.locale) == ("compatible", "en")
    assert settings.wechat.token.reveal() == development.TOKEN
    assert settings.carrier.mapping is None


def test_a_carriers_own_contract_is_passed_on() -> None:
    own = replace(OPTIONS, contract=Path("/c.binpb"), mapping=Path("/m.toml"))

    carrier = dev_settings(own, stub_target=TARGET).carrier

    assert (str(carrier.descriptors), str(carrier.mapping)) == ("/c.binpb", "/m.toml")


@pytest.mark.parametrize(
    ("order", "option"),
    [
        (replace(OPTIONS, ledger_url="mysql://x"), "--ledger"),
        (replace(OPTIONS, ops_port=8080), "--ops-port"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(order: DevOptions, option: str) -> None:
    with pytest.raises(CannotStart) as ended:
        dev_settings(order, stub_target=TARGET)

    assert str(ended.value).startswith(f"error: waybridge dev, {option}: ")
