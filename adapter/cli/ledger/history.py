"""The whole story of a push, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from zoneinfo import ZoneInfo

from adapter.cancellation.model import Call
from adapter.cli.ledger.because import because
from adapter.cli.ledger.reply import reply_of
from adapter.cli.ledger.rows import row_of
from adapter.cli.ledger.times import written
from adapter.cli.output import aligned, json_text, visible
from adapter.config.load import Settings
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Chronicle
from adapter.wechat.codec import Format

RUNNING = "not ended"


def as_json(story: Chronicle, settings: Settings) -> str:
    """Return one object with everything: `push` has the fields of a search, and more."""
    entry, zone = story.entry, ZoneInfo(settings.ops.timezone)
    reply = reply_of(entry, settings)
    document = {
        "push": {
            **asdict(row_of(entry, zone)),
            "outcome": entry.outcome and entry.outcome.value,
            "message": entry.message,
            "account": entry.account,
            "open_id": entry.open_id,
            "shop_app_id": entry.shop_app_id,
            "pushed_at": entry.pushed_at,
            "called_at": _at(entry.called_at, zone),
            "settled_at": _at(entry.settled_at, zone),
            "owner": entry.owner,
        },
        "because": because(story),
        "calls": [_call(call, zone) for call in story.calls],
        "resolutions": [_resolution(word, zone) for word in story.resolutions],
        "reply": {format.value: reply.encode(format).decode() for format in Format},
    }
    return json_text(document)


def lines(story: Chronicle, settings: Settings) -> Iterator[str]:
    """Yield the story as lines; what a sender wrote cannot act on the terminal."""
    entry, zone = story.entry, ZoneInfo(settings.ops.timezone)
    row = row_of(entry, zone)
    told = "nothing yet" if row.told is None else str(row.told)
    yield from aligned(
        [
            ("push", row.key),
            ("waybill", visible(row.waybill)),
            ("order", visible(row.order)),
            ("merchant", visible(row.merchant)),
            ("pressed", f"CreateTime {entry.pushed_at} by {visible(entry.open_id)}"),
            ("received", f"{row.received_at}, {_times(entry.deliveries, 'delivery')}"),
            ("state", entry.state.value),
            ("code", "none yet" if row.code is None else str(row.code)),
            ("basis", row.basis or "none yet"),
            ("told", told),
            ("carrier said", visible(entry.message) or "no words of its own"),
        ]
    )
    yield ""
    yield visible(because(story))
    yield ""
    yield f"Calls to the carrier: {entry.calls}"
    yield from aligned([_call_cells(call, zone) for call in story.calls]) if story.calls else ()
    for word in story.resolutions:
        at = written(word.at, zone)
        yield f"Settled by {visible(word.who)} at {at} as {word.outcome.value}: " + visible(
            word.reason
        )
    reply = reply_of(entry, settings)
    yield ""
    yield "The reply, before its envelope:"
    for format in Format:
        yield f"  {visible(reply.encode(format).decode())}"


def _times(number: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def _at(unix: float, zone: ZoneInfo) -> str | None:
    return written(unix, zone) if unix else None


def _call(call: Call, zone: ZoneInfo) -> dict[str, object]:
    return {
        "epoch": call.epoch,
        "sent_at": written(call.sent_at, zone),
        "ended_at": None if call.ended_at is None else written(call.ended_at, zone),
        "status": call.status,
        "outcome": call.outcome and call.outcome.value,
    }


def _call_cells(call: Call, zone: ZoneInfo) -> tuple[str, ...]:
    ended = call.ended_at
    took = RUNNING if ended is None else f"{(ended - call.sent_at) * 1000:.0f} ms"
    outcome = call.outcome.value if call.outcome else ""
    return (f"  {call.epoch}", written(call.sent_at, zone), took, call.status, outcome)


def _resolution(word: Resolution, zone: ZoneInfo) -> dict[str, object]:
    return {**asdict(word), "outcome": word.outcome.value, "at": written(word.at, zone)}
