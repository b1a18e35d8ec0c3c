"""A WebSocket client of bare bytes, for what no well-behaved client does: stall, flood, go on after a close."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

WAIT_SECONDS = 40
SO_ATTACH_FILTER = 26
"""Of Linux; the module `socket` does not name it."""


class RawClient:
    """Shake hands over a plain socket; then frames go out as told, and bytes come in only when asked for."""

    def __init__(self, port: int, path: str = "/parser/ws", subprotocol: str = "", receive_buffer: int = 0) -> None:
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
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.socket.recv(4096)
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head

    def send(self, opcode: int, payload: bytes) -> None:
        """Send one whole masked frame."""
        self.socket.sendall(frame(opcode, payload))

    def receive(self) -> tuple[int, bytes]:
        """Wait for the next frame of the server: its opcode and payload."""
        first, second = self._take(2)
        length = second & 127
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        return first & 15, self._take(length)

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


def frame(opcode: int, payload: bytes) -> bytes:
    """Encode a masked frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    mask = os.urandom(4)
    repeated = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ repeated).to_bytes(size, "big")
