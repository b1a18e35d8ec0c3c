"""Quotes: read as such where a quoting program evidently wrote the file, else they are data like everything else."""

from __future__ import annotations

from tests.corpus.entry import entry, large, refused, table

LIMIT = 64 << 10
MIB = 1 << 20
EXCEL = [["name", "said"], ["Ann", 'he said "hi"'], ["Bob", "two\nlines"], ["Cid", "a, b"]]
QUOTED = {"delimiter": ",", "quoting": True}


def csv(cells: list[list[str]], row_end: str = "\r\n") -> bytes:
    """Write a table as spreadsheets do: a field that needs quotes has them."""

    def field(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text

    return "".join(",".join(map(field, row)) + row_end for row in cells).encode()


NEWLINES = [["id", "text"]] + [[f"r{row}", f"one {row}\ntwo\r\nthree"] for row in range(2, 310)]
ENTRIES = [
    entry("as a spreadsheet writes it", csv(EXCEL), table(EXCEL, header=True, **QUOTED)),
    *(
        entry(f"as a spreadsheet writes it, in chunks of {size}", csv(EXCEL), table(EXCEL, header=True, **QUOTED), size)
        for size in (1, 2, 3, 5)
    ),
    entry(
        "quotes in a file with tabs",
        b'"a"\t"b"\n"c\td"\t"e"\n',
        table([["a", "b"], ["c\td", "e"]], quoting=True, header=True),
    ),
    entry("quoted newlines at the borders of pages", csv(NEWLINES), table(NEWLINES, header=True, **QUOTED)),
    entry("quoted newlines, cut everywhere", csv(NEWLINES[:40]), table(NEWLINES[:40], header=True, **QUOTED), chunk=7),
    entry(
        "a quote that never closes", b'a\tb\n"c\td\ne\tf\n', table([["a", "b"], ['"c', "d"], ["e", "f"]], header=True)
    ),
    entry(
        "inches",
        b'size\twhat\n6" pipe\tb\n"6" x\tc\n',
        table([["size", "what"], ['6" pipe', "b"], ['"6" x', "c"]], header=True),
    ),
    entry("a quote in the middle", b'a\tb"b\nc"\td\n', table([["a", 'b"b'], ['c"', "d"]], header=True)),
    entry("an empty quoted field", b'a,b\n"","x"\n', table([["a", "b"], ["", "x"]], header=True, **QUOTED)),
    entry("a field of one quote", b'a,b\n"""","x"\n', table([["a", "b"], ['"', "x"]], header=True, **QUOTED)),
    entry("nothing but an empty quoted field", b'""', table([[""]], quoting=True)),
    entry("one quote", b'"', table([['"']])),
    entry("three quotes", b'"""', table([['"""']])),
    entry(
        "rows of one quote each, an even number: each pair holds a newline",
        b'"\n' * 300,
        table([["\n"]] * 150, quoting=True),
    ),
    entry("rows of one quote each, an odd number", b'"\n' * 301, table([['"']] * 301)),
    entry(
        "a space before the quote is data",
        b'a, "b"\nc, "d"\n',
        table([["a", ' "b"'], ["c", ' "d"']], delimiter=",", header=True),
    ),
    entry(
        "backslashes escape nothing",
        b"a\tb\n\\t\t\\n\nc\\\td\n",
        table([["a", "b"], ["\\t", "\\n"], ["c\\", "d"]], header=True),
    ),
    entry(
        "a backslash before a quote",
        b'a,b\n"c\\"d",e\nf,g\n',
        table([["a", "b"], ['"c\\"d"', "e"], ["f", "g"]], delimiter=",", header=True),
    ),
    entry("single quotes are data", b"'a'\t'b'\n'c\td'\n", table([["'a'", "'b'"], ["'c", "d'"]], header=True)),
    entry("curly quotes are data", "“a”\t“b”\nc\td\n".encode(), table([["“a”", "“b”"], ["c", "d"]], header=True)),
    entry(
        "a quoted field as long as it may be",
        b'a,b\n"' + b"x\n" * (LIMIT // 2 - 1) + b'y","z"\n',
        table([["a", "b"], ["x\n" * (LIMIT // 2 - 1) + "y", "z"]], header=True, **QUOTED),
    ),
    entry(
        "a quote that closes after 64 KiB is data",
        b'a,b\n"' + b"x" * LIMIT + b'",z\n',
        table([["a", "b"], ['"' + "x" * LIMIT + '"', "z"]], delimiter=",", header=True),
    ),
    entry(
        "quoted fields that meet the end of a chunk",
        lambda: csv([["a", "b"]] + [["x" * 61, 'y"\n']] * 5000),
        large(5001, 2, header=True, **QUOTED),
        chunk=4096,
    ),
    entry(
        "an odd quote late is data, and told",
        lambda: b'a,"b"\n' * (MIB // 6 + 10) + b'"c,d\ne,f\n',
        large(MIB // 6 + 12, 2, header=True, quotes=[MIB // 6 + 11], **QUOTED),
    ),
    entry(
        "quotes that begin late are data, and told nowhere",
        lambda: b"a,b\n" * (MIB // 4) + b'"c","d"\n',
        large(MIB // 4 + 1, 2, delimiter=",", header=True),
    ),
    entry("three megabytes of quotes", lambda: b'"' * (3 * MIB), large(1, 1)),
    entry("quotes without end", lambda: b'"' * (5 * MIB), refused("row_too_long", "Row 1", "quotes are closed")),
    entry("a million pairs of quotes", lambda: b'""\n' * 10**6, large(10**6, 1, quoting=True)),
]
