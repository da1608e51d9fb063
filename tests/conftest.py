"""What every folder of tests shares: no blocking calls, no foreign sockets, no WAYBRIDGE_*.

Sockets are kept to loopback by pytest-socket (see `addopts` in pyproject.toml). It guards
Python's own sockets; gRPC and uvloop open theirs in C and are pointed at loopback by the tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

# Calls of ours that may block the event loop, each with its reason. Everything else that
# blocks with a frame of `adapter` or `legacy_stub` on the stack fails the test.
MAY_BLOCK: tuple[tuple[str, str, str], ...] = (
    # asyncpg looks for ~/.pgpass at every connect, once a session
    ("os.stat", "adapter/ledger/postgresql/connection.py", "_connect"),
)


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail the test whose event loop is held up by a call of ours.

    Only our own frames are judged: a test may read a file while it prepares.
    """
    with blockbuster_ctx(scanned_modules=["adapter", "legacy_stub"]) as guard:
        for function, file_name, caller in MAY_BLOCK:
            guard.functions[function].can_block_in(file_name, caller)
        yield guard


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own WAYBRIDGE_* variables must not decide a test."""
    for name in [name for name in os.environ if name.startswith("WAYBRIDGE_")]:
        monkeypatch.delenv(name)
