"""The files that settings name: found from where the name was written, and really there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from adapter.config.keys import KeyTable
from adapter.config.sections import LedgerSettings, Sections, TlsSettings
from adapter.config.sources import Values
from adapter.diagnostics.finding import Finding

_SQLITE = "sqlite:///"
_URL = ("ledger", "url")


def anchor(values: Values, keys: KeyTable) -> None:
    """Make every relative file name absolute, from the folder of whoever wrote it."""
    ledger = values.tree.setdefault("ledger", {})
    if isinstance(ledger, dict) and "url" not in ledger:
        # From any folder, every command that is given the same file finds the same ledger.
        values.set(_URL, LedgerSettings().url, values.main)
    for key in [*keys.paths(), _URL]:
        table: object = values.tree
        for name in key[:-1]:
            table = table.get(name) if isinstance(table, dict) else None
        text = table.get(key[-1]) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(text, str) and text:
            table[key[-1]] = _anchored(text, values.origins[key].folder, is_url=key == _URL)


def missing(sections: Sections) -> Iterator[Finding]:
    """Find the files that cannot be read, and the ledger's folder that is not there."""
    carrier, tls = sections.carrier, sections.carrier.tls or TlsSettings()
    named = {
        "carrier.descriptors": carrier.descriptors,
        "carrier.mapping": carrier.mapping,
        "carrier.token_file": carrier.token_file,
        "carrier.tls.ca": tls.ca,
        "carrier.tls.cert": tls.cert,
        "carrier.tls.key": tls.key,
        "ops.users": sections.ops.users,
    }
    for key, file in named.items():
        if file is not None and (reason := _unreadable(file)):
            yield Finding(
                key=key,
                message=f"names {file}, which {reason}.",
                hint="A relative name starts from the folder of the file that holds it.",
            )
    if sections.ledger.url.startswith(_SQLITE):
        file = Path(sections.ledger.url.removeprefix(_SQLITE).partition("?")[0])
        folder = file.parent
        if file.is_dir():
            yield Finding(
                key="ledger.url",
                message=f"names {file}, which is a folder.",
                hint="Name a file in it, e.g. waybridge.db; it is made at the first start.",
            )
        elif not folder.is_dir():
            yield Finding(
                key="ledger.url",
                message=f"names a file in {folder}, which is no folder.",
                hint="Make the folder; the ledger's file is made at the first start.",
            )


def _anchored(text: str, folder: Path, *, is_url: bool) -> str:
    if not is_url:
        return str(folder / Path(text).expanduser())
    if not text.startswith(_SQLITE) or ":memory:" in text:
        return text
    path, mark, query = text.removeprefix(_SQLITE).partition("?")
    return f"{_SQLITE}{folder / path}{mark}{query}" if path else text


def _unreadable(file: Path) -> str:
    if file.is_dir():
        return "is a folder"
    try:
        with file.open("rb"):
            return ""
    except OSError as error:
        return "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
