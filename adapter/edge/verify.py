"""GET: WeChat asks whether this URL is ours; `echostr` goes back unchanged."""

from __future__ import annotations

from adapter.edge.replies import HttpAnswer
from adapter.wechat.envelope import Envelope


def verify(envelope: Envelope, query: bytes, *, now_unix: float) -> HttpAnswer:
    """Answer the check of the URL. Raises `Refused`.

    "若确认此次 GET 请求来自微信服务器，原样返回 echostr 参数内容": the whole body, in all
    three modes in clear, without quotes, mark or newline.
    """
    echo = envelope.verify(query, now_unix=now_unix)
    return HttpAnswer(status=200, body=echo.encode("utf-8"))
