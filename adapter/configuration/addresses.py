"""What an address means: who can reach it, and whether it leaves the machine.

gRPC's names of targets: https://github.com/grpc/grpc/blob/master/doc/naming.md
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_SCHEME = re.compile(r"(dns|ipv4|ipv6|unix-abstract|unix|vsock|xds):(.*)", re.DOTALL)
_HOST_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\[\]/\s]*))(?::(?P<port>\d+))?"
)
_NEVER_LEAVES = {"unix", "unix-abstract", "vsock"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A host and a TCP port; an empty host is every interface, port 0 any free one."""

    host: str
    port: int | None

    @property
    def is_loopback(self) -> bool:
        """Say whether only this machine can reach it. A name is believed only if `localhost`."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_everywhere(self) -> bool:
        """Say whether it stands for every interface of the machine."""
        return self.host in {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A gRPC target: its scheme, and its addresses where the name holds them."""

    scheme: str
    addresses: tuple[Address, ...]

    @property
    def is_loopback(self) -> bool:
        """Say whether calls to it stay on this machine."""
        if self.scheme in _NEVER_LEAVES:
            return True
        return bool(self.addresses) and all(address.is_loopback for address in self.addresses)


def listen_address(text: str) -> Address:
    """Read `host:port`, `[::1]:port` or `:port`. Raises ValueError: nothing else is one."""
    address = _address(text)
    if address.port is None:
        raise ValueError("no port")
    return address


def grpc_target(text: str) -> Target:
    """Read a gRPC target of any scheme. Raises ValueError when gRPC could not use it."""
    matched = _SCHEME.fullmatch(text)
    scheme, rest = (matched[1], matched[2]) if matched else ("dns", text)
    if scheme in _NEVER_LEAVES or scheme == "xds":
        if not rest.strip("/"):
            raise ValueError("no name")
        return Target(scheme=scheme, addresses=())
    if rest.startswith("//"):  # an authority: the name server to ask, up to the next slash
        _, slash, rest = rest[2:].partition("/")
        if not slash:
            raise ValueError("two slashes")
    listed = rest.split(",") if scheme in {"ipv4", "ipv6"} else [rest]
    addresses = tuple(_address(part) for part in listed)
    if any(not address.host for address in addresses):
        raise ValueError("no host")
    return Target(scheme=scheme, addresses=addresses)


def _address(text: str) -> Address:
    matched = _HOST_PORT.fullmatch(text)
    if not matched or not text:
        raise ValueError("not host:port")
    port = None if matched["port"] is None else int(matched["port"])
    if port is not None and port > 65535:
        raise ValueError("no such port")
    return Address(host=matched["six"] or matched["host"] or "", port=port)


def without_password(url: str) -> str:
    """Mask who logs in, before the host, and every secret in the query."""
    head, mark, query = url.partition("?")
    masked = re.sub(r"(?<=//).*@", "***@", head)
    return masked + mark + re.sub(r"(?i)((?:password|token|key)[^=&]*=)[^&]*", r"\1***", query)
