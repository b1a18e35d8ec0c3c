"""7: a close is answered by a close, whatever else is under way, and then the connection ends (RFC 6455, 5.5.1, 7).

Codes: RFC 6455, section 7.4, and IANA's registry. 1014 is registered for gateways, which are no clients: it is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.case import (
    BROKEN,
    KIB,
    NO_UTF8,
    Case,
    Cells,
    Closed,
    Event,
    Pongs,
    a_table,
    close,
    each,
)
from tests.support.raw import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame, header

FILE = frame(BINARY, b"a\tb")
VALID = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3001, 3999, 4000, 4001, 4999)
INVALID = (0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 32_768, 65_535)

ORDER = [
    Case("7.1.1 a message and a close", (FILE, Cells(b"a\tb"), close(1000), Closed(1000, ""))),
    Case("7.1.2 two closes are answered once", (close(1000) + close(1001), Closed(1000))),
    Case("7.1.3 a ping behind a close is not answered", (close(1000) + frame(PING, b"x"), Closed(1000))),
    Case("7.1.4 a file behind a close is none", (close(1000) + FILE, Closed(1000))),
    Case("7.1.4 a page number behind a close is none", (close(1000) + frame(TEXT, b"no number"), Closed(1000))),
    Case(
        "7.1.5 a fragment behind a close is none",
        (frame(BINARY, b"a", fin=False) + close(1000) + frame(CONTINUATION, b"b"), Closed(1000)),
    ),
    Case(
        "7.1.6 a large message, then a close, all at once",
        (frame(BINARY, a_table(256 * KIB)) + close(1000) + frame(PING, b"x"), Closed(1000)),
        v1=True,
    ),
    Case("7.1.7 nonsense behind a close is passed over", (close(1000) + bytes(range(256)), Closed(1000))),
    Case(
        "7.1.8 a large frame behind a close is passed over",
        (close(1000) + frame(BINARY, a_table(256 * KIB)), Closed(1000)),
    ),
    Case(
        "7.1.9 a ping before a close is answered",
        (frame(PING, b"x"), Pongs((b"x",)), close(1000), Closed(1000)),
        chop=1,
    ),
    Case(
        "7.1.10 a close on tsvapp.v1",
        (frame(TEXT, b'{"type": "renew"}'), Event("links"), close(1001), Closed(1001)),
        v1=True,
    ),
    Case("7.1.11 a close that comes by bytes", (close(1000, b"done"), Closed(1000)), chop=1),
    Case("7.1.12 a close at once", (close(1000), Closed(1000))),
]

PAYLOADS = [
    Case("7.3.1 a close of no bytes is answered by one of none", (frame(CLOSE, b""), Closed(None))),
    Case("7.3.2 a close of one byte is refused", (frame(CLOSE, b"\x03"), BROKEN)),
    Case("7.3.3 a code alone", (close(1000), Closed(1000, ""))),
    Case("7.3.4 a code and a reason come back", (close(1000, b"Hello, world!"), Closed(1000, "Hello, world!"))),
    Case("7.3.5 a reason of 123 bytes comes back", (close(1000, b"*" * 123), Closed(1000, "*" * 123))),
    Case("7.3.6 a reason of 124 bytes is refused", (close(1000, b"*" * 124), BROKEN)),
    Case("7.3.7 a close of 64 KiB is refused before it comes", (header(CLOSE, 64 * KIB), BROKEN)),
    Case(
        "7.3.8 a reason of many scripts comes back",
        (close(4000, "κόσμε 日本 🏳".encode()), Closed(4000, "κόσμε 日本 🏳")),
    ),
    Case("7.3.9 a reason on tsvapp.v1 comes back", (close(3000, b"bye"), Closed(3000, "bye")), v1=True),
    *(
        Case(f"7.5.1 a reason that is no UTF-8 is refused ({reason.hex()})", (close(1000, reason), NO_UTF8))
        for reason in (
            b"\xff",
            b"\xce\xba\xe1\xbd",
            "κόσμε".encode() + b"\xed\xa0\x80edited",
            b"\xc0\xaf",
            b"*" * 122 + b"\xce",
        )
    ),
    Case("7.5.2 a reason that is no UTF-8 on tsvapp.v1", (close(1000, b"\x80"), NO_UTF8), v1=True),
    Case("7.5.3 a bad code goes before a bad reason", (close(999, b"\xff"), BROKEN)),
]

CODES = [
    *(Case(f"7.7 the code {code} comes back", (close(code), Closed(code, ""))) for code in VALID),
    *(Case(f"7.9 the code {code} is refused", (close(code), BROKEN)) for code in INVALID),
    *(
        Case(f"7.9 the code {code} with a reason is refused", (close(code, b"x"), BROKEN))
        for code in (0, 1005, 1006, 65_535)
    ),
    Case("7.13 a code of tsvapp.v1 comes back", (close(4999, b"x"), Closed(4999, "x")), v1=True),
    Case("7.13 a code that is refused on tsvapp.v1", (close(5000), BROKEN), v1=True),
]


@each(ORDER)
def test_a_close_ends_it(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(PAYLOADS)
def test_payloads(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(CODES)
def test_codes(run: Callable[[Case], None], case: Case) -> None:
    run(case)
