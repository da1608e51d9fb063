from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from adapter.ops import log as logs
from adapter.ops.log import QUEUED_LINES, TEXT_LIMIT, Sink, capture_library_logs, open_log
from adapter.wechat.secret import Secret

CANARY = "canary-password-7f3a"


class Written(io.BytesIO):
    """A stream that still shows what it got."""

    @property
    def text(self) -> str:
        return self.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def told(style: str = "json", *, is_terminal: bool = False, **fields: object) -> Written:
    """What one line looks like."""
    out = Written()
    sink = Sink(out)
    log = open_log(style, sink, is_terminal=is_terminal, unix=lambda: 1_700_000_000.25)
    log.info("push_answered", **fields)
    sink.close()
    return out


def test_a_line_is_an_event_a_level_a_time_and_its_fields() -> None:
    [line] = told(waybill="0012", code=0, faults=["BizID"], repeated=False).lines

    assert line == {
        "event": "push_answered",
        "level": "info",
        "time": "2023-11-14T22:13:20.250Z",
        "waybill": "0012",
        "code": 0,
        "faults": ["BizID"],
        "repeated": False,
    }


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_secret_prints_as_stars_wherever_it_stands(style: str) -> None:
    out = told(style, one=Secret(CANARY), many=[Secret(CANARY)], long="x" * 5000)

    assert CANARY not in out.text
    assert out.text.count("***") == 2


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_value_can_write_a_second_line_or_move_the_cursor(style: str) -> None:
    out = told(style, waybill="a\nb\rc\x1b[2Jd\u2028e\x85f\x00g")

    assert len(out.text.splitlines()) == 1
    assert "\x1b" not in out.text


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_value_is_bounded(style: str) -> None:
    out = told(style, waybill="长" * 100_000, many=["x" * 1000] * 1000)

    assert out.text.count("长") == TEXT_LIMIT
    assert len(out.text) < 50_000


def test_what_is_no_utf_8_is_still_written() -> None:
    assert "\\ud800" in told(waybill="\ud800").text


@pytest.mark.parametrize(
    ("style", "is_terminal", "is_json"),
    [
        ("auto", False, True),
        ("auto", True, False),
        ("json", True, True),
        ("console", False, False),
    ],
)
def test_auto_is_readable_on_a_terminal_and_json_elsewhere(
    *, style: str, is_terminal: bool, is_json: bool
) -> None:
    out = told(style, is_terminal=is_terminal, code=-1, empty="")

    assert out.text.startswith("{") is is_json
    assert is_json or "empty" not in out.text


def test_warnings_and_errors_carry_their_level() -> None:
    out = Written()
    sink = Sink(out)
    log = open_log("json", sink, is_terminal=False)
    log.debug("unseen")
    log.warning("a")
    log.error("b")
    sink.close()

    assert [(line["event"], line["level"]) for line in out.lines] == [
        ("a", "warning"),
        ("b", "error"),
    ]


class Stuck(io.BytesIO):
    """A pipe whose reader has stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.freed = threading.Event()

    def write(self, _line: Any) -> int:
        self.freed.wait(10)
        return 0


def test_a_stuck_output_holds_nobody_up_and_its_lines_are_counted() -> None:
    out = Stuck()
    sink = Sink(out)

    for _ in range(3 * QUEUED_LINES):
        sink.put("line")

    assert sink.dropped >= QUEUED_LINES
    out.freed.set()
    sink.close()


def test_an_output_that_is_gone_ends_nothing() -> None:
    out = Written()
    sink = Sink(out)
    out.close()

    sink.put("lost")
    sink.close()

    assert sink.dropped >= 1


def test_lines_come_out_in_order() -> None:
    out = Written()
    sink = Sink(out)
    for number in range(2_000):
        sink.put(str(number))
    sink.close()
    sink.close()

    assert out.text.split() == [str(number) for number in range(2_000)]


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_libraries_say_becomes_a_line_without_their_values(
    root_logger: logging.Logger,
) -> None:
    out = Written()
    sink = Sink(out)
    capture_library_logs(open_log("json", sink, is_terminal=False))
    library = logging.getLogger("some.library")

    library.info("chatter")
    library.warning("careful %s", "now")
    try:
        raise ValueError(CANARY)
    except ValueError:
        library.exception("broken")
    sink.close()

    assert root_logger.level == logging.WARNING
    assert [(line["level"], line["logger"], line["words"]) for line in out.lines] == [
        ("warning", "some.library", "careful now"),
        ("error", "some.library", "broken"),
    ]
    assert out.lines[1]["fault"] == "ValueError"
    assert CANARY not in out.text


def test_standard_output_is_where_lines_go(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    sink, is_terminal = logs.standard_sink()
    sink.put("a line")
    sink.close()

    assert (capfdbinary.readouterr().out, is_terminal) == (b"a line\n", False)


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_nothing_less_important_than_the_level_is_written(level: str, written: list[str]) -> None:
    out = Written()
    sink = Sink(out)
    log = open_log("json", sink, is_terminal=False, level=level)
    log.debug("said")
    log.info("said")
    log.warning("said")
    log.error("said")
    sink.close()

    assert [line["level"] for line in out.lines] == written
