from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from adapter.carrier.contract import Contract
from adapter.carrier.findings import Severity
from adapter.carrier.mapping import Mapping
from adapter.carrier.options import CarrierOptions, TlsFiles
from adapter.carrier.probe import Probe, probe
from tests.carrier.certificates import Authority
from tests.carrier.playing import fail
from tests.ports import free_port

CONTRACT = Contract.load()
MAPPING = Mapping.load(CONTRACT)
SERVICE = "carrier.v1.WaybillService"
AUTHORITY = Authority("our authority")

Said = tuple[Severity, str, str]


def said(found: Probe) -> list[Said]:
    return [(one.severity, one.key, one.message) for one in found.findings]


async def look(options: CarrierOptions) -> Probe:
    return await probe(options, CONTRACT, MAPPING, within_seconds=3, now_unix=time.time())


@asynccontextmanager
async def serving(
    *,
    status: int | None = health_pb2.HealthCheckResponse.SERVING,
    shown: Contract | None = CONTRACT,
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[int]:
    server = grpc.aio.server()
    if status is not None:
        servicer = health.aio.HealthServicer()
        await servicer.set("", status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if shown is not None:
        reflection.enable_server_reflection(
            [SERVICE, reflection.SERVICE_NAME], server, pool=shown.pool
        )
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


def drifted() -> Contract:
    files = FileDescriptorSet.FromString(CONTRACT.descriptors)
    for file in files.file:
        for message in file.message_type:
            for one in message.field:
                if (message.name, one.name) == ("CancelWaybillRequest", "waybill_id"):
                    one.number = 50
    return Contract.load(bytes(files.SerializeToString()))


async def test_a_good_carrier_has_no_finding_and_a_distance() -> None:
    async with serving() as port:
        found = await look(CarrierOptions(target=f"127.0.0.1:{port}"))

    assert found.findings == ()
    assert found.round_trip_seconds is not None
    assert found.round_trip_seconds > 0


async def test_neither_health_nor_reflection_is_a_fault() -> None:
    async with serving(status=None, shown=None) as port:
        found = await look(CarrierOptions(target=f"127.0.0.1:{port}"))

    assert said(found) == [
        (Severity.NOTE, "carrier.health", "the server has no health service"),
        (Severity.NOTE, "carrier.descriptors", "the server offers no reflection"),
    ]
    assert found.round_trip_seconds is not None


async def test_a_carrier_that_is_unwell_is_an_error() -> None:
    async with serving(status=health_pb2.HealthCheckResponse.NOT_SERVING) as port:
        found = await look(CarrierOptions(target=f"127.0.0.1:{port}"))

    assert said(found) == [(Severity.ERROR, "carrier.health", "the server says NOT_SERVING")]


async def test_a_health_service_that_does_not_know_us_is_an_error() -> None:
    async with serving() as port:
        options = CarrierOptions(target=f"127.0.0.1:{port}", health_service="dispatch")
        found = await look(options)

    message = "the health service does not know the service it is asked for"
    assert said(found) == [(Severity.ERROR, "carrier.health", message)]


async def test_a_contract_that_drifted_is_told() -> None:
    async with serving(shown=drifted()) as port:
        found = await look(CarrierOptions(target=f"127.0.0.1:{port}"))

    message = "carrier.v1.CancelWaybillRequest.waybill_id is number 5 here and 50 at the server"
    assert said(found) == [(Severity.ERROR, "carrier.descriptors", message)]


async def test_every_address_of_the_target_is_looked_at() -> None:
    dead = free_port()
    async with serving() as port:
        found = await look(CarrierOptions(target=f"ipv4:127.0.0.1:{port},127.0.0.1:{dead}"))

    message = f"127.0.0.1:{dead}: connection refused, nothing listens there"
    assert said(found) == [(Severity.ERROR, "carrier.target", message)]


async def test_a_name_nobody_knows_is_said() -> None:
    # A label of more than 63 octets is no name (RFC 1035 §2.3.4): no resolver is asked.
    name = "a" * 64 + ".test"

    found = await look(CarrierOptions(target=f"{name}:1", insecure=True))

    assert said(found) == [
        (Severity.ERROR, "carrier.target", f"the name {name} is not known to DNS")
    ]


async def test_a_target_without_safety_is_not_even_knocked_at() -> None:
    found = await look(CarrierOptions(target="dispatch.internal:1"))

    message = "'dispatch.internal:1' is not loopback: configure TLS, or set insecure = true"
    assert said(found) == [(Severity.ERROR, "carrier.target", message)]


@pytest.fixture
def tls(tmp_path: Path) -> TlsFiles:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(AUTHORITY.cert)
    cert, key = AUTHORITY.issue("client", days=(-1, 60)).save(tmp_path, "client")
    return TlsFiles(ca=ca, cert=cert, key=key)


def mutual() -> grpc.ServerCredentials:
    pair = AUTHORITY.issue()
    return grpc.ssl_server_credentials(
        [(pair.key, pair.cert)], root_certificates=AUTHORITY.cert, require_client_auth=True
    )


async def test_a_good_carrier_with_mutual_tls_has_no_finding(tls: TlsFiles) -> None:
    async with serving(credentials=mutual()) as port:
        assert (await look(CarrierOptions(target=f"localhost:{port}", tls=tls))).findings == ()


def _without_ca(folder: Path, tls: TlsFiles) -> str:
    (folder / "ca.pem").unlink()
    return f"{tls.ca}: No such file or directory"


def _with_garbage(folder: Path, tls: TlsFiles) -> str:
    (folder / "ca.pem").write_bytes(b"garbage")
    return f"{tls.ca} holds no readable PEM certificate"


def _with_another_key(folder: Path, tls: TlsFiles) -> str:
    (folder / "client.key").write_bytes(AUTHORITY.issue("other").key)
    return f"{tls.cert} and {tls.key} are not a certificate and its unencrypted key"


@pytest.mark.parametrize("spoil", [_without_ca, _with_garbage, _with_another_key])
async def test_files_that_do_not_fit_are_named(
    tmp_path: Path, tls: TlsFiles, spoil: Callable[[Path, TlsFiles], str]
) -> None:
    message = spoil(tmp_path, tls)

    found = await look(CarrierOptions(target="localhost:1", tls=tls))

    assert said(found) == [(Severity.ERROR, "carrier.target", message)]


async def test_our_own_certificates_end_is_told_before_it_comes(
    tmp_path: Path, tls: TlsFiles
) -> None:
    AUTHORITY.issue("client", days=(-1, 5)).save(tmp_path, "client")
    async with serving(credentials=mutual()) as port:
        (finding,) = (await look(CarrierOptions(target=f"localhost:{port}", tls=tls))).findings

    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("the client certificate client.pem expires on ")


async def test_our_own_expired_certificate_is_the_first_reason(
    tmp_path: Path, tls: TlsFiles
) -> None:
    AUTHORITY.issue("client", days=(-9, -2)).save(tmp_path, "client")
    async with serving(credentials=mutual()) as port:
        first = (await look(CarrierOptions(target=f"localhost:{port}", tls=tls))).findings[0]

    assert first.message.startswith("the client certificate client.pem expired on ")


class Refusing(grpc.GenericRpcHandler):
    """Takes every call and refuses whoever makes it."""

    def service(
        self, call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if call_details.method != "/grpc.health.v1.Health/Check":
            return None
        return grpc.unary_unary_rpc_method_handler(
            fail(grpc.StatusCode.UNAUTHENTICATED, text="canary")
        )


async def test_a_token_that_is_refused_is_a_warning(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("canary")

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Refusing(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    found = await look(CarrierOptions(target=f"127.0.0.1:{port}", token_file=token))
    await server.stop(0)

    first = found.findings[0]
    assert first.message == "the health service refuses the token: UNAUTHENTICATED"
    assert "canary" not in repr(found)
