"""What non-tables look like: the first bytes by which other kinds of file are known.

Nothing is opened or decompressed; a file is only named, so that the error can say what to do instead.
"""

from __future__ import annotations

from typing import NamedTuple

_HEAD = 1024  # bytes in which the names inside an office file are looked for
_EXPORT = "Save it as CSV or TSV and drop that file."
_UNPACK = "Unpack it first and drop the table that is inside."
_TABLE = "Drop a table of text, such as CSV or TSV."


class _Signature(NamedTuple):
    magic: bytes
    looks_like: str
    advice: str
    needs_nul: bool = False  # the magic alone could be the first cell of a table


_SIGNATURES = (
    _Signature(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls) or another old Office file", _EXPORT),
    _Signature(b"\x1f\x8b", "a gzip archive (.gz)", _UNPACK),
    _Signature(b"\x1f\x9d", "a compress archive (.Z)", _UNPACK),
    _Signature(b"\x04\x22\x4d\x18", "an LZ4 archive (.lz4)", _UNPACK),
    _Signature(b"\xfd7zXZ\x00", "an xz archive (.xz)", _UNPACK),
    _Signature(b"\x28\xb5\x2f\xfd", "a Zstandard archive (.zst)", _UNPACK),
    _Signature(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive (.7z)", _UNPACK),
    _Signature(b"Rar!\x1a\x07", "a RAR archive (.rar)", _UNPACK),
    _Signature(b"PK\x05\x06", "an empty ZIP archive", _TABLE),
    _Signature(b"{\\rtf", "a rich text document (.rtf)", _EXPORT),
    _Signature(b"%PDF-", "a PDF document", "Export its table as CSV or TSV and drop that file."),
    _Signature(b"\x89PNG\r\n\x1a\n", "a PNG image", _TABLE),
    _Signature(b"\xff\xd8\xff", "a JPEG image", _TABLE),
    _Signature(b"GIF87a", "a GIF image", _TABLE, needs_nul=True),
    _Signature(b"GIF89a", "a GIF image", _TABLE, needs_nul=True),
    _Signature(b"BM", "a BMP image", _TABLE, needs_nul=True),
    _Signature(b"II*\x00", "a TIFF image", _TABLE),
    _Signature(b"MM\x00*", "a TIFF image", _TABLE),
    _Signature(
        b"SQLite format 3\x00", "an SQLite database", "Export one of its tables as CSV or TSV and drop that file."
    ),
    _Signature(b"PAR1", "a Parquet file", _EXPORT, needs_nul=True),
    _Signature(b"ARROW1", "an Arrow or Feather file", _EXPORT, needs_nul=True),
    _Signature(b"FEA1", "a Feather file", _EXPORT, needs_nul=True),
    _Signature(b"\x89HDF\r\n\x1a\n", "an HDF5 file", _EXPORT),
    _Signature(b"\x7fELF", "a program", _TABLE),
)
_IN_ZIP = (
    (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "a LibreOffice spreadsheet (.ods)"),
    (b"mimetypeapplication/vnd.oasis", "a LibreOffice document"),
    (b"xl/", "an Excel workbook (.xlsx)"),
    (b"word/", "a Word document (.docx)"),
    (b"[Content_Types].xml", "an Excel workbook (.xlsx) or another Office file"),
)


def looks_like(sample: bytes) -> str | None:
    """Return what the file is and what to do, in words for a person, or None if nothing is recognised."""
    if sample.startswith(b"PK\x03\x04"):
        head = sample[:_HEAD]
        for name, what in _IN_ZIP:
            if name in head:
                return _message(what, _EXPORT)
        return _message("a ZIP archive", _UNPACK)
    if sample.startswith(b"BZh") and sample[4:10] == b"1AY&SY":
        return _message("a bzip2 archive (.bz2)", _UNPACK)
    if sample.startswith(b"RIFF") and sample[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return _message("an image, sound or video", _TABLE)
    for signature in _SIGNATURES:
        if sample.startswith(signature.magic) and (not signature.needs_nul or b"\x00" in sample):
            return _message(signature.looks_like, signature.advice)
    return None


def _message(what: str, advice: str) -> str:
    return f"This looks like {what}, not a table of text. {advice}"
