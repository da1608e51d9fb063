"""The project keeps its own word: versions, floors, hashes, sizes, and what the docs promise."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import click
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import adapter
from adapter.cancellation.model import Unsent
from adapter.edge.refusals import HttpRefusal
from adapter.wechat.errors import REFUSED_REASONS

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("adapter", "legacy_stub")
LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 40

# The least versions without a published advisory that concerns us.
FLOORS = {"starlette": "1.3.1", "protobuf": "6.33.5", "xmltodict": "0.15.1", "h11": "0.16"}

# What would tie the project to one machine or to one place that packages come from.
FOREIGN = re.compile(
    r"/(?:root|home|Users)/\w|/work/(?:main|shared)"
    r"|pypi\.org/simple|files\.pythonhosted|registry\.npmjs|(?<![\w-])--(?:extra-)?index-url"
)
TEXT_SUFFIXES = {
    *(".py", ".toml", ".md", ".txt", ".yaml", ".yml", ".proto", ".json", ".lock", ".html"),
    *(".css", ".js", ".ini", ".cfg", ".sh", ".conf", ".service", ".sql", ".mako", ""),
}
LEFT_ALONE = {".git", ".venv", "node_modules", "__pycache__", "build", "dist", ".bench"}


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())["project"]
    return table


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in ROOT.joinpath(folder).rglob("*.py"))


def text_files(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_ALONE or path.name.endswith(("_cache", ".egg-info", ".hypothesis")):
            continue
        if path.name.startswith(".coverage"):
            continue
        if path.is_dir():
            yield from text_files(path)
        elif path.suffix in TEXT_SUFFIXES and path.name != "LICENSE":
            yield path


def locked() -> dict[str, Version]:
    pins = re.findall(
        r"^([\w.-]+)==(\S+)", ROOT.joinpath("requirements.lock").read_text(), re.MULTILINE
    )
    return {name: Version(pinned) for name, pinned in pins}


# Versions


def test_the_newest_entry_of_the_changelog_is_the_version_that_is_installed() -> None:
    newest = re.search(r"^## (\S+)", ROOT.joinpath("CHANGELOG.md").read_text(), re.MULTILINE)

    assert newest is not None
    assert newest[1] == version("waybridge") == project()["version"]


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_no_version_with_a_known_hole_is_installed_or_allowed(package: str, floor: str) -> None:
    assert Version(version(package)) >= Version(floor)
    assert locked()[package] >= Version(floor)
    for requirement in map(Requirement, project()["dependencies"]):
        if requirement.name == package:
            assert not any(requirement.specifier.filter([str(below(floor))]))


def below(floor: str) -> Version:
    """Return a version just under `floor`."""
    return Version(f"{floor}.dev0")


def test_the_lock_satisfies_every_dependency() -> None:
    optional = project()["optional-dependencies"].values()
    wanted = [*project()["dependencies"], *(name for names in optional for name in names)]
    pins = locked()

    unmet = [
        wish
        for wish in map(Requirement, wanted)
        if wish.name not in pins or pins[wish.name] not in wish.specifier
    ]

    assert unmet == []


def test_every_package_of_the_lock_has_hashes_and_none_an_address() -> None:
    lock = ROOT.joinpath("requirements.lock").read_text()

    blocks = re.split(r"\n(?=\S)", lock.strip())

    assert "://" not in lock
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


# Sizes and shapes


@pytest.mark.parametrize("path", modules(*SHIPPED), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_no_longer_than_one_idea(path: Path) -> None:
    source = path.read_text()
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        # A migration is a list of tables, as long as they are.
        and "migrations" not in path.parts
    ]

    long_ones = {
        node.name: length
        for node in functions
        if (length := (node.end_lineno or 0) - node.lineno + 1) > LINES_OF_A_FUNCTION
    }

    assert len(source.splitlines()) <= LINES_OF_A_MODULE
    assert long_ones == {}


def test_an_init_holds_a_docstring_and_no_code() -> None:
    inits = [path for path in modules(*SHIPPED, "bench") if path.name == "__init__.py"]

    with_code = [
        path.relative_to(ROOT)
        for path in inits
        if len(tree := ast.parse(path.read_text()).body) != 1 or not _is_docstring(tree[0])
    ]

    assert inits != []
    assert with_code == []


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_every_package_has_a_folder_of_tests() -> None:
    packages = [path.parent for folder in SHIPPED for path in (ROOT / folder).rglob("__init__.py")]
    with_code = [
        package.relative_to(ROOT)
        for package in packages
        if any(path.name != "__init__.py" for path in package.glob("*.py"))
        and "migrations" not in package.parts
    ]

    without = [
        package
        for package in with_code
        if package != Path("adapter")
        and not any((ROOT / "tests" / str(package).removeprefix("adapter/")).rglob("test_*.py"))
    ]

    assert without == []


def test_nothing_is_tied_to_one_machine_or_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in text_files()
        if (match := FOREIGN.search(path.read_text(encoding="utf-8", errors="replace")))
    ]

    assert found == []


# What the docs promise


def reasons() -> set[str]:
    """Return every stable word for what went wrong."""
    for found in pkgutil.walk_packages(adapter.__path__, "adapter."):
        # Alembic's scripts run only inside Alembic; `__main__` is the program itself.
        if ".migrations" not in found.name and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    raised = {
        kind.__dict__["reason"]
        for kind in _kinds_of(Exception)
        if kind.__module__.startswith("adapter.") and isinstance(kind.__dict__.get("reason"), str)
    }
    named = {reason.value for reason in (*Unsent, *HttpRefusal)}
    return raised | named | {"undecodable", *REFUSED_REASONS}


def _kinds_of(kind: type[Exception]) -> Iterator[type[Exception]]:
    for narrower in kind.__subclasses__():
        yield narrower
        yield from _kinds_of(narrower)


def test_the_page_of_errors_explains_every_reason_and_no_other() -> None:
    page = ROOT.joinpath("docs", "errors.md").read_text()

    explained = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))

    assert explained == reasons()


def shell_lines(page: str) -> list[str]:
    """Return what a page tells its reader to type."""
    blocks = re.findall(r"```(?:console|sh|bash)\n(.*?)```", page, re.DOTALL)
    lines = [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    return [line.split("  #")[0] for line in lines]


def typed(program: str) -> list[list[str]]:
    lines = shell_lines(ROOT.joinpath("README.md").read_text())
    at = re.compile(rf"^(?:\S*/)?{program}\s+(.+)$")
    return [match[1].split() for line in lines if (match := at.match(line))]


def test_every_make_command_of_the_readme_exists() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):.*## ", ROOT.joinpath("Makefile").read_text(), re.MULTILINE)
    )

    promised = {words[0] for words in typed("make")}

    assert {"dev", "test", "demo"} <= promised <= targets


@pytest.mark.parametrize("program", ["waybridge", "legacy-stub"])
def test_every_command_of_the_readme_exists_with_its_options(program: str) -> None:
    for words in typed(program):
        command = _command(program)
        while isinstance(command, click.Group) and words:
            name, *words = words
            found = command.get_command(click.Context(command), name)
            assert found is not None, f"{program} has no {name}"
            command = found
        options = {option for parameter in command.params for option in parameter.opts}

        assert {word.split("=")[0] for word in words if word.startswith("--")} <= options


def _command(program: str) -> click.Command:
    (script,) = entry_points(group="console_scripts", name=program)
    main = importlib.import_module(script.module)
    commands = [value for value in vars(main).values() if isinstance(value, click.Command)]
    return commands[0]


def every_command(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Return each command that does something, under the words that are typed for it."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    with click.Context(command) as context:
        for word in command.list_commands(context):
            found = command.get_command(context, word)
            assert found is not None
            yield from every_command(f"{name} {word}", found)


@pytest.mark.parametrize("program", ["waybridge", "legacy-stub"])
def test_the_page_of_commands_tells_of_each_with_its_options(program: str) -> None:
    sections = dict(
        re.findall(
            r"^## `([^`]+)`\n(.*?)(?=^## |\Z)",
            ROOT.joinpath("docs", "commands.md").read_text(),
            re.MULTILINE | re.DOTALL,
        )
    )

    untold = [
        f"{name} {option}".strip()
        for name, command in every_command(program, _command(program))
        for option in ["", *(option for each in command.params for option in each.opts)]
        if name not in sections or f"`{option}" not in sections[name]
        if not option or option.startswith("--")
    ]

    assert untold == []
