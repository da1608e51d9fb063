"""Settings become the values of the parts, each key where it belongs."""

from __future__ import annotations

import pytest

from adapter import from_settings
from adapter.config.load import Settings
from adapter.config.sections import CarrierSettings, EdgeSettings
from adapter.wechat.envelope import Mode

SETTINGS = Settings.load(
    None,
    {
        "WAYBRIDGE_WECHAT__APP_ID": "wx0123456789abcdef",
        "WAYBRIDGE_WECHAT__TOKEN": "abc123",
        "WAYBRIDGE_WECHAT__ENCODING_AES_KEY": "k" * 42 + "A",
        "WAYBRIDGE_CARRIER__TARGET": "127.0.0.1:50051",
        "WAYBRIDGE_CARRIER__DEADLINE_SECONDS": "11",
        "WAYBRIDGE_EDGE__REPLY_WITHIN_SECONDS": "4.1",
        "WAYBRIDGE_EDGE__IDLE_SECONDS": "33",
    },
)


def test_an_empty_secret_is_none() -> None:
    account = from_settings.account(SETTINGS.wechat)

    assert (account.app_id, account.mode) == ("wx0123456789abcdef", Mode.SECURE)
    assert account.token.reveal() == "abc123"
    assert account.encoding_aes_key is not None
    assert (account.previous_token, account.previous_encoding_aes_key) == (None, None)


def test_the_carrier_is_reached_as_configured() -> None:
    options = from_settings.carrier_options(SETTINGS.carrier)

    assert (options.target, options.tls, options.insecure) == ("127.0.0.1:50051", None, False)
    assert options.max_concurrent_calls == SETTINGS.carrier.max_concurrent_calls


def test_the_files_of_tls_are_those_of_the_settings() -> None:
    tls = {"ca": "/ca.pem", "cert": "/cert.pem", "key": "/key.pem"}
    carrier = CarrierSettings.model_validate({"target": "carrier:443", "tls": tls})

    files = from_settings.carrier_options(carrier).tls

    assert files is not None
    assert [str(file) for file in (files.ca, files.cert, files.key)] == list(tls.values())


def test_the_waits_and_ceilings_are_those_of_the_settings() -> None:
    patience = from_settings.connection_limits(SETTINGS.edge, open_files=1_000_000)

    assert from_settings.desk_limits(SETTINGS, takes_request_id=True).call_seconds == 11
    assert from_settings.edge_limits(SETTINGS.edge).reply_within_seconds == 4.1
    assert patience.idle_seconds == 33
    assert patience.connections == SETTINGS.edge.max_connections


@pytest.mark.parametrize("seconds", [2.0, 60.0])
def test_a_connection_outlives_the_answer_to_a_late_body(seconds: float) -> None:
    edge = EdgeSettings(body_within_seconds=seconds)

    patience = from_settings.connection_limits(edge, open_files=1_000_000)

    assert patience.message_seconds > seconds


@pytest.mark.parametrize(
    ("takes_request_id", "wanted", "repeats"),
    [(True, None, 2), (False, None, 1), (True, 0, 0), (False, 3, 3)],
)
def test_a_push_is_repeated_as_often_as_its_carrier_can_bear(
    takes_request_id: bool,  # noqa: FBT001 - a column of the table
    wanted: int | None,
    repeats: int,
) -> None:
    carrier = SETTINGS.carrier.model_copy(update={"repeats": wanted})
    settings = SETTINGS.model_copy(update={"carrier": carrier})

    assert from_settings.desk_limits(settings, takes_request_id=takes_request_id).repeats == repeats
