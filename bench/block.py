"""Blocks of whole rows: repeated, they are a table of any size that nobody has to keep."""

from __future__ import annotations

import csv
import io
import random
from itertools import accumulate, count
from pathlib import Path

from bench.table import CITIES, PAGE_ROWS, make_table

BLOCK_BYTES = 4 << 20
"""A multiple of the chunk that the uploader sends."""


class Block:
    """Write rows into the file `path`, which they fill exactly: the last is made as long as it takes."""

    def __init__(self, rows: bytes, path: Path) -> None:
        self.path = path
        whole = rows[: rows.rindex(b"\n", 0, BLOCK_BYTES)]
        block = whole.ljust(BLOCK_BYTES - 1, b".") + b"\n"
        path.write_bytes(block)
        self._stops = [0, *accumulate(len(line) for line in block.splitlines(keepends=True))]

    def size(self, rows: int) -> int:
        """Return how many bytes so many rows have."""
        blocks, rest = divmod(rows, len(self._stops) - 1)
        return blocks * BLOCK_BYTES + self._stops[rest]


def wide_rows() -> bytes:
    """Make rows as the benchmark's table has them: ten cells, some 250 bytes, a letter beyond ASCII in many."""
    sample = make_table(1)
    return make_table(BLOCK_BYTES * 5 // 4 // len(sample))


def narrow_rows() -> bytes:
    """Make rows of four cells and some 33 bytes, of which ten million fit into an upload."""
    chance, rows = random.Random(7), io.StringIO()
    for number in count(1):
        rows.write(f"{number}\t{chance.choice(CITIES)}\t{chance.randrange(10**6)}\t{chance.uniform(0, 10**4):.4f}\n")
        if number % PAGE_ROWS == 0 and rows.tell() > BLOCK_BYTES:
            return rows.getvalue().encode()
    raise AssertionError


def quoted(rows: bytes) -> bytes:
    """Write rows as a program does that quotes every cell."""
    table = io.StringIO()
    writer = csv.writer(table, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows(line.split("\t") for line in rows.decode().splitlines())
    return table.getvalue().encode()
