"""A real Redis with a replica and three sentinels for tests: whoever of the two is the master may be killed."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.support.redis import START_SECONDS, Redis, redis_program
from tests.support.server import free_port

SENTINELS = 3


class RedisSentinel:
    """Run a master with a replica in `folder`, and the sentinels that look after them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.master = Redis(folder / "one", None, "--repl-diskless-sync-delay", "0")
        self.replica = Redis(folder / "two", None, "--replicaof", "127.0.0.1", str(self.master.port))
        self._ports = [free_port() for _ in range(SENTINELS)]
        self._sentinels: list[subprocess.Popen[bytes]] = []
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        self.url = f"redis+sentinel://{hosts}/mymaster"

    def start(self) -> None:
        """Start all, and wait until each sentinel knows the replica and the others."""
        self.master.start()
        self.replica.start()
        for port in self._ports:
            self._sentinels.append(self._start_sentinel(port))
        known = f"slaves=1,sentinels={SENTINELS}"
        for port in self._ports:
            self._wait_until(port, known, "INFO", "sentinel")
        self._wait_until(self.master.port, "state=online", "INFO", "replication")

    def _start_sentinel(self, port: int) -> subprocess.Popen[bytes]:
        conf = self._folder / f"sentinel-{port}.conf"
        conf.write_text(
            f"port {port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {self.master.port} 2\n"
            "sentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 3000\n"
        )
        with (self._folder / f"sentinel-{port}.log").open("ab") as log:
            return subprocess.Popen([redis_program(), str(conf), "--sentinel"], stdout=log, stderr=log)

    @staticmethod
    def _wait_until(port: int, text: str, *words: str) -> None:
        until = time.monotonic() + START_SECONDS
        while text.encode() not in (said := Redis.ask(port, *words)):
            assert time.monotonic() < until, said
            time.sleep(0.05)

    def wait_until_promoted(self) -> None:
        """Wait until the replica is the master."""
        self._wait_until(self.replica.port, "role:master", "INFO", "replication")

    def kill(self) -> None:
        """End all of them at once."""
        for sentinel in self._sentinels:
            sentinel.kill()
            sentinel.wait()
        self.master.kill()
        self.replica.kill()
