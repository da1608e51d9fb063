"""Every broken mapping and every broken TLS set-up, as `waybridge check` refuses it.

The texts stand word for word in the tables of tests/carrier; here the command says them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter.cli.check.command import command
from tests.carrier.broken_tls import BROKEN, OURS, Broken
from tests.carrier.dispatch_contract import MAPPING, dispatch
from tests.carrier.mapping_fault import Slip
from tests.carrier.mapping_faults import SLIPS

ACCOUNT = f"""
[wechat]
app_id = "wx0123456789abcdef"
token = "abc123"
encoding_aes_key = "{"k" * 43}"
locale = "en"
"""


def _check(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["--config", str(file), *arguments])


def test_there_are_enough_of_both() -> None:
    assert len({slip.name for slip in SLIPS}) >= 25
    assert len({broken.name for broken in BROKEN if not broken.in_the_clear}) >= 10


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_a_broken_mapping_is_refused_in_these_words(slip: Slip, tmp_path: Path) -> None:
    assert slip.old in MAPPING
    (tmp_path / "dispatch.binpb").write_bytes(dispatch().descriptors)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING.replace(slip.old, slip.new, 1))
    file = tmp_path / "adapter.toml"
    file.write_text(
        f'{ACCOUNT}[carrier]\ntarget = "127.0.0.1:50051"\n'
        'descriptors = "dispatch.binpb"\nmapping = "mapping.toml"\n'
    )

    result = _check(file, "--offline")

    assert result.exit_code == 1
    for text in slip.errors:
        assert f"error: {mapping}, {text}" in result.stderr or f"error: {mapping}: {text}" in (
            result.stderr
        )


@pytest.mark.usefixtures("process_of_its_own")
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
async def test_a_broken_set_up_is_refused_in_these_words(
    broken: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if broken.name == "silent":
        monkeypatch.setattr("adapter.cli.check.carrier.WITHIN_SECONDS", 0.5)
    file = tmp_path / "adapter.toml"
    async with broken.server() as port:
        file.write_text(
            f'{ACCOUNT}[carrier]\ntarget = "localhost:{port}"\n{_tls(broken, tmp_path)}'
        )
        result = await asyncio.to_thread(_check, file)

    assert result.exit_code == 1
    assert f"localhost:{port} (127.0.0.1): {broken.says}." in result.stderr
    assert broken.hint in result.stderr


def _tls(broken: Broken, folder: Path) -> str:
    if broken.in_the_clear:
        return ""
    (folder / "ca.pem").write_bytes(OURS.cert)
    if broken.client is None:
        return '[carrier.tls]\nca = "ca.pem"\n'
    broken.client.save(folder, "client")
    return '[carrier.tls]\nca = "ca.pem"\ncert = "client.pem"\nkey = "client.key"\n'
