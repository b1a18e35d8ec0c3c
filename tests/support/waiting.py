"""Waiting for what nobody tells: a file that goes, a line that is counted."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.support.client import WAIT_SECONDS


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; fail when a deadline passes."""
    until = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < until, "it is not so"
        time.sleep(0.01)
