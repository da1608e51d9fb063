from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2

from adapter.carrier.channel.health_watch import WATCH_METHOD
from adapter.carrier.channel.options import CarrierOptions, TlsFiles
from adapter.carrier.diagnose.health import ABSENT_METHOD
from adapter.carrier.diagnose.probe import ProbeResult, probe
from adapter.carrier.diagnose.reflection import PATHS
from adapter.carrier.mapping.mapping import Mapping
from adapter.diagnostics.finding import Severity
from tests import defaults
from tests.carrier.certificates import Authority
from tests.carrier.misbehaving_carriers import Behaviour, fail, hang, reply
from tests.carrier.probed_servers import (
    CONTRACT,
    SERVICE,
    Answering,
    drifted,
    health_answering,
    serving,
)
from tests.ports import free_port

MAPPING = Mapping.load(CONTRACT)
AUTHORITY = Authority("our authority")

Said = tuple[Severity, str, str]


def said(found: ProbeResult) -> list[Said]:
    return [(one.severity, one.key, one.message) for one in found.findings]


async def look(options: CarrierOptions) -> ProbeResult:
    return await probe(options, CONTRACT, MAPPING, within_seconds=3, now_unix=time.time())


async def test_a_good_carrier_has_no_finding_and_a_distance() -> None:
    async with serving() as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    assert found.findings == ()
    assert found.round_trip_seconds is not None
    assert found.round_trip_seconds > 0


async def test_neither_health_nor_reflection_is_a_fault() -> None:
    async with serving(status=None, shown=None) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    assert said(found) == [
        (Severity.NOTE, "carrier.health", "the server has no health service."),
        (Severity.NOTE, "carrier.descriptors", "the server offers no reflection."),
    ]
    assert found.round_trip_seconds is not None


async def test_a_carrier_that_is_unwell_is_an_error() -> None:
    async with serving(status=health_pb2.HealthCheckResponse.NOT_SERVING) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    assert said(found) == [(Severity.ERROR, "carrier.health", "the server reports NOT_SERVING.")]


async def test_a_health_service_that_does_not_know_us_is_an_error() -> None:
    async with serving() as port:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{port}", health_service="dispatch")
        found = await look(options)

    message = "the health service does not know the configured service."
    assert said(found) == [(Severity.ERROR, "carrier.health", message)]


async def test_a_contract_that_drifted_is_told() -> None:
    async with serving(shown=drifted()) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    message = "carrier.v1.CancelWaybillRequest.waybill_id is number 5 here and 50 at the server."
    assert said(found) == [(Severity.ERROR, "carrier.descriptors", message)]


async def test_every_address_of_the_target_is_looked_at() -> None:
    dead = free_port()
    async with serving() as port:
        found = await look(
            replace(defaults.CARRIER, target=f"ipv4:127.0.0.1:{port},127.0.0.1:{dead}")
        )

    message = f"127.0.0.1:{dead}: connection refused, nothing listens there."
    assert said(found) == [(Severity.ERROR, "carrier.target", message)]


async def test_a_name_nobody_knows_is_said() -> None:
    # More than 253 octets are no name (RFC 1035 §2.3.4): no resolver is asked.
    name = ".".join(["a" * 63] * 4) + ".test"

    found = await look(replace(defaults.CARRIER, target=f"{name}:1", insecure=True))

    assert said(found) == [
        (Severity.ERROR, "carrier.target", f"the name {name} is not known to DNS.")
    ]


async def test_a_target_without_safety_is_not_even_knocked_at() -> None:
    found = await look(replace(defaults.CARRIER, target="dispatch.internal:1"))

    message = "leaves this machine, and there is no TLS: passwords would be readable."
    assert said(found) == [(Severity.ERROR, "carrier.target", message)]


@pytest.fixture
def tls(tmp_path: Path) -> TlsFiles:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(AUTHORITY.cert)
    cert, key = AUTHORITY.issue("client", days=(-1, 60)).save(tmp_path, "client")
    return replace(defaults.TLS, ca=ca, cert=cert, key=key)


def mutual() -> grpc.ServerCredentials:
    pair = AUTHORITY.issue()
    return grpc.ssl_server_credentials(
        [(pair.key, pair.cert)], root_certificates=AUTHORITY.cert, require_client_auth=True
    )


async def test_a_good_carrier_with_mutual_tls_has_no_finding(tls: TlsFiles) -> None:
    async with serving(credentials=mutual()) as port:
        assert (
            await look(replace(defaults.CARRIER, target=f"localhost:{port}", tls=tls))
        ).findings == ()


def _without_ca(folder: Path, tls: TlsFiles) -> str:
    (folder / "ca.pem").unlink()
    return f"{tls.ca}: No such file or directory."


def _with_garbage(folder: Path, tls: TlsFiles) -> str:
    (folder / "ca.pem").write_bytes(b"garbage")
    return f"{tls.ca} holds no readable PEM certificate."


def _with_another_key(folder: Path, tls: TlsFiles) -> str:
    (folder / "client.key").write_bytes(AUTHORITY.issue("other").key)
    return f"{tls.cert} and {tls.key} are not a certificate and its unencrypted key."


@pytest.mark.parametrize(
    ("spoil", "key"), [(_without_ca, "ca"), (_with_garbage, "ca"), (_with_another_key, "cert")]
)
async def test_files_that_do_not_fit_are_named(
    tmp_path: Path, tls: TlsFiles, spoil: Callable[[Path, TlsFiles], str], key: str
) -> None:
    message = spoil(tmp_path, tls)

    found = await look(replace(defaults.CARRIER, target="localhost:1", tls=tls))

    assert said(found) == [(Severity.ERROR, f"carrier.tls.{key}", message)]


async def test_our_own_certificates_end_is_told_before_it_comes(
    tmp_path: Path, tls: TlsFiles
) -> None:
    AUTHORITY.issue("client", days=(-1, 5)).save(tmp_path, "client")
    async with serving(credentials=mutual()) as port:
        (finding,) = (
            await look(replace(defaults.CARRIER, target=f"localhost:{port}", tls=tls))
        ).findings

    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("the client certificate client.pem expires on ")


async def test_our_own_expired_certificate_is_the_first_reason(
    tmp_path: Path, tls: TlsFiles
) -> None:
    AUTHORITY.issue("client", days=(-9, -2)).save(tmp_path, "client")
    async with serving(credentials=mutual()) as port:
        first = (
            await look(replace(defaults.CARRIER, target=f"localhost:{port}", tls=tls))
        ).findings[0]

    assert first.message.startswith("the client certificate client.pem expired on ")


async def test_a_token_that_is_refused_is_an_error(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("canary")
    async with health_answering(fail(grpc.StatusCode.UNAUTHENTICATED, text="canary")) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}", token_file=token))

    first = found.findings[0]
    assert first.severity is Severity.ERROR
    assert first.message == "the health service refuses the token: UNAUTHENTICATED."
    assert "carrier.health" in first.hint
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("behaviour", "severity", "message"),
    [
        (
            fail(grpc.StatusCode.PERMISSION_DENIED),
            Severity.ERROR,
            "the health service wants credentials, and none are set: PERMISSION_DENIED.",
        ),
        (
            reply(b"\xff\xff"),
            Severity.ERROR,
            "the health service's reply cannot be read.",
        ),
        (
            reply(health_pb2.HealthCheckResponse(status=9).SerializeToString()),
            Severity.ERROR,
            "the server reports 9.",
        ),
        (
            fail(grpc.StatusCode.NOT_FOUND),
            Severity.ERROR,
            "the health service does not know the configured service.",
        ),
        (
            fail(grpc.StatusCode.INTERNAL),
            Severity.ERROR,
            "the health service fails with INTERNAL.",
        ),
    ],
)
async def test_a_health_service_of_another_kind_is_told(
    behaviour: Behaviour, severity: Severity, message: str
) -> None:
    async with health_answering(behaviour) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    assert said(found) == [(severity, "carrier.health", message)]
    assert (found.round_trip_seconds is None) == (severity is Severity.ERROR)


async def test_a_server_that_answers_nothing_has_no_distance() -> None:
    async with health_answering(hang) as port:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{port}")
        found = await probe(options, CONTRACT, MAPPING, within_seconds=0.3, now_unix=time.time())

    message = "the server accepts connections but does not answer."
    assert said(found) == [(Severity.ERROR, "carrier.health", message)]
    assert found.round_trip_seconds is None


async def test_a_far_carrier_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.carrier.diagnose.probe.SLOW_SECONDS", 0.0)  # so that all are far

    async with serving() as port:
        (finding,) = (await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))).findings

    assert (finding.severity, finding.key) == (Severity.WARNING, "carrier.distance")
    assert finding.message.startswith("a round trip takes ")
    assert finding.hint == "WeChat waits 5 s for everything."


async def test_a_reflection_that_fails_leaves_the_contract_to_the_first_call() -> None:
    refusing = Answering(PATHS[0], fail(grpc.StatusCode.PERMISSION_DENIED))
    async with serving(shown=None, others=(refusing,)) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    message = "reflection failed with PERMISSION_DENIED."
    assert said(found) == [(Severity.NOTE, "carrier.descriptors", message)]


async def test_a_carrier_on_a_socket_of_this_machine_is_not_knocked_at(tmp_path: Path) -> None:
    socket = f"unix:{tmp_path}/carrier.sock"
    async with serving(at=socket):
        found = await look(replace(defaults.CARRIER, target=socket))

    assert found.findings == ()
    assert found.round_trip_seconds is not None


ABSENT = f"/{SERVICE}/{ABSENT_METHOD}"
LOOKUP = f"/{SERVICE}/GetWaybill"


@pytest.mark.parametrize(
    ("method", "code", "found"),
    [
        (
            ABSENT,
            grpc.StatusCode.UNAUTHENTICATED,
            (
                Severity.ERROR,
                "carrier.token_file",
                "the carrier wants a token, and none is set: UNAUTHENTICATED.",
            ),
        ),
        (
            ABSENT,
            grpc.StatusCode.PERMISSION_DENIED,
            (
                Severity.WARNING,
                "carrier.token_file",
                "the carrier wants a token, and none is set: PERMISSION_DENIED.",
            ),
        ),
        (
            ABSENT,
            grpc.StatusCode.UNAVAILABLE,
            (
                Severity.ERROR,
                "carrier.answers",
                "the carrier answers calls: UNAVAILABLE.",
            ),
        ),
        (
            LOOKUP,
            grpc.StatusCode.UNAUTHENTICATED,
            (
                Severity.ERROR,
                "carrier.token_file",
                "the carrier wants a token, and none is set: UNAUTHENTICATED.",
            ),
        ),
        (LOOKUP, grpc.StatusCode.NOT_FOUND, None),
    ],
)
async def test_a_carrier_that_would_refuse_a_call_is_found_without_one(
    method: str, code: grpc.StatusCode, found: Said | None
) -> None:
    async with serving(others=(Answering(method, fail(code)),)) as port:
        looked = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    assert said(looked) == ([] if found is None else [found])


async def test_a_carrier_that_answers_no_call_is_found_without_one() -> None:
    async with serving(others=(Answering(ABSENT, hang),)) as port:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{port}")
        found = await probe(options, CONTRACT, MAPPING, within_seconds=0.3, now_unix=time.time())

    message = "the server accepts connections but does not answer."
    assert said(found) == [(Severity.ERROR, "carrier.answers", message)]


async def test_a_method_that_should_be_absent_measures_the_distance_too() -> None:
    async with serving(others=(Answering(ABSENT, reply(b"")),)) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    assert found.findings == ()
    assert found.round_trip_seconds is not None


async def test_without_the_watch_health_is_not_asked() -> None:
    async with serving(status=health_pb2.HealthCheckResponse.NOT_SERVING) as port:
        options = replace(defaults.CARRIER, target=f"127.0.0.1:{port}", watch_health=False)

        assert (await look(options)).findings == ()


async def test_an_address_that_is_unwell_beside_a_good_one_is_named(tls: TlsFiles) -> None:
    async with (
        serving(credentials=mutual()) as well,
        serving(credentials=mutual(), status=health_pb2.HealthCheckResponse.NOT_SERVING) as unwell,
    ):
        target = f"ipv4:127.0.0.1:{well},127.0.0.1:{unwell}"
        found = await look(replace(defaults.CARRIER, target=target, tls=tls))

    message = f"127.0.0.1:{unwell}: the server reports NOT_SERVING."
    assert said(found) == [(Severity.ERROR, "carrier.health", message)]
    assert found.round_trip_seconds is None


async def test_two_good_addresses_in_the_clear_have_no_finding() -> None:
    async with serving() as one, serving() as two:
        found = await look(
            replace(defaults.CARRIER, target=f"ipv4:127.0.0.1:{one},127.0.0.1:{two}")
        )

    assert found.findings == ()
    assert found.round_trip_seconds is not None


async def test_dns_that_does_not_answer_is_said() -> None:
    options = replace(defaults.CARRIER, target="localhost:1")

    found = await probe(options, CONTRACT, MAPPING, within_seconds=0, now_unix=time.time())

    message = "DNS does not answer within 0 s."
    assert said(found) == [(Severity.ERROR, "carrier.target", message)]


class Ending(grpc.GenericRpcHandler):
    """A health service whose Watch ends at once, without an error."""

    def service(
        self, call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if call_details.method != WATCH_METHOD:
            return None
        return grpc.unary_stream_rpc_method_handler(self._end)

    async def _end(
        self, _request: bytes, _context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> AsyncIterator[bytes]:
        for word in tuple[bytes, ...]():
            yield word


async def test_a_watch_that_ends_without_a_word_is_an_error() -> None:
    async with serving(status=None, others=(Ending(),)) as port:
        found = await look(replace(defaults.CARRIER, target=f"127.0.0.1:{port}"))

    message = "the health service ends its Watch without a word."
    assert said(found) == [(Severity.ERROR, "carrier.health", message)]
