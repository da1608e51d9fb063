"""WeChat's other events, written from the field lists of its documents.

Each is a tree of fields; `shapes` writes it in every form that such a tree has on the wire. A
list of one element is one element in XML, and in some of WeChat's JSON an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from adapter.wechat.codec import Format

Tree = Mapping[str, object]

HEAD: Tree = {
    "ToUserName": "gh_abcdefg",
    "FromUserName": "oWeChatTeam",
    "CreateTime": 1533042556,
    "MsgType": "event",
}
PERSON: Tree = {
    "Name": "张三",
    "Tel": "020-88888888",
    "Mobile": "18666666666",
    "Company": "公司名",
    "PostCode": "123456",
    "Country": "中国",
    "Province": "广东省",
    "City": "广州市",
    "Area": "海珠区",
    "Address": "XX路XX号 <3 & ]]> 栋",
}
CARGO: Tree = {
    "Weight": 1.2,
    "Space_X": 20.5,
    "Count": 2,
    "DetailList": [{"Name": "钻石包", "Count": 1}, {"Name": "铂金包", "Count": 1}],
}
ORDER: Tree = {
    "Token": "1234ABC234523451",
    "OrderID": "012345678901234567890123456789",
    "BizID": "xyz",
    "BizPwd": "xyz123",
    "ShopAppID": "wxABCD",
    "WayBillID": "0",
}
SHOP: Tree = {
    "shopid": "test_shop_id",
    "shop_order_id": "test_shop_order_id",
    "shop_no": "shop_no_111",
    "waybill_id": "123456",
    "delivery_sign": "ABCD123",
}
SINGLE: Tree = {"Token": "T1", "WXAppId": "wxABCD", "WaybillId": "SF1", "OrderID": "O1"}

EVENTS: dict[str, Tree] = {
    "add_waybill": {
        **ORDER,
        "Remark": "易碎物品",
        "Sender": PERSON,
        "Receiver": PERSON,
        "Cargo": CARGO,
        "Insured": {"UseInsured": 1, "InsuredValue": 10000},
        "Service": {"ServiceType": 0, "ServiceName": "标准快递"},
    },
    "check_biz": {
        "BizID": "xyz",
        "BizPwd": "xyz123",
        "ShopAppID": "wxABCD",
        "ShopName": "商户",
        "ShopTelphone": "18677778888",
        "ShopContact": "村正",
        "ServiceName": "标准快递",
        "SenderAddress": "广东省广州市",
    },
    "get_quota": {"BizID": "xyz", "BizPwd": "xyz123", "ShopAppID": "wxABCD"},
    "add_express_path": {
        "DeliveryID": "SF",
        "WayBillId": "123456789",
        "OrderId": "O1",
        "Version": 2,
        "Count": 2,
        "Actions": [
            {"ActionTime": 1533052800, "ActionType": 300002, "ActionMsg": "派件中"},
            {"ActionTime": 1533062800, "ActionType": 300003, "ActionMsg": "已签收"},
        ],
    },
    "add_single_waybill": {**SINGLE, "Sender": PERSON, "Receiver": PERSON, "Cargo": CARGO},
    "cancel_single_waybill": {**SINGLE, "CancelReason": "不想寄了", "CancelType": 1},
    "query_single_waybill": SINGLE,
    "query_single_waybill_fee": {**SINGLE, "Sender": PERSON, "Receiver": PERSON, "Weight": 1},
    "waybill_notify_query": {
        "WaybillId": "SF1",
        "SenderPhone": "18666666666",
        "ReceiverPhone": "18666666667",
    },
    "waybill_query_expect_time_range": {"Sender": PERSON, "Days": ["2024-01-01", "2024-01-02"]},
    "notify_single_waybill_pay": {**SINGLE, "PayTime": 1599823049, "Fee": 1200},
    "waybill_evaluate_agent": {**SINGLE, "Score": 5, "Tags": ["快", "好", "好"]},
    "waybill_complaint": {**SINGLE, "Content": "慢", "Images": ["http://a/1", "http://a/2"]},
    "remind_waybill": SINGLE,
    "transport_add_order": {
        **SHOP,
        "sender": PERSON,
        "receiver": {**PERSON, "lng": 113.3, "lat": 23.1},
        "cargo": {
            "goods_value": 2.0,
            "goods_detail": {"goods": [{"good_count": 1, "good_name": "水果"}] * 3},
        },
        "order_info": {"order_time": 1555220757, "is_insured": 0, "tips": 2},
    },
    "transport_cancel_order": {**SHOP, "cancel_reason_id": 1, "cancel_reason": ""},
    "transport_query_order_status": SHOP,
    "transport_precancel_order": {**SHOP, "cancel_reason_id": 1},
    "transport_add_tips": {**SHOP, "tips": 5, "openid": "oABCD"},
    "transport_confirm_return_to_biz": {**SHOP, "remark": ""},
    "update_waybill_status": {**SHOP, "action_time": 1546924844, "order_status": 102},
    "PUBLISHJOBFINISH": {
        "PublishEventInfo": {"publish_id": 2247503051, "publish_status": 2, "fail_idx": [1, 2]}
    },
    "wxa_appeal_record": {
        "appid": "wx7dc3",
        "appeal_list": [{"proof_material_id": ["m1", "m2"], "appeal_time": 1}],
    },
    "subscribe_msg_popup_event": {
        "List": [{"TemplateId": "T", "SubscribeStatusString": "accept", "PopupScene": 0}]
    },
    "subscribe_msg_sent_event": {"List": []},
    "wxa_media_check": {
        "isrisky": "0",
        "trace_id": "967e945cd8a3e458f3c74dcb886068e9",
        "detail": [{"strategy": "content_model", "errcode": 0, "prob": 90, "level": [[1], []]}],
        "version": 2,
    },
    "user_enter_tempsession": {"SessionFrom": "会\u200b话 \U0001f600"},
    "debug_demo": {"debug_str": "hello world"},
}


def shapes(event: str) -> Iterator[tuple[str, Format, bytes]]:
    """Yield an event in each shape that its document allows, and in those seen on the wire."""
    tree = {**HEAD, "Event": event, **EVENTS[event]}
    plain = f"<xml>{_xml(tree, cdata=True)}</xml>"
    yield "xml", Format.XML, plain.encode()
    yield "xml without CDATA", Format.XML, f"<xml>{_xml(tree, cdata=False)}</xml>".encode()
    yield "xml, indented", Format.XML, plain.replace("><", ">\n  <").encode()
    yield "xml, declared", Format.XML, f'<?xml version="1.0" encoding="UTF-8"?>{plain}'.encode()
    yield "xml, commented", Format.XML, plain.replace("<Event>", "<!-- e --><Event>").encode()
    yield "xml, listed in items", Format.XML, f"<xml>{_xml(tree, items=True)}</xml>".encode()
    yield "json", Format.JSON, json.dumps(tree, ensure_ascii=False).encode()
    yield "json, escaped", Format.JSON, json.dumps(tree, indent=4).encode()
    yield "json, lists of one as objects", Format.JSON, json.dumps(_unlisted(tree)).encode()
    yield "json, numbers as text", Format.JSON, json.dumps(_texts(tree)).encode()


def _xml(tree: Tree, *, cdata: bool = True, items: bool = False) -> str:
    return "".join(_element(name, value, cdata=cdata, items=items) for name, value in tree.items())


def _element(name: str, value: object, *, cdata: bool, items: bool) -> str:
    if isinstance(value, list):
        if items:
            inner = "".join(_element("item", one, cdata=cdata, items=items) for one in value)
            return f"<{name}>{inner}</{name}>"
        return "".join(_element(name, one, cdata=cdata, items=items) for one in value)
    if isinstance(value, Mapping):
        return f"<{name}>{_xml(value, cdata=cdata, items=items)}</{name}>"
    if cdata and isinstance(value, str):
        inside = value.replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}><![CDATA[{inside}]]></{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _unlisted(value: object) -> object:
    if isinstance(value, list):
        return _unlisted(value[0]) if len(value) == 1 else [_unlisted(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _unlisted(one) for name, one in value.items()}
    return value


def _texts(value: object) -> object:
    if isinstance(value, list):
        return [_texts(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _texts(one) for name, one in value.items()}
    return str(value)
