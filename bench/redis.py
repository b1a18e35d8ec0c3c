"""A Redis that several workers share while they are measured."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import redis
from redis.exceptions import ConnectionError as NotThere

from bench.servers import START_SECONDS, free_port
from tools import programs


class Redis:
    """Run one in `folder`, as long as the block; it keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._client = redis.Redis(port=self.port)

    def bytes(self) -> int:
        """Return the bytes that it has taken and given so far."""
        info = self._client.info("stats")
        return int(info["total_net_input_bytes"]) + int(info["total_net_output_bytes"])

    def __enter__(self) -> Redis:
        program = programs.redis()
        if program is None:
            raise SystemExit("redis-server is missing; `make test` installs it.")
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._client.ping()
                return self
            except NotThere:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.kill()
        self._process.wait()
