"""What a run measured, and the table of all runs: medians, spread, ratios to the bare hop."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the load generator saw. `failed`: not 200, or cut off; `wrong`: not ResultCode 0."""

    pushes: int
    seconds: float
    failed: int
    wrong: int
    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run of one variant, with what its serving process spent meanwhile."""

    run: Run
    cpu_us: float
    resident_mib: float

    @property
    def pushes_per_second(self) -> float:
        return self.run.pushes / self.run.seconds


def percentile(ascending: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all values do not exceed (nearest rank)."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of one process, all its threads, none of its children (proc(5))."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user_ticks, system_ticks = after_name[11:13]
    return (int(user_ticks) + int(system_ticks)) / TICKS_PER_SECOND


def resident_mib(pid: int) -> float:
    """Return the resident memory of one process (VmRSS, proc(5))."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0  # a process that has ended has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One figure of the table; `decimals` as printed."""

    title: str
    of: Callable[[Sample], float]
    decimals: int


COLUMNS = (
    Column(title="CPU µs/push", of=lambda sample: sample.cpu_us, decimals=0),
    Column(title="pushes/s", of=lambda sample: sample.pushes_per_second, decimals=0),
    Column(title="p50 ms", of=lambda sample: sample.run.p50_ms, decimals=1),
    Column(title="p99 ms", of=lambda sample: sample.run.p99_ms, decimals=1),
    Column(title="max ms", of=lambda sample: sample.run.max_ms, decimals=1),
    Column(title="RSS MiB", of=lambda sample: sample.resident_mib, decimals=0),
)


def table(samples: dict[str, list[Sample]], *, floor: str) -> str:
    """Lay the medians out as Markdown, each with its least and greatest value.

    The ratio is the median over the rounds of each round's own ratio to `floor`, because a
    machine's speed drifts from round to round.
    """
    titles = ["variant", "× hop", *(column.title for column in COLUMNS), "failed", "wrong"]
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "--:|" * (len(titles) - 1)]
    for variant, its_samples in samples.items():
        cells = [variant, _ratio(its_samples, samples.get(floor, []))]
        cells.extend(
            _spread([column.of(sample) for sample in its_samples], column.decimals)
            for column in COLUMNS
        )
        cells.append(str(sum(sample.run.failed for sample in its_samples)))
        cells.append(str(sum(sample.run.wrong for sample in its_samples)))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _ratio(samples: Sequence[Sample], floor: Sequence[Sample]) -> str:
    if not floor:
        return "-"
    return _spread([a.cpu_us / b.cpu_us for a, b in zip(samples, floor, strict=True)], 2)


def _spread(values: Sequence[float], decimals: int) -> str:
    middle, least, greatest = statistics.median(values), min(values), max(values)
    if len(values) == 1:
        return f"{middle:.{decimals}f}"
    return f"{middle:.{decimals}f} ({least:.{decimals}f}-{greatest:.{decimals}f})"
