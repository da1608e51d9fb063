"""TLS that failed because the other side speaks plain text: told apart from all other trouble."""

from __future__ import annotations

import ssl

# What OpenSSL makes of an answer that is no TLS: "HTTP/1.1 400 …" for instance.
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")


def speaks_no_tls(error: BaseException | None) -> bool:
    """Tell whether an error, or what it came from, means that nobody speaks TLS there."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return any(word in (error.reason or str(error)) for word in NO_TLS)
        error = error.__cause__ or error.__context__
    return False
