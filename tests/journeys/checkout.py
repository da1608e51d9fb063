"""Which waybridge a journey runs: this one, or an older one beside it.

`JOURNEY_CHECKOUT=/path/to/checkout` names a checkout of another commit with a `.venv` of its
own (`git worktree add ../before COMMIT && make -C ../before .venv/.installed`): its `serve`
runs in the journeys, judged by this checkout's judge and called by this checkout's stub. So
one can show which promises an older version breaks:

    JOURNEY_CHECKOUT=../before .venv/bin/python -m pytest tests/journeys/test_weather_ledger.py
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from adapter.ledger.operate.maintenance import migrate

VARIABLE = "JOURNEY_CHECKOUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A folder with our sources, and the Python that runs them."""

    folder: Path
    python: str

    def migrate(self, url: str, *, config: Path) -> None:
        """Bring the ledger of this configuration to this version's schema."""
        if self == HERE:
            asyncio.run(migrate(url))
        else:
            self.run("ledger", "migrate", "--config", str(config))

    def knows(self, setting: str) -> bool:
        """Whether a setting of this name exists, in any section."""
        return f'"{setting}"' in _schema(self)

    def run(self, *words: str) -> str:
        """Run one command of its program; return what it printed."""
        command = [self.python, "-m", "adapter", *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done.stdout


HERE = Checkout(folder=Path(__file__).parents[2], python=sys.executable)


@cache
def _schema(checkout: Checkout) -> str:
    return checkout.run("schema")


def tried() -> Checkout:
    """The one that the journeys run."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        return HERE
    folder = Path(named).resolve()
    return Checkout(folder=folder, python=str(folder / ".venv" / "bin" / "python"))
