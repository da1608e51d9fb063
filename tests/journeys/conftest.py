"""The PostgreSQL of the journeys, and real processes that this one may wait for."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest
from blockbuster import BlockBuster

from tests.conformance.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture
def may_wait(no_blocking_calls: BlockBuster) -> None:
    """The adapter runs in processes of its own; its parts used here stand on WeChat's side."""
    no_blocking_calls.deactivate()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[object], None]:
    """Print a line that is seen while the tests run."""

    def aloud(line: object) -> None:
        with capsys.disabled():
            click.echo(f"\n{line}")

    return aloud
