"""Our words to the carrier's and back: one TOML table over a contract, checked whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from google.protobuf.message import Message

from adapter.cancellation.model import Cancellation, CarrierAnswer, Entry, Fact, Outcome
from adapter.carrier.contract import Contract, Method
from adapter.carrier.exchange import Expression, Failure, PushFields, Row, Unfit
from adapter.carrier.findings import ContractFault, Finding, MappingFaults, Severity

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


class Mapping:
    """A contract and the table that says how to speak it. Immutable; share it freely."""

    method: Method
    lookup_method: Method | None
    show_message: bool
    findings: tuple[Finding, ...]  # warnings and notes of a mapping that is in order
    rows: tuple[Row, ...]
    grpc_rows: tuple[Row, ...]
    lookup_rows: tuple[Row, ...]

    @classmethod
    def load(cls, contract: Contract, source: bytes | Path | None = None) -> Mapping:
        """Read a mapping: TOML bytes, a file, or the shipped one.

        Raises `MappingFaults` with every finding when there is an error among them.
        """
        raise NotImplementedError

    # The adapter's side.

    def request(self, cancellation: Cancellation, request_id: str) -> Message | Unfit:
        """Build the request, or say which text cannot stand in it (then nothing is sent)."""
        raise NotImplementedError

    def answer(self, reply: Message) -> CarrierAnswer:
        """Read the reply. Zero or an unknown number is IN_DOUBT and not asked again."""
        raise NotImplementedError

    def failed(self, code: str, reasons: Iterable[str] = ()) -> CarrierAnswer:
        """Read a failed call: its gRPC code's name and the ErrorInfo reasons of its details,
        each `REASON` or `domain/REASON`."""
        raise NotImplementedError

    def lookup_request(self, entry: Entry) -> Message | Unfit | None:
        """Build the lookup's request; None when no lookup is mapped."""
        raise NotImplementedError

    def fact(self, reply: Message) -> Fact | None:
        """Read the lookup's reply; None: it says nothing that is known."""
        raise NotImplementedError

    # The carrier's side, for a stub that serves this contract.

    def read_request(self, request: Message) -> PushFields:
        """Read a cancel request as the carrier would."""
        raise NotImplementedError

    def express(self, outcome: Outcome, message: str = "") -> Expression:
        """Say `outcome` as this contract can: in a reply, else by a failed call.

        An outcome that the contract has no word for is said as `failed`; see `has_word`.
        """
        raise NotImplementedError

    def has_word(self, outcome: Outcome) -> bool:
        """Tell whether the contract can say this outcome, by a status or a failed call."""
        raise NotImplementedError

    def write_reply(self, outcome: Outcome | None, message: str = "") -> Message:
        """Write a reply with the first status listed for `outcome`; None: a status value the
        contract does not know. Raises `LookupError` when no status says it: see `express`."""
        raise NotImplementedError

    def read_lookup(self, request: Message) -> PushFields:
        """Read a lookup's request as the carrier would."""
        raise NotImplementedError

    def write_fact(self, fact: Fact | None) -> Message:
        """Write a lookup's reply; None, or a fact without a word: the state is left unset."""
        raise NotImplementedError
