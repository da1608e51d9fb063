from __future__ import annotations

import pytest

from adapter.config.keys import ANY_NAME, KeyTable
from adapter.config.sections import Sections

KEYS = KeyTable.of(Sections)


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("WECHAT__TOKEN", ("wechat", "token")),
        ("CARRIER__TLS__CA", ("carrier", "tls", "ca")),
        ("MINI_PROGRAMS__SHOP__TOKEN", ("mini_programs", "shop", "token")),
        ("MINI_PROGRAMS__NAME__TOKEN", ("mini_programs", "name", "token")),
        ("MINI_PROGRAMS__MY_SHOP__PATH", ("mini_programs", "My-Shop", "path")),
        ("MINI_PROGRAMS____TOKEN", None),
        ("MINI_PROGRAMS__SHOP__TOKENS", None),
        ("WECHAT__token", None),
        ("WECHAT", None),
        ("WECHAT_TOKEN", None),
    ],
)
def test_a_variable_names_a_key(variable: str, key: tuple[str, ...] | None) -> None:
    assert KEYS.key_of(variable, {"My-Shop": {}}) == key


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (("edge", "max_in_flight"), "12", 12),
        (("edge", "max_in_flight"), "twelve", "twelve"),
        (("edge", "max_in_flight"), "", ""),
        (("edge", "idle_seconds"), "1.5", 1.5),
        (("carrier", "insecure"), "True", True),
        (("carrier", "insecure"), "false", False),
        (("carrier", "insecure"), "1", "1"),
        (("wechat", "token"), "123", "123"),
        (("mini_programs", "shop", "freshness_seconds"), "7", 7),
        (("no", "such"), "7", "7"),
    ],
)
def test_text_becomes_the_settings_kind_where_it_fits(
    key: tuple[str, ...], text: str, value: object
) -> None:
    assert KEYS.from_text(key, text) == value


def test_a_key_is_written_with_dots_in_messages_and_with_underscores_outside() -> None:
    setting = KEYS.settings["carrier", "tls", "ca"]

    assert (setting.dotted, setting.variable) == ("carrier.tls.ca", "CARRIER__TLS__CA")


def test_the_names_below_a_heading_are_known() -> None:
    assert KEYS.below(("carrier", "tls")) == ["ca", "cert", "key", "server_name"]
    assert "token" in KEYS.below(("mini_programs", "shop"))
    assert KEYS.below(("mini_programs",)) == [ANY_NAME]


def test_the_file_names_are_known() -> None:
    assert {".".join(key) for key in KEYS.paths()} == {
        "carrier.descriptors",
        "carrier.mapping",
        "carrier.token_file",
        "carrier.tls.ca",
        "carrier.tls.cert",
        "carrier.tls.key",
        "ops.users",
    }
