from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.ledgers import NOW, Desk, desk_at, doubtful, record
from tests.journeys.processes import stub

pytestmark = pytest.mark.usefixtures("process_of_its_own")

ACTIVE, PICKED_UP, YOUNG = (
    doubtful(1, waybill_id="STUB-OK-1"),
    doubtful(2, waybill_id="STUB-PICKED-UP-2"),
    doubtful(3, waybill_id="STUB-OK-3", called_at=NOW + 600),
)
# The last one stays too young to ask about, however slowly these tests run.
SURE = ("--outcome", "failed", "--reason", "still active", "--by", "li", "--yes")


@pytest.fixture
def desk(tmp_path: Path, process_of_its_own: None) -> Iterator[Desk]:
    """A desk over three pushes in doubt, beside the carrier that was asked."""
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [ACTIVE, PICKED_UP, YOUNG])
    with stub(cwd=tmp_path) as target:
        _carrier(desk, f'target = "{target}"')
        yield desk


def _carrier(desk: Desk, words: str) -> None:
    desk.config.write_text(f"{desk.config.read_text()}[carrier]\n{words}\n")


def test_what_the_lookup_says_is_settled_unless_a_call_may_still_run(desk: Desk) -> None:
    done = desk.types("resolve", "--where-lookup", "active", *SURE)

    assert (done.exit_code, done.stdout) == (0, "1 push settled by li: 1 failed.\n")
    assert "active 1, not asked (called too recently) 1, picked_up 1." in done.stderr
    assert desk.finds("--state", "in_doubt") == [PICKED_UP.key, YOUNG.key]


def test_a_carrier_that_is_away_settles_nothing(
    tmp_path: Path, process_of_its_own: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.cli.ledger.lookups.WITHIN_SECONDS", 0.2)
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [ACTIVE])
    _carrier(desk, 'target = "127.0.0.1:1"')

    refused = desk.types("resolve", "--where-lookup", "active", *SURE)

    assert refused.exit_code == 2
    assert "the carrier at 127.0.0.1:1 cannot be reached" in refused.stderr
    assert desk.finds("--state", "in_doubt") == [ACTIVE.key]


def test_faults_of_the_carriers_settings_are_named(
    tmp_path: Path, process_of_its_own: None
) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [ACTIVE])
    _carrier(desk, 'mapping = "none.toml"')

    refused = desk.types("resolve", "--where-lookup", "active", *SURE)

    assert refused.exit_code == 2
    assert "none.toml" in refused.stderr
