"""`waybridge serve`: what keeps it from starting, in words, and how signals end it."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from adapter.cli.check.command import command as check
from tests.journeys.processes import Listened, configuration, running, serving

NOBODY = "127.0.0.1:1"
DEVELOPMENT = {"WAYBRIDGE_WECHAT__TOKEN": "waybridgedevelopment"}


def _written(folder: Path, *, section: str, line: str) -> Path:
    """A whole configuration with one more line in a section."""
    config = configuration(folder, NOBODY)
    config.write_text(config.read_text().replace(f"[{section}]", f"[{section}]\n{line}"))
    return config


def _refused(config: Path, *, env: dict[str, str] | None = None) -> Listened:
    with running(
        "adapter", "serve", "--config", str(config), env=env, cwd=config.parent
    ) as listened:
        assert listened.ended() == 2
    assert listened.stdout == ""
    assert "Traceback" not in listened.stderr
    return listened


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_while_the_edge_still_answers(
    number: signal.Signals, tmp_path: Path
) -> None:
    env = {"WAYBRIDGE_EDGE__DRAIN_DELAY_SECONDS": "25"}
    with serving(configuration(tmp_path, NOBODY), env=env) as (serve, _, ops):
        serve.process.send_signal(number)
        serve.heard('"event":"draining"')
        ready = httpx2.get(f"{ops}readyz")
        metrics = httpx2.get(f"{ops}metrics").text
        code = serve.stop(number)  # the second one ends the delay

    assert ready.status_code == 503
    assert "waybridge_log_lines_dropped_total 0.0" in metrics
    assert code == 0
    assert '"event":"drained"' in serve.stdout
    assert '"event":"stopped"' in serve.stdout


@pytest.mark.parametrize("section", ["edge", "ops"])
def test_a_taken_port_is_one_paragraph_with_a_way_out(section: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        env = {f"WAYBRIDGE_{section.upper()}__LISTEN": listen}
        refused = _refused(configuration(tmp_path, NOBODY), env=env)

    assert listen in refused.stderr
    assert "configure another address" in refused.stderr
    assert len(refused.stderr.strip().split("\n\n")) == 1


def test_the_secrets_everybody_knows_are_refused(tmp_path: Path) -> None:
    refused = _refused(configuration(tmp_path, NOBODY), env=DEVELOPMENT)

    assert "wechat.token: is the development value" in refused.stderr


@pytest.mark.parametrize("users", ["", 'users = "users.toml"'], ids=["no users", "users"])
def test_an_ops_port_that_others_reach_is_refused_as_check_refuses_it(
    users: str, tmp_path: Path
) -> None:
    (tmp_path / "users.toml").write_text("this is not a file of users")
    config = _written(tmp_path, section="ops", line=users)
    head, ops, tail = config.read_text().partition("[ops]")
    config.write_text(head + ops + tail.replace("127.0.0.1:0", "0.0.0.0:39417"))

    serve = _refused(config)
    checked = CliRunner().invoke(check, ["--offline", "--config", str(config)])

    assert "ops.listen: is reachable from other machines" in serve.stderr
    assert "SSH tunnel or a proxy on this machine" in serve.stderr
    assert checked.exit_code == 1
    assert serve.stderr.strip() in checked.stderr


def test_a_ledger_in_use_is_refused_and_named(tmp_path: Path) -> None:
    config = configuration(tmp_path, NOBODY)
    with serving(config) as (first, _, _):
        second = _refused(config)

    assert f"in use by process {first.process.pid}" in second.stderr


def test_a_ledger_that_may_not_be_written_is_told_with_a_way_out(tmp_path: Path) -> None:
    # Nobody makes files in /proc, root included.
    refused = _refused(
        configuration(tmp_path, NOBODY), env={"WAYBRIDGE_LEDGER__URL": "sqlite:////proc/x.db"}
    )

    assert refused.stderr.count("\n") == 1
    assert "ledger.url: the ledger /proc/x.db cannot be locked" in refused.stderr
    assert "or name another file." in refused.stderr


def test_a_ledger_that_is_no_database_is_told_without_a_librarys_address(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("hello " * 1000)
    refused = _refused(
        configuration(tmp_path, NOBODY), env={"WAYBRIDGE_LEDGER__URL": "sqlite:///text.db"}
    )

    assert f"{tmp_path}/text.db is not a waybridge ledger: name another file." in refused.stderr
    assert "http" not in refused.stderr


def test_every_fault_of_a_mapping_is_told_with_its_line(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[cancel]\nmethod = "no.Such/Method"\nnonsense = 1\n')
    refused = _refused(_written(tmp_path, section="carrier", line='mapping = "mapping.toml"'))

    paragraphs = refused.stderr.strip().split("\n\n")
    assert len(paragraphs) > 1
    assert all(str(mapping) in paragraph for paragraph in paragraphs)
    assert f"{mapping}, line 1, cancel: " in refused.stderr


def test_a_contract_that_is_none_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "carrier.binpb").write_bytes(b"this is no descriptor set")
    refused = _refused(_written(tmp_path, section="carrier", line='descriptors = "carrier.binpb"'))

    assert ", line 14, carrier.descriptors" in refused.stderr
    assert "carrier.descriptors: the file is not a descriptor set." in refused.stderr
    assert ".." not in refused.stderr
