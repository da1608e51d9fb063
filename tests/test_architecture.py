"""docs/architecture.md against the tree, and against the import contracts of pyproject.toml."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.test_project import ROOT, SHIPPED, modules

PAGE = ROOT.joinpath("docs", "architecture.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+(?:\.(?:py|toml|md))?)(?:::(\w+))?`", PAGE)
PATHS = sorted({(path, name) for path, name in NAMED if "/" in path or "." in path})
CONTRACTS: dict[str, dict[str, Any]] = {
    contract["id"]: contract
    for contract in tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())["tool"][
        "importlinter"
    ]["contracts"]
}
# Two classes, one of which is to be renamed.
STILL_TWICE = {"Refused"}


def found(path: str) -> Path | None:
    tried = (ROOT / "adapter" / path, ROOT / path)
    return next((each for each in tried if each.exists()), None)


def top_names(module: Path) -> set[str]:
    names: set[str] = set()
    for statement in ast.parse(module.read_text()).body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(statement.name)
            case ast.Assign():
                names |= {each.id for each in statement.targets if isinstance(each, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


@pytest.mark.parametrize(("path", "name"), PATHS)
def test_every_module_and_name_of_the_page_exists(path: str, name: str) -> None:
    module = found(path)

    assert module is not None
    assert not name or name in top_names(module)


def test_the_page_names_modules_of_every_stage() -> None:
    assert {path.partition("/")[0] for path, _ in PATHS} >= {
        *("edge", "wechat", "cancellation", "ledger", "carrier", "ops", "config", "legacy_stub")
    }


@pytest.mark.parametrize("contract", ["layers", "carrier"])
def test_the_arrows_of_the_page_are_those_of_the_import_contracts(contract: str) -> None:
    (container,) = CONTRACTS[contract]["containers"]
    drawn = re.search(
        rf"^```layers {re.escape(container)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL
    )

    assert drawn is not None
    assert drawn[1].splitlines() == [
        re.sub(r"[()]", "", layer) for layer in CONTRACTS[contract]["layers"]
    ]
    assert CONTRACTS[contract]["exhaustive"] is True


def test_every_folder_has_its_line() -> None:
    folders = {path.parent.name for path in ROOT.joinpath("adapter").glob("*/__init__.py")}

    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == folders


def test_a_class_name_exists_once() -> None:
    places = defaultdict(list)
    for module in modules(*SHIPPED):
        for statement in ast.parse(module.read_text()).body:
            if isinstance(statement, ast.ClassDef) and statement.name not in STILL_TWICE:
                places[statement.name].append(str(module.relative_to(ROOT)))

    assert {name: places[name] for name in places if len(places[name]) > 1} == {}
