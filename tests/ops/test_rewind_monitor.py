from __future__ import annotations

from dataclasses import dataclass, field

from adapter.ops.rewind_monitor import RewindMonitor


@dataclass(kw_only=True)
class Watched:
    """A ledger that a test turns back, and all that was said of it."""

    seen_at: float | None = None
    lines: list[tuple[str, str]] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def debug(self, event: str, **_: object) -> None:
        self.lines.append(("debug", event))

    def info(self, event: str, **_: object) -> None:
        self.lines.append(("info", event))

    def warning(self, event: str, **_: object) -> None:
        self.lines.append(("warning", event))

    def error(self, event: str, **_: object) -> None:
        self.lines.append(("error", event))


def test_a_rewind_is_one_warning_and_one_alert_and_its_acceptance_one_line() -> None:
    watched = Watched()
    monitor = RewindMonitor(
        seen_at=lambda: watched.seen_at, log=watched, count=watched.counted.append
    )

    for seen_at in (None, 5.0, 5.0, None, None, 7.0):
        watched.seen_at = seen_at
        monitor.check()

    assert watched.lines == [
        ("warning", "ledger_rewound"),
        ("info", "rewind_accepted"),
        ("warning", "ledger_rewound"),
    ]
    assert watched.counted == ["ledger_rewound"] * 2
