"""How many bytes of large messages are in memory at once: who waits, for whom, and that nobody waits for ever."""

from __future__ import annotations

import signal
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import gevent
import psutil
import pytest

from tests.support.client import ArticleClient, V1Client, table
from tests.support.raw import RawClient, frame
from tests.support.server import Server
from tsvapp.live import receiving
from tsvapp.live.receiving import Receiving, Share

MIB = 1 << 20
BINARY, CLOSE = 2, 8
Start = Callable[..., Server]


def never() -> bool:
    return False


class Senders:
    """Senders that share 400 bytes, and who of them has its own."""

    def __init__(self) -> None:
        self.all = Receiving(400)
        self.having: list[str] = []
        self.dropped: list[str] = []
        self.shares: dict[str, Share] = {}

    def ask(self, name: str, size: int, address: str | None = None) -> None:
        self.shares[name] = share = self.all.share(address or name, lambda: self.dropped.append(name))

        def wait() -> None:
            share.take(size, never)
            self.having.append(name)

        gevent.spawn(wait)
        gevent.idle()

    def end(self, name: str) -> None:
        self.shares[name].give_back()
        gevent.idle()


def test_who_finds_no_place_waits_until_another_gives_back() -> None:
    senders = Senders()
    for name in "abcde":
        senders.ask(name, 100)
    assert senders.having == [*"abcd"]
    senders.end("c")
    assert senders.having == [*"abcde"]


def test_one_address_has_a_quarter_and_others_pass_it_by() -> None:
    senders = Senders()
    for name in ("a1", "a2", "a3"):
        senders.ask(name, 60, address="a")
    senders.ask("b", 100)
    assert senders.having == ["a1", "b"]
    senders.end("a1")
    assert senders.having == ["a1", "b", "a2"]


def test_a_large_one_has_its_turn_before_small_ones_that_came_later() -> None:
    senders = Senders()
    for name in "abcd":
        senders.ask(name, 90)
    senders.ask("large", 100)
    senders.ask("small", 10)
    assert senders.having == [*"abcd"]
    senders.end("a")
    assert senders.having == [*"abcd", "large", "small"]


def test_what_is_larger_than_all_there_is_is_let_through_alone() -> None:
    senders = Senders()
    senders.ask("a1", 10_000, address="a")
    senders.ask("a2", 10_000, address="a")
    assert senders.having == ["a1"]
    senders.end("a1")
    assert senders.having == ["a1", "a2"]


def test_giving_back_twice_or_what_one_does_not_have_gives_nothing() -> None:
    senders = Senders()
    for name in "abcdef":
        senders.ask(name, 100)
    senders.end("f")
    senders.end("a")
    senders.end("a")
    assert senders.having == [*"abcde"]


def test_one_that_has_ended_waits_no_longer_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "LOOK_SECONDS", 0.01)
    senders = Senders()
    for name in "abcd":
        senders.ask(name, 95)
    senders.all.share("gone", lambda: None).take(100, ended=lambda: True)
    senders.ask("e", 20)
    assert senders.having == [*"abcde"]


def test_who_holds_bytes_for_long_while_others_wait_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(receiving, "SLOW_SECONDS", -1.0)
    senders = Senders()
    for name in "abcd":
        senders.ask(name, 100)
    assert senders.dropped == []
    senders.all.share("e", lambda: None).take(100, ended=lambda: bool(senders.dropped))
    assert senders.dropped[0] == "a"


@pytest.mark.parametrize(
    ("senders", "size"), [(10, 8 * MIB), pytest.param(40, 16 * MIB, marks=pytest.mark.long)], ids=str
)
def test_many_that_send_large_files_at_once_fill_no_memory_and_all_are_answered(
    start_server: Start, clients: ExitStack, senders: int, size: int
) -> None:
    server = start_server(receiving_bytes=4 * size)
    worker = psutil.Process(server.worker_pid)
    data = table(1000, columns=8)
    data += b"x" * (size // 4 - len(data) - 1) + b"\n"
    data *= 4
    all_senders = [ArticleClient(server.ws_url) for _ in range(senders)]
    before = worker.memory_info().rss
    done = Event()

    def watch() -> int:
        peak = 0
        while not done.wait(0.01):
            peak = max(peak, worker.memory_info().rss)
        return peak

    def send(client: ArticleClient) -> int:
        clients.callback(client.close)
        client.send_file(data)
        return client.receive()["total_number"]

    with ThreadPoolExecutor(senders + 1) as pool:
        peak = pool.submit(watch)
        try:
            rows = set(pool.map(send, all_senders))
        finally:
            done.set()
    assert rows == {data.count(b"\n")}
    # One message at a time, twice while it is put together, and what each connection reads and holds anyway.
    growth = peak.result() - before
    print(f"{senders} senders of {size / MIB:.0f} MiB: memory grew by {growth / MIB:.0f} MiB")
    assert growth < 4 * size + senders * MIB


def test_one_address_that_stalls_with_all_it_may_hold_keeps_nobody_else_from_uploading(
    start_server: Start, clients: ExitStack
) -> None:
    server = start_server(receiving_bytes=4 * MIB)
    for _ in range(5):
        slow = RawClient(server.port)
        clients.callback(slow.close)
        slow.socket.sendall(frame(BINARY, b"x" * MIB)[: MIB // 2])
    other = V1Client(server.ws_url, additional_headers={"X-Forwarded-For": "198.51.100.7"})
    clients.callback(other.close)
    assert other.upload(table(20_000, columns=8))["rows"] == 20_001


def test_a_message_in_many_frames_takes_its_share_at_once(start_server: Start, clients: ExitStack) -> None:
    server = start_server(receiving_bytes=4 * MIB, max_article_bytes=MIB)
    senders = [RawClient(server.port) for _ in range(3)]
    body = table(9000, columns=4)[: 900 << 10]
    pieces = [body[start : start + (90 << 10)] for start in range(0, len(body), 90 << 10)]
    for sender in senders:
        clients.callback(sender.close)
    # In turns, so that each would wait for the others if it took its share piece by piece.
    with ThreadPoolExecutor(3) as pool:

        def send(sender: RawClient) -> int:
            for number, piece in enumerate(pieces):
                first, last = number == 0, number == len(pieces) - 1
                head = bytearray(frame(BINARY if first else 0, piece))
                head[0] = (0x80 if last else 0) | (BINARY if first else 0)
                sender.socket.sendall(head)
            return sender.receive()[0]

        assert list(pool.map(send, senders)) == [1, 1, 1]


def test_one_that_is_closed_while_it_waits_is_told(start_server: Start, clients: ExitStack) -> None:
    server = start_server(receiving_bytes=4 * MIB)
    holder, waiter = RawClient(server.port), RawClient(server.port)
    for each in (holder, waiter):
        clients.callback(each.close)
        each.socket.sendall(frame(BINARY, b"x" * MIB)[: 256 << 10])
    server.signal(signal.SIGTERM)
    opcode, payload = waiter.receive()
    assert (opcode, struct.unpack("!H", payload[:2])) == (CLOSE, (1012,))
