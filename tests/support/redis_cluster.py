"""A real Redis Cluster for tests: masters that share the slots, each a Redis that can be killed and paused."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.redis import START_SECONDS, Redis
from tests.support.server import free_port

SLOTS = 16384


class RedisCluster:
    """Run `count` masters in `folder`."""

    def __init__(self, folder: Path, count: int = 3) -> None:
        self._bus_ports = [free_port() for _ in range(count)]
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port"]
        self.nodes = [
            Redis(folder / f"node-{number}", None, *options, str(port)) for number, port in enumerate(self._bus_ports)
        ]
        self.url = f"redis+cluster://127.0.0.1:{self.nodes[0].port}"

    def start(self) -> None:
        """Start all, give each its part of the slots, and wait until they are one."""
        for node in self.nodes:
            node.start()
        bounds = [SLOTS * number // len(self.nodes) for number in range(len(self.nodes) + 1)]
        for node, bus, low, high in zip(self.nodes, self._bus_ports, bounds, bounds[1:], strict=False):
            assert node.call("CLUSTER", "ADDSLOTSRANGE", str(low), str(high - 1)) == b"+OK\r\n"
            assert self.nodes[0].call("CLUSTER", "MEET", "127.0.0.1", str(node.port), str(bus)) == b"+OK\r\n"
        self.wait_until_whole()

    def wait_until_whole(self) -> None:
        """Wait until each of them says that all slots are served."""
        until = time.monotonic() + START_SECONDS
        for node in self.nodes:
            while b"cluster_state:ok" not in (said := node.call("CLUSTER", "INFO")):
                assert time.monotonic() < until, said
                time.sleep(0.05)

    def node_of(self, key: str) -> Redis:
        """Return the node that serves this key."""
        return next(node for node in self.nodes if node.call("EXISTS", key).startswith(b":"))

    def move(self, key: str, target: Redis) -> None:
        """Move the slot of this key, with all that is in it, to another node."""
        source = self.node_of(key)
        slot = source.call("CLUSTER", "KEYSLOT", key).decode().strip(":\r\n")
        ids = {node: node.call("CLUSTER", "MYID").decode().split("\r\n")[1] for node in self.nodes}
        assert target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source]) == b"+OK\r\n"
        assert source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target]) == b"+OK\r\n"
        keys = source.call("CLUSTER", "GETKEYSINSLOT", slot, "1000").decode().split("\r\n")[2::2]
        assert source.call("MIGRATE", "127.0.0.1", str(target.port), "", "0", "5000", "KEYS", *keys) == b"+OK\r\n"
        for node in (target, source, *self.nodes):
            assert node.call("CLUSTER", "SETSLOT", slot, "NODE", ids[target]) == b"+OK\r\n"

    def kill(self) -> None:
        """End all of them at once."""
        for node in self.nodes:
            node.kill()
