"""Servers in processes of their own: started on a free port, ended with all they started."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import orjson
import psutil
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 30
SETTLE_SECONDS = 30
POLL_SECONDS = 0.2
SAME_POLLS = 4


class Server:
    """Run a command in `folder`; PORT in it and in its environment stands for the port."""

    def __init__(self, command: Sequence[str], folder: Path, **environ: str) -> None:
        self.port = free_port()
        self.path = "/parser/ws"
        self._command = [part.replace("PORT", str(self.port)) for part in command]
        self._folder = folder
        # Nothing of the caller's environment, whose settings would be measured too.
        self._environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PORT": str(self.port),
            **{name: value.replace("PORT", str(self.port)) for name, value in environ.items()},
        }
        self._log = folder / f"{self.port}.log"

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environ, stdout=log, stderr=log, start_new_session=True
            )
        self.connect().close()

    def new_room(self) -> str:
        """Return the path of a room that nobody has been in."""
        with self.connect(subprotocol="tsvapp.v1") as client:
            return f"{self.path}/{orjson.loads(client.recv())['room_id']}"

    def connect(self, path: str = "", subprotocol: str = "") -> ClientConnection:
        """Open a WebSocket, by the article's protocol if no other is named; wait for a server that starts."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return connect(
                    f"ws://127.0.0.1:{self.port}{path or self.path}",
                    subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
                    compression=None,
                    max_size=None,
                    open_timeout=START_SECONDS,
                )
            except ConnectionRefusedError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self._command} does not serve:\n{self._log.read_text()}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        """End it at once: what it holds is thrown away."""
        # The session is its own, so that a master takes its worker along.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def worker(self) -> psutil.Process:
        """Return the process that holds the connections: gunicorn's only worker, or the server itself."""
        process = psutil.Process(self._process.pid)
        return next(iter(process.children()), process)

    def memory(self) -> int:
        """Return the resident bytes of the worker, once they no longer change."""
        deadline = time.monotonic() + SETTLE_SECONDS
        size, same = self._resident(), 0
        while same < SAME_POLLS:
            if time.monotonic() > deadline:
                raise SystemExit(f"The memory of {self._command} still changes after {SETTLE_SECONDS} s.")
            time.sleep(POLL_SECONDS)
            before, size = size, self._resident()
            same = same + 1 if size == before else 0
        return size

    def cpu_seconds(self) -> float:
        """Return the processor time that the worker has used."""
        times = self.worker.cpu_times()
        return times.user + times.system

    def _resident(self) -> int:
        return self.worker.memory_info().rss


def free_port() -> int:
    """Return a port that is free, below those that systems give to clients (Linux: from 32768)."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = random.randrange(10_000, 32_768)
            probe.bind(("127.0.0.1", port))
            return port
