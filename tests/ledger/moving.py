"""What somebody else may do to a ledger's file."""

from __future__ import annotations

from pathlib import Path


def move(source: Path, target: Path) -> None:
    source.rename(target)


def fill(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def remove(path: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def exists(path: Path) -> bool:
    return path.exists()
