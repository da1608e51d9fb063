"""The judge finds each broken promise in evidence made by hand, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Basis, Call, Entry, Outcome, State
from adapter.cancellation.push_key import push_key
from legacy_stub.calls import ReceivedCall
from tests.journeys.evidence import Books, Delivery, Evidence, Mishap
from tests.journeys.judge import judge
from tests.journeys.mishaps import KILL_SERVE
from tests.journeys.program import Press

IDENTITY_KEY = b"k" * 32
FIRST, SECOND = (Press(waybill="STUB-OK-1", nth=nth) for nth in (1, 2))
HEARD_AT = 100.5


def key(press: Press) -> str:
    return push_key(press.cancellation, identity_key=IDENTITY_KEY)


def heard(press: Press, code: int | None, *, at: float = 100.0) -> Delivery:
    return Delivery(
        press=press,
        sent_at=at,
        ended_at=at + 0.5,
        status=None if code is None else 200,
        code=code,
    )


def asked(press: Press, *, at: float = 100.2, done: bool = True) -> ReceivedCall:
    answer = "cancelled" if done else "already_cancelled"
    return ReceivedCall(
        time=at,
        waybill=press.waybill,
        order="",
        request_id=key(press),
        nth=1,
        answer=answer,
        done=done,
    )


def row(press: Press, outcome: Outcome | None, *, at: float = 100.3) -> Entry:
    wish = press.cancellation
    return Entry(
        key=key(press),
        account=wish.account,
        open_id=wish.open_id,
        pushed_at=wish.pushed_at,
        biz_id=wish.biz_id,
        order_id=wish.order_id,
        waybill_id=wish.waybill_id,
        shop_app_id=wish.shop_app_id,
        state=State.DONE if outcome else State.IN_DOUBT,
        received_at=at - 0.2,
        calls=1,
        outcome=outcome,
        basis=Basis.CARRIER if outcome else None,
        told=outcome,
        settled_at=at,
    )


def call(press: Press, *, at: float = 100.1, ended: float | None = 100.25) -> Call:
    return Call(key=key(press), epoch=1, sent_at=at, ended_at=ended)


def books(*entries: Entry, calls: tuple[Call, ...]) -> Books:
    return Books(identity_key=IDENTITY_KEY, entries=entries, calls=calls)


SOUND = Evidence(
    seed=1,
    deliveries=(heard(FIRST, 0), heard(FIRST, 0, at=101.0), heard(SECOND, 30003, at=102.0)),
    asked=(asked(FIRST), asked(SECOND, at=102.2, done=False)),
    mishaps=(Mishap(at=90.0, until=90.1, what=KILL_SERVE),),
    books=books(
        row(FIRST, Outcome.CANCELLED),
        row(SECOND, Outcome.ALREADY_CANCELLED, at=102.3),
        calls=(call(FIRST), call(SECOND, at=102.1, ended=102.25)),
    ),
    in_doubt_shown=(0,),
    questioned=frozenset({SECOND}),
)


def with_books(evidence: Evidence, *entries: Entry, calls: tuple[Call, ...] = ()) -> Evidence:
    assert evidence.books is not None
    return replace(evidence, books=books(*entries, calls=calls or evidence.books.calls))


CANCELLED = row(FIRST, Outcome.CANCELLED)
ALREADY = row(SECOND, Outcome.ALREADY_CANCELLED, at=102.3)
BROKEN = {
    "I1": replace(SOUND, asked=(asked(FIRST), asked(FIRST, at=100.21, done=False), SOUND.asked[1])),
    "I2": with_books(
        SOUND, CANCELLED, ALREADY, calls=(call(FIRST, ended=102.2), call(SECOND, at=102.1))
    ),
    "I3": replace(SOUND, deliveries=(*SOUND.deliveries, heard(FIRST, 30003, at=101.5))),
    "I4": replace(SOUND, asked=(asked(FIRST, at=109.0),)),
    "I5": replace(SOUND, deliveries=(heard(FIRST, -1), heard(SECOND, 30003, at=102.0))),
    "I6": replace(SOUND, deliveries=(*SOUND.deliveries[:2], heard(SECOND, 0, at=102.0))),
    "I7": replace(SOUND, in_doubt_shown=(3,)),
    "I8": with_books(SOUND, replace(CANCELLED, settled_at=100.9), ALREADY),
    "I10": replace(
        SOUND, asked=(*SOUND.asked, asked(FIRST, at=130.0, done=False)), questioned=frozenset()
    ),
    "reply": replace(
        SOUND, deliveries=(*SOUND.deliveries, replace(heard(FIRST, None), wrong=("HTTP 403",)))
    ),
}


def test_a_sound_journey_has_no_violation() -> None:
    verdict = judge(SOUND)

    assert verdict.violations == ()
    assert (verdict.pushes, verdict.calls, verdict.effects, verdict.lies) == (2, 2, 1, 0)


@pytest.mark.parametrize("invariant", BROKEN)
def test_each_broken_promise_is_found_and_named(invariant: str) -> None:
    verdict = judge(BROKEN[invariant])

    assert invariant in verdict.broken
    assert invariant in str(verdict)


def test_a_zero_on_record_counts_as_told_only_where_an_answer_was_lost() -> None:
    lost = replace(SOUND, deliveries=(heard(FIRST, None), heard(SECOND, 30003, at=102.0)))
    refused = replace(heard(FIRST, None), connected=False)
    never_sent = replace(SOUND, deliveries=(refused, heard(SECOND, 30003, at=102.0)))

    assert judge(lost).lies == 0
    assert judge(never_sent).broken == {"I5"}


def test_a_call_without_an_end_is_excused_by_its_callers_death_alone() -> None:
    calls = (call(FIRST, ended=None), call(SECOND, at=102.1, ended=102.25))
    unended = with_books(SOUND, CANCELLED, ALREADY, calls=calls)
    died = replace(unended, mishaps=(Mishap(at=100.2, until=100.3, what=KILL_SERVE),))

    assert judge(unended).broken == {"I2"}
    assert judge(died).violations == ()


def test_without_books_a_lie_is_30003_that_nobody_elses_zero_explains() -> None:
    bookless = replace(SOUND, books=None, in_doubt_shown=(), questioned=frozenset())
    repeated = replace(bookless, deliveries=(heard(FIRST, None), heard(FIRST, 30003, at=101.0)))

    assert judge(bookless).lies == 0
    assert judge(repeated).broken == {"I5"}
