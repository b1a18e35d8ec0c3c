"""A real Redis for tests: started on a free port, killed, stopped for a while and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.server import free_port
from tools import programs

START_SECONDS = 20


def redis_program() -> str:
    """Return the path of the program; skip the test where there is none, and fail with CI=true."""
    program = programs.redis()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("redis-server is missing")
        pytest.skip("redis-server is missing; tools/install-packages installs it")
    return program


class Redis:
    """Run a Redis in `folder` that writes down what it is told, so that it has it again after being killed."""

    def __init__(self, folder: Path, port: int | None = None, *options: str) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [redis_program(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always", *self._options]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + START_SECONDS
        while self.call("PING") != b"+PONG\r\n":
            assert time.monotonic() < until, (self._folder / "redis.log").read_text()

    def call(self, *words: str) -> bytes:
        """Give one command over a line of its own; return the first bytes of the answer, none if there is no answer."""
        return self.ask(self.port, *words)

    @staticmethod
    def ask(port: int, *words: str) -> bytes:
        """Give one command to whoever listens there, as `call` does."""
        parts = [f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall("".join(parts).encode())
            return line.recv(1 << 16)
        return b""

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP and SIGCONT pause it."""
        assert self._process is not None
        self._process.send_signal(number)

    def save(self) -> None:
        """Put a copy of what it has aside."""
        shutil.copytree(self._folder / "appendonlydir", self._folder / "saved")

    def go_back(self) -> None:
        """End it, and start it with what was put aside: all that has come since is lost."""
        self.kill()
        shutil.rmtree(self._folder / "appendonlydir")
        (self._folder / "saved").rename(self._folder / "appendonlydir")
        self.start()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
