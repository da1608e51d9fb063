from __future__ import annotations

import pytest

from adapter.explain.causes import WORDS, Found, RefusalCause


@pytest.mark.parametrize("cause", RefusalCause)
def test_every_cause_says_what_is_the_matter_and_what_to_do(cause: RefusalCause) -> None:
    found = Found(cause=cause, about="this very thing")

    assert found.message
    assert found.hint.endswith(".")
    assert ("this very thing" in found.message) == ("{about}" in WORDS[cause][0])
