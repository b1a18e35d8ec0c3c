"""The end of a server: everyone is told and comes back spread out, nothing acknowledged is lost, no request fails."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.client import V1Client, table
from tests.support.crowd import Crowd, asked_delay, delay, most_within
from tests.support.nginx import Nginx
from tests.support.raw import RawClient, read_answer
from tests.support.server import ROOT, Server
from tests.support.waiting import wait_until
from tsvapp.live.worker import RETURNS_PER_SECOND, retry_words

WAIT_SECONDS = 40
KIB = 1 << 10
CHUNK = 256 * KIB
Start = Callable[..., Server]

RELOADS = 50
STILL_SECONDS = 1.0

LAST_PAGE = 12
TWICE_THE_RATE = RETURNS_PER_SECOND / 10 * 2
"""Most that are asked to come back within 100 ms, chance included."""
CROWD = [pytest.param(60, id="60"), pytest.param(1000, id="1,000", marks=pytest.mark.long)]
MANY = {"sockets_per_address": 5000, "connects_per_address": 100_000}
MANY |= {"requests_per_address": 10_000, "asking_per_address": 5000}
"""All of them have one address here."""


@pytest.fixture
def gather(clients: ExitStack) -> Callable[[Server, str, int], Crowd]:
    """Let a crowd watch a room, and wait until all of them see it."""

    def start(server: Server, room_id: str, count: int) -> Crowd:
        crowd = Crowd(server.ws_url, room_id, count)
        clients.callback(crowd.close)
        crowd.wait_until_live()
        return crowd

    return start


def room_with_a_table(server: Server, clients: ExitStack) -> V1Client:
    """Make a room whose pages are so large that few of them fill a connection."""
    driver = V1Client(server.ws_url)
    clients.callback(driver.close)
    cells = random.Random(1)
    rows = ["\t".join(f"{cells.random()}" for _ in range(50)) for _ in range(100 * LAST_PAGE)]
    driver.upload("\n".join(rows).encode())
    return driver


def stall(server: Server, driver: V1Client, count: int, clients: ExitStack) -> int:
    """Let so many join who read nothing any more, and turn pages until there is no place for another."""
    for _ in range(count):
        clients.callback(RawClient(server.port, f"/parser/ws/{driver.room_id}", receive_buffer=4 * KIB).close)
    for page in range(2, LAST_PAGE + 1):
        driver.send("turn", page=page)
        driver.see(lambda event, page=page: event["page"] == page)
    return count


# Everyone is told, and comes back


@pytest.mark.parametrize("count", CROWD)
def test_a_reload_and_a_stop_send_everyone_away_with_a_time_to_wait_and_cut_those_who_do_not_read(
    start_server: Start, clients: ExitStack, gather: Callable[..., Crowd], count: int
) -> None:
    server = start_server(stall_seconds=3600, **MANY)
    driver = room_with_a_table(server, clients)
    stalled = stall(server, driver, count // 4, clients)
    crowd = gather(server, driver.room_id, count)
    server.signal(signal.SIGHUP)
    took = crowd.wait_until_live(closes=1)
    print(f"{count} viewers were back {took:.1f} s after the reload")
    assert all(viewer.seen["page"] == LAST_PAGE for viewer in crowd.viewers)
    expect_sent_away(crowd)
    for viewer in crowd.viewers:
        viewer.closes.clear()
    assert server.stop() == 0
    crowd.wait_until(lambda viewer: bool(viewer.closes))
    expect_sent_away(crowd)
    assert server.log.count("why=cut") == stalled


def expect_sent_away(crowd: Crowd) -> None:
    closes = [viewer.closes[0] for viewer in crowd.viewers]
    assert {code for code, _ in closes} == {1012}
    waits = [asked_delay(*close) for close in closes]
    assert None not in waits
    assert len(set(waits)) > 5
    assert most_within(sorted(waits), 0.1) <= TWICE_THE_RATE


@pytest.mark.parametrize("count", CROWD)
def test_all_who_are_cut_at_once_come_back_but_not_at_once(
    start_server: Start, clients: ExitStack, gather: Callable[..., Crowd], count: int
) -> None:
    server = start_server(**MANY)
    driver = room_with_a_table(server, clients)
    crowd = gather(server, driver.room_id, count)
    for viewer in crowd.viewers:
        viewer.waits.clear()
    os.kill(server.worker_pid, signal.SIGKILL)
    took = crowd.wait_until_live(closes=1)
    waits = sorted(wait for viewer in crowd.viewers for wait in viewer.waits)
    most = most_within(waits, 0.1)
    print(f"{count} viewers were back after {took:.1f} s; at most {most} of {len(waits)} came within 100 ms")
    assert {viewer.closes[0][0] for viewer in crowd.viewers} == {1006}
    assert most < len(waits) / 2


def test_the_attempts_of_a_thousand_are_spread() -> None:
    chance = random.Random(1)
    first = sorted(delay(0, chance.random()) for _ in range(1000))
    assert most_within(first, 0.1) < 300
    later = sorted(delay(5, chance.random()) for _ in range(1000))
    assert most_within(later, 0.1) < 30
    for clients in (1000, 5000):
        asked = sorted(asked_delay(1012, retry_words(clients)) or 0 for _ in range(clients))
        assert most_within(asked, 0.1) <= TWICE_THE_RATE


def test_the_viewers_in_the_browser_wait_as_long_as_the_crowd_here_does() -> None:
    closes = [(1012, "the server restarts; retry in 1.70 s"), (1012, "retry in 99 s"), (1012, "soon"), (1006, "")]
    program = f"""
        import {{ askedDelay, delay }} from "./static/js/connection.js";
        const spread = [];
        for (let failures = 0; failures < 12; failures++) spread.push(delay(failures, () => 0.75));
        const asked = {json.dumps(closes)}.map(([code, reason]) => askedDelay({{ code, reason }}));
        console.log(JSON.stringify({{ spread, asked }}));
    """
    ran = subprocess.run(
        ["node", "--input-type=module", "--eval", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(ran.stdout)
    assert found["spread"] == [1000 * delay(failures, 0.75) for failures in range(12)]
    asked = [asked_delay(code, reason) for code, reason in closes]
    assert found["asked"] == [None if seconds is None else 1000 * seconds for seconds in asked]


# Nothing is lost


def test_an_upload_goes_on_after_a_reload_and_the_directory_has_one_owner_at_a_time(
    tmp_path: Path, clients: ExitStack
) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="owner")
    clients.callback(server.stop)
    server.start()
    data = table(60_000, word="large")
    uploader = V1Client(server.ws_url)
    clients.callback(uploader.close)
    upload = uploader.begin("large.tsv", len(data))
    for start in range(0, len(data) - CHUNK, CHUNK):
        uploader.socket.send(data[start : start + CHUNK])
    acknowledged = uploader.wait_for("ack")["offset"]
    server.signal(signal.SIGHUP)
    with suppress(ConnectionClosed):
        while True:
            acknowledged = uploader.wait_for("ack")["offset"]
    assert uploader.socket.close_code == 1012
    again = V1Client(server.ws_url, uploader.room_id)
    clients.callback(again.close)
    again.see(lambda event: bool(event["upload"] and event["upload"]["paused"]))
    offset = again.resume(upload, "large.tsv", data)
    assert acknowledged <= offset < len(data)
    again.send_rest(data, offset, CHUNK)
    again.wait_for("finished")
    assert get(f"{server.url}/{uploader.room_id}.tsv") == data
    assert "of another" not in server.log


def test_a_document_that_is_being_flushed_when_the_server_stops_is_finished_first(
    tmp_path: Path, clients: ExitStack
) -> None:
    server = Server(tmp_path / "data", app="tests.support.failing_app:app", fails="disk")
    clients.callback(server.stop)
    server.start()
    data = table(1000)
    uploader = V1Client(server.ws_url)
    clients.callback(uploader.close)
    uploader.begin("table.tsv", len(data))
    uploader.socket.send(data[:-1])
    uploader.wait_for("ack")
    uploader.socket.send(data[-1:])
    server.signal(signal.SIGHUP)
    uploader.wait_for("finished")
    with pytest.raises(ConnectionClosed):
        uploader.wait_for("error")
    again = V1Client(server.ws_url, uploader.room_id)
    clients.callback(again.close)
    assert again.see(lambda event: bool(event["table"]))["table"]["rows"] == 1001


# No request fails


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=WAIT_SECONDS) as answer:
        return answer.read()


class Hammer:
    """Ask for everything in turn, again and again, over new and over kept connections."""

    def __init__(self, port: int, room_id: str, data: bytes, kept: bool) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.failures: list[str] = []
        self._port, self._data, self._kept = port, data, kept
        self._paths = ["/", "/healthz", f"/{room_id}", "/static/js/main.js", f"/{room_id}.tsv"]
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection = self._connect()
        while not self._enough.is_set():
            for path in self._paths:
                try:
                    self._ask(connection, path)
                except (OSError, HTTPException) as error:
                    self.failures.append(f"{datetime.now():%T.%f} {path}: {error!r}")
                    connection.close()
                if not self._kept:
                    connection.close()
        connection.close()

    def _ask(self, connection: HTTPConnection, path: str) -> None:
        was_kept = connection.sock is not None
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
        except ConnectionError:
            # One that is kept may be closed just as it is asked; clients then ask anew (RFC 9112, 9.3.1).
            connection.close()
            if not was_kept:
                raise
            self._ask(connection, path)
        else:
            self._note(path, answer, answer.read())

    def _connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._port, timeout=WAIT_SECONDS)

    def _note(self, path: str, answer: HTTPResponse, body: bytes) -> None:
        self.answers[path, answer.status] += 1
        whole = answer.status == 200 and (not path.endswith(".tsv") or body == self._data)
        if not whole:
            said = body.decode() if answer.status >= 500 else f"{len(body)} bytes"
            self.failures.append(f"{datetime.now():%T.%f} {path}: {answer.status}, {said}")

    def end(self) -> None:
        """Stop asking."""
        self._enough.set()
        self._thread.join(WAIT_SECONDS)


@pytest.mark.nginx
def test_no_request_fails_while_the_server_is_reloaded(
    start_server: Start, start_nginx: Callable[[int], Nginx], clients: ExitStack
) -> None:
    server = start_server()
    nginx = start_nginx(server.port)
    data = table(20_000)
    client = V1Client(server.ws_url)
    clients.callback(client.close)
    client.upload(data)
    hammers = [Hammer(port, client.room_id, data, kept) for port in (server.port, nginx.port) for kept in (False, True)]
    for _ in range(2):
        former = psutil.Process(server.worker_pid)
        server.signal(signal.SIGHUP)
        former.wait(WAIT_SECONDS)
    for hammer in hammers:
        hammer.end()
    print([sum(hammer.answers.values()) for hammer in hammers])
    assert [hammer.failures for hammer in hammers] == [[]] * 4, server.log
    assert all(len(hammer.answers) == 5 for hammer in hammers)


@contextmanager
def standing_still(master: psutil.Process) -> Iterator[None]:
    """Stop one process of a server after the other for a while, as a machine does that is busy with other things."""
    chance, enough = random.Random(1), threading.Event()

    def stop_some() -> None:
        while not enough.wait(chance.uniform(0.01, 0.2)):
            with suppress(psutil.NoSuchProcess):
                process = chance.choice([master, *master.children()])
                process.suspend()
                enough.wait(chance.uniform(0, STILL_SECONDS))
                process.resume()

    thread = threading.Thread(target=stop_some)
    thread.start()
    yield
    enough.set()
    thread.join(WAIT_SECONDS)


@pytest.mark.long
def test_no_request_fails_while_a_server_that_stands_still_now_and_then_is_reloaded(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server()
    data = table(20_000)
    client = V1Client(server.ws_url)
    clients.callback(client.close)
    client.upload(data)
    hammers = [Hammer(server.port, client.room_id, data, kept) for kept in (False, True)]
    with standing_still(psutil.Process(server.worker_pid).parent()):
        for _ in range(RELOADS):
            former = psutil.Process(server.worker_pid)
            server.signal(signal.SIGHUP)
            former.wait(WAIT_SECONDS)
    for hammer in hammers:
        hammer.end()
    assert [hammer.failures for hammer in hammers] == [[]] * 2, server.log
    assert all(len(hammer.answers) == 5 for hammer in hammers)


def test_who_was_let_in_before_the_end_is_given_a_room_that_was_not_in_memory(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server()
    driver = V1Client(server.ws_url)
    driver.upload(table(100))
    driver.close()
    server.restart()
    asking = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS))
    asking.sendall(f"GET /{driver.room_id}.tsv HTTP/1.1\r\n".encode())
    server.signal(signal.SIGTERM)
    wait_until(lambda: not is_listening(server.port))
    asking.sendall(b"Host: localhost\r\n\r\n")
    answer = read_answer(asking)
    assert (answer.status, answer.body) == (200, table(100).decode())


def is_listening(port: int) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), WAIT_SECONDS):
        return True
    return False


def test_a_download_that_is_under_way_when_the_server_is_reloaded_comes_whole(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server()
    data = table(400_000)
    client = V1Client(server.ws_url)
    clients.callback(client.close)
    client.upload(data)
    digest = hashlib.sha256()
    with urllib.request.urlopen(f"{server.url}/{client.room_id}.tsv", timeout=WAIT_SECONDS) as answer:
        digest.update(answer.read(CHUNK))
        since = len(server.log.splitlines())
        server.signal(signal.SIGHUP)
        # By then the next server has the directory, and this one only waits for who takes the rest.
        server.wait_for_log("closed room=", since)
        again = V1Client(server.ws_url, client.room_id)
        clients.callback(again.close)
        again.see(lambda event: bool(event["table"]))
        while piece := answer.read(CHUNK):
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(data).digest()
