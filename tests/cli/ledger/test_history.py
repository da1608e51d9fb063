from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapter.cancellation.model import Call, Entry, Outcome, State
from adapter.cli.ledger.because import because
from adapter.cli.ledger.history import as_json, lines
from adapter.cli.ledger.rows import COLUMNS
from adapter.config.load import Settings
from adapter.config.sections import OpsSettings, WeChatSettings
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Chronicle
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
    assert story[-3] == "The reply, before its envelope:"
    assert "<ResultMsg><![CDATA[success]]></ResultMsg>" in story[-2]
    assert json.loads(story[-1])["ResultCode"] == 0


def test_what_is_not_decided_is_told_as_not_yet() -> None:
    entry = doubtful(1, state=State.CALLING, told=None, deliveries=3)

    story = told(story_of(entry, calls=(running(entry),)))

    assert {"code          none yet", "basis         none yet", "told          nothing yet"} < set(
        story
    )
    assert "carrier said  no words of its own" in story
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


def test_json_tells_every_call_and_which_has_not_ended() -> None:
    entry = doubtful(1, called_at=AT)
    second = replace(running(entry), epoch=2)

    calls = document(story_of(entry, calls=(call_of(entry), second)))["calls"]

    assert calls == [
        {
            "epoch": 1,
            "sent_at": "2026-11-23T12:48:28.250+01:00",
            "ended_at": "2026-11-23T12:48:28.500+01:00",
            "status": "UNAVAILABLE",
            "outcome": "in_doubt",
        },
        {
            "epoch": 2,
            "sent_at": "2026-11-23T12:48:28.250+01:00",
            "ended_at": None,
            "status": "",
            "outcome": None,
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
