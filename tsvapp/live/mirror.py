"""Readings of a document that comes in, or is read anew, at another worker.

Its rows are found once more from the bytes in the directory that all workers see: the same rules find the same rows, so
nothing but how far the document has come has to travel between workers. Runs in native threads.
"""

from __future__ import annotations

from tsvapp.room.view import Table
from tsvapp.table.dialect import Choice, Decision, Dialect
from tsvapp.table.reading import Blob, Reading
from tsvapp.table.row_index import RowIndex

STEP_BYTES = 1 << 20


def mirror(table: Table, blob: Blob, max_row_bytes: int) -> Reading:
    """Return a reading as the table says, of which nothing is read yet."""
    dialect = Dialect(**table.dialect)
    choice = Choice(**{name: table.dialect[name] for name in table.chosen})
    index = RowIndex(dialect, max_row_bytes=max_row_bytes)
    return Reading(table.reading, blob, Decision(dialect, dict(table.reasons)), choice, index)


def follow(reading: Reading, table: Table, blob: Blob) -> None:
    """Read on until all rows are there that the table speaks of; `blob` has the bytes as far as they are stored."""
    reading.blob = blob
    while reading.position < blob.size and (reading.rows < table.rows or not table.growing):
        reading.feed(blob.read(reading.position, min(reading.position + STEP_BYTES, blob.size)))
    if not table.growing and not reading.finished:
        reading.finish()
