"""A page: some rows of some columns, with the cells that were cut short named honestly.

Cells are taken row by row and cut evenly, so that a page never holds much more than the characters it may have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Page:
    """Hold rows of cells; `clipped` names each shortened one: row in `data`, column in the table, full length."""

    data: list[list[str]]
    clipped: list[tuple[int, int, int]]


class PageBuilder:
    """Collect rows into a page of at most `cell_chars` per cell and `page_chars` in all; None is no limit."""

    def __init__(self, first_column: int, *, cell_chars: int | None, page_chars: int | None) -> None:
        self._first_column = first_column
        self._cell_chars = cell_chars
        self._page_chars = page_chars
        self._data: list[list[str]] = []
        self._lengths: list[list[int]] = []
        self._held = 0
        self._is_cut = False

    def add(self, cells: list[str]) -> None:
        """Add the cells of the next row."""
        lengths = list(map(len, cells))
        if self._cell_chars is not None and max(lengths, default=0) > self._cell_chars:
            cells = [cell[: self._cell_chars] for cell in cells]
            self._is_cut = True
        self._data.append(cells)
        self._lengths.append(lengths)
        self._held += sum(map(len, cells) if self._is_cut else lengths)
        # Squeezing costs a look at all cells, so it waits until it is worth it.
        if self._page_chars is not None and self._held > 2 * self._page_chars:
            self._squeeze(self._page_chars)

    def page(self) -> Page:
        """Return the page."""
        if self._page_chars is not None and self._held > self._page_chars:
            self._squeeze(self._page_chars)
        if not self._is_cut:  # nearly every page: its cells need not be looked at once more
            return Page(self._data, [])
        clipped = [
            (row, self._first_column + column, length)
            for row, (cells, lengths) in enumerate(zip(self._data, self._lengths, strict=True))
            for column, (cell, length) in enumerate(zip(cells, lengths, strict=True))
            if len(cell) != length
        ]
        return Page(self._data, clipped)

    def _squeeze(self, page_chars: int) -> None:
        """Cut all cells at the greatest one length that fits; rows to come can only make it smaller."""
        ordered = np.sort(np.array([len(cell) for cells in self._data for cell in cells]))
        shares = (page_chars - np.cumsum(ordered) + ordered) // np.arange(ordered.size, 0, -1)
        limit = int(shares[np.argmax(ordered > shares)])
        self._cell_chars = limit
        self._is_cut = True
        self._data = [[cell[:limit] for cell in cells] for cells in self._data]
        self._held = sum(len(cell) for cells in self._data for cell in cells)
