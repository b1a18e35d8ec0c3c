"""Our end of a WebSocket, over a pair of sockets: what one that sends oddly costs memory and everybody else."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket

from tests.support.raw import BINARY, CONTINUATION, PING, TEXT, frame, header
from tsvapp.live.connection import Connection, MessageLimits

KIB = 1 << 10
LIMITS = MessageLimits(text=100, binary=1 << 20)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, Connection]]:
    near, far = socket.socketpair()
    with near, far:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        yield far, Connection(near, LIMITS, stall_seconds=30.0)


def messages_of(connection: Connection, far: socket.socket, sent: bytes) -> list[str | bytes]:
    """Return the messages that arrive of these bytes."""
    sender = gevent.spawn(lambda: (far.sendall(sent), far.shutdown(socket.SHUT_WR)))
    heard = list(connection.messages())
    sender.get()
    return heard


def test_a_message_is_the_same_in_one_frame_and_in_many(pair):
    far, connection = pair
    text, data = "naïve €", bytes(range(256)) * 300
    sent = frame(TEXT, text.encode()) + frame(BINARY, data)
    # Cut within characters, too.
    sent += b"".join(
        frame(CONTINUATION if place else TEXT, text.encode()[place : place + 1], fin=place == len(text.encode()) - 1)
        for place in range(len(text.encode()))
    )
    sent += frame(BINARY, data[:70_000], fin=False) + frame(CONTINUATION, b"", fin=False)
    sent += frame(CONTINUATION, data[70_000:])
    assert messages_of(connection, far, sent) == [text, data, text, data]


def test_many_fragments_take_no_more_memory_than_their_bytes(pair):
    far, connection = pair
    fragments = 5000
    sent = frame(BINARY, b"xy", fin=False) + frame(CONTINUATION, b"xy", fin=False) * fragments
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert messages_of(connection, far, sent) == []
        held = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    # The frames that were read and not yet taken apart are some 100 KiB; an object for each would be 280 more.
    assert held < 200 * KIB


def test_a_flood_of_tiny_frames_lets_others_run(pair):
    far, connection = pair
    far.settimeout(0)
    waiting = far.send(frame(BINARY, b"", fin=False) + (frame(PING, b"") + frame(CONTINUATION, b"", fin=False)) * 8000)
    assert waiting > 64 * KIB
    ran = 0

    def others() -> None:
        nonlocal ran
        while True:
            gevent.sleep(0)
            ran += 1

    with gevent.spawn(others) as greenlet, gevent.spawn(lambda: list(connection.messages())) as reader:
        while connection.received_bytes < waiting:
            gevent.sleep(0)
        reader.kill()
        greenlet.kill()
    # Without a slice they run once for each 64 KiB at best; a frame takes ten microseconds or more.
    assert ran > 10


HALF = frame(TEXT, b"x" * 50, fin=False)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(header(BINARY, 1 << 20), None, id="as much as may be"),
        pytest.param(header(BINARY, (1 << 20) + 1), 1009, id="a byte more"),
        pytest.param(header(BINARY, (1 << 63) - 1), 1009, id="as much as a frame can have"),
        pytest.param(header(TEXT, 100), None, id="a text as long as may be"),
        pytest.param(header(TEXT, 101), 1009, id="a text of a byte more"),
        pytest.param(HALF + header(CONTINUATION, 50), None, id="the rest of a text"),
        pytest.param(HALF + header(CONTINUATION, 51), 1009, id="a byte more than the rest of a text"),
        pytest.param(HALF + frame(PING, b"") + header(CONTINUATION, 51), 1009, id="the same behind a ping"),
        pytest.param(HALF + frame(CONTINUATION, b"x" * 51)[:-9], 1009, id="the same, the most of which has come"),
        pytest.param(frame(BINARY, b"x" * 50, fin=False) + header(CONTINUATION, 51), None, id="more, of no text"),
        pytest.param(header(PING, 125), None, id="a ping"),
    ],
)
def test_what_is_announced_is_refused_before_it_comes(pair, sent, code):
    far, connection = pair
    assert messages_of(connection, far, sent) == []
    assert connection.close_code == code
