from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import grpc.aio
import pytest

from tests import defaults
from tests.carrier.certificates import Authority
from tests.carrier.dns_server import naming
from tests.carrier.misbehaving_carriers import PlayedCarrier, SwallowingProxy, playing, until
from tests.carrier.rotations import ask, renewing, serving, trusting


async def test_a_carrier_with_a_right_certificate_is_asked(tmp_path: Path) -> None:
    authority = Authority()
    async with (
        playing(credentials=serving(authority.issue())) as carrier,
        renewing(trusting(tmp_path, authority, carrier.port, None)) as renewal,
    ):
        assert await renewal.link.ready(within_seconds=5)

        assert await ask(renewal) == b"abc"


@pytest.mark.parametrize("names", [("dispatch.internal",), ()], ids=["wrong name", "no name"])
async def test_a_carrier_of_another_name_is_never_asked(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    authority = Authority()
    async with (
        playing(credentials=serving(authority.issue("127.0.0.1", names=names))) as carrier,
        renewing(trusting(tmp_path, authority, carrier.port, None)) as renewal,
    ):
        assert not await renewal.link.ready(within_seconds=0.5)


async def test_a_carrier_of_another_authority_is_never_asked(tmp_path: Path) -> None:
    async with (
        playing(credentials=serving(Authority("stranger").issue())) as carrier,
        renewing(trusting(tmp_path, Authority(), carrier.port, None)) as renewal,
    ):
        assert not await renewal.link.ready(within_seconds=0.5)


async def test_an_expired_client_certificate_is_replaced_without_a_restart(tmp_path: Path) -> None:
    authority = Authority()
    server = serving(authority.issue(), authority)
    expired = authority.issue("client", days=(-3, -1))
    async with (
        playing(credentials=server) as carrier,
        renewing(trusting(tmp_path, authority, carrier.port, expired)) as renewal,
    ):
        assert not await renewal.link.ready(within_seconds=0.5)
        old = renewal.link

        authority.issue("client").save(tmp_path, "client")

        await until(lambda: renewal.link is not old)
        assert await renewal.link.ready(within_seconds=5)
        assert await ask(renewal) == b"abc"


async def test_a_new_authority_on_disk_is_taken_up(tmp_path: Path) -> None:
    old, new = Authority("old"), Authority("new")
    async with (
        playing(credentials=serving(new.issue())) as carrier,
        renewing(trusting(tmp_path, old, carrier.port, None)) as renewal,
    ):
        assert not await renewal.link.ready(within_seconds=0.3)
        before = renewal.link

        (tmp_path / "ca.pem").write_bytes(new.cert)

        await until(lambda: renewal.link is not before)
        assert await renewal.link.ready(within_seconds=5)


async def test_a_call_in_flight_outlives_the_change_of_certificates(tmp_path: Path) -> None:
    authority = Authority()
    let_go = asyncio.Event()

    async def held(request: bytes, _context: object) -> bytes:
        await let_go.wait()
        return request

    server = serving(authority.issue(), authority)
    async with playing(held, credentials=server) as carrier:
        options = trusting(tmp_path, authority, carrier.port, authority.issue("client"))
        async with renewing(options) as renewal:
            old = renewal.link
            call = asyncio.create_task(ask(renewal))
            await carrier.called.wait()

            authority.issue("client").save(tmp_path, "client")
            await until(lambda: renewal.link is not old)

            assert renewal.draining == 1
            let_go.set()
            assert await call == b"abc"
            await until(lambda: renewal.draining == 0)


async def test_files_that_do_not_fit_leave_the_old_in_use_and_say_so(tmp_path: Path) -> None:
    authority = Authority()
    server = serving(authority.issue(), authority)
    async with playing(credentials=server) as carrier:
        options = trusting(tmp_path, authority, carrier.port, authority.issue("client"))
        async with renewing(options) as renewal:
            assert await renewal.link.ready(within_seconds=5)
            (tmp_path / "client.key").write_bytes(b"half a key")

            await until(lambda: bool(renewal.fault))

            assert "are not a certificate and its unencrypted key" in renewal.fault
            assert await ask(renewal) == b"abc"
            assert renewal.built == 1


async def test_certificates_that_do_not_connect_never_replace_those_that_do(
    tmp_path: Path,
) -> None:
    authority = Authority()
    async with playing(credentials=serving(authority.issue())) as carrier:
        options = trusting(tmp_path, authority, carrier.port, None)
        async with renewing(options, prove_seconds=0.3) as renewal:
            assert await renewal.link.ready(within_seconds=5)
            (tmp_path / "ca.pem").write_bytes(Authority("stranger").cert)

            await until(lambda: "do not connect" in renewal.fault)

            assert await ask(renewal) == b"abc"


async def test_a_new_token_is_used_by_the_next_call(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    async with playing() as carrier:
        options = replace(
            defaults.CARRIER,
            target=f"127.0.0.1:{carrier.port}",
            token_file=token,
            reload_seconds=0.05,
        )
        async with renewing(options) as renewal:
            await renewal.link.ready(within_seconds=5)
            await ask(renewal)

            token.write_text("second one's length differs".replace(" ", "-").replace("'", ""))
            await until(lambda: "second" in renewal.metadata[0][1])
            await ask(renewal)

            assert [seen["authorization"] for seen in carrier.metadata] == [
                "Bearer first",
                "Bearer second-ones-length-differs",
            ]
            assert renewal.built == 1


async def test_an_emptied_token_file_leaves_the_old_token_in_use(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first")
    options = replace(defaults.CARRIER, target="127.0.0.1:1", token_file=token, reload_seconds=0.05)
    async with renewing(options) as renewal:
        token.write_text("")
        await until(lambda: bool(renewal.fault))

        assert renewal.metadata == (("authorization", "Bearer first"),)

        token.write_text("second")
        await until(lambda: not renewal.fault)
        assert renewal.metadata == (("authorization", "Bearer second"),)


async def test_a_silently_dropped_flow_is_left_within_four_seconds() -> None:
    async with (
        playing() as carrier,
        SwallowingProxy(carrier.port) as proxy,
        renewing(replace(defaults.CARRIER, target=f"127.0.0.1:{proxy.port}")) as renewal,
    ):
        await renewal.link.ready(within_seconds=5)
        assert await ask(renewal) == b"abc"
        old = renewal.link
        proxy.swallow()
        lost = asyncio.create_task(ask(renewal, within_seconds=3.5))

        await until(lambda: renewal.link is not old, within_seconds=4)

        assert await ask(renewal) == b"abc"
        with pytest.raises(grpc.aio.AioRpcError):
            await lost


async def test_a_slow_carrier_gets_no_new_connection_again_and_again() -> None:
    async def slow(request: bytes, _context: object) -> bytes:
        await asyncio.sleep(1.2)
        return request

    async with playing(slow) as carrier:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{carrier.port}", silence_seconds=0.1)
        async with renewing(options) as renewal:
            await renewal.link.ready(within_seconds=5)

            assert await ask(renewal) == b"abc"
            assert await ask(renewal) == b"abc"

            assert renewal.built == 2


async def test_a_moved_name_is_followed_when_the_old_address_dies() -> None:
    async with (
        playing() as old,
        naming() as names,
        renewing(replace(defaults.CARRIER, target=names.target(old.port))) as renewal,
    ):
        assert await renewal.link.ready(within_seconds=5)
        moved = PlayedCarrier(host="127.0.0.2", port=old.port)
        await moved.start()

        names.address = "127.0.0.2"
        await old.stop()
        await renewal.link.lost()

        assert await renewal.link.ready(within_seconds=2)
        await ask(renewal)
        assert (len(old.requests), len(moved.requests)) == (0, 1)
        await moved.stop()


async def test_a_moved_name_is_followed_while_the_old_address_lives() -> None:
    async with playing() as old, naming() as names:
        options = replace(
            defaults.CARRIER,
            target=names.target(old.port),
            rebuild_seconds=0.2,
            reload_seconds=0.05,
        )
        async with renewing(options) as renewal:
            assert await renewal.link.ready(within_seconds=5)
            moved = PlayedCarrier(host="127.0.0.2", port=old.port)
            await moved.start()
            names.address = "127.0.0.2"
            built = renewal.built

            await until(lambda: renewal.built > built + 1 and renewal.draining == 0)

            await ask(renewal)
            assert (len(old.requests), len(moved.requests)) == (0, 1)
            await moved.stop()


async def test_what_a_replaced_channel_counted_is_kept() -> None:
    async with playing() as carrier, naming() as names:
        options = replace(
            defaults.CARRIER,
            target=names.target(carrier.port),
            rebuild_seconds=0.2,
            reload_seconds=0.05,
        )
        async with renewing(options) as renewal:
            assert await renewal.link.ready(within_seconds=5)
            await ask(renewal)
            old = renewal.link

            await until(lambda: renewal.link is not old and renewal.draining == 0)
            await ask(renewal)

            await until(lambda: [each.ok for each in renewal.addresses.look()] == [2])
