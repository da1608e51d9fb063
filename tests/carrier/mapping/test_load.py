from __future__ import annotations

import pytest

from adapter.cancellation.model import CarrierAnswer, Outcome
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.load import MappingFaults, read_mapping
from adapter.carrier.mapping.mapping import Mapping
from adapter.diagnostics.finding import Finding, Severity
from tests.carrier.dispatch_contract import MAPPING, dispatch


def _faults(text: str) -> list[str]:
    with pytest.raises(MappingFaults) as raised:
        read_mapping(text.encode(), dispatch())
    return [finding.key for finding in raised.value.findings if finding.severity.value == "error"]


def test_a_mapping_in_order_is_read_whole() -> None:
    parts = read_mapping(MAPPING.encode(), dispatch())

    assert parts.cancel.method.name == "dispatch.Orders/Void"
    assert parts.cancel.show_message
    assert parts.cancel.answers[100] == CarrierAnswer(outcome=Outcome.CANCELLED, status="DONE")
    assert parts.lookup is not None
    assert parts.lookup.method.name == "dispatch.Orders/Find"
    assert parts.refusals.codes == {"NOT_FOUND": Outcome.NOT_FOUND}


def test_a_lookup_is_optional() -> None:
    parts = read_mapping(MAPPING[: MAPPING.index("[lookup]")].encode(), dispatch())

    assert parts.lookup is None


def test_without_a_method_the_other_sections_are_still_looked_at() -> None:
    text = MAPPING.replace("Orders/Void", "Orders/None").replace('"not_found"\n\n', '"gone"\n\n', 1)
    text = text.replace('message = "result.detail"', 'mesage = "result.detail"')

    assert _faults(text) == ["method", "status.mesage", "grpc.NOT_FOUND"]


def test_without_a_status_the_request_is_still_looked_at() -> None:
    before, _, after = MAPPING.partition("[status]")
    text = before.replace('"BizID"', '"BizzID"') + "[lookup]" + after.partition("[lookup]")[2]

    assert _faults(text) == ["status", "request.merchant.code"]


def test_a_lookup_that_is_half_there_is_an_error() -> None:
    head = MAPPING[: MAPPING.index("[lookup]")]

    assert _faults(head + "[lookup]\n") == ["lookup.method", "lookup.request", "lookup.status"]
    assert _faults(head + '[lookup]\nmethod = "dispatch.Orders/Find"\nx = "y"\n') == [
        "lookup.request",
        "lookup.status",
        "lookup.x",
    ]


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
            'nothing means "picked_up": no merchant will ever get this reply.',
        )
    ]


NOT_FOUND_SETTLES = MAPPING.replace(
    "[lookup.request]", "not_found_settles = true\n[lookup.request]"
)


def test_not_found_settles_is_said_and_is_a_trait() -> None:
    text = NOT_FOUND_SETTLES + '[lookup.grpc]\nNOT_FOUND = "not_found"\n'

    ((severity, key, message),) = _new(text)

    assert (severity, key) == (Severity.NOTE, "lookup.not_found_settles")
    assert "is answered 30001 where the server itself ended the only call" in message
    assert Mapping.load(dispatch(), text.encode()).traits.not_found_settles
    assert not Mapping.load(dispatch(), MAPPING.encode()).traits.not_found_settles


def test_not_found_settles_without_a_not_found_is_a_warning() -> None:
    ((severity, key, message),) = _new(NOT_FOUND_SETTLES)

    assert (severity, key) == (Severity.WARNING, "lookup.not_found_settles")
    assert message.startswith("has no effect")


def test_not_found_settles_is_true_or_false() -> None:
    text = NOT_FOUND_SETTLES.replace("settles = true", 'settles = "yes"')

    assert _faults(text) == ["lookup.not_found_settles"]


def test_final_states_of_a_lookup_are_noted_as_the_promise_they_are() -> None:
    (note,) = [f for f in _findings(MAPPING) if "settle a push at once" in f.message]

    assert (note.severity, note.key) == (Severity.NOTE, "lookup.status.outcomes")
    assert Mapping.load(Contract.load()).findings == ()


def test_an_outcome_that_only_a_text_or_the_lookup_says_is_said() -> None:
    silent = MAPPING.replace('ON_VAN = "picked_up"', 'ON_VAN = "invalid"')
    text = '[[grpc.texts]]\ncode = "UNKNOWN"\ncontains = ["van"]\noutcome = "picked_up"\n'

    assert _new(silent + text) == []
    assert _new(silent.replace("[grpc]\n", '[grpc]\nOUT_OF_RANGE = "lookup"\n')) == []


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
    assert unknown[0][2] == 'the contract has no method "dispatch.Orders/None".'


def test_a_request_that_does_not_say_which_waybill_is_an_error() -> None:
    rows = '"by_number.number" = "WayBillID"\n"by_number.order" = "OrderID"\n'

    assert [key for _, key, _ in _new(MAPPING.replace(rows, ""))] == ["request"]


def test_a_table_in_which_nothing_means_cancelled_is_an_error() -> None:
    found = _new(MAPPING.replace('DONE = "cancelled"\nVOIDED = "cancelled"', 'DONE = "failed"'))

    assert [(severity, key) for severity, key, _ in found] == [(Severity.ERROR, "status.outcomes")]
