"""`waybridge drain`: the same sequence as SIGTERM, from afar."""

from __future__ import annotations

import click

from adapter.cli.ops_port import ops_options, say


@click.command("drain")
@ops_options
def command(*, ops: str, as_json: bool) -> None:
    """Finish what is in flight and stop.

    Returns at once; `status` tells until the process has ended.
    """
    say("drain", ops=ops, as_json=as_json)
