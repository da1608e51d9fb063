"""Whatever is wrong with a configuration, no secret of it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config.load import SettingsFaults, inspect, refuse_development_secrets
from tests.configurations import SOUND

CANARY = "CanaryThatNobodyMaySee"

LEAKS: dict[str, str] = {
    "sound": f'[wechat]\ntoken = "{CANARY}"\n[ledger]\nurl = "postgresql://u:{CANARY}@h/d"',
    "wrong key length": f'[wechat]\nencoding_aes_key = "{CANARY}"\ntoken = "{CANARY} {CANARY}"',
    "wrong kind": f'[wechat]\ntoken = ["{CANARY}"]\nencoding_aes_key = {{ x = "{CANARY}" }}',
    "wrong place": f'wechat = "{CANARY}"\n[edge]\nlisten = "{CANARY}"\nmax_in_flight = "{CANARY}"',
    "unknown key": f'[wechat]\ntokn = "{CANARY}"\nmode = "{CANARY}"\nlocale = "{CANARY}"',
    "password in an URL": f'[ledger]\nurl = "postgres://u:{CANARY}@h/d"\n'
    f'[forward]\nurl = "ftp://{CANARY}@h/?token={CANARY}"',
    "syntax": f"[wechat]\ntoken = {CANARY}",
    "control character": f'[wechat]\ntoken = "{CANARY}\\n"',
    "time zone": f'[ops]\ntimezone = "{CANARY}"\n[carrier]\ntarget = "http://{CANARY}"',
}


@pytest.mark.parametrize("name", LEAKS)
@pytest.mark.parametrize("source", ["file", "environment"])
def test_no_secret_is_ever_told(name: str, source: str, tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text(LEAKS[name])
    environ = {}
    if source == "environment":
        secrets = (
            "WECHAT__TOKEN",
            "WECHAT__PREVIOUS_TOKEN",
            "WECHAT__ENCODING_AES_KEY",
            "WECHAT_TOKEN",
            "EDGE__MAX_IN_FLIGHT",
            "CARRIER__INSECURE",
            "WECHAT__MODE",
        )
        environ = {f"WAYBRIDGE_{variable}": CANARY for variable in secrets}

    found = inspect(file, SOUND | environ)

    dumped = found.draft.model_dump_json() + str(found.draft.model_dump())
    said = f"{found!r} {SettingsFaults(found.findings)!r} {found.draft} {dumped}"
    told = " ".join(map(repr, found.findings)) + repr(refuse_development_secrets(found))
    assert CANARY not in told
    if name not in {"wrong place", "time zone"}:  # there it is no secret, but a public setting
        assert CANARY not in said
