from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from adapter.carrier.contract import contract
from adapter.carrier.contract.contract import SHIPPED, Contract, ContractFault
from tests.carrier.dispatch_contract import compiled, dispatch

CANCEL = "carrier.v1.WaybillService/CancelWaybill"
STREAMING = (
    'syntax = "proto3"; package streaming; message Q {}'
    "service D { rpc Watch(Q) returns (stream Q); }"
)


def _set(*files: FileDescriptorProto) -> bytes:
    return FileDescriptorSet(file=files).SerializeToString()


def _file(name: str, *dependencies: str) -> FileDescriptorProto:
    file = FileDescriptorProto(name=name, dependency=dependencies)
    file.message_type.add(name=f"M{abs(hash(name))}")
    return file


def test_the_shipped_contract_is_loaded_when_none_is_named() -> None:
    method = Contract.load().method(CANCEL)

    assert (method.path, method.name, method.service) == (
        "/carrier.v1.WaybillService/CancelWaybill",
        CANCEL,
        "carrier.v1.WaybillService",
    )
    assert method.request_class(order_id="012").SerializeToString() == b"\x22\x03012"


def test_a_file_and_its_bytes_are_the_same_contract() -> None:
    raw = SHIPPED.read_bytes()

    assert Contract.load(raw).descriptors == Contract.load(SHIPPED).descriptors == raw


def test_two_contracts_may_use_the_same_names() -> None:
    first, second = Contract.load(), Contract.load()

    assert first.method(CANCEL).request_class is not second.method(CANCEL).request_class


def test_every_method_is_listed_the_streaming_ones_too() -> None:
    assert [method.name for method in dispatch().methods] == ["Void", "Find", "Follow"]


@pytest.mark.parametrize("name", [CANCEL, f"/{CANCEL}"])
def test_a_leading_slash_makes_no_difference(name: str) -> None:
    assert Contract.load().method(name).name == CANCEL


def test_the_password_is_marked_for_redaction_and_no_other_field_is() -> None:
    fields = Contract.load().method(CANCEL).request_type.fields

    redacted = [field.name for field in fields if field.GetOptions().debug_redact]
    assert redacted == ["biz_password"]


def test_an_unknown_method_comes_with_the_nearest() -> None:
    with pytest.raises(ContractFault) as raised:
        Contract.load().method("carrier.v1.WaybillService/CancelWaybil")

    assert raised.value.hint.startswith(f'Did you mean "{CANCEL}"? Choose from: {CANCEL}, ')


def test_a_streaming_method_is_never_the_one_that_is_meant() -> None:
    with pytest.raises(ContractFault) as near:
        dispatch().method("dispatch.Orders/Folow")
    with pytest.raises(ContractFault) as alone:
        compiled(STREAMING).method("streaming.D/Wach")

    assert "Follow" not in near.value.hint
    assert "Choose from: dispatch.Orders/Void, dispatch.Orders/Find." in near.value.hint
    assert alone.value.hint == "All of its methods are streaming."


def test_a_streaming_method_is_refused() -> None:
    with pytest.raises(ContractFault, match="is a streaming method"):
        dispatch().method("dispatch.Orders/Follow")


def test_a_set_without_services_says_so() -> None:
    with pytest.raises(ContractFault, match="contains no service"):
        Contract.load(_set(_file("a.proto"))).method("a.B/C")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "the descriptor set is empty"),
        (b"\xff\xff\xff", "the file is not a descriptor set"),
        (b"\x50\x01", "the descriptor set contains no message and no service"),
        (_set(_file("a.proto", "b.proto")), 'a.proto imports "b.proto", which the descriptor'),
        (
            _set(_file("a.proto", "b.proto"), _file("b.proto", "a.proto")),
            "a.proto imports itself, through a.proto → b.proto",
        ),
    ],
    ids=["empty", "no protobuf", "another message", "an import is missing", "a circle"],
)
def test_an_unfit_set_is_refused_with_the_reason(raw: bytes, message: str) -> None:
    with pytest.raises(ContractFault) as raised:
        Contract.load(raw)

    assert str(raised.value).startswith(message)


def test_files_that_contradict_each_other_are_refused() -> None:
    twice = _file("a.proto")
    twice.message_type.add(name=twice.message_type[0].name)

    with pytest.raises(ContractFault, match=r"a\.proto conflicts with the other files"):
        Contract.load(_set(twice))


def test_files_may_stand_in_any_order() -> None:
    loaded = Contract.load(_set(_file("a.proto", "b.proto"), _file("b.proto")))

    assert {file.name for file in loaded.files} == {"a.proto", "b.proto"}


def test_googles_own_types_need_not_be_in_the_set() -> None:
    name = timestamp_pb2.DESCRIPTOR.name

    loaded = Contract.load(_set(_file("a.proto", name)))

    assert loaded.pool.FindFileByName(name).name == name


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractFault, match=r"absent\.binpb cannot be read: No such file"):
        Contract.load(tmp_path / "absent.binpb")


def test_a_file_that_is_far_too_big_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "SIZE_LIMIT_BYTES", 10)
    file = tmp_path / "big.binpb"
    file.write_bytes(bytes(11))

    with pytest.raises(ContractFault, match="is over 10 bytes"):
        Contract.load(file)
