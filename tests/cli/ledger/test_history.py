from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter.cancellation.model import Basis, Call, Cause, Doubt, Entry, Outcome, State, Unsent
from adapter.cli.ledger.history import (
    DECIDED,
    DOUBT,
    NOT_ASKED,
    OUTCOMES,
    UNSENT,
    as_json,
    because,
    lines,
    reply_of,
)
from adapter.cli.ledger.rows import COLUMNS
from adapter.config.load import Settings
from adapter.config.sections import CarrierSettings, OpsSettings, WeChatSettings
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Chronicle
from adapter.wechat.codec import Format
from tests.cli.ledgers import call_of, doubtful, push, unsent

BERLIN = Settings(wechat=WeChatSettings(locale="en"), ops=OpsSettings(timezone="Europe/Berlin"))
AT = 1_795_434_508.25  # 2026-11-23T12:48:28.250+01:00
CLEAR_SCREEN = "\x1b[2J"


def story_of(
    entry: Entry, *, calls: tuple[Call, ...] = (), words: tuple[Resolution, ...] = ()
) -> Chronicle:
    return Chronicle(entry=entry, calls=calls, resolutions=words)


def told(story: Chronicle) -> list[str]:
    return list(lines(story, BERLIN))


def document(story: Chronicle) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(as_json(story, BERLIN))
    return read


def word_on(entry: Entry, *, reason: str = "rang the depot") -> Resolution:
    return Resolution(key=entry.key, who="li", reason=reason, outcome=Outcome.PICKED_UP, at=AT)


def running(entry: Entry) -> Call:
    return replace(call_of(entry), ended_at=None, status="", outcome=None)


# For people


def test_a_story_is_told_from_the_press_to_the_reply() -> None:
    entry = push(1, received_at=AT, called_at=AT, settled_at=AT + 0.25, message="已取消")

    story = told(story_of(entry, calls=(call_of(entry),)))

    assert story[:11] == [
        f"push          {entry.key}",
        "waybill       SF000000001",
        "order         ORDER-1",
        "merchant      xyz",
        "pressed       CreateTime 1533042556 by oABCD",
        "received      2026-11-23T12:48:28.250+01:00, 1 delivery",
        "state         done",
        "code          0",
        "basis         carrier",
        "told          0",
        "carrier said  已取消",
    ]
    assert because(story_of(entry)) in story
    at = story.index("Calls to the carrier: 1")
    assert story[at + 1] == "  1  2026-11-23T12:48:28.250+01:00  250 ms  CANCELLED  cancelled"
    assert story[-3] == "The reply, before encryption:"
    assert "<ResultMsg><![CDATA[success]]></ResultMsg>" in story[-2]
    assert json.loads(story[-1])["ResultCode"] == 0


def test_what_is_not_decided_is_told_as_not_yet() -> None:
    entry = doubtful(1, state=State.CALLING, told=None, deliveries=3)

    story = told(story_of(entry, calls=(running(entry),)))

    assert {"code          none yet", "basis         none yet", "told          nothing yet"} < set(
        story
    )
    assert "carrier said  (no message)" in story
    assert any(line.startswith("received") and line.endswith(", 3 deliveries") for line in story)
    assert story[story.index("Calls to the carrier: 1") + 1].endswith("  not ended")


def test_a_push_that_was_not_sent_has_no_calls() -> None:
    story = told(story_of(unsent(1, "paused")))

    assert story[story.index("Calls to the carrier: 0") + 1] == ""


def test_an_operators_word_is_told_with_name_time_and_reason() -> None:
    entry = push(1)

    story = told(story_of(entry, words=(word_on(entry),)))

    assert "Settled by li at 2026-11-23T12:48:28.250+01:00 as picked_up: rang the depot" in story


def test_no_text_of_a_stranger_acts_on_the_terminal() -> None:
    ids = ("waybill_id", "order_id", "biz_id", "open_id", "account", "message", "shop_app_id")
    entry = push(1, **dict.fromkeys(ids, CLEAR_SCREEN), why=CLEAR_SCREEN)
    word = replace(word_on(entry, reason=CLEAR_SCREEN), who=CLEAR_SCREEN)

    story = told(story_of(entry, words=(word,)))

    assert all(line.isprintable() for line in story)


# For programs


def test_json_begins_with_the_fields_of_a_search() -> None:
    push_told = document(story_of(push(1)))["push"]

    assert tuple(push_told)[: len(COLUMNS)] == COLUMNS
    assert (push_told["outcome"], push_told["why"]) == ("cancelled", "CANCELLED")
    assert (push_told["account"], push_told["open_id"]) == ("gh_abcdefg", "oABCD")


def test_json_tells_times_in_the_zone_and_nothing_where_there_was_none() -> None:
    asked = document(story_of(doubtful(1, received_at=AT, called_at=AT)))["push"]
    never = document(story_of(unsent(1, "paused")))["push"]

    assert asked["received_at"] == asked["called_at"] == "2026-11-23T12:48:28.250+01:00"
    assert (asked["settled_at"], asked["outcome"]) == (None, None)
    assert never["called_at"] is None


def test_the_text_of_a_failed_call_stands_beside_it() -> None:
    entry = doubtful(1, called_at=AT)
    call = replace(call_of(entry), text="no such load \x1b[2J")

    shown = list(lines(story_of(entry, calls=(call,)), BERLIN))

    assert any(line.endswith("UNAVAILABLE  in_doubt  no such load \\x1b[2J") for line in shown)


def test_json_tells_every_call_and_which_has_not_ended() -> None:
    entry = doubtful(1, called_at=AT)
    first = replace(call_of(entry), doubt=Doubt.SERVER_WORD, text="no such load")
    second = replace(running(entry), epoch=2)

    calls = document(story_of(entry, calls=(first, second)))["calls"]

    assert calls == [
        {
            "epoch": 1,
            "sent_at": "2026-11-23T12:48:28.250+01:00",
            "ended_at": "2026-11-23T12:48:28.500+01:00",
            "status": "UNAVAILABLE",
            "outcome": "in_doubt",
            "doubt": "server_word",
            "text": "no such load",
        },
        {
            "epoch": 2,
            "sent_at": "2026-11-23T12:48:28.250+01:00",
            "ended_at": None,
            "status": "",
            "outcome": None,
            "doubt": None,
            "text": "",
        },
    ]


def test_json_tells_operators_words_and_the_reply_in_both_formats() -> None:
    entry = push(1, order_id="运单")

    read = document(story_of(entry, words=(word_on(entry),)))

    assert read["resolutions"] == [
        {
            "key": entry.key,
            "who": "li",
            "reason": "rang the depot",
            "outcome": "picked_up",
            "at": "2026-11-23T12:48:28.250+01:00",
        }
    ]
    assert read["because"] == because(story_of(entry, words=(word_on(entry),)))
    assert "<OrderID><![CDATA[运单]]></OrderID>" in read["reply"]["xml"]
    assert json.loads(read["reply"]["json"])["OrderID"] == "运单"


def test_json_is_written_in_letters_people_can_read() -> None:
    assert "运单" in as_json(story_of(push(1, order_id="运单")), BERLIN)


# Why it was answered so


def told_of(entry: Entry, *words: Resolution) -> str:
    return because(Chronicle(entry=entry, calls=(), resolutions=words))


def test_every_outcome_and_every_reason_has_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(UNSENT) == set(Unsent)


def test_every_cause_has_a_sentence_in_every_state_it_can_lead_to() -> None:
    reasons = {reason.value for reason in Unsent}

    assert set(NOT_ASKED) == {Cause.WITHDRAWN, *reasons}
    assert set(DOUBT) == {Cause.CARRIER, Cause.OWNER_DIED, Cause.WITHDRAWN, *reasons}
    assert set(DECIDED) == {Cause.CARRIER, Cause.LOOKUP, Cause.INFERRED, Cause.OPERATOR}
    assert {*NOT_ASKED, *DOUBT, *DECIDED} == {*Cause, *reasons}


@pytest.mark.parametrize(
    ("cause", "why", "words"),
    [("tides", "low", "tides: low"), ("tides", "", "tides"), ("", "X", "X")],
)
def test_a_cause_that_only_another_version_knows_is_said_as_it_is(
    cause: str, why: str, words: str
) -> None:
    given = {"cause": cause, "why": why}

    assert told_of(push(1, **given)).startswith(f"The ledger says {words}: the waybill is")
    assert f"cancelled the waybill: {words}. The merchant" in told_of(doubtful(1, **given))
    assert f"was not asked: {words}. Nothing" in told_of(replace(unsent(1, cause), why=why))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (push(1), "The carrier answered CANCELLED: the waybill is cancelled, ResultCode 0."),
        (push(1), "The merchant was told this."),
        (push(1, told=Outcome.IN_DOUBT), "tell them that the waybill is cancelled"),
        (push(1, told=Outcome.FAILED), "told something else (-1), not this"),
        (push(1, told=None), "No delivery was waiting when it was decided"),
        (
            push(1, outcome=Outcome.INVALID, told=Outcome.IN_DOUBT),
            "the next press of the button will tell them",
        ),
        (
            push(1, outcome=Outcome.ALREADY_CANCELLED, why="ALREADY"),
            "no call of ours whose result was unknown or not reported explains it",
        ),
        (push(1, basis=Basis.INFERRED, why="ALREADY"), "our own success"),
        (
            push(1, basis=Basis.INFERRED, cause=Cause.INFERRED, why=""),
            "The carrier answered a later push for this waybill that it was already cancelled.",
        ),
        (
            push(1, basis=Basis.INFERRED, cause=Cause.LOOKUP, why="cancelled"),
            "The carrier's lookup answered cancelled: the waybill is cancelled, and a call of ours",
        ),
        (doubtful(1), "call 1 ended with UNAVAILABLE"),
        (
            doubtful(1, cause=Cause.OWNER_DIED, why=""),
            "the process that made the call ended before",
        ),
        (doubtful(1, state=State.CALLING), "Call 1 was recorded and may still be running"),
        (unsent(1, "paused"), "The carrier was not asked: an operator had paused waybridge."),
        (unsent(1, "withdrawn"), "in time and recorded it later"),
        (push(1, why="lookup_ok"), "The carrier answered lookup_ok: the waybill is cancelled"),
        (
            push(1, basis=Basis.INFERRED, why="lookup_ok"),
            "The carrier answered lookup_ok, and a call",
        ),
        (doubtful(1, why="owner died"), "call 1 ended with owner died"),
        (doubtful(1, why=""), "call 1 ended with unknown"),
        (doubtful(1, why="{calls}"), "call 1 ended with {calls}"),
        (
            doubtful(1, cause=Cause.WITHDRAWN, why=""),
            "the result of call 1 is unknown and the next call was not sent: the ledger could not",
        ),
        (
            doubtful(1, cause="carrier_unreachable", why=""),
            "the next call was not sent: there was no connection to the carrier",
        ),
    ],
)
def test_why_it_was_answered_so_is_said_in_a_sentence(entry: Entry, words: str) -> None:
    assert words in told_of(entry)


def test_an_operators_word_is_quoted_with_its_name() -> None:
    entry = push(1, basis=Basis.OPERATOR, cause=Cause.OPERATOR, why="rang the depot")
    word = Resolution(
        key=entry.key, who="li", reason="rang the depot", outcome=Outcome.CANCELLED, at=1.0
    )

    assert told_of(entry, word).startswith("li settled it (rang the depot)")
    assert told_of(replace(entry)).startswith("An operator settled it")


# The reply


ENGLISH = Settings(wechat=WeChatSettings(locale="en"))


@pytest.mark.parametrize(
    ("entry", "code", "text"),
    [
        (push(1), 0, "success"),
        (push(1, outcome=Outcome.PICKED_UP), 30002, "picked up"),
        (doubtful(1), -1, "not known yet"),
        (unsent(1, "paused"), -1, "Not processed now"),
        (unsent(1, "refused"), 30001, "A parameter is wrong"),
    ],
)
def test_the_reply_says_what_a_repeat_is_told(entry: Entry, code: int, text: str) -> None:
    reply = reply_of(entry, ENGLISH)

    assert reply.result_code == code
    assert text in reply.result_msg


def test_the_reply_is_addressed_to_who_pressed() -> None:
    reply = reply_of(push(1), ENGLISH).encode(Format.XML).decode()

    assert "<ToUserName><![CDATA[oABCD]]></ToUserName>" in reply
    assert "<CreateTime>1533042556</CreateTime>" in reply


def test_a_faulty_mapping_is_no_obstacle(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("method = 1")
    settings = Settings(carrier=CarrierSettings(mapping=mapping))

    assert reply_of(push(1), settings).result_msg == "success"
