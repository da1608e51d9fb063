"""The gate is open until somebody turns it."""

from __future__ import annotations

from adapter.cancellation.gate import Gate


def test_a_new_gate_is_open_and_each_leaf_turns_alone() -> None:
    gate = Gate()
    assert (gate.paused, gate.draining) == (False, False)

    gate.paused = True

    assert (gate.paused, gate.draining) == (True, False)
