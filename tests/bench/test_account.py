"""The bench's pushes are what the adapter takes for WeChat's."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from adapter.wechat.cancel_waybill import CancelWaybill, Reply, read
from adapter.wechat.envelope import Envelope, Opened
from bench.account import ACCOUNT, http_request, is_cancelled

ENVELOPE = Envelope(ACCOUNT)


def opened(request: bytes) -> tuple[Opened, CancelWaybill]:
    head, _, body = request.partition(b"\r\n\r\n")
    query = urlsplit(head.split(b" ")[1]).query
    its_opened = ENVELOPE.open(query, body, now_unix=time.time())
    push = read(its_opened.message, its_opened.format)
    assert isinstance(push, CancelWaybill)
    return its_opened, push


def sealed_reply(*, result_code: int) -> bytes:
    its_opened, push = opened(http_request("STUB-OK-1"))
    reply = Reply(push=push, result_code=result_code, result_msg="as asked")
    return ENVELOPE.seal(
        reply.encode(its_opened.format), its_opened, now_unix=time.time(), random16=bytes(16)
    )


def test_a_push_of_the_bench_opens_as_the_order_it_was_built_for() -> None:
    _, push = opened(http_request("STUB-OK-7"))

    assert (push.order_id, push.way_bill_id, push.faults) == ("STUB-OK-7", "STUB-OK-7", ())


def test_only_result_code_zero_counts_as_cancelled() -> None:
    verdicts = [is_cancelled(sealed_reply(result_code=code)) for code in (0, -1, 30003)]

    assert verdicts == [True, False, False]


def test_a_reply_that_is_not_sealed_is_not_taken_for_cancelled() -> None:
    assert not is_cancelled(b"<xml><ResultCode>0</ResultCode></xml>")
