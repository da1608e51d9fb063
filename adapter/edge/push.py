"""One Mini Program's pushes: opened, decided, answered and logged inside the time budget."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import Receive, Scope

from adapter.cancellation.model import Answer, Outcome, Unsent
from adapter.diagnostics.logger import Logger
from adapter.edge import translate
from adapter.edge.limits import EdgeLimits, InFlightLimit, header, read_body
from adapter.edge.peer import Network, peer_of
from adapter.edge.ports import CancellationDesk, EdgeMetrics, Forwarder
from adapter.edge.replies import CONTENT_TYPES, SUCCESS, HttpAnswer
from adapter.edge.translate import Locale
from adapter.wechat import cancel_waybill
from adapter.wechat.cancel_waybill import CancelWaybill, OtherEvent
from adapter.wechat.cipher import RANDOM_BYTES
from adapter.wechat.envelope import Envelope, Mode, Opened
from adapter.wechat.events import wants_result_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One Mini Program: how its pushes are opened, and the language its merchants read."""

    name: str
    mode: Mode
    envelope: Envelope
    locale: Locale
    forwarder: Forwarder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeParts:
    """What all Mini Programs of one edge share.

    `unix` is the wall clock that freshness is judged by, `monotonic` the one that budgets
    are counted on, `random16` the first block of a sealed reply.
    """

    desk: CancellationDesk
    tally: EdgeMetrics
    log: Logger
    limits: EdgeLimits
    room: InFlightLimit
    show_message: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    unix: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    random16: Callable[[], bytes] = lambda: os.urandom(RANDOM_BYTES)


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


class PushEndpoint:
    """What one Mini Program's path answers: the check of the URL, and pushes."""

    def __init__(self, program: Program, parts: EdgeParts) -> None:
        self.program = program
        self.parts = parts

    def verify(self, query: bytes) -> HttpAnswer:
        """Answer WeChat's check of the URL (GET). Raises `Refused`.

        "若确认此次 GET 请求来自微信服务器，原样返回 echostr 参数内容": the whole body, in all
        three modes in clear, without quotes, mark or newline.
        """
        echo = self.program.envelope.verify(query, now_unix=self.parts.unix())
        return HttpAnswer(status=200, body=echo.encode("utf-8"))

    async def take(self, delivery: Delivery) -> HttpAnswer:
        """Answer one push. Raises `Unreadable`, `Refused` or `Undecodable`: nothing was done."""
        parts = self.parts
        query: bytes = delivery.scope["query_string"]
        body = await read_body(
            delivery.scope,
            delivery.receive,
            limit_bytes=parts.limits.body_limit_bytes,
            within_seconds=parts.limits.body_within_seconds,
            task=delivery.task,
        )
        opened = self.program.envelope.open(query, body, now_unix=parts.unix())
        delivery.opened = opened
        self._count(opened)

        event = cancel_waybill.read_opened(opened)
        if isinstance(event, CancelWaybill) and not event.create_time:
            event = replace(event, create_time=int(parts.unix()))  # the reply needs one
        delivery.event = event
        if isinstance(event, OtherEvent):
            return await self._pass_on(delivery, event, opened, body)
        answer = await self._decide(delivery, event)
        sealed = self._seal(event, opened, answer)
        self._record(delivery, event, opened, answer)
        return sealed

    def _count(self, opened: Opened) -> None:
        """Count how old a push is, and what it was opened with."""
        tally, name = self.parts.tally, self.program.name
        tally.aged(self.parts.unix() - opened.signed_at, program=name)
        if opened.previous_token or opened.previous_key:
            tally.rotated(program=name, token=opened.previous_token, key=opened.previous_key)

    def apologise(self, delivery: Delivery) -> HttpAnswer | None:
        """Answer 200 after a fault of our own, if the push got far enough to be answered.

        How far the fault let a cancellation go is not known, so its −1 says just that. To
        another event an empty body says "handled", without claiming a success.
        """
        if delivery.opened is None or delivery.event is None:
            return None
        if isinstance(delivery.event, OtherEvent):
            return HttpAnswer(status=200, body=b"")
        unknown = Answer(key="", outcome=Outcome.IN_DOUBT)
        return self._seal(delivery.event, delivery.opened, unknown)

    def _seal(self, push: CancelWaybill, opened: Opened, answer: Answer) -> HttpAnswer:
        """Put the answer into the push's own format and the configured mode's envelope."""
        program, parts = self.program, self.parts
        reply = translate.reply(push, answer, program.locale, show_message=parts.show_message)
        body = program.envelope.seal(
            reply.encode(opened.format), opened, now_unix=parts.unix(), random16=parts.random16()
        )
        return HttpAnswer(status=200, body=body, content_type=CONTENT_TYPES[opened.format])

    async def _decide(self, delivery: Delivery, push: CancelWaybill) -> Answer:
        parts = self.parts
        if push.header_faults:
            # Not one of WeChat's as documented: nothing is asked, and pressing again is no help.
            return Answer(key="", outcome=Outcome.FAILED)
        cancellation = translate.cancellation(push)
        reason = self._unasked(push)
        if reason is not None:
            return parts.desk.refuse(cancellation, reason=reason)
        left = self._left(delivery)
        # Only the desk speaks: what it says when time is up may be in the ledger already.
        with parts.room.taken():
            return await parts.desk.cancel(
                cancellation,
                within_seconds=left,
                overrun_seconds=parts.limits.overrun_seconds,
            )

    def _unasked(self, push: CancelWaybill) -> Unsent | None:
        """Return why the desk need not decide, or nothing. A pause is the desk's own matter:
        what was decided before it is still answered."""
        if push.faults:
            return Unsent.REFUSED
        if self.parts.room.is_full(worked_on=self.parts.desk.in_flight):
            return Unsent.SHED
        return None

    def _left(self, delivery: Delivery) -> float:
        """Return the seconds left of the reply budget; negative when it is used up."""
        spent = self.parts.monotonic() - delivery.started
        return self.parts.limits.reply_within_seconds - spent

    async def _pass_on(
        self, delivery: Delivery, event: OtherEvent, opened: Opened, body: bytes
    ) -> HttpAnswer:
        """Let the handler of other events answer; its body goes back as it came.

        The status is always 200. A handler's own fault must not make WeChat repeat at once,
        and after repeated failures stop all pushes for a minute: cancellations among them.
        """
        program, parts = self.program, self.parts
        answer, result = SUCCESS, "success"
        if program.forwarder is not None:
            said = await program.forwarder.forward(
                query=delivery.scope["query_string"],
                body=body,
                content_type=header(delivery.scope, b"content-type"),
                within_seconds=max(self._left(delivery), 0.0),
            )
            answer = HttpAnswer(status=200, body=said.body, content_type=said.content_type)
            result = said.result
        elif wants_result_code(event.event):
            parts.tally.unhandled(event.event)
            parts.log.warning("event_without_handler", program=program.name, event_name=event.event)
        seconds = parts.monotonic() - delivery.started
        self._count_answered(event.event, opened, result, seconds)
        parts.log.info(
            "push_passed_on",
            program=program.name,
            event_name=event.event,
            undecodable=event.undecodable,
            result=result,
            peer=peer_of(delivery.scope, parts.trusted_proxies),
            took_ms=round(seconds * 1000, 1),
        )
        return answer

    def _count_answered(self, event: str, opened: Opened, result: str, seconds: float) -> None:
        self.parts.tally.pushed(
            program=self.program.name,
            event=event,
            mode=self.program.mode,
            layout=opened.format,
            result=result,
            seconds=seconds,
        )

    def _record(
        self, delivery: Delivery, push: CancelWaybill, opened: Opened, answer: Answer
    ) -> None:
        """Count the push and write its one line; never a body, never the password."""
        program, parts = self.program, self.parts
        seconds = parts.monotonic() - delivery.started
        told = int(translate.code(answer.outcome, unsent=answer.unsent))
        self._count_answered(push.event, opened, str(told), seconds)
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
            faults=[*push.header_faults, *push.faults],
            peer=peer_of(delivery.scope, parts.trusted_proxies),
            took_ms=round(seconds * 1000, 1),
        )
