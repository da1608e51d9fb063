"""python -m legacy_stub, and the command `legacy-stub`."""

from __future__ import annotations

from adapter.diagnostics import interrupts


def main() -> None:
    """Run the command that was typed; exit with its code."""
    interrupts.end_at_once()
    # Not at the top: Ctrl-C while it is read in would print a traceback.
    from legacy_stub.commands import main as legacy_stub

    legacy_stub(prog_name="legacy-stub")


if __name__ == "__main__":
    main()
