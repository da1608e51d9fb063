"""POST: open, decode, cancel, encode, seal: one push inside its time budget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope

from adapter.cancellation.model import Answer, Outcome, Unsent
from adapter.edge import translate
from adapter.edge.limits import EdgeLimits, InFlightLimit, header, read_body
from adapter.edge.ports import Desk, EdgeMetrics, Forwarder, Log
from adapter.edge.random_blocks import RandomBlocks
from adapter.edge.replies import CONTENT_TYPES, SUCCESS, HttpAnswer
from adapter.edge.translate import Locale
from adapter.wechat import cancel_waybill
from adapter.wechat.cancel_waybill import CancelWaybill, OtherEvent
from adapter.wechat.envelope import Envelope, Mode, Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One Mini Program: how its pushes are opened, and the language its merchants read."""

    name: str
    mode: Mode
    envelope: Envelope
    locale: Locale
    forwarder: Forwarder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all Mini Programs of one edge share.

    `unix` is the wall clock that freshness is judged by, `monotonic` the one that budgets
    are counted on, `random16` the first block of a sealed reply.
    """

    desk: Desk
    tally: EdgeMetrics
    log: Log
    limits: EdgeLimits
    room: InFlightLimit
    show_message: bool = False
    unix: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    random16: Callable[[], bytes] = field(default_factory=lambda: RandomBlocks().take)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One request on its way: filled in as far as it got, so that a fault can be answered."""

    scope: Scope
    receive: Receive
    started: float
    task: asyncio.Task[Any] | None = None
    opened: Opened | None = None
    event: CancelWaybill | OtherEvent | None = None

    @property
    def push(self) -> CancelWaybill | None:
        """The push, if it is known to be ours."""
        return self.event if isinstance(self.event, CancelWaybill) else None


async def take(delivery: Delivery, program: Program, parts: Parts) -> HttpAnswer:
    """Answer one push. Raises `Unreadable`, `Refused` or `Undecodable`: nothing was done."""
    limits = parts.limits
    query: bytes = delivery.scope["query_string"]
    body = await read_body(
        delivery.scope,
        delivery.receive,
        limit_bytes=limits.body_limit_bytes,
        within_seconds=limits.body_within_seconds,
        task=delivery.task,
    )
    opened = program.envelope.open(query, body, now_unix=parts.unix())
    delivery.opened = opened
    if opened.previous_token or opened.previous_key:
        parts.tally.rotated(token=opened.previous_token, key=opened.previous_key)

    event = cancel_waybill.read(opened.message, opened.format)
    delivery.event = event
    if isinstance(event, OtherEvent):
        return await _pass_on(delivery, event, opened, query, body, program, parts)
    answer = await _decide(delivery, event, parts)
    sealed = seal(event, opened, answer, program, parts)
    _record(delivery, event, opened, answer, program, parts)
    return sealed


def apologise(delivery: Delivery, program: Program, parts: Parts) -> HttpAnswer | None:
    """Answer 200 after a fault of our own, if the push got far enough to be answered.

    How far the fault let a cancellation go is not known, so its −1 says just that. To
    another event an empty body says "handled", without claiming a success.
    """
    if delivery.opened is None or delivery.event is None:
        return None
    if isinstance(delivery.event, OtherEvent):
        return HttpAnswer(status=200, body=b"")
    unknown = Answer(key="", outcome=Outcome.IN_DOUBT)
    return seal(delivery.event, delivery.opened, unknown, program, parts)


def seal(
    push: CancelWaybill,
    opened: Opened,
    answer: Answer,
    program: Program,
    parts: Parts,
) -> HttpAnswer:
    """Put the answer into the push's own format and the configured mode's envelope."""
    reply = translate.reply(push, answer, program.locale, show_message=parts.show_message)
    body = program.envelope.seal(
        reply.encode(opened.format), opened, now_unix=parts.unix(), random16=parts.random16()
    )
    return HttpAnswer(status=200, body=body, content_type=CONTENT_TYPES[opened.format])


async def _decide(delivery: Delivery, push: CancelWaybill, parts: Parts) -> Answer:
    cancellation = translate.cancellation(push)
    reason = _unasked(push, parts)
    if reason is not None:
        return parts.desk.refuse(cancellation, reason=reason)
    left = parts.limits.reply_within_seconds - (parts.monotonic() - delivery.started)
    # Only the desk speaks: what it says when time is up may be in the ledger already.
    with parts.room.taken():
        return await parts.desk.cancel(
            cancellation,
            within_seconds=left,
            overrun_seconds=parts.limits.overrun_seconds,
        )


def _unasked(push: CancelWaybill, parts: Parts) -> Unsent | None:
    """Return why the desk need not decide, or nothing. A pause is the desk's own matter:
    what was decided before it is still answered."""
    if push.faults:
        return Unsent.REFUSED
    if parts.room.is_full(worked_on=parts.desk.in_flight):
        return Unsent.SHED
    return None


async def _pass_on(
    delivery: Delivery,
    event: OtherEvent,
    opened: Opened,
    query: bytes,
    body: bytes,
    program: Program,
    parts: Parts,
) -> HttpAnswer:
    """Let the handler of other events answer; its body goes back as it came.

    The status is always 200. A handler's own fault must not make WeChat repeat at once,
    and after repeated failures stop all pushes for a minute: cancellations among them.
    """
    answer, result = SUCCESS, "success"
    if program.forwarder is not None:
        left = parts.limits.reply_within_seconds - (parts.monotonic() - delivery.started)
        said = await program.forwarder.forward(
            query=query,
            body=body,
            content_type=header(delivery.scope, b"content-type"),
            within_seconds=max(left, 0.0),
        )
        answer = HttpAnswer(status=200, body=said.body, content_type=said.content_type)
        result = said.result
    seconds = parts.monotonic() - delivery.started
    parts.tally.pushed(
        event=event.event, mode=program.mode, layout=opened.format, result=result, seconds=seconds
    )
    parts.log.info(
        "push_passed_on",
        program=program.name,
        event_name=event.event,
        result=result,
        took_ms=round(seconds * 1000, 1),
    )
    return answer


def _record(
    delivery: Delivery,
    push: CancelWaybill,
    opened: Opened,
    answer: Answer,
    program: Program,
    parts: Parts,
) -> None:
    """Count the push and write its one line; never a body, never the password."""
    seconds = parts.monotonic() - delivery.started
    told = int(translate.code(answer.outcome, unsent=answer.unsent))
    parts.tally.pushed(
        event=push.event,
        mode=program.mode,
        layout=opened.format,
        result=str(told),
        seconds=seconds,
    )
    parts.log.info(
        "push_answered",
        program=program.name,
        waybill=push.way_bill_id,
        order=push.order_id,
        merchant=push.biz_id,
        key=answer.key,
        event_name=push.event,
        mode=program.mode._value_,  # what `value` reads, by way of Python code
        format=opened.format._value_,
        outcome=answer.outcome._value_,
        code=told,
        basis=answer.basis._value_ if answer.basis is not None else "",
        unsent=answer.unsent._value_ if answer.unsent is not None else "",
        calls=answer.calls,
        repeated=answer.repeated,
        faults=list(push.faults),
        took_ms=round(seconds * 1000, 1),
    )
