from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config.keys import KeyTable
from adapter.config.load import Origin, Values, anchor
from adapter.config.rules import missing_files
from adapter.config.sections import CarrierSettings, LedgerSettings, Sections, TlsSettings

KEYS = KeyTable.of(Sections)


@pytest.fixture
def values() -> Values:
    return Values(main=Origin(source="adapter.toml", folder=Path("/etc/waybridge")))


@pytest.mark.parametrize(
    ("written", "found"), [("a.toml", "/etc/waybridge/a.toml"), ("/b.toml", "/b.toml"), ("", "")]
)
def test_a_relative_name_starts_from_its_file(values: Values, written: str, found: str) -> None:
    values.set(("carrier", "mapping"), written, values.main)

    anchor(values, KEYS)

    assert values.tree["carrier"]["mapping"] == found


def test_a_faulty_section_is_left_for_the_models_to_refuse(values: Values) -> None:
    values.set(("ledger",), 3, values.main)
    values.set(("carrier",), "x", values.main)

    anchor(values, KEYS)

    assert values.tree == {"ledger": 3, "carrier": "x"}


def test_every_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    tls = TlsSettings(ca=gone, cert=gone, key=gone)
    sections = Sections(
        carrier=CarrierSettings(descriptors=gone, mapping=gone, token_file=gone, tls=tls),
        ledger=LedgerSettings(url=f"sqlite:///{gone}/w.db"),
    )

    assert [breach.key for breach in missing_files(sections)] == [
        "carrier.descriptors",
        "carrier.mapping",
        "carrier.token_file",
        "carrier.tls.ca",
        "carrier.tls.cert",
        "carrier.tls.key",
        "ledger.url",
    ]


def test_a_ledger_elsewhere_needs_no_folder_here() -> None:
    assert not [*missing_files(Sections(ledger=LedgerSettings(url="postgresql://h/d")))]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("sqlite:///w.db", "sqlite:////etc/waybridge/w.db"),
        ("sqlite:///w.db?x=1", "sqlite:////etc/waybridge/w.db?x=1"),
        ("sqlite:////var/w.db", "sqlite:////var/w.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///", "sqlite:///"),
        ("postgresql://h/d", "postgresql://h/d"),
    ],
)
def test_a_ledgers_file_starts_from_the_file_too(values: Values, written: str, found: str) -> None:
    values.set(("ledger", "url"), written, values.main)

    anchor(values, KEYS)

    assert values.tree["ledger"]["url"] == found


def test_the_default_ledger_stands_beside_the_file(values: Values) -> None:
    anchor(values, KEYS)

    assert values.tree["ledger"]["url"] == "sqlite:////etc/waybridge/waybridge.db"


def test_a_folder_is_no_file_to_read(tmp_path: Path) -> None:
    carrier = CarrierSettings(mapping=tmp_path)
    ledger = LedgerSettings(url=f"sqlite:///{tmp_path}/w.db")

    (breach,) = missing_files(Sections(carrier=carrier, ledger=ledger))

    assert breach.message == f"names {tmp_path}, which is a folder."


def test_a_file_that_is_there_is_not_told(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text("")
    ledger = LedgerSettings(url=f"sqlite:///{tmp_path}/w.db?x=1")

    assert not [*missing_files(Sections(carrier=CarrierSettings(mapping=file), ledger=ledger))]


def test_a_name_that_leads_back_to_itself_cannot_be_read(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    ledger = LedgerSettings(url=f"sqlite:///{tmp_path}/w.db")

    (breach,) = missing_files(Sections(carrier=CarrierSettings(mapping=circle), ledger=ledger))

    assert breach.message == f"names {circle}, which cannot be read."


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    ledger = LedgerSettings(url=f"sqlite:///{tmp_path}")

    (breach,) = missing_files(Sections(ledger=ledger))

    assert (breach.key, breach.message) == (
        "ledger.url",
        f"names {tmp_path}, which is a folder.",
    )
