from __future__ import annotations

import pytest

from adapter.cancellation.model import CarrierAnswer, Outcome
from adapter.carrier.contract.faults import MappingFaults
from adapter.carrier.mapping.load import read_parts
from tests.carrier.dispatching import MAPPING, dispatch


def _faults(text: str) -> list[str]:
    with pytest.raises(MappingFaults) as raised:
        read_parts(text.encode(), dispatch())
    return [finding.key for finding in raised.value.findings if finding.severity.value == "error"]


def test_a_mapping_in_order_is_read_whole() -> None:
    parts = read_parts(MAPPING.encode(), dispatch())

    assert parts.cancel.method.name == "dispatch.Orders/Void"
    assert parts.cancel.show_message
    assert parts.cancel.answers[100] == CarrierAnswer(outcome=Outcome.CANCELLED, status="DONE")
    assert parts.lookup is not None
    assert parts.lookup.method.name == "dispatch.Orders/Find"
    assert parts.refusals.codes == {"NOT_FOUND": Outcome.NOT_FOUND}


def test_a_lookup_is_optional() -> None:
    parts = read_parts(MAPPING[: MAPPING.index("[lookup]")].encode(), dispatch())

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
