"""The program `waybridge`, also as `python -m adapter`."""

from __future__ import annotations

from adapter.cli.main import waybridge


def main() -> None:
    """Run the command that was typed; exit with its code."""
    waybridge(prog_name="waybridge")


if __name__ == "__main__":
    main()
