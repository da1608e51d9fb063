"""What an operator looks for, in an operator's words: beyond single fields, results and keys."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_

from adapter.cancellation.model import Outcome, State
from adapter.ledger.search import TOLD_FAILURE, Filters
from adapter.ledger.tables import push

_BEYOND_HEX = "g"  # sorts after every hex digit


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a push, as it was answered: any of these is meant.

    `unsent` holds the reasons (`Entry.cause`) of pushes answered without asking the carrier.
    """

    outcomes: tuple[Outcome, ...] = ()
    unsent: tuple[str, ...] = ()

    @property
    def condition(self) -> ColumnElement[bool]:
        """What the database is asked. Doubt has no outcome yet, only a state or what was told."""
        decided = [outcome.value for outcome in self.outcomes if outcome is not Outcome.IN_DOUBT]
        asked: list[ColumnElement[bool]] = [push.c.outcome.in_(decided)]
        if Outcome.IN_DOUBT in self.outcomes:
            told = push.c.told == Outcome.IN_DOUBT.value
            in_doubt = push.c.state == State.IN_DOUBT.value
            asked.append(and_(push.c.outcome.is_(None), or_(in_doubt, told)))
        if self.unsent:
            unsent = push.c.state == State.UNSENT.value
            asked.append(and_(unsent, push.c.cause.in_(self.unsent)))
        return or_(*asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Filters):
    """Filters with a result, one of several states, the beginning of a key, or the list that
    operators act on: cancelled, and the merchant was told a failure or nothing."""

    result: Result | None = None
    states: tuple[State, ...] = ()
    key_prefix: str = ""
    told_failure: bool = False

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """What the database is asked, beside what `Filters` asks."""
        # Named, as `super()` does not know the class that `slots` made anew.
        asked = [*Filters.conditions(self)]
        if self.result is not None:
            asked.append(self.result.condition)
        if self.states:
            asked.append(push.c.state.in_([state.value for state in self.states]))
        if self.told_failure:
            asked.append(TOLD_FAILURE)
        if self.key_prefix:
            # A range, not LIKE: PostgreSQL's index serves it in every collation of digits.
            asked += [
                push.c.key >= self.key_prefix,
                push.c.key < self.key_prefix + _BEYOND_HEX,
            ]
        return tuple(asked)
