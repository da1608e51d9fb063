"""docs/internals.md names every private interface in use, and tests that are there."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from packaging.requirements import Requirement
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from adapter.cancellation.model import Outcome
from tests.test_project import ROOT, modules, project

PAGE = ROOT.joinpath("docs", "internals.md").read_text(encoding="utf-8")
NAMED = frozenset(re.findall(r"`([\w./:]+)`", PAGE.replace("Error.sqlstate", "sqlstate")))

# Capped below their next incompatible release; their modules that are documented for users.
CAPPED = {
    "uvicorn": ("uvicorn",),
    "starlette": (
        "starlette.applications", "starlette.concurrency", "starlette.requests",
        "starlette.responses", "starlette.routing", "starlette.types",
    ),
    "sqlalchemy": (
        "sqlalchemy", "sqlalchemy.dialects", "sqlalchemy.engine", "sqlalchemy.exc",
        "sqlalchemy.ext.asyncio", "sqlalchemy.sql",
    ),
    "grpcio": ("grpc", "grpc.aio"),
    "grpcio-channelz": ("grpc_channelz.v1.channelz_pb2",),
    "grpcio-health-checking": ("grpc_health.v1",),
    "grpcio-reflection": ("grpc_reflection.v1alpha",),
    "grpcio-tools": ("grpc_tools",),
}  # fmt: skip
PUBLIC = frozenset(module for listed in CAPPED.values() for module in listed)
THEIRS = frozenset(module.split(".")[0] for module in PUBLIC)

# Of SQLAlchemy's and gRPC's objects: attributes that only a look at their sources explains.
WATCHED = frozenset({"dbapi_connection", "driver_connection", "sqlstate"})

UVICORN = (uvicorn.Server, uvicorn.Config, HttpToolsProtocol, RequestResponseCycle, ServerState)
OVER_UVICORN = tuple(ROOT / "adapter" / "edge" / name for name in ("server.py", "connections.py"))
# Documented by uvicorn, or asyncio's own callbacks of a protocol.
DOCUMENTED = {
    "connection_lost", "connection_made", "data_received", "serve", "should_exit", "started",
}  # fmt: skip


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in modules("adapter", "legacy_stub"):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imports() -> set[str]:
    """Return what is imported from a capped package past its documented modules."""
    found = {
        f"{node.module}.{name.name}"
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
        if (node.module.split(".")[0] in THEIRS and node.module not in PUBLIC)
        or any(part.startswith("_") for part in f"{node.module}.{name.name}".split("."))
        if node.module != "__future__"
    }  # fmt: skip
    return found | {
        name.name
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
        if name.name.split(".")[0] in THEIRS and name.name not in PUBLIC
    }


def attributes() -> set[str]:
    """Return the private attributes of what is not the module's own, and those watched."""
    found = set()
    for _, tree in trees():
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        ours = {node.attr for node in nodes if ast.unparse(node.value) in {"self", "cls"}}
        for node in nodes:
            is_private = node.attr.startswith("_") and not node.attr.startswith("__")
            if node.attr in WATCHED or (is_private and node.attr not in ours):
                found.add(node.attr)
            if node.attr == "__file__" and ast.unparse(node.value) in THEIRS:
                found.add(ast.unparse(node))
    return found


def members(kind: type) -> set[str]:
    """Return the names that a class of uvicorn gives its instances."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    assigned = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return {name for name in {*vars(kind), *assigned} if not name.startswith("_")}


def uvicorn_members() -> set[str]:
    """Return the undocumented members of uvicorn's objects that our two modules use or replace."""
    theirs = set().union(*map(members, UVICORN)) - DOCUMENTED
    used = set()
    for path in OVER_UVICORN:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                used.add(node.name)
    return used & theirs


def test_the_page_names_every_private_interface_that_the_code_uses() -> None:
    assert imports() | attributes() | uvicorn_members() <= NAMED


def test_the_page_names_none_that_is_not_used() -> None:
    named = re.findall(r"^\| \w[\w-]*: (.*?) \|", PAGE, re.MULTILINE)
    names = {name for cell in named for name in re.findall(r"`([\w./]+)`", cell)}
    code = "\n".join(path.read_text(encoding="utf-8") for path in modules("adapter"))

    unused = {name for name in names if not re.search(rf"\b{re.split(r'[./]', name)[-1]}\b", code)}

    assert unused - {"pem"} == set()


def test_every_test_and_module_of_the_page_is_there() -> None:
    for name in NAMED:
        if not name.startswith(("tests/", "adapter/")):
            continue
        path, _, test = name.partition("::")
        assert ROOT.joinpath(path).is_file(), name
        assert not test or f"def {test}(" in ROOT.joinpath(path).read_text(), name


@pytest.mark.parametrize("kind", UVICORN)
def test_what_is_used_of_uvicorn_is_there(kind: type) -> None:
    """A name that uvicorn gave up would leave the page by itself: here it is missed."""
    wanted = {
        uvicorn.Server: {"capture_signals", "startup", "on_tick", "servers", "server_state",
                         "force_exit", "should_exit", "started"},
        uvicorn.Config: {"encoded_headers", "timeout_keep_alive"},
        HttpToolsProtocol: {"connections", "transport", "cycle", "loop", "shutdown", "on_header",
                            "on_headers_complete", "on_message_begin", "on_message_complete"},
        RequestResponseCycle: {"keep_alive", "response_complete"},
        ServerState: {"connections", "default_headers"},
    }  # fmt: skip

    assert wanted[kind] <= members(kind)


def test_uvicorn_makes_a_connection_from_what_ours_takes() -> None:
    parameters = [*inspect.signature(HttpToolsProtocol.__init__).parameters]

    assert parameters == ["self", "config", "server_state", "app_state", "_loop"]
    assert inspect.iscoroutinefunction(uvicorn.Server.on_tick)


def test_a_members_private_value_is_its_value() -> None:
    assert all(member._value_ == member.value for member in Outcome)


@pytest.mark.parametrize("package", CAPPED)
def test_whoever_is_used_privately_is_capped(package: str) -> None:
    (wish,) = (wish for wish in map(Requirement, project()["dependencies"]) if wish.name == package)

    assert any(part.operator == "<" for part in wish.specifier), str(wish)
