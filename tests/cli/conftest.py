"""What the tests of the commands share: a process to itself, a PostgreSQL, a ledger on each."""

from __future__ import annotations

import pytest
from blockbuster import BlockBuster

from tests.conformance.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture
def process_of_its_own(no_blocking_calls: BlockBuster) -> None:
    """A command has a process to itself: nobody waits while it reads a file."""
    no_blocking_calls.deactivate()
