from __future__ import annotations

from adapter.cli.check.clock import ask, judge, kernel_is_synchronised
from adapter.config.load import Settings
from adapter.diagnostics.finding import Severity

NOW = 1_795_435_030.0


def test_the_clock_is_told_in_both_zones_with_what_it_was_compared_with() -> None:
    (note,) = judge(Settings(), now_unix=NOW, written=[("x", NOW - 9)], kernel_synchronised=True)

    assert note.severity is Severity.NOTE
    assert note.message == "says 2026-11-23 11:57:10 UTC, 19:57:10 in Asia/Shanghai."
    assert "Pushes are accepted within 600 s." in note.hint


def test_a_clock_behind_the_files_that_are_here_is_an_error() -> None:
    written = [("old.toml", NOW), ("new.toml", NOW + 3600)]

    (error,) = judge(Settings(), now_unix=NOW, written=written, kernel_synchronised=True)

    assert error.severity is Severity.ERROR
    assert error.message == (
        "says 2026-11-23 11:57:10 UTC, but new.toml was written at 2026-11-23 12:57:10 UTC."
    )


def test_a_clock_that_nothing_keeps_right_is_a_note() -> None:
    _, note = judge(Settings(), now_unix=NOW, written=[], kernel_synchronised=False)

    assert (note.severity, note.key) == (Severity.NOTE, "clock")
    assert "adjtimex" in note.message


def test_a_kernel_that_does_not_say_is_not_held_against_the_clock() -> None:
    assert len(judge(Settings(), now_unix=NOW, written=[], kernel_synchronised=None)) == 1


async def test_the_clock_of_this_machine_has_no_error() -> None:
    findings = await ask(Settings())

    assert {finding.severity for finding in findings} == {Severity.NOTE}


def test_the_kernel_is_asked_and_changes_nothing() -> None:
    assert kernel_is_synchronised() in {True, False, None}


def test_a_system_without_adjtimex_does_not_say() -> None:
    class NoSuchCall:
        def __getattr__(self, name: str) -> object:
            raise AttributeError(name)

    assert kernel_is_synchronised(NoSuchCall()) is None
