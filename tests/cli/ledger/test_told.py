from __future__ import annotations

import json

import pytest

from adapter.cancellation.model import Outcome
from adapter.cli.ledger.operator import WORDS_LIMIT
from tests.cli.ledgers import CANCELLED, DOUBTFUL, Desk, push, record, served

pytestmark = pytest.mark.usefixtures("process_of_its_own")

LIED, UNTOLD = push(7, told=Outcome.IN_DOUBT), push(8, told=None)


def test_the_list_shrinks_as_it_is_ticked_off(desk: Desk) -> None:
    record(desk.url, [LIED, UNTOLD])

    with served(desk.url):
        done = desk.types("told", LIED.key[:8], "--by", "li", "--how", "by phone\x1b[2J")
        again = desk.types("told", LIED.key, UNTOLD.key, "--by", "wang")

    shown = desk.types("show", LIED.key).stdout
    assert (done.exit_code, done.stdout) == (0, f"{LIED.key}: told by li.\n")
    assert (again.exit_code, again.stdout) == (1, f"{UNTOLD.key}: told by wang.\n")
    assert f"{LIED.key}: not on the list of `search --told-failure` any more" in again.stderr
    assert desk.finds("--told-failure") == []
    assert "li has told the merchant so." in shown
    assert "Merchant told by li at " in shown
    assert " of cancelled: by phone\\x1b[2J" in shown
    (notice,) = json.loads(desk.types("show", LIED.key, "--json").stdout)["notices"]
    assert (notice["who"], notice["outcome"]) == ("li", "cancelled")


def test_who_has_nothing_to_hear_is_not_ticked_off(desk: Desk) -> None:
    refused = desk.types("told", CANCELLED.key, DOUBTFUL.key, "SF-NONE", "--by", "li")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"{CANCELLED.key}: nobody has to be told, it is done: cancelled" in refused.stderr
    assert f"{DOUBTFUL.key}: nobody has to be told, it is in_doubt." in refused.stderr
    assert "'SF-NONE': no push has this key or waybill." in refused.stderr


def test_a_settlement_by_hand_puts_a_merchant_on_the_list(desk: Desk) -> None:
    words = ("--outcome", "cancelled", "--reason", "void", "--by", "li", "--yes")
    desk.types("resolve", DOUBTFUL.key, *words)
    before = desk.finds("--told-failure")

    desk.types("told", DOUBTFUL.key, "--by", "li")

    assert (before, desk.finds("--told-failure")) == ([DOUBTFUL.key], [])


@pytest.mark.parametrize("words", [("--how", "x" * (WORDS_LIMIT + 1)), ("--by", " ")])
def test_words_that_nobody_reads_are_refused(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.types("told", CANCELLED.key, "--by", "li", *words).exit_code == 2
