from __future__ import annotations

from dataclasses import replace

import pytest

from adapter.carrier.channel.options import CarrierMisconfigured
from adapter.carrier.diagnose.endpoints import ENDPOINTS_LIMIT, endpoints_of
from adapter.carrier.diagnose.tls import Endpoint
from tests import defaults


async def test_every_address_of_a_list_is_an_endpoint_of_its_own() -> None:
    found = await endpoints_of(replace(defaults.CARRIER, target="ipv4:127.0.0.1:50,127.0.0.2:51"))

    assert found == [
        Endpoint(host="127.0.0.1", port=50, address="127.0.0.1"),
        Endpoint(host="127.0.0.2", port=51, address="127.0.0.2"),
    ]


async def test_the_name_to_be_proved_comes_along() -> None:
    options = replace(
        defaults.CARRIER, target="127.0.0.1:50", tls=replace(defaults.TLS, server_name="dispatch")
    )

    (found,) = await endpoints_of(options)

    assert found.server_name == "dispatch"


async def test_a_socket_of_this_machine_has_none() -> None:
    assert await endpoints_of(replace(defaults.CARRIER, target="unix:/run/carrier.sock")) == []


async def test_a_name_without_an_address_is_said() -> None:
    with pytest.raises(CarrierMisconfigured, match=r"the name carrier\.invalid is not known to"):
        await endpoints_of(replace(defaults.CARRIER, target="carrier.invalid:1"))


async def test_no_more_are_knocked_at_than_can_be_read_of() -> None:
    many = ",".join(f"127.0.0.1:{port}" for port in range(1, ENDPOINTS_LIMIT + 5))

    assert (
        len(await endpoints_of(replace(defaults.CARRIER, target=f"ipv4:{many}"))) == ENDPOINTS_LIMIT
    )
