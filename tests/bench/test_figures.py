"""The bench's arithmetic and its table."""

from __future__ import annotations

import os

import pytest

from bench.figures import Run, Sample, cpu_seconds, percentile, resident_mib, table


def sample(*, cpu_us: float, failed: int = 0) -> Sample:
    run = Run(pushes=1000, seconds=0.5, failed=failed, wrong=0, p50_ms=1.0, p99_ms=2.0, max_ms=3.0)
    return Sample(run=run, cpu_us=cpu_us, resident_mib=50.0)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_the_nearest_rank(share: float, value: float) -> None:
    assert percentile(range(1, 101), share) == value


def test_a_row_holds_medians_with_their_spread_and_ratios_of_each_round() -> None:
    samples = {
        "hop": [sample(cpu_us=100), sample(cpu_us=200), sample(cpu_us=400)],
        "memory": [sample(cpu_us=150), sample(cpu_us=200, failed=2), sample(cpu_us=800)],
    }

    memory = table(samples, floor="hop").splitlines()[-1].split(" | ")

    assert memory[:4] == ["| memory", "1.50 (1.00-2.00)", "200 (150-800)", "2000 (2000-2000)"]
    assert memory[-2:] == ["2", "0 |"]


def test_without_the_floor_there_is_no_ratio() -> None:
    row = table({"memory": [sample(cpu_us=150)]}, floor="hop").splitlines()[-1]

    assert row.startswith("| memory | - | 150 |")


def test_this_very_process_has_spent_time_and_holds_memory() -> None:
    spent = cpu_seconds(os.getpid())

    assert spent > 0
    assert resident_mib(os.getpid()) > 10
