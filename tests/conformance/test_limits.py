"""9 and 10: messages up to the limit are taken, in any fragments and pieces; what is larger is refused before it comes.

Limits: 16 MiB of a file and 256 bytes of a text on the article's protocol, 256 KiB of a chunk and
4 KiB of a command on `tsvapp.v1`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.conformance.case import (
    KIB,
    MIB,
    TOO_BIG,
    Case,
    Cells,
    Closed,
    Event,
    Page,
    Pongs,
    a_table,
    cut,
    each,
    fragments,
)
from tests.support.raw import BINARY, CONTINUATION, PING, PONG, TEXT, frame, header

LIMIT = 16 * MIB


def file_of(size: int, fragment: int = 0, *last: bytes) -> tuple[bytes, Cells]:
    """Send a file of this size, in fragments of this one and then the last, and hear its cells."""
    data = a_table(size)
    return b"".join(fragments(BINARY, *cut(data, fragment or size), *last)), Cells(data)


def a_byte_too_much() -> tuple[bytes, Closed]:
    """Send as much as may be in fragments, and announce one more byte."""
    return b"".join(fragments(BINARY, *cut(a_table(LIMIT), 4 * MIB), b"x")[:-1]) + header(CONTINUATION, 1), TOO_BIG


def whole(sizes: tuple[int, ...]) -> list[Case]:
    return [Case(f"9.1 a file of {size >> 10} KiB in one frame", partial(file_of, size)) for size in sizes]


def fragmented(size: int, each_of: tuple[int, ...]) -> list[Case]:
    return [
        Case(f"9.3 a file of {size >> 10} KiB in fragments of {fragment}", partial(file_of, size, fragment))
        for fragment in each_of
    ]


def chopped(size: int, by: tuple[int, ...]) -> list[Case]:
    return [
        Case(f"9.5 a file of {size >> 10} KiB that comes by {chop}", partial(file_of, size), chop=chop) for chop in by
    ]


ALLOWED = [
    *whole((256 * KIB, MIB, 4 * MIB, LIMIT)),
    *fragmented(64 * KIB, (64, 256)),
    *fragmented(MIB, (1 * KIB, 4 * KIB, 64 * KIB)),
    *fragmented(4 * MIB, (256 * KIB, MIB)),
    *chopped(32 * KIB, (64, 128)),
    *chopped(256 * KIB, (997, 2048)),
    *chopped(2 * MIB, (64 * KIB,)),
    Case("9.4 a file of 16 MiB in fragments of 4 MiB, and an empty one", partial(file_of, LIMIT, 4 * MIB, b"")),
    Case(
        "9.4 a text of 256 bytes in fragments of 16",
        (b"".join(fragments(TEXT, *cut(b"2".ljust(256), 16))), Page(2)),
        in_room=True,
    ),
    Case(
        "9.4 ten thousand empty fragments and a file",
        (
            frame(BINARY, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 10_000 + frame(CONTINUATION, b"a\tb"),
            Cells(b"a\tb"),
        ),
    ),
    Case(
        "9.7 a hundred messages, each behind the answer to the one before",
        tuple(step for turn in range(100) for step in (frame(TEXT, b"%d" % (turn % 3 + 1)), Page(turn % 3 + 1))),
        in_room=True,
    ),
    Case(
        "9.8 a thousand pings at once",
        (
            b"".join(frame(PING, b"%d" % number) for number in range(1000)),
            Pongs(tuple(b"%d" % number for number in range(1000))),
        ),
    ),
    Case("9.9 a thousand pongs at once are passed over", (frame(PONG, b"x") * 1000,)),
    Case("10.1.1 a file of 64 KiB in fragments of 1300", partial(file_of, 64 * KIB, 1300)),
    Case("10.1.2 the same that comes by 997", partial(file_of, 64 * KIB, 1300), chop=997),
    Case(
        "9.10 a chunk of 256 KiB on tsvapp.v1",
        (
            frame(TEXT, b'{"type": "begin", "name": "a.tsv", "size": %d}' % (256 * KIB)),
            Event("ready"),
            frame(BINARY, a_table(256 * KIB)),
            Event("finished"),
        ),
        v1=True,
    ),
]

FULL_SIZE = [
    *whole((64 * KIB, 8 * MIB)),
    *fragmented(4 * MIB, (64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB)),
    *fragmented(LIMIT, (64, KIB)),
    *chopped(MIB, (1, 64, 128, 256, 512, 1024, 2048)),
]

TOO_LARGE = [
    Case("9 a file of 16 MiB and a byte is refused before it comes", (header(BINARY, LIMIT + 1), TOO_BIG)),
    Case("9 the same, by bytes", (header(BINARY, LIMIT + 1), TOO_BIG), chop=1),
    Case("9 a file of 8 EiB less a byte is refused before it comes", (header(BINARY, (1 << 63) - 1), TOO_BIG)),
    Case("9 a fragment of 16 MiB and a byte", (header(BINARY, LIMIT + 1, fin=False), TOO_BIG)),
    Case(
        "9 a fragment behind which one byte is too much",
        (frame(BINARY, b"ab", fin=False) + header(CONTINUATION, LIMIT - 1), TOO_BIG),
    ),
    Case("9 a byte behind 16 MiB in fragments is refused before it comes", a_byte_too_much),
    Case(
        "9 a file that is too large, the most of which comes before it is refused",
        (frame(BINARY, a_table(256 * KIB), fin=False) + header(CONTINUATION, LIMIT) + a_table(100 * KIB), TOO_BIG),
    ),
    Case("9 a text of 257 bytes is refused before it comes", (header(TEXT, 257), TOO_BIG)),
    Case(
        "9 a text in fragments is counted whole",
        (frame(TEXT, b"1" * 150, fin=False) + header(CONTINUATION, 150), TOO_BIG),
    ),
    Case(
        "9 a text is counted in bytes",
        (frame(TEXT, "é".encode() * 120, fin=False) + header(CONTINUATION, 20), TOO_BIG),
    ),
    Case(
        "9 a chunk of 256 KiB and a byte is refused before it comes", (header(BINARY, 256 * KIB + 1), TOO_BIG), v1=True
    ),
    Case("9 a command of 4 KiB and a byte is refused before it comes", (header(TEXT, 4 * KIB + 1), TOO_BIG), v1=True),
    Case(
        "9.4 a command of 4 KiB is taken", (frame(TEXT, b'{"type": "renew"}'.ljust(4 * KIB)), Event("links")), v1=True
    ),
    Case(
        "9 behind what is too large nothing is heard any more",
        (header(BINARY, LIMIT + 1) + frame(PING, b"x") * 10, TOO_BIG),
    ),
    Case(
        "9 a ping before what is too large is answered",
        (frame(PING, b"x"), Pongs((b"x",)), header(BINARY, LIMIT + 1), TOO_BIG),
    ),
]


@each(ALLOWED)
def test_what_may_be_sent(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@pytest.mark.long
@each(FULL_SIZE)
def test_what_may_be_sent_at_full_size(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(TOO_LARGE)
def test_what_is_too_large(run: Callable[[Case], None], case: Case) -> None:
    run(case)
