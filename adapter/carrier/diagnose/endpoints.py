"""The addresses behind a target, to be diagnosed one by one."""

from __future__ import annotations

import asyncio
import socket

from adapter.carrier.channel.options import CarrierMisconfigured, CarrierOptions
from adapter.carrier.diagnose.tls import Endpoint
from adapter.diagnostics.grpc_target import DEFAULT_PORT, grpc_target

ENDPOINTS_LIMIT = 16


async def endpoints_of(options: CarrierOptions) -> list[Endpoint]:
    """Return every address behind the target; none for a socket of this machine, and for
    xDS, whose control plane alone knows them.

    Raises `CarrierMisconfigured` for a name that DNS does not know.
    """
    found: list[Endpoint] = []
    for listed in grpc_target(options.target).addresses:
        host, port = listed.host, listed.port or DEFAULT_PORT
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
