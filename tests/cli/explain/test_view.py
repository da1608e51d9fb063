from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from adapter.cli.check.answers import AnswerRow
from adapter.cli.explain.view import Explanation, as_json, show
from adapter.explain.capture import Capture
from adapter.explain.causes import Found, RefusalCause
from adapter.explain.judgement import judge
from adapter.explain.request import Asked, asked
from adapter.wechat.client_side import build_verification
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Mode
from tests import defaults
from tests.carrier.dispatch_contract import cancellation, shipped_mapping
from tests.explain.capturing import BOTH, FIELDS, NOW, OURS, Sent, sent

ANSWERS = (
    AnswerRow(
        kind="status",
        status="CANCEL_STATUS_PICKED_UP",
        number=3,
        outcome="picked_up",
        result_code=30002,
        text="picked up",
    ),
)


def _told(
    push: Sent,
    *,
    account: Account = OURS,
    signed: bool = True,
    now: float = NOW,
    request: Asked | None = None,
    answers: tuple[AnswerRow, ...] = (),
    forward: bool = True,
) -> Explanation:
    captured = Capture(body=push.body, query=push.query if signed else None)
    return Explanation(
        judgement=judge(
            "wechat",
            {**BOTH, "wechat": account},
            captured,
            now_unix=now,
            body_limit_bytes=defaults.EDGE.body_limit_bytes,
        ),
        account=account,
        captured=captured,
        at_unix=now,
        request=request,
        answers=answers,
        forward=forward,
    )


def _shown(push: Sent, **others: Any) -> str:
    stream = io.StringIO()
    show(_told(push, **others), stream=stream)
    return stream.getvalue()


def test_a_taken_push_is_told_step_by_step() -> None:
    shown = _shown(sent(), now=NOW + 12)

    lines = [line.strip() for line in shown.splitlines()]
    assert lines[1] == (
        "signature   msg_signature is correct with the current token, signed 12 s before it arrived"
    )
    assert lines[2] == f"decryption  correct with the current key, for {OURS.app_id}"
    assert "BizPwd = ***" in lines
    assert lines[-1] == "Accepted: answered 200."


def test_a_push_from_the_future_is_told_so() -> None:
    assert "signed 12 s after it arrived" in _shown(sent(), now=NOW - 12)


def test_a_push_that_is_not_encrypted_is_told_by_its_signature() -> None:
    shown = _shown(sent(mode=Mode.PLAINTEXT), account=replace(OURS, mode=Mode.PLAINTEXT))

    assert "signature   signature is correct with the current token" in shown
    assert "decryption  none: the body is not encrypted" in shown


def test_without_a_query_nothing_is_said_of_the_signature() -> None:
    shown = _shown(sent(), signed=False)

    assert "signature   not checked: no --query was given" in shown
    assert shown.endswith("Accepted if its signature is valid: answered 200.\n")


def test_a_refused_push_is_told_with_what_explains_it() -> None:
    shown = _shown(replace(sent(), query=b""))

    assert "refused     wrong_mode (plaintext_push)" in shown
    assert shown.endswith(
        "Refused: answered 403. Likely causes:\n"
        "  The query is empty, so there is no signature.\n"
        f"    {Found(cause=RefusalCause.QUERY_LOST).hint}\n"
    )


@pytest.mark.parametrize(
    ("event", "forward", "says"),
    [
        ("add_waybill", True, "add_waybill is not a cancel_waybill push: forwarded to [forward]"),
        ("add_waybill", False, "add_waybill is not a cancel_waybill push: answered `success`"),
        ("", False, "(none) is not a cancel_waybill push: answered `success`"),
    ],
)
def test_another_event_is_told_with_where_it_goes(event: str, forward: bool, says: str) -> None:  # noqa: FBT001 - a case of the table
    push = sent(message=encode({**dict(FIELDS), "Event": event}.items(), Format.XML))

    assert f"event       {says}" in _shown(push, forward=forward)


def test_a_push_that_names_no_waybill_asks_for_nothing() -> None:
    push = sent(message=encode({**dict(FIELDS), "WayBillID": ""}.items(), Format.XML))

    assert "none: WayBillID not valid; answered 30001" in _shown(push)


def test_the_request_is_told_with_what_each_answer_comes_to() -> None:
    request = asked(shipped_mapping(), cancellation())

    shown = _shown(sent(), request=request, answers=ANSWERS)

    assert "waybill_id = 123456789" in shown
    assert "xyz123" not in shown
    table = shown.partition("What each answer of the carrier leads to:")[2]
    assert "CANCEL_STATUS_PICKED_UP" in table
    assert "30002" in table


def test_json_of_a_taken_push_holds_the_same() -> None:
    request = asked(shipped_mapping(), cancellation())

    told = json.loads(as_json(_told(sent(), request=request, answers=ANSWERS)))

    assert (told["taken"], told["status"], told["reason"], told["causes"]) == (True, 200, "", [])
    assert [step["name"] for step in told["steps"]][-1] == "request"
    assert told["fields"]["BizPwd"] == "***"
    assert told["request"]["method"] == "carrier.v1.WaybillService/CancelWaybill"
    assert len(told["answers"]) == len(ANSWERS)


def test_json_of_a_refused_push_holds_its_causes_and_asks_for_nothing() -> None:
    told = json.loads(as_json(_told(replace(sent(), query=b""))))

    assert (told["taken"], told["status"], told["reason"]) == (False, 403, "wrong_mode")
    assert [cause["cause"] for cause in told["causes"]] == ["query_lost"]
    assert (told["request"], told["answers"], told["fields"]) == (None, [], {})


def test_a_push_without_a_password_is_told_to_have_none() -> None:
    push = sent(message=encode({**dict(FIELDS), "BizPwd": ""}.items(), Format.XML))

    assert "BizPwd = (none)" in _shown(push)


def test_the_verification_of_the_url_is_told() -> None:
    query = build_verification(OURS, timestamp=NOW, nonce="1", echostr="437512").encode()

    shown = _shown(Sent(query=query, body=b""))

    assert "URL verification by WeChat: echostr is returned unchanged" in shown


def test_a_text_that_does_not_fit_is_told_with_its_answer() -> None:
    shown = _shown(sent(), request=Asked(method="a/b", unfit="OrderID cannot stand in it"))

    assert "none: OrderID cannot stand in it; answered 30001 (not_found)" in shown


def test_a_push_with_a_header_fault_is_told_as_the_edge_answers_it() -> None:
    shown = _shown(
        sent(message=b"<xml><FromUserName>o</FromUserName><Event>cancel_waybill</Event></xml>")
    )

    assert "none: ToUserName, CreateTime missing or not valid; answered -1" in shown
    assert "CreateTime = (none)" in shown


def test_another_event_that_our_reader_dislikes_is_told_to_be_passed_on() -> None:
    shown = _shown(sent(message=b"<xml><Event>x</Event><a>1</a><a>2</a></xml>"))

    assert "x is not a cancel_waybill push: forwarded to [forward], although our reader" in shown
    assert "refuses it: repeated_name" in shown


def test_what_was_opened_but_cannot_be_read_is_told_where_it_stopped() -> None:
    shown = _shown(sent(message=b"<xml><Event>cancel_waybill</Event></xml>"))

    assert "decryption  correct" in shown
    assert "refused     undecodable (FromUserName)" in shown
