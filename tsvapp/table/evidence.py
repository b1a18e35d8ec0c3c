"""How a sample looks when it is read with one delimiter and one quoting: the numbers that decisions rest on.

It measures with the scanner that will read the document, so what was measured is what will be shown. What is not
decided yet at the end of a sample, and its last unfinished row, are evidence for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tsvapp.table.dialect import DELIMITERS, Dialect
from tsvapp.table.quotes import CR, LF, Places
from tsvapp.table.report import commonest
from tsvapp.table.row_scanner import QUOTE_LIMIT, Block, RowScanner

_ROWS = 1000  # rows that are compared
_FIRST_LOOK = 64 * 1024  # code units in which a "\n" is looked for before the whole sample is
_QUOTE_AT_FIELD_START = {mark: re.compile(rb"(?:\A|[\r\n" + re.escape(mark.encode()) + rb'])"') for mark in DELIMITERS}


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold the first code units of a document, one byte each, and whether it ends with them."""

    units: bytes
    width: int
    final: bool

    def head(self, size: int) -> Sample:
        """Return the first `size` units as a sample of their own."""
        return self if len(self.units) <= size else Sample(self.units[:size], self.width, final=False)

    def scan(self, delimiter: str, *, quoting: bool, row_end: str) -> tuple[Block, int]:
        """Read all of it; return what is decided, and the number of delimiters in the unfinished row."""
        dialect = Dialect("iso-8859-1", delimiter, quoting, row_end, header=False)
        scanner = RowScanner(dialect, quote_limit=QUOTE_LIMIT // self.width)
        return scanner.scan(self.units, final=self.final), scanner.open_delimiters


@dataclass(frozen=True, slots=True)
class Look:
    """Say how rows come out: their end, the cells of each row that is not empty, and how quotes fare.

    `opens` tells whether any field opens with a quote, `odd` how many of those do not close well. Where no row is
    complete, `cells` holds the unfinished one.
    """

    row_end: str
    quoting: bool
    cells: Places
    opens: bool
    odd: int

    @property
    def columns(self) -> int:
        """Return the commonest number of cells."""
        return commonest(self.cells) if self.cells.size else 1

    @property
    def sharing(self) -> int:
        """Return how many rows have the commonest number of cells."""
        return int(np.count_nonzero(self.cells == self.columns))

    @property
    def share(self) -> float:
        """Return which part of the rows has the commonest number of cells."""
        return self.sharing / self.cells.size if self.cells.size else 1.0

    @property
    def closes_well(self) -> bool:
        """Tell whether some field opens with a quote and every such field closes well."""
        return self.opens and not self.odd


def look(sample: Sample, delimiter: str, *, quoting: bool) -> Look:
    """Read `sample` with one delimiter and one quoting."""
    row_end = _row_end(sample, delimiter, quoting=quoting)
    block, open_delimiters = sample.scan(delimiter, quoting=quoting, row_end=row_end)
    cells = block.cells[_filled(block, row_end)][:_ROWS] if block.stops.size else np.array([open_delimiters + 1])
    opens = quoting and bool(_QUOTE_AT_FIELD_START[delimiter].search(block.data))
    return Look(row_end, quoting, cells, opens, block.odd_quotes.size)


def best_look(sample: Sample, delimiter: str) -> tuple[Look, Look | None]:
    """Return the look in the quoting that the evidence is for, and the quoted one if there is a quote at all.

    Quotes are read as such only if a quoting program evidently wrote them: rows must be at least as even that way.
    """
    plain = look(sample, delimiter, quoting=False)
    if b'"' not in sample.units:
        return plain, None
    quoted = look(sample, delimiter, quoting=True)
    return (quoted if quoted.closes_well and quoted.share >= plain.share else plain), quoted


def _filled(block: Block, row_end: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mask the rows that hold anything besides their row end."""
    lengths = np.diff(block.stops, prepend=0)
    ended = block.units[block.stops - 1] == ord(row_end)
    returned = ended & (lengths > 1) & (block.units[block.stops - 2] == CR) & (row_end == "\n")
    filled: np.ndarray[tuple[int], np.dtype[np.bool_]] = lengths - ended - returned > 0
    return filled


def _row_end(sample: Sample, delimiter: str, *, quoting: bool) -> str:
    """Return "\\n" if one stands outside quotes, else "\\r" if one does, else "\\n"."""
    if not sample.final:  # its last "\r" may be half of "\r\n"
        sample = Sample(sample.units.removesuffix(b"\r"), sample.width, final=False)
    if b"\r" not in sample.units:
        return "\n"
    if not quoting:
        return "\n" if b"\n" in sample.units else "\r"
    # Ask as if rows ended at "\r": if they do not, a "\n" is soon outside quotes.
    for part in (sample.head(_FIRST_LOOK), sample):
        block, _ = part.scan(delimiter, quoting=True, row_end="\r")
        newlines = block.units == LF
        if block.inside is not None:
            newlines &= ~block.inside
        if newlines.any():
            return "\n"
    return "\r" if block.stops.size and block.units[block.stops[0] - 1] == CR else "\n"
