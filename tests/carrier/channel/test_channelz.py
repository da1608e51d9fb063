from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import grpc
import grpc.aio
import pytest

from adapter.carrier.channel.channel import open_channel
from adapter.carrier.channel.channelz import AddressCounts, AddressState, Counted, counted
from adapter.carrier.channel.credentials import Credentials
from tests import defaults
from tests.carrier.misbehaving_carriers import METHOD, fail, playing, until


def line(number: int, address: str, *, started: int, connected: bool = True) -> Counted:
    return Counted(
        subchannel=number, address=address, is_connected=connected, started=started, ok=started
    )


def left_out(states: tuple[AddressState, ...]) -> list[str]:
    return [state.address for state in states if state.is_left_out]


def told(addresses: AddressCounts, one: int, other: int) -> list[str]:
    """Return who is left out after so many calls to each of two."""
    return left_out(addresses.add([line(1, "a:1", started=one), line(2, "b:1", started=other)]))


def test_an_address_that_gets_no_calls_while_the_other_does_is_left_out() -> None:
    addresses = AddressCounts("x:1")

    assert told(addresses, 10, 10) == []
    assert told(addresses, 30, 10) == ["b:1"]


def test_an_address_that_is_called_again_is_not_left_out() -> None:
    addresses = AddressCounts("x:1")
    told(addresses, 10, 10)
    told(addresses, 30, 10)

    assert told(addresses, 40, 20) == []


def test_a_health_stream_begun_anew_is_not_a_return() -> None:
    addresses = AddressCounts("x:1")
    told(addresses, 10, 10)

    assert told(addresses, 30, 11) == ["b:1"]


def test_with_too_few_calls_the_last_word_stands() -> None:
    addresses = AddressCounts("x:1")
    told(addresses, 10, 10)
    told(addresses, 30, 10)

    assert told(addresses, 30, 10) == ["b:1"]
    assert told(addresses, 34, 15) == ["b:1"]
    assert told(addresses, 35, 15) == []  # ten calls since, and as many here as there


def test_calls_too_few_for_one_look_are_enough_for_several() -> None:
    addresses = AddressCounts("x:1")
    told(addresses, 10, 10)

    looks = [told(addresses, 10 + number, 10) for number in range(1, 11)]

    assert looks == [[]] * 9 + [["b:1"]]


def test_an_address_that_is_not_connected_is_down_and_not_left_out() -> None:
    addresses = AddressCounts("x:1")
    told(addresses, 10, 10)
    told(addresses, 30, 10)

    down = [line(1, "a:1", started=50), line(2, "b:1", started=10, connected=False)]

    assert left_out(addresses.add(down)) == []


def test_an_address_that_has_only_now_connected_is_not_judged() -> None:
    addresses = AddressCounts("x:1")
    addresses.add([line(1, "a:1", started=10), line(2, "b:1", started=0, connected=False)])

    assert told(addresses, 30, 0) == []
    assert told(addresses, 50, 0) == ["b:1"]


def test_a_lone_address_is_never_left_out() -> None:
    addresses = AddressCounts("x:1")

    for started in (10, 10, 30):
        assert left_out(addresses.add([line(1, "a:1", started=started)])) == []


def test_what_a_channel_counted_outlives_it() -> None:
    addresses = AddressCounts("x:1")
    addresses.add([line(1, "a:1", started=10)])

    both = addresses.add([line(1, "a:1", started=12), line(7, "a:1", started=3)])
    (later,) = addresses.add([line(7, "a:1", started=5)])

    assert [state.ok for state in both] == [15]
    assert later.ok == 17


def test_an_address_that_the_name_no_longer_has_is_forgotten() -> None:
    addresses = AddressCounts("x:1")
    addresses.add([line(1, "a:1", started=10)])

    states = addresses.add([line(2, "b:1", started=1)])

    assert [state.address for state in states] == ["b:1"]


@asynccontextmanager
async def channel_to(target: str) -> AsyncIterator[grpc.aio.Channel]:
    channel = open_channel(replace(defaults.CARRIER, target=target), Credentials())
    channel.get_state(try_to_connect=True)
    try:
        yield channel
    finally:
        await channel.close()


async def test_grpc_counts_what_ended_well_and_what_failed_by_address() -> None:
    async with playing(fail(grpc.StatusCode.NOT_FOUND)) as one, playing() as other:
        target = f"ipv4:127.0.0.1:{one.port},127.0.0.1:{other.port}"
        addresses = AddressCounts(target)
        async with channel_to(target) as channel:
            await until(lambda: [state.is_connected for state in addresses.look()] == [True] * 2)
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)

            await asyncio.gather(*(call(b"") for _ in range(10)), return_exceptions=True)

            await until(lambda: sum(state.ok + state.failed for state in addresses.look()) == 10)
            states = {state.address: (state.ok, state.failed) for state in addresses.look()}
        asked = {f"127.0.0.1:{each.port}": len(each.requests) for each in (one, other)}

    assert states[f"127.0.0.1:{one.port}"] == (0, asked[f"127.0.0.1:{one.port}"])
    assert states[f"127.0.0.1:{other.port}"] == (asked[f"127.0.0.1:{other.port}"], 0)


async def test_an_address_that_says_it_is_unwell_stays_connected_and_is_left_out() -> None:
    async with playing() as unwell, playing() as well:
        target = f"ipv4:127.0.0.1:{unwell.port},127.0.0.1:{well.port}"
        addresses = AddressCounts(target)
        async with channel_to(target) as channel:
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
            await until(lambda: [state.is_connected for state in addresses.look()] == [True] * 2)
            await asyncio.gather(*(call(b"") for _ in range(20)))
            assert left_out(addresses.look()) == []

            await unwell.say("NOT_SERVING")
            async with asyncio.timeout(10):
                while left_out(addresses.look()) != [f"127.0.0.1:{unwell.port}"]:
                    await asyncio.gather(*(call(b"") for _ in range(20)))

            assert [state.is_connected for state in addresses.look()] == [True] * 2


async def test_a_target_without_a_scheme_is_found_and_nothing_of_another() -> None:
    async with playing() as one, playing() as other:
        target, foreign = f"127.0.0.1:{one.port}", f"127.0.0.1:{other.port}"
        async with channel_to(target), channel_to(foreign):
            await until(lambda: any(each.is_connected for each in counted(target)))

            assert {each.address for each in counted(target)} == {target}


@pytest.mark.parametrize(
    ("target", "address"),
    [("ipv6:[::1]:1", "[::1]:1"), ("unix:/nobody/listens.sock", "/nobody/listens.sock")],
)
async def test_an_address_is_written_as_people_write_it(target: str, address: str) -> None:
    async with channel_to(target):
        await until(lambda: [each.address for each in counted(target)] == [address])

        assert not any(each.is_connected for each in counted(target))


def test_a_channel_that_does_not_exist_has_no_addresses() -> None:
    assert AddressCounts("nowhere.invalid:1").look() == ()
