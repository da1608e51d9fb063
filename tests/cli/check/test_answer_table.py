from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest

from adapter.cli.check.answer_table import show
from adapter.cli.check.answers import AnswerRow

ROWS = (
    AnswerRow(
        kind="status",
        status="GONE",
        number=12,
        outcome="picked_up",
        result_code=30002,
        text="快件已被揽收 [b]",
    ),
    AnswerRow(
        kind="grpc", status="ABORTED", number=None, outcome="in_doubt", result_code=-1, text="?"
    ),
)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_columns_are_plain_where_nobody_looks() -> None:
    stream = StringIO()

    show(ROWS, stream=stream)

    assert stream.getvalue().splitlines()[:3] == [
        "carrier says  number  outcome    ResultCode  merchant reads",
        "GONE          12      picked_up  30002       快件已被揽收 [b]",
        "gRPC ABORTED          in_doubt   -1          ?",
    ]


def test_a_terminal_gets_a_drawn_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()

    show(ROWS, stream=stream)

    shown = stream.getvalue()
    assert "┃" in shown
    assert "快件已被揽收 [b]" in shown
    assert "gRPC ABORTED" in shown


def test_the_exception_of_the_table_is_told_below_it_where_there_is_one() -> None:
    without, stream = StringIO(), StringIO()
    already = replace(ROWS[0], outcome="already_cancelled", result_code=30003)

    show(ROWS, stream=without)
    show((already,), stream=stream)

    assert "already_cancelled is answered 0 instead" in stream.getvalue()
    assert "already_cancelled" not in without.getvalue()


def test_no_table_is_drawn_of_nothing() -> None:
    stream = StringIO()

    show((), stream=stream)

    assert stream.getvalue() == ""
