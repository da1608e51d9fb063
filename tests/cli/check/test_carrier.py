from __future__ import annotations

from adapter.cli.check.carrier import ask
from adapter.config.load import Settings
from adapter.config.sections import CarrierSettings
from adapter.diagnostics.finding import Severity
from tests.carrier.misbehaving_carriers import playing
from tests.ports import free_port


def _settings(target: str) -> Settings:
    return Settings(carrier=CarrierSettings(target=target))


async def test_a_server_without_reflection_is_a_note_and_its_distance_is_told() -> None:
    async with playing() as carrier:
        found = await ask(_settings(f"127.0.0.1:{carrier.port}"))

    assert {finding.severity for finding in found} == {Severity.NOTE}
    assert found[0].message == "the server offers no reflection."
    assert found[-1].message.startswith("answers; the round trip takes ")
    assert {finding.source for finding in found} == {f"the carrier at 127.0.0.1:{carrier.port}"}


async def test_a_server_that_is_not_well_is_an_error() -> None:
    async with playing() as carrier:
        await carrier.say("NOT_SERVING")
        found = await ask(_settings(f"127.0.0.1:{carrier.port}"))

    (error,) = found
    assert (error.severity, error.key) == (Severity.ERROR, "carrier.health")
    assert error.message == "the server reports NOT_SERVING."


async def test_where_nobody_listens_nothing_more_is_asked() -> None:
    port = free_port()

    (error,) = await ask(_settings(f"127.0.0.1:{port}"))

    assert error.message == f"127.0.0.1:{port}: connection refused, nothing listens there."


async def test_what_plaintext_to_another_host_sends_is_said() -> None:
    target = ".".join(["a" * 63] * 4) + ".test:1"  # RFC 1035 §2.3.4: no resolver is asked
    carrier = CarrierSettings(target=target, insecure=True)

    warning, error = await ask(Settings(carrier=carrier))

    assert (warning.severity, warning.key) == (Severity.WARNING, "carrier.insecure")
    assert "passwords readable" in warning.message
    assert "never sent" in warning.message
    assert error.message.endswith("is not known to DNS.")
