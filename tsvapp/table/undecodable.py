"""Count the byte sequences that an encoding cannot read, and remember the first rows they stand in.

What is counted is what a reader sees as U+FFFD. ASCII costs one look; other text is decoded strictly first, and only
a block that fails is decoded again to count.
"""

from __future__ import annotations

import codecs

import numpy as np

from tsvapp.table.dialect import GREEDY_ENCODINGS
from tsvapp.table.quotes import Places
from tsvapp.table.row_scanner import Block

FIRST_ROWS = 10
REPLACEMENT = "\ufffd"
_BY_DECODING = GREEDY_ENCODINGS | {"utf-8", "utf-16-le", "utf-16-be"}


class Tally:
    """Count what was found, and keep the numbers (from 1) of the first rows that hold it."""

    def __init__(self) -> None:
        self.count = 0
        self.rows: list[int] = []

    def add(self, block: Block, positions: Places) -> None:
        """Count the code units at `positions` of `block`, in ascending order."""
        self.count += positions.size
        while positions.size and len(self.rows) < FIRST_ROWS:
            next_row = self.note(block, int(positions[0]))
            if next_row is None:
                break
            positions = positions[np.searchsorted(positions, next_row) :]

    def note(self, block: Block, position: int) -> int | None:
        """Remember the row that holds `position`; return where the next one starts, or None if it is not in sight."""
        behind = int(np.searchsorted(block.stops, position, "right"))
        row = block.first_row + behind + 1
        if self.rows[-1:] != [row]:
            self.rows.append(row)
        return int(block.stops[behind]) if behind < block.stops.size else None


class Undecodable:
    """Count what one encoding cannot read; make it with `undecodable()`."""

    def __init__(self) -> None:
        self.bad = Tally()
        self.valid = 0  # sequences of several bytes that are read well; counted for UTF-8 only

    def take(self, block: Block, *, final: bool = False) -> None:
        """Count the next block; `final` says that no byte follows."""


class _ByDecoding(Undecodable):
    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._decoder = codecs.getincrementaldecoder(encoding)
        self._width = len("a".encode(encoding))
        self._replacement = REPLACEMENT.encode(encoding, "ignore")
        self._pending = b""

    def take(self, block: Block, *, final: bool = False) -> None:
        if not self._pending and block.data.isascii() and len(block.data) % self._width == 0:
            return
        data = self._pending + block.data
        decoder = self._decoder("strict")
        bad = 0
        try:
            text = decoder.decode(data, final)
        except UnicodeDecodeError:
            decoder = self._decoder("replace")
            text = decoder.decode(data, final)
            bad = text.count(REPLACEMENT)
            if self._replacement and self._replacement in data:
                # A file may hold U+FFFD itself; only that survives when errors are left out.
                bad -= self._decoder("ignore").decode(data, final).count(REPLACEMENT)
            self.bad.count += bad
            self._note_rows(block, data, final)
        self._pending = decoder.getstate()[0]
        seen = text.encode() if bad else data[: len(data) - len(self._pending)]
        self.valid += int(np.count_nonzero(np.frombuffer(seen, np.uint8) >= 0xC0)) - bad

    def _note_rows(self, block: Block, data: bytes, final: bool) -> None:
        """Find the first bad rows; at most ten searches per reading, because each goes on behind the row it found."""
        shift = len(self._pending)
        start: int | None = 0
        while start is not None and len(self.bad.rows) < FIRST_ROWS:
            try:
                self._decoder("strict").decode(data[start:], final)
                return
            except UnicodeDecodeError as error:
                # What was pending lies before the block, in the row that goes on in it.
                next_row = self.bad.note(block, (start + error.start - shift) // self._width)
                start = None if next_row is None else next_row * self._width + shift


class _ByHoles(Undecodable):
    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._holes = [byte for byte in range(256) if bytes([byte]).decode(encoding, "replace") == REPLACEMENT]

    def take(self, block: Block, *, final: bool = False) -> None:
        if not self._holes or block.data.isascii():
            return
        marks = np.zeros(block.units.size, np.bool_)
        for hole in self._holes:
            marks |= block.units == hole
        self.bad.add(block, np.flatnonzero(marks))


def undecodable(encoding: str) -> Undecodable:
    """Return a counter for `encoding`."""
    return _ByDecoding(encoding) if encoding in _BY_DECODING else _ByHoles(encoding)
