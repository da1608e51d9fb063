"""Every setting once: its name with its unit, its default, its range and what it means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_serializer

from adapter.config.kinds import (
    Concealed,
    FileName,
    Flag,
    Hosts,
    Networks,
    Seconds,
    Text,
    Whole,
    without_password,
)
from adapter.wechat.codec import LIMITS
from adapter.wechat.secret import Secret

ABSENT = Secret("")
"""The default of every secret: not set."""


class Section(BaseModel):
    """Settings that stand under one heading: frozen, and no key but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class EdgeSettings(Section):
    """The public port that WeChat reaches, and its limits."""

    listen: Text = Field("0.0.0.0:8080", description="Host and port that receive WeChat's pushes.")
    path: Text = Field("/wechat/push", description="Path of the URL configured at WeChat.")
    reply_within_seconds: Seconds = Field(
        4.5,
        gt=0.5,
        le=4.8,
        description="Time limit for the reply to a push; WeChat hangs up after 5 s. It does not "
        "limit the call to the carrier.",
    )
    body_limit_bytes: Whole = Field(
        65_536,
        ge=1_024,
        le=LIMITS.body_bytes,
        description="Largest body of a push; a larger one gets status 413.",
    )
    max_in_flight: Whole = Field(
        512,
        ge=1,
        le=100_000,
        description="Pushes processed at the same time; any more are answered -1.",
    )
    drain_delay_seconds: Seconds = Field(
        5,
        ge=0,
        le=300,
        description="Time between SIGTERM and closing the port, for load balancers to react.",
    )
    header_within_seconds: Seconds = Field(
        5, gt=0, le=60, description="Time limit for receiving the header of a request."
    )
    body_within_seconds: Seconds = Field(
        2, gt=0, le=60, description="Time limit for receiving a body; a slower one gets status 408."
    )
    idle_seconds: Seconds = Field(
        30, gt=0, le=3_600, description="Time after which an idle connection is closed."
    )
    max_connections: Whole = Field(
        4_096, ge=1, le=1_000_000, description="Open connections; any more are closed at once."
    )
    trusted_proxies: Networks = Field(
        (),
        description="Addresses and networks of proxies in front, with commas in the environment. "
        "Whom their `X-Forwarded-For` names is the `peer` of the log; nobody else's is read.",
    )


class WeChatSettings(Section):
    """A Mini Program's message push configuration, with the names that WeChat's page uses."""

    app_id: Text = Field(
        "", description="The Mini Program's AppID; every decrypted message must end with it."
    )
    mode: Literal["plaintext", "compatible", "secure"] = Field(
        "secure", description="Encryption mode. It is taken from here, never from the request."
    )
    token: Concealed = Field(ABSENT, description="The Token that signs every push.")
    previous_token: Concealed = Field(
        ABSENT, description="The previous Token, accepted while WeChat switches to the new one."
    )
    encoding_aes_key: Concealed = Field(
        ABSENT,
        description="The EncodingAESKey: 43 letters and digits. Not needed in plaintext mode.",
    )
    previous_encoding_aes_key: Concealed = Field(
        ABSENT,
        description="The previous EncodingAESKey, accepted while WeChat switches to the new one.",
    )
    freshness_seconds: Whole = Field(
        600,
        ge=1,
        description="Largest difference between a push's timestamp and now, in either direction. "
        "No upper limit: use a large value to replay old captures.",
    )
    locale: Literal["zh", "en"] = Field("zh", description="Language of the ResultMsg texts.")


class MiniProgramSettings(WeChatSettings):
    """A further Mini Program: the keys of `[wechat]`, and the path that receives its pushes."""

    path: Text = Field(
        "", description="Path of the URL configured at WeChat for this Mini Program."
    )


class TlsSettings(Section):
    """TLS to the carrier: which CA to trust, and our own certificate. Absent: plaintext."""

    ca: FileName = Field(None, description="PEM file of the CA to trust; empty: gRPC's own list.")
    cert: FileName = Field(None, description="PEM file of our client certificate, for mutual TLS.")
    key: FileName = Field(None, description="PEM file of the client certificate's private key.")
    server_name: Text = Field(
        "",
        description="Name that the carrier's certificate must contain; empty: the target's host.",
    )


class CarrierSettings(Section):
    """The carrier's order system, called over gRPC."""

    target: Text = Field(
        "",
        description="Any gRPC target, e.g. `dns:///dispatch.internal:50051`; calls are balanced "
        "over its addresses. Required.",
    )
    deadline_seconds: Seconds = Field(
        12,
        ge=0.1,
        le=120,
        description="Deadline of one call, from its ledger record on; it may outlive the reply.",
    )
    connect_wait_seconds: Seconds = Field(
        1,
        ge=0.01,
        le=4,
        description="Time to wait for a ready channel; after that the call is not sent. A channel "
        "without a connection for that long already is not waited for.",
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
        None,
        description="File with a bearer token sent with every call and with the health Watch; read "
        "again when it changes.",
    )
    health: Literal["watch", "off"] = Field(
        "watch",
        description="`watch`: an address gets calls while the carrier's health service says "
        "SERVING, or has no health service. `off`: the health service is not asked; for a carrier "
        "or a proxy that refuses it.",
    )
    health_service: Text = Field(
        "",
        description="Service to ask the carrier's health service about; empty: the whole server.",
    )
    max_concurrent_calls: Whole = Field(
        512, ge=1, le=100_000, description="Calls to the carrier at the same time."
    )
    receive_limit_bytes: Whole = Field(
        262_144, ge=4_096, le=4_194_304, description="Largest reply accepted from the carrier."
    )
    keepalive_seconds: Seconds = Field(
        300, ge=10, le=7_200, description="Time between keepalive pings on a connection in use."
    )
    keepalive_timeout_seconds: Seconds = Field(
        3,
        ge=1,
        le=60,
        description="Time to wait for the answer to a ping; then the connection counts as dead.",
    )
    tls: TlsSettings | None = Field(None, description="TLS to the carrier; absent: plaintext.")


class LedgerSettings(Section):
    """The database of every push and every call."""

    url: Text = Field(
        "sqlite:///waybridge.db",
        repr=False,
        description="`sqlite:///FILE`; `postgresql://…` for several replicas, "
        "with `pip install 'waybridge[postgres]'`; or `memory:`, which "
        "is lost at the end.",
    )
    keep_days: Whole = Field(
        180, ge=1, le=36_500, description="Age after which `ledger prune` may remove a push."
    )
    commit_within_seconds: Seconds = Field(
        0.8,
        gt=0,
        le=4,
        description="Time limit for a record to be durable; after that the carrier is not called.",
    )

    @field_serializer("url")
    def _without_password(self, url: str) -> str:
        return without_password(url)


class ForwardSettings(Section):
    """Events other than cancel_waybill."""

    url: Text = Field(
        "",
        repr=False,
        description="URL to forward them to, query and body unchanged; empty: they are answered "
        "`success`.",
    )

    @field_serializer("url")
    def _without_password(self, url: str) -> str:
        return without_password(url)


class OpsSettings(Section):
    """The second port, on loopback only: API, /metrics, /livez, /readyz."""

    listen: Text = Field("127.0.0.1:9090", description="Host and port for operators.")
    users: FileName = Field(
        None,
        description="File (.toml) of the users who may sign in. Not read yet: the ops port has no "
        "sign-in, and `listen` must be a loopback address in any case.",
    )
    allowed_hosts: Hosts = Field(
        (),
        description="Further names that requests to the ops port may have as Host, with commas in "
        "the environment; loopback names and the listen address always may. Any other is 421.",
    )
    timezone: Text = Field(
        "Asia/Shanghai", description="Time zone of the times that `waybridge ledger` shows."
    )


class LogSettings(Section):
    """What is written to standard output."""

    format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: readable text on a terminal, JSON lines otherwise."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe level that is written."
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
        {}, description="Further Mini Programs, one `[mini_programs.NAME]` each."
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
