"""What must hold between settings, beyond the kind and range of each: one rule a function."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterator
from itertools import combinations

from adapter.config import carrier_rules, program_rules
from adapter.config.sections import Sections
from adapter.diagnostics.finding import Finding, Severity, nearest
from adapter.diagnostics.grpc_target import Address, NotATarget, listen_address


def breaches(sections: Sections) -> Iterator[Finding]:
    """Judge the whole configuration; files are judged in `files.missing`."""
    for rule in RULES:
        yield from rule(sections)


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
                message="is the port of edge.listen: people and WeChat must not share one.",
                hint='Take another port, e.g. "127.0.0.1:9090".',
            )
    ops = addresses.get("ops.listen")
    if ops and not ops.is_loopback:
        yield Finding(
            key="ops.listen",
            message="is reachable from other machines, and the ops port has no sign-in yet.",
            hint='Listen on "127.0.0.1:9090", and reach it through an SSH tunnel or a proxy of '
            "your own on this machine.",
        )


def _ledger(sections: Sections) -> Iterator[Finding]:
    url = sections.ledger.url
    scheme = url.partition(":")[0]
    if scheme in {"postgres", "postgresql+asyncpg", "postgresql+psycopg"}:
        hint = "Write postgresql:// for it."
    elif scheme.startswith("sqlite") and (url == "sqlite://" or ":memory:" in url):
        hint = "A ledger that forgets is memory: alone."
    else:
        hint = "Write sqlite:///waybridge.db, postgresql://user@host/name or memory:."
    durable = url.startswith("postgresql://") or re.fullmatch(r"sqlite:///[^?:][^?]*(\?.*)?", url)
    if not durable and url not in {"memory:", "memory://"}:
        yield Finding(key="ledger.url", message="is not a valid ledger URL.", hint=hint)


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
            message="cannot be looked up: this machine knows no time zones.",
            hint="Install the system's package tzdata.",
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
            message="and ledger.commit_within_seconds leave no time to ask inside "
            "edge.reply_within_seconds.",
            hint="Make them add up to less than half of it.",
        )


RULES: tuple[Callable[[Sections], Iterator[Finding]], ...] = (
    program_rules.tokens,
    program_rules.app_ids,
    program_rules.aes_keys,
    program_rules.paths,
    _listens,
    carrier_rules.reachable,
    carrier_rules.doubtful,
    _ledger,
    _forward,
    _timezone,
    _times,
)
