"""`waybridge pause`: pushes are answered −1, and the carrier is left alone."""

from __future__ import annotations

import click

from adapter.cli.ops_port import ops_options, say


@click.command("pause")
@ops_options
def command(*, ops: str, as_json: bool) -> None:
    """Stop asking the carrier; pushes are answered: not now.

    Repeats of decided pushes still get their stored answer. Undone by `resume`, or a restart.
    """
    say("pause", ops=ops, as_json=as_json)
