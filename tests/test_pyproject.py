"""pyproject.toml: the project is no package, and says so to those who install it as one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import ROOT


@pytest.mark.parametrize("option", [[], ["--editable"]], ids=["", "editable"])
def test_pip_install_fails_with_the_command_that_works(option: list[str], tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(tmp_path)]
    done = subprocess.run([*pip, *option, str(ROOT)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "tsvapp is not a package for pip: it runs from its checkout. Type `make run` there" in done.stderr
