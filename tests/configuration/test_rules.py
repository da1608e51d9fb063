from __future__ import annotations

import pytest

from adapter.configuration.rules import breaches, timezone
from adapter.configuration.sections import (
    CarrierSettings,
    EdgeSettings,
    LedgerSettings,
    OpsSettings,
    Sections,
    TlsSettings,
    WeChatSettings,
)
from adapter.wechat.redact import Secret

PLAIN = WeChatSettings(mode="plaintext", token=Secret("abc123"))
NEAR = CarrierSettings(target="127.0.0.1:50051")


def _keys(sections: Sections) -> list[str]:
    return [breach.key for breach in breaches(sections)]


def test_the_least_configuration_breaks_no_rule() -> None:
    assert _keys(Sections(wechat=PLAIN, carrier=NEAR)) == []


@pytest.mark.parametrize(
    "carrier",
    [
        CarrierSettings(target="dns:///far:50051", insecure=True),
        CarrierSettings(target="dns:///far:50051", tls=TlsSettings()),
        CarrierSettings(target="unix:/run/carrier.sock"),
    ],
)
def test_a_password_may_leave_by_tls_or_by_leave(carrier: CarrierSettings) -> None:
    assert _keys(Sections(wechat=PLAIN, carrier=carrier)) == []


@pytest.mark.parametrize(
    "url",
    ["sqlite:///w.db", "sqlite:////var/lib/w.db?x=1", "postgresql://h/d", "memory:", "memory://"],
)
def test_these_are_ledgers(url: str) -> None:
    assert _keys(Sections(wechat=PLAIN, carrier=NEAR, ledger=LedgerSettings(url=url))) == []


@pytest.mark.parametrize(
    "url", ["", "w.db", "sqlite:w.db", "sqlite://w.db", "sqlite:///", "memory"]
)
def test_these_are_no_ledgers(url: str) -> None:
    sections = Sections(wechat=PLAIN, carrier=NEAR, ledger=LedgerSettings(url=url))

    assert _keys(sections) == ["ledger.url"]


@pytest.mark.parametrize(
    ("edge", "ops", "clash"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080", True),
        (":8080", "127.0.0.1:8080", True),
        ("10.0.0.1:8080", "127.0.0.1:8080", False),
        ("127.0.0.1:0", "127.0.0.1:0", False),
    ],
)
def test_two_ports_are_two_ports(edge: str, ops: str, clash: bool) -> None:  # noqa: FBT001 - a case of the table
    sections = Sections(
        wechat=PLAIN,
        carrier=NEAR,
        edge=EdgeSettings(listen=edge),
        ops=OpsSettings(listen=ops),
    )

    assert _keys(sections) == (["ops.listen"] if clash else [])


@pytest.mark.parametrize(
    ("name", "known", "told"),
    [
        ("Asia/Shanghai", ["Asia/Shanghai"], []),
        ("Asia/Shanghia", ["Asia/Shanghai"], [("error", "Did you mean Asia/Shanghai?")]),
        ("Mars", ["Asia/Shanghai"], [("error", "Write e.g. Asia/Shanghai.")]),
        ("Asia/Shanghai", [], [("warning", "Install the system's package tzdata.")]),
    ],
)
def test_a_time_zone_is_one_that_the_machine_knows(
    name: str, known: list[str], told: list[tuple[str, str]]
) -> None:
    found = timezone(name, known=known)

    assert [(breach.severity.value, breach.hint) for breach in found] == told
