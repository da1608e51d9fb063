from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapter import development
from adapter.configuration.keys import ANY_NAME, Key
from adapter.settings import (
    KEYS,
    Finding,
    Settings,
    SettingsFaults,
    Severity,
    inspect,
    refuse_development_secrets,
)
from adapter.wechat.redact import Secret

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

SOUND = {
    "WAYBRIDGE_WECHAT__APP_ID": "wx0123456789abcdef",
    "WAYBRIDGE_WECHAT__TOKEN": "abc123",
    "WAYBRIDGE_WECHAT__ENCODING_AES_KEY": AES_KEY,
    "WAYBRIDGE_CARRIER__TARGET": "127.0.0.1:50051",
}

# Every key with a value that is not its default and breaks no rule beside SOUND; as TOML and
# as text. `{file}` is a file that exists.
SAMPLES: dict[str, tuple[str, object]] = {
    "edge.listen": ("127.0.0.1:8081", "127.0.0.1:8081"),
    "edge.path": ("/other", "/other"),
    "edge.reply_within_seconds": ("3.5", 3.5),
    "edge.body_limit_bytes": ("2048", 2048),
    "edge.max_in_flight": ("7", 7),
    "edge.drain_delay_seconds": ("0", 0.0),
    "edge.header_within_seconds": ("4", 4.0),
    "edge.body_within_seconds": ("1.5", 1.5),
    "edge.idle_seconds": ("20", 20.0),
    "edge.max_connections": ("99", 99),
    "wechat.app_id": ("wxfedcba9876543210", "wxfedcba9876543210"),
    "wechat.mode": ("compatible", "compatible"),
    "wechat.token": ("tokentoken", Secret("tokentoken")),
    "wechat.previous_token": ("oldtoken", Secret("oldtoken")),
    "wechat.encoding_aes_key": (AES_KEY[::-1], Secret(AES_KEY[::-1])),
    "wechat.previous_encoding_aes_key": (AES_KEY.upper(), Secret(AES_KEY.upper())),
    "wechat.freshness_seconds": ("999999999", 999_999_999),
    "wechat.locale": ("en", "en"),
    "carrier.target": ("localhost:1", "localhost:1"),
    "carrier.deadline_seconds": ("20", 20.0),
    "carrier.connect_wait_seconds": ("0.5", 0.5),
    "carrier.insecure": ("true", True),
    "carrier.descriptors": ("{file}", "{file}"),
    "carrier.mapping": ("{file}", "{file}"),
    "carrier.token_file": ("{file}", "{file}"),
    "carrier.max_concurrent_calls": ("3", 3),
    "carrier.receive_limit_bytes": ("8192", 8192),
    "carrier.keepalive_seconds": ("60", 60.0),
    "carrier.keepalive_timeout_seconds": ("2", 2.0),
    "carrier.tls.ca": ("{file}", "{file}"),
    "carrier.tls.cert": ("{file}", "{file}"),
    "carrier.tls.key": ("{file}", "{file}"),
    "carrier.tls.server_name": ("carrier.example", "carrier.example"),
    "ledger.url": ("postgresql:///w?host=/run/pg", "postgresql:///w?host=/run/pg"),
    "ledger.keep_days": ("30", 30),
    "ledger.commit_within_seconds": ("0.5", 0.5),
    "forward.url": ("http://127.0.0.1:7000/x", "http://127.0.0.1:7000/x"),
    "ops.listen": ("localhost:9091", "localhost:9091"),
    "ops.users": ("{file}", "{file}"),
    "ops.timezone": ("Europe/Berlin", "Europe/Berlin"),
    "log.format": ("json", "json"),
    "log.level": ("debug", "debug"),
}
SAMPLES |= {
    f"mini_programs.{ANY_NAME}.{key.removeprefix('wechat.')}": sample
    for key, sample in SAMPLES.items()
    if key.startswith("wechat.")
} | {f"mini_programs.{ANY_NAME}.path": ("/shop", "/shop")}

# What else a key needs beside it for the configuration to be sound.
COMPANIONS: dict[str, dict[str, str]] = {
    "carrier.tls.cert": {"WAYBRIDGE_CARRIER__TLS__KEY": "{file}"},
    "carrier.tls.key": {"WAYBRIDGE_CARRIER__TLS__CERT": "{file}"},
}
SHOP = {
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__APP_ID": "wx0123456789abcdef",
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__TOKEN": "abc123",
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__ENCODING_AES_KEY": AES_KEY,
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__PATH": "/wechat/shop",
}


def _surroundings(dotted: str, file: Path) -> dict[str, str]:
    others = SHOP if dotted.startswith("mini_programs") else {}
    needed = {name: value.format(file=file) for name, value in COMPANIONS.get(dotted, {}).items()}
    environ = SOUND | others | needed
    environ.pop(_variable(dotted), None)
    return environ


def _variable(dotted: str) -> str:
    return "WAYBRIDGE_" + dotted.replace(ANY_NAME, "shop").replace(".", "__").upper()


def _read(settings: Settings, key: Key) -> object:
    value: object = settings
    for name in key:
        value = value["shop"] if isinstance(value, dict) else getattr(value, name)
    return str(value) if isinstance(value, Path) else value


def _toml(dotted: str, text: str, value: object) -> str:
    heading, _, name = dotted.replace(ANY_NAME, "shop").rpartition(".")
    bare = isinstance(value, (bool, int, float))
    return f"[{heading}]\n{name} = {text if bare else chr(34) + text + chr(34)}\n"


@pytest.fixture
def existing(tmp_path: Path) -> Path:
    file = tmp_path / "existing"
    file.write_text("")
    return file


def test_every_key_has_a_sample() -> None:
    assert set(SAMPLES) == {setting.dotted for setting in KEYS.settings.values()}


def test_every_key_says_what_it_means() -> None:
    assert [s.dotted for s in KEYS.settings.values() if not s.info.description] == []


@pytest.mark.parametrize("dotted", SAMPLES)
def test_a_key_can_stand_in_the_file(dotted: str, tmp_path: Path, existing: Path) -> None:
    text, value = SAMPLES[dotted]
    text = text.format(file=existing)
    file = tmp_path / "adapter.toml"
    file.write_text(_toml(dotted, text, value))

    settings = Settings.load(file, _surroundings(dotted, existing))

    expected = text if value == "{file}" else value
    assert _read(settings, tuple(dotted.split("."))) == expected


@pytest.mark.parametrize("dotted", SAMPLES)
def test_a_key_can_stand_in_the_environment(dotted: str, existing: Path) -> None:
    text, value = SAMPLES[dotted]
    text = text.format(file=existing)

    settings = Settings.load(None, _surroundings(dotted, existing) | {_variable(dotted): text})

    expected = text if value == "{file}" else value
    assert _read(settings, tuple(dotted.split("."))) == expected


@pytest.mark.parametrize("dotted", SAMPLES)
def test_a_key_can_stand_in_the_secrets_folder(dotted: str, tmp_path: Path, existing: Path) -> None:
    text, value = SAMPLES[dotted]
    text = text.format(file=existing)
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / _variable(dotted)).write_text(f"{text}\n")
    environ = _surroundings(dotted, existing) | {"WAYBRIDGE_SECRETS_DIR": str(folder)}

    settings = Settings.load(None, environ)

    expected = text if value == "{file}" else value
    assert _read(settings, tuple(dotted.split("."))) == expected


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
        "development value that `waybridge dev` prints for everybody. Take it from the Mini "
        "Program's page of message pushes."
    ]


def test_own_secrets_are_not_refused_in_production() -> None:
    assert refuse_development_secrets(inspect(None, SOUND)) == ()


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A file and an environment beside SOUND, and every finding they must bring."""

    expected: tuple[str, ...]
    file: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()


PAGE = "Take it from the Mini Program's page"
NO_SETTING = "is no setting."
WRITE_TARGET = "Write e.g. dns:///dispatch.internal:50051."

FAULTY: dict[str, Faulty] = {
    "misspelt key": Faulty(
        file='[edge]\nlisten = "0.0.0.0:1"\npaht = "/"',
        expected=(f"error: FILE, line 3, edge.paht: {NO_SETTING} Did you mean path?",),
    ),
    "misspelt section": Faulty(
        file='[edg]\npath = "/"',
        expected=(f"error: FILE, line 1, edg: {NO_SETTING} Did you mean edge?",),
    ),
    "key in the wrong section": Faulty(
        file='[edge]\ntimezone = "UTC"',
        expected=(f"error: FILE, line 2, edge.timezone: {NO_SETTING} Did you mean ops.timezone?",),
    ),
    "nothing like it": Faulty(
        file="[forward]\nxyzzy = 1",
        expected=(f"error: FILE, line 2, forward.xyzzy: {NO_SETTING} forward has: url.",),
    ),
    "misspelt variable": Faulty(
        environ={"WAYBRIDGE_WECHAT_TOKEN": "x"},
        expected=(
            f"error: environment variable WAYBRIDGE_WECHAT_TOKEN: {NO_SETTING} "
            "Did you mean WAYBRIDGE_WECHAT__TOKEN?",
        ),
    ),
    "variable like nothing": Faulty(
        environ={"WAYBRIDGE_QQQQQQQ": "x"},
        expected=(
            f"error: environment variable WAYBRIDGE_QQQQQQQ: {NO_SETTING} "
            "`waybridge schema` lists every setting.",
        ),
    ),
    "text for a number": Faulty(
        file='[edge]\nmax_in_flight = "12"',
        expected=(
            "error: FILE, line 2, edge.max_in_flight: must be a whole number. "
            "Write it without quotes. The default is 512.",
        ),
    ),
    "flag for a number": Faulty(
        file="[edge]\nreply_within_seconds = true",
        expected=(
            "error: FILE, line 2, edge.reply_within_seconds: must be a number. "
            "Write it without quotes. The default is 4.5.",
        ),
    ),
    "number for a flag": Faulty(
        environ={"WAYBRIDGE_CARRIER__INSECURE": "yes please"},
        expected=(
            "error: environment variable WAYBRIDGE_CARRIER__INSECURE, carrier.insecure: "
            "must be true or false. The default is false.",
        ),
    ),
    "number for text": Faulty(
        file="[wechat]\ntoken = 12345",
        without=("WAYBRIDGE_WECHAT__TOKEN",),
        expected=("error: FILE, line 2, wechat.token: must be text.",),
    ),
    "not finite": Faulty(
        file="[edge]\nidle_seconds = nan",
        expected=(
            "error: FILE, line 2, edge.idle_seconds: must be a finite number. The default is 30.",
        ),
    ),
    "reply later than WeChat waits": Faulty(
        file="[edge]\nreply_within_seconds = 5",
        expected=(
            "error: FILE, line 2, edge.reply_within_seconds: must be at most 4.8. "
            "The default is 4.5.",
        ),
    ),
    "reply too early": Faulty(
        file="[edge]\nreply_within_seconds = 0.5",
        expected=(
            "error: FILE, line 2, edge.reply_within_seconds: must be more than 0.5. "
            "The default is 4.5.",
        ),
    ),
    "nothing in flight": Faulty(
        file="[edge]\nmax_in_flight = 0",
        expected=(
            "error: FILE, line 2, edge.max_in_flight: must be at least 1. The default is 512.",
        ),
    ),
    "unknown mode": Faulty(
        file='[wechat]\nmode = "safe"',
        expected=(
            "error: FILE, line 2, wechat.mode: must be one of 'plaintext', 'compatible' or "
            "'secure'. The default is \"secure\".",
        ),
    ),
    "value for a section": Faulty(
        file="ops = 3",
        expected=(
            "error: FILE, line 1, ops: must be a section, not a value. "
            "Write [ops] on a line of its own and its keys below.",
        ),
    ),
    "programs as a value": Faulty(
        file="mini_programs = 3",
        expected=(
            "error: FILE, line 1, mini_programs: must hold sections, not be a value. "
            "Write [mini_programs] on a line of its own and its keys below.",
        ),
    ),
    "program with a bad name": Faulty(
        file='["mini_programs"."a b"]\npath = "/a"\ntoken = "abc"\nmode = "plaintext"',
        expected=(
            "error: FILE, line 1, mini_programs.a b: is no name for a Mini Program. "
            "Use letters and digits, with single hyphens or underscores between.",
        ),
    ),
    "line break in a token": Faulty(
        environ={"WAYBRIDGE_WECHAT__TOKEN": "abc\ndef"},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__TOKEN, wechat.token: "
            "holds a control character, perhaps a line break.",
        ),
    ),
    "no token": Faulty(
        without=("WAYBRIDGE_WECHAT__TOKEN",),
        expected=(
            "error: FILE, wechat.token: is missing: no push can be told from a forgery. Set it "
            "here, as WAYBRIDGE_WECHAT__TOKEN, or as a file of that name in "
            "WAYBRIDGE_SECRETS_DIR.",
        ),
    ),
    "unusual token": Faulty(
        environ={"WAYBRIDGE_WECHAT__TOKEN": "with space"},
        expected=(
            "warning: environment variable WAYBRIDGE_WECHAT__TOKEN, wechat.token: has an unusual "
            "form: WeChat's are 3 to 32 letters and digits. Compare it with the Mini Program's "
            "page, look for spaces at the ends.",
        ),
    ),
    "no app id": Faulty(
        without=("WAYBRIDGE_WECHAT__APP_ID",),
        expected=(
            "error: FILE, wechat.app_id: is missing: in secure mode it ends every message. "
            f"{PAGE}; it begins with wx.",
        ),
    ),
    "unusual app id": Faulty(
        environ={"WAYBRIDGE_WECHAT__APP_ID": "gh_0123456789ab"},
        expected=(
            "warning: environment variable WAYBRIDGE_WECHAT__APP_ID, wechat.app_id: has an "
            "unusual form: AppIDs are wx and 16 of 0-9 and a-f. It is not the gh_… name of the "
            "account; compare it with the page.",
        ),
    ),
    "no aes key": Faulty(
        without=("WAYBRIDGE_WECHAT__ENCODING_AES_KEY",),
        file='[wechat]\nmode = "compatible"',
        expected=(
            "error: FILE, line 1, wechat.encoding_aes_key: is missing: in compatible mode nothing "
            f"can be read without it. {PAGE}, or choose plaintext there and here.",
        ),
    ),
    "short aes key": Faulty(
        environ={"WAYBRIDGE_WECHAT__ENCODING_AES_KEY": AES_KEY[1:]},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__ENCODING_AES_KEY, "
            "wechat.encoding_aes_key: must be 43 letters and digits; this has 42 characters. "
            "Copy the EncodingAESKey from the Mini Program's page again, whole.",
        ),
    ),
    "aes key with its padding": Faulty(
        environ={"WAYBRIDGE_WECHAT__PREVIOUS_ENCODING_AES_KEY": AES_KEY + "="},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__PREVIOUS_ENCODING_AES_KEY, "
            "wechat.previous_encoding_aes_key: must be 43 letters and digits; this has 44 "
            'characters. Leave out the "=" at the end: WeChat\'s key comes without it.',
        ),
    ),
    "aes key with spaces": Faulty(
        environ={"WAYBRIDGE_WECHAT__ENCODING_AES_KEY": f" {AES_KEY} "},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__ENCODING_AES_KEY, "
            "wechat.encoding_aes_key: must be 43 letters and digits; this has 45 characters. "
            "Leave out the spaces around it.",
        ),
    ),
    "program without a path": Faulty(
        environ={name: value for name, value in SHOP.items() if not name.endswith("PATH")},
        expected=(
            "error: FILE, mini_programs.shop.path: is missing. Write the path of the URL "
            "configured at WeChat, e.g. /wechat/push.",
        ),
    ),
    "two programs on one path": Faulty(
        environ=SHOP | {"WAYBRIDGE_MINI_PROGRAMS__SHOP__PATH": "/wechat/push"},
        expected=(
            "error: environment variable WAYBRIDGE_MINI_PROGRAMS__SHOP__PATH, "
            "mini_programs.shop.path: is the same path as edge.path: a push could not be told "
            "apart. Give each Mini Program a path of its own, here and at WeChat.",
        ),
    ),
    "path without its slash": Faulty(
        file='[edge]\npath = "wechat"',
        expected=(
            "error: FILE, line 2, edge.path: must begin with / and hold no ?, # or space. Write "
            "the path of the URL configured at WeChat, e.g. /wechat/push.",
        ),
    ),
    "listen without a port": Faulty(
        file='[edge]\nlisten = "0.0.0.0"',
        expected=(
            "error: FILE, line 2, edge.listen: is no host and port. "
            'Write e.g. "0.0.0.0:8080" or "[::1]:8080".',
        ),
    ),
    "console open to everybody": Faulty(
        file='[ops]\nlisten = "0.0.0.0:9090"',
        expected=(
            "error: FILE, line 2, ops.listen: is reachable from other machines, and ops.users is "
            'not set. Name a file of users, or listen on "127.0.0.1:9090".',
        ),
    ),
    "console on the edge's port": Faulty(
        file='[ops]\nlisten = "127.0.0.1:8080"',
        expected=(
            "error: FILE, line 2, ops.listen: is the port of edge.listen: the console must not "
            'face WeChat. Take another port, e.g. "127.0.0.1:9090".',
        ),
    ),
    "no target": Faulty(
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(f"error: FILE, carrier.target: is missing. {WRITE_TARGET}",),
    ),
    "a web address as target": Faulty(
        file='[carrier]\ntarget = "https://dispatch:50051"',
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(
            "error: FILE, line 2, carrier.target: is no gRPC target. A gRPC target has no http:// "
            f"before it. {WRITE_TARGET}",
        ),
    ),
    "plaintext that leaves the machine": Faulty(
        file='[carrier]\ntarget = "ipv4:127.0.0.1:1,10.0.0.1:1"',
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(
            "error: FILE, line 2, carrier.target: leaves this machine, and there is no TLS: "
            "passwords would be readable. Add [carrier.tls], or set carrier.insecure = true if "
            "the network is trusted.",
        ),
    ),
    "target without a port": Faulty(
        file='[carrier]\ntarget = "dns:///dispatch"\ninsecure = true',
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(
            f"warning: FILE, line 2, carrier.target: names no port: gRPC takes 443. {WRITE_TARGET}",
        ),
    ),
    "insecure beside TLS": Faulty(
        file="[carrier]\ninsecure = true\n[carrier.tls]",
        expected=(
            "warning: FILE, line 2, carrier.insecure: changes nothing: [carrier.tls] is set, so "
            "TLS is used. Remove one of the two.",
        ),
    ),
    "certificate without its key": Faulty(
        file='[carrier.tls]\ncert = "adapter.toml"',
        expected=(
            "error: FILE, line 1, carrier.tls.key: is missing: carrier.tls.cert is of no use "
            "without it. Mutual TLS needs both files; without it leave both out.",
        ),
    ),
    "file that is not there": Faulty(
        file='[carrier]\nmapping = "nowhere.toml"',
        expected=(
            "error: FILE, line 2, carrier.mapping: names FOLDER/nowhere.toml, which does not "
            "exist. A relative name starts from the folder of the file that holds it.",
        ),
    ),
    "folder for a file": Faulty(
        file='[ops]\nusers = "."',
        expected=(
            "error: FILE, line 2, ops.users: names FOLDER, which is a folder. "
            "A relative name starts from the folder of the file that holds it.",
        ),
    ),
    "ledger in no folder": Faulty(
        file='[ledger]\nurl = "sqlite:///none/x.db"',
        expected=(
            "error: FILE, line 2, ledger.url: names a file in FOLDER/none, which is no folder. "
            "Make the folder; the ledger's file is made at the first start.",
        ),
    ),
    "unknown database": Faulty(
        file='[ledger]\nurl = "mysql://x/y"',
        expected=(
            "error: FILE, line 2, ledger.url: is no ledger we know. Write "
            "sqlite:///waybridge.db, postgresql://user@host/name or memory:.",
        ),
    ),
    "postgres by its short name": Faulty(
        file='[ledger]\nurl = "postgres://x/y"',
        expected=(
            "error: FILE, line 2, ledger.url: is no ledger we know. Write postgresql:// for it.",
        ),
    ),
    "sqlite in memory": Faulty(
        file='[ledger]\nurl = "sqlite:///:memory:"',
        expected=(
            "error: FILE, line 2, ledger.url: is no ledger we know. "
            "A ledger that forgets is memory: alone.",
        ),
    ),
    "forward to no URL": Faulty(
        file='[forward]\nurl = "127.0.0.1:7000"',
        expected=(
            "error: FILE, line 2, forward.url: is no URL. Write e.g. http://127.0.0.1:7000/wechat.",
        ),
    ),
    "misspelt time zone": Faulty(
        file='[ops]\ntimezone = "Asia/Shanghia"',
        expected=(
            "error: FILE, line 2, ops.timezone: is no time zone. Did you mean Asia/Shanghai?",
        ),
    ),
    "calls shorter than replies": Faulty(
        file="[carrier]\ndeadline_seconds = 2",
        expected=(
            "warning: FILE, line 2, carrier.deadline_seconds: is shorter than "
            "edge.reply_within_seconds: calls end in doubt too early. Leave it at 12: a call may "
            "outlive its reply.",
        ),
    ),
    "no time to ask": Faulty(
        file="[carrier]\nconnect_wait_seconds = 4",
        expected=(
            "warning: FILE, line 2, carrier.connect_wait_seconds: and "
            "ledger.commit_within_seconds leave no time to ask inside edge.reply_within_seconds. "
            "Make them add up to less than half of it.",
        ),
    ),
    "not TOML": Faulty(
        file="[edge]\nlisten = 0.0.0.0:8080",
        expected=(
            "error: FILE, line 2, column 13: is not TOML: Expected newline or end of document "
            "after a statement. Text stands in double quotes, a section's name in [brackets] on "
            "its own line.",
        ),
    ),
    "not TOML to its very end": Faulty(
        file="[edge]\nlisten =",
        expected=(
            "error: FILE, line 2, column 9: is not TOML: Invalid value. Text stands in double "
            "quotes, a section's name in [brackets] on its own line.",
        ),
    ),
    "no such secrets folder": Faulty(
        environ={"WAYBRIDGE_SECRETS_DIR": "/nowhere"},
        expected=(
            "error: /nowhere, WAYBRIDGE_SECRETS_DIR: cannot be listed: no such file or directory. "
            "Point WAYBRIDGE_SECRETS_DIR at a folder of files named as the variables.",
        ),
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_told_in_these_words(name: str, tmp_path: Path) -> None:
    faulty = FAULTY[name]
    file = tmp_path / "adapter.toml"
    file.write_text(faulty.file)
    environ = {key: text for key, text in SOUND.items() if key not in faulty.without}

    found = inspect(file, environ | faulty.environ)

    told = tuple(_said(finding, tmp_path) for finding in found.findings)
    assert told == faulty.expected
    assert (found.settings is None) == any(line.startswith("error") for line in told)


def _said(finding: Finding, folder: Path) -> str:
    return str(finding).replace(f"{folder}/adapter.toml", "FILE").replace(str(folder), "FOLDER")


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


def test_a_file_that_cannot_be_read_is_the_only_fault(tmp_path: Path) -> None:
    found = inspect(tmp_path / "none.toml", {})

    assert not found.readable
    assert [_said(finding, tmp_path) for finding in found.findings] == [
        "error: FOLDER/none.toml: cannot be read: no such file or directory. "
        "Give the file's path with --config."
    ]


def test_a_file_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_bytes(b"# \xff")

    found = inspect(file, SOUND)

    assert [_said(finding, tmp_path) for finding in found.findings] == [
        "error: FILE: is not UTF-8 text. TOML is UTF-8; save the file as that."
    ]


CANARY = "CanaryThatNobodyMaySee"

LEAKS: dict[str, str] = {
    "sound": f'[wechat]\ntoken = "{CANARY}"\n[ledger]\nurl = "postgresql://u:{CANARY}@h/d"',
    "wrong key length": f'[wechat]\nencoding_aes_key = "{CANARY}"\ntoken = "{CANARY} {CANARY}"',
    "wrong kind": f'[wechat]\ntoken = ["{CANARY}"]\nencoding_aes_key = {{ x = "{CANARY}" }}',
    "wrong place": f'wechat = "{CANARY}"\n[edge]\nlisten = "{CANARY}"\nmax_in_flight = "{CANARY}"',
    "unknown key": f'[wechat]\ntokn = "{CANARY}"\nmode = "{CANARY}"\nlocale = "{CANARY}"',
    "password in an URL": f'[ledger]\nurl = "postgres://u:{CANARY}@h/d"\n'
    f'[forward]\nurl = "ftp://{CANARY}@h/?token={CANARY}"',
    "syntax": f"[wechat]\ntoken = {CANARY}",
    "control character": f'[wechat]\ntoken = "{CANARY}\\n"',
    "time zone": f'[ops]\ntimezone = "{CANARY}"\n[carrier]\ntarget = "http://{CANARY}"',
}


@pytest.mark.parametrize("name", LEAKS)
@pytest.mark.parametrize("source", ["file", "environment"])
def test_no_secret_is_ever_told(name: str, source: str, tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text(LEAKS[name])
    environ = {}
    if source == "environment":
        secrets = (
            "WECHAT__TOKEN",
            "WECHAT__PREVIOUS_TOKEN",
            "WECHAT__ENCODING_AES_KEY",
            "WECHAT_TOKEN",
            "EDGE__MAX_IN_FLIGHT",
            "CARRIER__INSECURE",
            "WECHAT__MODE",
        )
        environ = {f"WAYBRIDGE_{variable}": CANARY for variable in secrets}

    found = inspect(file, SOUND | environ)

    dumped = found.draft.model_dump_json() + str(found.draft.model_dump())
    said = f"{found!r} {SettingsFaults(found.findings)!r} {found.draft} {dumped}"
    told = " ".join(map(repr, found.findings)) + repr(refuse_development_secrets(found))
    assert CANARY not in told
    if name not in {"wrong place", "time zone"}:  # there it is no secret, but a public setting
        assert CANARY not in said
