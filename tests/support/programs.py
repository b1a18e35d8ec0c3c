"""Programs that some tests need and not every machine has."""

from __future__ import annotations

import os
import shutil

import pytest


def required(*names: str) -> str:
    """Return the path of the first of these programs that is installed.

    Without any of them the test is skipped with a message; with CI=true it fails.
    """
    for name in names:
        if path := shutil.which(name):
            return path
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
        f"{' or '.join(names)} is not installed; `make setup-test` installs it where it can"
    )
