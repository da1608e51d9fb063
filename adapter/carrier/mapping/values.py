"""What passes between a mapping and its users: the small frozen values of both directions."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

# Named again for those who may import a mapping and not the decision, such as a stub.
from adapter.cancellation.model import Doubt as Doubt
from adapter.cancellation.model import Fact as Fact
from adapter.cancellation.model import Outcome as Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A push's text cannot stand in the carrier's field: no such thing can exist there.

    Nothing was sent. `status` is the stable word for metrics; the text itself is not kept.
    """

    source: str
    target: str
    outcome: Outcome = Outcome.NOT_FOUND
    status: str = "UNFIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushFields:
    """A push as a request carried it, text as text; None: the contract does not carry it.

    A number is given back in its shortest decimal form: leading zeros do not survive an
    integer field.
    """

    request_id: str | None = None
    account: str | None = None
    open_id: str | None = None
    pushed_at: str | None = None
    biz_id: str | None = None
    biz_pwd: str | None = None
    shop_app_id: str | None = None
    order_id: str | None = None
    waybill_id: str | None = None

    def __repr__(self) -> str:
        """Name the waybill only: biz_pwd must not reach a log."""
        return f"PushFields(waybill_id={self.waybill_id!r}, request_id={self.request_id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed gRPC call that says an outcome: the code's name, an ErrorInfo reason, a text."""

    code: str
    reason: str = ""
    domain: str = ""
    text: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reason as the adapter reads it: `domain/REASON`, or `REASON`."""
        name = f"{self.domain}/{self.reason}" if self.domain else self.reason
        return (name,) if name else ()

    def details(self) -> bytes:
        """Return the `grpc-status-details-bin` trailer; empty when there is no reason."""
        if not self.reason:
            return b""
        text = self.text or self.reason
        status = status_pb2.Status(code=code_pb2.Code.Value(self.code), message=text)
        status.details.add().Pack(
            error_details_pb2.ErrorInfo(reason=self.reason, domain=self.domain)
        )
        trailer: bytes = status.SerializeToString()
        return trailer


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table that `check` prints: a word of the carrier and what it means.

    `number` is the enum's; None for gRPC codes, reasons and texts. The only doubt that a word may
    mean is REFUSED_LOOK: the lookup is asked.
    """

    word: str
    means: Outcome | Doubt | Fact | None
    number: int | None = None
    aliases: tuple[str, ...] = ()


Expression = Message | Failure
"""How a carrier says an outcome: in a reply, or by failing the call."""
