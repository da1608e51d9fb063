from __future__ import annotations

from importlib.metadata import version

import pytest

from adapter.cli.status import command
from tests.cli.ops_ports import Turned, ops, typed

pytestmark = pytest.mark.usefixtures("process_of_its_own")


def test_status_says_in_a_few_words_how_it_is() -> None:
    with ops(Turned(in_doubt=2, up_seconds=7 * 3600 + 65)) as url:
        result = typed(command, url)

    assert result.stdout.splitlines() == [
        "ready; 3 pushes in flight, 2 in doubt",
        "carrier: unknown",
        "ledger: down (full)",
        f"waybridge {version('waybridge')}, up for 7 h 1 min",
    ]


def test_one_push_is_not_several() -> None:
    with ops(Turned(in_flight=1)) as url:
        result = typed(command, url)

    assert result.stdout.startswith("ready; 1 push in flight, 0 in doubt\n")


def test_asking_turns_nothing() -> None:
    turned = Turned()
    turned.gate.paused = True
    with ops(turned) as url:
        result = typed(command, url)

    assert (turned.gate.paused, turned.drained) == (True, [])
    assert result.stdout.startswith(
        "ready, paused: pushes are answered -1; 3 pushes in flight, 0 in doubt\n"
    )
