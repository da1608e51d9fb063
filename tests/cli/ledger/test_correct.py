from __future__ import annotations

import json

import pytest

from adapter.cli.ledger.operator import WORDS_LIMIT
from tests.cli.ledgers import CANCELLED, DOUBTFUL, Desk, served

pytestmark = pytest.mark.usefixtures("process_of_its_own")

FIRST = ("--outcome", "picked_up", "--reason", "rang the depot", "--by", "li", "--yes")
BETTER = ("--outcome", "cancelled", "--reason", "saw it void", "--by", "wang", "--yes")


def test_both_settlements_are_kept_and_shown(desk: Desk) -> None:
    desk.types("resolve", "SF-DOUBT", *FIRST)

    with served(desk.url):
        done = desk.types("correct", "SF-DOUBT", *BETTER)
    shown = desk.types("show", "SF-DOUBT").stdout
    story = json.loads(desk.types("show", "SF-DOUBT", "--json").stdout)

    assert done.stdout == (
        f"{DOUBTFUL.key}: picked_up → cancelled, ResultCode 0, corrected by wang.\n"
    )
    assert "Settled by li at " in shown
    assert " as picked_up: rang the depot" in shown
    assert "Corrected by wang at " in shown
    assert " as cancelled: saw it void" in shown
    assert [(each["who"], each["outcome"]) for each in story["resolutions"]] == [
        ("li", "picked_up"),
        ("wang", "cancelled"),
    ]
    assert story["because"].startswith("wang settled it (saw it void)")
    assert desk.finds("--told-failure") == [DOUBTFUL.key]


@pytest.mark.parametrize("key", [CANCELLED.key, DOUBTFUL.key], ids=["the carrier's", "in doubt"])
def test_what_no_operator_settled_is_not_corrected(desk: Desk, key: str) -> None:
    refused = desk.types("correct", key, *BETTER)

    assert refused.exit_code == 2
    assert f"push {key} was not settled by an operator, it is" in refused.stderr
    assert json.loads(desk.types("show", key, "--json").stdout)["resolutions"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (BETTER[:-1], "Add --yes to confirm."),
        ((*BETTER, "--reason", " "), f"--reason must have 1 to {WORDS_LIMIT}"),
        ((*BETTER, "--by", ""), "Add --by NAME; it is stored."),
    ],
)
def test_a_correction_wants_a_name_a_reason_and_a_yes(
    desk: Desk, words: tuple[str, ...], said: str
) -> None:
    desk.types("resolve", DOUBTFUL.key, *FIRST)

    refused = desk.types("correct", DOUBTFUL.key, *words)

    assert refused.exit_code == 2
    assert said in refused.stderr
    assert desk.finds("--result", "picked_up")[0] == DOUBTFUL.key
