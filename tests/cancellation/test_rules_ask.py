"""What a delivery does, row by row of the ledger's table of states, and its small notes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.cancellation.model import (
    Basis,
    Cause,
    Entry,
    Outcome,
    State,
    Unsent,
    fresh_entry,
)
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.rules_ask import (
    WINDOW_SECONDS,
    Allowed,
    Ask,
    LookOnly,
    ReplyStored,
    Step,
    Wait,
    on_ask_again,
    on_delivery,
    on_owner_died,
    on_refused,
    on_repeat,
    on_replied_doubt,
    on_withdraw,
)
from tests.cancellation import views
from tests.cancellation.playing import TRAITS, UNAVAILABLE, press

NOW = 100.0
FRESH = fresh_entry("mine", press(1), received_at=NOW)
CALLING = replace(FRESH, state=State.CALLING, owner="me", calls=1, called_at=NOW)
ELSEWHERE = replace(CALLING, owner="replica")
ORPHAN = replace(CALLING, owner="gone")
DOUBTFUL = replace(CALLING, state=State.IN_DOUBT, told=Outcome.IN_DOUBT)
UNSENT = replace(FRESH, state=State.UNSENT, cause="paused")
DONE = replace(
    CALLING,
    state=State.DONE,
    outcome=Outcome.CANCELLED,
    basis=Basis.CARRIER,
    told=Outcome.CANCELLED,
)
OTHER = "other"
ALLOWED = Allowed(ask=True, repeats=2)


def view(*entries: Entry, now: float = NOW) -> WaybillView:
    return views.view(*entries, living=frozenset({"me", "replica"}), now=now)


def _delivered(view: WaybillView, *, allowed: Allowed = ALLOWED) -> Write[Step]:
    return on_delivery(view, fresh=FRESH, allowed=allowed, traits=TRAITS)


def of_another(entry: Entry) -> Entry:
    return replace(entry, key=OTHER)


ASKED = Ask(entry=CALLING, alone=True)
AGAIN = Ask(entry=replace(CALLING, calls=2, deliveries=2, told=None), alone=False)
DELIVERIES: tuple[tuple[str, tuple[Entry, ...], Step], ...] = (
    ("unseen", (), ASKED),
    ("unsent counts as unseen", (UNSENT,), Ask(entry=replace(CALLING, deliveries=2), alone=True)),
    ("calling, its owner alive", (ELSEWHERE,), Wait(called=True)),
    ("calling, its owner dead", (ORPHAN,), AGAIN),
    ("calling, our own orphan", (CALLING,), AGAIN),
    (
        "in doubt",
        (DOUBTFUL,),
        Ask(entry=replace(CALLING, calls=2, deliveries=2, told=Outcome.IN_DOUBT), alone=False),
    ),
    ("done", (DONE,), ReplyStored(entry=DONE)),
    (
        "done beside another press calling",
        (DONE, of_another(ELSEWHERE)),
        ReplyStored(entry=DONE),
    ),
    ("another press calling elsewhere", (of_another(ELSEWHERE),), Wait(called=False)),
    (
        "in doubt, and another press calling elsewhere",
        (DOUBTFUL, of_another(ELSEWHERE)),
        Wait(called=True),
    ),
    ("unsent, and another press calling", (UNSENT, of_another(ELSEWHERE)), Wait(called=False)),
    ("another press in doubt", (of_another(DOUBTFUL),), ASKED),
    ("another press done", (of_another(DONE),), ASKED),
)


@pytest.mark.parametrize(
    ("entries", "step"),
    [(entries, step) for _, entries, step in DELIVERIES],
    ids=[name for name, _, _ in DELIVERIES],
)
def test_a_delivery(entries: tuple[Entry, ...], step: Step) -> None:
    change = _delivered(view(*entries))

    assert change.result == step
    if isinstance(step, Ask):
        (call,) = change.calls
        assert (call.key, call.epoch, call.ended_at) == ("mine", step.entry.calls, None)
        assert change.entries == (step.entry,)
    else:
        assert (change.entries, change.calls) == ((), ())


def test_what_a_dead_process_left_calling_for_another_press_is_in_doubt() -> None:
    change = _delivered(view(of_another(ORPHAN)))

    assert isinstance(change.result, Ask)
    assert [(entry.key, entry.state) for entry in change.entries] == [
        ("mine", State.CALLING),
        (OTHER, State.IN_DOUBT),
    ]


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ((), FRESH),
        ((UNSENT,), UNSENT),
        ((DOUBTFUL,), DOUBTFUL),
        ((ORPHAN,), replace(ORPHAN, state=State.IN_DOUBT, cause=Cause.OWNER_DIED)),
    ],
    ids=["unseen", "unsent", "in doubt", "orphan"],
)
def test_while_the_carrier_may_not_be_asked_there_is_only_the_lookup(
    entries: tuple[Entry, ...], left: Entry
) -> None:
    change = on_delivery(
        view(*entries), fresh=FRESH, allowed=Allowed(ask=False, repeats=2), traits=TRAITS
    )

    assert change.result == LookOnly(entry=left)
    assert change.calls == ()


@pytest.mark.parametrize("found", [DOUBTFUL, ORPHAN], ids=["in doubt", "orphan"])
@pytest.mark.parametrize(
    ("late_seconds", "asks"), [(WINDOW_SECONDS, True), (WINDOW_SECONDS + 0.1, False)]
)
def test_doubt_is_asked_again_only_within_the_window(
    found: Entry,
    late_seconds: float,
    asks: bool,  # noqa: FBT001 - a column of the table
) -> None:
    change = on_delivery(
        view(found, now=NOW + late_seconds), fresh=FRESH, allowed=ALLOWED, traits=TRAITS
    )

    assert isinstance(change.result, Ask if asks else LookOnly)


def test_what_was_never_sent_has_no_window() -> None:
    change = _delivered(view(UNSENT, now=NOW + 3600))

    assert isinstance(change.result, Ask)


def test_a_further_call_is_recorded_with_the_end_of_the_one_before() -> None:
    change = on_ask_again(view(CALLING, now=NOW + 1), asked=CALLING, answer=UNAVAILABLE, repeats=2)

    again = replace(CALLING, calls=2, called_at=NOW + 1, why="UNAVAILABLE", cause=Cause.CARRIER)
    assert (change.result, change.entries) == (again, (again,))
    assert [(call.epoch, call.status) for call in change.calls] == [(1, "UNAVAILABLE"), (2, "")]


@pytest.mark.parametrize(
    ("entries", "now"),
    [
        ((), NOW),
        ((DOUBTFUL,), NOW),
        ((DONE,), NOW),
        ((replace(CALLING, calls=2),), NOW),
        ((ELSEWHERE,), NOW),
        ((CALLING,), NOW + WINDOW_SECONDS + 0.1),
    ],
    ids=["no entry", "in doubt", "done", "a newer call", "another owner", "window closed"],
)
def test_no_further_call_once_the_push_has_moved_on(entries: tuple[Entry, ...], now: float) -> None:
    change = on_ask_again(view(*entries, now=now), asked=CALLING, answer=UNAVAILABLE, repeats=2)

    assert (change.result, change.entries, change.calls) == (None, (), ())


@pytest.mark.parametrize(
    ("entries", "moves"),
    [((ORPHAN,), True), ((CALLING,), False), ((ELSEWHERE,), False), ((DONE,), False), ((), False)],
    ids=["owner gone", "our own", "a living replica's", "done", "no entry"],
)
def test_only_the_dead_leave_doubt(
    entries: tuple[Entry, ...],
    moves: bool,  # noqa: FBT001 - a column of the table
) -> None:
    change = on_owner_died(view(*entries), key="mine")

    assert [entry.state for entry in change.entries] == ([State.IN_DOUBT] if moves else [])
    assert (change.result is not None) is moves


@pytest.mark.parametrize(
    ("calls", "state"), [(1, State.UNSENT), (2, State.IN_DOUBT)], ids=["first", "a further one"]
)
def test_a_commit_a_that_came_too_late_is_taken_back(calls: int, state: State) -> None:
    mine = replace(CALLING, calls=calls, cause=Cause.CARRIER, why="UNAVAILABLE")

    change = on_withdraw(view(mine), key="mine")

    (back,) = change.entries
    assert (back.state, back.calls, back.cause, back.why) == (state, calls - 1, "withdrawn", "")
    (call,) = change.calls
    assert (call.epoch, call.status, call.outcome) == (calls, "WITHDRAWN", Outcome.FAILED)


@pytest.mark.parametrize("entries", [(), (DONE,), (ELSEWHERE,)], ids=["no entry", "done", "other"])
def test_there_is_nothing_to_take_back_of_what_is_not_our_call(entries: tuple[Entry, ...]) -> None:
    change = on_withdraw(view(*entries), key="mine")

    assert (change.entries, change.calls) == ((), ())


def test_a_refusal_is_noted_once_and_then_counted() -> None:
    first = on_refused(view(), fresh=FRESH, reason=Unsent.PAUSED)
    second = on_refused(view(*first.entries), fresh=FRESH, reason=Unsent.SHED)
    of_doubt = on_refused(view(DOUBTFUL), fresh=FRESH, reason=Unsent.SHED)

    assert first.entries == (UNSENT,)
    assert second.entries == (replace(UNSENT, deliveries=2),)
    assert of_doubt.entries == (replace(DOUBTFUL, deliveries=2),)


def test_a_repeat_is_counted_on_what_is_there() -> None:
    assert on_repeat(view(DONE), key="mine").entries == (replace(DONE, deliveries=2),)
    assert on_repeat(view(), key="mine").entries == ()


def test_minus_1_is_noted_where_nothing_was_told() -> None:
    assert on_replied_doubt(view(CALLING), key="mine").entries == (
        replace(CALLING, told=Outcome.IN_DOUBT),
    )
    assert on_replied_doubt(view(DONE), key="mine").entries == ()
    assert on_replied_doubt(view(), key="mine").entries == ()
