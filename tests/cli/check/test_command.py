from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter import development
from adapter.cli.check.command import Probe, command, run_probes
from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding, Severity
from tests.ports import free_port
from tests.private_files import private_files
from tests.read_only import read_only

__all__ = ["private_files"]

KEY = "k" * 43
SOUND = f"""
[wechat]
app_id = "wx0123456789abcdef"
token = "abc123"
encoding_aes_key = "{KEY}"
locale = "en"
[carrier]
target = "127.0.0.1:50051"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "adapter.toml"
    file.write_text(SOUND)
    return file


def _check(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["--config", str(file), "--offline", *arguments])


def test_a_sound_configuration_gets_the_whole_table(file: Path) -> None:
    result = _check(file)

    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == [
        "carrier",
        "answers",
        "number",
        "outcome",
        "ResultCode",
        "text",
        "for",
        "the",
        "merchant",
    ]
    picked_up = next(line for line in lines if line.startswith("CANCEL_STATUS_PICKED_UP"))
    assert picked_up.split()[1:5] == ["3", "picked_up", "30002", "The"]
    assert lines[-1] == "No problems found."


def test_columns_stand_below_each_other_in_chinese_too(file: Path) -> None:
    file.write_text(SOUND.replace('"en"', '"zh"'))

    lines = _check(file).stdout.splitlines()

    assert lines[0].index("outcome") == lines[1].index("in_doubt") == lines[2].index("cancelled")


def test_a_warning_is_told_and_exits_0(file: Path) -> None:
    file.write_text(SOUND.replace("abc123", "a b"))

    result = _check(file)

    assert result.exit_code == 0
    assert result.stderr.startswith("warning: ")
    assert result.stdout.endswith("1 warning; waybridge can start.\n")


def test_an_error_exits_1_and_the_table_still_stands(file: Path) -> None:
    file.write_text(SOUND.replace(KEY, "short"))

    result = _check(file)

    assert result.exit_code == 1
    assert "wechat.encoding_aes_key: must be 43 letters and digits" in result.stderr
    assert "CANCEL_STATUS_CANCELLED" in result.stdout


def test_an_error_in_the_mapping_exits_1(file: Path) -> None:
    file.with_name("mapping.toml").write_text('method = "no.Such/Method"\n')
    file.write_text(f'{SOUND}mapping = "mapping.toml"\n')

    result = _check(file)

    assert result.exit_code == 1
    assert f"error: {file.with_name('mapping.toml')}, line 1, method: " in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_file_that_cannot_be_read_exits_2(tmp_path: Path, arguments: list[str]) -> None:
    result = _check(tmp_path / "none.toml", *arguments)

    assert result.exit_code == 2
    assert "none.toml" in result.output
    assert "cannot be read" in result.output


def test_json_holds_findings_and_table_and_nothing_else_is_written(file: Path) -> None:
    file.write_text(SOUND.replace("abc123", "canary canary") + "nonsense = 1\n")

    result = _check(file, "--json")

    document = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, document["ok"]) == (1, "", False)
    assert [(it["severity"], it["key"], it["line"]) for it in document["findings"]] == [
        ("warning", "wechat.token", 4),
        ("error", "carrier.nonsense", 9),
    ]
    assert document["answers"][1] == {
        "kind": "status",
        "status": "CANCEL_STATUS_CANCELLED",
        "number": 1,
        "outcome": "cancelled",
        "result_code": 0,
        "text": "success",
    }
    assert "canary" not in result.output


def test_the_shape_of_a_finding_in_json_is_kept(file: Path) -> None:
    file.write_text(SOUND + "nonsense = 1\n")

    (finding,) = json.loads(_check(file, "--json").stdout)["findings"]

    assert set(finding) == {"severity", "source", "key", "line", "column", "message", "hint"}


def test_the_secrets_everybody_knows_are_an_error_as_for_serve(file: Path) -> None:
    file.write_text(SOUND.replace("abc123", development.TOKEN))

    result = _check(file)

    assert result.exit_code == 1
    assert f"error: {file}, line 4, wechat.token: is the development value" in result.stderr


def test_without_a_file_that_is_said_first() -> None:
    result = CliRunner().invoke(command, ["--offline"])

    assert result.exit_code == 1
    assert result.stderr.startswith("note: configuration: no file was given")


def test_a_ledger_that_is_a_folder_is_an_error_as_for_serve(file: Path) -> None:
    file.write_text(f'{SOUND}[ledger]\nurl = "sqlite:///{file.parent}"\n')

    result = _check(file)

    assert result.exit_code == 1
    assert f"ledger.url: names {file.parent}, which is a folder." in result.stderr


def test_a_ledger_that_may_not_be_written_is_an_error_as_for_serve(
    file: Path, tmp_path: Path
) -> None:
    with read_only(tmp_path / "kept") as folder:
        file.write_text(f'{SOUND}[ledger]\nurl = "sqlite:///{folder}/ledger.db"\n')
        result = _check(file)

    assert result.exit_code == 1
    assert f"this user has no permission to create files in {folder}." in result.stderr


def test_a_file_that_is_no_ledger_is_an_error_as_for_serve(file: Path) -> None:
    text = file.with_name("text.db")
    text.write_text("hello " * 1000)
    file.write_text(f'{SOUND}[ledger]\nurl = "sqlite:///{text}"\n')

    result = _check(file)

    assert result.exit_code == 1
    assert f"{text} is not a waybridge ledger: name another file." in result.stderr


@pytest.mark.usefixtures("process_of_its_own")
def test_a_carrier_that_is_not_there_is_found_unless_nobody_is_asked(file: Path) -> None:
    target = f"127.0.0.1:{free_port()}"
    file.write_text(SOUND.replace("127.0.0.1:50051", target))

    online = CliRunner().invoke(command, ["--config", str(file)])

    assert online.exit_code == 1
    assert f"{target}: connection refused, nothing listens there." in online.stderr
    assert _check(file).exit_code == 0


# Probes


def _probe(name: str) -> Probe:
    async def probe(settings: Settings) -> Iterable[Finding]:
        message = f"sees {settings.edge.path}."
        return [Finding(severity=Severity.NOTE, source=name, message=message)]

    return probe


async def test_every_probe_is_asked_in_its_order() -> None:
    findings = await run_probes([_probe("one"), _probe("two")], Settings())

    assert [str(finding) for finding in findings] == [
        "note: one: sees /wechat/push.",
        "note: two: sees /wechat/push.",
    ]
