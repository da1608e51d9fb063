from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from adapter.carrier.contract.contract import Contract
from adapter.carrier.contract.missing_imports import add_missing_imports
from tests.carrier.dispatch_contract import dispatch


def files_of(contract: Contract) -> list[FileDescriptorProto]:
    return [*FileDescriptorSet.FromString(contract.descriptors).file]


def test_files_without_imports_get_those_they_need() -> None:
    for contract in (Contract.load(), dispatch()):
        files = files_of(contract)
        bare = [FileDescriptorProto.FromString(file.SerializeToString()) for file in files]
        for file in bare:
            file.ClearField("dependency")

        add_missing_imports(bare)

        known = {file.name for file in files}
        wanted = [sorted(name for name in file.dependency if name in known) for file in files]
        assert [list(file.dependency) for file in bare] == wanted


def test_nested_types_enums_and_extensions_count() -> None:
    owner = FileDescriptorProto(name="owner.proto", package="a")
    outer = owner.message_type.add(name="Outer")
    outer.nested_type.add(name="Inner").enum_type.add(name="Kind")
    outer.enum_type.add(name="Sort")
    owner.enum_type.add(name="Colour")
    users = []
    for used in ("a.Outer.Inner", ".a.Outer.Inner.Kind", ".a.Outer.Sort", ".a.Colour"):
        user = FileDescriptorProto(name=f"{used}.proto")
        user.message_type.add(name="M").nested_type.add(name="N").field.add(type_name=used)
        users.append(user)
    extending = FileDescriptorProto(name="extending.proto")
    extending.extension.add(name="x", type_name=".a.Outer")

    add_missing_imports([owner, *users, extending])

    assert [list(user.dependency) for user in (*users, extending)] == [["owner.proto"]] * 5
    assert not owner.dependency


def test_named_imports_are_left_as_they_are() -> None:
    owner = FileDescriptorProto(name="owner.proto", package="a")
    owner.message_type.add(name="M")
    user = FileDescriptorProto(name="user.proto", dependency=["public.proto"])
    user.message_type.add(name="U").field.add(type_name=".a.M")

    add_missing_imports([owner, user])

    assert list(user.dependency) == ["public.proto"]
