"""What all peers do alike: read a table whole, and cut pages from it."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

PAGE_ROWS = 100
MESSAGE_BYTES = 2 << 30
"""Largest message a peer takes, where its library has a limit: as large as the largest upload of ours."""

Rows = list[list[str]]


def port() -> int:
    """Return the port to listen at."""
    return int(os.environ["PORT"])


def parse(data: bytes) -> Rows:
    """Read a whole file."""
    return list(csv.reader(data.decode().splitlines(), delimiter="\t"))


class Table:
    """Hold the table that is shown, and which page of it."""

    def __init__(self) -> None:
        self.uuid = str(uuid4())
        self.rows = parse(Path(os.environ["TABLE"]).read_bytes())
        self.page_no = 1

    def hear(self, message: str | bytes) -> None:
        """Do what a message says: a binary one is a file, a text a page number."""
        if isinstance(message, bytes):
            self.rows, self.page_no = parse(message), 1
        else:
            self.page_no = int(message)

    def page(self) -> dict[str, Any]:
        """Return the page that is shown."""
        start = (self.page_no - 1) * PAGE_ROWS
        data = self.rows[start : start + PAGE_ROWS]
        return {"uuid": self.uuid, "page_no": self.page_no, "total_number": len(self.rows), "data": data}
