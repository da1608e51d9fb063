"""Which test module is a module's own: the tests mirror the tree.

`tests/wechat/test_cipher.py` is `adapter/wechat/cipher.py`'s own. A long one has parts that
begin with its name: `test_desk_repeats.py` is `desk.py`'s too, while there is no `desk_repeats`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
SHIPPED = ("adapter", "legacy_stub")

_ALEMBIC = "Alembic runs it: tests/ledger/test_schema.py compares the tables it makes with ours"
TESTED_ELSEWHERE: dict[str, str] = {
    "adapter/__main__.py": "one call: tests/cli/test_main.py types what it passes on",
    "adapter/cancellation/errors.py": "a tree of errors, raised and named by others",
    "adapter/cancellation/ports.py": "protocols: tests/conformance tries whoever fits them",
    "adapter/edge/ports.py": "protocols: the edge's tests play each of them",
    "adapter/ledger/errors.py": "a tree of errors, raised and named by others",
    "adapter/ledger/migrations/env.py": _ALEMBIC,
    "adapter/ledger/migrations/versions/0001_first_tables.py": _ALEMBIC,
    "adapter/ledger/migrations/versions/0002_cause_of_a_push.py": (
        "Alembic runs it: tests/cli/test_ledger_migrate_0001.py carries over a ledger"
    ),
    "adapter/ledger/resolution.py": "a record that does nothing",
    "legacy_stub/__main__.py": "one call: tests/legacy_stub/test_commands.py types the commands",
}
"""Modules without a test module of their own name, and why."""


def modules() -> Iterator[Path]:
    """Return every module that ships and holds code."""
    for folder in SHIPPED:
        for path in sorted(ROOT.joinpath(folder).rglob("*.py")):
            if path.name != "__init__.py":
                yield path


def own_test_module(module: Path) -> Path:
    """Return where the tests of `module` begin, whether there are any or not."""
    inside = module.relative_to(
        ROOT / "adapter" if module.is_relative_to(ROOT / "adapter") else ROOT
    )
    return TESTS / inside.with_name(f"test_{inside.name}")


def owned() -> dict[Path, Path]:
    """Return every test module that is some module's own, and which one's."""
    first = {own_test_module(module): module for module in modules()}
    found = {test: _first_part(test, first) for test in sorted(TESTS.rglob("test_*.py"))}
    return {test: first[part] for test, part in found.items() if part is not None}


def _first_part(test: Path, first: dict[Path, Path]) -> Path | None:
    """Return the test module that `test` is a part of: the one with the longest such name."""
    words = test.stem.split("_")
    parts = (test.with_name("_".join(words[:count]) + ".py") for count in range(len(words), 1, -1))
    return next((part for part in parts if part in first), None)
