"""2: a ping is answered by a pong with its payload, and a pong by nothing (RFC 6455, sections 5.5.2 and 5.5.3)."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.case import BROKEN, KIB, MIB, Case, Cells, Event, Page, Pongs, a_table, cut, each, fragments
from tests.support.raw import BINARY, PING, PONG, TEXT, frame, header

TEN = tuple(b"payload-%d" % number for number in range(10))
EVERY_BYTE = bytes(range(256))


def ping(payload: bytes = b"") -> bytes:
    return frame(PING, payload)


ANSWERED = [
    Case(f"2 a ping {what} is answered{how}", (ping(payload), Pongs((payload,))), chop=chop, v1=v1)
    for how, chop, v1 in (("", 0, False), (" where it comes by bytes", 1, False), (" on tsvapp.v1", 0, True))
    for what, payload in (
        ("without a payload", b""),
        ("of one byte", b"x"),
        ("of words", b"Hello, world!"),
        ("of no UTF-8", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        ("of 125 bytes", EVERY_BYTE[100:225]),
    )
]

SERIES = [
    Case("2.5 a ping of 126 bytes is refused", (frame(PING, EVERY_BYTE[:126]), BROKEN)),
    Case("2.5 a ping of 64 KiB is refused before it comes", (header(PING, 64 * KIB), BROKEN)),
    Case("2.5 a pong of 126 bytes is refused", (frame(PONG, EVERY_BYTE[:126]), BROKEN)),
    Case("2.7 a pong that nobody asked for is passed over", (frame(PONG, b""),)),
    Case("2.8 a pong with a payload that nobody asked for is passed over", (frame(PONG, b"unasked"),)),
    Case("2.9 a ping behind such a pong is answered", (frame(PONG, b"unasked"), ping(b"x"), Pongs((b"x",)))),
    Case("2.10 ten pings at once are answered in order", (b"".join(map(ping, TEN)), Pongs(TEN))),
    Case("2.11 ten pings at once, by bytes, are answered in order", (b"".join(map(ping, TEN)), Pongs(TEN)), chop=1),
    Case("2.12 ten pings, each behind the pong before", tuple(s for p in TEN for s in (ping(p), Pongs((p,))))),
    Case("2.13 two pings alike are answered", (ping(b"same"), Pongs((b"same",)), ping(b"same"), Pongs((b"same",)))),
    Case(
        "2.14 pings between messages are answered",
        (
            ping(b"1"),
            Pongs((b"1",)),
            frame(TEXT, b"3"),
            Page(3),
            ping(b"2"),
            Pongs((b"2",)),
            frame(TEXT, b"1"),
            Page(1),
        ),
        in_room=True,
    ),
    Case(
        "2.15 pings between the fragments of a large message are answered, while it comes",
        (
            *(
                step
                for number, fragment in enumerate(fragments(BINARY, *cut(a_table(MIB), 128 * KIB)))
                for step in (fragment, ping(b"%d" % number), Pongs((b"%d" % number,)))
                if number < 7 or step is fragment
            ),
            Cells(a_table(MIB)),
        ),
    ),
    Case(
        "2.16 a ping within an upload of tsvapp.v1 is answered",
        (
            frame(TEXT, b'{"type": "begin", "name": "a.tsv", "size": 6}'),
            Event("ready"),
            frame(BINARY, b"a\t"),
            ping(b"x"),
            Pongs((b"x",)),
            frame(BINARY, b"b\nc\n"),
            Event("finished", (("rows", 2),)),
        ),
        v1=True,
    ),
]


@each(ANSWERED)
def test_pings(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(SERIES)
def test_series_of_pings(run: Callable[[Case], None], case: Case) -> None:
    run(case)
