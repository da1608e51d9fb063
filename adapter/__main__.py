"""The program `waybridge`, also as `python -m adapter`."""

from __future__ import annotations

try:
    import os
    import signal
    import sys

    from adapter.diagnostics import interrupts

    # Before the rest is read in, so that Ctrl-C prints no traceback meanwhile.
    interrupts.begin_program()
except KeyboardInterrupt:
    raise SystemExit(130) from None
if "serve" in sys.argv[1:2] and sys.argv[0].endswith(interrupts.PROGRAMS):
    # Until its own handler reads the secrets anew: a closed terminal or a log rotation must
    # not end it, not even now.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

from adapter.cli.main import waybridge
from adapter.cli.output import prepare_streams


def main() -> None:
    """Run the command that was typed; exit with its code."""
    # Before any command imports gRPC, whose core writes lines of its own format to standard
    # error, one at each connection to a carrier without a health service. Whoever sets it
    # himself gets them.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    prepare_streams()
    waybridge(prog_name="waybridge")


if __name__ == "__main__":
    main()
