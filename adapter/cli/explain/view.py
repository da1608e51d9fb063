"""A judged push in words and in JSON: the steps it took, and where it was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TextIO

from adapter.cli.check import answer_table
from adapter.cli.check.answers import AnswerRow
from adapter.cli.output import json_text, visible
from adapter.explain.capture import Capture, moment, signed_at, span
from adapter.explain.judgement import Judgement
from adapter.explain.request import Asked
from adapter.wechat.cancel_waybill import CancelWaybill, OtherEvent
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import MASK

_WIDTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that there is to tell of one push. `request` None: the carrier would not be asked."""

    judgement: Judgement
    account: Account
    captured: Capture
    at_unix: float
    request: Asked | None
    answers: tuple[AnswerRow, ...]
    forward: bool

    @property
    def is_taken(self) -> bool:
        return self.judgement.status == 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step in one line, and what belongs below it."""

    name: str
    says: str
    lines: tuple[str, ...] = ()


def show(told: Told, *, stream: TextIO) -> None:
    """Write the steps, the table of answers, and the verdict."""
    for step in _steps(told):
        stream.write(f"{step.name:<{_WIDTH}}{step.says}\n")
        stream.writelines(f"{'':<{_WIDTH}}  {line}\n" for line in step.lines)
    if told.request is not None and not told.request.unfit:
        stream.write("\nWhat each word of the carrier comes to:\n\n")
        answer_table.show(told.answers, stream=stream)
    stream.write(f"\n{_verdict(told)}\n")


def as_json(told: Told) -> str:
    """Return everything as one JSON object; `causes` is empty for a push that is taken."""
    judgement, diagnosis = told.judgement, told.judgement.diagnosis
    document = {
        "taken": told.is_taken,
        "status": judgement.status,
        "program": judgement.section,
        "at": told.at_unix,
        "reason": diagnosis.reason if diagnosis else "",
        "detail": diagnosis.detail if diagnosis else "",
        "causes": [
            {
                "cause": found.cause.value,
                "about": found.about,
                "message": found.message,
                "hint": found.hint,
            }
            for found in (diagnosis.found if diagnosis else ())
        ],
        "steps": [asdict(step) for step in _steps(told)],
        "fields": dict(_fields(judgement)),
        "request": asdict(told.request) if told.request else None,
        "answers": [asdict(row) for row in told.answers] if told.request else [],
    }
    return json_text(document)


def _steps(told: Told) -> Iterator[Step]:
    judgement, account = told.judgement, told.account
    yield Step(
        name="push",
        says=f"{len(told.captured.body)} bytes for [{judgement.section}], app id "
        f"{account.app_id or '(none)'}, {account.mode.value} mode, as of {moment(told.at_unix)}",
    )
    if judgement.diagnosis is not None and judgement.format is None:
        refusal = judgement.diagnosis
        detail = f" ({refusal.detail})" if refusal.detail else ""
        yield Step(name="refused", says=f"{refusal.reason}{detail}")
        return
    yield _signature(told)
    if judgement.is_verification:
        yield Step(name="event", says="WeChat verifies the URL: echostr is answered unchanged")
        return
    if judgement.which_key:
        says = f"right, with the {judgement.which_key} key, for {account.app_id}"
        yield Step(name="decryption", says=says)
    else:
        yield Step(name="decryption", says="none: the body is not encrypted")
    if judgement.diagnosis is not None:
        refusal = judgement.diagnosis
        yield Step(name="refused", says=f"{refusal.reason} ({refusal.detail})")
        return
    yield from _event(told)


def _signature(told: Told) -> Step:
    judgement = told.judgement
    if not judgement.is_signed:
        return Step(name="signature", says="not judged: no --query was given")
    at = signed_at(told.captured.query or b"")
    name = "signature" if told.account.mode is Mode.PLAINTEXT else "msg_signature"
    if judgement.is_verification:
        return Step(name="signature", says=f"right, {_when(at, told.at_unix)}")
    says = f"{name} is right, with the {judgement.which_token} token, {_when(at, told.at_unix)}"
    return Step(name="signature", says=says)


def _when(at: int | None, now: float) -> str:
    apart = now - (at or now)
    return f"signed {span(abs(apart))} {'before' if apart >= 0 else 'after'} it came"


def _event(told: Told) -> Iterator[Step]:
    push = told.judgement.event
    if isinstance(push, OtherEvent):
        what = "passed on to [forward]" if told.forward else "answered `success`"
        name = visible(push.event) or "(none)"
        as_it_came = f" as it came (our reader: {push.undecodable})" if push.undecodable else ""
        yield Step(name="event", says=f"{name} is not ours: {what}{as_it_came}")
        return
    lines = tuple(f"{name} = {visible(value)}" for name, value in _fields(told.judgement))
    yield Step(name="fields", says="cancel_waybill", lines=lines)
    if isinstance(push, CancelWaybill) and push.header_faults:
        yield Step(
            name="request",
            says=f"none: {', '.join(push.header_faults)} is missing or malformed; answered -1",
        )
    elif isinstance(push, CancelWaybill) and push.faults:
        yield Step(
            name="request",
            says=f"none: {', '.join(push.faults)} cannot identify a waybill; answered 30001",
        )
    elif told.request is not None:
        yield _request(told.request)


def _request(request: Asked) -> Step:
    if request.unfit:
        says = f"none: {request.unfit}; answered 30001 (not_found)"
        return Step(name="request", says=says)
    lines = tuple(f"{line.path} = {visible(line.value)}" for line in request.lines)
    says = f"{request.method} (a request id is made with the ledger's key: another in production)"
    return Step(name="request", says=says, lines=lines)


def _fields(judgement: Judgement) -> Iterator[tuple[str, str]]:
    push = judgement.event
    if not isinstance(push, CancelWaybill):
        return
    yield "ToUserName", push.to_user_name
    yield "FromUserName", push.from_user_name
    yield "CreateTime", str(push.create_time) if push.create_time else "(none)"
    yield "BizID", push.biz_id
    yield "BizPwd", MASK if push.biz_pwd else "(none)"
    yield "ShopAppID", push.shop_app_id
    yield "OrderID", push.order_id
    yield "WayBillID", push.way_bill_id


def _verdict(told: Told) -> str:
    diagnosis = told.judgement.diagnosis
    if diagnosis is None:
        so_far = "" if told.judgement.is_signed else ", if it is signed"
        return f"Taken{so_far}: answered 200."
    lines = [f"Refused: answered {told.judgement.status}. What explains it:"]
    lines += [f"  {found.message}.\n    {found.hint}" for found in diagnosis.found]
    return "\n".join(lines)
