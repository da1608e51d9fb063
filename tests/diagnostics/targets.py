"""Targets and what each means: those that gRPC can use, and those that it cannot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A target that gRPC can use."""

    text: str
    listed: tuple[str, ...]
    is_loopback: bool
    is_named: bool


def _local(text: str, *listed: str) -> Taken:
    return Taken(text=text, listed=listed, is_loopback=True, is_named=False)


def _fixed(text: str, *listed: str) -> Taken:
    return Taken(text=text, listed=listed, is_loopback=False, is_named=False)


def _named(text: str, *listed: str) -> Taken:
    return Taken(text=text, listed=listed, is_loopback=False, is_named=True)


TAKEN = (
    _named("dns:///dispatch.internal:50051", "dispatch.internal:50051"),
    _named("dns://10.0.0.1:53/dispatch.internal:50051", "dispatch.internal:50051"),
    _named("dns://[::1]:53/dispatch.internal:50051", "dispatch.internal:50051"),
    _named("dns:dispatch.internal:50051", "dispatch.internal:50051"),
    _named("dns:/dispatch.internal:50051", "dispatch.internal:50051"),
    _named("DNS:///dispatch.internal:50051", "dispatch.internal:50051"),
    _named("dispatch.internal:50051", "dispatch.internal:50051"),
    _named("dispatch.internal.:50051", "dispatch.internal.:50051"),
    _named("dispatch.internal", "dispatch.internal"),
    _named("my_host-1:65535", "my_host-1:65535"),
    _named("xn--bcher-kva.example:1", "xn--bcher-kva.example:1"),
    # A host may be called like an address that it is not.
    _named("127.0.0.1.evil.example:50051", "127.0.0.1.evil.example:50051"),
    _named("localhost.evil.example:50051", "localhost.evil.example:50051"),
    _fixed("dns:///10.0.0.1:50051", "10.0.0.1:50051"),
    _fixed("0.0.0.0:50051", "0.0.0.0:50051"),
    _fixed("ipv4:1.2.3.4:1,5.6.7.8:2", "1.2.3.4:1", "5.6.7.8:2"),
    _fixed("ipv4:127.0.0.1:1,10.0.0.1:2", "127.0.0.1:1", "10.0.0.1:2"),
    _fixed("ipv6:[::1]:1,[2001:db8::1]:2", "[::1]:1", "[2001:db8::1]:2"),
    _fixed("[fe80::1%25eth0]:1", "[fe80::1%eth0]:1"),
    _fixed("xds:///svc", "svc"),
    _fixed("xds:svc", "svc"),
    _fixed("xds://authority/svc", "svc"),
    _local("localhost:50051", "localhost:50051"),
    _local("localhost.", "localhost."),
    _local("LOCALHOST:1", "LOCALHOST:1"),
    _local("dns://10.0.0.1:53/localhost:50051", "localhost:50051"),
    _local("127.0.0.1:50051", "127.0.0.1:50051"),
    _local("127.8.9.1:1", "127.8.9.1:1"),
    _local("dns:///127.0.0.1%3A50051", "127.0.0.1:50051"),
    _local("[::1]:50051", "[::1]:50051"),
    _local("[::1]", "[::1]"),
    _local("[::1%25lo]:1", "[::1%lo]:1"),
    _local("[::1%lo]:1", "[::1%lo]:1"),
    _local("[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1"),
    _local("ipv4:127.0.0.1%3A50051", "127.0.0.1:50051"),
    _local("ipv4:127.0.0.1:1,127.0.0.2:2", "127.0.0.1:1", "127.0.0.2:2"),
    _local("ipv6:%5B::1%5D:1", "[::1]:1"),
    _local("unix:/run/carrier.sock", "/run/carrier.sock"),
    _local("unix:run/carrier.sock", "run/carrier.sock"),
    _local("unix:///run/carrier.sock", "/run/carrier.sock"),
    _local("unix-abstract:x", "x"),
)

LONG = "x" * 108

REFUSED = (
    ("", "is empty"),
    ("dns:", "names no host"),
    ("dns:///", "names no host"),
    (":50051", "names no host"),
    (" ", "holds a blank"),
    (" host:1", "holds a blank"),
    ("host:1 ", "holds a blank"),
    ("host:1\n", "holds a blank"),
    ("a b:1", "holds a blank"),
    ("dns:///a%20b:1", "has a host that is neither"),
    ("host:0", "has no port between 1 and 65535"),
    ("host:65536", "has no port between 1 and 65535"),
    ("host:99999999999999999999", "has no port between 1 and 65535"),
    ("host:-1", "has no port between 1 and 65535"),
    ("host:", "has no port between 1 and 65535"),
    ("host:grpc", "has no port between 1 and 65535"),
    ("host:٣", "has no port between 1 and 65535"),
    ("host:1/path", "has no port between 1 and 65535"),
    ("host:1?x=y", "has no port between 1 and 65535"),
    ("dns:///host:1#f", "has no port between 1 and 65535"),
    ("x:1:2", "is not host:port"),
    ("a:1,b:2", "lists several names"),
    ("dns:localhost:1,localhost:2", "lists several names"),
    ("::1", "is an IPv6 address without brackets"),
    ("::1:50051", "is an IPv6 address without brackets"),
    ("[::1:5", "is not host:port"),
    ("::1]:5", "is not host:port"),
    ("[host]:1", "holds brackets around what is not an IPv6 address"),
    ("[127.0.0.1]:1", "holds brackets around what is not an IPv6 address"),
    ("256.1.1.1:1", "has a host that is not an IPv4 address"),
    ("127.1:1", "has a host that is not an IPv4 address"),
    ("2130706433:1", "has a host that is not an IPv4 address"),
    ("a..b:1", "has a host that is neither"),
    ("*:1", "has a host that is neither"),
    ("/run/carrier.sock", "has a host that is neither"),
    ("dns:////host:1", "has a host that is neither"),
    (f"{'a' * 64}.example:1", "has a host that is neither"),
    ("bücher.example:1", "has a name that is not ASCII"),
    ("http://host:1", "is a URL"),
    ("https://host", "is a URL"),
    ("grpc://host:1", "is a URL"),
    ("dns://host:1", "has two slashes where three belong"),
    ("dns://8.8.8.8/host:1", "names a name server without its address and port"),
    ("dns://ns.example:53/host:1", "names a name server without its address and port"),
    ("dns://8.8.8.8:0/host:1", "names a name server that has no port"),
    ("ipv4:1.1.1.1:1,", "names no host"),
    ("ipv4:1.2.3.4", "lists an address without a port"),
    ("ipv4:host:1", "lists what is not an ipv4 address"),
    ("ipv4:[::1]:1", "lists what is not an ipv4 address"),
    ("ipv4://1.2.3.4:1/x", "has two slashes too many"),
    ("ipv6:::1", "is an IPv6 address without brackets"),
    ("ipv6:127.0.0.1:1", "lists what is not an ipv6 address"),
    ("unix:", "names no socket"),
    ("unix:///", "names no socket"),
    ("unix-abstract:", "names no socket"),
    ("unix://run/carrier.sock", "has two slashes where three belong"),
    (f"unix:/{LONG}", "names a socket by more than 107 bytes"),
    ("vsock:2:50051", "names a vsock"),
    ("xds:", "names no service"),
    ("xds:///", "names no service"),
    ("passthrough:///host:1", "is not host:port"),
    ("inproc:x", "has no port"),
    ("google-c2p:///x", "has no port"),
)
