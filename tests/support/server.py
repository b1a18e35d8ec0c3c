"""A real server for tests: gunicorn with the project's own configuration, on a free port and a data directory."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 30
DAY_SECONDS = 86_400


def free_port() -> int:
    """Return a port that is free now; the server binds it again at each restart.

    It lies below those that systems give to clients (Linux: from 32768), so that no client has it meanwhile.
    """
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = random.randrange(10_000, 32_768)
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """Run gunicorn; `settings` are TSVAPP_* variables without the prefix, in lower case."""

    def __init__(
        self, data_dir: Path, port: int | None = None, app: str = "wsgi:app", fails: str = "", **settings: object
    ) -> None:
        self.root = ROOT
        self.command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", app]
        self.port = port or free_port()
        self.metrics_port = settings.get("metrics_port")
        self.data_dir = data_dir
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TSVAPP_")},
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "TSVAPP_DATA_DIR": str(data_dir),
            "PYTHONUNBUFFERED": "1",
            "TEST_FAILS": fails,
            **{f"TSVAPP_{key.upper()}": str(value) for key, value in settings.items()},
        }
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._news = threading.Condition()

    def start(self) -> None:
        """Start, and wait until a request is answered."""
        since = len(self._lines)
        self._process = subprocess.Popen(
            self.command,
            cwd=self.root,
            env=self.environ,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        self.wait_for_log("Listening at", since)
        self.wait_until_answering()

    def wait_until_answering(self) -> None:
        """Wait for an answer to a request, which the listening socket queues until a worker takes it."""
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=START_SECONDS) as answer:
            assert answer.status == 200

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    @property
    def log(self) -> str:
        """Return everything the server has written."""
        return "".join(self._lines)

    def wait_for_log(self, pattern: str, since: int = 0) -> str:
        """Wait until a line matches `pattern`, and return it; fail when the server ends or a deadline passes."""
        with self._news:
            found: list[str] = []

            def seen() -> bool:
                found[:] = [line for line in self._lines[since:] if re.search(pattern, line)]
                return bool(found) or self._process is None or self._process.poll() is not None

            self._news.wait_for(seen, START_SECONDS)
            assert found, f"{pattern!r} is not in the log:\n{self.log}"
            return found[0]

    @property
    def worker_pid(self) -> int:
        """Return the process id of the newest worker."""
        return int(re.findall(r"Booting worker with pid: (\d+)", self.log)[-1])

    def signal(self, number: int) -> None:
        """Send the master a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """Ask the server to stop (SIGTERM), wait, and return its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._ended()

    def kill(self) -> None:
        """Kill the server with its worker, as a power cut would (the machine's memory survives)."""
        assert self._process is not None
        worker = self.worker_pid
        self._process.kill()
        os.kill(worker, signal.SIGKILL)
        self._ended()

    def kill_worker(self) -> None:
        """Kill the worker alone; the master starts another one, which is waited for."""
        since = len(self._lines)
        os.kill(self.worker_pid, signal.SIGKILL)
        self.wait_for_log("Booting worker", since)
        self.wait_until_answering()

    def restart(self) -> None:
        """Stop, and start again on the same port and data."""
        self.stop()
        self.start()

    def forget_use(self, room_id: str, days: int) -> None:
        """Make a room of a stopped server one that nobody has used for `days`."""
        with closing(sqlite3.connect(self.data_dir / "rooms.sqlite")) as records, records:
            before = time.time() - days * DAY_SECONDS
            assert records.execute("UPDATE rooms SET used_at = ? WHERE room_id = ?", (before, room_id)).rowcount == 1

    def wait(self) -> int:
        """Wait until the server has ended by itself, and return its exit status."""
        return self._ended()

    def _ended(self) -> int:
        assert self._process is not None
        status = self._process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._process = None
        return status
