"""A mapping file read whole: every section is checked before any fault is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from adapter.cancellation.model import CarrierAnswer, Doubt, Fact, Outcome
from adapter.carrier.contract.contract import Contract, Method
from adapter.carrier.contract.faults import MappingFaults
from adapter.carrier.mapping import grpc_status as refusals
from adapter.carrier.mapping import load_rules as mapping_rules
from adapter.carrier.mapping import request as requests
from adapter.carrier.mapping import status as statuses
from adapter.carrier.mapping.grpc_status import RefusalTable
from adapter.carrier.mapping.message import MessageField, message_field
from adapter.carrier.mapping.request import RequestPlan
from adapter.carrier.mapping.status import StatusTable
from adapter.diagnostics.finding import Finding
from adapter.diagnostics.table import Table, UnusableFile, read

W = TypeVar("W", Outcome, Fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelling:
    """How to ask for a cancellation, and how to read what comes back."""

    method: Method
    plan: RequestPlan
    table: StatusTable[Outcome]
    answers: Mapping[int, CarrierAnswer]
    message: MessageField | None
    show_message: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The `[lookup]` section: it settles doubt and never anything else."""

    method: Method
    plan: RequestPlan
    table: StatusTable[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A mapping without errors; `findings` are its warnings and notes."""

    cancel: Cancelling
    lookup: Lookup | None
    refusals: RefusalTable
    findings: tuple[Finding, ...]


def read_parts(source: bytes | Path, contract: Contract, *, called: str = "") -> Parts:
    """Read and check a mapping. Raises `MappingFaults` with every finding."""
    try:
        root = read(source, called=called)
    except UnusableFile as error:
        raise MappingFaults(error.findings) from error
    root.refuse_unknown(mapping_rules.ROOT_KEYS)
    refused = refusals.table(root.table("grpc"))
    cancel = _cancelling(root, contract, refused)
    section = root.table("lookup")
    lookup = None if section is None else _lookup(section, contract)
    findings = root.findings.ordered()
    if root.findings.has_errors or cancel is None:
        raise MappingFaults(findings)
    return Parts(cancel=cancel, lookup=lookup, refusals=refused, findings=findings)


def _cancelling(root: Table, contract: Contract, refused: RefusalTable) -> Cancelling | None:
    method = mapping_rules.method(root, contract)
    plan = _plan(root, method, {})
    status = _status(root, mapping_rules.STATUS_KEYS)
    table = _table(status, method, Outcome)
    if plan is not None:
        mapping_rules.note_password(root, plan)
    message = None
    if status is not None and method is not None:
        message = message_field(status, method.reply_type)
    show_message = status is not None and status.flag("show_message")
    if status is not None and table is not None:
        mapping_rules.judge_status(status, table, refused)
    if method is None or plan is None or table is None:
        return None
    mapping_rules.judge_doubt(root, plan, table, refused)
    answers = {
        number: CarrierAnswer(
            outcome=outcome,
            status=table.word(number),
            doubt=Doubt.UNKNOWN_STATUS if outcome is Outcome.IN_DOUBT else None,
        )
        for number, outcome in table.meanings.items()
    }
    return Cancelling(
        method=method,
        plan=plan,
        table=table,
        answers=answers,
        message=message,
        show_message=show_message,
    )


def _lookup(section: Table, contract: Contract) -> Lookup | None:
    section.refuse_unknown(mapping_rules.LOOKUP_KEYS)
    method = mapping_rules.method(section, contract)
    plan = _plan(section, method, mapping_rules.REFUSED_IN_LOOKUP)
    status = _status(section, mapping_rules.LOOKUP_STATUS_KEYS)
    table = _table(status, method, Fact)
    if status is not None and table is not None:
        mapping_rules.judge_lookup(status, table)
    if method is None or plan is None or table is None:
        return None
    return Lookup(method=method, plan=plan, table=table)


def _plan(section: Table, method: Method | None, refused: Mapping[str, str]) -> RequestPlan | None:
    request = section.table("request", missing="Say which field holds what of the push.")
    if request is None or method is None:
        return None
    plan = requests.plan(request, method, refused=refused)
    mapping_rules.judge_request(request, plan)
    return plan


def _status(section: Table, keys: tuple[str, ...]) -> Table | None:
    status = section.table("status", missing="Name the reply's enum and what its values mean.")
    if status is not None:
        status.refuse_unknown(keys)
    return status


def _table(status: Table | None, method: Method | None, words: type[W]) -> StatusTable[W] | None:
    if status is None or method is None:
        return None
    path = statuses.field(status, method.reply_type)
    return None if path is None else statuses.table(status, path, words)
