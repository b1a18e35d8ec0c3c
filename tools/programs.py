"""Where the programs of the distribution are that go by more than one name; None where there is none of them."""

from __future__ import annotations

import shutil


def chromium() -> str | None:
    """Return the Chromium: headless alone if that is here, for it draws with half the work of the whole one."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def redis() -> str | None:
    """Return the server of Redis, or of Valkey."""
    return shutil.which("redis-server") or shutil.which("valkey-server")
