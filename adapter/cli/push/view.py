"""A sent push as text and as JSON: request, reply, checks, and what the merchant sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, astuple
from typing import TextIO

from rich.text import Text

from adapter.cli.output import console, json_text, visible
from adapter.cli.push.account import Destination
from adapter.simulator.play import Played
from adapter.simulator.verdict import Check
from adapter.wechat.client_side import REPLY_FIELDS, ReplyFields
from adapter.wechat.codec import Format

LABEL_WIDTH = 14
FORBIDDEN = 403
# The edge answers every refused push alike, so that nobody can probe what it checks.
WHY_FORBIDDEN = (
    "The reason is in the edge's log (event push_refused, field reason); see `waybridge explain`."
)


def show(
    played: Played, where: Destination, case_name: str, format: Format, *, stream: TextIO
) -> None:
    """Write everything, in colour at a terminal."""
    page = console(stream, soft_wrap=True)
    for line in _lines(played, where, case_name, format):
        page.print(line)


def as_json(played: Played, where: Destination, case_name: str, format: Format) -> str:
    """Return one object with everything; the password is masked."""
    verdict = played.verdict
    document = {
        "url": where.url,
        "mode": where.account.mode.value,
        "format": format.value,
        "case": case_name,
        "ok": verdict.is_right,
        "request": dict(played.press.shown),
        "deliveries": [
            {"status": answer.status, "took_ms": round(answer.seconds * 1000, 1)}
            for answer in played.answers
        ],
        "reply": dict(_reply_fields(verdict.reply)) if verdict.reply else None,
        "checks": [
            {"check": check.name.lower(), "ok": not _said(played, check),
             "message": "; ".join(_said(played, check)) or check.value}
            for check in verdict.checked
        ],
        "merchant": asdict(played.merchant),
    }  # fmt: skip
    return json_text(document)


def _lines(played: Played, where: Destination, case_name: str, format: Format) -> Iterator[Text]:
    mode = where.account.mode.value
    secrets = ", development secrets" if where.is_development else ""
    yield Text.assemble(("→ ", "bold cyan"), f"POST {where.url}")
    yield Text(f"  {mode} mode, {format.value}{secrets}; case {case_name}", style="dim")
    for name, value in played.press.shown:
        yield _field(name, value)
    yield Text()
    for answer in played.answers:
        status = f"HTTP {answer.status}" if answer.status else answer.fault
        yield Text.assemble(("← ", "bold cyan"), f"{status} after {answer.seconds * 1000:.0f} ms")
    if played.verdict.reply:
        for name, value in _reply_fields(played.verdict.reply):
            yield _field(name, value)
    yield Text()
    for check in played.verdict.checked:
        said = _said(played, check)
        yield from (_mark("✗ ", "bold red", sentence) for sentence in said)
        if not said:
            remark = played.verdict.remark if check is Check.EXPECTED else ""
            yield _mark("✓ ", "green", remark or check.value)
    if played.answers and played.answers[-1].status == FORBIDDEN:
        yield Text(f"    {WHY_FORBIDDEN}", style="dim")
    yield Text()
    yield Text("The merchant sees", style="bold")
    for name, value in asdict(played.merchant).items():
        if value is not None:
            yield _field(name, value, width=20)


def _field(name: str, value: str | int, *, width: int = LABEL_WIDTH) -> Text:
    return Text.assemble((f"  {name:<{width}}", "dim"), " ", visible(str(value)))


def _mark(mark: str, style: str, sentence: str) -> Text:
    return Text.assemble("  ", (mark, style), sentence)


def _said(played: Played, check: Check) -> list[str]:
    return [found.message for found in played.verdict.deviations if found.check is check]


def _reply_fields(reply: ReplyFields) -> Iterator[tuple[str, str | int]]:
    yield from zip(REPLY_FIELDS, astuple(reply), strict=True)
