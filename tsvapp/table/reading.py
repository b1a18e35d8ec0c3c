"""A reading: a document read in one dialect, with an id of its own by which its pages may be cached.

It is fed in one thread at a time; its pages may be read in others at the same time, because bytes and index only grow.
Readings that differ only in how bytes become characters, or in whether row 1 is a header, share one index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any, Protocol

from tsvapp.table.cells import cut
from tsvapp.table.dialect import Choice, Decision, Dialect
from tsvapp.table.page import Page, PageBuilder
from tsvapp.table.report import Report, Summary
from tsvapp.table.row_index import BLOCK, STRIDE, RowIndex
from tsvapp.table.row_scanner import RowScanner

WHOLE_BYTES = 4 << 20  # rows are read in one go up to here, and one by one beyond


class Blob(Protocol):
    """Keep the bytes of a document; they are only ever added to."""

    @property
    def size(self) -> int:
        """Return how many bytes there are."""

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from offset `start` before `stop`."""


class Reading:
    """Give the rows of a document as one decision says; feed it the document's bytes in order."""

    def __init__(self, id: str, blob: Blob, decision: Decision, choice: Choice, index: RowIndex) -> None:
        self.id = id
        self.decision = decision
        self.choice = choice
        self.index = index
        self.provisional = False
        self.blob = blob

    @property
    def dialect(self) -> Dialect:
        """Return how bytes are read as cells."""
        return self.decision.dialect

    @property
    def rows(self) -> int:
        """Return how many rows are complete."""
        return self.index.rows

    @property
    def columns(self) -> int:
        """Return the most cells in any row."""
        return self.index.columns

    @property
    def position(self) -> int:
        """Return how many bytes were fed."""
        return self.index.position

    @property
    def finished(self) -> bool:
        """Tell whether the document's end was read."""
        return self.index.finished

    @property
    def report(self) -> Summary:
        """Return what was found to be odd so far, as JSON takes it."""
        return self.index.report.summary(self.dialect.encoding)

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the document; they must be in the blob already. Raises RowTooLong."""
        self.index.feed(data)

    def finish(self) -> None:
        """Say that the document has no more bytes."""
        self.index.finish()

    def page(
        self,
        start: int,
        stop: int,
        *,
        first_column: int = 0,
        columns: int | None = None,
        cell_chars: int | None = None,
        page_chars: int | None = None,
    ) -> Page:
        """Return rows `start` (from 0) before `stop`, as far as they are there.

        At most `columns` cells of each row from `first_column` on; each cut at `cell_chars` characters, and all
        evenly so that they have at most `page_chars` together.
        """
        stop = min(stop, self.rows)
        start = max(0, start)
        builder = PageBuilder(first_column, cell_chars=cell_chars, page_chars=page_chars)
        last = None if columns is None else first_column + columns
        for row in self._rows(start, stop) if start < stop else ():
            builder.add(cut(row, self.dialect, first=first_column, stop=last))
        return builder.page()

    def header(
        self, *, first_column: int = 0, columns: int | None = None, cell_chars: int | None = None
    ) -> list[str] | None:
        """Return the cells of row 1 if they are names, else None."""
        if not self.dialect.header or not self.rows:
            return None
        return self.page(0, 1, first_column=first_column, columns=columns, cell_chars=cell_chars).data[0]

    def cell(self, row: int, column: int) -> str:
        """Return one whole cell, counted from 0; IndexError if it is not there."""
        if row < 0 or column < 0:
            raise IndexError("rows and columns are counted from 0")
        return self.page(row, row + 1, first_column=column, columns=1).data[0][0]

    def record(self) -> dict[str, Any]:
        """Return what `restore()` wants besides the bytes of the index, as JSON takes it."""
        return {
            "dialect": asdict(self.dialect),
            "reasons": dict(self.decision.reasons),
            "choice": asdict(self.choice),
            "rows": self.index.rows,
            "columns": self.index.columns,
            "end": self.index.end,
            "report": self.report,
        }

    @classmethod
    def restore(cls, id: str, blob: Blob, record: Mapping[str, Any], index_bytes: bytes) -> Reading:
        """Return the finished reading that was recorded; ValueError if blob, record and index do not fit."""
        try:
            decision = Decision(Dialect(**record["dialect"]), dict(record["reasons"]))
            choice = Choice(**record["choice"])
            shape = (record["rows"], record["columns"], record["end"])
            report = Report.restore(record["report"], decision.dialect.encoding)
        except (KeyError, TypeError, AttributeError, LookupError) as error:
            raise ValueError("not the record of a reading") from error
        index = RowIndex.restore(index_bytes, decision.dialect, report)
        if (index.rows, index.columns, index.end) != shape or blob.size != index.end:
            raise ValueError("the row index belongs to another record or document")
        return cls(id, blob, decision, choice, index)

    def _rows(self, start: int, stop: int) -> Iterator[bytes]:
        """Return the bytes of each row, row end included."""
        starts = self._starts(start, stop)
        if starts[-1] - starts[0] <= WHOLE_BYTES:
            data = self.blob.read(starts[0], starts[-1])
            for here, there in pairwise(starts):
                yield data[here - starts[0] : there - starts[0]]
        else:
            for here, there in pairwise(starts):
                yield self.blob.read(here, there)

    def _starts(self, start: int, stop: int) -> list[int]:
        """Return where rows `start` to `stop` begin, the last being where row `stop` would.

        A scan that stops behind a complete row finds what the scan of the whole document found.
        """
        offsets = self.index.offsets
        row, beyond = start // STRIDE * STRIDE, -(-stop // STRIDE)
        begin = offsets[row // STRIDE]
        end = offsets[beyond] if beyond < len(offsets) else self.index.end
        starts = [begin] if row == start else []
        scanner = RowScanner(self.dialect)
        base = begin
        for here in range(begin, end, BLOCK):
            if row + scanner.rows >= stop:
                break
            there = min(here + BLOCK, end)
            block = scanner.scan(self.blob.read(here, there), final=there == end)
            first = row + 1 + block.first_row
            wanted = block.stops[max(0, start - first) : max(0, stop + 1 - first)]
            starts.extend((wanted * self.dialect.width + base).tolist())
            base += len(block.data)
        starts[-1] = min(starts[-1], end)  # half a code unit may end the file
        return starts
