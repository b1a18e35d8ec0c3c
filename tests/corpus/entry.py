"""What an entry of the corpus is: a file, how it is sent, and the one outcome that is right.

The files are made by small pure functions beside their outcomes; nothing here knows a server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

PLAIN = {"encoding": "utf-8", "delimiter": "\t", "quoting": False, "row_end": "\n", "header": False, "bom": 0}
KINDS = ("ragged", "undecodable", "quotes", "nul")
CHUNK = 256 << 10


@dataclass(frozen=True)
class Table:
    """The file is a table: its cells, or only how many rows and columns where they are too many to write down."""

    cells: list[list[str]] | None
    rows: int
    columns: int
    dialect: dict[str, Any]
    report: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Refused:
    """The file is refused with this code, in a sentence that holds these words."""

    code: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A file and its outcome; `chunk` is the size of the messages in which it is sent."""

    name: str
    make: Callable[[], bytes] = field(repr=False)
    outcome: Table | Refused
    chunk: int = CHUNK


def entry(name: str, data: bytes | Callable[[], bytes], outcome: Table | Refused, chunk: int = CHUNK) -> Entry:
    """Make an entry of bytes, or of what makes them when they are wanted."""
    return Entry(name, (lambda: data) if isinstance(data, bytes) else data, outcome, chunk)


def table(cells: list[list[str]], **how: Any) -> Table:
    """Expect exactly these cells; `how` names what differs from plain UTF-8 with tabs, or is odd (see `sized`)."""
    return Table(cells, *sized(len(cells), max(map(len, cells)), **how)[1:])


def large(rows: int, columns: int, **how: Any) -> Table:
    """Expect a table of this size, whose cells are held against the reference reader alone."""
    return Table(*sized(rows, columns, **how))


def sized(rows: int, columns: int, **how: Any) -> tuple[None, int, int, dict[str, Any], dict[str, Any]]:
    """Fill in dialect and report; what is odd is given as its rows, or as its count and the first ten rows."""
    report = {}
    for kind in KINDS:
        found = how.pop(kind, ())
        count, first = found if isinstance(found, tuple) and len(found) == 2 else (len(found), list(found))
        report[kind] = {"count": count, "rows": first}
    assert not how.keys() - PLAIN.keys(), how
    return None, rows, columns, {**PLAIN, **how}, report


def refused(code: str, *words: str) -> Refused:
    """Expect a refusal."""
    return Refused(code, words)


def names(entries: Iterable[Entry]) -> list[str]:
    """Return the names of entries, which must all differ."""
    found = [each.name for each in entries]
    assert len(set(found)) == len(found)
    return found
