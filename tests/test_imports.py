"""Which part may know which: the imports run one way, and the inner parts know no socket, clock or environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tsvapp

PACKAGE = Path(tsvapp.__file__).parent

MAY_IMPORT = {
    "web": {"web", "live", "room", "store", "table", "errors", "settings", "logs"},
    "live": {"live", "room", "store", "table", "errors", "settings"},
    "room": {"room", "table", "errors"},
    "store": {"store", "errors"},
    "table": {"table", "errors"},
    "settings": {"errors"},
    "logs": set(),
    "errors": set(),
}
"""Inner parts of tsvapp that each part may import; `__init__` wires them all."""

INPUT_OUTPUT = {
    *("asyncio", "fcntl", "flask", "flask_sock", "gevent", "http", "io", "mmap", "os", "pathlib", "random", "resource"),
    *("secrets", "select", "shutil", "signal", "simple_websocket", "socket", "sqlite3", "ssl", "subprocess", "sys"),
    *("tempfile", "threading", "time", "urllib", "uuid", "websockets", "werkzeug", "wsproto", "datetime", "logging"),
}
"""Modules that reach a socket, a disk, a clock, chance or the environment."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Name the modules that a file imports anywhere in it, in full."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            # `from tsvapp.room import view` names the module tsvapp.room.view.
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(path: Path) -> str:
    """Name the part that a file belongs to: its package, or the file itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("tsvapp.")}


def test_the_class_of_gunicorns_worker_loads_nothing_that_gevent_has_to_patch_first():
    loads = "import sys, tsvapp.live.gunicorn_worker; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True).stdout.split()
    assert "tsvapp.live.gunicorn_worker" in loaded
    assert not {"flask", "werkzeug", "tsvapp.live.worker", "tsvapp.live.offload", "sqlite3"} & set(loaded)


def of_part(*parts: str) -> list[Path]:
    return [path for path in MODULES if part_of(path) in parts]


def relative(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def environment_uses(path: Path) -> list[str]:
    """List every way in which a file takes hold of the environment."""
    tree = ast.parse(path.read_text())
    attributes = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"}
    return [each for each in attributes if each in names] + sorted(imported(path) & names)


def test_every_part_has_its_rule():
    assert {part_of(path) for path in MODULES} == {*MAY_IMPORT, "__init__"}


@pytest.mark.parametrize("path", of_part(*MAY_IMPORT), ids=relative)
def test_imports_run_one_way(path):
    assert parts_imported(path) <= MAY_IMPORT[part_of(path)]


PURE = [*of_part("table", "room", "errors", "settings"), PACKAGE / "web" / "origin.py"]


@pytest.mark.parametrize("path", PURE, ids=relative)
def test_the_inner_parts_reach_nothing_outside(path):
    allowed = {"pathlib"} if part_of(path) == "settings" else set()
    assert {name.split(".")[0] for name in imported(path)} & INPUT_OUTPUT <= allowed
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    assert not calls & {"open", "print", "input", "__import__"}


@pytest.mark.parametrize("path", [path for path in MODULES if part_of(path) != "live"], ids=relative)
def test_only_live_imports_gevent(path):
    assert not {name for name in imported(path) if name.split(".")[0] in ("gevent", "greenlet")}


@pytest.mark.parametrize("path", [path for path in MODULES if part_of(path) not in ("web", "__init__")], ids=relative)
def test_only_web_and_the_wiring_import_flask(path):
    frameworks = {"flask", "flask_sock", "werkzeug", "simple_websocket"}
    assert not {name for name in imported(path) if name.split(".")[0] in frameworks}


@pytest.mark.parametrize("path", [path for path in MODULES if part_of(path) != "__init__"], ids=relative)
def test_nothing_reads_the_environment_by_itself(path):
    assert environment_uses(path) == []


def test_the_wiring_hands_the_environment_to_the_settings():
    wiring = PACKAGE / "__init__.py"
    assert environment_uses(wiring) == ["os.environ"]
    assert "Settings.from_environ(os.environ)" in wiring.read_text()
