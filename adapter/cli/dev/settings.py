"""The options of `dev`, and the settings they make: loopback, with public secrets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from adapter import development
from adapter.carrier.contract.contract import Contract
from adapter.carrier.mapping.mapping import Mapping
from adapter.config import rules
from adapter.config.load import Settings, SettingsFaults
from adapter.diagnostics.finding import Severity
from adapter.wechat.envelope import Mode

HOST = "127.0.0.1"
SOURCE = "waybridge dev"

OPTIONS = {
    "edge.listen": "--port",
    "ops.listen": "--ops-port",
    "carrier.target": "--stub-port",
    "carrier.descriptors": "--contract",
    "carrier.mapping": "--mapping",
    "ledger.url": "--ledger",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DevOptions:
    """The options of `dev`. Port 0 is a free one."""

    port: int
    ops_port: int
    stub_port: int
    mode: Mode
    ledger_url: str
    locale: str
    contract: Path | None
    mapping: Path | None


def mapping_of(options: DevOptions) -> Mapping:
    """Return the given mapping, or the shipped one. The stub has checked it."""
    return Mapping.load(Contract.load(options.contract), options.mapping)


def dev_settings(options: DevOptions, *, stub_target: str) -> Settings:
    """Return the settings; raises `SettingsFaults` for an option that is not valid."""
    files = {"descriptors": options.contract, "mapping": options.mapping}
    settings = Settings.model_validate(
        {
            "edge": {"listen": f"{HOST}:{options.port}", "drain_delay_seconds": 0},
            "wechat": {
                "app_id": development.APP_ID,
                "mode": options.mode.value,
                "token": development.TOKEN,
                "encoding_aes_key": development.ENCODING_AES_KEY,
                "locale": options.locale,
            },
            "carrier": {
                "target": stub_target,
                **{key: str(file) for key, file in files.items() if file},
            },
            "ledger": {"url": options.ledger_url},
            "ops": {"listen": f"{HOST}:{options.ops_port}"},
        }
    )
    faults = [
        replace(finding, source=SOURCE, key=OPTIONS.get(finding.key, finding.key))
        for finding in rules.findings(settings)
        if finding.severity is Severity.ERROR
    ]
    if faults:
        raise SettingsFaults(faults)
    return settings
