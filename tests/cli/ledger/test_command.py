from __future__ import annotations

from adapter.cli.ledger.command import command


def test_the_group_lists_its_commands() -> None:
    assert set(command.commands) == {
        *("search", "show", "export"),
        *("resolve", "correct", "told", "accept-rewind"),
        *("prune", "migrate"),
        *("backup", "restore", "copy"),
    }
