"""python -m legacy_stub, and the command `legacy-stub`."""

from __future__ import annotations

from legacy_stub.commands import main

if __name__ == "__main__":
    main()
