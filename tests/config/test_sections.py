from __future__ import annotations

import tomllib

import pytest
from pydantic import ValidationError

from adapter.config.sections import (
    EdgeSettings,
    ForwardSettings,
    LedgerSettings,
    MiniProgramSettings,
    Sections,
    WeChatSettings,
)
from adapter.wechat.secret import Secret

# The block of names and defaults that are promised to users; examples that are no default
# (app_id, target, tls, forward, users) are left out.
PROMISED = """
[edge]
listen = "0.0.0.0:8080"
path = "/wechat/push"
reply_within_seconds = 4.5
body_limit_bytes = 65536
max_in_flight = 512
drain_delay_seconds = 5
[wechat]
app_id = ""
mode = "secure"
token = ""
encoding_aes_key = ""
previous_encoding_aes_key = ""
freshness_seconds = 600
locale = "zh"
[carrier]
deadline_seconds = 12
connect_wait_seconds = 1
insecure = false
descriptors = ""
mapping = ""
[ledger]
url = "sqlite:///waybridge.db"
keep_days = 180
[ops]
listen = "127.0.0.1:9090"
timezone = "Asia/Shanghai"
[log]
format = "auto"
"""


def test_the_defaults_are_the_promised_ones() -> None:
    assert Sections.model_validate(tomllib.loads(PROMISED)) == Sections()


def test_what_a_file_leaves_out_is_absent() -> None:
    sections = Sections()

    assert sections.carrier.tls is None
    assert sections.ops.users is None
    assert sections.forward.url == ""
    assert sections.mini_programs == {}


def test_the_first_program_comes_first() -> None:
    sections = Sections(
        wechat=WeChatSettings(app_id="wx1"),
        mini_programs={"b": MiniProgramSettings(path="/b"), "a": MiniProgramSettings(path="/a")},
    )

    assert {name: sections.path_of(name) for name in sections.programs} == {
        "wechat": "/wechat/push",
        "mini_programs.b": "/b",
        "mini_programs.a": "/a",
    }


def test_without_any_section_there_is_still_the_first_program() -> None:
    assert list(Sections().programs) == ["wechat"]


def test_nothing_can_be_changed_or_added() -> None:
    with pytest.raises(ValidationError):
        EdgeSettings.model_validate({"pth": "/"})
    with pytest.raises(ValidationError):
        Sections().wechat.token = Secret("x")  # type: ignore[misc]


@pytest.mark.parametrize("section", [LedgerSettings, ForwardSettings])
def test_a_password_in_an_url_is_not_shown(
    section: type[LedgerSettings] | type[ForwardSettings],
) -> None:
    made = section(url="scheme://user:canary@host/x?password=canary")

    assert "canary" not in f"{made!r}{made}{made.model_dump()}{made.model_dump_json()}"
    assert "canary" in made.url
