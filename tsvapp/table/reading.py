"""A reading: a document read in one dialect, with an id of its own by which its pages may be cached.

It is fed in one thread at a time; its pages may be read in others at the same time, because bytes and index only grow.
Readings that differ only in how bytes become characters, or in whether row 1 is a header, share one index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any, Protocol

from tsvapp.table.cells import cut_in_pieces, cut_rows
from tsvapp.table.dialect import Choice, Decision, Dialect
from tsvapp.table.page import Page, PageBuilder
from tsvapp.table.report import Report, Summary
from tsvapp.table.row_index import BLOCK, RowIndex
from tsvapp.table.row_scanner import RowScanner

WHOLE_BYTES = 4 << 20  # rows are read in one go up to here, and one by one beyond
FEED_BYTES = 1 << 20  # read from the blob at once where all of it is read
HEADER_BYTES = 64 << 10  # a first row is kept up to here


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
        self._first: list[bytes] | None = None

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
        rows = self.read(start, stop)
        return self.cut(rows, first_column=first_column, columns=columns, cell_chars=cell_chars, page_chars=page_chars)

    def read(self, start: int, stop: int) -> Iterable[bytes]:
        """Return the bytes of rows `start` before `stop`, row ends included, to be cut as often as wanted.

        They are read once; where they have more than WHOLE_BYTES, one by one and again each time.
        """
        start, stop = max(0, start), min(stop, self.rows)
        if start >= stop:
            return []
        starts, data = self._find(start, stop)
        if data is None:
            return LargeRows(self.blob, starts)
        return [data[here - starts[0] : there - starts[0]] for here, there in pairwise(starts)]

    def cut(
        self,
        rows: Iterable[bytes],
        *,
        first_column: int = 0,
        columns: int | None = None,
        cell_chars: int | None = None,
        page_chars: int | None = None,
    ) -> Page:
        """Cut rows that were read into a page of this shape, as in `page`."""
        builder = PageBuilder(first_column, cell_chars=cell_chars, page_chars=page_chars)
        last = None if columns is None else first_column + columns
        for cells in cut_rows(rows, self.dialect, first=first_column, stop=last):
            builder.add(cells)
        return builder.page()

    def cut_whole(self, rows: Iterable[bytes]) -> Iterator[Iterator[list[str]]]:
        """Yield every cell of rows that were read, each row in pieces that hold nobody up."""
        for row in rows:
            yield cut_in_pieces(row, self.dialect)

    def header(
        self, *, first_column: int = 0, columns: int | None = None, cell_chars: int | None = None
    ) -> list[str] | None:
        """Return the cells of row 1 if they are names, else None."""
        if not self.dialect.header or not self.rows:
            return None
        rows = self._first or self.read(0, 1)
        # Every page has the header beside it; a row that another has followed does not change any more.
        if isinstance(rows, list) and self.rows > 1 and len(rows[0]) <= HEADER_BYTES:
            self._first = rows
        return self.cut(rows, first_column=first_column, columns=columns, cell_chars=cell_chars).data[0]

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
        decision, choice = _recorded(record)
        try:
            shape = (record["rows"], record["columns"], record["end"])
            report = Report.restore(record["report"], decision.dialect.encoding)
        except (KeyError, TypeError, AttributeError, LookupError) as error:
            raise ValueError("not the record of a reading") from error
        index = RowIndex.restore(index_bytes, decision.dialect, report)
        if (index.rows, index.columns, index.end) != shape or blob.size != index.end:
            raise ValueError("the row index belongs to another record or document")
        return cls(id, blob, decision, choice, index)

    @classmethod
    def remake(cls, id: str, blob: Blob, record: Mapping[str, Any]) -> Reading:
        """Return the reading that was recorded, from the bytes alone; ValueError if the record says not how to read."""
        decision, choice = _recorded(record)
        reading = cls(id, blob, decision, choice, RowIndex(decision.dialect, max_row_bytes=blob.size))
        for start in range(0, blob.size, FEED_BYTES):
            reading.feed(blob.read(start, min(start + FEED_BYTES, blob.size)))
        reading.finish()
        return reading

    def _find(self, start: int, stop: int) -> tuple[list[int], bytes | None]:
        """Return where rows `start` to `stop` begin, the last being where row `stop` would, and the bytes between.

        None are returned where they would be more than WHOLE_BYTES. A scan that stops behind a complete row finds what
        the scan of the whole document found.
        """
        row, begin, end = self.index.around(start, stop)
        starts = [begin] if row == start else []
        scanner = RowScanner(self.dialect)
        base = begin
        read: list[bytes] = []
        for here in range(begin, end, BLOCK):
            if row + scanner.rows >= stop:
                break
            there = min(here + BLOCK, end)
            data = self.blob.read(here, there)
            if here - begin <= WHOLE_BYTES:
                read.append(data)
            block = scanner.scan(data, final=there == end)
            first = row + 1 + block.first_row
            wanted = block.stops[max(0, start - first) : max(0, stop + 1 - first)]
            starts.extend((wanted * self.dialect.width + base).tolist())
            base += len(block.data)
        starts[-1] = min(starts[-1], end)  # half a code unit may end the file
        if starts[-1] - begin > WHOLE_BYTES:
            return starts, None
        return starts, b"".join(read)[starts[0] - begin : starts[-1] - begin]


def _recorded(record: Mapping[str, Any]) -> tuple[Decision, Choice]:
    try:
        return Decision(Dialect(**record["dialect"]), dict(record["reasons"])), Choice(**record["choice"])
    except (KeyError, TypeError, AttributeError, LookupError) as error:
        raise ValueError("not the record of a reading") from error


class LargeRows:
    """Read rows from a blob one by one, as often as they are iterated over."""

    def __init__(self, blob: Blob, starts: list[int]) -> None:
        self._blob = blob
        self._starts = starts

    @property
    def size(self) -> int:
        """Return how many bytes they have together."""
        return self._starts[-1] - self._starts[0]

    def __iter__(self) -> Iterator[bytes]:
        for here, there in pairwise(self._starts):
            yield self._blob.read(here, there)
