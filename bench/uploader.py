"""Drive `uploader.c`: files of any size over one connection, in a process of its own."""

from __future__ import annotations

import select
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Upload:
    """Say when an upload was asked for and when it was answered, in seconds on the system's monotonic clock."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return self.ended - self.began


class Uploader:
    """Send files to one server, each a block of rows over and over; an upload that fails ends the benchmark."""

    def __init__(self, program: Path, port: int, path: str, block: Path, mode: str) -> None:
        self._process = subprocess.Popen(
            [str(program), str(port), path, str(block), mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def send(self, size: int) -> Upload:
        """Send a file of `size` bytes, and wait until it is answered."""
        self.begin(size)
        return self.end()

    def begin(self, size: int) -> None:
        """Send a file of `size` bytes, and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"upload {size}\n")
        self._process.stdin.flush()

    @property
    def busy(self) -> bool:
        """Say whether what was begun still runs."""
        assert self._process.stdout is not None
        return not select.select([self._process.stdout], [], [], 0)[0]

    def end(self) -> Upload:
        """Wait until the upload that was begun is answered."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self._process.args!r}: {self._process.stderr.read()}")
        _, began, ended = answer.split()
        return Upload(float(began), float(ended))

    def stop(self) -> None:
        """Let the connection go at once."""
        self._process.kill()
        self._process.communicate()
