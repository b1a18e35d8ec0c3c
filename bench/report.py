"""What was measured, as a table to print and as sections of RESULTS.md, which keeps the last of each measure."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

RESULTS = Path(__file__).with_name("RESULTS.md")
LIBRARIES = (
    *("gevent", "gunicorn", "flask", "flask-sock", "wsproto", "orjson", "numpy"),
    *("tornado", "websockets", "starlette", "uvicorn"),
)

HEAD = """# Results

Written by `make bench`; `make bench ONLY=fanout` measures anew what it names and leaves the rest. On a shared machine
absolute times mean little: compare what stands in one row, whose figures were taken in turns (the median of the rounds
is shown). A ratio is ours to what stands beside it.
"""
COLUMNS = ("what", "ours", "beside", "ratio", "wanted", "met?")


@dataclass(frozen=True)
class Row:
    """Compare one figure of ours with one beside it; `met` is None where nothing is wanted."""

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    wanted: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the row as it is shown."""
        verdict = {True: "yes", False: "**not met**", None: ""}[self.met]
        return (
            self.what,
            self.ours,
            self.beside,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.wanted,
            verdict,
        )


@dataclass(frozen=True)
class Section:
    """Say what one measure has found: a title, how it was measured, rows, and a further table if need be."""

    title: str
    how: str
    rows: list[Row] = field(default_factory=list)
    details: str = ""


def markdown(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table, its columns as wide as what is in them."""
    table = [list(columns), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    table.insert(1, ["-" * width for width in widths])
    lines = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "".join(f"| {line} |\n" for line in lines)


def show(sections: Iterable[Section]) -> str:
    """Write one table of the rows of all sections."""
    return markdown(COLUMNS, (row.cells() for section in sections for row in section.rows))


def keep(name: str, section: Section, order: Iterable[str], path: Path = RESULTS) -> None:
    """Put a section into RESULTS.md, in place of the former one of that name."""
    kept = _sections(path.read_text()) if path.exists() else {}
    kept[name] = _write(name, section)
    path.write_text("\n".join([HEAD, *(kept[each] for each in order if each in kept)]))


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (\w+): ", text, flags=re.MULTILINE)[1:]
    return {name: f"## {name}: {body.rstrip()}\n" for name, body in zip(parts[::2], parts[1::2], strict=True)}


def _write(name: str, section: Section) -> str:
    blocks = [f"## {name}: {section.title}\n", f"{section.how}\n"]
    if section.rows:
        blocks.append(markdown(COLUMNS, (row.cells() for row in section.rows)))
    if section.details:
        blocks.append(section.details)
    blocks.append(f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {_machine()}.\n")
    return "\n".join(blocks)


def _machine() -> str:
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    processor = model[1] if model else platform.machine()
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    return (
        f"{os.cpu_count()} cores of {processor}, {memory:.0f} GiB, {platform.system()} {platform.release()};"
        f" {platform.python_implementation()} {platform.python_version()}, {libraries}"
    )
