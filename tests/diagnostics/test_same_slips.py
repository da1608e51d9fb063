"""The same slip gets the same words in adapter.toml, in a mapping and in the stub's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.carrier.mapping.mapping import Mapping
from adapter.config.load import inspect
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding
from adapter.diagnostics.table import SIZE_LIMIT_BYTES
from legacy_stub.orders import OrderBook
from legacy_stub.scenarios import Scenario
from tests.carrier.dispatch_contract import dispatch
from tests.configurations import SOUND


def _configuration(file: Path) -> tuple[Finding, ...]:
    environ = {key: text for key, text in SOUND.items() if key != "WAYBRIDGE_CARRIER__TARGET"}
    return inspect(file, environ).findings


def _refused(load: Callable[[Path], object]) -> Callable[[Path], tuple[Finding, ...]]:
    def found(file: Path) -> tuple[Finding, ...]:
        with pytest.raises(CannotStart) as refused:
            load(file)
        return refused.value.findings

    return found


READERS: dict[str, Callable[[Path], tuple[Finding, ...]]] = {
    "adapter.toml": _configuration,
    "mapping.toml": _refused(lambda file: Mapping.load(dispatch(), file)),
    "orders.toml": _refused(OrderBook.load),
    "scenario.toml": _refused(Scenario.load),
}

# The heading and the name of a text, of a table, and of a key that nobody knows, in each file.
TEXTS = {
    "adapter.toml": ("[carrier]\n", "target"),
    "mapping.toml": ("\n", "method"),
    "orders.toml": ("[[orders]]\n", "waybill"),
    "scenario.toml": ("[[waybills]]\n", "plays"),
}
TABLES = {
    "adapter.toml": "carrier",
    "mapping.toml": "status",
    "orders.toml": "merchants",
    "scenario.toml": "",
}

TWICE = "is defined twice, first on line 2."
SLIPS = {
    "a key twice": ('{heading}{text} = "a"\n\n{text} = "b"\n', 4, TWICE),
    "a key twice over several lines": (
        '{heading}{text} = "a"\nother = """\n{text} = 1\n"""\n{text} = """\nb"""\n',
        6,
        TWICE,
    ),
    "an unknown key": ("{heading}xyzzy = 1\n", 2, "unknown setting."),
    "a number for a text": ("{heading}{text} = 5\n", 2, "must be text in quotes."),
    "an empty text": ('{heading}{text} = ""\n', 2, "is missing."),
    "not TOML": ("{heading}{text} = a b\n", 2, "is not TOML: Invalid value."),
    "an end without a quote": (
        '{heading}{text} = "a\n',
        2,
        "is not TOML: Illegal character '\\n'.",
    ),
    "brackets without end": ("a = " + "[" * 5000, None, None),
    "a table twice": ("[one]\n[two]\n[one]\n", 3, "is defined twice, first on line 1."),
}


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("name", READERS)
def test_the_same_slip_gets_the_same_words(name: str, slip: str, tmp_path: Path) -> None:
    pattern, line, message = SLIPS[slip]
    heading, text = TEXTS[name]
    file = tmp_path / name
    file.write_text(pattern.replace("{heading}", heading).replace("{text}", text))

    found = [f for f in READERS[name](file) if f.source == str(file)]

    if message is None:
        assert found[0].message.startswith("is not TOML: ")
    else:
        assert (line, message) in [(finding.line, finding.message) for finding in found]


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table])
def test_a_value_for_a_table_gets_the_same_words(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(f"{TABLES[name]} = 3\n")

    found = [f for f in READERS[name](file) if f.key == TABLES[name] and f.source == str(file)]

    assert [(finding.line, finding.message, finding.hint) for finding in found] == [
        (
            1,
            "must be a table, not a value.",
            f"Write [{TABLES[name]}] on a line of its own and its keys below.",
        )
    ]


def _absent(file: Path) -> None:
    """Leave it as it is: not there."""


def _folder(file: Path) -> None:
    file.mkdir()


UNREADABLE: dict[str, tuple[Callable[[Path], object], int | None, str]] = {
    "not there": (_absent, None, "cannot be read: no such file or directory."),
    "a folder": (_folder, None, "cannot be read: is a directory."),
    "another encoding": (
        lambda file: file.write_bytes(b"# one\n# \xe9\n"),
        2,
        "is not UTF-8 text.",
    ),
    "too large": (
        lambda file: file.write_bytes(b"#" * (SIZE_LIMIT_BYTES + 1)),
        None,
        f"is larger than {SIZE_LIMIT_BYTES} bytes.",
    ),
}


@pytest.mark.parametrize("slip", UNREADABLE)
@pytest.mark.parametrize("name", READERS)
def test_a_file_that_cannot_be_read_gets_the_same_words(
    name: str, slip: str, tmp_path: Path
) -> None:
    spoil, line, message = UNREADABLE[slip]
    file = tmp_path / name
    spoil(file)

    (found,) = READERS[name](file)

    assert (found.source, found.line, found.message) == (str(file), line, message)
    assert found.hint


@pytest.mark.parametrize("name", READERS)
def test_a_byte_order_mark_and_windows_lines_change_nothing(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    heading, text = TEXTS[name]
    lines = f"{heading}{text} = 5\n".replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + lines.encode())

    found = [(f.line, f.message) for f in READERS[name](file) if f.source == str(file)]

    assert (2, "must be text in quotes.") in found
