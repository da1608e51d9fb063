"""How an event becomes a line of the log: JSON, or readable on a terminal. Writing never waits.

A line is handed to a thread that writes many at once, so that a full pipe or a slow disk
holds up no push; what does not fit into its queue is dropped and counted. At most
`GATHER_SECONDS` of lines die with a killed process: the ledger is the record, not the log.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

from adapter.diagnostics.logger import Logger
from adapter.wechat.secret import MASK, Secret

GATHER_SECONDS = 0.02
QUEUED_LINES = 10_000
LINE_LIMIT = 2_000  # characters; a longer line has its values bounded, one by one
PARTS_LIMIT = 40  # of a list
TEXT_LIMIT = 600  # characters of one value: an id has at most 512
# C0 and C1 controls: on a terminal they could move the cursor or paint another line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Sink:
    """Takes lines at once and writes them soon, in order, from a thread of its own."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lines: list[str] = []
        self._idle = threading.Event()  # the thread waits for a line
        self._wake = threading.Event()
        self._ended = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Queue a line, without its newline."""
        if len(self._lines) >= QUEUED_LINES:
            self.dropped += 1
            return
        self._lines.append(line)
        if self._idle.is_set():  # else it looks again by itself: waking it costs a system call
            self._wake.set()

    def close(self) -> None:
        """Write what is queued and end. Later lines are not written."""
        if self._thread.is_alive():
            self._ended = True
            self._wake.set()
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            self._idle.set()
            if not self._lines:
                self._wake.wait()
            self._idle.clear()
            self._wake.clear()
            time.sleep(GATHER_SECONDS)
            ended = self._ended  # before the lines are taken: none may come after the last look
            count = len(self._lines)  # `put` only ever appends: what stands before is ours
            batch = self._lines[:count]
            del self._lines[:count]
            self._write(batch)
            if ended:
                return

    def _write(self, batch: list[str]) -> None:
        text = "".join(f"{line}\n" for line in batch)
        try:
            self._out.write(text.encode("utf-8", "backslashreplace"))
            self._out.flush()
        except (OSError, ValueError):
            # The reader of our output is gone. Pushes go on; the lines are counted.
            self.dropped += len(batch)


LEVELS = ("debug", "info", "warning", "error")
_DEBUG, _INFO, _WARNING = 0, 1, 2  # places in `LEVELS`

Line = dict[str, object]
"""One event's fields, in the order in which they are written."""


def open_log(
    style: str,
    sink: Sink,
    *,
    is_terminal: bool,
    level: str = "info",
    unix: Callable[[], float] = time.time,
) -> Lines:
    """Return the logger. `style` is `[log] format`: auto, console or json; `level` the least
    important that is written: debug, info, warning or error."""
    on_console = style == "console" or (style == "auto" and is_terminal)
    render = _console(colours=is_terminal) if on_console else _json
    return Lines(sink, _Stamp(unix), render, least=LEVELS.index(level))


def conceal(event: Line) -> Line:
    """Mask secrets, bound texts, and make control characters visible: the second belt.

    Whoever logs must not pass a secret at all.
    """
    return {name: _shown(value) for name, value in event.items()}


def capture_library_logs(log: Logger) -> None:
    """Send what libraries say at warning and above through `log`, as `library` lines."""
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler(log)]
    root.setLevel(logging.WARNING)


class Lines:
    """Events in, lines out. structlog's chain of processors cost a push half as much as its
    seal: the readable form alone is structlog's, and loaded only where it is shown."""

    __slots__ = ("_least", "_put", "_render", "_stamp")

    def __init__(
        self, sink: Sink, stamp: _Stamp, render: Callable[[Line], str], *, least: int
    ) -> None:
        self._least = least
        self._put = sink.put
        self._stamp = stamp
        self._render = render

    def debug(self, event: str, **fields: object) -> None:
        if self._least == _DEBUG:
            self._write("debug", event, fields)

    def info(self, event: str, **fields: object) -> None:
        if self._least <= _INFO:
            self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        if self._least <= _WARNING:
            self._write("warning", event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: Line) -> None:
        fields["event"] = event
        fields["level"] = level
        fields["time"] = self._stamp.now()
        self._put(self._render(fields))


class _LibraryHandler(logging.Handler):
    def __init__(self, log: Logger) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on a library's words and the kind of its exception, never its locals."""
        error = record.exc_info[0] if record.exc_info else None
        say = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        say(
            "library",
            logger=record.name,
            words=record.getMessage(),
            fault=error.__name__ if error else "",
        )


class _Stamp:
    """The time in UTC; the text of a second is made once."""

    def __init__(self, unix: Callable[[], float]) -> None:
        self._unix = unix
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """Return the time of day, to the millisecond."""
        now = self._unix()
        second = int(now)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._text}.{int((now - second) * 1000):03d}Z"


_PLAIN = frozenset({int, float, bool, type(None)})


def _shown(value: object) -> object:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(part) for part in list(value)[:PARTS_LIMIT]]
    return MASK if isinstance(value, Secret) else _tame(str(value))


def _tame(text: str) -> str:
    visible = _CONTROL.sub(_escaped, text[:TEXT_LIMIT])
    return visible if len(text) <= TEXT_LIMIT else f"{visible}…"


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


# What JSON does not know comes here, secrets among it.
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_shown).encode


def _json(event: Line) -> str:
    line = _ENCODE(event)
    if len(line) > LINE_LIMIT:
        line = _ENCODE(conceal(event))
    # JSON escapes C0 itself; the others still end a line for some readers.
    return line if line.isprintable() else _CONTROL.sub(_escaped, line)


def _console(*, colours: bool) -> Callable[[Line], str]:
    import structlog.dev  # here: five MiB that a serve writing JSON never needs

    shown = structlog.dev.ConsoleRenderer(
        colors=colours, timestamp_key="time", sort_keys=False, pad_event_to=20
    )

    def render(event: Line) -> str:
        # On a terminal an empty field is only noise.
        shown_fields = {
            name: value for name, value in conceal(event).items() if value not in ("", [])
        }
        return str(shown(None, str(event["level"]), shown_fields))

    return render


def standard_sink() -> tuple[Sink, bool]:
    """Return a sink to standard output, and whether that is a terminal."""
    return Sink(sys.stdout.buffer), sys.stdout.isatty()
