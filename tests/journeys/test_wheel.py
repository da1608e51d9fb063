"""The wheel: built, installed without extras, and used from a folder that is not ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from tests.journeys.processes import configuration

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "proto" / "carrier" / "v1" / "waybill_service.proto"
NOT_INSTALLED = ("asyncpg", "waybridge")  # the extra, and this checkout


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A wheel, and an environment that has it and what it depends on, without extras."""

    wheel: Path
    programs: Path

    def runs(self, program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (self.programs / program, *arguments),
            cwd=cwd,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.fixture(autouse=True)
def process_of_its_own(no_blocking_calls: BlockBuster) -> None:
    no_blocking_calls.deactivate()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder),
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False)
    packages = next((folder / "env" / "lib").glob("python*")) / "site-packages"
    # The locked versions that are here, linked: nothing is fetched.
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if not each.name.startswith((*NOT_INSTALLED, "_")) and each.suffix != ".pth":
            (packages / each.name).symlink_to(each)
    for each in Path(sysconfig.get_path("purelib")).glob("_*"):
        if not each.name.startswith(("_waybridge", "_editable", "__pycache__")):
            (packages / each.name).symlink_to(each)
    subprocess.run(
        (
            *(sys.executable, "-m", "pip", "--python", folder / "env", "install"),
            *("--no-deps", "--no-index", "--quiet", wheel),
        ),
        check=True,
        capture_output=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    return Installed(wheel=wheel, programs=folder / "env" / "bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, but for a file that has the name of our package."""
    (tmp_path / "adapter.py").write_text("raise SystemExit('not the package')\n")
    return tmp_path


def test_the_programs_run_beside_a_file_of_our_packages_name(
    installed: Installed, folder: Path
) -> None:
    versions = [installed.runs(each, "--version", cwd=folder) for each in PROGRAMS]

    assert [each.returncode for each in versions] == [0, 0], versions
    assert len({each.stdout.split()[1] for each in versions}) == 1


PROGRAMS = ("waybridge", "legacy-stub")


def test_every_push_of_the_demo_is_right(installed: Installed, folder: Path) -> None:
    ended = installed.runs("waybridge", "dev", "--once", cwd=folder)

    assert ended.returncode == 0, ended.stderr
    assert "All 36 replies are correct." in ended.stdout


def test_the_contract_is_printed_word_for_word(installed: Installed, folder: Path) -> None:
    ended = installed.runs("waybridge", "contract", "show", "--proto", cwd=folder)

    assert ended.stdout == PROTO.read_text()
    with zipfile.ZipFile(installed.wheel) as files:
        assert files.read("adapter/carrier/waybill_service.proto") == PROTO.read_bytes()


def test_postgresql_without_its_driver_is_one_paragraph(installed: Installed, folder: Path) -> None:
    config = configuration(folder, "127.0.0.1:1", ledger="postgresql://u:k4n4ry@h/d")
    config.chmod(0o600)
    for words in (("check", "--offline"), ("serve",), ("ledger", "search"), ("ledger", "migrate")):
        ended = installed.runs("waybridge", *words, "--config", str(config), cwd=folder)

        assert ended.returncode in (1, 2), words
        assert ended.stderr.count("pip install 'waybridge[postgres]'") == 1, (words, ended.stderr)
        assert "Traceback" not in ended.stderr + ended.stdout
        assert "k4n4ry" not in ended.stderr + ended.stdout


def test_the_index_page_links_to_the_project(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as files:
        (name,) = (each for each in files.namelist() if each.endswith("/METADATA"))
        metadata = Parser().parsestr(files.read(name).decode())

    urls = metadata.get_all("Project-URL") or []
    assert {each.partition(",")[0] for each in urls} == {"Homepage", "Documentation", "Changelog"}
    targets = re.findall(r"\]\(([^)]+)\)", str(metadata.get_payload()))
    assert len(targets) > 5
    assert [each for each in targets if not each.startswith(("https://", "#"))] == []
