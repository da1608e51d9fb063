"""A mapping file read whole: every section is checked before any fault is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapter.cancellation.model import CarrierAnswer, Doubt, Fact, Outcome
from adapter.carrier.contract.contract import Contract, ContractFault, Method
from adapter.carrier.mapping import grpc_section
from adapter.carrier.mapping import request as requests
from adapter.carrier.mapping import status as statuses
from adapter.carrier.mapping.grpc_status import FailureTable, RefusalTable
from adapter.carrier.mapping.push_fields import PASSWORD, REQUEST_ID
from adapter.carrier.mapping.request import RequestPlan
from adapter.carrier.mapping.status import MessageField, StatusTable, message_field, unlisted
from adapter.diagnostics.finding import Finding
from adapter.diagnostics.table import Table, UnusableFile, read

ROOT_KEYS: Final = ("method", "request", "status", "grpc", "lookup")
STATUS_KEYS: Final = ("field", "message", "show_message", "outcomes")
LOOKUP_KEYS: Final = ("method", "request", "status", "grpc", "not_found_settles")
LOOKUP_STATUS_KEYS: Final = ("field", "outcomes")
REFUSED_IN_LOOKUP: Final = {
    PASSWORD: "the password is never stored, and a lookup is made long after the push"
}
SHIPPED_LOOKUP: Final = "/carrier.v1.WaybillService/GetWaybill"
IDENTITIES: Final = ("WayBillID", "OrderID")


class MappingFaults(UnusableFile):
    """A mapping has errors and no call is made with it. Holds every finding, notes too."""


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
    failures: FailureTable[Fact]
    not_found_settles: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """A mapping without errors; `findings` are its warnings and notes."""

    cancel: Cancelling
    lookup: Lookup | None
    refusals: RefusalTable
    findings: tuple[Finding, ...]


def read_mapping(source: bytes | Path, contract: Contract, *, called: str = "") -> MappingFile:
    """Read and check a mapping. Raises `MappingFaults` with every finding."""
    try:
        root = read(source, called=called)
    except UnusableFile as error:
        raise MappingFaults(error.findings) from error
    root.refuse_unknown(ROOT_KEYS)
    refused = grpc_section.refusals(root.table("grpc"), has_lookup="lookup" in root.entries)
    cancel = _cancelling(root, contract, refused)
    section = root.table("lookup")
    lookup = None if section is None else _lookup(section, contract)
    findings = root.findings.ordered()
    if root.findings.has_errors or cancel is None:
        raise MappingFaults(findings)
    return MappingFile(cancel=cancel, lookup=lookup, refusals=refused, findings=findings)


def _cancelling(root: Table, contract: Contract, refused: RefusalTable) -> Cancelling | None:
    method = _method(root, contract)
    plan = _plan(root, method, {})
    if plan is not None:
        _note_password(root, plan)
    status = _status(root, STATUS_KEYS)
    show_message = status is not None and status.flag("show_message")
    if method is None or status is None:
        return None
    message = message_field(status, method.reply_type)
    table = statuses.table(status, statuses.field(status, method.reply_type), Outcome)
    if table is not None:
        _check_status(status, table, refused)
    if table is None or plan is None:
        return None
    _check_doubt(root, plan, table, refused)
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
    section.refuse_unknown(LOOKUP_KEYS)
    method = _method(section, contract)
    plan = _plan(section, method, REFUSED_IN_LOOKUP)
    not_found_settles = section.flag("not_found_settles")
    failures = grpc_section.failed_lookups(section.table("grpc"))
    status = _status(section, LOOKUP_STATUS_KEYS)
    if method is None or status is None:
        return None
    table = statuses.table(status, statuses.field(status, method.reply_type), Fact)
    if table is not None:
        _note_unsettled(status, table)
        said = {*table.meanings.values(), *failures.meanings}
        _note_final_states(section, method, said)
        if not_found_settles:
            _note_not_found(section, said)
    if table is None or plan is None:
        return None
    return Lookup(
        method=method,
        plan=plan,
        table=table,
        failures=failures,
        not_found_settles=not_found_settles,
    )


def _plan(section: Table, method: Method | None, refused: Mapping[str, str]) -> RequestPlan | None:
    request = section.table(
        "request", missing="Say which field of the request holds which field of the push."
    )
    if request is None or method is None:
        return None
    plan = requests.plan(request, method, refused=refused)
    _check_request(request, plan)
    return plan


def _status(section: Table, keys: tuple[str, ...]) -> Table | None:
    status = section.table("status", missing="Name the reply's enum and what its values mean.")
    if status is not None:
        status.refuse_unknown(keys)
    return status


def _method(section: Table, contract: Contract) -> Method | None:
    """Find the method that the section names, or write down why it cannot be used."""
    name = section.text("method", missing='Write method = "package.Service/Method".')
    if name is None:
        return None
    try:
        return contract.method(name)
    except ContractFault as fault:
        section.findings.error(section.key("method"), fault.message, fault.hint)
        return None


def _check_request(section: Table, plan: RequestPlan) -> None:
    """Refuse a request that does not say which waybill is meant."""
    if not any(map(plan.carries, IDENTITIES)):
        section.findings.error(
            section.name,
            "neither WayBillID nor OrderID is sent: the carrier cannot tell which waybill is meant",
            'Add a line: "path.to.the.field" = "WayBillID".',
        )
    elif not plan.carries("WayBillID"):
        section.findings.warning(
            section.name,
            "WayBillID is not sent: of an order with several waybills the carrier cannot know "
            "which one is meant",
            'Add a line: "path.to.the.field" = "WayBillID".',
        )


def _note_password(root: Table, plan: RequestPlan) -> None:
    """Note a password that nobody checks."""
    if not plan.carries(PASSWORD):
        root.findings.note("request", "BizPwd is not sent: nobody checks the merchant's password")


def _check_status(section: Table, table: StatusTable[Outcome], refusals: RefusalTable) -> None:
    """Refuse values without a row, and a table in which nothing means cancelled."""
    findings = section.findings
    for number, names in unlisted(section, table.enum).items():
        findings.error(
            section.key("outcomes"),
            f"{' = '.join(names)} ({number}) has no row",
            f'Add a line: {names[0]} = "failed".'
            if number == 0
            else f'Add a line: {names[0]} = "…".',
        )
    said = {*table.meanings.values(), *refusals.outcomes}
    if Outcome.CANCELLED not in table.meanings.values():
        findings.error(
            section.key("outcomes"),
            'no status but zero means "cancelled": no cancellation could ever be reported',
        )
    for outcome in Outcome:
        if outcome not in said | {Outcome.CANCELLED, Outcome.FAILED, Outcome.IN_DOUBT}:
            findings.note(
                section.key("outcomes"),
                f'nothing means "{outcome.value}": no merchant will ever get this reply',
            )


def _note_unsettled(section: Table, table: StatusTable[Fact]) -> None:
    """Note the values that settle nothing. That is allowed: a lookup never guesses."""
    for number, names in unlisted(section, table.enum).items():
        if number != 0:
            section.findings.note(
                section.key("outcomes"),
                f"{' = '.join(names)} ({number}) has no row: it settles nothing",
            )


def _note_final_states(section: Table, method: Method, said: set[Fact]) -> None:
    """Note what the carrier promises by a lookup; our own contract says it where it stands."""
    final = [fact.value for fact in (Fact.PICKED_UP, Fact.INVALID) if fact in said]
    if final and method.path != SHIPPED_LOOKUP:
        section.findings.note(
            section.key("status.outcomes"),
            f"{' and '.join(final)} settle a push at once: map only states out of which the "
            "carrier never cancels, for a cancel may still be on its way",
        )


def _note_not_found(section: Table, said: set[Fact]) -> None:
    """Say what `not_found_settles` promises, or that nothing comes of it."""
    if Fact.NOT_FOUND in said:
        section.findings.note(
            section.key("not_found_settles"),
            "a lookup's not_found is answered 30001 where the server itself ended the only call "
            "of a push, with a text: a promise that no proxy gives such an answer",
        )
    else:
        section.findings.warning(
            section.key("not_found_settles"),
            'has no effect: nothing that the lookup answers means "not_found"',
            "Add such a row, or remove this line.",
        )


def _check_doubt(
    root: Table,
    plan: RequestPlan,
    statuses: StatusTable[Outcome],
    refusals: RefusalTable,
) -> None:
    """Warn of a contract that gives no means to learn what became of a lost call."""
    said = {*statuses.meanings.values(), *refusals.outcomes}
    if (
        not plan.carries(REQUEST_ID)
        and "lookup" not in root.entries
        and Outcome.ALREADY_CANCELLED not in said
    ):
        root.findings.warning(
            "request",
            "no request_id is sent, there is no [lookup] and nothing means already_cancelled: "
            "what became of a lost call stays unknown until an operator asks the carrier",
            "Provide one of the three.",
        )
