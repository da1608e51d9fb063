"""Requests to a running ops port, what is printed, and what is said when nothing answers."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from adapter.cli.controls import COMMANDS, DEFAULT_URL, lasting
from tests.cli.ops_ports import Turned, listening, ops, typed

pytestmark = pytest.mark.usefixtures("process_of_its_own")


status = COMMANDS["status"]


def answering(answer: str, path: str = "/api/status") -> Starlette:
    """Whatever else may listen on the port."""
    return Starlette(routes=[Route(path, lambda _: PlainTextResponse(answer))])


def test_a_part_that_says_nothing_of_itself_is_unknown() -> None:
    with ops(Turned()) as url:
        result = typed(status, url)

    assert result.stdout.splitlines()[1:3] == ["carrier: unknown", "ledger: down (full)"]


def test_a_pause_is_told_beside_how_it_is() -> None:
    turned = Turned()
    turned.gate.paused = True
    with ops(turned) as url:
        result = typed(status, url)

    assert result.stdout.splitlines()[0] == (
        "ready, paused: new pushes are answered -1; 3 pushes in flight, 0 in doubt"
    )


def test_json_is_the_answer_as_it_came() -> None:
    answer = {"status": "ready", "paused": False, "in_flight": 1, "carrier": {"detail": "运单"}}
    with listening(answering(json.dumps(answer))) as url:
        result = typed(status, url, "--json")

    assert json.loads(result.stdout) == answer
    assert "运单" in result.stdout


def test_one_that_is_older_tells_less() -> None:
    with listening(answering('{"status": "ready", "paused": false, "in_flight": 1}')) as url:
        result = typed(status, url)

    assert result.stdout.splitlines() == [
        "ready; 1 push in flight",
        "carrier: unknown",
        "ledger: unknown",
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (65, "1 min 5 s"), (3600, "1 h 0 min"), (200_000, "2 d 7 h")],
)
def test_a_time_is_told_in_its_two_largest_units(seconds: int, told: str) -> None:
    assert lasting(seconds) == told


def test_a_slash_at_the_end_of_the_url_does_no_harm() -> None:
    with ops(Turned()) as url:
        result = typed(status, url + "/")

    assert result.exit_code == 0


def test_an_address_without_http_is_taken_as_listen_writes_it() -> None:
    with ops(Turned()) as url:
        result = typed(status, url.removeprefix("http://"))

    assert result.exit_code == 0


def test_the_ops_port_of_the_default_configuration_is_asked_by_default() -> None:
    defaults = {parameter.name: parameter.default for parameter in status.params}

    assert defaults["ops"] == DEFAULT_URL == "http://127.0.0.1:9090"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://li:hunter2@127.0.0.1:1", "http://***@127.0.0.1:1"),
        ("http://li:hunter2@[::1", "http://***@[::1"),
    ],
)
def test_where_nothing_answers_is_said_without_the_password(url: str, named: str) -> None:
    result = typed(status, url)

    assert result.exit_code == 2
    assert f"{named} does not answer" in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("/elsewhere", "", "answered HTTP 404"),
        ("/api/status", "hello", "does not answer as a waybridge"),
        ("/api/status", "[]", "does not answer as a waybridge"),
        ("/api/status", '{"status": "ready"}', "does not answer as a waybridge"),
    ],
)
def test_a_stranger_on_the_port_is_named_so(path: str, answer: str, words: str) -> None:
    with listening(answering(answer, path)) as url:
        result = typed(status, url)

    assert (result.exit_code, words in result.stderr) == (2, True)


# Pause


def test_a_pause_is_turned_on_and_told() -> None:
    turned = Turned()
    with ops(turned) as url:
        result = typed(COMMANDS["pause"], url)

    assert turned.gate.paused
    assert result.stdout.startswith(
        "ready, paused: new pushes are answered -1; 3 pushes in flight, 0 in doubt"
    )


def test_a_pause_of_what_is_paused_changes_nothing() -> None:
    turned = Turned()
    with ops(turned) as url:
        first, second = typed(COMMANDS["pause"], url), typed(COMMANDS["pause"], url)

    assert turned.gate.paused
    assert second.stdout == first.stdout


# Resume


def test_the_end_of_a_pause_is_turned_and_told() -> None:
    turned = Turned()
    turned.gate.paused = True
    with ops(turned) as url:
        result = typed(COMMANDS["resume"], url, "--json")

    assert not turned.gate.paused
    assert json.loads(result.stdout)["paused"] is False


def test_resuming_what_was_never_paused_is_no_fault() -> None:
    with ops(Turned()) as url:
        result = typed(COMMANDS["resume"], url)

    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "ready; 3 pushes in flight, 0 in doubt",
    )


# Drain


def test_a_drain_is_begun_and_returns_at_once() -> None:
    turned = Turned()
    with ops(turned) as url:
        result = typed(COMMANDS["drain"], url)

    assert turned.drained == [True]
    assert result.stdout.splitlines()[0] == "draining; 3 pushes in flight, 0 in doubt"


# Status


def test_status_says_in_a_few_words_how_it_is() -> None:
    with ops(Turned(in_doubt=2, up_seconds=7 * 3600 + 65)) as url:
        result = typed(COMMANDS["status"], url)

    assert result.stdout.splitlines() == [
        "ready; 3 pushes in flight, 2 in doubt",
        "carrier: unknown",
        "ledger: down (full)",
        f"waybridge {version('waybridge')}, up for 7 h 1 min",
    ]


def test_one_push_is_not_several() -> None:
    with ops(Turned(in_flight=1)) as url:
        result = typed(COMMANDS["status"], url)

    assert result.stdout.startswith("ready; 1 push in flight, 0 in doubt\n")


def test_asking_turns_nothing() -> None:
    turned = Turned()
    turned.gate.paused = True
    with ops(turned) as url:
        result = typed(COMMANDS["status"], url)

    assert (turned.gate.paused, turned.drained) == (True, [])
    assert result.stdout.startswith(
        "ready, paused: new pushes are answered -1; 3 pushes in flight, 0 in doubt\n"
    )


def test_tls_where_plain_http_is_spoken_is_named() -> None:
    with ops(Turned()) as url:
        result = typed(status, url.replace("http://", "https://"))

    assert result.exit_code == 2
    assert "speaks no TLS, but plain HTTP. Write http://" in result.stderr
