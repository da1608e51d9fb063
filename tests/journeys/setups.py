"""The table of set-ups between us and a carrier: what `check` and `serve` must agree on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc

from tests.carrier.broken_tls import other_server
from tests.carrier.certificates import Authority, Pair, self_signed
from tests.journeys.setup_carriers import (
    ENDS,
    GARBAGE,
    NOT_SERVING,
    SERVICE,
    SERVING,
    SILENT,
    Server,
    Watch,
    carrier,
    knows,
    refuses,
)
from tests.ports import free_port

OURS, THEIRS = Authority("our authority"), Authority("their authority")
GOOD = OURS.issue()
UNAUTHENTICATED = refuses(grpc.StatusCode.UNAUTHENTICATED)
PERMISSION_DENIED = refuses(grpc.StatusCode.PERMISSION_DENIED)
HTTP1 = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
LONG_NAME = ".".join(["a" * 63] * 4) + ".test"  # RFC 1035 §2.3.4: no resolver is asked

OFF = {"HEALTH": "off"}
RIGHT, WRONG = {"TOKEN_FILE": "right.token"}, {"TOKEN_FILE": "wrong.token"}
TLS = {"TLS__CA": "ours.pem"}
MUTUAL = {**TLS, "TLS__CERT": "client.pem", "TLS__KEY": "client.key"}


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """`red` is a part of what `check` must say, and then `serve` answers −1; empty: `check` is
    green and `serve` cancels; None: either of the two. `carrier` are keys of `[carrier]`."""

    name: str
    server: Server
    red: str | None = ""
    carrier: Mapping[str, str] = field(default_factory=dict)
    target: str = "localhost:{port}"

    def __str__(self) -> str:
        return self.name


def row(
    name: str, server: Server, red: str = "", *, target: str = "localhost:{port}", **keys: str
) -> SetUp:
    return SetUp(name=name, server=server, red=red, carrier=keys, target=target)


@asynccontextmanager
async def nobody() -> AsyncIterator[int]:
    yield free_port()


REFUSED_TOKEN = "refuses the token: UNAUTHENTICATED"
NO_TOKEN = "none are set: UNAUTHENTICATED"
UNKNOWN = "does not know the configured service"

TOKENS = (
    row("a token for all, right", carrier(wants_token="all"), **RIGHT),
    row("a token for all, wrong", carrier(wants_token="all"), REFUSED_TOKEN, **WRONG),
    row("a token for all, none", carrier(wants_token="all"), NO_TOKEN),
    row("a token for health too, right", carrier(SERVING, wants_token="all"), **RIGHT),
    row(
        "a token for health too, wrong", carrier(SERVING, wants_token="all"), REFUSED_TOKEN, **WRONG
    ),
    row("a token for health too, none", carrier(SERVING, wants_token="all"), NO_TOKEN),
    row("a token for calls, right", carrier(SERVING, wants_token="calls"), **RIGHT),
    row("a token for calls, wrong", carrier(SERVING, wants_token="calls"), REFUSED_TOKEN, **WRONG),
    row("a token for calls, none", carrier(SERVING, wants_token="calls"), "wants a token"),
    row("a wrong token, health off", carrier(wants_token="all"), REFUSED_TOKEN, **WRONG, **OFF),
    row("a token for all, right, health off", carrier(wants_token="all"), **RIGHT, **OFF),
    row("a token nobody wants", carrier(SERVING), **RIGHT),
    row("a token over TLS", carrier(SERVING, wants_token="all", pair=GOOD), **RIGHT, **TLS),
    row("no token over TLS", carrier(wants_token="all", pair=GOOD), NO_TOKEN, **TLS),
    row(
        "a wrong token over TLS",
        carrier(wants_token="all", pair=GOOD),
        REFUSED_TOKEN,
        **WRONG,
        **TLS,
    ),
    row(
        "a token over mutual TLS",
        carrier(wants_token="all", pair=GOOD, clients=OURS.cert),
        **RIGHT,
        **MUTUAL,
    ),
    row("a token and NOT_SERVING", carrier(NOT_SERVING), "reports NOT_SERVING", **RIGHT),
    row("a token and an unknown name", carrier(knows(SERVICE)), UNKNOWN, **RIGHT),
    row("a token and a silent health service", carrier(SILENT), "does not answer", **RIGHT),
    row("a token that has no file", carrier(), "does not exist", TOKEN_FILE="absent.token"),
    row(
        "a token in the clear to another host",
        nobody,
        "never sent without TLS",
        target="dispatch.example:{port}",
        **RIGHT,
        INSECURE="true",
    ),
)
HEALTH = (
    row("health serves", carrier(SERVING)),
    row("no health service", carrier()),
    row("health off and absent", carrier(), **OFF),
    row("health wants credentials", carrier(UNAUTHENTICATED), NO_TOKEN),
    row("health wants credentials, off", carrier(UNAUTHENTICATED), **OFF),
    row("health denies", carrier(PERMISSION_DENIED), "PERMISSION_DENIED"),
    row("health denies, off", carrier(PERMISSION_DENIED), **OFF),
    row("health denies with a token", carrier(PERMISSION_DENIED), "PERMISSION_DENIED", **RIGHT),
    row("health denies with a token, off", carrier(PERMISSION_DENIED), **RIGHT, **OFF),
    row("only a name is known", carrier(knows(SERVICE)), UNKNOWN),
    row("the name that is known", carrier(knows(SERVICE)), HEALTH_SERVICE=SERVICE),
    row("the known name with a token", carrier(knows(SERVICE)), HEALTH_SERVICE=SERVICE, **RIGHT),
    row("another name", carrier(knows(SERVICE)), UNKNOWN, HEALTH_SERVICE="dispatch"),
    row("NOT_FOUND for the server", carrier(knows(SERVICE, otherwise=None)), UNKNOWN),
    row(
        "NOT_FOUND, the known name", carrier(knows(SERVICE, otherwise=None)), HEALTH_SERVICE=SERVICE
    ),
    row("NOT_FOUND, off", carrier(knows(SERVICE, otherwise=None)), **OFF),
    row("NOT_SERVING", carrier(NOT_SERVING), "reports NOT_SERVING"),
    row("NOT_SERVING, off", carrier(NOT_SERVING), **OFF),
    row("a silent health service", carrier(SILENT), "does not answer"),
    row("a silent health service, off", carrier(SILENT), **OFF),
    row("health is unavailable", carrier(refuses(grpc.StatusCode.UNAVAILABLE)), "UNAVAILABLE"),
    row("health fails", carrier(refuses(grpc.StatusCode.INTERNAL)), "INTERNAL"),
    row("health says garbage", carrier(GARBAGE), "cannot be read"),
    row("health ends without a word", carrier(ENDS), "without a word"),
)
NETWORK = (
    row("nobody listens", nobody, "connection refused"),
    row("nobody listens, off", nobody, "connection refused", **OFF),
    row("a silent port", other_server(None), "no answer within"),
    row("a port that closes", other_server(b""), "closes the connection"),
    row("an HTTP/1 server", other_server(HTTP1), "an HTTP/1 server answers"),
    row("a dead name", nobody, "not known to DNS", target=LONG_NAME + ":{port}", INSECURE="true"),
    row("plaintext to another host", nobody, "there is no TLS", target="dispatch.example:{port}"),
    row("TLS", carrier(SERVING, pair=GOOD), **TLS),
    row("TLS by address", carrier(SERVING, pair=GOOD), target="127.0.0.1:{port}", **TLS),
    row("TLS and no health", carrier(pair=GOOD), **TLS),
    row("TLS and health refused", carrier(UNAUTHENTICATED, pair=GOOD), NO_TOKEN, **TLS),
    row("TLS and health refused, off", carrier(UNAUTHENTICATED, pair=GOOD), **TLS, **OFF),
    row("TLS wanted, none configured", carrier(pair=GOOD), "wants TLS"),
    row("TLS configured, none there", carrier(), "without TLS", **TLS),
    row("a CA of others", carrier(pair=THEIRS.issue()), "does not contain", **TLS),
    row("an expired certificate", carrier(pair=OURS.issue(days=(-9, -2))), "expired on", **TLS),
    row(
        "a certificate of tomorrow",
        carrier(pair=OURS.issue(days=(2, 9))),
        "not valid before",
        **TLS,
    ),
    row(
        "a certificate for another name",
        carrier(pair=OURS.issue(names=("x.test",))),
        "is for x.test",
        **TLS,
    ),
    row(
        "the certificate's name configured",
        carrier(SERVING, pair=OURS.issue(names=("x.test",))),
        **TLS,
        TLS__SERVER_NAME="x.test",
    ),
    row("a self-signed certificate", carrier(pair=self_signed()), "self-signed", **TLS),
    row("a CA file that is none", carrier(pair=GOOD), "no readable PEM", TLS__CA="garbage.pem"),
    row("mutual TLS", carrier(SERVING, pair=GOOD, clients=OURS.cert), **MUTUAL),
    row(
        "mutual TLS, no certificate",
        carrier(pair=GOOD, clients=OURS.cert),
        "client certificate",
        **TLS,
    ),
    row(
        "mutual TLS, of another CA",
        carrier(pair=GOOD, clients=THEIRS.cert),
        "refuses the client",
        **MUTUAL,
    ),
    row(
        "mutual TLS, ours expired",
        carrier(pair=GOOD, clients=OURS.cert),
        "expired on",
        TLS__CA="ours.pem",
        TLS__CERT="expired.pem",
        TLS__KEY="expired.key",
    ),
    row(
        "mutual TLS, no pair",
        carrier(pair=GOOD, clients=OURS.cert),
        "unencrypted key",
        TLS__CA="ours.pem",
        TLS__CERT="client.pem",
        TLS__KEY="expired.key",
    ),
)
SET_UPS = (*TOKENS, *HEALTH, *NETWORK)

TRANSPORTS: dict[str, tuple[dict[str, str], Pair | None, bytes | None]] = {
    "plaintext": ({}, None, None),
    "TLS": (TLS, GOOD, None),
    "mutual TLS": (MUTUAL, GOOD, OURS.cert),
}
HEALTH_SERVICES: dict[str, Watch | None] = {
    "no health": None,
    "SERVING": SERVING,
    "NOT_SERVING": NOT_SERVING,
    "UNAUTHENTICATED": UNAUTHENTICATED,
    "silence": SILENT,
    "a name": knows(SERVICE),
}
KEYS: dict[str, dict[str, str]] = {
    "watch": {},
    "off": OFF,
    "named": {"HEALTH_SERVICE": SERVICE},
}
GIVEN: dict[str, dict[str, str]] = {"none": {}, "right": RIGHT, "wrong": WRONG}


def every_combination() -> tuple[SetUp, ...]:
    """Cross transport, whose token is wanted, the token given, the health service and its keys."""
    return tuple(
        SetUp(
            name=", ".join((transport, wanted or "no token", given, health, keys)),
            server=carrier(HEALTH_SERVICES[health], wants_token=wanted, pair=pair, clients=clients),
            red=None,
            carrier={**files, **GIVEN[given], **KEYS[keys]},
        )
        for transport, (files, pair, clients) in TRANSPORTS.items()
        for wanted in ("", "calls", "all")
        for given in GIVEN
        for health in HEALTH_SERVICES
        for keys in KEYS
    )
