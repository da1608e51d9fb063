"""Broken mappings: what an integrator reads, word for word, for every slip there is."""

from __future__ import annotations

import pytest

from adapter.carrier.mapping.load import MappingFaults
from adapter.carrier.mapping.mapping import Mapping
from adapter.diagnostics.finding import Severity
from tests.carrier.dispatch_contract import MAPPING, dispatch
from tests.carrier.mapping_fault import Slip
from tests.carrier.mapping_faults import SLIPS


def _errors(text: str) -> tuple[str, ...]:
    with pytest.raises(MappingFaults) as raised:
        Mapping.load(dispatch(), text.encode())
    found = raised.value.findings
    return tuple(
        str(finding).removeprefix("error: ")
        for finding in found
        if finding.severity is Severity.ERROR
    )


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_each_slip_is_named_with_its_line_and_a_way_out(slip: Slip) -> None:
    assert MAPPING.count(slip.old) == 1

    errors = _errors(MAPPING.replace(slip.old, slip.new))

    assert errors == slip.errors


def test_all_slips_of_one_file_are_found_at_once() -> None:
    text = MAPPING
    together = ("an unknown method", "a lookup's zero", "an unknown code", "a flag in quotes")
    for slip in (slip for slip in SLIPS if slip.name in together):
        text = text.replace(slip.old, slip.new)

    errors = _errors(text)

    assert [error.partition(",")[0] for error in errors] == [
        "line 1",
        "line 18",
        "line 31",
        "line 48",
    ]


def test_an_empty_file_lacks_all_three_needed_things() -> None:
    assert _errors("") == (
        'method: is missing. Write method = "package.Service/Method".',
        "request: is missing. Say which field of the request holds which field of the push.",
        "status: is missing. Name the reply's enum and what its values mean.",
    )
