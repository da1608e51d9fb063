"""`waybridge push`: play WeChat once, and say whether the reply is right."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from adapter.carrier.mapping.convert import DIGITS, SMALL_DIGITS
from adapter.cli.configuration import config_option
from adapter.cli.findings import EXIT_FINDINGS, or_refuse
from adapter.cli.output import write, write_json
from adapter.cli.push.account import SOURCE, Destination, destination
from adapter.cli.push.order_ids import Fit, as_configured, of_digits
from adapter.cli.push.view import as_json, show
from adapter.diagnostics.cannot_start import CannotStart
from adapter.simulator.cases import CASES, Case
from adapter.simulator.delivery import REPEATS, Sender, Unreachable
from adapter.simulator.play import Played, play, verify_url
from adapter.simulator.press import IDENTITY, PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode

CASE_LINES = "\n".join(
    f"  {case.name:<15} {case.expected:>5}  {case.about}" for case in CASES.values()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be pushed. `case` is what the reply is judged by, if by any."""

    press: PressFields
    case_name: str
    case: Case | None
    format: Format
    repeats: int


@click.command(
    "push",
    epilog=f"\b\nCases, with the ResultCode that is right:\n{CASE_LINES}",
)
@click.argument("url")
@config_option
@click.option(
    "--case",
    "case_name",
    type=click.Choice(list(CASES)),
    default="example",
    show_default=True,
    metavar="NAME",
    help="What is played; the list is below.",
)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    help="How the push is protected; by default as configured.",
)
@click.option(
    "--format",
    "layout",
    type=click.Choice([format.value for format in Format]),
    default=Format.XML.value,
    show_default=True,
    help="The data format.",
)
@click.option(
    "--set", "changes", multiple=True, metavar="FIELD=VALUE", help="Set a field of the push."
)
@click.option(
    "--numeric-orders",
    "order_digits",
    flag_value=DIGITS,
    type=int,
    help="Send OrderIDs of digits: the carrier's are numbers. --config knows it by itself.",
)
@click.option(
    "--numeric-orders-32",
    "order_digits",
    flag_value=SMALL_DIGITS,
    type=int,
    help="The same, for numbers of 32 bits.",
)
@click.option("--retries", is_flag=True, help="Repeat as WeChat does when the answer is amiss.")
@click.option("--url-verify", is_flag=True, help="Verify the URL (GET) as WeChat does, no push.")
@click.option("--json", "json_wanted", is_flag=True, help="Print everything as one JSON object.")
@or_refuse(SOURCE)
def command(
    *,
    url: str,
    config: Path | None,
    case_name: str,
    mode: str | None,
    layout: str,
    changes: tuple[str, ...],
    order_digits: int | None,
    retries: bool,
    url_verify: bool,
    json_wanted: bool,
) -> None:
    """Play WeChat: sign, seal and send a push to URL, check the reply, and print what the
    merchant would see.

    Token, key and app id come from the same file and environment as those of `serve`; for a
    loopback URL with neither, they are the development secrets of `waybridge dev`. Exits 1
    when the reply is wrong, 2 when nothing could be pushed.
    """
    where = destination(url, config=config, mode=Mode(mode) if mode else None)
    if url_verify:
        _verify(where)
        return
    fit = of_digits(order_digits) if order_digits else as_configured(config)
    press = _press(CASES[case_name], fit)
    wish = _wish(CASES[case_name], press, Format(layout), changes, REPEATS if retries else 0)
    played = asyncio.run(_play(wish, where))
    if json_wanted:
        write_json(as_json(played, where, wish.case_name, wish.format))
    else:
        show(played, where, wish.case_name, wish.format, stream=sys.stdout)
    if not played.verdict.is_right:
        raise SystemExit(EXIT_FINDINGS)


def _press(case: Case, fit: Fit) -> PressFields:
    press = PressFields.of(case, create_time=int(time.time()), word=secrets.token_hex(4).upper())
    return press.with_fields({"OrderID": fit(press.text("OrderID"))})


def _wish(
    case: Case, press: PressFields, format: Format, changes: Iterable[str], repeats: int
) -> Wish:
    fields: dict[str, str] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"--set {change}: write FIELD=VALUE, e.g. --set OrderID=42.")
        fields[name] = value
    # With other ids it is another order: what its code should be, nobody knows here.
    is_another = any(name in IDENTITY for name in fields)
    return Wish(
        press=press.with_fields(fields),
        case_name=case.name,
        case=None if is_another else case,
        format=format,
        repeats=repeats,
    )


async def _play(wish: Wish, where: Destination) -> Played:
    try:
        async with Sender(where.url, through_proxies=not where.is_loopback) as sender:
            return await play(
                wish.press,
                wish.format,
                account=where.account,
                sender=sender,
                case=wish.case,
                repeats=wish.repeats,
            )
    except Unreachable as error:
        raise _unreachable(error, where) from error


def _verify(where: Destination) -> None:
    async def get() -> str | None:
        async with Sender(where.url, through_proxies=not where.is_loopback) as sender:
            return await verify_url(account=where.account, sender=sender)

    try:
        fault = asyncio.run(get())
    except Unreachable as error:
        raise _unreachable(error, where) from error
    write(f"{where.url}: {fault or 'verified, echostr came back unchanged'}")
    if fault:
        raise SystemExit(EXIT_FINDINGS)


def _unreachable(error: Unreachable, where: Destination) -> CannotStart:
    hint = "Start one there: waybridge dev." if where.is_loopback else "Is the edge running there?"
    return CannotStart(str(error), hint=hint)
