"""`serve` with `[log] format = "json"`: every line is JSON, whatever happens to the carrier."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import httpx2

from tests.journeys.processes import APP_ID, Listened, configuration, serving


def carrier(port: int = 0) -> tuple[grpc.Server, int]:
    """A gRPC server that listens and offers nothing, health neither."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, port


def wait_for(ops: str, connectivity: str) -> None:
    """Wait until /readyz shows how the carrier's connection is."""
    deadline = time.monotonic() + 30
    while httpx2.get(f"{ops}readyz").json()["carrier"]["detail"].partition(",")[0] != connectivity:
        assert time.monotonic() < deadline


def test_every_line_is_json_while_a_carrier_without_health_comes_and_goes(
    tmp_path: Path, may_wait: None
) -> None:
    first, port = carrier()
    config = configuration(tmp_path, f"127.0.0.1:{port}", ledger="memory:")
    config.write_text(f'{config.read_text()}\n[log]\nformat = "json"\n')
    with serving(config) as (serve, _, ops):
        wait_for(ops, "ready")
        first.stop(None).wait()
        serve.heard('"event":"carrier_lost"')
        second, _ = carrier(port)
        serve.heard('"event":"carrier_back"')
        code = serve.stop()
        second.stop(None).wait()

    assert code == 0
    assert events(serve) >= {"listening", "carrier_lost", "carrier_back", "drained", "stopped"}


def test_a_warning_of_the_configuration_is_a_line_too(tmp_path: Path) -> None:
    config = configuration(tmp_path, "127.0.0.1:1", ledger="memory:")
    config.write_text(config.read_text().replace(APP_ID, "wxODD"))
    with serving(config) as (serve, _, _ops):
        said = json.loads(serve.heard(r'.*"event":"configuration".*')[0])
        serve.stop()

    assert said["where"].endswith("wechat.app_id")
    assert "listening" in events(serve)


def test_a_user_may_have_the_lines_of_grpc(tmp_path: Path, may_wait: None) -> None:
    server, port = carrier()
    config = configuration(tmp_path, f"127.0.0.1:{port}", ledger="memory:")
    with serving(config, env={"GRPC_VERBOSITY": "ERROR"}) as (serve, _, ops):
        wait_for(ops, "ready")
        serve.stop()
        server.stop(None).wait()

    assert "UNIMPLEMENTED" in serve.stderr


def events(serve: Listened) -> set[str]:
    """Read every line of both streams; one that is not JSON fails the test."""
    lines = (serve.stdout + serve.stderr).splitlines()
    return {json.loads(line)["event"] for line in lines}
