from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.edge.limits import BodyTooLarge
from adapter.explain.capture import Capture
from adapter.explain.causes import RefusalCause
from adapter.explain.judgement import Judgement, judge, taker
from adapter.wechat.cancel_waybill import CancelWaybill, OtherEvent
from adapter.wechat.client_side import build_verification
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.explain.capturing import (
    BOTH,
    FIELDS,
    NOW,
    OTHER_KEY,
    OTHER_TOKEN,
    OURS,
    THEIRS,
    Sent,
    sent,
)


def _judged(push: Sent, account: Account = OURS, *, signed: bool = True) -> Judgement:
    captured = Capture(body=push.body, query=push.query if signed else None)
    return judge(
        "wechat",
        {"wechat": account},
        captured,
        now_unix=NOW,
        body_limit_bytes=defaults.EDGE.body_limit_bytes,
    )


def _causes(judgement: Judgement) -> list[RefusalCause]:
    return [found.cause for found in judgement.diagnosis.found] if judgement.diagnosis else []


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("mode", Mode)
def test_a_right_push_is_taken_in_every_mode_and_format(mode: Mode, format: Format) -> None:
    account = replace(OURS, mode=mode)

    judgement = _judged(sent(account, format=format), account)

    assert (judgement.status, judgement.diagnosis) == (200, None)
    assert isinstance(judgement.event, CancelWaybill)
    assert judgement.event.way_bill_id == "123456789"
    assert judgement.which_key == ("" if mode is Mode.PLAINTEXT else "current")


def test_the_previous_token_and_key_are_told() -> None:
    account = replace(
        OURS,
        token=Secret("new"),
        previous_token=OURS.token,
        encoding_aes_key=Secret(OTHER_KEY),
        previous_encoding_aes_key=OURS.encoding_aes_key,
    )

    judgement = _judged(sent(), account)

    assert (judgement.which_token, judgement.which_key) == ("previous", "previous")


def test_another_event_is_taken() -> None:
    message = encode((*FIELDS[:4], ("Event", "add_waybill")), Format.XML)

    assert _judged(sent(message=message)).event == OtherEvent(event="add_waybill")


@pytest.mark.parametrize("signed", [True, False])
def test_blanks_around_encrypt_explain_nothing_as_they_are_taken(*, signed: bool) -> None:
    push = sent()
    spaced = push.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt>\n  <![CDATA[")
    body = spaced.replace(b"]]></Encrypt>", b"]]>\n</Encrypt>")

    judgement = _judged(replace(push, body=body), signed=signed)

    assert (judgement.status, judgement.diagnosis) == (200, None)


def test_another_event_that_cannot_be_decoded_is_taken() -> None:
    judgement = _judged(sent(message=b"<xml><Event>x</Event><a>1</a><a>2</a></xml>"))

    assert judgement.status == 200
    assert judgement.event == OtherEvent(event="x", undecodable="repeated_name")


def test_a_cancellation_with_a_header_fault_is_taken() -> None:
    judgement = _judged(sent(message=encode(FIELDS[1:], Format.XML)))

    assert judgement.status == 200
    assert isinstance(judgement.event, CancelWaybill)
    assert judgement.event.header_faults == ("ToUserName",)


def test_the_verification_of_the_url_is_taken() -> None:
    query = build_verification(OURS, timestamp=NOW, nonce="1", echostr="4375120948345356249")

    judgement = _judged(Sent(query=query.encode(), body=b""))

    assert (judgement.status, judgement.is_verification) == (200, True)


@pytest.mark.parametrize(
    ("message", "status", "cause"),
    [
        (b"<xml><Event>cancel_waybill</Event><a>1</a><a>2</a></xml>", 400, RefusalCause.FORMAT),
        (encode((FIELDS[0], *FIELDS[2:]), Format.XML), 400, RefusalCause.FIELD),
    ],
)
def test_what_is_authentic_and_cannot_be_read_is_answered_400(
    message: bytes, status: int, cause: RefusalCause
) -> None:
    judgement = _judged(sent(message=message))

    assert (judgement.status, _causes(judgement)) == (status, [cause])


@pytest.mark.parametrize(
    ("push", "which_key"),
    [(sent(), "current"), (sent(mode=Mode.PLAINTEXT), ""), (sent(format=Format.JSON), "current")],
)
def test_without_a_query_all_but_the_signature_is_judged(push: Sent, which_key: str) -> None:
    judgement = _judged(push, signed=False)

    assert (judgement.status, judgement.is_signed) == (200, False)
    assert judgement.which_key == which_key
    assert isinstance(judgement.event, CancelWaybill)


@pytest.mark.parametrize(
    ("push", "cause"),
    [
        (sent(replace(OURS, encoding_aes_key=Secret(OTHER_KEY))), RefusalCause.KEY),
        (sent(replace(OURS, app_id="wx9")), RefusalCause.APP_ID),
        (Sent(query=b"", body=b"<xml><Encrypt>abc</Encrypt></xml>"), RefusalCause.BODY_TRUNCATED),
        (Sent(query=b"", body=b""), RefusalCause.BODY_LOST),
        (Sent(query=b"", body=b"<xml><a>1</a><a>2</a></xml>"), RefusalCause.FORMAT),
    ],
)
def test_without_a_query_the_body_is_still_explained(push: Sent, cause: RefusalCause) -> None:
    assert _causes(_judged(push, signed=False)) == [cause]


def test_without_a_key_an_encrypted_body_is_of_another_mode() -> None:
    account = replace(OURS, mode=Mode.PLAINTEXT, encoding_aes_key=None)

    assert _causes(_judged(sent(), account, signed=False)) == [RefusalCause.MODE]


@pytest.mark.parametrize(
    ("push", "section"),
    [
        (sent(), "wechat"),
        (sent(THEIRS), "mini_programs.b"),
        (sent(replace(OURS, token=Secret(OTHER_TOKEN))), "wechat"),
    ],
)
def test_a_push_of_unknown_path_goes_to_who_opens_it(push: Sent, section: str) -> None:
    captured = Capture(body=push.body, query=push.query)

    assert taker(BOTH, captured, now_unix=NOW) == section


def test_a_refused_push_is_answered_403_with_what_explains_it() -> None:
    judgement = _judged(sent(THEIRS))

    assert (judgement.status, judgement.is_signed, judgement.event) == (403, True, None)
    assert judgement.diagnosis is not None
    assert judgement.diagnosis.reason == "signature_wrong"
    assert _causes(judgement) == [RefusalCause.TOKEN_AND_KEY]


def test_a_refused_verification_is_known_as_one() -> None:
    query = build_verification(THEIRS, timestamp=NOW, nonce="1", echostr="437512")

    judgement = _judged(Sent(query=query.encode(), body=b""))

    assert (judgement.status, judgement.is_verification) == (403, True)


def test_a_body_without_a_query_goes_to_whose_key_opens_it() -> None:
    assert taker(BOTH, Capture(body=sent(THEIRS).body), now_unix=NOW) == "mini_programs.b"


def test_a_push_that_nobody_opens_goes_to_the_first_program() -> None:
    captured = Capture(body=b"x", query=b"")

    assert taker(BOTH, captured, now_unix=NOW) == "wechat"


@pytest.mark.parametrize("signed", [True, False])
def test_a_body_over_the_limit_is_413_whatever_it_holds(*, signed: bool) -> None:
    body = b"<xml>" + b" " * 70_000 + b"</xml>"

    judgement = _judged(Sent(query=b"a=1", body=body), signed=signed)

    assert (judgement.status, judgement.is_signed) == (413, signed)
    assert _causes(judgement) == [RefusalCause.FORMAT]
    assert judgement.diagnosis is not None
    assert judgement.diagnosis.reason == BodyTooLarge.reason
