"""Cut rows into cells, exactly where the scanner cut them.

A quoted cell loses its outer quotes and `""` becomes `"`; nothing else changes: no strip, no conversion, no padding.
Bytes that the encoding cannot read become U+FFFD in their own cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

from tsvapp.table.dialect import GREEDY_ENCODINGS, Dialect
from tsvapp.table.quotes import Places
from tsvapp.table.row_scanner import QUOTE_LIMIT, RowScanner, code_units

LARGE_BYTES = 64 << 10
"""Of a longer row the scanner finds the cells: it may have millions, of which a page wants two hundred far behind."""

PIECE_CELLS = 20_000
"""Cells of a large row that are made in one go: the interpreter is not held for longer than some milliseconds."""

# From an opening quote through its first unpaired quote.
_QUOTED = re.compile(rb'"(?>[^"]++|"")*+"')


def cut_rows(
    rows: Iterable[bytes], dialect: Dialect, *, first: int = 0, stop: int | None = None
) -> Iterator[list[str]]:
    """Yield the cells of each row, as `cut` does."""
    together = isinstance(rows, list) and max(map(len, rows), default=0) <= LARGE_BYTES
    if together and dialect.width == 1 and dialect.encoding not in GREEDY_ENCODINGS:
        data = b"".join(rows)
        if not (dialect.quoting and b'"' in data):
            return _cut_together(data, dialect, first, stop)
    return (cut(row, dialect, first=first, stop=stop) for row in rows)


def _cut_together(data: bytes, dialect: Dialect, first: int, stop: int | None) -> Iterator[list[str]]:
    """Decode whole rows at once: one by one that takes twice as long, and nearly every page is such a one."""
    most = -1 if stop is None else stop
    *lines, rest = data.decode(dialect.encoding, "replace").split(dialect.row_end)
    for line in lines:
        if dialect.row_end == "\n" and line.endswith("\r"):
            line = line[:-1]
        yield line.split(dialect.delimiter, most)[first:stop]
    if rest:  # the file's last row, which has no row end
        yield rest.split(dialect.delimiter, most)[first:stop]


def cut(
    row: bytes, dialect: Dialect, *, first: int = 0, stop: int | None = None, quote_limit: int = QUOTE_LIMIT
) -> list[str]:
    """Return the cells of `row` (its row end may be there), or those from number `first` (from 0) before `stop`."""
    row = _without_row_end(row, dialect)
    if len(row) > LARGE_BYTES and (stop is None or stop > PIECE_CELLS):
        return _between(row, dialect, _delimiters(row, dialect, quote_limit), first, stop, quote_limit)
    return _cut(row, dialect, first, stop, quote_limit)


def _cut(row: bytes, dialect: Dialect, first: int, stop: int | None, quote_limit: int) -> list[str]:
    cells = _cut_simply(row, dialect, first, stop, quote_limit)
    return _cut_exactly(row, dialect, first, stop, quote_limit) if cells is None else cells


def _cut_simply(row: bytes, dialect: Dialect, first: int, stop: int | None, quote_limit: int) -> list[str] | None:
    """Cut at every delimiter; None where one is inside quotes, or anything else is not plain to see."""
    if dialect.encoding in GREEDY_ENCODINGS:
        return None
    cells = row.decode(dialect.encoding, "replace").split(dialect.delimiter, -1 if stop is None else stop)[:stop]
    if dialect.quoting and b'"' in row:
        for number, cell in enumerate(cells):
            if cell[:1] != '"':
                continue
            if cell.count('"') != 2 or cell[-1] != '"' or len(cell) * 4 > quote_limit:  # four bytes at most
                return None
            cells[number] = cell[1:-1]
    return cells[first:]


def cut_in_pieces(row: bytes, dialect: Dialect) -> Iterator[list[str]]:
    """Yield the cells of `row`, as `cut` does, PIECE_CELLS at a time where the row is large."""
    row = _without_row_end(row, dialect)
    if len(row) <= LARGE_BYTES:
        yield cut(row, dialect)
        return
    places = _delimiters(row, dialect, QUOTE_LIMIT)
    for first in range(0, places.size + 1, PIECE_CELLS):
        yield _between(row, dialect, places, first, first + PIECE_CELLS, QUOTE_LIMIT)


def _delimiters(row: bytes, dialect: Dialect, quote_limit: int) -> Places:
    """Return the places, in code units, of the delimiters between the cells of a row without its row end."""
    block = RowScanner(dialect, quote_limit=quote_limit).scan(row, final=True)
    marks = block.units == ord(dialect.delimiter)
    return np.flatnonzero(marks if block.inside is None else marks & ~block.inside)


def _between(row: bytes, dialect: Dialect, places: Places, first: int, stop: int | None, quote_limit: int) -> list[str]:
    """Return the cells from number `first` before `stop`; `places` are the delimiters of the whole row."""
    count = places.size + 1
    last = count if stop is None else min(stop, count)
    if first >= last:
        return []
    width = dialect.width
    begin = (int(places[first - 1]) + 1) * width if first else 0
    part = row[begin : int(places[last - 1]) * width if last < count else len(row)]
    return _cut(part, dialect, 0, None, quote_limit)


def _without_row_end(row: bytes, dialect: Dialect) -> bytes:
    width = dialect.width
    if len(row) % width:  # half a code unit: the end of the file, and no row end
        return row
    if row.endswith(dialect.row_end.encode(dialect.encoding)):
        row = row[:-width]
        if dialect.row_end == "\n" and row.endswith("\r".encode(dialect.encoding)):
            row = row[:-width]
    return row


def _cut_exactly(row: bytes, dialect: Dialect, first: int, stop: int | None, quote_limit: int) -> list[str]:
    units = code_units(row, dialect.encoding).tobytes()
    delimiter = dialect.delimiter.encode("ascii")
    width = dialect.width
    reach = quote_limit // width + 1
    cells: list[str] = []
    start = number = 0
    while start <= len(units) and (stop is None or number < stop):
        quoted = _QUOTED.match(units, start, start + reach) if dialect.quoting else None
        if quoted and units[quoted.end() : quoted.end() + 1] in (b"", delimiter):
            end = quoted.end()
            inner = slice((start + 1) * width, (end - 1) * width)
        else:
            quoted = None
            end = units.find(delimiter, start)
            end = len(units) if end < 0 else end
            inner = slice(start * width, end * width)
        if number >= first:
            text = row[inner].decode(dialect.encoding, "replace")
            cells.append(text.replace('""', '"') if quoted else text)
        start = end + 1
        number += 1
    return cells
