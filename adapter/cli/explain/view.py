"""An explained push as text and as JSON: the steps it took, and where it was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TextIO

from adapter.cli.check.answers import AnswerRow, show_answers
from adapter.cli.output import json_text, visible
from adapter.explain.capture import Capture, moment, signed_at, span
from adapter.explain.judgement import Judgement
from adapter.explain.request import Asked
from adapter.wechat.cancel_waybill import CancelWaybill, OtherEvent
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import MASK

_WIDTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything about one push. `request` is None if the carrier would not be called."""

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
    """One step in one line, and its details."""

    name: str
    says: str
    lines: tuple[str, ...] = ()


def show(explanation: Explanation, *, stream: TextIO) -> None:
    """Write the steps, the table of answers, and the verdict."""
    for step in _steps(explanation):
        stream.write(f"{step.name:<{_WIDTH}}{step.says}\n")
        stream.writelines(f"{'':<{_WIDTH}}  {line}\n" for line in step.lines)
    if explanation.request is not None and not explanation.request.unfit:
        stream.write("\nWhat each answer of the carrier leads to:\n\n")
        show_answers(explanation.answers, stream=stream)
    stream.write(f"\n{_verdict(explanation)}\n")


def as_json(explanation: Explanation) -> str:
    """Return everything as one JSON object; `causes` is empty for an accepted push."""
    judgement, diagnosis = explanation.judgement, explanation.judgement.diagnosis
    document = {
        "taken": explanation.is_taken,
        "status": judgement.status,
        "program": judgement.section,
        "at": explanation.at_unix,
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
        "steps": [asdict(step) for step in _steps(explanation)],
        "fields": dict(_fields(judgement)),
        "request": asdict(explanation.request) if explanation.request else None,
        "answers": [asdict(row) for row in explanation.answers] if explanation.request else [],
    }
    return json_text(document)


def _steps(explanation: Explanation) -> Iterator[Step]:
    judgement, account = explanation.judgement, explanation.account
    yield Step(
        name="push",
        says=f"{len(explanation.captured.body)} bytes for [{judgement.section}], app id "
        f"{account.app_id or '(none)'}, {account.mode.value} mode"
        f", as of {moment(explanation.at_unix)}",
    )
    if judgement.diagnosis is not None and judgement.format is None:
        refusal = judgement.diagnosis
        detail = f" ({refusal.detail})" if refusal.detail else ""
        yield Step(name="refused", says=f"{refusal.reason}{detail}")
        return
    yield _signature(explanation)
    if judgement.is_verification:
        yield Step(name="event", says="URL verification by WeChat: echostr is returned unchanged")
        return
    if judgement.which_key:
        says = f"correct with the {judgement.which_key} key, for {account.app_id}"
        yield Step(name="decryption", says=says)
    else:
        yield Step(name="decryption", says="none: the body is not encrypted")
    if judgement.diagnosis is not None:
        refusal = judgement.diagnosis
        yield Step(name="refused", says=f"{refusal.reason} ({refusal.detail})")
        return
    yield from _event(explanation)


def _signature(explanation: Explanation) -> Step:
    judgement = explanation.judgement
    if not judgement.is_signed:
        return Step(name="signature", says="not checked: no --query was given")
    at = signed_at(explanation.captured.query or b"")
    name = "signature" if explanation.account.mode is Mode.PLAINTEXT else "msg_signature"
    if judgement.is_verification:
        return Step(name="signature", says=f"correct, {_when(at, explanation.at_unix)}")
    token = f"correct with the {judgement.which_token} token"
    return Step(name="signature", says=f"{name} is {token}, {_when(at, explanation.at_unix)}")


def _when(at: int | None, now: float) -> str:
    apart = now - (at or now)
    return f"signed {span(abs(apart))} {'before' if apart >= 0 else 'after'} it arrived"


def _event(explanation: Explanation) -> Iterator[Step]:
    push = explanation.judgement.event
    if isinstance(push, OtherEvent):
        what = "forwarded to [forward]" if explanation.forward else "answered `success`"
        name = visible(push.event) or "(none)"
        unread = f", although our reader refuses it: {push.undecodable}" if push.undecodable else ""
        says = f"{name} is not a cancel_waybill push: {what}{unread}"
        yield Step(name="event", says=says)
        return
    lines = tuple(f"{name} = {visible(value)}" for name, value in _fields(explanation.judgement))
    yield Step(name="fields", says="cancel_waybill", lines=lines)
    if isinstance(push, CancelWaybill) and push.header_faults:
        yield Step(
            name="request",
            says=f"none: {', '.join(push.header_faults)} missing or not valid; answered -1",
        )
    elif isinstance(push, CancelWaybill) and push.faults:
        yield Step(name="request", says=f"none: {', '.join(push.faults)} not valid; answered 30001")
    elif explanation.request is not None:
        yield _request(explanation.request)


def _request(request: Asked) -> Step:
    if request.unfit:
        says = f"none: {request.unfit}; answered 30001 (not_found)"
        return Step(name="request", says=says)
    lines = tuple(f"{line.path} = {visible(line.value)}" for line in request.lines)
    says = (
        f"{request.method} (the request id depends on the ledger's key and differs in production)"
    )
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


def _verdict(explanation: Explanation) -> str:
    diagnosis = explanation.judgement.diagnosis
    if diagnosis is None:
        condition = "" if explanation.judgement.is_signed else " if its signature is valid"
        return f"Accepted{condition}: answered 200."
    lines = [f"Refused: answered {explanation.judgement.status}. Likely causes:"]
    lines += [f"  {found.message}.\n    {found.hint}" for found in diagnosis.found]
    return "\n".join(lines)
