"""`[grpc]` and its like read from a mapping file: codes, reasons and texts, each line weighed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic

from adapter.cancellation.model import Doubt, Fact, Outcome
from adapter.carrier.mapping.grpc_status import (
    ASK_LOOKUP,
    CODES,
    IN_DOUBT,
    LOST_CONNECTION,
    FailureTable,
    M,
    RefusalTable,
    TextRow,
    folded,
)
from adapter.diagnostics.finding import meant
from adapter.diagnostics.table import KEEP_ONE, Table

REASONS = "reasons"
TEXTS = "texts"
TEXT_KEYS = ("code", "contains", "outcome")
LOOKUP = "lookup"

_REFUSALS: Mapping[str, Outcome | Doubt] = {
    **{outcome.value: outcome for outcome in Outcome},
    LOOKUP: ASK_LOOKUP,
}
_FACTS: Mapping[str, Fact] = {fact.value: fact for fact in Fact}

# What a wrong deployment, or a fault of the caller's own, says whatever the waybill.
_OF_THE_CALLER = ("UNIMPLEMENTED", "PERMISSION_DENIED", "UNAUTHENTICATED")
# What gRPC's own libraries and proxies say when nothing has been decided by a carrier.
_NOT_THE_CARRIERS = (
    "stream removed",
    "received rst_stream with error code",
    "exception calling application",
    "unexpected error in rpc handling",
    "connection reset by peer",
    "socket closed",
    "broken pipe",
    "deadline exceeded",
    "failed to connect to all addresses",
    "received http2 header with status: 502",
    "unexpected http status code received from server: 502 (bad gateway)",
    "upstream connect error or disconnect/reset before headers",
    "upstream request timeout",
    "transport is closing",
    "error reading from server: eof",
    "internal server error",
)


def refusals(section: Table | None, *, has_lookup: bool) -> RefusalTable:
    """Read `[grpc]`, what a failed cancel means; faults go to the section's findings."""
    if section is None:
        return RefusalTable(codes={}, reasons={})
    read = _Reader(section=section, words=_REFUSALS)
    codes, reasons, texts = read.codes(), read.reasons(), read.texts()
    for code, means in codes.items():
        _weigh_code(section, code, means)
    for reason, means in reasons.items():
        _weigh_reason(section, reason, means)
    for block, row in texts:
        _weigh_text(block, row)
    if not has_lookup:
        _refuse_lookup(section, codes, reasons, texts)
    return RefusalTable(codes=codes, reasons=reasons, texts=tuple(row for _, row in texts))


def failed_lookups(section: Table | None) -> FailureTable[Fact]:
    """Read `[lookup.grpc]`, what a failed lookup means; faults go to the section's findings."""
    if section is None:
        return FailureTable(codes={}, reasons={})
    read = _Reader(section=section, words=_FACTS)
    codes, reasons, texts = read.codes(), read.reasons(), read.texts()
    for code, fact in codes.items():
        _weigh_fact(section, code, code, fact, is_text=False)
    for reason in reasons:
        _warn_of_no_domain(section, reason)
    for block, row in texts:
        _weigh_fact(block, "outcome", row.code, row.means, is_text=True)
        _warn_of_common_texts(block, row)
    return FailureTable(codes=codes, reasons=reasons, texts=tuple(row for _, row in texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader(Generic[M]):
    """Reads one section whose values are `words`; what is not valid is left out."""

    section: Table
    words: Mapping[str, M]

    def codes(self) -> dict[str, M]:
        section = self.section
        rest = {key: at for key, at in section.entries.items() if key not in (REASONS, TEXTS)}
        plain = Table(section.name, rest, section.findings).texts()
        return {
            code: means
            for code, text in plain.items()
            if _is_code(section, code, code)
            and (means := self._means(section, code, text)) is not None
        }

    def reasons(self) -> dict[str, M]:
        listed = self.section.table(REASONS)
        if listed is None:
            return {}
        return {
            reason: means
            for reason, text in listed.texts().items()
            if (means := self._means(listed, reason, text)) is not None
        }

    def texts(self) -> tuple[tuple[Table, TextRow[M]], ...]:
        rows: list[tuple[Table, TextRow[M]]] = []
        for block in self.section.tables(TEXTS):
            row = self._text_row(block)
            if row is not None:
                _refuse_clashes(block, row, rows)
                rows.append((block, row))
        return tuple(rows)

    def _text_row(self, block: Table) -> TextRow[M] | None:
        block.refuse_unknown(TEXT_KEYS)
        code = block.text("code", missing='Write the gRPC code: code = "UNKNOWN".')
        contains = block.text_list("contains", missing='Write contains = ["…"].')
        outcome = block.text("outcome", missing=f"Choose from: {', '.join(self.words)}.")
        means = None if outcome is None else self._means(block, "outcome", outcome)
        if code is None or not _is_code(block, "code", code) or not contains or means is None:
            return None
        return TextRow(code=code, contains=contains, means=means)

    def _means(self, section: Table, name: str, text: str) -> M | None:
        if text not in self.words:
            said = f'"{text}" is not a valid meaning'
            section.findings.error(section.key(name), said, meant(text, self.words))
        return self.words.get(text)


def _is_code(section: Table, name: str, code: str) -> bool:
    if code not in CODES:
        near = meant(code, CODES)
        section.findings.error(section.key(name), "is not a gRPC code of a failed call", near)
    return code in CODES


def _refuse_clashes(
    block: Table, row: TextRow[M], before: Iterable[tuple[Table, TextRow[M]]]
) -> None:
    """Refuse a text that is listed twice, or that an earlier block with another meaning hides."""
    key, findings = block.key("contains"), block.findings
    parts = [folded(part) for part in row.contains]
    if len(set(parts)) < len(parts):
        findings.error(key, "lists a text twice; letter case is ignored", KEEP_ONE)
    for other_block, other in before:
        earlier = [folded(part) for part in other.contains] if other.code == row.code else []
        for part in parts:
            if part in earlier:
                said = f'"{part}" is listed in {other_block.name} too'
                findings.error(key, said, KEEP_ONE)
            elif other.means is not row.means and any(each in part for each in earlier):
                findings.error(
                    key,
                    f'"{part}" never decides: {other_block.name} comes first, matches it, and '
                    "means something else",
                    "Put the block with the longer text first.",
                )


def _refuse_lookup(
    section: Table,
    codes: Mapping[str, Outcome | Doubt],
    reasons: Mapping[str, Outcome | Doubt],
    texts: Iterable[tuple[Table, TextRow[Outcome | Doubt]]],
) -> None:
    listed = (
        *((section.key(code), means) for code, means in codes.items()),
        *((section.key(f"{REASONS}.{reason}"), means) for reason, means in reasons.items()),
        *((block.key("outcome"), row.means) for block, row in texts),
    )
    for key, means in listed:
        if means is ASK_LOOKUP:
            section.findings.error(
                key,
                '"lookup" asks the [lookup], and this mapping has none',
                "Add a [lookup], or write what this failed call means.",
            )


def _weigh_code(section: Table, code: str, means: Outcome | Doubt) -> None:
    key, findings = section.key(code), section.findings
    if code in IN_DOUBT and means is Outcome.CANCELLED:
        findings.error(
            key,
            f"{code} may come before or after the effect: it can never mean cancelled",
            "Remove this line; the adapter asks again and learns it.",
        )
    elif code in IN_DOUBT and means is not Outcome.IN_DOUBT:
        _warn_of_promise(section, code, code)
    elif code == "UNIMPLEMENTED":
        findings.warning(
            key,
            "a server of another version, or another server, also says UNIMPLEMENTED",
            "Let a status value say this instead.",
        )
    elif means is Outcome.CANCELLED:
        findings.warning(key, "a failed call that means cancelled is unusual", "Is this intended?")


def _weigh_reason(section: Table, reason: str, means: Outcome | Doubt) -> None:
    # Some name the code before the reason, where only a domain can stand.
    code = next((code for code in IN_DOUBT if reason.startswith((f"{code}/", f"{code}."))), None)
    if code is not None and means is not Outcome.IN_DOUBT:
        _warn_of_promise(section, f"{REASONS}.{reason}", code)
    else:
        _warn_of_no_domain(section, reason)


def _weigh_text(block: Table, row: TextRow[Outcome | Doubt]) -> None:
    if row.means is Outcome.CANCELLED:
        block.findings.error(
            block.key("outcome"),
            "the text of a failed call can never mean cancelled: no waybill was cancelled by it",
            'For a text that says so of an earlier call write "already_cancelled".',
        )
    elif row.means is not Outcome.IN_DOUBT:
        if row.code in LOST_CONNECTION:
            _warn_of_promise(block, "code", row.code)
        _warn_of_common_texts(block, row)


def _weigh_fact(section: Table, name: str, code: str, fact: Fact, *, is_text: bool) -> None:
    key, findings = section.key(name), section.findings
    if fact is Fact.CANCELLED and code in IN_DOUBT and not is_text:
        findings.error(
            key,
            f"any fault of the lookup may end in {code}: it can never mean cancelled",
            "Remove this line, or name the carrier's text in [[lookup.grpc.texts]].",
        )
    elif code in LOST_CONNECTION or (not is_text and code in (*IN_DOUBT, *_OF_THE_CALLER)):
        findings.warning(
            key,
            f"{code} also comes when nothing was looked up: it may say nothing about the waybill",
            "Remove it, or name the carrier's text in [[lookup.grpc.texts]].",
        )


def _warn_of_no_domain(section: Table, reason: str) -> None:
    if "/" not in reason:
        section.findings.warning(
            section.key(f"{REASONS}.{reason}"),
            "names no domain: this reason counts whoever gives it, a proxy on the way too",
            f'Write "domain/{reason}", with the domain of the carrier\'s ErrorInfo.',
        )


def _warn_of_promise(section: Table, name: str, code: str) -> None:
    section.findings.warning(
        section.key(name),
        f"{code} may follow the effect: this row is the carrier's promise that it did nothing",
        "Without that promise in writing, remove this line.",
    )


def _warn_of_common_texts(block: Table, row: TextRow[M]) -> None:
    for part in row.contains:
        if any(folded(part) in common for common in _NOT_THE_CARRIERS):
            block.findings.warning(
                block.key("contains"),
                f'"{part}" is also found in what gRPC libraries and proxies say by themselves',
                "Name more of the carrier's own text.",
            )
