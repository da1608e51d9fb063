from __future__ import annotations

import pytest
from google.protobuf.descriptor import FieldDescriptor

from adapter.carrier.contract.field_path import KINDS, PathFault
from adapter.carrier.mapping.convert import (
    INTEGERS,
    Misfit,
    constant,
    converter,
    first_that_fits,
    number_like,
    restorer,
    wrapped,
)
from adapter.carrier.mapping.push_fields import SOURCES
from adapter.carrier.mapping.values import Unfit
from tests.carrier.dispatch_contract import compiled

SCALARS = [name for name in KINDS.values() if name not in {"group", "message", "enum"}]
WRAPPED = ["String", "Bytes", "Int32", "Int64", "UInt32", "UInt64", "Bool", "Float", "Double"]
EVERY = compiled(
    'syntax = "proto3"; package every;'
    'import "google/protobuf/wrappers.proto";'
    'import "google/protobuf/timestamp.proto";'
    "enum Colour { COLOUR_NONE = 0; COLOUR_RED = 4; } message Empty {}"
    "message All {"
    + "".join(f"{name} of_{name} = {n};" for n, name in enumerate(SCALARS, 1))
    + "".join(
        f"google.protobuf.{name}Value in_{name.lower()} = {n};"
        for n, name in enumerate(WRAPPED, 30)
    )
    + "Colour colour = 60; google.protobuf.Timestamp at = 61; Empty empty = 62; }"
    "service S { rpc Do(All) returns (All); }"
).method("every.S/Do")
UNFIT = Unfit(source="s", target="t")
INTEGER_NAMES = [name for name in SCALARS if name.endswith(("32", "64"))]


def _field(name: str) -> FieldDescriptor:
    return EVERY.request_type.fields_by_name[name]


def _converted(name: str, source: str, value: str | int) -> object:
    return converter(_field(name), SOURCES[source], UNFIT)(value)


@pytest.mark.parametrize("name", INTEGER_NAMES)
def test_an_integer_takes_all_it_can_hold_and_no_more(name: str) -> None:
    _, most = INTEGERS[_field(f"of_{name}").cpp_type]

    assert _converted(f"of_{name}", "OrderID", str(most)) == most
    EVERY.request_class(**{f"of_{name}": most})
    with pytest.raises(Misfit) as raised:
        _converted(f"of_{name}", "OrderID", str(most + 1))
    assert raised.value.unfit is UNFIT
    assert str(raised.value) == "s does not fit t"


@pytest.mark.parametrize("text", ["", "x", "-1", "+1", " 1", "1 ", "1_0", "1.0", "0x1", "１", "²"])
def test_an_integer_takes_ascii_digits_only(text: str) -> None:
    with pytest.raises(Misfit):
        _converted("of_int64", "OrderID", text)


def test_leading_zeros_are_taken_and_lost() -> None:
    assert _converted("of_int32", "WayBillID", "000" + "7") == 7


@pytest.mark.parametrize(
    ("name", "source", "value", "held"),
    [
        ("of_string", "OrderID", "001", "001"),
        ("of_string", "CreateTime", 1533042556, "1533042556"),
        ("of_bytes", "OrderID", "é", b"\xc3\xa9"),
        ("of_uint64", "CreateTime", 1533042556, 1533042556),
        ("in_string", "OrderID", "", {"value": ""}),
        ("in_bytes", "OrderID", "é", {"value": b"\xc3\xa9"}),
        ("in_uint32", "OrderID", "5", {"value": 5}),
        ("at", "CreateTime", 1533042556, {"seconds": 1533042556}),
    ],
)
def test_a_source_becomes_what_the_field_holds(
    name: str, source: str, value: str | int, held: object
) -> None:
    assert _converted(name, source, value) == held
    EVERY.request_class(**{name: held})


def test_a_time_beyond_an_integer_does_not_fit() -> None:
    with pytest.raises(Misfit):
        _converted("of_int32", "CreateTime", 2**31)


def test_a_time_beyond_a_timestamp_is_its_latest() -> None:
    held = _converted("at", "CreateTime", 2**53)

    assert held == {"seconds": 253_402_300_799}
    EVERY.request_class(at=held)


def test_a_time_that_is_text_stands_in_no_timestamp() -> None:
    with pytest.raises(Misfit):
        _converted("at", "CreateTime", "1533042556")


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("of_bool", "OrderID", "OrderID cannot be put into a field of type bool"),
        ("of_float", "OrderID", "OrderID cannot be put into a field of type float"),
        ("of_double", "CreateTime", "CreateTime cannot be put into a field of type double"),
        ("in_double", "OrderID", "OrderID cannot be put into a field of type double"),
        ("colour", "OrderID", "OrderID cannot be put into a field of type every.Colour"),
        ("at", "OrderID", "OrderID cannot be put into a field of type google.protobuf.Timestamp"),
        ("empty", "OrderID", '"empty" is a message (every.Empty)'),
        ("of_int64", "request_id", "request_id never fits int64: it is 32 hexadecimal digits"),
        ("in_int64", "ShopAppID", "ShopAppID never fits int64: it is an app id"),
    ],
)
def test_what_can_never_stand_in_a_field_is_refused(name: str, source: str, message: str) -> None:
    with pytest.raises(PathFault) as raised:
        converter(_field(name), SOURCES[source], UNFIT)

    assert raised.value.message.startswith(message)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("of_string", "a=b", "a=b"),
        ("of_string", "", ""),
        ("of_bytes", "é", b"\xc3\xa9"),
        ("of_bool", "true", True),
        ("of_bool", "false", False),
        ("of_sint32", "-5", -5),
        ("of_double", "0.5", 0.5),
        ("colour", "COLOUR_RED", 4),
        ("in_bool", "true", {"value": True}),
    ],
)
def test_a_constant_is_read_by_its_fields_type(name: str, text: str, value: object) -> None:
    assert constant(_field(name), text) == value
    EVERY.request_class(**{name: value})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("of_bool", "yes"),
        ("of_uint32", "-5"),
        ("of_int32", "2147483648"),
        ("of_int32", "x"),
        ("of_double", "half"),
        ("colour", "RED"),
        ("at", "now"),
        ("in_int64", "x"),
    ],
)
def test_a_constant_of_another_type_is_refused(name: str, text: str) -> None:
    with pytest.raises(PathFault):
        constant(_field(name), text)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("of_string", "001", "001"),
        ("of_int64", 7, "7"),
        ("of_bytes", b"\xc3\xa9", "é"),
        ("of_bytes", b"\xff", "\N{REPLACEMENT CHARACTER}"),
        ("in_string", {"value": "x"}, "x"),
        ("in_int64", {"value": 8}, "8"),
        ("at", {"seconds": 9}, "9"),
    ],
)
def test_a_field_is_read_back_as_text(name: str, value: object, text: str) -> None:
    message = EVERY.request_class(**{name: value})

    assert restorer(_field(name))(getattr(message, name)) == text


def test_googles_nine_wrappers_are_known_and_nothing_else_is_one() -> None:
    found = [f.name for f in EVERY.request_type.fields if wrapped(f) is not None]

    assert found == [f"in_{name.lower()}" for name in WRAPPED]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ORDER0002", "2"),
        ("012345678901234567890123456789", "567890123456789"),
        ("ORDER-DEMO", "1"),
        ("000", "1"),
        ("", "1"),
        ("٣-12", "12"),  # a digit, but none that an integer field takes
    ],
)
def test_a_name_becomes_the_number_at_its_end(text: str, number: str) -> None:
    assert number_like(text) == number


def test_a_number_is_as_short_as_its_field_needs() -> None:
    assert number_like("ORDER-123456789012", digits=9) == "456789012"


@pytest.mark.parametrize(
    ("longest", "fitting"),
    [(99, "ORDER-0123456789012345"), (15, "123456789012345"), (9, "789012345")],
)
def test_a_text_stays_where_it_fits_and_gets_no_shorter_than_it_must(
    longest: int, fitting: str
) -> None:
    text = "ORDER-0123456789012345"

    found = first_that_fits(text, lambda each: longest == 99 or len(each) <= longest)

    assert found == fitting


def test_a_text_that_nothing_can_replace_stays() -> None:
    assert first_that_fits("ORDER2", lambda _: False) == "ORDER2"
