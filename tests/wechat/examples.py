"""What the tests of this folder share: the vectors, one account, and the document's own push."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import strategies as st

from adapter.wechat.client_side import SealedPush, build_push
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Envelope, Mode, Opened
from adapter.wechat.errors import REFUSED_REASONS, Refused
from adapter.wechat.secret import Secret
from tests import defaults

VECTORS = Path(__file__).parents[1] / "vectors"

TOKEN = "AAAAA"
KEY = "A" * 43
OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wxba5fad812f8e6fb9"
NOW = 1_714_112_445
NONCE = "415670741"
RANDOM16 = b"0123456789abcdef"

PUSH_FIELDS: tuple[tuple[str, str | int], ...] = (
    ("ToUserName", "gh_abcdefg"),
    ("FromUserName", "oABCD"),
    ("CreateTime", 1533042556),
    ("MsgType", "event"),
    ("Event", "cancel_waybill"),
    ("BizID", "xyz"),
    ("BizPwd", "xyz123"),
    ("ShopAppID", "wxABCD"),
    ("OrderID", "012345678901234567890123456789"),
    ("WayBillID", "123456789"),
)

# Any text that XML 1.0 can carry; JSON carries it too.
xml_text = st.text(
    st.characters(
        codec="utf-8",
        exclude_characters=[chr(code) for code in range(32) if code not in {9, 10, 13}]
        + ["\ufffe", "\uffff"],
    ),
    max_size=40,
) | st.sampled_from(["]]>", "]]]]>>", "a]]", "\r\n", "<![CDATA[", "]]></OrderID><ResultCode>0"])

# The same without control characters: what may identify a waybill.
identity_text = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
    ),
    min_size=1,
    max_size=40,
) | st.sampled_from([" 007 ", "0", "]]>", "&amp;", "<x/>", '"', "运单-１", "\u2028"])


def vectors(name: str) -> list[Any]:
    """Return the worked examples of one file."""
    loaded: list[Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return loaded


def body_of(vector: Any) -> bytes:
    """Return a vector's body as it stood on the wire."""
    body = vector["body"]
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def account(
    mode: Mode = Mode.SECURE,
    *,
    token: str = TOKEN,
    previous_token: str | None = None,
    key: str = KEY,
    previous_key: str | None = None,
    app_id: str = APP_ID,
) -> Account:
    """Return an account; in the plaintext mode too it has a key."""
    return replace(
        defaults.ACCOUNT,
        app_id=app_id,
        mode=mode,
        token=Secret(token),
        previous_token=None if previous_token is None else Secret(previous_token),
        encoding_aes_key=Secret(key),
        previous_encoding_aes_key=None if previous_key is None else Secret(previous_key),
    )


def account_of(vector: Any, mode: Mode) -> Account:
    """Return the account that a vector was made for."""
    return account(
        mode,
        token=vector["token"],
        key=vector.get("encoding_aes_key", KEY),
        app_id=vector.get("receive_id", APP_ID),
    )


def push(
    sender: Account, message: bytes, format: Format, *, timestamp: int = NOW, nonce: str = NONCE
) -> SealedPush:
    """Return a push as WeChat would send it for `sender`."""
    return build_push(
        sender,
        message,
        format,
        timestamp=timestamp,
        nonce=nonce,
        random16=RANDOM16,
        open_id="oABCD",
    )


def query_of(vector: Any) -> bytes:
    """Return a vector's query string as it stood in the URL."""
    return urlencode(vector["query"]).encode()


def message(format: Format) -> bytes:
    """Return the document's own push."""
    return encode(PUSH_FIELDS, format)


def changed(query: str, **changes: str | None) -> bytes:
    """Return a query string with some parameters changed, or left out when None."""
    parameters: dict[str, str | None] = {**dict(parse_qsl(query)), **changes}
    return urlencode({name: text for name, text in parameters.items() if text is not None}).encode()


def opened(envelope: Envelope, sealed: SealedPush, *, now_unix: float = NOW) -> Opened:
    """Open a push as if it came at `now_unix`."""
    return envelope.open(sealed.query.encode(), sealed.body, now_unix=now_unix)


def refusal_of(
    envelope: Envelope, query: bytes, body: bytes, *, now_unix: float = NOW
) -> tuple[str, str]:
    """Return reason and detail of a refusal; fail when there is none."""
    with pytest.raises(Refused) as refusal:
        envelope.open(query, body, now_unix=now_unix)
    assert refusal.value.reason in REFUSED_REASONS
    return refusal.value.reason, refusal.value.detail
