"""Shapes: ragged, narrow, wide, short, empty; rows keep their length."""

from __future__ import annotations

from tests.corpus.entry import entry, large, refused, table

MIB = 1 << 20
ENTRIES = [
    entry("one cell", b"a", table([["a"]])),
    entry("one byte that is no character", b"\xff", table([["ÿ"]], encoding="windows-1252")),
    entry("one tab", b"\t", table([["", ""]])),
    entry("one space", b" ", table([[" "]])),
    entry("one row", b"a\tb\tc\n", table([["a", "b", "c"]])),
    entry("one column", b"pear\nfig\nplum\n", table([["pear"], ["fig"], ["plum"]])),
    entry(
        "one column of numbers under a name", b"year\n2001\n2002\n", table([["year"], ["2001"], ["2002"]], header=True)
    ),
    entry("one column of numbers", b"7\n8\n9\n", table([["7"], ["8"], ["9"]])),
    entry("a header alone", b"name\tage\n", table([["name", "age"]])),
    entry("the same name twice", b"x\tx\na\tb\n", table([["x", "x"], ["a", "b"]], header=True)),
    entry("names that are missing", b"x\t\t\na\tb\tc\n", table([["x", "", ""], ["a", "b", "c"]], header=True)),
    entry("no name at all", b"\t\t\na\tb\tc\n", table([["", "", ""], ["a", "b", "c"]])),
    entry("a table of nothing but tabs", b"\t\n\t\n", table([["", ""], ["", ""]])),
    entry("rows that grow", b"a\na\tb\na\tb\tc\n", table([["a"], ["a", "b"], ["a", "b", "c"]], ragged=(2, [2, 3]))),
    entry(
        "a row that is too short",
        b"a\tb\tc\nd\te\tf\ng\th\n",
        table([["a", "b", "c"], ["d", "e", "f"], ["g", "h"]], header=True, ragged=[3]),
    ),
    entry(
        "a row that is too long",
        b"a\tb\nc\td\ne\tf\tg\n",
        table([["a", "b"], ["c", "d"], ["e", "f", "g"]], header=True, ragged=[3]),
    ),
    entry("a tab at the end of each row", b"a\tb\t\nc\td\t\n", table([["a", "b", ""], ["c", "d", ""]], header=True)),
    entry(
        "empty lines between rows",
        b"a\tb\n\nc\td\n\n",
        table([["a", "b"], [""], ["c", "d"], [""]], header=True, ragged=[2, 4]),
    ),
    entry("spaces stay", b" a \t b\n  c\td  \n", table([[" a ", " b"], ["  c", "d  "]], header=True)),
    entry(
        "numbers stay as they are",
        b"code\tamount\n007\t1e3\n-0\t1,000.00\n",
        table([["code", "amount"], ["007", "1e3"], ["-0", "1,000.00"]], header=True),
    ),
    entry("commas", b"a,b\n1,2\n3,4\n", table([["a", "b"], ["1", "2"], ["3", "4"]], delimiter=",", header=True)),
    entry(
        "semicolons and decimal commas",
        b"a;b\n1,5;2\n3,5;4\n",
        table([["a", "b"], ["1,5", "2"], ["3,5", "4"]], delimiter=";", header=True),
    ),
    entry("bars", b"a|b\n1|2\n", table([["a", "b"], ["1", "2"]], delimiter="|", header=True)),
    entry(
        "prose with commas", b"Dear all, hello\nI am fine\nBye\n", table([["Dear all, hello"], ["I am fine"], ["Bye"]])
    ),
    entry("exactly a page", b"a\tb\n" * 100, table([["a", "b"]] * 100, header=True)),
    entry("a page and a row", b"a\tb\n" * 101, table([["a", "b"]] * 101, header=True)),
    entry(
        "a cell of a megabyte",
        lambda: b"a\tb\n" + b"x" * MIB + b"\tc\n",
        table([["a", "b"], ["x" * MIB, "c"]], header=True),
    ),
    entry(
        "a row one byte short of the limit",
        lambda: b"a\tb\n" + b"x" * (4 * MIB - 1) + b"\n",
        table([["a", "b"], ["x" * (4 * MIB - 1)]], header=True, ragged=[2]),
    ),
    entry(
        "a row one byte beyond the limit",
        lambda: b"a\tb\n" + b"x" * (4 * MIB) + b"\n",
        refused("row_too_long", "Row 2", "4,194,304 bytes"),
    ),
    entry(
        "a row beyond the limit that never ends",
        lambda: b"x" * (5 * MIB),
        refused("row_too_long", "Row 1", "4,194,304 bytes"),
    ),
    entry(
        "ten thousand columns",
        lambda: (b"\t".join(b"%d" % n for n in range(10_000)) + b"\n") * 3,
        table([[str(n) for n in range(10_000)]] * 3),
    ),
    entry("a million empty cells", lambda: b"\t" * (10**6 - 1) + b"\n", large(1, 10**6)),
    entry("ten rows of a hundred thousand cells", lambda: (b"1\t" * (100_000 - 1) + b"2\n") * 10, large(10, 100_000)),
]
