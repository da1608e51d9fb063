from __future__ import annotations

import pytest

from adapter.cli.pause import command
from tests.cli.ops_ports import Turned, ops, typed

pytestmark = pytest.mark.usefixtures("process_of_its_own")


def test_a_pause_is_turned_on_and_told() -> None:
    turned = Turned()
    with ops(turned) as url:
        result = typed(command, url)

    assert turned.gate.paused
    assert result.stdout.startswith(
        "ready, paused: pushes are answered -1; 3 pushes in flight, 0 in doubt"
    )


def test_a_pause_of_what_is_paused_changes_nothing() -> None:
    turned = Turned()
    with ops(turned) as url:
        first, second = typed(command, url), typed(command, url)

    assert turned.gate.paused
    assert second.stdout == first.stdout
