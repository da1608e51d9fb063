"""`make coverage`: how much of each module its own test module covers, least first.

A line that only another module's tests run is covered by accident: they may stop running it
without anybody noticing. What runs on import is everybody's, so it is run before the tests.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from coverage import Coverage

from tests.mirror import ROOT, SHIPPED, owned

IMPORTED = "imported"


class OwnContext:
    """Has pytest tell coverage whose tests are running."""

    def __init__(self, coverage: Coverage, modules: dict[Path, Path]) -> None:
        self._coverage = coverage
        self._modules = modules
        self._module: Path | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        for folder in SHIPPED:
            for found in pkgutil.walk_packages([str(ROOT / folder)], f"{folder}."):
                # Alembic's scripts run only inside Alembic.
                if ".migrations" not in found.name:
                    importlib.import_module(found.name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        module = self._modules[item.path]
        if module != self._module:
            self._module = module
            self._coverage.switch_context(_context(module))


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One module, as its own tests leave it."""

    module: Path
    share: float
    missing: str
    one_way: tuple[int, ...]

    def __str__(self) -> str:
        one_way = f"one way only: {', '.join(map(str, self.one_way))}" if self.one_way else ""
        left = "; ".join(words for words in (self.missing, one_way) if words)
        return f"{self.share:6.1%}  {self.module.relative_to(ROOT)!s:42}  {left}".rstrip()


def covered(coverage: Coverage, modules: set[Path]) -> Iterator[Covered]:
    """Judge each module by its own tests and by its import, and by nothing else."""
    data = coverage.get_data()
    for module in modules:
        data.set_query_contexts([f"^{re.escape(name)}$" for name in (IMPORTED, _context(module))])
        _, lines, _, missing, text = coverage.analysis2(str(module))
        branches = coverage.branch_stats(str(module)).items()
        yield Covered(
            module=module,
            share=1 - len(missing) / len(lines) if lines else 1.0,
            missing=text,
            one_way=tuple(line for line, (ways, taken) in branches if 0 < taken < ways),
        )


def main(asked: Sequence[str]) -> int:
    """Run the tests that are some module's own, all of them or those under the paths asked."""
    folders = [Path(path).resolve() for path in asked] or [ROOT]
    modules = {
        test: module
        for test, module in owned().items()
        if any(test.is_relative_to(folder) for folder in folders)
    }
    coverage = Coverage(data_file=None, config_file=str(ROOT / "pyproject.toml"))
    coverage.start()
    coverage.switch_context(IMPORTED)
    ended = pytest.main(["-q", *map(str, modules)], plugins=[OwnContext(coverage, modules)])
    coverage.stop()

    found = covered(coverage, set(modules.values()))
    for each in sorted(found, key=lambda each: (each.share, -len(each.one_way), each.module)):
        print(each)  # noqa: T201 - the report is what this is for
    return int(ended)


def _context(module: Path) -> str:
    return str(module.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
