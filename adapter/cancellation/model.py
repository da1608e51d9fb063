"""What a cancellation is: the wish, the outcomes, and the ledger's entry of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum, StrEnum
from operator import attrgetter
from typing import Any, Protocol, TypedDict, Unpack


class Outcome(Enum):
    """What became of one wish to cancel. The only words in which we talk of results."""

    __hash__ = object.__hash__  # Enum's own is Python code, and these are looked up a lot

    CANCELLED = "cancelled"
    NOT_FOUND = "not_found"
    PICKED_UP = "picked_up"
    INVALID = "invalid"
    ALREADY_CANCELLED = "already_cancelled"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


class Fact(Enum):
    """What a lookup may say of a waybill. Only what is final settles anything."""

    CANCELLED = "cancelled"
    PICKED_UP = "picked_up"
    INVALID = "invalid"
    ACTIVE = "active"
    NOT_FOUND = "not_found"


FINAL = (Fact.CANCELLED, Fact.PICKED_UP, Fact.INVALID)
"""Each is an outcome of the same word; the others may yet be changed by a call under way."""


class Doubt(Enum):
    """Why a call that ended says nothing certain: what may be done next depends on it.

    A lost connection explains UNAVAILABLE, CANCELLED and DEADLINE_EXCEEDED; UNKNOWN, INTERNAL
    and their like are the server's own word. After REFUSED_LOOK nothing was done by the call
    itself: the lookup says why.
    """

    __hash__ = object.__hash__

    LOST_CONNECTION = "lost_connection"
    SERVER_WORD = "server_word"
    UNREADABLE_REPLY = "unreadable_reply"
    UNKNOWN_STATUS = "unknown_status"
    REFUSED_LOOK = "refused_look"


class State(Enum):
    """Where a push stands in the ledger; a push without an entry is unseen."""

    __hash__ = object.__hash__

    UNSENT = "unsent"
    CALLING = "calling"
    IN_DOUBT = "in_doubt"
    DONE = "done"


class Basis(Enum):
    """On whose word a done push was decided."""

    CARRIER = "carrier"
    INFERRED = "inferred"
    OPERATOR = "operator"


class Unsent(Enum):
    """Why the carrier was not asked at all. Nothing was done to the waybill."""

    CARRIER_UNREACHABLE = "carrier_unreachable"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    TURN_NOT_REACHED = "turn_not_reached"
    CARRIER_SLOW = "carrier_slow"
    SHED = "shed"
    PAUSED = "paused"
    REFUSED = "refused"


class Cause(StrEnum):
    """What brought a push to its state; beside these, the reasons of `Unsent`.

    Texts, because a ledger may hold a word of an older or newer program: `Entry.cause` is any
    text, and one that is not known here is shown as it is.
    """

    CARRIER = "carrier"
    LOOKUP = "lookup"
    INFERRED = "inferred"
    OPERATOR = "operator"
    OWNER_DIED = "owner_died"
    WITHDRAWN = "withdrawn"


_CAUSE_TEXTS: dict[str, str] = {
    Cause.CARRIER: "",
    Cause.OPERATOR: "",
    Cause.INFERRED: "inferred from a later push",
    Cause.OWNER_DIED: "owner died",
}
"""How a cause is written before the free words; the others as they are."""


class Concealed(Protocol):
    """A secret that prints as `***`."""

    def reveal(self) -> str:
        """Return the secret itself; for the call to the carrier and nothing else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Waybill:
    """What at most one call may be about at a time: a merchant's waybill."""

    biz_id: str
    waybill_id: str


@dataclass(frozen=True, kw_only=True)  # without slots: see `Entry.but`
class Press:
    """One press of the button: all that tells it from another, in the order of its identity.

    `pushed_at` is WeChat's CreateTime (Unix seconds); it is identity, never a clock.
    """

    account: str
    open_id: str
    pushed_at: int
    biz_id: str
    order_id: str
    waybill_id: str
    shop_app_id: str

    @property
    def waybill(self) -> Waybill:
        return Waybill(biz_id=self.biz_id, waybill_id=self.waybill_id)


PRESS = tuple(each.name for each in fields(Press))
"""The names of a press's fields."""

press_values: Callable[[Press], tuple[Any, ...]] = attrgetter(*PRESS)
"""The values of these fields, and none of what a subclass adds."""


@dataclass(frozen=True, kw_only=True)
class Cancellation(Press):
    """A sender's wish to cancel one waybill: the press, and what proves the merchant."""

    credential: Concealed = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAnswer:
    """What one call to the carrier came to.

    `status` is the stable word for metrics and the ledger: the contract's own enum name
    (`CANCELLED`), or the gRPC code of a failed call (`UNAVAILABLE`). `outcome` IN_DOUBT means
    that nobody knows whether the carrier acted, and `doubt` of what kind that is; no other
    outcome has a doubt. `text` is a failed call's own text: for operators, never for
    WeChat, one line without control characters. `unsent` says why nothing went out.
    """

    outcome: Outcome
    status: str
    message: str = ""
    doubt: Doubt | None = None
    text: str = field(default="", repr=False)
    unsent: Unsent | None = None


class Changes(TypedDict, total=False):
    """What of an entry may change once it stands; the rest is what WeChat sent."""

    state: State
    calls: int
    outcome: Outcome | None
    basis: Basis | None
    message: str
    told: Outcome | None
    deliveries: int
    owner: str
    called_at: float
    settled_at: float
    why: str
    cause: str


@dataclass(frozen=True, kw_only=True)  # without slots: see `but`
class Entry(Press):
    """The ledger's row of one push. Times are Unix seconds.

    `told` is the outcome that was put into a reply while somebody waited for it; empty:
    nobody was told anything. `calls` counts the calls made to the carrier and is also the
    epoch that fences them: only the newest may leave doubt behind. `cause` is a `Cause`, a
    reason of `Unsent`, empty while the first call runs, or another program's word; `why` are
    free words beside it: the carrier's status, the fact of its lookup, an operator's reason.
    No rule compares `why`.
    """

    key: str
    state: State
    received_at: float
    calls: int = 0
    outcome: Outcome | None = None
    basis: Basis | None = None
    message: str = ""
    told: Outcome | None = None
    deliveries: int = 1
    owner: str = ""
    called_at: float = 0.0
    settled_at: float = 0.0
    why: str = ""
    cause: str = ""

    @property
    def cause_text(self) -> str:
        """The cause and its words as one text, for alerts, tables and exports."""
        words = (_CAUSE_TEXTS.get(self.cause, self.cause), self.why)
        return ": ".join(filter(None, words))

    def but(self, **changes: Unpack[Changes]) -> Entry:
        """Return a copy with these changes: `dataclasses.replace`, at a third of its cost,
        for every push is copied three times."""
        copy = object.__new__(Entry)
        copy.__dict__.update(self.__dict__, **changes)
        return copy


_DEFAULTS = {each.name: each.default for each in fields(Entry) if each.default is not MISSING}


def fresh_entry(key: str, press: Press, *, received_at: float) -> Entry:
    """Return the entry of a push that the ledger has not seen, made by the means of `but`: at
    little more than half of a constructor's cost. A credential is not in it."""
    entry = object.__new__(Entry)
    entry.__dict__.update(
        zip(PRESS, press_values(press)),  # noqa: B905 - of one length; a push's path
        **_DEFAULTS,
        key=key,
        state=State.UNSENT,
        received_at=received_at,
    )
    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to the carrier: written before it is sent, completed when it ends."""

    key: str
    epoch: int
    sent_at: float
    ended_at: float | None = None
    status: str = ""
    outcome: Outcome | None = None
    doubt: Doubt | None = None
    text: str = field(default="", repr=False)

    @property
    def is_open(self) -> bool:
        """Whether it may have cancelled, or still may: it has no end, or its end says nothing."""
        if self.outcome is Outcome.IN_DOUBT:
            return self.doubt is not Doubt.REFUSED_LOOK
        return self.outcome is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the desk says to one delivery of a push.

    `unsent` tells a failed answer that never reached the carrier from one it gave.
    `repeated` is true when the answer was already decided before this delivery.
    """

    key: str
    outcome: Outcome
    message: str = ""
    basis: Basis | None = None
    unsent: Unsent | None = None
    calls: int = 0
    repeated: bool = False


def only(entries: Iterable[Entry], key: str) -> Entry | None:
    """Return the entry of the push `key`, or nothing."""
    for entry in entries:
        if entry.key == key:
            return entry
    return None
