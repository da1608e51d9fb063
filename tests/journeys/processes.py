"""Real processes for journeys: started, listened to line by line, stopped at the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

WITHIN_SECONDS = 30.0

APP_ID = "wx0123456789abcdef"
TOKEN = "journeytoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Gone(Exception):
    """The process did not say or do what was waited for."""


class Listened:
    """A running process; what it says is kept, line by line."""

    def __init__(self, *command: str, env: Mapping[str, str] | None = None, cwd: Path) -> None:
        self._said = threading.Condition()
        self._lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**_environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def stdout(self) -> str:
        """All it has written to standard output so far."""
        return "".join(self._lines["stdout"])

    @property
    def stderr(self) -> str:
        """All it has written to standard error so far."""
        return "".join(self._lines["stderr"])

    def heard(self, pattern: str) -> re.Match[str]:
        """Wait for a line of standard output that holds the pattern."""
        deadline = time.monotonic() + WITHIN_SECONDS
        with self._said:
            while True:
                for line in self._lines["stdout"]:
                    if found := re.search(pattern, line):
                        return found
                left = deadline - time.monotonic()
                ended = not any(reader.is_alive() for reader in self._readers)
                if ended or not self._said.wait(timeout=left):
                    raise Gone(
                        f"never said {pattern!r}: {self.stdout[-2000:]}{self.stderr[-2000:]}"
                    )

    def ended(self) -> int:
        """Wait for its end, and for all it had to say."""
        code = self.process.wait(WITHIN_SECONDS)
        for reader in self._readers:
            reader.join(WITHIN_SECONDS)
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.ended()

    def close(self) -> None:
        """End it, whatever it does; safe after its end."""
        self.process.kill()
        self.ended()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self, name: str, stream: IO[str]) -> None:
        for line in stream:
            with self._said:
                self._lines[name].append(line)
                self._said.notify_all()
        with self._said:
            self._said.notify_all()


@contextmanager
def running(
    module: str, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path
) -> Iterator[Listened]:
    """Run `python -m module arguments…`; it is gone afterwards."""
    listened = Listened(sys.executable, "-m", module, *arguments, env=env, cwd=cwd)
    try:
        yield listened
    finally:
        listened.close()


@contextmanager
def stub(*arguments: str, cwd: Path) -> Iterator[str]:
    """Run a stub on a free port; the value is its target."""
    with running("legacy_stub", "serve", "--port", "0", *arguments, cwd=cwd) as listened:
        yield listened.heard(r"listening on (\S+)")[1]


@contextmanager
def serving(
    config: Path, *, env: Mapping[str, str] | None = None
) -> Iterator[tuple[Listened, str, str]]:
    """Run `serve`; the value is the process, the edge's URL and the ops port's."""
    with running(
        "adapter", "serve", "--config", str(config), env=env, cwd=config.parent
    ) as listened:
        found = listened.heard(r'"edge":"([^"]+)","ops":"([^"]+)"')
        yield listened, found[1], found[2]


def configuration(
    folder: Path, target: str, *, mode: str = "secure", ledger: str = "sqlite:///journey.db"
) -> Path:
    """Write an adapter.toml as a user would, on free ports."""
    file = folder / f"adapter-{mode}.toml"
    file.write_text(
        f"""
[edge]
listen = "127.0.0.1:0"
path = "/wechat/push"
drain_delay_seconds = 0

[wechat]
app_id = "{APP_ID}"
mode = "{mode}"
token = "{TOKEN}"
encoding_aes_key = "{AES_KEY}"

[carrier]
target = "{target}"

[ledger]
url = "{ledger}"

[ops]
listen = "127.0.0.1:0"
"""
    )
    file.chmod(0o600)  # it holds secrets
    return file


def _environment() -> dict[str, str]:
    """The tests' own environment, without settings, and with our packages to import."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("WAYBRIDGE_")}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
