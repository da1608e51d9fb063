from __future__ import annotations

import pytest

from adapter.edge.peer import networks, peer_of
from adapter.wechat.client_side import SealedPush
from tests.edge.playing import PATH, push, running_edge

TRUSTED = networks(["10.0.0.0/8", "127.0.0.1", "fd00::/8", "192.168.1.7/24"])


def peer(client: str, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    return peer_of({"client": (client, 1), "headers": headers}, TRUSTED)


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # a stranger's word counts for nothing
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),  # left of it anybody wrote
        ("10.1.2.3", ["198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["198.51.100.1", "10.9.9.9, 192.168.1.1"], "198.51.100.1"),
        ("10.1.2.3", ["10.9.9.9, 10.8.8.8"], "10.9.9.9"),
        ("10.1.2.3", ["198.51.100.1, rubbish"], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1, rubbish, 10.9.9.9"], "10.9.9.9"),
        ("10.1.2.3", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.1.2.3", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", [", ".join(["198.51.100.1"] + ["10.0.0.1"] * 40)], "10.0.0.1"),
        ("unknown", ["198.51.100.1"], "unknown"),
    ],
)
def test_the_peer_is_the_rightmost_address_that_is_not_trusted(
    client: str, forwarded: list[str], expected: str
) -> None:
    assert peer(client, *forwarded) == expected


def test_without_trusted_proxies_the_header_is_not_read() -> None:
    scope = {"client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", b"1.2.3.4")]}

    assert peer_of(scope, ()) == "127.0.0.1"
    assert peer_of({"client": None, "headers": []}, ()) == ""


@pytest.mark.parametrize("text", ["", "example.org", "10.0.0.0/33", "10.0.0.1:80"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="IPv4 or IPv6 network"):
        networks([text])


async def test_log_and_refusals_name_the_sender_behind_a_trusted_proxy() -> None:
    async with running_edge(trusted_proxies=["127.0.0.0/8"]) as edge:
        sealed = push(edge.account)
        other = push(edge.account, Event="add_express_path")
        for one in (sealed, other, SealedPush(query="", body=b"")):
            await edge.client.post(
                f"{PATH}?{one.query}",
                content=one.body,
                headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9"},
            )
        await edge.client.get("/", headers={"x-forwarded-for": "203.0.113.9"})

    peers = {(event, fields["peer"]) for _, event, fields in edge.log.lines if "peer" in fields}
    assert peers == {
        ("push_answered", "203.0.113.9"),
        ("push_passed_on", "203.0.113.9"),
        ("push_refused", "203.0.113.9"),
    }
