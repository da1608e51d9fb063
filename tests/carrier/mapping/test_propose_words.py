from __future__ import annotations

import pytest
from google.protobuf.descriptor import Descriptor

from adapter.carrier.contract.contract import Contract
from adapter.carrier.contract.field_path import FieldPath, leaves, resolve
from adapter.carrier.mapping.propose_words import best, is_open, likeness, shared_prefix
from tests.carrier.dispatch_contract import compiled

GUESSED = compiled(
    'syntax = "proto3"; package guessed; import "google/protobuf/timestamp.proto";'
    "enum S { CANCEL_STATUS_NONE = 0; CANCEL_STATUS_DONE = 1; }"
    "message Party { string code = 1; string app = 2; string scene = 3; }"
    "message Q { Party merchant = 1; google.protobuf.Timestamp due = 2;"
    "  oneof which { string waybill_no = 3; string order_no = 4; } S s = 5; }"
    "message Two { google.protobuf.Timestamp due = 1; google.protobuf.Timestamp late = 2; }"
    "service D { rpc Do(Q) returns (Q); rpc Other(Two) returns (Q); }"
)


def message(contract: Contract, method: str = "guessed.D/Do") -> Descriptor:
    return contract.method(method).request_type


def fields(found: Descriptor) -> list[FieldPath]:
    return [resolve(found, path) for path, _ in leaves(found)]


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("WayBillID", "waybill_no"),
        ("BizID", "merchant.code"),  # by its last two names
        ("ShopAppID", "merchant.app"),  # the beginning of appid
        ("FromUserName", None),  # scene is only a little like sender
        ("CreateTime", "due"),  # the only time
        ("ToUserName", None),
    ],
)
def test_the_most_alike_field_that_can_hold_it_is_found(source: str, path: str | None) -> None:
    found = best(source, fields(message(GUESSED)), [])

    assert (None if found is None else str(found)) == path


def test_of_two_times_with_strange_names_none_is_guessed() -> None:
    assert best("CreateTime", fields(message(GUESSED, "guessed.D/Other")), []) is None


def test_what_is_taken_or_shares_its_oneof_is_not_open() -> None:
    desk = message(GUESSED)
    waybill, order, code = (resolve(desk, p) for p in ("waybill_no", "order_no", "merchant.code"))

    assert not is_open(order, [waybill])
    assert not is_open(code, [resolve(desk, "merchant")])
    assert is_open(code, [waybill, resolve(desk, "merchant.app")])


def test_likeness_is_zero_where_it_is_not_enough() -> None:
    scene = resolve(message(GUESSED), "merchant.scene")

    assert likeness(scene, ("sender",)) == 0
    assert likeness(scene, ("sender", "scene")) == 1


def test_the_prefix_that_all_values_share_is_measured() -> None:
    enum = resolve(message(GUESSED), "s").leaf.enum_type

    assert enum is not None
    assert shared_prefix(enum) == len("CANCEL_STATUS_")
