"""Secrets read anew while `serve` runs: after SIGHUP, and when a file of theirs has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from adapter.cli.configuration import Examination, examine
from adapter.config.load import Settings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Severity
from adapter.diagnostics.logger import Logger
from adapter.running import Adapter

LOOK_SECONDS = 5.0  # as for TLS files

Mark = tuple[str, int, int, int]


class SecretsReload:
    """Reads the configuration anew and gives an adapter what may change while it runs.

    Faulty or incomplete files change nothing: what is in use stays in use, and the log says
    why, once for each change.
    """

    def __init__(
        self, config: Path | None, environ: Mapping[str, str], *, adapter: Adapter, log: Logger
    ) -> None:
        self._config = config
        self._environ = environ
        self._adapter = adapter
        self._log = log
        self._folder = environ.get("WAYBRIDGE_SECRETS_DIR", "")
        self._asked = asyncio.Event()
        self._marks = marks(self._folder)

    def ask(self) -> None:
        """Read everything anew soon: what SIGHUP does."""
        self._asked.set()

    async def run(self) -> None:
        """Look after the files until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._asked.wait()
            except TimeoutError:
                pass
            await self.look()

    async def look(self) -> None:
        """Take new secrets into use if a file changed or somebody asked."""
        found = await asyncio.to_thread(marks, self._folder)
        asked = self._asked.is_set()
        if not asked and found == self._marks:
            return
        self._asked.clear()
        self._marks = found
        try:
            examined = await asyncio.to_thread(examine, self._config, self._environ)
            settings = examined.settings
        except CannotStart as faults:
            errors = [each for each in faults.findings if each.severity is Severity.ERROR]
            self._log.error("reload_refused", faults=[str(each) for each in errors])
            return
        await self._take(settings, examined)

    async def _take(self, settings: Settings, examined: Examination) -> None:
        running = self._adapter.settings
        changed = self._adapter.renew(settings)
        tls_fault = await self._adapter.carrier.reread()
        self._log.info(
            "reloaded",
            secrets=changed,
            tls_fault=tls_fault,
            restart_needed=_others(running, settings),
            warnings=[str(e) for e in examined.findings if e.severity is Severity.WARNING],
        )


def marks(folder: str) -> tuple[Mark, ...]:
    """Return what changes when a file of the folder is replaced, links included."""
    try:
        files = sorted(Path(folder).iterdir()) if folder else []
        stats = [(str(file), file.stat()) for file in files if file.is_file()]
    except OSError:
        return ()  # in the middle of a replacement; what it came to is seen at the next look
    return tuple((name, each.st_ino, each.st_mtime_ns, each.st_size) for name, each in stats)


def _others(running: Settings, fresh: Settings) -> list[str]:
    """Name the keys that differ and are taken up by a restart only."""
    before, after = running.model_dump(), fresh.model_dump()
    sections = sorted(before.keys() | after.keys())
    return [name for name in sections if before.get(name) != after.get(name)]
