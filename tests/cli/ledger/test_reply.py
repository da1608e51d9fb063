from __future__ import annotations

from pathlib import Path

import pytest

from adapter.cancellation.model import Entry, Outcome
from adapter.cli.ledger.reply import reply_of
from adapter.config.load import Settings
from adapter.config.sections import CarrierSettings, WeChatSettings
from adapter.wechat.codec import Format
from tests.cli.ledgers import doubtful, push, unsent

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
