from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope

from adapter.edge.limits import (
    BodyTooLarge,
    BodyTooSlow,
    InFlightLimit,
    SenderGone,
    header,
    read_body,
)


def arriving(*messages: Message) -> Receive:
    """Deliver these messages, then nothing for ever."""
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


def chunk(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def scope(*headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "headers": list(headers)}


async def read(receive: Receive, *headers: tuple[bytes, bytes], within_seconds: float = 5) -> bytes:
    return await read_body(scope(*headers), receive, limit_bytes=10, within_seconds=within_seconds)


@pytest.mark.parametrize("chunks", [[b""], [b"0123456789"], [b"01234", b"56789"], [b"", b"0", b""]])
async def test_a_body_up_to_the_limit_is_whole(chunks: Sequence[bytes]) -> None:
    messages = [chunk(part, more=True) for part in chunks[:-1]] + [chunk(chunks[-1])]

    assert await read(arriving(*messages)) == b"".join(chunks)


@pytest.mark.parametrize("length", [b"11", b"9" * 5000])
async def test_an_announced_excess_is_refused_unread(length: bytes) -> None:
    async def receive() -> Message:
        raise AssertionError("receive should not be called")

    with pytest.raises(BodyTooLarge):
        await read(receive, (b"content-length", length))


async def test_a_body_that_grows_over_the_limit_is_refused() -> None:
    with pytest.raises(BodyTooLarge):
        await read(arriving(chunk(b"0123456789", more=True), chunk(b"x")))


async def test_a_body_that_does_not_end_in_time_is_too_slow() -> None:
    with pytest.raises(BodyTooSlow):
        await read(arriving(chunk(b"0", more=True)), within_seconds=0.01)


async def test_a_sender_that_hangs_up_is_gone() -> None:
    with pytest.raises(SenderGone):
        await read(arriving(chunk(b"0", more=True), {"type": "http.disconnect"}))


def test_the_first_header_of_a_name_counts() -> None:
    headers = scope((b"a", b"1"), (b"b", b"2"), (b"b", b"3"))

    assert (header(headers, b"b"), header(headers, b"c")) == (b"2", b"")


def test_a_room_is_full_by_its_waiting_pushes_or_by_those_worked_on() -> None:
    room = InFlightLimit(2)

    with room.taken():
        assert not room.is_full(worked_on=1)
        assert room.is_full(worked_on=2)
        with room.taken():
            assert room.is_full(worked_on=0)

    assert room.pushes == 0


def test_a_place_is_given_back_after_a_fault() -> None:
    room = InFlightLimit(1)

    with pytest.raises(RuntimeError), room.taken():
        raise RuntimeError

    assert room.pushes == 0
