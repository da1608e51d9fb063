"""`waybridge status`: how a running waybridge is, in a few words."""

from __future__ import annotations

import click

from adapter.cli.ops_port import ops_options, say


@click.command("status")
@ops_options
def command(*, ops: str, as_json: bool) -> None:
    """Say how a running waybridge is."""
    say("status", ops=ops, as_json=as_json)
