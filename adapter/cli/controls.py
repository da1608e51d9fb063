"""`waybridge pause`, `resume`, `drain` and `status`: requests to a running waybridge's ops port."""

from __future__ import annotations

from functools import partial
from typing import Any

import click
import httpx2

from adapter.cli.output import json_text, or_refuse, write, write_json
from adapter.config.kinds import without_password
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.tls_fault import speaks_no_tls

DEFAULT_URL = "http://127.0.0.1:9090"
ANSWER_WITHIN_SECONDS = 5.0
PARTS = ("carrier", "ledger")

HELP = {
    "pause": """Stop calling the carrier; new pushes are answered -1, "try again later".

    Repeats of decided pushes still get their stored reply. `resume` or a restart ends the pause.
    """,
    "resume": "End a pause: call the carrier again.",
    "drain": """Finish the pushes in flight, then stop.

    Returns immediately; `status` shows the progress until the process has ended.
    """,
    "status": "Show the state of a running waybridge.",
}
"""By name of the command, which is also the name of its request: the help."""


def control(verb: str, *, ops: str, as_json: bool) -> None:
    """Send one request and print the state that the reply reports.

    Ends the program with 2 when nothing replies, or not as a waybridge does.
    """
    with or_refuse(f"waybridge {verb}"):
        state = _request(verb, ops)
    if as_json:
        write_json(json_text(state))
    else:
        write("\n".join(_lines(state)))


def lasting(seconds: int) -> str:
    """Write a duration in its two largest units, the first of which is not zero."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _command(name: str) -> click.Command:
    url = click.Option(
        ["--ops"],
        metavar="URL",
        default=DEFAULT_URL,
        show_default=True,
        help="URL of the ops port ([ops] listen), or its host and port. For a proxy that asks"
        " for a login: http://NAME:PASSWORD@HOST:PORT.",
    )
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print the reply as JSON.")
    return click.Command(
        name, params=[url, as_json], callback=partial(control, name), help=HELP[name]
    )


COMMANDS = {name: _command(name) for name in HELP}


def _lines(state: dict[str, Any]) -> list[str]:
    in_flight, in_doubt = state["in_flight"], state.get("in_doubt")
    paused = ", paused: new pushes are answered -1" if state["paused"] else ""
    doubt = "" if in_doubt is None else f", {in_doubt} in doubt"
    lines = [
        f"{state['status']}{paused}; {in_flight} {'push' if in_flight == 1 else 'pushes'}"
        f" in flight{doubt}"
    ]
    for name in PARTS:
        part = state.get(name, {})
        detail = f" ({part['detail']})" if part.get("detail") else ""
        lines.append(f"{name}: {part.get('state', 'unknown')}{detail}")
    if "uptime_seconds" in state:  # an older version does not report it
        version = state.get("version") or "(run from its source)"
        lines.append(f"waybridge {version}, up for {lasting(state['uptime_seconds'])}")
    return lines


def _request(verb: str, ops: str) -> dict[str, Any]:
    url = ops if "://" in ops else f"http://{ops}"  # as [ops] listen writes it
    method = "GET" if verb == "status" else "POST"
    # Not through a proxy: the ops port is on this machine or its network.
    with httpx2.Client(trust_env=False, timeout=ANSWER_WITHIN_SECONDS) as client:
        try:
            reply = client.request(
                method,
                f"{url.rstrip('/')}/api/{verb}",
                headers={"content-type": "application/json"},
            )
            reply.raise_for_status()
            state = reply.json()
        except httpx2.HTTPStatusError as error:
            raise _unusable(ops, f"answered HTTP {error.response.status_code}") from error
        except httpx2.ConnectError as error:
            if speaks_no_tls(error):
                raise CannotStart(
                    f"{without_password(ops)} speaks no TLS, but plain HTTP.",
                    hint="Write http:// instead of https://.",
                ) from error
            raise _unusable(ops, f"does not answer ({error})") from error
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise _unusable(ops, f"does not answer ({error})") from error
        except ValueError as error:
            raise _unusable(ops, "does not answer as a waybridge") from error
    if not isinstance(state, dict) or not {"status", "paused", "in_flight"} <= state.keys():
        raise _unusable(ops, "does not answer as a waybridge")
    return state


def _unusable(ops: str, what: str) -> CannotStart:
    return CannotStart(
        f"{without_password(ops)} {what}.",
        hint="Give the URL of the ops port: --ops http://HOST:PORT, as in [ops] listen.",
    )
