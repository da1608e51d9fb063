from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.carrier.options import (
    CarrierMisconfigured,
    CarrierOptions,
    addresses,
    host_and_port,
    is_loopback,
    is_named,
    refuse_unsafe,
)
from tests import defaults

TARGETS = [
    ("dns:///dispatch.internal:50051", ("dispatch.internal:50051",), False, True),
    ("dns://10.0.0.1/dispatch.internal:50051", ("dispatch.internal:50051",), False, True),
    ("dns:dispatch.internal:50051", ("dispatch.internal:50051",), False, True),
    ("dispatch.internal:50051", ("dispatch.internal:50051",), False, True),
    ("dispatch.internal", ("dispatch.internal",), False, True),
    ("dns:///10.0.0.1:50051", ("10.0.0.1:50051",), False, False),
    ("localhost:50051", ("localhost:50051",), True, False),
    ("127.0.0.1:50051", ("127.0.0.1:50051",), True, False),
    ("[::1]:50051", ("[::1]:50051",), True, False),
    ("ipv4:127.0.0.1:1,127.0.0.1:2", ("127.0.0.1:1", "127.0.0.1:2"), True, False),
    ("ipv4:127.0.0.1:1,10.0.0.1:2", ("127.0.0.1:1", "10.0.0.1:2"), False, False),
    ("ipv6:[::1]:1,[::1]:2", ("[::1]:1", "[::1]:2"), True, False),
    ("ipv6:%5B::1%5D:1", ("[::1]:1",), True, False),
    ("unix:/run/carrier.sock", ("/run/carrier.sock",), True, False),
    ("unix:///run/carrier.sock", ("///run/carrier.sock",), True, False),
    # A host may be called like an address that it is not.
    ("127.0.0.1.evil.example:50051", ("127.0.0.1.evil.example:50051",), False, True),
]


@pytest.mark.parametrize(("target", "listed", "loopback", "named"), TARGETS)
def test_a_target_is_read_as_grpc_reads_it(
    target: str, listed: tuple[str, ...], *, loopback: bool, named: bool
) -> None:
    assert addresses(target) == listed
    assert is_loopback(target) is loopback
    assert is_named(target) is named


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("host:50051", ("host", 50051)),
        ("[::1]:50051", ("::1", 50051)),
        ("host", ("host", 443)),
        ("[::1]", ("::1", 443)),
    ],
)
def test_an_address_without_a_port_has_grpcs_default(
    address: str, expected: tuple[str, int]
) -> None:
    assert host_and_port(address) == expected


@pytest.mark.parametrize("address", ["host:0", "host:65536", "host:grpc", "host:٣"])
def test_a_port_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(CarrierMisconfigured, match="no port"):
        host_and_port(address)


FAR = "dns:///dispatch.internal:50051"
TOKEN = Path("token")
REFUSED = [
    (replace(defaults.CARRIER, target=FAR), "is not loopback"),
    (
        replace(defaults.CARRIER, target=FAR, token_file=TOKEN, insecure=True),
        "never sent without TLS",
    ),
    (
        replace(defaults.CARRIER, target=FAR, tls=replace(defaults.TLS, cert=Path("a"))),
        "both cert and key",
    ),
    (
        replace(defaults.CARRIER, target=FAR, tls=replace(defaults.TLS, key=Path("a"))),
        "both cert and key",
    ),
    (replace(defaults.CARRIER, target=""), "names no address"),
    (replace(defaults.CARRIER, target="ipv4:127.0.0.1:1,10.0.0.1:2"), "is not loopback"),
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
