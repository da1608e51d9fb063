"""Files that only their owner may read, as a file with secrets should be."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def private_files() -> Iterator[None]:
    """Make every file of a test so. Import it where a test writes a configuration."""
    before = os.umask(0o077)
    yield
    os.umask(before)
