"""The addresses behind a target, to be knocked at one by one."""

from __future__ import annotations

import asyncio
import socket

from adapter.carrier.handshake import Endpoint
from adapter.carrier.options import (
    CarrierMisconfigured,
    CarrierOptions,
    addresses,
    host_and_port,
    scheme_and_rest,
)

ENDPOINTS_LIMIT = 16


async def endpoints_of(options: CarrierOptions) -> list[Endpoint]:
    """Return every address behind the target; none for a socket of this machine.

    Raises `CarrierMisconfigured` for a name that DNS does not know.
    """
    if scheme_and_rest(options.target)[0].startswith("unix"):
        return []
    found: list[Endpoint] = []
    for host, port in map(host_and_port, addresses(options.target)):
        try:
            lines = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except (socket.gaierror, UnicodeError) as error:
            raise CarrierMisconfigured(f"the name {host} is not known to DNS") from error
        known = dict.fromkeys(str(line[4][0]) for line in lines)
        name = options.tls.server_name if options.tls else ""
        found += [
            Endpoint(host=host, port=port, address=address, server_name=name) for address in known
        ]
    return found[:ENDPOINTS_LIMIT]
