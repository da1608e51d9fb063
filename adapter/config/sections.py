"""Every setting once: its name with its unit, its default, its range and what it means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_serializer

from adapter.config.kinds import Concealed, FileName, Flag, Networks, Seconds, Text, Whole
from adapter.config.urls import without_password
from adapter.wechat.codec import LIMITS
from adapter.wechat.secret import Secret

ABSENT = Secret("")
"""The default of every secret: not set."""


class Section(BaseModel):
    """Settings that stand under one heading: frozen, and no key but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class EdgeSettings(Section):
    """What WeChat reaches: the public port, and the limits on what may come through it."""

    listen: Text = Field("0.0.0.0:8080", description="Host and port that WeChat's pushes come to.")
    path: Text = Field("/wechat/push", description="Path of the URL configured at WeChat.")
    reply_within_seconds: Seconds = Field(
        4.5,
        gt=0.5,
        le=4.8,
        description="Longest time a push waits for its reply. WeChat hangs up at 5 s. It bounds "
        "the waiting, never the call to the carrier.",
    )
    body_limit_bytes: Whole = Field(
        65_536,
        ge=1_024,
        le=LIMITS.body_bytes,
        description="Largest body of a push; a larger one is 413.",
    )
    max_in_flight: Whole = Field(
        512,
        ge=1,
        le=100_000,
        description="Pushes worked on at once; one more is answered -1, not now.",
    )
    drain_delay_seconds: Seconds = Field(
        5,
        ge=0,
        le=300,
        description="Time between SIGTERM and the end of accepting, in which balancers look away.",
    )
    header_within_seconds: Seconds = Field(
        5, gt=0, le=60, description="Longest time a request's head may take to arrive."
    )
    body_within_seconds: Seconds = Field(
        2, gt=0, le=60, description="Longest time a body may take to arrive; a slower one is 408."
    )
    idle_seconds: Seconds = Field(
        30, gt=0, le=3_600, description="Time after which an idle connection is closed."
    )
    max_connections: Whole = Field(
        4_096, ge=1, le=1_000_000, description="Open connections; one more is closed at once."
    )
    trusted_proxies: Networks = Field(
        (),
        description="Addresses and networks of proxies in front, with commas in the environment. "
        "Whom their `X-Forwarded-For` names is the `peer` of the log; nobody else's is read.",
    )


class WeChatSettings(Section):
    """What the Mini Program's page of message pushes says, in the same words."""

    app_id: Text = Field(
        "", description="The Mini Program's AppID; it must end every decrypted message."
    )
    mode: Literal["plaintext", "compatible", "secure"] = Field(
        "secure", description="The way of encryption. Decided here, never by the request."
    )
    token: Concealed = Field(ABSENT, description="The Token that signs every push.")
    previous_token: Concealed = Field(
        ABSENT, description="The Token before this one, accepted while WeChat changes over."
    )
    encoding_aes_key: Concealed = Field(
        ABSENT, description="The EncodingAESKey: 43 letters and digits. Not needed in plaintext."
    )
    previous_encoding_aes_key: Concealed = Field(
        ABSENT,
        description="The EncodingAESKey before this one, accepted while WeChat changes over.",
    )
    freshness_seconds: Whole = Field(
        600,
        ge=1,
        description="How far a push's timestamp may be from now, to either side. No upper bound: "
        "large for replaying old captures.",
    )
    locale: Literal["zh", "en"] = Field("zh", description="Language of the ResultMsg texts.")


class MiniProgramSettings(WeChatSettings):
    """One more Mini Program: the keys of `[wechat]`, and the path its pushes come to."""

    path: Text = Field("", description="Path of the URL configured at WeChat for this program.")


class TlsSettings(Section):
    """How the carrier is trusted, and how we show who we are. Absent: plaintext."""

    ca: FileName = Field(
        None, description="PEM file of the authority to trust; empty: gRPC's own list."
    )
    cert: FileName = Field(None, description="PEM file of our certificate, for mutual TLS.")
    key: FileName = Field(None, description="PEM file of our certificate's key.")
    server_name: Text = Field(
        "", description="Name the carrier's certificate must hold; empty: the target's host."
    )


class CarrierSettings(Section):
    """The carrier's order system, asked over gRPC."""

    target: Text = Field(
        "",
        description="Any gRPC name, e.g. `dns:///dispatch.internal:50051`; several addresses are "
        "balanced. Must be set.",
    )
    deadline_seconds: Seconds = Field(
        12,
        ge=0.1,
        le=120,
        description="Deadline of one call, from its record in the ledger; it outlives the reply.",
    )
    connect_wait_seconds: Seconds = Field(
        1,
        ge=0.01,
        le=4,
        description="A channel not ready by then: the call is not sent. One that has had no "
        "connection for that long already is not waited for.",
    )
    repeats: Whole | None = Field(
        None,
        ge=0,
        le=5,
        description="Further calls that one push may have after a call that left doubt, over all "
        "its deliveries and replicas; 0: none. Absent: 2 where the mapping sends a request id, "
        "else 1.",
    )
    brake: Flag = Field(
        default=False,
        description="While the carrier answers later than the reply budget, answer pushes -1, not "
        "now, without asking; one a second is let through to find out. Not for a carrier that is "
        "always slow: it would hardly be asked.",
    )
    insecure: Flag = Field(
        default=False, description="Allow plaintext to a target that is not loopback."
    )
    descriptors: FileName = Field(
        None, description="Descriptor set (.binpb) of your contract; empty: the shipped carrier.v1."
    )
    mapping: FileName = Field(
        None, description="Mapping (.toml) to your contract; empty: the shipped one."
    )
    token_file: FileName = Field(
        None, description="File of a bearer token sent with every call; read again on change."
    )
    health_service: Text = Field(
        "",
        description="Name asked for at the carrier's health service; empty: the server as a whole.",
    )
    max_concurrent_calls: Whole = Field(
        512, ge=1, le=100_000, description="Calls to the carrier at once."
    )
    receive_limit_bytes: Whole = Field(
        262_144, ge=4_096, le=4_194_304, description="Largest reply accepted from the carrier."
    )
    keepalive_seconds: Seconds = Field(
        300, ge=10, le=7_200, description="Time between keepalive pings on a connection in use."
    )
    keepalive_timeout_seconds: Seconds = Field(
        3, ge=1, le=60, description="Unanswered for so long, a connection counts as dead."
    )
    tls: TlsSettings | None = Field(None, description="TLS to the carrier; absent: plaintext.")


class LedgerSettings(Section):
    """The durable memory of every push and every call."""

    url: Text = Field(
        "sqlite:///waybridge.db",
        repr=False,
        description="`sqlite:///FILE`, `postgresql://…` when several replicas share it, or "
        "`memory:`, which forgets.",
    )
    keep_days: Whole = Field(
        180, ge=1, le=36_500, description="Age at which `ledger prune` may remove a push."
    )
    commit_within_seconds: Seconds = Field(
        0.8, gt=0, le=4, description="A record not durable by then: the carrier is not asked."
    )

    @field_serializer("url")
    def _without_password(self, url: str) -> str:
        return without_password(url)


class ForwardSettings(Section):
    """Events other than cancel_waybill."""

    url: Text = Field(
        "",
        repr=False,
        description="Where they are passed on, query and body untouched; empty: answered "
        "`success`.",
    )

    @field_serializer("url")
    def _without_password(self, url: str) -> str:
        return without_password(url)


class OpsSettings(Section):
    """The second port, on loopback only: API, /metrics, /livez, /readyz."""

    listen: Text = Field("127.0.0.1:9090", description="Host and port for the people who run it.")
    users: FileName = Field(
        None,
        description="File (.toml) of who may enter. Not read yet: the ops port has no sign-in, and "
        "`listen` must be a loopback address with or without it.",
    )
    timezone: Text = Field(
        "Asia/Shanghai", description="Time zone in which `waybridge ledger` shows times."
    )


class LogSettings(Section):
    """What is written to standard output."""

    format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: for people on a terminal, JSON lines else."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important line that is written."
    )


ProgramName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$")]


class Sections(Section):
    """The whole of adapter.toml."""

    edge: EdgeSettings = EdgeSettings()
    wechat: WeChatSettings = WeChatSettings()
    carrier: CarrierSettings = CarrierSettings()
    ledger: LedgerSettings = LedgerSettings()
    forward: ForwardSettings = ForwardSettings()
    ops: OpsSettings = OpsSettings()
    log: LogSettings = LogSettings()
    mini_programs: dict[ProgramName, MiniProgramSettings] = Field(
        {}, description="More Mini Programs, `[mini_programs.NAME]` each."
    )

    @property
    def programs(self) -> dict[str, WeChatSettings]:
        """Every Mini Program by the key of its section; the first is `wechat`.

        A configuration that sets nothing of `[wechat]` but names others has only those.
        """
        others: dict[str, WeChatSettings] = {
            f"mini_programs.{name}": program for name, program in self.mini_programs.items()
        }
        return (
            others
            if others and not self.wechat.model_fields_set
            else {"wechat": self.wechat, **others}
        )

    def path_of(self, section: str) -> str:
        """Return the path that the pushes of a section of `programs` come to."""
        program = self.programs[section]
        return program.path if isinstance(program, MiniProgramSettings) else self.edge.path
