"""Count the byte sequences that an encoding cannot read, and remember the first rows they stand in.

What is counted is what a reader sees as U+FFFD. ASCII costs one look; other text is decoded strictly first, and only
a block that fails is looked at again to count.
"""

from __future__ import annotations

import codecs

import numpy as np

from tsvapp.table.dialect import GREEDY_ENCODINGS
from tsvapp.table.quotes import Places, Units
from tsvapp.table.row_scanner import Block

FIRST_ROWS = 10
REPLACEMENT = "\ufffd"
_BY_DECODING = GREEDY_ENCODINGS | {"utf-16-le", "utf-16-be"}

# Which second bytes the sequences of these heads may not have (The Unicode Standard, table 3-7): from, up to.
_NO_SECOND = {0xE0: (0x80, 0x9F), 0xED: (0xA0, 0xBF), 0xF0: (0x80, 0x8F), 0xF4: (0x90, 0xBF)}


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


class _Utf8(Undecodable):
    def __init__(self) -> None:
        super().__init__()
        self._decoder = codecs.getincrementaldecoder("utf-8")
        self._pending = b""

    def take(self, block: Block, *, final: bool = False) -> None:
        if not self._pending and block.data.isascii():
            return
        data, shift = self._pending + block.data, len(self._pending)
        units = np.frombuffer(data, np.uint8)
        decoder = self._decoder()
        try:
            decoder.decode(data, final)
            self._pending = decoder.getstate()[0]
            self.valid += int(np.count_nonzero(units[: units.size - len(self._pending)] >= 0xC0))
        except UnicodeDecodeError:
            bad, valid, end = bad_in_utf8(units, final=final)
            self._pending = data[end:]
            self.valid += valid
            # What was pending lies before the block, in the row that goes on in it.
            self.bad.add(block, bad - shift)


def bad_in_utf8(units: Units, *, final: bool) -> tuple[Places, int, int]:
    """Return where a reader sees U+FFFD, how many sequences of several bytes are well, and how much is decided.

    Each byte that begins nothing is one, and so is the beginning of each sequence that does not go on: the practice
    that The Unicode Standard (3.9) recommends, and Python follows. Without `final`, a sequence that the end cuts is
    not decided.
    """
    size = units.size
    padded = np.append(units, np.zeros(4, np.uint8))
    first, second = padded[:size], padded[1 : size + 1]
    follows = (padded & 0xC0) == 0x80
    # Whether a sequence begins here; and whether it has a second byte, a third and a fourth.
    goes_on = (first >= 0xC2) & (first < 0xF5)
    reached = [goes_on]
    goes_on = goes_on & follows[1 : size + 1]
    is_bad = first >= 0x80
    whole = 0
    if goes_on.any():  # where nothing does, as in most text of one byte per character, that was all
        for head, (low, high) in _NO_SECOND.items():
            if (first == head).any():
                goes_on &= (first != head) | (second < low) | (second > high)
        for step, longer in ((1, 0xE0), (2, 0xF0), (3, 0xFF)):
            reached.append(goes_on)
            is_bad[step:] &= ~goes_on[:-step]
            ends_here = goes_on & (first < longer)
            is_bad &= ~ends_here
            whole += int(np.count_nonzero(ends_here))
            goes_on = goes_on & ~ends_here & follows[step + 1 : size + step + 1]
    end = size
    if not final:
        for taken, begun in enumerate(reached[:3], start=1):
            if begun[-taken:][:1].any() and is_bad[-taken]:
                end = size - taken
    return np.flatnonzero(is_bad[:end]), whole, end


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
        try:
            decoder.decode(data, final)
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
        if block.data.isascii():
            return
        holes = [block.units == hole for hole in self._holes if hole in block.data]
        if holes:
            self.bad.add(block, np.flatnonzero(np.logical_or.reduce(holes)))


def undecodable(encoding: str) -> Undecodable:
    """Return a counter for `encoding`."""
    if encoding == "utf-8":
        return _Utf8()
    return _ByDecoding(encoding) if encoding in _BY_DECODING else _ByHoles(encoding)
