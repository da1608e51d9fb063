"""Our words to the carrier's and back: one TOML table over a contract, checked whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from google.protobuf.message import Message

from adapter.cancellation.model import Cancellation, CarrierAnswer, Doubt, Entry, Fact, Outcome
from adapter.cancellation.ports import CarrierTraits
from adapter.carrier.contract.contract import Contract, Method
from adapter.carrier.mapping.convert import first_that_fits
from adapter.carrier.mapping.grpc_status import ASK_LOOKUP, SAID_BY_LOOKUP
from adapter.carrier.mapping.load import MappingFile, read_mapping
from adapter.carrier.mapping.push_fields import REQUEST_ID
from adapter.carrier.mapping.request import SAMPLE
from adapter.carrier.mapping.values import Expression, Failure, PushFields, Row, Unfit
from adapter.diagnostics.finding import Finding

SHIPPED = Path(__file__).parents[1] / "waybill_service.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A contract and the table that says how to speak it. Immutable; share it freely.

    `findings` are the warnings and notes of a mapping that is otherwise in order.
    """

    _file: MappingFile

    @classmethod
    def load(cls, contract: Contract, source: bytes | Path | None = None) -> Mapping:
        """Read a mapping: TOML bytes, a file, or the shipped one.

        Raises `MappingFaults` with every finding when there is an error among them.
        """
        if source is None:
            return cls(_file=read_mapping(SHIPPED, contract, called="the shipped mapping"))
        return cls(_file=read_mapping(source, contract))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._file.findings

    @property
    def method(self) -> Method:
        return self._file.cancel.method

    @property
    def show_message(self) -> bool:
        """Whether the carrier's own words may be shown to the merchant."""
        return self._file.cancel.show_message

    @property
    def lookup_method(self) -> Method | None:
        return None if self._file.lookup is None else self._file.lookup.method

    @property
    def traits(self) -> CarrierTraits:
        """What a decision depends on of what this carrier can say."""
        lookup = self._file.lookup
        return CarrierTraits(
            takes_request_id=self._file.cancel.plan.carries(REQUEST_ID),
            says_already_cancelled=(
                self._file.cancel.table.number_for(Outcome.ALREADY_CANCELLED) is not None
                or Outcome.ALREADY_CANCELLED in self._file.refusals.meanings
            ),
            not_found_settles=lookup is not None and lookup.not_found_settles,
        )

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every status value and its outcome; None for zero: nobody knows."""
        return self._file.cancel.table.rows()

    @property
    def grpc_rows(self) -> tuple[Row, ...]:
        """Every gRPC code of a failed call, then every listed reason and text, and its outcome."""
        return self._file.refusals.rows()

    @property
    def lookup_rows(self) -> tuple[Row, ...]:
        """Every value of the lookup's enum and its fact, then what is listed of its failed calls;
        None settles nothing."""
        lookup = self._file.lookup
        if lookup is None:
            return ()
        failures = lookup.failures
        codes = (Row(word=code, means=fact) for code, fact in failures.codes.items())
        return (*lookup.table.rows(), *codes, *failures.listed_rows())

    @property
    def not_found_settles(self) -> bool:
        """Whether a lookup's *not found* may settle a push; see `CarrierTraits`."""
        return self.traits.not_found_settles

    def order_that_fits(self, order_id: str) -> str:
        """Return an OrderID as this contract gives it back: the same where orders are texts,
        a number like it where they are numbers. For a stub and a simulator, whose orders
        have names.
        """

        def ask(text: str) -> Message | Unfit:
            return self.request(replace(SAMPLE, order_id=text), "0" * 32)

        text = first_that_fits(order_id, lambda each: not isinstance(ask(each), Unfit))
        request = ask(text)
        return text if isinstance(request, Unfit) else self.read_request(request).order_id or text

    # The adapter's side.

    def request(self, cancellation: Cancellation, request_id: str) -> Message | Unfit:
        """Build the request, or say which text cannot stand in it (then nothing is sent)."""
        return self._file.cancel.plan.build(cancellation, request_id)

    def answer(self, reply: Message) -> CarrierAnswer:
        """Read the reply. Zero or an unknown number is IN_DOUBT and not asked again."""
        cancel = self._file.cancel
        number = cancel.table.number(reply)
        known = cancel.answers.get(number) if isinstance(number, int) else None
        text = cancel.message.read(reply) if cancel.message is not None else ""
        if known is None:
            word = cancel.table.word(number)
            return CarrierAnswer(
                outcome=Outcome.IN_DOUBT, status=word, message=text, doubt=Doubt.UNKNOWN_STATUS
            )
        if not text:
            return known
        return replace(known, message=text)

    def failed(self, code: str, reasons: Iterable[str] = (), text: str = "") -> CarrierAnswer:
        """Read a failed call: its gRPC code's name, the ErrorInfo reasons of its details, each
        `REASON` or `domain/REASON`, and its text."""
        return self._file.refusals.answer(code, reasons, text)

    def lookup_request(self, entry: Entry) -> Message | Unfit | None:
        """Build the lookup's request; None when no lookup is mapped."""
        return None if self._file.lookup is None else self._file.lookup.plan.build(entry, entry.key)

    def fact(self, reply: Message) -> Fact | None:
        """Read the lookup's reply; None: it says nothing that is known."""
        if self._file.lookup is None:
            return None
        number = self._file.lookup.table.number(reply)
        return self._file.lookup.table.meanings.get(number) if isinstance(number, int) else None

    def failed_lookup(self, code: str, reasons: Iterable[str] = (), text: str = "") -> Fact | None:
        """Read a failed lookup; None: it says nothing of the waybill."""
        lookup = self._file.lookup
        return None if lookup is None else lookup.failures.meaning(code, reasons, text)[0]

    # The carrier's side, for a stub that serves this contract.

    def read_request(self, request: Message) -> PushFields:
        """Read a cancel request as the carrier would."""
        return self._file.cancel.plan.read(request)

    def express(self, outcome: Outcome, message: str = "") -> Expression:
        """Say `outcome` as this contract can: in a reply, else by a failed call, else by one
        whose reason the lookup tells.

        An outcome that the contract has no word for is said as `failed`.
        """
        if self._file.cancel.table.number_for(outcome) is not None:
            return self.write_reply(outcome, message)
        refusals = self._file.refusals
        failure = refusals.failure(outcome, message)
        if failure is None and self._tells(SAID_BY_LOOKUP.get(outcome)):
            failure = refusals.failure(ASK_LOOKUP, message)
        if failure is not None:
            return failure
        if outcome is Outcome.FAILED:  # every definite code means something else
            return Failure(code="INTERNAL", text=message)
        return self.express(Outcome.FAILED, message)

    def write_reply(self, outcome: Outcome | None, message: str = "") -> Message:
        """Write a reply with the first status listed for `outcome`; None: a status value the
        contract does not know. Raises `LookupError` when no status says it: see `express`."""
        number = None if outcome is None else self._file.cancel.table.number_for(outcome)
        if outcome is not None and number is None:
            raise LookupError(f"no status of {self.method.name} means {outcome.value}")
        reply = self.method.reply_class()
        if self._file.cancel.message is not None and message:
            self._file.cancel.message.write(reply, message)
        # Last: where both are members of one oneof, the status is what must stay.
        self._file.cancel.table.write(reply, number)
        return reply

    def read_lookup(self, request: Message) -> PushFields:
        """Read a lookup's request as the carrier would."""
        return PushFields() if self._file.lookup is None else self._file.lookup.plan.read(request)

    def express_fact(self, fact: Fact | None, message: str = "") -> Expression:
        """Say how a waybill stands, in a lookup's reply, else by a failed lookup. None, or a fact
        without a word: the state is left unset. Raises `LookupError` when no lookup is mapped.
        """
        lookup = self._file.lookup
        if lookup is not None and fact is not None and lookup.table.number_for(fact) is None:
            failure = lookup.failures.failure(fact, message)
            if failure is not None:
                return failure
        return self.write_fact(fact)

    def write_fact(self, fact: Fact | None) -> Message:
        """Write a lookup's reply; None, or a fact without a word: the state is left unset.

        Raises `LookupError` when no lookup is mapped.
        """
        if self._file.lookup is None:
            raise LookupError("no [lookup] is mapped")
        reply = self._file.lookup.method.reply_class()
        number = None if fact is None else self._file.lookup.table.number_for(fact)
        if number is not None:
            self._file.lookup.table.write(reply, number)
        return reply

    def _tells(self, fact: Fact | None) -> bool:
        """Whether the lookup has a word for a fact."""
        lookup = self._file.lookup
        if lookup is None or fact is None:
            return False
        return lookup.table.number_for(fact) is not None or fact in lookup.failures.meanings
