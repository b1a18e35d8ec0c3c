"""Row ends: "\\n", "\\r\\n" and "\\r" end rows; nothing else does, and an empty line is a row."""

from __future__ import annotations

from tests.corpus.entry import entry, large, table

AB = [["a", "b"], ["c", "d"]]
ENTRIES = [
    entry("newlines", b"a\tb\nc\td\n", table(AB, header=True)),
    entry("no final newline", b"a\tb\nc\td", table(AB, header=True)),
    entry("returns and newlines", b"a\tb\r\nc\td\r\n", table(AB, header=True)),
    entry("returns and newlines, byte by byte", b"a\tb\r\nc\td\r\n", table(AB, header=True), chunk=1),
    entry("returns alone", b"a\tb\rc\td\r", table(AB, header=True, row_end="\r")),
    entry("returns alone, no final one", b"a\tb\rc\td", table(AB, header=True, row_end="\r")),
    entry("mixed row ends", b"a\tb\r\nc\td\ne\tf\r\n", table([*AB, ["e", "f"]], header=True)),
    entry("a lone return among newlines is data", b"a\tb\nc\rd\te\n", table([["a", "b"], ["c\rd", "e"]], header=True)),
    entry(
        "a return at the end among newlines is data", b"a\tb\nc\td\r", table([["a", "b"], ["c", "d\r"]], header=True)
    ),
    entry(
        "newline before return", b"a\tb\n\rc\td\n\r", table([["a", "b"], ["\rc", "d"], ["\r"]], header=True, ragged=[3])
    ),
    entry("no row end at all", b"a\tb", table([["a", "b"]])),
    entry("one newline", b"\n", table([[""]])),
    entry("one return", b"\r", table([[""]], row_end="\r")),
    entry("newlines alone", b"\n" * 350, table([[""]] * 350)),
    entry("returns alone and nothing else", b"\r" * 350, table([[""]] * 350, row_end="\r")),
    entry("pairs alone", b"\r\n" * 350, table([[""]] * 350)),
    entry("pairs alone, cut between", b"\r\n" * 20, table([[""]] * 20), chunk=3),
    entry("two returns before a newline", b"a\r\r\nb\r\r\n", table([["a\r"], ["b\r"]])),
    *(
        entry(
            f"{name} ends no row", f"a\tb\nc{char}d\te\n".encode(), table([["a", "b"], [f"c{char}d", "e"]], header=True)
        )
        for name, char in (
            ("a line separator", "\u2028"),
            ("a paragraph separator", "\u2029"),
            ("a next line", "\x85"),
            ("a form feed", "\x0c"),
            ("a vertical tab", "\x0b"),
            ("a file separator", "\x1c"),
            ("a record separator", "\x1e"),
        )
    ),
    entry(
        "a next line of windows-1252 is an ellipsis",
        b"a\tb\nc\x85\td\n",
        table([["a", "b"], ["c…", "d"]], encoding="windows-1252", header=True),
    ),
    entry(
        "more rows than a page of empty lines between rows",
        b"a\tb\n" + b"\n" * 250 + b"c\td\n",
        table([["a", "b"], *[[""]] * 250, ["c", "d"]], header=True, ragged=(2, [1, 252])),
    ),
    entry("a million empty lines", lambda: b"\n" * 10**6, large(10**6, 1)),
]
