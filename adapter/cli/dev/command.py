"""`waybridge dev`: the whole road on this machine, to try everything."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import uvloop

from adapter.cli.dev import view as dev_shown
from adapter.cli.dev.once import every_reply
from adapter.cli.dev.settings import HOST, OPTIONS, SOURCE, DevOrder, brought, dev_settings
from adapter.cli.dev.stub import Stub, StubFailed, StubOrder, running_stub
from adapter.cli.findings import EXIT_FINDINGS, or_refuse
from adapter.cli.output import write
from adapter.cli.push.order_ids import option_for
from adapter.diagnostics.finding import Finding
from adapter.diagnostics.logger import Logger
from adapter.ops.log import capture_library_logs, open_log, standard_sink
from adapter.simulator.delivery import Unreachable
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wiring import Adapter, running

a_port = click.IntRange(0, 65535)
a_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("dev")
@click.option("--port", default=8080, show_default=True, type=a_port, help="The edge; 0: free.")
@click.option(
    "--ops-port", default=9090, show_default=True, type=a_port, help="Health, metrics and controls."
)
@click.option("--stub-port", default=50051, show_default=True, type=a_port, help="The carrier.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.SECURE.value,
    show_default=True,
    help="How pushes are protected.",
)
@click.option(
    "--format",
    "layout",
    type=click.Choice([format.value for format in Format]),
    default=Format.XML.value,
    show_default=True,
    help="Of the push that is suggested; both are answered.",
)
@click.option("--ledger", default="memory:", show_default=True, metavar="URL", help="The memory.")
@click.option("--locale", type=click.Choice(["zh", "en"]), default="zh", show_default=True,
              help="Language of what merchants read.")  # fmt: skip
@click.option("--contract", type=a_file, help="A carrier's own descriptor set (.binpb).")
@click.option("--mapping", type=a_file, help="The mapping (.toml) that belongs to it.")
@click.option("--once", is_flag=True, help="Push every case in every mode and format, and end.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON: addresses, or replies.")
def command(
    *,
    port: int,
    ops_port: int,
    stub_port: int,
    mode: str,
    layout: str,
    ledger: str,
    locale: str,
    contract: Path | None,
    mapping: Path | None,
    once: bool,
    json_wanted: bool,
) -> None:
    """Run everything on this machine: a stand-in for the carrier, the edge and its ops port,
    with development secrets that everybody knows.

    Push from a second terminal with the command it prints; Ctrl-C stops all. With --once it
    takes free ports, pushes WeChat's own example and one waybill per ResultCode in all three
    modes and both formats, and exits 0 only if every reply is right.
    """
    order = DevOrder(
        port=0 if once else port,
        ops_port=0 if once else ops_port,
        stub_port=0 if once else stub_port,
        mode=Mode(mode),
        ledger_url=ledger,
        locale=locale,
        contract=contract,
        mapping=mapping,
    )
    with (
        or_refuse(SOURCE, placed=partial(_by_option, order)),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        if once:
            is_right = runner.run(_once(order, json_wanted=json_wanted))
            raise SystemExit(0 if is_right else EXIT_FINDINGS)
        runner.run(_dev(order, Format(layout), json_wanted=json_wanted))


async def _once(order: DevOrder, *, json_wanted: bool) -> bool:
    """Push every case; say whether every reply was right."""
    table = dev_shown.ReplyTable(stream=sys.stdout, is_json=json_wanted)
    try:
        async with running_stub(_stub_order(order)) as stub:
            async for line in every_reply(order, stub):
                table.add(line)
    except Unreachable as error:
        raise StubFailed(f"The edge went away: {error}.") from error
    table.close()
    return table.is_right


async def _dev(order: DevOrder, format: Format, *, json_wanted: bool) -> None:
    """Run until SIGINT or SIGTERM; a second one leaves what is still in flight."""
    signals: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, None)
    async with running_stub(_stub_order(order)) as stub:
        settings = dev_settings(order, stub_target=stub.target)
        mapping = await asyncio.to_thread(brought, order)
        orders = option_for(mapping.order_that_fits)
        # Only now: until here errors go to the terminal as paragraphs.
        sink, is_terminal = standard_sink()
        log = open_log(settings.log.format, sink, is_terminal=is_terminal, level=settings.log.level)
        capture_library_logs(log)
        try:
            async with running(settings, log=log) as adapter:
                addresses = dev_shown.Addresses.of(
                    adapter, stub.target, order.mode, format, orders=orders
                )
                dev_shown.panel(addresses, stream=sys.stdout, is_json=json_wanted)
                mourning = asyncio.create_task(_mourn(stub, log))
                await signals.get()
                mourning.cancel()
                if adapter.desk.in_flight:
                    hint = "waiting for the carrier; a second Ctrl-C leaves it at that"
                    log.info("stopping", in_flight=adapter.desk.in_flight, hint=hint)
                await _drain(adapter, signals)
        finally:
            sink.close()
    if not json_wanted:
        write("Stopped.")


async def _drain(adapter: Adapter, signals: asyncio.Queue[None]) -> None:
    draining = asyncio.create_task(adapter.drain())
    hurry = asyncio.create_task(signals.get())
    await asyncio.wait([draining, hurry], return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    draining.cancel()
    await asyncio.wait([draining])
    if not draining.cancelled():
        draining.result()


async def _mourn(stub: Stub, log: Logger) -> None:
    code = await stub.ended()
    log.error(
        "stub_ended",
        exit_code=code,
        hint=f"pushes are answered -1 until: legacy-stub serve --port {stub.target.split(':')[-1]}",
    )


def _stub_order(order: DevOrder) -> StubOrder:
    return StubOrder(port=order.stub_port, contract=order.contract, mapping=order.mapping)


def _by_option(order: DevOrder, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Name the option of a port that is taken."""
    return tuple(_with_option(order, finding) for finding in findings)


def _with_option(order: DevOrder, finding: Finding) -> Finding:
    ports = {"--port": order.port, "--ops-port": order.ops_port, "--stub-port": order.stub_port}
    taken = (name for name, port in ports.items() if f"{HOST}:{port}:" in finding.message)
    option = next(taken, "")
    if not option:
        return replace(finding, key=OPTIONS.get(finding.key, finding.key))
    hint = f"Stop what listens there, or give {option} another number; 0 takes a free one."
    message = f"port {ports[option]} of {HOST} is taken."
    return replace(finding, key="", message=message, hint=hint)
