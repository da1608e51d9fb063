"""`waybridge contract`: a carrier's gRPC contract, from .proto files or a server to a mapping."""

from __future__ import annotations

import asyncio
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from adapter.carrier.channel.options import TlsFiles
from adapter.carrier.contract.compile import compile_protos
from adapter.carrier.contract.contract import Contract, Method, shipped_proto
from adapter.carrier.contract.field_path import FieldPath, resolve
from adapter.carrier.contract.outline import outline
from adapter.carrier.mapping.convert import Misfit, converter, first_that_fits
from adapter.carrier.mapping.propose import LOOKUP_HEADING, propose
from adapter.carrier.mapping.push_fields import SOURCES
from adapter.carrier.mapping.values import Unfit
from adapter.cli.contract import view
from adapter.cli.output import or_refuse, write, write_json
from adapter.config.sections import CarrierSettings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding
from adapter.simulator.cases import CASES
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.wechat.codec import Format

FETCH_WITHIN_SECONDS = 10.0

SHIPPED = "the shipped contract"

MAPPING_FILE = "mapping.toml"
PUSH_FILE = "push.xml"

_OPTIONS = {
    "carrier.descriptors": "",
    "carrier.target": "",
    "carrier.token_file": "--token-file",
    "carrier.tls.ca": "--ca",
    "carrier.tls.cert": "--cert",
    "carrier.tls.key": "--key",
}
"""The option of this command line for a setting."""
_PLAINTEXT_HINT = "Give --tls, --ca, or --insecure."

a_file = click.Path(path_type=Path, dir_okay=False)
a_folder = click.Path(path_type=Path, file_okay=False)


@click.group("contract")
def command() -> None:
    """Compile, fetch or show a carrier's gRPC contract, and start a mapping for it."""


@command.command("compile")
@click.argument("files", nargs=-1, required=True, type=a_file, metavar="FILES...")
@click.option(
    "-I",
    "--include",
    multiple=True,
    type=a_folder,
    metavar="DIR",
    help="Folder to search for imports; by default the folder of each file.",
)
@click.option("-o", "--output", required=True, type=a_file, metavar="X.binpb", help="Output file.")
def compile_command(files: tuple[Path, ...], include: tuple[Path, ...], output: Path) -> None:
    """Compile .proto FILES and all their imports to one descriptor set.

    Google's well-known types are found without --include.
    """
    with or_refuse("contract compile", placed=_as_options):
        descriptors = compile_protos(files, include=include)
        contract = Contract.load(descriptors)
        _write(output, descriptors)
    _report(output, contract)


@command.command("fetch")
@click.argument("target")
@click.option(
    "-o",
    "--output",
    type=a_file,
    metavar="X.binpb",
    help="Output file; without it, print the contract.",
)
@click.option("--tls", is_flag=True, help="Use TLS with gRPC's default root certificates.")
@click.option("--ca", type=a_file, metavar="PEM", help="Use TLS with this root certificate.")
@click.option("--cert", type=a_file, metavar="PEM", help="Client certificate, for mutual TLS.")
@click.option("--key", type=a_file, metavar="PEM", help="Key of the client certificate.")
@click.option("--token-file", type=a_file, metavar="FILE", help="File with a bearer token to send.")
@click.option("--insecure", is_flag=True, help="Allow plaintext to a target that is not loopback.")
def fetch_command(
    *,
    target: str,
    output: Path | None,
    tls: bool,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    token_file: Path | None,
    insecure: bool,
) -> None:
    """Fetch a contract from the server at TARGET by gRPC reflection (v1 or v1alpha)."""
    # Not at the top: gRPC takes longer to import than `contract show` to run.
    from adapter import from_settings
    from adapter.carrier.diagnose.reflection import fetch

    wants_tls = tls or bool(ca or cert or key)
    files = TlsFiles(ca=ca, cert=cert, key=key, server_name="") if wants_tls else None
    unset = from_settings.carrier_options(CarrierSettings())
    options = replace(unset, target=target, insecure=insecure, tls=files, token_file=token_file)
    with or_refuse(f"contract fetch {target}", placed=_as_options):
        descriptors = asyncio.run(fetch(options, within_seconds=FETCH_WITHIN_SECONDS))
        contract = Contract.load(descriptors)
        if output is not None:
            _write(output, descriptors)
    if output is None:
        view.show(outline(contract), stream=sys.stdout)
    else:
        _report(output, contract)


@command.command("show")
@click.argument("descriptors", required=False, type=a_file, metavar="[X.binpb]")
@click.option("--json", "as_json", is_flag=True, help="Print the services as a JSON array.")
@click.option(
    "--proto", "as_proto", is_flag=True, help="Print the shipped contract's .proto, with comments."
)
def show_command(*, descriptors: Path | None, as_json: bool, as_proto: bool) -> None:
    """Show the methods, fields and enums of X.binpb, or of the shipped contract.

    Fields are written as a mapping refers to them.
    """
    if as_proto:
        if descriptors is not None or as_json:
            raise click.UsageError("--proto prints the shipped contract alone.")
        write(shipped_proto(), newline=False)
        return
    with or_refuse(str(descriptors or SHIPPED), placed=_as_options):
        services = outline(Contract.load(descriptors))
    if as_json:
        write_json(view.as_json(services))
    else:
        view.show(services, stream=sys.stdout)


@command.command("init")
@click.argument("descriptors", required=False, type=a_file, metavar="[X.binpb]")
@click.option(
    "--method", required=True, metavar="PKG.SERVICE/METHOD", help="The method that cancels."
)
@click.option(
    "-o",
    "--output",
    type=a_folder,
    default=Path(),
    metavar="DIR",
    help="Output folder; by default the current one.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing mapping.")
def init_command(*, descriptors: Path | None, method: str, output: Path, force: bool) -> None:
    """Propose a mapping for a method from its field names, and write a test push.

    Guesses are marked. `waybridge check` refuses the mapping until every value of the
    status enum has a meaning.
    """
    mapping, push = output / MAPPING_FILE, output / PUSH_FILE
    with or_refuse(str(descriptors or SHIPPED), placed=_as_options):
        contract = Contract.load(descriptors)
    with or_refuse("--method", placed=_as_options):
        found = contract.method(method)
        text = propose(found, contract)
    with or_refuse(str(mapping)):
        if mapping.exists() and not force:
            hint = "Choose another folder with -o, or overwrite it with --force."
            raise CannotStart("already exists", hint=hint)
        _write(mapping, text.encode())
        _write(push, example_push(text, found))
    marked = guesses(text)
    write(
        f"{mapping}: a proposal with {marked.guessed} guesses and {marked.open} open lines; "
        "review every line.\n"
        f"{push}: a test push.\n\n"
        f"Next, add to the configuration:\n\n{_section(descriptors, mapping)}\n"
        "and run:\n\n  waybridge check --config adapter.toml --offline\n"
        f"  waybridge explain --config adapter.toml {push}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """What a proposal leaves to a person: lines guessed, and lines left open."""

    guessed: int
    open: int


def guesses(proposal: str) -> Guesses:
    """Count the lines that `propose` marks as guesses, and those it left open."""
    # The first line explains the marks; a lookup is one guess, for later.
    lines = proposal.partition(f"\n{LOOKUP_HEADING}\n")[0].splitlines()[1:]
    return Guesses(
        guessed=sum(line.endswith("# guess") for line in lines),
        open=sum(line.startswith("#") for line in lines),
    )


def example_push(proposal: str, method: Method) -> bytes:
    """Return the push of WeChat's own document, decrypted, which every mapping must support.
    Its OrderID is digits where the proposal has a number field for it.

    `waybridge explain` shows the request that it becomes.
    """
    press = PressFields.of(CASES["example"], create_time=EXAMPLE_CREATE_TIME, word="")
    request = tomllib.loads(proposal).get("request", {})
    for path in (path for path, source in request.items() if source == "OrderID"):
        field = resolve(method.request_type, path)
        fitting = first_that_fits(press.text("OrderID"), partial(_holds, field))
        press = press.with_fields({"OrderID": fitting})
    return press.encode(Format.XML) + b"\n"


def _holds(field: FieldPath, order_id: str) -> bool:
    try:
        converter(field.leaf, SOURCES["OrderID"], Unfit(source="OrderID", target=str(field)))(
            order_id
        )
    except Misfit:
        return False
    return True


def _section(descriptors: Path | None, mapping: Path) -> str:
    named = f'  descriptors = "{descriptors}"\n' if descriptors else ""
    return f'  [carrier]\n{named}  mapping = "{mapping}"\n'


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise CannotStart(
            f"cannot be written: {error.strerror}",
            source=str(file),
            hint="Choose another path with -o.",
        ) from error


def _as_options(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Replace keys of settings by the options of this command line."""
    for finding in findings:
        option = _OPTIONS.get(finding.key, finding.key)
        is_plaintext = "carrier.insecure = true" in finding.hint
        hint = _PLAINTEXT_HINT if is_plaintext else finding.hint
        message = re.sub(
            r"carrier[.\w]+", lambda key: _OPTIONS.get(key[0], key[0]), finding.message
        )
        yield replace(finding, key=option, message=message, hint=hint)


def _report(output: Path, contract: Contract) -> None:
    names = [f"  {method.name}" for service in outline(contract) for method in service.methods] or [
        "  none; is this the file with the service?"
    ]
    write("\n".join((f"{output}: {len(contract.files)} files, with these methods:", *names)))
