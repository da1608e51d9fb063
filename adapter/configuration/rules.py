"""What must hold between settings, beyond the kind and range of each: one rule a function."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterator
from itertools import combinations

from adapter.configuration import program_rules
from adapter.configuration.addresses import Address, Target, grpc_target, listen_address
from adapter.configuration.findings import Breach, Severity
from adapter.configuration.keys import nearest
from adapter.configuration.sections import Sections


def breaches(sections: Sections) -> Iterator[Breach]:
    """Judge the whole configuration; files are judged in `files.missing`."""
    for rule in RULES:
        yield from rule(sections)


def _listens(sections: Sections) -> Iterator[Breach]:
    addresses: dict[str, Address] = {}
    for key, text in (("edge.listen", sections.edge.listen), ("ops.listen", sections.ops.listen)):
        try:
            addresses[key] = listen_address(text)
        except ValueError:
            yield Breach(
                key=key,
                message="is no host and port.",
                hint='Write e.g. "0.0.0.0:8080" or "[::1]:8080".',
            )
    for (_, one), (key, two) in combinations(addresses.items(), 2):
        overlap = one.host == two.host or one.is_everywhere or two.is_everywhere
        if one.port == two.port != 0 and overlap:
            yield Breach(
                key=key,
                message="is the port of edge.listen: people and WeChat must not share one.",
                hint='Take another port, e.g. "127.0.0.1:9090".',
            )
    ops = addresses.get("ops.listen")
    if ops and not ops.is_loopback:
        yield Breach(
            key="ops.listen",
            message="is reachable from other machines, and the ops port has no sign-in yet.",
            hint='Listen on "127.0.0.1:9090", and reach it through an SSH tunnel or a proxy of '
            "your own on this machine.",
        )


def _target(sections: Sections) -> Iterator[Breach]:
    carrier = sections.carrier
    example = "Write e.g. dns:///dispatch.internal:50051."
    if not carrier.target:
        yield Breach(key="carrier.target", message="is missing.", hint=example)
        return
    try:
        target = grpc_target(carrier.target)
    except ValueError:
        web = carrier.target.startswith(("http:", "https:", "grpc:"))
        said = "A gRPC target has no http:// before it. " if web else ""
        yield Breach(key="carrier.target", message="is no gRPC target.", hint=said + example)
        return
    yield from _plaintext(sections, target)
    if any(address.port is None for address in target.addresses):
        yield Breach(
            severity=Severity.WARNING,
            key="carrier.target",
            message="names no port: gRPC takes 443.",
            hint=example,
        )


def _plaintext(sections: Sections, target: Target) -> Iterator[Breach]:
    carrier = sections.carrier
    if carrier.tls is None and not carrier.insecure and not target.is_loopback:
        yield Breach(
            key="carrier.target",
            message="leaves this machine, and there is no TLS: passwords would be readable.",
            hint="Add [carrier.tls], or set carrier.insecure = true if the network is trusted.",
        )
    if carrier.tls is not None and carrier.insecure:
        yield Breach(
            severity=Severity.WARNING,
            key="carrier.insecure",
            message="changes nothing: [carrier.tls] is set, so TLS is used.",
            hint="Remove one of the two.",
        )


def _certificates(sections: Sections) -> Iterator[Breach]:
    tls = sections.carrier.tls
    if tls is not None and (tls.cert is None) != (tls.key is None):
        missing, given = ("key", "cert") if tls.key is None else ("cert", "key")
        yield Breach(
            key=f"carrier.tls.{missing}",
            message=f"is missing: carrier.tls.{given} is of no use without it.",
            hint="Mutual TLS needs both files; without it leave both out.",
        )


def _ledger(sections: Sections) -> Iterator[Breach]:
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
        yield Breach(key="ledger.url", message="is no ledger we know.", hint=hint)


def _forward(sections: Sections) -> Iterator[Breach]:
    if sections.forward.url and not re.match(r"https?://[^/\s]+", sections.forward.url):
        yield Breach(
            key="forward.url",
            message="is no URL.",
            hint="Write e.g. http://127.0.0.1:7000/wechat.",
        )


def _timezone(sections: Sections) -> Iterator[Breach]:
    return timezone(sections.ops.timezone, known=zoneinfo.available_timezones())


# CallLimit that people write and the database does not name, by the zone that has their time.
_ZONES_OF_PLACES = dict.fromkeys(
    ("Beijing", "Peking", "Guangzhou", "Shenzhen", "Hangzhou", "Chengdu"), "Asia/Shanghai"
)


def timezone(name: str, *, known: Collection[str]) -> Iterator[Breach]:
    """Want a time zone out of `known`, which is empty on a machine without the database."""
    if not known:
        yield Breach(
            severity=Severity.WARNING,
            key="ops.timezone",
            message="cannot be looked up: this machine knows no time zones.",
            hint="Install the system's package tzdata.",
        )
    elif name not in known:
        known = sorted(known)
        place = nearest(name.rpartition("/")[2].capitalize(), [*_ZONES_OF_PLACES])
        meant = _ZONES_OF_PLACES.get(place) or nearest(name, known)
        hint = f"Did you mean {meant}?" if meant else "Write e.g. Asia/Shanghai."
        yield Breach(key="ops.timezone", message="is no time zone.", hint=hint)


def _times(sections: Sections) -> Iterator[Breach]:
    reply, carrier = sections.edge.reply_within_seconds, sections.carrier
    if carrier.deadline_seconds < reply:
        yield Breach(
            severity=Severity.WARNING,
            key="carrier.deadline_seconds",
            message="is shorter than edge.reply_within_seconds: calls end in doubt too early.",
            hint="Leave it at 12: a call may outlive its reply.",
        )
    before = carrier.connect_wait_seconds + sections.ledger.commit_within_seconds
    if before >= reply:
        yield Breach(
            severity=Severity.WARNING,
            key="carrier.connect_wait_seconds",
            message="and ledger.commit_within_seconds leave no time to ask inside "
            "edge.reply_within_seconds.",
            hint="Make them add up to less than half of it.",
        )


RULES: tuple[Callable[[Sections], Iterator[Breach]], ...] = (
    program_rules.tokens,
    program_rules.app_ids,
    program_rules.aes_keys,
    program_rules.paths,
    _listens,
    _target,
    _certificates,
    _ledger,
    _forward,
    _timezone,
    _times,
)
