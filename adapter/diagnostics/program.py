"""How our programs end, whatever becomes of their terminal: an exit code, at most a paragraph."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from adapter.diagnostics import interrupts
from adapter.diagnostics.finding import Finding

EXIT_CANNOT_WRITE = 2
EXIT_READER_GONE = 141  # 128 + SIGPIPE: what `| head` makes of every other program
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


class ProgramGroup(click.Group):
    """A group of commands: the outermost thing of a program."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command line; `--help` and `--version` write here."""
        with _ending_well():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was typed."""
        interrupts.raise_again()
        try:
            with _ending_well():
                return super().invoke(ctx)
        finally:
            interrupts.end_at_once()


@contextlib.contextmanager
def _ending_well() -> Iterator[None]:
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # at the interpreter's end nobody could answer a fault
    except KeyboardInterrupt:
        raise SystemExit(interrupts.EXIT_INTERRUPTED) from None
    except click.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):  # at a question
            raise SystemExit(interrupts.EXIT_INTERRUPTED) from None
        raise
    except OSError as error:
        if error.errno == errno.EPIPE:
            _write_no_more()
            raise SystemExit(EXIT_READER_GONE) from None
        if error.errno in UNWRITABLE and error.filename is None:
            _write_no_more()
            reason = os.strerror(error.errno or 0).lower()
            fault = Finding(source="standard output", message=f"cannot be written: {reason}.")
            click.echo(str(fault), err=True)
            raise SystemExit(EXIT_CANNOT_WRITE) from None
        raise


def _write_no_more() -> None:
    """Let what is still in the buffer go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
