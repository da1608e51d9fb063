"""The commands: serve, and what may be asked of a stub that serves."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from adapter.carrier.contract.contract import ContractFault
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.program import ProgramGroup
from legacy_stub.control import Control
from legacy_stub.faults import STANDING, StandingFault
from legacy_stub.serve import Serving, serve

CANNOT_RUN = 2
WIDTH_OF_A_FILE = 160

a_file = click.Path(path_type=Path, dir_okay=False)
target = click.option(
    "--target", default="127.0.0.1:50051", show_default=True, help="Where the stub listens."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")


@click.group(cls=ProgramGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="waybridge", message="%(prog)s %(version)s")
def main() -> None:
    """Play a carrier's order system over gRPC, with every way in which one fails."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a GBK terminal lacks some of what is shown


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=50051, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option("--orders", type=a_file, help="Orders and merchants (TOML) in place of our own.")
@click.option("--scenario", type=a_file, help="A scenario (TOML), or the name of a shipped one.")
@click.option("--contract", type=a_file, help="A descriptor set (.binpb) in place of carrier.v1.")
@click.option("--mapping", type=a_file, help="The mapping (.toml) that belongs to it.")
@click.option("--database", type=a_file, help="SQLite file to remember calls in; made if absent.")
@click.option(
    "--forget-request-ids",
    "remembers_request_ids",
    flag_value=False,
    default=True,
    help="Play a system that does not know request ids.",
)
def serve_command(**options: Any) -> None:
    """Serve until SIGINT or SIGTERM. Prints one line when it listens."""
    serving = Serving(**options)
    with _or_refuse(contract=str(serving.contract or "the shipped contract")):
        serve(serving, announce=lambda at: click.echo(f"legacy-stub listening on {at}"))


@main.command("calls")
@target
@click.option("--waybill", help="Only the calls about this WayBillID.")
@as_json
def calls_command(target: str, waybill: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Print the calls received, oldest first."""
    with _or_refuse(), Control(target) as control:
        calls = list(control.calls(waybill=waybill))
    if as_json:
        _print_json([asdict(call) for call in calls])
        return
    table = Table(box=SIMPLE)
    for heading in (
        "time (UTC)",
        "waybill",
        "order",
        "request id",
        "nth",
        "answer",
        "done",
        "failed call",
    ):
        table.add_column(heading, overflow="fold")
    for call in calls:
        clock = datetime.fromtimestamp(call.time, tz=UTC).strftime("%H:%M:%S.%f")[:-3]
        done = "done" if call.done else ""
        ids = (call.waybill, call.order, call.request_id)
        row = (clock, *ids, str(call.nth), call.answer, done, call.failure)
        table.add_row(*map(escape, row))
    # Nobody's terminal: a pipe or a file takes whole lines.
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE).print(table)


@main.command("reset")
@target
def reset_command(target: str) -> None:
    """Forget every call, every effect, and every fault set since the start."""
    with _or_refuse(), Control(target) as control:
        control.reset()
    click.echo("reset: no calls, every order as it was")


@main.group("fault")
def fault_group() -> None:
    """Make the whole order system fail until it is cleared."""


@fault_group.command("set")
@click.argument("name", type=click.Choice(list(STANDING)))
@click.option("--milliseconds", "--ms", default=0, type=click.IntRange(0), help="For latency.")
@click.option("--probability", default=1.0, show_default=True, type=click.FloatRange(0, 1))
@target
@as_json
def set_command(
    name: str,
    milliseconds: int,
    probability: float,
    target: str,
    as_json: bool,  # noqa: FBT001 - click hands options over by name
) -> None:
    """Add a fault, or replace the one of that name; print all that stand."""
    try:
        fault = StandingFault(name=name, milliseconds=milliseconds, probability=probability)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with _or_refuse(), Control(target) as control:
        _print_faults(control.set_fault(fault), as_json=as_json)


@fault_group.command("clear")
@click.argument("name", type=click.Choice(list(STANDING)), required=False)
@target
@as_json
def clear_command(name: str | None, target: str, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Clear one fault, or all; print those that still stand."""
    with _or_refuse(), Control(target) as control:
        _print_faults(control.clear_faults(name=name or ""), as_json=as_json)


def _print_faults(faults: Sequence[StandingFault], *, as_json: bool) -> None:
    if as_json:
        _print_json([asdict(fault) for fault in faults])
        return
    for fault in faults:
        wait = f" of {fault.milliseconds} ms" if fault.milliseconds else ""
        click.echo(f"{fault.name}{wait}, probability {fault.probability:g}")
    if not faults:
        click.echo("no fault is set")


def _print_json(rows: list[dict[str, object]]) -> None:
    """Print an array, a row to a line: readable by people, by jq and by grep."""
    # Escaped where characters might be lost; click writes UTF-8 to what calls itself ASCII.
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    lines = (json.dumps(row, ensure_ascii=not is_unicode) for row in rows)
    click.echo("[" + ",\n ".join(lines) + "]")


@contextmanager
def _or_refuse(*, contract: str = "") -> Iterator[None]:
    """End a command with 2 and with all that keeps it from its work.

    `contract` is where the descriptors come from, which `--contract` names here.
    """
    try:
        yield
    except CannotStart as error:
        for finding in error.findings:
            is_contract = finding.key == ContractFault.KEY
            placed = replace(finding, source=contract, key="") if is_contract else finding
            click.echo(f"legacy-stub: {placed}", err=True)
        raise SystemExit(CANNOT_RUN) from error
