"""Where the contract a server shows differs from ours, in what would go wrong because of it."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.descriptor import (
    Descriptor,
    EnumDescriptor,
    FieldDescriptor,
    MethodDescriptor,
)

from adapter.carrier.contract.contract import (
    Contract,
    ContractFault,
    Method,
    is_unary,
    method_name,
)
from adapter.carrier.contract.field_path import KINDS
from adapter.diagnostics.finding import Finding, Findings, meant

KEY = "carrier.descriptors"


def compare(ours: Contract, served: Contract, methods: Iterable[Method]) -> tuple[Finding, ...]:
    """Compare what the methods carry, by name, number and type. Nothing: no drift.

    An error is what would be sent or read wrongly; a warning, what the other side would not
    see or we would not understand. Types are compared by shape: their names do not travel.
    """
    comparison = _Comparison()
    theirs = {method_name(method): method for method in served.methods}
    known = {method_name(method): method for method in ours.methods}
    for method in methods:
        there = theirs.get(method.name)
        if there is None:
            hint = meant(method.name, theirs)
            comparison.error(f"the server has no method {method.name}", hint)
        else:
            comparison.method(known[method.name], there)
    return tuple(comparison.findings.found)


def compare_served(ours: Contract, served: bytes, methods: Iterable[Method]) -> tuple[Finding, ...]:
    """Compare with a descriptor set as reflection brought it."""
    try:
        return compare(ours, Contract.load(served), methods)
    except ContractFault as error:
        findings = Findings()
        findings.warning(KEY, f"the server's contract cannot be read: {error.message}")
        return tuple(findings.found)


class _Comparison:
    def __init__(self) -> None:
        self.findings = Findings()
        self._compared: set[tuple[str, str]] = set()

    def error(self, message: str, hint: str = "") -> None:
        self.findings.error(KEY, message, hint)

    def warning(self, message: str, hint: str = "") -> None:
        self.findings.warning(KEY, message, hint)

    def is_new(self, here: Descriptor | EnumDescriptor, there: Descriptor | EnumDescriptor) -> bool:
        """Tell whether two types have not been compared yet: a message may contain itself."""
        names = (here.full_name, there.full_name)
        is_new = names not in self._compared
        self._compared.add(names)
        return is_new

    def method(self, here: MethodDescriptor, there: MethodDescriptor) -> None:
        if not is_unary(there):
            self.error(f"the server's {method_name(there)} is a streaming method")
            return
        self.message(here.input_type, there.input_type)
        self.message(here.output_type, there.output_type)
        for extra in there.input_type.fields:
            if extra.is_required and extra.number not in here.input_type.fields_by_number:
                self.error(f"the server requires {extra.full_name}, which the contract lacks")

    def message(self, here: Descriptor, there: Descriptor) -> None:
        if self.is_new(here, there):
            for ours in here.fields:
                self.field(ours, there)

    def field(self, ours: FieldDescriptor, there: Descriptor) -> None:
        name = ours.full_name
        theirs = there.fields_by_number.get(ours.number)
        named = there.fields_by_name.get(ours.name)
        if named is not None and named.number != ours.number:
            self.error(f"{name} is number {ours.number} here and {named.number} at the server")
        elif theirs is None:
            self.warning(f"{name} is unknown to the server, which ignores it or never fills it")
        elif named is None:
            self.error(
                f"{name}, number {ours.number}, is {theirs.name} at the server",
                "If it was only renamed, take the server's descriptors.",
            )
        elif _shape(ours) != _shape(theirs):
            self.error(f"{name} is {_shape(ours)} here and {_shape(theirs)} at the server")
        elif ours.message_type is not None and theirs.message_type is not None:
            self.message(ours.message_type, theirs.message_type)
        elif ours.enum_type is not None and theirs.enum_type is not None:
            self.enum(ours.enum_type, theirs.enum_type)

    def enum(self, here: EnumDescriptor, there: EnumDescriptor) -> None:
        if not self.is_new(here, there):
            return
        for ours in here.values:
            theirs = there.values_by_name.get(ours.name)
            if theirs is not None and theirs.number != ours.number:
                self.error(
                    f"{here.full_name}.{ours.name} is {ours.number} here "
                    f"and {theirs.number} at the server"
                )
        known = {value.number for value in here.values}
        for extra in there.values:
            if extra.number not in known:
                self.warning(
                    f"the server's {there.full_name} has {extra.name} = {extra.number}, "
                    "which the contract lacks",
                    "It would be answered −1 and left in doubt: take the server's descriptors.",
                )


def _shape(one: FieldDescriptor) -> str:
    kind = KINDS.get(one.type, "unknown")
    return f"repeated {kind}" if one.is_repeated else kind
