from __future__ import annotations

import errno
import socket

import pytest

from adapter.diagnostics.listening import IN_USE, listen_fault


@pytest.mark.parametrize(
    ("error", "port", "message", "hint"),
    [
        (OSError(errno.EADDRINUSE, ""), 80, IN_USE, "Stop what listens there"),
        (OSError(errno.EACCES, "No"), 80, "No: this user may not listen on port 80", "NET_BIND"),
        (
            OSError(errno.EPERM, "No"),
            8080,
            "No: this user may not listen on port 8080",
            "a port from",
        ),
        (
            OSError(errno.EADDRNOTAVAIL, "No"),
            80,
            "No: h is not an address of this machine",
            "0.0.0.0",  # noqa: S104 - read, not bound
        ),
        (
            socket.gaierror(-2, "No"),
            80,
            "No: the name h is not known",
            "an address of this machine",
        ),
        (OSError(errno.EAFNOSUPPORT, "No"), 80, "No: this machine has no IPv6", "IPv4"),
        (OSError(errno.EMFILE, "Too many"), 80, "Too many", "another address"),
    ],
)
def test_each_error_is_told_apart(error: OSError, port: int, message: str, hint: str) -> None:
    fault = listen_fault(error, host="h", port=port)

    assert fault.message == message
    assert hint in fault.hint
    assert ("Stop what" in fault.hint) == (message == IN_USE)
