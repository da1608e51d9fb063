"""What `check` asks this machine's clock, by which pushes are refused as stale.

WeChat's clock cannot be asked, so this compares what there is: the dates of existing files, and
the state that the kernel reports of its own clock (adjtimex(2): TIME_ERROR, not synchronised).
"""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding, Severity

SOURCE = "this machine's clock"
KEY = "clock"
BEHIND_SECONDS = 60.0  # a file may be this much younger than now, as on network file systems
TIME_ERROR = 5
_TIMEX_BYTES = 512  # `struct timex` has 208; all zero asks and sets nothing


async def ask(settings: Settings) -> tuple[Finding, ...]:
    """Report the time, and what suggests that it is wrong."""
    files = [
        Path(__file__),
        *(file for file in (settings.carrier.descriptors, settings.carrier.mapping) if file),
    ]
    synchronised = await asyncio.to_thread(kernel_is_synchronised)
    written = await asyncio.to_thread(_dates, files)
    return judge(settings, now_unix=time.time(), written=written, kernel_synchronised=synchronised)


def judge(
    settings: Settings,
    *,
    now_unix: float,
    written: Iterable[tuple[str, float]],
    kernel_synchronised: bool | None,
) -> tuple[Finding, ...]:
    """Judge a clock by the dates of files (Unix seconds) and by the kernel (None: unknown)."""
    late = max(written, key=lambda file: file[1], default=("", 0.0))
    if late[1] > now_unix + BEHIND_SECONDS:
        return (
            _found(
                Severity.ERROR,
                f"says {_utc(now_unix)}, but {late[0]} was written at {_utc(late[1])}.",
                "Correct the clock: pushes would be refused as stale.",
            ),
        )
    findings = [_found(Severity.NOTE, _said(settings, now_unix), _compared(settings))]
    if kernel_synchronised is False:
        findings.append(
            _found(
                Severity.NOTE,
                "is not synchronised, according to the kernel (adjtimex).",
                "Run an NTP client such as chrony on this machine or its host.",
            )
        )
    return tuple(findings)


def kernel_is_synchronised(library: object = None) -> bool | None:
    """Ask Linux whether the clock is synchronised; None: unknown.

    `library` is the C library, by default this system's.
    """
    try:
        adjtimex = getattr(library or ctypes.CDLL(None), "adjtimex")  # noqa: B009 - not in types
        state: int = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != TIME_ERROR


def _said(settings: Settings, now_unix: float) -> str:
    zone = settings.ops.timezone
    there = datetime.fromtimestamp(now_unix, ZoneInfo(zone))
    return f"says {_utc(now_unix)}, {there:%H:%M:%S} in {zone}."


def _compared(settings: Settings) -> str:
    windows = {program.freshness_seconds for program in settings.programs.values()}
    return (
        f"Pushes are accepted within {min(windows)} s. Compared with file dates, the newest "
        "push in the ledger and the kernel's clock status; WeChat's clock cannot be asked."
    )


def _dates(files: Iterable[Path]) -> list[tuple[str, float]]:
    return [(str(file), file.stat().st_mtime) for file in files if file.exists()]


def _utc(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _found(severity: Severity, message: str, hint: str) -> Finding:
    return Finding(severity=severity, source=SOURCE, key=KEY, message=message, hint=hint)
