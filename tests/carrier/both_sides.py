"""Both sides of a contract in one process: what is sent, and what is said, parsed again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.protobuf.message import Message

from adapter.cancellation.model import CarrierAnswer, Outcome
from adapter.carrier.mapping.mapping import Mapping
from adapter.carrier.mapping.values import Failure, Unfit
from tests.carrier.dispatch_contract import dispatch_mapping, shipped_mapping

Made = Callable[[], Mapping]
both = pytest.mark.parametrize(
    "made", [shipped_mapping, dispatch_mapping], ids=["ours", "dispatch"]
)


def sent(message: Message | Unfit | None) -> Message:
    """Return the message as the other side parses it."""
    assert isinstance(message, Message)
    return type(message).FromString(message.SerializeToString())


def said(mapping: Mapping, outcome: Outcome) -> CarrierAnswer:
    """Let a carrier say an outcome, and read it as the adapter does."""
    said = mapping.express(outcome, "a word")
    if isinstance(said, Failure):
        return mapping.failed(said.code, (f"{said.domain}/{said.reason}",) if said.reason else ())
    return mapping.answer(sent(said))
