"""A carrier's contract, from its descriptor set: the methods, and the messages they carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import Descriptor, FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import meant

SHIPPED = Path(__file__).parents[1] / "waybill_service.binpb"
# In the wheel beside the descriptor set; in a checkout where buf looks for it.
PROTOS = (
    SHIPPED.with_suffix(".proto"),
    Path(__file__).parents[3] / "proto" / "carrier" / "v1" / "waybill_service.proto",
)


def shipped_proto() -> str:
    """Return the text of the shipped contract."""
    return next(path for path in PROTOS if path.exists()).read_text(encoding="utf-8")


SIZE_LIMIT_BYTES = 16 * 1024 * 1024

# A set made without --include_imports lacks these; everybody has them, so they are added.
WELL_KNOWN: dict[str, FileDescriptor] = {
    module.DESCRIPTOR.name: module.DESCRIPTOR
    for module in (
        any_pb2,
        descriptor_pb2,
        duration_pb2,
        empty_pb2,
        field_mask_pb2,
        struct_pb2,
        timestamp_pb2,
        wrappers_pb2,
    )
}


class ContractFault(CannotStart):
    """A descriptor set, or a method in it, cannot be used. `hint` says what to do."""

    KEY: ClassVar[str] = "carrier.descriptors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One unary method: its path on the wire (`/pkg.Service/Method`) and its messages."""

    path: str
    request_type: Descriptor
    reply_type: Descriptor
    request_class: type[Message]
    reply_class: type[Message]

    @property
    def service(self) -> str:
        """The service's full name, `pkg.Service`."""
        return self.path[1:].partition("/")[0]

    @property
    def name(self) -> str:
        """The name as a mapping writes it, `pkg.Service/Method`."""
        return self.path[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Every type of one descriptor set, in a pool of its own: two contracts never clash."""

    pool: DescriptorPool
    files: tuple[FileDescriptor, ...]
    descriptors: bytes = field(repr=False)

    @classmethod
    def load(cls, descriptors: bytes | Path | None = None) -> Contract:
        """Read a descriptor set: its bytes, a file, or the shipped contract.

        Raises `ContractFault` when it cannot be read, holds nothing, or is not whole.
        """
        source = SHIPPED if descriptors is None else descriptors
        raw = _read(source) if isinstance(source, Path) else source
        files = _parse(raw)
        pool = DescriptorPool()
        for file in imports_first([*files, *_missing_well_known(files)]):
            try:
                pool.AddSerializedFile(file.SerializeToString())
            except TypeError as error:
                raise ContractFault(
                    f"{file.name} conflicts with the other files: {error}",
                    hint="Compile the files again, all at once.",
                ) from error
        named = tuple(pool.FindFileByName(file.name) for file in files)
        return cls(pool=pool, files=named, descriptors=raw)

    @property
    def methods(self) -> tuple[MethodDescriptor, ...]:
        """Every method of every service, streaming ones too, in the order of the files."""
        return tuple(
            method
            for file in self.files
            for service in file.services_by_name.values()
            for method in service.methods
        )

    def method(self, name: str) -> Method:
        """Return the unary method `pkg.Service/Method`.

        Raises `ContractFault` when there is none, or when it streams.
        """
        known = {method_name(method): method for method in self.methods}
        found = known.get(name.removeprefix("/"))
        if found is None:
            raise ContractFault(f'the contract has no method "{name}"', hint=self._unary_like(name))
        if not is_unary(found):
            raise ContractFault(
                f'"{name}" is a streaming method',
                hint="A push needs one request and one reply: name a unary method. "
                + self._unary_like(""),
            )
        return Method(
            path=f"/{method_name(found)}",
            request_type=found.input_type,
            reply_type=found.output_type,
            request_class=GetMessageClass(found.input_type),
            reply_class=GetMessageClass(found.output_type),
        )

    def _unary_like(self, name: str) -> str:
        """Say which method may be meant, and which there are; a streaming one never is."""
        if not self.methods:
            return "The descriptor set contains no service."
        unary = [method_name(method) for method in self.methods if is_unary(method)]
        near, listed = meant(name, unary), meant("", unary)
        return " ".join(dict.fromkeys((near, listed))) or "All of its methods are streaming."


def is_unary(method: MethodDescriptor) -> bool:
    return not (method.client_streaming or method.server_streaming)


def method_name(method: MethodDescriptor) -> str:
    """Return the name as a mapping writes it, `pkg.Service/Method`."""
    return f"{method.containing_service.full_name}/{method.name}"


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise ContractFault(
            f"{file} cannot be read: {error.strerror}",
            hint="Name a descriptor set; `waybridge contract compile` makes one.",
        ) from error
    if len(raw) > SIZE_LIMIT_BYTES:
        raise ContractFault(f"{file} is over {SIZE_LIMIT_BYTES} bytes")
    return raw


def _parse(raw: bytes) -> list[FileDescriptorProto]:
    how = "`waybridge contract compile your.proto -o your.binpb` makes a descriptor set."
    if not raw:
        raise ContractFault("the descriptor set is empty", hint=how)
    try:
        files = list(FileDescriptorSet.FromString(raw).file)
    except DecodeError as error:
        raise ContractFault("the file is not a descriptor set", hint=how) from error
    # Many other files parse as a set of nothing: unknown fields are not an error to protobuf.
    if not any(file.message_type or file.service for file in files):
        raise ContractFault("the descriptor set contains no message and no service", hint=how)
    return files


def _missing_well_known(files: Iterable[FileDescriptorProto]) -> list[FileDescriptorProto]:
    """Return those that are held neither by name nor, as Node's reflection has it, by content."""
    files = [*files]
    held = {file.name for file in files}
    defined = {f"{file.package}.{message.name}" for file in files for message in file.message_type}
    return [
        FileDescriptorProto.FromString(known.serialized_pb)
        for name, known in WELL_KNOWN.items()
        if name not in held
        and not any(one.full_name in defined for one in known.message_types_by_name.values())
    ]


def imports_first(files: Iterable[FileDescriptorProto]) -> list[FileDescriptorProto]:
    """Return the files as protoc writes them, each after those that it imports.

    Raises `ContractFault` for an import that is missing or that imports its importer.
    """
    by_name = {file.name: file for file in files}
    ordered: dict[str, FileDescriptorProto] = {}

    def append(name: str, importers: tuple[str, ...]) -> None:
        if name in ordered:
            return
        if name in importers:
            raise ContractFault(f"{name} imports itself, through {' → '.join(importers)}")
        if name not in by_name:
            raise ContractFault(
                f'{importers[-1]} imports "{name}", which the descriptor set does not contain',
                hint="Compile with --include_imports, as `waybridge contract compile` does.",
            )
        for dependency in by_name[name].dependency:
            append(dependency, (*importers, name))
        ordered[name] = by_name[name]

    for name in by_name:
        append(name, ())
    return list(ordered.values())
