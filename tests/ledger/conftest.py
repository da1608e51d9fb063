"""The PostgreSQL that the tests of the ledger run on."""

from __future__ import annotations

from tests.conformance.postgres import postgres

__all__ = ["postgres"]
