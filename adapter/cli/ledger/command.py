"""`waybridge ledger`: read and settle pushes from a shell, beside a running serve."""

from __future__ import annotations

import click

from adapter.cli.ledger import backups, copying, read, write
from adapter.cli.ledger.accept_rewind import accept_rewind
from adapter.cli.ledger.correct import correct
from adapter.cli.ledger.resolve import resolve
from adapter.cli.ledger.told import told


@click.group("ledger")
def command() -> None:
    """Search, show, export and settle pushes in the ledger.

    Times are in the time zone of [ops]. Reading changes nothing and needs no secrets.
    """


_READING = (read.search, read.show, read.export)
_WRITING = (resolve, correct, told, accept_rewind, write.prune, write.migrate)
_FILES = (backups.backup, backups.restore, copying.copy)

for _each in (*_READING, *_WRITING, *_FILES):
    command.add_command(_each)
