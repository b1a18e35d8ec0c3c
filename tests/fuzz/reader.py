"""Any bytes, in any chunking, are a table or are refused in words, and a table is read as the slow reader reads it.

The first bytes of an input say how it is cut and how it is read otherwise; the rest is the file. What is counted in
megabytes at the server is counted in tens of bytes here, so that small inputs meet every border.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from tests.table.memory import chunks, new_document, read_slowly, reference
from tsvapp.errors import EmptyFile, NotATable, UploadError
from tsvapp.table import cells, decide, document, reading, row_index
from tsvapp.table.dialect import DELIMITERS, ENCODINGS, GREEDY_ENCODINGS, Choice, Dialect
from tsvapp.table.document import Document, Reading
from tsvapp.table.row_index import RowIndex

HEAD = 6
PAGE_ROWS = 7
BUDGET = 50
SEEDS = [
    bytes(HEAD) + body for body in (b"a\tb\n1\t2\n", b'a,"b\n""c"""\r\n1,2\r\n', b"a\rb\rc", b"caf\xe9\t\xe2\x82\n\x00")
]
SEEDS += [
    bytes([3, 1, 4, 1, 1, 1]) + "\ufeffa;b\n\u0a0d;𝄞\n".encode(encoding)
    for encoding in ("utf-16-le", "utf-16-be", "utf-8")
]

WORDS = [
    '"',
    '""',
    '","',
    '"\n',
    "\r\n",
    "\t",
    ";",
    "|",
    "\xff\xfe",
    "\xfe\xff",
    "\xef\xbb\xbf",
    "\xe2\x82",
    "PK\x03\x04",
]


def check(data: bytes) -> None:
    """Read a file whole, in chunks and otherwise, and hold all of it against the slow reader."""
    head, body = data[:HEAD].ljust(HEAD, b"\0"), data[HEAD:]
    with small():
        whole = outcome([body])
        cuts = list(range(0, len(body), head[0] % 40 + 1)) if head[0] else [head[1], head[1] * 3]
        assert outcome(chunks(body, cuts)) == whole
        opened = read(chunks(body, cuts))
        if not isinstance(opened, Document) or opened.reading is None:
            return
        is_read_right(opened.reading, body)
        comes_back(opened.reading)
        choice = Choice(
            encoding=(None, *ENCODINGS)[head[2] % (len(ENCODINGS) + 1)],
            delimiter=(None, *DELIMITERS)[head[3] % (len(DELIMITERS) + 1)],
            quoting=(None, True, False)[head[4] % 3],
            header=(None, True, False)[head[5] % 3],
        )
        reread_otherwise(opened, choice, body)


@contextmanager
def small() -> Iterator[None]:
    """Have borders lie close together."""
    with (
        patch.object(decide, "SAMPLE_BYTES", 200),
        patch.object(document, "SAMPLE_BYTES", 200),
        patch.object(document, "FEED_BYTES", 70),
        patch.object(reading, "FEED_BYTES", 70),
        patch.object(decide, "_HEADER_BYTES", 60),
        patch.object(row_index, "BLOCK", 50),
        patch.object(row_index, "SPAN_BYTES", 80),
        patch.object(reading, "BLOCK", 50),
        patch.object(reading, "WHOLE_BYTES", 90),
        patch.object(reading, "HEADER_BYTES", 30),
        patch.object(cells, "LARGE_BYTES", 40),
        patch.object(cells, "PIECE_CELLS", 3),
    ):
        yield


def read(parts: list[bytes]) -> Document | type[UploadError]:
    """Return the finished document, or the class of the error that refuses it."""
    opened = new_document()
    try:
        for part in parts:
            opened.append(part)
        opened.seal()
    except (NotATable, EmptyFile) as error:
        return type(error)
    return opened


def outcome(parts: list[bytes]) -> object:
    """Return all that may not depend on how a file came."""
    opened = read(parts)
    if not isinstance(opened, Document):
        return opened
    assert opened.reading is not None
    shown = opened.reading
    return shown.decision, shown.rows, shown.columns, shown.report, shown.index.dumps(), shown.provisional


def is_read_right(shown: Reading, body: bytes) -> None:
    """Hold pages and report against the slow reader."""
    rows = read_slowly(body, shown.dialect)
    assert all_pages(shown) == rows
    whole = shown.cut_whole(shown.read(0, shown.rows))
    assert [[cell for piece in pieces for cell in piece] for pieces in whole] == rows
    assert (shown.rows, shown.columns) == (len(rows), max(map(len, rows), default=0))
    assert shown.header() == (rows[0] if shown.dialect.header and rows else None)
    for row in (0, len(rows) // 2, len(rows) - 1):
        if rows:
            assert [shown.cell(row, column) for column in range(len(rows[row]))] == rows[row]
    far = max(1, shown.columns - 3)
    assert shown.page(0, shown.rows, first_column=far, columns=2).data == [row[far : far + 2] for row in rows]
    narrow = shown.page(0, PAGE_ROWS, first_column=1, columns=2, cell_chars=3, page_chars=9)
    assert narrow.data == [
        [cell[: len(cut)] for cell, cut in zip(row[1:3], cuts, strict=True)]
        for row, cuts in zip(rows, narrow.data, strict=False)
    ]
    assert sum(len(cell) for row in narrow.data for cell in row) <= 9
    is_reported_right(shown, rows)


def is_reported_right(shown: Reading, rows: list[list[str]]) -> None:
    """Count what is odd in the slow reader's rows."""
    report: dict[str, Any] = shown.report
    lengths = [len(row) for row in rows]
    expected = Counter(lengths[:1000]).most_common(1)[0][0] if rows else 0
    ragged = [number for number, length in enumerate(lengths, 1) if length != expected]
    assert report["ragged"] == {"count": len(ragged), "rows": ragged[:10]}
    if shown.dialect.encoding in GREEDY_ENCODINGS:
        return
    nuls = [row.count("\0") for row in map("".join, rows)]
    assert report["nul"] == {"count": sum(nuls), "rows": [number for number, found in enumerate(nuls, 1) if found][:10]}


def all_pages(shown: Reading) -> list[list[str]]:
    """Return all rows, page by page, and none behind them."""
    assert shown.page(shown.rows, shown.rows + PAGE_ROWS).data == []
    return [row for start in range(0, shown.rows, PAGE_ROWS) for row in shown.page(start, start + PAGE_ROWS).data]


def comes_back(shown: Reading) -> None:
    """Write a reading down, and restore it with its index and without."""
    for again in (
        Reading.restore("again", shown.blob, shown.record(), shown.index.dumps()),
        Reading.remake("again", shown.blob, shown.record()),
    ):
        assert (again.record(), all_pages(again)) == (shown.record(), all_pages(shown))
        assert again.index.dumps() == shown.index.dumps()


def reread_otherwise(opened: Document, choice: Choice, body: bytes) -> None:
    """Read the same bytes as somebody chose: right again, or refused in words with the former reading in place."""
    former = opened.reading
    assert former is not None
    try:
        other = opened.reread(choice)
        while not opened.advance(other, BUDGET):
            pass
    except (NotATable, EmptyFile):
        assert opened.reading is former
        return
    is_read_right(other, body)
    if choice.encoding is not None:
        assert other.dialect.encoding == choice.encoding
    comes_back(other)


def rows_that_are_too_long(data: bytes) -> None:
    """A row beyond the limit is found, and it is the same row, whatever the chunks."""
    head, body = data[:2].ljust(2, b"\0"), data[2:]
    dialect = Dialect("utf-8", ",", bool(head[0] & 1), "\r" if head[0] & 2 else "\n", header=False)
    limit = head[1] % 50 + 1
    words = set()
    for parts in ([body], chunks(body, list(range(len(body)))), chunks(body, [head[1], 2 * head[1]])):
        index = RowIndex(dialect, max_row_bytes=limit, quote_limit=20)
        try:
            for part in parts:
                index.feed(part)
            index.finish()
            words.add("")
            lengths = [b - a for a, b in pairwise([0, *stops_of(body, dialect)])]
            assert max(lengths, default=0) <= limit
        except UploadError as error:
            words.add(error.message)
    assert len(words) == 1, words


def stops_of(body: bytes, dialect: Dialect) -> list[int]:
    """Return where rows stop."""
    return reference(body.decode("latin-1"), dialect, 20)[1]
