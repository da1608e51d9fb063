"""`waybridge serve`: answer WeChat's pushes until it is told to stop, then stop without loss."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path

import click
import uvloop

from adapter.cli.configuration import config_option, examine
from adapter.cli.output import or_refuse
from adapter.cli.reload import SecretsReload
from adapter.config.load import Settings
from adapter.diagnostics.finding import Severity
from adapter.diagnostics.logger import Logger
from adapter.ops.log import capture_library_logs, open_log, standard_sink
from adapter.wiring import running

SOURCE = "waybridge serve"
GC_THRESHOLDS = (5_000, 20, 100)  # new objects; then collections of the younger generation
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@click.command("serve")
@config_option
@or_refuse(SOURCE)
def command(config: Path | None) -> None:
    """Answer WeChat's pushes in production.

    Refuses to start with any error in the configuration, and with the development secrets.
    SIGTERM or SIGINT drains: keep serving for the drain delay, accept no new connections,
    answer the pushes in flight, and wait for calls still running. A second signal ends the
    delay. SIGHUP reads secrets and TLS files anew; a changed file of WAYBRIDGE_SECRETS_DIR is
    read within 5 s without it.
    """
    examined = examine(config, os.environ)
    settings = examined.settings
    warnings = [each for each in examined.findings if each.severity is Severity.WARNING]
    sink, is_terminal = standard_sink()
    log = open_log(settings.log.format, sink, is_terminal=is_terminal, level=settings.log.level)
    capture_library_logs(log)
    for found in warnings:
        log.warning("configuration", where=found.where, words=found.message, hint=found.hint)
    try:
        with (
            or_refuse(SOURCE, placed=examined.inspection.placed),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            running = serve(settings, log=log, lines_dropped=lambda: sink.dropped, config=config)
            runner.run(running)
    finally:
        # The loop has given the signal back; at the very end it must not kill either.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        sink.close()


async def serve(
    settings: Settings,
    *,
    log: Logger,
    lines_dropped: Callable[[], int],
    config: Path | None = None,
) -> None:
    """Run until a stop signal, then drain. Raises whatever prevents the start."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal)
    async with running(settings, log=log, lines_dropped=lines_dropped) as adapter:
        log.info(
            "listening",
            edge=_url(adapter.edge.address, settings.edge.path),
            ops=_url(adapter.ops.address, "/"),
            carrier=settings.carrier.target,
            mode=settings.wechat.mode,
        )
        reload = SecretsReload(config, os.environ, adapter=adapter, log=log)
        loop.add_signal_handler(signal.SIGHUP, reload.ask)
        reloading = asyncio.create_task(reload.run(), name="reload")
        reloading.add_done_callback(lambda task: _report_end(task, log))
        _tune_gc()
        try:
            await _first(stop, adapter.stop)
            stop.set()
            await adapter.drain(hurry=hurry)
        finally:
            reloading.cancel()
    log.info("stopped")


def _report_end(task: asyncio.Task[None], log: Logger) -> None:
    """A fault of our own must not stop the pushes; new secrets then need a restart."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("reload_failed", fault=type(fault).__name__)


def _tune_gc() -> None:
    """Collect less often: what exists now lives as long as the process, and a push creates
    almost no reference cycles. At Python's own pace it cost a tenth of a push."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _url(address: tuple[str, int], path: str) -> str:
    host, port = address
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
