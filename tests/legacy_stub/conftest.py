"""What the tests of the stub start: order systems alone, and stubs with a caller."""

from __future__ import annotations

from tests.legacy_stub.callers import client, start
from tests.legacy_stub.order_systems import make

__all__ = ["client", "make", "start"]
