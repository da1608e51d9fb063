from __future__ import annotations

import pytest

from adapter.config.rules import carrier_findings, carrier_warnings
from adapter.config.sections import CarrierSettings, Sections

FAR = "dns:///dispatch.internal:50051"


def _carrier(**given: object) -> CarrierSettings:
    return CarrierSettings.model_validate(given)


@pytest.mark.parametrize(
    ("carrier", "key"),
    [
        (_carrier(), "carrier.target"),
        (_carrier(target="a:1,b:2"), "carrier.target"),
        (_carrier(target=FAR), "carrier.target"),
        (_carrier(target=FAR, insecure=True, token_file="t"), "carrier.token_file"),
        (_carrier(target=FAR, tls={"cert": "c"}), "carrier.tls.key"),
        (_carrier(target="localhost:1", tls={"key": "k"}), "carrier.tls.cert"),
    ],
)
def test_what_keeps_a_channel_shut_is_one_finding_at_its_key(
    carrier: CarrierSettings, key: str
) -> None:
    (found,) = carrier_findings(carrier)

    assert found.key == key
    assert found.hint


@pytest.mark.parametrize(
    "carrier",
    [
        _carrier(target=FAR, insecure=True),
        _carrier(target=FAR, tls={}, token_file="t"),
        _carrier(target="localhost.:1", token_file="t"),
        _carrier(target="unix:/run/c.sock", token_file="t"),
    ],
)
def test_what_keeps_secrets_to_itself_is_taken(carrier: CarrierSettings) -> None:
    assert list(carrier_findings(carrier)) == []


@pytest.mark.parametrize(
    ("carrier", "keys"),
    [
        (_carrier(target=FAR, tls={}), []),
        (_carrier(target="dispatch.internal", tls={}), ["carrier.target"]),
        (_carrier(target=FAR, tls={}, insecure=True), ["carrier.insecure"]),
        (_carrier(target="no target"), []),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(carrier: CarrierSettings, keys: list[str]) -> None:
    found = list(carrier_warnings(Sections(carrier=carrier)))

    assert [finding.key for finding in found] == keys
