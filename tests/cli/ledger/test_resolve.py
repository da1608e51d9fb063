from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from adapter.cancellation.model import Basis, Entry, State
from adapter.cli.ledger.operator import WORDS_LIMIT
from adapter.cli.ledger.resolve import resolve
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

pytestmark = pytest.mark.usefixtures("process_of_its_own")

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
    words = {"--reason": "r", "--by": "li", option: "x" * (WORDS_LIMIT + 1)}
    typed = [word for pair in words.items() for word in pair]

    refused = hostile_desk.types("resolve", HOSTILE.key, "--outcome", "invalid", "--yes", *typed)

    assert refused.exit_code == 2
    assert f"{option} must have 1 to {WORDS_LIMIT} characters." in refused.stderr
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


# Many


SURE = ("--outcome", "failed", "--reason", "the depot's list", "--by", "li")
CSV = f"""key,outcome,reason
{DOUBTFUL.key},cancelled,void at the depot
{AGAIN.key},picked_up,
{CANCELLED.key},invalid,r
{"f" * 32},invalid,r
"""


def words_on(desk: Desk, entry: Entry) -> list[tuple[str, str, str]]:
    shown = json.loads(desk.types("show", entry.key, "--json").stdout)
    return [(each["who"], each["reason"], each["outcome"]) for each in shown["resolutions"]]


@pytest.mark.parametrize("from_stdin", [False, True], ids=["file", "stdin"])
def test_a_csv_is_settled_line_by_line_and_the_rest_is_named(
    desk: Desk, tmp_path: Path, *, from_stdin: bool
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(CSV)
    words = ("--csv", "-" if from_stdin else str(file), "--reason", "list", "--by", "li", "--yes")

    with served(desk.url):
        done = desk.types("resolve", *words, stdin=CSV if from_stdin else None)

    assert done.exit_code == 1
    assert done.stdout == "2 pushes settled by li: 1 cancelled, 1 picked_up.\n"
    assert f"{CANCELLED.key}: not in doubt, it is done: cancelled (by carrier" in done.stderr
    assert f"line 5: {'f' * 32}: no push has this key." in done.stderr
    assert "2 pushes not settled." in done.stderr
    assert words_on(desk, DOUBTFUL) == [("li", "void at the depot", "cancelled")]
    assert words_on(desk, AGAIN) == [("li", "list", "picked_up")]
    assert words_on(desk, CANCELLED) == []


def test_a_faulty_csv_settles_nothing(hostile_desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"key,outcome,reason\n{HOSTILE.key},failed,r\nSF1,failed,r\n")

    refused = hostile_desk.types("resolve", "--csv", str(file), "--by", "li", "--yes")
    gone = hostile_desk.types("resolve", "--csv", "none.csv", "--by", "li", "--yes")

    assert (refused.exit_code, gone.exit_code) == (2, 2)
    assert f"{file}, line 3: 'sf1' is not a whole key" in refused.stderr
    assert "none.csv cannot be read: no such file" in gone.stderr
    assert hostile_desk.finds("--state", "in_doubt") == [HOSTILE.key]


@pytest.mark.parametrize(
    ("words", "settled"),
    [
        (("--state", "in_doubt"), [AGAIN, DOUBTFUL]),
        (("--since", "30m"), [AGAIN]),
        (("--until", "30m", "--merchant", "xyz"), [DOUBTFUL]),
        (("--state", "in_doubt", "--merchant", "nobody"), []),
        ((AGAIN.key, "SF-DOUBT"), [AGAIN, DOUBTFUL]),
    ],
)
def test_what_is_selected_or_named_is_settled(
    desk: Desk, words: tuple[str, ...], settled: list[Entry]
) -> None:
    done = desk.types("resolve", *words, *SURE, "--yes")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{len(settled)} push")
    for entry in (AGAIN, DOUBTFUL):
        expected = [("li", "the depot's list", "failed")] if entry in settled else []
        assert words_on(desk, entry) == expected


def test_many_are_shown_first_and_nothing_is_written_unconfirmed(desk: Desk) -> None:
    words = ("resolve", "SF-DOUBT", AGAIN.key, CANCELLED.key, "SF-NONE")

    shown = desk.types(*words, "--outcome", "cancelled", "--reason", "r", "--by", "li")

    assert shown.exit_code == 2
    assert "Add --yes to confirm." in shown.stderr
    assert shown.stdout.splitlines()[-2].split() == [
        *("outcome", "code", "pushes", "merchants", "received", "from", "to", "to", "tell")
    ]
    cells = shown.stdout.splitlines()[-1].split()
    assert (cells[:4], cells[-1]) == (["cancelled", "0", "2", "1"], "2")
    assert f"left as it is: {CANCELLED.key}: not in doubt" in shown.stderr
    assert "left as it is: 'SF-NONE': no push has this key" in shown.stderr
    assert desk.finds("--state", "in_doubt") == [AGAIN.key, DOUBTFUL.key]


def test_what_changed_since_it_was_shown_is_listed(
    hostile_desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else settles it while we are asked."""
    given = ["--state", "in_doubt", *SURE, "--config", str(hostile_desk.config)]

    def meanwhile(*_: object, **__: object) -> bool:
        assert hostile_desk.types("resolve", HOSTILE.key, *SURE, "--yes").exit_code == 0
        return True

    with terminal() as asked, monkeypatch.context() as process:
        process.setattr(sys, "stdin", asked.keyboard)
        process.setattr("click.confirm", meanwhile)
        with pytest.raises(SystemExit) as ended:
            resolve.main(given)

    said = capsys.readouterr()
    assert ended.value.code == 1
    assert "0 pushes settled by li.\n" in said.out
    assert f"{HOSTILE.key}: not in doubt, it is done: failed (by operator" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one of the three"),
        (("SF-DOUBT", "--state", "in_doubt", *SURE), "one of the three"),
        (("--csv", "-", "--since", "2h"), "one of the three"),
        (("--state", "in_doubt", "--reason", "r"), "Missing option '--outcome'"),
        (("--state", "in_doubt", "--outcome", "failed"), "Missing option '--reason'"),
        (("--since", "soon", *SURE), "--since: 'soon' is not a valid time"),
        (("--state", "done", *SURE), "in_doubt"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    hostile_desk: Desk, words: tuple[str, ...], said: str
) -> None:
    refused = hostile_desk.types("resolve", *words, "--yes")

    assert refused.exit_code == 2
    assert said in refused.stderr
