"""The program `waybridge`, also as `python -m adapter`."""

from __future__ import annotations

import os

from adapter.cli.main import waybridge
from adapter.cli.output import prepare_streams


def main() -> None:
    """Run the command that was typed; exit with its code."""
    prepare_streams()
    # Before any command imports gRPC, whose core writes lines of its own format to standard
    # error, one at each connection to a carrier without a health service. Whoever sets it
    # himself gets them.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    waybridge(prog_name="waybridge")


if __name__ == "__main__":
    main()
