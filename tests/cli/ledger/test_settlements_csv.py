from __future__ import annotations

import pytest

from adapter.cancellation.model import Outcome
from adapter.cli.ledger.settlements_csv import LISTED_AT_MOST, SettlementLine, read
from adapter.diagnostics.cannot_start import CannotStart

A, B = "a" * 32, "b" * 32


def faults(text: str | bytes, **defaults: str | None) -> list[tuple[int | None, str]]:
    """Return line and message of every fault of a file."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(CannotStart) as refused:
        read(data, source="f.csv", **defaults)
    assert all(finding.source == "f.csv" for finding in refused.value.findings)
    return [(finding.line, finding.message) for finding in refused.value.findings]


def test_columns_stand_in_any_order_among_others() -> None:
    text = f"waybill,Outcome, KEY ,reason\r\nSF1,picked_up,{A},rang\r\nSF2,Cancelled,{B},saw\r\n"

    assert read(text.encode("utf-8-sig"), source="f.csv") == (
        SettlementLine(number=2, key=A, outcome=Outcome.PICKED_UP, reason="rang"),
        SettlementLine(number=3, key=B, outcome=Outcome.CANCELLED, reason="saw"),
    )


def test_what_a_line_leaves_out_is_taken_from_the_options() -> None:
    text = f"key,outcome\n{A}\n{B},invalid\n"

    lines = read(text.encode(), source="f.csv", outcome="failed", reason="list")

    assert [(line.outcome, line.reason) for line in lines] == [
        (Outcome.FAILED, "list"),
        (Outcome.INVALID, "list"),
    ]


def test_every_fault_is_named_with_its_line() -> None:
    text = f"key,outcome,reason\n{A},picked_up,r\n{A},picked_up,r\nSF1,maybe,r\n\n{B},failed,\n"

    found = faults(text)

    assert [line for line, _ in found] == [3, 4, 4, 6]
    assert found[0][1] == f"the key {A} stands in line 2 already."
    assert "'sf1' is not a whole key" in found[1][1]
    assert "'maybe' is not an outcome; choose from cancelled," in found[2][1]
    assert found[3][1] == "there is no reason, and no --reason."


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "no column `key`"),
        (b"outcome,reason\nfailed,r\n", 1, "no column `key`"),
        (f"{A},failed,r\n".encode(), 1, "must name the columns"),
        (b"key,key,outcome\n", 1, "`key` stands there twice"),
        (b"key,outcome,reason\n" + b"\xd4\xcb,failed,r\n", 2, "not text in UTF-8"),
        (f"key,outcome,reason\n{A},in_doubt,r\n".encode(), 2, "is not an outcome"),
        (f"key,outcome,reason\n{A},failed,{'x' * 501}\n".encode(), 2, "1 to 500 characters"),
        (f'key,outcome,reason\n{A},failed,"{"x" * 200_000}"\n'.encode(), 2, "field larger"),
    ],
    ids=["empty", "no key", "no heading", "twice", "GBK", "doubt", "long", "endless"],
)
def test_a_file_that_cannot_be_meant_is_refused(data: bytes, line: int, words: str) -> None:
    ((where, message),) = faults(data)

    assert where == line
    assert words in message


def test_of_many_faults_the_first_are_listed() -> None:
    found = faults("key,outcome,reason\n" + "x,failed,r\n" * (LISTED_AT_MOST + 5))

    assert found[-1] == (None, "and 5 more faults.")
