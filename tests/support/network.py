"""Another host on this machine: a network namespace with a cable to it, which can be pulled."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.server import ROOT

CLIENT = """
import sys
from tests.support.raw import RawClient
client = RawClient(int(sys.argv[2]), sys.argv[3], subprotocol="tsvapp.v1", address=sys.argv[1])
client.receive()
print("joined", flush=True)
sys.stdin.read()
"""


class FarHost:
    """Run clients on the other end of a cable."""

    def __init__(self, namespace: str, cable: str, address: str) -> None:
        self.namespace = namespace
        self.cable = cable
        self.address = address
        """Ours, as the other host sees it."""
        self.clients: list[subprocess.Popen[str]] = []

    def join(self, port: int, path: str) -> None:
        """Let a client over there join, and stay."""
        python = [sys.executable, "-c", CLIENT, self.address, str(port), path]
        command = ["ip", "netns", "exec", self.namespace, *python]
        client = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.clients.append(client)
        assert client.stdout is not None
        assert client.stdout.readline() == "joined\n"

    def pull(self) -> None:
        """Pull the cable: from now on nothing arrives, and nobody is told."""
        _ip("link", "set", self.cable, "down")


@contextmanager
def far_host() -> Iterator[FarHost]:
    """Make another host; skip where that is not allowed, but fail where everything has to be there."""
    number = random.randrange(1 << 14)
    name, net = f"tsv{number}", f"10.231.{number >> 6}.{(number & 63) << 2}"
    ours, theirs = (net.rsplit(".", 1)[0] + f".{int(net.rsplit('.', 1)[1]) + last}" for last in (1, 2))
    if shutil.which("ip") is None or os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("network namespaces need root and `ip`")
    _ip("netns", "add", name)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "far", "netns", name)
        _ip("addr", "add", f"{ours}/30", "dev", name)
        _ip("link", "set", name, "up")
        _ip("-n", name, "addr", "add", f"{theirs}/30", "dev", "far")
        _ip("-n", name, "link", "set", "far", "up")
        host = FarHost(name, name, ours)
        try:
            yield host
        finally:
            for client in host.clients:
                client.kill()
                client.communicate()
    finally:
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
