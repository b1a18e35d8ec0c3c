"""How fast rows are found and counted, in process."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np

from bench.block import narrow_rows, quoted, wide_rows
from bench.compare import Wanted, alone, compare, figure, in_turn
from bench.lab import Lab
from bench.report import Row, Section
from tsvapp.room.protocol import CHUNK_BYTES
from tsvapp.settings import Settings
from tsvapp.table.dialect import Dialect
from tsvapp.table.row_index import RowIndex

ROUNDS = 7
REPEATS = 10


def run(lab: Lab) -> Section:
    """Measure with chunks as they come from a socket."""
    wide, narrow = wide_rows(), narrow_rows()
    found = in_turn(
        ROUNDS,
        {
            "wide": partial(indexed, wide, quoting=False),
            "quoted": partial(indexed, quoted(wide), quoting=True),
            "narrow": partial(indexed, narrow, quoting=False),
            "newlines": partial(speed, wide, newlines),
        },
    )
    rates = {
        name: median(found[name]) * 1e6 * table.count(b"\n") / len(table)
        for name, table in (("wide", wide), ("narrow", narrow))
    }
    wanted, wanted_quoted = Wanted("≥", 400, "MB/s"), Wanted("≥", 150, "MB/s")
    rows = [
        alone("rows indexed, no quotes", median(found["wide"]), "MB/s", wanted),
        alone("rows indexed, every cell quoted", median(found["quoted"]), "MB/s", wanted_quoted),
        compare("rows indexed: numpy, looking for newlines only", found["wide"], found["newlines"], "MB/s"),
        Row("rows indexed in a second, ten cells of 25 bytes", figure(rates["wide"], "rows")),
        Row("rows indexed in a second, four cells of 8 bytes", figure(rates["narrow"], "rows")),
        Row("rows indexed, four cells of 8 bytes", figure(median(found["narrow"]), "MB/s")),
    ]
    how = (
        "Chunks of 256 KiB, as they come, to the index of rows: it finds cells and row ends, counts both, and looks "
        "for what is odd (ragged rows, undecodable bytes, NULs). Rows of ten cells and some 250 bytes, with letters "
        "beyond ASCII; the same with every cell in quotes; and short rows."
    )
    return Section("rows indexed in process", how, rows)


def indexed(data: bytes, *, quoting: bool) -> float:
    """Index a table; return the speed in MB/s."""
    dialect = Dialect("utf-8", "\t", quoting, "\n", header=True)
    return speed(data, RowIndex(dialect, max_row_bytes=Settings().max_row_bytes).feed)


def newlines(chunk: bytes) -> None:
    """Find the newlines, and nothing else."""
    np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))


def speed(data: bytes, take: Callable[[bytes], None]) -> float:
    """Give it all, a chunk at a time; return how many MB it takes in a second."""
    chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
    started = time.perf_counter()
    for _ in range(REPEATS):
        for chunk in chunks:
            take(chunk)
    return REPEATS * len(data) / 1e6 / (time.perf_counter() - started)
