"""Lock requirements/*.in again, for every supported Python: `make lock`, or `python -m tools.lock [package …]`.

Locked versions stay as they are, except those of the named packages; `all` upgrades every package. Packages that only
some Pythons or systems need are locked with an environment marker, so that one file fits all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tools import pip_settings
from tools.nginx_conf import ROOT

NAMES = ("run", "npm", "test", "fuzz", "bench")
"""Lock files in the order of locking: later ones are constrained by earlier ones."""

LOWEST_PYTHON = "3.11"

UV = (sys.executable, "-m", "uv", "--quiet")


def main(*upgraded: str) -> int:
    """Write all lock files; return the exit status of the first that cannot be locked, or 0."""
    upgrade = ["--upgrade"] if upgraded == ("all",) else [f"--upgrade-package={package}" for package in upgraded]
    for name in NAMES:
        command = [*UV, "pip", "compile", "--universal", f"--python-version={LOWEST_PYTHON}", "--generate-hashes"]
        files = [f"--output-file=requirements/{name}.txt", f"requirements/{name}.in"]
        locked = subprocess.run(
            [*command, "--custom-compile-command=make lock", *upgrade, *files],
            cwd=ROOT,
            env=os.environ | pip_settings.for_uv(),
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if locked.returncode:
            return locked.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
