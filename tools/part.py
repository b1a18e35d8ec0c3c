"""One process of several that belong together: started, waited for, looked after, and ended for certain."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tools.nginx_conf import ROOT

READY_SECONDS = 60
"""How long a part may take until it answers."""

END_SECONDS = 20
"""How long a part may take to end: a worker takes 10 s to tell everyone, at most."""

LOOK_SECONDS = 0.1

PR_SET_PDEATHSIG = 1
"""Of Linux; prctl(2)."""

libc = ctypes.CDLL(None)


class Failed(Exception):
    """Say in words why it does not go on."""


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it is killed."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Part:
    """Be one process: how it is started, and how one knows that it answers."""

    name: str
    command: list[str]
    answers: Callable[[], bool]
    environ: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; then `wait_until_ready`."""
        # In a group of its own, so that Ctrl+C comes to the program that ends all in good order, and to it alone.
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=die_with_parent,
        )

    def wait_until_ready(self) -> None:
        """Wait until it answers; raise Failed when it ends or takes too long."""
        until = time.monotonic() + READY_SECONDS
        while not self.answers():
            self.check()
            if time.monotonic() > until:
                raise Failed(f"{self.name} does not answer after {READY_SECONDS} s")
            time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Raise Failed if it has ended."""
        if self.process is not None and (status := self.process.poll()) is not None:
            raise Failed(f"{self.name} has ended (status {status}); what it said stands above")

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        """End it and all that it has started, by force if that takes too long, and wait."""
        if self.process is None:
            return
        self.ask_to_end()
        until = time.monotonic() + END_SECONDS
        while self._lives() and time.monotonic() < until:
            if self.process.returncode is not None:
                # It was killed, and what it has started goes on.
                os.killpg(self.process.pid, signal.SIGTERM)
            time.sleep(LOOK_SECONDS)
        if self._lives():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def _lives(self) -> bool:
        assert self.process is not None
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True
