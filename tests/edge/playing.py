"""An edge over a real port for tests: a desk that says what it is told, and WeChat's side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx2

from adapter.cancellation.model import Answer, Basis, Cancellation, Outcome, Unsent
from adapter.edge.app import create_app
from adapter.edge.connections import ConnectionLimits
from adapter.edge.limits import EdgeLimits, InFlightLimit
from adapter.edge.peer import networks
from adapter.edge.ports import Forwarder
from adapter.edge.push import EdgeParts, Program
from adapter.edge.refusals import Refusals
from adapter.edge.server import HttpServer
from adapter.edge.translate import Locale
from adapter.wechat.client_side import (
    ReplyFields,
    SealedPush,
    build_push,
    open_reply,
    parse_reply,
)
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Account, Envelope, Mode, Opened
from adapter.wechat.secret import Secret
from tests import defaults

PATH = "/wechat/push"
TOKEN = "testtoken"
CANARY = "canary-password-7f3a"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SAMPLE: tuple[tuple[str, str | int], ...] = (
    ("ToUserName", "gh_abcdefg"),
    ("FromUserName", "oABCD"),
    ("CreateTime", 1533042556),
    ("MsgType", "event"),
    ("Event", "cancel_waybill"),
    ("BizID", "xyz"),
    ("BizPwd", CANARY),
    ("ShopAppID", "wxABCD"),
    ("OrderID", "012345678901234567890123456789"),
    ("WayBillID", "123456789"),
)


def account(mode: Mode = Mode.SECURE, *, token: str = TOKEN) -> Account:
    return replace(
        defaults.ACCOUNT,
        app_id="wx0123456789abcdef",
        mode=mode,
        token=Secret(token),
        encoding_aes_key=Secret(KEY),
    )


def message(format: Format = Format.XML, **changes: str | int | None) -> bytes:
    """The user's own example, with some fields changed, or left out (None)."""
    fields = [(name, changes.pop(name, value)) for name, value in SAMPLE]
    assert not changes, f"no such field: {changes}"
    return encode([(name, value) for name, value in fields if value is not None], format)


def push(
    account: Account,
    format: Format = Format.XML,
    *,
    body: bytes | None = None,
    signed_at: float | None = None,
    mode: Mode | None = None,
    **changes: str | int | None,
) -> SealedPush:
    return build_push(
        account,
        body if body is not None else message(format, **changes),
        format,
        timestamp=int(signed_at if signed_at is not None else time.time()),
        nonce="486452656",
        random16=b"0123456789abcdef",
        open_id="oABCD",
        mode=mode,
    )


class BrokenEnvelope(Envelope):
    """Opens and then cannot seal; or cannot even open."""

    __slots__ = ("opens",)

    def __init__(self, account: Account, *, opens: bool) -> None:
        super().__init__(account)
        self.opens = opens

    def open(self, query: bytes, body: bytes, *, now_unix: float) -> Opened:
        if not self.opens:
            raise RuntimeError("open")
        return super().open(query, body, now_unix=now_unix)

    def seal(self, *_: object, **__: object) -> bytes:
        raise RuntimeError("seal")


def broken_program(known: Account, *, opens: bool) -> Program:
    """A Mini Program whose pushes meet a defect of ours, after they were read or before."""
    return Program(
        name="broken",
        mode=known.mode,
        envelope=BrokenEnvelope(known, opens=opens),
        locale=Locale.EN,
        forwarder=None,
    )


async def until(happened: Callable[[], object], *, within_seconds: float = 5.0) -> None:
    """Let the loop run until it happened; what depends on other connections has no event."""
    for _ in range(int(within_seconds / 0.005)):
        if happened():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen in time")


@dataclass(kw_only=True)
class ScriptedDesk:
    """Answers what it was given; keeps what it was asked."""

    answer: Answer = field(
        default_factory=lambda: Answer(
            key="k" * 32, outcome=Outcome.CANCELLED, basis=Basis.CARRIER, calls=1
        )
    )
    fault: Exception | None = None
    hangs: asyncio.Event | None = None
    in_flight: int = 0
    asked: list[Cancellation] = field(default_factory=list)
    budgets: list[float] = field(default_factory=list)
    overruns: list[float] = field(default_factory=list)
    refused: list[Unsent] = field(default_factory=list)

    async def cancel(
        self, cancellation: Cancellation, *, within_seconds: float, overrun_seconds: float
    ) -> Answer:
        self.asked.append(cancellation)
        self.budgets.append(within_seconds)
        self.overruns.append(overrun_seconds)
        if self.hangs is not None:
            await self.hangs.wait()
        if self.fault is not None:
            raise self.fault
        return self.answer

    def refuse(self, cancellation: Cancellation, *, reason: Unsent) -> Answer:
        assert cancellation.open_id
        self.refused.append(reason)
        return Answer(key="r" * 32, outcome=Outcome.FAILED, unsent=reason)


@dataclass(kw_only=True)
class Said:
    body: bytes = b"<xml>theirs</xml>"
    content_type: str = "text/xml"
    result: str = "answered"


@dataclass(kw_only=True)
class ScriptedHandler:
    said: Said = field(default_factory=Said)
    fault: Exception | None = None
    got: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    budgets: list[float] = field(default_factory=list)

    async def forward(
        self, *, query: bytes, body: bytes, content_type: bytes, within_seconds: float
    ) -> Said:
        self.got.append((query, body, content_type))
        self.budgets.append(within_seconds)
        if self.fault is not None:
            raise self.fault
        return self.said


@dataclass(kw_only=True)
class Tallied:
    """Keeps every count as a line."""

    pushes: list[tuple[str, str, str, str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    programs: set[str] = field(default_factory=set)
    ages: list[tuple[str, float]] = field(default_factory=list)
    rotations: list[tuple[bool, bool]] = field(default_factory=list)
    unhandled_events: list[str] = field(default_factory=list)
    faults: int = 0

    def pushed(
        self, *, program: str, event: str, mode: Mode, layout: Format, result: str, seconds: float
    ) -> None:
        self.programs.add(program)
        assert seconds >= 0
        self.pushes.append((event, mode.value, layout.value, result))

    def refused(self, reason: str, *, program: str) -> None:
        self.refusals.append(reason)
        self.programs.add(program)

    def aged(self, seconds: float, *, program: str) -> None:
        self.ages.append((program, seconds))

    def unhandled(self, event: str) -> None:
        self.unhandled_events.append(event)

    def rotated(self, *, program: str, token: bool, key: bool) -> None:
        self.programs.add(program)
        self.rotations.append((token, key))

    def faulted(self) -> None:
        self.faults += 1


@dataclass(kw_only=True)
class Lines:
    """Keeps every log line."""

    lines: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def debug(self, event: str, **fields: object) -> None:
        self.lines.append(("debug", event, fields))

    def info(self, event: str, **fields: object) -> None:
        self.lines.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.lines.append(("warning", event, fields))

    def error(self, event: str, **fields: object) -> None:
        self.lines.append(("error", event, fields))

    def named(self, name: str) -> list[dict[str, object]]:
        return [fields for _, event, fields in self.lines if event == name]


@dataclass(kw_only=True)
class Edge:
    """A running edge, and everything a test looks at."""

    server: HttpServer
    client: httpx2.AsyncClient
    account: Account
    desk: ScriptedDesk
    tally: Tallied
    log: Lines
    refusals: Refusals

    async def post(self, sealed: SealedPush, path: str = PATH) -> httpx2.Response:
        return await self.client.post(f"{path}?{sealed.query}", content=sealed.body)

    async def reply(self, format: Format = Format.XML, **changes: str | int | None) -> ReplyFields:
        """Push the sample and read the reply as WeChat would; anything else fails."""
        body = message(format, **changes)
        answer = await self.post(push(self.account, format, body=body))
        assert answer.status_code == 200, answer.text
        return parse_reply(open_reply(self.account, answer.content, format), format)


@asynccontextmanager
async def running_edge(
    mode: Mode = Mode.SECURE,
    *,
    desk: ScriptedDesk | None = None,
    limits: EdgeLimits = defaults.EDGE,
    patience: ConnectionLimits = defaults.CONNECTIONS,
    forwarder: Forwarder | None = None,
    locale: Locale = Locale.EN,
    show_message: bool = False,
    served: Account | None = None,
    trusted_proxies: Sequence[str] = (),
    more: Sequence[tuple[str, Program]] = (),
) -> AsyncIterator[Edge]:
    """Serve one Mini Program at PATH until the block ends."""
    known = served or account(mode)
    desk, tally, log = desk or ScriptedDesk(), Tallied(), Lines()
    program = Program(
        name="main",
        mode=known.mode,
        envelope=Envelope(known),
        locale=locale,
        forwarder=forwarder,
    )
    parts = EdgeParts(
        desk=desk,
        tally=tally,
        log=log,
        limits=limits,
        room=InFlightLimit(limits.max_in_flight),
        show_message=show_message,
        trusted_proxies=networks(trusted_proxies),
    )
    app = create_app({PATH: program, **dict(more)}, parts)
    server = HttpServer(
        app, host="127.0.0.1", port=0, patience=patience, refused=app.refusals.refused
    )
    await server.start()
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{server.address[1]}", trust_env=False
        ) as client:
            yield Edge(
                server=server,
                client=client,
                account=known,
                desk=desk,
                tally=tally,
                log=log,
                refusals=app.refusals,
            )
    finally:
        await server.close(within_seconds=1)
