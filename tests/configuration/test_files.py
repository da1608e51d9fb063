from __future__ import annotations

from pathlib import Path

import pytest

from adapter.configuration.files import anchor, missing
from adapter.configuration.keys import KeyTable
from adapter.configuration.sections import CarrierSettings, LedgerSettings, Sections, TlsSettings
from adapter.configuration.sources import Origin, Values

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

    assert [breach.key for breach in missing(sections)] == [
        "carrier.descriptors",
        "carrier.mapping",
        "carrier.token_file",
        "carrier.tls.ca",
        "carrier.tls.cert",
        "carrier.tls.key",
        "ledger.url",
    ]


def test_a_ledger_elsewhere_needs_no_folder_here() -> None:
    assert not [*missing(Sections(ledger=LedgerSettings(url="postgresql://h/d")))]
