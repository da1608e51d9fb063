"""What an operator may meet by name stands in the documents.

Settings, metrics, commands and reasons have tests of their own beside what they describe.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from adapter.ops import rewind_monitor
from adapter.ops.health import EVENTS
from adapter.ops.metrics import ALERTS

ROOT = Path(__file__).resolve().parent.parent


def alerts() -> Iterator[str]:
    """Return the name of each alert that our code gives."""
    yield from (lost for lost, _ in EVENTS.values())
    yield rewind_monitor.ALERT
    for path in sorted((ROOT / "adapter").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "alert"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield str(node.args[0].value)


def test_every_alert_is_explained_and_no_other() -> None:
    page = ROOT.joinpath("docs", "metrics.md").read_text(encoding="utf-8")
    row = re.search(r"^\| `waybridge_alerts_total` \| `name` \| (.*?): ", page, re.MULTILINE)

    assert row is not None
    assert set(re.findall(r"`(\w+)`", row[1])) == set(alerts())


def test_every_alert_has_a_series_from_the_start_and_no_other() -> None:
    assert set(ALERTS) == set(alerts())
