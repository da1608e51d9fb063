from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapter.explain.capture import Capture, capture

QUERY = "signature=ab&timestamp=1714112445&nonce=1"
AT = datetime(2024, 4, 26, 6, 20, 45, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (QUERY, ""),
        (f"?{QUERY}", ""),
        (f"/wechat/push?{QUERY}", "/wechat/push"),
        (f"https://edge.example/wechat/push?{QUERY}", "/wechat/push"),
        (f"'https://edge.example/wechat/push?{QUERY}#top'", "/wechat/push"),
        (f"POST /wechat/push?{QUERY} HTTP/1.1", "/wechat/push"),
        (f'1.2.3.4 - - "POST /wechat/push?{QUERY} HTTP/1.1" 403 9 "-" "Mozilla"', "/wechat/push"),
        (f'{{"uri": "/wechat/push?{QUERY}", "status": 403}}', "/wechat/push"),
        (f"query was {QUERY} at noon", ""),
    ],
)
def test_a_query_is_found_in_whatever_holds_it(text: str, path: str) -> None:
    captured = capture(b"<xml/>", text)

    assert (captured.query, captured.path) == (QUERY.encode(), path)


@pytest.mark.parametrize(
    "stamp",
    ["[26/Apr/2024:14:20:45 +0800]", "2024-04-26T06:20:45Z", "2024-04-26T14:20:45+08:00"],
)
def test_the_time_of_a_logs_line_is_when_the_push_came(stamp: str) -> None:
    captured = capture(b"", f'{stamp} "POST /wechat/push?{QUERY} HTTP/1.1"')

    assert captured.arrived_at == AT


@pytest.mark.parametrize("text", [QUERY, "[99/Apr/2024:14:20:45 +0800] x?y=z"])
def test_without_a_time_none_is_made_up(text: str) -> None:
    assert capture(b"", text).arrived_at is None


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_whole_request_brings_its_own_query(end: bytes) -> None:
    head = [f"POST /wechat/push?{QUERY} HTTP/1.1".encode(), b"Host: edge.example", b"", b""]

    captured = capture(end.join(head) + b"<xml>\n</xml>")

    assert captured == Capture(
        body=b"<xml>\n</xml>", query=QUERY.encode(), path="/wechat/push", arrived_at=None
    )


def test_a_body_alone_has_no_query() -> None:
    assert capture(b"<xml/>").query is None


def test_an_empty_query_is_one_that_was_lost() -> None:
    assert capture(b"<xml/>", "").query == b""
