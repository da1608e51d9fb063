from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapter import development
from adapter.config.load import Settings, SettingsFaults, inspect, refuse_development_secrets
from adapter.diagnostics.finding import Severity
from adapter.wechat.secret import Secret
from tests.configurations import SHOP, SOUND


def test_the_environment_wins_over_secrets_and_those_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text("[edge]\nmax_in_flight = 1\nmax_connections = 1\nbody_limit_bytes = 1111\n")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "WAYBRIDGE_EDGE__MAX_IN_FLIGHT").write_text("2")
    (secrets / "WAYBRIDGE_EDGE__MAX_CONNECTIONS").write_text("2")
    environ = SOUND | {
        "WAYBRIDGE_SECRETS_DIR": str(secrets),
        "WAYBRIDGE_EDGE__MAX_IN_FLIGHT": "3",
    }

    edge = Settings.load(file, environ).edge

    assert (edge.max_in_flight, edge.max_connections, edge.body_limit_bytes) == (3, 2, 1111)


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "adapter.toml").write_text("[edge]\nmax_in_flight = 9\n")

    found = inspect(None, SOUND | {"WAYBRIDGE_CONFIG": "adapter.toml"}, folder=tmp_path)

    assert found.draft.edge.max_in_flight == 9


def test_relative_names_start_from_whoever_wrote_them(tmp_path: Path) -> None:
    for name in ("etc", "run", "work"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.pem").write_text("")
    (tmp_path / "etc" / "adapter.toml").write_text('[carrier.tls]\nca = "x.pem"\n')
    (tmp_path / "run" / "WAYBRIDGE_CARRIER__TLS__CERT").write_text("x.pem")
    environ = SOUND | {
        "WAYBRIDGE_SECRETS_DIR": str(tmp_path / "run"),
        "WAYBRIDGE_CARRIER__TLS__KEY": "x.pem",
    }

    found = inspect(tmp_path / "etc" / "adapter.toml", environ, folder=tmp_path / "work")

    tls = found.draft.carrier.tls
    assert found.settings is not None
    assert tls is not None
    assert (tls.ca, tls.cert, tls.key) == tuple(
        tmp_path / name / "x.pem" for name in ("etc", "run", "work")
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('[ledger]\nurl = "sqlite:///sub.db"', "sqlite:///{folder}/sub.db"),
        ('[ledger]\nurl = "sqlite:///sub.db?x=1"', "sqlite:///{folder}/sub.db?x=1"),
        ('[ledger]\nurl = "sqlite:////{folder}/a.db"', "sqlite:////{folder}/a.db"),
        ("", "sqlite:///{folder}/waybridge.db"),
        ('[ledger]\nurl = "memory:"', "memory:"),
    ],
)
def test_the_ledgers_file_is_found_from_the_configuration(
    written: str, expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text(written.format(folder=str(tmp_path).lstrip("/")))

    url = Settings.load(file, SOUND).ledger.url

    named = str(tmp_path) if "////" not in expected else str(tmp_path).lstrip("/")
    assert url == expected.format(folder=named)


def test_settings_are_frozen() -> None:
    settings = Settings.load(None, SOUND)

    with pytest.raises(ValidationError):
        settings.edge.path = "/x"  # type: ignore[misc]


def test_no_section_of_the_first_program_means_only_the_named_ones() -> None:
    environ = SHOP | {"WAYBRIDGE_CARRIER__TARGET": "127.0.0.1:50051"}

    settings = Settings.load(None, environ)

    assert list(settings.programs) == ["mini_programs.shop"]
    assert settings.path_of("mini_programs.shop") == "/wechat/shop"


def test_a_variable_means_the_name_that_the_file_has_chosen(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text('[mini_programs.Big-Shop]\npath = "/big"\nmode = "plaintext"\n')

    environ = SOUND | {"WAYBRIDGE_MINI_PROGRAMS__BIG_SHOP__TOKEN": "abc123"}
    settings = Settings.load(file, environ)

    assert settings.mini_programs["Big-Shop"].token == Secret("abc123")


@pytest.mark.parametrize(
    "name",
    [
        "WAYBRIDGE_PORT",
        "WAYBRIDGE_SERVICE_HOST",
        "WAYBRIDGE_PORT_8080_TCP_ADDR",
        "WAYBRIDGE_OPS_SERVICE_PORT_HTTP",
    ],
)
def test_the_variables_of_a_kubernetes_service_are_left_alone(name: str) -> None:
    assert Settings.load(None, SOUND | {name: "tcp://10.0.0.1:8080"}).edge.path == "/wechat/push"


def test_warnings_do_not_refuse() -> None:
    found = inspect(None, SOUND | {"WAYBRIDGE_WECHAT__TOKEN": "odd token"})

    assert found.settings is not None
    assert [finding.severity for finding in found.findings] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ID", development.APP_ID),
        ("TOKEN", development.TOKEN),
        ("PREVIOUS_TOKEN", development.TOKEN),
        ("ENCODING_AES_KEY", development.ENCODING_AES_KEY),
        ("PREVIOUS_ENCODING_AES_KEY", development.ENCODING_AES_KEY),
    ],
)
def test_development_secrets_are_sound_but_refused_in_production(name: str, value: str) -> None:
    found = inspect(None, SOUND | {f"WAYBRIDGE_WECHAT__{name}": value})

    refused = refuse_development_secrets(found)

    assert found.findings == ()
    assert [str(finding) for finding in refused] == [
        f"error: environment variable WAYBRIDGE_WECHAT__{name}, wechat.{name.lower()}: is the "
        "development value that `waybridge dev` prints for everyone. Take it from the Mini "
        "Program's page of message pushes."
    ]


def test_own_secrets_are_not_refused_in_production() -> None:
    assert refuse_development_secrets(inspect(None, SOUND)) == ()


def test_a_file_that_cannot_be_read_is_the_only_fault(tmp_path: Path) -> None:
    found = inspect(tmp_path / "none.toml", {})

    assert not found.readable
    assert [str(finding).replace(str(tmp_path), "FOLDER") for finding in found.findings] == [
        "error: FOLDER/none.toml: cannot be read: no such file or directory. "
        "Check the file's path, and that this user may read it."
    ]


def test_a_file_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_bytes(b"# \xff")

    found = inspect(file, SOUND)

    assert [str(finding).replace(str(tmp_path), "FOLDER") for finding in found.findings] == [
        "error: FOLDER/adapter.toml, line 1: is not UTF-8 text. "
        "TOML is UTF-8: save the file in that encoding."
    ]


def test_a_faulty_value_is_not_judged_a_second_time(tmp_path: Path) -> None:
    environ = SOUND | {"WAYBRIDGE_CARRIER__TARGET": "a\nb"}  # its default would be "is missing"

    found = inspect(None, environ, folder=tmp_path)

    assert [(finding.key, finding.message) for finding in found.findings] == [
        ("carrier.target", "contains a control character, perhaps a line break.")
    ]


def test_all_faults_are_told_at_once_in_the_order_of_their_sources(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text(
        "[edge]\nreply_within_seconds = 9\nlisten = 3\n[wechat]\nmode = 'x'\n"
        "[ledger]\nurl = 'mysql://'\n[carrier]\ntarget = 'far:1'\nnonsense = 1\n"
    )
    environ = {"WAYBRIDGE_OPS__LISTEN": "0.0.0.0:1", "WAYBRIDGE_SPELT_WRONG": "1"}

    with pytest.raises(SettingsFaults) as refused:
        Settings.load(file, environ)

    assert [(finding.line, finding.key) for finding in refused.value.findings] == [
        (2, "edge.reply_within_seconds"),
        (3, "edge.listen"),
        (4, "wechat.token"),
        (4, "wechat.app_id"),
        (4, "wechat.encoding_aes_key"),
        (5, "wechat.mode"),
        (7, "ledger.url"),
        (9, "carrier.target"),
        (10, "carrier.nonsense"),
        (None, "ops.listen"),
        (None, ""),
    ]
    assert refused.value.__context__ is None  # pydantic's own error would show the values
