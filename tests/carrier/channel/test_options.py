from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.carrier.channel.options import (
    CarrierMisconfigured,
    CarrierOptions,
    refuse_unsafe,
)
from tests import defaults

FAR = "dns:///dispatch.internal:50051"
TOKEN = Path("token")
REFUSED = [
    (replace(defaults.CARRIER, target=FAR), "leaves this machine"),
    (
        replace(defaults.CARRIER, target=FAR, token_file=TOKEN, insecure=True),
        "never sent without TLS",
    ),
    (
        replace(defaults.CARRIER, target=FAR, tls=replace(defaults.TLS, cert=Path("a"))),
        "is missing: carrier.tls",
    ),
    (
        replace(defaults.CARRIER, target=FAR, tls=replace(defaults.TLS, key=Path("a"))),
        "is missing: carrier.tls",
    ),
    (replace(defaults.CARRIER, target=""), "is missing"),
    (replace(defaults.CARRIER, target="ipv4:127.0.0.1:1,10.0.0.1:2"), "leaves this machine"),
]
ALLOWED = [
    replace(defaults.CARRIER, target=FAR, insecure=True),
    replace(defaults.CARRIER, target=FAR, tls=defaults.TLS, token_file=TOKEN),
    replace(defaults.CARRIER, target="127.0.0.1:50051", token_file=TOKEN),
    replace(defaults.CARRIER, target="unix:/run/carrier.sock", token_file=TOKEN),
]


@pytest.mark.parametrize(("options", "reason"), REFUSED)
def test_secrets_never_cross_a_network_in_the_clear(options: CarrierOptions, reason: str) -> None:
    with pytest.raises(CarrierMisconfigured, match=reason):
        refuse_unsafe(options)


@pytest.mark.parametrize("options", ALLOWED)
def test_a_safe_target_is_taken(options: CarrierOptions) -> None:
    refuse_unsafe(options)


def test_the_files_of_tls_are_those_that_are_named() -> None:
    assert replace(defaults.TLS, ca=Path("a"), key=Path("b")).paths == (Path("a"), Path("b"))
