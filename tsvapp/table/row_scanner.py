"""Find where rows end, by the same rules that cut cells: any bytes in, whatever the cuts, row ends out.

A document is looked at in code units, one byte each: its bytes, or for UTF-16 its units. What cannot be decided yet,
such as a quoted field that has not closed, is kept as a tail and looked at again, so a scan always resumes outside
quotes, and how a document was cut into chunks makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsvapp.table.dialect import Dialect, width_of
from tsvapp.table.quotes import CR, LF, NOWHERE, PAD, Mask, Places, Text, Units, read_quotes

QUOTE_LIMIT = (
    64 * 1024
)  # bytes from an opening to its closing quote; bounds the tail, and the harm a stray quote can do


@dataclass(frozen=True, slots=True)
class Block:
    """Hold one piece of decided text; positions count its code units.

    `stops` are the positions just behind each row that ends here, `cells` the number of cells of each of those rows,
    `columns` the greatest of these (0 if no row ends), `odd_quotes` the quotes at the start of a field that are data,
    `first_row` how many rows ended before, `inside` a mask of what is inside quotes, None if nothing is.
    """

    data: bytes
    units: Units
    stops: Places
    cells: Places
    columns: int
    odd_quotes: Places
    first_row: int
    inside: Mask | None


def code_units(data: bytes, encoding: str) -> Units:
    """Return one byte per code unit: the unit itself, or 255 for every greater one and for half a unit."""
    if width_of(encoding) == 1:
        return np.frombuffer(data, np.uint8)
    wide = np.frombuffer(data, "<u2" if encoding == "utf-16-le" else ">u2", count=len(data) // 2)
    units: Units = np.minimum(wide, 255).astype(np.uint8)
    return np.append(units, np.uint8(255)) if len(data) % 2 else units


class RowScanner:
    """Turn a stream of bytes (without its byte-order mark) into blocks that tell where its rows end."""

    def __init__(self, dialect: Dialect, *, quote_limit: int = QUOTE_LIMIT) -> None:
        self.rows = 0
        self.open_delimiters = 0  # seen so far in the row that has not ended yet
        self._encoding = dialect.encoding
        self._width = dialect.width
        self._quoting = dialect.quoting
        self._delimiter = ord(dialect.delimiter)
        self._row_end = ord(dialect.row_end)
        self._limit = quote_limit // dialect.width
        self._tail = b""
        self._at_field_start = True
        self._row_is_open = False

    def scan(self, data: bytes, *, final: bool = False) -> Block:
        """Take more bytes and return what is decided now; `final` says that nothing follows.

        At the end everything is decided, and a last row without row end counts.
        """
        raw = self._tail + data
        lone = b""
        if not final and len(raw) % self._width:
            raw, lone = raw[:-1], raw[-1:]
        text = code_units(raw, self._encoding)
        size = text.size
        # Behind the end of the file a quote stands as if before a delimiter.
        units = np.full(size + PAD, self._delimiter if final else 0, np.uint8)
        units[:size] = text
        bounds = units == self._delimiter
        bounds |= units == self._row_end
        inside: Mask | None = None
        odd_quotes = NOWHERE
        if self._quoting and size:
            if not final and self._row_end == LF and units[size - 1] == CR:
                size -= 1  # may be half of a row end, which a closing quote wants to know
            at_start = self._at_field_start
            quoted = read_quotes(Text(units, bounds, size, at_start, final, self._row_end, self._limit))
            size, inside, odd_quotes = quoted
            self._at_field_start = bool(bounds[size - 1]) if size else at_start
        self._tail = raw[size * self._width :] + lone
        marks = bounds[:size] if inside is None else bounds[:size] & ~inside
        stops, cells, columns = self._rows(units[:size], marks, final=final)
        block = Block(raw[: size * self._width], units[:size], stops, cells, columns, odd_quotes, self.rows, inside)
        self.rows += stops.size
        return block

    def _rows(self, units: Units, marks: Mask, *, final: bool) -> tuple[Places, Places, int]:
        """Return where rows stop, how many cells they have and the most; `marks` masks what ends a cell."""
        is_delimiter = units == self._delimiter
        if self.open_delimiters or (is_delimiter & marks).any():
            places = np.flatnonzero(marks)
            ends = np.flatnonzero(~is_delimiter[places])
            stops = places[ends] + 1
            cells: Places = np.diff(ends, prepend=-1 - self.open_delimiters) if ends.size else NOWHERE
            open_delimiters = places.size - int(ends[-1]) - 1 if ends.size else self.open_delimiters + places.size
            columns = int(cells.max(initial=0))
        else:
            # Rows of one cell, of which a file may have more than of any others. An array as long as they are many is
            # made once: memory for it, and not the work, is what takes the time.
            stops, open_delimiters = np.flatnonzero(np.append(False, marks)), 0
            cells, columns = np.broadcast_to(np.int64(1), stops.size), min(stops.size, 1)
        self.open_delimiters = open_delimiters
        self._row_is_open = bool(stops[-1] < units.size) if stops.size else self._row_is_open or bool(units.size)
        if final and self._row_is_open:
            last = self.open_delimiters + 1
            return np.append(stops, units.size), np.append(cells, last), max(columns, last)
        return stops, cells, columns
