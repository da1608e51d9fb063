"""The Mini Program of the journeys: its configuration, and its merchants' presses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from adapter.cancellation.model import Cancellation
from adapter.simulator.press import ACCOUNT as RECEIVER
from adapter.simulator.press import OPEN_ID, PressFields
from adapter.wechat.cancel_waybill import EVENT
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults

APP_ID = "wx0123456789abcdef"
TOKEN = "journeytokenjourneytoken"
ENCODING_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PATH = "/wechat/push"
BIZ_ID = "xyz"
BIZ_PASSWORD = "xyz123"
SHOP_APP_ID = "wxABCD"
FIRST_CREATE_TIME = 1_533_042_556

ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(ENCODING_AES_KEY),
)

CONFIGURATION = f"""
[edge]
listen = "127.0.0.1:{{edge_port}}"
path = "{PATH}"
drain_delay_seconds = 0
reply_within_seconds = {{reply_seconds}}
[wechat]
app_id = "{APP_ID}"
mode = "secure"
token = "{TOKEN}"
encoding_aes_key = "{ENCODING_AES_KEY}"
[carrier]
target = "dns:///127.0.0.1:{{stub_port}}"
deadline_seconds = {{call_seconds}}
mapping = "{{mapping}}"
{{carrier_more}}
[ledger]
url = "{{ledger_url}}"
[ops]
listen = "127.0.0.1:{{ops_port}}"
[log]
format = "json"
level = "warning"
"""

SHIPPED_MAPPING = Path(__file__).parents[2] / "adapter" / "carrier" / "waybill_service.toml"


def mapping_text(*, lookup: bool, request_ids: bool = True) -> str:
    """The shipped mapping, or a carrier's that can tell nothing but by cancelling, or that
    knows no request ids."""
    text = SHIPPED_MAPPING.read_text()
    if not lookup:
        text = text.partition("[lookup]")[0]
    return text if request_ids else text.replace('request_id = "request_id"\n', "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of the button: a push of its own, however often WeChat repeats it."""

    waybill: str
    nth: int

    @property
    def create_time(self) -> int:
        return FIRST_CREATE_TIME + self.nth

    @property
    def fields(self) -> PressFields:
        """What WeChat pushes."""
        return PressFields(
            fields=(
                ("ToUserName", RECEIVER),
                ("FromUserName", OPEN_ID),
                ("CreateTime", self.create_time),
                ("MsgType", "event"),
                ("Event", EVENT),
                ("BizID", BIZ_ID),
                ("BizPwd", BIZ_PASSWORD),
                ("ShopAppID", SHOP_APP_ID),
                ("OrderID", f"ORDER-{self.waybill}"),
                ("WayBillID", self.waybill),
            )
        )

    @property
    def cancellation(self) -> Cancellation:
        """What the adapter makes of it; its key is computed from this."""
        return Cancellation(
            account=RECEIVER,
            open_id=OPEN_ID,
            pushed_at=self.create_time,
            biz_id=BIZ_ID,
            order_id=f"ORDER-{self.waybill}",
            waybill_id=self.waybill,
            shop_app_id=SHOP_APP_ID,
            credential=Secret(BIZ_PASSWORD),
        )
