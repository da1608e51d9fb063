"""What the edge needs of others: a desk that decides, a handler of other events, a count."""

from __future__ import annotations

from typing import Protocol

from adapter.cancellation.model import Answer, Cancellation, Unsent
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode


class CancellationDesk(Protocol):
    """Where cancellations are decided."""

    @property
    def in_flight(self) -> int:
        """Pushes being worked on, those that nobody waits for any more among them."""
        ...

    async def cancel(
        self, cancellation: Cancellation, *, within_seconds: float, overrun_seconds: float
    ) -> Answer:
        """Decide, or say that it is unknown, within the time given; what is just being written
        may take `overrun_seconds` more, and is then given, written or not."""
        ...

    def refuse(self, cancellation: Cancellation, *, reason: Unsent) -> Answer:
        """Note lazily that a push was answered without a call; never waits."""
        ...


class HandlerAnswer(Protocol):
    """What the handler of other events said; `body` as it came."""

    @property
    def body(self) -> bytes: ...

    @property
    def content_type(self) -> str: ...

    @property
    def result(self) -> str:
        """A stable word for metrics: `answered`, or why there is no answer."""
        ...


class Forwarder(Protocol):
    """The handler that answers events which are not ours."""

    async def forward(
        self, *, query: bytes, body: bytes, content_type: bytes, within_seconds: float
    ) -> HandlerAnswer:
        """Pass a push on untouched. Never raises for what a handler or a network can do."""
        ...


class EdgeMetrics(Protocol):
    """Somebody who counts what the edge does. Must not raise and must not wait."""

    def pushed(
        self, *, program: str, event: str, mode: Mode, layout: Format, result: str, seconds: float
    ) -> None:
        """An authentic push was answered; `result` is its ResultCode or a word."""
        ...

    def refused(self, reason: str, *, program: str) -> None:
        """A request was turned away, with a stable word for why; `program` is empty where the
        path is nobody's."""
        ...

    def aged(self, seconds: float, *, program: str) -> None:
        """WeChat signed a push so long ago, by our clock; negative: in our future."""
        ...

    def unhandled(self, event: str) -> None:
        """An event that wants a ResultCode was answered `success`: there is no handler."""
        ...

    def rotated(self, *, program: str, token: bool, key: bool) -> None:
        """The previous token, or the previous AES key, was still needed."""
        ...

    def faulted(self) -> None:
        """Our own code failed while answering."""
        ...
