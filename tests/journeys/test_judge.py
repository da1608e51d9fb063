"""The judge finds each broken promise in evidence made by hand, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import Basis, Call, Entry, Outcome, State
from adapter.cancellation.push_key import push_key
from adapter.edge.translate import NOT_PROCESSED, TEXTS
from legacy_stub.calls import ReceivedCall
from tests.journeys.evidence import LOCALE, Books, Delivery, Evidence, Mishap
from tests.journeys.judge import judge
from tests.journeys.mishaps import CARRIER_FAILS, CUT_OFF, KILL_SERVE, LEDGER_AWAY
from tests.journeys.program import Press

IDENTITY_KEY = b"k" * 32
FIRST, SECOND = (Press(waybill="STUB-OK-1", nth=nth) for nth in (1, 2))
HEARD_AT = 100.5


def key(press: Press) -> str:
    return push_key(press.cancellation, identity_key=IDENTITY_KEY)


def heard(press: Press, code: int | None, *, at: float = 100.0, text: str = "") -> Delivery:
    return Delivery(
        press=press,
        sent_at=at,
        ended_at=at + 0.5,
        status=None if code is None else 200,
        code=code,
        text=text,
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


def call(
    press: Press,
    *,
    at: float = 100.1,
    ended: float | None = 100.25,
    epoch: int = 1,
    outcome: Outcome | None = None,
) -> Call:
    return Call(key=key(press), epoch=epoch, sent_at=at, ended_at=ended, outcome=outcome)


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
SECOND_CALL = call(SECOND, at=102.1, ended=102.25)
ALONE = with_books(
    replace(SOUND, deliveries=SOUND.deliveries[:1], asked=(asked(FIRST),), questioned=frozenset()),
    CANCELLED,
    calls=(call(FIRST),),
)
NOT_NOW = NOT_PROCESSED[LOCALE]
BROKEN = {
    "I1": replace(SOUND, asked=(asked(FIRST), asked(FIRST, at=100.21, done=False), SOUND.asked[1])),
    "I2": with_books(SOUND, CANCELLED, ALREADY, calls=(call(FIRST, ended=102.2), SECOND_CALL)),
    "I3": with_books(
        replace(
            SOUND,
            deliveries=(
                heard(SECOND, 0),
                *(
                    heard(FIRST, code, at=at)
                    for code, at in ((0, 100.0), (30003, 101.0), (0, 102.0))
                ),
            ),
            asked=(asked(FIRST, done=False), asked(SECOND, at=100.3)),
        ),
        CANCELLED,
        row(SECOND, Outcome.CANCELLED, at=100.4),
        calls=(
            call(FIRST, outcome=Outcome.CANCELLED),
            call(SECOND, at=100.28, ended=100.35, outcome=Outcome.CANCELLED),
        ),
    ),
    "I4": replace(SOUND, asked=(asked(FIRST, at=104.0),)),
    "I5": with_books(
        replace(SOUND, deliveries=(heard(FIRST, -1), heard(SECOND, 30003, at=102.0))),
        replace(CANCELLED, told=None),
        ALREADY,
    ),
    "I6": with_books(
        replace(SOUND, deliveries=(*SOUND.deliveries[:2], heard(SECOND, 0, at=102.0))),
        CANCELLED,
        row(SECOND, Outcome.CANCELLED, at=102.3),
    ),
    "I7": replace(SOUND, in_doubt_shown=(3,)),
    "I8": with_books(SOUND, replace(CANCELLED, settled_at=100.9), ALREADY),
    "I9": replace(SOUND, mishaps=(Mishap(at=101.6, until=102.3, what=LEDGER_AWAY),)),
    "I10": with_books(
        replace(SOUND, asked=(*SOUND.asked, asked(FIRST, at=130.0, done=False))),
        CANCELLED,
        ALREADY,
        calls=(call(FIRST), SECOND_CALL, call(FIRST, epoch=2, at=129.9, ended=130.1)),
    ),
    "I11": replace(ALONE, deliveries=(heard(FIRST, -1),)),
    "I12": with_books(
        replace(
            SOUND,
            asked=(
                *SOUND.asked,
                *(asked(FIRST, at=100.3 + nth / 100, done=False) for nth in range(3)),
            ),
        ),
        CANCELLED,
        ALREADY,
        calls=(
            *(call(FIRST, at=100.1 + nth / 100, ended=100.1 + nth / 100) for nth in range(4)),
            SECOND_CALL,
        ),
    ),
    "I13": with_books(
        SOUND,
        CANCELLED,
        ALREADY,
        calls=(call(FIRST), replace(SECOND_CALL, outcome=Outcome.CANCELLED)),
    ),
    "I14": with_books(
        replace(ALONE, deliveries=(heard(FIRST, -1, text=TEXTS[LOCALE][Outcome.FAILED]),)),
        row(FIRST, Outcome.FAILED),
    ),
    "I15": replace(
        with_books(ALONE, row(FIRST, None)),
        deliveries=(heard(FIRST, -1, text=NOT_NOW),),
        in_doubt_shown=(1,),
    ),
    "reply": replace(
        SOUND, deliveries=(*SOUND.deliveries, replace(heard(FIRST, None), wrong=("HTTP 403",)))
    ),
}


def test_a_sound_journey_has_no_violation() -> None:
    verdict = judge(SOUND)

    assert verdict.violations == ()
    assert (verdict.pushes, verdict.calls, verdict.effects, verdict.lies) == (2, 2, 1, 0)


def test_every_invariant_has_an_example() -> None:
    assert set(BROKEN) == {*(f"I{number}" for number in range(1, 16)), "reply"}


@pytest.mark.parametrize("invariant", BROKEN)
def test_each_broken_promise_is_found_and_named_and_no_other(invariant: str) -> None:
    verdict = judge(BROKEN[invariant])

    assert verdict.broken == {invariant}
    assert invariant in str(verdict)


def test_a_no_may_be_corrected_to_zero_by_the_pushs_own_call_and_to_nothing_else() -> None:
    corrected = with_books(
        replace(ALONE, deliveries=(heard(FIRST, 30003), heard(FIRST, 0, at=101.0))),
        replace(CANCELLED, settled_at=100.9),
        calls=(call(FIRST, ended=100.9, outcome=Outcome.CANCELLED),),
    )
    inferred = with_books(corrected, CANCELLED, calls=(call(FIRST),))

    assert "I3" not in judge(corrected).broken
    assert "I3" in judge(inferred).broken


def test_a_zero_from_memory_is_excused_while_the_ledger_is_away_alone() -> None:
    """Told at 100.5, written at 103.0; meanwhile the second press is told its own."""
    unwritten = with_books(
        replace(SOUND, deliveries=(heard(FIRST, 0), heard(SECOND, 0, at=102.0))),
        replace(CANCELLED, settled_at=103.0),
        row(SECOND, Outcome.CANCELLED, at=102.3),
    )
    cut = Mishap(at=100.0, until=102.9, what=CUT_OFF, replica=0)
    before = replace(cut, at=90.0, until=95.0)

    assert judge(unwritten).broken == {"I6", "I8"}
    assert judge(replace(unwritten, mishaps=(before,))).broken == {"I6", "I8"}
    assert not judge(replace(unwritten, mishaps=(cut,))).broken & {"I6", "I8"}


def test_what_the_brake_refused_is_not_sent_later_but_what_was_shed_may_be() -> None:
    later = replace(ALONE, deliveries=(heard(FIRST, -1, text=NOT_NOW, at=98.0), *ALONE.deliveries))

    assert judge(later).violations == ()
    assert judge(replace(later, brake=True)).broken == {"I15"}


@pytest.mark.parametrize(("calls", "broken"), [(120, set()), (121, {"I12"})])
def test_a_carrier_that_fails_gets_little_more_than_the_presses(
    calls: int, broken: set[str]
) -> None:
    presses = [Press(waybill=f"STUB-OK-{nth}", nth=1) for nth in range(100)]
    failing = Evidence(
        seed=1,
        deliveries=tuple(heard(press, -1, at=100 + nth / 10) for nth, press in enumerate(presses)),
        asked=tuple(
            asked(presses[nth % 100], at=100.2 + (nth % 100) / 10, done=False)
            for nth in range(calls)
        ),
        mishaps=(Mishap(at=99.0, until=130.0, what=CARRIER_FAILS),),
        books=books(
            *(row(press, None) for press in presses),
            calls=tuple(call(presses[nth % 100], at=100.1, ended=100.1) for nth in range(calls)),
        ),
    )

    assert judge(failing).broken == broken


def test_a_zero_on_record_counts_as_told_only_where_an_answer_was_lost() -> None:
    lost = replace(SOUND, deliveries=(heard(FIRST, None), heard(SECOND, 30003, at=102.0)))
    refused = replace(heard(FIRST, None), connected=False)
    never_sent = replace(SOUND, deliveries=(refused, heard(SECOND, 30003, at=102.0)))

    assert judge(lost).lies == 0
    assert judge(never_sent).broken == {"I5", "I11"}


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


def test_a_press_after_quiet_may_stay_unsettled_only_where_the_carrier_failed_its_calls() -> None:
    """The process's budget may keep it from asking again."""
    unsettled = replace(
        with_books(ALONE, row(FIRST, None)),
        deliveries=(heard(FIRST, -1),),
        asked=(replace(asked(FIRST, done=False), answer="UNAVAILABLE"),),
        in_doubt_shown=(1,),
        questioned=frozenset({FIRST}),
    )
    answered = replace(unsettled, asked=(asked(FIRST),))

    assert judge(unsettled).violations == ()
    assert judge(answered).broken == {"I7"}
