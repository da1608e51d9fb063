from __future__ import annotations

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.text_format import Parse

from adapter.carrier.contract.contract import Contract
from adapter.carrier.contract.drift import compare, compare_served
from adapter.diagnostics.finding import Severity

OURS = """
name: "d.proto" package: "d" syntax: "proto3"
message_type { name: "Ask"
  field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "inner" number: 2 type: TYPE_MESSAGE type_name: ".d.Ask" label: LABEL_OPTIONAL }
}
message_type { name: "Answer"
  field { name: "state" number: 1 type: TYPE_ENUM type_name: ".d.State" label: LABEL_OPTIONAL }
  field { name: "again" number: 2 type: TYPE_ENUM type_name: ".d.State" label: LABEL_OPTIONAL }
}
enum_type { name: "State"
  value { name: "NONE" number: 0 } value { name: "DONE" number: 1 } value { name: "GONE" number: 2 }
}
service { name: "S" method { name: "M" input_type: ".d.Ask" output_type: ".d.Answer" } }
"""


def contract(text: str) -> Contract:
    file = Parse(text, FileDescriptorProto())
    return Contract.load(bytes(FileDescriptorSet(file=[file]).SerializeToString()))


ID = 'name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL'
DRIFTS = [
    ('name: "M" ', 'name: "N" ', Severity.ERROR, "the server has no method d.S/M"),
    (
        'output_type: ".d.Answer"',
        'output_type: ".d.Answer" server_streaming: true',
        Severity.ERROR,
        "the server's d.S/M is a streaming method",
    ),
    (
        ID,
        ID.replace("number: 1", "number: 7"),
        Severity.ERROR,
        "d.Ask.id is number 1 here and 7 at the server",
    ),
    (
        f"field {{ {ID} }}",
        "",
        Severity.WARNING,
        "d.Ask.id is unknown to the server, which ignores it or never fills it",
    ),
    (
        ID,
        ID.replace('"id"', '"trace"'),
        Severity.ERROR,
        "d.Ask.id, number 1, is trace at the server",
    ),
    (
        ID,
        ID.replace("TYPE_STRING", "TYPE_INT64"),
        Severity.ERROR,
        "d.Ask.id is string here and int64 at the server",
    ),
    (
        ID,
        ID.replace("LABEL_OPTIONAL", "LABEL_REPEATED"),
        Severity.ERROR,
        "d.Ask.id is string here and repeated string at the server",
    ),
    (
        'name: "DONE" number: 1 } value { name: "GONE" number: 2',
        'name: "DONE" number: 2 } value { name: "GONE" number: 1',
        Severity.ERROR,
        "d.State.DONE is 1 here and 2 at the server",
    ),
    (
        'name: "GONE" number: 2 }',
        'name: "GONE" number: 2 } value { name: "LOST" number: 9 }',
        Severity.WARNING,
        "the server's d.State has LOST = 9, which the contract lacks",
    ),
]


@pytest.mark.parametrize(("ours", "theirs", "severity", "message"), DRIFTS)
def test_a_drift_is_named(ours: str, theirs: str, severity: Severity, message: str) -> None:
    here = contract(OURS)
    assert ours in OURS

    finding = compare(here, contract(OURS.replace(ours, theirs)), [here.method("d.S/M")])[0]

    assert (finding.severity, finding.message) == (severity, f"{message}.")


def test_the_same_contract_has_no_drift() -> None:
    here = contract(OURS)

    assert compare(here, contract(OURS), [here.method("d.S/M")]) == ()


def test_a_type_that_was_only_renamed_is_the_same() -> None:
    here = contract(OURS)
    renamed = contract(OURS.replace("d.Answer", "d.Reply").replace('"Answer"', '"Reply"'))

    assert compare(here, renamed, [here.method("d.S/M")]) == ()


def test_a_required_field_that_we_cannot_fill_is_an_error() -> None:
    here = contract(OURS)
    old = OURS.replace("proto3", "proto2").replace(
        f"field {{ {ID} }}",
        f"field {{ {ID} }} "
        'field { name: "key" number: 9 type: TYPE_STRING label: LABEL_REQUIRED }',
    )

    (finding,) = compare(here, contract(old), [here.method("d.S/M")])

    assert finding.message == "the server requires d.Ask.key, which the contract lacks."


def test_a_contract_that_cannot_be_read_is_a_warning() -> None:
    here = contract(OURS)

    (finding,) = compare_served(here, b"\xff", [here.method("d.S/M")])

    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("the server's contract cannot be read")


def test_the_shipped_contract_agrees_with_itself() -> None:
    shipped = Contract.load()
    methods = [
        shipped.method(f"carrier.v1.WaybillService/{name}")
        for name in ("CancelWaybill", "GetWaybill")
    ]

    assert compare_served(shipped, shipped.descriptors, methods) == ()
