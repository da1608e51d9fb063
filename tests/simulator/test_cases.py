from __future__ import annotations

import pytest

from adapter.simulator.cases import CASES, ONE_OF_EACH_CODE, RESULT_CODES, Case


def test_the_quick_cases_bring_every_code() -> None:
    assert {CASES[name].expected for name in ONE_OF_EACH_CODE} == set(RESULT_CODES)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_every_case_expects_a_code_wechat_knows(case: Case) -> None:
    assert {case.expected, *case.also} <= set(RESULT_CODES)
    assert bool(case.also) == bool(case.also_because)
    assert case.about


def test_the_example_is_that_of_the_document() -> None:
    example = CASES["example"]

    assert (example.waybill, example.order) == ("123456789", "012345678901234567890123456789")
    assert example.expected == 0
