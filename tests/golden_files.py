"""Golden files: what each command prints, compared, or rewritten by `make golden`."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
REWRITES = os.environ.get("GOLDEN") == "rewrite"

# What differs from run to run, and what stands for it. Inputs with a known time are before 2026.
CHANGING = (
    (re.compile(r"(127\.0\.0\.1:)(?!8080\b|9090\b|50051\b)\d{4,5}\b"), r"\1PORT"),
    (re.compile(r"\b(after|takes) \d+(\.\d+)? ms\b"), r"\1 N ms"),
    (re.compile(r"\b(202[6-9]|20[3-9]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?= in Asia)"), "TIME"),
    (
        re.compile(r"^( +)\d\d:\d\d:\d\d\.\d\d\d +(\S+ +\S+ +)[0-9a-f]{32}", re.MULTILINE),
        r"\1TIME  \2ID",
    ),
    (re.compile(r"(CreateTime +)1[7-9]\d{8}\b"), r"\1TIME"),
    (re.compile(r"\bup for .*"), "up for A WHILE"),
    (re.compile(r"^([✓✗] .* -?\d+ +-?\d+) +\d+  (?=\S)", re.MULTILINE), r"\1      N  "),
)


def normalised(text: str, folder: Path) -> str:
    """Return a text of a run in `folder` without what differs from run to run."""
    text = text.replace(str(folder), "FOLDER")
    for pattern, stand_in in CHANGING:
        text = pattern.sub(stand_in, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def agrees(name: str, text: str) -> None:
    """Fail unless the golden file `name` holds the text; `make golden` makes it hold it."""
    file = FOLDER / f"{name}.txt"
    if REWRITES:
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"there is no tests/golden/{name}.txt yet: run `make golden`"
    kept = file.read_text(encoding="utf-8")
    changes = difflib.unified_diff(kept.splitlines(), text.splitlines(), name, "now", lineterm="")
    assert text == kept, "\n".join(("run `make golden` if this is meant:", *changes))
