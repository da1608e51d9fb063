"""The table of commands; each is imported only when it is typed, so that help comes at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module, metadata

import click

from adapter.cli.output import write
from adapter.diagnostics import interrupts
from adapter.diagnostics.program import ProgramGroup

GROUPS: Mapping[str, Mapping[str, str]] = {
    # heading → name → its line in `waybridge --help`
    "Try it": {
        "dev": "Run everything on this machine, with a simulated carrier.",
        "push": "Send a push as WeChat does and check the reply.",
    },
    "Set it up": {
        "contract": "Compile, fetch or show a carrier's gRPC contract; start a mapping.",
        "check": "Check a configuration before it serves.",
        "schema": "Print the JSON Schema of the configuration file.",
    },
    "Run it": {
        "serve": "Answer WeChat's pushes in production.",
        "status": "Show the state of a running waybridge.",
        "pause": "Stop calling the carrier; pushes are answered -1.",
        "resume": "End a pause.",
        "drain": "Finish the pushes in flight, then stop.",
    },
    "Look into it": {
        "ledger": "Search, show, export and settle pushes.",
        "explain": "Explain one captured push, step by step.",
    },
}

COMMANDS = {name: about for commands in GROUPS.values() for name, about in commands.items()}

CONTROLS = ("status", "pause", "resume", "drain")  # all in the module `controls`
MODULES = ("schema", "serve")  # in a module of its name; the others in a package of theirs


def load(name: str) -> click.Command:
    """Import a command of the table."""
    if name in CONTROLS:
        command = import_module("adapter.cli.controls").COMMANDS[name]
    else:
        module = name if name in MODULES else f"{name}.command"
        command = import_module(f"adapter.cli.{module}").command
    if not isinstance(command, click.Command):
        raise TypeError(f"{name} is not a click command")
    return command


class LazyGroup(ProgramGroup):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import a command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        with interrupts.ending_at_once():
            return load(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the command that was probably meant; click knows only those it holds itself."""
        name = args[0]
        if name not in COMMANDS:
            for meant in get_close_matches(name, COMMANDS, n=1):
                ctx.fail(f"No such command '{name}'. Did you mean '{meant}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table's lines by group, importing nothing."""
        width = max(map(len, COMMANDS))
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(f"{name:<{width}}", about) for name, about in commands.items()]
                )


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
