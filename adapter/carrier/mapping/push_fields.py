"""What a mapping may put into a request: the push's fields, the request id, constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from adapter.cancellation.model import Cancellation, Press

Getter = Callable[[Press, str], str | int]
"""Takes the push or its entry, and the request id; gives the text, or the Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One value of a push, by WeChat's name for it.

    `attribute` is its name in `PushFields`; `never_a_number` says why it fits no integer.
    """

    name: str
    attribute: str
    get: Getter
    never_a_number: str = ""


def _plain(name: str, attribute: str, never_a_number: str = "") -> Source:
    read = attrgetter(attribute)
    return Source(
        name=name,
        attribute=attribute,
        get=lambda press, _: read(press),
        never_a_number=never_a_number,
    )


def _credential(press: Press, _: str) -> str:
    # A lookup has none: BizPwd is refused there when the mapping is read.
    return press.credential.reveal() if isinstance(press, Cancellation) else ""


REQUEST_ID = "request_id"
PASSWORD = "BizPwd"  # noqa: S105 - the name of WeChat's field, not a password
CREATE_TIME = "CreateTime"

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name=REQUEST_ID,
            attribute="request_id",
            get=lambda _, request_id: request_id,
            never_a_number="it is 32 hexadecimal digits",
        ),
        _plain("ToUserName", "account", "it is a name such as gh_abcdefg"),
        _plain("FromUserName", "open_id", "it is an OpenID such as oABCD"),
        Source(name=CREATE_TIME, attribute="pushed_at", get=lambda press, _: press.pushed_at),
        _plain("BizID", "biz_id"),
        Source(name=PASSWORD, attribute="biz_pwd", get=_credential),
        _plain("ShopAppID", "shop_app_id", "it is an app id such as wx0123456789abcdef"),
        _plain("OrderID", "order_id"),
        _plain("WayBillID", "waybill_id"),
    )
}
