"""What reading found to be odd: ragged rows, undecodable bytes, odd quotes, NULs, each with its first row numbers.

A report changes nothing; it only tells. It takes the blocks of a scanner in order, and remembers of the first rows
how many cells they have, because only their commonest count says which rows are ragged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tsvapp.table.quotes import NOWHERE, Places
from tsvapp.table.row_scanner import Block
from tsvapp.table.undecodable import FIRST_ROWS, Tally, undecodable

SAMPLE_ROWS = 1000  # rows whose commonest number of cells is taken for the table's
KINDS = ("ragged", "undecodable", "quotes", "nul")
# Only evidence tells these two apart, and only all of it: both are counted, so that either can be shown without
# reading again.
_PAIR = ("utf-8", "windows-1252")
_BAD_PER_VALID = 10  # UTF-8 stands while invalid sequences are at most a tenth of the valid ones

Found = dict[str, Any]
Summary = dict[str, Found]


def evident_encoding(bad: int, valid: int) -> str:
    """Return UTF-8, or windows-1252 if `bad` sequences outnumber a tenth of the `valid` ones of several bytes."""
    return "windows-1252" if bad * _BAD_PER_VALID > valid else "utf-8"


def commonest(cells: Places) -> int:
    """Return the commonest number of cells; of several, the one met first."""
    values, firsts, counts = np.unique(cells, return_index=True, return_counts=True)
    most = counts == counts.max()
    return int(values[most][np.argmin(firsts[most])])


class Report:
    """Collect what is odd in a reading; `summary(encoding)` tells it."""

    def __init__(self, encoding: str) -> None:
        self._ragged = _Ragged()
        self._quotes = Tally()
        self._nul = Tally()
        encodings = _PAIR if encoding in _PAIR else (encoding,)
        self._undecodable = {name: undecodable(name) for name in encodings}
        self._restored: Mapping[str, Found] | None = None

    @classmethod
    def restore(cls, summary: Mapping[str, Any], encoding: str) -> Report:
        """Return the report that said `summary`; it takes no more blocks. What cannot be one raises ValueError."""
        report = cls(encoding)
        report._restored = {kind: _checked(summary.get(kind)) for kind in KINDS}
        report._undecodable = {encoding: report._undecodable[encoding]}
        return report

    def take(self, block: Block, *, final: bool = False) -> None:
        """Look at the next block; `final` says that no byte follows."""
        self._ragged.take(block)
        if block.odd_quotes.size:
            self._quotes.add(block, block.odd_quotes)
        if 0 in block.data:
            self._nul.add(block, np.flatnonzero(block.units == 0))
        for counter in self._undecodable.values():
            counter.take(block, final=final)

    def covers(self, encoding: str) -> bool:
        """Tell whether `summary(encoding)` can be given without reading again."""
        return encoding in self._undecodable

    def evidence(self) -> tuple[int, int] | None:
        """Return how many sequences are bad and how many valid as UTF-8, or None where that is no question."""
        if self._restored is not None or not self.covers("utf-8"):
            return None
        counter = self._undecodable["utf-8"]
        return counter.bad.count, counter.valid

    def summary(self, encoding: str) -> Summary:
        """Return for each of `KINDS` how many there are and the first rows (from 1) that hold one, as JSON takes it."""
        if self._restored is not None:
            return {kind: dict(found) for kind, found in self._restored.items()}
        tallies = (self._ragged.tally(), self._undecodable[encoding].bad, self._quotes, self._nul)
        return {
            kind: {"count": tally.count, "rows": list(tally.rows)} for kind, tally in zip(KINDS, tallies, strict=True)
        }


class _Ragged:
    """Count the rows that do not have the commonest number of cells of the first `SAMPLE_ROWS`."""

    def __init__(self) -> None:
        self._early: Places = NOWHERE
        self._expected: int | None = None
        self._tally = Tally()

    def take(self, block: Block) -> None:
        cells, first_row = block.cells, block.first_row
        if not cells.size or block.columns == self._expected == 1:
            return
        if self._expected is None:
            self._early = np.concatenate((self._early, cells[: SAMPLE_ROWS - self._early.size]))
            if self._early.size < SAMPLE_ROWS:
                return
            self._tally = self.tally()
            self._expected = commonest(self._early)
            cells, first_row = cells[SAMPLE_ROWS - first_row :], SAMPLE_ROWS
        _add_ragged(self._tally, cells, first_row, self._expected)

    def tally(self) -> Tally:
        """Return the count; while the sample still grows, by what it says so far."""
        early = self._early
        if self._expected is not None or not early.size:
            return self._tally
        tally = Tally()
        _add_ragged(tally, early, 0, commonest(early))
        return tally


def _add_ragged(tally: Tally, cells: Places, first_row: int, expected: int) -> None:
    ragged = np.flatnonzero(cells != expected)
    tally.count += ragged.size
    room = FIRST_ROWS - len(tally.rows)
    tally.rows.extend((ragged[:room] + first_row + 1).tolist())


def _checked(found: object) -> Found:
    match found:
        case {"count": int(count), "rows": list(rows)}:
            return {"count": count, "rows": rows}
    raise ValueError("not a report")
