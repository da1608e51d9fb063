"""Pushes as WeChat makes them, and what happens to them on the way to an operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from adapter.wechat.client_side import build_push
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret
from tests import defaults

NOW = 1_714_112_445
NONCE = "415670741"
TOKEN = "canaryTOKENcanary"
KEY = "canaryKEYcanaryKEYcanaryKEYcanaryKEYcanary1"
OTHER_TOKEN = "canaryTOKENother"
OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PASSWORD = "canaryPASSWORD"
APP_ID = "wxba5fad812f8e6fb9"
CANARY = "canary"

FIELDS: tuple[tuple[str, str | int], ...] = (
    ("ToUserName", "gh_abcdefg"),
    ("FromUserName", "oABCD"),
    ("CreateTime", 1533042556),
    ("MsgType", "event"),
    ("Event", "cancel_waybill"),
    ("BizID", "xyz"),
    ("BizPwd", PASSWORD),
    ("ShopAppID", "wxABCD"),
    ("OrderID", "012345678901234567890123456789"),
    ("WayBillID", "123456789"),
)

OURS = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(KEY),
)
THEIRS = replace(
    defaults.ACCOUNT,
    app_id="wx0000000000000002",
    mode=Mode.SECURE,
    token=Secret(OTHER_TOKEN),
    encoding_aes_key=Secret(OTHER_KEY),
)
BOTH: Mapping[str, Account] = {"wechat": OURS, "mini_programs.b": THEIRS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request: the raw query and the body."""

    query: bytes
    body: bytes

    def with_parameters(self, **changes: str | None) -> Sent:
        """Set parameters of the query; None takes one away."""
        told = {**dict(parse_qsl(self.query.decode())), **changes}
        kept = {name: value for name, value in told.items() if value is not None}
        return replace(self, query=urlencode(kept).encode())

    def parameter(self, name: str) -> str:
        return dict(parse_qsl(self.query.decode()))[name]


def sent(
    account: Account = OURS,
    *,
    message: bytes | None = None,
    format: Format = Format.XML,
    mode: Mode | None = None,
    timestamp: int = NOW,
    random16: bytes = b"0123456789abcdef",
) -> Sent:
    """Sign and seal a push as WeChat does."""
    made = build_push(
        account,
        encode(FIELDS, format) if message is None else message,
        format,
        timestamp=timestamp,
        nonce=NONCE,
        random16=random16,
        open_id="oABCD",
        mode=mode,
    )
    return Sent(query=made.query.encode(), body=made.body)


def with_plus() -> Sent:
    """Return a push whose Encrypt has both of Base64's odd characters."""
    for number in range(256):
        made = sent(random16=bytes([number]) * 16)
        if b"+" in made.body and made.body.count(b"/") > 3:
            return made
    raise AssertionError
