"""`check` and `serve` end the same for every target, with and without `insecure` and TLS."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapter import from_settings
from adapter.carrier.channel.channel import open_channel
from adapter.carrier.channel.credentials import Credentials
from adapter.carrier.channel.options import CarrierMisconfigured, refuse_unsafe
from adapter.cli.configuration import examine
from adapter.config.sections import CarrierSettings
from adapter.diagnostics.finding import Severity
from tests.configurations import SOUND
from tests.diagnostics.targets import REFUSED, TAKEN

TARGETS = (*(taken.text for taken in TAKEN), *(text for text, _ in REFUSED))
WAYS = {
    "plaintext": "",
    "insecure": "insecure = true\n",
    "token": 'insecure = true\ntoken_file = "token"\n',
    "TLS": "[carrier.tls]\n",
    "half a certificate": '[carrier.tls]\ncert = "token"\n',
}


def checked(folder: Path, target: str, way: str) -> tuple[str, ...]:
    """Return the errors that `check --offline` and `serve` find before anything is opened."""
    file = folder / "adapter.toml"
    written = "".join(f"\\u{ord(letter):04x}" for letter in target)
    (folder / "token").write_text("secret")
    file.write_text(f'[carrier]\ntarget = "{written}"\n{WAYS[way]}')
    environ = {key: text for key, text in SOUND.items() if "CARRIER" not in key}
    found = examine(file, environ).findings
    return tuple(finding.message for finding in found if finding.severity is Severity.ERROR)


async def opened(target: str, way: str) -> tuple[str, ...]:
    """Return the errors with which the client refuses to open its channel."""
    given: dict[str, object] = {"target": target, "insecure": "insecure" in WAYS[way]}
    if "token_file" in WAYS[way]:
        given["token_file"] = "token"
    if "tls" in WAYS[way]:
        given["tls"] = {"cert": "token"} if "cert" in WAYS[way] else {}
    options = from_settings.carrier_options(CarrierSettings.model_validate(given))
    try:
        refuse_unsafe(options)
        await open_channel(options, Credentials()).close()
    except CarrierMisconfigured as error:
        return tuple(finding.message for finding in error.findings)
    return ()


def test_there_are_enough_targets_of_both_kinds() -> None:
    assert len(TAKEN) >= 40
    assert len(REFUSED) >= 40


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", [text for text in TARGETS if "\n" not in text])
def test_check_and_serve_agree_on_a_target(target: str, way: str, tmp_path: Path) -> None:
    assert checked(tmp_path, target, way) == asyncio.run(opened(target, way))


def test_a_line_break_in_a_target_is_refused_by_both(tmp_path: Path) -> None:
    told = checked(tmp_path, "host:1\n", "insecure")

    assert told == ("contains a control character, perhaps a line break.",)
    assert asyncio.run(opened("host:1", "insecure")) == ()
