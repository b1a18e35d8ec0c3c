"""pip's configuration on this machine, for uv and for other systems that install from the same package index."""

from __future__ import annotations

import ast
import os
import subprocess
import sys


def as_environment() -> dict[str, str]:
    """Return the settings that pip takes from its files and its environment, as PIP_* variables.

    Settings of single commands other than `install` are left out.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    values = dict(line.split("=", 1) for line in lines)
    found = {}
    # Ascending precedence, as pip has it.
    for section in ("global.", "install.", ":env:."):
        for key, value in values.items():
            if key.startswith(section):
                name = key.removeprefix(section).upper().replace("-", "_")
                # Several values stand on several lines of a file; in a variable, a space separates them.
                found[f"PIP_{name}"] = " ".join(str(ast.literal_eval(value)).split())
    return found


def for_uv() -> dict[str, str]:
    """Return variables with which uv, which does not read pip's configuration, uses pip's index and certificates.

    Variables of uv's own that are set already are left out.
    """
    ours = as_environment()
    names = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_CERT": "SSL_CERT_FILE"}
    return {theirs: ours[name] for name, theirs in names.items() if name in ours and theirs not in os.environ}
