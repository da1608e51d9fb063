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
    ("dns:", "has no host"),
    ("dns:///", "has no host"),
    (":50051", "has no host"),
    (" ", "contains a space"),
    (" host:1", "contains a space"),
    ("host:1 ", "contains a space"),
    ("host:1\n", "contains a space"),
    ("a b:1", "contains a space"),
    ("dns:///a%20b:1", "has a host that is not a valid"),
    ("host:0", "does not have a port between 1 and 65535"),
    ("host:65536", "does not have a port between 1 and 65535"),
    ("host:99999999999999999999", "does not have a port between 1 and 65535"),
    ("host:-1", "does not have a port between 1 and 65535"),
    ("host:", "does not have a port between 1 and 65535"),
    ("host:grpc", "does not have a port between 1 and 65535"),
    ("host:٣", "does not have a port between 1 and 65535"),
    ("host:1/path", "does not have a port between 1 and 65535"),
    ("host:1?x=y", "does not have a port between 1 and 65535"),
    ("dns:///host:1#f", "does not have a port between 1 and 65535"),
    ("x:1:2", "is not host:port"),
    ("a:1,b:2", "has several names"),
    ("dns:localhost:1,localhost:2", "has several names"),
    ("::1", "is an IPv6 address without brackets"),
    ("::1:50051", "is an IPv6 address without brackets"),
    ("[::1:5", "is not host:port"),
    ("::1]:5", "is not host:port"),
    ("[host]:1", "has brackets around something that is not an IPv6 address"),
    ("[127.0.0.1]:1", "has brackets around something that is not an IPv6 address"),
    ("256.1.1.1:1", "has a host that is not an IPv4 address"),
    ("127.1:1", "has a host that is not an IPv4 address"),
    ("2130706433:1", "has a host that is not an IPv4 address"),
    ("a..b:1", "has a host that is not a valid"),
    ("*:1", "has a host that is not a valid"),
    ("/run/carrier.sock", "has a host that is not a valid"),
    ("dns:////host:1", "has a host that is not a valid"),
    (f"{'a' * 64}.example:1", "has a host that is not a valid"),
    ("bücher.example:1", "has a name that is not ASCII"),
    ("http://host:1", "is a URL"),
    ("https://host", "is a URL"),
    ("grpc://host:1", "is a URL"),
    ("dns://host:1", "has two slashes where three belong"),
    ("dns://8.8.8.8/host:1", "has a name server without an address and port"),
    ("dns://ns.example:53/host:1", "has a name server without an address and port"),
    ("dns://8.8.8.8:0/host:1", "has a name server that does not have a port"),
    ("ipv4:1.1.1.1:1,", "has no host"),
    ("ipv4:1.2.3.4", "has an address without a port"),
    ("ipv4:host:1", "contains something that is not an ipv4 address"),
    ("ipv4:[::1]:1", "contains something that is not an ipv4 address"),
    ("ipv4://1.2.3.4:1/x", "has two slashes too many"),
    ("ipv6:::1", "is an IPv6 address without brackets"),
    ("ipv6:127.0.0.1:1", "contains something that is not an ipv6 address"),
    ("unix:", "has no socket path"),
    ("unix:///", "has no socket path"),
    ("unix-abstract:", "has no socket path"),
    ("unix://run/carrier.sock", "has two slashes where three belong"),
    (f"unix:/{LONG}", "has a socket path of more than 107 bytes"),
    ("vsock:2:50051", "is a vsock address"),
    ("xds:", "has no service name"),
    ("xds:///", "has no service name"),
    ("passthrough:///host:1", "is not host:port"),
    ("inproc:x", "does not have a port"),
    ("google-c2p:///x", "does not have a port"),
)
