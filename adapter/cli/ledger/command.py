"""`waybridge ledger`: read and settle pushes from a shell, beside a running serve."""

from __future__ import annotations

import click

from adapter.cli.ledger import read, write
from adapter.cli.ledger.correct import correct
from adapter.cli.ledger.resolve import resolve
from adapter.cli.ledger.told import told


@click.group("ledger")
def command() -> None:
    """Search, show, export and settle pushes in the ledger.

    Times are in the time zone of [ops]. Reading changes nothing and needs no secrets.
    """


for _each in (
    read.search, read.show, read.export, resolve, correct, told, write.prune, write.migrate,
):  # fmt: skip
    command.add_command(_each)
