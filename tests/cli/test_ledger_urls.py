"""PostgreSQL URLs that are written wrong, at every command that reads one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter.cli.main import waybridge
from tests.cli.check.test_command import SOUND
from tests.conformance.postgres import Postgres

SECRET = "k4n4ry"
COMMANDS = {
    # command → its exit code with a fault in ledger.url
    "check": 1,
    "check --offline": 1,
    "serve": 2,
    "ledger search": 2,
    "ledger show abcd": 2,
    "ledger export": 2,
    "ledger prune": 2,
    "ledger migrate": 2,
}
FAULTY = (
    f"postgresql://u:{SECRET}@{SECRET}@h/w",
    f"postgresql://u:{SECRET}/{SECRET}@127.0.0.1:1/w",
    f"postgresql://u:{SECRET}?{SECRET}@h/w",
    f"postgresql://u:{SECRET}#{SECRET}@h/w",
    f"postgresql://u:{SECRET}%{SECRET}@h/w",
    f"postgresql://u:[{SECRET}@h/w",
    f"postgresql://u:{SECRET}",
    f"postgresql://u:{SECRET}@h:port/w",
    f"postgresql://u:{SECRET}@127.0.0.1:99999/w",
    f"postgresql://u:{SECRET}@[::1/w",
    f"postgresql://u:{SECRET}@::1/w",
    f"postgresql://u:{SECRET}@h/w?sslmode=bogus",
    f"postgresql://u:{SECRET}@h/w?sslmode=verify-full&sslrootcert=/none/{SECRET}.pem",
    f"postgresql+psycopg2://u:{SECRET}@h/w",
    f"postgresql+asyncpg://u:{SECRET}@h/w",
    f"postgres+psycopg://u:{SECRET}@h/w",
    "sqlite+aiosqlite:///w.db",
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config = tmp_path / "adapter.toml"
    config.write_text(SOUND)
    return config


def typed(command: str, url: str, config: Path) -> Result:
    arguments = [*command.split(), "--config", str(config)]
    return CliRunner().invoke(waybridge, arguments, env={"WAYBRIDGE_LEDGER__URL": url})


@pytest.mark.usefixtures("process_of_its_own")
@pytest.mark.parametrize("url", FAULTY)
def test_a_url_that_cannot_be_used_is_one_line_that_shows_none_of_it(
    url: str, config: Path
) -> None:
    for command, code in COMMANDS.items():
        result = typed(command, url, config)

        lines = [line for line in result.stderr.splitlines() if "ledger.url" in line]
        assert result.exit_code == code, command
        assert len(lines) == 1, (command, result.stderr)
        assert SECRET not in result.output.replace(f"/none/{SECRET}.pem", ""), command
        assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("postgresql+psycopg2://h/w", "Write postgresql:// for it"),
        ("postgres+asyncpg://h/w", "Write postgresql:// for it"),
        ("sqlite+aiosqlite:///w.db", "Write sqlite:/// for it"),
        ("postgresql://u:a@b@h/w", "%40 for @"),
        ("postgresql://h:port/w", "%2F for /"),
    ],
)
def test_the_line_says_what_to_write(url: str, hint: str, config: Path) -> None:
    assert hint in typed("check --offline", url, config).stderr


@pytest.mark.usefixtures("process_of_its_own")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_driver_is_one_paragraph_everywhere(
    command: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    result = typed(command, "postgresql://u:p@h/w", config)

    assert result.exit_code == COMMANDS[command]
    assert result.stderr.count("pip install 'waybridge[postgres]'") == 1
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("process_of_its_own")
def test_what_keeps_a_command_from_connecting_has_a_hint_that_fits(
    postgres: Postgres, config: Path
) -> None:
    good = postgres.new_database()
    host = good.partition("?")[2]
    hints = {
        f"postgresql://postgres@/none?{host}": "Create the database",
        f"postgresql://nobody-{SECRET[:0]}x@/postgres?{host}": "Correct user and password",
        good + "&nonsense=1": "Correct the parameters",
        "postgresql://u@127.0.0.1:1/w": "Is the database running",
        "postgresql://u@/w?host=/none": "Correct the socket folder",
    }
    for url, hint in hints.items():
        for command in ("check", "ledger search", "ledger migrate"):
            result = typed(command, url, config)

            assert hint in result.stderr, (url, command, result.stderr)
            assert "sqlalche.me" not in result.output
            assert "Traceback" not in result.output


@pytest.mark.usefixtures("process_of_its_own")
def test_what_libpq_takes_is_taken_and_noted(postgres: Postgres, config: Path) -> None:
    asked = "connect_timeout=10&keepalives=1&keepalives_idle=5&gssencmode=disable"
    url = f"{postgres.new_database()}&{asked}&channel_binding=require&target_session_attrs=any"

    migrated = typed("ledger migrate", url, config)
    searched = typed("ledger search", url, config)
    checked = typed("check --offline", url, config)

    assert (migrated.exit_code, searched.exit_code, checked.exit_code) == (0, 0, 0)
    noted = [line for line in checked.output.splitlines() if "has no effect" in line]
    assert len(noted) == 5
    assert any(line.startswith("warning") and "channel_binding" in line for line in noted)


@pytest.mark.usefixtures("process_of_its_own")
def test_the_second_host_serves_where_the_first_does_not(postgres: Postgres, config: Path) -> None:
    url = postgres.new_database()
    folder = url.partition("host=")[2].partition("&")[0]

    result = typed("ledger migrate", url.replace(folder, f"/none,127.0.0.1,{folder}"), config)

    assert result.exit_code == 0, result.output
