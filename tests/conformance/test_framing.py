"""1: frames of any size are taken, in any pieces, and none that the grammar does not allow (RFC 6455, section 5.2)."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.case import BROKEN, KIB, TOO_BIG, Case, Cells, Closed, Page, Pongs, SameBytes, a_table, each
from tests.support.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, header, mask

NAMES = {CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
EVERY_BYTE = b"\t\n" + bytes(range(1, 256)) * 9


def page_number(size: int) -> bytes:
    return b"2".ljust(size)


def masked_with(key: bytes, payload: bytes) -> bytes:
    return header(BINARY, len(payload))[:-4] + key + mask(payload, key)


TEXTS = [
    Case("1.1.1 an empty text is a text, though no page number", (frame(TEXT, b""), Closed(1007, words="page number"))),
    *(
        Case(f"1.1 a text of {size} bytes is taken", (frame(TEXT, page_number(size)), Page(2)), in_room=True)
        for size in (1, 125, 126, 127, 128, 255, 256)
    ),
    *(
        Case(
            f"1.1 a text of {size} bytes that comes by {chop} is taken",
            (frame(TEXT, page_number(size)), Page(2)),
            chop=chop,
            in_room=True,
        )
        for size, chop in ((1, 1), (126, 1), (128, 3), (256, 97), (256, 256))
    ),
    Case("1.1.8 two texts in one piece are two", (frame(TEXT, b"2") + frame(TEXT, b"3"), Page(3)), in_room=True),
    Case("1.1.9 a text of 257 bytes is too large", (frame(TEXT, page_number(257)), TOO_BIG)),
]

BINARIES = [
    Case("1.2.1 an empty binary message is a message, though no table", (frame(BINARY, b""), Closed(1003))),
    *(
        Case(f"1.2 a file of {size} bytes is taken", (frame(BINARY, a_table(size)), Cells(a_table(size))))
        for size in (1, 2, 125, 126, 127, 128, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1)
    ),
    *(
        Case(
            f"1.2 a file of {size} bytes that comes by {chop} is taken",
            (frame(BINARY, a_table(size)), Cells(a_table(size))),
            chop=chop,
        )
        for size, chop in ((1, 1), (126, 1), (300, 7), (64 * KIB, 997), (64 * KIB, 1300), (1000 * KIB, 64 * KIB))
    ),
    Case("1.2.9 a file of every byte but NUL is kept as it is", (frame(BINARY, EVERY_BYTE), SameBytes(EVERY_BYTE))),
]

LENGTHS = [
    *(
        Case(f"1.3 a {NAMES[opcode]} frame of {size} bytes, told in {form} bits, is refused", (sent, BROKEN))
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE)
        for size, form in ((0, 16), (125, 16), (0, 64), (126, 64), (64 * KIB - 1, 64))
        if (sent := header(opcode, size, form=form))
    ),
    Case(
        "1.3 a continuation whose length is told in too many bits is refused",
        (frame(BINARY, b"a", fin=False) + header(CONTINUATION, 5, form=16), BROKEN),
    ),
    *(
        Case(f"1.3 a {NAMES[opcode]} frame whose length has the highest bit is refused", (header(opcode, size), BROKEN))
        for opcode, size in ((TEXT, 1 << 63), (BINARY, 1 << 63), (BINARY, (1 << 64) - 1))
    ),
]

MASKS = [
    *(
        Case(f"1.4 an unmasked {NAMES[opcode]} frame {how} is refused", (frame(opcode, payload, masked=False), BROKEN))
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE)
        for how, payload in (("of no bytes", b""), ("of some bytes", b"\x03\xe8"))
    ),
    Case(
        "1.4 a continuation that is not masked is refused",
        (frame(BINARY, b"a", fin=False) + frame(CONTINUATION, b"b", masked=False), BROKEN),
    ),
    *(
        Case(f"1.4 a mask of {key.hex()} is taken off", (masked_with(key, a_table(size)), Cells(a_table(size))))
        for key, size in (
            (b"\0\0\0\0", 300),
            (b"\xff\xff\xff\xff", 301),
            (b"\0\xff\0\xff", 302),
            (b"abcd", 303),
            (b"\x01\x02\x03\x04", 5001),
        )
    ),
    Case(
        "1.4 a mask goes on from piece to piece, whatever their length",
        (frame(BINARY, a_table(20_003)), Cells(a_table(20_003)), frame(PING, b"x"), Pongs((b"x",))),
        chop=1021,
    ),
]


@each(TEXTS)
def test_texts_of_any_size(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(BINARIES)
def test_files_of_any_size(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(LENGTHS)
def test_lengths_in_their_shortest_form(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(MASKS)
def test_masks(run: Callable[[Case], None], case: Case) -> None:
    run(case)
