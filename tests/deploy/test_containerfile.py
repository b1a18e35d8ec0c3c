"""deploy/Containerfile: its steps are the Makefile's, and what its last stage has is enough to serve.

No image is built here: that takes a registry. What each stage copies is laid out instead, and its commands run there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

from tests.support.metrics import Scrape
from tests.support.server import ROOT, Server, free_port


def stages() -> dict[str, list[tuple[str, str]]]:
    """Return the instructions of each stage, those of the stage it is made from first; the last one is called ""."""
    text = (ROOT / "deploy" / "Containerfile").read_text().replace("\\\n", " ")
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = list(found.get(base, []))
        else:
            found[name].append((word, rest))
    return found


def argument(stage: str, word: str) -> str:
    """Return what the only instruction `word` of a stage says."""
    (found,) = [rest for each, rest in stages()[stage] if each == word]
    return found


def lay_out(stage: str, folder: Path) -> Path:
    """Put what a stage copies from the checkout into a folder."""
    folder.mkdir()
    for word, rest in stages()[stage]:
        if word == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in sources:
                path = folder / target / (source if target == "./" else "")
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, path, ignore=shutil.ignore_patterns("built", "__pycache__"))
                else:
                    shutil.copy(ROOT / source, path)
    return folder


@pytest.mark.parametrize("stage", ["viewer", "venv"])
def test_a_stage_has_all_that_make_wants_for_its_target(stage: str, tmp_path: Path) -> None:
    folder = lay_out(stage, tmp_path / "srv")
    made = [re.match(r"RUN make (\S+)", f"{word} {rest}") for word, rest in stages()[stage]]
    (target,) = [found[1] for found in made if found]
    done = subprocess.run(["make", "--dry-run", target], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "npm ci" in done.stdout if stage == "viewer" else "--require-hashes -r requirements/run.txt" in done.stdout


def test_the_last_stage_serves_and_knows_whether_it_is_well(tmp_path: Path) -> None:
    folder = lay_out("", tmp_path / "srv")
    for path in (".venv", "static"):
        (folder / path).symlink_to((ROOT / path).resolve())
    given = dict(each.split("=", 1) for each in argument("", "ENV").split())
    server = Server(tmp_path / "data")
    server.root = folder
    server.command = json.loads(argument("", "CMD"))
    server.environ = {**os.environ, **given, "HOST": "127.0.0.1", "PORT": str(server.port)}
    server.metrics_port = free_port()
    server.environ |= {"TSVAPP_DATA_DIR": str(server.data_dir), "TSVAPP_METRICS_PORT": str(server.metrics_port)}
    check = json.loads(argument("", "HEALTHCHECK").partition(" CMD ")[2])
    server.start()
    try:
        well = subprocess.run(check, cwd=folder, env=server.environ, capture_output=True, timeout=60, check=False)
        assert well.returncode == 0, well.stderr
        assert "tsvapp_build_info" in Scrape.of(server).text
    finally:
        server.stop()
    ill = subprocess.run(check, cwd=folder, env=server.environ, capture_output=True, timeout=60, check=False)
    assert ill.returncode != 0


def test_its_python_is_one_that_the_requirements_are_locked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bases = re.findall(r"^FROM python:(\S+)-slim", (ROOT / "deploy" / "Containerfile").read_text(), re.MULTILINE)
    assert len(set(bases)) == 1
    assert f"Programming Language :: Python :: {bases[0]}" in project["classifiers"]


def ignored(path: str) -> bool:
    """Return whether .dockerignore keeps a path from the builder; the last line that matches it or a parent decides."""
    found = False
    parents = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").replace("**/", "*")
        if line and not line.startswith("#") and any(fnmatch(parent, pattern) for parent in parents if parent != "."):
            found = not line.startswith("!")
    return found


def test_the_builder_is_sent_all_that_is_copied() -> None:
    every = [each for steps in stages().values() for each in steps]
    copied = {source for word, rest in every if word == "COPY" and "--from" not in rest for source in rest.split()[:-1]}
    assert "tsvapp" in copied
    for source in copied:
        inside = [path for path in (ROOT / source).rglob("*.*") if not {"built", "__pycache__"} & {*path.parts}]
        for path in (ROOT / source, *inside):
            assert not ignored(str(path.relative_to(ROOT))), path


@pytest.mark.parametrize(
    "path",
    [
        "data/documents/0",
        ".venv/bin/python",
        "node_modules/typescript/package.json",
        ".git/config",
        "static/built/meta.json",
        "tsvapp/table/__pycache__/cells.pyc",
        ".mypy_cache/3.11/cache.db",
        "tests/artifacts/picture.png",
    ],
)
def test_the_builder_is_not_sent_what_is_large_or_private(path: str) -> None:
    assert ignored(path)


def test_podman_is_told_to_keep_the_health_check() -> None:
    for name in ("docs/deploy.md", "deploy/Containerfile"):
        builds = re.findall(r"podman build .*", (ROOT / name).read_text())
        assert builds
        assert all("--format docker" in build for build in builds), name


def test_it_is_started_as_make_starts_it_by_a_user_who_is_not_root() -> None:
    (run,) = re.findall(r"exec \$\(BIN\)/python (-m gunicorn .*)", (ROOT / "Makefile").read_text())
    assert json.loads(argument("", "CMD"))[1:] == run.split()
    words = [word for word, _ in stages()[""]]
    assert argument("", "USER") == "tsvapp"
    assert "RUN" not in words[words.index("USER") :]
    assert argument("", "VOLUME") in argument("", "ENV")


def test_no_tool_that_builds_comes_into_the_last_stage() -> None:
    copied = [rest for word, rest in stages()[""] if word == "COPY"]
    assert all("requirements" not in rest and "Makefile" not in rest for rest in copied)
    assert {rest.split()[0] for rest in copied if rest.startswith("--from")} == {"--from=venv", "--from=viewer"}
    assert all("apt-get" not in rest for word, rest in stages()[""] if word == "RUN")
