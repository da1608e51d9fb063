from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter.cli.explain.command import command
from adapter.wechat.codec import Format, encode
from tests.explain.capturing import (
    APP_ID,
    CANARY,
    FIELDS,
    KEY,
    NOW,
    OTHER_KEY,
    OTHER_TOKEN,
    THEIRS,
    TOKEN,
    Sent,
    sent,
)

CONFIG = f"""
[wechat]
app_id = "{APP_ID}"
token = "{TOKEN}"
encoding_aes_key = "{KEY}"
locale = "en"
[carrier]
target = "127.0.0.1:50051"
"""
OTHER = f"""
[mini_programs.b]
path = "/b"
app_id = "wx0000000000000002"
token = "{OTHER_TOKEN}"
encoding_aes_key = "{OTHER_KEY}"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "adapter.toml"
    file.write_text(CONFIG)
    return file


def _explain(file: Path, push: Sent, *more: str, query: str | None = None) -> Result:
    asked = query if query is not None else push.query.decode()
    arguments = ["--config", str(file), "-", "--query", asked, "--at", str(NOW + 12), *more]
    return CliRunner().invoke(command, arguments, input=push.body)


def test_a_right_push_is_told_step_by_step(file: Path) -> None:
    result = _explain(file, sent())

    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0].endswith(
        f"bytes for [wechat], app id {APP_ID}, secure mode, as of 2024-04-26 06:20:57 UTC"
    )
    assert lines[1] == (
        "signature   msg_signature is correct with the current token, signed 12 s before it arrived"
    )
    assert lines[2] == f"decryption  correct with the current key, for {APP_ID}"
    assert "BizPwd = ***" in lines
    assert "biz_password = ***" in lines
    assert "waybill_id = 123456789" in lines
    assert any(line.startswith("CANCEL_STATUS_PICKED_UP") for line in lines)
    assert lines[-1] == "Accepted: answered 200."


def test_a_refused_push_exits_1_with_what_explains_it(file: Path) -> None:
    result = _explain(file, sent(THEIRS))

    assert result.exit_code == 1
    assert "refused     signature_wrong" in result.stdout
    assert "Refused: answered 403. Likely causes:\n  Neither the token" in result.stdout


def test_no_secret_is_printed_whatever_the_push(file: Path) -> None:
    pushes = [sent(), sent(THEIRS), sent(format=Format.JSON), Sent(query=b"", body=b"x")]

    told = [_explain(file, push, *more).output for push in pushes for more in ((), ("--json",))]

    assert CANARY not in "".join(told)


def test_json_holds_every_step(file: Path) -> None:
    document = json.loads(_explain(file, sent(), "--json").stdout)

    assert (document["taken"], document["status"], document["causes"]) == (True, 200, [])
    assert document["fields"]["BizPwd"] == "***"
    assert document["request"]["method"] == "carrier.v1.WaybillService/CancelWaybill"
    assert [step["name"] for step in document["steps"]] == [
        "push",
        "signature",
        "decryption",
        "fields",
        "request",
    ]


def test_json_of_a_refused_push_holds_its_causes(file: Path) -> None:
    result = _explain(file, sent(timestamp=NOW - 9999), "--json")

    document = json.loads(result.stdout)
    assert (result.exit_code, document["reason"]) == (1, "stale")
    assert [cause["cause"] for cause in document["causes"]] == ["clock"]
    assert document["request"] is None


def test_the_path_of_a_logs_line_chooses_the_program(file: Path) -> None:
    file.write_text(CONFIG + OTHER)
    push = sent(THEIRS)
    line = f'"POST /b?{push.query.decode()} HTTP/1.1" 403'

    result = _explain(file, push, query=line)

    assert result.exit_code == 0
    assert "for [mini_programs.b]" in result.stdout


def test_the_time_of_a_logs_line_is_the_clock(file: Path, tmp_path: Path) -> None:
    push = sent()
    (tmp_path / "body").write_bytes(push.body)
    line = f'[26/Apr/2024:14:20:50 +0800] "POST /wechat/push?{push.query.decode()} HTTP/1.1"'
    arguments = ["--config", str(file), str(tmp_path / "body"), "--query"]

    then = CliRunner().invoke(command, [*arguments, line])
    now = CliRunner().invoke(command, [*arguments, push.query.decode()])

    assert "signed 5 s before it arrived" in then.stdout
    assert (then.exit_code, now.exit_code) == (0, 1)
    assert "The timestamp is out of range: it was signed" in now.stdout


def test_without_a_query_the_request_is_told_all_the_same(file: Path, tmp_path: Path) -> None:
    body = tmp_path / "push.xml"
    body.write_bytes(encode(FIELDS, Format.XML))

    result = CliRunner().invoke(command, ["--config", str(file), str(body)])

    assert result.exit_code == 0
    assert "signature   not checked: no --query was given" in result.stdout
    assert result.stdout.endswith("Accepted if its signature is valid: answered 200.\n")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("Event", "add_waybill"), "add_waybill is not a cancel_waybill push: answered `success`"),
        (("WayBillID", ""), "none: WayBillID not valid; answered 30001"),
        (("Event", "\x1b[2Jx"), "\\x1b[2Jx is not a cancel_waybill push"),
    ],
)
def test_a_push_that_asks_the_carrier_nothing_says_so(
    file: Path, change: tuple[str, str], says: str
) -> None:
    fields = {**dict(FIELDS), change[0]: change[1]}
    push = sent(message=encode(fields.items(), Format.JSON), format=Format.JSON)

    result = _explain(file, push)

    assert result.exit_code == 0
    assert says in result.stdout
    assert "What each word of the carrier" not in result.stdout


def test_what_is_not_needed_to_read_a_push_may_be_faulty(file: Path) -> None:
    file.write_text(CONFIG.replace("127.0.0.1:50051", "") + '[carrier.tls]\nca = "none.pem"\n')

    assert _explain(file, sent()).exit_code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CONFIG.replace(TOKEN, ""), "wechat.token"),
        (CONFIG.replace(KEY, "short"), "wechat.encoding_aes_key"),
        ("not toml", "adapter.toml"),
        (f'{CONFIG}mapping = "none.toml"\n', "carrier.mapping"),
    ],
)
def test_a_configuration_that_cannot_be_used_exits_2(file: Path, text: str, says: str) -> None:
    file.write_text(text)

    result = _explain(file, sent())

    assert result.exit_code == 2
    assert says in result.stderr


def test_a_faulty_mapping_exits_2_with_its_faults(file: Path) -> None:
    file.with_name("m.toml").write_text("method = 1")
    file.write_text(f'{CONFIG}mapping = "m.toml"\n')

    result = _explain(file, sent())

    assert result.exit_code == 2
    assert f"{file.with_name('m.toml')}, line 1, method: must be text" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.xml"], "none.xml cannot be read: No such file or directory."),
        (["-", "--at", "yesterday"], "--at yesterday is not a valid time."),
    ],
)
def test_what_cannot_be_read_exits_2(file: Path, arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(command, ["--config", str(file), *arguments], input=b"<xml/>")

    assert result.exit_code == 2
    assert says in result.stderr


def test_a_file_that_is_no_push_at_all_is_not_read_whole(file: Path, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * (4 * 1024 * 1024 + 1))

    result = CliRunner().invoke(command, ["--config", str(file), str(tmp_path / "big")])

    assert result.exit_code == 2
    assert "is larger than 4194304 bytes." in result.stderr


def test_a_moment_may_be_written_in_iso(file: Path) -> None:
    push = sent()
    arguments = ["--config", str(file), "-", "--query", push.query.decode(), "--at"]

    result = CliRunner().invoke(command, [*arguments, "2024-04-26T06:20:46"], input=push.body)

    assert result.exit_code == 0
