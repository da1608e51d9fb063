from __future__ import annotations

from pathlib import Path

import pytest

from legacy_stub.files import UnusableFile, read_toml


def written(folder: Path, text: str) -> Path:
    file = folder / "file.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_texts_numbers_and_tables_are_read(tmp_path: Path) -> None:
    file = written(tmp_path, 'name = "SF1"\nchance = 0.5\n[inner]\nwait = 3\n')

    top = read_toml(file, remedy="")

    assert (top.text("name"), top.number("chance", default=0)) == ("SF1", 0.5)
    assert top.table("inner").number("wait", default=0) == 3
    assert top.text("absent", default="as ever") == "as ever"
    assert top.faults == []


def test_every_table_of_a_list_is_read_in_order(tmp_path: Path) -> None:
    file = written(tmp_path, '[[rows]]\nx = "a"\n[[rows]]\nx = "b"\n')

    rows = [table.text("x") for table in read_toml(file, remedy="").tables("rows")]

    assert rows == ["a", "b"]


def test_all_faults_of_a_file_are_gathered(tmp_path: Path) -> None:
    text = 'name = 3\nchance = "x"\nrows = [1]\nlist = 5\ninner = 1\nflag = true\nkind = "z"\n'
    top = read_toml(written(tmp_path, text), remedy="")

    top.text("name")
    top.number("chance", default=0)
    top.number("flag", default=0)
    list(top.tables("rows"))
    list(top.tables("list"))
    top.table("inner")
    top.one_of("kind", ["a", "b"])
    top.refuse_others("name", "chance", "rows", "list", "inner", "flag")

    assert top.faults == [
        "name must be text",
        "chance must be a number",
        "flag must be a number",
        "rows 1 must be a table",
        "list must be a list",
        "inner must be a table",
        "kind is 'z', must be one of a, b",
        "the file knows no 'kind', only name, chance, rows, list, inner, flag",
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match=r"gone\.toml cannot be used: No such file.*Look there"):
        read_toml(tmp_path / "gone.toml", remedy="Look there")


@pytest.mark.parametrize("raw", [b"= nothing", b"name = '\xff'"])
def test_a_file_that_is_not_toml_is_refused_with_the_reason(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "file.toml").write_bytes(raw)

    with pytest.raises(UnusableFile, match="not TOML"):
        read_toml(tmp_path / "file.toml", remedy="")
