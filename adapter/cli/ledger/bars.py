"""A progress bar for a command that copies a ledger, where somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress

from adapter.cli.output import console


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error; call it with what is done now, how much of it, and of how much."""
    watched = sys.stderr.isatty()
    with Progress(console=console(sys.stderr), transient=True, disable=not watched) as bar:
        task = bar.add_task("", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield show
