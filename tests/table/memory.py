"""What the tests of `tsvapp.table` share: a blob in memory, a slow and obvious reader, and ways to write a table."""

from __future__ import annotations

from itertools import count, pairwise

from tsvapp.table.dialect import Choice, Dialect
from tsvapp.table.document import Document, Reading
from tsvapp.table.row_scanner import QUOTE_LIMIT

MIB = 1 << 20


class MemoryBlob:
    """Keep bytes in memory, count the reads, and remember the largest."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)
        self.largest_read = 0
        self.reads = 0

    @property
    def size(self) -> int:
        """Return how many bytes there are."""
        return len(self._data)

    def append(self, data: bytes) -> None:
        """Add bytes."""
        self._data += data

    def read(self, start: int, stop: int) -> bytes:
        """Return some of them; a range that is not there is a mistake of the caller."""
        assert 0 <= start <= stop <= self.size
        self.reads += 1
        self.largest_read = max(self.largest_read, stop - start)
        return bytes(self._data[start:stop])


def new_document(choice: Choice | None = None, *, max_row_bytes: int = 16 * MIB) -> Document:
    """Return an empty document in memory whose readings are called r1, r2, …"""
    ids = count(1)
    return Document(MemoryBlob(), lambda: f"r{next(ids)}", max_row_bytes=max_row_bytes, choice=choice or Choice())


def read_document(data: bytes, choice: Choice | None = None) -> Reading:
    """Return the finished reading of a document that came in one chunk."""
    document = new_document(choice)
    document.append(data)
    document.seal()
    assert document.reading is not None
    return document.reading


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut `data` at the given places, in whatever order and range they are."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


def written(rows: list[list[str]], dialect: Dialect) -> bytes:
    """Write rows as a program would that quotes whatever needs it."""
    specials = (dialect.delimiter, '"', "\r", "\n")

    def cell(text: str) -> str:
        needs_quotes = dialect.quoting and any(special in text for special in specials)
        return '"' + text.replace('"', '""') + '"' if needs_quotes else text

    text = "".join(dialect.delimiter.join(map(cell, row)) + dialect.row_end for row in rows)
    return text.encode(dialect.encoding)


def reference(text: str, dialect: Dialect, quote_limit: int) -> tuple[list[list[str]], list[int], list[int]]:
    """Read character by character: return rows, where each stops, and which rows (from 1) hold odd quotes."""
    rows: list[list[str]] = []
    stops: list[int] = []
    odd: list[int] = []
    row: list[str] = []
    at = 0

    def row_end_at(place: int) -> int:
        """Return the length of the row end at `place`, or 0."""
        if text[place : place + 1] == dialect.row_end:
            return 1
        return 2 if dialect.row_end == "\n" and text[place : place + 2] == "\r\n" else 0

    while at < len(text):
        end = None
        if dialect.quoting and text[at] == '"':
            close = at + 1
            while close < len(text) and (text[close] != '"' or text[close : close + 2] == '""'):
                close += 1 if text[close] != '"' else 2
            behind = close + 1
            bounded = behind >= len(text) or text[behind] == dialect.delimiter or row_end_at(behind)
            if close < len(text) and bounded and close - at <= quote_limit:
                row.append(text[at + 1 : close].replace('""', '"'))
                end = behind
            else:
                odd.append(len(rows) + 1)
        if end is None:
            end = at
            while end < len(text) and text[end] != dialect.delimiter and not row_end_at(end):
                end += 1
            row.append(text[at:end])
        at = end
        if row_end_at(at) or at == len(text):
            at += row_end_at(at)
            rows.append(row)
            stops.append(at)
            row = []
        else:
            at += 1
            if at == len(text):  # a delimiter ends the file: one more cell, and it is empty
                row.append("")
                rows.append(row)
                stops.append(at)
    return rows, stops, odd


def read_slowly(data: bytes, dialect: Dialect) -> list[list[str]]:
    """Read bytes code unit by code unit with `reference`, then decode each cell by itself."""
    body, encoding = data[dialect.bom :], dialect.encoding
    if dialect.width == 1:
        return [
            [cell.encode("latin-1").decode(encoding, "replace") for cell in row]
            for row in reference(body.decode("latin-1"), dialect, QUOTE_LIMIT)[0]
        ]
    order = "little" if encoding == "utf-16-le" else "big"
    units = [int.from_bytes(body[at : at + 2], order) for at in range(0, len(body) - 1, 2)]
    # Half a unit at the end is a unit of its own, which no encoding has.
    text = "".join(map(chr, units)) + ("\U0010ffff" if len(body) % 2 else "")

    def decoded(cell: str) -> str:
        whole = cell.removesuffix("\U0010ffff").encode(encoding, "surrogatepass")
        return (whole + (body[-1:] if cell.endswith("\U0010ffff") else b"")).decode(encoding, "replace")

    return [[decoded(cell) for cell in row] for row in reference(text, dialect, QUOTE_LIMIT // 2)[0]]
