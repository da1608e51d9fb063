from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from adapter.cancellation.model import Basis, Entry, State
from adapter.cli.ledger.resolve import REASON_LIMIT, command
from tests.cli.ledgers import (
    AGAIN,
    CANCELLED,
    DOUBTFUL,
    PAUSED,
    Desk,
    desk_at,
    doubtful,
    record,
    served,
)
from tests.cli.terminals import terminal

HOSTILE = doubtful(2, waybill_id="SF-DOUBT\x1b[2J")


@pytest.fixture
def hostile_desk(tmp_path: Path, process_of_its_own: None) -> Desk:
    """A desk over a ledger with one doubtful push, whose sender would act on the terminal."""
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    record(desk.url, [HOSTILE])
    return desk


def test_doubt_is_settled_with_a_name_and_a_reason_beside_a_serve(desk: Desk) -> None:
    words = ("--outcome", "picked_up", "--reason", "rang the depot", "--by", "li", "--yes")

    with served(desk.url):
        done = desk.types("resolve", "SF-DOUBT", *words)
        again = desk.types("resolve", "SF-DOUBT", *words)
        story = json.loads(desk.types("show", DOUBTFUL.key, "--json").stdout)

    assert done.stdout == f"{DOUBTFUL.key}: picked_up, ResultCode 30002, settled by li.\n"
    assert again.exit_code == 2
    assert "not in doubt, it is done: picked_up (by operator, ResultCode 30002)" in again.stderr
    push_told = story["push"]
    assert (push_told["basis"], push_told["state"]) == (Basis.OPERATOR.value, State.DONE.value)
    assert [(word["who"], word["reason"]) for word in story["resolutions"]] == [
        ("li", "rang the depot")
    ]
    assert story["because"].startswith("li settled the doubt (rang the depot)")


@pytest.mark.parametrize("entry", [CANCELLED, PAUSED], ids=["done", "unsent"])
def test_what_is_not_in_doubt_keeps_its_story(desk: Desk, entry: Entry) -> None:
    words = ("--outcome", "invalid", "--reason", "r", "--by", "li", "--yes")

    refused = desk.types("resolve", entry.key, *words)

    story = json.loads(desk.types("show", entry.key, "--json").stdout)
    assert refused.exit_code == 2
    assert f"it is {entry.state.value}" in refused.stderr
    assert (story["push"]["state"], story["resolutions"]) == (entry.state.value, [])


def test_a_reason_is_asked_for_and_doubt_is_no_outcome(desk: Desk) -> None:
    sure = ("resolve", "SF-DOUBT", "--by", "li", "--yes")

    empty = desk.types(*sure, "--outcome", "invalid", "--reason", " ")
    doubt = desk.types(*sure, "--outcome", "in_doubt", "--reason", "r")

    assert (empty.exit_code, doubt.exit_code) == (2, 2)
    assert "--reason: write 1 to" in empty.stderr
    assert desk.finds("--state", "in_doubt") == [AGAIN.key, DOUBTFUL.key]


@pytest.mark.parametrize("option", ["--reason", "--by"])
def test_a_word_longer_than_anybody_reads_is_refused(hostile_desk: Desk, option: str) -> None:
    words = {"--reason": "r", "--by": "li", option: "x" * (REASON_LIMIT + 1)}
    typed = [word for pair in words.items() for word in pair]

    refused = hostile_desk.types("resolve", HOSTILE.key, "--outcome", "invalid", "--yes", *typed)

    assert refused.exit_code == 2
    assert f"{option}: write 1 to {REASON_LIMIT} characters." in refused.stderr
    assert hostile_desk.finds("--state", "in_doubt") == [HOSTILE.key]


def test_without_a_terminal_nothing_is_settled_unless_somebody_is_sure(desk: Desk) -> None:
    words = ("--outcome", "invalid", "--reason", "r", "--by", "li")

    refused = desk.types("resolve", "SF-DOUBT", *words)

    assert refused.exit_code == 2
    assert "there is no terminal to ask back on. Add --yes if you are sure." in refused.stderr
    assert desk.finds("--state", "in_doubt") == [AGAIN.key, DOUBTFUL.key]


def test_root_is_nobodys_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SUDO_USER", "USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "root")

    words = ("--outcome", "invalid", "--reason", "r", "--yes")
    refused = desk.types("resolve", "SF-DOUBT", *words)
    monkeypatch.setenv("SUDO_USER", "li")
    settled = desk.types("resolve", DOUBTFUL.key, *words)

    assert refused.exit_code == 2
    assert "Add --by NAME: it is kept with your reason." in refused.stderr
    assert settled.stdout.endswith("settled by li.\n")


# Where somebody can be asked back


def on_a_terminal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *words: str, answer: str
) -> int | str | None:
    """Settle the hostile push with a terminal to read from; return the exit code."""
    given = ("--outcome", "invalid", "--reason", "r", "--by", "li")
    with terminal() as asked, monkeypatch.context() as process:
        asked.type(answer)
        process.setattr(sys, "stdin", asked.keyboard)
        with pytest.raises(SystemExit) as ended:
            command.main([HOSTILE.key, "--config", str(desk.config), *given, *words])
    return ended.value.code


def test_a_no_writes_nothing(
    hostile_desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = on_a_terminal(hostile_desk, monkeypatch, answer="n\n")

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert "as invalid (ResultCode 30003)?" in said.err
    assert "\x1b[2J" not in said.err
    assert hostile_desk.finds("--state", "in_doubt") == [HOSTILE.key]


def test_a_yes_settles(
    hostile_desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = on_a_terminal(hostile_desk, monkeypatch, answer="y\n")

    assert (code, "settled by li" in capsys.readouterr().out) == (0, True)
    assert hostile_desk.finds("--state", "done") == [HOSTILE.key]


def test_who_said_yes_before_is_not_asked(
    hostile_desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = on_a_terminal(hostile_desk, monkeypatch, "--yes", answer="n\n")

    assert (code, capsys.readouterr().err) == (0, "")
