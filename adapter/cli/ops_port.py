"""A word with a running waybridge, over its ops port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import httpx2

from adapter.cli.findings import or_refuse
from adapter.cli.output import json_text, write, write_json
from adapter.config.kinds import without_password
from adapter.diagnostics.cannot_start import CannotStart

DEFAULT_URL = "http://127.0.0.1:9090"
ANSWER_WITHIN_SECONDS = 5.0
PARTS = ("carrier", "ledger")

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def ops_options(function: Decorated) -> Decorated:
    """Give a command `--ops URL` and `--json`."""
    url = click.option(
        "--ops",
        metavar="URL",
        default=DEFAULT_URL,
        show_default=True,
        help="Where its [ops] listens; name:password@ before the host for a proxy that asks.",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print its answer as JSON.")
    return url(as_json(function))


def say(verb: str, *, ops: str, as_json: bool) -> None:
    """Ask for `status`, or have it `pause`, `resume` or `drain`; print how it is then.

    Ends the program with 2 when nothing answers, or not as a waybridge does.
    """
    with or_refuse(f"waybridge {verb}"):
        story = _ask(verb, ops)
    if as_json:
        write_json(json_text(story))
        return
    paused = ", paused: pushes are answered -1" if story["paused"] else ""
    in_flight = story["in_flight"]
    pushes = "1 push" if in_flight == 1 else f"{in_flight} pushes"
    write(f"{story['status']}{paused}; {pushes} in flight{_doubt(story)}")
    for name in PARTS:
        part = story.get(name, {})
        detail = f" ({part['detail']})" if part.get("detail") else ""
        write(f"{name}: {part.get('state', 'unknown')}{detail}")
    if "uptime_seconds" in story:  # one that is older does not tell
        version = story.get("version") or "from its source"
        write(f"waybridge {version}, up for {lasting(story['uptime_seconds'])}")


def lasting(seconds: int) -> str:
    """Write a time as its two largest units, the first of which is not zero."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _doubt(story: dict[str, Any]) -> str:
    return "" if story.get("in_doubt") is None else f", {story['in_doubt']} in doubt"


def _ask(verb: str, ops: str) -> dict[str, Any]:
    url = ops if "://" in ops else f"http://{ops}"  # as [ops] listen writes it
    method = "GET" if verb == "status" else "POST"
    # Not through a proxy: the ops port is this machine's or its network's own affair.
    with httpx2.Client(trust_env=False, timeout=ANSWER_WITHIN_SECONDS) as client:
        try:
            answer = client.request(
                method,
                f"{url.rstrip('/')}/api/{verb}",
                headers={"content-type": "application/json"},
            )
            answer.raise_for_status()
            story = answer.json()
        except httpx2.HTTPStatusError as error:
            raise _unusable(ops, f"answered HTTP {error.response.status_code}") from error
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise _unusable(ops, f"does not answer ({error})") from error
        except ValueError as error:
            raise _unusable(ops, "does not answer as a waybridge") from error
    if not isinstance(story, dict) or not {"status", "paused", "in_flight"} <= story.keys():
        raise _unusable(ops, "does not answer as a waybridge")
    return story


def _unusable(ops: str, what: str) -> CannotStart:
    return CannotStart(
        f"{without_password(ops)} {what}.",
        hint="Give its ops port: --ops http://HOST:PORT, as [ops] listen says.",
    )
