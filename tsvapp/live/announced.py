"""How much a frame whose header has come will bring, before its payload is here.

wsproto reads the header and keeps to itself what it says; so this reaches into its decoder, to refuse what is too large
before a byte of it is kept. Checked against wsproto 1.3, as `unmask` is; a test notices when the library changes.
"""

from __future__ import annotations

from wsproto.connection import Connection
from wsproto.frame_protocol import Opcode


def announced(protocol: Connection) -> tuple[bool, int]:
    """Return whether the message under way is text, and how many bytes of its current frame are still to come."""
    frames, messages = protocol._proto._frame_decoder, protocol._proto._message_decoder
    header = frames.header
    if header is None or header.opcode.iscontrol():
        return False, 0
    return (messages.opcode or header.opcode) is Opcode.TEXT, header.payload_len - frames.payload_consumed


def in_one_frame(protocol: Connection) -> bool:
    """Say whether the frame under way is a whole message, so that what it announces is all that comes."""
    header = protocol._proto._frame_decoder.header
    return header is not None and header.fin and header.opcode is not Opcode.CONTINUATION
