"""A message, encoded once for the wire (RFC 6455, section 5.2).

What a server sends is not masked, and no extension is negotiated, so one frame serves every connection.
"""

from __future__ import annotations

import struct

from wsproto.frame_protocol import FrameProtocol, Opcode

REASON_BYTES = 123
"""Bytes of a close frame beside its code."""


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
    """Encode a close; of the reason as many sentences are left as fit into its 123 bytes (section 5.5)."""
    return bytes(FrameProtocol(client=False, extensions=[]).close(code, _shortened(reason) or None))


def _shortened(reason: str) -> str:
    whole = reason.encode()
    if len(whole) <= REASON_BYTES:
        return reason
    end = max(whole.rfind(mark, 0, REASON_BYTES + 1) for mark in (b". ", b"; "))
    if end > 0:
        return f"{whole[:end].decode()}."
    # One long sentence ends at a word.
    cut = whole[: whole.rfind(b" ", 0, REASON_BYTES - 3)] if b" " in whole[:REASON_BYTES] else whole[: REASON_BYTES - 3]
    return f"{cut.decode(errors='ignore')}\u2026"
