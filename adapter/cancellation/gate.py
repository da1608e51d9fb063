"""Whether the carrier may be asked at all: an operator's pause, and the end of the process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Gate:
    """Shared between the ops port, which turns it, and the desk and the edge, which obey.

    While `paused`, pushes that are decided are still answered; all others get −1 and the
    carrier is not asked. While `draining`, everything is answered and the edge tells its
    connections to close.
    """

    paused: bool = False
    draining: bool = False
