"""What a failed gRPC call means: its reasons, its text, its code, and the rules for the rest.

`ledger.md`'s two lists: some codes are said before anything is done, the others may follow the
effect. Under `kill -9`, 49 of 56 UNAVAILABLE calls had reached the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from adapter.cancellation.model import CarrierAnswer, Doubt, Fact, Outcome
from adapter.carrier.mapping.values import Failure, Row

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

M = TypeVar("M", bound=Outcome | Doubt | Fact)

ASK_LOOKUP = Doubt.REFUSED_LOOK
"""What "lookup" means: the call did nothing, and the lookup says why."""

SAID_BY_LOOKUP: Mapping[Outcome, Fact] = {
    Outcome.PICKED_UP: Fact.PICKED_UP,
    Outcome.INVALID: Fact.INVALID,
    Outcome.NOT_FOUND: Fact.NOT_FOUND,
    Outcome.ALREADY_CANCELLED: Fact.CANCELLED,
    Outcome.FAILED: Fact.ACTIVE,
}
"""What a lookup says after such a call, by the outcome that it then comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow(Generic[M]):
    """One block of texts: any one of `contains` in the text of a call that failed with `code`."""

    code: str
    contains: tuple[str, ...]
    means: M

    def matches(self, code: str, text: str) -> bool:
        """Compare with a text that is folded already; see `folded`."""
        return code == self.code and any(folded(part) in text for part in self.contains)


def folded(text: str) -> str:
    """Return a text as texts are compared: in one letter case, every run of blanks as one."""
    return " ".join(text.casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureTable(Generic[M]):
    """What reasons, texts and codes mean, in the order of the file."""

    codes: Mapping[str, M]
    reasons: Mapping[str, M]
    texts: tuple[TextRow[M], ...] = ()

    def meaning(self, code: str, reasons: Iterable[str], text: str) -> tuple[M | None, str]:
        """Return what a failed call means, and the stable word for it. A listed reason wins over
        a text, the first text that matches over the code; never raises."""
        for reason in reasons:
            # `domain/REASON` as listed, else REASON of any domain.
            for name in (reason, reason.rpartition("/")[2]):
                if name in self.reasons:
                    return self.reasons[name], f"{code}/{name}"
        if self.texts and text:
            line = folded(text)
            for row in self.texts:
                if row.matches(code, line):
                    return row.means, code
        return self.codes.get(code), code

    def failure(self, means: M, text: str = "") -> Failure | None:
        """Return a failed call that means this, with `text` where that changes nothing."""
        candidates = [
            *(Failure(code=code, text=text) for code, word in self.codes.items() if word is means),
            *(
                Failure(code=row.code, text=part)
                for row in self.texts
                for part in row.contains
                if row.means is means
            ),
            *(_with_reason(name, text) for name, word in self.reasons.items() if word is means),
        ]
        return next(filter(None, (self._read_back(one, means) for one in candidates)), None)

    @property
    def meanings(self) -> tuple[M, ...]:
        """Everything that some failed call is listed to mean."""
        listed = (row.means for row in self.texts)
        return (*self.codes.values(), *self.reasons.values(), *listed)

    def listed_rows(self) -> tuple[Row, ...]:
        """Return every listed reason, then every listed text, for people."""
        texts = (
            Row(word=f'{row.code} "{part}"', means=row.means)
            for row in self.texts
            for part in row.contains
        )
        return (*(Row(word=word, means=means) for word, means in self.reasons.items()), *texts)

    def _read_back(self, failure: Failure, means: M | None) -> Failure | None:
        """Return the call, without its text if that would say something else."""
        for one in (failure, replace(failure, text="")):
            if self.meaning(one.code, one.reasons, one.text)[0] is means:
                return one
        return None


class RefusalTable(FailureTable[Outcome | Doubt]):
    """What a failed cancel means: an outcome, or that the lookup is to be asked."""

    __slots__ = ()

    def answer(self, code: str, reasons: Iterable[str], text: str = "") -> CarrierAnswer:
        """Read a failed call; one that nothing is listed for by the two lists of codes."""
        means, status = self.meaning(code, reasons, text)
        if means is ASK_LOOKUP:
            return CarrierAnswer(outcome=Outcome.IN_DOUBT, status=status, doubt=ASK_LOOKUP)
        if isinstance(means, Outcome) and means is not Outcome.IN_DOUBT:
            return CarrierAnswer(outcome=means, status=status)
        if means is None and code in DEFINITE:
            return CarrierAnswer(outcome=Outcome.FAILED, status=status)
        doubt = Doubt.LOST_CONNECTION if code in LOST_CONNECTION else Doubt.SERVER_WORD
        return CarrierAnswer(outcome=Outcome.IN_DOUBT, status=status, doubt=doubt)

    def failure(self, means: Outcome | Doubt, text: str = "") -> Failure | None:
        """Return the failed call that says this; None: no failed call does."""
        listed = FailureTable.failure(self, means, text)
        if listed is not None or means not in (Outcome.FAILED, Outcome.IN_DOUBT):
            return listed
        codes = DEFINITE if means is Outcome.FAILED else IN_DOUBT
        code = next((code for code in codes if code not in self.codes), None)
        return None if code is None else self._read_back(Failure(code=code, text=text), None)

    @property
    def outcomes(self) -> frozenset[Outcome]:
        """Every outcome that a failed call may come to, the lookup's among them."""
        said = {means for means in self.meanings if isinstance(means, Outcome)}
        return frozenset(said | (set(SAID_BY_LOOKUP) if ASK_LOOKUP in self.meanings else set()))

    def rows(self) -> tuple[Row, ...]:
        """Return every code, every listed reason and every listed text, for people."""
        return (*(Row(word=code, means=self._by_code(code)) for code in CODES), *self.listed_rows())

    def _by_code(self, code: str) -> Outcome | Doubt:
        return self.codes.get(code) or self.answer(code, ()).outcome


def _with_reason(name: str, text: str) -> Failure:
    domain, _, reason = name.rpartition("/")
    return Failure(code="FAILED_PRECONDITION", reason=reason, domain=domain, text=text)
