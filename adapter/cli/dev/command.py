"""`waybridge dev`: a complete waybridge with a simulated carrier, on this machine."""

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

from adapter.cli.dev import view
from adapter.cli.dev.once import every_reply
from adapter.cli.dev.settings import HOST, OPTIONS, SOURCE, DevOptions, dev_settings, mapping_of
from adapter.cli.dev.stub import Stub, StubFailed, StubOptions, running_stub
from adapter.cli.output import EXIT_FINDINGS, or_refuse, write
from adapter.cli.push.account import order_option
from adapter.diagnostics.finding import Finding
from adapter.diagnostics.listening import IN_USE
from adapter.diagnostics.logger import Logger
from adapter.ops.log import capture_library_logs, open_log, standard_sink
from adapter.running import Adapter
from adapter.simulator.delivery import Unreachable
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from adapter.wiring import running

a_mode = click.Choice([mode.value for mode in Mode])
a_format = click.Choice([format.value for format in Format])
a_port = click.IntRange(0, 65535)
a_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("dev", context_settings={"show_default": True})
@click.option("--port", default=8080, type=a_port, help="Port of the edge; 0 picks a free one.")
@click.option(
    "--ops-port", default=9090, type=a_port, help="Port for health, metrics and controls."
)
@click.option("--stub-port", default=50051, type=a_port, help="Port of the simulated carrier.")
@click.option("--mode", type=a_mode, default=Mode.SECURE.value, help="Encryption mode of pushes.")
@click.option(
    "--format",
    "layout",
    type=a_format,
    default=Format.XML.value,
    help="Data format of the suggested push; both formats are accepted.",
)
@click.option("--ledger", default="memory:", metavar="URL", help="Ledger to use.")
@click.option("--locale", type=click.Choice(["zh", "en"]), default="zh",
              help="Language of the texts for merchants.")  # fmt: skip
@click.option("--contract", type=a_file, metavar="X.binpb", help="Your carrier's descriptor set.")
@click.option("--mapping", type=a_file, metavar="X.toml", help="The mapping for --contract.")
@click.option("--once", is_flag=True, help="Push every case in every mode and format, then exit.")
@click.option(
    "--json",
    "json_wanted",
    is_flag=True,
    help="Print the addresses, or the replies of --once, as JSON.",
)
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
    """Run everything on this machine: a simulated carrier, the edge and its ops port, with
    public development secrets.

    Push from a second terminal with the command it prints; Ctrl-C stops everything. With --once
    it uses free ports, pushes WeChat's own example and one waybill per ResultCode in all three
    modes and both formats, and exits with 0 only if every reply is correct.
    """
    options = DevOptions(
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
        or_refuse(SOURCE, placed=partial(_by_option, options)),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        if once:
            is_right = runner.run(_once(options, json_wanted=json_wanted))
            raise SystemExit(0 if is_right else EXIT_FINDINGS)
        runner.run(_dev(options, Format(layout), json_wanted=json_wanted))


async def _once(options: DevOptions, *, json_wanted: bool) -> bool:
    """Push every case; return whether every reply was right."""
    table = view.ReplyTable(stream=sys.stdout, is_json=json_wanted)
    try:
        async with running_stub(_stub_options(options)) as stub:
            async for line in every_reply(options, stub):
                table.add(line)
    except Unreachable as error:
        raise StubFailed(f"The edge stopped answering: {error}.") from error
    table.close()
    return table.is_right


async def _dev(options: DevOptions, format: Format, *, json_wanted: bool) -> None:
    """Run until SIGINT or SIGTERM; a second one does not wait for what is in flight."""
    signals: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, None)
    async with running_stub(_stub_options(options)) as stub:
        settings = dev_settings(options, stub_target=stub.target)
        mapping = await asyncio.to_thread(mapping_of, options)
        orders = order_option(mapping.order_that_fits)
        # Not before: up to here errors go to the terminal as paragraphs.
        sink, is_terminal = standard_sink()
        log = open_log(settings.log.format, sink, is_terminal=is_terminal, level=settings.log.level)
        capture_library_logs(log)
        try:
            async with running(settings, log=log) as adapter:
                addresses = view.Addresses.of(
                    adapter, stub.target, options.mode, format, orders=orders
                )
                view.panel(addresses, stream=sys.stdout, is_json=json_wanted)
                watching = asyncio.create_task(_report_stub_exit(stub, log))
                await signals.get()
                watching.cancel()
                if adapter.desk.in_flight:
                    hint = "waiting for the carrier; press Ctrl-C again to stop now"
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


async def _report_stub_exit(stub: Stub, log: Logger) -> None:
    code, port = await stub.ended(), stub.target.split(":")[-1]
    log.error(
        "stub_ended",
        exit_code=code,
        hint=f"pushes are answered -1; restart it: legacy-stub serve --port {port}",
    )


def _stub_options(options: DevOptions) -> StubOptions:
    return StubOptions(port=options.stub_port, contract=options.contract, mapping=options.mapping)


def _by_option(options: DevOptions, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Replace keys by options, and name the option of a port that cannot be listened on."""
    return tuple(_with_option(options, finding) for finding in findings)


def _with_option(options: DevOptions, finding: Finding) -> Finding:
    ports = {
        "--port": options.port,
        "--ops-port": options.ops_port,
        "--stub-port": options.stub_port,
    }
    taken = (name for name, port in ports.items() if f"{HOST}:{port}:" in finding.message)
    option = next(taken, "")
    if not option:
        return replace(finding, key=OPTIONS.get(finding.key, finding.key))
    fault = finding.message.partition(f"{HOST}:{ports[option]}: ")[2]
    is_taken = fault.startswith(IN_USE)
    stop = "Stop the program that uses it, or choose" if is_taken else "Choose"
    hint = f"{stop} another: {option} (0 is a free one)."
    what = "is in use." if is_taken else f"cannot be used: {fault}"
    message = f"port {ports[option]} of {HOST} {what}"
    return replace(finding, key="", message=message, hint=hint)
