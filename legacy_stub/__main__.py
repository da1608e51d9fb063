"""python -m legacy_stub, and the command `legacy-stub`."""

from __future__ import annotations

from adapter.diagnostics import interrupts

# Before the rest is read in, so that Ctrl-C prints no traceback meanwhile.
interrupts.begin_program()

from legacy_stub.commands import main as legacy_stub  # noqa: E402 - see above


def main() -> None:
    """Run the command that was typed; exit with its code."""
    legacy_stub(prog_name="legacy-stub")


if __name__ == "__main__":
    main()
