from __future__ import annotations

from pathlib import Path

import pytest

from adapter import development
from adapter.config.load import inspect, refuse_development_secrets
from adapter.wechat.envelope import Mode

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = {
    "app_id": development.APP_ID,
    "token": development.TOKEN,
    "encoding_aes_key": development.ENCODING_AES_KEY,
}


@pytest.mark.parametrize("mode", [mode.value for mode in Mode])
def test_they_are_as_sound_as_genuine_ones(mode: str) -> None:
    environ = {f"WAYBRIDGE_WECHAT__{key.upper()}": value for key, value in PUBLISHED.items()}
    environ |= {"WAYBRIDGE_WECHAT__MODE": mode, "WAYBRIDGE_CARRIER__TARGET": "127.0.0.1:50051"}

    inspection = inspect(None, environ)

    assert inspection.settings is not None


@pytest.mark.parametrize("key", PUBLISHED)
def test_none_of_them_may_be_served_with(key: str) -> None:
    environ = {f"WAYBRIDGE_WECHAT__{key.upper()}": PUBLISHED[key]}

    (refusal,) = refuse_development_secrets(inspect(None, environ))

    assert refusal.key == f"wechat.{key}"
    assert "development value" in refusal.message


def test_the_readme_publishes_all_of_them() -> None:
    readme = ROOT.joinpath("README.md").read_text(encoding="utf-8")

    assert [value for value in PUBLISHED.values() if value not in readme] == []
