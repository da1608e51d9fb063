from __future__ import annotations

from collections.abc import Callable

from adapter.edge.refusals import WINDOW_SECONDS, HttpRefusal, Refusals
from tests.edge.playing import Lines, Tallied


class Later:
    """Keeps what was to happen later."""

    def __init__(self) -> None:
        self.kept: list[Callable[[], None]] = []

    def __call__(self, seconds: float, then: Callable[[], None]) -> None:
        assert seconds == WINDOW_SECONDS
        self.kept.append(then)


def refusals() -> tuple[Refusals, Tallied, Lines, Later]:
    tally, log, later = Tallied(), Lines(), Later()
    return Refusals(tally=tally, log=log, later=later), tally, log, later


def test_a_scan_of_3000_is_counted_whole_and_written_thinly() -> None:
    edge, tally, log, later = refusals()

    for _ in range(3_000):
        edge.turned_away("signature_missing", peer="1.2.3.4", program="main")
    [window] = later.kept
    window()

    lines = log.named("push_refused")
    assert len(tally.refusals) == 3_000
    assert [line.get("left_out", 0) for line in lines] == [0, 0, 0, 0, 0, 14, 59, 239, 959]
    assert log.named("refusals_left_out") == [
        {"program": "main", "reason": "signature_missing", "left_out": 1_720}
    ]
    assert 9 + 14 + 59 + 239 + 959 + 1_720 == 3_000


def test_each_kind_has_lines_of_its_own() -> None:
    edge, _, log, _ = refusals()
    for _ in range(100):
        edge.turned_away("path", peer="1.2.3.4", path="/x")

    edge.turned_away("path", peer="1.2.3.4", path="/push/", meant="/push")
    edge.turned_away("signature_wrong", peer="1.2.3.4", program="south")

    assert log.named("push_refused")[-2:] == [
        {"program": "", "reason": "path", "peer": "1.2.3.4", "path": "/push/", "meant": "/push"},
        {"program": "south", "reason": "signature_wrong", "peer": "1.2.3.4"},
    ]


def test_after_a_window_lines_are_written_again() -> None:
    edge, _, log, later = refusals()
    for _ in range(10):
        edge.turned_away("path", peer="")
    later.kept.pop()()

    edge.turned_away("path", peer="")

    assert len(log.named("push_refused")) == 6
    assert len(later.kept) == 1


def test_few_refusals_leave_nothing_out() -> None:
    edge, _, log, later = refusals()

    edge.refused(HttpRefusal.MALFORMED, "1.2.3.4", "tls")
    later.kept.pop()()

    assert log.lines == [
        (
            "warning",
            "push_refused",
            {"program": "", "reason": "malformed", "peer": "1.2.3.4", "detail": "tls"},
        )
    ]
