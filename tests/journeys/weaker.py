"""Weaker adapters: the product with one rule replaced, for journeys that must catch them.

A warm process that is given a name of `WEAKNESSES` replaces the rule in its own modules
before it begins to serve; the product has no switch for any of this.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType, ModuleType
from typing import Any

from adapter import wiring
from adapter.cancellation import desk, flow
from adapter.cancellation.attempt import Attempt
from adapter.cancellation.flow import CancellationFlow
from adapter.cancellation.model import (
    Answer,
    CarrierAnswer,
    Entry,
    Outcome,
    State,
)
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.replies import Replies
from adapter.cancellation.rules_ask import on_delivery
from adapter.cancellation.rules_settle import Settled, on_answer
from adapter.carrier.channel import channel
from adapter.carrier.channel.options import CarrierOptions
from adapter.wechat.envelope import Envelope, Opened
from adapter.wechat.errors import Refused
from tests.journeys.naive import NaiveDesk


def weaken(name: str) -> None:
    """Replace the rule of that name in this process."""
    WEAKNESSES[name]()


def _put(module: ModuleType, name: str, weaker: object) -> None:
    """Replace what the module calls by this name; there must be something to replace."""
    if not hasattr(module, name):
        raise LookupError(f"{module.__name__} has no {name} any more")
    setattr(module, name, weaker)


def _no_intent(view: WaybillView, **given: Any) -> Write[Any]:
    return replace(on_delivery(view, **given), entries=(), calls=())


def _lease_by_clock(view: WaybillView, **given: Any) -> Write[Any]:
    """Whoever has been calling for a moment is taken for dead."""
    return on_delivery(replace(view, living=frozenset({view.me})), **given)


def told_ignored(view: WaybillView, **given: Any) -> Write[Settled]:
    blind = tuple(replace(entry, told=None) for entry in view.entries)
    return on_answer(replace(view, entries=blind), **given)


def own_key_only(view: WaybillView, *, asked: Entry, **given: Any) -> Write[Settled]:
    return on_answer(_only(view, {asked.key}), asked=asked, **given)


def _unspoken_zero_forgotten(view: WaybillView, *, asked: Entry, **given: Any) -> Write[Settled]:
    def kept(entry: Entry) -> bool:
        unspoken = entry.state is State.DONE and entry.told is not Outcome.CANCELLED
        return entry.key == asked.key or not unspoken

    keys = {entry.key for entry in filter(kept, view.entries)}
    return on_answer(_only(view, keys), asked=asked, **given)


def _only(view: WaybillView, keys: set[str]) -> WaybillView:
    entries = tuple(entry for entry in view.entries if entry.key in keys)
    calls = tuple(call for call in view.calls if call.key in keys)
    return replace(view, entries=entries, calls=calls)


def _doubt_is_failure(view: WaybillView, *, answer: CarrierAnswer, **given: Any) -> Write[Settled]:
    if answer.outcome is Outcome.IN_DOUBT:
        answer = replace(answer, outcome=Outcome.FAILED, doubt=None)
        view = replace(view, calls=())
    return on_answer(view, answer=answer, **given)


class _HastyReplies(Replies):
    """Replies, and then writes what was replied."""

    async def write(
        self, attempt: Attempt, rule: Any, *, pending: Answer | None, **given: Any
    ) -> Any:
        if pending is not None and pending.outcome is not Outcome.IN_DOUBT:
            attempt.begin_reply(pending)
            attempt.reply(pending)
        return await super().write(attempt, rule, pending=pending, **given)


class _EagerFlow(CancellationFlow):
    """Calls while commit A is still being written."""

    _early: dict[str, asyncio.Task[CarrierAnswer]]

    async def _step(self, attempt: Attempt, fresh: Entry) -> Any:
        self._early = getattr(self, "_early", {})
        call = self._carrier.cancel(
            attempt.cancellation, request_id=attempt.key, within_seconds=12.0
        )
        self._early[attempt.key] = asyncio.create_task(call)
        await asyncio.sleep(0.05)
        return await super()._step(attempt, fresh)

    async def _ask(self, attempt: Attempt, asked: Entry) -> CarrierAnswer:
        early = self._early.pop(asked.key, None)
        return await (early if early is not None else super()._ask(attempt, asked))


def _refuse_repeated_nonces() -> None:
    """A replay cache as it stands in many a tutorial."""
    seen: set[bytes] = set()
    sound = Envelope.open

    def open_once(self: Envelope, query: bytes, body: bytes, *, now_unix: float) -> Opened:
        if query in seen:
            raise Refused("stale")
        seen.add(query)
        return sound(self, query, body, now_unix=now_unix)

    Envelope.open = open_once  # type: ignore[method-assign]


RETRY_POLICY = {
    "name": [{}],
    "retryPolicy": {
        "maxAttempts": 4,
        "initialBackoff": "0.05s",
        "maxBackoff": "0.2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    },
}


def _retry_policy_on() -> None:
    """What gRPC's own documentation recommends for UNAVAILABLE."""
    sound = channel.arguments

    def retrying(options: CarrierOptions) -> tuple[tuple[str, int | str], ...]:
        settings = dict(sound(options))
        config = json.loads(str(settings["grpc.service_config"]))
        settings["grpc.service_config"] = json.dumps({**config, "methodConfig": [RETRY_POLICY]})
        settings["grpc.enable_retries"] = 1
        return tuple(settings.items())

    _put(channel, "arguments", retrying)


WEAKNESSES: Mapping[str, Callable[[], None]] = MappingProxyType(
    {
        "naive adapter": partial(_put, wiring, "Desk", NaiveDesk),
        "no intent": partial(_put, flow, "on_delivery", _no_intent),
        "call before commit": partial(_put, desk, "CancellationFlow", _EagerFlow),
        "reply before commit": partial(_put, desk, "Replies", _HastyReplies),
        "told ignored": partial(_put, flow, "on_answer", told_ignored),
        "per key only": partial(_put, flow, "on_answer", own_key_only),
        "unspoken 0 forgotten": partial(_put, flow, "on_answer", _unspoken_zero_forgotten),
        "doubt taken for failure": partial(_put, flow, "on_answer", _doubt_is_failure),
        "lease by clock": partial(_put, flow, "on_delivery", _lease_by_clock),
        "repeated nonce refused": _refuse_repeated_nonces,
        "retry policy on": _retry_policy_on,
    }
)
