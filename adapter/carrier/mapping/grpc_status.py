"""What a failed gRPC call means: the `[grpc]` table, and the rules where it is silent.

`ledger.md`'s two lists: some codes are said before anything is done, the others may follow the
effect. Under `kill -9`, 49 of 56 UNAVAILABLE calls had reached the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adapter.cancellation.model import CarrierAnswer, Doubt, Outcome
from adapter.carrier.mapping.status import meaning_of
from adapter.carrier.mapping.values import Failure, Row
from adapter.diagnostics.finding import meant
from adapter.diagnostics.table import Table

# In the order in which a stub chooses one that says `failed`.
DEFINITE = (
    "FAILED_PRECONDITION",
    "INVALID_ARGUMENT",
    "OUT_OF_RANGE",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "NOT_FOUND",
    "UNIMPLEMENTED",
)
IN_DOUBT = (
    "INTERNAL",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "CANCELLED",
    "UNKNOWN",
    "RESOURCE_EXHAUSTED",
    "ABORTED",
    "DATA_LOSS",
)
CODES = (*DEFINITE, *IN_DOUBT)
# What a lost connection explains; any other code in doubt is the server's own word.
LOST_CONNECTION = ("UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED")
REASONS = "reasons"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalTable:
    """What codes and ErrorInfo reasons mean, in the order of the file."""

    codes: Mapping[str, Outcome]
    reasons: Mapping[str, Outcome]

    def answer(self, code: str, reasons: Iterable[str]) -> CarrierAnswer:
        """Read a failed call. A reason that is listed wins over the code; never raises."""
        for reason in reasons:
            # `domain/REASON` as listed, else REASON of any domain.
            for name in (reason, reason.rpartition("/")[2]):
                if name in self.reasons:
                    return _answer(self.reasons[name], code, status=f"{code}/{name}")
        if code in self.codes:
            return _answer(self.codes[code], code, status=code)
        unlisted = Outcome.FAILED if code in DEFINITE else Outcome.IN_DOUBT
        return _answer(unlisted, code, status=code)

    def failure(self, outcome: Outcome) -> Failure | None:
        """Return the failed call that says `outcome`; None: no failed call does."""
        for code, meaning in self.codes.items():
            if meaning is outcome:
                return Failure(code=code)
        for name, meaning in self.reasons.items():
            if meaning is outcome:
                domain, _, reason = name.rpartition("/")
                return Failure(code="FAILED_PRECONDITION", reason=reason, domain=domain)
        if outcome is Outcome.FAILED:
            return self._unlisted(DEFINITE)
        return self._unlisted(IN_DOUBT) if outcome is Outcome.IN_DOUBT else None

    def rows(self) -> tuple[Row, ...]:
        """Return every code and every listed reason with its meaning, for people."""
        codes = [Row(word=code, means=self.answer(code, ()).outcome) for code in CODES]
        return (*codes, *(Row(word=word, means=means) for word, means in self.reasons.items()))

    def _unlisted(self, codes: tuple[str, ...]) -> Failure | None:
        return next((Failure(code=code) for code in codes if code not in self.codes), None)


def _answer(outcome: Outcome, code: str, *, status: str) -> CarrierAnswer:
    if outcome is not Outcome.IN_DOUBT:
        return CarrierAnswer(outcome=outcome, status=status)
    doubt = Doubt.LOST_CONNECTION if code in LOST_CONNECTION else Doubt.SERVER_WORD
    return CarrierAnswer(outcome=outcome, status=status, doubt=doubt)


def table(section: Table | None) -> RefusalTable:
    """Read `[grpc]` and `[grpc.reasons]`; faults go to the section's findings."""
    codes: dict[str, Outcome] = {}
    reasons: dict[str, Outcome] = {}
    if section is None:
        return RefusalTable(codes=codes, reasons=reasons)
    plain = {name: value for name, value in section.entries.items() if name != REASONS}
    for code, text in Table(section.name, plain, section.findings).texts().items():
        if code not in CODES:
            near = meant(code, CODES)
            section.findings.error(section.key(code), "is not a gRPC code of a failed call", near)
        elif (outcome := meaning_of(section, code, text, Outcome)) is not None:
            codes[code] = outcome
            _weigh(section, code, outcome)
    listed = section.table(REASONS)
    for reason, text in listed.texts().items() if listed is not None else ():
        if (
            listed is not None
            and (outcome := meaning_of(listed, reason, text, Outcome)) is not None
        ):
            reasons[reason] = outcome
            _weigh_reason(listed, reason, outcome)
    return RefusalTable(codes=codes, reasons=reasons)


def _weigh(section: Table, code: str, outcome: Outcome) -> None:
    key, findings = section.key(code), section.findings
    if code in IN_DOUBT and outcome is Outcome.CANCELLED:
        findings.error(
            key,
            f"{code} may come before or after the effect: it can never mean cancelled",
            "Remove this line; the adapter asks again and learns it.",
        )
    elif code in IN_DOUBT and outcome is not Outcome.IN_DOUBT:
        _warn_of_promise(section, code, code)
    elif code == "UNIMPLEMENTED":
        findings.warning(
            key,
            "a server of another version, or another server, also says UNIMPLEMENTED",
            "Let a status value say this instead.",
        )
    elif outcome is Outcome.CANCELLED:
        findings.warning(key, "a failed call that means cancelled is unusual", "Is this intended?")


def _weigh_reason(section: Table, reason: str, outcome: Outcome) -> None:
    key = section.key(reason)
    # Some name the code before the reason, where only a domain can stand.
    code = next((code for code in IN_DOUBT if reason.startswith((f"{code}/", f"{code}."))), None)
    if code is not None and outcome is not Outcome.IN_DOUBT:
        _warn_of_promise(section, reason, code)
    elif "/" not in reason:
        section.findings.warning(
            key,
            "names no domain: this reason counts whoever gives it, a proxy on the way too",
            f'Write "domain/{reason}", with the domain of the carrier\'s ErrorInfo.',
        )


def _warn_of_promise(section: Table, name: str, code: str) -> None:
    section.findings.warning(
        section.key(name),
        f"{code} may follow the effect: this row is the carrier's promise that it did nothing",
        "Without that promise in writing, remove this line.",
    )
