"""`waybridge ledger backup` and `restore`: a copy of an SQLite ledger, and back."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

import click

from adapter.cli.configuration import config_option
from adapter.cli.ledger.access import ConfiguredLedger, configured_ledger, warn_of_missing_log
from adapter.cli.ledger.bars import progress_bar
from adapter.cli.output import or_refuse, write
from adapter.diagnostics.cannot_start import CannotStart
from adapter.ledger.open import file_of
from adapter.ledger.operate import backups

MIB = 1 << 20
SERVER_HINT = (
    "Use PostgreSQL's own tools: `pg_dump --format=custom` for a copy that `pg_restore` reads, or"
    " `pg_basebackup` with archived WAL to lose nothing. A ledger restored from either has gone"
    " back in time: see docs/ledger.md."
)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@or_refuse("waybridge ledger backup")
def backup(file: Path, config: Path | None) -> None:
    """Write a consistent copy of an SQLite ledger to FILE, beside a running serve.

    The copy holds every push answered before it began, and is checked at the end. FILE must
    not exist yet. For PostgreSQL use pg_dump or pg_basebackup.
    """
    path = _file_of(configured_ledger(config), "backup")
    with progress_bar() as show:
        done = backups.backup(path, file, progress=partial(show, "copying"))
    size = f"{done.size_bytes / MIB:.1f} MiB"
    write(f"{file}: {_pushes(done.pushes)}, {size}. The copy is whole.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation; required without a terminal."
)
@or_refuse("waybridge ledger restore")
def restore(file: Path, config: Path | None, *, yes: bool) -> None:
    """Put the backup FILE in the place of an SQLite ledger. Stop serve first.

    The backup is checked before anything is changed; the ledger before is kept beside it. What
    was told since the backup is forgotten, so the ledger counts as rewound until
    `waybridge ledger accept-rewind`.
    """
    path = _file_of(configured_ledger(config), "restore")
    if not yes:
        if not sys.stdin.isatty():
            raise CannotStart(
                "confirmation needs a terminal, and there is none.", hint="Add --yes to confirm."
            )
        click.confirm(f"Put {file} in the place of {path}?", abort=True, err=True)
    warn_of_missing_log(file)
    with progress_bar() as show:
        done = backups.restore(file, path, now=time.time(), progress=partial(show, "copying"))
    kept = f" The ledger before is kept as {done.aside}." if done.aside else ""
    write(f"{path}: restored, {_pushes(done.pushes)}.{kept}")
    write("It has gone back in time: see `waybridge ledger accept-rewind`.")


def _file_of(ledger: ConfiguredLedger, verb: str) -> Path:
    if not ledger.url.startswith("sqlite"):
        raise CannotStart(
            f"this ledger is a PostgreSQL database, and `waybridge ledger {verb}` copies files.",
            hint=SERVER_HINT,
        )
    return file_of(ledger.url)


def _pushes(number: int) -> str:
    return f"{number} {'push' if number == 1 else 'pushes'}"
