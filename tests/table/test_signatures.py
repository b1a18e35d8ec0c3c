"""Other kinds of file are called by their name."""

from __future__ import annotations

import pytest

from tsvapp.table.signatures import looks_like

ZIP = b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + b"\x00" * 16


@pytest.mark.parametrize(
    ("sample", "word"),
    [
        (ZIP + b"[Content_Types].xml" + b"\x00" * 80 + b"xl/workbook.xml", "(.xlsx)"),
        (ZIP + b"[Content_Types].xml" + b"\x00" * 80, "Office"),
        (ZIP + b"word/document.xml", "Word"),
        (ZIP + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "(.ods)"),
        (ZIP + b"mimetypeapplication/vnd.oasis.opendocument.text", "LibreOffice document"),
        (ZIP + b"table.csv", "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "(.xls)"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x1f\x9d\x90", "compress"),
        (b"\x04\x22\x4d\x18\x64", "LZ4"),
        (b"PK\x05\x06" + b"\x00" * 18, "empty ZIP"),
        (b"{\\rtf1\\ansi }", "rich text"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a\x01\x00", "GIF"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image"),
        (b"BM\x36\x00\x00\x00", "BMP"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"PAR1\x15\x00", "Parquet"),
        (b"ARROW1\x00\x00", "Arrow"),
        (b"FEA1\x00", "Feather"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x7fELF\x02", "program"),
    ],
)
def test_a_file_of_another_kind_is_named_with_a_way_out(sample: bytes, word: str) -> None:
    message = looks_like(sample)
    assert message is not None
    assert word in message
    assert message.endswith(".")
    assert "not a table of text" in message


@pytest.mark.parametrize(
    "sample", [b"", b"PAR1\tPAR2\n", b"BMI\tage\n", b"GIF89a,b\n", b"RIFF,a\n", b"BZh9\tx\n", b"PK\tname\n", b"a\tb\n"]
)
def test_a_table_that_begins_like_one_is_a_table(sample: bytes) -> None:
    assert looks_like(sample) is None
