"""What can go wrong around a decision.

AdapterError
└── LedgerUnavailable   nothing was written, or it will be withdrawn
"""

from __future__ import annotations


class AdapterError(Exception):
    """Something is wrong that no reply of the carrier explains. `reason` names it in metrics."""

    reason = "adapter_error"


class LedgerUnavailable(AdapterError):
    """The ledger could not make it durable in time: the carrier must not be asked."""

    reason = "ledger_unavailable"
