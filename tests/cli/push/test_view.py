from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

from adapter.cli.push.account import Destination
from adapter.cli.push.view import as_json, show
from adapter.simulator.cases import CASES
from adapter.simulator.delivery import Answered
from adapter.simulator.play import Played
from adapter.simulator.press import PressFields
from adapter.simulator.verdict import judge
from adapter.wechat.client_side import SealedPush
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults

ACCOUNT = replace(defaults.ACCOUNT, app_id="wx", mode=Mode.PLAINTEXT, token=Secret("canary-token"))
WHERE = Destination(
    url="http://127.0.0.1:1/push", account=ACCOUNT, is_loopback=True, is_development=False
)
PRESS = PressFields.of(CASES["example"], create_time=7, word="1").with_fields(
    {"BizPwd": "canary-pwd"}
)
SILENCE = Answered(status=None, body=b"", seconds=5, fault="no answer within 5 s")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def played(*answers: Answered) -> Played:
    verdict = judge(answers[-1], PRESS, Format.XML, account=ACCOUNT, case=CASES["example"])
    sealed = SealedPush(query="", body=b"")
    return Played(press=PRESS, sealed=sealed, answers=answers, verdict=verdict)


def answered(result_msg: str) -> Answered:
    told: dict[str, str | int] = {
        "ToUserName": "oABCD",
        "FromUserName": "gh_abcdefg",
        "CreateTime": 7,
        "MsgType": "event",
        "Event": "cancel_waybill",
        "BizID": "xyz",
        "OrderID": "012345678901234567890123456789",
        "WayBillID": "123456789",
        "ResultCode": 0,
        "ResultMsg": result_msg,
    }
    return Answered(status=200, body=encode(told.items(), Format.XML), seconds=0.02)


def shown(what: Played, stream: StringIO | None = None) -> str:
    stream = stream or StringIO()
    show(what, WHERE, "example", Format.XML, stream=stream)
    return stream.getvalue()


def test_every_delivery_is_told_with_its_time() -> None:
    text = shown(played(SILENCE, answered("success")))

    assert "← no answer within 5 s after 5000 ms\n← HTTP 200 after 20 ms\n" in text


def test_silence_is_a_fault_and_the_merchant_learns_nothing() -> None:
    text = shown(played(SILENCE))

    assert "✗ no answer within 5 s" in text
    assert "errcode              -1" in text
    assert "delivery_resultcode" not in text


def test_what_a_carrier_wrote_cannot_move_the_cursor() -> None:
    text = shown(played(answered("a\u202eb\u0085c [bold]d[/bold]")))

    assert "ResultMsg      a\\u202eb\\x85c [bold]d[/bold]" in text


def test_only_a_terminal_gets_colours() -> None:
    assert "\x1b[" not in shown(played(answered("success")))


def test_no_secret_is_in_any_form_of_it() -> None:
    what = played(answered("success"))
    document = as_json(what, WHERE, "example", Format.XML)

    for text in (shown(what), shown(what, Terminal()), document, repr(what), repr(WHERE)):
        assert "canary" not in text
    assert json.loads(document)["request"]["BizPwd"] == "***"


def test_a_refused_push_is_told_where_its_reason_stands() -> None:
    refused = shown(played(Answered(status=403, body=b"forbidden", seconds=0.01)))
    answered_well = shown(played(answered("success")))

    assert "log (event push_refused, field reason); see `waybridge explain`" in refused
    assert "push_refused" not in answered_well
