from __future__ import annotations

import json

import pytest

from adapter.cli.resume import command
from tests.cli.ops_ports import Turned, ops, typed

pytestmark = pytest.mark.usefixtures("process_of_its_own")


def test_the_end_of_a_pause_is_turned_and_told() -> None:
    turned = Turned()
    turned.gate.paused = True
    with ops(turned) as url:
        result = typed(command, url, "--json")

    assert not turned.gate.paused
    assert json.loads(result.stdout)["paused"] is False


def test_resuming_what_was_never_paused_is_no_fault() -> None:
    with ops(Turned()) as url:
        result = typed(command, url)

    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "ready; 3 pushes in flight, 0 in doubt",
    )
