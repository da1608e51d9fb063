from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from adapter.cli.schema import command


def test_the_schema_is_json() -> None:
    result = CliRunner().invoke(command)

    schema = json.loads(result.stdout)
    assert result.exit_code == 0
    assert set(schema["properties"]) == {
        "edge",
        "wechat",
        "carrier",
        "ledger",
        "forward",
        "ops",
        "log",
        "mini_programs",
    }


def test_the_page_is_printed_as_it_stands_in_the_documents() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"

    result = CliRunner().invoke(command, ["--markdown"])

    assert result.stdout == page.read_text()
