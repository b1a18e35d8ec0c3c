"""What a dialect is: how the bytes of a document are read as rows of cells.

A dialect never converts anything; it only says where cells begin and end and how their bytes become characters.
Rows end at "\\n" (a "\\r" right before it belongs to the end) or, in old Macintosh files, at "\\r"; nowhere else.
How a dialect is chosen is told in `decide.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Structure is found byte by byte (for UTF-16 unit by unit): in none of these does a tab, a comma, a semicolon, a
# quote, "\r" or "\n" occur inside another character.
ENCODINGS: tuple[str, ...] = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "windows-1252",
    "windows-1250",
    "windows-1251",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-15",
    "koi8-r",
    "mac-roman",
    "cp437",
    "cp850",
    "shift_jis",
    "euc-jp",
    "gb18030",
    "big5",
    "euc-kr",
)
# Their decoders swallow a delimiter that follows half a character, so cells are cut before they are decoded.
GREEDY_ENCODINGS = frozenset(("shift_jis", "euc-jp", "gb18030", "big5", "euc-kr"))
DELIMITERS = ("\t", ",", ";", "|")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Say how bytes are read as cells; `bom` is the number of bytes of byte-order mark to skip."""

    encoding: str
    delimiter: str
    quoting: bool
    row_end: str
    header: bool
    bom: int = 0

    @property
    def width(self) -> int:
        """Return the number of bytes of one code unit."""
        return width_of(self.encoding)


@dataclass(frozen=True, slots=True)
class Choice:
    """Hold what people chose; None leaves a point to the evidence. An unknown name raises ValueError."""

    encoding: str | None = None
    delimiter: str | None = None
    quoting: bool | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        """Refuse names that are not offered."""
        if self.encoding is not None and self.encoding not in ENCODINGS:
            raise ValueError(f"unknown encoding: {self.encoding!r}")
        if self.delimiter is not None and self.delimiter not in DELIMITERS:
            raise ValueError(f"unknown delimiter: {self.delimiter!r}")


@dataclass(frozen=True, slots=True)
class Decision:
    """Pair a dialect with one sentence of reason for each of encoding, delimiter, quoting and header."""

    dialect: Dialect
    reasons: Mapping[str, str]


def width_of(encoding: str) -> int:
    """Return the number of bytes of one code unit of `encoding`."""
    return 2 if encoding.startswith("utf-16") else 1
