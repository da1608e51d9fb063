"""What a gRPC target or a listen address means: who is asked, and whether it leaves the machine.

The only grammar of both, so that `check` and `serve` cannot disagree. It is gRPC's own
(https://github.com/grpc/grpc/blob/master/doc/naming.md), without what gRPC takes and then
never reaches; each refusal was tried on a real channel.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote

DEFAULT_PORT = 443
EXAMPLE = "Write e.g. dns:///dispatch.internal:50051."
SOCKET_PATH_LIMIT_BYTES = 107  # sockaddr_un; gRPC's channel is born failed beyond it

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_HOST_PORT = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[^:]*))?")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_WEB = re.compile(r"(?i)(https?|grpcs?|tcp|wss?)://")
_NAMED = frozenset({"dns", "xds"})
_SOCKETS = frozenset({"unix", "unix-abstract"})
_LISTS = {"ipv4": 4, "ipv6": 6}


class NotATarget(ValueError):
    """gRPC could not use it, or nothing could listen on it. `hint` says how it is written."""

    def __init__(self, message: str, hint: str = EXAMPLE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A host and a TCP port; an empty host is every interface, port 0 any free one."""

    host: str
    port: int | None

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can reach it."""
        return is_loopback_host(self.host)

    @property
    def is_everywhere(self) -> bool:
        """Tell whether it stands for every interface of the machine."""
        return self.host in {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A gRPC target: its scheme, its addresses where the name holds them, else what it names."""

    scheme: str
    addresses: tuple[Address, ...] = ()
    path: str = ""

    @property
    def is_loopback(self) -> bool:
        """Tell whether calls to it stay on this machine."""
        if self.scheme in _SOCKETS:
            return True
        return bool(self.addresses) and all(address.is_loopback for address in self.addresses)

    @property
    def listed(self) -> tuple[str, ...]:
        """Every `host:port` of it, or the path of its socket."""
        return tuple(map(str, self.addresses)) or (self.path,)

    @property
    def is_named(self) -> bool:
        """Tell whether DNS decides where it is, so that it can move."""
        is_fixed = self.is_loopback or all(is_ip(address.host) for address in self.addresses)
        return self.scheme == "dns" and not is_fixed


def is_loopback_host(host: str) -> bool:
    """Tell whether a host is this machine. A name is believed only if `localhost` (RFC 6761)."""
    if host.lower() in {"localhost", "localhost."}:
        return True
    if not is_ip(host):
        return False
    address = ipaddress.ip_address(host)
    # Python says so of ::ffff:127.0.0.1 only since 3.13.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def is_ip(host: str) -> bool:
    """Tell whether a host is an address of either version, with a zone or without."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def listen_address(text: str) -> Address:
    """Read `host:port`, `[::1]:port` or `:port`; port 0 is a free one. Raises `NotATarget`."""
    hint = 'Write e.g. "0.0.0.0:8080" or "[::1]:8080".'
    try:
        address = _address(text, least_port=0, may_be_everywhere=True)
    except NotATarget as error:
        raise NotATarget(error.message, hint) from error
    if address.port is None:
        raise NotATarget("has no port", hint)
    return address


def grpc_target(text: str) -> Target:
    """Read a gRPC target of any scheme. Raises `NotATarget` when gRPC could not use it."""
    if not text:
        raise NotATarget("is empty")
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        raise NotATarget("contains a space or a line break")
    scheme, rest = scheme_and_rest(text)
    if scheme in _SOCKETS:
        return _socket(scheme, rest)
    authority, path = _split(rest)
    if scheme == "xds":
        if not path:
            raise NotATarget("has no service name", "Write e.g. xds:///dispatch.")
        return Target(scheme=scheme, path=path)
    if scheme in _LISTS:
        if authority:
            raise NotATarget("has two slashes too many", f"Write {scheme}:ADDRESS:PORT.")
        return Target(scheme=scheme, addresses=_listed(scheme, unquote(path)))
    _refuse_authority(authority)
    return Target(scheme="dns", addresses=(_address(unquote(path), least_port=1),))


def scheme_and_rest(text: str) -> tuple[str, str]:
    """Split a gRPC name; one without a scheme that gRPC knows is `dns`, as gRPC reads it."""
    matched = _SCHEME.fullmatch(text)
    scheme = matched[1].lower() if matched else ""
    if matched and scheme in _NAMED | _SOCKETS | set(_LISTS):
        return scheme, matched[2]
    if _WEB.match(text):
        raise NotATarget("is a URL", f"A gRPC target does not start with http://. {EXAMPLE}")
    if scheme == "vsock":
        # naming.md lists it; grpcio is built without it and asks DNS for a host "vsock".
        raise NotATarget("is a vsock address, which this gRPC cannot reach", EXAMPLE)
    return "dns", text


def _split(rest: str) -> tuple[str, str]:
    """Split `//authority/path`; without it only one slash before the path is dropped."""
    if not rest.startswith("//"):
        return "", rest.removeprefix("/")
    authority, slash, path = rest[2:].partition("/")
    if not slash:
        raise NotATarget("has two slashes where three belong")
    return authority, path


def _socket(scheme: str, rest: str) -> Target:
    if rest.startswith("//") and not rest.startswith("///"):
        raise NotATarget("has two slashes where three belong", f"Write {scheme}:///{rest[2:]}.")
    path = rest.removeprefix("//")
    if not path.strip("/"):
        raise NotATarget("has no socket path", f"Write e.g. {scheme}:///run/carrier.sock.")
    if len(path.encode()) > SOCKET_PATH_LIMIT_BYTES:
        raise NotATarget(
            f"has a socket path of more than {SOCKET_PATH_LIMIT_BYTES} bytes", "Use a shorter path."
        )
    return Target(scheme=scheme, path=path)


def _listed(scheme: str, text: str) -> tuple[Address, ...]:
    addresses = tuple(_address(part, least_port=1) for part in text.split(","))
    example = "ipv4:10.0.0.1:50051,10.0.0.2:50051" if scheme == "ipv4" else "ipv6:[::1]:50051"
    for address in addresses:
        if not is_ip(address.host) or ipaddress.ip_address(address.host).version != _LISTS[scheme]:
            raise NotATarget(
                f"contains something that is not an {scheme} address", f"Write e.g. {example}."
            )
        if address.port is None:
            raise NotATarget("has an address without a port", f"Write e.g. {example}.")
    return addresses


def _refuse_authority(authority: str) -> None:
    """The name server to ask. Anything but an address and a port fails every call: INTERNAL."""
    if not authority:
        return
    hint = "Write its address and port: dns://10.0.0.1:53/dispatch.internal:50051."
    try:
        server = _address(unquote(authority), least_port=1)
    except NotATarget as error:
        raise NotATarget(f"has a name server that {error.message}", hint) from error
    if server.port is None or not is_ip(server.host):
        raise NotATarget("has a name server without an address and port", hint)


def _address(text: str, *, least_port: int, may_be_everywhere: bool = False) -> Address:
    matched = _HOST_PORT.fullmatch(text)
    if not matched:
        raise _not_split(text)
    host = matched["host"] if matched["six"] is None else matched["six"]
    if matched["six"] is not None and not (is_ip(host) and ":" in host):
        raise NotATarget("has brackets around something that is not an IPv6 address")
    if not host and not may_be_everywhere:
        raise NotATarget("has no host")
    if matched["six"] is None and host:
        _refuse_name(host)
    return Address(host=host, port=_port(matched["port"], least=least_port))


def _not_split(text: str) -> NotATarget:
    if "," in text:
        return NotATarget(
            "has several names", "List addresses: ipv4:10.0.0.1:50051,10.0.0.2:50051."
        )
    if text.count(":") > 1 and not set(text) - set("0123456789abcdefABCDEF:.%"):
        return NotATarget(
            "is an IPv6 address without brackets", "Write e.g. [::1]:50051: the port comes last."
        )
    return NotATarget("is not host:port")


def _refuse_name(host: str) -> None:
    if not host.isascii():
        raise NotATarget("has a name that is not ASCII", _in_ascii(host))
    labels = host.removesuffix(".").split(".")
    if not all(map(_LABEL.fullmatch, labels)):
        raise NotATarget("has a host that is not a valid name or address")
    # Such a name is an address that was mistyped: 256.1.1.1, 127.1.
    if labels[-1].isdigit() and not is_ip(host):
        raise NotATarget("has a host that is not an IPv4 address")


def _in_ascii(host: str) -> str:
    try:
        return f"Write {host.encode('idna').decode()}, as DNS has it."
    except UnicodeError:
        return EXAMPLE


def _port(text: str | None, *, least: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text[:6]) <= 65535) or len(text) > 6:
        raise NotATarget(f"does not have a port between {least} and 65535")
    return int(text)
