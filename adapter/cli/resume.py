"""`waybridge resume`: the end of a pause."""

from __future__ import annotations

import click

from adapter.cli.ops_port import ops_options, say


@click.command("resume")
@ops_options
def command(*, ops: str, as_json: bool) -> None:
    """Ask the carrier again."""
    say("resume", ops=ops, as_json=as_json)
