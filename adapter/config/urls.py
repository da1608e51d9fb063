"""URLs as people may see them."""

from __future__ import annotations

import re


def without_password(url: str) -> str:
    """Mask who logs in, before the host, and every secret in the query."""
    head, mark, query = url.partition("?")
    masked = re.sub(r"(?<=//).*@", "***@", head)
    return masked + mark + re.sub(r"(?i)((?:password|token|key)[^=&]*=)[^&]*", r"\1***", query)
