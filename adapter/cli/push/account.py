"""Whose push is it? The account `push` signs as: from the configuration, or development's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from adapter import development, from_settings
from adapter.config.load import Inspection, Settings, SettingsFaults, inspect
from adapter.config.sections import WeChatSettings
from adapter.diagnostics.cannot_start import CannotStart
from adapter.diagnostics.finding import Finding, Severity
from adapter.diagnostics.grpc_target import is_loopback_host
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.secret import Secret

SOURCE = "waybridge push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a push goes, and as whom. `is_development`: with the secrets everybody knows."""

    url: str
    account: Account
    is_loopback: bool
    is_development: bool


def destination(
    url: str, *, config: Path | None, mode: Mode | None, environ: Mapping[str, str] | None = None
) -> Destination:
    """Find the account for a URL; raises `CannotStart` when there is none to be had.

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


def _full(url: str, settings: Settings) -> str:
    """Complete what people leave out: `http://`, and the path of the edge."""
    split = urlsplit(url if "://" in url else f"http://{url}")
    try:
        is_web = split.scheme in {"http", "https"} and bool(split.hostname) and split.port != 0
    except ValueError:
        is_web = False
    if not is_web or split.query or split.fragment:
        hint = "Write it without a query, e.g. http://127.0.0.1:8080/wechat/push."
        raise CannotStart(f"{url} is not a valid URL to push to.", source=SOURCE, hint=hint)
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
    """Raise when the program's own keys are faulty; nothing else is needed to push."""
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
        faults.append(_fault(f"{section}.encoding_aes_key is missing: --mode asks for it.",
                             "Set it, or push in plaintext."))  # fmt: skip
    if faults:
        way_out = _way_out(faults, has_file=inspection.has_file, is_loopback=is_loopback)
        raise SettingsFaults((*faults, way_out))


def _way_out(faults: Iterable[Finding], *, has_file: bool, is_loopback: bool) -> Finding:
    keys = " and ".join(finding.key for finding in faults if finding.key)
    if has_file or not keys:
        return _fault("has no account to sign as.", "Correct the file; `serve` needs it too.")
    if not is_loopback:
        hint = "Give --config FILE, the file `serve` uses; only a loopback URL needs none."
        return _fault("has no account to sign as.", hint)
    return _fault(
        f"has half an account to sign as: {keys} must come from where the rest does.",
        "Set that too, or give --config FILE, the file `serve` uses. Only with no variable of"
        " [wechat] at all does a loopback URL take the development secrets.",
    )


def _fault(message: str, hint: str) -> Finding:
    return Finding(source=SOURCE, message=message, hint=hint)
