from __future__ import annotations

from pathlib import Path

import pytest

from adapter.carrier.options import (
    CarrierMisconfigured,
    CarrierOptions,
    TlsFiles,
    refuse_unsafe,
)

FAR = "dns:///dispatch.internal:50051"
TOKEN = Path("token")
REFUSED = [
    (CarrierOptions(target=FAR), "leaves this machine"),
    (CarrierOptions(target=FAR, token_file=TOKEN, insecure=True), "never sent without TLS"),
    (CarrierOptions(target=FAR, tls=TlsFiles(cert=Path("a"))), "is missing: carrier.tls"),
    (CarrierOptions(target=FAR, tls=TlsFiles(key=Path("a"))), "is missing: carrier.tls"),
    (CarrierOptions(target=""), "is missing"),
    (CarrierOptions(target="ipv4:127.0.0.1:1,10.0.0.1:2"), "leaves this machine"),
]
ALLOWED = [
    CarrierOptions(target=FAR, insecure=True),
    CarrierOptions(target=FAR, tls=TlsFiles(), token_file=TOKEN),
    CarrierOptions(target="127.0.0.1:50051", token_file=TOKEN),
    CarrierOptions(target="unix:/run/carrier.sock", token_file=TOKEN),
]


@pytest.mark.parametrize(("options", "reason"), REFUSED)
def test_secrets_never_cross_a_network_in_the_clear(options: CarrierOptions, reason: str) -> None:
    with pytest.raises(CarrierMisconfigured, match=reason):
        refuse_unsafe(options)


@pytest.mark.parametrize("options", ALLOWED)
def test_a_safe_target_is_taken(options: CarrierOptions) -> None:
    refuse_unsafe(options)


def test_the_files_of_tls_are_those_that_are_named() -> None:
    assert TlsFiles(ca=Path("a"), key=Path("b")).paths == (Path("a"), Path("b"))
