"""What a target means, and that gRPC's own channel agrees with each verdict that it can give."""

from __future__ import annotations

import grpc
import grpc.aio
import pytest

from adapter.diagnostics.grpc_target import (
    NotATarget,
    grpc_target,
    is_loopback_host,
    listen_address,
    scheme_and_rest,
)
from tests.diagnostics.targets import REFUSED, TAKEN, Taken


@pytest.mark.parametrize("taken", TAKEN, ids=lambda taken: taken.text)
def test_a_target_is_read_as_grpc_reads_it(taken: Taken) -> None:
    target = grpc_target(taken.text)

    assert (target.listed, target.is_loopback, target.is_named) == (
        taken.listed,
        taken.is_loopback,
        taken.is_named,
    )


@pytest.mark.parametrize("taken", TAKEN, ids=lambda taken: taken.text)
async def test_a_channel_to_what_is_taken_is_born_idle(taken: Taken) -> None:
    async with grpc.aio.insecure_channel(taken.text) as channel:
        assert channel.get_state() is grpc.ChannelConnectivity.IDLE


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_what_grpc_cannot_use_is_refused_with_a_way_out(text: str, says: str) -> None:
    with pytest.raises(NotATarget) as refused:
        grpc_target(text)

    assert refused.value.message.startswith(says)
    assert refused.value.hint.endswith(".")


def test_a_name_in_another_script_is_shown_as_dns_has_it() -> None:
    with pytest.raises(NotATarget) as refused:
        grpc_target("bücher.example:1")

    assert refused.value.hint == "Write xn--bcher-kva.example, as DNS has it."


def test_the_scheme_of_a_target_is_known_in_any_letter_case() -> None:
    assert scheme_and_rest("IPv4:127.0.0.1:1") == ("ipv4", "127.0.0.1:1")
    assert scheme_and_rest("host:1") == ("dns", "host:1")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::1%lo", True),
        ("::ffff:127.0.0.1", True),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("0.0.0.0", False),  # noqa: S104 - read, not bound
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_decided_here_alone(host: str, *, loopback: bool) -> None:
    assert is_loopback_host(host) is loopback


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("0.0.0.0:8080", "0.0.0.0", 8080),  # noqa: S104 - read, not bound
        (":0", "", 0),
        ("[::]:0", "::", 0),
        ("[::1]:9090", "::1", 9090),
        ("edge.internal:80", "edge.internal", 80),
    ],
)
def test_a_listen_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    address = listen_address(text)

    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["", "8080", "host", "host:", "host:70000", "host:-1", "a:1:2", "::1:80", "a b:1", "h:1\n"],
)
def test_a_listen_address_needs_its_port(text: str) -> None:
    with pytest.raises(NotATarget) as refused:
        listen_address(text)

    assert "0.0.0.0:8080" in refused.value.hint


@pytest.mark.parametrize(
    ("host", "everywhere"),
    [
        ("0.0.0.0", True),  # noqa: S104 - read, not bound
        ("", True),
        ("[::]", True),
        ("127.0.0.1", False),
    ],
)
def test_every_interface_has_three_names(host: str, *, everywhere: bool) -> None:
    assert listen_address(f"{host}:1").is_everywhere is everywhere
