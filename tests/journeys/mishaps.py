"""What befalls the processes under load: kill -9, rolling restarts, a carrier's bad moments.

Or, where no process is killed: the ledger held or cut off, and processes that stand still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

from legacy_stub.control import StubUnreachable
from legacy_stub.faults import StandingFault
from tests.journeys.evidence import Mishap
from tests.journeys.misfortunes import locked
from tests.journeys.stalls import standing_still
from tests.journeys.worlds import World

KILL_SERVE = "kill serve"
STOP_SERVE = "stop serve"
KILL_STUB = "kill stub"
BAD_MOMENT = "carrier fault"
LEDGER_AWAY = "ledger away"  # nothing can be written, whatever the reason
CUT_OFF = "replica cut off"  # of the ledger: its session there may end
OVERLOAD = "overload"  # a commit may take longer than it is waited for
STALL = "serve stalled"
CARRIER_FAILS = "carrier fails"  # every call, for as long as it lasts

FAULTS = (
    StandingFault(name="drop", probability=0.15),
    StandingFault(name="unavailable", probability=0.2),
    StandingFault(name="latency", milliseconds=250, probability=0.3),
    StandingFault(name="error", probability=0.1),
    StandingFault(name="hang", probability=0.02),
)


class Mishaps:
    """Makes trouble in a thread of its own, from `start` until `end`."""

    def __init__(self, world: World, *, seed: int, pause_seconds: tuple[float, float]) -> None:
        self.happened: list[Mishap] = []
        self._world = world
        self._rng = Random(seed)  # noqa: S311 - a journey is repeated by its seed
        self._pause = pause_seconds
        self._over = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="mishaps", daemon=True)

    @property
    def kills(self) -> int:
        """How often a `serve` was killed."""
        return sum(mishap.what == KILL_SERVE for mishap in self.happened)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """No more of it; everything is up when this returns. Raises what went wrong in it."""
        self._over.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        with suppress(StubUnreachable), self._world.stub.control() as control:
            control.clear_faults()

    def _run(self) -> None:
        try:
            while not self._over.wait(self._rng.uniform(*self._pause)):
                self._strike()
        except BaseException as error:
            self._failed = error

    def _strike(self) -> None:
        if self._world.terrain.kills:
            self._end_a_process()
        else:
            self._rng.choice((self._hold_ledger, self._stall, self._fault))()

    def _end_a_process(self) -> None:
        rng, world = self._rng, self._world
        draw = rng.random()
        replica = rng.choice(world.replicas)
        if draw < 0.04:
            self._do(KILL_STUB, world.stub.kill)
            world.stub.start()
        elif draw < 0.12:
            self._fault()
        elif draw < 0.14:
            self._do(STOP_SERVE, replica.stop)
            world.revive(replica)
        else:
            self._do(KILL_SERVE, replica.kill)
            world.revive(replica)

    def _hold_ledger(self) -> None:
        """Cut the first replica off, or lock the file; where a session can be given up, the
        server sometimes gives it up."""
        rng, world = self._rng, self._world
        at = time.time()
        if world.way is None:
            with locked(world.victim()):
                self._over.wait(rng.uniform(0.2, 1.6))
            self.happened.append(Mishap(at=at, until=time.time(), what=LEDGER_AWAY))
            return
        world.way.cut()
        self._over.wait(rng.uniform(0.2, 2.5))
        if rng.random() < 0.5:
            world.way.expire()
            self._over.wait(rng.uniform(0.0, 1.5))
        self.happened.append(Mishap(at=at, until=time.time(), what=CUT_OFF, replica=0))
        world.way.heal()

    def _stall(self) -> None:
        with standing_still(self._rng.choice(self._world.replicas)):
            self._do(STALL, lambda: self._over.wait(self._rng.uniform(0.1, 1.2)))

    def _fault(self) -> None:
        self._do(BAD_MOMENT, self._bad_moment)

    def _bad_moment(self) -> None:
        with suppress(StubUnreachable), self._world.stub.control() as control:
            control.clear_faults()
            control.set_fault(self._rng.choice(FAULTS))

    def _do(self, what: str, deed: Callable[[], object]) -> None:
        at = time.time()
        deed()
        self.happened.append(Mishap(at=at, until=time.time(), what=what))
