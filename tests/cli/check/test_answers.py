from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from adapter.carrier.contract import contract
from adapter.carrier.mapping.mapping import SHIPPED
from adapter.cli.check.answers import UNKNOWN, AnswerRow, judge, show_answers, verdict
from adapter.config.load import Inspection, inspect
from adapter.diagnostics.finding import Finding, Severity

SOUND = {
    "WAYBRIDGE_WECHAT__TOKEN": "abc123",
    "WAYBRIDGE_WECHAT__MODE": "plaintext",
    "WAYBRIDGE_WECHAT__LOCALE": "en",
    "WAYBRIDGE_CARRIER__TARGET": "127.0.0.1:50051",
}

MAPPING = """\
method = "carrier.v1.WaybillService/CancelWaybill"
[request]
waybill_id = "WayBillID"
[status]
field = "status"
[status.outcomes]
CANCEL_STATUS_CANCELLED = "cancelled"
"""


def _inspected(**carrier: Path) -> Inspection:
    named = {f"WAYBRIDGE_CARRIER__{key.upper()}": str(file) for key, file in carrier.items()}
    return inspect(None, SOUND | named)


def test_every_status_of_the_shipped_contract_has_its_row() -> None:
    rows, findings = judge(_inspected())

    statuses = [row for row in rows if row.kind == "status"]
    assert findings == ()
    assert [(row.number, row.outcome, row.result_code) for row in statuses] == [
        (0, "in_doubt", -1),
        (1, "cancelled", 0),
        (2, "not_found", 30001),
        (3, "picked_up", 30002),
        (4, "invalid", 30003),
        (5, "already_cancelled", 30003),
        (6, "unsupported", 30004),
        (7, "failed", -1),
        (None, "in_doubt", -1),
    ]
    assert statuses[-1].status == UNKNOWN
    assert statuses[1] == AnswerRow(
        kind="status",
        status="CANCEL_STATUS_CANCELLED",
        number=1,
        outcome="cancelled",
        result_code=0,
        text="success",
    )


def test_every_failed_call_has_its_row() -> None:
    rows, _ = judge(_inspected())

    codes = {row.status: (row.outcome, row.result_code) for row in rows if row.kind == "grpc"}

    assert len(codes) == 16
    assert codes["UNAVAILABLE"] == ("in_doubt", -1)
    assert codes["NOT_FOUND"] == ("failed", -1)


def test_what_a_lookup_settles_has_its_rows_and_the_rest_stays_in_doubt() -> None:
    rows, _ = judge(_inspected())

    lookups = {row.status: (row.outcome, row.result_code) for row in rows if row.kind == "lookup"}
    assert lookups == {
        "WAYBILL_STATE_UNSPECIFIED": ("in_doubt", -1),
        "WAYBILL_STATE_ACTIVE": ("in_doubt", -1),
        "WAYBILL_STATE_CANCELLED": ("cancelled", 0),
        "WAYBILL_STATE_PICKED_UP": ("picked_up", 30002),
        "WAYBILL_STATE_CLOSED": ("invalid", 30003),
        "WAYBILL_STATE_NOT_FOUND": ("in_doubt", -1),
    }


def test_texts_and_failed_lookups_have_their_rows(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        SHIPPED.read_text().replace(
            "[lookup.request]", "not_found_settles = true\n[lookup.request]"
        )
        + '[lookup.grpc]\nNOT_FOUND = "not_found"\n[grpc]\nOUT_OF_RANGE = "lookup"\n'
        + '[[grpc.texts]]\ncode = "UNKNOWN"\ncontains = ["on the van"]\noutcome = "picked_up"\n'
    )

    rows, _ = judge(_inspected(mapping=mapping))
    table = StringIO()
    show_answers(rows, stream=table)

    said = {(row.kind, row.status): (row.outcome, row.result_code) for row in rows}
    assert said["grpc", "OUT_OF_RANGE"] == ("lookup", -1)
    assert said["grpc", 'UNKNOWN "on the van"'] == ("picked_up", 30002)
    assert said["lookup", "NOT_FOUND"] == ("not_found", 30001)
    assert said["lookup", "WAYBILL_STATE_NOT_FOUND"] == ("not_found", 30001)
    assert 'gRPC UNKNOWN "on the van"' in table.getvalue()
    assert "lookup is answered as the lookup's rows say" in table.getvalue()


def test_every_row_has_a_text_for_the_merchant() -> None:
    rows, _ = judge(_inspected())

    assert all(row.text and row.text.isascii() for row in rows)


def test_a_faulty_mapping_is_told_with_its_lines_and_no_table(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING + 'NO_SUCH = "failed"\n')

    rows, findings = judge(_inspected(mapping=mapping))

    (unknown,) = [finding for finding in findings if "NO_SUCH" in finding.key]
    assert rows == ()
    assert (unknown.severity, unknown.source, unknown.line) == (Severity.ERROR, str(mapping), 8)
    assert all(finding.message.endswith(".") for finding in findings)


@pytest.mark.parametrize("raw", [b"", b"no descriptors"])
def test_a_faulty_contract_is_told_at_its_key(raw: bytes, tmp_path: Path) -> None:
    descriptors = tmp_path / "x.binpb"
    descriptors.write_bytes(raw)

    rows, (finding,) = judge(_inspected(descriptors=descriptors))

    assert rows == ()
    assert finding.key == "carrier.descriptors"
    assert finding.source == "environment variable WAYBRIDGE_CARRIER__DESCRIPTORS"
    assert finding.hint


def test_a_file_that_is_missing_is_told_once(tmp_path: Path) -> None:
    inspection = _inspected(mapping=tmp_path / "none.toml", descriptors=contract.SHIPPED)

    assert [finding.key for finding in inspection.findings] == ["carrier.mapping"]
    assert judge(inspection) == ((), ())


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        ([], "No problems found."),
        ([Severity.ERROR], "1 error."),
        ([Severity.NOTE, Severity.ERROR, Severity.ERROR], "2 errors, 1 note."),
        ([Severity.WARNING], "1 warning; waybridge can start."),
    ],
)
def test_the_verdict_counts_the_findings(severities: list[Severity], said: str) -> None:
    findings = [Finding(severity=severity, source="x", message="y.") for severity in severities]

    assert verdict(findings) == said


# The table


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

    show_answers(ROWS, stream=stream)

    assert stream.getvalue().splitlines()[:3] == [
        "carrier answers  number  outcome    ResultCode  text for the merchant",
        "GONE             12      picked_up  30002       快件已被揽收 [b]",
        "gRPC ABORTED             in_doubt   -1          ?",
    ]


def test_a_terminal_gets_a_drawn_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()

    show_answers(ROWS, stream=stream)

    shown = stream.getvalue()
    assert "┃" in shown
    assert "快件已被揽收 [b]" in shown
    assert "gRPC ABORTED" in shown


def test_the_exception_of_the_table_is_told_below_it_where_there_is_one() -> None:
    without, stream = StringIO(), StringIO()
    already = replace(ROWS[0], outcome="already_cancelled", result_code=30003)

    show_answers(ROWS, stream=without)
    show_answers((already,), stream=stream)

    assert "already_cancelled is answered with ResultCode 0" in stream.getvalue()
    assert "already_cancelled" not in without.getvalue()


def test_no_table_is_drawn_of_nothing() -> None:
    stream = StringIO()

    show_answers((), stream=stream)

    assert stream.getvalue() == ""
