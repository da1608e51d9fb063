from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config.load import inspect
from adapter.diagnostics.finding import Finding, Severity
from tests.configurations import SOUND

TOKEN = '[wechat]\nprevious_token = "abc123"\n'


def warned(file: Path, environ: dict[str, str] | None = None) -> list[Finding]:
    found = inspect(file, SOUND | (environ or {})).findings
    return [each for each in found if "every user of this machine" in each.message]


def write(file: Path, text: str, mode: int) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("mode", "is_told"), [(0o644, True), (0o604, True), (0o640, False), (0o600, False)]
)
def test_a_configuration_with_a_secret_is_warned_of(
    mode: int, tmp_path: Path, *, is_told: bool
) -> None:
    found = warned(write(tmp_path / "a.toml", TOKEN, mode))

    assert [each.key for each in found] == (["wechat.previous_token"] if is_told else [])
    assert all(each.severity is Severity.WARNING for each in found)
    assert all("abc123" not in str(each) and "chmod 600" in each.hint for each in found)


def test_a_configuration_without_a_secret_may_be_read_by_all(tmp_path: Path) -> None:
    assert warned(write(tmp_path / "a.toml", '[wechat]\nlocale = "en"\n', 0o644)) == []


def test_the_password_of_the_ledger_is_a_secret(tmp_path: Path) -> None:
    text = '[ledger]\nurl = "postgresql://u:p@h/d"\n'

    (found,) = warned(write(tmp_path / "a.toml", text, 0o644))

    assert found.key == "ledger.url"
    assert warned(write(tmp_path / "b.toml", text.replace("u:p@", ""), 0o644)) == []


def test_a_file_of_the_secrets_folder_is_warned_of(tmp_path: Path) -> None:
    write(tmp_path / "WAYBRIDGE_WECHAT__PREVIOUS_TOKEN", "abc123", 0o644)
    write(tmp_path / "WAYBRIDGE_WECHAT__LOCALE", "en", 0o644)
    config = write(tmp_path / "a.toml", "", 0o600)

    (found,) = warned(config, {"WAYBRIDGE_SECRETS_DIR": str(tmp_path)})

    assert found.key == "wechat.previous_token"


def test_a_private_key_and_a_bearer_token_are_secrets(tmp_path: Path) -> None:
    for name in ("token", "key.pem", "cert.pem"):
        write(tmp_path / name, "x", 0o644)
    text = '[carrier]\ntoken_file = "token"\n[carrier.tls]\ncert = "cert.pem"\nkey = "key.pem"\n'

    found = warned(write(tmp_path / "a.toml", text, 0o644))

    assert {each.key for each in found} == {"carrier.token_file", "carrier.tls.key"}
