from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config.keys import KeyTable
from adapter.config.load import Origin, Values, gather
from adapter.config.sections import Sections

KEYS = KeyTable.of(Sections)


def test_every_value_keeps_who_set_it(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text('[edge]\npath = "/a"\nlisten = "x:1"\n')
    environ = {"WAYBRIDGE_EDGE__PATH": "/b", "OTHER": "x"}

    values = gather(file, environ, keys=KEYS, folder=tmp_path / "work")

    assert values.tree == {"edge": {"path": "/b", "listen": "x:1"}}
    assert values.origins[("edge", "listen")] == Origin(source=str(file), folder=tmp_path, line=3)
    assert values.origins[("edge", "path")] == Origin(
        source="environment variable WAYBRIDGE_EDGE__PATH", folder=tmp_path / "work"
    )


def test_a_key_that_nobody_set_belongs_to_its_heading(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text("\n[wechat]\n")

    values = gather(file, {}, keys=KEYS, folder=tmp_path)

    origin = values.origin_of(("wechat", "token"))
    assert origin is not None
    assert origin.line == 2
    assert values.origin_of(("edge", "path")) is None


def test_an_empty_section_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text("[carrier.tls]\n")

    assert gather(file, {}, keys=KEYS, folder=tmp_path).tree == {"carrier": {"tls": {}}}


def test_only_the_last_newline_of_a_secrets_file_falls(tmp_path: Path) -> None:
    (tmp_path / "WAYBRIDGE_WECHAT__TOKEN").write_bytes(b" abc \r\n")
    (tmp_path / "..data").mkdir()
    (tmp_path / "README").write_text("not ours")

    values = gather(None, {"WAYBRIDGE_SECRETS_DIR": "."}, keys=KEYS, folder=tmp_path)

    assert values.tree == {"wechat": {"token": " abc "}}
    assert values.findings == []


def test_a_secrets_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "WAYBRIDGE_WECHAT__TOKEN").write_bytes(b"\xff\xfe")
    (tmp_path / "WAYBRIDGE_EDGE__PATH").mkdir()
    (tmp_path / "WAYBRIDGE_WECHAT__TOKN").write_text("x")

    values = gather(None, {"WAYBRIDGE_SECRETS_DIR": str(tmp_path)}, keys=KEYS, folder=Path("/"))

    assert [str(finding).replace(str(tmp_path), "FOLDER") for finding in values.findings] == [
        "error: secrets file FOLDER/WAYBRIDGE_EDGE__PATH: cannot be read: is a directory. "
        "Make it readable for waybridge's user.",
        "error: secrets file FOLDER/WAYBRIDGE_WECHAT__TOKEN: is not UTF-8 text. "
        "Write the secret as plain text.",
        "error: secrets file FOLDER/WAYBRIDGE_WECHAT__TOKN: unknown setting. "
        'Did you mean "WAYBRIDGE_WECHAT__TOKEN"?',
    ]


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("WAYBRIDGE_EDGE__COLOUR", "`waybridge schema` lists every setting."),
        ("WAYBRIDGE_EDGE__MAX_INFLIGHT", 'Did you mean "WAYBRIDGE_EDGE__MAX_IN_FLIGHT"?'),
        ("WAYBRIDGE_EGDE__PATH", 'Did you mean "WAYBRIDGE_EDGE__PATH"?'),
    ],
)
def test_a_wrong_variable_is_told_the_nearest_of_its_own_section(variable: str, hint: str) -> None:
    values = gather(None, {variable: "x"}, keys=KEYS, folder=Path("/"))

    assert [finding.hint for finding in values.findings] == [hint]


def test_a_section_set_to_a_value_gives_way_to_its_keys() -> None:
    values = Values(main=Origin(source="x", folder=Path("/")))
    values.set(("edge",), 3, values.main)

    values.set(("edge", "path"), "/a", values.main)

    assert values.tree == {"edge": {"path": "/a"}}


def test_the_values_themselves_are_never_printed(tmp_path: Path) -> None:
    environ = {"WAYBRIDGE_WECHAT__TOKEN": "canary"}

    assert "canary" not in repr(gather(None, environ, keys=KEYS, folder=tmp_path))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            None,
            ": cannot be read: no such file or directory. "
            "Check the file's path, and that this user may read it.",
        ),
        (b"# \xff", ", line 1: is not UTF-8 text. TOML is UTF-8: save the file in that encoding."),
    ],
    ids=["not there", "not text"],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "adapter.toml"
    if content is not None:
        file.write_bytes(content)

    values = gather(file, {}, keys=KEYS, folder=tmp_path)

    assert not values.readable
    assert [str(finding) for finding in values.findings] == [f"error: {file}{told}"]


def test_a_file_that_is_no_toml_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "adapter.toml"
    file.write_text("[edge]\nlisten =")

    values = gather(file, {}, keys=KEYS, folder=tmp_path)

    (finding,) = values.findings
    assert not values.readable
    assert finding.where == f"{file}, line 2, column 9"
    assert finding.message == "is not TOML: Invalid value."


def test_a_secrets_folder_that_is_none_is_told() -> None:
    environ = {"WAYBRIDGE_SECRETS_DIR": "nowhere"}

    values = gather(None, environ, keys=KEYS, folder=Path("/"))

    assert [str(finding) for finding in values.findings] == [
        "error: /nowhere, WAYBRIDGE_SECRETS_DIR: cannot be listed: no such file or directory. "
        "Point WAYBRIDGE_SECRETS_DIR at a folder of files that are named like the variables."
    ]
