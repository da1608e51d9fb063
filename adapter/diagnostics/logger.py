"""What every part of the program logs to: an event name and fields, at a level."""

from __future__ import annotations

from typing import Protocol


class Logger(Protocol):
    """A logger of events. Never raises and never waits; structlog's loggers fit."""

    def debug(self, event: str, **fields: object) -> object: ...

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...

    def error(self, event: str, **fields: object) -> object: ...
