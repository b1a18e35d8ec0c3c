"""6: text is UTF-8, and the first byte that cannot be ends the connection, not the last of a message (RFC 6455, 8.1).

`tsvapp.v1` quotes the type of a command that it does not know, so that text that is valid comes back. What is invalid
comes in a fragment that nothing follows: the answer cannot have waited for the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from tests.conformance.case import BROKEN, NO_UTF8, Case, Closed, Event, Page, Pongs, cut, each, fragments
from tests.support.raw import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame, header, mask
from tsvapp.room.commands import parse

KOSME = "κόσμε".encode()
BROKEN_WORD = KOSME + b"\xed\xa0\x80" + b"edited"
"""A surrogate within."""

VALID = {
    "6.2 words of many scripts": "Hello-µ@ßöäüàá-日本語-عربى",
    "6.5 a Greek word": "κόσμε",
    "6.7 the first character of one byte that JSON takes": " ",
    "6.7 the first of two bytes": "\u0080",
    "6.7 the first of three bytes": "\u0800",
    "6.7 the first of four bytes": "\U00010000",
    "6.9 the last of one byte": "\u007f",
    "6.9 the last of two bytes": "\u07ff",
    "6.9 the last of three bytes": "\uffff",
    "6.9 the last of four bytes": "\U0010ffff",
    "6.11 the last before the surrogates": "\ud7ff",
    "6.11 the first behind the surrogates": "\ue000",
    "6.11 the replacement character": "\ufffd",
    "6.22 a byte-order mark": "\ufeff",
    "6.22 what a byte-order mark is the wrong way round": "\ufffe",
    "6.22 characters that are none": "".join(chr(plane << 16 | 0xFFFE) for plane in range(1, 17)),
    "6.22 others that are none": "\ufdd0\ufdef" + "".join(chr(plane << 16 | 0xFFFF) for plane in range(1, 17)),
    "6.23 what is joined and turned": "e\u0301\u200d\u202e\u2066🏳️‍🌈",
}

INVALID = {
    "6.3 a surrogate within words": BROKEN_WORD,
    "6.8 the first of five bytes": b"\xf8\x88\x80\x80\x80",
    "6.8 the first of six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "6.10 the last that four bytes could say": b"\xf7\xbf\xbf\xbf",
    "6.10 the last that five bytes could say": b"\xfb\xbf\xbf\xbf\xbf",
    "6.10 the last that six bytes could say": b"\xfd\xbf\xbf\xbf\xbf\xbf",
    "6.11 the first behind the last": b"\xf4\x90\x80\x80",
    "6.12 a continuation byte alone, the first": b"\x80",
    "6.12 a continuation byte alone, the last": b"\xbf",
    "6.12 two continuation bytes": b"\x80\xbf",
    "6.12 seven continuation bytes": b"\x80\xbf" * 3 + b"\x80",
    "6.12 all continuation bytes": bytes(range(0x80, 0xC0)),
    "6.12 a continuation byte behind a whole character": KOSME + b"\x80",
    "6.13 beginnings of two bytes, with spaces": b"".join(bytes([byte]) + b" " for byte in range(0xC2, 0xE0)),
    "6.13 beginnings of three bytes, with spaces": b"".join(bytes([byte]) + b" " for byte in range(0xE0, 0xF0)),
    "6.13 beginnings of four bytes, with spaces": b"".join(bytes([byte]) + b" " for byte in range(0xF0, 0xF5)),
    "6.14 three bytes of which the last is missing": b"\xe0\xa0a",
    "6.14 four bytes of which the last is missing": b"\xf0\x90\x80a",
    "6.14 two bytes of which the last is missing": b"\xc3a",
    "6.15 several that are cut short": b"\xc3\xe0\xa0\xf0\x90\x80\xdf\xef\xbf",
    "6.16 the byte fe": b"\xfe",
    "6.16 the byte ff": b"\xff",
    "6.16 the bytes fe and ff": b"\xfe\xfe\xff\xff",
    "6.16 the byte f5": b"\xf5\x80\x80\x80",
    "6.17 a slash in two bytes": b"\xc0\xaf",
    "6.17 a slash in three bytes": b"\xe0\x80\xaf",
    "6.17 a slash in four bytes": b"\xf0\x80\x80\xaf",
    "6.17 a slash in five bytes": b"\xf8\x80\x80\x80\xaf",
    "6.17 a slash in six bytes": b"\xfc\x80\x80\x80\x80\xaf",
    "6.18 the last that one byte says, in two": b"\xc1\xbf",
    "6.18 the last that two bytes say, in three": b"\xe0\x9f\xbf",
    "6.18 the last that three bytes say, in four": b"\xf0\x8f\xbf\xbf",
    "6.18 the last that four bytes say, in five": b"\xf8\x87\xbf\xbf\xbf",
    "6.18 the last that five bytes say, in six": b"\xfc\x83\xbf\xbf\xbf\xbf",
    "6.19 NUL in two bytes": b"\xc0\x80",
    "6.19 NUL in three bytes": b"\xe0\x80\x80",
    "6.19 NUL in four bytes": b"\xf0\x80\x80\x80",
    **{
        f"6.20 the surrogate {code:x}": bytes([0xED, 0x80 | code >> 6 & 63, 0x80 | code & 63])
        for code in (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)
    },
    **{
        f"6.21 the surrogates {first:x} and {second:x}": b"".join(
            bytes([0xED, 0x80 | code >> 6 & 63, 0x80 | code & 63]) for code in (first, second)
        )
        for first, second in ((0xD800, 0xDC00), (0xD800, 0xDFFF), (0xDB7F, 0xDC00), (0xDBFF, 0xDFFF))
    },
}

CUT_SHORT = {
    "6.6 the first byte of two": b"\xce",
    "6.6 a character and the first byte of two": b"\xce\xba\xcf",
    "6.6 one byte of three": b"\xe1",
    "6.6 two bytes of three": b"\xce\xba\xe1\xbd",
    "6.14 one byte of four": b"\xf0",
    "6.14 two bytes of four": b"\xf0\x90",
    "6.14 three bytes of four": b"\xf0\x90\x80",
}
"""What could still become text when the message ends."""


def quoted(text: str) -> tuple[bytes, Event]:
    """Return a command of this type, and the event that quotes it."""
    message = json.dumps({"type": text}, ensure_ascii=False).encode()
    return message, Event("error", (("message", f"Unknown command {text[:40]!r}; {TYPES}"),))


def types() -> str:
    """Return what the answer to an unknown command says behind it."""
    try:
        parse('{"type": "x"}')
    except Exception as error:
        return str(error).split("; ", 1)[1]
    raise AssertionError


TYPES = types()


def taken() -> Iterator[Case]:
    """Make the cases of text that is valid, in one frame and cut within its characters."""
    for sentence, text in VALID.items():
        message, answer = quoted(text)
        yield Case(f"{sentence} is text", (frame(TEXT, message), answer), v1=True)
        yield Case(
            f"{sentence} is text in fragments of a byte", (b"".join(fragments(TEXT, *cut(message, 1))), answer), v1=True
        )
    message, answer = quoted(VALID["6.2 words of many scripts"])
    for chop in (1, 2, 3):
        yield Case(f"6.2 words that come by {chop} are text", (frame(TEXT, message), answer), chop=chop, v1=True)


def refused() -> Iterator[Case]:
    """Make the cases of what is no text."""
    for sentence, wrong in INVALID.items():
        yield Case(f"{sentence} is no text", (frame(TEXT, wrong, fin=False), NO_UTF8))
    for sentence, wrong in CUT_SHORT.items():
        yield Case(f"{sentence}, and then the end, is no text", (frame(TEXT, wrong), NO_UTF8), v1=True)
        whole = b"".join(fragments(TEXT, wrong, b""))
        yield Case(f"{sentence}, and then an empty fragment, is no text", (whole, NO_UTF8), v1=True)


def begun(payload: bytes, size: int) -> bytes:
    """Begin a frame of `size` bytes with these; the rest never comes."""
    head = header(TEXT, size)
    return head + mask(payload, head[-4:])


FAIL_FAST = [
    Case("6.3.1 no text in one frame", (frame(TEXT, BROKEN_WORD), NO_UTF8), v1=True),
    Case("6.3.2 no text in fragments of a byte", (b"".join(fragments(TEXT, *cut(BROKEN_WORD, 1))), NO_UTF8)),
    Case(
        "6.4.1 behind a good fragment a bad one ends it",
        (*fragments(TEXT, KOSME, b"\xf4\x90\x80\x80", b"x")[:2], NO_UTF8),
    ),
    Case("6.4.2 one byte that cannot go on ends it", (*fragments(TEXT, KOSME + b"\xf4", b"\x90", b"x")[:2], NO_UTF8)),
    Case("6.4.3 within a frame, the rest of which never comes", (begun(KOSME + b"\xf4\x90", 100), NO_UTF8)),
    Case("6.4.4 the same by bytes", (begun(KOSME + b"\xf4\x90", 100), NO_UTF8), chop=1),
    Case("6.4.5 the same on tsvapp.v1", (begun(KOSME + b"\xff", 100), NO_UTF8), v1=True),
    Case(
        "6.4.6 a ping before the bad byte is answered",
        (
            frame(TEXT, KOSME, fin=False) + frame(PING, b"x"),
            Pongs((b"x",)),
            frame(CONTINUATION, b"\xff", fin=False),
            NO_UTF8,
        ),
    ),
    Case(
        "6.4.7 behind the bad byte nothing is heard any more",
        (frame(TEXT, b"\xff", fin=False) + frame(PING, b"x") + frame(BINARY, b"a\tb"), NO_UTF8),
    ),
    Case(
        "6.4.8 a character may be cut by a ping",
        (
            frame(TEXT, b'{"type": "\xce', fin=False) + frame(PING, b"x"),
            Pongs((b"x",)),
            frame(CONTINUATION, b'\xba"}'),
            quoted("κ")[1],
        ),
        v1=True,
    ),
    Case(
        "6.4.9 a message cut short does not go on in the next", (frame(TEXT, b"\xce") + frame(TEXT, b"\xba"), NO_UTF8)
    ),
    Case(
        "6.4.10 a number in other digits is text, though no page number",
        (frame(TEXT, "٣".encode()), Closed(1007, words="page number")),
    ),
    Case(
        "6.4.11 a number behind spaces of other scripts is a number",
        (frame(TEXT, "\u20033".encode()), Page(3)),
        in_room=True,
    ),
    Case("6.4.12 a reserved bit goes before bad text", (frame(TEXT, b"\xff", rsv=1), BROKEN)),
    Case(
        "6.4.13 a close goes before bad text that never came",
        (frame(TEXT, b"\xce", fin=False) + frame(CLOSE, b""), Closed(None)),
    ),
]


@each(taken())
def test_text(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(refused())
def test_no_text(run: Callable[[Case], None], case: Case) -> None:
    run(case)


@each(FAIL_FAST)
def test_the_first_bad_byte_ends_it(run: Callable[[Case], None], case: Case) -> None:
    run(case)
