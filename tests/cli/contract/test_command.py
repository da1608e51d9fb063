from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter.carrier.contract import contract as shipped
from adapter.carrier.contract.compile import SHOWN_LINES
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.propose import propose
from adapter.cli.contract.command import Guesses, command, example_push, guesses
from adapter.wechat.cancel_waybill import CancelWaybill, read
from adapter.wechat.codec import Format
from tests.carrier.dispatch_contract import CONTRACTS, compiled, dispatch

METHOD = "dispatch.Orders/Void"


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def _as_a_program(*arguments: str) -> subprocess.CompletedProcess[str]:
    # gRPC's own end of the program takes a lock, which counts as blocking in a test's loop.
    words = [sys.executable, "-m", "adapter", "contract", *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.fixture
def descriptors(tmp_path: Path) -> Path:
    file = tmp_path / "dispatch.binpb"
    file.write_bytes(dispatch().descriptors)
    return file


@pytest.fixture
def stub() -> Iterator[str]:
    command = [sys.executable, "-m", "legacy_stub", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


# compile


def test_protos_become_one_descriptor_set_with_their_imports(tmp_path: Path) -> None:
    target = tmp_path / "out" / "x.binpb"

    result = _run("compile", CONTRACTS / "dispatch.proto", "-o", target)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{target}: 3 files, with these methods:",
        "  dispatch.Orders/Void",
        "  dispatch.Orders/Find",
        "  dispatch.Orders/Follow",
    ]
    assert Contract.load(target).method(METHOD).name == METHOD


def test_an_import_is_found_through_an_include(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "word.proto").write_text('syntax = "proto3"; message Word {}')
    (tmp_path / "it.proto").write_text(
        'syntax = "proto3"; import "shared/word.proto"; message It { Word word = 1; }'
    )
    (tmp_path / "sub").mkdir()
    target = tmp_path / "x.binpb"

    without = _run("compile", tmp_path / "it.proto", "-I", tmp_path / "sub", "-o", target)
    found = _run("compile", tmp_path / "it.proto", "-I", tmp_path, "-o", target)

    assert without.exit_code == 2
    assert found.exit_code == 0
    assert "none; is this the file" in found.stdout


def test_what_an_import_lacks_is_said_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "it.proto"
    file.write_text('syntax = "proto3"; import "far/away.proto"; message It {}')

    result = _run("compile", file, "-o", tmp_path / "x.binpb")

    assert result.exit_code == 2
    assert 'it.proto:1:20: Import "far/away.proto" was not found' in result.stderr
    assert result.stderr.endswith("Name the directory that imports start from: -I DIR.\n")
    assert not (tmp_path / "x.binpb").exists()


def test_of_very_many_faults_only_the_first_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "it.proto"
    file.write_text('syntax = "proto3";\n' + "message It { Nothing nothing = 1; }\n" * 50)

    result = _run("compile", file, "-o", tmp_path / "x.binpb")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == SHOWN_LINES + 2
    assert " more" in result.stderr.splitlines()[-1]


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    target = tmp_path / "file" / "x.binpb"
    result = _run("compile", CONTRACTS / "dispatch.proto", "-o", target)

    assert result.exit_code == 2
    assert f"error: {target}: cannot be written" in result.stderr


def test_a_file_that_describes_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.proto").write_text('syntax = "proto3";')

    result = _run("compile", tmp_path / "empty.proto", "-o", tmp_path / "x.binpb")

    assert result.exit_code == 2
    assert "contains no message and no service" in result.stderr


# fetch


def test_a_servers_contract_is_fetched(stub: str, tmp_path: Path) -> None:
    target = tmp_path / "x.binpb"

    result = _as_a_program("fetch", stub, "-o", str(target))

    assert (result.returncode, result.stderr) == (0, "")
    assert "  carrier.v1.WaybillService/CancelWaybill\n" in result.stdout
    name = "carrier.v1.WaybillService/CancelWaybill"
    assert Contract.load(target).method(name).name == name


def test_a_servers_contract_is_shown_when_no_file_is_named(stub: str) -> None:
    result = _as_a_program("fetch", stub)

    assert (result.returncode, result.stderr) == (0, "")
    assert "        3 CANCEL_STATUS_PICKED_UP\n" in result.stdout


def test_plaintext_beyond_this_machine_must_be_asked_for() -> None:
    result = _run("fetch", "dispatch.internal:50051")

    assert result.exit_code == 2
    assert "leaves this machine" in result.stderr
    assert "Give --tls, --ca, or --insecure." in result.stderr


def test_a_ca_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    result = _run("fetch", "127.0.0.1:1", "--ca", tmp_path / "none.pem")

    assert result.exit_code == 2
    assert result.stderr.endswith("none.pem: No such file or directory.\n")


def test_half_a_client_certificate_is_no_question_of_tls(tmp_path: Path) -> None:
    result = _run("fetch", "127.0.0.1:1", "--cert", tmp_path / "cert.pem")

    assert result.exit_code == 2
    assert result.stderr.endswith(
        "--key: is missing: --cert needs it too. Mutual TLS needs both files; "
        "without mutual TLS remove both.\n"
    )


def test_a_port_that_refuses_is_said() -> None:
    result = _as_a_program("fetch", "127.0.0.1:1")

    assert result.returncode == 2
    assert result.stderr == (
        "error: contract fetch 127.0.0.1:1: 127.0.0.1:1: connection refused, nothing listens "
        "there.\n"
    )


# show


def test_the_shipped_contract_is_shown_when_none_is_named() -> None:
    result = _run("show")

    assert result.exit_code == 0
    assert result.stdout.startswith("carrier.v1.WaybillService\n")


def test_show_prints_the_services_as_json(descriptors: Path) -> None:
    result = _run("show", descriptors, "--json")

    (service,) = json.loads(result.stdout)
    assert service["methods"][0]["name"] == METHOD


def test_a_file_that_is_no_descriptor_set_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.binpb"
    file.write_bytes(b"no descriptors")

    result = _run("show", file)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {file}: ")


# init


def test_init_writes_a_mapping_and_a_test_push(descriptors: Path, tmp_path: Path) -> None:
    result = _run("init", descriptors, "--method", METHOD, "-o", tmp_path / "new")

    assert (result.exit_code, result.stderr) == (0, "")
    mapping = (tmp_path / "new" / "mapping.toml").read_text()
    assert f'method = "{METHOD}"' in mapping
    assert '"merchant.code" = "BizID" # guess' in mapping
    assert (tmp_path / "new" / "push.xml").read_text().startswith("<xml>")
    assert f'  descriptors = "{descriptors}"\n' in result.stdout


def test_init_of_the_shipped_contract_needs_no_descriptors(tmp_path: Path) -> None:
    method = "carrier.v1.WaybillService/CancelWaybill"

    result = _run("init", "--method", method, "-o", tmp_path)

    assert result.exit_code == 0
    assert "descriptors" not in result.stdout
    assert '"waybill_id" = "WayBillID" # guess' in (tmp_path / "mapping.toml").read_text()


def test_init_never_writes_over_a_mapping_unless_told(descriptors: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("mine")
    arguments = ("init", descriptors, "--method", METHOD, "-o", tmp_path)

    refused = _run(*arguments)
    kept = mapping.read_text()
    forced = _run(*arguments, "--force")

    assert (refused.exit_code, kept, forced.exit_code) == (2, "mine", 0)
    assert "already exists" in refused.stderr
    assert mapping.read_text() != "mine"


def test_init_names_the_method_that_was_meant(tmp_path: Path) -> None:
    result = _run("init", shipped.SHIPPED, "--method", "carrier.v1.WaybillService/Cancel")

    assert result.exit_code == 2
    assert 'Did you mean "carrier.v1.WaybillService/CancelWaybill"?' in result.stderr


# Proposals


def test_the_guesses_and_the_open_lines_of_a_proposal_are_counted() -> None:
    text = propose(dispatch().method("dispatch.Orders/Void"), dispatch())

    counted = guesses(text)

    assert "\n# [lookup]" in text  # one guess, for later: its lines are not counted
    own = text.partition("\n# [lookup]")[0]
    assert counted == Guesses(guessed=text.count("# guess\n"), open=own.count("\n# "))
    assert counted.guessed > 5


def test_the_test_push_is_the_one_of_the_document() -> None:
    contract = Contract.load()
    desk = contract.method("carrier.v1.WaybillService/CancelWaybill")
    push = read(example_push(propose(desk, contract), desk), Format.XML)

    assert isinstance(push, CancelWaybill)
    assert (push.biz_id, push.way_bill_id, push.faults) == ("xyz", "123456789", ())
    assert push.order_id == "012345678901234567890123456789"


def test_the_test_push_has_an_order_of_digits_where_orders_are_numbers() -> None:
    desk = dispatch().method("dispatch.Orders/Void")
    text = propose(desk, dispatch())
    assert '= "OrderID"' in text

    push = read(example_push(text, desk), Format.XML)

    assert isinstance(push, CancelWaybill)
    assert push.order_id == "567890123456789"


def test_the_test_push_has_fewer_digits_where_orders_are_small_numbers() -> None:
    contract = compiled(
        'syntax = "proto3"; package small; enum S { NONE = 0; } message A { S state = 1; }'
        "message R { string waybill_no = 1; int32 order_no = 2; }"
        "service D { rpc Do(R) returns (A); }"
    )
    desk = contract.method("small.D/Do")

    push = read(example_push(propose(desk, contract), desk), Format.XML)

    assert isinstance(push, CancelWaybill)
    assert push.order_id == "123456789"
