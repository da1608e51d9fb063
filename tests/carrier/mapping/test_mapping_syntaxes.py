"""Contracts in the other syntaxes of protobuf: proto2, and the editions."""

from __future__ import annotations

import pytest

from adapter.cancellation.model import Outcome
from adapter.carrier.mapping.mapping import Mapping
from tests.carrier.both_sides import said, sent
from tests.carrier.dispatch_contract import REQUEST_ID, cancellation, compiled

OLD = """
syntax = "proto2"; package old;
enum S { GONE = 1; HERE = 2; }
message R { optional S s = 1; optional string m = 2; optional string self = 3; }
service D { rpc Do(R) returns (R); }
"""
OLD_MAPPING = b"""
method = "old.D/Do"
request = { self = "WayBillID" }
[status]
field = "s"
message = "m"
outcomes = { GONE = "cancelled", HERE = "failed" }
"""
EDITION = """
edition = "2023"; package new;
enum T { option features.enum_type = CLOSED; NONE = 0; GONE = 2; }
message R { string m = 2; T t = 3; R inner = 4 [features.message_encoding = DELIMITED]; }
service D { rpc Do(R) returns (R); }
"""
EDITION_MAPPING = b"""
method = "new.D/Do"
request = { "inner.m" = "WayBillID" }
[status]
field = "inner.t"
outcomes = { NONE = "failed", GONE = "cancelled" }
"""


@pytest.mark.parametrize(
    ("wire", "outcome", "status"),
    [
        (b"\x08\x01", Outcome.CANCELLED, "GONE"),
        (b"\x08\x01\x12\x01\xff", Outcome.CANCELLED, "GONE"),
        (b"\x08\x05", Outcome.IN_DOUBT, "UNSET"),
        (b"", Outcome.IN_DOUBT, "UNSET"),
    ],
    ids=["a status", "words that are no UTF-8", "a new status", "nothing"],
)
def test_a_proto2_carrier_is_never_taken_at_a_default(
    wire: bytes, outcome: Outcome, status: str
) -> None:
    mapping = Mapping.load(compiled(OLD), OLD_MAPPING)

    answer = mapping.answer(mapping.method.reply_class.FromString(wire))

    assert (answer.outcome, answer.status, answer.message) == (outcome, status, "")


def test_a_text_that_is_no_utf8_is_read_with_a_mark() -> None:
    mapping = Mapping.load(compiled(OLD), OLD_MAPPING)

    fields = mapping.read_request(mapping.method.request_class.FromString(b"\x1a\x01\xff"))

    assert fields.waybill_id == "\N{REPLACEMENT CHARACTER}"


def test_a_contract_of_an_edition_is_spoken_like_any_other() -> None:
    mapping = Mapping.load(compiled(EDITION), EDITION_MAPPING)

    request = sent(mapping.request(cancellation(), REQUEST_ID))

    assert mapping.read_request(request).waybill_id == "123456789"
    assert said(mapping, Outcome.CANCELLED).status == "GONE"
    assert mapping.answer(sent(mapping.write_reply(None))).outcome is Outcome.IN_DOUBT
