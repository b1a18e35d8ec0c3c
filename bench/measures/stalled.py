"""How much a page turn suffers when a fifth of a room's viewers take nothing any more."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from bench.compare import Wanted, compare, in_turn
from bench.lab import Contestant, Lab
from bench.report import Section

VIEWERS = 800
STALLED = 200
ROUNDS = 9
TURNS = 40
"""Turns of one round: the first dozen fill what the kernel takes for those who read nothing."""


def run(lab: Lab) -> Section:
    """Measure with and without them in turn, in one room of one server; a round ends before they are dropped."""
    with lab.start("ours") as (ours,):
        ours.swarm.join(VIEWERS)
        ours.turn()
        times = in_turn(ROUNDS, {"beside": lambda: beside_stalled(ours), "alone": lambda: p99_of_a_turn(ours)})
    what = f"p99 of a page turn, {VIEWERS} viewers and {STALLED} stalled: {VIEWERS} alone"
    how = (
        f"The time until 99 of 100 of {VIEWERS} viewers that read have the page, median of {TURNS} turns, with and "
        f"without {STALLED} more in the room that read nothing after their handshake; {ROUNDS} rounds of each, in turn."
    )
    row = compare(what, times["beside"], times["alone"], "ms", Wanted("≤", 1.1))
    return Section("a page turn beside stalled viewers", how, [row])


def beside_stalled(contestant: Contestant) -> float:
    """Return the same while a fifth of the room is stalled."""
    with stalled(contestant.server.port, contestant.server.path):
        return p99_of_a_turn(contestant)


def p99_of_a_turn(contestant: Contestant) -> float:
    """Return until when 99 of 100 had the page, in milliseconds, as the median of some turns."""
    return median(contestant.turn().p99 for _ in range(TURNS))


@contextmanager
def stalled(port: int, path: str) -> Iterator[None]:
    """Let viewers join who read nothing."""
    with ExitStack() as stack:
        for _ in range(STALLED):
            viewer = stack.enter_context(socket.socket())
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            viewer.connect(("127.0.0.1", port))
            viewer.sendall(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            assert viewer.recv(12) == b"HTTP/1.1 101"
        yield
