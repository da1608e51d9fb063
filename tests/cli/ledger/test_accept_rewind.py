from __future__ import annotations

import pytest

from tests.cli.ledgers import Desk, rewound_seconds_ago, served

pytestmark = pytest.mark.usefixtures("process_of_its_own")


def test_a_rewind_is_accepted_a_minute_after_it_was_noticed_beside_a_serve(desk: Desk) -> None:
    words = ("--reason", "restored the backup of 3:00", "--by", "li")
    first = desk.types("accept-rewind", *words)
    rewound_seconds_ago(desk.url, 59.0)
    soon = desk.types("accept-rewind", *words)
    rewound_seconds_ago(desk.url, 61.0, instead=True)

    with served(desk.url):
        done = desk.types("accept-rewind", *words)
        again = desk.types("accept-rewind", *words)

    assert "the ledger is not rewound. Nothing was changed." in first.stderr
    assert soon.exit_code == 2
    assert "less than 60 s ago" in soon.stderr
    assert done.stdout.endswith(": accepted by li.\n")
    assert again.exit_code == 2


@pytest.mark.parametrize("words", [("--reason", " ", "--by", "li"), ("--reason", "so", "--by", "")])
def test_a_rewind_is_accepted_by_somebody_and_for_a_reason(
    desk: Desk, words: tuple[str, ...]
) -> None:
    rewound_seconds_ago(desk.url, 61.0)

    assert desk.types("accept-rewind", *words).exit_code == 2
