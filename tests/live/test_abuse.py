"""What one address can do to the others: attackers from 127.0.0.2 and further, a good client from 127.0.0.1.

The attackers run in a process of their own; see `tests/support/attackers.py` for what each kind does.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from uuid import uuid4

import psutil
import pytest

from tests.support.attackers import KINDS
from tests.support.client import ArticleClient, V1Client, table
from tests.support.server import ROOT, Server
from tests.support.waiting import wait_until
from tsvapp.room.protocol import NO_ROOM

Start = Callable[..., Server]
PAGES = 200


class Attackers:
    """Run attackers of these kinds, each from an address of its own."""

    def __init__(self, port: int, seconds: float, *kinds: str) -> None:
        command = [sys.executable, "-m", "tests.support.attackers", str(port), str(seconds), *kinds]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    @property
    def go_on(self) -> bool:
        return self._process.poll() is None

    def outcomes(self) -> dict[str, dict[str, int]]:
        said, _ = self._process.communicate(timeout=60)
        assert self._process.returncode == 0
        return json.loads(said)


def turn(good: V1Client, page: int) -> float:
    """Turn to a page, and return how long it took until it was there, in milliseconds."""
    started = time.perf_counter()
    good.send("turn", page=page)
    good.see(lambda event: event["page"] == page)
    return 1000 * (time.perf_counter() - started)


def turns_during(attackers: Attackers, good: V1Client) -> list[float]:
    """Turn page after page for as long as the attackers go on."""
    times: list[float] = []
    while attackers.go_on:
        times.append(turn(good, len(times) % (PAGES - 2) + 2))
        good.events.clear()
    return times


def test_attackers_are_refused_cut_or_held_and_the_good_client_is_served(
    start_server: Start, clients: ExitStack
) -> None:
    seconds = 3.0
    server = start_server(
        sockets_per_address=30,
        asking_per_address=50,
        connects_per_address=100,
        requests_per_address=50,
        messages_per_second=20,
        head_seconds=0.5,
        stall_seconds=1,
    )
    good = V1Client(server.ws_url)
    clients.callback(good.close)
    good.upload(table(100 * PAGES))
    attackers = Attackers(
        *(server.port, seconds),
        *("slow_heads", "slow_frames", "handshakes", "requests", "garbage", "messages", "pings"),
    )
    times = turns_during(attackers, good)
    outcomes = attackers.outcomes()
    print(f"{len(times)} turns; {outcomes}")
    assert len(times) > 1
    # Beyond what one address may have open, an answer; below it, an end without one.
    assert outcomes["slow_heads"].keys() >= {"429", "cut"}
    assert outcomes["slow_heads"].keys() <= {"429", "cut", "open"}
    assert outcomes["slow_frames"]["429"] > 0
    assert outcomes["handshakes"]["101"] <= 100
    assert outcomes["garbage"]["400"] > 0
    assert "Invalid request" not in server.log
    # What may come at once after a rest, and what may come in the time: the rest is held back, not lost.
    assert 0 < outcomes["requests"]["200"] <= 50 * (seconds + 4)
    assert 0 < outcomes["messages"]["answered"] <= 20 * 20 * (seconds + 4)
    assert 0 < outcomes["pings"]["answered"] <= 20 * 20 * (seconds + 4)
    assert turn(good, PAGES) > 0


def test_a_download_that_nobody_takes_is_cut_and_a_slow_one_arrives(start_server: Start, clients: ExitStack) -> None:
    server = start_server(stall_seconds=1)
    worker = psutil.Process(server.worker_pid)
    data = table(100_000, columns=8)
    with closing(V1Client(server.ws_url)) as sender:
        sender.upload(data)

    def download() -> socket.socket:
        peer = socket.socket()
        clients.callback(peer.close)
        peer.settimeout(40)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        peer.connect(("127.0.0.1", server.port))
        peer.sendall(f"GET /{sender.room_id}.tsv HTTP/1.1\r\nHost: tables.localhost\r\n\r\n".encode())
        return peer

    idle, slow = download(), download()
    port = idle.getsockname()[1]
    came = b""
    # Longer than one that takes nothing is given, a piece at a time.
    for _ in range(8):
        came += slow.recv(256 << 10)
        time.sleep(0.25)
    wait_until(lambda: not any(each.raddr and each.raddr.port == port for each in worker.net_connections()))
    while len(came.partition(b"\r\n\r\n")[2]) < len(data):
        came += slow.recv(1 << 20)
    assert came.endswith(data)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_page_turns_stay_below_100_ms_while_an_address_attacks(
    start_server: Start, clients: ExitStack, kind: str
) -> None:
    server = start_server()
    good = V1Client(server.ws_url)
    clients.callback(good.close)
    good.upload(table(100 * PAGES))
    attackers = Attackers(server.port, 10, kind)
    times = sorted(turns_during(attackers, good))
    p99 = times[int(0.99 * len(times))]
    print(f"{kind}: {len(times)} turns, p99 {p99:.1f} ms; {attackers.outcomes()}")
    assert p99 < 100


@pytest.mark.parametrize("visits", [200, pytest.param(10_000, marks=pytest.mark.long)])
def test_connects_to_ids_that_nobody_knows_leave_nothing_behind(start_server: Start, visits: int) -> None:
    server = start_server(connects_per_address=1_000_000, requests_per_address=100_000)
    worker = psutil.Process(server.worker_pid)

    def visit(many: int) -> None:
        for _ in range(many):
            with closing(V1Client(server.ws_url, str(uuid4()))) as visitor:
                assert visitor.first["type"] == "unknown_room"

    visit(50)  # what is made once
    before = worker.memory_info().rss
    files = sorted(server.data_dir.rglob("*"))
    visit(visits)
    growth = worker.memory_info().rss - before
    print(f"{visits:,} visits: memory grew by {growth / 1024:.0f} KiB")
    assert growth < 4 << 20
    assert sorted(server.data_dir.rglob("*")) == files
    assert "evicted room" not in server.log  # none was in memory
    assert rooms_kept(server) == 0


def test_an_id_that_the_server_has_not_made_is_no_room_by_either_protocol(start_server: Start) -> None:
    server = start_server()
    for room_id in (str(uuid4()), "00000000-0000-4000-8000-000000000000"):
        with closing(ArticleClient(server.ws_url, room_id)) as article:
            assert article.wait_for_close() == (1008, NO_ROOM["unknown"])
        with closing(V1Client(server.ws_url, room_id)) as visitor:
            assert visitor.first["reason"] == "unknown"
    assert rooms_kept(server) == 0


def test_by_the_articles_protocol_a_room_that_is_there_is_joined_by_its_id(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server()
    first, second = ArticleClient(server.ws_url), V1Client(server.ws_url)
    clients.callback(first.close)
    clients.callback(second.close)
    first.send_file(b"a\tb\n")
    room_id = first.receive()["uuid"]
    for some_id in (room_id, second.room_id):  # the other one is empty
        other = ArticleClient(server.ws_url, some_id)
        clients.callback(other.close)
        other.send_file(b"c\td\n")
        assert other.receive()["uuid"] == some_id


def rooms_kept(server: Server) -> int:
    """Stop the server and count the rooms that it has written down."""
    server.stop()
    with closing(sqlite3.connect(server.data_dir / "rooms.sqlite")) as records:
        (count,) = records.execute("SELECT count(*) FROM rooms").fetchone()
    server.start()
    return count
