from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace

import pytest

from adapter.simulator.cases import CASES, Case
from adapter.simulator.delivery import Answered
from adapter.simulator.press import EXAMPLE_CREATE_TIME, PressFields
from adapter.simulator.verdict import Check, Verdict, judge
from adapter.wechat.client_side import build_push
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Envelope, Mode
from adapter.wechat.secret import Secret
from tests import defaults

NOW = 1_700_000_000
EXAMPLE = CASES["example"]
PRESS = PressFields.of(EXAMPLE, create_time=EXAMPLE_CREATE_TIME, word="1")
PLAINTEXT = replace(
    defaults.ACCOUNT, app_id="wx0123456789abcdef", mode=Mode.PLAINTEXT, token=Secret("token")
)
SECURE = replace(PLAINTEXT, mode=Mode.SECURE, encoding_aes_key=Secret("k" * 43))
RIGHT: dict[str, str | int] = {
    "ToUserName": "oABCD",
    "FromUserName": "gh_abcdefg",
    "CreateTime": 1533042556,
    "MsgType": "event",
    "Event": "cancel_waybill",
    "BizID": "xyz",
    "OrderID": "012345678901234567890123456789",
    "WayBillID": "123456789",
    "ResultCode": 0,
    "ResultMsg": "success",
}


def answered(body: bytes, *, status: int = 200) -> Answered:
    return Answered(status=status, body=body, seconds=0.01)


def judged(
    fields: Iterable[tuple[str, str | int]] | bytes,
    format: Format = Format.JSON,
    *,
    case: Case | None = EXAMPLE,
    status: int = 200,
) -> Verdict:
    body = fields if isinstance(fields, bytes) else encode(fields, format)
    return judge(answered(body, status=status), PRESS, format, account=PLAINTEXT, case=case)


def said(verdict: Verdict) -> list[tuple[Check, str]]:
    return [(found.check, found.message) for found in verdict.deviations]


@pytest.mark.parametrize("format", Format)
def test_the_documents_own_reply_passes_every_check(format: Format) -> None:
    verdict = judged(RIGHT.items(), format)

    assert verdict.is_right
    assert verdict.checked == tuple(Check)
    assert verdict.reply is not None
    assert verdict.reply.result_code == 0


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("name", ["ToUserName", "FromUserName", "BizID", "OrderID", "WayBillID"])
def test_an_echo_is_compared_byte_for_byte(name: str, format: Format) -> None:
    changed = {**RIGHT, name: f"{RIGHT[name]} "}

    verdict = judged(changed.items(), format)

    assert said(verdict) == [
        (Check.ECHO, f"{name} is {changed[name]!r}, should be {RIGHT[name]!r}")
    ]


@pytest.mark.parametrize("format", Format)
def test_the_times_and_the_event_come_back_too(format: Format) -> None:
    verdict = judged({**RIGHT, "CreateTime": 7, "Event": "Cancel_Waybill"}.items(), format)

    assert [message.split()[0] for _, message in said(verdict)] == ["CreateTime", "Event"]


def test_every_deviation_is_told_at_once() -> None:
    wrong = {
        **RIGHT,
        "ResultCode": "0",
        "ResultMsg": " ",
        "OrderID": "12345678901234567890123456789",
    }
    del wrong["MsgType"]

    verdict = judged(wrong.items())

    assert [check for check, _ in said(verdict)] == [
        Check.FIELDS,
        Check.FIELDS,
        Check.ECHO,
        Check.CODE,
        Check.TEXT,
    ]
    assert verdict.reply is None
    assert Check.EXPECTED not in verdict.checked


@pytest.mark.parametrize("format", Format)
def test_the_order_of_fields_counts(format: Format) -> None:
    verdict = judged(reversed(RIGHT.items()), format)

    assert said(verdict) == [(Check.FIELDS, f"wrong order: {', '.join(reversed(RIGHT))}")]


def test_a_field_of_no_document_is_told() -> None:
    verdict = judged({**RIGHT, "Extra": "1"}.items())

    assert said(verdict) == [(Check.FIELDS, "unknown fields: Extra")]


def test_a_number_in_cdata_is_text() -> None:
    body = encode(RIGHT.items(), Format.XML).replace(b">0<", b"><![CDATA[0]]><")

    verdict = judged(body, Format.XML)

    assert said(verdict) == [(Check.FIELDS, "ResultCode is text (CDATA) instead of a number")]


def test_a_reply_in_the_other_format_is_not_readable() -> None:
    verdict = judged(encode(RIGHT.items(), Format.XML), Format.JSON)

    assert [check for check, _ in said(verdict)] == [Check.FIELDS]


@pytest.mark.parametrize("format", Format)
def test_a_code_wechat_does_not_know_is_told(format: Format) -> None:
    verdict = judged({**RIGHT, "ResultCode": 30005}.items(), format, case=None)

    assert [check for check, _ in said(verdict)] == [Check.CODE]


def test_another_code_than_the_cases_is_told() -> None:
    verdict = judged({**RIGHT, "ResultCode": 30001}.items())

    assert said(verdict) == [(Check.EXPECTED, "ResultCode 30001, expected 0")]


def test_a_code_that_is_right_as_well_has_its_reason() -> None:
    verdict = judged({**RIGHT, "ResultCode": 30003}.items())

    assert verdict.is_right
    assert verdict.remark.startswith("30003 is also correct: an earlier press cancelled it")


def test_without_a_case_the_code_is_nobodys_business() -> None:
    verdict = judged({**RIGHT, "ResultCode": 30001}.items(), case=None)

    assert verdict.is_right
    assert Check.EXPECTED not in verdict.checked


@pytest.mark.parametrize("status", [201, 204, 302, 403, 500])
def test_only_200_is_an_answer(status: int) -> None:
    verdict = judged(RIGHT.items(), status=status)

    assert [check for check, _ in said(verdict)] == [Check.STATUS]
    assert verdict.checked == (Check.ANSWERED, Check.STATUS)


def test_no_answer_is_the_first_thing_that_can_be_wrong() -> None:
    silence = Answered(status=None, body=b"", seconds=5, fault="no answer within 5 s")

    verdict = judge(silence, PRESS, Format.XML, account=PLAINTEXT, case=EXAMPLE)

    assert said(verdict) == [(Check.ANSWERED, "no answer within 5 s")]


@pytest.mark.parametrize("body", [b"", b"success"])
def test_success_is_no_reply_to_a_cancellation(body: bytes) -> None:
    verdict = judged(body)

    assert [check for check, _ in said(verdict)] == [Check.FIELDS]
    assert verdict.reply is None


def sealed(reply: dict[str, str | int], format: Format, account: Account) -> bytes:
    push = build_push(
        account,
        PRESS.encode(format),
        format,
        timestamp=NOW,
        nonce="42",
        random16=bytes(16),
        open_id="o",
    )
    envelope = Envelope(account)
    opened = envelope.open(push.query.encode(), push.body, now_unix=NOW)
    body = encode(reply.items(), format)
    return envelope.seal(body, opened, now_unix=NOW, random16=os.urandom(16))


@pytest.mark.parametrize("format", Format)
def test_a_sealed_reply_is_opened_and_judged(format: Format) -> None:
    body = sealed(RIGHT, format, SECURE)

    verdict = judge(answered(body), PRESS, format, account=SECURE, case=EXAMPLE)

    assert verdict.is_right


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize(
    "account",
    [
        replace(SECURE, token=Secret("another")),
        replace(SECURE, encoding_aes_key=Secret("K" * 43)),
        replace(SECURE, app_id="wxffffffffffffffff"),
    ],
    ids=["token", "key", "app id"],
)
def test_a_reply_sealed_with_anything_foreign_is_not_opened(
    account: Account, format: Format
) -> None:
    body = sealed(RIGHT, format, account)

    verdict = judge(answered(body), PRESS, format, account=SECURE, case=EXAMPLE)

    assert [check for check, _ in said(verdict)] == [Check.ENVELOPE]


def test_a_reply_in_clear_is_wrong_in_secure_mode() -> None:
    body = json.dumps(RIGHT).encode()

    verdict = judge(answered(body), PRESS, Format.JSON, account=SECURE, case=EXAMPLE)

    assert [check for check, _ in said(verdict)] == [Check.ENVELOPE]
