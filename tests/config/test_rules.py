from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapter.config.rules import findings, timezone
from adapter.config.sections import (
    CarrierSettings,
    EdgeSettings,
    ForwardSettings,
    LedgerSettings,
    OpsSettings,
    Sections,
    TlsSettings,
    WeChatSettings,
)
from adapter.diagnostics.finding import Severity
from adapter.wechat.secret import Secret

PLAIN = WeChatSettings(mode="plaintext", token=Secret("abc123"))
NEAR = CarrierSettings(target="127.0.0.1:50051")


def _sound(**others: Any) -> Sections:
    """The least configuration, with other sections beside it or in place of its own."""
    return Sections(**{"wechat": PLAIN, "carrier": NEAR, **others})


def _keys(sections: Sections) -> list[str]:
    return [breach.key for breach in findings(sections)]


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


KNOWN = ["Asia/Beirut", "Asia/Shanghai", "Europe/Berlin"]


@pytest.mark.parametrize(
    ("name", "known", "told"),
    [
        ("Asia/Shanghai", ["Asia/Shanghai"], []),
        ("Asia/Shanghia", ["Asia/Shanghai"], [("error", 'Did you mean "Asia/Shanghai"?')]),
        ("Asia/Bejing", KNOWN, [("error", 'Did you mean "Asia/Shanghai"?')]),
        ("Asia/Beijing", KNOWN, [("error", 'Did you mean "Asia/Shanghai"?')]),
        ("beijing", KNOWN, [("error", 'Did you mean "Asia/Shanghai"?')]),
        ("Asia/Beiruth", KNOWN, [("error", 'Did you mean "Asia/Beirut"?')]),
        ("Mars", ["Asia/Shanghai"], [("error", "Write e.g. Asia/Shanghai.")]),
        ("Asia/Shanghai", [], [("warning", "Install the system package tzdata.")]),
    ],
)
def test_a_time_zone_is_one_that_the_machine_knows(
    name: str, known: list[str], told: list[tuple[str, str]]
) -> None:
    found = timezone(name, known=known)

    assert [(breach.severity.value, breach.hint) for breach in found] == told


@pytest.mark.parametrize("section", ["edge", "ops"])
def test_an_address_to_listen_on_has_a_port(section: str) -> None:
    kind = {"edge": EdgeSettings, "ops": OpsSettings}[section]

    assert _keys(_sound(**{section: kind(listen="localhost")})) == [f"{section}.listen"]


@pytest.mark.parametrize("users", [{}, {"users": Path("users.toml")}], ids=["no users", "users"])
@pytest.mark.parametrize(
    ("listen", "refused"),
    [
        ("127.0.0.1:9090", False),
        ("127.8.9.1:9090", False),
        ("[::1]:9090", False),
        ("localhost:9090", False),
        (":9090", True),
        ("0.0.0.0:9090", True),
        ("[::]:9090", True),
        ("10.0.0.7:9090", True),
        ("203.0.113.5:9090", True),
        ("[2001:db8::5]:9090", True),
        ("ops.internal:9090", True),
        ("localhost.example:9090", True),
    ],
)
def test_the_ops_port_is_for_this_machine_alone(
    listen: str, users: dict[str, Path], *, refused: bool
) -> None:
    found = [
        breach
        for breach in findings(_sound(ops=OpsSettings(listen=listen, **users)))
        if breach.key == "ops.listen"
    ]

    assert [breach.severity for breach in found] == ([Severity.ERROR] if refused else [])
    assert all("SSH tunnel or a proxy" in breach.hint for breach in found)


def test_an_address_that_resolvers_read_in_their_own_way_is_refused() -> None:
    found = findings(_sound(ops=OpsSettings(listen="127.1:9090")))

    assert [(breach.key, breach.severity) for breach in found] == [("ops.listen", Severity.ERROR)]


@pytest.mark.parametrize(
    ("carrier", "key", "severity", "hint"),
    [
        (CarrierSettings(), "target", "error", "Write e.g. dns:///"),
        (
            CarrierSettings(target="https://far:1"),
            "target",
            "error",
            "does not start with http://.",
        ),
        (CarrierSettings(target="dns:///"), "target", "error", "Write e.g. dns:///"),
        (CarrierSettings(target="dns:///far:1"), "target", "error", "Add [carrier.tls], or set"),
        (CarrierSettings(target="localhost"), "target", "warning", "Write e.g. dns:///"),
        (
            CarrierSettings(target="dns:///far:1", tls=TlsSettings(), insecure=True),
            "insecure",
            "warning",
            "Remove one of the two.",
        ),
    ],
    ids=["none", "a web address", "no address", "in the clear", "no port", "twice over"],
)
def test_a_target_is_one_that_grpc_can_ask_in_safety(
    carrier: CarrierSettings, key: str, severity: str, hint: str
) -> None:
    (breach,) = findings(_sound(carrier=carrier))

    assert (breach.key, breach.severity.value) == (f"carrier.{key}", severity)
    assert hint in breach.hint


@pytest.mark.parametrize(("given", "missing"), [("cert", "key"), ("key", "cert")])
def test_a_certificate_and_its_key_come_together(given: str, missing: str) -> None:
    tls = TlsSettings.model_validate({given: "x.pem"})
    carrier = CarrierSettings(target="dns:///far:1", tls=tls)

    (breach,) = findings(_sound(carrier=carrier))

    assert breach.key == f"carrier.tls.{missing}"
    assert f"carrier.tls.{given} needs it too" in breach.message


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("postgres://h/d", "Write postgresql:// for it."),
        ("sqlite://", "For a ledger in memory write memory: alone."),
        ("sqlite:///:memory:", "For a ledger in memory write memory: alone."),
        ("mysql://h/d", "Write sqlite:///waybridge.db,"),
    ],
)
def test_what_was_meant_for_a_ledger_is_guessed(url: str, hint: str) -> None:
    (breach,) = findings(_sound(ledger=LedgerSettings(url=url)))

    assert breach.hint.startswith(hint)


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("", []),
        ("https://h/x", []),
        ("127.0.0.1:7000", ["forward.url"]),
        ("http://", ["forward.url"]),
    ],
)
def test_events_are_passed_on_to_a_web_address(url: str, keys: list[str]) -> None:
    assert _keys(_sound(forward=ForwardSettings(url=url))) == keys


def test_this_machines_time_zones_are_asked() -> None:
    assert _keys(_sound(ops=OpsSettings(timezone="Asia/Shanghia"))) == ["ops.timezone"]


def test_times_that_contradict_each_other_are_warned_of() -> None:
    short = CarrierSettings(target="127.0.0.1:1", deadline_seconds=2)
    late = CarrierSettings(target="127.0.0.1:1", connect_wait_seconds=4)

    found = [*findings(_sound(carrier=short)), *findings(_sound(carrier=late))]

    assert [(breach.key, breach.severity.value) for breach in found] == [
        ("carrier.deadline_seconds", "warning"),
        ("carrier.connect_wait_seconds", "warning"),
    ]
