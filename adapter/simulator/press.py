"""One press of the merchant's cancel button, as the fields WeChat will push."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.simulator.cases import MERCHANT, Case
from adapter.wechat.cancel_waybill import EVENT
from adapter.wechat.codec import Format, encode
from adapter.wechat.secret import MASK

ACCOUNT = "gh_abcdefg"
OPEN_ID = "oABCD"
EXAMPLE_CREATE_TIME = 1_533_042_556
"""When the button of the document's example was pressed."""

NUMBERS = ("CreateTime",)
SECRETS = ("BizPwd",)
IDENTITY = ("BizID", "OrderID", "WayBillID", "BizPwd")
"""The fields that decide the ResultCode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressFields:
    """The fields of one press, in the document's order. Prints without the merchant's password."""

    fields: tuple[tuple[str, str | int], ...]

    @classmethod
    def of(cls, case: Case, *, create_time: int, word: str) -> PressFields:
        """Press the button of a case's order. `word` makes magic waybills fresh."""
        return cls(
            fields=(
                ("ToUserName", ACCOUNT),
                ("FromUserName", OPEN_ID),
                ("CreateTime", create_time),
                ("MsgType", "event"),
                ("Event", EVENT),
                ("BizID", MERCHANT),
                ("BizPwd", case.password),
                ("ShopAppID", "wxABCD"),
                ("OrderID", case.order.format(press=word)),
                ("WayBillID", case.waybill.format(press=word)),
            )
        )

    def with_fields(self, changes: Mapping[str, str]) -> PressFields:
        """Return the press with fields set; new names go to the end. Digits of a number field
        become a number, everything else is sent as the text it is."""
        fields = {
            **dict(self.fields),
            **{name: _typed(name, text) for name, text in changes.items()},
        }
        return PressFields(fields=tuple(fields.items()))

    def text(self, name: str) -> str:
        """Return a field as text, empty when it is not there."""
        return str(dict(self.fields).get(name, ""))

    def value(self, name: str) -> str | int | None:
        """Return a field as it is sent."""
        return dict(self.fields).get(name)

    def encode(self, format: Format) -> bytes:
        """Write the message as WeChat does."""
        return encode(self.fields, format)

    @property
    def shown(self) -> tuple[tuple[str, str | int], ...]:
        """The fields for people: the password is masked."""
        return tuple((name, MASK if name in SECRETS else value) for name, value in self.fields)

    def __repr__(self) -> str:
        return f"PressFields{self.shown}"


def _typed(name: str, text: str) -> str | int:
    is_number = name in NUMBERS and text.isascii() and text.isdecimal()
    return int(text) if is_number else text
