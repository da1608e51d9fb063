"""The PostgreSQL that the conformance suite runs on."""

from __future__ import annotations

from tests.conformance.postgres import postgres

__all__ = ["postgres"]
