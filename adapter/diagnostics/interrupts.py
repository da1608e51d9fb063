"""Ctrl-C at any moment of a program: exit code 130, and no traceback.

While modules are read in and after the last line of a command nothing needs to be put in
order: there the process ends on the spot. In between `KeyboardInterrupt` is raised, as ever.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PROGRAMS = ("/waybridge", "/legacy-stub", "adapter/__main__.py", "legacy_stub/__main__.py")
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count


def end_at_once() -> None:
    """End on the spot from now on. Whoever ignores SIGINT, or handles it, goes on doing so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def begin_program() -> None:
    """Do `end_at_once`, if it is one of our programs that is read in, and not a test."""
    if sys.argv[0].endswith(PROGRAMS):
        end_at_once()


def raise_again() -> None:
    """Raise `KeyboardInterrupt` from now on, if `end_at_once` holds."""
    if signal.getsignal(signal.SIGINT) is _end:
        sys.unraisablehook = _unraisable
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """End on the spot while this lasts, where `KeyboardInterrupt` would be raised."""
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    is_ours = sys.unraisablehook is _unraisable
    if not (raises and is_ours):  # a test, or a program that is not ours
        yield
        return
    end_at_once()
    try:
        yield
    finally:
        raise_again()


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(EXIT_INTERRUPTED)


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """End also where Python would print the interrupt and go on, in a destructor."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        os._exit(EXIT_INTERRUPTED)
    sys.__unraisablehook__(what)
