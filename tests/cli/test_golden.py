"""What each command prints, from its help to its errors, as it stands in tests/golden."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from adapter.cancellation.model import Basis, Cause, Outcome, State
from adapter.cli.main import waybridge
from legacy_stub.commands import main as legacy_stub
from tests.carrier.dispatch_contract import CONTRACTS, dispatch
from tests.cli.ledgers import desk_at, doubtful, push, record, rewound_seconds_ago, unsent
from tests.explain.capturing import APP_ID, KEY, NOW, TOKEN, sent
from tests.golden_files import FOLDER, agrees, normalised
from tests.journeys.processes import running
from tests.ports import free_port
from tests.private_files import private_files

__all__ = ["private_files"]

PROGRAMS = {"waybridge": waybridge, "legacy-stub": legacy_stub}
WIDTH = {"COLUMNS": "100"}
AT = 1_764_300_000.0  # 2025-11-28 11:20:00 in Asia/Shanghai

SOUND = f"""\
[wechat]
app_id = "{APP_ID}"
token = "{TOKEN}"
encoding_aes_key = "{KEY}"
locale = "en"
[carrier]
target = "127.0.0.1:50051"
"""
FAULTY = """\
[edge]
path = "push"
body_limit_bytes = "64k"
[wechat]
app_id = "gh_abcdefg"
token = "a b"
encoding_aes_key = "short"
mode = "safe"
[carrier]
target = "http://dispatch.internal"
mapping = "mapping.toml"
[ledger]
url = "mysql://ledger"
[ops]
listen = "0.0.0.0:9090"
timezone = "Asia/Shanghia"
[legder]
"""
FAULTY_MAPPING = """\
method = "carrier.v1.WaybillService/CancelWaybill"
[request]
waybill = "WayBillID"
order_id = "OrderNumber"
[status]
field = "status"
[status.outcomes]
CANCEL_STATUS_CANCELED = "cancelled"
CANCEL_STATUS_PICKED_UP = "collected"
"""

pytestmark = pytest.mark.usefixtures("process_of_its_own")


@dataclass(kw_only=True)
class Shell:
    """Runs command lines in one folder and keeps what they printed, as a person would see it."""

    folder: Path
    told: list[str] = field(default_factory=list)

    def types(self, line: str, *, stdin: bytes | None = None) -> None:
        """Run a command line in this process."""
        program, *words = shlex.split(line)
        for _, command in _commands(program, PROGRAMS[program]):
            # click keeps the help option of the first use, which may have been without `-h`.
            command._help_option = None
        result = CliRunner(env=WIDTH).invoke(
            PROGRAMS[program], words, input=stdin, prog_name=program
        )
        self.hears(line, result.output, result.exit_code)

    def runs(self, line: str) -> None:
        """Run a command line as a process of its own."""
        program, *words = shlex.split(line)
        module = {"waybridge": "adapter", "legacy-stub": "legacy_stub"}[program]
        with running(module, *words, env=WIDTH, cwd=self.folder) as listened:
            code = listened.ended()
            self.hears(line, listened.stdout + listened.stderr, code)

    def hears(self, line: str, output: str, exit_code: int) -> None:
        """Keep what a command line printed."""
        printed = f"{output.rstrip()}\n" if output.strip() else ""
        self.told.append(f"$ {line}\n{printed}[exit {exit_code}]")

    @property
    def transcript(self) -> str:
        """Everything so far, without what differs from run to run."""
        return normalised("\n\n".join(self.told), self.folder)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("USER", "li")
    monkeypatch.delenv("SUDO_USER", raising=False)
    return Shell(folder=tmp_path)


@pytest.fixture
def ledger(shell: Shell) -> Shell:
    """A shell beside a ledger that holds a push of every state, received at known times."""
    times = {"received_at": AT, "called_at": AT, "settled_at": AT + 0.25}
    record(
        desk_at(shell.folder, f"sqlite:///{shell.folder}/ledger.db").url,
        (
            push(1, **times),
            push(2, **times, told=Outcome.IN_DOUBT, message="已取消"),
            push(3, **times, outcome=Outcome.ALREADY_CANCELLED, told=None, why="ALREADY"),
            push(4, **times, basis=Basis.INFERRED, cause=Cause.INFERRED, why=""),
            doubtful(5, **{**times, "settled_at": 0.0}),
            doubtful(6, **{**times, "settled_at": 0.0}, state=State.CALLING, told=None),
            doubtful(7, **{**times, "settled_at": 0.0}, waybill_id="SF000000001"),
            *(
                replace(unsent(number, reason), received_at=AT)
                for number, reason in enumerate(("paused", "refused", "withdrawn"), start=8)
            ),
        ),
    )
    return shell


# What needs no server


def test_waybridge(shell: Shell) -> None:
    shell.types("waybridge --help")
    shell.types("waybridge serv")
    shell.types("waybridge nonsense")

    agrees("waybridge", shell.transcript)


def test_check(shell: Shell) -> None:
    Path("adapter.toml").write_text(SOUND)

    shell.types("waybridge check --help")
    shell.types("waybridge check --config adapter.toml --offline")
    shell.types("waybridge check --offline")
    shell.types("waybridge check --config none.toml")

    agrees("check", shell.transcript)


def test_check_faults(shell: Shell) -> None:
    Path("adapter.toml").write_text(FAULTY)
    Path("sound.toml").write_text(f'{SOUND}mapping = "mapping.toml"\n')
    Path("online.toml").write_text(
        SOUND.replace("50051", str(free_port())) + '[ledger]\nurl = "sqlite:///none/ledger.db"\n'
    )
    Path("mapping.toml").write_text(FAULTY_MAPPING)
    Path("broken.toml").write_text("[edge\n")

    shell.types("waybridge check --config adapter.toml --offline")
    shell.types("waybridge check --config sound.toml --offline")
    shell.types("waybridge check --config broken.toml --offline")
    shell.types("waybridge check --config online.toml")

    agrees("check-faults", shell.transcript)


def test_serve(shell: Shell) -> None:
    Path("adapter.toml").write_text(FAULTY)

    shell.types("waybridge serve --help")
    shell.types("waybridge serve --config adapter.toml")

    agrees("serve", shell.transcript)


def test_schema(shell: Shell) -> None:
    shell.types("waybridge schema --help")

    agrees("schema", shell.transcript)


def test_explain(shell: Shell) -> None:
    Path("adapter.toml").write_text(SOUND)
    right, stale = sent(), f"--at {NOW + 86_400}"
    Path("push.xml").write_bytes(right.body)
    query = shlex.quote(right.query.decode())

    shell.types("waybridge explain --help")
    for words in (f"--at {NOW + 12}", stale):
        line = f"waybridge explain --config adapter.toml push.xml --query {query} {words}"
        shell.types(line)
    shell.types(f"waybridge explain --config adapter.toml push.xml --at {NOW + 12}")
    shell.types("waybridge explain --config adapter.toml none.xml")
    shell.types("waybridge explain --config adapter.toml push.xml --at soon")

    agrees("explain", shell.transcript.replace(query, "QUERY"))


def test_contract(shell: Shell) -> None:
    Path("dispatch.binpb").write_bytes(dispatch().descriptors)
    Path("dispatch.proto").write_bytes((CONTRACTS / "dispatch.proto").read_bytes())

    for name in ("", "compile ", "fetch ", "show ", "init "):
        shell.types(f"waybridge contract {name}--help")
    shell.types("waybridge contract compile dispatch.proto -o own.binpb")
    shell.types("waybridge contract compile none.proto -o own.binpb")
    shell.types("waybridge contract init dispatch.binpb --method dispatch.Orders/Void -o own")
    shell.types("waybridge contract init dispatch.binpb --method dispatch.Orders/Void -o own")
    shell.types("waybridge contract init --method CancelWaybil")
    shell.types("waybridge contract fetch example.com:443")

    agrees("contract", shell.transcript)


def test_contract_show(shell: Shell) -> None:
    Path("text.binpb").write_text("not a descriptor set")

    shell.types("waybridge contract show")
    shell.types("waybridge contract show text.binpb")

    agrees("contract-show", shell.transcript)


# What needs a ledger


def test_ledger_search(ledger: Shell) -> None:
    ledger.types("waybridge ledger --help")
    ledger.types("waybridge ledger search --help")
    for words in ("", " --limit 2", " --order none", " --since soon", " --result 200"):
        ledger.types(f"waybridge ledger search --config adapter.toml{words}")

    agrees("ledger-search", ledger.transcript)


def test_ledger_show(ledger: Shell) -> None:
    ledger.types("waybridge ledger show --help")
    for number in range(1, 11):
        ledger.types(f"waybridge ledger show --config adapter.toml {push(number).key[:8]}")
    ledger.types("waybridge ledger show --config adapter.toml SF000000001")
    ledger.types("waybridge ledger show --config adapter.toml SF-NONE")

    agrees("ledger-show", ledger.transcript)


def test_ledger_export(ledger: Shell) -> None:
    ledger.types("waybridge ledger export --help")
    ledger.types("waybridge ledger export --config adapter.toml")
    ledger.types("waybridge ledger export --config adapter.toml -o none/pushes.csv")

    agrees("ledger-export", ledger.transcript)


def test_ledger_resolve(ledger: Shell) -> None:
    settle = "waybridge ledger resolve --config adapter.toml --outcome picked_up"

    ledger.types("waybridge ledger resolve --help")
    ledger.types(f"{settle} --reason phoned SF000000005")
    ledger.types(f"{settle} --reason ' ' SF000000005 --yes")
    ledger.types(f"{settle} --reason phoned SF000000005 --yes")
    ledger.types(f"{settle} --reason phoned SF000000005 --yes")

    agrees("ledger-resolve", ledger.transcript)


def test_ledger_accept_rewind(ledger: Shell) -> None:
    accept = "waybridge ledger accept-rewind --config adapter.toml --by li --reason restored"

    ledger.types("waybridge ledger accept-rewind --help")
    ledger.types(accept)
    rewound_seconds_ago(f"sqlite:///{ledger.folder}/ledger.db", 0.5)
    ledger.types(accept)
    rewound_seconds_ago(f"sqlite:///{ledger.folder}/ledger.db", 90.0, instead=True)
    ledger.types(accept)

    agrees("ledger-accept-rewind", ledger.transcript)


def test_ledger_resolve_many(ledger: Shell) -> None:
    (ledger.folder / "list.csv").write_text(
        f"key,outcome,reason\n{push(5).key},cancelled,phoned\n{push(1).key},invalid,phoned\n"
    )
    (ledger.folder / "faulty.csv").write_text("key,outcome\nSF000000005,gone\n")
    settle = "waybridge ledger resolve --config adapter.toml"

    ledger.types(f"{settle} --state in_doubt --outcome failed --reason phoned")
    ledger.types(f"{settle} --csv faulty.csv --reason phoned --yes")
    ledger.types(f"{settle} --csv list.csv")
    ledger.types(f"{settle} --csv list.csv --yes")

    agrees("ledger-resolve-many", ledger.transcript)


def test_ledger_correct(ledger: Shell) -> None:
    words = "--config adapter.toml SF000000005 --reason phoned --yes"

    ledger.types("waybridge ledger correct --help")
    ledger.types(f"waybridge ledger correct {words} --outcome cancelled")
    ledger.types(f"waybridge ledger resolve {words} --outcome picked_up")
    ledger.types(f"waybridge ledger correct {words} --outcome cancelled")

    agrees("ledger-correct", ledger.transcript)


def test_ledger_told(ledger: Shell) -> None:
    settle = "waybridge ledger resolve --config adapter.toml --outcome cancelled --reason phoned"

    told = "waybridge ledger told --config adapter.toml"

    ledger.types("waybridge ledger told --help")
    ledger.types(f"{settle} SF000000005 --yes")
    ledger.types(f"{told} SF000000005 {push(1).key[:8]} --how phone")

    agrees("ledger-told", ledger.transcript)


def test_ledger_prune(ledger: Shell) -> None:
    ledger.types("waybridge ledger prune --help")
    ledger.types("waybridge ledger prune --config adapter.toml --dry-run")
    ledger.types("waybridge ledger prune --config adapter.toml --older-than 1")

    agrees("ledger-prune", ledger.transcript)


def test_ledger_backup(ledger: Shell) -> None:
    for name in ("backup", "restore", "copy"):
        ledger.types(f"waybridge ledger {name} --help")
    ledger.types("waybridge ledger backup --config adapter.toml copy.db")
    ledger.types("waybridge ledger backup --config adapter.toml copy.db")
    ledger.types("waybridge ledger restore --config adapter.toml none.db --yes")
    ledger.types("waybridge ledger copy --config adapter.toml memory://")

    agrees("ledger-backup", ledger.transcript)


def test_ledger_migrate(shell: Shell) -> None:
    desk_at(shell.folder, f"sqlite:///{shell.folder}/ledger.db")

    shell.types("waybridge ledger migrate --help")
    shell.types("waybridge ledger search --config adapter.toml")
    shell.types("waybridge ledger migrate --config adapter.toml")
    shell.types("waybridge ledger migrate --config adapter.toml")

    agrees("ledger-migrate", shell.transcript)


# What needs a running waybridge


def test_dev(shell: Shell) -> None:
    shell.types("waybridge dev --help")
    with running("adapter", "dev", *ANY_PORTS, env=WIDTH, cwd=shell.folder) as listened:
        listened.heard("Ctrl-C stops everything")
        code = listened.stop()
        said = listened.stdout.replace(f"{sys.executable} -m adapter", "waybridge")
        shell.hears("waybridge dev", said + listened.stderr, code)
    shell.types("waybridge dev --ledger mysql://ledger --port 0 --ops-port 0 --stub-port 0")

    agrees("dev", shell.transcript)


def test_dev_once(shell: Shell) -> None:
    shell.runs("waybridge dev --once")

    agrees("dev-once", shell.transcript)


ANY_PORTS = ("--port", "0", "--ops-port", "0", "--stub-port", "0")


@pytest.fixture
def addresses(shell: Shell) -> Iterator[dict[str, str]]:
    """Where a running `dev` is reached."""
    with running("adapter", "dev", "--json", *ANY_PORTS, cwd=shell.folder) as listened:
        yield json.loads(listened.heard(r"^\{\"push_url\".*")[0])


def test_push(shell: Shell, addresses: dict[str, str]) -> None:
    url = addresses["push_url"]

    shell.types("waybridge push --help")
    shell.types(f"waybridge push {url} --case picked-up")
    shell.types(f"waybridge push {url} --case unsupported --mode plaintext")
    shell.types(f"waybridge push {url} --url-verify")
    shell.types(f"waybridge push {url} --set OrderID")
    shell.types(f"waybridge push http://127.0.0.1:{free_port()}")
    shell.types("waybridge push https://carrier.example/wechat/push")
    shell.types("waybridge push ftp://carrier.example")

    agrees("push", shell.transcript)


def test_controls(shell: Shell, addresses: dict[str, str]) -> None:
    ops = addresses["ops_url"]

    for name in ("status", "pause", "resume", "drain"):
        shell.types(f"waybridge {name} --help")
    for name in ("status", "pause", "resume", "drain"):
        shell.types(f"waybridge {name} --ops {ops}")
    shell.types(f"waybridge status --ops 127.0.0.1:{free_port()}")

    agrees("controls", shell.transcript)


def test_legacy_stub(shell: Shell, addresses: dict[str, str]) -> None:
    target = f"--target {addresses['stub']}"

    for name in ("", "serve ", "calls ", "reset ", "fault ", "fault set ", "fault clear "):
        shell.types(f"legacy-stub {name}--help")
    subprocess.run(
        [sys.executable, "-m", "adapter", "push", addresses["push_url"], "--case", "picked-up"],
        check=True,
        capture_output=True,
    )
    shell.types(f"legacy-stub calls {target}")
    shell.types(f"legacy-stub fault set drop {target}")
    shell.types(f"legacy-stub fault clear {target}")
    shell.types(f"legacy-stub reset {target}")
    shell.types(f"legacy-stub calls --target 127.0.0.1:{free_port()}")

    agrees("legacy-stub", shell.transcript)


# Complete


def test_every_command_has_a_golden_file() -> None:
    told = "\n".join(file.read_text() for file in FOLDER.glob("*.txt"))

    helped = [f"$ {line} --help\n" for each in PROGRAMS.items() for line, _ in _commands(*each)]

    assert [line for line in helped if line not in told] == []


def _commands(line: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield the command and all below it, each with its command line."""
    yield line, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            narrower = command.get_command(context, name)
            assert narrower is not None
            yield from _commands(f"{line} {name}", narrower)


_TESTS: dict[str, Callable[..., None]] = {
    name: each for name, each in list(globals().items()) if name.startswith("test_")
}


def test_no_golden_file_is_left_over() -> None:
    written = {name.removeprefix("test_").replace("_", "-") for name in _TESTS}

    written.add("ledger-show-schema-0001")  # by tests/cli/ledger/test_schema_0001.py
    assert {file.stem for file in FOLDER.glob("*.txt")} - written == set()
