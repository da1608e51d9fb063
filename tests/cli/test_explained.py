from __future__ import annotations

import io

import pytest

from adapter.cli.explained import Told, printable, show
from adapter.explain.capture import Capture
from adapter.explain.judgement import judge
from adapter.explain.request import Asked
from adapter.wechat.pushing import build_verification
from tests.explain.capturing import BOTH, NOW, OURS, Sent, sent


def _shown(push: Sent, *, request: Asked | None = None) -> str:
    captured = Capture(body=push.body, query=push.query)
    told = Told(
        judgement=judge("wechat", BOTH, captured, now_unix=NOW),
        account=OURS,
        captured=captured,
        at_unix=NOW,
        request=request,
        answers=(),
        forward=True,
    )
    stream = io.StringIO()
    show(told, stream=stream)
    return stream.getvalue()


def test_the_verification_of_the_url_is_told() -> None:
    query = build_verification(OURS, timestamp=NOW, nonce="1", echostr="437512").encode()

    shown = _shown(Sent(query=query, body=b""))

    assert "WeChat verifies the URL: echostr is answered unchanged" in shown


def test_a_text_that_does_not_fit_is_told_with_its_answer() -> None:
    shown = _shown(sent(), request=Asked(method="a/b", unfit="OrderID cannot stand in it"))

    assert "none: OrderID cannot stand in it; answered 30001 (not_found)" in shown


def test_what_was_opened_but_cannot_be_read_is_told_where_it_stopped() -> None:
    shown = _shown(sent(message=b"<xml><Event>cancel_waybill</Event></xml>"))

    assert "decryption  right" in shown
    assert "refused     undecodable (ToUserName)" in shown


@pytest.mark.parametrize(
    ("text", "said"), [("运单 1", "运单 1"), ("a\x1b[2J", "a\\x1b[2J"), ("\u202e", "\\u202e")]
)
def test_nothing_is_printed_that_a_terminal_obeys(text: str, said: str) -> None:
    assert printable(text) == said
