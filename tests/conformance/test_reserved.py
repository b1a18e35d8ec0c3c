"""3 and 4: what is reserved is refused: bits that no extension gives a meaning, and opcodes (RFC 6455, section 5.2).

12 and 13 would be compression: it is not negotiated, so the bit that would mean it is refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tests.conformance.case import BROKEN, Case, Cells, Page, Pongs, each
from tests.conformance.test_framing import NAMES
from tests.support.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, header

PAYLOADS = {TEXT: b"1", BINARY: b"a\tb", PING: b"x", PONG: b"x", CLOSE: b"\x03\xe8"}
RESERVED = (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)

BITS = [
    *(
        Case(f"3 a {NAMES[opcode]} frame with the reserved bits {rsv:03b} is refused", (sent, BROKEN))
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE)
        for rsv in range(1, 8)
        if (sent := frame(opcode, PAYLOADS[opcode], rsv=rsv))
    ),
    *(
        Case(f"3 a continuation with the reserved bits {rsv:03b} is refused", (sent, BROKEN))
        for rsv in (1, 2, 4, 7)
        if (sent := frame(BINARY, b"a", fin=False) + frame(CONTINUATION, b"b", rsv=rsv))
    ),
    Case("3 the reserved bits are refused before a payload comes", (header(BINARY, 1 << 20, rsv=1), BROKEN)),
    Case("3 the reserved bits of a fragment are refused", (frame(BINARY, b"a", fin=False, rsv=4), BROKEN)),
    Case(
        "3.2 behind reserved bits nothing is heard any more",
        (frame(BINARY, b"a\tb"), Cells(b"a\tb"), frame(BINARY, b"c", rsv=2) + frame(PING, b"x"), BROKEN),
    ),
    Case(
        "3.3 the same, by bytes",
        (frame(BINARY, b"a\tb"), Cells(b"a\tb"), frame(BINARY, b"c", rsv=3) + frame(PING, b"x"), BROKEN),
        chop=1,
    ),
    Case("3.5 a ping before reserved bits", (frame(PING, b"x"), Pongs((b"x",)), frame(TEXT, b"1", rsv=5), BROKEN)),
    Case("3.8 reserved bits on tsvapp.v1", (frame(TEXT, b'{"type": "renew"}', rsv=4), BROKEN), v1=True),
]

OPCODES = [
    *(
        Case(f"4 a frame of opcode {opcode} {how} is refused", (sent, BROKEN), v1=v1)
        for opcode in RESERVED
        for how, sent, v1 in (
            ("without a payload", frame(opcode, b""), False),
            ("with a payload", frame(opcode, b"reserved"), False),
            ("on tsvapp.v1", frame(opcode, b"reserved"), True),
        )
    ),
    *(
        Case(
            f"4 behind a frame of opcode {opcode} nothing is heard any more",
            (frame(BINARY, b"a\tb"), Cells(b"a\tb"), frame(opcode, b"x") + frame(PING, b"x"), BROKEN),
            chop=chop,
        )
        for opcode, chop in ((3, 0), (7, 1), (11, 0), (15, 1))
    ),
    Case("4 an opcode that is reserved within a message", (frame(TEXT, b"1", fin=False) + frame(5, b"2"), BROKEN)),
]

DEFLATE = "permessage-deflate"


def deflated(data: bytes) -> bytes:
    """Compress a message as permessage-deflate would (RFC 7692, section 7.2.1)."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


COMPRESSION = [
    *(
        Case(
            f"12 {offer!r} is not taken, and a compressed message is refused",
            (frame(opcode, deflated(payload), rsv=4), BROKEN),
            extensions=offer,
        )
        for offer in (DEFLATE, f"{DEFLATE}; client_max_window_bits", f"{DEFLATE}; server_no_context_takeover, x-odd")
        for opcode, payload in ((BINARY, b"a\tb\n" * 9),)
    ),
    Case("12 a compressed text is refused", (frame(TEXT, deflated(b"1"), rsv=4), BROKEN), extensions=DEFLATE),
    Case(
        "12 who offers compression is heard without",
        (frame(BINARY, b"a\tb\n" * 9), Cells(b"a\tb\n" * 9)),
        extensions=DEFLATE,
    ),
    Case("12 the same in a room", (frame(TEXT, b"2"), Page(2)), extensions=DEFLATE, in_room=True),
    Case(
        "13 a fragmented message that says it is compressed is refused with its first fragment",
        (frame(BINARY, deflated(b"a\tb\n" * 9), fin=False, rsv=4), BROKEN),
        extensions=DEFLATE,
    ),
]


@each(BITS)
def test_reserved_bits(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(OPCODES)
def test_reserved_opcodes(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(COMPRESSION)
def test_compression_is_not_negotiated(run: Callable[[Case], None], case: Case) -> None:
    run(case)
