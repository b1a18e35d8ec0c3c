"""Remember where some rows of a document start: bytes in, row numbers out, in little memory whatever the rows are.

Every `STRIDE`-th row is a candidate, and of those that lie within the same `SPAN_BYTES` only the first is kept: rows
of one byte must not cost a quarter of their file.

Everything another thread may read only ever grows, and `rows` is published last, so no reader needs a lock: what
`rows` promises is there.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left, bisect_right

import numpy as np

from tsvapp.errors import RowTooLong
from tsvapp.table.dialect import Dialect
from tsvapp.table.quotes import Places
from tsvapp.table.report import Report
from tsvapp.table.row_scanner import QUOTE_LIMIT, Block, RowScanner

STRIDE = 32  # 3.8 MB for 10 million rows, and about 2 ms to any page
SPAN_BYTES = 2048  # 12.6 MB for 2 GiB of empty lines
BLOCK = 128 * 1024  # bytes looked at in one go: arrays of more make malloc return and fetch pages all the time
_HEAD = struct.Struct("<8sQQQQ")
_MAGIC = b"tsvrows2"
_POINT_BYTES = 12


class RowIndex:
    """Hold how many rows are complete, the most cells in any of them, and the offset just behind the last one.

    `offsets[k]` is the byte offset at which row `steps[k] * STRIDE` (from 0) starts, or would start; `position` is how
    many bytes were fed; after `finish()` the last row counts even if it has no row end.
    """

    def __init__(
        self, dialect: Dialect, *, max_row_bytes: int, report: Report | None = None, quote_limit: int = QUOTE_LIMIT
    ) -> None:
        self.rows = 0
        self.columns = 0
        self.end = dialect.bom
        self.position = 0
        self.finished = False
        self.report = Report(dialect.encoding) if report is None else report
        self.offsets = array("Q", [dialect.bom])
        self.steps = array("I", [0])
        self._span = dialect.bom // SPAN_BYTES
        self._bom = dialect.bom
        self._width = dialect.width
        self._max_row_bytes = max_row_bytes
        self._scanner = RowScanner(dialect, quote_limit=quote_limit)
        self._decided = dialect.bom

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the document; a row of more than `max_row_bytes` raises RowTooLong."""
        for start in range(0, len(data), BLOCK):
            piece = data[start : start + BLOCK]
            skip = min(max(0, self._bom - self.position), len(piece))
            self._take(self._scanner.scan(piece[skip:]), final=False)
            self.position += len(piece)

    def finish(self) -> None:
        """Say that no byte follows."""
        self._take(self._scanner.scan(b"", final=True), final=True)
        self.finished = True

    def _take(self, block: Block, *, final: bool) -> None:
        base, width, stops = self._decided, self._width, block.stops
        self._decided = base + len(block.data)
        if self._decided - self.end > self._max_row_bytes:
            self._check(np.minimum(stops * width + base, self._decided))
        self.report.take(block, final=final)
        if not stops.size:
            return
        first = -(self.rows + 1) % STRIDE
        # Half a code unit may end the file.
        candidates = np.minimum(stops[first::STRIDE] * width + base, self._decided)
        if candidates.size:
            spans = candidates // SPAN_BYTES
            kept = np.flatnonzero(np.diff(spans, prepend=self._span))
            self._span = int(spans[-1])
            self.offsets.frombytes(candidates[kept].astype(np.uint64).tobytes())
            self.steps.frombytes(((self.rows + 1 + first) // STRIDE + kept).astype(np.uint32).tobytes())
        self.columns = max(self.columns, block.columns)
        self.end = min(int(stops[-1]) * width + base, self._decided)
        self.rows += stops.size

    def _check(self, ends: Places) -> None:
        lengths = np.diff(np.append(ends, self._decided), prepend=self.end)
        too_long = np.flatnonzero(lengths > self._max_row_bytes)
        if too_long.size:
            raise RowTooLong(
                f"Row {self.rows + int(too_long[0]) + 1:,} is longer than {self._max_row_bytes:,} bytes, the most a row"
                " may have. Check that the file is a table with one row per line, and that its quotes are closed.",
                limit=self._max_row_bytes,
            )

    def around(self, start: int, stop: int) -> tuple[int, int, int]:
        """Return a row at or before `start`, where it starts, and an offset at or behind the end of row `stop` - 1."""
        here = bisect_right(self.steps, start // STRIDE) - 1
        beyond = bisect_left(self.steps, -(-stop // STRIDE))
        end = self.offsets[beyond] if beyond < len(self.steps) else self.end
        return self.steps[here] * STRIDE, self.offsets[here], end

    def dumps(self) -> bytes:
        """Return a finished index as bytes."""
        head = _HEAD.pack(_MAGIC, self.rows, self.columns, self.end, len(self.steps))
        return head + np.array(self.offsets, "<u8").tobytes() + np.array(self.steps, "<u4").tobytes()

    @classmethod
    def restore(cls, data: bytes, dialect: Dialect, report: Report) -> RowIndex:
        """Return the finished index that `dumps()` wrote; anything else raises ValueError."""
        index = cls(dialect, max_row_bytes=0, report=report)
        if len(data) < _HEAD.size:
            raise ValueError("not a row index")
        magic, rows, columns, end, count = _HEAD.unpack_from(data)
        if magic != _MAGIC or count == 0 or len(data) != _HEAD.size + count * _POINT_BYTES:
            raise ValueError("not a row index, or cut short")
        offsets = np.frombuffer(data, "<u8", count, _HEAD.size)
        steps = np.frombuffer(data, "<u4", count, _HEAD.size + 8 * count)
        offsets_grow = (offsets[1:] > offsets[:-1]).all() and offsets[0] == dialect.bom and offsets[-1] <= end
        steps_grow = (steps[1:] > steps[:-1]).all() and steps[0] == 0 and int(steps[-1]) * STRIDE <= rows
        if not (offsets_grow and steps_grow):
            raise ValueError("a row index whose offsets do not fit")
        index.offsets = array("Q", offsets.astype(np.uint64).tobytes())
        index.steps = array("I", steps.astype(np.uint32).tobytes())
        index.columns, index.end, index.position, index.rows = columns, end, end, rows
        index.finished = True
        return index
