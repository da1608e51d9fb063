"""Our words to the carrier's and back: one TOML table over a contract, checked whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import Message

from adapter.cancellation.model import Cancellation, CarrierAnswer, Entry, Fact, Outcome
from adapter.carrier import mapping_rules, refusals, requests, statuses
from adapter.carrier.contract import Contract, Method
from adapter.carrier.document import Section, read
from adapter.carrier.exchange import Expression, Failure, PushFields, Row, Unfit
from adapter.carrier.findings import ContractFault, Finding, MappingFaults, Severity
from adapter.carrier.messages import MessageField, message_field

__all__ = [
    "ContractFault",
    "Expression",
    "Fact",
    "Failure",
    "Finding",
    "Mapping",
    "MappingFaults",
    "Outcome",
    "PushFields",
    "Row",
    "Severity",
    "Unfit",
]

SHIPPED = Path(__file__).with_name("waybill_service.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The `[lookup]` section: it settles doubt and never anything else."""

    method: Method
    plan: requests.RequestPlan
    table: statuses.StatusTable[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A contract and the table that says how to speak it. Immutable; share it freely.

    `findings` are the warnings and notes of a mapping that is otherwise in order.
    """

    method: Method
    show_message: bool
    findings: tuple[Finding, ...]
    _plan: requests.RequestPlan
    _statuses: statuses.StatusTable[Outcome]
    _message: MessageField | None
    _refusals: refusals.RefusalTable
    _lookup: Lookup | None
    _answers: dict[int, CarrierAnswer]

    @classmethod
    def load(cls, contract: Contract, source: bytes | Path | None = None) -> Mapping:
        """Read a mapping: TOML bytes, a file, or the shipped one.

        Raises `MappingFaults` with every finding when there is an error among them.
        """
        root = read(SHIPPED if source is None else source)
        root.refuse_unknown(mapping_rules.ROOT_KEYS)
        made = _mapping(root, contract)
        findings = root.findings.ordered()
        if root.findings.has_errors or made is None:
            raise MappingFaults(findings)
        return made(findings)

    @property
    def lookup_method(self) -> Method | None:
        return None if self._lookup is None else self._lookup.method

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every status value and its outcome; None for zero: nobody knows."""
        return self._statuses.rows()

    @property
    def grpc_rows(self) -> tuple[Row, ...]:
        """Every gRPC code of a failed call, then every listed reason, and its outcome."""
        return self._refusals.rows()

    @property
    def lookup_rows(self) -> tuple[Row, ...]:
        """Every value of the lookup's enum and its fact; None settles nothing."""
        return () if self._lookup is None else self._lookup.table.rows()

    # The adapter's side.

    def request(self, cancellation: Cancellation, request_id: str) -> Message | Unfit:
        """Build the request, or say which text cannot stand in it (then nothing is sent)."""
        return self._plan.build(cancellation, request_id)

    def answer(self, reply: Message) -> CarrierAnswer:
        """Read the reply. Zero or an unknown number is IN_DOUBT and not asked again."""
        number = self._statuses.number(reply)
        known = self._answers.get(number) if isinstance(number, int) else None
        text = self._message.read(reply) if self._message is not None else ""
        if known is None:
            word = self._statuses.word(number)
            return CarrierAnswer(outcome=Outcome.IN_DOUBT, status=word, message=text)
        if not text:
            return known
        return CarrierAnswer(outcome=known.outcome, status=known.status, message=text)

    def failed(self, code: str, reasons: Iterable[str] = ()) -> CarrierAnswer:
        """Read a failed call: its gRPC code's name and the ErrorInfo reasons of its details,
        each `REASON` or `domain/REASON`."""
        return self._refusals.answer(code, reasons)

    def lookup_request(self, entry: Entry) -> Message | Unfit | None:
        """Build the lookup's request; None when no lookup is mapped."""
        return None if self._lookup is None else self._lookup.plan.build(entry, entry.key)

    def fact(self, reply: Message) -> Fact | None:
        """Read the lookup's reply; None: it says nothing that is known."""
        if self._lookup is None:
            return None
        number = self._lookup.table.number(reply)
        return self._lookup.table.meanings.get(number) if isinstance(number, int) else None

    # The carrier's side, for a stub that serves this contract.

    def read_request(self, request: Message) -> PushFields:
        """Read a cancel request as the carrier would."""
        return self._plan.read(request)

    def express(self, outcome: Outcome, message: str = "") -> Expression:
        """Say `outcome` as this contract can: in a reply, else by a failed call.

        An outcome that the contract has no word for is said as `failed`; see `has_word`.
        """
        if self._statuses.number_for(outcome) is not None:
            return self.write_reply(outcome, message)
        failure = self._refusals.failure(outcome)
        if failure is not None:
            return failure
        if outcome is Outcome.FAILED:  # every definite code means something else
            return Failure(code="INTERNAL")
        return self.express(Outcome.FAILED, message)

    def has_word(self, outcome: Outcome) -> bool:
        """Tell whether the contract can say this outcome, by a status or a failed call."""
        return (
            self._statuses.number_for(outcome) is not None
            or self._refusals.failure(outcome) is not None
        )

    def write_reply(self, outcome: Outcome | None, message: str = "") -> Message:
        """Write a reply with the first status listed for `outcome`; None: a status value the
        contract does not know. Raises `LookupError` when no status says it: see `express`."""
        number = None if outcome is None else self._statuses.number_for(outcome)
        if outcome is not None and number is None:
            raise LookupError(f"no status of {self.method.name} means {outcome.value}")
        reply = self.method.reply_class()
        if self._message is not None and message:
            self._message.write(reply, message)
        # Last: where both are members of one oneof, the status is what must stay.
        self._statuses.write(reply, number)
        return reply

    def read_lookup(self, request: Message) -> PushFields:
        """Read a lookup's request as the carrier would."""
        return PushFields() if self._lookup is None else self._lookup.plan.read(request)

    def write_fact(self, fact: Fact | None) -> Message:
        """Write a lookup's reply; None, or a fact without a word: the state is left unset.

        Raises `LookupError` when no lookup is mapped.
        """
        if self._lookup is None:
            raise LookupError("no [lookup] is mapped")
        reply = self._lookup.method.reply_class()
        number = None if fact is None else self._lookup.table.number_for(fact)
        if number is not None:
            self._lookup.table.write(reply, number)
        return reply


def _mapping(root: Section, contract: Contract) -> Callable[[tuple[Finding, ...]], Mapping] | None:
    """Read every section before giving up on any. None: something needed is not there."""
    method = mapping_rules.method(root, contract)
    request = root.section("request", missing="Say which field holds what of the push.")
    status = root.section("status", missing="Name the reply's enum and what its values mean.")
    refused = refusals.table(root.section("grpc"))
    lookup_section = root.section("lookup")
    lookup = None if lookup_section is None else _lookup(lookup_section, contract)
    if status is not None:
        status.refuse_unknown(mapping_rules.STATUS_KEYS)
    if method is None or request is None or status is None:
        return None
    plan = requests.plan(request, method, refused={})
    mapping_rules.judge_request(request, plan, is_lookup=False)
    message = message_field(status, method.reply_type)
    show_message = status.flag("show_message")
    path = statuses.field(status, method.reply_type)
    table = None if path is None else statuses.table(status, path, Outcome)
    if table is None:
        return None
    mapping_rules.judge_status(status, table, refused)
    mapping_rules.judge_doubt(root, plan, table, refused)
    answers = {
        number: CarrierAnswer(outcome=outcome, status=table.word(number))
        for number, outcome in table.meanings.items()
    }
    return lambda findings: Mapping(
        method=method,
        show_message=show_message,
        findings=findings,
        _plan=plan,
        _statuses=table,
        _message=message,
        _refusals=refused,
        _lookup=lookup,
        _answers=answers,
    )


def _lookup(section: Section, contract: Contract) -> Lookup | None:
    section.refuse_unknown(mapping_rules.LOOKUP_KEYS)
    method = mapping_rules.method(section, contract)
    request = section.section("request", missing="Say which field holds what of the push.")
    status = section.section("status", missing="Name the reply's enum and what its values mean.")
    if status is not None:
        status.refuse_unknown(mapping_rules.LOOKUP_STATUS_KEYS)
    if method is None or request is None or status is None:
        return None
    plan = requests.plan(request, method, refused=mapping_rules.REFUSED_IN_LOOKUP)
    mapping_rules.judge_request(request, plan, is_lookup=True)
    path = statuses.field(status, method.reply_type)
    table = None if path is None else statuses.table(status, path, Fact)
    if table is None:
        return None
    mapping_rules.judge_lookup(status, table)
    return Lookup(method=method, plan=plan, table=table)
