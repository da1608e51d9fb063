"""What commands print: on any terminal, whatever its encoding and whoever wrote the text.

Where an encoding (GBK, Latin-1, ASCII) lacks a character, a stand-in is written in its place;
JSON is escaped instead, so that nothing of it is lost.
"""

from __future__ import annotations

import codecs
import io
import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

REPLACING = "waybridge.replacing"  # the name of our codec error handler

# What stands for a sign of ours; everything else is a question mark for each cell.
STAND_INS = {"✓": "+", "✗": "x", "→": ">", "←": "<", "−": "-", "—": "-", "…": "."}


def prepare_streams() -> None:
    """Let standard output and error write a stand-in for what they cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=REPLACING)


def write(text: str = "", *, to_stderr: bool = False, newline: bool = True) -> None:
    """Write a text of ours."""
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
    """Return a text of somebody else with everything a terminal would act on written out."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Set cells below each other; a Chinese character is two wide."""
    from rich.cells import cell_len  # here: `waybridge --help` needs no table

    widths = [max(cell_len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def write_columns(lines: Sequence[tuple[str, ...]], *, stream: TextIO) -> None:
    """Write plain columns, for whoever is not a person at a terminal."""
    stream.writelines(f"{line}\n" for line in aligned(lines))


def console(stream: TextIO, *, soft_wrap: bool = False) -> Console:
    """Return rich's console over a stream: colours on a terminal only, no guessed ones."""
    from rich.console import Console

    no_color = None if stream.isatty() else True
    return Console(file=stream, highlight=False, soft_wrap=soft_wrap, no_color=no_color)


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
