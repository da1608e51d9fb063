"""Where a push goes, the account that signs it, and the OrderIDs its carrier can hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from adapter import development, from_settings
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.convert import DIGITS, SMALL_DIGITS, number_like
from adapter.carrier.mapping.mapping import Mapping
from adapter.config.load import Inspection, Settings, SettingsFaults, inspect
from adapter.config.sections import WeChatSettings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity
from adapter.diagnostics.grpc_target import is_loopback_host
from adapter.simulator.cases import CASES
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret

SOURCE = "waybridge push"

Fit = Callable[[str], str]

ORDER_OPTIONS = {DIGITS: "--numeric-orders", SMALL_DIGITS: "--numeric-orders-32"}
"""The option of `push` that does without a mapping, by the digits it keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a push goes, and as whom. `is_development`: with the public development secrets."""

    url: str
    account: Account
    is_loopback: bool
    is_development: bool


def destination(
    url: str, *, config: Path | None, mode: Mode | None, environ: Table[str, str] | None = None
) -> Destination:
    """Find the account for a URL; raises `CannotStart` without one.

    `mode` overrides the configured one. The Mini Program is the one whose path the URL has.
    """
    inspection = inspect(config, os.environ if environ is None else environ)
    settings = inspection.draft
    full = _full(url, settings)
    loopback = is_loopback_host(urlsplit(full).hostname or "")
    if not inspection.readable:
        raise SettingsFaults(inspection.findings)
    is_development = loopback and config is None and not _is_configured(settings)
    if is_development:
        account = development_account(Mode.SECURE)
    else:
        section = _section(settings, urlsplit(full).path)
        _expect_usable(inspection, section, mode, is_loopback=loopback)
        account = from_settings.account(settings.programs[section])
    return Destination(
        url=full,
        account=replace(account, mode=mode or account.mode),
        is_loopback=loopback,
        is_development=is_development,
    )


def development_account(mode: Mode) -> Account:
    """Return the account of `waybridge dev`."""
    program = WeChatSettings(
        app_id=development.APP_ID,
        token=Secret(development.TOKEN),
        encoding_aes_key=Secret(development.ENCODING_AES_KEY),
    )
    return replace(from_settings.account(program), mode=mode)


def order_fit_of(config: Path | None) -> Fit:
    """Return what makes an OrderID fit the mapping of a configuration; a mapping that cannot be
    read changes nothing, as `check` reports it."""
    carrier = inspect(config, os.environ).draft.carrier
    if carrier.descriptors is None and carrier.mapping is None:
        return str
    try:
        return Mapping.load(Contract.load(carrier.descriptors), carrier.mapping).order_that_fits
    except CannotStart:
        return str


def order_fit(digits: int) -> Fit:
    """Return what turns an OrderID into a number of at most so many digits."""
    return lambda order_id: number_like(order_id, digits=digits)


def order_option(fit: Fit) -> str:
    """Return the option of `push` that the cases need; empty if they fit as they are."""
    example = CASES["example"].order
    fitting = fit(example)
    made = (digits for digits in ORDER_OPTIONS if fitting == number_like(example, digits=digits))
    return "" if fitting == example else next((ORDER_OPTIONS[digits] for digits in made), "")


def _full(url: str, settings: Settings) -> str:
    """Add what people leave out: `http://`, and the path of the edge."""
    split = urlsplit(url if "://" in url else f"http://{url}")
    try:
        is_web = split.scheme in {"http", "https"} and bool(split.hostname) and split.port != 0
    except ValueError:
        is_web = False
    if not is_web or split.query or split.fragment:
        hint = "Write a URL without a query, e.g. http://127.0.0.1:8080/wechat/push."
        raise CannotStart(f"{url} is not a valid push URL.", source=SOURCE, hint=hint)
    path = split.path if split.path not in {"", "/"} else settings.edge.path
    return urlunsplit((split.scheme, split.netloc, path, "", ""))


def _is_configured(settings: Settings) -> bool:
    return bool(settings.wechat.model_fields_set or settings.mini_programs)


def _section(settings: Settings, path: str) -> str:
    sections = settings.programs
    return next((name for name in sections if settings.path_of(name) == path), next(iter(sections)))


def _expect_usable(
    inspection: Inspection, section: str, mode: Mode | None, *, is_loopback: bool
) -> None:
    """Raise if the keys of the Mini Program have errors; a push needs no others."""
    unneeded: tuple[str, ...] = ()
    if mode is Mode.PLAINTEXT:
        unneeded = (f"{section}.app_id", f"{section}.encoding_aes_key")
    faults = [
        finding
        for finding in inspection.findings
        if finding.severity is Severity.ERROR
        and (finding.key == section or finding.key.startswith(f"{section}."))
        and finding.key not in unneeded
    ]
    program = inspection.draft.programs[section]
    if mode not in {None, Mode.PLAINTEXT} and not program.encoding_aes_key and not faults:
        faults.append(_fault(f"{section}.encoding_aes_key is missing; --mode requires it.",
                             "Set it, or use --mode plaintext."))  # fmt: skip
    if faults:
        advice = _advice(faults, has_file=inspection.has_file, is_loopback=is_loopback)
        raise SettingsFaults((*faults, advice))


def _advice(faults: Iterable[Finding], *, has_file: bool, is_loopback: bool) -> Finding:
    keys = " and ".join(finding.key for finding in faults if finding.key)
    if has_file or not keys:
        return _fault("has no account to sign with.", "Correct the file; `serve` needs it too.")
    if not is_loopback:
        hint = "Give the file `serve` uses with --config FILE; only a loopback URL needs none."
        return _fault("has no account to sign with.", hint)
    return _fault(
        f"has an incomplete account to sign with: set {keys} as well.",
        "Or give the file `serve` uses with --config FILE. The development secrets are used for"
        " a loopback URL only if no variable of [wechat] is set.",
    )


def _fault(message: str, hint: str) -> Finding:
    return Finding(source=SOURCE, message=message, hint=hint)
