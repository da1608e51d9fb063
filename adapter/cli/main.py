"""The table of commands; each is loaded only when it is typed, so that help comes at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module, metadata

import click

from adapter.cli.output import write

# Those with a package of their own, where `command` is in the module `command`; the others
# stand in a module of their name.
PACKAGES = ("check", "contract", "dev", "explain", "ledger", "push")
COMMANDS: Mapping[str, str] = {
    # name → its line in `waybridge --help`
    "dev": "Stub, edge and ops port on this machine, to try everything.",
    "serve": "Answer WeChat's pushes: production.",
    "check": "Find every fault of a configuration before a push does.",
    "explain": "Explain one captured push, step by step.",
    "push": "Play WeChat: sign, seal and send a push, check the reply.",
    "ledger": "Search, show, export and settle what was decided.",
    "pause": "Stop asking the carrier; pushes are answered: not now.",
    "resume": "Ask the carrier again.",
    "drain": "Finish what is in flight and stop.",
    "status": "Say how a running waybridge is.",
    "contract": "Compile, fetch and show a carrier's own gRPC contract.",
    "schema": "Print the JSON Schema of the configuration file.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import a command, or return nothing for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(_module(cmd_name)).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{_module(cmd_name)}.command is no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the command that was probably meant; click knows only those it holds itself."""
        name = args[0]
        if name not in COMMANDS:
            for meant in get_close_matches(name, COMMANDS, n=1):
                ctx.fail(f"No such command '{name}'. Did you mean '{meant}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table's lines, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _module(name: str) -> str:
    return f"adapter.cli.{name}.command" if name in PACKAGES else f"adapter.cli.{name}"


def _show_version(ctx: click.Context, _option: click.Parameter, value: object) -> None:
    if not value or ctx.resilient_parsing:
        return
    try:
        version = metadata.version("waybridge")
    except metadata.PackageNotFoundError:
        version = "(run from its source, not installed)"
    write(f"waybridge {version}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Print the version and exit.",
)
def waybridge() -> None:
    """Answer WeChat's cancel_waybill push from a carrier's gRPC order system."""
