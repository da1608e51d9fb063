"""PostgreSQL URLs as libpq reads them, for a driver that knows fewer parameters.

What is wrong with a URL is said without quoting any of it: in a URL that cannot be parsed
nobody knows which part is the password.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlencode

SCHEMES = ("postgresql://", "postgres://")
ENCODE = (
    "Percent-encode special characters in user, password and database: %40 for @, %3A for :, "
    "%2F for /, %3F for ?, %23 for #, %25 for %, %5B for [, %20 for a blank."
)
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
ATTRIBUTES = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
READ_ONLY = ("read-only", "standby", "prefer-standby")
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")

# libpq's other names of what the driver understands.
RENAMED = {"fallback_application_name": "application_name"}
OUR_TIME = "waybridge waits 1 s for a connection, since a push cannot wait longer"
OUR_PROBES = "waybridge sets keepalives of its own"
NOT_HERE = "the driver does not have it"
# Parameters of libpq that are left out, and why that is right.
DROPPED: Mapping[str, str] = {
    "channel_binding": NOT_HERE,
    "client_encoding": "waybridge speaks UTF-8",
    "connect_timeout": OUR_TIME,
    "gssdelegation": NOT_HERE,
    "gssencmode": NOT_HERE,
    "keepalives": OUR_PROBES,
    "keepalives_count": OUR_PROBES,
    "keepalives_idle": OUR_PROBES,
    "keepalives_interval": OUR_PROBES,
    "load_balance_hosts": "hosts are tried in the order they are written in",
    "max_protocol_version": NOT_HERE,
    "min_protocol_version": NOT_HERE,
    "require_auth": NOT_HERE,
    "requirepeer": NOT_HERE,
    "sslcertmode": NOT_HERE,
    "sslcompression": "nobody compresses TLS any more",
    "sslcrldir": NOT_HERE,
    "sslkeylogfile": NOT_HERE,
    "sslsni": "the name is always sent",
    "tcp_user_timeout": OUR_PROBES,
}
# Parameters that ask for a protection, and the values that ask for none.
PROTECTIONS: Mapping[str, tuple[str, ...]] = {
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
    "require_auth": ("",),
    "requirepeer": ("",),
    "sslcertmode": ("disable", "allow"),
    "sslcrldir": ("",),
}
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_IPV6 = re.compile(r"\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?")
_NAME = re.compile(r"[a-z_]+(\.[a-z_]+)?")
_SYSTEM = "system"  # sslrootcert=system: the CAs of the machine


class NotAPostgresqlUrl(ValueError):
    """The URL cannot be used. Neither text quotes any of it."""

    def __init__(self, message: str, hint: str = ENCODE) -> None:
        super().__init__(f"{message} {hint}")
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlUrl:
    """A URL as the driver takes it: one DSN for each host, to be tried in this order.

    `dropped` are parameters without effect, each with the reason; `unprotected` those among
    them that ask for a protection that nobody gives. `files` are to be read, by parameter.
    `wants_writable`: a server that cannot be written is passed over.
    """

    dsns: tuple[str, ...]
    dropped: Mapping[str, str]
    unprotected: tuple[str, ...]
    files: Mapping[str, str]
    uses_system_cas: bool
    wants_writable: bool


def postgresql_url(text: str) -> PostgresqlUrl:
    """Read a URL. Raises `NotAPostgresqlUrl`, which quotes none of it."""
    user, password, hosts, database, query = _parts(text)
    wanted = _parameters(query)
    _refuse_values(wanted)
    kept = {RENAMED.get(name, name): wanted[name] for name in wanted if name not in DROPPED}
    if hosts:
        addresses = [_host(each) for each in hosts.split(",")]
    else:
        addresses = _addresses(kept.pop("host", ""), kept.get("port", ""))
    if addresses:
        kept.pop("port", None)
    uses_system_cas = kept.get("sslrootcert") == _SYSTEM
    if uses_system_cas:
        del kept["sslrootcert"]
        kept.pop("sslmode", None)  # it implies verify-full
    login = _encoded(user) + (password and ":" + _encoded(password)) + "@" if user else ""
    tail = f"?{urlencode(kept, quote_via=quote)}" if kept else ""
    path = f"/{_encoded(database)}" if database else ""
    return PostgresqlUrl(
        dsns=tuple(f"postgresql://{login}{each}{path}{tail}" for each in addresses or ("",)),
        dropped={name: DROPPED[name] for name in wanted if name in DROPPED},
        unprotected=tuple(
            name for name, value in wanted.items() if value not in PROTECTIONS.get(name, (value,))
        ),
        files={name: kept[name] for name in FILES if kept.get(name)},
        uses_system_cas=uses_system_cas,
        wants_writable=wanted.get("target_session_attrs") in ("read-write", "primary"),
    )


def is_postgresql(url: str) -> bool:
    """Tell whether the URL means a PostgreSQL server, well written or not."""
    return url.startswith(SCHEMES)


def _parts(text: str) -> tuple[str, str, str, str, str]:
    """Return user, password, hosts, database and query, as they are written."""
    rest = next((text[len(each) :] for each in SCHEMES if text.startswith(each)), None)
    if rest is None:
        raise NotAPostgresqlUrl("is not a PostgreSQL URL.", "Write postgresql://user@host/name.")
    if "#" in rest:
        raise NotAPostgresqlUrl("has a raw # in its user, password or database.")
    head, _, query = rest.partition("?")
    authority, _, database = head.partition("/")
    # The last @ ends the credentials; a / or ? before it belongs to them.
    if "@" in database or "@" in query:
        raise NotAPostgresqlUrl("has a raw @, / or ? in its user, password or database.")
    credentials, _, hosts = authority.rpartition("@")
    if "@" in credentials:
        raise NotAPostgresqlUrl("has a raw @ in its user or password.")
    user, _, password = credentials.partition(":")
    if "[" in credentials or "]" in credentials:
        raise NotAPostgresqlUrl("has a raw [ or ] in its user or password.")
    for part in (credentials, database, query, hosts):
        if _BAD_PERCENT.search(part) or "%00" in part:
            raise NotAPostgresqlUrl("has a % without the two hexadecimal digits of a character.")
        if re.search(r"\s", part):
            raise NotAPostgresqlUrl("has a blank in it.")
    return user, password, hosts, database, query


def _encoded(part: str) -> str:
    return quote(unquote(part), safe="")


def _host(text: str) -> str:
    """Return one host of the URL with its port, percent-encoded."""
    inside = re.fullmatch(r"\[([0-9A-Fa-f:.]+(?:%25\w+)?)\](?::(.*))?", text)
    if "[" in text and inside is None:
        raise NotAPostgresqlUrl("has an IPv6 address that is not complete.", "Write [::1]:5432.")
    if inside is not None:
        return _with_port(f"[{inside[1]}]", inside[2] or "")
    if text.count(":") > 1:
        raise NotAPostgresqlUrl(
            "has a host with several colons.", f"Write an IPv6 address as [::1]. {ENCODE}"
        )
    name, _, port = text.partition(":")
    if not name:
        raise NotAPostgresqlUrl("has a host without a name.")
    return _with_port(_encoded(name), port)


def _addresses(hosts: str, ports: str) -> list[str]:
    """Return the hosts of the query: names, IPv6 addresses without brackets, socket folders."""
    names, numbers = hosts.split(",") if hosts else [], ports.split(",")
    if not all(names):
        raise NotAPostgresqlUrl("has a host without a name.")
    for port in numbers:
        _with_port("", port)
    if len(numbers) not in (1, len(names)):
        raise NotAPostgresqlUrl("has not as many ports as hosts.", "Write one port, or one each.")
    return [
        _with_port(
            f"[{name.strip('[]')}]" if _IPV6.fullmatch(name) else quote(name, safe=""),
            numbers[index % len(numbers)],
        )
        for index, name in enumerate(names)
    ]


def _with_port(host: str, port: str) -> str:
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise NotAPostgresqlUrl(
            "has a port that is not a number from 1 to 65535, or a special character that is "
            "not percent-encoded."
        )
    return f"{host}:{port}" if port else host


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise NotAPostgresqlUrl(
                "has a ? or & that is not followed by name=value.",
                f"Write e.g. ?sslmode=require&application_name=waybridge. {ENCODE}",
            )
        found[name] = unquote(value)  # here a + is no blank
    return found


def _refuse_values(found: Mapping[str, str]) -> None:
    for name, allowed in (("sslmode", SSL_MODES), ("target_session_attrs", ATTRIBUTES)):
        if name in found and found[name] not in allowed:
            raise NotAPostgresqlUrl(
                f"has an unknown value for {name}.", f"Choose from: {', '.join(allowed)}."
            )
    if found.get("target_session_attrs") in READ_ONLY:
        raise NotAPostgresqlUrl(
            "asks for a server that cannot be written (target_session_attrs).",
            "Write target_session_attrs=read-write, or leave it out.",
        )
    if found.get("gssencmode") == "require":
        raise NotAPostgresqlUrl(
            "asks for GSSAPI encryption, which the driver does not have.", "Use sslmode=require."
        )
    if "hostaddr" in found:
        raise NotAPostgresqlUrl(
            "has the parameter hostaddr, which the driver does not have.",
            "Write the address in place of the host name.",
        )
