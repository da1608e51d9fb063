"""`waybridge ledger accept-rewind`: trust a ledger again that went back in time."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

import click

from adapter.cli.configuration import config_option
from adapter.cli.ledger.access import configured_ledger
from adapter.cli.ledger.operator import by_option, require_name, require_words
from adapter.cli.ledger.rows import shown
from adapter.cli.output import or_refuse, write
from adapter.diagnostics.cannot_start import CannotStart
from adapter.ledger.operate import accepting


@click.command("accept-rewind")
@config_option
@click.option(
    "--reason", required=True, metavar="TEXT", help="What happened; stored with your name."
)
@by_option
@or_refuse("waybridge ledger accept-rewind")
def accept_rewind(config: Path | None, *, reason: str, by: str) -> None:
    """Trust a ledger again that went back in time.

    Compare it with the log lines push_answered of the lost time first: only they know what was
    told then. Pushes in doubt or untold now stay in doubt until `resolve`. Possible 60 s after
    the rewind was noticed.
    """
    ledger = configured_ledger(config)
    require_name(by)
    require_words("--reason", reason)
    try:
        done = asyncio.run(
            accepting.accept_rewind(ledger.url, who=by, reason=reason, now=time.time())
        )
    except accepting.NotRewound as error:
        raise CannotStart(
            "the ledger is not rewound. Nothing was changed.",
            hint="`waybridge status` says of a running waybridge whether its ledger is.",
        ) from error
    except accepting.AcceptedTooSoon as error:
        raise CannotStart(
            "the rewind was noticed less than 60 s ago: repeats of pushes of the lost time may"
            " still arrive. Nothing was changed.",
            hint=f"Run it again in {math.ceil(error.seconds_left)} s.",
        ) from error
    noticed = shown(done.seen_at or 0.0, ledger.zone)
    write(f"Rewind noticed at {noticed}: accepted by {by}.")
