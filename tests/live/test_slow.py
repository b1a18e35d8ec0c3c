"""Clients that stall or vanish, and a server that stands still: who is gone is dropped, and nobody else is."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.client import V1Client, table
from tests.support.crowd import Crowd
from tests.support.nginx import Nginx
from tests.support.raw import PING, PONG, RawClient
from tests.support.server import Server
from tsvapp.live.outbox import FLUSH_SECONDS
from tsvapp.live.silence import ROUNDS
from tsvapp.settings import Settings

Start = Callable[..., Server]
StartNginx = Callable[[int], Nginx]
KIB = 1 << 10
LAST_PAGE = 16
KERNEL_BYTES = 512 * KIB
"""Most that the kernel may hold for one who takes nothing, on each side of a proxy."""


# Who stalls


def queued(local: int, remote: int | None = None) -> dict[int, int]:
    """Return the bytes that the kernel holds to be sent from a port, by the port they are for (proc(5), net/tcp)."""
    held = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, _, queues, *_ = line.split()
        port = int(there.split(":")[1], 16)
        if int(here.split(":")[1], 16) == local and port and remote in (None, port):
            held[port] = int(queues.split(":")[0], 16)
    return held


def received(remote: int) -> int:
    """Return the most bytes that have come from a port to any other, and that nobody has read yet."""
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return max(int(line[4].split(":")[1], 16) for line in lines if int(line[2].split(":")[1], 16) == remote)


def greenlets(server: Server) -> int:
    since = len(server.log.splitlines())
    os.kill(server.worker_pid, signal.SIGRTMIN)
    return int(server.wait_for_log("greenlets=", since).split("greenlets=")[1].split()[0])


@pytest.mark.nginx
def test_a_fifth_that_stalls_costs_the_others_nothing_and_little_memory_and_is_soon_gone(
    start_server: Start, start_nginx: StartNginx, clients: ExitStack
) -> None:
    server = start_server(app="tests.support.counting_app:app", stall_seconds=3)
    nginx = start_nginx(server.port)
    driver = V1Client(server.ws_url)
    clients.callback(driver.close)
    cells = random.Random(1)
    rows = ["\t".join(f"{cells.random()}" for _ in range(50)) for _ in range(100 * LAST_PAGE)]
    driver.upload("\n".join(rows).encode())
    crowds = [Crowd(where.ws_url, driver.room_id, 16) for where in (server, nginx)]
    for crowd in crowds:
        clients.callback(crowd.close)
        crowd.wait_until_live()
    before = greenlets(server)
    stalled = []
    for port in (server.port, nginx.port):
        for _ in range(4):
            stalled.append(RawClient(port, f"/parser/ws/{driver.room_id}", receive_buffer=4 * KIB))
            clients.callback(stalled[-1].close)
    ports = [client.socket.getsockname()[1] for client in stalled]
    most = Counter[str]()
    for page in range(2, LAST_PAGE + 1):
        driver.send("turn", page=page)
        for crowd in crowds:
            crowd.wait_until(lambda viewer, page=page: viewer.seen and viewer.seen["page"] == page)
        most |= {
            "to the client": max(queued(server.port, port).get(port, 0) for port in ports[:4]),
            "to nginx": max(queued(server.port).values()),
            "in nginx": received(server.port),
            "from nginx to the client": max(queued(nginx.port, port).get(port, 0) for port in ports[4:]),
        }
    print({hop: f"{held >> 10} KiB" for hop, held in most.items()})
    assert min(most.values()) > 0
    # What has come to nginx and waits there is its kernel's affair; what is sent is bounded, on either side of it.
    assert max(most["to the client"], most["to nginx"], most["from nginx to the client"]) <= KERNEL_BYTES
    driver.wait_for("presence", lambda event: event["members"] == 1 + 2 * 16)
    assert server.log.count("why=stalled") == len(stalled)
    # Nor does the kernel keep for them what they will never take.
    assert not set(ports[:4]) & set(queued(server.port))
    assert greenlets(server) <= before
    assert all(viewer.live and not viewer.closes for crowd in crowds for viewer in crowd.viewers)


def test_by_default_who_stalls_is_gone_within_20_s_and_who_vanishes_within_45() -> None:
    settings = Settings()
    assert settings.stall_seconds + FLUSH_SECONDS <= 20
    # Directly: the kernel gives up at the first probe that is due after that time.
    assert settings.vanish_seconds + settings.vanish_seconds / 4 <= 45
    # Behind a proxy: a sign of life right after a round counts in the next, and then come the silent rounds.
    assert (ROUNDS + 1) * settings.vanish_seconds / ROUNDS <= 45


# Who vanishes


@pytest.mark.nginx
def test_a_client_that_vanishes_behind_nginx_is_gone_and_one_who_is_idle_there_is_not(
    start_server: Start, start_nginx: StartNginx, clients: ExitStack
) -> None:
    server = start_server(vanish_seconds=1.5, stall_seconds=3600)
    nginx = start_nginx(server.port)
    here = V1Client(server.ws_url)
    clients.callback(here.close)
    here.upload(table(1000))
    idle = V1Client(nginx.ws_url, here.room_id, ping_interval=None)
    clients.callback(idle.close)
    far = RawClient(nginx.port, f"/parser/ws/{here.room_id}")
    clients.callback(far.close)
    far.receive()
    here.wait_for("presence", lambda event: event["members"] == 3)
    far.vanish()
    # Bytes on their way to it keep nginx's kernel from asking whether it lives, for a quarter of an hour.
    here.send("turn", page=2)
    here.wait_for("presence", lambda event: event["members"] == 2)
    assert "why=vanished" in server.log
    here.send("turn", page=3)
    idle.see(lambda event: event["page"] == 3)


def test_a_silent_article_client_of_a_trusted_peer_is_pinged_without_x_forwarded_for(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server(vanish_seconds=1.5, trusted_proxies="127.0.0.1")
    client = RawClient(server.port)
    clients.callback(client.close)
    for _ in range(2 * ROUNDS):
        assert client.receive() == (PING, b"")
        client.send(PONG, b"")


# A healthy client is not dropped


def test_a_clock_that_is_set_drops_nobody_and_loses_nothing(tmp_path: Path, clients: ExitStack) -> None:
    settings = {"idle_seconds": 1, "heartbeat_seconds": 0.5, "stall_seconds": 5, "vanish_seconds": 5}
    server = Server(tmp_path / "data", app="tests.support.shifted_app:app", **settings)
    clients.callback(server.stop)
    server.start()

    def connect(room_id: str | None = None) -> V1Client:
        client = V1Client(server.ws_url, room_id)
        clients.callback(client.close)
        return client

    driver, uploader, leaver = connect(), connect(), connect()
    driver.upload(table(1000))
    leaver.upload(table(10))
    viewer = connect(driver.room_id)
    epoch = viewer.see(lambda event: bool(event["table"]))["epoch"]
    data = table(1000, word="slowly")
    third = len(data) // 3
    uploader.begin("slowly.tsv", len(data))
    for part, shift, page in ((0, signal.SIGRTMIN, 3), (1, signal.SIGRTMIN + 1, 4)):
        uploader.socket.send(data[part * third : (part + 1) * third])
        uploader.wait_for("ack")
        if part == 1:
            leaver.close()  # under a clock that is far ahead
            server.wait_for_log("closed room=new")
        since = len(server.log.splitlines())
        os.kill(server.worker_pid, shift)
        server.wait_for_log("the clock is put", since)
        for _ in range(5):
            viewer.wait_for("heartbeat")
        driver.send("turn", page=page)
        assert viewer.see(lambda event, page=page: event["page"] == page)["epoch"] == epoch
    uploader.socket.send(data[2 * third :])
    assert uploader.wait_for("finished")["rows"] == 1001
    server.wait_for_log(f"evicted room={leaver.room_id[:8]}")
    assert "expired" not in server.log
    assert server.log.count("closed room=") == 1


@pytest.mark.parametrize("seconds", [2.5, pytest.param(10, marks=pytest.mark.long)])
@pytest.mark.nginx
def test_a_server_that_stood_still_drops_nobody(
    start_server: Start, start_nginx: StartNginx, clients: ExitStack, seconds: float
) -> None:
    # A tenth of a second less than it stands still, each of them: as if all limits had passed meanwhile.
    limits = dict.fromkeys(("stall_seconds", "vanish_seconds", "heartbeat_seconds"), seconds - 0.1)
    server = start_server(**limits)
    driver = V1Client(server.ws_url)
    nginx = start_nginx(server.port)
    viewers = [V1Client(where.ws_url, driver.room_id) for where in (server, server, nginx, nginx)]
    for client in (driver, *viewers):
        clients.callback(client.close)
    driver.upload(table(1000))
    for page in (2, 3):
        driver.send("turn", page=page)  # on its way to a server that does not hear
        os.kill(server.worker_pid, signal.SIGSTOP)
        server.signal(signal.SIGSTOP)
        time.sleep(seconds if page == 2 else 0.1)
        os.kill(server.worker_pid, signal.SIGCONT)
        server.signal(signal.SIGCONT)
        for client in viewers:
            client.see(lambda event, page=page: event["page"] == page)
    assert "closed room=" not in server.log
