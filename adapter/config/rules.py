"""What must hold between settings, beyond the type and range of each: one function a rule."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterator
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Protocol

from adapter.config import program_rules
from adapter.config.sections import Sections, TlsSettings
from adapter.diagnostics.finding import Finding, Severity, nearest
from adapter.diagnostics.grpc_target import (
    EXAMPLE,
    Address,
    NotATarget,
    grpc_target,
    listen_address,
)
from adapter.diagnostics.postgresql_url import NotAPostgresqlUrl, postgresql_url

SQLITE = "sqlite:///"
# How a URL for SQLAlchemy and a driver (`postgresql+psycopg2://`) is written here.
_DIALECTS = {"postgres": "postgresql://", "postgresql": "postgresql://", "sqlite": "sqlite:///"}


def findings(sections: Sections) -> Iterator[Finding]:
    """Find every fault of the configuration and what is probably not meant; opens no file."""
    for rule in RULES:
        yield from rule(sections)


class Tls(Protocol):
    """The files of a client's own certificate."""

    @property
    def cert(self) -> Path | None: ...

    @property
    def key(self) -> Path | None: ...


class Reached(Protocol):
    """How the carrier is reached, as the settings say it and as the client takes it."""

    @property
    def target(self) -> str: ...

    @property
    def insecure(self) -> bool: ...

    @property
    def tls(self) -> Tls | None: ...

    @property
    def token_file(self) -> Path | None: ...


def carrier_findings(carrier: Reached) -> Iterator[Finding]:
    """Find all that keeps the client from opening its channel, by the settings' keys.

    `check` and the client itself ask here, so that neither takes what the other refuses.
    """
    if not carrier.target:
        yield Finding(key="carrier.target", message="is missing.", hint=EXAMPLE)
        return
    try:
        target = grpc_target(carrier.target)
    except NotATarget as error:
        message = f"is not a valid gRPC target: it {error.message}."
        yield Finding(key="carrier.target", message=message, hint=error.hint)
        return
    yield from _certificate(carrier.tls)
    if carrier.tls is not None or target.is_loopback:
        return
    if carrier.token_file is not None:
        yield Finding(
            key="carrier.token_file",
            message="is a bearer token, which is never sent without TLS beyond this machine.",
            hint="Add [carrier.tls], or remove token_file.",
        )
    elif not carrier.insecure:
        yield Finding(
            key="carrier.target",
            message="leaves this machine, and there is no TLS: passwords would be readable.",
            hint="Add [carrier.tls], or set carrier.insecure = true if the network is trusted.",
        )


def _certificate(tls: Tls | None) -> Iterator[Finding]:
    if tls is not None and (tls.cert is None) != (tls.key is None):
        missing, given = ("key", "cert") if tls.key is None else ("cert", "key")
        yield Finding(
            key=f"carrier.tls.{missing}",
            message=f"is missing: carrier.tls.{given} needs it too.",
            hint="Mutual TLS needs both files; without mutual TLS remove both.",
        )


def carrier_warnings(sections: Sections) -> Iterator[Finding]:
    """Warn of what is lawful and probably not meant."""
    carrier = sections.carrier
    if carrier.tls is not None and carrier.insecure:
        yield Finding(
            severity=Severity.WARNING,
            key="carrier.insecure",
            message="has no effect: [carrier.tls] is set, so TLS is used.",
            hint="Remove one of the two.",
        )
    try:
        target = grpc_target(carrier.target)
    except NotATarget:
        return  # said above
    if any(address.port is None for address in target.addresses):
        yield Finding(
            severity=Severity.WARNING,
            key="carrier.target",
            message="has no port: gRPC uses 443.",
            hint=EXAMPLE,
        )


def _listens(sections: Sections) -> Iterator[Finding]:
    addresses: dict[str, Address] = {}
    for key, text in (("edge.listen", sections.edge.listen), ("ops.listen", sections.ops.listen)):
        try:
            addresses[key] = listen_address(text)
        except NotATarget as error:
            yield Finding(
                key=key,
                message=f"is not a valid address to listen on: it {error.message}.",
                hint=error.hint,
            )
    for (_, one), (key, two) in combinations(addresses.items(), 2):
        overlap = one.host == two.host or one.is_everywhere or two.is_everywhere
        if one.port == two.port != 0 and overlap:
            yield Finding(
                key=key,
                message="is the port of edge.listen: the two must listen on different ports.",
                hint='Use another port, e.g. "127.0.0.1:9090".',
            )
    ops = addresses.get("ops.listen")
    if ops and not ops.is_loopback:
        yield Finding(
            key="ops.listen",
            message="is reachable from other machines, and the ops port has no sign-in yet.",
            hint='Listen on "127.0.0.1:9090", and reach it through an SSH tunnel or a proxy on '
            "this machine.",
        )


def _ledger(sections: Sections) -> Iterator[Finding]:
    url = sections.ledger.url
    scheme = url.partition(":")[0]
    if scheme == "postgresql":
        yield from _postgresql(url)
        return
    if scheme == "postgres":
        hint = "Write postgresql:// for it."
    elif "+" in scheme and (meant := scheme.partition("+")[0]) in _DIALECTS:
        hint = f"Write {_DIALECTS[meant]} for it: waybridge brings the driver itself."
    elif scheme.startswith("sqlite") and (url == "sqlite://" or ":memory:" in url):
        hint = "For a ledger in memory write memory: alone."
    else:
        hint = "Write sqlite:///waybridge.db, postgresql://user@host/name or memory:."
    if not re.fullmatch(r"sqlite:///[^?:][^?]*(\?.*)?", url) and url not in {
        "memory:",
        "memory://",
    }:
        yield Finding(key="ledger.url", message="is not a valid ledger URL.", hint=hint)


def _postgresql(url: str) -> Iterator[Finding]:
    """Find what keeps the URL from being used, without quoting any of it, and what it asks for
    in vain."""
    key = "ledger.url"
    try:
        asked = postgresql_url(url)
    except NotAPostgresqlUrl as error:
        yield Finding(key=key, message=error.message, hint=error.hint)
        return
    if find_spec("asyncpg") is None:
        yield Finding(
            key=key,
            message="needs the driver asyncpg, which is not installed.",
            hint="Install it: pip install 'waybridge[postgres]'.",
        )
    for name, reason in asked.dropped.items():
        in_vain = name in asked.unprotected
        yield Finding(
            severity=Severity.WARNING if in_vain else Severity.NOTE,
            key=key,
            message=f"has the parameter {name}, which has no effect: {reason}.",
            hint="What protects the connection is sslmode=verify-full." if in_vain else "",
        )
    if len(asked.dsns) > 1 and not asked.wants_writable:
        yield Finding(
            severity=Severity.WARNING,
            key=key,
            message="names several hosts, of which one may be a standby that cannot be written.",
            hint="Add target_session_attrs=read-write.",
        )


def _forward(sections: Sections) -> Iterator[Finding]:
    if sections.forward.url and not re.match(r"https?://[^/\s]+", sections.forward.url):
        yield Finding(
            key="forward.url",
            message="is not a valid URL.",
            hint="Write e.g. http://127.0.0.1:7000/wechat.",
        )


def _timezone(sections: Sections) -> Iterator[Finding]:
    return timezone(sections.ops.timezone, known=zoneinfo.available_timezones())


# Places that people write and the database does not name, by the zone that has their time.
_ZONES_OF_PLACES = dict.fromkeys(
    ("Beijing", "Peking", "Guangzhou", "Shenzhen", "Hangzhou", "Chengdu"), "Asia/Shanghai"
)


def timezone(name: str, *, known: Collection[str]) -> Iterator[Finding]:
    """Want a time zone out of `known`, which is empty on a machine without the database."""
    if not known:
        yield Finding(
            severity=Severity.WARNING,
            key="ops.timezone",
            message="cannot be checked: this machine has no time zone database.",
            hint="Install the system package tzdata.",
        )
    elif name not in known:
        known = sorted(known)
        place = nearest(name.rpartition("/")[2].capitalize(), [*_ZONES_OF_PLACES])
        meant = _ZONES_OF_PLACES.get(place) or nearest(name, known)
        hint = f'Did you mean "{meant}"?' if meant else "Write e.g. Asia/Shanghai."
        yield Finding(key="ops.timezone", message="is not a known time zone.", hint=hint)


def _times(sections: Sections) -> Iterator[Finding]:
    reply, carrier = sections.edge.reply_within_seconds, sections.carrier
    if carrier.deadline_seconds < reply:
        yield Finding(
            severity=Severity.WARNING,
            key="carrier.deadline_seconds",
            message="is shorter than edge.reply_within_seconds: calls end in doubt too early.",
            hint="Leave it at 12: a call may outlive its reply.",
        )
    before = carrier.connect_wait_seconds + sections.ledger.commit_within_seconds
    if before >= reply:
        yield Finding(
            severity=Severity.WARNING,
            key="carrier.connect_wait_seconds",
            message="and ledger.commit_within_seconds leave no time to call the carrier within "
            "edge.reply_within_seconds.",
            hint="Their sum should be less than half of it.",
        )


def missing_files(sections: Sections) -> Iterator[Finding]:
    """Find the files that cannot be read, and the ledger's folder that is not there."""
    carrier, tls = sections.carrier, sections.carrier.tls or TlsSettings()
    named = {
        "carrier.descriptors": carrier.descriptors,
        "carrier.mapping": carrier.mapping,
        "carrier.token_file": carrier.token_file,
        "carrier.tls.ca": tls.ca,
        "carrier.tls.cert": tls.cert,
        "carrier.tls.key": tls.key,
        "ops.users": sections.ops.users,
    }
    for key, file in named.items():
        if file is not None and (reason := _unreadable(file)):
            yield Finding(
                key=key,
                message=f"names {file}, which {reason}.",
                hint="A relative name starts from the folder of the file that it is written in.",
            )
    if sections.ledger.url.startswith(SQLITE):
        yield from _missing_folder(sections.ledger.url)
    else:
        yield from _missing_certificates(sections.ledger.url)


def _missing_folder(url: str) -> Iterator[Finding]:
    file = Path(url.removeprefix(SQLITE).partition("?")[0])
    folder = file.parent
    if file.is_dir():
        yield Finding(
            key="ledger.url",
            message=f"names {file}, which is a folder.",
            hint="Name a file in it, e.g. waybridge.db; it is created at the first start.",
        )
    elif not folder.is_dir():
        yield Finding(
            key="ledger.url",
            message=f"names a file in {folder}, which is not a folder.",
            hint="Create the folder; the ledger's file is created at the first start.",
        )


def _missing_certificates(url: str) -> Iterator[Finding]:
    try:
        files = postgresql_url(url).files
    except NotAPostgresqlUrl:
        return  # said above, or another kind of ledger
    for name, file in files.items():
        if reason := _unreadable(Path(file)):
            yield Finding(
                key="ledger.url",
                message=f"has a {name} that {reason}.",
                hint="A relative name starts from the working folder, as libpq reads it.",
            )


def _unreadable(file: Path) -> str:
    if file.is_dir():
        return "is a folder"
    try:
        with file.open("rb"):
            return ""
    except OSError as error:
        return "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"


RULES: tuple[Callable[[Sections], Iterator[Finding]], ...] = (
    program_rules.tokens,
    program_rules.app_ids,
    program_rules.aes_keys,
    program_rules.paths,
    _listens,
    lambda sections: carrier_findings(sections.carrier),
    carrier_warnings,
    _ledger,
    _forward,
    _timezone,
    _times,
)
