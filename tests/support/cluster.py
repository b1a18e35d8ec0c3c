"""Several real workers behind a real nginx, with a Redis of their own, as `make run WORKERS=2` starts them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from tests.support.server import ROOT, free_port

WAIT_SECONDS = 120


def free_ports(count: int) -> int:
    """Return the first of `count` ports in a row that are free now."""
    while True:
        first = free_port()
        with ExitStack() as probes, suppress(OSError):
            for port in range(first, first + count):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


class Cluster:
    """Run `count` workers on one data directory; `environ` is set beside what a terminal would have."""

    def __init__(self, data_dir: Path, count: int = 2, command: list[str] | None = None, **environ: str) -> None:
        self.port = free_ports(count + 1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self.worker_ports = [self.port + number for number in range(1, count + 1)]
        self.command = command or [sys.executable, "-m", "tools.run_workers", str(count)]
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("TSVAPP_", "MAKE", "MFLAGS"))},
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "TSVAPP_DATA_DIR": str(data_dir),
            "TMPDIR": str(data_dir.parent),
            "PYTHONUNBUFFERED": "1",
            **environ,
        }
        self._lines: list[str] = []
        self._news = threading.Condition()

    def start(self) -> None:
        """Start, and wait until all answer."""
        self.begin()
        self.wait_for("tsvapp: open ")

    def begin(self) -> None:
        """Start, and do not wait."""
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        self.process.stdout.close()
        self.process.wait()
        with self._news:
            self._news.notify_all()

    @property
    def log(self) -> str:
        """Return everything that was written."""
        return "".join(self._lines)

    def wait_for(self, text: str) -> str:
        """Wait for a line with this text, and return it; fail when all have ended or a deadline passes."""
        with self._news:
            found: list[str] = []

            def seen() -> bool:
                found[:] = [line for line in self._lines if text in line]
                return bool(found) or self.process.returncode is not None

            self._news.wait_for(seen, WAIT_SECONDS)
            assert found, f"{text!r} is not in:\n{self.log}"
            return found[0]

    def processes(self) -> list[psutil.Process]:
        """List all processes that there are, the first among them."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Press Ctrl+C, as a terminal does (all of its group hear it), wait for the end, and return the status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        return self.wait()

    def wait(self) -> int:
        """Wait until all have ended, and return the status of the first."""
        self._reader.join(WAIT_SECONDS)
        assert not self._reader.is_alive(), self.log
        return self.process.returncode
