"""Why an address cannot be listened on: what each error of the machine means, and what to do."""

from __future__ import annotations

import errno
import socket
from typing import NamedTuple

FIRST_FREE_FOR_ALL = 1024
IN_USE = "Address already in use"


class ListenFault(NamedTuple):
    """What is wrong with an address, as a clause that follows it, and what to do."""

    message: str
    hint: str


def listen_fault(error: OSError, *, host: str, port: int) -> ListenFault:
    """Say what an error of resolving or binding `host` and `port` means."""
    said = error.strerror or str(error)
    if isinstance(error, socket.gaierror):
        return ListenFault(
            f"{said}: the name {host} is not known", "Write an address of this machine."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        low = f"Ports below {FIRST_FREE_FOR_ALL} need the capability CAP_NET_BIND_SERVICE: "
        return ListenFault(
            f"{said}: this user may not listen on port {port}",
            f"{low if port < FIRST_FREE_FOR_ALL else ''}Choose a port from {FIRST_FREE_FOR_ALL}.",
        )
    if error.errno == errno.EADDRINUSE:
        return ListenFault(IN_USE, "Stop what listens there, or configure another address.")
    if error.errno == errno.EADDRNOTAVAIL:
        return ListenFault(
            f"{said}: {host} is not an address of this machine",
            "Write one of its own addresses, 127.0.0.1, or 0.0.0.0 for all.",
        )
    if error.errno == errno.EAFNOSUPPORT:
        return ListenFault(
            f"{said}: this machine has no IPv6", "Write an IPv4 address, e.g. 0.0.0.0."
        )
    return ListenFault(said, "Choose another address.")
