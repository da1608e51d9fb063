from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.cancellation.model import Entry, Outcome, State
from adapter.cancellation.ports import WaybillView, Write
from adapter.ledger.open import open_ledger
from adapter.ledger.search import Archive, Filters, ResultFilter, open_archive
from tests.conformance.decisions import calling, key_of, waybill_of

STANDING: tuple[dict[str, object], ...] = (
    {"state": State.DONE, "outcome": Outcome.CANCELLED},
    {"state": State.IN_DOUBT},
    {"state": State.CALLING, "told": Outcome.IN_DOUBT},
    {"state": State.UNSENT, "cause": "paused"},
    {"state": State.UNSENT, "cause": "refused"},
    {"state": State.DONE, "outcome": Outcome.FAILED},
)


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    """One push of each standing, the first one the newest."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    async with open_ledger(url) as ledger:
        for number, fields in enumerate(STANDING):

            def write(
                view: WaybillView, number: int = number, fields: dict[str, object] = fields
            ) -> Write[None]:
                entry: Entry = calling(waybill_of(number), key_of(number), view)
                entry = replace(entry, received_at=-float(number), **fields)  # type: ignore[arg-type]
                return Write(result=None, entries=(entry,))

            await ledger.commit(waybill_of(number), write, within_seconds=5)
    async with open_archive(url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filters(result=ResultFilter(outcomes=(Outcome.CANCELLED, Outcome.FAILED))), [0, 5]),
        (Filters(result=ResultFilter(outcomes=(Outcome.IN_DOUBT,))), [1, 2]),
        (Filters(result=ResultFilter(unsent=("paused",))), [3]),
        (Filters(result=ResultFilter(outcomes=(Outcome.FAILED,), unsent=("refused",))), [4, 5]),
        (Filters(result=ResultFilter()), []),
        (Filters(states=(State.DONE, State.UNSENT)), [0, 3, 4, 5]),
        (Filters(states=(State.DONE,), until=-1.0), [5]),
        (Filters(key_prefix=key_of(3)), [3]),
        (Filters(key_prefix="000"), [0, 1, 2, 3, 4, 5]),
        (Filters(key_prefix="1"), []),
    ],
)
async def test_what_is_wanted_is_found(
    archive: Archive, wanted: Filters, numbers: list[int]
) -> None:
    found = await archive.search(wanted)

    assert [entry.key for entry in found] == [key_of(number) for number in numbers]
