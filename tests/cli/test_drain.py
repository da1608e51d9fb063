from __future__ import annotations

import pytest

from adapter.cli.drain import command
from tests.cli.ops_ports import Turned, ops, typed

pytestmark = pytest.mark.usefixtures("process_of_its_own")


def test_a_drain_is_begun_and_returns_at_once() -> None:
    turned = Turned()
    with ops(turned) as url:
        result = typed(command, url)

    assert turned.drained == [True]
    assert result.stdout.splitlines()[0] == "draining; 3 pushes in flight, 0 in doubt"
