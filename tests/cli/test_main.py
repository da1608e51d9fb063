from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from adapter.cli.main import COMMANDS, load, waybridge

THERE = list(COMMANDS)


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(waybridge, ["--help"])

    assert result.exit_code == 0
    listed = result.output.partition("Try it:\n")[2]
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ")] == THERE
    assert "check" in THERE


@pytest.mark.parametrize("name", THERE)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(waybridge, [name, "--help"])

    assert result.exit_code == 0
    assert load(name).name == name


def test_help_loads_no_command() -> None:
    script = (
        "import sys\n"
        "from adapter.cli.main import waybridge\n"
        "waybridge(['--help'], standalone_mode=False)\n"
        "print(sorted({'pydantic', 'grpc', 'rich', 'sqlalchemy', 'starlette'} & set(sys.modules)))"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["nonsense", "main", "output"])
def test_what_is_no_command_is_refused(name: str) -> None:
    result = CliRunner().invoke(waybridge, [name])

    assert result.exit_code == 2
    assert f"No such command '{name}'" in result.stderr


def test_the_command_that_was_probably_meant_is_named() -> None:
    result = CliRunner().invoke(waybridge, ["serv"])

    assert result.exit_code == 2
    assert "No such command 'serv'. Did you mean 'serve'?" in result.stderr


def test_the_program_is_called_waybridge_as_a_module_too() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "adapter", "--help"], capture_output=True, text=True, check=True
    )

    assert run.stdout.startswith("Usage: waybridge [OPTIONS] COMMAND")


def test_the_version_is_printed() -> None:
    result = CliRunner().invoke(waybridge, ["--version"])

    assert result.exit_code == 0
    assert result.output.startswith("waybridge ")


def test_of_what_is_not_installed_no_version_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])  # where distributions are looked for

    result = CliRunner().invoke(waybridge, ["--version"])

    assert result.exit_code == 0
    assert result.output == "waybridge (run from its source, not installed)\n"
