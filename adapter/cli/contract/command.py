"""`waybridge contract`: a carrier's own gRPC contract, from .proto or server to a mapping."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from adapter.carrier.channel.options import TlsFiles
from adapter.carrier.contract.compile import compile_protos
from adapter.carrier.contract.contract import Contract
from adapter.carrier.contract.outline import outline
from adapter.carrier.mapping.propose import propose
from adapter.cli.contract import view as contract_tree
from adapter.cli.contract.init import MAPPING_FILE, PUSH_FILE, example_push, guesses
from adapter.cli.findings import or_refuse
from adapter.cli.output import write, write_json
from adapter.config.sections import CarrierSettings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding

FETCH_WITHIN_SECONDS = 10.0

SHIPPED = "the shipped contract"

_OPTIONS = {
    "carrier.descriptors": "",
    "carrier.target": "",
    "carrier.token_file": "--token-file",
    "carrier.tls.ca": "--ca",
    "carrier.tls.cert": "--cert",
    "carrier.tls.key": "--key",
}
"""What a setting is called on this command line."""
_PLAINTEXT_HINT = "Give --tls, --ca, or --insecure."

a_file = click.Path(path_type=Path, dir_okay=False)
a_folder = click.Path(path_type=Path, file_okay=False)


@click.group("contract")
def command() -> None:
    """Compile, fetch and show a carrier's own gRPC contract, and begin its mapping."""


@command.command("compile")
@click.argument("files", nargs=-1, required=True, type=a_file, metavar="FILES...")
@click.option(
    "-I",
    "--include",
    multiple=True,
    type=a_folder,
    metavar="DIR",
    help="Folder in which imports are looked for; by default each file's own.",
)
@click.option("-o", "--output", required=True, type=a_file, metavar="X.binpb", help="Write here.")
def compile_command(files: tuple[Path, ...], include: tuple[Path, ...], output: Path) -> None:
    """Compile .proto FILES, and all they import, to one descriptor set.

    Google's well-known types need no include.
    """
    with or_refuse("contract compile", placed=_as_options):
        descriptors = compile_protos(files, include=include)
        contract = Contract.load(descriptors)
        _write(output, descriptors)
    _tell(output, contract)


@command.command("fetch")
@click.argument("target")
@click.option("-o", "--output", type=a_file, metavar="X.binpb", help="Write here; else: show it.")
@click.option("--tls", is_flag=True, help="Speak TLS, trusting gRPC's own authorities.")
@click.option("--ca", type=a_file, metavar="PEM", help="Speak TLS, trusting this authority.")
@click.option("--cert", type=a_file, metavar="PEM", help="Our certificate, for mutual TLS.")
@click.option("--key", type=a_file, metavar="PEM", help="Our certificate's key.")
@click.option("--token-file", type=a_file, metavar="FILE", help="Bearer token sent with the call.")
@click.option("--insecure", is_flag=True, help="Allow plaintext to what is not loopback.")
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
    """Fetch the contract of the server at TARGET by server reflection (v1, else v1alpha)."""
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
        contract_tree.show(outline(contract), stream=sys.stdout)
    else:
        _tell(output, contract)


@command.command("show")
@click.argument("descriptors", required=False, type=a_file, metavar="[X.binpb]")
@click.option("--json", "as_json", is_flag=True, help="Print the services as a JSON array.")
def show_command(*, descriptors: Path | None, as_json: bool) -> None:
    """Show the methods, fields and enums of X.binpb, by default of the shipped contract.

    Each field stands there as a mapping names it.
    """
    with or_refuse(str(descriptors or SHIPPED), placed=_as_options):
        services = outline(Contract.load(descriptors))
    if as_json:
        write_json(contract_tree.as_json(services))
    else:
        contract_tree.show(services, stream=sys.stdout)


@command.command("init")
@click.argument("descriptors", required=False, type=a_file, metavar="[X.binpb]")
@click.option("--method", required=True, metavar="PKG.SERVICE/METHOD", help="What cancels.")
@click.option(
    "-o",
    "--output",
    type=a_folder,
    default=Path(),
    metavar="DIR",
    help="Folder to write to; by default this one.",
)
@click.option("--force", is_flag=True, help="Write over a mapping that is there.")
def init_command(*, descriptors: Path | None, method: str, output: Path, force: bool) -> None:
    """Propose a mapping for a method by its names, and write a test push beside it.

    Every guess is marked; `waybridge check` refuses the mapping until each value of the
    status enum has been given a meaning.
    """
    mapping, push = output / MAPPING_FILE, output / PUSH_FILE
    with or_refuse(str(descriptors or SHIPPED), placed=_as_options):
        contract = Contract.load(descriptors)
    with or_refuse("--method", placed=_as_options):
        found = contract.method(method)
        text = propose(found, contract)
    with or_refuse(str(mapping)):
        if mapping.exists() and not force:
            hint = "Name another folder with -o, or give --force."
            raise CannotStart("is there already", hint=hint)
        _write(mapping, text.encode())
        _write(push, example_push(text, found))
    marked = guesses(text)
    write(
        f"{mapping}: a proposal with {marked.guessed} guesses and {marked.open} open lines. "
        "Read every line.\n"
        f"{push}: a test push.\n\n"
        f"Then, in the configuration:\n\n{_section(descriptors, mapping)}\n"
        "  waybridge check --config adapter.toml --offline\n"
        f"  waybridge explain --config adapter.toml {push}"
    )


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
            hint="Name another place with -o.",
        ) from error


def _as_options(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Call settings what they are called here: there is no configuration file."""
    for finding in findings:
        option = _OPTIONS.get(finding.key, finding.key)
        is_plaintext = "carrier.insecure = true" in finding.hint
        hint = _PLAINTEXT_HINT if is_plaintext else finding.hint
        message = re.sub(
            r"carrier[.\w]+", lambda key: _OPTIONS.get(key[0], key[0]), finding.message
        )
        yield replace(finding, key=option, message=message, hint=hint)


def _tell(output: Path, contract: Contract) -> None:
    names = [f"  {method.name}" for service in outline(contract) for method in service.methods] or [
        "  no method at all: is this the file with the service?"
    ]
    write("\n".join((f"{output}: {len(contract.files)} files, with the methods", *names)))
