"""The two commands of the README do what they say on a fresh Debian: `make run` and `make test`."""

from __future__ import annotations

import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.debian import Debian
from tests.support.server import free_port

pytestmark = pytest.mark.long
SETUP_SECONDS = 1200
# A part of each kind: pure, with a server, with a browser.
PART = ["tests/table", "tests/live/test_together.py", "tests/browser/test_together.py"]


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def debian(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    if os.getuid() != 0 or shutil.which("debootstrap") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("root and debootstrap are missing")
        pytest.skip("needs root and debootstrap")
    directory: Path = tmp_path_factory.mktemp(request.param) / "root"
    try:
        yield Debian(request.param, directory)
    finally:
        shutil.rmtree(directory)


def test_make_run_sets_up_and_serves(debian: Debian) -> None:
    port = free_port()
    process = debian.start("make", "run", f"PORT={port}")
    try:
        until = time.monotonic() + SETUP_SECONDS
        while (page := answer(f"http://127.0.0.1:{port}/")) is None:
            assert process.poll() is None, "make run has ended"
            assert time.monotonic() < until, "make run does not serve"
            time.sleep(0.5)
        assert "<title>" in page
        (script,) = re.findall(r'type="module" src="([^"]+)"', page)
        assert answer(f"http://127.0.0.1:{port}/{script}")
    finally:
        process.kill()
        process.wait()


def test_make_test_sets_up_and_its_checks_and_tests_pass(debian: Debian) -> None:
    for command in (
        ["make", "setup-test"],
        ["make", "check"],
        [".venv/bin/python", "-m", "pytest", "-n", "2", "--dist", "loadfile", *PART],
    ):
        process = debian.start(*command)
        try:
            assert process.wait(SETUP_SECONDS) == 0, " ".join(command)
        finally:
            process.kill()
            process.wait()


def answer(url: str) -> str | None:
    """Return the text at an address; None while nothing listens there."""
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError:
        raise
    except OSError:
        return None
