"""Any bytes behind a handshake are messages within the limits and then a clean end, however they are cut."""

from __future__ import annotations

import struct
from typing import NamedTuple
from unittest.mock import patch

from gevent import socket

from tests.support.raw import frame
from tsvapp.live import connection
from tsvapp.live.connection import Connection, MessageLimits

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LIMITS = MessageLimits(text=100, binary=300)
MOST = 4 << 10  # bytes: an input has to fit into the socket, because nothing reads while it is written
NEVER_SENT = {1004, 1006, 1015}
FAULTS = {1002, 1007, 1009}
CLOSE_1000 = struct.pack("!H", 1000)
SEEDS = [
    frame(TEXT, b"1"),
    frame(TEXT, "é€𝄞".encode()) + frame(BINARY, bytes(200)),
    frame(PING, b"x") + frame(TEXT, b"2") + frame(CLOSE, CLOSE_1000 + b"bye"),
    frame(BINARY, bytes(301)),
    b"\x80\xff" + b"\xff" * 8 + bytes(4),  # goes on with nothing, and announces too much
    b"\x01\x81\0\0\0\0a" + frame(PING, b"") + b"\x80\x81\0\0\0\0b",
    frame(CLOSE, b"") + b"more",
]

WORDS = [bytes([first, 0x80]).decode("latin-1") for first in (1, 2, 8, 9, 0x81, 0x82, 0x80, 0x88, 0x89, 0x8A)]


class Heard(NamedTuple):
    """What came in, with which code it ended, and the payloads of the pongs that went out."""

    messages: list[str | bytes]
    code: int | None
    pongs: list[bytes]


def check(data: bytes) -> None:
    """Hear the bytes at once and one by one: the same messages, the same end, and nothing but whole frames out."""
    data = data[:MOST]
    at_once = hear(data, connection.RECEIVE_BYTES)
    slowly = hear(data, 1)
    assert slowly._replace(code=None) == at_once._replace(code=None)
    # Of two faults in one frame, the one is named that was seen first.
    assert slowly.code == at_once.code or {slowly.code, at_once.code} <= FAULTS
    for message in at_once.messages:
        size, limit = (
            (len(message.encode()), LIMITS.text) if isinstance(message, str) else (len(message), LIMITS.binary)
        )
        assert size <= limit


def hear(data: bytes, step: int) -> Heard:
    """Have a connection read `data`, at most `step` bytes at a time, until its end."""
    mine, theirs = socket.socketpair()
    with patch.object(connection, "RECEIVE_BYTES", step), theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        ours = Connection(mine, LIMITS, stall_seconds=5)
        try:
            messages = list(ours.messages())
        finally:
            ours.finish()
        sent = b"".join(iter(lambda: theirs.recv(1 << 16), b""))
    return Heard(messages, ours.close_code, pongs_of(sent, ours.close_code))


def pongs_of(sent: bytes, close_code: int | None) -> list[bytes]:
    """Hold what was sent to whole pongs and, if it was closed from here, one close with its code at the end."""
    pongs, last = [], None
    while sent:
        assert last != CLOSE, "something was sent behind a close"
        length, last = sent[1], sent[0] & 15
        assert sent[0] in (0x80 | PONG, 0x80 | CLOSE)
        assert length <= 125
        payload, sent = sent[2 : 2 + length], sent[2 + length :]
        assert len(payload) == length
        if last == PONG:
            pongs.append(payload)
            continue
        code = struct.unpack("!H", payload[:2])[0] if payload else 1005
        assert code == close_code
        assert code not in NEVER_SENT
        payload[2:].decode()
    assert (last == CLOSE) == (close_code is not None)
    return pongs
