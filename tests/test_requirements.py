"""requirements/*.txt fit every Python that pyproject.toml names, though one Python alone has locked them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.support.server import ROOT
from tools import lock, pip_settings

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MINORS = [found[1] for each in PROJECT["classifiers"] if (found := re.search(r"Python :: (3\.\d+)$", each))]
# The first release of each: later ones need less, such as no async-timeout from 3.11.3 on.
PYTHONS = [f"{minor}.0" for minor in MINORS]
MACHINES = ["x86_64", "aarch64"]
DIRECTORY = ROOT / "requirements"


class Pin(NamedTuple):
    """One package of a lock file."""

    version: str
    marker: Marker | None
    hashes: int

    def holds(self, environment: dict[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(environment)


def environment(python: str, machine: str) -> dict[str, str]:
    """Return what markers are evaluated with on Linux, for a version such as 3.11.0."""
    version = {"python_full_version": python, "implementation_version": python, "python_version": python[: -len(".0")]}
    return {**default_environment(), **version, "platform_machine": machine, "extra": ""}


def pins(name: str) -> dict[str, Pin]:
    """Return the packages of a lock file by canonical name."""
    blocks = re.findall(r"^(\S+)==(\S+)(?: ; (.+?))? \\\n((?: +--hash=.*\n)+)", read(name), re.MULTILINE)
    return {
        canonicalize_name(package): Pin(version, Marker(marker) if marker else None, hashes.count("--hash=sha256:"))
        for package, version, marker, hashes in blocks
    }


def read(name: str) -> str:
    """Return the text of a lock file."""
    return (DIRECTORY / f"{name}.txt").read_text()


def wanted(path: Path) -> Iterator[Requirement]:
    """Return the requirements of an .in file, and of those that it includes."""
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            yield from wanted(path.parent / line.removeprefix("-r "))
        elif line and not line.startswith(("#", "-c ")):
            yield Requirement(line)


def missing_pins(name: str, environment: dict[str, str]) -> tuple[set[str], set[str]]:
    """Follow dependencies from the .in file; return the requirements without a pin, and the names of those with one.

    The dependencies of a package are known only if it is installed here.
    """
    locked = pins(name)
    missing: set[str] = set()
    # Packages with an extra of theirs, or "" for what they need without any.
    seen: set[tuple[str, str]] = set()
    queue = [(requirement, "") for requirement in wanted(DIRECTORY / f"{name}.in")]
    while queue:
        requirement, extra = queue.pop()
        if requirement.marker and not requirement.marker.evaluate(environment | {"extra": extra}):
            continue
        package = canonicalize_name(requirement.name)
        pin = locked.get(package)
        if not pin or not pin.holds(environment) or not requirement.specifier.contains(pin.version):
            missing.add(str(requirement))
            continue
        new = {(package, each) for each in ("", *requirement.extras)} - seen
        seen |= new
        queue += [(Requirement(needed), each) for _, each in new for needed in needs(package, pin.version)]
    return missing, {package for package, _ in seen}


def needs(package: str, version: str) -> list[str]:
    """Return the requirements of an installed package, none if it is not installed."""
    try:
        installed = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return []
    assert installed.version == version
    return installed.requires or []


def test_pythons_that_are_tried_are_those_that_are_claimed() -> None:
    claimed = SpecifierSet(PROJECT["requires-python"])
    tried = [minor for minor in (f"3.{number}" for number in range(30)) if claimed.contains(f"{minor}.0")]
    assert tried == MINORS
    assert tried[0] == lock.LOWEST_PYTHON
    for name in ("Makefile", "README.md"):
        assert f"Python {tried[0]} to {tried[-1]}" in (ROOT / name).read_text(), name


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", lock.NAMES)
def test_every_dependency_of_a_supported_python_is_locked(name: str, python: str, machine: str) -> None:
    missing, _ = missing_pins(name, environment(python, machine))
    assert missing == set()


@pytest.mark.parametrize("name", ["run", "npm", "test"])
def test_dependencies_are_followed_to_every_package_that_is_installed_here(name: str) -> None:
    here = {**default_environment(), "extra": ""}
    _, seen = missing_pins(name, here)
    assert seen == {package for package, pin in pins(name).items() if pin.holds(here)}


@pytest.mark.parametrize("name", lock.NAMES)
def test_a_lock_file_has_hashes_and_names_no_index_and_no_directory(name: str) -> None:
    lines = [line for line in read(name).splitlines() if not re.match(r" *#", line)]
    pin = r"[\w.-]+==[\w.]+( ; [^#/]+)? \\"
    assert [line for line in lines if not re.fullmatch(rf"{pin}|    --hash=sha256:[0-9a-f]{{64}}( \\)?", line)] == []
    assert re.findall(r"://|(?<!\w)/", read(name)) == []
    assert all(pin.hashes for pin in pins(name).values())


@pytest.fixture(scope="module")
def uv_environment() -> dict[str, str]:
    """Return the environment in which uv uses pip's package index."""
    return os.environ | pip_settings.for_uv()


@pytest.mark.long
@pytest.mark.parametrize(("python", "machine"), [*product(PYTHONS, MACHINES)])
@pytest.mark.parametrize("name", lock.NAMES)
def test_a_lock_file_can_be_installed_from_wheels_alone(
    name: str, python: str, machine: str, uv_environment: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", f"--requirements={DIRECTORY / name}.txt"]
    command += ["--require-hashes", "--only-binary=:all:", f"--target={tmp_path}"]
    command += [f"--python-version={python}", f"--python-platform={machine}-manylinux_2_28"]
    done = subprocess.run(command, env=uv_environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
