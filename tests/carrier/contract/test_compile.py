from __future__ import annotations

from pathlib import Path

import pytest

from adapter.carrier.contract import compile as compiling
from adapter.carrier.contract.compile import (
    SHIPPED_DESCRIPTORS,
    CompileFault,
    compile_protos,
    compile_shipped,
)
from adapter.carrier.contract.contract import Contract

ROOT = Path(__file__).parents[3]

WITH_IMPORT = """
syntax = "proto3";
package old;
import "shared/merchant.proto";
import "google/protobuf/timestamp.proto";
service Dispatch { rpc Void(shared.Merchant) returns (google.protobuf.Timestamp); }
"""
IMPORTED = 'syntax = "proto3"; package shared; message Merchant { string code = 1; }'


def _carrier(folder: Path) -> Path:
    (folder / "shared").mkdir()
    (folder / "shared" / "merchant.proto").write_text(IMPORTED)
    file = folder / "old.proto"
    file.write_text(WITH_IMPORT)
    return file


def test_the_committed_descriptors_are_those_of_the_committed_proto() -> None:
    assert compile_shipped(ROOT) == SHIPPED_DESCRIPTORS.read_bytes(), "run: make proto"


def test_a_set_holds_every_import_and_googles_own(tmp_path: Path) -> None:
    compiled = compile_protos([_carrier(tmp_path)])

    files = {file.name for file in Contract.load(compiled).files}
    assert files == {"old.proto", "shared/merchant.proto", "google/protobuf/timestamp.proto"}


def test_imports_are_looked_for_in_the_folders_that_are_given(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    file = _carrier(tmp_path / "one")

    compiled = compile_protos([file], include=[tmp_path / "one"])

    assert Contract.load(compiled).method("old.Dispatch/Void").service == "old.Dispatch"


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    file = _carrier(tmp_path)

    assert compile_protos([file]) == compile_protos([file])


def test_a_fault_names_the_file_and_the_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.proto"
    file.write_text('syntax = "proto3";\nmessage A {\n  strin x = 1;\n}\n')

    with pytest.raises(CompileFault) as raised:
        compile_protos([file])

    assert raised.value.lines == (f'{file}:3:3: "strin" is not defined.',)


def test_a_missing_import_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lonely.proto"
    file.write_text('syntax = "proto3";\nimport "nowhere.proto";\n')

    with pytest.raises(CompileFault, match=r"nowhere\.proto: File not found"):
        compile_protos([file])


def test_a_file_outside_the_given_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()

    with pytest.raises(CompileFault, match="does not reside within any path"):
        compile_protos([_carrier(tmp_path)], include=[tmp_path / "elsewhere"])


def test_nothing_to_compile_is_said_without_starting_a_compiler(tmp_path: Path) -> None:
    with pytest.raises(CompileFault, match=r"no \.proto file was given"):
        compile_protos([])
    with pytest.raises(CompileFault, match="no such file"):
        compile_protos([tmp_path / "absent.proto"])
    with pytest.raises(CompileFault, match="no such directory"):
        compile_protos([_carrier(tmp_path)], include=[tmp_path / "absent"])


def test_a_compiler_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "COMPILE_WITHIN_SECONDS", 0.001)

    with pytest.raises(CompileFault, match="protoc took over"):
        compile_protos([_carrier(tmp_path)])
