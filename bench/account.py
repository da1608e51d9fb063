"""The Mini Program of the bench, and its pushes as WeChat would send them: secure XML."""

from __future__ import annotations

import os
import time

from adapter.wechat.cancel_waybill import EVENT
from adapter.wechat.cipher import AesEnvelope
from adapter.wechat.codec import Format, decode, encode
from adapter.wechat.redact import Secret
from adapter.wechat.signature import sign

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
[ledger]
url = "{{ledger_url}}"
[ops]
listen = "127.0.0.1:{{ops_port}}"
[log]
format = "json"
"""


class Sender:
    """Writes pushes with fresh signatures, and reads what they were answered."""

    def __init__(self) -> None:
        self._key = AesEnvelope(Secret(ENCODING_AES_KEY), receive_id=APP_ID)

    def http_request(self, order: str) -> bytes:
        """Return one whole POST, keep-alive, that cancels `order`."""
        now = int(time.time())
        message = encode(
            (
                ("ToUserName", "gh_abcdefg"),
                ("FromUserName", "oABCD"),
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
        encrypted = self._key.encrypt(message, random16=os.urandom(16))
        body = encode((("ToUserName", "gh_abcdefg"), ("Encrypt", encrypted)), Format.XML)
        stamp, nonce = str(now), os.urandom(5).hex()
        query = (
            f"signature={sign(TOKEN, stamp, nonce)}&timestamp={stamp}&nonce={nonce}"
            f"&encrypt_type=aes&msg_signature={sign(TOKEN, stamp, nonce, encrypted)}"
        )
        head = (
            f"POST {PATH}?{query} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def is_cancelled(self, body: bytes) -> bool:
        """Tell whether a sealed reply says ResultCode 0."""
        encrypted = decode(body, Format.XML).get("Encrypt")
        if not isinstance(encrypted, str):
            return False
        return decode(self._key.decrypt(encrypted), Format.XML).get("ResultCode") == "0"
