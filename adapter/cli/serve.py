"""`waybridge serve`: answer WeChat's pushes until told to stop, then stop without a loss."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path

import click
import uvloop

from adapter.cli.configuration import config_option
from adapter.cli.examination import examine
from adapter.cli.findings import or_refuse
from adapter.config.load import Settings
from adapter.diagnostics.finding import Severity
from adapter.diagnostics.logger import Logger
from adapter.ops.log import capture_library_logs, open_log, standard_sink
from adapter.wiring import running

SOURCE = "waybridge serve"
COLLECT_EVERY = (5_000, 20, 100)  # new objects; then collections of the younger generation
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@click.command("serve")
@config_option
@or_refuse(SOURCE)
def command(config: Path | None) -> None:
    """Answer WeChat's pushes: production.

    Refuses to start on any fault of the configuration, and with the development secrets.
    SIGTERM or SIGINT drains: serve on for the drain delay, take no new connections, answer
    the pushes in flight, wait for the calls they left behind. A second signal ends the delay.
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
            runner.run(serve(settings, log=log, lines_dropped=lambda: sink.dropped))
    finally:
        sink.close()


async def serve(settings: Settings, *, log: Logger, lines_dropped: Callable[[], int]) -> None:
    """Run until a stop signal, then drain. Raises what keeps it from starting."""
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
        _spare_the_collector()
        await _first(stop, adapter.stop)
        stop.set()
        await adapter.drain(hurry=hurry)
    log.info("stopped")


def _spare_the_collector() -> None:
    """What stands by now stays, and a push leaves next to nothing behind in circles: looking
    for it at Python's own pace was a tenth of what a push cost."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _url(address: tuple[str, int], path: str) -> str:
    host, port = address
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
