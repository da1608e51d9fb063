"""`waybridge push`: send one push as WeChat does, and check the reply."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from adapter.carrier.mapping.convert import DIGITS, SMALL_DIGITS
from adapter.cli.configuration import config_option
from adapter.cli.output import EXIT_FINDINGS, or_refuse, write, write_json
from adapter.cli.push.account import SOURCE, Destination, Fit, destination, order_fit, order_fit_of
from adapter.cli.push.view import as_json, show
from adapter.diagnostics.cannot_start import CannotStart
from adapter.simulator.cases import CASES, Case
from adapter.simulator.delivery import REPEATS, NoTls, Sender, Unreachable
from adapter.simulator.play import Played, play, verify_url
from adapter.simulator.press import IDENTITY, PressFields
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode

a_mode = click.Choice([mode.value for mode in Mode])
a_format = click.Choice([format.value for format in Format])

CASE_LINES = "\n".join(
    f"  {case.name:<15} {case.expected:>5}  {case.about}" for case in CASES.values()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """What to push. `case` is what the reply is compared with, if with any."""

    press: PressFields
    case_name: str
    case: Case | None
    format: Format
    repeats: int


@click.command(
    "push",
    context_settings={"show_default": True},
    epilog=f"\b\nCases and their expected ResultCodes:\n{CASE_LINES}",
)
@click.argument("url")
@config_option
@click.option(
    "--case",
    "case_name",
    type=click.Choice(list(CASES)),
    default="example",
    metavar="NAME",
    help="Test case to send; see the list below.",
)
@click.option("--mode", type=a_mode, help="Encryption mode; by default the configured one.")
@click.option("--format", "layout", type=a_format, default=Format.XML.value, help="Data format.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Set a field of the push; may be repeated.",
)
@click.option(
    "--numeric-orders",
    "order_digits",
    flag_value=DIGITS,
    type=int,
    help="Send numeric OrderIDs, for a carrier whose orders are numbers; --config implies it.",
)
@click.option(
    "--numeric-orders-32",
    "order_digits",
    flag_value=SMALL_DIGITS,
    type=int,
    help="Send numeric OrderIDs of 32 bits.",
)
@click.option(
    "--retries", is_flag=True, help="Repeat the push on a failed delivery, as WeChat does."
)
@click.option(
    "--url-verify", is_flag=True, help="Send WeChat's URL verification (GET) instead of a push."
)
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
    """Sign, encrypt and send a push to URL as WeChat does, check the reply, and print what the
    merchant would see.

    Token, AES key and app id are read from the same file and environment as for `serve`. For a
    loopback URL without either, the development secrets of `waybridge dev` are used. Exits with
    1 if the reply is wrong and 2 if nothing could be sent.
    """
    where = destination(url, config=config, mode=Mode(mode) if mode else None)
    if url_verify:
        fault = asyncio.run(_verify(where))
        write(f"{where.url}: {fault or 'verified; echostr was returned unchanged'}")
        raise SystemExit(EXIT_FINDINGS if fault else 0)
    fit = order_fit(order_digits) if order_digits else order_fit_of(config)
    press = _press(CASES[case_name], fit)
    request = _request(CASES[case_name], press, Format(layout), changes, REPEATS if retries else 0)
    played = asyncio.run(_play(request, where))
    if json_wanted:
        write_json(as_json(played, where, request.case_name, request.format))
    else:
        show(played, where, request.case_name, request.format, stream=sys.stdout)
    if not played.verdict.is_right:
        raise SystemExit(EXIT_FINDINGS)


def _press(case: Case, fit: Fit) -> PressFields:
    press = PressFields.of(case, create_time=int(time.time()), word=secrets.token_hex(4).upper())
    return press.with_fields({"OrderID": fit(press.text("OrderID"))})


def _request(
    case: Case, press: PressFields, format: Format, changes: Iterable[str], repeats: int
) -> PushRequest:
    fields: dict[str, str] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"--set {change} is not FIELD=VALUE, e.g. --set OrderID=42.")
        fields[name] = value
    # Other ids mean another order, whose expected code is unknown here.
    is_another = any(name in IDENTITY for name in fields)
    return PushRequest(
        press=press.with_fields(fields),
        case_name=case.name,
        case=None if is_another else case,
        format=format,
        repeats=repeats,
    )


async def _play(request: PushRequest, where: Destination) -> Played:
    async with _sender(where) as sender:
        return await play(
            request.press,
            request.format,
            account=where.account,
            sender=sender,
            case=request.case,
            repeats=request.repeats,
        )


async def _verify(where: Destination) -> str | None:
    async with _sender(where) as sender:
        return await verify_url(account=where.account, sender=sender)


@asynccontextmanager
async def _sender(where: Destination) -> AsyncIterator[Sender]:
    try:
        async with Sender(where.url, through_proxies=not where.is_loopback) as sender:
            yield sender
    except NoTls as error:
        raise CannotStart(f"{error}.", hint="Write http:// instead of https://.") from error
    except Unreachable as error:
        hint = "Start one: waybridge dev." if where.is_loopback else "Is the edge running there?"
        raise CannotStart(str(error), hint=hint) from error
