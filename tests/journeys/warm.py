"""`waybridge serve` with its imports done beforehand: a killed one is back in a moment.

`python -m tests.journeys.warm [WEAKNESS]` imports what `serve` will need, says `warm`, and
waits for the path of a configuration on its standard input; then it is `serve`, through the
program's own door. It ends with whoever started it, however that one died.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib import import_module

NEEDED_LATER = (
    "adapter.cli.serve",
    "adapter.ledger.durable",
    "adapter.ledger.postgresql.session",
    "adapter.ledger.sqlite.session",
    "alembic.script",
    "sqlalchemy.dialects.sqlite",
)


def main() -> None:
    """Wait, warm; then serve."""
    for name in NEEDED_LATER:
        import_module(name)
    if len(sys.argv) > 1:
        from tests.journeys.weaker import weaken

        weaken(sys.argv[1])
    os.write(sys.stdout.fileno(), b"warm\n")
    config = os.read(sys.stdin.fileno(), 4096).decode().strip()
    if not config:
        return
    threading.Thread(target=_tether, daemon=True).start()
    sys.argv = ["waybridge", "serve", "--config", config]
    import_module("adapter.__main__").main()


def _tether() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
