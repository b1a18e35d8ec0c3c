"""What goes wrong in a gevent worker that holds WebSockets: one test for each cure, which fails without it.

The numbers are those of the table in docs/design.md. What a unit can show stands in `tests/live/test_outbox.py`,
what the handshake can in `tests/web/test_socket.py`.
"""

from __future__ import annotations

import fcntl
import json
import random
import signal
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.support.client import ArticleClient, V1Client, table
from tests.support.raw import BINARY, CLOSE, PING, PONG, TEXT, RawClient, frame
from tests.support.server import Server, free_port

KIB = 1 << 10
MIB = 1 << 20
Start = Callable[..., Server]


def page_of(message: bytes) -> dict[str, object]:
    return json.loads(message)


def test_h1_a_message_of_64_mib_to_a_client_that_reads_slowly_arrives_whole(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server(max_article_bytes=70 * MIB)
    letters = random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=MIB)
    rows = ["".join(letters[turn:] + letters[:turn]) for turn in range(64)]
    sender = ArticleClient(server.ws_url)
    clients.callback(sender.close)
    sender.send_file("\n".join(rows).encode())
    room_id = sender.receive()["uuid"]
    slow = RawClient(server.port, f"/parser/ws/{room_id}", receive_buffer=16 * KIB)
    clients.callback(slow.close)
    opcode, message = slow.receive()
    while opcode == PING:  # where encoding takes long, the server asks meanwhile whether the client is there
        opcode, message = slow.receive()
    assert opcode == TEXT
    assert len(message) > 64 * MIB
    assert page_of(message)["data"] == [[row] for row in rows]


def test_h2_forty_that_turn_and_ping_at_once_never_see_frames_interleave(server: Server, clients: ExitStack) -> None:
    sender = ArticleClient(server.ws_url)
    clients.callback(sender.close)
    sender.send_file(table(999, columns=20))
    page = sender.receive()
    members = [RawClient(server.port, f"/parser/ws/{page['uuid']}") for _ in range(40)]
    for member in members:
        clients.callback(member.close)

    def talk(number: int) -> int:
        member, pages, pongs = members[number], 0, 0
        for turn in range(10):
            member.send(PING, b"%d" % turn)
            member.send(TEXT, b"%d" % ((number + turn) % 10 + 1))
        member.send(TEXT, b"1")
        member.send(PING, b"last")
        while True:
            opcode, payload = member.receive()
            if opcode == PONG:
                pongs += 1
                if payload == b"last":
                    assert pongs >= 1
                    return pages
                continue
            assert opcode == TEXT
            answer = json.loads(payload)
            first = (answer["page_no"] - 1) * 100 + 1
            assert len(answer["data"]) == 100
            assert answer["data"][1][0] == f"cell {first + 1}.0"
            pages += 1

    with ThreadPoolExecutor(40) as pool:
        assert all(pages > 0 for pages in pool.map(talk, range(40)))


def test_h3_a_stalled_member_delays_nobody_and_is_dropped(start_server: Start, clients: ExitStack) -> None:
    server = start_server(stall_seconds=1)
    uploader = V1Client(server.ws_url)
    clients.callback(uploader.close)
    random_cells = random.Random(1)
    rows = ["\t".join(f"{random_cells.random()}" for _ in range(50)) for _ in range(1000)]
    uploader.upload("\n".join(rows).encode())
    stalled = RawClient(server.port, f"/parser/ws/{uploader.room_id}", receive_buffer=4 * KIB)
    clients.callback(stalled.close)
    good = [V1Client(server.ws_url, uploader.room_id) for _ in range(20)]
    for viewer in good:
        clients.callback(viewer.close)
    with ThreadPoolExecutor(len(good)) as pool:
        # Read beside the turning: a viewer that does not read would be stalled itself.
        last_seen = [pool.submit(viewer.see, lambda event: event["page"] == 10) for viewer in good]
        for turn in range(100):
            page = turn % 8 + 2
            uploader.send("turn", page=page)
            uploader.see(lambda event, page=page: event["page"] == page)
        uploader.send("turn", page=10)
        last = uploader.see(lambda event: event["page"] == 10)
        assert all(seen.result()["revision"] == last["revision"] for seen in last_seen)
    assert "why=stalled" in server.wait_for_log("why=stalled")


def test_h4_a_flood_that_nobody_waits_for_is_held_back_and_not_kept(server: Server, clients: ExitStack) -> None:
    worker = psutil.Process(server.worker_pid)
    flood = RawClient(server.port, subprotocol="tsvapp.v1")
    clients.callback(flood.close)
    size = 256 * MIB
    flood.send(TEXT, json.dumps({"type": "begin", "name": "flood.tsv", "size": size}).encode())
    chunk = frame(BINARY, (b"x" * 63 + b"\n") * (4 * KIB))
    before = worker.memory_info().rss
    peak = [before]
    sender = threading.Thread(target=lambda: [flood.socket.sendall(chunk) for _ in range(size // (256 * KIB))])
    sender.start()
    while True:
        opcode, payload = flood.receive()
        text = payload if opcode == TEXT else zlib.decompress(payload, wbits=-15)
        peak[0] = max(peak[0], worker.memory_info().rss)
        if json.loads(text)["type"] == "finished":
            break
    sender.join()
    assert peak[0] - before < 64 * MIB


def test_h5_an_error_in_the_server_closes_with_1011_and_writes_no_page_into_the_socket(
    tmp_path: Path, clients: ExitStack
) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="member")
    clients.callback(server.stop)
    server.start()
    member = RawClient(server.port)
    clients.callback(member.close)
    opcode, payload = member.receive()
    assert opcode == CLOSE
    assert struct.unpack("!H", payload[:2]) == (1011,)
    assert member.socket.recv(100) == b""
    server.wait_for_log("ZeroDivisionError")


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "with a page on its way"])
def test_h8_a_client_that_vanishes_is_gone(start_server: Start, clients: ExitStack, busy: bool) -> None:
    server = start_server(vanish_seconds=3, stall_seconds=3600, heartbeat_seconds=3600)
    here = V1Client(server.ws_url)
    clients.callback(here.close)
    here.upload(table(1000))
    far = RawClient(server.port, f"/parser/ws/{here.room_id}")
    clients.callback(far.close)
    far.receive()
    here.wait_for("presence", lambda event: event["members"] == 2)
    far.vanish()
    if busy:
        here.send("turn", page=2)
    assert here.wait_for("presence", lambda event: event["members"] == 1)


@pytest.mark.parametrize(
    ("opcode", "payload", "subprotocol"),
    [
        (TEXT, b"1" * (64 * KIB + 1), ""),
        (TEXT, "é".encode() * (32 * KIB + 1), ""),
        (TEXT, "é".encode() * (32 * KIB + 1), "tsvapp.v1"),
        (BINARY, b"x" * (256 * KIB + 1), "tsvapp.v1"),
        (BINARY, b"x" * (20 * MIB), ""),
    ],
)
def test_h11_and_h15_a_message_over_its_limit_in_bytes_is_closed_with_1009_that_arrives(
    server: Server, clients: ExitStack, opcode: int, payload: bytes, subprotocol: str
) -> None:
    member = RawClient(server.port, subprotocol=subprotocol)
    clients.callback(member.close)
    # Sent beside the reading: the server stops taking bytes long before the end.
    sender = threading.Thread(target=lambda: member.send(opcode, payload))
    sender.start()
    while (received := member.receive())[0] != CLOSE:
        pass
    assert struct.unpack("!H", received[1][:2]) == (1009,)
    assert b"bytes" in received[1]
    sender.join()


def test_h14_frames_behind_a_close_do_nothing(server: Server, clients: ExitStack) -> None:
    watcher = V1Client(server.ws_url)
    clients.callback(watcher.close)
    watcher.upload(table(500))
    member = RawClient(server.port, f"/parser/ws/{watcher.room_id}")
    clients.callback(member.close)
    member.receive()
    member.socket.sendall(frame(CLOSE, struct.pack("!H", 1000)) + frame(TEXT, b"3") + frame(BINARY, b"a\tb\n"))
    assert member.receive() == (CLOSE, struct.pack("!H", 1000))
    assert member.socket.recv(100) == b""
    watcher.send("turn", page=2)
    event = watcher.see(lambda event: event["page"] != 1)
    assert (event["page"], event["table"]["rows"]) == (2, 501)


def test_h17_a_stall_of_the_event_loop_is_measured(tmp_path: Path, clients: ExitStack) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="loop")
    clients.callback(server.stop)
    server.start()
    clients.callback(ArticleClient(server.ws_url).close)
    line = server.wait_for_log(r"the event loop stood still for \d+\.\d+ s")
    assert float(line.split(" for ")[1].split()[0]) > 0.1


def test_h21_no_control_socket_is_opened(tmp_path: Path, clients: ExitStack) -> None:
    server = Server(tmp_path / "data")
    server.environ |= {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    clients.callback(server.stop)
    server.start()
    assert [path for path in tmp_path.rglob("*") if path.is_socket()] == []


def test_h23_a_second_server_on_the_same_data_refuses_to_start_in_words(server: Server) -> None:
    second = Server(server.data_dir, free_port())
    process = subprocess.run(
        second.command, cwd=second.root, env=second.environ, capture_output=True, text=True, timeout=30, check=False
    )
    assert process.returncode != 0
    assert "is in use by another server" in process.stderr
    assert "TSVAPP_DATA_DIR" in process.stderr
    assert "Traceback" not in process.stderr


def test_h23_a_server_whose_lock_names_nobody_yet_refuses_the_second_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    lock = tmp_path / "data" / "lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = Server(tmp_path / "data")
        process = subprocess.run(
            second.command, cwd=second.root, env=second.environ, capture_output=True, text=True, timeout=60, check=False
        )
    assert process.returncode != 0
    assert "is in use by another server. Stop that one" in process.stderr
    assert "Traceback" not in process.stderr


def test_h23_a_reload_tells_everyone_1012_and_the_new_worker_takes_the_rooms_over(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server()
    members = [ArticleClient(server.ws_url)]
    members[0].send_file(table(249))
    room_id = members[0].receive()["uuid"]
    members[0].turn(2)
    page = members[0].receive()
    members += [ArticleClient(server.ws_url, room_id) for _ in range(5)]
    for member in members:
        clients.callback(member.close)
    since = len(server.log.splitlines())
    server.signal(signal.SIGHUP)
    for member in members:
        assert member.wait_for_close()[0] == 1012
    server.wait_for_log("Worker exiting", since)
    again = ArticleClient(server.ws_url, room_id)
    clients.callback(again.close)
    assert again.receive() == page


def test_h24_a_slow_disk_stops_nobody_else(tmp_path: Path, clients: ExitStack) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="disk")
    clients.callback(server.stop)
    server.start()
    other = V1Client(server.ws_url)
    clients.callback(other.close)
    uploader = V1Client(server.ws_url)
    clients.callback(uploader.close)
    other.upload(table(500))
    uploader.begin("slow.tsv", 8)
    uploader.socket.send(b"a\tb\n1\t2\n")
    order: list[str] = []
    waiting = threading.Thread(target=lambda: order.append(uploader.wait_for("finished")["type"]))
    waiting.start()
    # While that one waits for the disk, the other room goes on: turn after turn.
    for page in (2, 3, 4, 5, 1):
        other.send("turn", page=page)
        other.see(lambda event, page=page: event["page"] == page)
        order.append("turned")
    waiting.join()
    assert order == ["turned"] * 5 + ["finished"]
