from __future__ import annotations

from dataclasses import fields

from adapter.carrier.mapping.push_fields import SOURCES
from adapter.carrier.mapping.values import PushFields
from tests.carrier.dispatch_contract import cancellation, entry

PUSHED = {
    "request_id": "key",
    "ToUserName": "gh_abcdefg",
    "FromUserName": "oABCD",
    "CreateTime": 1533042556,
    "BizID": "xyz",
    "BizPwd": "xyz123",
    "ShopAppID": "wxABCD",
    "OrderID": "77",
    "WayBillID": "123456789",
}


def test_every_source_gives_its_field_of_a_push() -> None:
    assert {name: source.get(cancellation(), "key") for name, source in SOURCES.items()} == PUSHED


def test_every_source_but_the_password_gives_its_field_of_an_entry() -> None:
    found = {name: source.get(entry(), "key") for name, source in SOURCES.items()}

    assert found == PUSHED | {"BizPwd": ""}


def test_every_field_of_a_push_has_exactly_one_source() -> None:
    attributes = [source.attribute for source in SOURCES.values()]

    assert sorted(attributes) == sorted(field.name for field in fields(PushFields))
