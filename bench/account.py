"""The Mini Program of the bench, and its pushes as WeChat would send them: secure XML."""

from __future__ import annotations

import os
import time

from adapter import from_settings
from adapter.config.sections import WeChatSettings
from adapter.wechat.cancel_waybill import EVENT
from adapter.wechat.client_side import build_push, open_reply, parse_reply
from adapter.wechat.codec import Format, encode
from adapter.wechat.errors import WeChatError
from adapter.wechat.secret import Secret

APP_ID = "wx0123456789abcdef"
TOKEN = "benchtokenbenchtoken"
ENCODING_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PATH = "/wechat/push"

CONFIGURATION = f"""
[edge]
listen = "127.0.0.1:{{edge_port}}"
path = "{PATH}"
drain_delay_seconds = 0
[wechat]
app_id = "{APP_ID}"
mode = "secure"
token = "{TOKEN}"
encoding_aes_key = "{ENCODING_AES_KEY}"
[carrier]
target = "dns:///127.0.0.1:{{stub_port}}"
{{carrier}}
[ledger]
url = "{{ledger_url}}"
[ops]
listen = "127.0.0.1:{{ops_port}}"
[log]
format = "json"
"""


ACCOUNT = from_settings.account(
    WeChatSettings(
        app_id=APP_ID,
        mode="secure",
        token=Secret(TOKEN),
        encoding_aes_key=Secret(ENCODING_AES_KEY),
    )
)
OPEN_ID = "oABCD"


def http_request(order: str) -> bytes:
    """Return one whole POST, keep-alive and freshly signed, that cancels `order`."""
    now = int(time.time())
    message = encode(
        (
            ("ToUserName", "gh_abcdefg"),
            ("FromUserName", OPEN_ID),
            ("CreateTime", now),
            ("MsgType", "event"),
            ("Event", EVENT),
            ("BizID", "xyz"),
            ("BizPwd", "xyz123"),
            ("ShopAppID", "wxABCD"),
            ("OrderID", order),
            ("WayBillID", order),
        ),
        Format.XML,
    )
    push = build_push(
        ACCOUNT,
        message,
        Format.XML,
        timestamp=now,
        nonce=os.urandom(5).hex(),
        random16=os.urandom(16),
        open_id=OPEN_ID,
    )
    head = (
        f"POST {PATH}?{push.query} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(push.body)}\r\n\r\n"
    )
    return head.encode() + push.body


def is_cancelled(body: bytes) -> bool:
    """Tell whether a sealed reply is one that WeChat takes, and says ResultCode 0."""
    try:
        message = open_reply(ACCOUNT, body, Format.XML)
        return parse_reply(message, Format.XML).result_code == 0
    except WeChatError:
        return False
