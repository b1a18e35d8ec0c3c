"""A message, encoded once for the wire (RFC 6455, section 5.2).

What a server sends is not masked, and no extension is negotiated, so one frame serves every connection.
"""

from __future__ import annotations

from wsproto.frame_protocol import FrameProtocol


def message_frame(message: str | bytes) -> bytes:
    """Encode a whole text or binary message."""
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(message))


def pong_frame(payload: bytes) -> bytes:
    """Encode the answer to a ping."""
    return bytes(FrameProtocol(client=False, extensions=[]).pong(payload))


def close_frame(code: int | None, reason: str = "") -> bytes:
    """Encode a close; the reason is cut to the 123 bytes that fit (section 5.5)."""
    return bytes(FrameProtocol(client=False, extensions=[]).close(code, reason or None))
