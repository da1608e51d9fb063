from __future__ import annotations

import pytest

from adapter.configuration.addresses import grpc_target, listen_address, without_password


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("127.0.0.1:50051", True),
        ("127.8.9.1:50051", True),
        ("localhost:50051", True),
        ("LOCALHOST", True),
        ("[::1]:50051", True),
        ("dns:///localhost:50051", True),
        ("dns:localhost:50051", True),
        ("dns://8.8.8.8/localhost:50051", True),
        ("ipv4:127.0.0.1:1,127.0.0.2:2", True),
        ("ipv6:[::1]:1,[::1]:2", True),
        ("unix:/run/carrier.sock", True),
        ("unix:///run/carrier.sock", True),
        ("unix-abstract:carrier", True),
        ("vsock:2:50051", True),
        ("dns:///dispatch.internal:50051", False),
        ("dispatch:50051", False),
        ("ipv4:127.0.0.1:1,10.0.0.1:2", False),
        ("ipv6:[::1]:1,[2001:db8::1]:2", False),
        ("0.0.0.0:50051", False),
        ("localhost.evil.example:50051", False),
        ("127.0.0.1.evil.example:50051", False),
        ("xds:///dispatch", False),
    ],
)
def test_a_target_stays_on_this_machine_or_leaves_it(target: str, expected: bool) -> None:  # noqa: FBT001 - a case of the table
    assert grpc_target(target).is_loopback is expected


@pytest.mark.parametrize(
    "target",
    [
        "",
        "http://x:1",
        "https://x",
        "dns://x:1",
        "x:1:2",
        "x:99999",
        "x:port",
        "unix:",
        "a b:1",
        ":50051",
        "ipv4:1.1.1.1:1,",
        "::1:50051",
    ],
)
def test_what_grpc_cannot_use_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match=r"no|two"):
        grpc_target(target)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("0.0.0.0:8080", "0.0.0.0", 8080),  # noqa: S104 - read, not bound
        (":0", "", 0),
        ("[::1]:9090", "::1", 9090),
        ("edge.internal:80", "edge.internal", 80),
    ],
)
def test_a_listen_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    address = listen_address(text)

    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize("text", ["", "8080", "host", "host:", "host:70000", "host:-1", "a:1:2"])
def test_a_listen_address_needs_its_port(text: str) -> None:
    with pytest.raises(ValueError, match="no"):
        listen_address(text)


@pytest.mark.parametrize(
    ("host", "everywhere"),
    [
        ("0.0.0.0", True),  # noqa: S104 - read, not bound
        ("", True),
        ("[::]", True),
        ("127.0.0.1", False),
    ],
)
def test_every_interface_has_three_names(host: str, everywhere: bool) -> None:  # noqa: FBT001 - a case of the table
    assert listen_address(f"{host}:1").is_everywhere is everywhere


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://u:p@h/d?host=/run", "postgresql://***@h/d?host=/run"),
        ("postgresql://u:p/@x@h/d", "postgresql://***@h/d"),
        ("postgresql:///d?user=u&password=p&x=1", "postgresql:///d?user=u&password=***&x=1"),
        ("http://token@h/", "http://***@h/"),
        ("sqlite:////var/w.db", "sqlite:////var/w.db"),
    ],
)
def test_an_url_is_shown_without_who_logs_in(url: str, masked: str) -> None:
    assert without_password(url) == masked
