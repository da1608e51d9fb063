"""A carrier that says every "no" as a failed call with a text: a whole adapter over real ports."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import grpc
import pytest

from adapter.carrier.mapping.values import Fact
from adapter.cli.ledger import history
from adapter.config.load import Settings
from adapter.ledger.search import Filters, open_archive
from tests.carrier.misbehaving_carriers import Context, PlayedCarrier, fail, playing, reply
from tests.carrier.shipped_client import MAPPING
from tests.wired import Scene, scene, settings

SHIPPED = Path("adapter/carrier/waybill_service.toml").read_text(encoding="utf-8")
WITHOUT_LOOKUP = SHIPPED[: SHIPPED.index("[lookup]")]
TEXTS = """
[[grpc.texts]]
code = "UNKNOWN"
contains = ["has the parcel", "已揽收"]
outcome = "picked_up"
"""
PASSWORD = "canary-passwörd/1"
ON_VAN = fail(grpc.StatusCode.UNKNOWN, text="load 7: the courier HAS the parcel")


def contents(folder: Path) -> list[str]:
    files = sorted(folder.glob("ledger.db*"))
    return [file.read_bytes().decode("utf-8", "replace") for file in files]


def looked_up(fact: Fact) -> bytes:
    return MAPPING.write_fact(fact).SerializeToString()


@asynccontextmanager
async def pressing(
    carrier: PlayedCarrier, folder: Path, mapping: str = SHIPPED, **more: str
) -> AsyncIterator[tuple[Scene, Settings]]:
    file = folder / "mapping.toml"
    file.write_text(mapping, encoding="utf-8")
    given = await settings(f"127.0.0.1:{carrier.port}", CARRIER__MAPPING=str(file), **more)
    async with scene(given) as running:
        yield running, given


async def test_a_lookup_tells_at_the_first_press_what_unknown_hides(tmp_path: Path) -> None:
    async with playing(ON_VAN) as carrier:
        carrier.lookup = reply(looked_up(Fact.PICKED_UP))
        async with pressing(carrier, tmp_path) as (running, _):
            told = await running.reply("SF1")

        assert told.result_code == 30002
        assert len(carrier.requests) == 1


async def test_a_text_tells_it_without_a_lookup(tmp_path: Path) -> None:
    async with playing(ON_VAN) as carrier:
        async with pressing(carrier, tmp_path, WITHOUT_LOOKUP + TEXTS) as (running, _):
            told = await running.reply("SF1")

        assert told.result_code == 30002
        assert len(carrier.requests) == 1


async def test_a_text_that_is_not_listed_stays_in_doubt(tmp_path: Path) -> None:
    async with playing(fail(grpc.StatusCode.UNKNOWN, text="no")) as carrier:
        async with pressing(carrier, tmp_path, WITHOUT_LOOKUP + TEXTS) as (running, _):
            told = await running.reply("SF1")

        assert told.result_code == -1
        assert len(carrier.requests) == 2  # the same code and text twice: the carrier's word


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (Fact.PICKED_UP, 30002),
        (Fact.INVALID, 30003),
        (Fact.NOT_FOUND, 30001),
        (Fact.CANCELLED, 30003),  # not by this call, and by no other of ours
        (Fact.ACTIVE, -1),
    ],
)
async def test_a_code_that_means_lookup_is_told_as_the_lookup_says(
    fact: Fact, code: int, tmp_path: Path
) -> None:
    mapping = SHIPPED + '\n[grpc]\nFAILED_PRECONDITION = "lookup"\n'
    async with playing(fail(grpc.StatusCode.FAILED_PRECONDITION, text="no")) as carrier:
        carrier.lookup = reply(looked_up(fact))
        async with pressing(carrier, tmp_path, mapping) as (running, _):
            told = await running.reply("SF1")
            again = await running.reply("SF1")

        assert (told.result_code, again.result_code) == (code, code)
        assert len(carrier.requests) == 1


async def test_a_refused_call_is_looked_up_and_never_made_again(tmp_path: Path) -> None:
    mapping = (
        SHIPPED + '\n[[grpc.texts]]\ncode = "UNKNOWN"\ncontains = ["no"]\noutcome = "lookup"\n'
    )
    async with playing(fail(grpc.StatusCode.UNKNOWN, text="no")) as carrier:
        carrier.lookup = fail(grpc.StatusCode.UNAVAILABLE)
        async with pressing(carrier, tmp_path, mapping) as (running, _):
            unknown = await running.reply("SF1")
            carrier.lookup = reply(looked_up(Fact.PICKED_UP))
            told = await running.reply("SF1")

        assert (unknown.result_code, told.result_code) == (-1, 30002)
        assert len(carrier.requests) == 1


@pytest.mark.parametrize(("settles", "code"), [("true", 30001), ("false", -1)])
async def test_not_found_of_a_failed_lookup_settles_only_where_the_mapping_says_so(
    settles: str, code: int, tmp_path: Path
) -> None:
    mapping = SHIPPED.replace(
        "[lookup.request]", f"not_found_settles = {settles}\n[lookup.request]"
    )
    mapping += (
        '\n[[lookup.grpc.texts]]\ncode = "UNKNOWN"\ncontains = ["no such"]\noutcome = "not_found"\n'
    )
    async with playing(fail(grpc.StatusCode.UNKNOWN, text="no such load")) as carrier:
        carrier.lookup = fail(grpc.StatusCode.UNKNOWN, text="no such load")
        async with pressing(carrier, tmp_path, mapping) as (running, _):
            told = await running.reply("SF1")

        assert told.result_code == code
        assert len(carrier.requests) == (1 if code == 30001 else 2)


async def test_the_words_are_shown_to_operators_and_the_password_to_nobody(tmp_path: Path) -> None:
    forms = (
        PASSWORD,
        quote(PASSWORD, safe=""),
        json.dumps(PASSWORD),
        base64.b64encode(f"xyz:{PASSWORD}".encode()).decode(),
    )
    words = f"canary-text\n{' | '.join(forms)}"

    async def refuse(_request: bytes, context: Context) -> bytes:
        await context.abort(grpc.StatusCode.UNKNOWN, words)
        raise AssertionError

    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    mapping = WITHOUT_LOOKUP.replace("[status.outcomes]", "show_message = true\n[status.outcomes]")
    async with playing(refuse) as carrier:
        given = pressing(carrier, tmp_path, mapping, LEDGER__URL=ledger)
        async with given as (running, read):
            told = await running.reply("SF1", BizPwd=PASSWORD)
            metrics = (await running.ops("/metrics")).text
            ready = (await running.ops("/readyz")).text
            logged = [line for line in running.log.lines if line[1] == "call_failed"]
            everything = [str(line) for line in running.log.lines]
    async with open_archive(ledger) as archive:
        (entry,) = await archive.search(Filters(), limit=2)
        chronicle = await archive.show(entry.key)
    assert chronicle is not None
    shown = await asyncio.to_thread(lambda: "\n".join(history.lines(chronicle, read)))
    document = await asyncio.to_thread(history.as_json, chronicle, read)
    files = await asyncio.to_thread(contents, tmp_path)

    text = 'canary-text *** | *** | "***" | '
    assert [(level, fields["status"]) for level, _, fields in logged] == [("debug", "UNKNOWN")] * 2
    assert all(str(fields["text"]).startswith(text) for _, _, fields in logged)
    assert f"UNKNOWN  in_doubt  {text}" in shown
    assert all(call["text"].startswith(text) for call in json.loads(document)["calls"])
    assert "canary" not in f"{told.result_msg} {metrics} {ready}"
    for sink in (*everything, shown, document, *files, str(told), metrics, ready):
        for form in ("canary-passw", "Y2FuYXJ5LXBhc3N3", "NhbmFyeS1wYXNzd", *forms):
            assert form not in sink
