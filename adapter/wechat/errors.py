"""Why a push was not taken: the reasons of a 403 and of a 400.

WeChatError
├── Refused       nobody knows who sent it: HTTP 403, one body for all
└── Undecodable   WeChat sent it, but we cannot read it: HTTP 400
"""

from __future__ import annotations

from typing import ClassVar

STALE = "stale"
"""The `reason` of what WeChat signed, but too long ago or in our future."""

REFUSED_REASONS = (
    "signature_missing",
    "signature_grammar",
    "signature_wrong",
    STALE,
    "wrong_mode",
    "undecryptable",
)
"""Every `reason` a `Refused` can have."""


class WeChatError(Exception):
    """A push or a reply that does not keep to WeChat's protocol.

    `reason` is a stable word for metrics. `detail` is a second one, for the log, metrics and
    `explain` alone: an outsider who could tell bad padding from a foreign app id would learn
    about the key. Neither ever holds a piece of what was received.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


class Refused(WeChatError):
    """Not authentic, not fresh, or not in the configured mode. Nothing was read from it."""


class Undecodable(WeChatError):
    """Not the XML, JSON or fields that WeChat documents. Nothing was done.

    Its `reason` is always `undecodable`.
    """

    REASON: ClassVar[str] = "undecodable"

    def __init__(self, detail: str) -> None:
        super().__init__(self.REASON, detail)

    def __reduce__(self) -> tuple[type[Undecodable], tuple[str]]:
        return (Undecodable, (self.detail,))
