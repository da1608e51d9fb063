"""Why a push is refused: every cause is tried on it, alone and together, until one opens it.

A try that opens the push proves its cause, as only WeChat's own token signs. What no try
opens is told by how far it got: which signature fits, and what decrypts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from adapter.explain.accounts import Other, others
from adapter.explain.alterations import Undone, bodies, queries
from adapter.explain.causes import Cause, Found
from adapter.explain.clock import how_far
from adapter.explain.remains import meant_for, what_remains
from adapter.wechat.envelope import Account, Envelope, Mode, Opened
from adapter.wechat.errors import Refused, Undecodable, WeChatError

WHENEVER = 10**12  # a freshness that every timestamp has

# How far a try got before it was refused; only these prove the signature.
_DECRYPTION = ("padding", "msg_len", "utf8", "app_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why it was refused. `reason` and `detail` are the edge's own words of log and metric."""

    reason: str
    detail: str
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One push as it may have been meant, and the causes that this supposes."""

    account: Account
    query: bytes
    body: bytes
    found: tuple[Found, ...]


def open_push(account: Account, query: bytes, body: bytes, *, now_unix: float) -> Opened | None:
    """Open a push as the edge does; None for WeChat's verification of the URL, if it is right.

    Raises `Refused` or `Undecodable` as the edge would.
    """
    envelope = Envelope(account)
    if is_verification(query, body):
        envelope.verify(query, now_unix=now_unix)
        return None
    return envelope.open(query, body, now_unix=now_unix)


def is_verification(query: bytes, body: bytes) -> bool:
    """Say whether this is the GET by which WeChat verifies the URL."""
    return not body.strip() and b"echostr=" in query


def diagnose(
    section: str,
    programs: Mapping[str, Account],
    query: bytes,
    body: bytes,
    *,
    refusal: WeChatError,
    now_unix: float,
) -> Diagnosis:
    """Return what explains that a push was refused with `refusal`; always at least one cause."""
    if isinstance(refusal, Undecodable):
        found: tuple[Found, ...] = (Found(cause=Cause.FORMAT, about=refusal.detail),)
    else:
        found = _explained(section, programs, query, body, refusal, now_unix)
    return Diagnosis(reason=refusal.reason, detail=refusal.detail, found=found)


def _explained(
    section: str,
    programs: Mapping[str, Account],
    query: bytes,
    body: bytes,
    refusal: WeChatError,
    now_unix: float,
) -> tuple[Found, ...]:
    nearest: tuple[Try, Refused] | None = None
    for attempt in _tries(section, programs, query, body):
        refused = _refused(attempt, now_unix=now_unix)
        if refused is None:
            return (*attempt.found, *_late(attempt, now_unix))
        if refused.detail in _DECRYPTION and _is_nearer(refused, nearest):
            nearest = (attempt, refused)
    if nearest is not None:
        attempt, refused = nearest
        if refused.detail == "app_id":
            return (*attempt.found, Found(cause=Cause.APP_ID, about=_meant_for(attempt)))
        return (*attempt.found, Found(cause=Cause.KEY))
    return what_remains(programs[section], query, body, refusal)


def _tries(
    section: str, programs: Mapping[str, Account], query: bytes, body: bytes
) -> Iterator[Try]:
    """Yield what may have been: first as it is, then one thing amiss, then two, then three."""
    asked: list[Undone | None] = [None, *queries(query)]
    sent: list[Undone | None] = [None, *bodies(body)]
    meant: list[Other | None] = [None, *others(section, programs)]
    every = list(product(asked, sent, meant))
    every.sort(key=lambda three: sum(one is not None for one in three))
    for one, two, three in every:
        yield Try(
            account=three.account if three else programs[section],
            query=one.text if one else query,
            body=two.text if two else body,
            found=tuple(it.found for it in (one, two, three) if it is not None),
        )


def _refused(attempt: Try, *, now_unix: float) -> Refused | None:
    """Try it with any timestamp; None: it opens."""
    account = replace(attempt.account, freshness_seconds=WHENEVER)
    if account.mode is not Mode.PLAINTEXT and not account.encoding_aes_key:
        return Refused("wrong_mode")
    try:
        open_push(account, attempt.query, attempt.body, now_unix=now_unix)
    except Refused as refused:
        return refused
    except Undecodable as error:
        # Signed but unreadable: with a body that was altered it proves nothing.
        return Refused("undecryptable", f"body_{error.detail}")
    return None


def _is_nearer(refused: Refused, nearest: tuple[Try, Refused] | None) -> bool:
    """The first that got to the key, then the first that got to the app id."""
    if nearest is None:
        return True
    return refused.detail == "app_id" and nearest[1].detail != "app_id"


def _meant_for(attempt: Try) -> str:
    return meant_for(attempt.account, attempt.body) or "one that cannot be read"


def _late(attempt: Try, now_unix: float) -> tuple[Found, ...]:
    about = how_far(
        attempt.query, now_unix=now_unix, window_seconds=attempt.account.freshness_seconds
    )
    return (Found(cause=Cause.CLOCK, about=about),) if about else ()
