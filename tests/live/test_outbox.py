"""The one way out of a connection: whole frames in order, and nobody waits for anybody."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from gevent.monkey import get_original
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Message, Pong, TextMessage

from tsvapp.live.frame import close_frame, message_frame, pong_frame
from tsvapp.live.outbox import ANSWERS_BYTES, Outbox, Slot

MIB = 1 << 20
really_sleep = get_original("time", "sleep")
STALL_SECONDS = 30.0


class Peer:
    """The other end: takes bytes when it likes, and checks that they are a valid WebSocket stream."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.protocol = Connection(ConnectionType.CLIENT)
        self.messages: list[str | bytes] = []
        self.pongs: list[bytes] = []
        self.closed: CloseConnection | None = None
        self._parts: list[bytes | str] = []

    def take(self, most: int) -> bool:
        """Take up to `most` bytes; False at the end of the stream."""
        data = self.sock.recv(most)
        if not data:
            return False
        self.protocol.receive_data(data)
        for event in self.protocol.events():
            if isinstance(event, Message):
                self._parts.append(event.data)
                if event.message_finished:
                    whole = "" if isinstance(event, TextMessage) else b""
                    self.messages.append(whole.join(self._parts))  # type: ignore[arg-type]
                    self._parts = []
            elif isinstance(event, Pong):
                self.pongs.append(bytes(event.payload))
            elif isinstance(event, CloseConnection):
                self.closed = event
        return True

    def take_until(self, done: object) -> None:
        """Take bytes until `done()`; fail if the stream ends before."""
        with gevent.Timeout(60):
            while not done():  # type: ignore[operator]
                assert self.take(1 << 16), "the stream ended early"


@pytest.fixture
def ends() -> Iterator[tuple[Outbox, Peer]]:
    ours, theirs = socket.socketpair()
    outbox = Outbox(ours, STALL_SECONDS)
    yield outbox, Peer(theirs)
    outbox.end("closed")
    ours.close()
    theirs.close()


def test_a_message_of_64_mib_reaches_a_slow_reader_whole(ends: tuple[Outbox, Peer]) -> None:
    outbox, peer = ends
    data = random.Random(1).randbytes(64 * MIB)
    outbox.answer(message_frame(data))
    with gevent.Timeout(60):
        while not peer.messages:
            assert peer.take(random.Random(len(peer.messages)).randint(1 << 12, 1 << 20))
            gevent.sleep(0)
    assert hashlib.sha256(peer.messages[0]).digest() == hashlib.sha256(data).digest()  # type: ignore[arg-type]


def test_answers_arrive_whole_and_in_order_though_pongs_and_snapshots_come_between(ends: tuple[Outbox, Peer]) -> None:
    outbox, peer = ends

    def talk(start: int) -> None:
        for number in range(start, start + 50):
            outbox.answer(message_frame(f"answer {number} " + "x" * 20_000))
            outbox.offer(Slot.PONG, pong_frame(b"ping"))
            outbox.offer(Slot.SNAPSHOT, message_frame(f"snapshot {number} " + "y" * 50_000))
            gevent.sleep(0)

    talkers = [gevent.spawn(talk, start * 50) for start in range(40)]
    peer.take_until(lambda: all(talker.dead for talker in talkers))
    outbox.answer(message_frame("the end"))
    peer.take_until(lambda: "the end" in peer.messages)
    answers = [message for message in peer.messages if str(message).startswith("answer")]
    assert len(answers) == 2000
    assert all(str(answer).endswith(" " + "x" * 20_000) for answer in answers)
    by_talker: dict[int, list[int]] = {}
    for answer in answers:
        number = int(str(answer).split()[1])
        by_talker.setdefault(number // 50, []).append(number)
    assert all(numbers == sorted(numbers) for numbers in by_talker.values())
    snapshots = [str(message) for message in peer.messages if str(message).startswith("snapshot")]
    assert all(snapshot.endswith(" " + "y" * 50_000) for snapshot in snapshots)


def test_a_reader_that_is_behind_gets_the_latest_snapshot_and_no_backlog(ends: tuple[Outbox, Peer]) -> None:
    outbox, peer = ends
    frames = [message_frame(f"{number} " + "x" * 300_000) for number in range(500)]
    for frame in frames:
        outbox.offer(Slot.SNAPSHOT, frame)
    peer.take_until(lambda: peer.messages and str(peer.messages[-1]).startswith("499 "))
    assert len(peer.messages) < 10


def test_a_reader_is_not_stalled_because_this_process_stood_still() -> None:
    ours, theirs = socket.socketpair()
    outbox, peer = Outbox(ours, stall_seconds=0.5), Peer(theirs)
    outbox.answer(message_frame(b"x" * 2 * MIB))
    gevent.sleep(0)  # the writer waits now
    assert peer.take(1 << 20)
    really_sleep(1.0)
    peer.take_until(lambda: peer.messages)
    assert outbox.ended is None
    outbox.end("closed")
    ours.close()
    theirs.close()


def test_offering_to_a_full_socket_does_not_wait(ends: tuple[Outbox, Peer]) -> None:
    outbox, _ = ends
    with gevent.Timeout(10):
        outbox.offer(Slot.SNAPSHOT, message_frame(b"x" * 32 * MIB))
        outbox.offer(Slot.PROGRESS, message_frame("progress"))
    assert outbox.sent_bytes < 32 * MIB


def test_who_asks_faster_than_it_reads_waits_for_itself(ends: tuple[Outbox, Peer]) -> None:
    outbox, peer = ends
    outbox.answer(message_frame(b"x" * (4 * MIB)))
    outbox.answer(message_frame(b"x" * (ANSWERS_BYTES + 1)))
    asker = gevent.spawn(outbox.wait_for_room)
    gevent.sleep(0)
    assert not asker.dead
    peer.take_until(lambda: len(peer.messages) == 2)
    asker.get(timeout=10)


def test_a_stalled_reader_is_dropped_after_the_stall_time() -> None:
    ours, theirs = socket.socketpair()
    outbox = Outbox(ours, stall_seconds=0.05)
    outbox.answer(message_frame(b"x" * MIB))
    outbox.answer(message_frame(b"x" * MIB))
    with gevent.Timeout(20):
        outbox.wait_for_room()
    assert outbox.ended == "stalled"
    ours.close()
    theirs.close()


def test_a_reader_that_takes_a_little_now_and_then_is_not_stalled(ends: tuple[Outbox, Peer]) -> None:
    ours, theirs = socket.socketpair()
    outbox, peer = Outbox(ours, stall_seconds=1.0), Peer(theirs)
    outbox.offer(Slot.SNAPSHOT, message_frame(b"x" * 4 * MIB))
    with gevent.Timeout(60):
        while not peer.messages:
            peer.take(64 << 10)
            gevent.sleep(0.02)
    assert outbox.ended is None
    outbox.end("closed")
    ours.close()
    theirs.close()


def test_a_close_goes_behind_the_answers_and_nothing_goes_behind_it(ends: tuple[Outbox, Peer]) -> None:
    outbox, peer = ends
    outbox.answer(message_frame("answer"))
    outbox.close(close_frame(1012, "restart"))
    outbox.answer(message_frame("late"))
    outbox.offer(Slot.SNAPSHOT, message_frame("late too"))
    outbox.close(close_frame(1000))
    peer.take_until(lambda: peer.closed)
    assert peer.closed is not None
    assert (peer.closed.code, peer.closed.reason) == (1012, "restart")
    assert peer.messages == ["answer"]


def test_only_the_latest_pong_waits(ends: tuple[Outbox, Peer]) -> None:
    outbox, peer = ends
    outbox.answer(message_frame(b"x" * 8 * MIB))
    for number in range(1000):
        outbox.offer(Slot.PONG, pong_frame(str(number).encode()))
    peer.take_until(lambda: peer.pongs)
    assert peer.pongs == [b"999"]


def test_a_peer_that_has_gone_ends_the_outbox_quietly(ends: tuple[Outbox, Peer]) -> None:
    outbox, peer = ends
    peer.sock.close()
    outbox.offer(Slot.SNAPSHOT, message_frame("snapshot"))
    outbox.offer(Slot.SNAPSHOT, message_frame("snapshot"))
    assert outbox.ended == "lost"


def test_a_long_reason_is_cut_to_what_a_close_frame_holds() -> None:
    frame = close_frame(1008, "é" * 200)
    assert len(frame) <= 2 + 125
    assert frame[4:].decode()


def test_binary_and_text_frames_say_which_they_are() -> None:
    protocol = Connection(ConnectionType.CLIENT)
    protocol.receive_data(message_frame("text") + message_frame(b"bytes"))
    assert [type(event) for event in protocol.events()] == [TextMessage, BytesMessage]
