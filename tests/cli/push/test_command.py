from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter.cli.push.command import command
from adapter.simulator.cases import CASES
from tests.journeys.processes import running


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running `dev`."""
    ports = ("--port", "0", "--ops-port", "0", "--stub-port", "0")
    cwd = tmp_path_factory.mktemp("dev")
    with running("adapter", "dev", "--json", *ports, cwd=cwd) as dev:
        yield json.loads(dev.heard(r"^\{\"push_url\".*")[0])["push_url"]


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """An edge that answers everything the same; the value is its URL and what it got."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/wechat/push", received
        server.shutdown()
        thread.join()


def push(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_a_push_is_shown_from_request_to_merchant(edge: str) -> None:
    result = push(edge, "--case", "unsupported")

    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == f"→ POST {edge}"
    assert lines[1] == "  secure mode, xml, development secrets; case unsupported"
    assert "  BizPwd         ***" in lines
    assert "  WayBillID      SF000000005" in lines
    assert "  ResultCode     30004" in lines
    assert "  ✓ envelope: signature, encryption, app id" in lines
    assert "  delivery_resultcode  30004" in lines
    assert "✗" not in result.stdout
    assert "\x1b" not in result.stdout


def test_a_second_press_of_the_example_is_right_and_explained(edge: str) -> None:
    push(edge, "--set", "CreateTime=5")  # within one second it would be the same press

    result = push(edge)

    assert result.exit_code == 0
    assert "✓ 30003 is also correct: an earlier press cancelled it" in result.stdout


@pytest.mark.parametrize("name", ["ok", "picked-up", "wrong-password", "drop", "new-enum"])
def test_json_holds_everything_but_the_password(edge: str, name: str) -> None:
    result = push(edge, "--case", name, "--format", "json", "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["case"]) == (0, True, name)
    assert told["reply"]["ResultCode"] == CASES[name].expected
    assert told["merchant"]["delivery_resultcode"] == CASES[name].expected
    assert told["request"]["BizPwd"] == "***"
    assert "xyz123" not in result.stdout
    assert len(told["checks"]) == 8
    assert all(check["ok"] for check in told["checks"])


def test_a_field_can_be_set_and_then_no_code_is_expected(edge: str) -> None:
    result = push(edge, "--set", "WayBillID=STUB-PICKED-UP-7", "--set", "CreateTime=5", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (told["reply"]["ResultCode"], told["reply"]["CreateTime"]) == (30002, 5)
    assert "expected" not in [check["check"] for check in told["checks"]]


@pytest.mark.parametrize(
    ("option", "case", "order"),
    [
        ("--numeric-orders", "example", "567890123456789"),
        ("--numeric-orders", "picked-up", "2"),
        ("--numeric-orders-32", "example", "123456789"),
    ],
)
def test_a_carrier_whose_orders_are_numbers_gets_digits(
    edge: str, option: str, case: str, order: str
) -> None:
    result = push(edge, "--case", case, option, "--json")

    told = json.loads(result.stdout)
    assert told["reply"]["OrderID"] == order
    assert "expected" in [check["check"] for check in told["checks"]]  # it is the same case still


def test_a_refused_push_exits_1_and_says_what_the_edge_said(edge: str) -> None:
    result = push(edge, "--mode", "plaintext")

    assert result.exit_code == 1
    assert "✗ HTTP status 403: forbidden" in result.stdout
    assert "system error" in result.stdout


def test_the_url_is_verified(edge: str) -> None:
    result = push(edge, "--url-verify")

    assert result.exit_code == 0
    assert result.stdout == f"{edge}: verified; echostr was returned unchanged\n"


def test_a_url_that_does_not_verify_exits_1() -> None:
    with answering(200, b"") as (url, _):
        result = push(url, "--url-verify")

    assert result.exit_code == 1
    assert "HTTP status 501, should be 200" in result.stdout


def test_retries_repeat_the_very_same_push() -> None:
    with answering(201, b"") as (url, received):
        result = push(url, "--retries")

    assert result.exit_code == 1
    assert result.stdout.count("← HTTP 201") == 4
    assert len(received) == 4
    assert len(set(received)) == 1


def test_a_wrong_reply_lists_what_is_wrong() -> None:
    with answering(200, b"success") as (url, received):
        result = push(url, "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["reply"]) == (1, False, None)
    assert len(received) == 1
    assert [check["message"] for check in told["checks"] if not check["ok"]] == [
        "success is not a reply to cancel_waybill: it has no fields"
    ]


@pytest.mark.parametrize("arguments", [(), ("--url-verify",)])
def test_nobody_there_exits_2_with_a_way_out(arguments: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"127.0.0.1:{listener.getsockname()[1]}"

    result = push(url, *arguments)

    assert result.exit_code == 2
    assert f"nothing takes a connection at http://{url}/wechat/push" in result.stderr
    assert "waybridge dev" in result.stderr


@pytest.mark.parametrize("change", ["OrderID", "=1", "Order ID=1"])
def test_a_field_that_is_not_set_right_is_a_usage_error(change: str) -> None:
    result = push("127.0.0.1:1", "--set", change)

    assert result.exit_code == 2
    assert "is not FIELD=VALUE" in result.stderr


def test_the_help_lists_every_case_with_its_code() -> None:
    shown = push("--help").stdout

    for case in CASES.values():
        assert f"{case.name:<15} {case.expected:>5}  {case.about}" in shown


def test_a_configuration_file_is_taken_as_serve_takes_it(edge: str, tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text('[wechat]\napp_id = "wx1"\nmode = "plaintext"\ntoken = "another"\n')

    result = push(edge, "--config", str(file), "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["mode"], told["deliveries"][0]["status"]) == (
        1,
        "plaintext",
        403,
    )


@pytest.mark.usefixtures("process_of_its_own")
@pytest.mark.parametrize("more", [(), ("--url-verify",)])
def test_tls_where_plain_http_is_spoken_is_named(more: tuple[str, ...]) -> None:
    with answering(200, b"") as (url, received):
        result = CliRunner().invoke(command, [url.replace("http://", "https://"), *more])

    assert (result.exit_code, received) == (2, [])
    assert "speaks no TLS, but plain HTTP. Write http://" in result.stderr
