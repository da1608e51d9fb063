"""Gives files the imports that they need and do not name: Node's official reflection
(@grpc/proto-loader) sends every file without its imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto


def add_missing_imports(files: Iterable[FileDescriptorProto]) -> None:
    """Add to each file that imports nothing the files that define the types it uses."""
    files = [*files]
    defined = {name: file.name for file in files for name in _defined(file)}
    for file in files:
        if file.dependency:
            continue
        needed = {defined.get(name.removeprefix(".")) for name in _used(file)}
        file.dependency.extend(sorted(name for name in needed if name and name != file.name))


def _defined(file: FileDescriptorProto) -> Iterator[str]:
    scope = f"{file.package}." if file.package else ""
    for enum in file.enum_type:
        yield scope + enum.name
    for message in file.message_type:
        yield from _defined_in(message, scope)


def _defined_in(message: DescriptorProto, scope: str) -> Iterator[str]:
    name = scope + message.name
    yield name
    for enum in message.enum_type:
        yield f"{name}.{enum.name}"
    for nested in message.nested_type:
        yield from _defined_in(nested, f"{name}.")


def _used(file: FileDescriptorProto) -> Iterator[str]:
    for service in file.service:
        for method in service.method:
            yield method.input_type
            yield method.output_type
    yield from (field.type_name for field in file.extension)
    for message in file.message_type:
        yield from _used_in(message)


def _used_in(message: DescriptorProto) -> Iterator[str]:
    yield from (field.type_name for field in (*message.field, *message.extension))
    for nested in message.nested_type:
        yield from _used_in(nested)
