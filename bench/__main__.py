"""`make bench`: what one push costs, beside a bare hop to the same stub in the same run."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.figures import Run, Sample, cpu_seconds, resident_mib, table
from bench.processes import HOP, VARIANTS, Bench, NotReady, Served, keep_a_core_for_serving

WARM_UP_PUSHES = 500


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default=",".join(VARIANTS), help="of: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--pushes", type=int, default=4000, help="a round; default: %(default)s")
    parser.add_argument("--connections", type=int, default=16, help="default: %(default)s")
    parser.add_argument(
        "--open-loop", type=float, metavar="RATE", help="send so many a second, answered or not"
    )
    parser.add_argument("--seconds", type=float, default=60, help="of --open-loop; default: 60")
    given = parser.parse_args()
    given.only = given.only.split(",")
    if unknown := set(given.only) - set(VARIANTS):
        parser.error(f"no such variant: {', '.join(sorted(unknown))}; there are {VARIANTS}")
    if given.open_loop:
        given.pushes = int(given.open_loop * given.seconds)
    return given


def measure(bench: Bench, served: Served, prefix: str, given: argparse.Namespace) -> Sample:
    """Run the load once, and see what the serving process spent between first push and last."""
    pushes, rate = given.pushes, given.open_loop or 0
    shape = ["--prefix", prefix, "--pushes", str(pushes), "--connections", str(given.connections)]
    with bench.load(served, *shape, "--per-second", str(rate)) as load:
        assert load.stdin is not None and load.stdout is not None  # noqa: S101, PT018 - piped
        _expect(load.stdout.readline(), "ready")
        before = cpu_seconds(served.pid)
        load.stdin.write("go\n")
        load.stdin.flush()
        _expect(load.stdout.readline(), "done")
        spent = cpu_seconds(served.pid) - before
        run = Run(**json.loads(load.stdout.readline()))
    return Sample(run=run, cpu_us=spent / pushes * 1e6, resident_mib=resident_mib(served.pid))


def rounds(bench: Bench, given: argparse.Namespace) -> dict[str, list[Sample]]:
    """Run every variant once a round, so that a slow minute of the machine is slow for all."""
    served = {variant: bench.serve(variant) for variant in given.only}
    warm_up = argparse.Namespace(
        pushes=WARM_UP_PUSHES, connections=given.connections, open_loop=None
    )
    for variant, its_server in served.items():
        measure(bench, its_server, "warm-up", warm_up)
        print(f"warm: {variant}", file=sys.stderr)
    samples: dict[str, list[Sample]] = {variant: [] for variant in given.only}
    for nth in range(given.rounds):
        for variant, its_server in served.items():
            sample = measure(bench, its_server, f"round-{nth}", given)
            samples[variant].append(sample)
            print(
                f"round {nth + 1}/{given.rounds} {variant}: {sample.cpu_us:.0f} µs/push, "
                f"{sample.pushes_per_second:.0f}/s, p99 {sample.run.p99_ms:.1f} ms, "
                f"{sample.run.failed} failed, {sample.run.wrong} wrong",
                file=sys.stderr,
            )
    return samples


def heading(given: argparse.Namespace) -> str:
    """Say what was run, where and when."""
    shape = f"open loop, {given.open_loop:g} pushes/s" if given.open_loop else "as fast as answered"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}, "
        f"grpcio {version('grpcio')}, uvicorn {version('uvicorn')}: {given.rounds} rounds of "
        f"{given.pushes} pushes, {given.connections} connections, {shape}, secure XML\n"
    )


def main() -> int:
    """Measure, print the table; 1 when any push failed or was answered wrongly."""
    given = arguments()
    core = keep_a_core_for_serving()
    if core is None:
        print("one core only: load and server share it, absolute figures mean little")
    try:
        with tempfile.TemporaryDirectory() as folder, Bench(Path(folder), serving_core=core) as b:
            samples = rounds(b, given)
    except NotReady as error:
        print(f"nothing measured: {error}", file=sys.stderr)
        return 2
    print(heading(given))
    print(table(samples, floor=HOP))
    return int(any(s.run.failed or s.run.wrong for of_one in samples.values() for s in of_one))


def _expect(line: str, word: str) -> None:
    if line.strip() != word:
        raise NotReady(f"the load generator said {line!r} instead of {word!r}")


if __name__ == "__main__":
    sys.exit(main())
