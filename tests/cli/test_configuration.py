from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from adapter import development
from adapter.cli.configuration import config_option, examine
from adapter.cli.output import or_refuse, show_findings

SOUND = f"""
[wechat]
app_id = "wx0123456789abcdef"
token = "abc123"
encoding_aes_key = "{"k" * 43}"
[carrier]
target = "127.0.0.1:50051"
"""


@click.command()
@config_option
@or_refuse("tell")
def tell(config: Path | None) -> None:
    """Begin as `serve` does."""
    examined = examine(config, os.environ)
    settings = examined.settings
    show_findings(examined.findings)
    click.echo(settings.wechat.app_id)


def _run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(tell, ["--config", str(file), *arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "adapter.toml"
    file.write_text(SOUND)
    file.chmod(0o600)
    return file


def test_a_sound_file_is_read_in_silence(file: Path) -> None:
    result = _run(file)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "wx0123456789abcdef\n", "")


def test_the_environment_may_name_the_file(file: Path) -> None:
    result = CliRunner(env={"WAYBRIDGE_CONFIG": str(file)}).invoke(tell)

    assert result.stdout == "wx0123456789abcdef\n"


def test_a_warning_is_told_and_does_not_stop(file: Path) -> None:
    file.write_text(SOUND.replace("abc123", "a b"))

    result = _run(file)

    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {file}, line 4, wechat.token: ")


def test_any_error_ends_with_2_and_every_fault(file: Path) -> None:
    file.write_text(SOUND.replace("127.0.0.1", "far") + '[edge]\npath = "x"\n')

    result = _run(file)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.split()[0] for line in result.stderr.splitlines() if line] == ["error:"] * 2


def test_development_secrets_are_refused(file: Path) -> None:
    file.write_text(SOUND.replace("abc123", development.TOKEN))

    refused = _run(file)

    assert refused.exit_code == 2
    assert "wechat.token: is the development value" in refused.stderr


def test_without_a_file_that_is_said_first() -> None:
    result = CliRunner().invoke(tell)

    assert result.exit_code == 2
    paragraphs = result.stderr.split("\n\n")
    assert paragraphs[0] == (
        "note: configuration: no file was given; settings are read from the environment"
        " only. Give a file with --config FILE or in WAYBRIDGE_CONFIG."
    )
    assert len(paragraphs) > 1


def test_who_sets_everything_in_the_environment_hears_nothing_of_files() -> None:
    environ = {
        "WAYBRIDGE_WECHAT__TOKEN": "abc123",
        "WAYBRIDGE_WECHAT__MODE": "plaintext",
        "WAYBRIDGE_CARRIER__TARGET": "127.0.0.1:50051",
    }

    result = CliRunner(env=environ).invoke(tell)

    assert (result.exit_code, result.stderr) == (0, "")
