from __future__ import annotations

import json
import sys
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from adapter.cancellation.model import Basis, Entry, State
from adapter.cli.ledger.write import REASON_LIMIT, prune, resolve
from adapter.ledger.tables import SCHEMA
from tests.cli.ledgers import (
    AGAIN,
    CANCELLED,
    DAY,
    DOUBTFUL,
    EVERYTHING,
    NOW,
    PAUSED,
    Desk,
    desk_at,
    doubtful,
    push,
    record,
    rewound_seconds_ago,
    served,
    unsent,
)
from tests.cli.terminals import terminal
from tests.conformance.postgres import Postgres

pytestmark = pytest.mark.usefixtures("process_of_its_own")


# Resolve


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
    assert story["because"].startswith("li settled it (rang the depot)")


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
    assert "--reason must have 1 to" in empty.stderr
    assert desk.finds("--state", "in_doubt") == [AGAIN.key, DOUBTFUL.key]


@pytest.mark.parametrize("option", ["--reason", "--by"])
def test_a_word_longer_than_anybody_reads_is_refused(hostile_desk: Desk, option: str) -> None:
    words = {"--reason": "r", "--by": "li", option: "x" * (REASON_LIMIT + 1)}
    typed = [word for pair in words.items() for word in pair]

    refused = hostile_desk.types("resolve", HOSTILE.key, "--outcome", "invalid", "--yes", *typed)

    assert refused.exit_code == 2
    assert f"{option} must have 1 to {REASON_LIMIT} characters." in refused.stderr
    assert hostile_desk.finds("--state", "in_doubt") == [HOSTILE.key]


def test_without_a_terminal_nothing_is_settled_unless_somebody_is_sure(desk: Desk) -> None:
    words = ("--outcome", "invalid", "--reason", "r", "--by", "li")

    refused = desk.types("resolve", "SF-DOUBT", *words)

    assert refused.exit_code == 2
    assert (
        "confirmation needs a terminal, and there is none. Add --yes to confirm." in refused.stderr
    )
    assert desk.finds("--state", "in_doubt") == [AGAIN.key, DOUBTFUL.key]


def test_root_is_nobodys_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SUDO_USER", "USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "root")

    words = ("--outcome", "invalid", "--reason", "r", "--yes")
    refused = desk.types("resolve", "SF-DOUBT", *words)
    monkeypatch.setenv("SUDO_USER", "li")
    settled = desk.types("resolve", DOUBTFUL.key, *words)

    assert refused.exit_code == 2
    assert "Add --by NAME; it is stored." in refused.stderr
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
            resolve.main([HOSTILE.key, "--config", str(desk.config), *given, *words])
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


# Accept a rewind


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
    assert desk.types("accept-rewind", *words).exit_code == 2


# Prune


def test_only_what_is_old_and_settled_is_removed(desk: Desk) -> None:
    with served(desk.url):
        dry = desk.types("prune", "--dry-run")
        done = desk.types("prune")
        rest = desk.types("prune")

    assert dry.stdout == "Settled pushes older than 180 days: 1. Nothing was removed.\n"
    assert done.stdout == "Settled pushes older than 180 days removed: 1.\n"
    assert rest.stdout.endswith(": 0.\n")
    assert len(desk.finds()) == len(EVERYTHING) - 1


def test_doubt_is_kept_however_old(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    ancient, young = doubtful(1, received_at=NOW - 999 * DAY), push(2, received_at=NOW - DAY / 2)
    record(desk.url, [ancient, young])

    done, never = desk.types("prune", "--older-than", "1"), desk.types("prune", "--older-than", "0")

    assert (done.exit_code, never.exit_code) == (0, 2)
    assert desk.finds() == [young.key, ancient.key]


def test_what_was_answered_without_asking_goes_with_its_days_too(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    paused = unsent(3, "paused")
    record(desk.url, [paused, push(25, received_at=paused.received_at - 2 * DAY)])

    done = desk.types("prune", "--older-than", "1")

    assert done.stdout == "Settled pushes older than 1 day removed: 1.\n"
    assert desk.finds() == [paused.key]


def test_who_watches_sees_how_many_are_gone(desk: Desk) -> None:
    with terminal() as watching, redirect_stderr(watching.screen):
        prune.main(["--config", str(desk.config)], standalone_mode=False)
        first = watching.shown()
        prune.main(["--config", str(desk.config)], standalone_mode=False)
        second = watching.shown()

    assert (first, second) == ("\r1 removed\r\n", "")


# Migrate


def test_migrating_says_from_what_to_what(tmp_path: Path, postgres: Postgres) -> None:
    for url in (f"sqlite:///{tmp_path}/new.db", postgres.new_database()):
        desk = desk_at(tmp_path, url)
        outdated = desk.types("search") if url.startswith("postgresql") else None

        first, second = desk.types("migrate"), desk.types("migrate")

        assert first.stdout == f"Schema none → {SCHEMA}.\n"
        assert second.stdout == f"Schema {SCHEMA}: nothing to do.\n"
        assert outdated is None or "waybridge ledger migrate" in outdated.stderr


def test_migrating_waits_for_nobody_who_serves_from_the_file(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, f"sqlite:///{tmp_path}/ledger.db")

    with served(desk.url):
        result = desk.types("migrate")

    assert result.exit_code == 2
    assert "is in use by process" in result.stderr
