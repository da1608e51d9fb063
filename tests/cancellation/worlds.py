"""The bounded worlds in which the rules must hold: a part for every run, the rest to prove."""

from __future__ import annotations

from adapter.cancellation.model import Outcome
from tests.cancellation.parcel import (
    APPEARING,
    DELIVERY,
    FOREIGN_CANCEL,
    PICK_UP,
    REFUSED,
    UNKNOWN,
    Bounds,
    Parcel,
)

WORLDS: dict[str, Bounds] = {
    "carrier without request ids": Bounds(losses=2),
    "carrier with request ids": Bounds(losses=2, knows_request_ids=True),
    "carrier that fails for certain": Bounds(deliveries=(2, 1), losses=2, refusals=1),
    "carrier without a word for already": Bounds(losses=2, repeat_says=Outcome.NOT_FOUND),
    "a lookup that lags": Bounds(
        deliveries=(2, 1), crashes=0, lookup=True, lag=True, moves=(PICK_UP, DELIVERY)
    ),
    "every no is UNKNOWN": Bounds(
        deliveries=(2, 1), crashes=0, lookup=True, every_no=UNKNOWN, moves=(FOREIGN_CANCEL,)
    ),
    "every no is a refusal to look up": Bounds(
        deliveries=(2, 1), crashes=0, lookup=True, lag=True, every_no=REFUSED, moves=(PICK_UP,)
    ),
    "not found settles": Bounds(
        deliveries=(2, 1),
        crashes=0,
        lookup=True,
        every_no=UNKNOWN,
        not_found_settles=True,
        parcel=Parcel.MISSING,
        moves=(APPEARING,),
    ),
    "overrun": Bounds(overruns=1),
    "brake": Bounds(brake=True),
    "two replicas": Bounds(deliveries=(2, 1), replicas=2),
    "two replicas and refusals": Bounds(deliveries=(2, 1), replicas=2, crashes=0, refusals=1),
    "a replica cut from its ledger": Bounds(
        deliveries=(2, 1), replicas=2, cuts=1, crashes=0, losses=0, refusals=1
    ),
    "a replica cut, and an overrun": Bounds(
        deliveries=(2, 1), replicas=2, cuts=1, crashes=0, losses=0, overruns=1
    ),
}
"""Small enough for every run of the tests."""

LARGE: dict[str, Bounds] = {
    "one process, 3 + 3 deliveries": Bounds(deliveries=(3, 3), crashes=2, losses=2),
    "one process, 2 repeats, 3 losses": Bounds(deliveries=(3, 1), repeats=2, losses=3),
    "pick-up, delivery, lag": Bounds(lookup=True, lag=True, moves=(PICK_UP, DELIVERY)),
    "an order that appears, lag": Bounds(
        lookup=True, lag=True, parcel=Parcel.MISSING, moves=(APPEARING,)
    ),
    "every no UNKNOWN, others cancel": Bounds(
        lookup=True, every_no=UNKNOWN, moves=(FOREIGN_CANCEL,)
    ),
    "cancels and says UNKNOWN": Bounds(
        lookup=True, every_no=UNKNOWN, may_say_unknown=True, moves=(FOREIGN_CANCEL,)
    ),
    "2 refusals, 2 losses, crash": Bounds(refusals=2, losses=2),
    "request ids, refusals": Bounds(knows_request_ids=True, losses=2, refusals=1),
    "no lookup, 2 crashes": Bounds(deliveries=(3, 2), crashes=2),
    "refusals mapped lookup, lag, 2 losses": Bounds(
        crashes=0, losses=2, lookup=True, lag=True, every_no=REFUSED, moves=(FOREIGN_CANCEL,)
    ),
    "refusals mapped lookup, lookups fail": Bounds(
        crashes=0, lookup=True, lookup_fails=True, every_no=REFUSED, moves=(PICK_UP,)
    ),
    "not found settles, lag": Bounds(
        crashes=0,
        lookup=True,
        lag=True,
        every_no=UNKNOWN,
        may_say_unknown=True,
        not_found_settles=True,
        parcel=Parcel.MISSING,
        moves=(APPEARING,),
    ),
    "a purging carrier says invalid": Bounds(losses=2, repeat_says=Outcome.INVALID),
    "a purging carrier says failed": Bounds(losses=2, repeat_says=Outcome.FAILED),
    "overrun twice, crash": Bounds(overruns=2),
    "two replicas": Bounds(replicas=2),
    "two replicas, refusals": Bounds(deliveries=(2, 1), replicas=2, refusals=1),
    "two replicas and a lookup": Bounds(deliveries=(2, 1), replicas=2, lookup=True),
    "partition, loss": Bounds(deliveries=(2, 1), replicas=2, cuts=1, crashes=0),
    "partition, 2 + 2": Bounds(replicas=2, cuts=1, crashes=0, losses=0),
    "partition, an order that appears": Bounds(
        deliveries=(2, 1),
        replicas=2,
        cuts=1,
        crashes=0,
        losses=0,
        lookup=True,
        parcel=Parcel.MISSING,
        moves=(APPEARING,),
    ),
    "partition, lag, delivery": Bounds(
        deliveries=(2, 1),
        replicas=2,
        cuts=1,
        crashes=0,
        losses=0,
        lookup=True,
        lag=True,
        moves=(PICK_UP, DELIVERY),
    ),
    "partition, overrun": Bounds(deliveries=(2, 1), replicas=2, cuts=1, crashes=0, overruns=1),
    "brake on and off, a lookup": Bounds(brake=True, lookup=True, moves=(PICK_UP,)),
}
"""As large as the rules were model-checked in; minutes."""
