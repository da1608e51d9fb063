"""`check`'s questions to this machine's clock: pushes are refused as stale by it.

WeChat's own clock cannot be asked. What can be compared is compared: the dates of files that
are here already, and what the kernel says of its own clock (adjtimex(2): TIME_ERROR, no
source of time has set it).
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
    """Say what the clock says, and what speaks against it."""
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
    """Judge a clock by the dates of files (Unix seconds) and the kernel's word (None: none)."""
    late = max(written, key=lambda file: file[1], default=("", 0.0))
    if late[1] > now_unix + BEHIND_SECONDS:
        return (
            _found(
                Severity.ERROR,
                f"says {_utc(now_unix)}, but {late[0]} was written at {_utc(late[1])}.",
                "Set the clock: pushes would be refused as stale.",
            ),
        )
    findings = [_found(Severity.NOTE, _said(settings, now_unix), _compared(settings))]
    if kernel_synchronised is False:
        findings.append(
            _found(
                Severity.NOTE,
                "the kernel says that nothing keeps it right (adjtimex: unsynchronised).",
                "Run an NTP client such as chrony, here or on the host.",
            )
        )
    return tuple(findings)


def kernel_is_synchronised(library: object = None) -> bool | None:
    """Ask Linux whether something keeps the clock right; None: it does not say.

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
        f"A push may be {min(windows)} s off. Compared with the dates of files, the newest push "
        "in the ledger and the kernel's word; WeChat's clock cannot be asked."
    )


def _dates(files: Iterable[Path]) -> list[tuple[str, float]]:
    return [(str(file), file.stat().st_mtime) for file in files if file.exists()]


def _utc(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _found(severity: Severity, message: str, hint: str) -> Finding:
    return Finding(severity=severity, source=SOURCE, key=KEY, message=message, hint=hint)
