"""`waybridge ledger`: search and settle pushes from a shell, beside a running serve."""

from __future__ import annotations

import click

from adapter.cli.ledger import export as ledger_export
from adapter.cli.ledger import migrate as ledger_migrate
from adapter.cli.ledger import prune as ledger_prune
from adapter.cli.ledger import resolve as ledger_resolve
from adapter.cli.ledger import search as ledger_search
from adapter.cli.ledger import show as ledger_show


@click.group("ledger")
def command() -> None:
    """Search, show, export and settle what was decided.

    Times are in the time zone of [ops]. Reading changes nothing and needs no secrets.
    """


for _each in (
    ledger_search,
    ledger_show,
    ledger_export,
    ledger_resolve,
    ledger_prune,
    ledger_migrate,
):
    command.add_command(_each.command)
