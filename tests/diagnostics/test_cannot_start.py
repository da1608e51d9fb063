from __future__ import annotations

import importlib
import pkgutil

import pytest

import adapter
import legacy_stub
from adapter.carrier.contract.contract import ContractFault
from adapter.carrier.mapping.load import MappingFaults
from adapter.config.load import SettingsFaults
from adapter.diagnostics import cannot_start
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity

FINDINGS = (
    Finding(source="adapter.toml", key="edge.path", line=3, message="is wrong."),
    Finding(severity=Severity.NOTE, source="the carrier", message="has no reflection."),
)


def _kinds(kind: type[CannotStart]) -> set[str]:
    return {kind.__name__, *(name for below in kind.__subclasses__() for name in _kinds(below))}


@pytest.mark.parametrize("kind", [SettingsFaults, MappingFaults])
def test_faults_hold_and_say_every_finding(kind: type[CannotStart]) -> None:
    faults = kind(FINDINGS)

    assert faults.findings == FINDINGS
    assert str(faults) == f"{FINDINGS[0]}\n{FINDINGS[1]}"
    assert (faults.message, faults.hint) == ("is wrong.", "")


def test_the_message_of_one_error_becomes_a_finding_at_the_kinds_own_key() -> None:
    fault = ContractFault("it is empty", hint="Compile it.")

    assert fault.findings == (
        Finding(key="carrier.descriptors", message="it is empty.", hint="Compile it."),
    )
    assert str(fault) == "it is empty. Compile it."
    assert str(ContractFault("it is empty")) == "it is empty."


def test_nothing_found_is_nothing_said() -> None:
    assert (CannotStart(()).message, CannotStart(()).hint) == ("", "")


def test_the_drawn_tree_holds_every_kind() -> None:
    for package in (adapter, legacy_stub):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and not found.name.endswith("__main__"):
                importlib.import_module(found.name)

    drawn = {
        line.lstrip("│├└─ ").split()[0]
        for line in (cannot_start.__doc__ or "").splitlines()
        if line.startswith(("CannotStart", "├", "│", "└"))
    }

    assert drawn == _kinds(CannotStart)
