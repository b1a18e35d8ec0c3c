"""A WebSocket client of bare bytes, for what no well-behaved client does: stall, flood, go on after a close."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterable
from contextlib import closing
from email.message import Message
from email.parser import BytesParser
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
WAIT_SECONDS = 40
SO_ATTACH_FILTER = 26
"""Of Linux; the module `socket` does not name it."""


class RawClient:
    """Shake hands over a plain socket; then frames go out as told, and bytes come in only when asked for."""

    def __init__(
        self, port: int, path: str = "/parser/ws", subprotocol: str = "", receive_buffer: int = 0, extensions: str = ""
    ) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(WAIT_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        if subprotocol:
            lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
        if extensions:
            lines.append(f"Sec-WebSocket-Extensions: {extensions}")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            piece = self.socket.recv(4096)
            assert piece, "the server closed"
            self._buffer += piece
        self.head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        assert self.head.startswith(b"HTTP/1.1 101"), self.head

    def send(self, opcode: int, payload: bytes) -> None:
        """Send one whole masked frame."""
        self.socket.sendall(frame(opcode, payload))

    def receive(self) -> tuple[int, bytes]:
        """Wait for the next frame of the server, which is whole, plain and unmasked: its opcode and payload."""
        first, second = self._take(2)
        assert first & 0xF0 == 0x80, "a fragment, or a reserved bit"
        assert second < 0x80, "a mask"
        length = second & 127
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        return first & 15, self._take(length)

    def has_ended(self) -> bool:
        """Wait for the end of what the server sends; False when there is something more."""
        try:
            return not self._buffer and self.socket.recv(1) == b""
        except ConnectionResetError:  # the end too, where the server closes while more is on its way to it
            return True

    def _take(self, size: int) -> bytes:
        pieces = [self._buffer[:size]]
        self._buffer = self._buffer[size:]
        missing = size - len(pieces[0])
        while missing:
            piece = self.socket.recv(min(missing, 1 << 16))
            assert piece, "the server closed"
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def vanish(self) -> None:
        """Be as if the cable were cut: the kernel passes over whatever arrives, and answers nothing (socket(7))."""
        return_nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
        program = struct.pack("HP", 1, ctypes.addressof(return_nothing))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)

    def close(self) -> None:
        """Drop the connection."""
        self.socket.close()


class Answer(NamedTuple):
    """Hold what a request was answered."""

    status: int
    headers: Message
    body: str


def request(port: int, lines: Iterable[str]) -> Answer:
    """Send a request line and headers as they are, and read the answer."""
    lines = list(lines)
    with closing(socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)) as peer:
        peer.sendall("\r\n".join([*lines, "", ""]).encode())
        return read_answer(peer, lines[0].split()[0])


def read_answer(peer: socket.socket, method: str = "GET") -> Answer:
    """Read the next answer; one of 101 has no body, nor one to HEAD."""
    with peer.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = BytesParser().parsebytes(b"".join(iter(stream.readline, b"\r\n")), headersonly=True)
        body = b"" if status == 101 or method == "HEAD" else stream.read(int(headers["Content-Length"]))
    return Answer(status, headers, body.decode())


def frame(opcode: int, payload: bytes, fin: bool = True, rsv: int = 0, form: int = 0, masked: bool = True) -> bytes:
    """Encode a frame (RFC 6455, section 5.2), whole and masked unless told otherwise.

    `rsv` holds the three reserved bits; `form` is that of `header`.
    """
    head = header(opcode, len(payload), fin, rsv, form, masked)
    return head + (mask(payload, head[-4:]) if masked else payload)


def header(opcode: int, size: int, fin: bool = True, rsv: int = 0, form: int = 0, masked: bool = True) -> bytes:
    """Encode the beginning of a frame that announces `size` bytes, up to its masking key.

    The length takes the shortest form, or the one told: 7, 16 or 64 bits.
    """
    form = form or (7 if size < 126 else 16 if size < 1 << 16 else 64)
    first, bit = fin << 7 | rsv << 4 | opcode, masked << 7
    if form == 7:
        head = struct.pack("!BB", first, bit | size)
    elif form == 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    return head + (os.urandom(4) if masked else b"")


def mask(payload: bytes, key: bytes) -> bytes:
    """Put a masking key of four bytes on, or take it off (section 5.3)."""
    size = len(payload)
    repeated = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ repeated).to_bytes(size, "big")
