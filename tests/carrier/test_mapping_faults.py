"""Broken mappings: what an integrator reads, word for word, for every slip there is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from adapter.carrier.mapping import Mapping, MappingFaults, Severity
from tests.carrier.dispatching import MAPPING, dispatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One change that breaks the second contract's mapping, and every error it brings."""

    name: str
    old: str
    new: str
    errors: tuple[str, ...]


# The whole table, so that a changed word in a message is seen by whoever changes it.
SLIPS = (
    Slip(
        name="a section nobody knows",
        old="[grpc]",
        new="[grcp]",
        errors=('line 30: grcp: nothing is known by this name. Did you mean "grpc"?',),
    ),
    Slip(
        name="a key nobody knows",
        old="show_message = true",
        new="show_mesage = true",
        errors=(
            "line 18: status.show_mesage: nothing is known by this name. Did you mean "
            '"show_message"?',
        ),
    ),
    Slip(
        name="no TOML",
        old="[request]",
        new="[request",
        errors=(
            "line 3: mapping: is not TOML: Expected ']' at the end of a table declaration "
            "(at line 3, column 9).",
        ),
    ),
    Slip(
        name="a key twice",
        old='CLOSED = "invalid"',
        new='CLOSED = "invalid"\nCLOSED = "invalid"',
        errors=(
            "line 26: mapping: is not TOML: Cannot overwrite a value (at line 26, column 19).",
        ),
    ),
    Slip(
        name="no method",
        old='method = "dispatch.Orders/Void"\n',
        new="",
        errors=('method: is missing. Write method = "package.Service/Method".',),
    ),
    Slip(
        name="an unknown method",
        old="dispatch.Orders/Void",
        new="dispatch.Orders/Viod",
        errors=(
            'line 1: method: there is no method "dispatch.Orders/Viod" in the contract. '
            'Did you mean "dispatch.Orders/Void"?',
        ),
    ),
    Slip(
        name="a streaming method",
        old='method = "dispatch.Orders/Find"',
        new='method = "dispatch.Orders/Follow"',
        errors=(
            'line 38: lookup.method: "dispatch.Orders/Follow" is a streaming method. One '
            "push is one question and one answer: name a unary method.",
        ),
    ),
    Slip(
        name="an unknown field",
        old='"by_number.number"',
        new='"by_number.nummer"',
        errors=(
            "line 12: request.by_number.nummer: dispatch.Envelope.ByNumber has no field "
            '"nummer". Did you mean "by_number.number"?',
        ),
    ),
    Slip(
        name="an unknown field that is elsewhere",
        old='"by_number.number"',
        new='"number"',
        errors=(
            'line 12: request.number: dispatch.Envelope has no field "number". Did you '
            'mean "by_number.number"?',
        ),
    ),
    Slip(
        name="a path through a text",
        old='"merchant.app"',
        new='"merchant.app.id"',
        errors=('line 11: request.merchant.app.id: "app" is string: it has no fields inside.',),
    ),
    Slip(
        name="a repeated field",
        old='"merchant.app"',
        new='"tags"',
        errors=(
            'line 11: request.tags: "tags" is a repeated field: which of its many values '
            "is meant cannot be said. Name a singular field.",
        ),
    ),
    Slip(
        name="a map field",
        old='"merchant.app"',
        new='"extra"',
        errors=(
            'line 11: request.extra: "extra" is a map field: which of its many values is '
            "meant cannot be said. Name a singular field.",
        ),
    ),
    Slip(
        name="a message as a target",
        old='"by_number.number"',
        new='"by_number"',
        errors=(
            'line 12: request.by_number: "by_number" is a message '
            "(dispatch.Envelope.ByNumber). Name a field inside it: by_number.number, "
            "by_number.order.",
        ),
    ),
    Slip(
        name="two members of a oneof",
        old='"by_number.order"',
        new='"by_label.label"',
        errors=(
            'line 13: request.by_label.label: "by_label" and "by_number" are members of '
            'one oneof, "target": only one of them can be set. Remove one of the two.',
        ),
    ),
    Slip(
        name="a field inside a filled one",
        old='"merchant.app"',
        new='"merchant.code.value"',
        errors=(
            'line 11: request.merchant.code.value: lies inside "merchant.code", which is '
            "filled as a whole. Remove one of the two.",
        ),
    ),
    Slip(
        name="an unknown push field",
        old='"WayBillID"\n"by_number.order"',
        new='"WaybillID"\n"by_number.order"',
        errors=(
            'line 12: request.by_number.number: "WaybillID" is no field of a push. Did you '
            'mean "WayBillID"? A constant is written "=WaybillID".',
        ),
    ),
    Slip(
        name="text that never fits an integer",
        old='"merchant.app" = "ShopAppID"',
        new='seconds = "ShopAppID"',
        errors=(
            "line 11: request.seconds: ShopAppID never fits int32: it is an app id such as "
            "wx0123456789abcdef. Choose a field of type string or bytes.",
        ),
    ),
    Slip(
        name="the request id in an integer",
        old='"merchant.app" = "ShopAppID"',
        new='seconds = "request_id"',
        errors=(
            "line 11: request.seconds: request_id never fits int32: it is 32 hexadecimal "
            "digits. Choose a field of type string or bytes.",
        ),
    ),
    Slip(
        name="a push field in an enum",
        old='"=CHANNEL_WECHAT"',
        new='"ShopAppID"',
        errors=(
            "line 6: request.header.channel: ShopAppID cannot stand in a field of type "
            'dispatch.Channel. Give a constant: "=CHANNEL_WECHAT".',
        ),
    ),
    Slip(
        name="an unknown constant of an enum",
        old='"=CHANNEL_WECHAT"',
        new='"=CHANNEL_WECHA"',
        errors=(
            "line 6: request.header.channel: dispatch.Channel has no value "
            '"CHANNEL_WECHA". Did you mean "CHANNEL_WECHAT"?',
        ),
    ),
    Slip(
        name="a push field in a bool",
        old='"=false"',
        new='"ShopAppID"',
        errors=(
            "line 7: request.header.dry_run: ShopAppID cannot stand in a field of type "
            'bool. Give a constant: "=true" or "=false".',
        ),
    ),
    Slip(
        name="a constant that is no bool",
        old='"=false"',
        new='"=no"',
        errors=('line 7: request.header.dry_run: "no" is not a constant of type bool.',),
    ),
    Slip(
        name="a push field in a double",
        old='"=0.5"',
        new='"OrderID"',
        errors=(
            "line 8: request.header.weight: OrderID cannot stand in a field of type "
            "double. A floating-point number loses digits of an id: choose a text or "
            "integer field.",
        ),
    ),
    Slip(
        name="a constant that is no number",
        old='"=0.5"',
        new='"=half"',
        errors=('line 8: request.header.weight: "half" is not a constant of type double.',),
    ),
    Slip(
        name="a time that is no time",
        old='"header.at" = "CreateTime"',
        new='"header.at" = "OrderID"',
        errors=(
            "line 5: request.header.at: OrderID cannot stand in a field of type "
            "google.protobuf.Timestamp. Only CreateTime is a time.",
        ),
    ),
    Slip(
        name="a number instead of a text",
        old='"header.dry_run" = "=false"',
        new='"header.dry_run" = false',
        errors=("line 7: request.header.dry_run: must be a text in quotes.",),
    ),
    Slip(
        name="no waybill",
        old='"by_number.number" = "WayBillID"\n"by_number.order" = "OrderID"\n',
        new="",
        errors=(
            "line 3: request: neither WayBillID nor OrderID is sent: the carrier cannot "
            'know which waybill is meant. Add a line: "path.to.the.field" = "WayBillID".',
        ),
    ),
    Slip(
        name="no status field",
        old='field = "result.state"\n',
        new="",
        errors=('line 15: status.field: is missing. Name the enum in the reply: field = "…".',),
    ),
    Slip(
        name="a status that is no enum",
        old='field = "result.state"',
        new='field = "code"',
        errors=('line 16: status.field: "code" is int32, not an enum. There is: result.state.',),
    ),
    Slip(
        name="a repeated status",
        old='field = "result.state"',
        new='field = "history"',
        errors=(
            'line 16: status.field: "history" is a repeated field: which of its many '
            "values is meant cannot be said. Name a singular field.",
        ),
    ),
    Slip(
        name="a message that is no text",
        old='message = "result.detail"',
        new='message = "code"',
        errors=(
            'line 17: status.message: "code" is int32, not a string. There is: redirect, '
            "result.detail.",
        ),
    ),
    Slip(
        name="a flag in quotes",
        old="show_message = true",
        new='show_message = "yes"',
        errors=("line 18: status.show_message: must be true or false, without quotes.",),
    ),
    Slip(
        name="a value without a row",
        old='ON_VAN = "picked_up"\n',
        new="",
        errors=('line 20: status.outcomes: ON_VAN (200) has no row. Add a line: ON_VAN = "…".',),
    ),
    Slip(
        name="a zero that means something",
        old='NONE = "failed"',
        new='NONE = "not_found"',
        errors=(
            "line 21: status.outcomes.NONE: is the enum's zero value: a forgotten field "
            'looks like it, so it may only be "failed". Write NONE = "failed".',
        ),
    ),
    Slip(
        name="a zero without a row",
        old='NONE = "failed"\n',
        new="",
        errors=('line 20: status.outcomes: NONE (0) has no row. Add a line: NONE = "failed".',),
    ),
    Slip(
        name="an unknown value",
        old='ON_VAN = "picked_up"',
        new='ON_VAM = "picked_up"',
        errors=(
            'line 20: status.outcomes: ON_VAN (200) has no row. Add a line: ON_VAN = "…".',
            "line 24: status.outcomes.ON_VAM: dispatch.State has no such value. Did you "
            'mean "ON_VAN"?',
        ),
    ),
    Slip(
        name="an unknown outcome",
        old='ON_VAN = "picked_up"',
        new='ON_VAN = "pickedup"',
        errors=(
            'line 24: status.outcomes.ON_VAN: "pickedup" is not one of ours. Did you mean '
            '"picked_up"?',
        ),
    ),
    Slip(
        name="aliases that disagree",
        old='VOIDED = "cancelled"',
        new='VOIDED = "invalid"',
        errors=(
            'line 23: status.outcomes.VOIDED: is an alias of "DONE", which means something '
            "else. One number has one meaning: keep one of the two rows.",
        ),
    ),
    Slip(
        name="nothing means cancelled",
        old='DONE = "cancelled"\nVOIDED = "cancelled"',
        new='DONE = "failed"',
        errors=(
            'line 20: status.outcomes: no status but zero means "cancelled": no '
            "cancellation could ever be reported.",
        ),
    ),
    Slip(
        name="an unknown code",
        old='NOT_FOUND = "not_found"',
        new='NOTFOUND = "not_found"',
        errors=(
            'line 31: grpc.NOTFOUND: is no gRPC code of a failed call. Did you mean "NOT_FOUND"?',
        ),
    ),
    Slip(
        name="a code that never refuses",
        old='NOT_FOUND = "not_found"',
        new='OK = "cancelled"',
        errors=(
            "line 31: grpc.OK: is no gRPC code of a failed call. There is: "
            "FAILED_PRECONDITION, INVALID_ARGUMENT, OUT_OF_RANGE, ALREADY_EXISTS, "
            "PERMISSION_DENIED, UNAUTHENTICATED, NOT_FOUND, UNIMPLEMENTED, INTERNAL, "
            "UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, ….",
        ),
    ),
    Slip(
        name="doubt as success",
        old='NOT_FOUND = "not_found"',
        new='UNAVAILABLE = "cancelled"',
        errors=(
            "line 31: grpc.UNAVAILABLE: UNAVAILABLE may come before or after the effect: "
            "it can never mean cancelled. Remove this line; the adapter asks again and "
            "learns it.",
        ),
    ),
    Slip(
        name="a reason with an unknown outcome",
        old='MERCHANT_GONE = "not_found"',
        new='MERCHANT_GONE = "gone"',
        errors=(
            'line 35: grpc.reasons.MERCHANT_GONE: "gone" is not one of ours. There is: '
            "cancelled, not_found, picked_up, invalid, already_cancelled, unsupported, "
            "failed, in_doubt.",
        ),
    ),
    Slip(
        name="the password in a lookup",
        old='number = "WayBillID"\n\n[lookup.status]',
        new='number = "WayBillID"\npassword = "BizPwd"\n\n[lookup.status]',
        errors=(
            "line 42: lookup.request.password: BizPwd cannot be sent here: the password is "
            "never stored, and a lookup is made long after the push. Remove this line.",
        ),
    ),
    Slip(
        name="an outcome that is no fact",
        old='STAGE_VAN = "picked_up"',
        new='STAGE_VAN = "failed"',
        errors=(
            'line 49: lookup.status.outcomes.STAGE_VAN: "failed" is not one of ours. There '
            "is: cancelled, picked_up, invalid, active, not_found.",
        ),
    ),
    Slip(
        name="a lookup's zero",
        old='STAGE_OPEN = "active"',
        new='STAGE_OPEN = "active"\nSTAGE_NONE = "active"',
        errors=(
            "line 48: lookup.status.outcomes.STAGE_NONE: is the enum's zero value: a "
            "forgotten field looks like it, so it settles nothing. Remove this line.",
        ),
    ),
    Slip(
        name="a lookup without status",
        old='[lookup.status]\nfield = "life.stage"\n',
        new="",
        errors=(
            'line 37: lookup.status.field: is missing. Name the enum in the reply: field = "…".',
        ),
    ),
    Slip(
        name="a table that is none",
        old="[grpc]",
        new='grpc = "x"\n[x]',
        errors=(
            'line 30: status.outcomes.grpc: "x" is not one of ours. There is: cancelled, '
            "not_found, picked_up, invalid, already_cancelled, unsupported, failed, "
            "in_doubt.",
            "line 30: status.outcomes.grpc: dispatch.State has no such value. There is: "
            "NONE, VOIDED, DONE, ON_VAN, CLOSED, VOIDED_BEFORE, BROKEN, STILL_WORKING.",
            "line 31: x: nothing is known by this name. There is: method, request, status, "
            "grpc, lookup.",
        ),
    ),
)


def _errors(text: str) -> tuple[str, ...]:
    with pytest.raises(MappingFaults) as raised:
        Mapping.load(dispatch(), text.encode())
    found = raised.value.findings
    return tuple(str(finding) for finding in found if finding.severity is Severity.ERROR)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_each_slip_is_named_with_its_line_and_a_way_out(slip: Slip) -> None:
    assert MAPPING.count(slip.old) == 1

    errors = _errors(MAPPING.replace(slip.old, slip.new))

    assert errors == slip.errors


def test_all_slips_of_one_file_are_found_at_once() -> None:
    text = MAPPING
    together = ("an unknown method", "a lookup's zero", "an unknown code", "a flag in quotes")
    for slip in (slip for slip in SLIPS if slip.name in together):
        text = text.replace(slip.old, slip.new)

    errors = _errors(text)

    assert [error.partition(": ")[0] for error in errors] == [
        "line 1",
        "line 18",
        "line 31",
        "line 48",
    ]


def test_an_empty_file_lacks_all_three_needed_things() -> None:
    assert _errors("") == (
        'method: is missing. Write method = "package.Service/Method".',
        "request: is missing. Say which field holds what of the push.",
        "status: is missing. Name the reply's enum and what its values mean.",
    )
