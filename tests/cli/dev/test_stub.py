from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from adapter.cli.dev.stub import StubFailed, StubOptions, running_stub

ANY_PORT = StubOptions(port=0, contract=None, mapping=None)


def test_only_what_was_given_stands_on_its_command_line() -> None:
    own = StubOptions(port=7, contract=Path("c.binpb"), mapping=Path("m.toml"))

    assert ANY_PORT.arguments == ("serve", "--port", "0")
    assert own.arguments == (
        "serve", "--port", "7", "--contract", "c.binpb", "--mapping", "m.toml"
    )  # fmt: skip


async def test_it_listens_can_be_reset_and_ends() -> None:
    async with running_stub(ANY_PORT) as stub:
        await stub.reset()
        ended = asyncio.create_task(stub.ended())

    assert stub.target.startswith("127.0.0.1:")
    assert await ended in {0, -15}
    with pytest.raises(StubFailed, match=r"cannot be reset: (DEADLINE_EXCEEDED|UNAVAILABLE)"):
        await stub.reset(within_seconds=0.2)


async def test_what_it_says_when_it_cannot_start_is_told(tmp_path: Path) -> None:
    order = StubOptions(port=0, contract=None, mapping=tmp_path / "none.toml")

    with pytest.raises(StubFailed, match=r"none\.toml"):
        async with running_stub(order):
            pass


async def test_a_stub_that_is_not_up_in_time_is_told_and_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapter.cli.dev.stub.READY_WITHIN_SECONDS", 0)

    with pytest.raises(StubFailed, match=r"legacy-stub did not start within 0 s\."):
        async with running_stub(ANY_PORT):
            pass

    assert psutil.Process().children() == []


async def test_a_stub_that_does_not_stop_when_asked_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapter.cli.dev.stub.STOPPED_WITHIN_SECONDS", 0)

    async with running_stub(ANY_PORT) as stub:
        ended = asyncio.create_task(stub.ended())

    assert await ended in {-9, -15}


async def test_a_stub_that_was_killed_is_known_to_have_ended() -> None:
    async with running_stub(ANY_PORT) as stub:
        (process,) = psutil.Process().children()
        process.kill()

        assert await stub.ended() == -9
