from __future__ import annotations

from collections.abc import Iterable

from adapter.cli.check.probes import Probe, ask
from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding, Severity


def _probe(name: str) -> Probe:
    async def probe(settings: Settings) -> Iterable[Finding]:
        message = f"sees {settings.edge.path}."
        return [Finding(severity=Severity.NOTE, source=name, message=message)]

    return probe


async def test_every_probe_is_asked_in_its_order() -> None:
    findings = await ask([_probe("one"), _probe("two")], Settings())

    assert [str(finding) for finding in findings] == [
        "note: one: sees /wechat/push.",
        "note: two: sees /wechat/push.",
    ]
