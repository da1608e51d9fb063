from __future__ import annotations

from adapter.carrier.contract.contract import Contract
from adapter.carrier.contract.outline import EnumValue, FieldOutline, outline
from tests.carrier.dispatch_contract import compiled, dispatch

ORDERS = outline(dispatch())[0]


def _by_path(fields: tuple[FieldOutline, ...]) -> dict[str, FieldOutline]:
    found = {}
    for field in fields:
        found[field.path] = field
        found |= _by_path(field.fields)
    return found


def test_every_method_stands_as_a_mapping_names_it() -> None:
    assert [(method.name, method.is_streaming) for method in ORDERS.methods] == [
        ("dispatch.Orders/Void", False),
        ("dispatch.Orders/Find", False),
        ("dispatch.Orders/Follow", True),
    ]
    assert (ORDERS.name, ORDERS.methods[0].request, ORDERS.methods[0].reply) == (
        "dispatch.Orders",
        "dispatch.Envelope",
        "dispatch.Verdict",
    )


def test_every_field_stands_under_its_path() -> None:
    fields = _by_path(ORDERS.methods[0].request_fields)

    assert fields["by_number.number"].kind == "int64"
    assert fields["by_number"].oneof == "target"
    assert fields["tags"].fault == fields["extra"].fault == "repeated"
    assert fields["merchant.app"].oneof == ""


def test_wrappers_times_and_messages_inside_themselves_are_not_opened() -> None:
    fields = _by_path(ORDERS.methods[0].request_fields)

    assert [fields[path].fields for path in ("header.at", "merchant.code", "previous")] == [()] * 3


def test_an_enums_values_are_listed_aliases_too() -> None:
    values = _by_path(ORDERS.methods[0].reply_fields)["result.state"].values

    assert EnumValue(name="VOIDED", number=100) in values
    assert EnumValue(name="DONE", number=100) in values


def test_messages_deeper_than_anybody_writes_are_cut() -> None:
    chain = "".join(f"message M{n} {{ M{n + 1} m = 1; }}" for n in range(20))
    deep = compiled(
        f'syntax = "proto3"; package deep; {chain} message M20 {{ string s = 1; }}'
        "service S { rpc Do(M0) returns (M0); }"
    )

    assert len(_by_path(outline(deep)[0].methods[0].request_fields)) == 8


def test_our_contract_has_one_service_and_two_methods() -> None:
    (service,) = outline(Contract.load())

    assert [method.name.rpartition("/")[2] for method in service.methods] == [
        "CancelWaybill",
        "GetWaybill",
    ]
