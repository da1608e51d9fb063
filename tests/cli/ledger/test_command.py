from __future__ import annotations

from adapter.cli.ledger.command import command


def test_the_group_lists_its_seven_commands() -> None:
    reading, writing = {"search", "show", "export"}, {"resolve", "accept-rewind"}
    assert set(command.commands) == reading | writing | {"prune", "migrate"}
