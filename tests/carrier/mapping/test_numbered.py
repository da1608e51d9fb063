from __future__ import annotations

import pytest

from adapter.carrier.mapping.numbered import first_that_fits, number_like


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ORDER0002", "2"),
        ("012345678901234567890123456789", "567890123456789"),
        ("ORDER-DEMO", "1"),
        ("000", "1"),
        ("", "1"),
        ("٣-12", "12"),  # a digit, but none that an integer field takes
    ],
)
def test_a_name_becomes_the_number_at_its_end(text: str, number: str) -> None:
    assert number_like(text) == number


def test_a_number_is_as_short_as_its_field_needs() -> None:
    assert number_like("ORDER-123456789012", digits=9) == "456789012"


@pytest.mark.parametrize(
    ("longest", "fitting"),
    [(99, "ORDER-0123456789012345"), (15, "123456789012345"), (9, "789012345")],
)
def test_a_text_stays_where_it_fits_and_gets_no_shorter_than_it_must(
    longest: int, fitting: str
) -> None:
    text = "ORDER-0123456789012345"

    found = first_that_fits(text, lambda each: longest == 99 or len(each) <= longest)

    assert found == fitting


def test_a_text_that_nothing_can_replace_stays() -> None:
    assert first_that_fits("ORDER2", lambda _: False) == "ORDER2"
