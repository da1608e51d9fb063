"""What commands print: text, JSON, columns and findings, safely in any terminal and encoding.

A character that the encoding (GBK, Latin-1, ASCII) lacks is replaced by a stand-in; JSON is
escaped instead, so that nothing of it is lost.
"""

from __future__ import annotations

import codecs
import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from adapter.cancellation.errors import AdapterError
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

EXIT_FINDINGS = 1
EXIT_CANNOT_RUN = 2

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}

REPLACING = "waybridge.replacing"  # the name of our codec error handler

# Stand-ins for our own symbols; anything else becomes one question mark per cell.
STAND_INS = {"✓": "+", "✗": "x", "→": ">", "←": "<", "−": "-", "—": "-", "…": "."}


def prepare_streams() -> None:
    """Make standard output and error write a stand-in for what they cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=REPLACING)


def write(text: str = "", *, to_stderr: bool = False, newline: bool = True) -> None:
    """Write a line of text."""
    # The stream is named: for an ASCII one click would open another that writes UTF-8.
    click.echo(text, file=sys.stderr if to_stderr else sys.stdout, nl=newline)


def write_json(text: str) -> None:
    """Write JSON, complete in any encoding."""
    write(json_for(sys.stdout, text))


def json_text(value: object, *, indent: int | None = 2) -> str:
    """Return a value as JSON that people can read, Chinese too."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def json_for(stream: TextIO, text: str) -> str:
    """Return JSON with what the stream cannot encode escaped."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        # Only strings hold such characters, and there an escape means the same.
        return "".join(letter if letter.isascii() else json.dumps(letter)[1:-1] for letter in text)
    return text


def visible(text: str) -> str:
    """Return a foreign text with everything a terminal would act on escaped."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Align cells in columns; a Chinese character is two cells wide."""
    from rich.cells import cell_len  # here: `waybridge --help` needs no table

    widths = [max(cell_len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def write_columns(lines: Sequence[tuple[str, ...]], *, stream: TextIO) -> None:
    """Write plain columns, where nobody reads at a terminal."""
    stream.writelines(f"{line}\n" for line in aligned(lines))


def console(stream: TextIO, *, soft_wrap: bool = False) -> Console:
    """Return rich's console over a stream: colours on a terminal only, no guessed ones."""
    from rich.console import Console

    no_color = None if stream.isatty() else True
    return Console(file=stream, highlight=False, soft_wrap=soft_wrap, no_color=no_color)


def show_findings(findings: Iterable[Finding], *, stream: TextIO | None = None) -> None:
    """Write the findings to standard error, or to `stream`; nothing when there are none."""
    listed = tuple(findings)
    out = stream or sys.stderr
    if not listed:
        return
    if out.isatty() and len(listed) > 1:  # a single one reads better as a sentence
        console(out).print(_findings_table(listed))
    else:
        out.write("\n\n".join(str(finding) for finding in listed) + "\n")


def refuse(findings: Iterable[Finding], *, exit_code: int = EXIT_CANNOT_RUN) -> NoReturn:
    """Write the findings and end the program, which cannot run with them."""
    show_findings(findings)
    raise SystemExit(exit_code)


@contextmanager
def or_refuse(
    source: str, *, placed: Callable[[Iterable[Finding]], Iterable[Finding]] = tuple
) -> Iterator[None]:
    """End a command with exit code 2 and the findings of what keeps it from doing its work.

    `placed` adds to a finding where its key was set; one without a source gets `source`, the
    name of the command.
    """
    try:
        yield
    except AdapterError as error:
        found = error.findings if isinstance(error, CannotStart) else [Finding(message=str(error))]
        refuse(each if each.source else replace(each, source=source) for each in placed(found))


def _findings_table(findings: tuple[Finding, ...]) -> Table:
    from rich.table import Table  # here: `waybridge --help` draws none
    from rich.text import Text

    table = Table("", "where", "what is wrong", "what to do", show_lines=True)
    for finding in findings:
        # Text, not markup: [section] in a message must not become a colour.
        table.add_row(
            Text(finding.severity.value, style=_COLOURS[finding.severity]),
            Text(finding.where, overflow="fold"),
            Text(finding.message, overflow="fold"),
            Text(finding.hint, overflow="fold"),
        )
    return table


def _replacement(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(STAND_INS.get(letter) or "?" * _cells(letter) for letter in lost), error.end


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


codecs.register_error(REPLACING, _replacement)
