"""5: a message may come in any fragments, with control frames between them (RFC 6455, section 5.4)."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

from tests.conformance.case import (
    BROKEN,
    Case,
    Cells,
    Closed,
    Event,
    Page,
    Pongs,
    a_table,
    close,
    cut,
    each,
    fragments,
)
from tests.support.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

WHOLE = b"name\tnumber\none\t1\ntwo\t2"
TABLE = a_table(20_000)
LAST = frame(CONTINUATION, b"x")
FILE = frame(BINARY, WHOLE)


def file_of(*payloads: bytes) -> tuple[bytes | Cells, ...]:
    """Send a file in these fragments, and hear its cells."""
    return (b"".join(fragments(BINARY, *payloads)), Cells(b"".join(payloads)))


def anyhow(seed: int) -> tuple[list[bytes], int]:
    """Cut a table in any fragments, some of them empty, and say by how much to send them."""
    chance = random.Random(seed)
    places = sorted([0, len(TABLE), *(chance.randrange(len(TABLE) + 1) for _ in range(chance.randrange(1, 40)))])
    return [TABLE[start:stop] for start, stop in pairwise(places)], chance.choice([0, 11, 100, 997, 4096])


WITHIN = [
    *(
        Case(f"5 a file in {name} is whole{how}", file_of(*payloads), chop=chop)
        for how, chop in (("", 0), (", by bytes", 1))
        for name, payloads in (
            ("two fragments", (WHOLE[:9], WHOLE[9:])),
            ("fragments of one byte", tuple(cut(WHOLE, 1))),
            ("fragments of which the first is empty", (b"", WHOLE)),
            ("fragments of which the last is empty", (WHOLE, b"")),
            ("fragments of which one within is empty", (WHOLE[:5], b"", WHOLE[5:])),
            ("fragments of which most are empty", (b"", b"", WHOLE[:5], b"", b"", WHOLE[5:], b"", b"")),
        )
    ),
    *(
        Case(f"5 a file is whole, in any fragments and pieces ({seed})", file_of(*payloads), chop=chop)
        for seed in range(12)
        for payloads, chop in [anyhow(seed)]
    ),
    Case("5 two hundred fragments", file_of(*cut(TABLE, 100))),
    Case("5 empty fragments alone are an empty file", (b"".join(fragments(BINARY, b"", b"", b"")), Closed(1003))),
    Case("5 a text in two fragments", (b"".join(fragments(TEXT, b" ", b"3")), Page(3)), in_room=True),
    Case("5 a text in fragments of a byte", (b"".join(fragments(TEXT, *cut(b"  2  ", 1))), Page(2)), in_room=True),
    Case("5 a text, by bytes", (b"".join(fragments(TEXT, b"", b"1", b"")), Page(1)), chop=1, in_room=True),
    Case(
        "5 a command of tsvapp.v1 in fragments",
        (b"".join(fragments(TEXT, *cut('{"type": "größer"}'.encode(), 3))), Event("error", (("code", "bad_command"),))),
        v1=True,
    ),
]

BETWEEN = [
    Case(
        f"5.6 a ping between fragments is answered before the message is whole{how}",
        (
            frame(BINARY, WHOLE[:9], fin=False) + frame(PING, b"between"),
            Pongs((b"between",)),
            frame(CONTINUATION, WHOLE[9:]),
            Cells(WHOLE),
        ),
        chop=chop,
    )
    for how, chop in (("", 0), (", by bytes", 1))
]
BETWEEN += [
    Case(
        f"5.7 a ping between fragments, all at once{how}, is answered before the message",
        (
            frame(BINARY, WHOLE[:9], fin=False) + frame(PING, b"x") + frame(CONTINUATION, WHOLE[9:]),
            Pongs((b"x",)),
            Cells(WHOLE),
        ),
        chop=chop,
    )
    for how, chop in (("", 0), (" and by bytes", 1))
]
BETWEEN += [
    Case(
        f"5.19 {number} pings between fragments are answered in order",
        (
            b"".join(
                frame(CONTINUATION if place else BINARY, payload, fin=False) + frame(PING, b"%d" % place)
                for place, payload in enumerate(cut(WHOLE, len(WHOLE) // number))
            ),
            Pongs(tuple(b"%d" % place for place in range(len(cut(WHOLE, len(WHOLE) // number))))),
            frame(CONTINUATION, b""),
            Cells(WHOLE),
        ),
    )
    for number in (2, 5, 20)
]
BETWEEN += [
    Case(
        "5.20 a pong between fragments is passed over",
        (frame(BINARY, WHOLE[:9], fin=False) + frame(PONG, b"x") + frame(CONTINUATION, WHOLE[9:]), Cells(WHOLE)),
    ),
    Case(
        "5.21 a ping between the fragments of a text",
        (frame(TEXT, b" ", fin=False) + frame(PING, b"x"), Pongs((b"x",)), frame(CONTINUATION, b"2"), Page(2)),
        in_room=True,
    ),
    Case(
        "5.22 a close between fragments is answered, and the message is none",
        (frame(BINARY, WHOLE[:9], fin=False) + close(1000) + frame(CONTINUATION, WHOLE[9:]), Closed(1000)),
    ),
]

BROKEN_ORDER = [
    *(
        Case(f"5 a {name} in fragments is refused", (frame(opcode, b"\x03\xe8", fin=False), BROKEN))
        for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE))
    ),
    *(
        Case(f"5 a {name} in fragments between those of a message is refused", (sent, BROKEN))
        for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE))
        if (sent := frame(BINARY, b"a", fin=False) + frame(opcode, b"", fin=False))
    ),
    *(
        Case(f"5.{number} a continuation {how} with nothing to continue is refused", (sent, BROKEN), chop=chop, v1=v1)
        for number, how, sent, chop, v1 in (
            (9, "that ends a message", frame(CONTINUATION, b"x"), 0, False),
            (10, "that ends a message, by bytes,", frame(CONTINUATION, b"x"), 1, False),
            (11, "without a payload", frame(CONTINUATION, b""), 0, False),
            (12, "that ends no message", frame(CONTINUATION, b"x", fin=False), 0, False),
            (
                13,
                "that ends no message, and then a file,",
                frame(CONTINUATION, b"x", False) + frame(BINARY, b"a"),
                0,
                False,
            ),
            (14, "on tsvapp.v1", frame(CONTINUATION, b"{}"), 0, True),
        )
    ),
    Case(
        "5.15 a continuation behind a whole message is refused",
        (b"".join(fragments(BINARY, b"a", b"\tb")), Cells(b"a\tb"), frame(CONTINUATION, b"c", fin=False), BROKEN),
    ),
    Case(
        "5.16 the same behind a message of one frame",
        (frame(BINARY, b"a\tb"), Cells(b"a\tb"), frame(CONTINUATION, b"c"), BROKEN),
    ),
    *(
        Case(
            f"5.18 a {second} within a {first} is refused{how}",
            (frame(one, b"1", fin=False) + frame(two, b"2", fin=fin), BROKEN),
        )
        for first, one in (("text", TEXT), ("file", BINARY))
        for second, two in (("text", TEXT), ("file", BINARY))
        for how, fin in (("", True), (", in fragments", False))
    ),
    Case(
        "5.18 a message within a message is refused behind a ping",
        (
            frame(TEXT, b"1", fin=False) + frame(PING, b"x"),
            Pongs((b"x",)),
            frame(CONTINUATION, b"2", fin=False) + frame(TEXT, b"3"),
            BROKEN,
        ),
    ),
]


@each(WITHIN)
def test_fragments(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(BETWEEN)
def test_control_frames_between_fragments(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(BROKEN_ORDER)
def test_frames_out_of_order(run: Callable[[Case], None], case: Case) -> None:
    run(case)
