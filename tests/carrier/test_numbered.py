from __future__ import annotations

import pytest

from adapter.carrier.numbered import number_like


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
