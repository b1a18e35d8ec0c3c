"""Cut rows into cells, exactly where the scanner cut them.

A quoted cell loses its outer quotes and `""` becomes `"`; nothing else changes: no strip, no conversion, no padding.
Bytes that the encoding cannot read become U+FFFD in their own cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tsvapp.table.dialect import GREEDY_ENCODINGS, Dialect
from tsvapp.table.row_scanner import QUOTE_LIMIT, code_units

# From an opening quote through its first unpaired quote.
_QUOTED = re.compile(rb'"(?>[^"]++|"")*+"')


def cut_rows(
    rows: Iterable[bytes], dialect: Dialect, *, first: int = 0, stop: int | None = None
) -> Iterator[list[str]]:
    """Yield the cells of each row, as `cut` does."""
    if isinstance(rows, list) and dialect.width == 1 and dialect.encoding not in GREEDY_ENCODINGS:
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
    if dialect.encoding in GREEDY_ENCODINGS or (dialect.quoting and b'"' in row):
        return _cut_exactly(row, dialect, first, stop, quote_limit)
    text = row.decode(dialect.encoding, "replace")
    return text.split(dialect.delimiter, -1 if stop is None else stop)[first:stop]


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
