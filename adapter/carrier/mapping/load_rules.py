"""What a mapping file may hold, and what is wrong with one as a whole."""

from __future__ import annotations

from typing import Final

from adapter.cancellation.model import Fact, Outcome
from adapter.carrier.contract.contract import Contract, Method
from adapter.carrier.contract.faults import ContractFault
from adapter.carrier.mapping.grpc_status import RefusalTable
from adapter.carrier.mapping.push_fields import PASSWORD, REQUEST_ID
from adapter.carrier.mapping.request import RequestPlan
from adapter.carrier.mapping.status import StatusTable, unlisted
from adapter.diagnostics.table import Table

ROOT_KEYS: Final = ("method", "request", "status", "grpc", "lookup")
STATUS_KEYS: Final = ("field", "message", "show_message", "outcomes")
LOOKUP_KEYS: Final = ("method", "request", "status")
LOOKUP_STATUS_KEYS: Final = ("field", "outcomes")
REFUSED_IN_LOOKUP: Final = {
    PASSWORD: "the password is never stored, and a lookup is made long after the push"
}
IDENTITIES: Final = ("WayBillID", "OrderID")


def method(section: Table, contract: Contract) -> Method | None:
    """Find the method that the section names, or write down why it cannot be used."""
    name = section.text("method", missing='Write method = "package.Service/Method".')
    if name is None:
        return None
    try:
        return contract.method(name)
    except ContractFault as fault:
        section.findings.error(section.key("method"), fault.message, fault.hint)
        return None


def judge_request(section: Table, plan: RequestPlan) -> None:
    """Refuse a request that does not say which waybill is meant."""
    if not any(map(plan.carries, IDENTITIES)):
        section.findings.error(
            section.name,
            "neither WayBillID nor OrderID is sent: the carrier cannot know which waybill is meant",
            'Add a line: "path.to.the.field" = "WayBillID".',
        )
    elif not plan.carries("WayBillID"):
        section.findings.warning(
            section.name,
            "WayBillID is not sent: of an order with several waybills the carrier cannot know "
            "which one is meant",
            'Add a line: "path.to.the.field" = "WayBillID".',
        )


def note_password(root: Table, plan: RequestPlan) -> None:
    """Note a password that nobody checks."""
    if not plan.carries(PASSWORD):
        root.findings.note("request", "BizPwd is not sent: nobody checks the merchant's password")


def judge_status(section: Table, table: StatusTable[Outcome], refusals: RefusalTable) -> None:
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
    said = {*table.meanings.values(), *refusals.codes.values(), *refusals.reasons.values()}
    if Outcome.CANCELLED not in table.meanings.values():
        findings.error(
            section.key("outcomes"),
            'no status but zero means "cancelled": no cancellation could ever be reported',
        )
    for outcome in Outcome:
        if outcome not in said | {Outcome.CANCELLED, Outcome.FAILED, Outcome.IN_DOUBT}:
            findings.note(
                section.key("outcomes"),
                f'nothing means "{outcome.value}": no merchant will ever be told so',
            )


def judge_lookup(section: Table, table: StatusTable[Fact]) -> None:
    """Note the values that settle nothing. That is lawful: a lookup never guesses."""
    for number, names in unlisted(section, table.enum).items():
        if number != 0:
            section.findings.note(
                section.key("outcomes"),
                f"{' = '.join(names)} ({number}) has no row: it settles nothing",
            )


def judge_doubt(
    root: Table,
    plan: RequestPlan,
    statuses: StatusTable[Outcome],
    refusals: RefusalTable,
) -> None:
    """Warn of a contract that gives no means to learn what became of a lost call."""
    said = {*statuses.meanings.values(), *refusals.codes.values(), *refusals.reasons.values()}
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
