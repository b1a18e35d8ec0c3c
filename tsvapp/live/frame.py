"""A message, encoded once for the wire (RFC 6455, section 5.2).

What a server sends is not masked, and no extension is negotiated, so one frame serves every connection.
"""

from __future__ import annotations

import struct

from wsproto.frame_protocol import FrameProtocol, Opcode


def message_frame(message: str | bytes) -> bytes:
    """Encode a whole text or binary message."""
    payload = message.encode() if isinstance(message, str) else message
    first, size = 0x80 | (Opcode.TEXT if isinstance(message, str) else Opcode.BINARY), len(payload)
    # Not by wsproto, which holds the interpreter for 0.2 s over a page of 48 MB.
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def ping_frame() -> bytes:
    """Encode a ping."""
    return bytes(FrameProtocol(client=False, extensions=[]).ping())


def pong_frame(payload: bytes) -> bytes:
    """Encode the answer to a ping."""
    return bytes(FrameProtocol(client=False, extensions=[]).pong(payload))


def close_frame(code: int | None, reason: str = "") -> bytes:
    """Encode a close; the reason is cut to the 123 bytes that fit (section 5.5)."""
    return bytes(FrameProtocol(client=False, extensions=[]).close(code, reason or None))
