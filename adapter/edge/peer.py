"""Who sent a request: the connection's other end, or whom a trusted proxy names."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HEADER = b"x-forwarded-for"
_HOPS_AT_MOST = 32  # of the header, the nearest ones: the rest is the sender's own to write


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read addresses and networks. Raises `ValueError` for what is neither."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def peer_of(scope: Scope, trusted: Sequence[Network]) -> str:
    """Return the address that sent a request, or an empty text where it is not known.

    `X-Forwarded-For` counts only if it came from a trusted proxy, and of it the rightmost
    address that is not one: what stands left of that anybody could have written.
    """
    client = scope.get("client")
    peer: str = client[0] if client else ""
    if not trusted or not _is_trusted(_address(peer), trusted):
        return peer
    for hop in reversed(_hops(scope)):
        address = _address(hop)
        if address is None:
            return peer  # nobody's address: the last one that was believed sent it
        peer = str(address)
        if not _is_trusted(address, trusted):
            return peer
    return peer


def _hops(scope: Scope) -> list[str]:
    lines = [value for name, value in scope["headers"] if name == _HEADER]
    hops = b",".join(lines).decode("latin-1").split(",")
    return [hop.strip() for hop in hops[-_HOPS_AT_MOST:] if hop.strip()]


def _address(text: str) -> Address | None:
    """Read `1.2.3.4`, `1.2.3.4:567`, `::1` or `[::1]:567`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)
