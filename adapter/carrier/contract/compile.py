"""A carrier's .proto files to a descriptor set, as `make proto` and `contract compile` do it.

The compiler is grpcio-tools' own protoc, run as a process: it reports faults on its standard
error only. The set holds every import and no source positions, so that the same files
give the same bytes with any grpcio-tools since 1.66.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adapter.diagnostics.cannot_start import CannotStart

SHIPPED_PROTO = Path("proto/carrier/v1/waybill_service.proto")
SHIPPED_DESCRIPTORS = Path(__file__).parents[1] / "waybill_service.binpb"
COMPILE_WITHIN_SECONDS = 60
SHOWN_LINES = 12  # of protoc, which goes on after a first fault

_PROTOC_LOG = re.compile(r"WARNING: All log|[IWE]\d{4} ")


class CompileFault(CannotStart):
    """The files do not compile; nothing was written.

    `lines` are protoc's own findings, `file:line:column: what is wrong`, one each.
    """

    def __init__(self, lines: tuple[str, ...]) -> None:
        # protoc's own log lines (`W0000 …`) say nothing of the files.
        told = [line for line in lines if not _PROTOC_LOG.match(line)]
        more = [f"… and {len(told) - SHOWN_LINES} more"] if len(told) > SHOWN_LINES else []
        absent = any("was not found" in line for line in told)
        super().__init__(
            "\n".join(("the files do not compile:", *told[:SHOWN_LINES], *more)),
            hint="\nName the directory that imports start from: -I DIR." if absent else "",
        )
        self.lines = lines


def compile_protos(files: Sequence[Path], *, include: Sequence[Path] = ()) -> bytes:
    """Return the descriptor set of `files` and of everything they import.

    Without `include`, imports are looked for in each file's own folder. Google's well-known
    types need no include. Raises `CompileFault`.
    """
    if not files:
        raise CompileFault(("no .proto file was given",))
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise CompileFault(tuple(f"{file}: no such file" for file in missing))
    folders = list(dict.fromkeys(include or [file.parent for file in files]))
    absent = [folder for folder in folders if not folder.is_dir()]
    if absent:
        raise CompileFault(tuple(f"{folder}: no such directory" for folder in absent))
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "set.binpb"
        _protoc(
            [
                *(f"--proto_path={folder.resolve()}" for folder in folders),
                "--include_imports",
                f"--descriptor_set_out={target}",
                *(str(file.resolve()) for file in files),
            ]
        )
        return target.read_bytes()


def _protoc(arguments: Sequence[str]) -> None:
    # -P: a grpc_tools in the working folder is not ours.
    command = [sys.executable, "-P", "-m", "grpc_tools.protoc", *arguments]
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter; arguments are paths, no shell
            command, capture_output=True, text=True, timeout=COMPILE_WITHIN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CompileFault((f"protoc took over {COMPILE_WITHIN_SECONDS} s",)) from error
    if run.returncode != 0:
        lines = [line.strip() for line in run.stderr.splitlines() if line.strip()]
        raise CompileFault(tuple(lines) or (f"protoc ended with {run.returncode}",))


def compile_shipped(root: Path) -> bytes:
    """Return the descriptor set of the shipped contract, from the repository at `root`."""
    return compile_protos([root / SHIPPED_PROTO], include=[root / "proto"])


if __name__ == "__main__":  # pragma: no cover - `make proto`
    SHIPPED_DESCRIPTORS.write_bytes(compile_shipped(Path.cwd()))
