from __future__ import annotations

from adapter.carrier.contract.faults import MappingFaults
from adapter.carrier.mapping.mapping import Mapping
from adapter.diagnostics.finding import Finding, Severity
from tests.carrier.dispatching import MAPPING, dispatch

LOOKUP = MAPPING.index("[lookup]")


def _findings(text: str) -> tuple[Finding, ...]:
    try:
        return Mapping.load(dispatch(), text.encode()).findings
    except MappingFaults as faults:
        return faults.findings


def _new(text: str) -> list[tuple[Severity, str, str]]:
    """Return what a changed mapping brings that the unchanged one does not."""
    usual = {(finding.key, finding.message) for finding in _findings(MAPPING)}
    return [
        (finding.severity, finding.key, finding.message)
        for finding in _findings(text)
        if (finding.key, finding.message) not in usual
    ]


def test_the_second_contracts_remarks_are_few_and_true() -> None:
    assert [(f.severity, f.key) for f in _findings(MAPPING)] == [
        (Severity.NOTE, "request.by_number.number"),
        (Severity.NOTE, "request.by_number.order"),
        (Severity.WARNING, "grpc.reasons.MERCHANT_GONE"),
        (Severity.NOTE, "lookup.request.number"),
        (Severity.NOTE, "lookup.status.outcomes"),
    ]


def test_a_password_that_nobody_checks_is_a_note() -> None:
    assert _new(MAPPING.replace('"merchant.secret" = "BizPwd"\n', "")) == [
        (Severity.NOTE, "request", "BizPwd is not sent: nobody checks the merchant's password.")
    ]


def test_an_outcome_that_no_merchant_can_be_told_is_a_note() -> None:
    assert _new(MAPPING.replace('ON_VAN = "picked_up"', 'ON_VAN = "invalid"')) == [
        (
            Severity.NOTE,
            "status.outcomes",
            'nothing means "picked_up": no merchant will ever be told so.',
        )
    ]


def test_a_contract_that_cannot_settle_doubt_is_a_warning() -> None:
    text = MAPPING[:LOOKUP].replace('"header.trace" = "request_id"\n', "")
    text = text.replace('"already_cancelled"', '"invalid"')

    found = [key for severity, key, _ in _new(text) if severity is Severity.WARNING]

    assert found == ["request"]


def test_any_one_of_three_means_settles_doubt() -> None:
    no_id = MAPPING.replace('"header.trace" = "request_id"\n', "")
    no_word = MAPPING.replace('"already_cancelled"', '"invalid"')
    texts = (no_id[: no_id.index("[lookup]")], no_word[: no_word.index("[lookup]")], no_id)

    severities = [severity for text in texts for severity, _, _ in _new(text)]

    assert Severity.WARNING not in severities


def test_one_of_waybill_and_order_is_enough_to_know_which() -> None:
    assert _new(MAPPING.replace('"by_number.order" = "OrderID"\n', "")) == []
    (only_order,) = _new(MAPPING.replace('"by_number.number" = "WayBillID"\n', ""))

    assert only_order[0] is Severity.WARNING
    assert "of an order with several waybills" in only_order[2]


def test_a_zero_without_a_row_is_told_its_only_row() -> None:
    (finding,) = [
        finding
        for finding in _findings(MAPPING.replace('NONE = "failed"\n', ""))
        if finding.severity is Severity.ERROR
    ]

    assert finding.hint == 'Add a line: NONE = "failed".'


def test_a_method_that_is_missing_or_unknown_is_an_error() -> None:
    nameless = _new(MAPPING.replace('method = "dispatch.Orders/Void"\n', ""))
    unknown = _new(MAPPING.replace("dispatch.Orders/Void", "dispatch.Orders/None"))

    assert (Severity.ERROR, "method", "is missing.") in nameless
    assert unknown[0][2] == 'there is no method "dispatch.Orders/None" in the contract.'


def test_a_request_that_does_not_say_which_waybill_is_an_error() -> None:
    rows = '"by_number.number" = "WayBillID"\n"by_number.order" = "OrderID"\n'

    assert [key for _, key, _ in _new(MAPPING.replace(rows, ""))] == ["request"]


def test_a_table_in_which_nothing_means_cancelled_is_an_error() -> None:
    found = _new(MAPPING.replace('DONE = "cancelled"\nVOIDED = "cancelled"', 'DONE = "failed"'))

    assert [(severity, key) for severity, key, _ in found] == [(Severity.ERROR, "status.outcomes")]
