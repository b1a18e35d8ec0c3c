"""What strangers can take of the disk and of the rooms: addresses 127.0.0.2 and further, one of them and several.

The victim is 127.0.0.99. Each is tried directly and through an nginx with the project's own configuration.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.client import V1Client, table
from tests.support.nginx import Nginx
from tests.support.server import Server

Start = Callable[..., Server]
Connect = Callable[..., V1Client]
MIB = 1 << 20
VICTIM = 99

DIRECTLY_AND_THROUGH_NGINX = pytest.mark.parametrize(
    "through", ["directly", pytest.param("nginx", marks=pytest.mark.nginx)]
)
ONE_AND_SEVERAL = pytest.mark.parametrize("addresses", [1, 4])


@pytest.fixture
def connecting(
    start_server: Start, start_nginx: Callable[[int], Nginx], clients: ExitStack
) -> Callable[..., tuple[Server, Connect]]:
    """Start a server, alone or behind nginx; return it with what connects to it from an address."""

    def start(through: str, **settings: Any) -> tuple[Server, Connect]:
        server = start_server(**settings)
        ws_url = start_nginx(server.port).ws_url if through == "nginx" else server.ws_url

        def connect(address: int, room_id: str | None = None) -> V1Client:
            client = V1Client(ws_url, room_id, source_address=(f"127.0.0.{address}", 0))
            clients.callback(client.close)
            return client

        return server, connect

    return start


def begin_and_leave(client: V1Client, size: int, first: bytes = b"") -> None:
    """Announce a file, store so much of it, and vanish."""
    client.begin("large.tsv", size)
    if first:
        client.socket.send(first)
        client.wait_for("ack")
    client.close()


@DIRECTLY_AND_THROUGH_NGINX
@ONE_AND_SEVERAL
@pytest.mark.parametrize("first", [b"", b"x"], ids=["and stay, without a byte", "and leave, with one byte"])
def test_files_that_are_only_announced_delete_no_table_and_stop_no_upload(
    connecting: Callable[..., tuple[Server, Connect]], through: str, addresses: int, first: bytes
) -> None:
    server, connect = connecting(through, max_disk_bytes=4096 * MIB, spare_seconds=0.001)
    others = []
    for number in range(5):
        owner = connect(100 + number)
        owner.upload(table(3))
        others.append(owner.room_id)
        owner.close()
    for number in range(8):
        stranger = connect(2 + number % addresses)
        if first:
            begin_and_leave(stranger, 900 * MIB, first)
        else:
            stranger.begin("large.tsv", 900 * MIB)
    connect(VICTIM).upload(table(20))
    assert [connect(VICTIM, room_id).first["type"] for room_id in others] == ["welcome"] * 5
    assert "evicted, because" not in server.log


@DIRECTLY_AND_THROUGH_NGINX
def test_paused_uploads_count_for_their_address_and_for_no_other(
    connecting: Callable[..., tuple[Server, Connect]], through: str
) -> None:
    _, connect = connecting(through)
    for _ in range(40):
        begin_and_leave(connect(2), 2048 * MIB, b"x")
    refused = connect(2)
    refused.send("begin", name="a.tsv", size=10)
    error = refused.wait_for("error")
    assert (error["code"], error["limit"]) == ("limit_reached", 40)
    assert "paused" in error["message"]
    connect(VICTIM).upload(table(20))


@DIRECTLY_AND_THROUGH_NGINX
@ONE_AND_SEVERAL
@pytest.mark.parametrize("what", ["begins without a byte", "tables of a byte"])
def test_many_rooms_of_strangers_leave_place_for_others(
    connecting: Callable[..., tuple[Server, Connect]], through: str, addresses: int, what: str
) -> None:
    _, connect = connecting(through, max_rooms=20)
    owner = connect(100)
    owner.upload(table(3))
    owner.close()
    for number in range(24):
        stranger = connect(2 + number % addresses)
        if what == "tables of a byte":
            stranger.upload(b"x")
            stranger.close()
        else:
            begin_and_leave(stranger, 900 * MIB)
    for _ in range(3):
        connect(VICTIM).upload(table(20))
    assert connect(VICTIM, owner.room_id).first["type"] == "welcome"


@DIRECTLY_AND_THROUGH_NGINX
def test_a_sender_who_stays_and_is_silent_is_paused_and_goes_on_with_its_next_bytes(
    connecting: Callable[..., tuple[Server, Connect]], through: str
) -> None:
    _, connect = connecting(through, upload_silence_seconds=1)
    data = table(2000)
    begun, silent = connect(2), connect(2)
    begun.begin("a.tsv", 10)
    silent.begin("b.tsv", len(data))
    silent.socket.send(data[:1000])
    assert silent.see(lambda event: bool(event["upload"]) and event["upload"]["paused"])["upload"]["stored"] == 1000
    assert begun.see(lambda event: event["notice"] is not None)["notice"]["code"] == "upload_lost"
    silent.socket.send(data[1000:])
    assert silent.wait_for("finished")["rows"] == 2001


def test_more_files_can_be_open_than_a_shell_allows_and_no_address_has_more_than_a_quarter(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", head_seconds=60)
    server.command = ["sh", "-c", 'ulimit -Sn 300; ulimit -Hn 1024; exec "$@"', "sh", *server.command]
    server.start()
    with ExitStack() as open_sockets:
        assert psutil.Process(server.worker_pid).rlimit(psutil.RLIMIT_NOFILE) == (1024, 1024)
        quarter = (1024 - 128) // 4
        peers = [
            open_sockets.enter_context(
                closing(socket.create_connection(("127.0.0.1", server.port), 40, ("127.0.0.2", 0)))
            )
            for _ in range(quarter + 5)
        ]
        for peer in peers[quarter:]:
            assert peer.recv(100).startswith(b"HTTP/1.1 429 ")
        with closing(V1Client(server.ws_url, source_address=("127.0.0.99", 0))) as victim:
            victim.upload(table(20))
    assert server.stop() == 0


@pytest.mark.parametrize(
    "command", [["make"], ["sh", "-c", 'umask 022; exec "$@"', "sh"]], ids=["make run", "gunicorn"]
)
def test_nobody_else_on_the_machine_can_read_what_is_kept(tmp_path: Path, command: list[str]) -> None:
    server = Server(tmp_path / "data")
    if command == ["make"]:
        server.command = ["sh", "-c", "umask 022; exec make -o .venv/.run -o static/built/meta.json run"]
    else:
        server.command = [*command, *server.command]
    server.start()
    with closing(V1Client(server.ws_url)) as client:
        client.upload(table(20))
    found = {path: path.stat().st_mode & 0o777 for path in (server.data_dir, *server.data_dir.rglob("*"))}
    assert {path for path, mode in found.items() if mode & 0o077} == set()
    assert {"rooms.sqlite", "rooms.sqlite-wal", "lock"} <= {path.name for path in found}
    server.stop()
